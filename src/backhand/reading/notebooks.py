"""A Jupyter notebook to the page that its Markdown cells make; its code is left out."""

from __future__ import annotations

import json
from typing import Any, cast

from backhand.errors import ReadingError


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook's JSON.

    >>> is_notebook('{"nbformat": 4, "cells": []}'), is_notebook("$$ x = 3 $$")
    (True, False)
    """
    return text.lstrip()[:1] == "{" and '"nbformat"' in text and '"cells"' in text


def page_of(text: str) -> str:
    r"""The Markdown cells one below the other. Raises `ReadingError` where it is no notebook.

    >>> page_of('{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ["# A\\n", "b"]}]}')
    '# A\nb\n'
    """
    try:
        cells = json.loads(text)["cells"]
        pages = [_source(cell) for cell in cells if cell["cell_type"] == "markdown"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ReadingError(
            "this is no whole notebook", "save it again, as Jupyter's .ipynb (nbformat 4)"
        ) from None
    return "\n\n".join(page.rstrip() for page in pages) + "\n"


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return "".join(cast(list[str], source)) if isinstance(source, list) else str(source)
