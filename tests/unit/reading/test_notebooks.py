"""Notebooks: their Markdown cells are a worksheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backhand.errors import ReadingError
from backhand.reading.document import read, text_of


def notebook(*cells: tuple[str, object]) -> str:
    made = [{"cell_type": kind, "source": source, "metadata": {}} for kind, source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


def test_the_markdown_cells_make_the_page(tmp_path: Path) -> None:
    file = tmp_path / "sheet.ipynb"
    cells = (
        ("markdown", ["# A line\n", "\n", "Let $x = 3$ and $p = 2 x$."]),
        ("code", "x = 4\n# 1. What is x?"),
        ("markdown", "1. What is $p$?"),
        ("raw", "2. What is $x$?"),
    )
    file.write_text(notebook(*cells), "utf-8")
    answers = read(file).solve().answers
    assert [(a.question.number, a.workings[0].value) for a in answers] == [("1", 6.0)]


@pytest.mark.parametrize(
    "text",
    ['{"nbformat": 4, "cells": [', '{"nbformat": 4, "cells": 5}', '{"nbformat": 4, "cells": [1]}',
     '{"nbformat": 4, "cells": [{"cell_type": "markdown"}]}'],
)  # fmt: skip
def test_a_broken_notebook_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sheet.ipynb"
    file.write_text(text, "utf-8")
    with pytest.raises(ReadingError, match="no whole notebook"):
        text_of(file)
