"""Axes that always run together as one: a loop over 8·12·12 entries side by side, not three loops.

The arrays stay as they are; a flat one is a second view of the same memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from backhand.expr import Expr, Padded, Ref, Same, Total, opened, postorder, ref, rewrite, total
from backhand.slots import Index, Slot, indices
from backhand.training.statements import Statement


@dataclass(eq=False)
class Arrays:
    """The axes of every array as it is stored, and of each view in which two of them are one.

    `bases`: the array behind a view.
    """

    axes: dict[str, tuple[Index, ...]] = field(default_factory=dict[str, tuple[Index, ...]])
    bases: dict[str, str] = field(default_factory=dict[str, str])

    def base(self, name: str) -> str:
        """The array that a name stands for."""
        return self.bases.get(name, name)

    def merged(self, name: str, at: int) -> str:
        """The name of the view in which axes `at` and `at + 1` of an array are one, from 0."""
        axes = self.axes[name]
        view = f"{name} {at}" if name in self.bases else f"{name} flat {at}"
        if view not in self.axes:
            one = Index(axes[at].name, 0, axes[at].size * axes[at + 1].size - 1)
            self.axes[view] = (*axes[:at], one, *axes[at + 2 :])
            self.bases[view] = self.base(name)
        return view


def flattened(one: Statement, arrays: Arrays) -> Statement:
    """A statement with neighbouring axes and sums merged, as far as every array in it allows."""
    one = replace(one, value=rewrite(one.value, lambda node: _sum(node, arrays)))
    for at in range(len(one.axes) - 2, -1, -1):
        pair = one.axes[at], one.axes[at + 1]
        if at + 1 < len(one.axes) and _together(
            pair, (ref(one.target, *one.slots), one.value), arrays
        ):
            one = _merged(one, at, arrays)
    return one


def _merged(one: Statement, at: int, arrays: Arrays) -> Statement:
    pair = one.axes[at], one.axes[at + 1]
    both = _both(pair)
    target = _put(ref(one.target, *one.slots), pair, both, arrays)
    assert isinstance(target, Ref)
    return replace(
        one,
        target=target.name,
        axes=(*one.axes[:at], both, *one.axes[at + 2 :]),
        slots=target.slots,
        value=_put(one.value, pair, both, arrays),
    )


def _sum(node: Expr, arrays: Arrays) -> Expr | None:
    """A sum of a sum as one sum, where it can be."""
    if not isinstance(node, Total) or not isinstance(node.args[0], Total):
        return None
    outer, rest = opened(node)
    changed = rewrite(rest, lambda inner: _sum(inner, arrays) if inner is rest else None)
    if not isinstance(changed, Total):
        return total(outer, changed)
    inner, body = opened(changed)
    for pair in ((outer, inner), (inner, outer)):
        if _together(pair, (body,), arrays):
            both = _both(pair)
            return total(both, _put(body, pair, both, arrays))
    return total(outer, changed) if changed is not rest else None


def _both(pair: tuple[Index, Index]) -> Index:
    return Index(pair[0].name, 0, pair[0].size * pair[1].size - 1)


def _together(pair: tuple[Index, Index], roots: Sequence[Expr], arrays: Arrays) -> bool:
    """Whether the two stand side by side, along whole axes, wherever one of them stands."""
    if any(isinstance(index.upper, str) for index in pair):
        return False
    found = False
    for node in postorder(*roots):
        if isinstance(node, Ref | Padded):
            slots: Sequence[Slot] = node.slots
        elif isinstance(node, Same):
            slots = (node.left, node.right)
        else:
            continue
        if set(indices(slots)) & set(pair):
            if not isinstance(node, Ref) or _place(node, pair, arrays) is None:
                return False
            found = True
    return found


def _place(node: Ref, pair: tuple[Index, Index], arrays: Arrays) -> int | None:
    """Where the two stand side by side in an entry, and nowhere else; else None."""
    axes = arrays.axes.get(node.name)
    if axes is None or pair[0] not in node.slots:
        return None
    at = node.slots.index(pair[0])
    others = (*node.slots[:at], *node.slots[at + 2 :])
    if node.slots[at + 1 : at + 2] != (pair[1],) or set(indices(others)) & set(pair):
        return None
    whole = all(
        (axis.lower, axis.upper) == (index.lower, index.upper)
        for axis, index in zip(axes[at : at + 2], pair, strict=True)
    )
    return at if whole else None


def _put(expr: Expr, pair: tuple[Index, Index], both: Index, arrays: Arrays) -> Expr:
    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or pair[0] not in node.slots:
            return None
        at = node.slots.index(pair[0])
        name = arrays.merged(node.name, at)
        return ref(name, *node.slots[:at], both, *node.slots[at + 2 :])

    return rewrite(expr, leaf)
