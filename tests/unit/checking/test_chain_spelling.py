"""Chains that are cut at their signs are read as the parser reads them, and each spelling once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backhand
from backhand.checking import chain_spelling
from backhand.checking.answers import Reader, written
from backhand.checking.chain_reading import Chain, Factor, Joined
from backhand.checking.chain_spelling import cut
from backhand.checking.chains import Chains
from backhand.checking.marking import Marker
from backhand.errors import BackhandError
from backhand.reading.document import worksheet
from backhand.reading.maths import parse

GRAPH = backhand.model("x = [2; 3]; w = 5; u = w x_1; v = sigmoid(u) + x_2^2; J = (u - v)^2")
READER = Reader(GRAPH)
NAMES = st.sampled_from(["J", "u", "v", "w", "x_1", "x[2]", "x_{1}", "x", "nothing", "d", "W_[1]"])
LATEX = st.sampled_from(["J", "u", r"\hat{v}", "w", "x_1", "x_{2}", r"\mathbf{x}", "x^2", "dx"])
JOINTS = st.sampled_from([" * ", "*", " · ", " ", " + ", "+", "", " - ", "  ", "^", " # "])
LATEX_JOINTS = st.sampled_from([" ", "", r" \cdot ", r"\times", " + ", " - ", "^2", r" \\ ", " % "])


def _chain(factor: st.SearchStrategy[str], joint: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    rest = st.lists(st.tuples(joint, factor), max_size=5)
    return st.builds(lambda first, more: first + "".join(j + f for j, f in more), factor, rest)


PLAIN = st.builds(
    lambda shape, d, of, by: shape.format(f"{d}{of}/{d}{by}"),
    st.sampled_from(["{}", "({})", "{}'", "{}^2"]),
    st.sampled_from("d∂"),
    NAMES,
    NAMES,
)
FRACTIONS = st.builds(
    lambda command, d, of, by: rf"\{command}{{{d}{of}}}{{{d}{by}}}",
    st.sampled_from(["frac", "dfrac"]),
    st.sampled_from(["d", r"\partial "]),
    LATEX,
    LATEX,
)


def _flat(chain: Chain) -> list[list[Chain]]:
    terms = chain.parts if isinstance(chain, Joined) and chain.sign == "+" else (chain,)
    return [list(t.parts) if isinstance(t, Joined) else [t] for t in terms]


@settings(max_examples=300, deadline=None)
@given(st.one_of(_chain(PLAIN, JOINTS), _chain(FRACTIONS, LATEX_JOINTS)))
def test_what_is_cut_is_read_as_the_parser_reads_it(text: str) -> None:
    chains = Chains(GRAPH)
    found = chains.spellings.read(text.strip(), READER.known)
    if found is None:
        return
    whole = parse(text.strip(), READER.known).formula
    assert _flat(found[0]) == _flat(chains.reader.read(whole))
    assert found[1] == written(whole)


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{dJ}{du} * du/dw", "dJ/du # * du/dw", "dJ/du * du/dw · dw/dw", "dJ/du^2",
        "(dJ/du)(du/dw)", "dJ/du *", "", "2 dJ/du", "dJ/du du", r"\frac{dJ}{du}\\ \frac{du}{dw}",
    ],
)  # fmt: skip
def test_what_could_be_read_otherwise_is_left_to_the_parser(text: str) -> None:
    assert cut(text) is None


def test_long_answers_cost_their_length() -> None:
    assert cut(r"\frac{\partial" + r"\aaaa" * 300) is None
    assert cut("dJ/du * " * 200 + "?") is None
    found = cut(" + ".join(["dJ/du * du/dw"] * 100))
    assert found is not None
    assert len(found) == 100


def test_each_spelling_goes_through_the_parser_once(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "$$ w = 2, x = 3, u = w x, v = u^2, J = v^2 $$\n\nChain?\n% ask: chain J w\n"
    marker = Marker(worksheet(page))
    parsed: list[str] = []

    def counted(text: str, *known: object) -> object:
        parsed.append(text)
        return parse(text, *known)  # type: ignore[arg-type]

    monkeypatch.setattr(chain_spelling, "parse", counted)
    for answer, verdict in (
        ("dJ/dv * dv/du * du/dw", "right"),
        ("du/dw · dJ/dv · dv/du", "right"),
        ("dJ/du du/dw", "right"),
        ("dJ/dv dv/du", "partly"),
    ):
        assert marker.mark("1", answer).verdict == verdict
    assert sorted(parsed) == ["dJ/du", "dJ/dv", "du/dw", "dv/du"]


def test_a_name_that_isnt_known_is_told_with_its_place() -> None:
    chains = Chains(GRAPH)
    assert chains.spellings.read("dJ/du * du/dq", READER.known) is None
    assert isinstance(chains.reader.read(parse("dJ/du").formula), Factor)
    with pytest.raises(BackhandError, match="q"):
        chains.reader.read(parse("dJ/du * du/dq", READER.known).formula)
