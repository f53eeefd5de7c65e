"""Hostile input: every text gives a statement or a clear error, soon and in little memory."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.memory import growth

from backhand.errors import BackhandError, LimitError
from backhand.reading import grammar
from backhand.reading.maths import Known, Statement, defined_names, parse, statements
from backhand.reading.tokens import MAX_DEPTH, MAX_LENGTH, MAX_PARTS

KNOWN = Known(frozenset({"a", "b", "x", "y", "W_1"}), frozenset({"f"}))


def outcome(text):
    """The statements of a text, or the error, which must have a place and a mend."""
    try:
        return statements(text, defined_names(text) | KNOWN)
    except BackhandError as error:
        found = error
    assert found.place is not None
    assert (found.place.line, found.place.column) >= (1, 1)
    assert found.what
    assert found.mend
    return found


# ---- anything at all ---------------------------------------------------------------------------

ASCII_SIGNS = "abxyWedTfg12+-*/^_=()[]{}|,;.'&@>\\\n"
UNICODE_SIGNS = "‖·⊙∂Σ√∈²₁ᵀσŷ−≤½"
WORDS = """
    0.5 1e3 dy dx W_1 x1 np. sum sum_k k=1 .. R^2 ** == := sin max in
    \\frac \\sqrt \\sum \\hat \\mathbf \\text{out} \\sin \\log \\sigma \\partial \\left( \\right) \\left|
    \\right| \\begin{bmatrix} \\end{bmatrix} \\\\ \\in \\mathbb{R} \\max \\{ \\} \\quad \\mathbb{1}
"""
ALPHABET = (*ASCII_SIGNS, *UNICODE_SIGNS, *WORDS.split())


@given(st.text(max_size=60))
def test_arbitrary_text_ends_in_a_statement_or_a_placed_error(text):
    outcome(text)


@given(
    st.lists(st.tuples(st.sampled_from(ALPHABET), st.sampled_from(["", " "])), max_size=25).map(
        lambda pieces: "".join(sign + space for sign, space in pieces)
    )
)
def test_arbitrary_mathematics_ends_in_statements_or_a_placed_error(text):
    found = outcome(text)
    assert isinstance(found, BackhandError) or all(isinstance(s, Statement) for s in found)


@given(st.sampled_from(ALPHABET), st.integers(2, 40), st.sampled_from(["", " "]))
def test_one_sign_repeated_is_no_trap(sign, times, space):
    outcome(space.join([sign] * times))


# ---- bounds ------------------------------------------------------------------------------------

CORPUS = {
    "tower": "9^9^9^9",
    "tower in braces": "9^{9^{9^9}}",
    "huge exponent": "x^1001",
    "huge power of ten": "1e400000",
    "huge negative power of ten": "1e-400000",
    "power of ten beyond int's digits": "1e" + "9" * 5000,
    "a million digits": "1" * 900_000,
    "brackets": "(" * 10_000 + "x" + ")" * 10_000,
    "braces": "{" * 10_000 + "x" + "}" * 10_000,
    "matrices": "[" * 10_000 + "1" + "]" * 10_000,
    "open brackets": "(" * 10_000,
    "bars": "|" * 10_000,
    "absolute values": "| " * 200 + "x",
    "minus signs": "-" * 20_000 + "x",
    "powers": "x^" * 20_000 + "2",
    "fractions": "x/" * 40_000 + "2",
    "transposes": "x" + ".T" * 40_000,
    "indices": "x" + "[1]" * 30_000,
    "primes": "f" + "'" * 150_000 + "(x)",
    "accents": r"\hat " * 40_000 + "x",
    "functions": r"\sin " * 40_000 + "x",
    "sums": "Σ_k " * 30_000 + "x",
    "libraries": "np." * 40_000 + "exp(x)",
    "differentials": "d^" * 40_000 + "d",
    "alternating signs": "x*x@" * 20_000 + "x",
    "words to be cut": "abababababab " * 60_000,
    "one long word": "ab" * 400_000,
    "spaces": "x" + " " * 900_000 + "y",
    "lines": "\n" * 900_000,
    "definitions": "\n".join(f"a{at} = 1" for at in range(30_000)),
    "continued lines": "x +\n" * 60_000,
    "full stops": "x" + " ." * 90_000,
    "commas": "x" + ", x = 1" * 30_000,
    "alignment": "a & " * 90_000,
    "unfinished commands": "\\text{a" * 50_000,
    "unfinished environments": r"\begin{aligned}" * 50_000,
    "too long": "x" * (MAX_LENGTH + 1),
}


@pytest.mark.parametrize("name", list(CORPUS))
@pytest.mark.no_cover
def test_nothing_in_the_corpus_goes_on_for_ever(name):
    start = process_time()
    outcome(CORPUS[name])
    # Generous, for slow machines: what never ends is meant here, not what is slow.
    assert process_time() - start < 10


@pytest.mark.parametrize("name", ["lines", "alignment"])
def test_hostile_input_takes_little_memory(name):
    setting = "from tests.unit.reading.test_hostile import CORPUS, outcome"
    assert growth(setting, f"outcome(CORPUS[{name!r}])") < 200e6


@pytest.mark.parametrize(
    "name",
    [
        *("tower", "tower in braces", "huge exponent", "huge power of ten", "a million digits"),
        *("brackets", "braces", "matrices", "minus signs", "powers", "fractions", "transposes"),
        *("indices", "sums", "accents", "too long", "definitions", "lines"),
    ],
)
@pytest.mark.no_cover
def test_a_broken_bound_is_named(name):
    assert isinstance(outcome(CORPUS[name]), LimitError)


@pytest.mark.no_cover
def test_the_bounds_themselves_are_allowed():
    parse("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH)
    parse("x^1000")
    parse("+".join(["1"] * (MAX_PARTS // 2)))


@pytest.mark.no_cover
def test_a_data_matrix_of_100_by_784_reads():
    rows = ";".join(",".join(f"-0.{at:03}" for at in range(784)) for _ in range(100))
    (found,) = statements(f"X = [{rows}]")
    assert [len(row) for row in found.formula.sides[1].rows] == [784] * 100


@pytest.mark.parametrize(
    "unit", ["x + ", "x ", "x * ", "f(x) ", "W_1[1,2] ", "uv ", "[1, 2; 3, 4] * ", "|x| + ", "x^2 "]
)
def test_work_grows_in_proportion_to_length(unit, monkeypatch):
    """Counted in looks at a token, which a busy machine doesn't change."""
    looks = 0
    look = grammar.Parser.ahead

    def counted(self, steps=0):
        nonlocal looks
        looks += 1
        return look(self, steps)

    monkeypatch.setattr(grammar.Parser, "ahead", counted)
    spent = []
    for times in (200, 400):
        looks = 0
        statements(unit * times + "x", KNOWN | Known(frozenset({"u", "v"})))
        spent.append(looks)
    assert spent[0] > 200
    assert spent[1] < 2.1 * spent[0]


# ---- code and disguise -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "__import__('os').system('true')",
        "x.__class__",
        "().__class__.__bases__",
        "lambda: 1",
        'open("/etc/passwd")',
        "`id`",
        "$(id)!",
        r"\input{/etc/passwd}",
        r"\write18{id}",
        r"\def\x{\x}\x",
        r"\newcommand{\x}{1}",
        r"x \\",
        "\\",
        "x\\",
        "\x00",
        "x\x07",
        "x\x1b[31m",
        "a\u202eb",
        "a\u200bb",
        "\ufeffx",
        "а = 1",
        "Ηx",
        "x = ∞",
        "NaN",
        "-inf",
        "x = 1 if x else 2; y",
    ],
)
def test_code_and_disguises_end_in_an_error_or_plain_names(text):
    found = outcome(text)
    if not isinstance(found, BackhandError):
        assert text in (r"x \\", "lambda: 1")


def test_a_command_line_is_only_a_difference_of_unknown_names():
    first, second = statements("x; rm -rf")
    assert first.source == "x"
    assert second.source == "rm -rf"
