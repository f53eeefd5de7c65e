"""Variants of a worksheet: the same questions on other numbers, each with answers of its own.

Candidates are drawn by the hundred and tried together, so that thousands of them cost little; a
variant's key is worked out when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.batched import batched, values_of
from backhand.calculus.chain import backward
from backhand.checking.activations import with_activation
from backhand.checking.blanks import Blanks, blanks_of, by_block
from backhand.checking.constraints import Constraint, constraints, slopes_asked
from backhand.checking.lots import Lot, lot
from backhand.checking.mentions import Mention, mentions
from backhand.checking.widths import with_widths
from backhand.errors import AskError, LimitError
from backhand.graph import Graph, Value, floats
from backhand.notation import partial_name
from backhand.reading.meaning import entry
from backhand.working import Block, Worksheet

TRIED = 512
"""How many candidates are drawn together; another number gives other variants."""
PATIENCE = 40
"""After so many draws in a row without a new variant there are taken to be no more."""
MAX_VARIANTS = 100_000


@dataclass(frozen=True, slots=True)
class Variant:
    """One of many: its number from 1, its worksheet, and the values that differ from the page's.

    `notes` say where the page's words still speak of a number that has changed.
    """

    number: int
    worksheet: Worksheet
    values: Mapping[str, Value]
    notes: tuple[str, ...] = ()

    @property
    def exact_json(self) -> dict[str, Any]:
        """The values as an index of variants holds them: nested lists, fractions as text."""
        return {name: _exact(value.tolist()) for name, value in self.values.items()}


def _exact(item: Any) -> Any:
    if isinstance(item, list):
        return [_exact(part) for part in cast(list[Any], item)]
    return int(item) if item.denominator == 1 else str(item)


def variants(
    sheet: Worksheet,
    count: int,
    *,
    seed: int = 0,
    keep: Sequence[str] = (),
    activation: str | None = None,
    widths: Sequence[int] = (),
) -> Iterator[Variant]:
    """Variants 1 to `count` of a worksheet, no two with the same answers to 3 significant digits.

    The numbers given for its last model change, but those of the quantities in `keep`; `activation`
    is put into its hidden layers, and these get the sizes `widths`. Variant k of
    a seed is the same however many are made. Raises `AskError` where there aren't so many: it names
    the constraint that fails most; `LimitError` for over 100,000; `MeaningError` where the numbers
    of a quantity can't be found on the page.

    >>> from backhand.reading.document import worksheet
    >>> page = worksheet("$$ x = 3 $$\\n\\n$$ J = (2x - 1)^2 $$\\n\\nHow large is $J$?\\n\\n% ask: value J")
    >>> [variant.worksheet.source.split("\\n")[0] for variant in variants(page, 2, seed=1)]
    ['$$ x = 4 $$', '$$ x = 5 $$']
    """
    if count > MAX_VARIANTS:
        raise LimitError(f"over {MAX_VARIANTS:,} variants are asked for", "make fewer")
    told: list[Mention] = []
    if activation is not None:
        sheet, notes = with_activation(sheet, activation)
        told += notes
    if widths:
        sheet, notes = with_widths(sheet, widths)
        told += notes
    plan = _plan(sheet, keep)
    plan = replace(plan, mentioned=(*told, *plan.mentioned))
    return islice(_found(plan, seed), count)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is worked out once for a worksheet."""

    sheet: Worksheet
    page: Mapping[str, Value]
    """The page's own numbers."""
    lots: tuple[Lot, ...]
    blanks: Blanks
    demands: tuple[Constraint, ...]
    graph: Graph
    """The model with its gradients, for a whole draw at once."""
    fixed: Mapping[str, NDArray[np.float64]]
    answers: tuple[tuple[str, tuple[int, ...]], ...]
    blocks: tuple[tuple[Block, Blanks | None], ...]
    """The page's blocks, each with its own blanks if it has some."""
    mentioned: tuple[Mention, ...]


def _plan(sheet: Worksheet, keep: Sequence[str]) -> _Plan:
    graph = sheet.graph
    for name in keep:
        graph[name]
    values = {q.name: graph.points.get(q.name, q.value) for q in graph if q.value is not None}
    drawn = [lot(graph[n], v, graph) for n, v in values.items() if n not in keep]
    lots = tuple(each for each in drawn if each is not None)
    if not lots:
        raise AskError(
            "no number on this page can change", "give some quantities short numbers: x = [2; 5]"
        )
    changing = {each.name: values[each.name] for each in lots}
    blanks = blanks_of(sheet, changing)
    whole = backward(graph, graph.objective) if graph.objective is not None else graph
    fixed = {
        q.name: np.broadcast_to(floats(q.value), (TRIED, *q.shape))
        for q in graph
        if q.value is not None and q.name not in changing
    }
    return _Plan(
        sheet,
        changing,
        lots,
        blanks,
        constraints(sheet),
        batched(whole, TRIED),
        fixed,
        tuple(_answers(sheet)),
        tuple(by_block(sheet, blanks)),
        mentions(sheet, changing),
    )


def _answers(sheet: Worksheet) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The numbers that are asked for, else all that are made: by these variants must differ."""
    graph = sheet.graph
    asked = [a for q in sheet.questions for a in q.asks]
    named = [entry(a.words[0], graph) for a in asked if a.verb == "value"]
    if graph.objective is not None and any(a.verb in ("loss", "forward") for a in asked):
        named.append((graph.objective, ()))
    slopes = [(n, s) for of, n, s in slopes_asked(sheet) if of == graph.objective]
    for name, slots in slopes:
        yield partial_name(graph.objective or "", name), _offsets(graph, name, slots)
    # What a weight is after an update depends on what it was.
    named += [entry(a.words[0], graph) for a in asked if a.verb == "update" and a.words]
    if not named and not slopes:
        named = [(q.name, ()) for q in graph if q.definition is not None]
    for name, slots in named:
        yield name, _offsets(graph, name, slots)


def _offsets(graph: Graph, name: str, slots: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(s - a.lower for s, a in zip(slots, graph[name].axes, strict=False))


def _found(plan: _Plan, seed: int) -> Iterator[Variant]:
    """Variants without end, until the draws give nothing new."""
    own = _signatures(plan, _valued(plan, {n: v[None] for n, v in _page_numerators(plan).items()}))
    seen = {own[0]}
    number, idle, draws = 0, 0, 0
    failed: Counter[str] = Counter()
    while idle < PATIENCE:
        rng = np.random.default_rng([seed, draws])
        drawn = {each.name: each.draw(rng, TRIED) for each in plan.lots}
        values = _valued(plan, drawn)
        good = np.ones(TRIED, dtype=np.bool_)
        for demand in plan.demands:
            met = demand.holds(values)
            failed[demand.words] += int((~met).sum())
            good &= met
        before = number
        signatures = _signatures(plan, values)
        for at in np.flatnonzero(good).tolist():
            if signatures[at] in seen:
                failed["no two variants have the same answers"] += 1
                continue
            seen.add(signatures[at])
            number += 1
            exact = {each.name: each.exact(drawn[each.name][at]) for each in plan.lots}
            yield _variant(plan, number, exact)
        draws += 1
        idle = idle + 1 if number == before else 0
    words, times = failed.most_common(1)[0]
    raise AskError(
        f"there are {number} variants of this page and no more were found: of {draws * TRIED:,} tries "
        f"{times:,} fail because of the constraint: {words}",
        "ask for fewer, or give the page larger numbers",
    )


def _page_numerators(plan: _Plan) -> dict[str, NDArray[np.int64]]:
    return {
        each.name: np.array(
            [int(x * each.denominator) for x in plan.page[each.name].ravel().tolist()]
        ).reshape(each.shape)
        for each in plan.lots
    }


def _valued(plan: _Plan, drawn: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.float64]]:
    """Every value for a draw of numerators, or for fewer, repeated; data points at their first."""
    given = dict(plan.fixed)
    for each in plan.lots:
        numbers = drawn[each.name] / each.denominator
        first = numbers[:, 0] if each.name in plan.sheet.graph.points else numbers
        given[each.name] = np.broadcast_to(first, (TRIED, *first.shape[1:])).astype(float)
    return values_of(plan.graph, given)


def _signatures(plan: _Plan, values: Mapping[str, NDArray[np.float64]]) -> list[bytes]:
    """The answers of each candidate to 3 significant digits, as bytes to be compared."""
    parts = [
        np.asarray(values[name][(slice(None), *entry)]).reshape(TRIED, -1)
        for name, entry in plan.answers
        if name in values
    ] or [np.zeros((TRIED, 1))]
    table = np.concatenate(parts, axis=1)
    with np.errstate(all="ignore"):
        size = np.floor(np.log10(np.abs(table)))
    size = np.where(np.isfinite(size), size, 0.0)
    digits = np.nan_to_num(np.round(table / 10.0 ** (size - 2))) + 0.0
    return [row.tobytes() for row in np.concatenate([digits, size], axis=1)]


def _variant(plan: _Plan, number: int, values: dict[str, Value]) -> Variant:
    source = plan.blanks.filled(values)
    notes = tuple(m.note for m in plan.mentioned if m.contradicts(values))
    sheet = plan.sheet
    done: dict[int, Graph] = {}
    graphs = tuple(_valued_graph(g, sheet.graph, values, done) for g in sheet.graphs)
    blocks = tuple(
        _block(block, blanks, sheet.graph, values, done) for block, blanks in plan.blocks
    )
    made = replace(sheet, blocks=blocks, graphs=graphs, source=source)
    return Variant(number, made, values, notes)


def _block(
    block: Block,
    blanks: Blanks | None,
    last: Graph,
    values: Mapping[str, Value],
    done: dict[int, Graph],
) -> Block:
    question = block.question
    if question is not None:
        graph = _valued_graph(question.graph, last, values, done)
        return replace(block, question=replace(question, graph=graph))
    return block if blanks is None else replace(block, source=blanks.filled(values))


def _valued_graph(
    graph: Graph, last: Graph, values: Mapping[str, Value], done: dict[int, Graph]
) -> Graph:
    """A graph with the new values, where it is the page's last model or a part of it."""
    if id(graph) not in done:
        part = all(q.name in last and q.place == last[q.name].place for q in graph)
        done[id(graph)] = _with(graph, values) if part else graph
    return done[id(graph)]


def _with(graph: Graph, values: Mapping[str, Value]) -> Graph:
    points = {n: values.get(n, v) for n, v in graph.points.items()}
    given = {n: v[0] if n in graph.points else v for n, v in values.items() if n in graph}
    return replace(graph.with_values(**given), points=points)
