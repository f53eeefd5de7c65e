"""Functions known by their signature only: `f: R^N × R → R`, `g: ℝ → ℝ^N`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, count
from typing import TYPE_CHECKING

from backhand.errors import MeaningError, Place, ReadingError
from backhand.expr import image, ref
from backhand.graph import Quantity, Role, Signature, axes
from backhand.reading.given import shape_of
from backhand.reading.maths import START, canonical, parse
from backhand.reading.products import array_name
from backhand.reading.tensors import Tensor, in_words
from backhand.syntax import Equal, Maps, Name, Num, Space

if TYPE_CHECKING:
    from backhand.reading.elaborate import Elaborator

ARROW = re.compile(r"->|→|\\to\b|\\rightarrow\b|\\longrightarrow\b")
ONE = re.compile(
    r"(?:\\mathbb\s*\{?\s*R\s*\}?|ℝ|R)\s*"
    r"(?:\^\s*(?:\{[^{}]*\}|\([^()]*\)|\w)|[⁰¹²³⁴⁵⁶⁷⁸⁹ˣⁿᵐ]+)?"
)
BREAK = re.compile(r"(;|\n|\\\\|\\quad|\\qquad)")
BETWEEN = re.compile(r"[\s()×,;]*(?:\\times|x|\*)?[\s()×,;]*")


def signature_lines(text: str, start: Place) -> tuple[str, dict[str, Signature]]:
    """The text with its signatures left out, and what those say.

    >>> _, found = signature_lines("f, g: R^N -> R\\ny = f(x)", Place(1, 1))
    >>> found["g"]
    Signature(domain=(('N',),), codomain=())
    """
    found: dict[str, Signature] = {}
    lines = text.split("\n")
    for at, line in enumerate(lines):
        place = Place(start.line + at, start.column if at == 0 else 1, line)
        parts = BREAK.split(line)
        for number, part in enumerate(parts[::2]):
            signed = _signed(part, place)
            found |= signed
            if signed:
                # Blank, so that what follows keeps its column.
                parts[2 * number] = " " * len(part)
        lines[at] = "".join(parts)
    return "\n".join(lines), found


def _signed(part: str, place: Place) -> dict[str, Signature]:
    """What one statement says of functions, if it is a signature."""
    head, colon, tail = part.replace("$", " ").partition(":")
    sides = ARROW.split(tail)
    if not colon or len(sides) != 2 or "=" in part:
        return {}
    signature = _signature(sides[0], sides[1].rstrip(" .,"), place)
    return {_function_name(name, place): signature for name in head.split(",")}


def in_pieces(text: str) -> Iterator[str | Maps]:
    """A text cut into its signatures, as formulas, and what stands between them.

    >>> first, second = in_pieces("f, g: R -> R; x = 2")
    >>> len(first.functions), second
    (2, '; x = 2')
    """
    kept: list[str] = []
    for part in BREAK.split(text):
        signed = _signed(part, START)
        if not signed:
            kept.append(part)
            continue
        yield from _between(kept)
        kept = []
        signature = next(iter(signed.values()))
        bold = "bold" if signature.codomain else "italic"
        yield Maps(
            tuple(Name(name, bold) for name in signed),
            tuple(map(_space, signature.domain)),
            _space(signature.codomain),
        )
    yield from _between(kept)


def _between(parts: Sequence[str]) -> Iterator[str]:
    """What stands between two signatures, if it is more than the breaks around it."""
    if any(part.strip() and not BREAK.fullmatch(part) for part in parts):
        yield "".join(parts)


def _space(shape: tuple[int | str, ...]) -> Space:
    return Space(tuple(Name(n) if isinstance(n, str) else Num(Fraction(n)) for n in shape))


def _function_name(text: str, place: Place) -> str:
    try:
        return canonical(text.strip())
    except ReadingError:
        raise MeaningError(
            f"{text.strip()!r} before the colon is no name", "write f: R^N -> R", place
        ) from None


def _signature(domain: str, codomain: str, place: Place) -> Signature:
    into = _shapes(codomain, place)
    if len(into) != 1:
        raise MeaningError("a function gives one array", "write f: R^N -> R^M", place)
    return Signature(_shapes(domain, place), into[0])


def _shapes(text: str, place: Place) -> tuple[tuple[int | str, ...], ...]:
    """The shapes of the factors of `R^N × R`."""
    spaces = ONE.findall(text)
    if not spaces or BETWEEN.sub("", ONE.sub("", text)):
        raise MeaningError(
            f"{text.strip()!r} is no product of spaces", "write R, R^2, R^N or R^N × R^M", place
        )
    return tuple(_shape(space, place) for space in spaces)


def _shape(space: str, place: Place) -> tuple[int | str, ...]:
    statement = parse(f"x ∈ {space}", start=place)
    match statement.formula:
        case Equal((_, Space() as found)):
            return shape_of(found)
        case _:
            raise MeaningError(f"{space!r} is no space", "write R^2 or R^N", place)


# ---- what such a function gives ----------------------------------------------------------------


def value(reader: Elaborator, function: str, args: Sequence[Tensor]) -> Tensor:
    """The function's value as a quantity of its own, under the function's name where that is free."""
    found = image_of(reader, function, args)
    for name, quantity in reader.quantities.items():
        if quantity.definition is found.expr:
            return reader.whole(name)
    taken = {*reader.quantities, *reader.reserved}
    spare = (f"{function}_{number}" for number in count(1))
    name = next(n for n in chain([function], spare) if n not in taken)
    reader.quantities[name] = Quantity(
        name=name, axes=found.axes, role=Role.INTERMEDIATE, definition=found.expr
    )
    return reader.whole(name)


def image_of(reader: Elaborator, function: str, args: Sequence[Tensor]) -> Tensor:
    """The function's value as it stands. Raises `MeaningError` where an argument doesn't fit."""
    signature = reader.signatures[function]
    if len(args) != len(signature.domain):
        raise MeaningError(
            f"{function} takes {len(signature.domain)} arguments and is given {len(args)}",
            f"its domain is {' × '.join(map(in_words, signature.domain))}",
        )
    for arg, wanted in zip(args, signature.domain, strict=True):
        shape = tuple(axis.extent for axis in arg.axes)
        if shape != wanted or arg.row:
            raise MeaningError(
                f"{function} takes {in_words(wanted)} and {arg.named} is {arg.described}",
                "change the signature or the argument",
            )
    of: list[str] = []
    for arg in args:
        name = array_name(reader, arg)
        of.append(_second_name(reader, name) if name in of else name)
    own = axes(*signature.codomain)
    return Tensor(image(function, tuple(of), own), own)


def _second_name(reader: Elaborator, name: str) -> str:
    """Another name for a quantity: each argument of a function has one, or ∂f/∂x meant two things."""
    own = reader.quantities[name].axes
    fresh = next(n for k in count(2) if (n := f"{name}_{k}") not in reader.quantities)
    reader.quantities[fresh] = Quantity(
        name=fresh, axes=own, role=Role.INTERMEDIATE, definition=ref(name, *own)
    )
    reader.note(f"I call the second {name} among the arguments {fresh}")
    return fresh
