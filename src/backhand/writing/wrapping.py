"""Long lines of plain text cut where a reader would cut them."""

from __future__ import annotations


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """A long line cut between its terms, else between factors, else between words."""
    lines: list[str] = []
    while len(text) > width and (cut := _cut(text, width)):
        lines.append(text[:cut])
        text = "  " + text[cut + 1 :]
    return (*lines, text)


def _cut(text: str, width: int) -> int:
    """The best space to cut a line at: outside brackets, before a loose sign, far to the right."""
    depth = 0
    best, place = (0, 0, 0), 0
    start = len(text) - len(text.lstrip())
    for at, char in enumerate(text[:width]):
        depth += (char in "([") - (char in ")]")
        if char != " " or at <= start:
            continue
        loose = {"=": 3, "≈": 3, "+": 2, "−": 2, "·": 1}.get(text[at + 1], 0)
        loose *= text[at + 2 : at + 3] == " " and at > width // 3
        if (rank := (-depth, loose, at)) >= best or not place:
            best, place = rank, at
    return place
