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
from backhand.checking.rounding import ends, nearness
from backhand.page.sheets import sheet_of
from backhand.page.single import expected_json
from backhand.rounding import digits

ROOT = Path(__file__).parents[3]
WEB = ROOT / "web"
SHOWN = WEB / "test" / "shown.json"
NEAR = WEB / "test" / "near.json"
JUDGED = WEB / "test" / "judged.json"
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


def near() -> list[tuple[str, float, bool, int, str]]:
    """Typed numbers, the right ones, whether these end, the digits asked for, and how near they are."""
    found: list[tuple[str, float, bool, int, str]] = []
    for text, right, least in product(TYPED, RIGHT, (2, 3)):
        typed = numeral(text)
        assert typed is not None
        exact = right if isinstance(right, float) else Fraction(right)
        is_decimal = isinstance(exact, Fraction) and ends(exact)
        found.append((text, float(right), is_decimal, least, nearness(typed, exact, least)))
    return found


SHEETS = ("two-neurons", "definitions", "softmax-classifier", "three-layers")
ANSWERS = {
    "number": (
        "{0}",
        "b = {0}",
        "${0}$.",
        "[{0}]",
        "0",
        "-{0}",
        "{0}1",
        "({0}, {0})",
        "what",
        "1/3",
    ),
    "vector": (
        *("[{0}, {1}]", "({0}; {1})", "{0} {1}", "[[{0}], [{1}]]", "a = [{0}, {1}]", "[{1}, {0}]"),
        *("[{0}, {0}]", "[{0}, {1}, 0]", r"\begin{{bmatrix}} {0} \\ {1} \end{{bmatrix}}", "[{0}"),
        *("[{0}, {1}, {2}]", "({0}; {1}; {2})", "[{2}, {1}, {0}]", "[{0}; 0; {2}]", "[{0}, x]"),
    ),
    "matrix": (
        *("[{0}, {1}; {2}, {3}; {4}, {5}]", "[[{0}, {1}], [{2}, {3}], [{4}, {5}]]", "[{0}, {1}]"),
        *("[{0}, {1}, {2}; {3}, {4}, {5}]", "[{0}, {2}, {4}; {1}, {3}, {5}]", "[{0}; {1}]", "{0}"),
        *("[{0}, {1}, {2}, {3}, {4}, {5}]", "[{0}, {1}; {2}, {3}]", "[{0}, {2}; {1}, {3}]", "[]"),
    ),
    "shape": ("{0}x{1}", "{0} × {1}", "({0}, {1})", "R^{{{0}×{1}}}", "{1}x{0}", "{0} by 9", "{0}"),
    "count": ("{0}", "6 + 3 = {0}", "{0} matrices", "two", "nine", "-{0}", "{0}.5", "many"),
    "class": ("{0}", "class {0}", "label 1", "zero", "2", "0.0", "none of them"),
    "verdict": (
        *("true", "false", "Yes", "no", "It is convex.", "convex", "concave", "neither", "affine"),
        *("linear", "doesn’t hold", "perhaps", "toString", "not convex", "__proto__"),
    ),
}
"""What is typed for each kind of answer; the fields are the right numbers in order."""


def judged() -> list[tuple[dict[str, object], str, str]]:
    """What a single file holds of a part, an answer to it, and the verdict of Backhand."""
    found: list[tuple[dict[str, object], str, str]] = []
    seen: set[str] = set()
    for name in SHEETS:
        path = ROOT / "examples" / f"{name}.md"
        marker = sheet_of(path.read_text(encoding="utf-8")).ready()
        for part in marker.parts:
            held = expected_json(part)
            sort = f"{held['kind']} {held.get('shape')} {held.get('word')}"
            if sort in seen or len(held) == 2:
                continue
            seen.add(sort)
            right = [f"{n:.4g}" for n in held.get("numbers", ())] + ["7"] * 6
            for pattern in ANSWERS[str(held["kind"])]:
                answer = pattern.format(*right)
                found.append((held, answer, marker.mark(part.number, answer).verdict))
    return found


def written(rows: object) -> str:
    """A table as JSON, a row a line."""
    assert isinstance(rows, list)
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def test_the_tables_are_what_backhand_does() -> None:
    assert SHOWN.read_text(encoding="utf-8") == written(shown())
    assert NEAR.read_text(encoding="utf-8") == written(near())
    assert JUDGED.read_text(encoding="utf-8") == written(judged())


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
    NEAR.write_text(written(near()), encoding="utf-8")
    JUDGED.write_text(written(judged()), encoding="utf-8")
