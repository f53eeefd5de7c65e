"""Answers to the questions of the examples, each with whether it is right: half of them aren't.

Right answers are the solver's values in many spellings; wrong ones come from the slips or by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from tests.answers_by_hand import BY_HAND
from tests.answers_rounded import rounded_early

import backhand
from backhand.calculus.paths import Hop, Spot, paths, without_aliases
from backhand.checking.marking import Marker
from backhand.checking.parts import Prepared, prepared
from backhand.values import floats

EXAMPLES = Path(__file__).parent.parent / "examples"
FAR = 0.03
"""A slip that changes the value by less can't be told from rounding, so it makes no pair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer to a part of an example, its kind, and whether it is right.

    `wanted` is a right answer in plain notation, for programs that compare two expressions.
    """

    example: str
    part: str
    kind: str
    answer: str
    right: bool
    wanted: str = ""


def markers() -> dict[str, Marker]:
    """A marker for each example."""
    return {path.stem: Marker(backhand.read(path)) for path in sorted(EXAMPLES.glob("*.md"))}


def pairs() -> list[Pair]:
    """The corpus, each answer once, as many wrong ones as right ones."""
    found: dict[tuple[str, str, str], Pair] = {}
    for path in sorted(EXAMPLES.glob("*.md")):
        for part in prepared(backhand.read(path), None):
            for answer, right in _of(part, path.stem):
                pair = Pair(path.stem, part.part.number, part.part.expected.kind, answer, right,
                            _wanted(part, path.stem))  # fmt: skip
                found.setdefault((pair.example, pair.part, answer), pair)
    kinds = {(p.example, p.part): p.kind for p in found.values()}
    for example, number, answer, right in rounded_early():
        pair = Pair(example, number, kinds[example, number], answer, right)
        found.setdefault((example, number, answer), pair)
    first: dict[tuple[str, str], str] = {}
    for pair in found.values():
        if pair.right:
            first.setdefault((pair.example, pair.part), pair.wanted or pair.answer)
    every = [replace(p, wanted=first.get((p.example, p.part), "")) for p in found.values()]
    right = [p for p in every if p.right]
    wrong = [p for p in every if not p.right]
    count = min(len(right), len(wrong))
    return [*_spread(right, count), *_spread(wrong, count)]


def _spread(every: list[Pair], count: int) -> list[Pair]:
    return [every[at * len(every) // count] for at in range(count)]


def _wanted(part: Prepared, example: str) -> str:
    value = part.part.expected.value
    if part.part.expected.kind in ("formula", "chain"):
        return next(iter(BY_HAND.get((example, part.part.number), ((), ()))[0]), "")
    if value is None:
        return part.part.expected.words
    return next(_arrays(value)) if value.ndim else next(_numbers(value.item()))


def _of(part: Prepared, example: str) -> Iterator[tuple[str, bool]]:
    right, wrong = BY_HAND.get((example, part.part.number), ((), ()))
    yield from ((answer, True) for answer in right)
    yield from ((answer, False) for answer in wrong)
    kind = part.part.expected.kind
    if kind in ("number", "vector", "matrix", "count") and part.part.ask.verb != "forward":
        yield from _values(part)
    elif kind == "chain":
        yield from _chains(part)


# ---- numbers -----------------------------------------------------------------------------------


def _values(part: Prepared) -> Iterator[tuple[str, bool]]:
    value = part.part.expected.value
    assert value is not None
    sign = part.part.ask.words[0] if part.part.ask.verb == "value" else "answer"
    spellings = list(_arrays(value) if value.ndim else _numbers(value.item()))
    yield from ((text, True) for text in spellings)
    if part.part.ask.verb == "value":
        yield f"{sign} = {spellings[0]}", True
    for number, wrong in enumerate(_wrong(part, value)):
        texts = list(_arrays(wrong) if wrong.ndim else _numbers(wrong.item()))
        yield texts[number % len(texts)], False
        yield texts[(number + 3) % len(texts)], False


def _wrong(part: Prepared, value: Any) -> Iterator[Any]:
    right = floats(value)
    size = np.max(np.abs(right)) or 1.0
    moved = [other for _, other in part.slips]
    if part.part.expected.kind != "count":
        moved += [value * 10, value + 1]
    if value.ndim:
        changed = value.copy()
        changed.flat[0] = changed.flat[0] + 1
        moved += [changed, value.reshape(-1)[:-1]]
    for other in map(np.asarray, moved):
        plain = floats(other)
        if plain.shape != right.shape or np.max(np.abs(plain - right)) > FAR * size:
            yield other


def _numbers(value: Any) -> Iterator[str]:
    if isinstance(value, Fraction) and value.denominator == 1:
        yield str(value)
        yield f"${value}$"
        yield str(value).replace("-", "−")
        yield f"{value}.0"
        yield f"= {value}"
        return
    if isinstance(value, Fraction):
        yield str(value)
        sign = "-" if value < 0 else ""
        yield rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
        yield f"{float(value):.6g}"
        yield rf"\approx {float(value):.4g}"
        return
    yield f"{value:.4g}"
    yield f"≈ {value:.3g}".replace("-", "−")
    yield f"${value:.6g}$"
    yield f"{value:.3e}"
    mantissa, _, exponent = f"{value:.4e}".partition("e")
    yield rf"{mantissa} \times 10^{{{int(exponent)}}}"
    yield f"{100 * value:.4g}%"
    yield f"{value:.8g}"


def _arrays(value: Any) -> Iterator[str]:
    if value.ndim == 1:
        cells = [next(_numbers(x)) for x in value.tolist()]
        yield f"({', '.join(cells)})"
        yield f"[{'; '.join(cells)}]"
        yield r"\begin{bmatrix} " + r" \\ ".join(cells) + r" \end{bmatrix}"
        yield f"np.array([{', '.join(cells)}])"
        yield f"[{', '.join(cells)}]^T"
        yield f"[[{'], ['.join(cells)}]]"
        yield f"[{' '.join(cells)}]"
        return
    rows = [[next(_numbers(x)) for x in row] for row in value.tolist()]
    yield f"[[{'], ['.join(', '.join(row) for row in rows)}]]"
    yield f"[{'; '.join(', '.join(row) for row in rows)}]"
    body = r" \\ ".join(" & ".join(row) for row in rows)
    yield rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"
    yield f"np.array([[{'], ['.join(', '.join(row) for row in rows)}]])"


# ---- chains ------------------------------------------------------------------------------------


def _chains(part: Prepared) -> Iterator[tuple[str, bool]]:
    wanted, graph = part.part.expected, part.graph
    assert wanted.of is not None
    assert wanted.by is not None
    entries = all(len(s.slots) == graph[s.name].rank for s in (wanted.of, wanted.by))
    found = paths(graph, wanted.of, wanted.by) if entries else None
    if found is None or any(isinstance(a.upper, str) for q in graph for a in q.axes):
        return
    ways = [without_aliases(graph, path) for path in found.each()]
    if min(map(len, ways)) < 2:
        return
    for spelled in (_ascii, _latex, _unicode, _starred):
        yield _sum(ways, spelled), True
        yield _sum([way[::-1] for way in ways], spelled), True
        yield _sum([(*way[1:], way[0]) for way in ways], spelled), True
        for at in range(len(ways[0])):
            yield _sum([(*ways[0][:at], *ways[0][at + 1 :]), *ways[1:]], spelled), False
            turned = Hop(ways[0][at].by, ways[0][at].of, ways[0][at].slope)
            yield _sum([(*ways[0][:at], turned, *ways[0][at + 1 :]), *ways[1:]], spelled), False
        yield _sum([(*ways[0], ways[0][-1]), *ways[1:]], spelled), False
        if len(ways) > 1:
            yield _sum(ways[1:], spelled), False
        if len(ways[0]) > 2:
            first, second = ways[0][:2]
            whole = Hop(first.of, second.by, first.slope)
            if len(ways) == 1:
                yield _sum([(whole, *ways[0][2:])], spelled), True


def _sum(ways: Any, spelled: Any) -> str:
    sign = " * " if spelled is _starred else r" " if spelled is _latex else " · "
    return " + ".join(sign.join(spelled(hop) for hop in way) for way in ways)


def _entry(spot: Spot) -> str:
    return spot.name + (f"[{','.join(map(str, spot.slots))}]" if spot.slots else "")


def _ascii(hop: Hop) -> str:
    return f"d{_entry(hop.of)}/d{_entry(hop.by)}"


def _starred(hop: Hop) -> str:
    return f"(d{_entry(hop.of)}/d{_entry(hop.by)})"


def _unicode(hop: Hop) -> str:
    return f"∂{_entry(hop.of)}/∂{_entry(hop.by)}".replace("yhat", "ŷ")


def _latex(hop: Hop) -> str:
    def name(spot: Spot) -> str:
        base, _, number = spot.name.partition("_")
        base = {"yhat": r"\hat{y}", "ell": r"\ell"}.get(base, base)
        numbers = ",".join([number] * bool(number) + [str(s) for s in spot.slots])
        return base + (f"_{{{numbers}}}" if numbers else "")

    return rf"\frac{{\partial {name(hop.of)}}}{{\partial {name(hop.by)}}}"
