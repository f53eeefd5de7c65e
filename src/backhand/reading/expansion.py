"""Whether two equations say the same, with the names in them put in."""

from __future__ import annotations

from collections.abc import Mapping

from backhand.expr import Expr, Index, Padded, Ref, names, padded, postorder, rewrite, substitute
from backhand.graph import Quantity

MAX_NODES = 20_000
"""How large the equations of a page may get, together, with all names put in."""


class Expansion:
    """The equations of some quantities with every name that has an equation replaced by it."""

    def __init__(self, quantities: Mapping[str, Quantity]) -> None:
        self._quantities = quantities
        self._whole: dict[str, Expr | None] = {}
        self._first: dict[tuple[Expr, tuple[Index, ...]], str] = {}
        self._nodes = 0

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether the two are the same, as they stand or with names put in."""
        if left is right:
            return True
        self._prepare(names(left) | names(right))
        a, b = self._put_in(left), self._put_in(right)
        return a is not None and a is b

    def forget(self, quantity: Quantity) -> None:
        """Drop a quantity that isn't to stay."""
        self._whole.pop(quantity.name, None)
        self._first = {key: name for key, name in self._first.items() if name != quantity.name}

    def _prepare(self, wanted: frozenset[str]) -> None:
        """Expand the wanted names and all that they use, in the order of the quantities."""
        needed: set[str] = set()
        pending = list(wanted)
        while pending:
            name = pending.pop()
            definition = self._quantities[name].definition
            if name not in needed and name not in self._whole and definition is not None:
                needed.add(name)
                pending.extend(names(definition))
        for name in (n for n in self._quantities if n in needed):
            quantity = self._quantities[name]
            assert quantity.definition is not None
            self._whole[name] = whole = self._put_in(quantity.definition)
            if whole is not None:
                self._first.setdefault((whole, quantity.axes), name)

    def _put_in(self, expr: Expr) -> Expr | None:
        """The expression in terms of given quantities; None where it gets too large."""
        if any(self._whole.get(name, expr) is None for name in names(expr)):
            return None

        def leaf(node: Expr) -> Expr | None:
            match node:
                case Ref(name, slots):
                    whole = self._whole.get(name)
                    own = self._quantities[name].axes
                    return whole and substitute(whole, dict(zip(own, slots, strict=True)))
                case Padded(name, slots, rank):
                    whole = self._whole.get(name)
                    own = self._quantities[name].axes
                    # A 1 can be put before a name only: the first name for the same thing.
                    return whole and padded(self._first.get((whole, own), name), slots, rank)
                case _:
                    return None

        if self._nodes > MAX_NODES:
            return None
        found = rewrite(expr, leaf)
        self._nodes += sum(1 for _ in postorder(found))
        return found
