"""Statements as loops: which index runs innermost, what is added up where, what shares a loop.

A sum is either worked out for one entry after the other, or, where its entries lie side by side
along the result, added to the whole result term by term; a term whose first factors are 0 is then
skipped whole. Both read the arrays in the order in which they lie.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal

from backhand.expr import (
    Add,
    Apply,
    Expr,
    Padded,
    Ref,
    Total,
    add,
    mul,
    names,
    postorder,
    ref,
    substitute,
)
from backhand.slots import Index
from backhand.training.blocks import Block
from backhand.training.memory import SHORT, VECTOR, extent, innermost_last, strides
from backhand.training.nest import Nest
from backhand.training.spelling import comment, literal
from backhand.training.statements import Statement, Term, terms, unpadded, without_ones


@dataclass(frozen=True, slots=True)
class Group:
    """Statements that share a loop.

    `form`: entry by entry over the same axes; a log Σ e^u and its softmax; or what is added to the
    column of the bias and to the columns after it.
    """

    axes: tuple[Index, ...]
    statements: tuple[Statement, ...]
    form: Literal["entries", "softmax", "bias"] = "entries"


def settled(one: Statement) -> Statement:
    """A statement with the column of ones split off from its sums."""
    return replace(one, value=unpadded(one.value))


def emit(statements: Sequence[Statement], nest: Nest, block: Block, kept: set[str] | None) -> None:
    """Write settled statements into the block. `kept`: names that something later reads, None all."""
    groups = [
        Group(part[0].axes, part)
        for group in grouped(statements, nest)
        for part in without_ones(group.statements)
    ]
    groups = in_pairs(groups)
    kept = None if kept is None else {nest.base(name) for name in kept}
    said: set[str] = set()
    for at, group in enumerate(groups):
        later = {
            nest.base(name)
            for g in groups[at + 1 :]
            for s in g.statements
            for name in names(s.value)
        }
        # Without a parent, so that nothing moves out past the statements before it.
        scope = Block()
        for text in dict.fromkeys(s.comment for s in group.statements):
            if text and text not in said:
                said.add(text)
                scope.put(comment(text))
        match group.form:
            case "softmax":
                norm, entries = group.statements
                _softmax(norm, entries, nest, scope)
            case "bias":
                bias, rest = group.statements
                _added(rest, terms(rest.value)[0], nest, scope, bias)
            case "entries":
                _group(group, nest, scope, None if kept is None else kept | later)
        for line in scope.lines:
            block.put(line)


def grouped(parts: Sequence[Statement], nest: Nest) -> list[Group]:
    """Neighbours over the same axes together, where each uses of the others its own entry only."""
    groups: list[Group] = []
    for one in parts:
        last = groups[-1] if groups else None
        if last is not None and (joined := _joined(last, one, nest)) is not None:
            groups[-1] = Group(last.axes, (*last.statements, joined))
        else:
            groups.append(Group(one.axes, (one,)))
    return groups


def _joined(group: Group, one: Statement, nest: Nest) -> Statement | None:
    """The statement in the group's own indices, or None where it can't share the group's loop."""
    same = len(one.axes) == len(group.axes) and all(
        (a.lower, a.upper) == (b.lower, b.upper) for a, b in zip(one.axes, group.axes, strict=True)
    )
    if not same or not one.axes or one.adds or any(added(s) for s in (*group.statements, one)):
        return None
    renamed = dict(zip(one.axes, group.axes, strict=True))
    value = substitute(one.value, renamed)
    slots = tuple(renamed.get(s, s) if isinstance(s, Index) else s for s in one.slots)
    joined = replace(one, axes=group.axes, slots=slots, value=value)
    made = {ref(s.target, *s.slots) for s in group.statements}
    arrays = {nest.base(s.target) for s in group.statements}
    if nest.base(one.target) in arrays or any(s.adds for s in group.statements):
        return None
    # Nor may an earlier one read entries that this one has changed in a turn before.
    entry = {ref(one.target, *slots)}
    if any(_reads_others(s.value, entry, nest) for s in group.statements):
        return None
    return None if _reads_others(value, made, nest) else joined


def _reads_others(value: Expr, own: Collection[Expr], nest: Nest) -> bool:
    """Whether a value reads, from the array of one of these entries, anything but that entry."""
    arrays = {nest.base(name) for entry in own for name in names(entry)}
    return any(
        isinstance(node, Ref | Padded) and nest.base(node.name) in arrays and node not in own
        for node in postorder(value)
    )


def in_pairs(groups: Sequence[Group]) -> list[Group]:
    """The same with two that can share more than a loop over entries as one."""
    made: list[Group] = []
    for group in groups:
        if made and len(made[-1].statements) == len(group.statements) == 1:
            one, two = made[-1].statements[0], group.statements[0]
            if _is_softmax(one, two):
                made[-1] = Group(group.axes, (one, two), "softmax")
                continue
            if _is_bias(one, two):
                made[-1] = Group(group.axes, (one, two), "bias")
                continue
        made.append(group)
    return made


def _is_bias(one: Statement, two: Statement) -> bool:
    """Whether `one` adds to the first column what `two` adds, times an input, to the others."""
    if not (one.adds and two.adds and one.target == two.target and one.axes == two.axes[:-1]):
        return False
    if one.slots[:-1] != two.slots[:-1] or not one.axes or len(terms(two.value)) != 1:
        return False
    (term,) = terms(two.value)
    still = [f for f in term.factors if two.axes[-1] not in f.free]
    last = innermost_last(two.axes, term.factors)[-1]
    return not term.sums and last == two.axes[-1] and mul(*still) is one.value


def _is_softmax(one: Statement, two: Statement) -> bool:
    match one.value, two.value:
        case Apply("log", (Total(index, (Apply("exp", (inner,)),)),)), Apply("exp", (outer,)):
            own = [axis for axis in two.axes if axis not in one.axes]
            if len(own) != 1 or (own[0].lower, own[0].upper) != (index.lower, index.upper):
                return False
            entry = substitute(inner, {index: own[0]})
            return outer is add(entry, mul(-1, ref(one.target, *one.slots)))
        case _:
            return False


def _softmax(one: Statement, two: Statement, nest: Nest, block: Block) -> None:
    """Each e^(u − largest u) is worked out once, for the sum and for the softmax."""
    (own,) = (axis for axis in two.axes if axis not in one.axes)
    with ExitStack() as stack:
        inner = block
        for index in one.axes:
            inner = stack.enter_context(nest.loop(index, inner))
        total = one.value.args[0]
        assert isinstance(total, Total)
        slots = [total.index if slot == own else slot for slot in two.slots]
        top, sum_ = nest.exponentials(total, inner, lambda b: nest.place(two.target, slots, b))
        inner.put(f"{nest.place(one.target, one.slots, inner)} = {top} + math.log({sum_})")
        part = nest.named(f"{literal(1.0, nest.dtype)} / {sum_}", inner)
        loop = stack.enter_context(nest.loop(own, inner))
        loop.put(f"{nest.place(two.target, two.slots, loop)} *= {part}")


def added(one: Statement) -> list[Term]:
    """The terms of a statement that are added to the whole result, term by term."""
    parts = one.value.args if isinstance(one.value, Add) else (one.value,)
    return [terms(part)[0] for part in parts if _is_apart(part, one)]


def _is_apart(part: Expr, one: Statement) -> bool:
    (term,) = terms(part)
    if one.adds and not term.sums:
        return bool(one.axes)
    return not _is_own(term, one)


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
    if not first.adds or _without(first, apart) is not None:
        _direct(group, apart, nest, block, kept)
    for term in apart:
        _added(first, term, nest, block)


def _direct(
    group: Group, apart: Sequence[Term], nest: Nest, block: Block, kept: set[str] | None
) -> None:
    """The loop that sets every entry, to 0 where everything is added later, or adds to it."""
    with ExitStack() as stack:
        inner = block
        for index in group.axes:
            last = index == group.axes[-1]
            most = VECTOR if last and _has_short_sums(group) else SHORT
            inner = stack.enter_context(nest.loop(index, inner, most))
        for one in group.statements:
            value = _without(one, apart)
            code = nest.value(value, inner) if value is not None else literal(0.0, nest.dtype)
            place = nest.place(one.target, one.slots, inner)
            if len(group.statements) > 1:
                used = kept is None or nest.base(one.target) in kept
                code = nest.named(code, inner, ref(one.target, *one.slots), _local(one, nest))
                if not used:
                    continue
            if one.adds:
                inner.put(f"{place} += {code}")
            elif place.isidentifier():
                inner.rename(code, place)
            elif code != place:
                inner.put(f"{place} = {code}")


def _has_short_sums(group: Group) -> bool:
    """Whether each entry is a sum that the compiler writes out: then entries run side by side."""
    each = [extent(term.sums) for one in group.statements for term in terms(one.value) if term.sums]
    return bool(each) and max(each) <= SHORT


def _local(one: Statement, nest: Nest) -> str:
    return f"{nest.stored[one.target].code}_at"


def _without(one: Statement, apart: Sequence[Term]) -> Expr | None:
    """What of a value isn't added later."""
    if not apart:
        return one.value
    parts = one.value.args if isinstance(one.value, Add) else (one.value,)
    left = [part for part in parts if not _is_apart(part, one)]
    return add(*left) if left else None


def _is_own(term: Term, one: Statement) -> bool:
    """Whether a term is worked out for one entry after the other: no sum, a short one, or along rows."""
    return extent(term.sums) <= SHORT or _innermost(term, one) not in one.axes


def _added(
    one: Statement, term: Term, nest: Nest, block: Block, bias: Statement | None = None
) -> None:
    """Add a term to every entry, the innermost loop along the result; none where it would add 0.

    `bias`: what adds the same without an input to the column before.
    """
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
        if bias is not None:
            inner.put(f"{nest.place(bias.target, bias.slots, inner)} += {before}")
        loop = stack.enter_context(nest.clipped(last, term.factors, inner))
        place = nest.place(one.target, one.slots, loop)
        after = nest.value(mul(*moving), loop) if moving else ""
        loop.put(f"{place} += {' * '.join(filter(None, [before, after]))}")
