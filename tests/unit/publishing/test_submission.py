"""What students hand in: four forms, and whatever else somebody puts into the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.errors import BackhandError
from backhand.publishing import autograded
from backhand.publishing import submission as module
from backhand.publishing.submission import Asked, found_in, submission
from backhand.reading.document import worksheet
from backhand.working import Worksheet

ASKED = Asked(
    {"1.1": "1.1", "1.2.1": "1.2.1", "1.2a": "1.2.1", "1.2.2": "1.2.2", "1.2b": "1.2.2"},
    {"1.1": ("1.1",), "1.2": ("1.2.1", "1.2.2")},
    {"answer-1": "1.1", "answer-2": "1.2"},
)


def cell(source: object, name: str | None = None) -> dict[str, object]:
    metadata = {"nbgrader": {"grade_id": name}} if name else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def notebook(*cells: object) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "answers.md",
            "# Mine\n\n1.1: -0.04\n\n- **1.2a:** 2x3\n* (1.2.2): $3$\nand so on\n\nBye\n",
        ),
        ("answers.txt", "1.1 : -0.04\r\n1.2.1 (shape W): 2x3\r\n1.2.2:\r\n$3$\r\nand so on\r\n"),
        ("answers.json", '{"1.1": -0.04, "1.2.1": "2x3", "1.2b": "$3$\\nand so on"}'),
        ("answers.json", '{"answers": {"1.1": -0.04, "1.2.1": "2x3", "1.2b": "$3$\\nand so on"}}'),
        (
            "any.ipynb",
            notebook(
                cell("1.1: 7", "question-1"),
                cell("-0.04", "answer-1"),
                cell(["1.2.1: 2x3\n", "1.2b: $3$\n", "and so on"], "answer-2"),
            ),
        ),
        ("any.ipynb", notebook(cell("1.1: -0.04\n1.2a: 2x3\n1.2b: $3$\nand so on"))),
    ],
)
def test_every_form_gives_the_same_answers(name: str, text: str) -> None:
    found = submission(name, text, ASKED)
    assert found.answers == {"1.1": "-0.04", "1.2.1": "2x3", "1.2.2": "$3$\nand so on"}
    assert found.notes == ()


def test_json_numbers_keep_their_digits() -> None:
    text = '{"variant": 12, "answers": {"1.1": 0.10, "1.2.1": [[1.50, 2], [true, 1e3]]}}'
    found = submission("answers.json", text, ASKED)
    assert found.variant == 12
    assert found.answers == {"1.1": "0.10", "1.2.1": "[[1.50, 2], [true, 1e3]]"}


def test_variables_of_code_cells_are_answers() -> None:
    """As in the notebooks for nbgrader and Otter; nothing of them is run."""
    code = [
        "answer_1_1 = ''\nanswer_1_1 = '-0.04'\nraise NotImplementedError()",
        "import numpy as np\nanswer_1_2_1 = np.array([1, 2])",
        "answer_1_2_2 = ...",
        "answer_9 = 1",
        "answer_1_1 = (",
        "1.1: 7  # not code at all, and in a cell with a name",
    ]
    made = [
        {**cell(source, f"answer-{at}"), "cell_type": "code"} for at, source in enumerate(code, 7)
    ]
    found = submission("a.ipynb", notebook(*made), ASKED)
    assert found.answers == {"1.1": "-0.04", "1.2.1": "np.array([1, 2])"}
    assert found.notes == ()


@pytest.mark.parametrize("form", [autograded.nbgrader, autograded.otter])
def test_the_notebooks_for_nbgrader_and_otter_are_read(form: Callable[[Worksheet], str]) -> None:
    page = worksheet("$$ x = [1; 2]; z = 2x $$\n\n1. z?\n   % ask: value z\n   % ask: shape z\n")
    asked = Asked({"1.1": "1.1", "1.2": "1.2"}, {"1": ("1.1", "1.2")}, {})
    found = submission("a.ipynb", form(page), asked)
    assert found.answers == {"1.1": "[2; 4]", "1.2": "2"}


def test_a_cell_for_several_parts_may_have_a_line_for_each() -> None:
    found = submission("a.ipynb", notebook(cell("2x3\n\n3x1\n", "answer-2")), ASKED)
    assert found.answers == {"1.2.1": "2x3", "1.2.2": "3x1"}
    short = submission("a.ipynb", notebook(cell("2x3", "answer-2")), ASKED)
    assert short.answers == {}
    assert short.notes == ("1.2 has several parts: answer 1.2.1, 1.2.2.",)


def test_what_cannot_be_used_is_said() -> None:
    text = "Variant: 4\n1.1: 1\n1.1: 2\n1.2: 3\n7.7: 4\n"
    found = submission("answers.md", text, ASKED)
    assert found.variant == 4
    assert found.answers == {"1.1": "2"}
    assert found.notes == (
        "1.1 is answered more than once: the last answer counts.",
        "1.2 has several parts: answer 1.2.1, 1.2.2.",
        "There is no question 7.7.",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("answers.json", "{"),
        ("answers.json", "[1]"),
        ("answers.json", "[" * 100_000),
        ("a.ipynb", "{}"),
        ("a.ipynb", '{"cells": 3}'),
    ],
)
def test_a_broken_file_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(BackhandError):
        submission(name, text, ASKED)


LEAVES = st.sampled_from([None, True, 1.5, float("nan"), 10**40, "", "1.1: 2", "2x3", "\ud800", {}])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


CELLS = st.lists(st.dictionaries(st.sampled_from(["source", "metadata"]), VALUES), max_size=3)
KEYS = st.sampled_from(["cells", "answers", "variant", "1.1"])


@given(st.dictionaries(KEYS, VALUES | CELLS | st.dictionaries(KEYS, VALUES)))
def test_any_object_is_read_or_refused(found: object) -> None:
    for name in ("answers.json", "a.ipynb"):
        try:
            read = submission(name, json.dumps(found), ASKED)
        except BackhandError:
            continue
        assert all(isinstance(answer, str) for answer in read.answers.values())


@given(st.text("1.:variant()*#-`\n\u2028\0é "))
def test_any_text_is_read(text: str) -> None:
    assert set(submission("answers.md", f"1.1: x\n{text}", ASKED).answers) <= {"1.1"}


def test_the_file_is_found_by_name_and_links_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("1.1: 3")
    folder = tmp_path / "submission"
    (folder / "__MACOSX").mkdir(parents=True)
    (folder / "__MACOSX" / "answers.md").write_text("1.1: 4")
    (folder / "answers.md").symlink_to(secret)
    with pytest.raises(BackhandError, match=r"no file answers\.md"):
        found_in(folder)
    (folder / "mine").mkdir()
    (folder / "mine" / "Answers.TXT").write_bytes(b"\xef\xbb\xbf1.1: \xff\0")
    (folder / "n.ipynb").write_text("{}")
    assert found_in(folder) == ("Answers.TXT", "1.1: \ufffd\ufffd")
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    with pytest.raises(BackhandError, match="over 3 bytes"):
        found_in(folder)


def test_several_notebooks_are_too_many(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.ipynb").write_text("{}")
    with pytest.raises(BackhandError, match="several notebooks"):
        found_in(tmp_path)
