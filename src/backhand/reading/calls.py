"""Functions with their arguments, in brackets or bare, and the notations that some stand for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.functions import READ_AS, TABLE
from backhand.reading import brackets, scripts
from backhand.reading.names import INDEX_LETTERS, LIBRARIES
from backhand.reading.vocabulary import POWER
from backhand.syntax import (
    Call,
    Flipped,
    Formula,
    Minus,
    Name,
    Norm,
    Num,
    Raised,
    Sum,
    Times,
)

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser


def name(parser: Parser) -> Formula:
    """A name, an entry of it, or the function of that name on its arguments."""
    first = parser.at
    token = parser.ahead()
    base, font = scripts.head(parser)
    if base in LIBRARIES and parser.sees("."):
        base = _member(parser)
        first = parser.at - 1
    hung = scripts.scripts(parser, base)
    if hung.word and base != "sigma" and base in READ_AS and _is_table_only(parser, base):
        raise parser.error(
            f"{base} can't have a subscript", "write log(x)/log(2) for another base", token
        )
    found = scripts.assembled(base, font, hung, parser, token)
    if isinstance(found, Name) and not (base == "e" and parser.sees("^")):
        return _applied(parser, found, first)
    return found


def _is_table_only(parser: Parser, base: str) -> bool:
    """Whether a name is a function of the table, and the page has no other use for it."""
    return base not in parser.known.quantities and base not in parser.known.functions


def _member(parser: Parser) -> str:
    """The function behind `np.`, `torch.nn.functional.`."""
    while True:
        parser.take()
        token = parser.take()
        if token.text not in LIBRARIES or not parser.sees("."):
            break
    text = token.text
    if token.kind == "name" and (parser.known.is_function(text) or text in ("pi", "e")):
        return text
    raise parser.error(
        f"I don't know the function {text} of NumPy or PyTorch",
        "write it with the operations of mathematics",
        token,
    )


def _applied(parser: Parser, of: Name, first: int) -> Formula:
    """A name, or the function of that name with its arguments."""
    function = of.name
    known = parser.known
    is_function = known.is_function(function)
    if not is_function and (_is_quantity(parser, function) or function in ("pi", "e")):
        return of
    start = parser.at
    primes = _primes(parser)
    power = _function_power(parser) if is_function and not primes else None
    if parser.sees("("):
        if function == "sum":
            return _sum(parser, of)
        parser.take()
        args = _arguments(parser)
    elif is_function and parser.sees("\\{"):
        parser.take()
        args = parser.items("\\}")
    elif is_function and _takes_bare(function) and function not in known.functions:
        args = _bare_arguments(parser, of, first)
        if args is None:
            parser.at = start
            return of
    elif is_function and function not in known.functions:
        raise parser.stuck(f"{function} needs its arguments in brackets", f"write {function}(x)")
    else:
        parser.at = start
        return of
    call = _call(parser, of, args, primes)
    return Raised(call, power, of.place) if power is not None else call


def _is_quantity(parser: Parser, name: str) -> bool:
    """Whether a name is a quantity's or an entry's: before a bracket it is a factor."""
    head, _, tail = name.partition("_")
    numbered = tail.isdigit() or tail in INDEX_LETTERS
    return name in parser.known.quantities or (numbered and head in parser.known.quantities)


def _primes(parser: Parser) -> int:
    r"""The primes of `g''(z)` and `g^\prime(z)`."""
    count = 0
    raised = parser.sees("^") and (
        parser.ahead(1).text == "'" or (parser.ahead(1).text == "{" and parser.ahead(2).text == "'")
    )
    braced = raised and parser.ahead(1).text == "{"
    if raised:
        parser.at += 2 if braced else 1
    while parser.sees("'", "''"):
        count += len(parser.take().text)
    if braced:
        parser.expect("}", "write g'(z)")
    return count


def _function_power(parser: Parser) -> Formula | None:
    r"""The 2 of `\sin^2 x`."""
    if not parser.sees("^"):
        return None
    token = parser.take()
    power = parser.exponent()
    if isinstance(power, Minus) or (isinstance(power, Num) and power.value < 0):
        raise parser.error(
            "a negative power of a function can mean its inverse",
            "write a reciprocal as a fraction: 1/sin(x)",
            token,
        )
    return power


def _arguments(parser: Parser) -> tuple[Formula, ...]:
    """Formulas between commas (or `;`, as in J(W; x)) up to the closing bracket."""
    if parser.sees(")"):
        raise parser.stuck("the argument is missing", "write f(x)")
    found = [parser.enclosed()]
    while parser.ahead().text in (",", ";"):
        parser.take()
        found.append(parser.enclosed())
    parser.expect(")", "write commas between arguments")
    return tuple(found)


def _takes_bare(function: str) -> bool:
    """Whether its argument may stand without brackets: `sin x`."""
    if function in READ_AS:
        return TABLE[READ_AS[function]].arity == 1
    return function in COMPOSED_AS and COMPOSITIONS[COMPOSED_AS[function]].arity == 1


def _bare_arguments(parser: Parser, of: Name, first: int) -> tuple[Formula, ...] | None:
    """The factors behind a function, up to the next function or sign; None for a mere σ."""
    start = parser.at
    factors: list[Formula] = []
    while parser.starts_operand() and not (factors and _starts_call(parser)):
        if factors and parser.ahead().kind == "number":
            break
        nested = _starts_call(parser)
        factors.append(parser.expression(POWER))
        if nested:
            break
    if not factors:
        if of.name == "sigma":
            return None
        raise parser.stuck(f"{of.name} needs an argument", f"write {of.name}(x)")
    if len(factors) == 1:
        return (factors[0],)
    inside = parser.written(start, parser.at)
    parser.note(first, parser.at, f"{parser.written(first, start)}({inside})")
    return (Times(tuple(factors), "", of.place),)


def _starts_call(parser: Parser) -> bool:
    token = parser.ahead()
    return token.text in ("∂", "d", "Σ") or (
        token.kind == "name" and parser.known.is_function(token.text)
    )


def _call(parser: Parser, of: Name, args: tuple[Formula, ...], primes: int) -> Formula:
    """The call under the table's own name, or the notation that it stands for."""
    if of.name in parser.known.functions:
        return Call(of.name, args, primes, of.place, of.font)
    if of.name in _NOTATIONS and not primes:
        arity, build = _NOTATIONS[of.name]
        if len(args) != arity:
            raise parser.source.error(
                f"{of.name} takes {arity} argument{'s' if arity > 1 else ''}, not {len(args)}",
                "check the commas",
                parser.tokens[parser.at - 1].at,
            )
        return build(*args)
    function = READ_AS.get(of.name) or COMPOSED_AS.get(of.name) or of.name
    return Call(function, args, primes, of.place, of.font)


def _sum(parser: Parser, of: Name) -> Formula:
    """`sum(v)`, `sum(body, k)`, `sum(k=1..3, body)`, `sum(body, k=1..3)`."""
    token = parser.take()
    ranges: list[tuple[str, Formula | None, Formula | None]] = []
    bodies: list[Formula] = []
    while True:
        if parser.ahead().kind == "name" and parser.ahead(1).text == "=":
            letter, lower = brackets.counted(parser)
            parser.expect("..", "write the range as k=1..3")
            ranges.append((letter, lower, parser.enclosed()))
        else:
            bodies.append(parser.enclosed())
        if not parser.sees(","):
            break
        parser.take()
    parser.expect(")", "write sum(k=1..3, body)")
    if not ranges and len(bodies) == 2 and isinstance(letter := bodies[1], Name):
        ranges, bodies = [(letter.name, None, None)], bodies[:1]
    if len(bodies) != 1 or len(ranges) > 1:
        raise parser.error(
            "a sum has one body and one range", "write sum(k=1..3, W[j,k] x[k])", token
        )
    if not ranges:
        return Call("sum", (bodies[0],), 0, of.place)
    letter, lower, upper = ranges[0]
    return Sum(letter, lower, upper, bodies[0], of.place)


def _matrix_product(a: Formula, b: Formula) -> Formula:
    return Times((a, b), "@")


def _entrywise(a: Formula, b: Formula) -> Formula:
    return Times((a, b), "*")


def _square(a: Formula) -> Formula:
    return Raised(a, Num(Fraction(2)))


def _itself(a: Formula) -> Formula:
    return a


_NOTATIONS: dict[str, tuple[int, Callable[..., Formula]]] = {
    "norm": (1, Norm),
    "dot": (2, _matrix_product),
    "matmul": (2, _matrix_product),
    "mm": (2, _matrix_product),
    "multiply": (2, _entrywise),
    "power": (2, Raised),
    "pow": (2, Raised),
    "square": (1, _square),
    "transpose": (1, Flipped),
    "array": (1, _itself),
    "asarray": (1, _itself),
    "tensor": (1, _itself),
}
"""Functions that stand for a notation: how many arguments they take, and what they make."""
