"""Steps over one point after the other; the gradients of a batch are added up on the way.

Networks of a few numbers are written out entry by entry, so that all of it stays in registers;
larger ones become loops. Nothing of the size batch × parameters is made, and nothing is allocated
inside the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from backhand.expr import ZERO, Expr, Ref, names, ref, rewrite
from backhand.slots import entries, entry_name
from backhand.training.blocks import Block
from backhand.training.frame import SCALE, Frame, copied, indexed
from backhand.training.nest import Stored
from backhand.training.nests import emit, settled
from backhand.training.optimizers import RATE
from backhand.training.program import own_gradient, stored_gradient, updates
from backhand.training.spelling import literal
from backhand.training.statements import Statement, operations, unrolled

MAX_WRITTEN_OUT = 300
"""A step of fewer operations is written out entry by entry."""
MAX_LOCALS = 48
"""But not with more parameters and states than this: they wouldn't stay in registers."""
GATHERED = 256
"""How many points of a batch are laid side by side at once."""


def by_point(frame: Frame) -> str:
    """The module that takes the points of a batch one by one."""
    return _Points(frame).text()


class _Points:
    """Quantities lie in arrays or, in a small network, as numbers in variables."""

    def __init__(self, frame: Frame) -> None:
        program, plan = frame.program, frame.plan
        self.frame, self.program = frame, program
        self.batch = plan.batch_size > 1
        gradient = stored_gradient if self.batch else own_gradient
        gradients = {p: gradient(program, p) for p in program.parameters}
        self.added = [_accumulated(frame, p) for p in program.parameters if self.batch]
        self.updated = updates(program, frame.optimizer, gradients, plan.l1, plan.l2)
        self.small = self._is_small()
        self.gathered: list[str] = []

    def _is_small(self) -> bool:
        numbers = sum(self.program.graph[p].size for p in self.program.parameters)
        numbers *= 1 + len(self.frame.optimizer.states) + self.batch
        whole = (*self.program.forward, *self.program.backward, *self.added, *self.updated)
        if numbers > MAX_LOCALS or operations(whole) > MAX_WRITTEN_OUT:
            return False
        # A quantity that is called like another one's entry would be taken for it.
        graph = self.program.graph
        return not any(
            entry_name(q.name, at) in graph for q in graph if q.axes for at in entries(q.axes)
        )

    # ---- what lies where -----------------------------------------------------------------------

    def text(self) -> str:
        room: list[str] = []
        load: list[str] = []
        for name in self.frame.arguments:
            self._store_given(name, room, load)
        for quantity in self.program.graph:
            self._store_made(quantity.name, room)
        if self.small and self.batch:
            for line in load:
                code = self.frame.spelled.fresh(f"{line.partition(' = ')[0]}_all")
                self.gathered.append(code)
                room.append(f"{code} = np.empty({min(GATHERED, self.frame.plan.batch_size)}, real)")
        body = Block()
        self._steps(body, load)
        return self.frame.text(room, body, self._back())

    def _store_given(self, name: str, room: list[str], load: list[str]) -> None:
        frame, quantity = self.frame, self.frame.quantity(name)
        code, lowers = frame.spelled(name), frame.lowers(name)
        before = ("i",) if name in self.program.data else ()
        cast = "real({})" if name in frame.plan.cast else "{}"
        if self.small or not quantity.axes:
            for slots in entries(quantity.axes):
                entry = entry_name(name, slots)
                local = frame.spelled.fresh(f"{code}_now") if not slots else frame.spelled(entry)
                frame.stored[entry] = Stored(local)
                place = cast.format(indexed(code, before, slots, lowers))
                (load if before else room).append(f"{local} = {place}")
        elif before:
            # A point of its own stays in the cache, and no write to a weight can be a write to it.
            local = frame.spelled.fresh(f"{code}_now")
            frame.store(name, local, quantity.axes)
            room.append(f"{local} = np.empty({quantity.shape}, real)")
            load += copied(f"{code}[i, ", f"{local}[", quantity.shape)
        else:
            frame.store(name, code, quantity.axes)

    def _store_made(self, name: str, room: list[str]) -> None:
        frame, quantity = self.frame, self.program.graph[name]
        if quantity.definition is None:
            return
        if self.small:
            for slots in entries(quantity.axes):
                entry = entry_name(name, slots)
                frame.stored[entry] = Stored(frame.spelled(entry))
            return
        code = frame.spelled(name)
        frame.stored[name] = Stored(code, frame.lowers(name))
        if quantity.axes:
            frame.store(name, code, quantity.axes)
            shape = ", ".join(map(str, quantity.shape))
            room.append(f"{code} = np.empty({f'({shape})' if quantity.rank > 1 else shape}, real)")

    def _back(self) -> list[str]:
        """Numbers that were kept in variables, put back into their arrays."""
        frame, lines = self.frame, list[str]()
        for name in (*self.program.parameters, *frame.states):
            quantity = frame.quantity(name)
            if self.small or not quantity.axes:
                lines += [
                    f"{indexed(frame.spelled(name), (), slots, frame.lowers(name))} = "
                    f"{frame.stored[entry_name(name, slots)].code}"
                    for slots in entries(quantity.axes)
                ]
        return lines

    # ---- the steps -----------------------------------------------------------------------------

    def _steps(self, body: Block, load: Sequence[str]) -> None:
        frame = self.frame
        if not self.batch:
            if self.small:
                # A single number waits less for the C library.
                frame.exponential = "math.exp"
            with body.inner(Block(body, header="for at in range(size):")) as point:
                point.put(f"{frame.number(RATE)} = rates[epoch, at]")
                self._forward(point, ["i = order[epoch, at]", *load], "total")
                objective = self.program.objective
                _stop(point, self.frame.nest.place(*self._entry(objective), point), "at")
                self._backward(point)
                frame.put_runs(point)
                self._emit(self.updated, point, frame.changed)
            return
        size = frame.plan.batch_size
        span = f"for first in range(0, size, {size}):"
        with body.inner(Block(body, header=span)) as batch:
            batch.put(f"last = min(first + {size}, size)")
            batch.put(f"{frame.number(RATE)} = rates[epoch, first // {size}]")
            one = literal(1.0, frame.plan.dtype)
            batch.put(f"{frame.number(SCALE)} = {one} / real(last - first)")
            self._emit(zeroed(self.added), batch, mentioned(self.added))
            if self.small:
                self._gathered(batch, load)
            else:
                with batch.inner(Block(batch, header="for at in range(first, last):")) as point:
                    self._forward(point, ["i = order[epoch, at]", *load], "total")
                    self._backward(point)
            # Not point by point: a loop that may end early doesn't run in vectors.
            _stop(batch, "total", "first")
            frame.put_runs(batch)
            self._emit(self.updated, batch, frame.changed)

    def _gathered(self, batch: Block, load: Sequence[str]) -> None:
        """The points' numbers side by side first, so that a loop over points runs in vectors."""
        step = min(GATHERED, self.frame.plan.batch_size)
        span = f"for start in range(first, last, {step}):"
        with batch.inner(Block(batch, header=span)) as piece:
            piece.put(f"count = min({step}, last - start)")
            piece.put("part = real(0.0)")
            here = [
                f"{line.partition(' = ')[0]} = {code}[row]"
                for line, code in zip(load, self.gathered, strict=True)
            ]
            with piece.inner(Block(piece, header="for row in range(count):")) as gather:
                gather.put("i = order[epoch, start + row]")
                for line, code in zip(load, self.gathered, strict=True):
                    gather.put(f"{code}[row] = {line.partition(' = ')[2]}")
            with piece.inner(Block(piece, header="for row in range(count):")) as point:
                self._forward(point, here, "part")
                self._backward(point)
            piece.put("total += part")

    def _forward(self, block: Block, load: Sequence[str], into: str) -> None:
        """One point forward, its loss added up."""
        program = self.program
        for line in load:
            block.put(line)
        later = mentioned([*self.added, *self.updated, *program.backward])
        self._emit(program.forward, block, later | {program.objective})
        block.put(f"{into} += {self.frame.nest.place(*self._entry(program.objective), block)}")

    def _backward(self, block: Block) -> None:
        """One point backward; of a batch its gradients are added up."""
        later = mentioned([*self.added, *self.updated])
        self._emit(self.program.backward, block, later)
        self._emit(self.added, block, mentioned(self.added))

    def _entry(self, name: str) -> tuple[str, tuple[int, ...]]:
        """The one entry of a scalar, as it is stored."""
        slots = entries(self.program.graph[name].axes)[0]
        return (entry_name(name, slots), ()) if self.small else (name, slots)

    def _emit(self, statements: Sequence[Statement], block: Block, kept: set[str]) -> None:
        whole = [settled(one) for one in statements]
        if self.small:
            emit([_as_own(one) for one in unrolled(whole)], self.frame.nest, block, None)
        else:
            emit([self.frame.flattened(one) for one in whole], self.frame.nest, block, kept)


def _stop(block: Block, loss: str, taken: str) -> None:
    """A loss that isn't finite ends everything, before anything is updated by it."""
    # Not isfinite: Numba makes it of x - x, which is 0 even of NaN where sums may be reordered.
    block.put(f"if not abs({loss}) < math.inf:")
    block.put(f"    done = {taken}")
    block.put("    break")


def zeroed(added: Iterable[Statement]) -> list[Statement]:
    """Everything that is added up, set to 0 first."""
    return [
        replace(one, value=ZERO, comment="gradients, from 0" if not at else "", adds=False)
        for at, one in enumerate(added)
    ]


def _accumulated(frame: Frame, parameter: str) -> Statement:
    """A point's gradient, added to that of the batch."""
    program = frame.program
    sign, axes = program.gradient(parameter), program.graph[parameter].axes
    return Statement(
        sign, axes, axes, own_gradient(program, parameter), f"{sign}, added up", adds=True
    )


def mentioned(statements: Iterable[Statement]) -> set[str]:
    """The names that statements read or write."""
    return {n for one in statements for n in {*names(one.value), one.target}}


def _as_own(one: Statement) -> Statement:
    """A statement about single entries, each of them a quantity of its own."""
    slots = tuple(s for s in one.slots if isinstance(s, int))
    value = rewrite(one.value, _entry_as_own)
    return replace(one, target=entry_name(one.target, slots), axes=(), slots=(), value=value)


def _entry_as_own(node: Expr) -> Expr | None:
    if isinstance(node, Ref) and all(isinstance(s, int) for s in node.slots):
        return ref(entry_name(node.name, [s for s in node.slots if isinstance(s, int)]))
    return None
