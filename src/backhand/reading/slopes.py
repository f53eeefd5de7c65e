"""What a derivative inside a formula means: d/dx(...), dy/dx, ∂f/∂g, g'(x)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backhand.differentiation import local, total_derivative
from backhand.errors import MeaningError
from backhand.expr import Expr, Ref, names
from backhand.reading.entries import slots_of, subscript
from backhand.reading.tensors import Tensor, axis, over
from backhand.slots import Index, Slot
from backhand.syntax import Derive, Entry, Formula, Name, Partial

if TYPE_CHECKING:
    from backhand.reading.elaborate import Elaborator, Scope


def derived(reader: Elaborator, found: Derive, scope: Scope) -> Tensor:
    """The derivative of a formula, once by each variable, through every equation of the page."""
    result = reader.tensor(found.of, scope)
    for variable in found.by:
        result = by_variable(reader, result, variable, scope)
    return result


def partial(reader: Elaborator, found: Partial, scope: Scope) -> Tensor:
    """The derivative of a quantity, or of a bracket, by one or more others.

    ∂ holds fixed what else stands in the quantity's own equation, if that uses the variable; else,
    and with a straight d, the derivative goes through every equation on the way.
    """
    top = reader.tensor(found.of, scope)
    own = _equation(reader, found.of)
    first, *rest = (found.by, *found.then)
    name, _, _ = _variable(reader, first, scope)
    if not found.straight and own is not None and name in names(own.expr):
        result = _by(own, *_variable(reader, first, scope), reader, through=())
    else:
        result = by_variable(reader, top, first, scope)
    for variable in rest:
        result = by_variable(reader, result, variable, scope)
    return result


def primed(reader: Elaborator, value: Tensor, argument: Tensor, primes: int) -> Tensor:
    """g'(x), g''(x): `value` differentiated by the number that the function was given."""
    if not isinstance(argument.expr, Ref) or argument.axes:
        raise MeaningError(
            f"the argument {argument.named} of a primed function is no plain name",
            "write g'(x), or d/dx(g(...)) with the formula in the bracket",
        )
    at = argument.expr
    for _ in range(primes):
        value = _by(value, at.name, at.slots, (), reader, through=tuple(reader.quantities))
    return value


def by_variable(reader: Elaborator, of: Tensor, by: Formula, scope: Scope) -> Tensor:
    """The derivative of a tensor by a name or an entry; the axes of `by` come last."""
    return _by(of, *_variable(reader, by, scope), reader, through=tuple(reader.quantities))


def _equation(reader: Elaborator, of: Formula) -> Tensor | None:
    """The equation of a quantity that is named as a whole; None for any other formula."""
    if not isinstance(of, Name) or of.name not in reader.quantities:
        return None
    quantity = reader.quantities[of.name]
    if quantity.definition is None:
        return None
    own = tuple(axis(a) for a in quantity.axes)
    return Tensor(over(Tensor(quantity.definition, quantity.axes), own), own, text=of.name)


def _by(
    of: Tensor,
    name: str,
    slots: Sequence[Slot],
    free: tuple[Index, ...],
    reader: Elaborator,
    through: Sequence[str],
) -> Tensor:
    """∂of/∂name[slots], with the axes `free` of the slots added; `through` these equations."""
    equations = {
        each: (quantity.axes, quantity.definition)
        for each in through
        if (quantity := reader.quantities[each]).definition is not None
    }
    slope: Expr = (
        total_derivative(of.expr, name, slots, equations)  # type: ignore[arg-type]
        if equations
        else local(of.expr, name, slots)
    )
    row = not of.axes and len(free) == 1
    own = (*of.axes, *free)
    if not of.axes and len(free) == 2:
        own = free[::-1]
    return Tensor(slope, own, row)


def _variable(
    reader: Elaborator, by: Formula, scope: Scope
) -> tuple[str, tuple[Slot, ...], tuple[Index, ...]]:
    """A name or an entry as an array, its slots, and those of them that stay free."""
    if isinstance(by, Entry):
        name, slots = slots_of(reader, by, scope)
        return name, slots, ()
    if isinstance(by, Name):
        spelled = by.name
        if spelled in scope.arguments:
            return _argument(scope.arguments[spelled], spelled)
        if spelled in reader.quantities:
            own = tuple(axis(a) for a in reader.quantities[spelled].axes)
            return spelled, own, own
        if (at := subscript(reader, spelled, scope)) is not None:
            return at[0], at[1], ()
        raise reader.unknown(spelled, by.place)
    raise MeaningError("a derivative is by a name or an entry", "write d/dx or ∂/∂x_1", by.place)


def _argument(given: Tensor, spelled: str) -> tuple[str, tuple[Slot, ...], tuple[Index, ...]]:
    """The quantity that a function's argument stands for."""
    if not isinstance(given.expr, Ref):
        raise MeaningError(
            f"{spelled} stands for a formula here, so I can't differentiate by it",
            "give the formula a name first",
        )
    return given.expr.name, given.expr.slots, given.axes
