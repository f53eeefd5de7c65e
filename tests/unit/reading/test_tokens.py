"""The tokenizer: one vocabulary for all notations, and a place for every error."""

import pytest

from backhand.errors import Place, ReadingError
from backhand.reading.tokens import Source, partners, tokenize

START = Place(1, 1)


def texts(text):
    return [token.text for token in tokenize(Source(text, START))]


@pytest.mark.parametrize(
    ("latex", "unicode"),
    [
        (r"a \cdot b", "a · b"),
        (r"W_{12}", "W₁₂"),
        (r"x^{2}", "x²"),
        (r"x^{-1}", "x⁻¹"),
        (r"x^{T}", "xᵀ"),
        (r"\alpha \leq \ell", "α ≤ ℓ"),
        (r"a \odot b", "a ⊙ b"),
        (r"\partial J", "∂ J"),
        (r"\sum_{k}", "Σₖ"),
        (r"x \in \mathbb{R}", "x ∈ ℝ"),
        (r"\lVert v \rVert", r"\left\| v \right\|"),
    ],
)
def test_latex_and_unicode_give_the_same_tokens(latex, unicode):
    assert texts(latex) == texts(unicode)


@pytest.mark.parametrize("spelling", ["ŷ", "y\u0302"])
def test_an_accented_letter_is_one_name_however_it_is_encoded(spelling):
    assert texts(spelling) == ["yhat"]


def test_the_letter_before_a_combining_mark_takes_it_alone():
    assert texts("Wy\u0302") == ["W", "yhat"]


@pytest.mark.parametrize(
    "spacing", [r"a\,b", r"a\;b", "a~b", r"a\ b", r"\displaystyle a b", "a b % note", "$a b$"]
)
def test_spacing_and_comments_leave_no_token(spacing):
    assert texts(spacing) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "column", "named"),
    [
        ("a + б", 1, 5, "CYRILLIC SMALL LETTER BE"),
        ("a\nb + ο", 2, 5, "GREEK SMALL LETTER OMICRON"),
        ("a\r\nb\u202e", 2, 2, "RIGHT-TO-LEFT OVERRIDE"),
        ("a\x00", 1, 2, "invisible"),
        ("a \\foo b", 1, 3, r"\foo"),
        ("ab ?", 1, 4, "?"),
        ("∞", 1, 1, "∞"),
    ],
)
def test_what_is_unknown_is_named_with_its_place(text, line, column, named):
    with pytest.raises(ReadingError) as caught:
        tokenize(Source(text, START))
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert named in caught.value.what
    assert caught.value.mend


def test_places_count_from_where_the_text_starts():
    source = Source("a\nbc", Place(7, 5, "$$ a"))
    assert source.place(0) == Place(7, 5, "$$ a")
    assert source.place(3) == Place(8, 2, "bc")


def test_partners_pairs_brackets_of_all_kinds():
    source = Source(r"( [ ] ) \begin{bmatrix} 1 \end{bmatrix}", START)
    assert partners(tokenize(source), source) == {0: 3, 1: 2, 4: 6}


@pytest.mark.parametrize(("text", "column"), [("(a", 1), ("a)", 2), ("([a)]", 4), (r"\{ a )", 6)])
def test_a_bracket_without_its_partner_is_an_error(text, column):
    source = Source(text, START)
    with pytest.raises(ReadingError) as caught:
        partners(tokenize(source), source)
    assert caught.value.place.column == column


def test_a_percent_sign_behind_a_number_is_not_guessed():
    with pytest.raises(ReadingError, match="per cent or begin a comment") as caught:
        texts("p = 12% of x")
    assert caught.value.place is not None
    assert caught.value.place.column == 7
    assert texts("p = 12 % a comment") == ["p", "=", "12"]
    assert texts("p = x% a comment") == ["p", "=", "x"]
