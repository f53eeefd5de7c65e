"""Submissions in every form, as people export them, and what is said of those that can't be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.checking.answers import MAX_LENGTH
from backhand.checking.marking import Marker
from backhand.errors import BackhandError, DataError
from backhand.grading.columns import Chosen, Numbers
from backhand.grading.results import guarded
from backhand.grading.submissions import Submission, submissions
from backhand.publishing import notebook
from backhand.reading.document import worksheet

PAGE = """# Sheet

$$ x = 3, u = 2 x, v = u + 1 $$

## 3.1 Values

1. How large is $u$?
   % ask: value u

2. How large are both?
   % ask: value u
   % ask: value v
"""
SHEET = worksheet(PAGE)
NUMBERS = Numbers.of(Marker(SHEET).parts)
ANN = {"3.1.1": "6", "3.1.2.1": "6.0", "3.1.2.2": "7"}


def taken(path: Path, chosen: Chosen | None = None) -> dict[str, Mapping[str, str]]:
    return {each.student: each.answers for each in submissions(path, NUMBERS, chosen).each}


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "student,3.1.1,3.1.2a,3.1.2b\nann,6,6.0,7\n",
        "\ufeffStudent ID;3.1.1;3.1.2.1;3.1.2.2\nann;6;6.0;7\n",
        'Timestamp\tEmail Address\tQ3.1.1\t3.1.2. Both?\nx\tann\t6\t"a) 6.0\nb) 7"\n',
        "name,id,123456: 3.1.1 u?,1.0,123457: 3.1.2 both?,1.0\nAnn,ann,6,1.0,6.0; 7,0.0\n",
        "student,3.1.1,3.1.2a,3.1.2b\r\nann,6,6.0,7\r\n\r\n",
    ],
    ids=["plain", "excel", "google", "canvas", "windows"],
)
def test_wide_tables(content: str, tmp_path: Path) -> None:
    assert taken(text(tmp_path / "a.csv", content)) == {"ann": ANN}


def test_a_row_an_answer(tmp_path: Path) -> None:
    path = text(
        tmp_path / "a.csv", "student,part,answer\nann,3.1.1,6\nbob,Q3.1.1,5\nann,3.1.2b,7\n"
    )
    source = submissions(path, NUMBERS)
    assert source.one_by_one
    assert [(s.student, dict(s.answers)) for s in source.each] == [
        ("ann", {"3.1.1": "6"}),
        ("bob", {"3.1.1": "5"}),
        ("ann", {"3.1.2.2": "7"}),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ['{"student": "ann", "3.1.1": 6, "3.1.2a": 6.0, "3.1.2b": "7", "score": null}'],
        ['{"student": "ann", "answers": {"3.1.1": "6", "3.1.2": "6.0\\n7"}}', ""],
    ],
)
def test_json_lines_keep_numbers_as_typed(lines: list[str], tmp_path: Path) -> None:
    assert taken(text(tmp_path / "a.jsonl", "\n".join(lines))) == {"ann": ANN}


def test_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    made = arrow.table({"student": ["ann", "bob"], "3.1.1": [6, None], "3.1.2": ["6.0;7", None]})
    parquet.write_table(made, tmp_path / "a.parquet")
    assert taken(tmp_path / "a.parquet") == {"ann": ANN, "bob": {}}
    text(tmp_path / "b.parquet", b"PAR1 no")
    with pytest.raises(DataError, match="damaged"):
        taken(tmp_path / "b.parquet")


def test_a_folder_of_files(tmp_path: Path) -> None:
    text(tmp_path / "ann.json", '{"3.1.1": "6", "3.1.2": ["6.0", 7]}')
    text(tmp_path / "bob.md", "Name: Bob\n\n3.1.1: 6\n\n**3.1.2**: 6.0\n7\n")
    book = json.loads(notebook.sheet(SHEET))
    answers = iter(["6", "6.0\n7"])
    for cell in book["cells"]:
        if cell["id"].startswith("answer-"):
            cell["source"] = next(answers)
    text(tmp_path / "cy.ipynb", json.dumps(book))
    text(tmp_path / "dot.ipynb", notebook.sheet(SHEET))
    text(tmp_path / "eve.txt", b"\xff\xfe3.1.1: 6")
    text(tmp_path / "fay.txt", "3.1.9: 6\n")
    text(tmp_path / "photo.jpg", b"\xff")
    source = submissions(tmp_path, NUMBERS)
    found: dict[str, Submission] = {each.student: each for each in source.each}
    assert found["ann"].answers == {**ANN, **dict.fromkeys(("3.1.2.1", "3.1.2.2"), "[6.0, 7]")}
    assert found["bob"].answers == found["cy"].answers == ANN
    assert found["dot"].answers == {}
    assert "isn't UTF-8" in found["eve"].problem
    assert "there is no question 3.1.9; did you mean 3.1" in found["fay"].problem
    assert source.notes == ("not used: photo.jpg",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("student,3.1.1\n", "has no submissions|^$"),
        (
            "student,3.1.11\nann,6\n",
            "'3.1.11' is none of the worksheet's questions; did you mean 3.1.1",
        ),
        ("who,3.1.1\nann,6\n", "no column says who the student is; name it with --student"),
        ("student,loss\nann,6\n", "no column has answers; call it by its question, such as 3.1.1"),
        ("student,3.1.1,3.1.1\nann,6,7\n", "both answer 3.1.1"),
        ("student,3.1.1\n,6\n", "line 2 has answers and no student"),
        (
            "student,3.1.1\nann,(6,7)\n",
            "line 2 has 3 cells, and the header has 2; put answers .* quotes",
        ),
        (
            "student,part,answer\nann,3.1.7,6\n",
            "line 2: the column '3.1.7' is none|there is no question",
        ),
        ("student,3.1.1\nann,6\n".encode("utf-16"), "UTF-16; save it as UTF-8"),
        (b"student,3.1.1\nann,\xe96\n", "isn't UTF-8 text"),
        (b"PK\x03\x04", "spreadsheet"),
    ],
)
def test_what_cannot_be_read_is_said(content: str | bytes, said: str, tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", content)
    if said.startswith("has no"):
        assert taken(path) == {}
        return
    with pytest.raises(DataError, match=said):
        taken(path)


@pytest.mark.parametrize("line", ["[1]", "{", '{"student": "a", "3.1.1": ' + "[" * 100_000])
def test_a_line_that_is_no_object(line: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2 is no"):
        taken(text(tmp_path / "a.jsonl", '{"student": "ann", "3.1.1": "6"}\n' + line))


def test_columns_by_hand(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "Response 1,Matr,Mark\n6,ann,5\n")
    chosen = Chosen(student="Matr", parts={"3.1.1": "Response 1"}, kept=("Mark",))
    [found] = submissions(path, NUMBERS, chosen).each
    assert (found.student, found.answers, found.details) == ("ann", {"3.1.1": "6"}, {"Mark": "5"})
    with pytest.raises(DataError, match="there is no column 'Matrr'; did you mean 'Matr'"):
        submissions(path, NUMBERS, Chosen(student="Matrr"))


def test_a_megabyte_is_cut_and_stays_unreadable(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", f"student,3.1.1\nann,{'(' * 2_000_000}\nbob,6\n")
    found = taken(path)
    assert len(found["ann"]["3.1.1"]) == MAX_LENGTH + 1
    assert Marker(SHEET).mark("3.1.1", found["ann"]["3.1.1"]).verdict == "unreadable"
    assert found["bob"] == {"3.1.1": "6"}


def test_what_is_not_used_and_what_is_missing_is_said(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "student,Score,3.1.1\nann,3,6\n")
    assert submissions(path, NUMBERS).notes == (
        "not used: 'Score'",
        "no column answers 3.1.2.1, 3.1.2.2: counted as unanswered",
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for name, head in (("a.csv", b"student,3.1.1\n"), ("a.jsonl", b""), ("a.parquet", b"")):
            try:
                taken(text(Path(folder) / name, head + data))
            except BackhandError:
                continue


@given(st.text(max_size=8))
def test_no_cell_starts_a_formula(cell: str) -> None:
    found = guarded(cell)
    if found.lstrip()[:1] in ("=", "@") or found[:1] in ("\t", "\r", "\n"):
        raise AssertionError(found)
    if found[:1] in ("+", "-"):
        float(found)
