"""Numbers of sections and questions: as typed, else counted."""

from __future__ import annotations

import pytest

from backhand.reading.numbering import Numbers


@pytest.mark.parametrize(
    ("headings", "section"),
    [
        ([(1, "Title")], ""),
        ([(1, "Title"), (2, "Forward")], "1"),
        ([(1, "Title"), (2, "Forward"), (2, "Backward")], "2"),
        ([(1, "Title"), (2, "Forward"), (3, "One layer")], "1.1"),
        ([(1, "3 Networks"), (2, "Forward"), (2, "Backward")], "3.2"),
        ([(1, "Title"), (2, "3.1 Forward"), (2, "3.2. Backward")], "3.2"),
        ([(1, "Title"), (2, "3 Networks"), (3, "3.4 Loss"), (3, "Update")], "3.5"),
        ([(1, "Title"), (2, "4) Loss"), (2, "Update")], "5"),
        ([(2, "No title"), (2, "Next")], "2"),
        ([(1, "Title"), (2, "3-layer networks")], "1"),
    ],
)
def test_sections(headings: list[tuple[int, str]], section: str) -> None:
    numbers = Numbers()
    for level, words in headings:
        numbers.heading(level, words)
    assert numbers.section == section


def test_typed_numbers_stand_and_counting_goes_on_after_them() -> None:
    numbers = Numbers()
    assert numbers.question("3.1", 2) == "3.1.2"
    assert numbers.question("3.1", 5) == "3.1.5"
    assert numbers.question("3.1", None) == "3.1.6"
    assert numbers.question("3.2", None) == "3.2.1"
    assert numbers.question("", None) == "1"


def test_a_number_is_given_once() -> None:
    numbers = Numbers()
    assert numbers.question("1", 1) == "1.1"
    assert numbers.question("1", 1) is None
    assert numbers.question("1", None) == "1.2"
