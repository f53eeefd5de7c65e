"""Steps over all points of a batch at once: products of matrices by BLAS, the rest in loops.

A batch larger than `CHUNK` is taken in pieces, so that memory doesn't grow with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backhand.expr import Expr, Mul, mul, postorder, ref, substitute, total
from backhand.training.blocks import Block
from backhand.training.frame import SCALE, Frame, copied, indexed
from backhand.training.nest import Stored
from backhand.training.nests import emit, settled
from backhand.training.optimizers import RATE
from backhand.training.points import mentioned, zeroed
from backhand.training.products import COUNT, POINT, Batch, Product, batch_of
from backhand.training.program import stored_gradient, updates
from backhand.training.spelling import comment, literal
from backhand.training.statements import Statement, operations, terms

CHUNK = 1024
"""The most points that are worked on at once."""
LARGE = 1000
"""Products that take fewer multiplications a point aren't worth a call of BLAS."""


def is_mostly_products(frame: Frame) -> bool:
    """Whether BLAS would do most of the work of a step."""
    program = frame.program
    batch = batch_of(program)
    if batch is None:
        return False
    whole = operations([*program.forward, *program.backward, *program.gradients])
    return max(LARGE, whole / 6) <= sum(_work(batch, p) for p, _ in batch.products.values())


def _work(batch: Batch, product: Product) -> int:
    """Multiplications a point."""
    axes = {
        a
        for name, _ in (product.left, product.right)
        for a in batch.arrays.axes[name]
        if a != POINT
    }
    found = 1
    for size in {axis.upper: axis.size for axis in axes}.values():
        found *= size
    return found


def by_batch(frame: Frame) -> str:
    """The module that takes all points of a batch together."""
    batch = batch_of(frame.program)
    assert batch is not None
    return _Batches(frame, batch).text()


class _Batches:
    def __init__(self, frame: Frame, batch: Batch) -> None:
        program, plan = frame.program, frame.plan
        self.frame, self.program, self.batch = frame, program, batch
        frame.arrays = batch.arrays
        self.rows = min(plan.batch_size, CHUNK)
        self.pieces = plan.batch_size > CHUNK
        gradients = {p: stored_gradient(program, p) for p in program.parameters}
        self.updated = updates(program, frame.optimizer, gradients, plan.l1, plan.l2)
        self.fused = {} if self.pieces else self._fused()
        self.added = self._added()

    def _added(self) -> list[Statement]:
        """Gradients that are added to what is there: those of pieces, and those taken point by point."""
        found: list[Statement] = []
        for one in self.batch.gradients:
            if one.target not in self.batch.products:
                apart = _point_by_point(one)
                if apart is not None or self.pieces:
                    found.append(apart or replace(one, adds=True))
        return found

    def _fused(self) -> dict[str, tuple[Product, Expr]]:
        """Updates that BLAS adds to the parameter at once: the product, and its factor."""
        found: dict[str, tuple[Product, Expr]] = {}
        uses = [node for one in self.updated for node in postorder(one.value)]
        for one in self.updated:
            product, rest = self.batch.products.get(self._gradient(one.target), (None, None))
            if product is None or rest is not None or not isinstance(one.value, Mul):
                continue
            sign = ref(product.target, *one.axes)
            numbers = [factor for factor in one.value.args if factor is not sign]
            alone = uses.count(sign) == 1 and not any(factor.free for factor in numbers)
            if one.adds and alone and len(numbers) == len(one.value.args) - 1:
                found[one.target] = replace(product, target=one.target), mul(*numbers)
        return found

    def _gradient(self, name: str) -> str:
        return self.program.gradient(name) if name in self.program.parameters else ""

    # ---- what lies where -----------------------------------------------------------------------

    def text(self) -> str:
        room: list[str] = []
        gather: list[str] = []
        for name in self.frame.arguments:
            self._store_given(name, room, gather)
        for quantity in self.program.graph:
            if quantity.definition is not None:
                self._store_made(quantity.name, room)
        self.frame.store_views()
        body = Block()
        self._steps(body, gather)
        return self.frame.text(room, body, self._back())

    def _store_given(self, name: str, room: list[str], gather: list[str]) -> None:
        frame = self.frame
        code = frame.spelled(name)
        if name in self.program.data:
            local = frame.spelled.fresh(f"{code}_batch")
            self._store_rows(name, local, room)
            shape, padded = frame.quantity(name).shape, self._is_padded(name)
            gather += copied(f"{code}[i, ", f"{local}[row, ", shape, padded)
        elif frame.quantity(name).axes:
            frame.store(name, code, frame.quantity(name).axes)
        else:
            local = frame.spelled.fresh(f"{code}_now")
            frame.stored[name] = Stored(local)
            room.append(f"{local} = {code}[0]")

    def _store_made(self, name: str, room: list[str]) -> None:
        axes = self.batch.arrays.axes[name]
        if POINT in axes:
            self._store_rows(name, self.frame.spelled(name), room)
        elif axes:
            self._room(name, self.frame.spelled(name), room)
        else:
            self.frame.stored[name] = Stored(self.frame.spelled(name))

    def _store_rows(self, name: str, code: str, room: list[str]) -> None:
        self._room(name, code, room)
        if self._is_padded(name):
            room.append(f"{code}[..., 0] = 1")

    def _room(self, name: str, code: str, room: list[str]) -> None:
        axes = self.batch.arrays.axes[name]
        self.frame.store(name, code, axes)
        sizes = [str(self.rows if axis == POINT else axis.size) for axis in axes]
        shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        room.append(f"{code} = np.empty({shape}, real)")

    def _is_padded(self, name: str) -> bool:
        return name in self.batch.padded

    def _back(self) -> list[str]:
        """Numbers that were kept in variables, put back into their arrays."""
        frame = self.frame
        return [
            f"{frame.spelled(name)}[0] = {frame.stored[name].code}"
            for name in (*self.program.parameters, *frame.states)
            if not frame.quantity(name).axes
        ]

    # ---- the steps -----------------------------------------------------------------------------

    def _steps(self, body: Block, gather: Sequence[str]) -> None:
        frame, size = self.frame, self.frame.plan.batch_size
        span = f"for first in range(0, size, {size}):"
        with body.inner(Block(body, header=span)) as batch:
            batch.put(f"last = min(first + {size}, size)")
            batch.put(f"{frame.number(RATE)} = rates[epoch, first // {size}]")
            one = literal(1.0, frame.plan.dtype)
            batch.put(f"{frame.number(SCALE)} = {one} / real(last - first)")
            if self.pieces:
                self._pieces(batch, gather)
            else:
                batch.put(f"{COUNT} = last - first")
                self._points(batch, gather, "first")
            frame.put_runs(batch)
            for one in self.updated:
                if one.target in self.fused:
                    product, factor = self.fused[one.target]
                    batch.put(comment(one.comment))
                    batch.put(self._product(product, frame.nest.value(factor, Block())))
            # An update's own statement of a gradient is its mean, not the product again.
            left = [one for one in self.updated if one.target not in self.fused]
            emit([frame.flattened(settled(one)) for one in left], frame.nest, batch, frame.changed)

    def _pieces(self, batch: Block, gather: Sequence[str]) -> None:
        """The batch in pieces, their gradients added up."""
        emit(zeroed(self.batch.gradients), self.frame.nest, batch, None)
        span = f"for start in range(first, last, {CHUNK}):"
        with batch.inner(Block(batch, header=span)) as piece:
            piece.put(f"{COUNT} = min({CHUNK}, last - start)")
            self._points(piece, gather, "start")
        batch.put("if done < size:")
        batch.put("    break")

    def _points(self, block: Block, gather: Sequence[str], start: str) -> None:
        """`count` points forward and backward; a loss that isn't finite ends everything."""
        program, batch = self.program, self.batch
        block.put(f"for row in range({COUNT}):")
        block.put(f"    i = order[epoch, {start} + row]")
        for line in gather:
            block.put(f"    {line}")
        later = mentioned([*self.updated, *batch.gradients])
        self._emit(batch.forward, block, later | mentioned(batch.backward) | {program.objective})
        ones = (0,) * program.graph[program.objective].rank
        loss = indexed(self.frame.spelled(program.objective), ("row",), ones, ones)
        block.put(f"for row in range({COUNT}):")
        block.put(f"    total += {loss}")
        block.put("if not abs(total) < math.inf:")  # as in `points.py`
        block.put("    done = first")
        block.put("    break")
        self._emit(batch.backward, block, later)
        added = {one.target: one for one in self.added}
        fused = {self._gradient(name) for name in self.fused}
        left = [added.get(g.target, g) for g in batch.gradients if g.target not in fused]
        if not self.pieces:
            emit(
                zeroed(g for g in batch.gradients if g.target in added),
                self.frame.nest,
                block,
                None,
            )
        self._emit(left, block, later)

    def _emit(self, statements: Sequence[Statement], block: Block, kept: set[str]) -> None:
        """The statements in order, those that are products by BLAS."""
        run: list[Statement] = []
        for at, one in enumerate(statements):
            found = self.batch.products.get(one.target)
            if found is None:
                run.append(self.frame.flattened(settled(one)))
                continue
            emit(run, self.frame.nest, block, kept | mentioned(statements[at:]))
            run = []
            product, rest = found
            block.put(comment(one.comment))
            block.put(self._product(product))
            if rest is not None:
                run.append(replace(one, value=rest, adds=True, comment=""))
        emit(run, self.frame.nest, block, kept)

    def _product(self, product: Product, factor: str = "") -> str:
        """BLAS's product; with a factor it is added to what is there, as is a piece's to the others'."""
        left, right = (self._array(*side) for side in (product.left, product.right))
        out = self._array(product.target, False)
        one, nothing = (literal(x, self.frame.plan.dtype) for x in (1.0, 0.0))
        adds = factor or (self.pieces and POINT not in self.batch.arrays.axes[product.target])
        return f"gemm({factor or one}, {left}, {right}, {one if adds else nothing}, {out})"

    def _array(self, name: str, turned: bool) -> str:
        rows = f"[:{COUNT}]" if self.batch.arrays.axes[name][0] == POINT else ""
        return f"{self.frame.stored[name].code}{rows}{'.T' if turned else ''}"


def _point_by_point(one: Statement) -> Statement | None:
    """A sum over points and over two indices more, as in a convolution, one point after the other.

    A point's arrays are then still near when the next entry needs them. None for any other sum.
    """
    found = terms(one.value)
    points = [index for index in found[0].sums if index.upper == COUNT]
    others = [index for index in found[0].sums if index not in points]
    if len(found) > 1 or len(points) != 1 or len(others) < 2 or not one.axes:
        return None
    value = mul(*found[0].factors)
    for index in reversed(others):
        value = total(index, value)
    value = substitute(value, {points[0]: POINT})
    return replace(one, axes=(POINT, *one.axes), value=value, adds=True)
