"""An expression as a smooth function of few affine arguments: f(w) = φ(u) with u = w·x.

φ is convex in u where f is in w, and has one argument where w may have many entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from backhand.calculus.chain import at
from backhand.calculus.convex_rules import Shape
from backhand.calculus.curvature import Setting, apart, depends, implied, shape
from backhand.calculus.intervals import common, high, low, reach, written_out
from backhand.calculus.rational import polynomial, sign, with_formulas
from backhand.differentiation import local
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Total,
    add,
    mul,
    names,
    number,
    postorder,
    ref,
    rewrite,
)
from backhand.functions import REALS, TABLE

MAX_NODES = 400
"""A larger expression isn't differentiated: its second derivative would fill pages."""
MAX_SUMS = 3
"""Nor is one of more sums inside one another."""
Takes = Callable[[Expr, Setting], bool]


@dataclass(frozen=True)
class Outer:
    """φ: its equation in arguments, the affine form that each stands for, and what was left out.

    `rest` is the affine part of the expression, which no curvature depends on.
    """

    phi: Expr
    forms: Mapping[Ref, Expr]
    rest: Expr
    setting: Setting

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the arguments."""
        return frozenset(symbol.name for symbol in self.forms)

    @cached_property
    def bounds(self) -> Mapping[Expr, Any]:
        """The interval of each argument, where φ is defined."""
        found: dict[Expr, Any] = {s: shape(f, self.setting).bound for s, f in self.forms.items()}
        for symbol, limits in implied(with_formulas(self.phi)).items():
            if symbol in found:
                found[symbol] = common(found[symbol], limits)
        return found

    def leaf(self, node: Expr) -> Any | None:
        """The interval of an argument or a constant, as `intervals.reach` takes it."""
        return self.bounds[node] if node in self.bounds else self.setting.bound(node)


def readings(expr: Expr, setting: Setting) -> Iterator[Outer]:
    """The expression as a function of its largest affine parts, then of single entries.

    None of those that aren't smooth. Raises `LimitError` where the expression is too large.
    """
    setting = apart(setting)
    seen: set[frozenset[Expr]] = set()
    for kept, takes in ((_affine, _is_form), (_none, _is_form), (_none, _is_variable)):
        whole = _inlined(expr, setting, kept)
        if not whole.free:
            whole = _inlined(written_out(whole, MAX_NODES), setting, kept)
        if sum(1 for _ in postorder(whole)) > MAX_NODES:
            raise LimitError("the expression is too long for a second derivative")
        outer = _in_arguments(whole, setting, takes)
        if outer is None or frozenset(outer.forms.values()) in seen:
            continue
        seen.add(frozenset(outer.forms.values()))
        if _is_smooth(outer):
            yield outer


def _affine(found: Shape) -> bool:
    return found.affine and not found.constant


def _none(_: Shape) -> bool:
    return False


def _inlined(expr: Expr, setting: Setting, kept: Callable[[Shape], bool]) -> Expr:
    """The expression with equations and values put in; quantities that are `kept` stay names."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or node.name in setting.by or node.name not in setting.graph:
            return None
        quantity = setting.graph[node.name]
        if quantity.definition is None:
            slots = [slot for slot in node.slots if isinstance(slot, int)]
            if quantity.value is None or len(slots) < len(node.slots):
                return None
            return number(Fraction(quantity.entry(quantity.value, slots)))
        found = setting.quantities[node.name]
        stays = kept(found) or (found.constant and node.free)
        return None if stays else at(quantity, node.slots)

    while (new := rewrite(expr, leaf)) is not expr:
        long = sum(1 for _ in postorder(new)) > 4 * MAX_NODES
        if long or new.height > MAX_SUMS:
            raise LimitError("the equations put in one another are too long")
        expr = new
    return expr


def _is_form(expr: Expr, setting: Setting) -> bool:
    """Whether to take an affine expression as one argument: not 2z or 1 - z, but z itself."""
    if not isinstance(expr, Ref | Add | Mul | Total) or not depends(expr, setting):
        return False
    moving = [arg for arg in expr.args if depends(arg, setting)]
    scaled = isinstance(expr, Mul) and any(isinstance(arg, Number) for arg in expr.args)
    shifted = isinstance(expr, Add) and len(moving) == 1
    return not scaled and not shifted and shape(expr, setting).affine


def _is_variable(expr: Expr, setting: Setting) -> bool:
    return isinstance(expr, Ref) and depends(expr, setting)


def _in_arguments(whole: Expr, setting: Setting, takes: Takes) -> Outer | None:
    """The expression with a name for each part that is taken as an argument."""
    terms = whole.args if isinstance(whole, Add) else (whole,)
    flat = {term for term in terms if shape(term, setting).affine}
    core = add(*(term for term in terms if term not in flat))
    letters = (letter + str(n or "") for n in range(MAX_NODES) for letter in "uvt")
    unused = (letter for letter in letters if letter not in setting.graph)
    symbols: dict[Expr, Expr] = {}

    def leaf(node: Expr) -> Expr | None:
        if not takes(node, setting):
            return None
        if node not in symbols:
            scalar = isinstance(node, Ref) and not node.slots
            symbols[node] = node if scalar else ref(next(unused))
        return symbols[node]

    phi = rewrite(core, leaf)
    forms = {symbol: form for form, symbol in symbols.items() if isinstance(symbol, Ref)}
    inside_a_sum = any(not form.free <= core.free for form in forms.values())
    left = any(
        isinstance(node, Ref | Padded | Image) and node not in forms and depends(node, setting)
        for node in postorder(phi)
    )
    return None if inside_a_sum or left else Outer(phi, forms, add(*flat), setting)


def _is_smooth(outer: Outer) -> bool:
    """Whether φ is twice differentiable inside a domain that is certainly convex.

    Its arguments are affine, so the domain of log g is convex where g is affine, or positive all
    over, or a product of arguments of one sign each.
    """
    for node in postorder(with_formulas(outer.phi)):
        if not names(node) & outer.names:
            continue
        match node:
            case Compare() | Image() | Total():
                return False
            case Power((base, Number(exponent))) if exponent.denominator == 1:
                if exponent < 0 and not _keeps_its_sign(base, outer):
                    return False
            case Power((base, _)) | Apply("log", (base,)):
                if not _is_affine(base, outer) and not _keeps_its_sign(base, outer):
                    return False
            case Apply(name, args):
                gap = add(args[0], *(mul(-1, arg) for arg in args[1:]))
                bound = reach(gap, outer.leaf)
                kinked = any(low(bound) < kink < high(bound) for kink in TABLE[name].kinks)
                if kinked or TABLE[name].domain != REALS:
                    return False
            case _:
                pass
    return True


def _is_affine(base: Expr, outer: Outer) -> bool:
    return all(not names(local(base, name, ())) & outer.names for name in outer.names)


def _keeps_its_sign(base: Expr, outer: Outer) -> bool:
    """Whether `base` is on one side of 0 all over, or but for a face of the domain."""
    found = sign(base, outer.leaf)
    if found is None or not found.direction:
        return False
    if found.strict or _is_affine(base, outer):
        return True
    terms = polynomial(base, outer.leaf)
    bases = {b for term in terms for b, _ in term}
    return (
        len(terms) == 1
        and all(
            b in outer.bounds and (low(outer.bounds[b]) >= 0 or high(outer.bounds[b]) <= 0)
            for b in bases
            if isinstance(b, Expr)
        )
        and all(isinstance(b, Expr) for b in bases)
    )
