"""Brackets: groups, columns, matrices and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backhand.reading.tokens import Token
from backhand.reading.vocabulary import (
    OPENING,
    ORDERS,
)
from backhand.syntax import (
    Call,
    Formula,
    Norm,
    Rows,
    Test,
)

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser


def compares(parser: Parser, start: int) -> bool:
    """Whether the bracket at `start` holds a comparison at its own level."""
    at, end = start + 1, parser.closing[start]
    while at < end:
        token = parser.tokens[at]
        if token.kind == "sign" and token.text in ORDERS:
            return True
        at = parser.closing.get(at, at) + 1
    return False


def bars(parser: Parser) -> Formula:
    """`|x|` and `‖v‖`, with signs that open and close alike or not."""
    token = parser.take()
    close = OPENING.get(token.text, token.text)
    outer = parser.bars
    parser.bars = [*outer, close] if close in "|‖" else []
    inside = parser.expression()
    parser.bars = outer
    parser.expect(close, "close it; abs(x) and norm(v) nest without doubt")
    place = parser.place(token)
    return Call("abs", (inside,), 0, place) if "|" in token.text else Norm(inside, place)


def group(parser: Parser) -> Formula:
    """`{...}`: braces only group."""
    parser.take()
    inside = parser.enclosed()
    parser.expect("}", "write one formula between braces")
    return inside


def round_bracket(parser: Parser) -> Formula:
    """`(a)`, the column `(2, 5)`, the comparison `(a > 0)`."""
    token = parser.take()
    first = parser.enclosed()
    if parser.ahead().text in ORDERS:
        return _test(parser, first, token, ")")
    if parser.sees(","):
        parser.take()
        rest = parser.items(")")
        return Rows(tuple((cell,) for cell in (first, *rest)), parser.place(token))
    parser.expect(")", "close the bracket, or put a sign before this")
    return first


def square_bracket(parser: Parser) -> Formula:
    """`[2, 5]`, `[2; 5]`, `[2, 3; 4, 5]`, `[[2, 3], [4, 5]]`, `[a > 0]`."""
    token = parser.take()
    if _is_row(parser):
        rows = [_row(parser)]
        while parser.sees(","):
            parser.take()
            if not _is_row(parser):
                raise parser.stuck("rows and entries are mixed", "put every row in brackets")
            rows.append(_row(parser))
        parser.expect("]", "write commas between rows")
        return _matrix(parser, rows, token)
    if parser.sees("]"):
        raise parser.stuck("the bracket is empty", "put a number in it")
    first = parser.enclosed()
    if parser.ahead().text in ORDERS:
        return _test(parser, first, token, "]")
    rows = [_cells(parser, first, ",")]
    while parser.ahead().kind == "break" and parser.ahead().text == ";":
        parser.take()
        rows.append(_cells(parser, parser.enclosed(), ","))
    parser.expect("]", "write , between entries and ; between rows")
    if len(rows) == 1:
        rows = [[cell] for cell in rows[0]]
    return _matrix(parser, rows, token)


def _is_row(parser: Parser) -> bool:
    """Whether the next element is a bracket and nothing else."""
    if not parser.sees("[") or compares(parser, parser.at):
        return False
    after = parser.tokens[parser.closing[parser.at] + 1]
    return after.kind == "sign" and after.text in (",", "]")


def _row(parser: Parser) -> list[Formula]:
    parser.take()
    if parser.sees("["):
        raise parser.stuck("arrays have at most two levels", "write a matrix as [[1, 2], [3, 4]]")
    return list(parser.items("]"))


def _cells(parser: Parser, first: Formula, comma: str) -> list[Formula]:
    cells = [first]
    while parser.ahead().text == comma and parser.ahead().kind in ("sign", "break"):
        parser.take()
        cells.append(parser.enclosed())
    return cells


def _matrix(parser: Parser, rows: Sequence[Sequence[Formula]], token: Token) -> Formula:
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise parser.error(
                f"row {number} of the matrix has length {len(row)}, row 1 has length {width}",
                "give every row the same length",
                token,
            )
    return Rows(tuple(tuple(row) for row in rows), parser.place(token))


def matrix(parser: Parser) -> Formula:
    r"""`\begin{bmatrix} 2 & 3 \\ 4 & 5 \end{bmatrix}`."""
    token = parser.take()
    rows: list[list[Formula]] = []
    while parser.ahead().kind != "end":
        rows.append(_cells(parser, parser.enclosed(), "&"))
        if parser.ahead().text == "\\\\":
            parser.take()
        elif parser.ahead().kind != "end":
            raise parser.stuck("", "write & between entries and \\\\ between rows")
    parser.take()
    if not rows:
        raise parser.error("the matrix is empty", "put numbers in it", token)
    return _matrix(parser, rows, token)


def _test(parser: Parser, left: Formula, token: Token, close: str) -> Formula:
    order = ORDERS[parser.take().text]
    right = parser.enclosed()
    parser.expect(close, "one comparison a bracket")
    return Test(left, order, right, parser.place(token))


def indicator(parser: Parser) -> Formula:
    """`𝟙[a > 0]`, with any bracket."""
    token = parser.take()
    if not parser.sees("[", "(", "\\{", "{"):
        raise parser.stuck("a comparison is missing", "write 1[a > 0]")
    close = OPENING[parser.take().text]
    left = parser.enclosed()
    if parser.ahead().text not in ORDERS:
        raise parser.stuck("a comparison is missing", "write 1[a > 0]")
    return _test(parser, left, token, close)


def counted(parser: Parser) -> tuple[str, Formula | None]:
    """The letter of a sum, and its first value where `=` and a value follow."""
    token = parser.take()
    if token.kind != "name":
        raise parser.error("a sum runs over a letter", "write Σ_{k=1}^{3}", token)
    if not parser.sees("="):
        return token.text, None
    parser.take()
    return token.text, parser.enclosed()
