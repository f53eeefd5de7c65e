"""From equations to what stands on the page: expressions and values as formulas.

Order and signs follow the textbook: numbers first, then letters, powers, brackets and functions; a
negative factor becomes a minus, a negative power a fraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    postorder,
    substitute,
)
from backhand.graph import POINT, Graph, Quantity, Value
from backhand.rounding import constant, is_rounded, number
from backhand.slots import Index, Slot, linear
from backhand.syntax import (
    Call,
    Derive,
    Entry,
    Equal,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Space,
    Sum,
    Test,
    Times,
    Words,
)

MAX_TERMS = 8
"""A sum with more terms is shown with its middle left out."""
LETTERS = "kmnpqrstuvwjl"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
DOTS = Words("⋯")


# ---- numbers -----------------------------------------------------------------------------------


def value_formula(value: Value) -> Formula:
    """A value as a number, a column or a matrix; a long one with its middle left out."""
    if value.size == 1:
        return number(value.ravel()[0])
    if value.ndim > 2:
        return Words(f"{' × '.join(map(str, value.shape))} numbers")
    table = value.reshape(value.shape[0], -1)
    rows = [tuple(_shortened([number(x) for x in table[r]])) for r in _kept(table.shape[0])]
    if len(rows) < table.shape[0]:
        rows.insert(len(rows) - 1, tuple(Words("⋮") for _ in rows[0]))
    return Rows(tuple(rows))


def _kept(count: int) -> list[int]:
    return list(range(count)) if count <= MAX_TERMS else [*range(MAX_TERMS - 3), count - 1]


def _shortened(items: Sequence[Formula]) -> list[Formula]:
    kept = [items[at] for at in _kept(len(items))]
    return kept if len(kept) == len(items) else [*kept[:-1], DOTS, kept[-1]]


def equals(left: Formula, *sides: Formula | None) -> Equal:
    """An equation; the sides that are None are left out."""
    kept = tuple(side for side in sides if side is not None)
    return Equal((left, *kept), tuple("=" for _ in kept))


def result(left: Formula, value: Value) -> Equal:
    """`left = value`, with ≈ where the shown value is rounded."""
    rough = any(is_rounded(x) for x in value.ravel()[:100].tolist())
    return Equal((left, value_formula(value)), ("≈" if rough else "=",))


# ---- names -------------------------------------------------------------------------------------


def partial_name(of: str, by: str) -> str:
    """The name under which the derivative of a quantity, or of a derivative, stands in a graph.

    >>> partial_name("J", "W_1"), partial_name("∂J/∂w", "b"), partial_name("∂²J/∂w∂b", "b")
    ('∂J/∂W_1', '∂²J/∂w∂b', '∂³J/∂w∂b∂b')
    """
    pair = parts(of)
    if pair is None:
        return f"∂{of}/∂{by}"
    top, below = pair
    order = str(len(below) + 1).translate(_RAISED)
    return f"∂{order}{top}/{''.join(f'∂{name}' for name in (*below, by))}"


def parts(name: str) -> tuple[str, tuple[str, ...]] | None:
    """What a derivative's name differentiates, and by what; None for a plain name.

    >>> parts("∂J/∂W_1"), parts("∂²J/∂w∂b"), parts("W_1")
    (('J', ('W_1',)), ('J', ('w', 'b')), None)
    """
    if not name.startswith("∂"):
        return None
    top, _, below = name.partition("/∂")
    return top.lstrip("∂⁰¹²³⁴⁵⁶⁷⁸⁹"), tuple(below.split("∂"))


def named(graph: Graph, name: str, slots: Sequence[Formula] = ()) -> Formula:
    """A quantity, or one of its entries, as it is written; a derivative as a fraction of ∂s."""
    pair = parts(name)
    if pair is not None:
        rest = tuple(slots)
        signs: list[Formula] = []
        for each in (pair[0], *pair[1]):
            rank = graph[each].rank if slots else 0
            signs.append(named(graph, each, rest[:rank]))
            rest = rest[rank:]
        of, by, *then = signs
        return Partial(of, by, graph.single_variable, then=tuple(then))
    # A size such as N stands in sums under its own name and is no quantity.
    axes = graph[name].axes if name in graph else ()
    if slots and axes and axes[0].name == POINT:
        return Entry(Name(name), tuple(slots[1:]), slots[0])
    if slots:
        return Entry(Name(name), tuple(slots))
    return Name(name, "bold" if len(axes) == 1 else "italic")


def space_of(quantity: Quantity) -> Space:
    """The space that a quantity's values are in: R, R^2, R^{N×3}."""
    return Space(tuple(size_formula(extent) for extent in quantity.extents))


def size_formula(size: int | str) -> Formula:
    """A size as a number or a letter."""
    return Num(Fraction(size)) if isinstance(size, int) else Name(size)


# ---- expressions -------------------------------------------------------------------------------


def formula(expr: Expr, graph: Graph, values: Mapping[str, Value] | None = None) -> Formula:
    """An expression in index notation; with `values`, every known entry as its number."""
    letters = _letters(expr, graph)
    done: dict[Expr, Formula] = {}
    for node in postorder(expr):
        done[node] = _formula(node, done, letters, graph, values or {})
    return done[expr]


def _letters(expr: Expr, graph: Graph) -> dict[str, str]:
    """A readable letter for every index: its own where it has one, else the next one free."""
    found: dict[str, None] = {}
    points: set[str] = set()
    for node in postorder(expr):
        if not node.args:
            found.update(dict.fromkeys(index.name for index in sorted(node.free, key=str)))
        if isinstance(node, Ref | Padded) and node.name in graph and node.slots:
            first, axis = node.slots[0], graph[node.name].axes
            if isinstance(first, Index) and axis and axis[0].name == POINT:
                points.add(first.name)
    sizes = {i.upper for node in postorder(expr) for i in _indices_of(node)}
    own = {name: name for name in found if name.isalpha()}
    own |= {name: POINT for name in points if POINT not in own}
    spare = [letter for letter in LETTERS if letter not in own.values() and letter not in sizes]
    others = sorted(name for name in found if name not in own)
    spare += [f"k_{n}" for n in range(1, max(1, len(others) - len(spare) + 1))]
    return {**own, **dict(zip(others, spare, strict=False))}


def _indices_of(node: Expr) -> Iterator[Index]:
    yield from node.free
    if isinstance(node, Total):
        yield node.index


def _slots(slots: Sequence[Slot], letters: Mapping[str, str]) -> tuple[Formula, ...]:
    return tuple(_slot(slot, letters) for slot in slots)


def _slot(slot: Slot, letters: Mapping[str, str]) -> Formula:
    """A position as it is written: 2, k, or i + k - 1 with its letters in order."""
    terms, offset = linear(slot)
    parts: list[Formula] = []
    for index, coefficient in sorted(terms.items(), key=lambda t: (t[1] < 0, letters[t[0].name])):
        letter = Name(letters[index.name])
        size = abs(coefficient)
        part = letter if size == 1 else Times((_num(size), letter))
        parts.append(Minus(part) if coefficient < 0 else part)
    if offset or not parts:
        parts.append(Minus(_num(-offset)) if offset < 0 and parts else _num(offset))
    return parts[0] if len(parts) == 1 else Plus(tuple(parts))


def _formula(
    node: Expr,
    done: Mapping[Expr, Formula],
    letters: Mapping[str, str],
    graph: Graph,
    values: Mapping[str, Value],
) -> Formula:
    match node:
        case Number(value):
            size = constant(abs(value)) if value.denominator >= 10 else Num(abs(value))
            return Minus(size) if value < 0 else size
        case Constant(name):
            return Name(name)
        case Ref(name, slots) | Padded(name, slots):
            known = isinstance(node, Ref) and all(isinstance(s, int) for s in slots)
            if known and name in values:
                return number(
                    graph[name].entry(values[name], (s for s in slots if isinstance(s, int)))
                )
            return named(graph, name, _slots(slots, letters))
        case Image(name, of, slots, by):
            return _image(name, of, slots, by, letters, graph)
        case Same(left, right):
            a, b = _slots((left, right), letters)
            return Test(a, "=", b)
        case Compare(order, (left, right)):
            return Test(done[left], order, done[right])
        case Add(args):
            return _plus(args, done)
        case Mul(args):
            return _times(args, done)
        case Power((base, exponent)):
            return _power(base, exponent, done)
        case Apply(name, args):
            return Call(name, tuple(done[arg] for arg in args))
        case Total(index, (body,)):
            if values and not isinstance(index.upper, str) and not node.free:
                return _expanded(index, body, graph, values)
            upper = Name(index.upper) if isinstance(index.upper, str) else _num(index.upper)
            return Sum(letters[index.name], _num(index.lower), upper, done[body])
        case _:
            raise TypeError(f"no notation for {type(node).__name__}")


def _image(
    name: str,
    of: Sequence[str],
    slots: Sequence[Slot],
    by: Sequence[tuple[str, tuple[Slot, ...]]],
    letters: Mapping[str, str],
    graph: Graph,
) -> Formula:
    """An entry of a function of quantities, or its derivative: ∂f/∂g[i], (X^-1)[j,k]."""
    args = tuple(named(graph, each) for each in of)
    at = _slots(slots, letters)
    if name == "inv":
        return Entry(Raised(args[0], _num(-1)), at)
    if not by:
        return Entry(Call(name, args), at) if at else Call(name, args)
    shown = value_name(name, of, graph)
    top = Entry(Name(shown), at) if at else Name(shown, "bold" if slots else "italic")
    below = [named(graph, each, _slots(where, letters)) for each, where in by]
    # f(t, g(t)): beside the whole df/dt, ∂f/∂t holds g fixed.
    beside = len(of) > 1 and any(graph[each].definition is None for each in of)
    straight = graph.single_variable and not beside
    return Partial(top, below[0], straight, then=tuple(below[1:]))


def value_name(function: str, of: Sequence[str], graph: Graph) -> str:
    """The quantity that is this function of those, by name; the function's own where there is none."""
    for quantity in graph:
        match quantity.definition:
            case Image(name, args, _, ()) if (name, args) == (function, tuple(of)):
                return quantity.name
            case _:
                pass
    return function


def _num(value: int) -> Num:
    return Num(Fraction(value))


def _expanded(index: Index, body: Expr, graph: Graph, values: Mapping[str, Value]) -> Formula:
    """A sum with its terms written out."""
    terms: list[Formula] = []
    kept = _kept(index.size)
    for at in kept:
        term = formula(substitute(body, {index: index.lower + at}), graph, values)
        plus = isinstance(term, Plus)
        terms += term.terms if plus else [term]
    if len(kept) < index.size:
        terms.insert(len(terms) - 1, DOTS)
    return Plus(tuple(terms))


def _is_negative(term: Expr) -> bool:
    match term:
        case Number(value) | Mul((Number(value), *_)):
            return value < 0
        case _:
            return False


def _plus(args: Sequence[Expr], done: Mapping[Expr, Formula]) -> Formula:
    """The terms in the author's order, but never a minus in front where a plus can stand there."""
    order = list(args)
    if _is_negative(order[0]):
        first = next((a for a in order if not _is_negative(a)), order[0])
        order.remove(first)
        order.insert(0, first)
    return Plus(tuple(done[arg] for arg in order))


def _rank(factor: Expr) -> int:
    """Where a factor stands in a product."""
    match factor:
        case Number():
            return 0
        case Constant() | Ref() | Padded() | Power((Ref() | Constant(), Number())):
            return 1
        case Add() | Apply() | Power(((Add() | Apply()), _)):
            return 2
        case Total():
            return 5
        case Compare() | Same():
            return 4
        case _:
            return 3


def _times(args: Sequence[Expr], done: Mapping[Expr, Formula]) -> Formula:
    coefficient = Fraction(1)
    top: list[Formula] = []
    bottom: list[Formula] = []
    for factor in sorted(args, key=_rank):
        match factor:
            case Number(value):
                coefficient = value
            case Power((base, Number(value))) if value < 0:
                bottom.append(done[base] if value == -1 else Raised(done[base], _exponent(-value)))
            case _:
                top.append(done[factor])
    size = abs(coefficient)
    if bottom and size.denominator != 1:
        bottom.insert(0, Num(Fraction(size.denominator)))
        size = Fraction(size.numerator)
    if size != 1 or not top:
        top.insert(0, constant(size) if size.denominator >= 10 else Num(size))
    out = product(top)
    if bottom:
        out = Over(out, product(bottom))
    return Minus(out) if coefficient < 0 else out


def product(factors: Sequence[Formula]) -> Formula:
    """A product: letters side by side, numbers and derivatives with a dot between them."""
    if len(factors) < 2:
        return factors[0] if factors else Num(Fraction(1))
    dotted = any(isinstance(f, Partial | Derive) for f in factors) or any(
        isinstance(f, Num) for f in factors[1:]
    )
    return Times(tuple(factors), "·" if dotted else "")


def _power(base: Expr, exponent: Expr, done: Mapping[Expr, Formula]) -> Formula:
    if isinstance(exponent, Number) and exponent.value < 0:
        below = done[base]
        if exponent.value != -1:
            below = Raised(below, _exponent(-exponent.value))
        return Over(Num(Fraction(1)), below)
    return Raised(done[base], done[exponent])


def _exponent(value: Fraction) -> Formula:
    return Num(value)
