"""Whole runs: what comes out, what is done again and what isn't, and what a kill leaves."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from unittest.mock import patch

import pytest
from long_grade import PAGE, SHEET, run, write

from backhand.checking.marking import Marker
from backhand.errors import AskError, DataError, WorkerError
from backhand.grading import grade as grading
from backhand.grading.grade import Progress
from backhand.grading.marking import Batch, Marked, Ready, mark_batch
from backhand.reading.document import worksheet

MARKS = "SELECT * FROM marks JOIN feedback ON id = feedback ORDER BY student, part"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marks(folder: Path) -> list[tuple[Any, ...]]:
    """Every mark with its feedback, whose number may differ between runs."""
    with closing(sqlite3.connect(folder / "results.sqlite")) as connection:
        return [(*row[:8], row[10]) for row in connection.execute(MARKS)]


def lines(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_marks_are_those_of_the_marker(tmp_path: Path) -> None:
    made = lines(
        tmp_path / "a.csv", "student,1,2,3,4", "a,6,1,6,x", "b,7,4,12,", "c,-6,\\input{x},12.0,"
    )
    found = run(made, tmp_path / "r")
    assert found.marked == 3
    marker = Marker(SHEET)
    for row in table(made):
        student = row.pop("student")
        earlier: dict[str, str] = {}
        told = next(
            each
            for each in map(json.loads, (tmp_path / "r/feedback.jsonl").read_text().splitlines())
            if each["student"] == student
        )
        for part, each in zip(row, told["parts"], strict=True):
            if not row[part]:
                assert each["verdict"] == "unanswered"
                continue
            mark = marker.mark(part, row[part], earlier=earlier)
            assert (each["verdict"], each["credit"], each["slip"], each["feedback"]) == (
                *(mark.verdict, mark.credit, mark.slip, mark.feedback),
            )
            earlier[part] = row[part]
    first = table(tmp_path / "r/marks.csv")
    assert [r["total"] for r in first] == ["3", "2", "0.5"]
    assert [r["waiting"] for r in first] == ["1", "0", "1"]
    assert found.statistics.items[1].followed == 1


def test_an_answer_is_marked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, seen = Ready(Marker(SHEET), "hint"), list[tuple[str, str]]()
    mark = ready.marker.mark

    def counted(part: str, answer: str, **more: Any) -> Any:
        seen.append((part, answer))
        return mark(part, answer, **more)

    monkeypatch.setattr(ready.marker, "mark", counted)
    for _ in range(3):
        for earlier in ("7", "8"):
            ready.marks({"1": earlier, "2": "1", "4": "drawn"})
            ready.marks({"1": earlier, "2": "4"})
    assert len(seen) == len([("1", "7"), ("1", "8"), ("2", "1"), ("4", ""), ("2", "4")]) + 2
    assert ready.marks({"1": "7", "2": "4"})[1].followed
    assert not ready.marks({"1": "8", "2": "4"})[1].followed


def test_the_same_again_marks_nothing(tmp_path: Path) -> None:
    made, seen = write(tmp_path / "a.csv", 40), list[Progress]()
    assert run(made, tmp_path / "r").marked == 40
    before = {p.name: p.read_bytes() for p in (tmp_path / "r").glob("*.csv")}
    assert run(made, tmp_path / "r", progress=seen.append).marked == 0
    assert seen == []
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "r").glob("*.csv")}


def test_what_changed_is_marked_again_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    head = "student,1,2,3,4"
    run(lines(tmp_path / "a.csv", head, "a,6,1,6,", "b,1,1,1,", "c,2,2,2,"), tmp_path / "r")
    made = lines(tmp_path / "a.csv", head, "a,6,1,6,", "b,6,1,6,", "d,6,,,", "d,6,1,,")
    found = run(made, tmp_path / "r")
    assert found.marked == 2
    assert [r["student"] for r in table(tmp_path / "r/marks.csv")] == ["a", "b", "d"]
    assert [r["total"] for r in table(tmp_path / "r/marks.csv")] == ["3", "3", "2"]
    assert "several submissions of d: the last counts" in found.notes
    assert any("no longer among the submissions, and left out: 1" in n for n in found.notes)
    other = worksheet(PAGE.replace("x = 3", "x = 4"))
    again = grading.grade(other, made, tmp_path / "r", workers=1)
    assert again.marked == 3
    assert any("worksheet has changed: 3 students" in note for note in again.notes)


def test_a_kill_half_way_loses_nothing_and_the_same_command_goes_on(tmp_path: Path) -> None:
    made, folder = write(tmp_path / "a.csv", 1_200), tmp_path / "r"
    program = Path(__file__).with_name("long_grade.py")
    process = subprocess.Popen([sys.executable, str(program), str(folder), str(made)])
    try:
        end = monotonic() + 60
        while _done(folder) == 0 and monotonic() < end:
            sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = _done(folder)
    assert 0 < before < 1_200
    assert run(made, folder).marked == 1_200 - before
    run(made, tmp_path / "whole")
    assert marks(folder) == marks(tmp_path / "whole")
    for name in ("marks.csv", "feedback.jsonl", "for-a-person.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert {p.name for p in folder.iterdir()} == {p.name for p in (tmp_path / "whole").iterdir()}


def _done(folder: Path) -> int:
    """How many students are marked by now, seen from outside."""
    if not (folder / "results.sqlite").exists():
        return 0
    try:
        with closing(sqlite3.connect(folder / "results.sqlite")) as connection:
            query = "SELECT count(*) FROM students WHERE done = wanted"
            return connection.execute(query).fetchone()[0]
    except sqlite3.Error:
        return 0


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    made = write(tmp_path / "a.csv", 3)
    with (
        grading.writing(_folder(tmp_path / "r")),
        pytest.raises(AskError, match="is being written by another run"),
    ):
        run(made, tmp_path / "r")
    assert run(made, tmp_path / "r").marked == 3


def test_a_full_disk_is_not_taken_for_another_run(tmp_path: Path) -> None:
    made = write(tmp_path / "a.csv", 3)

    class Full(sqlite3.Connection):
        def execute(self, *words: Any) -> sqlite3.Cursor:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    with (
        patch("sqlite3.connect", partial(sqlite3.connect, factory=Full)),
        pytest.raises(AskError, match=r"results.sqlite can't be used: database or disk is full"),
    ):
        run(made, tmp_path / "r")


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_folder_with_other_things_stays_as_it_is(tmp_path: Path) -> None:
    made = write(tmp_path / "a.csv", 3)
    with pytest.raises(AskError, match="holds other things"):
        run(made, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_submissions_that_cannot_be_read_leave_the_results_as_they_were(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", 3), tmp_path / "r")
    before = marks(tmp_path / "r")
    with pytest.raises(DataError, match=r"line 3 has 6 cells"):
        run(lines(tmp_path / "b.csv", "student,1,2,3,4", "a,1,,,", "b,(3,-2),1,1,"), tmp_path / "r")
    assert marks(tmp_path / "r") == before


def test_a_person_decides_and_the_next_run_takes_it_over(tmp_path: Path) -> None:
    made = lines(tmp_path / "a.csv", "student,1,2,3,4", "=a,6,1,6,drawn", "b,six apples,1,6,")
    run(made, tmp_path / "r")
    path = tmp_path / "r/for-a-person.csv"
    asked = table(path)
    assert [(r["part"], r["student"], r["answer"]) for r in asked] == [
        ("Q1", "b", "six apples"),
        ("Q4", "'=a", "drawn"),
    ]
    path.write_text(
        path.read_text().replace("person has to look at this.,", "person has to look at this.,0.75")
    )
    found = run(made, tmp_path / "r")
    assert found.marked == 0
    assert found.statistics.waiting == 1
    assert [r["4"] for r in table(tmp_path / "r/marks.csv")] == ["0.75", "0"]
    assert [r["credit"] for r in table(path)] == ["", "0.75"]
    changed = lines(tmp_path / "a.csv", "student,1,2,3,4", "=a,6,1,6,drawn anew", "b,6,1,6,")
    run(changed, tmp_path / "r")
    assert [r["4"] for r in table(tmp_path / "r/marks.csv")] == ["0", "0"]
    assert [(r["part"], r["credit"]) for r in table(path)] == [("Q4", "")]
    path.write_text(path.read_text().replace("look at this.,", "look at this.,75"))
    with pytest.raises(DataError, match=r"line 2 of for-a-person\.csv has the credit '75'"):
        run(changed, tmp_path / "r")


class Deadly:
    """An engine whose process dies over one student."""

    def __init__(self, deadly: str) -> None:
        self.deadly = deadly

    def __enter__(self) -> Deadly:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def each(self, work: Any, jobs: list[Batch], stock: list[bytes]) -> Any:
        for job in jobs:
            if any(task.student == self.deadly for task in job.tasks):
                raise WorkerError("killed")
            yield job, work(job, stock[job.worksheet])


def test_a_worker_that_dies_costs_one_student_and_says_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "engine_of", lambda *_: Deadly("s0030"))
    found = run(write(tmp_path / "a.csv", 60), tmp_path / "r")
    assert any("over the submission of s0030: a person" in note for note in found.notes)
    totals = {r["student"]: float(r["total"]) for r in table(tmp_path / "r/marks.csv")}
    assert len(totals) == 60
    assert totals["s0030"] == 0
    assert totals["s0028"] == 3


def test_a_fault_of_the_marker_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = Ready(Marker(SHEET), "hint")

    def faulty(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(ready.marker, "mark", faulty)
    found = ready.marks({"1": "6"})
    assert found[0].verdict == "undecided"
    assert "ZeroDivisionError: oh" in found[0].feedback
    assert found[1].verdict == "unanswered"


def test_points_and_kept_columns(tmp_path: Path) -> None:
    made = lines(tmp_path / "a.csv", "email,Name,1,2,3,4", "a@x,@Ann,6,1,0,")
    found = run(made, tmp_path / "r", points={"1": 2, "2": 0.5}, keep=["Name"])
    row = table(tmp_path / "r/marks.csv")[0]
    assert (row["student"], row["Name"], row["1"], row["2"], row["total"], row["out of"]) == (
        *("a@x", "'@Ann", "2", "0.5", "2.5", "4.5"),
    )
    assert found.statistics.out_of == 4.5
    with pytest.raises(AskError, match="there is no question 9"):
        run(made, tmp_path / "r", points={"9": 2})


def test_processes_give_the_same_as_one(tmp_path: Path) -> None:
    made = write(tmp_path / "a.csv", 120)
    run(made, tmp_path / "one")
    run(made, tmp_path / "two", workers=2)
    assert marks(tmp_path / "one") == marks(tmp_path / "two")


def test_a_worksheet_that_asks_nothing(tmp_path: Path) -> None:
    with pytest.raises(AskError, match="asks nothing"):
        grading.grade(replace(SHEET, blocks=()), write(tmp_path / "a.csv", 1), tmp_path / "r")


def test_a_batch_is_marked_where_it_is_sent() -> None:
    assert os.getpid()
    sheet = grading.packed(SHEET, None, "hint")
    task = grading.Task("a", "", {"1": "6"}, "key")
    [found] = mark_batch(Batch("k", 0, (task,)), sheet)
    assert isinstance(found, Marked)
    assert [m.verdict for m in found.marks] == ["right", *["unanswered"] * 3]
