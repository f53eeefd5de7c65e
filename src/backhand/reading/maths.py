"""Mathematics as people write it, in LaTeX, Unicode, ASCII or like NumPy, to `syntax.Formula`.

Nothing is evaluated. What can be read in two ways is refused, or read and said in a note; no part
of a formula is dropped.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, cast, get_args

from backhand.errors import BackhandError, Place, ReadingError
from backhand.reading.grammar import RELATIONS, STRENGTH, Parser
from backhand.reading.names import INDEX_LETTERS, Known, settled
from backhand.reading.scripts import DATA
from backhand.reading.tokens import MAX_DEPTH, Source, Token, partners, tokenize
from backhand.reading.vocabulary import CLOSING, OPENING
from backhand.syntax import Call, Entry, Formula, Name, Num

__all__ = ["Known", "Statement", "canonical", "defined_names", "parse", "statements"]

STARTING = frozenset(RELATIONS) | frozenset(STRENGTH)
"""A line that starts with one of these goes on with the line before."""
ENDING = STARTING | {"_"}
BEGINNING = Token("break", "\n", 0, 0, False)
SEPARATORS = frozenset(("quad", "&", ","))
SIGNS_OF_RELATIONS = frozenset((*RELATIONS, "in"))
MAX_STATEMENTS = 2_000
"""The most definitions in one block."""
START = Place(1, 1)
NOTHING_KNOWN = Known()
PARTS = {
    kind: tuple(field.name for field in fields(kind))
    for kind in get_args(Formula)
    if kind not in (Num, Name)
}
"""The fields of every kind of formula that may have others in it."""


@dataclass(frozen=True)
class Statement:
    """A formula that was read. `notes` say how anything ambiguous was: "I read sin 2x as sin(2x)"."""

    formula: Formula
    notes: tuple[str, ...]
    source: str
    place: Place


def statements(
    text: str, known: Known = NOTHING_KNOWN, start: Place = START
) -> tuple[Statement, ...]:
    r"""The formulas of a block, one a line, or split by `;`, `\\` or a comma between definitions.

    `known`: the names that the page defines, from `defined_names`. `start`: where the text stands
    in the author's file. Raises `ReadingError` or `LimitError`, each with its place.

    >>> [s.source for s in statements("x = 2, y = 1; a = 3 x\n  + y  # a comment")]
    ['x = 2', 'y = 1', 'a = 3 x\n  + y']
    """
    source = Source(text, start)
    return tuple(_read(tokens, source, known) for tokens in _split(source))


def parse(text: str, known: Known = NOTHING_KNOWN, start: Place = START) -> Statement:
    """Exactly one formula.

    >>> parse("yhat = 2 a").formula.sides[0].name
    'yhat'
    """
    source = Source(text, start)
    found = _split(source)
    if not found:
        raise ReadingError("there is nothing to read", "write a formula", start)
    if len(found) > 1:
        raise source.error("a second formula starts here", "write one formula", found[1][0].at)
    return _read(found[0], source, known)


def canonical(spelling: str) -> str:
    r"""A name in the one spelling that stands for all of its notations.

    >>> [canonical(s) for s in (r"\hat{y}", "y_hat", "ŷ", "W₁", "W^{[1]}", r"\boldsymbol\theta")]
    ['yhat', 'yhat', 'yhat', 'W_1', 'W_1', 'theta']
    """
    statement = parse(spelling)
    if not isinstance(statement.formula, Name):
        raise ReadingError(f"{spelling} is not one name", "write W_1 or yhat", statement.place)
    return statement.formula.name


def defined_names(text: str, start: Place = START) -> Known:
    r"""What the left-hand sides of a block define, read without looking at the right-hand sides.

    `z_j = relu(a_j)` defines z, since its j is on the right too; `W_q = [1; 2]` defines `W_q`.

    >>> known = defined_names(r"W_1 \in R^{2\times 3}; g(x) = x^2; z_j = g(a_j)")
    >>> sorted(known.quantities), sorted(known.functions)
    (['W_1', 'z'], ['g'])
    """
    source = Source(text, start)
    quantities: set[str] = set()
    functions: set[str] = set()
    for tokens in _split(source):
        known = _defined(_left(tokens, source), tokens)
        quantities |= known.quantities
        functions |= known.functions
    return Known(frozenset(quantities), frozenset(functions))


# ---- one statement -----------------------------------------------------------------------------


def _read(tokens: Sequence[Token], source: Source, known: Known) -> Statement:
    left = _left(tokens, source)
    own = _defined(left, tokens)
    if isinstance(left, Call):
        own |= Known(frozenset(arg.name for arg in left.args if isinstance(arg, Name)))
    names, notes = settled(tokens, known | own, source)
    parser = Parser(names, source, known | own)
    formula = parser.formula()
    _check_depth(formula, source, tokens[0], len(tokens))
    text = source.text[tokens[0].at : tokens[-1].end]
    return Statement(formula, (*notes, *parser.notes), text, source.place(tokens[0].at))


def _left(tokens: Sequence[Token], source: Source) -> Formula | None:
    """The left-hand side of a definition, or None where there is none that reads."""
    at = _relation(tokens)
    if not at:
        return None
    worded = at > 1 and tokens[0].kind == "ident" and _is_sign(tokens[1], "_")
    known = Known(frozenset({f"{tokens[0].text}_"})) if worded else NOTHING_KNOWN
    try:
        names, _ = settled(tokens[:at], known, source)
        return Parser(names, source, known).formula() if names else None
    except BackhandError:
        return None


def _defined(left: Formula | None, tokens: Sequence[Token]) -> Known:
    """The name that a statement with this left-hand side defines."""
    match left:
        case Name(name):
            return Known(frozenset({_without_index(name, tokens[_relation(tokens) :])}))
        case Entry(Name(name), _, Num(number)) if name not in DATA:
            return Known(frozenset({f"{name}_{number}"}))
        case Entry(Name(name)):
            return Known(frozenset({name}))
        case Call(function, args) if all(isinstance(arg, Name) for arg in args):
            return Known(functions=frozenset({function}))
        case _:
            return NOTHING_KNOWN


def _without_index(name: str, right: Sequence[Token]) -> str:
    """`z` for `z_j` where j is also on the right, so that it counts entries."""
    base, _, subscript = name.rpartition("_")
    if not base or len(subscript) > 1 or subscript not in INDEX_LETTERS:
        return name
    scripts = (t.text.rpartition("_")[2] for t in right if t.kind in ("ident", "name"))
    used = any(subscript in script and INDEX_LETTERS.issuperset(script) for script in scripts)
    return base if used else name


def _check_depth(formula: Formula, source: Source, token: Token, tokens: int) -> None:
    """Raise `LimitError` where the tree is too deep for a walk by recursion.

    No sign makes it deeper than by two, so the tree of a few is shallow.
    """
    level: list[Any] = [formula] if type(formula) in PARTS and tokens > MAX_DEPTH // 2 else []
    for _ in range(MAX_DEPTH):
        level = [part for node in level for part in _parts(node)]
        if not level:
            return
    raise source.limit(
        f"the formula is nested more than {MAX_DEPTH} deep", "name a part of it", token.at
    )


def _parts(node: Any) -> Iterable[Any]:
    """The formulas right inside a formula."""
    for name in PARTS[type(node)]:
        value = getattr(node, name)
        if type(value) in PARTS:
            yield value
        elif isinstance(value, tuple):
            for row in cast(tuple[Any, ...], value):
                cells = cast(tuple[Any, ...], row) if isinstance(row, tuple) else (row,)
                yield from (cell for cell in cells if type(cell) in PARTS)


# ---- splitting ---------------------------------------------------------------------------------


@lru_cache(maxsize=1)  # `statements` after `defined_names` on the same text
def _split(source: Source) -> list[list[Token]]:
    """The tokens of each statement."""
    lines: list[list[Token]] = []
    joined = False
    for line, separator in _lines(source):
        continues = joined or (bool(line) and separator.text != ";" and _is_sign(line[0], STARTING))
        if lines and continues:
            lines[-1] += line
        elif line:
            lines.append(line)
        joined = bool(lines) and _is_sign(lines[-1][-1], ENDING)
    found = [part for line in lines for part in _definitions(line)]
    if len(found) > MAX_STATEMENTS:
        raise source.limit(
            f"there are more than {MAX_STATEMENTS} statements", "split them", found[-1][0].at
        )
    return found


def _lines(source: Source) -> Iterable[tuple[list[Token], Token]]:
    """The pieces between breaks outside brackets, each with the break before it."""
    tokens = tokenize(source)
    if all(token.kind != "break" for token in tokens):
        yield tokens, BEGINNING
        return
    closing = partners(tokens, source)
    line: list[Token] = []
    before = BEGINNING
    open_until: list[int] = []
    for at, token in enumerate(tokens):
        if open_until and open_until[-1] == at:
            open_until.pop()
        if at in closing:
            open_until.append(closing[at])
        if token.kind != "break" or (open_until and token.text not in ("\n", "quad")):
            line.append(token)
        elif not open_until and token.text in ("\n", "\\\\", ";"):
            yield line, before
            line, before = [], token
        elif not open_until and not (token.text == "&" and _aligns(tokens, at, line)):
            line.append(token)
    yield line, before


def _aligns(tokens: Sequence[Token], at: int, line: Sequence[Token]) -> bool:
    """Whether the & at `at` stands beside a sign, as in `a &= b`, or at an end of the line."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return (
        not line
        or _is_sign(line[-1], STARTING)
        or after is None
        or after.kind == "break"
        or _is_sign(after, STARTING)
    )


def _definitions(line: Sequence[Token]) -> list[list[Token]]:
    """A line split at the commas and wide spaces between whole definitions."""
    if SEPARATORS.isdisjoint(token.text for token in line):
        return [bare] if (bare := _without_full_stop(list(line))) else []
    chunks: list[list[Token]] = [[]]
    separators: list[Token] = []
    depth = 0
    for token in line:
        depth += _is_sign(token, OPENING) or token.kind == "begin"
        depth -= _is_sign(token, CLOSING) or token.kind == "end"
        if depth == 0 and (token.text in ("quad", "&") or _is_sign(token, ",")):
            chunks.append([])
            separators.append(token)
        else:
            chunks[-1].append(token)
    out = chunks[:1]
    for separator, chunk in zip(separators, chunks[1:], strict=True):
        whole = chunk and not _is_sign(chunk[0], STARTING)
        if whole and _relation(chunk) and _relation(out[-1]):
            out.append(chunk)
        elif separator.text == "quad" or not out[-1]:
            out[-1] += chunk
        elif chunk:
            out[-1] += [separator, *chunk]
    return [bare for part in out if (bare := _without_full_stop(part))]


def _without_full_stop(tokens: list[Token]) -> list[Token]:
    end = len(tokens)
    while end and _is_sign(tokens[end - 1], (".", ",")):
        end -= 1
    return tokens[:end]


def _relation(tokens: Sequence[Token]) -> int:
    """Where the first relation outside brackets stands; 0 for none."""
    if SIGNS_OF_RELATIONS.isdisjoint(token.text for token in tokens):
        return 0
    depth = 0
    for at, token in enumerate(tokens):
        depth += _is_sign(token, OPENING) or token.kind == "begin"
        depth -= _is_sign(token, CLOSING) or token.kind == "end"
        if depth == 0 and (_is_sign(token, RELATIONS) or token.text == "in"):
            return at
    return 0


def _is_sign(token: Token, signs: Container[str]) -> bool:
    return token.kind == "sign" and token.text in signs
