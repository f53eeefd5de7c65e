"""The front end's own unit tests, and the tables that hold them to what Backhand does.

`python -m tests.unit.page.test_front_end` writes the tables anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from backhand.checking.numerals import numeral
from backhand.checking.rounding import nearness
from backhand.rounding import digits

WEB = Path(__file__).parents[3] / "web"
SHOWN = WEB / "test" / "shown.json"
MARKED = WEB / "test" / "marked.json"
POWER = 9
"""Whole numbers below this power of ten are shown whole."""


def shown() -> list[tuple[float, str]]:
    """Numbers of all sizes, halfway between two shown ones among them, as Backhand shows them."""
    mantissas = (1, 1.00049, 1.0005, 1.234567, 2.5, 3.99951, 6.25, 9.9994, 9.9996, 9.99999)
    sizes = [m * 10.0**power for m, power in product(mantissas, range(-9, 13))]
    halfway = [0.0, 10.125, 10.375, 100.25, 100.75, 1000.5, 1001.5, 20.0625, 0.515625, 0.00390625]
    whole = [7.0, 1234.0, 54321.0, 12345678.0, 123456789.0]
    return [(value, _as_the_page(value)) for value in (*sizes, *halfway, *whole)]


def _as_the_page(value: float) -> str:
    """As `digits` has it, with typographic signs and bare powers of ten."""
    if value.is_integer() and abs(value) < 10**POWER:
        return str(int(value))
    mantissa, _, power = digits(value).partition("e")
    return f"{mantissa}e{int(power)}" if power else mantissa


RIGHT = (
    *(0, 3, 12346, Fraction(1, 5_000_000), Fraction(1, 2), Fraction(1, 8), Fraction(-5, 4)),
    *(-0.039621370187563, 1 / 3),
)
TYPED = (
    *("3", "3.0", "3.1", "12346", "1.235e4", "12350", "1/2", "0.5", "0.50", "0.13", "0.125", "1/8"),
    *("-1.25", "-1.3", "-1.2", "-0.0396", "-0.03962", "-0.03963", "-0.04", "0.0396", "-4e-2"),
    *("0.33", "0.333", "0.3", "1/3", "0.34", "0,33", "0", "0.0", "0.001", "2e-7", "2.0e-7", "1e-7"),
)


def marked() -> list[tuple[str, float, int, bool]]:
    """Typed numbers, the right ones, the digits asked for, and whether Backhand takes them."""
    found: list[tuple[str, float, int, bool]] = []
    for text, right, least in product(TYPED, RIGHT, (2, 3)):
        typed = numeral(text)
        assert typed is not None
        exact = right if isinstance(right, float) else Fraction(right)
        found.append((text, float(right), least, nearness(typed, exact, least) == "right"))
    return found


def written(rows: object) -> str:
    """A table as JSON, a row a line."""
    assert isinstance(rows, list)
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def test_the_tables_are_what_backhand_does() -> None:
    assert SHOWN.read_text(encoding="utf-8") == written(shown())
    assert MARKED.read_text(encoding="utf-8") == written(marked())


def test_the_front_end_passes_its_own_tests() -> None:
    vitest = WEB / "node_modules" / ".bin" / "vitest"
    if shutil.which("node") is None or not vitest.exists():
        pytest.skip("needs Node and the front end's tools: `npm ci` in web/")
    done = subprocess.run(
        [vitest, "run"], cwd=WEB, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


if __name__ == "__main__":
    SHOWN.write_text(written(shown()), encoding="utf-8")
    MARKED.write_text(written(marked()), encoding="utf-8")
