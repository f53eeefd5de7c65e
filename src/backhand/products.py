"""Products of arrays as they are written: which factors stand next to each other, and which way up.

A `Shaped` is a product in matrix notation that remembers the index of its rows and of its columns.
Sums over an index shared by two factors make a chain of matrices; factors over the same indices are
joined by ⊙; two loose vectors make an outer product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from backhand.notation import product
from backhand.slots import Index
from backhand.syntax import Call, Flipped, Formula, Minus, Name, Num, Over, Plus, Times


@dataclass(frozen=True, slots=True)
class Shaped:
    """A product in matrix notation, with the index of its rows and of its columns.

    `chain` are the arrays multiplied in order (none for a scalar), `front` the scalars before them,
    `below` those they are divided by. A column vector has rows only. `terms`: those of a sum, which
    is transposed term by term.
    """

    chain: tuple[Formula, ...] = ()
    rows: Index | None = None
    cols: Index | None = None
    coefficient: Fraction = Fraction(1)
    front: tuple[Formula, ...] = ()
    below: tuple[Formula, ...] = ()
    terms: tuple[Shaped, ...] = ()

    @property
    def indices(self) -> frozenset[Index]:
        """The free indices."""
        return frozenset(i for i in (self.rows, self.cols) if i)

    @property
    def formula(self) -> Formula:
        """The product as it is written."""
        front = list(self.front)
        if abs(self.coefficient) != 1 or (not front and not self.chain):
            front.insert(0, Num(abs(self.coefficient)))
        match self.chain:
            case ():
                whole = product(front)
            case (single,) if not front:
                whole = single
            case _:
                whole = Times((*front, *self.chain), "@")
        if self.below:
            whole = Over(whole, product(self.below))
        return Minus(whole) if self.coefficient < 0 else whole

    def flipped(self) -> Shaped:
        """The transpose."""
        if self.terms:
            turned = added([term.flipped() for term in self.terms])
            return replace(turned, coefficient=self.coefficient, front=self.front, below=self.below)
        chain = tuple(flip(f) for f in reversed(self.chain))
        return replace(self, chain=chain, rows=self.cols, cols=self.rows)


def added(terms: Sequence[Shaped]) -> Shaped:
    """The sum of products over the same rows and columns, a positive one first."""
    terms = _gathered(terms)
    if len(terms) == 1:
        return terms[0]
    first = next((t for t in terms if not isinstance(t.formula, Minus)), terms[0])
    ordered = (first, *(t for t in terms if t is not first))
    whole = Plus(tuple(term.formula for term in ordered))
    lead = next((t for t in terms if t.indices), None)
    if lead is None:
        return Shaped(front=(whole,))
    return Shaped((whole,), lead.rows, lead.cols, terms=ordered)


def _gathered(terms: Sequence[Shaped]) -> Sequence[Shaped]:
    """Terms that differ in their number only added up, where the first of them stood."""
    counts: dict[Shaped, Fraction] = {}
    for term in terms:
        bare = replace(term, coefficient=Fraction(1))
        counts[bare] = counts.get(bare, Fraction(0)) + term.coefficient
    kept = [replace(bare, coefficient=count) for bare, count in counts.items() if count]
    return kept or terms[:1]


def flip(f: Formula) -> Formula:
    """The transpose of one array."""
    match f:
        case Flipped(of):
            return of
        case Name("I", "upright") | Call("diag"):
            return f
        case Times(factors, "⊙"):
            return Times(tuple(flip(t) for t in factors), "⊙")
        case _:
            return Flipped(f)


def aligned(items: Sequence[Shaped]) -> list[Shaped] | None:
    """All over the same rows and columns, scalars apart; None where they differ."""
    lead = next((i for i in items if i.indices), None)
    if lead is None:
        return list(items)
    out: list[Shaped] = []
    for item in items:
        if item.indices and item.indices != lead.indices:
            return None
        out.append(item.flipped() if item.indices and item.rows != lead.rows else item)
    return out


def joined(pieces: Sequence[Shaped], bound: frozenset[Index]) -> list[Shaped]:
    """Factors over the same indices joined by ⊙; the last vector of an inner product stays apart."""
    groups: dict[frozenset[Index], list[Shaped]] = {}
    for piece in pieces:
        groups.setdefault(piece.indices, []).append(piece)
    out: list[Shaped] = []
    for indices, same in groups.items():
        inner_product = indices <= bound and not any(indices < other for other in groups)
        if len(indices) == 1 and inner_product and len(same) > 1:
            out += [_by_entries(same[:-1]), same[-1]]
        else:
            out.append(_by_entries(same))
    return out


def _by_entries(same: Sequence[Shaped]) -> Shaped:
    turned = aligned(same) or list(same)
    if len(turned) == 1:
        return turned[0]
    whole = Times(tuple(p.formula for p in turned), "⊙")
    return Shaped((whole,), turned[0].rows, turned[0].cols)


def chain_of(groups: list[Shaped], bound: frozenset[Index]) -> Shaped | None:
    """Take one connected chain of factors out of `groups`, multiplied from end to end."""
    start = next((g for g in groups if g.indices - bound), None)
    ends = [g for g in groups if len(g.indices) == 1]
    start = start or next((g for g in ends if g.rows is None), next(iter(ends), None))
    if start is None:
        return None
    groups.remove(start)
    row = next(iter(start.indices - bound), None)
    link = next((i for i in start.indices if i is not row), None)
    whole = start if start.rows == row else start.flipped()
    while link in bound:
        following = [g for g in groups if link in g.indices]
        if len(following) != 1:
            return None
        groups.remove(following[0])
        step = following[0] if following[0].rows == link else following[0].flipped()
        whole = after(whole, step)
        link = step.cols
    return replace(whole, rows=row, cols=link)


def after(left: Shaped, right: Shaped) -> Shaped:
    """The product of two, with what both have before them and below."""
    return Shaped(
        (*left.chain, *right.chain),
        left.rows,
        right.cols,
        left.coefficient * right.coefficient,
        (*left.front, *right.front),
        (*left.below, *right.below),
        () if left.chain and right.chain else (*left.terms, *right.terms),
    )


def scaled(scalars: Sequence[Shaped], arrays: Sequence[Shaped]) -> Shaped:
    """Scalars before the one array, or before the outer product of the two."""
    front = Shaped()
    for scalar in scalars:
        # A chain that closes is one number: an inner product.
        closed = replace(scalar, chain=(), front=(*scalar.front, *_one_factor(scalar.chain)))
        front = after(front, closed)
    if len(arrays) == 2:
        left, right = (a if a.rows else a.flipped() for a in arrays)
        whole = after(left, right.flipped())
        return replace(after(front, whole), rows=whole.rows)
    if arrays:
        return replace(after(front, arrays[0]), rows=arrays[0].rows)
    return front


def _one_factor(chain: tuple[Formula, ...]) -> tuple[Formula, ...]:
    return (Times(chain, "@"),) if len(chain) > 1 else chain
