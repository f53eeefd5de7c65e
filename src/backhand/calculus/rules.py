"""The derivative of one formula, rule by rule, as a textbook writes it down.

Each step takes one formula apart by the rule of its outermost operation and leaves the derivatives
of its parts as signs, d/dx(...), which the steps after it work out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from backhand.differentiation import local
from backhand.expr import (
    ONE,
    Add,
    Apply,
    Expr,
    Image,
    Mul,
    Number,
    Power,
    Ref,
    Total,
    add,
    apply,
    mul,
    number,
    postorder,
    power,
)
from backhand.functions import TABLE
from backhand.graph import Graph
from backhand.notation import equals, formula, named, product
from backhand.syntax import Derive, Formula, Minus, Num, Over, Plus, Raised
from backhand.working import Step

MAX_STEPS = 40
"""A longer derivation isn't read; its last steps are then one."""


def derivation(expr: Expr, by: str, graph: Graph, *, straight: bool = True) -> tuple[Step, ...]:
    """The steps from d/dby(expr) to its value in the names of `graph`; the last one puts all in.

    >>> import backhand
    >>> graph = backhand.model("x in R; y = sin(x^2)")
    >>> [step.rule for step in derivation(graph["y"].definition, "x", graph)]
    ['chain rule, derivative of sin', 'power rule', 'put the parts in']
    """
    work = _Derivation(by, graph, straight)
    steps = list(work.steps(expr))
    whole = equals(work.sign(expr), formula(local(expr, by, ()), graph))
    if not steps or steps[-1].formula != whole:
        title = "Put the parts in" if steps else "Read it off"
        steps.append(Step(title=(title,), rule=title.lower(), formula=whole))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Derivation:
    by: str
    graph: Graph
    straight: bool

    def sign(self, expr: Expr) -> Formula:
        """d/dx(...) of an expression."""
        variable = named(self.graph, self.by)
        return Derive(formula(expr, self.graph), (variable,), self.straight)

    def steps(self, expr: Expr) -> Iterator[Step]:
        """A step for the expression and for each part in turn, outer ones first, each part once."""
        seen: set[Expr] = set()
        stack = [expr]
        while stack and len(seen) < MAX_STEPS:
            node = stack.pop()
            if node in seen or self.is_plain(node):
                continue
            seen.add(node)
            rule, right, parts = self.rule(node)
            if rule:
                yield Step(
                    title=("Differentiate ", formula(node, self.graph)),
                    rule=rule,
                    formula=equals(self.sign(node), right),
                )
            stack += reversed(parts)

    def depends(self, expr: Expr) -> bool:
        """Whether the derivative isn't 0 at sight."""
        return any(
            (isinstance(n, Ref) and n.name == self.by) or (isinstance(n, Image) and self.by in n.of)
            for n in postorder(expr)
        ) or any(self.is_unknown(n) for n in postorder(expr))

    def is_unknown(self, node: Expr) -> bool:
        """Whether a name is a function of the variable, known by nothing but its signature."""
        if not isinstance(node, Ref) or node.name not in self.graph:
            return False
        definition = self.graph[node.name].definition
        return isinstance(definition, Image) and self.by in definition.of

    def is_plain(self, node: Expr) -> bool:
        """Whether the derivative is written down without a step: of x, of a constant, of u(x)."""
        return not self.depends(node) or isinstance(node, Ref | Image)

    def part(self, node: Expr) -> Formula | None:
        """The derivative of a part as it stands in a step; None for the factor 1."""
        if isinstance(node, Ref) and node.name == self.by:
            return None
        if self.is_unknown(node) and isinstance(node, Ref):
            definition = self.graph[node.name].definition
            assert definition is not None
            return formula(local(definition, self.by, ()), self.graph)
        if self.is_plain(node):
            return formula(local(node, self.by, ()), self.graph)
        return self.sign(node)

    def rule(self, node: Expr) -> tuple[str, Formula, Sequence[Expr]]:
        """The rule for the outermost operation: its name, what it gives, what is left to do."""
        match node:
            case Add(args):
                parts = [arg for arg in args if self.depends(arg)]
                return "sum rule", self.sum(parts), parts
            case Mul(args):
                return self.of_product(args)
            case Power((Add() as base, Number(minus))) if minus == -1:
                return self.of_quotient(ONE, base)
            case Power((base, exponent)) if not self.depends(exponent):
                factor = formula(mul(exponent, power(base, add(exponent, -1))), self.graph)
                return "power rule", self.times(factor, base), [base]
            case Power((base, exponent)):
                as_exponential = apply("exp", mul(exponent, apply("log", base)))
                right = self.times(formula(node, self.graph), mul(exponent, apply("log", base)))
                return "a^b = e^(b log a)", right, [as_exponential.args[0]]
            case Apply(name, (argument,)):
                slope = TABLE[name].partials(node, argument)[0]
                sign = TABLE[name].notation.text
                chained = "" if isinstance(argument, Ref) else "chain rule, "
                right = self.times(formula(slope, self.graph), argument)
                return f"{chained}derivative of {sign}", right, [argument]
            case Apply(name, args):
                slopes = TABLE[name].partials(node, *args)
                pairs = [(s, a) for s, a in zip(slopes, args, strict=True) if self.depends(a)]
                terms = [self.times(formula(s, self.graph), a) for s, a in pairs]
                right = terms[0] if len(terms) == 1 else Plus(tuple(terms))
                return f"chain rule, derivative of {name}", right, [a for _, a in pairs]
            case Total():
                right = formula(local(node, self.by, ()), self.graph)
                return "sum rule over an index", right, []
            case _:
                return "", formula(local(node, self.by, ()), self.graph), []

    def sum(self, parts: Sequence[Expr]) -> Formula:
        terms: list[Formula] = []
        for part in parts:
            negative = isinstance(part, Mul) and part.args[0] is number(-1)
            found = self.part(mul(-1, part) if negative else part) or Num(Fraction(1))
            terms.append(Minus(found) if negative else found)
        return terms[0] if len(terms) == 1 else Plus(tuple(terms))

    def times(self, factor: Formula, inner: Expr) -> Formula:
        """A factor times the derivative of what is inside."""
        part = self.part(inner)
        return factor if part is None else product([factor, part])

    def of_product(self, args: Sequence[Expr]) -> tuple[str, Formula, Sequence[Expr]]:
        """Constant factors out; a quotient by its rule; else the product rule."""
        constant = [arg for arg in args if not self.depends(arg)]
        moving = [arg for arg in args if self.depends(arg)]
        if constant:
            rest = mul(*moving)
            right = self.times(formula(mul(*constant), self.graph), rest)
            return "constant factor", right, [rest]
        below = [a for a in moving if _is_below(a)]
        if below:
            return self.of_quotient(
                mul(*(a for a in moving if not _is_below(a))), power(mul(*below), -1)
            )
        terms: list[Formula] = []
        for at, factor in enumerate(moving):
            others = formula(mul(*moving[:at], *moving[at + 1 :]), self.graph)
            terms.append(self.times(others, factor))
        return "product rule", Plus(tuple(terms)), moving

    def of_quotient(self, top: Expr, bottom: Expr) -> tuple[str, Formula, Sequence[Expr]]:
        above, below = formula(top, self.graph), formula(bottom, self.graph)
        second = (
            self.times(above, bottom) if top is not ONE else (self.part(bottom) or Num(Fraction(1)))
        )
        first = self.times(below, top) if self.depends(top) else None
        difference = Minus(second) if first is None else Plus((first, Minus(second)))
        squared = Raised(below, Num(Fraction(2)))
        rule = "quotient rule" if first is not None else "reciprocal rule"
        return rule, Over(difference, squared), [p for p in (top, bottom) if self.depends(p)]


def _is_below(factor: Expr) -> bool:
    """Whether a factor stands below a fraction's bar."""
    return (
        isinstance(factor, Power)
        and isinstance(factor.args[1], Number)
        and factor.args[1].value < 0
    )
