"""Marking beside SymPy and Math-Verify, on the corpus of right and wrong answers of the tests.

The others compare two expressions, so they get the right answer in plain notation beside the
student's; shapes, words and whole graphs are beyond what they are for, and count as undecided.
"""

from __future__ import annotations

import signal
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType
from typing import Any

from tests.answer_pairs import Pair, markers, pairs
from tests.hostile_answers import HOSTILE

from backhand.checking.marking import Marker

PATIENCE = 5
"""Seconds after which an answer of a peer counts as undecided."""
SYMBOLIC = ("formula", "chain")
KINDS = ("number", "vector", "matrix", "formula", "chain")
REPEATS = 3


def run() -> None:
    """Print the table."""
    every = pairs()
    print(f"Marking {len(every)} answers, half of them wrong\n")
    ways: dict[str, Callable[[Pair], bool | None]] = {"Backhand": _backhand()}
    print("| | wrong accepted | right rejected | undecided | ms a number, median "
          "| ms a symbolic answer, median | ms an answer, mean | medians by kind |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    if find_spec("sympy") is not None:
        ways["SymPy"] = _sympy
    if find_spec("math_verify") is not None:
        ways["Math-Verify"] = _math_verify()
    for name, decide in ways.items():
        _row(name, decide, every)
    print(f"\nThe slowest of {len(HOSTILE)} hostile answers to each kind of part: {_hostile()}")
    missing = {"sympy": "SymPy", "math_verify": "Math-Verify"}
    for module, name in missing.items():
        if find_spec(module) is None:
            print(f"\n{name} isn't installed.")


def _row(name: str, decide: Callable[[Pair], bool | None], every: list[Pair]) -> None:
    found: Counter[str] = Counter()
    spent: dict[str, list[float]] = {"all": []}
    for pair in every:
        start = time.process_time()
        said = decide(pair)
        took = 1000 * (time.process_time() - start)
        for kind in {"all", "symbolic" if pair.kind in SYMBOLIC else pair.kind, pair.kind}:
            spent.setdefault(kind, []).append(took)
        if said is None:
            found["undecided"] += 1
        elif said != pair.right:
            found["wrong accepted" if said else "right rejected"] += 1
    each = ", ".join(f"{kind} {statistics.median(spent[kind]):.2g}" for kind in KINDS)
    numbers = [found[key] for key in ("wrong accepted", "right rejected", "undecided")]
    medians = [statistics.median(spent[kind]) for kind in ("number", "symbolic")]
    cells = [name, *map(str, numbers), *(f"{m:.2g}" for m in medians)]
    print("| " + " | ".join([*cells, f"{statistics.mean(spent['all']):.2g}", each]) + " |")


def _hostile() -> str:
    """The answer that costs most CPU time, with its time, at the first part of each kind."""
    slowest, which = 0.0, ""
    for marker in markers().values():
        parts = {part.expected.kind: part.number for part in marker.parts}
        for number in parts.values():
            marker.mark(number, "7.3")
            for name, answer in HOSTILE.items():
                took = 0.0
                for _ in range(REPEATS):  # the least of a few, since others use the machine too
                    start = time.process_time()
                    marker.mark(number, answer)
                    spent = 1000 * (time.process_time() - start)
                    took = min(took or spent, spent)
                    if took <= slowest:
                        break
                if took > slowest:
                    slowest, which = took, name
    return f"{slowest:.0f} ms of CPU time ({which})"


def _backhand() -> Callable[[Pair], bool | None]:
    """Each part has had a wrong answer before: what doesn't depend on an answer is worked out then."""
    ready = markers()
    rounds = {"first": ("7.3", "7.3 + yhat"), "next": ("8.1", "8.1 + yhat")}
    for which, answers in rounds.items():
        for at, kind in enumerate(("number", "formula")):
            spent = [
                _took(marker, part.number, answers[at])
                for marker in ready.values()
                for part in marker.parts
            ]
            print(f"The {which} wrong {kind} to a part: {statistics.median(spent):.2g} ms "
                  f"in the median, {max(spent):.2g} ms at most")  # fmt: skip
    print()

    def decide(pair: Pair) -> bool | None:
        made = ready[pair.example].mark(pair.part, pair.answer)
        return None if made.verdict == "undecided" else made.verdict == "right"

    return decide


def _took(marker: Marker, part: str, answer: str) -> float:
    """The CPU time of one mark in milliseconds."""
    start = time.process_time()
    marker.mark(part, answer)
    return 1000 * (time.process_time() - start)


def _within_patience(decide: Callable[[], bool | None]) -> bool | None:
    """What is decided before the patience ends; whatever a peer raises is no decision."""

    def stop(_: int, __: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decide()
    except Exception:
        return None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _sympy(pair: Pair) -> bool | None:
    """`simplify(answer - right)` is 0, or of numbers within half a per cent."""
    from sympy import Matrix, simplify
    from sympy.parsing import sympy_parser
    from sympy.parsing.latex import parse_latex

    forgiving = (
        *sympy_parser.standard_transformations,
        sympy_parser.implicit_multiplication_application,
        sympy_parser.convert_xor,
    )

    def read(text: str) -> Any:
        text = text.strip("$ ").rpartition("=")[2].replace("−", "-").replace("≈", "")
        latex = "\\" in text
        if latex:
            found = parse_latex(text, backend="lark")
        else:
            found = sympy_parser.parse_expr(text, transformations=forgiving)
        return Matrix(found) if isinstance(found, list | tuple) else found

    def decide() -> bool | None:
        answer, right = read(pair.answer), read(pair.wanted)
        if answer.is_number and right.is_number:
            return bool(abs(answer - right) <= 0.005 * abs(right))
        return bool(simplify(answer - right) == 0)

    return _within_patience(decide) if pair.wanted else None


def _math_verify() -> Callable[[Pair], bool | None]:
    from math_verify import parse, verify

    def decide(pair: Pair) -> bool | None:
        if not pair.wanted:
            return None

        def compared() -> bool | None:
            right, answer = (
                parse(f"${text.strip('$ ')}$", parsing_timeout=0)
                for text in (pair.wanted, pair.answer)
            )
            if not right or not answer:
                return None
            return bool(verify(right, answer, float_rounding=3, timeout_seconds=0))

        return _within_patience(compared)

    return decide
