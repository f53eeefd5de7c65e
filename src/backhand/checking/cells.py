"""Answers in a notebook's code: the variable of each part, what it holds, and its mark.

The notebooks of `publishing.autograded` call `marked` in their tests.
"""

from __future__ import annotations

import ast
import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from backhand.checking.marking import Marker
from backhand.checking.marks import Mark
from backhand.graph import Layout
from backhand.reading.document import worksheet

LONGEST = 20_000
"""The most characters that are read of a cell or of a value."""
START = "answer_"


def variable(number: str) -> str:
    """The variable that holds the answer to a part.

    >>> variable("3.1.3.2")
    'answer_3_1_3_2'
    """
    return START + re.sub(r"[^0-9A-Za-z]+", "_", number)


def assigned(source: str) -> Iterator[tuple[str, str]]:
    """The answer variables that a cell's code sets, with what was typed; nothing of it is run.

    >>> list(assigned('answer_1 = ""\\nanswer_1 = "(3, -2)"\\nanswer_2 = [1, 2/3]'))
    [('answer_1', ''), ('answer_1', '(3, -2)'), ('answer_2', '[1, 2/3]')]
    """
    try:
        body = ast.parse(source[:LONGEST]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for line in body:
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            continue
        if line.targets[0].id.startswith(START):
            constant = line.value.value if isinstance(line.value, ast.Constant) else None
            if isinstance(constant, str):
                yield line.targets[0].id, constant
            elif constant is ...:
                yield line.targets[0].id, ""
            else:
                yield line.targets[0].id, ast.get_source_segment(source, line.value) or ""


def packed(page: str) -> str:
    """A page as letters and digits, which no notebook tool takes for its own marks."""
    return base64.b64encode(zlib.compress(page.encode(), 9)).decode()


def marked(
    page: str, number: str, found: Mapping[str, object], layout: Layout | None = None
) -> Mark:
    """The mark of the part's variable among `found`, with follow-through from the other answers.

    `page`: the worksheet as `packed` has it. Raises `AskError` where it has no such part.

    >>> page = packed("$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y")
    >>> marked(page, "1", {"answer_1": 9}).verdict
    'right'
    """
    marker = _marker(page, layout)
    numbers = [part.number for part in marker.parts]
    answers = {name: _typed(found.get(variable(name))) for name in numbers}
    answer = answers.pop(number, "")
    if not answer.strip():
        marker.part(number)
        return Mark("wrong", 0.0, None, "There is no answer yet.", "")
    earlier = {name: text for name, text in answers.items() if text.strip()}
    return marker.mark(number, answer, earlier=earlier)


@lru_cache(maxsize=4)
def _marker(page: str, layout: Layout | None) -> Marker:
    return Marker(worksheet(zlib.decompress(base64.b64decode(page)).decode()), layout=layout)


def _typed(value: Any) -> str:
    """A value as one would type it; "" for none."""
    if value is None or value is ...:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "tolist"):  # an array of NumPy, PyTorch or JAX
        value = value.tolist()
    return str(value)[:LONGEST]
