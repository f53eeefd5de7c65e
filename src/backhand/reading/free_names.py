"""What names mean that nothing defines: free numbers and vectors, and functions known by nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from backhand.expr import image
from backhand.functions import ARRAYS_AS, COMPOSED_AS, READ_AS
from backhand.graph import Graph, Quantity, Role, Signature, axes
from backhand.reading.names import WRITTEN_AS
from backhand.syntax import Call, Derive, Entry, Formula, Name, Num, Partial, Sum, Times, replaced

CONSTANTS = frozenset(("e", "pi"))
FUNCTION_LETTERS = frozenset("uvfgh")
"""What functions are called, and weights aren't: beside du/dx another of these is one too."""
SIZES = ("N", "P", "Q", "K", "L", "H")
"""The sizes of the vectors that bold functions give, in order; a bold variable has M entries."""


def free(formula: Formula) -> list[Name]:
    """The names that a formula uses, in order, the letters of its sums left out."""
    found: list[Name] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name():
                found.append(part)
                return None
            case Sum(letter, _, upper, body):
                inner = [*free(body), *(free(upper) if upper is not None else [])]
                found.extend(_without(letter, name) for name in inner if name.name != letter)
                return part
            case Entry(Name() as of):
                found.append(of)
                return part
            case _:
                return None

    replaced(formula, leaf)
    return found


def _without(letter: str, name: Name) -> Name:
    """`x` for the `x_i` under a sum over i."""
    base, _, tail = name.name.rpartition("_")
    return replace(name, name=base) if tail == letter and base else name


def functions_of(formulas: Iterable[Formula]) -> set[str]:
    """The names that are functions: called, and else only differentiated, as f and g in df/dg.

    In x(1 - x) the first x is a factor, since it stands alone too.
    """
    every = list(formulas)
    called = {call.function for formula in every for call in calls(formula)}
    marked: set[str] = set()

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Partial(Name(of), by, _, _, then):
                marked.add(of)
                return Times((by, *then)) if not isinstance(by, Name) else Num(Fraction(0))
            case _:
                return None

    plain = {name.name for formula in every for name in free(replaced(formula, leaf))}
    return (called & marked) - plain


def completed(graph: Graph, formulas: Sequence[Formula]) -> Graph:
    """The graph with what the formulas use and nothing defines.

    A name becomes a free number, a bold one a vector; u of du/dx a function of x; f of f(x) a
    function of which only the signature is known.
    """
    made = {q.name: q for q in graph}
    signatures = {**graph.signatures, **_inferred(formulas, graph)}
    functions = _differentiated(formulas, graph)
    for name in (name for formula in formulas for name in free(formula)):
        base, _, tail = name.name.rpartition("_")
        known = (made, signatures, functions, graph.functions, CONSTANTS)
        if any(name.name in names for names in known) or (base in made and tail.isdecimal()):
            continue
        own = axes("M") if name.font == "bold" else ()
        made[name.name] = Quantity(name=name.name, axes=own, role=Role.DATA, place=name.place)
    for function, variable in functions.items():
        if variable in made:
            signatures[function] = Signature((made[variable].extents,), ())
            made[function] = Quantity(
                name=function,
                axes=(),
                role=Role.INTERMEDIATE,
                definition=image(function, (variable,)),
            )
    return replace(graph, quantities=tuple(made.values()), signatures=signatures)


def _differentiated(formulas: Iterable[Formula], graph: Graph) -> Mapping[str, str]:
    """The unknown u of which a derivative du/dx stands there, with its x.

    So is a letter for a function beside one: in d/dx(u v) = u dv/dx, u is no constant.
    """
    found: dict[str, str] = {}
    derived: list[tuple[Formula, str]] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Partial(Name(of), Name(by)) if of not in graph and of not in graph.signatures:
                found.setdefault(of, by)
            case Derive(of, (Name(by),)):
                derived.append((of, by))
            case _:
                pass
        return None

    for formula in formulas:
        replaced(formula, leaf)
    for body, by in derived:
        inside = [name.name for name in free(body)]
        if any(found.get(name) == by for name in inside):
            found.update(
                (n, by) for n in inside if n in FUNCTION_LETTERS and n not in graph and n != by
            )
    called = {call.function for formula in formulas for call in calls(formula)}
    return {of: by for of, by in found.items() if by not in found and of not in called}


def _inferred(formulas: Iterable[Formula], graph: Graph) -> Mapping[str, Signature]:
    """The signatures of the functions that are called and that nothing defines."""
    known = (READ_AS, COMPOSED_AS, ARRAYS_AS, WRITTEN_AS, graph.functions, graph.signatures)
    unknown = [
        call
        for formula in formulas
        for call in calls(formula)
        if not any(call.function in names for names in known)
    ]
    sizes = iter(SIZES)
    codomains: dict[str, tuple[int | str, ...]] = {}
    for call in unknown:
        if call.function not in codomains:
            codomains[call.function] = (next(sizes, "R"),) if call.font == "bold" else ()

    def shape(arg: Formula) -> tuple[int | str, ...]:
        match arg:
            case Name(name, font):
                return graph[name].extents if name in graph else ("M",) if font == "bold" else ()
            case Call(function):
                return codomains.get(function, ())
            case _:
                return ()

    return {
        call.function: Signature(tuple(map(shape, call.args)), codomains[call.function])
        for call in reversed(unknown)
    }


def calls(formula: Formula) -> list[Call]:
    """Every call in a formula, outer ones first."""
    found: list[Call] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Call):
            found.append(part)
        return None

    replaced(formula, leaf)
    return found
