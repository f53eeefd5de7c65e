"""What an author has written so far: values, derivatives, wrong formulas, and what numbers stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product

import numpy as np

from backhand.calculus.paths import Spot
from backhand.checking.audit_numbers import Numbers, half
from backhand.checking.audit_sides import Pool, Side
from backhand.checking.audit_worlds import Key, World, changed_by, perturbed
from backhand.checking.chain_reading import Factor
from backhand.checking.numerals import Numeral
from backhand.errors import BackhandError
from backhand.graph import Value

MAX_ASSIGNMENTS = 64
"""How many ways of reading the rounded numbers of two sides are tried."""
SEEDS = (1, 2, 3)
MAX_KNOWN = 400
"""The most numbers of the page that a rounded one is looked for among."""


@dataclass
class Author:
    """The state of a solution at one of its lines.

    `written`, `behind`: values as they were written, and before they were rounded. `wrong`: formulas
    that don't follow, which later lines are judged by. `intended`: what wrong numbers should have been
    by the author's own line; a slip of the pen may be in one place only. `slipped`: whether any
    line was wrong, `slips`: how many.
    """

    pool: Pool
    written: dict[Key, Value] = field(default_factory=dict[Key, Value])
    behind: dict[Key, Value] = field(default_factory=dict[Key, Value])
    wrong: dict[Key, Side] = field(default_factory=dict[Key, Side])
    intended: dict[Key, Value] = field(default_factory=dict[Key, Value])
    stands_for: dict[tuple[float, int], list[float]] = field(
        default_factory=dict[tuple[float, int], list[float]]
    )
    slipped: bool = False
    slips: int = 0
    digits: int = 99
    _true: World | None = None
    _own: tuple[World, ...] = ()
    _tests: dict[bool, list[World]] = field(default_factory=dict[bool, list[World]])
    _known: list[float] | None = None

    def before(self) -> Author:
        """The author as of now, for what is asked after the next line was kept."""
        return replace(
            self,
            written=dict(self.written),
            behind=dict(self.behind),
            wrong=dict(self.wrong),
            intended=dict(self.intended),
            _tests=dict(self._tests),
        )

    def changed(self) -> None:
        """The author has written something: what was worked out from it no longer holds."""
        self._own = ()
        self._tests.pop(True, None)

    def renamed(self) -> None:
        """A name stands for something new: nothing that was worked out holds."""
        self._true = None
        self._tests.clear()
        self.changed()

    # ---- worlds ----------------------------------------------------------------------------------

    def worlds(self) -> tuple[World, ...]:
        """The page's own values, the author's as written, and the author's before rounding."""
        if self._true is None:
            self._true = World(self.pool)
        if not self._own:
            written = World(self.pool, given=self.written, formulas=self.wrong)
            behind = World(self.pool, given=self.behind, formulas=self.wrong)
            self._own = (written, behind)
            if self.intended:
                meant = {**self.behind, **self.intended}
                self._own += (World(self.pool, given=meant, formulas=self.wrong),)
        return (self._true, *self._own)

    def tests(self, *, own: bool) -> list[World]:
        """Worlds with other given values; `own`: with the author's wrong formulas in them."""
        if own not in self._tests:
            formulas = self.wrong if own else {}
            self._tests[own] = [
                World(self.pool, data=perturbed(self.pool, seed), formulas=formulas)
                for seed in SEEDS
            ]
        return self._tests[own]

    def freed(self, side: Side) -> Iterator[World]:
        """Worlds with the page's numbers, in which the names of a side have other values."""
        true = self.worlds()[0]
        keys = list(self._keys(side))
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            given: dict[Key, Value] = {}
            for key, value in keys:
                spread = rng.uniform(0.3, 1, value.shape) * np.maximum(np.abs(value), 0.1)
                given[key] = value + 1e-2 * spread
            yield World(self.pool, given=given, data=dict(true.data))

    def _keys(self, side: Side) -> Iterator[tuple[Key, Value]]:
        """What a side names, each with its value, but not what follows from another of them."""
        true = self.worlds()[0]
        used = self._roots(side.names)
        for name in sorted(used):
            made = self.pool.made.get(name)
            if made is not None:
                if made.key is not None:
                    yield made.key, true.derivative(made.key)
            elif not changed_by(self.pool, name) & used:
                yield Spot(name, ()), true.need(name)

    def _roots(self, found: frozenset[str]) -> frozenset[str]:
        """Names with the author's own put in."""
        out: set[str] = set()
        stack = list(found)
        while stack:
            name = stack.pop()
            made = self.pool.made.get(name)
            if made is not None and made.key is None and made.uses:
                stack += made.uses
            elif name not in out:
                out.add(name)
        return frozenset(out)

    # ---- what rounded numbers stand for ----------------------------------------------------------

    def assignments(self, *sides: Side) -> Iterator[dict[str, Value]]:
        """Values for the names of sides: the page's, the author's, unrounded; then mixed."""
        found = sorted({name for side in sides for name in side.names})
        choices = [self._choices(name) for name in found]
        if not all(choices):
            return
        for at in range(4):
            yield {n: c[min(at, len(c) - 1)] for n, c in zip(found, choices, strict=True)}
        distinct = [_distinct(c) for c in choices]
        if all(len(d) == 1 for d in distinct):
            return
        for mixed in islice(product(*distinct), MAX_ASSIGNMENTS):
            yield dict(zip(found, mixed, strict=True))

    def _choices(self, name: str) -> list[Value]:
        made = self.pool.made.get(name)
        if made is not None and made.literal is not None:
            return [np.array(x) for x in self.meanings(made.literal)]
        found: list[Value] = []
        for world in self.worlds():
            try:
                found.append(world.need(name))
            except BackhandError:
                continue
        return found

    def unrounded(self, name: str) -> list[Value]:
        """A name's values, the one before rounding last."""
        made = self.pool.made.get(name)
        if made is None or made.literal is None:
            return self._choices(name)
        found = self.meanings(made.literal)
        return [np.array(found[2] if len(found) > 2 else found[0])]

    def meanings(self, cell: Numeral) -> list[float]:
        """What a decimal number may stand for: itself, what was rounded to it, a number of the page."""
        value = float(cell.value)
        sign = -1.0 if value < 0 else 1.0
        found = [value, value]
        found += [sign * x for x in self.stands_for.get(_kind(cell), [])]
        if self._is_given(cell) or cell.digits < 2:
            return found
        room = half(cell)
        near = [x for x in self.known() if 0 < abs(x - abs(value)) <= room]
        return [*found, *(sign * x for x in near[:3])]

    def is_settled(self, cell: Numeral) -> bool:
        """Whether a decimal number was written before, or is one that the page gives."""
        if _kind(cell) in self.stands_for:
            return True
        return self._is_given(cell)

    def _is_given(self, cell: Numeral) -> bool:
        given = (q.value for q in self.pool.graph if q.value is not None)
        value = abs(float(cell.value))
        return any(bool(np.any(np.abs(v.astype(float)) == value)) for v in given)

    def known(self) -> list[float]:
        """The sizes of the numbers of the page and its derivatives, and what is left of 1."""
        if self._known is None:
            true = self.worlds()[0]
            aim = self.pool.graph.objective
            for quantity in self.pool.graph if aim is not None else ():
                if aim is not None and quantity.name != aim:
                    _try_derivative(true, aim, quantity.name)
            self._known = _sizes(true.values.values())
        return [*self._known, *_sizes((*self.behind.values(), *self.intended.values()))]

    def keep(self, numbers: Numbers, behind: Value | None) -> None:
        """Remember what numbers of a line stand for."""
        if behind is None or behind.shape != numbers.value.shape:
            return
        for cell, true in zip(numbers.cells, behind.ravel().tolist(), strict=True):
            if cell.last is not None and cell.last < 0:
                held = self.stands_for.setdefault(_kind(cell), [])
                if abs(true) not in held and len(held) < 4:
                    held.append(abs(true))


def _kind(cell: Numeral) -> tuple[float, int]:
    return abs(float(cell.value)), cell.last or 0


def _try_derivative(world: World, of: str, by: str) -> None:
    chains = world.pool.chains
    try:
        world.derivative(Factor(chains.whole(of), chains.whole(by)))
    except BackhandError:
        return


def _sizes(values: Iterable[Value]) -> list[float]:
    """The sizes of numbers, those of 1 less each, and their doubles."""
    flat = [abs(x) for value in values for x in value.ravel()[:20].tolist()]
    return list(islice(dict.fromkeys(f for x in flat for f in (x, abs(1 - x), 2 * x)), MAX_KNOWN))


def _distinct(values: list[Value]) -> list[Value]:
    found: list[Value] = []
    for value in values:
        if not any(np.array_equal(value, other) for other in found):
            found.append(value)
    return found
