"""BLAS's product of matrices as compiled code calls it: into an array that is there, or added to it."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
SYMBOLS = {32: "sgemm", 64: "dgemm"}
"""BLAS's names by the bits of a number."""


def gemm(alpha: float, a: Array, b: Array, beta: float, out: Array) -> None:
    """out = alpha · a b + beta · out, of matrices that lie in one piece, transposed or not.

    Compiled code calls BLAS; see `register`.

    >>> import numpy as np
    >>> out = np.ones((1, 1))
    >>> gemm(-1.0, np.array([[2.0, 3.0]]), np.array([[4.0], [5.0]]), 1.0, out)
    >>> out
    array([[-22.]])
    """
    out[...] = alpha * (a @ b) + (beta * out if beta else 0)


@lru_cache(maxsize=1)
def register() -> None:
    """Tell Numba what `gemm` is in compiled code: SciPy's BLAS, found by name when code is loaded."""
    types: Any = import_module("numba").types
    extending: Any = import_module("numba.extending")
    symbols: Any = import_module("llvmlite.binding")
    for name in SYMBOLS.values():
        address = extending.get_cython_function_address("scipy.linalg.cython_blas", name)
        symbols.add_symbol(f"backhand_{name}", address)

    def typed(context: Any, alpha: Any, a: Any, b: Any, beta: Any, out: Any) -> Any:
        arrays = (a, b, out)
        if not all(isinstance(x, types.Array) and x.layout in "CF" for x in arrays):
            return None
        if out.layout != "C" or len({x.dtype for x in arrays}) > 1:
            return None
        return types.void(alpha, a, b, beta, out), _called

    inline: Any = extending.intrinsic(typed)

    def overloaded(alpha: Any, a: Any, b: Any, beta: Any, out: Any) -> Any:
        def called(alpha: Any, a: Any, b: Any, beta: Any, out: Any) -> None:
            inline(alpha, a, b, beta, out)

        return called

    extending.overload(gemm)(overloaded)


def _called(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The call. BLAS counts columns first, so it is told of the transposes: outᵀ = bᵀ aᵀ."""
    ir: Any = import_module("llvmlite.ir")
    tools: Any = import_module("numba.core.cgutils")
    kinds, kind = signature.args, signature.args[4].dtype
    number, small, byte = context.get_value_type(kind), ir.IntType(32), ir.IntType(8)

    def placed(value: Any) -> Any:
        # At the function's start: in a loop the stack would grow with every call.
        with builder.goto_entry_block():
            place = builder.alloca(value.type)
        builder.store(value, place)
        return place

    def whole(value: Any) -> Any:
        return placed(builder.trunc(value, small))

    def scalar(at: int) -> Any:
        return placed(context.cast(builder, args[at], kinds[at], kind))

    def array(at: int) -> Any:
        return tools.create_struct_proxy(kinds[at])(context, builder, args[at])

    def flag(at: int) -> Any:
        return placed(byte(ord("N" if kinds[at].layout == "C" else "T")))

    a, b, out = array(1), array(2), array(4)
    (rows, inner), (_, columns) = (tools.unpack_tuple(builder, each.shape) for each in (a, b))
    a_lead = inner if kinds[1].layout == "C" else rows
    b_lead = columns if kinds[2].layout == "C" else inner
    given = [
        *(flag(2), flag(1), whole(columns), whole(rows), whole(inner)),
        *(scalar(0), b.data, whole(b_lead), a.data, whole(a_lead)),
        *(scalar(3), out.data, whole(columns)),
    ]
    flags, sizes, numbers = (each.as_pointer() for each in (byte, small, number))
    takes = [
        *[flags] * 2,
        *[sizes] * 3,
        *[numbers] * 2,
        sizes,
        numbers,
        sizes,
        *[numbers] * 2,
        sizes,
    ]
    function = tools.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), takes),
        f"backhand_{SYMBOLS[kind.bitwidth]}",
    )
    builder.call(function, given)
    return context.get_dummy_value()
