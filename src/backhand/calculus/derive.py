"""The derivative of one entry by another, by the chain rule, with every factor worked out.

One path gives a product of factors, several paths the sum over them. Where there are more paths
than a person would read, the working goes backwards through the graph instead, one quantity at a
time, each as a sum over its entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from backhand.calculus.chain import at, local
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import trace
from backhand.calculus.paths import (
    MAX_PATHS,
    Hop,
    Paths,
    Spot,
    partial,
    paths,
    spot_formula,
    without_aliases,
)
from backhand.calculus.routes import general_chain, layer_by_layer
from backhand.expr import (
    Add,
    Apply,
    Expr,
    Image,
    Mul,
    Power,
    Ref,
    Total,
    add,
    mul,
    names,
    postorder,
    rewrite,
    substitute,
)
from backhand.functions import TABLE
from backhand.graph import Graph, Value
from backhand.notation import (
    equals,
    formula,
    number,
    product,
    result,
    value_formula,
)
from backhand.slots import entry_name
from backhand.syntax import Equal, Formula, Partial, Plus
from backhand.values import as_value
from backhand.working import Prose, Step, Working


def entry_derivative(graph: Graph, of: Spot, by: Spot) -> Working:
    """The derivative of the entry `of` by the entry `by`: chain, factors, product.

    It is 0, and the working says why, where no path leads from the one to the other.
    """
    values = trace(graph)
    found = paths(graph, of, by)
    if found is None or found.count > MAX_PATHS:
        return layer_by_layer(graph, of, by, values)
    if not found.hops:
        return _without_hops(graph, found)
    return _along_paths(graph, found, values)


def chain_rule(graph: Graph, of: Spot, by: Spot) -> Working:
    """Only the chain: the derivative as a product of local ones, or the sum of such products."""
    found = paths(graph, of, by)
    if found is not None and not found.hops:
        return _without_hops(graph, found)
    if found is not None and found.count <= MAX_PATHS:
        sides = chain_formula(graph, found)
        title: Prose = (count_of_paths(found.count),)
    else:
        sides, title = general_chain(graph, of, by), ("Sum over every path",)
    step = Step(
        title=title,
        rule="multivariate chain rule" if found is None or found.count > 1 else "chain rule",
        formula=sides,
    )
    return Working(ask=f"chain {of.name} {by.name}", answer=(sides,), steps=(step,))


def _without_hops(graph: Graph, found: Paths) -> Working:
    """An entry by itself, which is 1, or by one that it doesn't depend on, which is 0."""
    itself = found.start == found.end
    start, end = spot_formula(graph, found.start), spot_formula(graph, found.end)
    value = as_value(int(itself))
    sides = result(partial(graph, found.start, found.end), value)
    no_path: Prose = (start, " doesn't depend on ", end)
    step = Step(
        title=("A quantity by itself",) if itself else no_path,
        rule="identity" if itself else "no path",
        formula=sides,
    )
    return Working(ask=_ask(found), answer=(sides,), result=value, steps=(step,))


def chain_formula(graph: Graph, found: Paths) -> Equal:
    """The chain rule written out over the paths."""
    each = [without_aliases(graph, path) for path in found.each()]
    left = partial(graph, found.start, found.end)
    # Beside the whole derivative, with a straight d, ∂ holds the other arguments fixed.
    beside = len(each) > 1 and any(len(path) == 1 for path in each)
    left = replace(left, straight=left.straight or beside)

    def sign(hop: Hop) -> Partial:
        found_sign = partial(graph, hop.of, hop.by)
        fixed = beside and hop.of == found.start
        return replace(found_sign, straight=found_sign.straight and not fixed)

    terms = [product([sign(hop) for hop in path]) for path in each]
    if terms == [left]:
        return Equal((left,), ())
    return equals(left, terms[0] if len(terms) == 1 else Plus(tuple(terms)))


def count_of_paths(count: int) -> str:
    """What is summed, in words."""
    return (
        "Chain rule along the one path" if count == 1 else f"Chain rule: the sum over {count} paths"
    )


# ---- few paths: every factor -------------------------------------------------------------------


def _along_paths(graph: Graph, found: Paths, values: Mapping[str, Value]) -> Working:
    left = partial(graph, found.start, found.end)
    each = [without_aliases(graph, path) for path in found.each()]
    hops = list(dict.fromkeys(hop for path in each for hop in path))
    factors = {hop: _number(hop.slope, graph, values) for hop in hops}
    chain = chain_formula(graph, found)
    steps: list[Step] = []
    if len(hops) != 1 or found.count != 1:
        rule = "chain rule" if found.count == 1 else "multivariate chain rule"
        steps.append(Step(title=(count_of_paths(found.count),), rule=rule, formula=chain))
    steps += [_factor_step(hop, graph, values) for hop in hops if not isinstance(hop.slope, Image)]
    slope = add(*(mul(*(hop.slope for hop in path)) for path in each))
    whole = None if any(f is None for f in factors.values()) else _exact_sum(each, factors)
    if whole is None:
        more = _symbolic(graph, slope, left)
        steps += [step for step in more if step.formula != (steps[0].formula if steps else None)]
        last = steps[-1].formula
        answer: Prose = (last,) if last is not None else (left,)
        return Working(ask=_ask(found), answer=answer, steps=tuple(steps), values=values)
    value = np.array(whole, dtype=object if isinstance(whole, Fraction) else float)
    if len(hops) > 1 or not hops:
        steps.append(product_step(graph, chain, each, factors, slope, value))
    return Working(
        ask=_ask(found),
        answer=(result(left, value),),
        result=value,
        steps=tuple(steps),
        values=values,
    )


def _ask(found: Paths) -> str:
    of, by = (entry_name(each.name, each.slots) for each in (found.start, found.end))
    return f"derivative {of} {by}"


def _number(slope: Expr, graph: Graph, values: Mapping[str, Value]) -> Fraction | float | None:
    if not computable(slope, values):
        return None
    return evaluate(slope, (), graph, values).item()


def _exact_sum(
    each: Sequence[Sequence[Hop]], factors: Mapping[Hop, Fraction | float | None]
) -> Fraction | float:
    whole: Fraction | float = Fraction(0)
    for path in each:
        term: Fraction | float = Fraction(1)
        for hop in path:
            term = term * (factors[hop] or Fraction(0))
        whole = whole + term
    return whole


def _factor_step(hop: Hop, graph: Graph, values: Mapping[str, Value]) -> Step:
    value = _number(hop.slope, graph, values)
    step = factor_step(hop, graph, values, None if value is None else np.array(value))
    return replace(step, note=kink_note(graph, hop, values))


def factor_step(hop: Hop, graph: Graph, values: Mapping[str, Value], value: Value | None) -> Step:
    """The step that shows a local derivative and its `value`, with `values` put in."""
    sign = partial(graph, hop.of, hop.by)
    numbers = formula(hop.slope, graph, values) if value is not None else None
    plain = formula(hop.slope, graph)
    raw = before_naming(graph, hop)
    shown = value_formula(value) if value is not None else None
    return Step(
        title=("The factor ", sign),
        rule=rule_for(graph, hop),
        formula=equals(sign, raw, plain),
        substitution=numbers if numbers != plain and numbers != shown else None,
        value=shown,
        place=graph[hop.of.name].place,
    )


def before_naming(graph: Graph, hop: Hop) -> Formula | None:
    """An activation's derivative in terms of its input, where the factor shows it by its output."""
    quantity = graph[hop.of.name]
    if not isinstance(quantity.definition, Apply):
        return None
    raw = local(at(quantity, hop.of.slots), hop.by.name, hop.by.slots)
    return formula(raw, graph) if raw is not hop.slope else None


def rule_for(graph: Graph, hop: Hop) -> str:
    """The rule by which a local derivative follows from its equation."""
    definition = graph[hop.of.name].definition
    linear = hop.by.name not in names(hop.slope)
    match definition:
        case Apply(name):
            return f"derivative of {TABLE[name].notation.text or name}"
        case Power():
            return "power rule"
        case Mul() if linear:
            return "product: the other factors"
        case Total() | Add() if linear:
            return "linear: its coefficient"
        case _:
            return "differentiate the equation"


def kink_note(graph: Graph, hop: Hop, values: Mapping[str, Value]) -> Prose:
    """A word where the derivative is taken at a kink, where it doesn't exist."""
    for name, gap in kinked(graph, hop):
        value = _number(gap, graph, values)
        if value is not None and float(value) in TABLE[name].kinks:
            return at_a_kink(name)
    return ()


def kinked(graph: Graph, hop: Hop) -> Iterator[tuple[str, Expr]]:
    """The functions with kinks in the equation of a factor, each with what is compared with them.

    That is the argument, or the first less the second of two.
    """
    definition = graph[hop.of.name].definition
    if definition is None:
        return
    here = substitute(definition, dict(zip(graph[hop.of.name].axes, hop.of.slots, strict=True)))
    for node in postorder(here):
        if isinstance(node, Apply) and TABLE[node.name].kinks and not node.free:
            first, *rest = node.args
            yield node.name, add(first, *(mul(-1, other) for other in rest))


def at_a_kink(function: str) -> Prose:
    """What is said where a function is at its kink."""
    return (
        f"{TABLE[function].notation.text} has no derivative here: left and right of this point the "
        "slopes differ. Like the frameworks, this working uses the value shown",
    )


def product_step(
    graph: Graph,
    chain: Equal,
    each: Sequence[Sequence[Hop]],
    factors: Mapping[Hop, Fraction | float | None],
    slope: Expr,
    value: Value,
) -> Step:
    """The step that multiplies the factors of each path, whose `factors` are numbers, and adds."""
    terms = [product([number(factors[hop]) for hop in path]) for path in each]
    together = formula(slope, graph)
    return Step(
        title=("Multiply the factors" if len(each) == 1 else "Multiply along each path and add",),
        rule="chain rule",
        formula=equals(chain.sides[0], together),
        substitution=(terms[0] if len(terms) == 1 else Plus(tuple(terms))) if terms else None,
        value=value_formula(value),
    )


def _symbolic(graph: Graph, slope: Expr, left: Formula) -> list[Step]:
    """Without values: the product of the factors, then everything in the given names."""
    together = equals(left, formula(slope, graph))
    steps = [Step(title=("Put the factors in",), rule="chain rule", formula=together)]
    whole = expanded(slope, graph)
    if whole is not slope:
        steps.append(
            Step(
                title=("Put the definitions in",),
                rule="substitution",
                formula=equals(left, formula(whole, graph)),
            )
        )
    return steps


def expanded(expr: Expr, graph: Graph, keep: frozenset[str] = frozenset()) -> Expr:
    """An expression with the equations of all quantities but `keep` put in for their names."""
    previous = None
    while expr is not previous:
        previous = expr
        expr = rewrite(expr, lambda node: _definition_of(node, graph, keep))
    return expr


def _definition_of(node: Expr, graph: Graph, keep: frozenset[str]) -> Expr | None:
    if not isinstance(node, Ref) or node.name in keep or node.name not in graph:
        return None
    quantity = graph[node.name]
    if quantity.definition is None or isinstance(quantity.definition, Image):
        return None
    return substitute(quantity.definition, dict(zip(quantity.axes, node.slots, strict=True)))
