"""A worked solution as its formulas and the prose between them, each with its place.

Markdown, LaTeX and plain typed lines are told apart by what stands there, not by a format: between
dollars or in a display everything is a formula; on a plain line, what is left beside the words is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

MAX_SOURCE = 200_000
"""How many characters of a solution are looked at."""
_DISPLAYS = (
    r"align|aligned|alignat|equation|gather|gathered|multline|eqnarray|displaymath|split|math"
)
_OPENING = re.compile(rf"(?<!\\)\$\$|(?<!\\)\$|\\\[|\\\(|\\begin\{{(?P<env>(?:{_DISPLAYS})\*?)\}}")
_CLOSING = {"$$": "$$", "$": "$", "\\[": "\\]", "\\(": "\\)"}
_ARROW = re.compile(
    r"\\(?:implies|Rightarrow|Longrightarrow|therefore|iff|Leftrightarrow)\b|⇒|∴|=>|⟹"
)
_RELATION = re.compile(r"=|≈|←|≃|≅|\\(?:approx|simeq|cong|doteq|gets|leftarrow|coloneqq)\b")
RELATIONS = re.compile(rf"(?<![<>!\\])(?:{_RELATION.pattern})")
_ABOUT = re.compile(r"\\(?:simeq|cong|doteq)\b|≃|≅")
_DROPPED = re.compile(
    r"\\(?:tag|label|intertext|notag|nonumber|qedhere|hline)\*?(?:\{[^{}]{0,200}\})?"
    r"|\\(?:text|mathrm|textrm|mbox)\{[^{}]{0,200}[\s(,:.][^{}]{0,200}\}"
    r"|\\(?:text|mathrm)\{(?:so|and|where|with|hence|thus|since|let|then|for)\}"
)
_MARKER = re.compile(r"\s*(?:(?:[-*+•>]|\d{1,3}(?:\.\d{1,3})*[.):]|\(\w{1,3}\)|\d+(?:\.\d+)+)\s+)+")
_OPERATORS = r"\+|-|−|–|·|\*|/|⊙|∘|@|\\(?:cdot|times|odot|circ)\b"
_STARTS_LATER = re.compile(rf"\s*(?:{_OPERATORS})")
_ENDS_OPEN = re.compile(rf"(?:{_OPERATORS}|{_RELATION.pattern})\s*$")
_WORD = re.compile(
    r"(?<![\\\w/^_{])(?<!d\()[A-Za-z]{2,}(?:['’][a-z]{1,2}\b)?(?![\w({\[^/]|\s*(?::?=|≈|←))"
)
_STEP = re.compile(r"[{}()\[\]\n&]|\\\\|\\(?:begin|end)\{[a-zA-Z*]{1,20}\}|\\.", re.DOTALL)
CONNECTIVES = frozenset(("so", "let", "and", "then", "thus", "where", "hence", "with", "for", "as"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A formula, or a line of prose, from `start` to `end` of the source."""

    start: int
    end: int
    text: str
    prose: bool = False

    @property
    def continues(self) -> bool:
        """Whether it starts with a relation, so goes on with the line before."""
        return RELATIONS.match(self.text.lstrip()) is not None


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a source start, to tell line and column."""

    starts: tuple[int, ...]

    @classmethod
    def of(cls, source: str) -> Lines:
        return cls((0, *(m.end() for m in re.finditer("\n", source))))

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, from 1."""
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1


def pieces(source: str, known: frozenset[str]) -> Iterator[Piece]:
    r"""The formulas and lines of prose of a solution in order.

    `known`: names and functions, which are no words on a plain line.

    >>> [p.text for p in pieces("We get $b = 2$ here.\na = 3 b", frozenset("ab")) if not p.prose]
    ['b = 2', 'a = 3 b']
    """
    text = _blanked(source[:MAX_SOURCE])
    at = 0
    absent: set[str] = set()
    plain: list[tuple[int, int, bool]] = []
    while (found := _OPENING.search(text, at)) is not None:
        closing = _closing(found)
        end = -1 if closing in absent else text.find(closing, found.end())
        if end < 0:
            absent.add(closing)
        short = found[0] in ("$", "\\(")
        if end < 0 or (short and "\n\n" in text[found.end() : end]):
            plain.append((at, found.end(), False))
            at = found.end()
            continue
        plain += [(at, found.start(), False), (found.end(), end, True)]
        at = end + len(closing)
    plain.append((at, len(text), False))
    inline = {text.count("\n", 0, a) for a, _, math in plain if math}
    for start, end, math in plain:
        if math:
            yield from _rows(text, start, end)
        else:
            yield from _words(text, start, end, known, inline)


def _closing(found: re.Match[str]) -> str:
    env = found["env"]
    return f"\\end{{{env}}}" if env else _CLOSING[found[0]]


def _blanked(text: str) -> str:
    """The source with comments and preamble blank, so that places stay."""
    begin = text.find("\\begin{document}")
    if begin >= 0:
        text = _spaces(text, 0, begin + len("\\begin{document}"))
        text = re.sub(r"(?<!\\)%.*", lambda m: " " * len(m[0]), text)
    text = re.sub(r"(?m)^[ \t]*%.*$", lambda m: " " * len(m[0]), text)
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start)
        end = len(text) if end < 0 else end + 3
        text = _spaces(text, start, end)
        at = end
    return _ABOUT.sub(lambda m: "≈".ljust(len(m[0])), text)


def _spaces(text: str, start: int, end: int) -> str:
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


# ---- between dollars ---------------------------------------------------------------------------


def _rows(text: str, start: int, end: int) -> Iterator[Piece]:
    """The lines of a display, an `align` or a formula in a sentence."""
    body = _DROPPED.sub(lambda m: " " * len(m[0]), text[start:end])
    cuts = [0]
    cells: list[int] = []
    depth = environments = 0
    for m in _STEP.finditer(body):
        sign = m[0]
        if sign.startswith(("\\begin", "\\end")):
            inner = "matrix" in sign or "array" in sign or "cases" in sign
            environments += (1 if sign.startswith("\\begin") else -1) * inner
            if not inner:
                cells += range(m.start(), m.end())
        elif sign in "{([":
            depth += 1
        elif sign in "})]":
            depth = max(depth - 1, 0)
        elif sign == "&" and environments <= 0:
            cells.append(m.start())
        elif environments <= 0 and (sign == "\\\\" or (sign == "\n" and not depth)):
            cuts.append(m.end())
            if sign == "\\\\":
                cells += (m.start(), m.start() + 1)
                depth = 0
    signs = list(body)
    for cell in cells:
        signs[cell] = " "
    plain = "".join(signs)
    bounds = [*cuts, len(plain)]
    yield from _joined([(start + a, plain[a:b]) for a, b in pairwise(bounds)])


def _joined(rows: list[tuple[int, str]]) -> Iterator[Piece]:
    """Rows that break off joined with what goes on in the next."""
    held: tuple[int, str] | None = None
    for start, row in rows:
        if not row.strip():
            continue
        parts = held is not None and not (RELATIONS.search(held[1]) and RELATIONS.search(row))
        if held and (parts or _STARTS_LATER.match(row) or _ENDS_OPEN.search(held[1])):
            gap = start - held[0] - len(held[1])
            held = held[0], held[1] + " " * gap + row
            continue
        if held:
            yield from _apart(*held)
        held = start, row
    if held:
        yield from _apart(*held)


def _apart(start: int, row: str) -> Iterator[Piece]:
    """A row cut at arrows such as ⇒; what has no relation is prose."""
    at = 0
    for m in [*_ARROW.finditer(row), None]:
        part = row[at : m.start() if m else len(row)]
        bare = part.strip().rstrip(".,;").rstrip()
        if RELATIONS.search(bare):
            lead = len(part) - len(part.lstrip())
            first = start + at + lead
            yield Piece(first, first + len(bare), bare.replace("\n", " "))
        at = m.end() if m else len(row)


# ---- plain lines -------------------------------------------------------------------------------


def _words(
    text: str, start: int, end: int, known: frozenset[str], inline: set[int]
) -> Iterator[Piece]:
    """Plain lines: formulas beside words, or prose. `inline`: lines that have a formula in dollars."""
    at = start
    for line in text[start:end].split("\n"):
        if line.strip() and not line.strip().startswith(("```", "~~~", "---", "===", "|")):
            found = list(_formulas(at, line, known))
            yield from found
            whole = text.rfind("\n", 0, at) + 1
            if not found and text.count("\n", 0, whole) not in inline and len(line.strip()) > 1:
                lead = len(line) - len(line.lstrip())
                yield Piece(at + lead, at + len(line.rstrip()), line.strip(), prose=True)
        at += len(line) + 1


def _formulas(start: int, line: str, known: frozenset[str]) -> Iterator[Piece]:
    if not RELATIONS.search(line):
        return
    marker = _MARKER.match(line)
    at = marker.end() if marker else 0
    for word in [*_WORD.finditer(line, at), None]:
        if word is not None and not _is_word(word[0], known):
            continue
        part = line[at : word.start() if word else len(line)]
        lead = len(part) - len(part.lstrip(" \t,;:."))
        bare = part[lead:].rstrip(" \t,;:.`")
        if RELATIONS.search(bare):
            yield from _apart(start + at + lead, bare)
        at = word.end() if word else len(line)


def _is_word(text: str, known: frozenset[str]) -> bool:
    """Whether letters on a plain line are a word: no name, no function, no derivative of one."""
    if text.lower() in CONNECTIVES:
        return True
    bare = text[1:] if text[0] == "d" else text
    return not known & {text, text.lower(), bare}
