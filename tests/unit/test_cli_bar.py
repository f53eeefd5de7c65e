"""The bar of a long command, drawn where a person watches."""

from __future__ import annotations

import io
import re
import sys

import pytest

from backhand.cli.output import bar


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_it_is_drawn_before_and_after_its_total_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with bar("run") as moved:
        assert moved is not None
        moved(completed=3, total=6, description="1 failed", refresh=True)
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "run 0/?" in drawn
    assert "run 3/6" in drawn
    assert "1 failed" in drawn


def test_nobody_watches_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with bar("run") as moved:
        assert moved is None
