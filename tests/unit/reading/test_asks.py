"""Asks: every form reads, every misfit is refused with the form to write."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.errors import AskError, BackhandError, LimitError, Place
from backhand.reading.asks import ASKS, parse_ask, quantities, usages

WORDS = {"N": "2", "NAMES": "yhat"}


def example(pattern: tuple[str, ...]) -> list[str]:
    return [WORDS.get(slot, "W_1[1, 2]") if slot.isupper() else slot for slot in pattern]


@pytest.mark.parametrize("verb", ASKS)
def test_every_pattern_of_every_form_reads(verb: str) -> None:
    needed = [f"{name}=2" for name, is_needed in ASKS[verb].options.items() if is_needed]
    for pattern in ASKS[verb].patterns:
        words = example(pattern)
        ask = parse_ask(" ".join([verb, *words, *needed]))
        assert (ask.verb, list(ask.words)) == (verb, words)


@pytest.mark.parametrize(
    "verb",
    [v for v in ASKS if not {"NAMES", "TEXT"} & set(ASKS[v].usage.replace("]", " ").split())],
)
def test_a_word_too_many_is_refused_with_the_usage(verb: str) -> None:
    longest = max(ASKS[verb].patterns, key=len)
    with pytest.raises(AskError) as caught:
        parse_ask(" ".join([verb, *example(longest), "more", "eta=2"]))
    assert ASKS[verb].usage in caught.value.mend


@pytest.mark.parametrize(
    ("text", "words", "names"),
    [
        ("value W_1[1, 2]", ("W_1[1, 2]",), ("W_1[1, 2]",)),
        ('value "W_1 [1, 2]"', ("W_1 [1, 2]",), ("W_1 [1, 2]",)),
        ("value W_{2, 1, 1}", ("W_{2, 1, 1}",), ("W_{2, 1, 1}",)),
        ("local yhat b in b", ("yhat", "b", "in", "b"), ("yhat", "b", "b")),
        ("local J b in y,yhat", ("J", "b", "in", "y,yhat"), ("J", "b", "y", "yhat")),
        ("local J b in y yhat", ("J", "b", "in", "y", "yhat"), ("J", "b", "y", "yhat")),
        ("local J b in z[1,2],y", ("J", "b", "in", "z[1,2],y"), ("J", "b", "z[1,2]", "y")),
        ("parameters layer 1", ("layer", "1"), ()),
        ("  gradient\tJ ", ("J",), ("J",)),
    ],
)
def test_words(text: str, words: tuple[str, ...], names: tuple[str, ...]) -> None:
    ask = parse_ask(text)
    assert ask.words == words
    assert quantities(ask) == names


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("update w eta=0.5", {"eta": "0.5"}),
        ("update w eta = 1/4 over = all", {"eta": "1/4", "over": "all"}),
        ("update w eta=1e-3 point=12", {"eta": "1e-3", "point": "12"}),
        ("class threshold=.5", {"threshold": ".5"}),
        ("class", {}),
    ],
)
def test_options(text: str, options: dict[str, str]) -> None:
    assert parse_ask(text).options == options


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("derivativ J W", "derivative"),
        ("explode", "The asks are value, shape"),
        ("value", "words are missing"),
        ("parameters layer one", "a number from 1"),
        ("parameters layer 0", "a number from 1"),
        ("update w", "eta is missing"),
        ("update w eta=", "eta must be a number"),
        ("update w eta=two", "eta must be a number"),
        ("update w eta=1e999999999", "eta must be a number"),
        ("update w eta=1/0", "eta must be a number"),
        ("update w eta=1 eta=2", "given twice"),
        ("update w eta=1 point=1 over=all", "exclude each other"),
        ("update w eta=1 over=some", "over must be 'all'"),
        ("value a eta=2", "no option 'eta'"),
        ("value W[1, 2", "bracket isn't closed"),
        ('value "a', "quote isn't closed"),
    ],
)
def test_misfits_say_what_to_write(text: str, said: str) -> None:
    with pytest.raises(AskError) as caught:
        parse_ask(text, Place(3, 8))
    assert said in str(caught.value)
    assert caught.value.place == Place(3, 8)


def test_a_long_ask_is_refused() -> None:
    with pytest.raises(LimitError):
        parse_ask("value " + "a" * 1000)


@given(st.text(max_size=80))
def test_any_text_is_an_ask_or_an_error(text: str) -> None:
    with suppress(BackhandError):
        assert parse_ask(text).verb in ASKS


@given(st.sampled_from(sorted(ASKS)), st.text(alphabet="ab[](){}=\"', 1", max_size=30))
def test_a_verb_with_any_words_is_an_ask_or_an_error(verb: str, rest: str) -> None:
    with suppress(AskError):
        assert parse_ask(f"{verb} {rest}").verb == verb


def test_the_list_of_forms_fits_a_terminal() -> None:
    lines = usages().split("\n")
    assert len(lines) == len(ASKS)
    assert all(len(line) <= 80 for line in lines)
