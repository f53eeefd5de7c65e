"""Index-notation expressions: immutable, interned nodes in which equal means identical.

`a_j = Σ_k W_jk x_k` is a sum over a bound index of a product of two entries. Entries, sums,
products, powers, comparisons and the scalar functions of `functions.py` are all there is; a dense
layer, a softmax and a loss are built from them, and so are their derivatives.

The builders (`add`, `mul`, `power`, `total`, ...) do what a reader does without noticing: they drop
`+ 0` and `· 1`, gather equal terms and factors, and carry out a sum over a Kronecker delta. They
keep the author's order and never multiply out. All walks are iterative, so depth is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import count
from typing import ClassVar, Literal, TypeAlias
from weakref import WeakValueDictionary

from backhand.errors import LimitError
from backhand.slots import Affine, Index, Slot, indices, linear, moved, solved

Order: TypeAlias = Literal[">", ">=", "="]
MAX_EXPONENT = 1000
"""The largest whole exponent to which a number is raised exactly."""


class Expr:
    """An expression. Build with the operators and the builders below, not with the classes."""

    __slots__ = ("__weakref__", "args", "free", "height")
    __match_args__: ClassVar[tuple[str, ...]] = ()
    args: tuple[Expr, ...]
    free: frozenset[Index]
    """The indices that are not bound by a sum inside."""
    height: int
    """How many sums are nested inside, at most."""

    def __add__(self, other: Expr | int | Fraction) -> Expr:
        return add(self, other)

    def __radd__(self, other: int | Fraction) -> Expr:
        return add(other, self)

    def __sub__(self, other: Expr | int | Fraction) -> Expr:
        return add(self, mul(-1, other))

    def __rsub__(self, other: int | Fraction) -> Expr:
        return add(other, mul(-1, self))

    def __mul__(self, other: Expr | int | Fraction) -> Expr:
        return mul(self, other)

    def __rmul__(self, other: int | Fraction) -> Expr:
        return mul(other, self)

    def __truediv__(self, other: Expr | int | Fraction) -> Expr:
        return mul(self, power(other, -1))

    def __rtruediv__(self, other: int | Fraction) -> Expr:
        return mul(other, power(self, -1))

    def __pow__(self, exponent: Expr | int | Fraction) -> Expr:
        return power(self, exponent)

    def __rpow__(self, base: int | Fraction) -> Expr:
        return power(base, self)

    def __neg__(self) -> Expr:
        return mul(-1, self)

    def __repr__(self) -> str:
        nodes = sum(1 for _ in postorder(self))
        return show(self) if nodes < 200 else f"<{type(self).__name__} of {nodes} nodes>"

    def __reduce__(self) -> tuple[object, ...]:
        # A copy from another process has to be the one node here; flat, so that depth is no error.
        return _rebuilt, (tuple(_parts(self)),)


class Number(Expr):
    """An exact rational number."""

    __slots__ = ("value",)
    __match_args__ = ("value",)
    value: Fraction


class Constant(Expr):
    """A named real number: `pi` or `e`."""

    __slots__ = ("name",)
    __match_args__ = ("name",)
    name: str


class Ref(Expr):
    """An entry of a named quantity: `W_1[1, k]`; a scalar has no slots."""

    __slots__ = ("name", "slots")
    __match_args__ = ("name", "slots")
    name: str
    slots: tuple[Slot, ...]


class Padded(Expr):
    """Entry `slots[-1]`, from 0, of the quantity `name` with a 1 put before it (bias folded in).

    `rank` is the rank of `name` itself: 0 where a lone scalar is padded. The slots before the last
    (the number of a data point) belong to `name` as they stand.
    """

    __slots__ = ("name", "rank", "slots")
    __match_args__ = ("name", "slots", "rank")
    name: str
    slots: tuple[Slot, ...]
    rank: int


class Image(Expr):
    """Entry `slots` of a function of whole quantities, `of`, differentiated by the entries `by`.

    `f(g, h)` is the function f of the quantities g and h, known by its signature only, or one of
    `array_functions.py`. The order of `by` doesn't matter: what is differentiated twice is taken
    to be smooth.
    """

    __slots__ = ("by", "name", "of", "slots")
    __match_args__ = ("name", "of", "slots", "by")
    name: str
    of: tuple[str, ...]
    slots: tuple[Slot, ...]
    by: tuple[tuple[str, tuple[Slot, ...]], ...]


class Same(Expr):
    """Kronecker's delta: 1 where the two slots are equal, else 0."""

    __slots__ = ("left", "right")
    __match_args__ = ("left", "right")
    left: Slot
    right: Slot


class Total(Expr):
    """The sum of `args[0]` over every value of `index`; the index is bound and has no name of its own."""

    __slots__ = ("index",)
    __match_args__ = ("index", "args")
    index: Index


class Add(Expr):
    """A sum of terms."""

    __slots__ = ()
    __match_args__ = ("args",)


class Mul(Expr):
    """A product of factors."""

    __slots__ = ()
    __match_args__ = ("args",)


class Power(Expr):
    """`args[0]` to the power `args[1]`."""

    __slots__ = ()
    __match_args__ = ("args",)


class Apply(Expr):
    """A function of the table, by name, applied to `args`."""

    __slots__ = ("name",)
    __match_args__ = ("name", "args")
    name: str


class Compare(Expr):
    """1 where `args[0]` stands in the `order` to `args[1]`, else 0 (Iverson's bracket)."""

    __slots__ = ("order",)
    __match_args__ = ("order", "args")
    order: Order


_NODES: WeakValueDictionary[tuple[object, ...], Expr] = WeakValueDictionary()


def _node(
    kind: type[Expr],
    fields: Mapping[str, object],
    args: tuple[Expr, ...] = (),
    slots: Iterable[Slot] = (),
) -> Expr:
    """The one node of this kind with these fields: looked up, or made."""
    key = (kind, *fields.values(), args)
    node = _NODES.get(key)
    if node is None:
        node = object.__new__(kind)
        for name, value in fields.items():
            setattr(node, name, value)
        node.args = args
        node.free = frozenset(indices(slots)).union(*(arg.free for arg in args))
        node.height = max((arg.height for arg in args), default=0)
        if isinstance(node, Total):
            node.free -= {node.index}
            node.height += 1
        _NODES[key] = node
    return node


_Part: TypeAlias = tuple[type[Expr], dict[str, object], tuple[int, ...], tuple[Index, ...]]


def _parts(root: Expr) -> Iterator[_Part]:
    """Every node once: its kind, its fields, which of those before are its arguments, a leaf's indices."""
    place: dict[Expr, int] = {}
    for node in postorder(root):
        fields = {name: getattr(node, name) for name in node.__match_args__ if name != "args"}
        args = tuple(place[arg] for arg in node.args)
        yield type(node), fields, args, () if args else tuple(node.free)
        place[node] = len(place)


def _rebuilt(parts: Iterable[_Part]) -> Expr:
    """The node that `_parts` took apart."""
    made: list[Expr] = []
    for kind, fields, args, free in parts:
        made.append(_node(kind, fields, tuple(made[at] for at in args), free))
    return made[-1]


def number(value: int | Fraction) -> Expr:
    """An exact number.

    >>> number(Fraction(1, 2)) + 1
    3/2
    """
    return _node(Number, {"value": Fraction(value)})


ZERO, ONE = number(0), number(1)


def constant(name: Literal["pi", "e"]) -> Expr:
    """A named constant."""
    return _node(Constant, {"name": name})


def ref(name: str, *slots: Slot) -> Expr:
    """An entry of a named quantity.

    >>> ref("W_1", 1, 2)
    W_1[1,2]
    """
    return _node(Ref, {"name": name, "slots": slots}, (), slots)


def padded(name: str, slots: tuple[Slot, ...], rank: int) -> Expr:
    """An entry of a quantity with a 1 before it; plain where the last slot says which case it is.

    >>> padded("x", (0,), 1), padded("x", (2,), 1), padded("x", (Index("k", 0, 2),), 1)
    (1, x[2], (1,x)[k])
    """
    last = slots[-1]
    if last == 0:
        return ONE
    if isinstance(last, int) or last.lower > 0:
        return ref(name, *slots[: max(rank, len(slots) - 1)])
    return _node(Padded, {"name": name, "slots": slots, "rank": rank}, (), slots)


def image(
    name: str,
    of: tuple[str, ...],
    slots: tuple[Slot, ...] = (),
    by: Iterable[tuple[str, tuple[Slot, ...]]] = (),
) -> Expr:
    """An entry of a function of whole quantities, or a derivative of it.

    >>> x, y = ("x", ()), ("y", ())
    >>> image("f", ("x", "y"), (), [y, x]) is image("f", ("x", "y"), (), [x, y])
    True
    """
    order = tuple(sorted(by, key=lambda one: (one[0], str(one[1]))))
    every = (*slots, *(slot for _, at in order for slot in at))
    return _node(Image, {"name": name, "of": of, "slots": slots, "by": order}, (), every)


def same(left: Slot, right: Slot) -> Expr:
    """Kronecker's delta of two slots."""
    left, right = _only(left), _only(right)
    if left == right:
        return ONE
    if isinstance(left, int) and isinstance(right, int):
        return ZERO
    if isinstance(left, Affine) or isinstance(right, Affine):
        return _same_position(left, right)
    if isinstance(left, int) or (isinstance(right, Index) and str(right) < str(left)):
        left, right = right, left
    if isinstance(left, Index) and isinstance(right, int) and not left.covers(right):
        return ZERO
    return _node(Same, {"left": left, "right": right}, (), (left, right))


def _same_position(left: Slot, right: Slot) -> Expr:
    """A delta between a sum of indices, put on the left, and another slot."""
    if not isinstance(left, Affine) or (isinstance(right, Affine) and str(right) < str(left)):
        left, right = right, left
    terms, offset = linear(left)
    for index, coefficient in linear(right)[0].items():
        terms[index] = terms.get(index, 0) - coefficient
    if not any(terms.values()):
        return ONE if offset == linear(right)[1] else ZERO
    return _node(Same, {"left": left, "right": right}, (), (left, right))


def _only(slot: Slot) -> Slot:
    """The number itself where an index can take one value only."""
    return slot.lower if isinstance(slot, Index) and slot.lower == slot.upper else slot


def _lift(value: Expr | int | Fraction) -> Expr:
    return value if isinstance(value, Expr) else number(value)


def _coefficient(term: Expr) -> tuple[Fraction, Expr]:
    """A term as a number times the rest."""
    match term:
        case Number(value):
            return value, ONE
        case Mul((Number(value), *rest)):
            return value, rest[0] if len(rest) == 1 else _node(Mul, {}, tuple(rest))
        case _:
            return Fraction(1), term


def add(*terms: Expr | int | Fraction) -> Expr:
    """The sum of the terms, in their order; equal terms are gathered where the first one stood."""
    counts: dict[Expr, Fraction] = {}
    for term in map(_lift, terms):
        for part in term.args if isinstance(term, Add) else (term,):
            factor, rest = _coefficient(part)
            counts[rest] = counts.get(rest, Fraction(0)) + factor
    kept = tuple(mul(factor, rest) for rest, factor in counts.items() if factor)
    return ZERO if not kept else kept[0] if len(kept) == 1 else _node(Add, {}, kept)


def mul(*factors: Expr | int | Fraction) -> Expr:
    """The product of the factors, numbers first; equal bases are gathered into powers."""
    coefficient = Fraction(1)
    exponents: dict[Expr, Expr] = {}
    for factor in map(_lift, factors):
        for part in factor.args if isinstance(factor, Mul) else (factor,):
            if isinstance(part, Number):
                coefficient *= part.value
                continue
            base, exponent = part.args if isinstance(part, Power) else (part, ONE)
            held = exponents.get(base)
            exponents[base] = exponent if held is None else add(held, exponent)
    if not coefficient:
        return ZERO
    kept: list[Expr] = []
    for base, exponent in exponents.items():
        part = base if exponent is ONE else power(base, exponent)
        if isinstance(part, Number):
            coefficient *= part.value
        elif isinstance(part, Mul):
            return mul(coefficient, *(power(b, e) for b, e in exponents.items()))
        else:
            kept.append(part)
    if coefficient != 1:
        kept.insert(0, number(coefficient))
    return ONE if not kept else kept[0] if len(kept) == 1 else _node(Mul, {}, tuple(kept))


def power(base: Expr | int | Fraction, exponent: Expr | int | Fraction) -> Expr:
    """`base` to the power `exponent`; numbers to whole powers are worked out exactly."""
    base, exponent = _lift(base), _lift(exponent)
    if exponent is ONE or base is ONE:
        return base
    if exponent is ZERO:
        return ONE
    if isinstance(exponent, Number) and exponent.value.denominator == 1:
        whole = exponent.value.numerator
        match base:
            case Number(value) if value or whole > 0:
                if abs(whole) > MAX_EXPONENT:
                    raise LimitError(
                        f"the exponent {whole} is over {MAX_EXPONENT}", "use a smaller power"
                    )
                return number(value**whole)
            case Power((inner, Number(value))) if value.denominator == 1:
                return power(inner, number(value * whole))
            case Same() | Compare() if whole > 0:
                return base
            case Mul((Number(value), *rest)) if whole == -1:
                return mul(1 / value, power(mul(*rest), -1))
            case _:
                pass
    return _node(Power, {}, (base, exponent))


def apply(name: str, *args: Expr | int | Fraction) -> Expr:
    """A function of the table, by name."""
    return _node(Apply, {"name": name}, tuple(map(_lift, args)))


def compare(left: Expr | int, order: Order, right: Expr | int) -> Expr:
    """1 where the comparison holds, else 0: what derivatives of functions with a kink are made of.

    >>> compare(number(2), ">", 1)
    1
    """
    left, right = _lift(left), _lift(right)
    if isinstance(left, Number) and isinstance(right, Number):
        a, b = left.value, right.value
        return number(int({">": a > b, ">=": a >= b, "=": a == b}[order]))
    return _node(Compare, {"order": order}, (left, right))


def total(index: Index, body: Expr | int) -> Expr:
    """The sum of `body` over every value of `index`.

    A delta in the body is carried out, factors free of the index move out, and the bound index gets
    a name that depends on the nesting alone, so that sums that differ in a letter are identical.

    >>> j, k = Index("j", 1, 3), Index("k", 1, 3)
    >>> total(k, ref("W", j, k) * same(k, 2))
    W[j,2]
    >>> total(k, ref("x", k)) is total(j, ref("x", j))
    True
    """
    body = _lift(body)
    if index not in body.free:
        return mul(_size(index), body)
    if index.lower == index.upper:
        return substitute(body, {index: index.lower})
    for factor in _factors(body):
        if isinstance(factor, Add) and any(_delta_of(index, term) for term in factor.args):
            rest = mul(*(f for f in _factors(body) if f is not factor))
            return add(*(total(index, mul(rest, term)) for term in factor.args))
    if delta := _delta_of(index, body):
        rest = [f for f in _factors(body) if f is not delta]
        other = solved(index, delta.left, delta.right)
        inside = isinstance(other, int | Index) or any(_counts_along(index, f) for f in rest)
        if other is not None and inside:
            return substitute(mul(*rest), {index: other})
    if (recounted := _recounted(index, body)) is not None:
        return recounted
    outside = [f for f in _factors(body) if index not in f.free]
    if outside:
        inside = [f for f in _factors(body) if index in f.free]
        return mul(*outside, total(index, mul(*inside)))
    bound = index.named(f"•{body.height}")
    return _node(Total, {"index": bound}, (substitute(body, {index: bound}),))


def _size(index: Index) -> Expr:
    return ref(index.upper) if isinstance(index.upper, str) else number(index.size)


def _factors(body: Expr) -> tuple[Expr, ...]:
    return body.args if isinstance(body, Mul) else (body,)


def _delta_of(index: Index, body: Expr) -> Same | None:
    """A delta among the factors of `body` that fixes `index`."""
    for factor in _factors(body):
        if isinstance(factor, Same) and index in factor.free:
            return factor
    return None


def _recounted(index: Index, body: Expr) -> Expr | None:
    """`Σ_i a[i] w[p - i + 1]` over the shorter w: `Σ_k a[p - k + 1] w[k]`; None where it isn't one.

    A convolution's derivative is then a sum over its kernel, and not over the whole image.
    """
    for factor in _factors(body):
        if not isinstance(factor, Ref):
            continue
        for slot in factor.slots:
            if not isinstance(slot, Affine) or index not in indices((slot,)):
                continue
            short = Index(f"∘{next(_fresh)}", slot.lower, slot.upper)
            alone = [f for f in _factors(body) if f is not factor and _counts_along(index, f)]
            if isinstance(index.upper, str) or short.size >= index.size or not alone:
                continue
            there = solved(index, slot, short)
            if there is not None:
                return total(short, substitute(body, {index: there}))
    return None


def _counts_along(index: Index, factor: Expr) -> bool:
    """Whether `index` alone is a position in the factor, which is 0 where that lies outside."""
    return isinstance(factor, Ref | Image) and index in factor.slots


_fresh = count()


def opened(node: Total) -> tuple[Index, Expr]:
    """A sum's index under a name that nothing else has, and its body in that index."""
    index = node.index.named(f"∘{next(_fresh)}")
    return index, substitute(node.args[0], {node.index: index})


def postorder(*roots: Expr) -> Iterator[Expr]:
    """Every node once, arguments before what uses them."""
    done: set[Expr] = set()
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args) if arg not in done)


def rebuilt(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node with other arguments, through its builder. A sum is rebuilt by `total` instead."""
    if args == node.args:
        return node
    match node:
        case Add():
            return add(*args)
        case Mul():
            return mul(*args)
        case Power():
            return power(*args)
        case Apply(name):
            return apply(name, *args)
        case Compare(order):
            return compare(args[0], order, args[1])
        case _:
            return node


def substitute(expr: Expr, slots: Mapping[Index, Slot]) -> Expr:
    """`expr` with free indices replaced."""
    return _substitute(expr, tuple((i, s) for i, s in slots.items() if i in expr.free))


@lru_cache(maxsize=4096)
def _substitute(expr: Expr, slots: tuple[tuple[Index, Slot], ...]) -> Expr:
    if not slots:
        return expr
    new = dict(slots)
    leaving = frozenset(new)
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        if not node.free & leaving:
            done[node] = node
            continue
        match node:
            case Ref(name, at):
                there = _all_moved(at, new)
                done[node] = ZERO if there is None else ref(name, *there)
            case Padded(name, at, rank):
                there = _all_moved(at, new)
                done[node] = ZERO if there is None else padded(name, there, rank)
            case Image(name, of, at, by):
                done[node] = _image_moved(name, of, at, by, new)
            case Same(left, right):
                a, b = moved(left, new), moved(right, new)
                done[node] = ZERO if a is None or b is None else same(a, b)
            case Total(index, (body,)):
                done[node] = total(index, done[body])
            case _:
                done[node] = rebuilt(node, tuple(done[arg] for arg in node.args))
    return done[expr]


def _all_moved(slots: Iterable[Slot], new: Mapping[Index, Slot]) -> tuple[Slot, ...] | None:
    """The slots with indices replaced; None where one lies outside its axis: the entry is 0."""
    found = [moved(slot, new) for slot in slots]
    return None if None in found else tuple(slot for slot in found if slot is not None)


def _image_moved(
    name: str,
    of: tuple[str, ...],
    slots: tuple[Slot, ...],
    by: tuple[tuple[str, tuple[Slot, ...]], ...],
    new: Mapping[Index, Slot],
) -> Expr:
    there = _all_moved(slots, new)
    entries = [(each, _all_moved(at, new)) for each, at in by]
    if there is None or any(at is None for _, at in entries):
        return ZERO
    return image(name, of, there, [(each, at) for each, at in entries if at is not None])


def rewrite(expr: Expr, leaf: Callable[[Expr], Expr | None]) -> Expr:
    """`expr` with each node for which `leaf` gives another replaced by that, outermost first.

    Sums are opened on the way down, so what is put in can't be caught by their index.
    """
    done: dict[Expr, Expr] = {}
    inside: dict[Expr, tuple[Index, Expr]] = {}
    stack = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            if isinstance(node, Total):
                index, body = inside[node]
                done[node] = total(index, done[body])
            else:
                done[node] = rebuilt(node, tuple(done[arg] for arg in node.args))
            continue
        new = leaf(node)
        if new is not None:
            done[node] = new
            continue
        stack.append((node, True))
        if isinstance(node, Total):
            inside[node] = opened(node)
            stack.append((inside[node][1], False))
        else:
            stack.extend((arg, False) for arg in node.args)
    return done[expr]


@lru_cache(maxsize=4096)
def names(expr: Expr) -> frozenset[str]:
    """The names of all quantities that `expr` mentions."""
    found: set[str] = set()
    for node in postorder(expr):
        if isinstance(node, Ref | Padded):
            found.add(node.name)
        elif isinstance(node, Image):
            found.update(node.of)
    return frozenset(found)


def show(expr: Expr) -> str:
    """A plain one-line form for debugging; the writers make the ones for people."""
    text: dict[Expr, str] = {}

    def at(slots: Iterable[Slot]) -> str:
        return ",".join(map(position, slots))

    def position(slot: Slot) -> str:
        terms, offset = linear(slot)
        parts = [index.name if c == 1 else f"{c}{index.name}" for index, c in terms.items()]
        return "+".join([*parts, str(offset)] if offset or not parts else parts)

    for node in postorder(expr):
        inner = [text[arg] for arg in node.args]
        match node:
            case Number(value):
                text[node] = str(value)
            case Ref(name, slots):
                text[node] = f"{name}[{at(slots)}]" if slots else name
            case Padded(name, slots):
                text[node] = f"(1,{name})[{at(slots)}]"
            case Image(name, of, slots, by):
                below = "".join(f"∂{q}[{at(s)}]" if s else f"∂{q}" for q, s in by)
                whole = f"{name}({','.join(of)})" + (f"[{at(slots)}]" if slots else "")
                text[node] = f"∂{whole}/{below}" if by else whole
            case Same(left, right):
                text[node] = f"[{at((left,))}={at((right,))}]"
            case Total(index):
                text[node] = f"sum({index.name}={index.lower}..{index.upper}, {inner[0]})"
            case Add():
                text[node] = f"({' + '.join(inner)})"
            case Mul():
                text[node] = "*".join(inner)
            case Power((Mul() | Power(), _)):
                text[node] = f"({inner[0]})^({inner[1]})"
            case Power():
                text[node] = f"{inner[0]}^({inner[1]})"
            case Compare(order):
                text[node] = f"[{inner[0]}{order}{inner[1]}]"
            case Constant(name):
                text[node] = name
            case Apply(name):
                text[node] = f"{name}({', '.join(inner)})"
            case _:
                text[node] = repr(type(node))
    return text[expr]
