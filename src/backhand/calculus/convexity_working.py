"""The working of a verdict on convexity: the rules that fired, or two points and the chord."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from backhand.calculus.convex_rules import Shape
from backhand.calculus.counterexample import Violation
from backhand.calculus.curvature import Setting
from backhand.calculus.entrywise import Point, Written, offsets
from backhand.calculus.intervals import exact, high, low
from backhand.calculus.symmetry import Swap
from backhand.expr import Expr, Mul, Number, Padded, Ref, Same, names, postorder
from backhand.graph import Graph
from backhand.notation import equals, formula, named, number, value_formula
from backhand.syntax import Call, Equal, Formula, Minus, Name, Num, Plus, Times
from backhand.working import Prose, Step

MAX_STEPS = 40
"""A longer proof shows its last steps only."""
MAX_SHOWN = 300
"""A longer expression isn't written out in a step."""
MAX_LISTED = 3
"""A point of more numbers isn't spelled out in a sentence."""


# ---- proofs ------------------------------------------------------------------------------------


def reason_shape(of: str, by: Sequence[str], word: str, found: Shape) -> str:
    """The verdict of a proof in a sentence."""
    if found.constant:
        return f"{of} is affine in {_listed(by)}: it is constant."
    return f"{of} is {word} in {_listed(by)}: it is {_with_article(found.rule)}."


def _with_article(rule: str) -> str:
    first = rule.split()[0]
    if first in ("logarithm", "exponential", "maximum", "minimum"):
        return f"the {rule}"
    return f"an {rule}" if first in ("even", "affine") else f"a {rule}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def proof_steps(of: str, setting: Setting) -> tuple[Step, ...]:
    """One step for each rule, what it needs before it; affine parts aren't taken apart."""
    seen: set[Expr | str] = set()
    order: list[Expr | str] = []
    stack: list[tuple[Expr | str, bool]] = [(of, False)]
    while stack:
        item, ready = stack.pop()
        if ready:
            order.append(item)
        elif item not in seen:
            seen.add(item)
            stack.append((item, True))
            stack.extend((part, False) for part in reversed(_parts(item, setting)))
    found = [step for item in order[-2 * MAX_STEPS :] for step in _steps(item, setting)]
    return tuple(found[-MAX_STEPS:])


def _parts(item: Expr | str, setting: Setting) -> list[Expr | str]:
    """What has to be shown before: the equation of a name, the parts that a rule joins."""
    if isinstance(item, str):
        definition = setting.graph[item].definition
        return [] if definition is None or item in setting.by else [definition]
    if isinstance(item, Ref | Padded):
        own = setting.quantities.get(item.name)
        return [] if own is None or own.constant else [item.name]
    found = setting.found[item]
    if found.constant:
        return []
    if found.affine or found.steps:
        # The affine quantities that it rests on are shown; its own terms are seen.
        return _affine_names(item, setting)
    return list(item.args)


def _affine_names(expr: Expr, setting: Setting) -> list[Expr | str]:
    """The affine quantities in an expression once the equations of all others are put in."""
    found: list[Expr | str] = []
    left, seen = sorted(names(expr)), set[str]()
    while left:
        name = left.pop()
        own = setting.quantities.get(name)
        if own is None or own.constant or name in seen:
            continue
        seen.add(name)
        definition = setting.graph[name].definition
        if own.affine:
            found.append(name)
        elif definition is not None:
            left += sorted(names(definition))
    return found


def _steps(item: Expr | str, setting: Setting) -> Iterator[Step]:
    """The steps that say what is known of a quantity or a part."""
    graph = setting.graph
    if isinstance(item, str):
        yield from _equation_step(item, setting)
        return
    found = setting.found[item]
    if found.constant or isinstance(item, Ref | Padded | Same | Number) or _is_scaled_entry(item):
        return
    yield from found.steps
    # Of a whole equation the step of its name says it.
    if not any(quantity.definition is item for quantity in graph):
        yield Step(title=(_part(item, graph), f" is {_word(found)}"), rule=found.rule)


def _equation_step(name: str, setting: Setting) -> Iterator[Step]:
    quantity = setting.graph[name]
    if quantity.definition is None or name in setting.by:
        return
    found, shown = setting.quantities[name], named(setting.graph, name)
    whole = _part(quantity.definition, setting.graph)
    yield Step(
        title=(shown, f" is {_word(found)}"),
        rule=found.rule,
        formula=equals(shown, whole) if not isinstance(whole, str) else None,
        place=quantity.place,
    )


def _part(expr: Expr, graph: Graph) -> Formula | str:
    """An expression as it is shown; of a very long one that it is long."""
    size = sum(1 for _ in islice(postorder(expr), MAX_SHOWN + 1))
    return formula(expr, graph) if size <= MAX_SHOWN else "a long expression"


def _is_scaled_entry(expr: Expr) -> bool:
    return isinstance(expr, Mul) and isinstance(expr.args[-1], Ref) and len(expr.args) == 2


def _word(found: Shape) -> str:
    """What a shape says, in words."""
    if found.constant:
        return "constant"
    if found.affine:
        return "affine"
    up, down = found.convex_degree, found.concave_degree
    if found.convex:
        if up is None or up >= 1:
            return "convex"
        if up > 0:
            return f"convex, and so is its power {up}"
        return "log-convex" if up == 0 else f"convex, and its power −{-up} is concave"
    if found.concave:
        return "concave"
    if down is not None and down >= 0:
        return "log-concave" if down == 0 else f"not concave itself, but its power {down} is"
    return "neither by the rules"


# ---- violations --------------------------------------------------------------------------------


def reason_violations(
    of: str,
    by: Sequence[str],
    word: str,
    found: Mapping[str, Violation],
    swapped: Swap | None,
    written: Written,
) -> str:
    """The verdict of a search in a sentence or two."""
    said = [_failure(key, each, written) for key, each in found.items()]
    if word == "neither":
        start = f"{of} is neither convex nor concave in {_listed(by)}: {', and '.join(said)}."
    elif said:
        start = (
            f"{of} is {_listed(list(found))} in {_listed(by)}: {said[0]}; the rest isn't decided."
        )
    else:
        start = (
            f"It isn't decided whether {of} is convex in {_listed(by)}: neither the rules of"
            " composition nor the Hessian tell, and no two points show that it isn't."
        )
    if swapped is None:
        return start
    left, right = (_shown(each) for each in (swapped.violation.left, swapped.violation.right))
    return (
        f"{start} The first two units of {swapped.layer} show it as well: when they change places"
        f" ({_places(swapped, written)}) {of} stays {right}, but halfway, where both units are the"
        f" same, it is {left}."
    )


def _failure(key: str, found: Violation, written: Written) -> str:
    above = "above" if key == "not convex" else "below"
    left, right = _shown(found.left), _shown(found.right)
    sign = ">" if above == "above" else "<"
    where = "two points" if key == "not convex" else "two others"
    if len(written.moving) <= MAX_LISTED:
        where = f"{_spelled(found.first, written)} and {_spelled(found.second, written)}"
    middle = "halfway between" if found.weight == Fraction(1, 2) else "between"
    return f"{middle} {where} it lies {above} its chord ({left} {sign} {right})"


def _spelled(point: Point, written: Written) -> str:
    pairs = zip(written.entries, point, strict=True)
    inside = [(entry, x) for entry, x in pairs if entry not in written.held]
    return ", ".join(f"{entry!r} = {x}" for entry, x in inside)


def _places(swapped: Swap, written: Written) -> str:
    """Where the two units stand: rows 1 and 2 of W_1, columns 1 and 2 of W_2."""
    said: list[str] = []
    for name, axis in swapped.axes:
        rank = written.setting.graph[name].rank
        kind = "entries" if rank == 1 else ("rows", "columns")[axis] if rank == 2 else "slices"
        said.append(f"{kind} 1 and 2 of {name}")
    return _listed(said)


def _shown(bound: Any) -> str:
    """A narrow interval as the number it shows."""
    return number(_middle(bound)).text or str(_middle(bound))


def _middle(bound: Any) -> Fraction | float:
    """The number itself where it is one, else the float in the middle of the interval."""
    least, most = exact(low(bound)), exact(high(bound))
    if least is not None and least == most and least.denominator <= 1000:
        return least
    return float(bound.mid.a)


def violation_steps(of: str, key: str, found: Violation, written: Written) -> tuple[Step, ...]:
    """Two points, the value between them, the chord there, and the inequality that fails."""
    rule = "definition of convexity" if key == "not convex" else "definition of concavity"
    above = key == "not convex"
    weight = found.weight
    said = "above" if above else "below"
    middle = (number(_middle(found.left)), number(_middle(found.right)))
    return (
        Step(
            title=(f"A first and a second point, and the weight α = {weight}",),
            rule=rule,
            note=_points(found, written),
        ),
        Step(
            title=("The value between them, at α x₁ + (1 − α) x₂",),
            rule=rule,
            formula=_valued(Call(of, (_between(),)), found.left),
        ),
        Step(
            title=("The chord there",),
            rule=rule,
            formula=_valued(_chord(of), found.right),
            note=(middle[0], f" is {said} ", middle[1], f": {of} is {key}"),
        ),
    )


def _between() -> Formula:
    return Plus((Times((Name("alpha"), Name("x_1"))), Times((_rest(), Name("x_2")))))


def _rest() -> Formula:
    return Plus((Num(Fraction(1)), Minus(Name("alpha"))))


def _chord(of: str) -> Formula:
    ends = [Call(of, (Name(name),)) for name in ("x_1", "x_2")]
    return Plus((Times((Name("alpha"), ends[0])), Times((_rest(), ends[1]))))


def _valued(left: Formula, bound: Any) -> Equal:
    value = _middle(bound)
    return Equal((left, number(value)), ("≈" if isinstance(value, float) else "=",))


def _points(found: Violation, written: Written) -> Prose:
    """Both points, quantity by quantity."""
    out: list[str | Formula] = []
    for word, point in (("x₁: ", found.first), ("; x₂: ", found.second)):
        out.append(word)
        for n, equation in enumerate(_assignments(point, written)):
            out += [", "] * bool(n) + [equation]
    return tuple(out)


def _assignments(point: Point, written: Written) -> Iterator[Formula]:
    graph = written.setting.graph
    numbers = dict(zip(written.entries, point, strict=True))
    for name in dict.fromkeys(entry.name for entry in written.entries):
        quantity = graph[name]
        array = np.full(quantity.shape, Fraction(0), dtype=object)
        for entry, x in numbers.items():
            if entry.name == name:
                array[offsets(entry, graph)] = x
        yield equals(named(graph, name), value_formula(array))


def swap_steps(of: str, swapped: Swap, written: Written) -> tuple[Step, ...]:
    """Two hidden units that change places, and the network halfway, which has one unit less."""
    found = swapped.violation
    layer = named(written.setting.graph, swapped.layer)
    return (
        Step(
            title=("Two units of ", layer, f" change places: {_places(swapped, written)}"),
            rule="symmetry of hidden units",
            formula=_same_value(of, found.right),
            note=_points(found, written),
        ),
        Step(
            title=("Halfway both units are the same",),
            rule="definition of convexity",
            formula=_valued(Call(of, (_halfway(),)), found.left),
            note=(
                number(_middle(found.left)),
                " is above ",
                number(_middle(found.right)),
                f": {of} is not convex",
            ),
        ),
    )


def _same_value(of: str, bound: Any) -> Equal:
    value = _middle(bound)
    sides = Call(of, (Name("x_1"),)), Call(of, (Name("x_2"),)), number(value)
    return Equal(sides, ("=", "≈" if isinstance(value, float) else "="))


def _halfway() -> Formula:
    half = Num(Fraction(1, 2))
    return Plus((Times((half, Name("x_1"))), Times((half, Name("x_2")))))
