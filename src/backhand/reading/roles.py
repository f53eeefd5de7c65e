"""What each quantity is for: as the page says, or else by its name and its place in the equations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from backhand.errors import BackhandError, MeaningError, Place
from backhand.expr import names
from backhand.graph import Quantity, Role
from backhand.reading.maths import canonical

ROLE_WORDS = {
    "parameter": Role.PARAMETER,
    "data": Role.DATA,
    "input": Role.DATA,
    "target": Role.TARGET,
    "label": Role.TARGET,
}
ROLE_LINE = re.compile(rf"\s*({'|'.join(ROLE_WORDS)})s?\s*:\s*(.*\S)\s*$")
PARAMETER = re.compile(
    r"(W\w*|w|b|[Ww]eights?|[Bb]ias(es)?|U|V|theta|Theta|beta|gamma|omega|Omega)(_.*)?"
)
TARGET = re.compile(r"(y|t|Y|T|[Tt]argets?|[Ll]abels?)(_.*)?")
NO_WEIGHT = re.compile(r"[Xx](_.*)?")
OBJECTIVES = frozenset(("L", "ell", "loss", "Loss", "C", "E"))


def role_lines(text: str, start: Place) -> tuple[str, dict[str, Role]]:
    """The text with its lines `parameters: W, b` left empty, and what those say."""
    said: dict[str, Role] = {}
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if found := ROLE_LINE.match(line):
            place = Place(start.line + at, start.column if at == 0 else 1, line)
            for name in re.split(r",\s*|\s+", found[2].rstrip(",. ")):
                said[_canonical(name, found[1], place)] = ROLE_WORDS[found[1]]
            lines[at] = ""
    return "\n".join(lines), said


def _canonical(name: str, word: str, place: Place) -> str:
    try:
        return canonical(name)
    except BackhandError:
        raise MeaningError(
            f"{name!r} in the list of names is no name", f"write {word}: W_1, b", place
        ) from None


def objective(quantities: Sequence[Quantity], functions: Collection[str]) -> str | None:
    """The name of what is minimised: J, else a scalar named like a loss, else the last scalar.

    Raises `MeaningError` where J isn't a scalar.
    """
    made = [q for q in quantities if q.definition is not None]
    scalars = [q.name for q in made if q.single]
    for quantity in made:
        if quantity.name == "J" and not quantity.single:
            raise MeaningError(
                f"J has {quantity.size} entries, and an objective is one number",
                "sum over them: J = sum(...)",
                quantity.place,
            )
    # A helper such as g(x) = sin(x) isn't what is minimised, wherever it stands.
    plain = [name for name in scalars if name not in functions]
    losses = [name for name in scalars if name in OBJECTIVES]
    best = ["J"] if "J" in scalars else losses or plain or scalars
    return best[-1] if best else None


def with_roles(
    quantities: Sequence[Quantity], aim: str | None, said: Mapping[str, Role]
) -> tuple[Quantity, ...]:
    """The quantities with their roles; `aim` is the objective, `said` what the page says."""
    learned = {q.name for q in quantities if _is_parameter(q, said)}
    scored = bool(learned) or aim == "J" or aim in OBJECTIVES
    inner: set[str] = set()
    for quantity in quantities:
        if quantity.definition is not None and quantity.name not in {aim, *OBJECTIVES}:
            used = names(quantity.definition)
            inner |= used if used & learned else set()

    def role(quantity: Quantity) -> Role:
        name = quantity.name
        if name == aim:
            return Role.OBJECTIVE
        if quantity.definition is not None:
            return Role.INTERMEDIATE
        if name in learned:
            return Role.PARAMETER
        if name in said:
            return said[name]
        # An input of a layer may be called y too: what a loss compares with meets no parameter.
        compared = scored and name not in inner and TARGET.fullmatch(name)
        return Role.TARGET if compared else Role.DATA

    return tuple(replace(q, role=role(q)) for q in quantities)


def _is_parameter(quantity: Quantity, said: Mapping[str, Role]) -> bool:
    if quantity.definition is not None:
        return False
    if quantity.name in said:
        return said[quantity.name] is Role.PARAMETER
    matrix = quantity.rank == 2 and not NO_WEIGHT.fullmatch(quantity.name)
    return matrix or PARAMETER.fullmatch(quantity.name) is not None
