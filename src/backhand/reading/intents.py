"""The intents of questions: each finds its words in what is left of a question, and gives asks.

An intent is a function from a `Reading` to a `Hit`, or None where its words aren't there. The order
in `INTENTS` is that in which they are tried: what needs more words goes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from backhand.graph import Role
from backhand.reading.counting_intents import GROUP, LIST, matrices, parameters, shapes
from backhand.reading.derivative_intents import (
    chains,
    convexity,
    derivatives,
    gradients,
    hessians,
    jacobians,
)
from backhand.reading.reading_of_questions import (
    Hit,
    Reading,
    UnreadError,
    loss_name,
    objective_name,
    output_name,
    quantity_of,
)
from backhand.reading.vocabulary_of_questions import ORDINALS

Intent: TypeAlias = Callable[[Reading], Hit | None]
_POINTS = (
    r"\b(?:over|for|on|across|of|using|with|at) (?:all|every|each|the (?:whole|entire|full"
    r"|\w+(?= (?:\w+ )?point"
    r"|(?: \w+)? example)))(?: of)?(?: the| our| \d)?(?: \w+)?? (?:points?|examples?|samples?"
    r"|data|dataset|set)\b"
    r"(?: \d+)?"
)
"""Which points something is over."""
_UPDATING = re.compile(
    r"\b(?:updated?|updates|new|becomes?|after|one|single|steps?|descent|gradient|learning"
    r" rate|rate"
    r"|full[- ]batch|batch|learned|learning)\b|(?<=learning rate )\d[\d./]*|(?<=learning rate"
    r" of )\d[\d./]*|" + _POINTS
)


def _draw(reading: Reading) -> Hit | None:
    cue = re.search(
        r"\b(?:draw|sketch|illustrate|plot)\b(?: what)?|\b(?:a )?(?:diagram|picture|drawing)\b",
        reading.text,
    )
    if cue is None:
        return None
    if re.search(r"\b(?:function|graph of|curve|boundary|surface|path taken)\b", reading.text):
        raise UnreadError("only the network and its paths can be drawn")
    spans = [cue.span()]
    spans += [
        m.span()
        for m in re.finditer(r"\b(?:a )?(?:diagram|picture|drawing|graph|paths?)\b", reading.text)
    ]
    lit = reading.marks("D") or reading.marks("N")
    by = ""
    if lit:
        mention, span = lit[0]
        by, spans = f" {mention.names[-1]}", [*spans, span]
    return Hit("draw", (f"draw{by}",), tuple(spans))


def _update(reading: Reading) -> Hit | None:
    cue = re.search(
        r"\bupdated?\b|\bupdates\b|\bnew value|\bnew weights?\b|\bnew <N|\bbecomes?\b|\bdescent\b"
        r"|\bafter (?:one|a|the|this) (?:\w+ )?step\b|\bone step\b",
        reading.text,
    )
    if cue is None or reading.marks("D"):
        return None
    rate = reading.marks("S")
    worded = re.search(
        r"\b(?:learning rate|step size)(?: is| of| equal to)?(?: <S\d+>| (\d+(?:\.\d+)?(?:/\d+)?))",
        reading.text,
    )
    eta = rate[0][0].names[0] if rate else worded[1] if worded and worded[1] else ""
    if not eta or len(rate) > 1:
        raise UnreadError("an update needs one learning rate: write it as η = 0.1")
    steps = re.search(
        r"\b(two|three|ten|\d+) (?:\w+ )?(?:steps|updates|epochs|iterations)\b", reading.text
    )
    if steps:
        raise UnreadError("one step is worked out, not several")
    if re.search(r"\b(?:momentum|adam|decay|rmsprop|regulari[sz]\w+)\b", reading.text):
        raise UnreadError("an update is a plain step of gradient descent")
    learned = [m.names[0] for m, _ in reading.marks("N") if _is_parameter(reading, m.names[0])]
    others = [m.names[0] for m, _ in reading.marks("N") if not _is_parameter(reading, m.names[0])]
    if others and not learned:
        raise UnreadError(f"{others[0]} isn't learned, so no step updates it")
    if not learned and not re.search(r"\b(?:weights|parameters)\b", reading.text):
        raise UnreadError("it isn't said what is updated")
    targets = list(dict.fromkeys(learned)) or [q.name for q in reading.graph.parameters]
    over = _points(reading.text)
    asks = tuple(f"update {name} eta={eta}{over}" for name in targets)
    spans = [m.span() for m in _UPDATING.finditer(reading.text)]
    spans += [span for _, span in reading.marks("NSM")]
    return Hit("update", asks, tuple(spans))


def _is_parameter(reading: Reading, name: str) -> bool:
    return reading.graph[quantity_of(name)].role is Role.PARAMETER


def _points(text: str) -> str:
    """The option of an update that says which points it is over."""
    if re.search(
        r"\b(?:over|on|using|with) (?:all|every|the (?:whole|entire|full))\b|\bfull[- ]batch\b",
        text,
    ):
        return " over=all"
    point = re.search(r"\b(\w+) (?:data |training )?(?:point|example|sample)\b(?: (\d+))?", text)
    if point is None:
        return ""
    number = int(point[2]) if point[2] else ORDINALS.get(point[1], 0)
    return f" point={number}" if number > 1 else ""


def _check(reading: Reading) -> Hit | None:
    cue = re.search(r"\b(?:prove|show|verify|check|shown|proof)\b", reading.text)
    if cue is None:
        return None
    claims = reading.marks("C")
    if not claims:
        if re.search(r"\b(?:convex|concave)\b", reading.text):
            return None
        raise UnreadError("there is no equation to be proved: write the claim as a formula")
    asks = tuple(f"check {_self_contained(m.source, reading.given)}" for m, _ in claims)
    return Hit("check", asks, tuple(m.span() for m in re.finditer(r"[^.]+", reading.text)))


def _self_contained(claim: str, given: tuple[str, ...]) -> str:
    """A claim with what the question defines for it: `y = q(u, v)` is put in for y, q goes"
    " before."""
    before: list[str] = []
    for equation in given:
        made = re.match(r"(\w+) = ((\w+)\(\w+(?:, ?\w+)*\))", equation)
        put_in = rf"\\frac\{{d ?{made[1]}\}}\{{(d ?\w+)\}}" if made else r"(?!)"
        if made and re.search(put_in, claim):
            claim = re.sub(put_in, lambda m, f=made[2]: rf"\frac{{d}}{{{m[1]}}} {f}", claim)
            before += [e for e in given if e.startswith(f"{made[3]}(")]
    return "; ".join((*before, claim))


def _forward(reading: Reading) -> Hit | None:
    cue = re.search(r"\bforward-pass\b", reading.text)
    if cue is None:
        return None
    return Hit(
        "forward", ("forward",), (cue.span(), *_within(r"\b(?:one|through)\b", reading.text))
    )


def _objective(reading: Reading) -> Hit | None:
    cue = re.search(r"\bobjective(?: function)?\b(?: <N\d+>)?", reading.text)
    if cue is None or re.search(r"\bvalue of the objective\b", reading.text):
        return None
    objective_name(reading.graph)
    every = (cue.span(), *_within(_POINTS, reading.text))
    return Hit("objective", ("objective",), every)


def _class(reading: Reading) -> Hit | None:
    cue = re.search(
        r"(?:\bof the \w+ )?\bclass(?:es)?\b|\bclassif(?:y|ies|ied)\b(?: <N\d+>)?|\bcategory\b"
        r"|\bpredicted label\b",
        reading.text,
    )
    if cue is None:
        return None
    if re.search(r"\bhow many class", reading.text):
        raise UnreadError("the number of classes is no ask")
    spans = [cue.span()]
    spans += _within(
        r"\b(?:assign|assigned|assigns|chosen?|choose|chooses|belongs?|falls?|put|puts|point|<N\d+>"
        r" as)\b",
        reading.text,
    )
    level = re.search(r"\bthreshold(?: is| of| at)?(?: (\d+(?:\.\d+)?))?", reading.text)
    if level is None:
        return Hit("class", ("class",), tuple(spans))
    if not level[1]:
        raise UnreadError("the threshold isn't given as a number")
    return Hit("class", (f"class threshold={level[1]}",), (*spans, level.span()))


def _loss(reading: Reading) -> Hit | None:
    cue = re.search(
        r"\bloss\b(?: between <N\d+> and <N\d+>)?(?: (<N\d+>))?|\bvalue of the objective(?:"
        r" function)?\b",
        reading.text,
    )
    if cue is None:
        return None
    loss = loss_name(reading.graph)
    if cue[1]:
        named = reading.marks("N", cue[1])[0][0].names[0]
        if named not in (loss, reading.graph.objective):
            raise UnreadError(f"{named} isn't the loss")
    if "objective" in cue[0]:
        return Hit("value", (f"value {objective_name(reading.graph)}",), (cue.span(),))
    return Hit(
        "loss", ("loss",), (cue.span(), *_within(r"\b(?:here|happens|incurred)\b", reading.text))
    )


def _value(reading: Reading) -> Hit | None:
    cue = re.search(
        r"(?:\b(?:what|which) (?:is|are|will be|would be|does|were)\b|\bcompute\b"
        r"|\bcalculate\b|\bfind\b|\bdetermine\b"
        r"|\bevaluate\b|\bgive\b|\bwork out\b|\bstate\b|\bvalues? (?:of|in|for)\b|\bwhat\b"
        r"|\bwrite(?: down)?\b|\breport\b)"
        rf" ?(?P<group>{GROUP})(?P<list>{LIST})",
        reading.text,
    )
    if cue is None:
        return None
    found = [m.names[0] for m, _ in reading.marks("N", cue["list"])]
    return Hit("value", tuple(f"value {name}" for name in found), (cue.span(),))


def _output(reading: Reading) -> Hit | None:
    cue = re.search(
        r"\b(?:what|which) (?:is|are) (?:the|our) (?:final |predicted )?(?:output|prediction"
        r"|probability|probabilities)"
        r"(?: of the| of our)?(?: (?:network|model|classifier|neural network))?$"
        r"|\bwhat (?:probability|probabilities) (?:does|do|are|is)(?: (?:the|our))?(?: \w+)?"
        r" (?:assigns?|outputs?|given|computed|produced?|predicts?|gives?)"
        r"|\bwhat does (?:the|our) (?:neural network|network|model|classifier) output\b",
        reading.text.rstrip(),
    )
    if cue is None:
        return None
    return Hit("value", (f"value {output_name(reading.graph)}",), (cue.span(),))


_COMPARED = re.compile(
    r"\bcompare[^.?!]*\bregression[^.?!]*"
    r"|\b(?:how (?:are|is|do|does)|in what ways?)\b[^.?!]*\b(?:similar|alike|differ\w*)[^.?!]*"
)


def _compare(reading: Reading) -> Hit | None:
    """How the model is like linear or logistic regression; of other models it knows nothing."""
    spans = _within(_COMPARED.pattern, reading.text)
    known = re.findall(r"\b(?:linear|logistic) regression", reading.text)
    if spans and len(known) == reading.text.count("regression") > 0:
        return Hit("compare", ("compare",), tuple(spans))
    return None


def _within(pattern: str, text: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(pattern, text)]


INTENTS: tuple[Intent, ...] = (
    _compare,
    _check,
    _update,
    _draw,
    matrices,
    parameters,
    shapes,
    convexity,
    hessians,
    jacobians,
    gradients,
    chains,
    derivatives,
    _forward,
    _class,
    _objective,
    _loss,
    _output,
    _value,
)
"""The intents, those that need more words first."""
