"""From a question's words to its asks: a small grammar of intents over the graph's names.

Each intent takes the words that it understands out of the question and gives asks; what is left must
be harmless. A question that may mean something else is reported, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from backhand.errors import BackhandError
from backhand.expr import names
from backhand.graph import Graph, Role
from backhand.reading.asks import parse_ask
from backhand.reading.broken_words import mended
from backhand.reading.claims import claim
from backhand.reading.intents import INTENTS
from backhand.reading.phrases import MAX_QUESTION, Mention, phrase
from backhand.reading.reading_of_questions import Hit, Reading, UnreadError, with_ordinals
from backhand.reading.vocabulary_of_questions import CHANGING, FILLER, plainer
from backhand.working import Ask

_OVER = re.compile(
    r"\b(?:over|for|on|across|of) (?:all|every|each|the (?:whole|entire|full))(?: of)?(?: the|"
    r" our| \d+| three)?"
    r"(?: \w+)?? (?:points?|examples?|samples?|data|dataset|set)\b"
)

WHOLE = frozenset(
    ("parameters", "matrices", "shapes", "draw", "forward", "class", "loss", "objective")
)
"""Asks of a whole model, which name none of its quantities."""

__all__ = ["WHOLE", "Understood", "needed", "understood"]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a question's words ask.

    `asks` are empty where it can't be read. `words`: the part of the question they come from.
    `intents`: what each was taken for. `missed`: what wasn't understood, and why; empty where all was.
    """

    asks: tuple[Ask, ...]
    words: str
    intents: tuple[str, ...] = ()
    missed: str = ""


def understood(
    words: str, graph: Graph, given: tuple[str, ...] = (), taken: frozenset[str] = frozenset()
) -> Understood:
    r"""The asks of a question, put to a graph; what can't be read is said in `missed`.

    `given`: equations that the question itself makes, which a claim in it may need. `taken`: equations
    that the model was made of, which a question may say again.

    >>> from backhand.reading.meaning import model
    >>> graph = model("x = 3; w = 2; J = (w x - 5)^2")
    >>> understood("Find the derivative of J with respect to w.", graph).asks[0].text
    'derivative J w'
    >>> understood("What is the rank of $w$?", graph).missed
    "'rank' asks for something that no ask answers"
    """
    if len(words) > MAX_QUESTION:
        return Understood((), words[:80], missed=f"it is longer than {MAX_QUESTION} characters")
    found = phrase(words, graph)
    if not found.text:
        return Understood((), "", missed="no sentence of it asks anything")
    mentions = tuple(replace(m, kind="G") if m.source in taken else m for m in found.mentions)
    reading = Reading(_agreed(plainer(mended(found.text)), mentions), mentions, graph, given)
    try:
        reading = with_ordinals(reading)
        hits = _hits(reading)
        if any(hit.intent != "check" for hit in hits):
            _check_told(found.told, mentions)
        asks = tuple(parse_ask(text) for hit in hits for text in hit.asks)
        for ask in asks:
            if ask.verb == "check":
                claim(ask.words[0], base=graph)
            if ask.verb in WHOLE and not any(q.definition is not None for q in graph):
                raise UnreadError("no equation of a model was read")
    except (UnreadError, BackhandError) as reason:
        return Understood((), found.said, missed=_message(reason))
    return Understood(asks, found.said, tuple(dict.fromkeys(hit.intent for hit in hits)))


def _check_told(
    told: tuple[tuple[str, bool, tuple[int, ...]], ...], mentions: tuple[Mention, ...]
) -> None:
    """Raise `UnreadError` at a sentence that may change what is given.

    What the model says too, and a statement about derivatives, change nothing.
    """
    for sentence, changes, strange in told:
        other = [mentions[at] for at in strange if mentions[at].kind == "U"]
        if changes or any(not re.search(r"\\partial|frac\{d|'", m.source) for m in other):
            raise UnreadError(f"{sentence!r} may change what is given")


def _agreed(text: str, mentions: tuple[Mention, ...]) -> str:
    """The text with the mark of what the model says already made its own kind, G."""
    return re.sub(r"<U(\d+)>", lambda m: f"<{mentions[int(m[1])].kind}{m[1]}>", text)


def needed(graph: Graph, spelled: Iterable[str]) -> set[str]:
    """The quantities that some names or entries are worked out from, themselves included."""
    found: set[str] = set()
    waiting = [name.partition("[")[0] for name in spelled]
    while waiting:
        name = waiting.pop()
        if name in found or name not in graph:
            continue
        found.add(name)
        definition = graph[name].definition
        waiting += names(definition) if definition is not None else []
    return found


def _message(reason: BackhandError | UnreadError) -> str:
    return str(reason) if isinstance(reason, UnreadError) else reason.what


def _hits(reading: Reading) -> list[Hit]:
    """The intents of a question, in the order of its words; raises `UnreadError`."""
    rest = reading
    explained = re.search(
        r"\b(?:why|discuss|explain|what happens|what would happen|how come|what if)\b", reading.text
    )
    if explained:
        raise UnreadError(f"{explained[0]!r} asks for something that no ask answers")
    hits: list[Hit] = []
    while True:
        hit = next((h for intent in INTENTS if (h := intent(rest)) is not None), None)
        if hit is None:
            break
        hits.append(hit)
        rest = rest.without(hit.spans)
        if len(hits) > 8:
            raise UnreadError("it asks too many things at once")
    _check_unknown(rest)
    if not hits:
        raise UnreadError(_nothing(rest))
    _check_changed(rest)
    _check_rest(rest)
    kinds = {hit.intent for hit in hits}
    if len(kinds) < len(hits):
        kinds_once = dict.fromkeys(a for hit in hits for a in hit.asks)
        if len(kinds_once) < sum(len(hit.asks) for hit in hits):
            raise UnreadError("the same is asked twice, so one of the two means something else")
    return sorted(hits, key=lambda hit: hit.spans[0])


def _check_unknown(rest: Reading) -> None:
    for mention in rest.left():
        if mention.kind == "U":
            raise UnreadError(f"{mention.source!r} {_fault(mention)}")


def _fault(mention: Mention) -> str:
    if "=" in mention.source:
        return "changes what is given, or is an equation that no ask is about"
    return "isn't a quantity, an entry or a derivative of the model"


def _check_changed(rest: Reading) -> None:
    for word in rest.words():
        if word in CHANGING:
            raise UnreadError(f"{word!r} asks for something that no ask answers")


def _check_rest(rest: Reading) -> None:
    """What is left may only be harmless: filler anywhere, other words behind a comma."""
    asides = rest.marked_asides()
    for mention, span in rest.marks("NDSCM"):
        given = mention.kind == "N" and _is_given(mention.names[0], rest)
        if not given and span not in asides:
            raise UnreadError(f"it isn't clear what is asked about {mention.source!r}")
    over = _OVER.search(rest.text)
    if over:
        raise UnreadError(f"an answer is for one point, not {over[0]!r}")
    for word in rest.words(asides=False):
        if word not in FILLER and word not in (",", ".", ";", ":") and not word[0].isdigit():
            raise UnreadError(f"I don't know what {word!r} means here")
        if word[0].isdigit():
            raise UnreadError(f"it isn't clear what the number {word} is for")


def _is_given(name: str, rest: Reading) -> bool:
    """Whether a name is data, which any question may mention: which class is x in?"""
    return rest.graph[name.partition("[")[0]].role in (Role.DATA, Role.TARGET)


def _nothing(rest: Reading) -> str:
    _check_changed(rest)
    strange = [w for w in rest.words() if w not in FILLER and w.isalpha()]
    if strange:
        return f"no intent was found; I don't know {', '.join(map(repr, strange[:4]))}"
    return "it names no quantity, and nothing that can be asked of the whole model"
