"""The equations that stand in a sentence of a raw page, and what of one defines something."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_PROSE = 5_000
"""The longest paragraph in characters in which formulas are looked for."""
_INLINE = re.compile(r"\$\$(.+?)\$\$|(?<!\$)\$(?!\$)(.+?)\$", re.DOTALL)
_TERM = r"(?:[A-Za-z](?:_\w+)?(?:\((?:[^()]|\([^()]*\))*\))?|\d+(?:\.\d+)?)"
_TYPED = re.compile(
    rf"(?<![\w$\\])({_TERM}(?:\s*=\s*{_TERM}(?:\s*[-+*/^]\s*{_TERM}|\s(?=[A-Za-z]\b){_TERM}(?=\s*[,.=]))*)+)(?![\w(%])"
)


def formulas_in(prose: str) -> Iterator[str]:
    """The equations that stand in a sentence, between dollars or typed plainly.

    >>> list(formulas_in(r"Let $g(x) = x^2$ and u = g(x), where y = 1."))
    ['g(x) = x^2', 'u = g(x)', 'y = 1']
    """
    if len(prose) > MAX_PROSE:
        return
    for match in _INLINE.finditer(prose):
        source = " ".join((match[1] or match[2]).split()).rstrip(".,;")
        if "=" in source or r"\in " in source or "∈" in source:
            yield source
    for match in _TYPED.finditer(_INLINE.sub(" , ", prose)):
        yield match[1].strip()


# ---- numbers that were put in --------------------------------------------------------------------

_RELATION = re.compile(r"\\approx|≈|(?<![<>:=!])=(?!=)")
_SEPARATOR = re.compile(r"\\qquad|\\quad|\\;|[,;\n]")
_OPEN, _CLOSE = "([{", ")]}"
_STRUCTURE = re.compile(
    r"\\(?:begin|end)\{\w+\*?\}|\\(?:d|t)?frac|\\(?:left|right|cdot|times|mathbf|sqrt|exp|log|ln|tanh|big"
    r"|Big|bigl|bigr|max|min|top|odot)(?![A-Za-z])|\\[,!;:]"
    r"|(?:\\sigma|\\(?:text|mathrm|operatorname)\{\w+\}|\b(?:sigmoid|relu|tanh|exp|log|ln|max))"
    r"(?=\s*(?:\\[!,])*\s*(?:\\left|\\bigl?)?\s*\()|\be(?=\^)|\^T|\^\\top",
    re.IGNORECASE,
)


def is_numbers(side: str) -> bool:
    r"""Whether a side of an equation has numbers only, as `\sigma(0.5)` has.

    >>> is_numbers(r"\sigma(0.5 \cdot 2)"), is_numbers("0.5 x")
    (True, False)
    """
    bare = _STRUCTURE.sub(" ", side)
    return re.search(r"\d", bare) is not None and not re.search(r"[^\W\d_]|\\[A-Za-z]", bare)


def without_numbers(source: str) -> str:
    r"""The equation without the numbers that its author put in behind a formula, or behind others.

    >>> without_numbers(r"z = w x + b = 0.5 \cdot 2 + 1 = 2"), without_numbers(r"p = 2/3 \approx 0.67")
    ('z = w x + b', 'p = 2/3')
    """
    if r"\begin{aligned}" in source or r"\begin{cases}" in source or "&=" in source:
        return source
    out: list[str] = []
    for statement, separator in _split(source, _SEPARATOR):
        sides = list(_split(statement, _RELATION))
        kept = len(sides)
        while kept > 2 and is_numbers(sides[kept - 1][0]):
            kept -= 1
        cut = "".join(side + sign for side, sign in sides[:kept])
        if kept < len(sides):
            cut = cut[: len(cut) - len(sides[kept - 1][1])].rstrip()
        out.append(cut + separator)
    return "".join(out)


def _split(text: str, at: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The pieces of a text between signs outside of brackets, each with the sign behind it."""
    depth = 0
    start = place = 0
    while place < len(text):
        sign = text[place]
        if text.startswith(r"\begin", place):
            depth += 1
        elif text.startswith(r"\end", place):
            depth -= 1
        depth += (sign in _OPEN) - (sign in _CLOSE)
        found = at.match(text, place) if depth == 0 else None
        if found and found.end() > place:
            yield text[start:place], found[0]
            start = place = found.end()
        else:
            place += 1
    yield text[start:], ""
