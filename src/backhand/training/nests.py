"""Statements as loops: which index runs innermost, what is added up where, what shares a loop.

A sum is either worked out for one entry after the other, or, where its entries lie side by side
along the result, added to the whole result term by term; a term whose first factors are 0 is then
skipped whole. Both read the arrays in the order in which they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from backhand.expr import Add, Expr, Padded, Ref, add, mul, names, postorder, ref, substitute
from backhand.slots import Index
from backhand.training.blocks import Block
from backhand.training.nest import Nest, innermost_last, strides
from backhand.training.numerics import shifted
from backhand.training.spelling import comment, literal
from backhand.training.statements import Statement, Term, terms, unpadded, without_ones


@dataclass(frozen=True, slots=True)
class Group:
    """Statements over the same axes that share one loop."""

    axes: tuple[Index, ...]
    statements: tuple[Statement, ...]


def settled(one: Statement) -> Statement:
    """A statement with the column of ones split off from its sums and its softmaxes safe."""
    return replace(one, value=shifted(unpadded(one.value)))


def emit(statements: Sequence[Statement], nest: Nest, block: Block, kept: set[str] | None) -> None:
    """Write settled statements into the block. `kept`: names that something later reads, None all."""
    groups = [
        Group(part[0].axes, part)
        for group in grouped(statements)
        for part in without_ones(group.statements)
    ]
    said: set[str] = set()
    for at, group in enumerate(groups):
        later = {name for g in groups[at + 1 :] for s in g.statements for name in names(s.value)}
        # Without a parent, so that nothing moves out past the statements before it.
        scope = Block()
        for text in dict.fromkeys(s.comment for s in group.statements):
            if text and text not in said:
                said.add(text)
                scope.put(comment(text))
        _group(group, nest, scope, None if kept is None else kept | later)
        for line in scope.lines:
            block.put(line)


def grouped(parts: Sequence[Statement]) -> list[Group]:
    """Neighbours over the same axes together, where each uses of the others its own entry only."""
    groups: list[Group] = []
    for one in parts:
        last = groups[-1] if groups else None
        if last is not None and (joined := _joined(last, one)) is not None:
            groups[-1] = Group(last.axes, (*last.statements, joined))
        else:
            groups.append(Group(one.axes, (one,)))
    return groups


def _joined(group: Group, one: Statement) -> Statement | None:
    """The statement in the group's own indices, or None where it can't share the group's loop."""
    same = len(one.axes) == len(group.axes) and all(
        (a.lower, a.upper) == (b.lower, b.upper) for a, b in zip(one.axes, group.axes, strict=True)
    )
    if not same or not one.axes or one.adds or any(added(s) for s in (*group.statements, one)):
        return None
    renamed = dict(zip(one.axes, group.axes, strict=True))
    value = substitute(one.value, renamed)
    made = {s.target: ref(s.target, *s.slots) for s in group.statements}
    if one.target in made or any(s.adds for s in group.statements):
        return None
    for node in postorder(value):
        if isinstance(node, Ref | Padded) and node.name in made and node is not made[node.name]:
            return None
    slots = tuple(renamed.get(s, s) if isinstance(s, Index) else s for s in one.slots)
    return replace(one, axes=group.axes, slots=slots, value=value)


def added(one: Statement) -> list[Term]:
    """The terms of a statement that are added to the whole result, term by term."""
    found = terms(one.value)
    if one.adds:
        return found if one.axes else []
    return [term for term in found if term.sums and _innermost(term, one) in one.axes]


def _innermost(term: Term, one: Statement) -> Index:
    """The index along which most of a term's entries, and the result's, lie side by side."""
    result = ref(one.target, *one.slots)
    candidates = (*term.sums, *one.axes)

    def cost(index: Index) -> tuple[int, bool, int]:
        apart = strides(index, (*term.factors, result))
        extent = index.size if isinstance(index.upper, int) else 0
        return apart, index not in term.sums, -extent

    return min(candidates, key=cost)


def _group(group: Group, nest: Nest, block: Block, kept: set[str] | None) -> None:
    first = group.statements[0]
    apart = added(first) if len(group.statements) == 1 else []
    if first.adds and not first.axes:
        place = nest.place(first.target, first.slots, block)
        block.put(f"{place} += {nest.value(first.value, block)}")
        return
    if not first.adds:
        _direct(group, apart, nest, block, kept)
    for term in apart:
        _added(first, term, nest, block)


def _direct(
    group: Group, apart: Sequence[Term], nest: Nest, block: Block, kept: set[str] | None
) -> None:
    """The loop that sets every entry, to 0 where everything is added later."""
    with ExitStack() as stack:
        inner = block
        for index in group.axes:
            inner = stack.enter_context(nest.loop(index, inner))
        for one in group.statements:
            value = _without(one, apart)
            code = nest.value(value, inner) if value is not None else literal(0.0, nest.dtype)
            place = nest.place(one.target, one.slots, inner)
            if len(group.statements) > 1:
                used = kept is None or one.target in kept
                code = nest.named(code, inner, ref(one.target, *one.slots), _local(one, nest))
                if not used:
                    continue
            if place.isidentifier():
                inner.rename(code, place)
            elif code != place:
                inner.put(f"{place} = {code}")


def _local(one: Statement, nest: Nest) -> str:
    return f"{nest.stored[one.target].code}_at"


def _without(one: Statement, apart: Sequence[Term]) -> Expr | None:
    """What of a value isn't added later."""
    if not apart:
        return one.value
    parts = one.value.args if isinstance(one.value, Add) else (one.value,)
    left = [p for p in parts if _innermost_is_own(p, one)]
    return add(*left) if left else None


def _innermost_is_own(part: Expr, one: Statement) -> bool:
    term = terms(part)[0]
    return not (term.sums and _innermost(term, one) in one.axes)


def _added(one: Statement, term: Term, nest: Nest, block: Block) -> None:
    """Add a term to every entry, the innermost loop along the result; none where it would add 0."""
    last = _innermost(term, one) if term.sums else innermost_last(one.axes, term.factors)[-1]
    outer = [i for i in (*one.axes, *term.sums) if i != last]
    still = [f for f in term.factors if last not in f.free]
    moving = [f for f in term.factors if last in f.free]
    with ExitStack() as stack:
        inner = block
        for index in outer:
            inner = stack.enter_context(nest.clipped(index, term.factors, inner))
        before = ""
        if still:
            before = nest.named(nest.value(mul(*still), inner), inner)
            if outer:
                skip = Block(inner, header=f"if {before} != {literal(0.0, nest.dtype)}:")
                inner = stack.enter_context(inner.inner(skip))
        loop = stack.enter_context(nest.clipped(last, term.factors, inner))
        place = nest.place(one.target, one.slots, loop)
        after = nest.value(mul(*moving), loop) if moving else ""
        loop.put(f"{place} += {' * '.join(filter(None, [before, after]))}")
