"""Asks: the explicit question behind a question's words, `derivative J W_2[1,1]`.

One table holds every verb with its usage. The usage line is the grammar: CAPITALS stand for a
quantity or a number, small letters for themselves, `eta=2` for an option with an example of its
value, square brackets for what may be left out, a bar for either-or.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from backhand.errors import AskError, LimitError, Place
from backhand.working import Ask

MAX_LENGTH = 1000
"""The longest ask in characters."""


@dataclass(frozen=True)
class AskForm:
    """How an ask is written and what it means, a line each."""

    usage: str
    meaning: str

    @cached_property
    def patterns(self) -> tuple[tuple[str, ...], ...]:
        """Every sequence of words that may follow the verb, options left out."""
        plain = (tuple(w for w in words if "=" not in w) for words in _expanded(self.usage))
        return tuple(dict.fromkeys(plain))

    @cached_property
    def options(self) -> dict[str, bool]:
        """The names of the options, and whether each is needed."""
        needed = re.sub(r"\[.*?\]", "", self.usage)
        return {name: f"{name}=" in needed for name in re.findall(r"(\w+)=", self.usage)}


def _expanded(usage: str) -> Iterator[tuple[str, ...]]:
    """The usage line with every choice made, the verb dropped."""
    parts = re.split(r"\[(.*?)\]", usage.partition(" ")[2])
    choices = [["", *p.split("|")] if at % 2 else [p] for at, p in enumerate(parts)]
    for chosen in product(*choices):
        yield tuple(word for part in chosen for word in part.split())


ASKS: dict[str, AskForm] = {
    form.usage.partition(" ")[0]: form
    for form in (
        AskForm("value NAME", "its value, with the steps to it"),
        AskForm("shape NAME", "its shape"),
        AskForm("shapes", "the shape of every quantity"),
        AskForm("matrices", "how many weight matrices there are"),
        AskForm("parameters [layer N | activation N]", "how many parameters are learned"),
        AskForm("forward", "the whole forward pass"),
        AskForm("loss", "the value of the objective"),
        AskForm("objective", "the objective, for one point and for all"),
        AskForm("class [threshold=0.5]", "the class that the output stands for"),
        AskForm("chain Q BY", "dQ/dBY by the chain rule, left as factors"),
        AskForm("local OUT IN [in NAMES]", "one factor of it, in terms of these names"),
        AskForm("derivative Q BY", "dQ/dBY worked out, to its value"),
        AskForm("gradient Q [BY]", "by every parameter, or by one quantity"),
        AskForm("jacobian OUT IN", "all derivatives of OUT by IN"),
        AskForm("hessian Q BY [BY]", "the second derivatives of a number"),
        AskForm("convex Q [BY]", "is it convex in its parameters, or in BY"),
        AskForm("check TEXT", "is a claim true, such as d/dx(x^2) = 2x"),
        AskForm("compare", "beside linear and logistic regression"),
        AskForm("update BY eta=2 [point=1 | over=all]", "one step of gradient descent"),
        AskForm("draw [BY]", "the network, the paths by BY lit"),
        AskForm("model", "the equations, shapes and roles"),
    )
}
"""Every verb with its form."""
TEXTS = frozenset(verb for verb, form in ASKS.items() if form.usage == f"{verb} TEXT")
"""The verbs that are followed by a text of mathematics, which isn't split into words."""


def usages() -> str:
    """All the forms, a line each, as help shows them."""
    width = max(len(form.usage) for form in ASKS.values())
    return "\n".join(f"{form.usage:{width}}  {form.meaning}" for form in ASKS.values())


def parse_ask(text: str, place: Place | None = None) -> Ask:
    """An ask from its line of text. `Ask.words` keeps small words such as `in` and `layer`.

    Raises `AskError` where the verb, the words or an option fit no form.

    >>> parse_ask("local yhat b in yhat").words
    ('yhat', 'b', 'in', 'yhat')
    >>> dict(parse_ask("update W_1[1, 2] eta=2").options)
    {'eta': '2'}
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise LimitError(f"an ask has at most {MAX_LENGTH} characters", "shorten it", place)
    verb = (text.split(maxsplit=1) or [""])[0]
    rest = [] if verb in TEXTS else _words(text, place)[1:]
    form = ASKS.get(verb)
    if form is None:
        raise _unknown(verb, place)
    if verb in TEXTS:
        return _of_text(text, verb, form, place)
    options = [_option(word, form, place) for word in rest if _is_option(word)]
    words = tuple(word for word in rest if not _is_option(word))
    ask = Ask(text=text, verb=verb, words=words, options=dict(options), place=place)
    fault = _fault(ask, form, [name for name, _ in options])
    if fault:
        raise AskError(f"{fault} in the ask {text!r}", f"write: {form.usage}", place)
    return ask


def _of_text(text: str, verb: str, form: AskForm, place: Place | None) -> Ask:
    """An ask whose words are one text: a claim."""
    rest = text.removeprefix(verb).strip()
    if not rest:
        raise AskError(f"words are missing in the ask {text!r}", f"write: {form.usage}", place)
    return Ask(text=text, verb=verb, words=(rest,), options={}, place=place)


def _fault(ask: Ask, form: AskForm, options: list[str]) -> str:
    """What keeps an ask from fitting its form, or nothing."""
    pattern = _pattern(ask)
    if pattern is None:
        return (
            f"{', '.join(ask.words)} can't follow {ask.verb}" if ask.words else "words are missing"
        )
    for name, needed in form.options.items():
        if needed and name not in options:
            return f"{name} is missing"
    if len(set(options)) < len(options):
        return "an option is given twice"
    if {"point", "over"} <= set(options):
        return "point and over exclude each other"
    for word, slot in zip(ask.words, pattern, strict=True):
        if slot == "N" and not re.fullmatch(r"[1-9]\d{0,8}", word):
            return f"{word!r} should be a number from 1"
    return ""


def quantities(ask: Ask) -> tuple[str, ...]:
    """The words of an ask that name quantities or entries.

    >>> quantities(parse_ask("local J b in y,yhat"))
    ('J', 'b', 'y', 'yhat')
    """
    found: list[str] = []
    for word, slot in zip(ask.words, _pattern(ask) or (), strict=True):
        if slot == "NAMES":
            found += _words(word, ask.place, separators=",")
        elif slot.isupper() and slot not in ("N", "TEXT"):
            found.append(word)
    return tuple(found)


def _pattern(ask: Ask) -> tuple[str, ...] | None:
    """The pattern that the words of an ask follow, word for word; None where there is none."""
    for pattern in ASKS[ask.verb].patterns:
        if pattern[-1:] == ("NAMES",) and len(ask.words) > len(pattern):
            pattern += ("NAMES",) * (len(ask.words) - len(pattern))
        if len(pattern) == len(ask.words) and all(
            slot.isupper() or slot == word for slot, word in zip(pattern, ask.words, strict=True)
        ):
            return pattern
    return None


def _words(text: str, place: Place | None, separators: str = " \t") -> list[str]:
    """Split at the separators, but not inside brackets or quotes; quotes are dropped."""
    text = re.sub(r"\s*=\s*", "=", text)
    words: list[str] = []
    start: int | None = None
    depth, quote = 0, ""
    for at, char in enumerate(text + separators[0]):
        if quote:
            quote = "" if char == quote else quote
        elif start is None and char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char in separators and depth <= 0:
            if start is not None:
                words.append(_unquoted(text[start:at]))
            start = None
            continue
        start = at if start is None else start
    if depth or quote:
        sign = "quote" if quote else "bracket"
        raise AskError(f"a {sign} isn't closed in the ask {text!r}", "close it", place)
    return words


def _unquoted(word: str) -> str:
    quoted = len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]
    return word[1:-1] if quoted else word.strip()


def _is_option(word: str) -> bool:
    return re.match(r"\w+=", word) is not None


def _option(word: str, form: AskForm, place: Place | None) -> tuple[str, str]:
    """An option's name and its value, still text but sure to be readable."""
    name, _, value = word.partition("=")
    if name not in form.options:
        known = ", ".join(f"{option}=" for option in form.options) or "none"
        raise AskError(
            f"there is no option {name!r} here", f"write: {form.usage} (options: {known})", place
        )
    fits, wanted = _VALUES[name]
    if not re.fullmatch(fits, value):
        raise AskError(f"{name} must be {wanted}, not {value!r}", f"write: {form.usage}", place)
    return name, value


_NUMBER = r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?|\d{1,15}/[1-9]\d{0,14}"
_VALUES = {
    "eta": (_NUMBER, "a number"),
    "threshold": (_NUMBER, "a number"),
    "point": (r"[1-9]\d{0,8}", "the number of a data point, from 1"),
    "over": (r"all", "'all'"),
}
"""What the value of each option looks like, as a pattern and in words."""


def _unknown(verb: str, place: Place | None) -> AskError:
    from difflib import get_close_matches

    close = get_close_matches(verb.lower(), ASKS, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return AskError(
        f"there is no ask {verb[:40]!r}" if verb else "the ask is empty",
        f"{hint}The asks are {', '.join(ASKS)}",
        place,
    )
