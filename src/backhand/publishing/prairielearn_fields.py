"""Which element of PrairieLearn takes the answer to a part, and what is lost with it.

Elements and attributes: https://prairielearn.readthedocs.io/en/latest/elements/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from typing import Any

import numpy as np

from backhand.calculus.paths import spot_formula
from backhand.checking.chain_reading import Factor
from backhand.checking.parts import Prepared
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    names,
    postorder,
    rewrite,
)
from backhand.functions import TABLE
from backhand.graph import Value
from backhand.notation import named
from backhand.syntax import Formula, Partial
from backhand.writing.latex import formula_latex

KNOWN = frozenset(("exp", "log", "sqrt", "abs", "sin", "cos", "tan", "tanh", "max", "min"))
"""The functions that pl-symbolic-input reads under our names."""
RESERVED = KNOWN | {
    *("e", "pi", "i", "j", "ln", "sgn", "sign", "Abs", "Max", "Min", "factorial", "infty", "oo"),
    *("sec", "cot", "csc", "cosh", "sinh", "arccos", "arcsin", "arctan", "acos", "asin", "atan"),
    *("arctan2", "atan2", "atanh", "acosh", "asinh", "U", "cup", "cap", "True", "False", "None"),
}
MAX_ENTRIES = 100
MAX_FACTORS = 12
WORDS = {
    "proved": ("true", "false"),
    "false": ("true", "false"),
    **dict.fromkeys(
        ("convex", "concave", "affine", "neither"), ("convex", "concave", "affine", "neither")
    ),
}
"""The choices for a verdict, by the right word."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_END_ONLY = "the last value only is asked for, none on the way"
_NO_FORMULA = "the value is asked for: a formula isn't taken as an answer"
_PERSON = "it has no field: a person marks it, on paper"


@dataclass(frozen=True, slots=True)
class Field:
    """An element for a part. `kind`: how `grade` marks it, empty where the element does.

    `correct`: what goes into PrairieLearn's correct answers. `right`: the right values, fractions as
    text. `params`: HTML for places in the element.
    """

    how: str
    element: str = ""
    kind: str = ""
    correct: Any = None
    right: tuple[str | float, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    lost: tuple[str, ...] = ()


def field_of(part: Prepared, name: str) -> Field:
    """The field for a part under this name."""
    wanted = part.part.expected
    match wanted.kind:
        case "number" | "vector" | "matrix":
            forward = part.part.ask.verb == "forward"
            return _numbers(part, name, (_END_ONLY,) if forward else ())
        case "shape":
            return _shape(part, name)
        case "count" | "class":
            return _whole(part, name)
        case "chain":
            return _chain(part, name)
        case "verdict" if wanted.words in WORDS:
            return _verdict(wanted.words, name)
        case "formula":
            found = _symbolic(part, name) if wanted.allowed or wanted.value is None else None
            if found is None and wanted.value is not None:
                return _numbers(part, name, (_NO_FORMULA,))
            return found or Field("text only", lost=(_PERSON,))
        case _:
            return Field("text only", lost=(_PERSON,))


def _tag(element: str, name: str, inside: str = "", **attributes: str) -> str:
    shown = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<{element} answers-name="{name}"{shown}>{inside}</{element}>'


def plain(value: Value) -> tuple[str | float, ...]:
    """A value's entries for JSON: fractions as text, so that they stay exact."""
    return tuple(
        str(x) if isinstance(x, int | Fraction) else float(x)
        for x in np.asarray(value).reshape(-1).tolist()
    )


# ---- numbers -----------------------------------------------------------------------------------


def _numbers(part: Prepared, name: str, lost: tuple[str, ...]) -> Field:
    assert part.right is not None
    value, entries = part.right
    if value.size > MAX_ENTRIES or value.ndim > 2 or not np.all(np.isfinite(entries)):
        return Field("text only", lost=(_PERSON,))
    if value.size == 1:
        element = _tag("pl-number-input", name, comparison="sigfig", digits="2", allow_blank="true",
                       blank_value="", aria_label="answer")  # fmt: skip
        return Field("pl-number-input", element, "number", entries[0], plain(value), lost=lost)
    rows, columns = value.shape if value.ndim == 2 else (value.size, 1)
    table = np.array(entries).reshape(rows, columns).tolist()
    element = _tag("pl-matrix-component-input", name, comparison="sigfig", digits="2",
                   allow_partial_credit="true", allow_blank="true", aria_label="answer")  # fmt: skip
    correct = {"_type": "ndarray", "_value": table, "_dtype": "float64"}
    shape = "the field gives the shape away"
    return Field(
        "pl-matrix-component-input", element, "array", correct, plain(value), lost=(*lost, shape)
    )


def _shape(part: Prepared, name: str) -> Field:
    assert part.right is not None
    sizes = [int(size) for size in part.right[1]]
    element = _tag("pl-string-input", name, allow_blank="true", placeholder="rows x columns",
                   remove_spaces="true", aria_label="answer")  # fmt: skip
    shown = "x".join(map(str, sizes)) or "1"
    return Field("pl-string-input", element, "shape", shown, tuple(map(str, sizes)))


def _whole(part: Prepared, name: str) -> Field:
    assert part.right is not None
    right = int(part.right[1][0])
    element = _tag(
        "pl-integer-input", name, allow_blank="true", blank_value="", aria_label="answer"
    )
    kind = part.part.expected.kind
    lost = () if kind == "class" else ("a count in words or as a sum isn't read",)
    return Field("pl-integer-input", element, kind, right, (str(right),), lost=lost)


# ---- choices -----------------------------------------------------------------------------------


def _verdict(right: str, name: str) -> Field:
    words = WORDS[right]
    said = {"proved": "true"}.get(right, right)
    answers = "".join(
        f'<pl-answer correct="{{{{params.{name}_{word}}}}}">{word}</pl-answer>' for word in words
    )
    element = _tag("pl-multiple-choice", name, answers, order="fixed", allow_blank="true")
    params = {f"{name}_{word}": "true" if word == said else "false" for word in words}
    half = "a half-right verdict earns nothing"
    return Field(
        "pl-multiple-choice", element, params=params, lost=(half, "no reason is asked for")
    )


def _chain(part: Prepared, name: str) -> Field:
    """The factors of the chain among others that look like them."""
    wanted = part.part.expected
    assert wanted.of is not None
    assert wanted.by is not None
    whole = part.chains.plain(Factor(wanted.of, wanted.by))
    right = part.chains.wanted(whole)
    if not 1 < len(right) <= MAX_FACTORS:
        return Field("text only", lost=(_PERSON,))
    others = [Factor(factor.by, factor.of) for factor in right]
    ends = {factor.by: factor for factor in right}
    others += [Factor(ends[f.of].of, f.by) for f in right if f.of in ends]
    taken = dict.fromkeys([*right, *(o for o in others if o not in right and o != whole)])
    chosen = list(taken)[: 2 * len(right) + 2]
    params = {f"{name}_{at}": _sign(part, factor) for at, factor in enumerate(chosen)}
    answers = "".join(
        f'<pl-answer correct="{"true" if factor in right else "false"}">'
        f"{{{{{{params.{name}_{at}}}}}}}</pl-answer>"
        for at, factor in enumerate(chosen)
    )
    element = _tag("pl-checkbox", name, answers, partial_credit="coverage", allow_blank="true")
    lost = ("factors are picked from a list, not written", "their order, and a sum over paths, aren't "
            "asked for", "coarser or finer chains aren't taken")  # fmt: skip
    return Field("pl-checkbox", element, params=params, lost=lost)


def _sign(part: Prepared, factor: Factor) -> str:
    graph = part.graph

    def entry(at: Any) -> Formula:
        return spot_formula(graph, at) if at.slots else named(graph, at.name)

    sign = Partial(entry(factor.of), entry(factor.by), graph.single_variable)
    return maths(sign)


def maths(found: Formula, display: str = "inline") -> str:
    """A formula for MathJax, in a page whose other text it leaves alone."""
    start, end = ("$$", "$$") if display == "block" else (r"\(", r"\)")
    tag = "div" if display == "block" else "span"
    return f'<{tag} class="mathjax_process">{start}{escape(formula_latex(found))}{end}</{tag}>'


# ---- formulas ----------------------------------------------------------------------------------


def _symbolic(part: Prepared, name: str) -> Field | None:
    """A field for a formula, where PrairieLearn can write the right one."""
    wanted = part.part.expected
    if wanted.formula is None or part.part.ask.verb == "objective":
        return None
    spelled = in_sympy(wanted.formula)
    letters = sorted(wanted.allowed or names(wanted.formula))
    fits = all(_NAME.fullmatch(letter) and letter not in RESERVED for letter in letters)
    if spelled is None or not fits or not letters:
        return None
    element = _tag("pl-symbolic-input", name, variables=", ".join(letters), allow_blank="true",
                   blank_value="", aria_label="answer")  # fmt: skip
    lost = ["slips in a formula aren't recognised", "its value alone isn't half-right"]
    if any(isinstance(n, Apply) and n.name not in KNOWN for n in postorder(wanted.formula)):
        lost.append("σ and its kin have to be written with exp")
    said = f"Use the names {', '.join(letters)}, and write like exp(2*x)^2."
    return Field("pl-symbolic-input", element, correct=spelled, params={f"{name}_names": said},
                 lost=tuple(lost))  # fmt: skip


def in_sympy(expr: Expr) -> str | None:
    """A formula of single numbers as SymPy reads it, or None.

    >>> from backhand.expr import apply, ref
    >>> in_sympy(-2 * (ref("y") - apply("sigmoid", ref("b"))))
    '((-2)*(y + ((-1)*(1 + exp(((-1)*b)))**(-1))))'
    """
    text: dict[Expr, str] = {}
    whole = rewrite(expr, _meaning)
    for node in postorder(whole):
        found = _signs(node, [text[arg] for arg in node.args])
        if found is None:
            return None
        text[node] = found
    return text[whole]


def _meaning(node: Expr) -> Expr | None:
    """A function by its textbook formula where the platform doesn't know it."""
    if not isinstance(node, Apply) or node.name in KNOWN or len(node.args) != 1:
        return None
    formula = TABLE[node.name].formula
    return None if formula is None else rewrite(formula(rewrite(node.args[0], _meaning)), _meaning)


def _signs(node: Expr, inside: Sequence[str]) -> str | None:
    match node:
        case Number(value):
            return str(value) if value >= 0 and value.denominator == 1 else f"({value})"
        case Constant(name):
            return name
        case Ref(name, ()):
            return name
        case Add():
            return f"({' + '.join(inside)})"
        case Mul():
            return f"({'*'.join(inside)})"
        case Power():
            return f"{inside[0]}**{inside[1]}"
        case Apply(name) if name in KNOWN:
            return f"{name}({', '.join(inside)})"
        case Compare():
            return None
        case _:
            return None
