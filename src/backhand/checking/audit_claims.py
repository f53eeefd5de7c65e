"""A general rule inside a solution, d/dx(uv) = … or σ' = …, judged as a claim with its witness."""

from __future__ import annotations

import re

from backhand.calculus.identity import identity
from backhand.checking.audit_findings import LineVerdict
from backhand.checking.audit_numbers import numbers
from backhand.checking.audit_sides import Pool, literals
from backhand.errors import BackhandError
from backhand.reading.claims import claim
from backhand.reading.free_names import free
from backhand.syntax import Call, Derive, Equal, Formula, Name, Partial, replaced

_PRIME = r"'|′|’|\^\{?\\prime\}?"
_FUNCTION = re.compile(r"\\?(?:σ|sigma|sigmoid|tanh|ReLU|relu|softplus)")
_BARE = re.compile(rf"(?:{_FUNCTION.pattern})(?:{_PRIME})\s*=")


def is_claim(found: Formula, pool: Pool) -> bool:
    """Whether an equation is a rule: it differentiates a formula, or is about letters of its own."""
    match found:
        case Equal((left, right), ("=",)):
            pass
        case _:
            return False
    if numbers(right) is not None or [*literals(left), *literals(right)]:
        return False
    if isinstance(left, Derive) or (isinstance(left, Call) and left.primes):
        return True
    return isinstance(left, Partial) and not (_known(left.of, pool) and _known(left.by, pool))


def _known(found: Formula, pool: Pool) -> bool:
    known = pool.names()
    return not isinstance(found, Name) or found.name in known or found.name[:-2] in known


def with_arguments(text: str) -> str:
    """A rule about functions without arguments with one put in.

    >>> with_arguments("σ' = σ(1 - σ)")
    "σ'(t) = σ(t)(1 - σ(t))"
    """
    if not _BARE.match(text.lstrip()):
        return text
    function = re.escape(_FUNCTION.match(text.lstrip())[0])  # type: ignore[index]
    bare = re.compile(rf"(?<![\w\\]){function}(?P<prime>(?:{_PRIME})?)")
    return bare.sub(
        lambda m: f"{m[0][: len(m[0]) - len(m['prime'])]}{m['prime'] and chr(39)}(t)", text
    )


def _of_functions(text: str, found: Formula) -> str:
    """The claim with every letter that is differentiated a function: u too in d/dx(uv) = u dv/dx.

    The reader of claims takes a letter without a derivative of its own for a constant, so it gets one.
    """
    match found:
        case Equal((Derive(of, (Name(by),)), right), _):
            pass
        case _:
            return text
    marked = _differentiated(right)
    if not marked:
        return text
    inside = dict.fromkeys(n.name for n in free(of) if n.name != by and n.name.isalpha())
    plain = [name for name in inside if name not in marked]
    return text.rstrip(" .") + "".join(f" + 0 * d{n}/d{by}" for n in plain)


def _differentiated(found: Formula) -> set[str]:
    marked: set[str] = set()

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Partial) and isinstance(part.of, Name):
            marked.add(part.of.name)
        return None

    replaced(found, leaf)
    return marked


def judged_claim(text: str, pool: Pool) -> tuple[LineVerdict, str]:
    """The verdict on a claim, and its grounds. Raises `BackhandError` where it can't be read."""
    graph = pool.graph
    base = graph if graph.functions or graph.signatures else None
    found = claim(_of_functions(text, claim(text, base=base).formula), base=base)
    if not free(found.formula):
        raise BackhandError("this is no rule")
    made = identity(found)
    told = made.working.text().split("\n", 1)[0].strip()
    if made.verdict == "proved":
        return "claim true", "a general rule, and it holds"
    if made.verdict == "false":
        return "claim false", f"a general rule that doesn't hold. {told}"
    return "undecided", "a general rule that I can neither prove nor refute"
