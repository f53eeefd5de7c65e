"""STACK questions of an export, run in Maxima: the question's variables, and its trees on answers.

Maxima works out the variables and both sides of every node; the answer tests are done here, after
`doc/en/Authoring/Answer_Tests/Numerical.md` of github.com/maths/moodle-qtype_stack.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, fromstring

MAXIMA = shutil.which("maxima")
MARK = "@@"


@dataclass(frozen=True)
class Outcome:
    """What a tree made of an answer: its score and the note of the last branch."""

    score: float
    note: str


def questions(xml: bytes) -> list[Element]:
    """The STACK questions of a Moodle file."""
    return [q for q in fromstring(xml) if q.get("type") == "stack"]


def text(element: Element, path: str) -> str:
    found = element.find(path)
    assert found is not None, path
    return found.text or ""


def run(code: Sequence[str]) -> list[str]:
    """The marked lines that Maxima prints."""
    assert MAXIMA is not None
    head = ["display2d: false$", "simp: true$", "linel: 100000$"]
    script = "\n".join([*head, *code, "quit()$"])
    done = subprocess.run([MAXIMA, "--very-quiet"], input=script, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    wrong = [line for line in done.stdout.split("\n") if "error" in line or "incorrect" in line]
    assert not wrong, (wrong[:3], done.stdout[-2000:])
    return [line.strip().removeprefix(MARK) for line in done.stdout.split("\n") if MARK in line]


def shown(name: str, code: str) -> str:
    return f'print(sconcat("{MARK}{name}=", string({code})))$'


def variables(question: Element, names: Sequence[str]) -> dict[str, str]:
    """Question variables by name."""
    code = [*text(question, "questionvariables/text").split("\n"), *(shown(n, n) for n in names)]
    return dict(line.split("=", 1) for line in run(code))  # type: ignore[arg-type]


def outcomes(
    question: Element, answers: Sequence[Mapping[str, str]], trees: Sequence[str] = ()
) -> list[dict[str, Outcome]]:
    """What trees make of each set of answers, by the names of the inputs.

    `trees`: the one to run for each set; all of them where none is named.
    """
    code = [ALGEQUIV, *text(question, "questionvariables/text").split("\n")]
    for at, given in enumerate(answers):
        for field in question.iter("input"):
            name, kind, model = (text(field, tag) for tag in ("name", "type", "tans"))
            empty = (
                f"block([m: {model}], genmatrix(lambda([a__, b__], null), length(m), length(m[1])))"
                if kind == "matrix"
                else "EMPTYANSWER"
            )
            code.append(f"{name}: {given.get(name, empty)}$")
        for tree in question.iter("prt"):
            if not trees or text(tree, "name") == trees[at]:
                code += _tree(tree, at)
    lines = run(code)
    return [
        _read(question, lines, at, answers[at], trees[at] if trees else "")
        for at in range(len(answers))
    ]


def _tree(tree: Element, at: int) -> list[str]:
    name = text(tree, "name")
    key = f"{at}/{name}"
    lines = [line for line in text(tree, "feedbackvariables/text").split("\n") if line]
    stop, *rest = lines
    code = [stop.replace("%stack_prt_stop_p", "stop__"), shown(f"{key}/stop", "stop__"), *rest]
    for number, node in enumerate(tree.iter("node")):
        sans, tans = text(node, "sans"), text(node, "tans")
        if text(node, "answertest") == "AlgEquiv":
            code.append(shown(f"{key}/{number}", f"algequiv({sans}, {tans})"))
        else:
            plain = (
                f"[if listp({sans}) then {sans} else [float({sans})], "
                f"if listp({tans}) then float({tans}) else [float({tans})]]"
            )
            code.append(shown(f"{key}/{number}", plain))
        code.append(shown(f"{key}/{number}/score", text(node, "truescore")))
    return code


ALGEQUIV = (
    "algequiv(a, b) := if member(a, [true, false]) or member(b, [true, false]) then is(a = b) "
    "elseif listp(a) or listp(b) then is(a = b) else is(ratsimp(a - b) = 0)$"
)


def _read(
    question: Element,
    lines: Sequence[str],
    at: int,
    given: Mapping[str, str],
    only: str,
) -> dict[str, Outcome]:
    found = dict(line.split("=", 1) for line in lines if line.startswith(f"{at}/"))
    made: dict[str, Outcome] = {}
    for tree in question.iter("prt"):
        name = text(tree, "name")
        if only and name != only:
            continue
        key = f"{at}/{name}"
        if found[f"{key}/stop"] == "true":
            made[name] = Outcome(-1.0, "stopped")
            continue
        nodes = list(tree.iter("node"))
        note, score = text(nodes[-1], "falseanswernote"), 0.0
        for number, node in enumerate(nodes):
            raw = given.get(text(node, "sans"), "")
            if holds(node, found[f"{key}/{number}"], raw):
                note = text(node, "trueanswernote")
                score = float(_number(found[f"{key}/{number}/score"]))
                break
        made[name] = Outcome(score, note)
    return made


def holds(node: Element, result: str, raw: str) -> bool:
    """Whether a node's answer test holds for what Maxima made of its two sides."""
    test = text(node, "answertest")
    if test == "AlgEquiv":
        return result == "true"
    found = re.fullmatch(r"\[\[(.*)\],\[(.*)\]\]", result)
    if found is None:
        return False
    try:
        left, right = ([_number(x) for x in side.split(",")] for side in found.groups())
    except ValueError:
        return False  # the answer is no number
    if len(left) != len(right):
        return False
    option = float(text(node, "testoptions"))
    if test == "NumSigFigs":
        return significant(raw, left[0], right[0], int(option))
    gaps = [abs(a - b) for a, b in zip(left, right, strict=True)]
    if test == "NumAbsolute":
        return all(gap < option + 1e-9 for gap in gaps)
    assert test == "NumRelative", test
    return all(gap <= abs(b) * option * (1 + 1e-9) for gap, b in zip(gaps, right, strict=True))


def _number(code: str) -> float:
    top, _, bottom = code.strip().replace("b", "e").partition("/")
    return float(top) / (float(bottom) if bottom else 1.0)


def significant(raw: str, given: float, right: float, count: int) -> bool:
    """NumSigFigs: so many digits were typed, and they are right."""
    found = re.fullmatch(r"[-+]?(\d*\.?\d*)(?:[eE][-+]?\d+)?", raw.strip())
    if found is None or not right or given * right < 0:
        return False
    digits = found[1].replace(".", "").lstrip("0")
    least = len(digits) if "." in raw else len(digits.rstrip("0"))
    if not least <= count <= len(digits):
        return False
    rounded = float(f"{right:.{count - 1}e}")
    return abs(given - rounded) <= 1e-9 * abs(rounded)
