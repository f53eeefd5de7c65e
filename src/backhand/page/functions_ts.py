"""The scalar functions in TypeScript, from the same lines of the table that the compiled loop uses.

`python -m backhand.page.functions_ts > web/src/engine/functions.generated.ts` writes them anew.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from typing import TypeAlias

from backhand.errors import BackhandError
from backhand.functions import BUILT_IN, TABLE, Function

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "===",
    ast.NotEq: "!==",
}
CALLS = {"abs": "Math.abs", "max": "Math.max", "min": "Math.min"}
OF_MATH = (
    *("exp", "log", "log1p", "expm1", "log2", "log10", "sqrt", "cbrt", "floor", "ceil", "trunc"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "hypot", "pow"),
)
"""What Python's `math` and JavaScript's `Math` have under one name."""
CONSTANTS = {"pi": "Math.PI", "e": "Math.E", "inf": "Infinity", "nan": "NaN", "tau": "2 * Math.PI"}
SPECIAL = ("erf",)
"""What JavaScript lacks and `special.ts` has."""
HEADER = """\
// Written by `python -m backhand.page.functions_ts` from the table of functions. Don't edit.
"""
PARAMETERS = {1: ("x",), 2: ("a", "b")}

Terms: TypeAlias = dict[str, str]


def source() -> str:
    """The whole TypeScript file."""
    functions = [f for f in TABLE.values() if f.name in BUILT_IN and f.arity in PARAMETERS]
    bodies = {f.name: _body(f) for f in functions}
    used = [name for name in SPECIAL if any(f"{name}(" in body for body in bodies.values())]
    lines = [HEADER]
    if used:
        lines.append(f'import {{ {", ".join(used)} }} from "./special";\n')
    for arity in PARAMETERS:
        lines += _table([f for f in functions if f.arity == arity], arity, bodies)
    return "\n".join(lines)


def _table(functions: Iterable[Function], arity: int, bodies: Terms) -> Iterable[str]:
    """The names of one arity and a switch over their numbers, which engines compile well."""
    names = [f.name for f in functions]
    places = ", ".join(f"{p}At: number" for p in PARAMETERS[arity])
    yield f"/** Functions by number of arguments, {arity}: `call{arity}` takes their place here. */"
    yield f"export const NAMES{arity}: readonly string[] = ["
    yield from (f'  "{name}",' for name in names)
    yield "];\n"
    # Numbers go through the array: one that a function returns may be put on the heap.
    yield "/** Number `to` of `m` becomes the function of other numbers of `m`. */"
    yield f"export function call{arity}(which: number, m: Float64Array, to: number, {places}): void {{"
    yield from (f"  const {p} = m[{p}At]!;" for p in PARAMETERS[arity])
    yield "  switch (which) {"
    for at, name in enumerate(names):
        yield f"    case {at}: // {name}"
        yield f"      m[to] = {bodies[name]};"
        yield "      break;"
    yield "    default:"
    yield "      m[to] = NaN;"
    yield "  }"
    yield "}\n"


def _body(function: Function) -> str:
    """The function's line of Python as a TypeScript expression; what is undefined stays so."""
    parameters = PARAMETERS[function.arity]
    line = function.loop.format(*parameters, x=parameters[0])
    tree = ast.parse(line.strip(), mode="eval").body
    text = translated(tree)
    if any(isinstance(node, ast.IfExp) for node in ast.walk(tree)):
        undefined = " || ".join(f"{p} !== {p}" for p in parameters)
        text = f"{undefined} ? NaN : {text}"
    return text


def translated(node: ast.expr) -> str:
    """A line of Python on floats in TypeScript. Raises `BackhandError` for what it can't translate.

    >>> translated(ast.parse("x if x > 0 else 0.5 * math.tanh(-x) ** 2", mode="eval").body)
    '(x > 0 ? x : (0.5 * (Math.tanh((-x)) ** 2)))'
    """
    match node:
        case ast.Constant(value=int() | float() as value):
            return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand):
            return f"({OPERATORS[type(op)]}{translated(operand)})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({translated(left)} {OPERATORS[type(op)]} {translated(right)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{translated(left)} {OPERATORS[type(op)]} {translated(right)}"
        case ast.IfExp(test=test, body=body, orelse=other):
            return f"({translated(test)} ? {translated(body)} : {translated(other)})"
        case ast.Call(func=function, args=args, keywords=[]):
            return f"{_callee(function)}({', '.join(map(translated, args))})"
        case _:
            raise BackhandError(
                f"the page can't evaluate {ast.unparse(node)}",
                "write the `loop` of the function with arithmetic, `math` and `if else` only",
            )


def _callee(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) if name in CALLS:
            return CALLS[name]
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in OF_MATH:
            return f"Math.{name}"
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in SPECIAL:
            return name
        case _:
            raise BackhandError(
                f"the page has no function {ast.unparse(function)}", "add it to special.ts"
            )


if __name__ == "__main__":
    sys.stdout.write(source())
