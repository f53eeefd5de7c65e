"""Right solutions in eight styles aren't blamed; a slip planted in one is found on its line, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.checking.planted import SLIPS

import backhand
from backhand.checking.audit import audit
from backhand.checking.audit_findings import Audit, Finding

ROOT = Path(__file__).parents[3]
SOLUTIONS = Path(__file__).parent / "solutions"
SHEET = backhand.read(ROOT / "examples" / "two-neurons.md")
BAD = ("doesn't follow", "claim false", "unreadable", "undecided")


def audited(name: str, text: str) -> Audit:
    return audit(SHEET, text, layout="denominator" if name.startswith("denominator") else None)


def verdicts(text: str) -> list[str]:
    return [f.verdict for f in audit(SHEET, text).findings]


def only(text: str) -> Finding:
    (found,) = audit(SHEET, text).findings
    return found


@pytest.mark.parametrize("path", sorted(SOLUTIONS.iterdir()), ids=lambda p: p.name)
def test_no_line_of_a_right_solution_is_blamed(path: Path) -> None:
    found = audited(path.name, path.read_text(encoding="utf-8"))
    assert [f for f in found.findings if f.verdict in BAD] == []
    assert found.count("follows") >= 5
    assert not any(f.slip or f.followed for f in found.findings)


@pytest.mark.parametrize(("name", "old", "new", "slip"), SLIPS, ids=lambda s: str(s)[:24])
def test_a_planted_slip_is_found_on_its_line_and_counted_once(
    name: str, old: str, new: str, slip: str | None
) -> None:
    text = (SOLUTIONS / name).read_text(encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    found = audited(name, text.replace(old, new, 1))
    assert [f.line for f in found.findings if f.verdict in BAD] == [line]
    assert found.first_wrong is not None
    assert found.first_wrong.slip == slip or (name, new) in UNNAMED


UNNAMED = {
    ("align.tex", "\\cdot \\hat{y} \\cdot z_1"),
    ("denominator.md", "{\\partial b}{\\partial z} \\frac{\\partial J}{\\partial b} ="),
}
"""Found, but not named: the factor that is missing is none of one path's."""


def test_later_lines_follow_from_the_authors_own() -> None:
    found = audit(
        SHEET,
        "a = (4, -2)\nz = ReLU(a) = (4, 0)\nb = W_2 z = -7\nŷ = σ(b) = 0.000911\n"
        "∂J/∂W_{2,1,1} = 2(ŷ - y)·ŷ(1-ŷ)·z_1 = -0.00728",
    ).findings
    assert [f.verdict for f in found] == ["doesn't follow", *["follows"] * 4]
    assert [f.followed for f in found] == [False, True, True, True, True]


def test_a_wrong_formula_is_followed_too() -> None:
    found = verdicts(
        "∂ŷ/∂b = ŷ\n∂J/∂b = ∂J/∂ŷ · ∂ŷ/∂b = 2(ŷ - y) ŷ\n∂J/∂W_{2,1,1} = 2(ŷ - y) ŷ z_1"
    )
    assert found == ["doesn't follow", "follows", "follows"]


def test_lost_digits_are_said_once() -> None:
    found = audit(SHEET, "ŷ = σ(-5) = 0.0067\nJ = (1 - 0.0067)^2 = 0.98664\n∂ŷ/∂b = 0.006655")
    assert [f.digits for f in found.findings] == [2, None, None]
    assert found.all_follow


def test_a_numbers_last_digit_is_judged_by_what_was_written() -> None:
    start = "ŷ = σ(-5) = 0.0067\n∂J/∂W_{2,1,1} = 2(0.0067 - 1)·0.0067·(1 - 0.0067)·3 = "
    assert verdicts(f"{start}-0.0397") == ["follows"] * 2  # with 0.0067
    assert verdicts(f"{start}-0.0396") == ["follows"] * 2  # with what 0.0067 stands for
    assert verdicts(f"{start}-0.0398") == ["follows", "doesn't follow"]


def test_rules_are_claims() -> None:
    found = only("d/dx(u v) = u dv/dx")
    assert found.verdict == "claim false"
    assert "x = 1" in found.why
    assert only("σ' = σ(1 - σ)").verdict == "claim true"
    assert only("σ'(t) = σ(t)(1 - e^(-t))").verdict == "claim false"


def test_what_holds_by_chance_is_for_a_person() -> None:
    assert only("∂ŷ/∂b = ŷ(1-ŷ) y").verdict == "undecided"


def test_layout_matters_for_a_chain_of_matrices() -> None:
    line = "∂J/∂a = ∂J/∂b · ∂b/∂z · ∂z/∂a"
    assert audit(SHEET, line).all_follow
    turned = "∂J/∂a = ∂z/∂a · ∂b/∂z · ∂J/∂b"
    assert audit(SHEET, turned, layout="denominator").all_follow


def test_prose_and_what_cant_be_read_have_their_place() -> None:
    text = "Here we go.\n\nb = W_2 z = = 3\nq + 1 = a\n$\\input{x} = 3$\n= 4"
    found = audit(SHEET, text).findings
    assert [(f.line, f.verdict) for f in found] == [
        (1, "prose"), (3, "unreadable"), (4, "unreadable"), (5, "unreadable"), (6, "unreadable"),
    ]  # fmt: skip
    assert found[2].why.startswith("I don't know the name q")
    assert [f.column for f in found[1:3]] == [13, 1]


def test_the_side_that_goes_wrong_is_marked() -> None:
    found = only("b = 1 - 2·3 + 2·0 = -4")
    assert (found.column, found.end) == (21, 23)
    assert found.slip == "arithmetic"


def test_what_is_expected_is_given_away_at_level_full_only() -> None:
    text = "b = 1 - 2·3 + 2·0 = -4"
    assert audit(SHEET, text).findings[0].expected is None
    assert audit(SHEET, text, level="full").findings[0].expected == "-5"


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "(" * 1500 + "3" + ")" * 1500,
        "b = " + "1 + " * 400 + "1",
        "b = 9^9^9^9",
        "b = 1e999",
        "b = 10^(-300) 10^(300) / 0",
        "$" * 5_000 + "b = 3",
        "<script>b = alert(1)</script>\n<a href='javascript:b=1'>b = 2</a>",
        "$\\href{javascript:alert(1)}{b} = 3$",
        "\\begin{align}" + "b &= -5 \\\\" * 300 + "\\end{align}",
        "b = z_99\na_0 = 3\nW_{9,9,9} = 1\n∂q/∂b = 3",
        "let " + "x" * 3_000 + " = 3",
        "d = d\nd = 2 d\nf = f(f)",
    ],
    ids=lambda t: t[:14],
)
def test_hostile_solutions_are_reported_and_stop_nothing(text: str) -> None:
    found = audit(SHEET, f"{text}\n\nb = W_2 z = -5\n")
    assert found.findings
    last = found.findings[-1]
    assert (last.text, last.verdict) == ("b = W_2 z = -5", "follows")


def test_the_rest_of_an_endless_solution_isnt_looked_at() -> None:
    found = audit(SHEET, "b = = 3\n" * 400)
    assert len(found.findings) == 201
    assert "isn't looked at" in found.findings[-1].why


def test_a_softmax_classifier_with_its_one_hot_label() -> None:
    sheet = backhand.read(ROOT / "examples" / "softmax-classifier.md")
    found = audit(
        sheet,
        "ŷ = softmax(s) = (0.2447, 0.6652, 0.0900)\n∂J/∂s = ŷ - y\n∂ŷ/∂s = diag(ŷ) - ŷ ŷ^T\n"
        "∂J/∂W = (ŷ - y) x^T\n∂J/∂b = ŷ + y",
    )
    assert [f.verdict for f in found.findings] == [*["follows"] * 4, "doesn't follow"]
    assert found.first_wrong is not None
    assert found.first_wrong.slip == "sign"


def test_what_comes_after_a_step_is_for_a_person() -> None:
    sheet = backhand.reading.document.worksheet("$$ x = 3, w = 2, u = w x, J = u^2 $$")
    step = "eta = 0.01\nu = 6\ndJ/dw = 36\nw^{+} = w - 0.01 * 36 = 1.64\n"
    right = audit(sheet, f"{step}u = 1.64 * 3 = 4.92").findings
    assert [f.verdict for f in right] == [*["follows"] * 4, "undecided"]
    assert right[-1].hint == ""
    before = audit(sheet, f"u = 7\n{step}").findings
    assert before[0].verdict == "doesn't follow"
