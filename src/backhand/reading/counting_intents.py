"""The intents that count and measure: shapes, weight matrices, parameters."""

from __future__ import annotations

import re

from backhand.reading.reading_of_questions import (
    Hit,
    Reading,
    UnreadError,
    matrices_of,
    quantity_of,
)
from backhand.reading.vocabulary_of_questions import ORDINALS

LIST = r"<N\d+>(?:(?: ,)?(?: and| or)?(?: of)?(?: the)? <N\d+>)*"
GROUP = (
    r"(?:the |our |your |all |each |every |both |of |in |vectors? |matri(?:x|ces) |weights? "
    r"|scores? |neuron's |network's |model's "
    r"|bias(?:es)? |pre-?activations? |activations? |logits? |output |outputs |final |hidden "
    r"|input "
    r"|probability |probabilities |prediction |predicted |component |entry |entries |values? )*"
)
"""Nouns that may stand before a list of names."""


def matrices(reading: Reading) -> Hit | None:
    """How many weight matrices there are."""
    count = re.search(
        r"\b(?:how many|count|number of)\b(?: the| different)? (?:weight |parameter"
        r" )?matrices(?: of weights)?",
        reading.text,
    )
    return Hit("matrices", ("matrices",), (count.span(),)) if count else None


def shapes(reading: Reading) -> Hit | None:
    """The shape of some quantities, of each weight matrix, or of everything."""
    cue = re.search(r"\b(?:shapes?|dimensions?|sizes?|rows and columns)\b", reading.text)
    if cue is None:
        return None
    every = re.search(
        r"\b(?:all|each|every|the)(?: of the)? (?:(?:quantity|quantities|variables?|arrays?)\b"
        r"|vectors? and)",
        reading.text,
    )
    family = re.search(
        r"(?:each|every|all|both|the)?(?: of the| the| our)? ?weight (?:matrix|matrices)(?:"
        r" <M\d+>)?|<M\d+>",
        reading.text,
    )
    own = reading.marks("N")
    many = re.search(r"\bhow many (?:rows and columns)(?: does| do)?\b", reading.text)
    spans = [many.span() if many else cue.span()]
    if every:
        return Hit("shapes", ("shapes",), (*spans, every.span()))
    if own:
        listed = re.search(GROUP + LIST, reading.text[cue.end() :])
        if listed is None:
            raise UnreadError("it isn't clear whose shape is asked for")
        inside = reading.marks("N", listed[0])
        at = (cue.end() + listed.start(), cue.end() + listed.end())
        names = tuple(f"shape {quantity_of(m.names[0])}" for m, _ in inside)
        if any("[" in m.names[0] for m, _ in inside):
            raise UnreadError("a shape is asked of an entry")
        return Hit("shape", names, (*spans, at))
    if family:
        marked = reading.marks("M", family[0])
        names = list(marked[0][0].names) if marked else matrices_of(reading.graph)
        if not names:
            raise UnreadError("the model has no weight matrix")
        asks = tuple(f"shape {name}" for name in names)
        return Hit("shape", asks, (*spans, family.span()))
    return None


def parameters(reading: Reading) -> Hit | None:
    """How many parameters are learned, in a layer, an activation or the whole model."""
    cue = re.search(
        r"\b(?:how many|number of|count)(?: the)?(?: (?:trainable|learnable|free|learned"
        r"|adjustable|total))?"
        r" (?:parameters|(weights))(?: and biases)?\b",
        reading.text,
    )
    if cue is None:
        return None
    if cue[1] and not re.search(r"trainable|learnable|learned|biases", cue[0]):
        raise UnreadError("'weights' may or may not count the biases: say parameters")
    spans = [cue.span()]
    learned = re.search(
        r"\b(?:learned|trained|learnt|needed|contained|contain|contains|trainable|learnable)\b",
        reading.text[cue.end() :],
    )
    if learned:
        spans.append((cue.end() + learned.start(), cue.end() + learned.end()))
    whole = re.search(r"\b(?:altogether|overall|in total|in all)\b", reading.text)
    if whole:
        spans.append(whole.span())
    if re.search(r"\bper\b|<[NDM]\d+>", reading.text):
        raise UnreadError("parameters are counted by layer or in the whole model only")
    layer = re.search(
        r"\b(?:(?P<which>\w+) )?(?P<kinds>(?:(?:hidden|linear|dense|fully connected|activation"
        r"|output|relu|sigmoid) )*)"
        r"(?P<act>activation )?(?:layer|activation|layer's)\b(?: (?P<number>\d+))?",
        reading.text[cue.end() :],
    )
    if layer is None:
        return Hit("parameters", ("parameters",), tuple(spans))
    spans.append((cue.end() + layer.start(), cue.end() + layer.end()))
    kind = "activation" if re.search(r"\bactivation\b", reading.text[cue.end() :]) else "layer"
    rest = reading.text[cue.end() :]
    other = re.search(
        r"\bactivation\b.*\b(?:of|in|after) the (\w+)(?: \w+)? layer(?: (\d+))?", rest
    )
    number = _layer_number(
        reading,
        other[1] if other else layer["which"],
        (other[2] if other else layer["number"]),
        layer["kinds"],
    )
    if other:
        spans.append((cue.end() + other.start(), cue.end() + other.end()))
    return Hit("parameters", (f"parameters {kind} {number}",), tuple(spans))


def _layer_number(reading: Reading, which: str | None, digit: str | None, kinds: str) -> int:
    """The number of a layer by its ordinal, its digit, or as the last or the only hidden one."""
    count = len([q for q in reading.graph.parameters if q.rank == 2]) or 1
    found = int(digit) if digit else ORDINALS.get(which or "", 0)
    if which in ("last", "final") or "output" in kinds or which == "output":
        found = count
    if not found and ("hidden" in kinds or which == "hidden") and count == 2:
        found = 1
    if not found and count == 1:
        found = 1
    if not found:
        raise UnreadError("it isn't clear which layer is meant")
    if found > count:
        raise UnreadError(f"there is no layer {found}: the model has {count}")
    return found
