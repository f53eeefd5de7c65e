"""From an answer to its mark, one function for each kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.checking import answers
from backhand.checking.answers import Typed
from backhand.checking.direct import FAR
from backhand.checking.equality import inlined, same_formula, with_values
from backhand.checking.expected import Kind
from backhand.checking.formula_slips import slip_of
from backhand.checking.judging_chains import judged_chain
from backhand.checking.judging_lists import judged_list
from backhand.checking.marks import Mark
from backhand.checking.mistakes import SLIPS
from backhand.checking.numerals import Numeral
from backhand.checking.parts import Aims, Prepared
from backhand.checking.rounding import Nearness, close, is_far, nearness
from backhand.checking.rounding_early import FAR as EARLY_FAR
from backhand.checking.sides import with_sides
from backhand.errors import MeaningError
from backhand.expr import ZERO, Expr, Power, names, postorder
from backhand.graph import Value, floats
from backhand.reading.tensors import Tensor, over
from backhand.syntax import Formula, Num, replaced

RIGHT = "Right."
WRONG = "This isn't right."
DECIDED = ("proved", "false", "convex", "concave", "affine", "neither")
"""The verdicts that an answer is compared with; of any other a person is the judge."""


def judged(part: Prepared, answer: str) -> Mark:
    """The mark of an answer by itself. Raises `BackhandError` where it can't be read."""
    found = judged_list(part, answer)
    if found is not None:
        return found
    return with_sides(part, answer, JUDGES[part.part.expected.kind](part, answer))


def right(understood: str, feedback: str = RIGHT) -> Mark:
    return Mark("right", 1.0, None, feedback, understood)


def wrong(understood: str, feedback: str = WRONG) -> Mark:
    return Mark("wrong", 0.0, None, feedback, understood)


def by_slip(slip: str, understood: str) -> Mark:
    found = SLIPS[slip]
    return Mark("partly", found.credit, slip, found.hint, understood)


# ---- numbers and arrays ------------------------------------------------------------------------


def _numbers(part: Prepared, answer: str) -> Mark:
    typed = part.reader.numbers(answer)
    if typed.formula is not None:
        return _worked(part, typed)
    assert part.aims is not None
    return compared_numbers(part, typed, part.aims, _slip_aims(part, typed))


def compared_numbers(
    part: Prepared, typed: Typed, aim: Aims, slips: Iterable[tuple[str, Aims]]
) -> Mark:
    """Plain numbers against the right ones, and then against what the slips lead to."""
    cells = [cell for row in typed.rows for cell in row]
    digits = part.part.expected.digits
    near: list[Nearness] = []
    fits = _fits(typed.rows, cells, aim)
    if fits:
        near = [
            "wrong" if is_far(cell, number) else nearness(cell, exact, digits)
            for cell, exact, number in zip(cells, aim.exact, aim.numbers, strict=True)
        ]
        if not {"wrong", "coarse"} & set(near):
            late = "near" in near
            note = (
                "Right, though the last digits are off: round at the end only." if late else RIGHT
            )
            return right(typed.understood, note)
        if "wrong" not in near:
            return Mark("partly", 0.75, None, "Right so far as it goes: give at least "
                        f"{digits} significant digits.", typed.understood)  # fmt: skip
    for slip, other in slips:
        if _fits(typed.rows, cells, other) and _are_hit(cells, other):
            return by_slip(slip, typed.understood)
    if not fits:
        return wrong(typed.understood, f"The answer should be {_described(aim.shape)}.")
    good = sum(n != "wrong" for n in near)
    if good and len(near) > 1:
        return Mark("partly", good / len(near), None,
                    f"{good} of {len(near)} entries are right.", typed.understood)  # fmt: skip
    return wrong(typed.understood)


def _slip_aims(part: Prepared, typed: Typed) -> Iterator[tuple[str, Aims]]:
    """What an answer is held against; rounding never leads far away."""
    yield from part.slip_aims
    cells = [cell for row in typed.rows for cell in row]
    right = () if part.aims is None else part.aims.numbers
    near = all(
        abs(cell.number - number) <= 1.02 * (EARLY_FAR * abs(number) + cell.room)
        for cell, number in zip(cells, right, strict=False)
    )
    if near and len(cells) == len(right):
        yield from part.early_aims


def _are_hit(cells: Sequence[Numeral], aim: Aims) -> bool:
    if any(map(is_far, cells, aim.numbers)):
        return False
    pairs = zip(cells, aim.exact, strict=True)
    return all(nearness(cell, exact, 2) in ("right", "near") for cell, exact in pairs)


def _fits(rows: Sequence[Sequence[Numeral]], cells: Sequence[Numeral], aim: Aims) -> bool:
    """Whether the numbers are as many, and in rows of the right length where that matters."""
    if len(cells) != len(aim.exact):
        return False
    matrix = len(aim.shape) == 2 and min(aim.shape) > 1
    return not matrix or (len(rows), len(rows[0])) == aim.shape


def _described(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    if len(shape) == 1:
        return f"a vector of {shape[0]} entries"
    return f"a {'×'.join(map(str, shape))} matrix"


def _worked(part: Prepared, typed: Typed) -> Mark:
    """An answer that has to be worked out: `2 · 3 − 11`, or a formula over the graph's names."""
    assert typed.formula is not None
    assert part.right is not None
    tensor = part.reader.tensor(typed.formula)
    if names(tensor.expr) and part.part.expected.formula is not None and not tensor.axes:
        mark = _at_once(part, typed.formula, typed.understood)
        return _formulas(part, typed, tensor) if mark is None else mark
    found = _value(tensor, part)
    value = part.right[0]
    if found is None:
        raise MeaningError("a name in the answer has no value here", "give the number")
    digits = typed_digits(typed.formula)
    if found.size != value.size:
        return wrong(typed.understood, f"The answer should be {_described(value.shape)}.")
    if all_close(found, value, digits):
        return right(typed.understood)
    for slip, other in part.slips:
        if other.size == found.size and all_close(found, other, digits):
            return by_slip(slip, typed.understood)
    return wrong(typed.understood)


def all_close(found: Value, value: Value, digits: int) -> bool:
    pairs = zip(floats(found).ravel().tolist(), floats(value).ravel().tolist(), strict=True)
    return all(close(a, b, digits) for a, b in pairs)


def _value(tensor: Tensor, part: Prepared) -> Value | None:
    values = part.values
    if not computable(tensor.expr, values):
        return None
    return np.asarray(evaluate(tensor.expr, tensor.axes, part.graph, values))


def typed_digits(found: Formula) -> int:
    """The fewest significant digits of the decimal numbers in a formula."""
    seen: list[int] = [99]

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Num) and "." in part.text:
            seen.append(len(part.text.replace(".", "").lstrip("-0")) or 1)
        elif (
            isinstance(part, Num)
            and isinstance(part.value, Fraction)
            and part.value.denominator > 1
        ):
            last = len(str(part.value.denominator)) - 1
            seen.append(Numeral(part.value, -last).digits)
        return None

    replaced(found, leaf)
    return min(seen)


# ---- formulas ----------------------------------------------------------------------------------


def _formula(part: Prepared, answer: str) -> Mark:
    typed = part.reader.numbers(answer)
    wanted = part.part.expected
    if typed.formula is None:
        if part.aims is None or len(typed.rows) != 1 or len(typed.rows[0]) != 1:
            typed = part.reader.formula(answer)
        else:
            mark = compared_numbers(part, typed, part.aims, _slip_aims(part, typed))
            plain = wanted.formula is None or not names(wanted.formula)
            if mark.verdict != "right" or not wanted.allowed or plain:
                return mark
            return _in_terms_of(part, typed.understood)
    assert typed.formula is not None
    mark = _at_once(part, typed.formula, typed.understood)
    if mark is not None:
        return mark
    tensor = part.reader.tensor(typed.formula)
    if wanted.formula is None:
        if part.right is not None:
            return _worked(part, typed)
        return Mark("undecided", 0.0, None, "A person has to look at this.", typed.understood)
    return _formulas(part, typed, tensor)


def _at_once(part: Prepared, found: Formula, understood: str) -> Mark | None:
    """The mark where working the formula out modulo the prime settles it."""
    settled = None if part.direct is None else part.direct.settled(found)
    if settled is None:
        return None
    if not settled.equal:
        return by_slip(settled.slip, understood) if settled.slip else wrong(understood)
    allowed = part.part.expected.allowed
    if allowed and not settled.names <= allowed:
        return _in_terms_of(part, understood)
    return right(understood)


def _in_terms_of(part: Prepared, understood: str) -> Mark:
    allowed = " and ".join(sorted(part.part.expected.allowed))
    return Mark(
        "partly", 0.5, None, f"The value is right; write it in terms of {allowed}.", understood
    )


def _formulas(part: Prepared, typed: Typed, tensor: Tensor) -> Mark:
    wanted = part.part.expected
    assert wanted.formula is not None
    if any(_divides_by_zero(node) for node in postorder(tensor.expr)):
        raise MeaningError("this divides by zero", "write a formula that has a value")
    if tensor.axes and any(axis.extent != 1 for axis in tensor.axes):
        return wrong(typed.understood, "The answer should be one number, not an array.")
    expr = over(tensor, []) if not tensor.axes else tensor.expr
    if not names(expr) and not _has_value(part, expr):
        raise MeaningError("this has no value", "write a formula that has one")
    mark = _same(part, expr, typed.understood)
    if mark.verdict != "right":
        return mark
    strange = names(expr) - wanted.allowed
    if wanted.allowed and strange:
        return _in_terms_of(part, typed.understood)
    return mark


def _has_value(part: Prepared, expr: Expr) -> bool:
    """Whether an expression without names is a finite number."""
    return computable(expr, {}) and bool(np.isfinite(floats(evaluate(expr, (), part.graph, {}))))


def _divides_by_zero(node: Expr) -> bool:
    return isinstance(node, Power) and node.args[0] is ZERO


def _same(part: Prepared, expr: Expr, understood: str) -> Mark:
    """A formula against the right one, then with the numbers of the page, then against the slips."""
    right_formula = part.formula
    assert right_formula is not None
    given = inlined(expr, part.graph, part.part.expected.allowed & names(expr))
    whole = right_formula
    if names(expr) - part.part.expected.allowed and part.part.expected.allowed:
        given, whole = inlined(expr, part.graph), inlined(right_formula, part.graph)
    apart = _apart(part, expr)
    outcome = "different" if apart else same_formula(given, whole, part.graph)
    if outcome == "equal":
        return right(understood)
    for wanted in () if apart else (whole, part.part.expected.formula or whole):
        absent = _absent(part, names(wanted) - names(expr))
        if not absent or part.part.ask.verb == "objective":
            continue
        filled = inlined(with_values(wanted, absent, part.graph), part.graph, names(expr))
        if same_formula(expr, filled, part.graph) == "equal":
            return _with_numbers(absent, understood)
    if outcome == "open":
        return Mark("undecided", 0.0, None, "A person has to look at this.", understood)
    slip = slip_of(part.case, given, whole)
    return by_slip(slip, understood) if slip is not None else wrong(understood)


def apart(part: Prepared, left: Expr, right: Expr) -> bool:
    """Whether two formulas have values at the page's numbers that are far from one another."""
    if not (computable(left, part.values) and computable(right, part.values)):
        return False
    one, two = (floats(evaluate(each, (), part.graph, part.values)) for each in (left, right))
    return bool(np.isfinite(one) and np.isfinite(two) and not np.isclose(one, two, FAR, FAR))


def _apart(part: Prepared, expr: Expr) -> bool:
    """Whether the answer's value at the page's numbers is far from the right one."""
    if part.right is None or not computable(expr, part.values):
        return False
    found = floats(evaluate(expr, (), part.graph, part.values))
    value = np.array(part.right[1][0])
    return bool(np.isfinite(found) and not np.isclose(found, value, FAR, FAR))


def _absent(part: Prepared, wanted: frozenset[str]) -> Mapping[str, Value]:
    """The exact values of the names that the right formula has and the answer hasn't."""
    return {n: v for n in wanted if (v := part.values.get(n)) is not None and v.dtype == object}


def _with_numbers(absent: Mapping[str, Value], understood: str) -> Mark:
    """A formula that is right for the page's numbers. A 0 or 1 that was put in leaves no trace."""
    if any(x in (0, 1) for value in absent.values() for x in value.ravel().tolist()):
        told = "Right for the given numbers; a person has to see whether a name was left out."
        return Mark("undecided", 0.0, None, told, understood)
    return right(understood, "Right, with the given numbers put in.")


# ---- the rest ----------------------------------------------------------------------------------


def _shape(part: Prepared, answer: str) -> Mark:
    typed = answers.shape(answer)
    assert part.right is not None
    sizes: tuple[int, ...] = tuple(int(size) for size in part.right[1])
    given = tuple(typed.shape)
    if given == sizes or (len(sizes) < 2 and _without_ones(given) == _without_ones(sizes)):
        return right(typed.understood)
    for slip, other in part.slips:
        if tuple(int(s) for s in other.tolist()) == typed.shape:
            return by_slip(slip, typed.understood)
    same = [a == b for a, b in zip(given, sizes, strict=False)]
    if len(given) == len(sizes) == 2 and any(same):
        which = "rows" if same[0] else "columns"
        return Mark("partly", 0.5, None, f"The number of {which} is right.", typed.understood)
    return wrong(typed.understood)


def _without_ones(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(size for size in sizes if size != 1)


def _count(part: Prepared, answer: str) -> Mark:
    typed = answers.count(answer)
    assert part.right is not None
    assert part.aims is not None
    if typed.rows[0][0].value == part.right[0].item():
        return right(typed.understood)
    if part.part.expected.kind == "class":
        return wrong(typed.understood)
    return compared_numbers(part, typed, part.aims, _slip_aims(part, typed))


def _verdict(part: Prepared, answer: str) -> Mark:
    words = part.part.expected.words
    typed = answers.verdict(answer, words)
    if words not in DECIDED:
        return Mark("undecided", 0.0, None, "A person has to look at this.", typed.understood)
    if typed.words == words:
        return right(typed.understood)
    half = {("not convex", "neither"), ("not convex", "concave"), ("convex", "affine"),
            ("concave", "affine")}  # fmt: skip
    if (typed.words, words) in half:
        return Mark("partly", 0.5, None, "True, but more can be said.", typed.understood)
    return wrong(typed.understood)


def _drawing(part: Prepared, answer: str) -> Mark:
    shown = " ".join(answers.trimmed(answer).split())[:80]
    return Mark("undecided", 0.0, None, "A person has to look at this.", shown)


JUDGES: Mapping[Kind, Callable[[Prepared, str], Mark]] = {
    "number": _numbers,
    "vector": _numbers,
    "matrix": _numbers,
    "shape": _shape,
    "count": _count,
    "class": _count,
    "formula": _formula,
    "chain": judged_chain,
    "drawing": _drawing,
    "list": _drawing,
    "verdict": _verdict,
}
"""What judges each kind of answer."""
