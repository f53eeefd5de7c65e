"""Names of a graph as identifiers: `σ̂` as sigmahat, `W_1); import os` as W_1_import_os."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from keyword import iskeyword, issoftkeyword

from backhand.reading.vocabulary import GREEK_LETTERS, MARKS

LONGEST = 60
"""Longer names are cut: nobody reads further."""


def identifiers(names: Collection[str], taken: Collection[str] = ()) -> dict[str, str]:
    """An identifier of its own for each name, in ASCII; none is a keyword or one of `taken`.

    >>> identifiers(["W_1", "W 1", "σ̂", "lambda", "2x"])
    {'W_1': 'W_1', 'W 1': 'W_1_2', 'σ̂': 'sigmahat', 'lambda': 'lambda_', '2x': 'q_2x'}
    """
    found: dict[str, str] = {}
    used = set(taken)
    # Names that can stay as they are come first, so that no other takes them.
    order = sorted(dict.fromkeys(names), key=lambda name: _plain(name) != name)
    for name in order:
        plain = _plain(name)
        own = f"{plain}_" if plain in taken else plain
        number = 2
        while own in used:
            own, number = f"{plain}_{number}", number + 1
        used.add(own)
        found[name] = own
    return {name: found[name] for name in names}


def _plain(name: str) -> str:
    """A name in letters, digits and underscores of ASCII."""
    signs = unicodedata.normalize("NFD", name[: 4 * LONGEST])
    words = "".join(GREEK_LETTERS.get(sign) or MARKS.get(sign) or sign for sign in signs)
    text = unicodedata.normalize("NFKD", words).encode("ascii", "replace").decode()
    text = re.sub(r"[^A-Za-z0-9]+", "_", text)[:LONGEST].strip("_")
    if not text:
        return "q"
    text = f"q_{text}" if text[0].isdigit() else text
    return f"{text}_" if iskeyword(text) or issoftkeyword(text) else text
