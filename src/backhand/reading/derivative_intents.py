"""The intents about derivatives: chains, factors, gradients, Jacobians, Hessians, convexity."""

from __future__ import annotations

import re

from backhand.reading.reading_of_questions import (
    Hit,
    Reading,
    UnreadError,
    is_array,
    is_direct,
    loss_name,
    objective_name,
    quantity_of,
)

_NOUNS = (
    r"(?:(?:the|our|your|all|every|each|entry|entries|of|weights?|matrix|vector|scores?|bias(?:es)?"
    r"|output|prediction|parameters?|probability|probabilities|logits?|activations?"
    r"|pre-?activations?|hidden|input|component|variable|loss|objective|function|single) )*?"
)
OPERAND = rf"{_NOUNS}(?:<N\d+>|\bloss\b(?! <N)|\bobjective(?: function)?\b(?! <N))"
"""What is differentiated: a quantity, or the loss or the objective by its noun."""
VARIABLE = rf"{_NOUNS}(?:<N\d+>|\b(?:weights|parameters)\b(?! <N))"
"""By what: a quantity, or all that is learned; that is read as an empty name."""
_TERMS = re.compile(
    r"(?:\b(?:write|express|simplify|give|it|and|,|:|but|then|so that|is)\b ?)*\bin terms of"
    r" (?:just |only )?(?:the )?"
    r"(?P<list><[ND]\d+>(?:(?: ,)?(?: and)?(?: the)? <[ND]\d+>)*)(?: alone| only)?"
)
_WRITING = re.compile(
    r"\b(?:write|expand|express|state|set up|rewrite|decompose|break)\b"
    r"|\bderivative chain\b|\bchain expression\b|\bchain of\b|\bchain for\b"
)
_WORKING = re.compile(r"\b(?:compute|calculate|evaluate|find|work out|determine|number-value)\b")
_CHAIN = re.compile(
    r"\bas (?:a )?(?:chain|product) of (?:derivative|factors)\b|\binto (?:a )?(?:product of "
    r"|chain of )?(?:derivative|factors)\b"
    r"|\bderivative chain expression\b|\bchain (?:expression|rule|of derivative|of)\b"
    r"|\bproduct of (?:derivative|factors)\b"
    r"|\bderivative chain\b|\bchain\b"
)


def _operand(text: str, reading: Reading) -> str:
    """The name that an operand's words stand for; empty for all that is learned."""
    marked = reading.marks("N", text)
    if marked:
        return marked[0][0].names[0]
    if "objective" in text:
        return objective_name(reading.graph)
    return loss_name(reading.graph) if "loss" in text else ""


def _worded(reading: Reading, noun: str) -> re.Match[str] | None:
    """The words `NOUN of OPERAND with respect to VARIABLE`, or its parts the other way round; the
    second part may be missing."""
    turned = re.search(
        rf"\b{noun}\b wrt (?P<by>{VARIABLE})(?P<more>(?:(?: ,)?(?: and)?(?: wrt)? {_NOUNS}<N\d+>)*)"
        rf" of (?P<of>{OPERAND})(?: <N\d+>)?",
        reading.text,
    )
    return turned or re.search(
        rf"\b{noun}\b(?: of)? (?P<of>{OPERAND})(?: <N\d+>)?(?: (?:wrt|by|in|as {noun})"
        rf" (?P<by>{VARIABLE})(?P<more>(?:(?: ,)?(?: and)?(?: wrt)? {_NOUNS}<N\d+>)*))?",
        reading.text,
    )


def _variables(found: re.Match[str], reading: Reading) -> list[str]:
    """What it is differentiated by, one by one."""
    by = found["by"]
    if by is None:
        return []
    first = _operand(by, reading)
    return [first, *(m.names[0] for m, _ in reading.marks("N", found["more"] or ""))]


def convexity(reading: Reading) -> Hit | None:
    """Is J convex, in its parameters or in one quantity."""
    cue = re.search(r"\b(?:non-?)?(?:convex|concave|convexity)\b", reading.text)
    if cue is None:
        return None
    found = re.search(
        rf"(?P<of>{OPERAND})(?: a)? (?:is |be |in |as )?(?:not )?(?:convex|concave)(?: or (?:convex"
        rf"|concave))?(?: function)?"
        rf"(?: (?:in|wrt|in terms of|of) (?P<by>{VARIABLE}))?",
        reading.text,
    )
    if found is None:
        raise UnreadError("it isn't clear of what convexity is asked")
    by = _operand(found["by"], reading) if found["by"] else ""
    if "[" in by:
        raise UnreadError("convexity is asked in a whole quantity, not in an entry")
    ask = f"convex {_operand(found['of'], reading)} {by}".strip()
    spans = [
        found.span(),
        *(
            m.span()
            for m in re.finditer(
                r"\b(?:whether|or not|show that|prove that|show|prove|verify)\b", reading.text
            )
        ),
    ]
    return Hit("convex", (ask,), tuple(spans))


def hessians(reading: Reading) -> Hit | None:
    """Second derivatives, in words or as a formula."""
    twice = [(m, s) for m, s in reading.marks("D") if len(m.names) > 2]
    if twice:
        mention, span = twice[0]
        of, *by = mention.names
        if len(by) > 2:
            raise UnreadError("derivatives of a third or higher order aren't worked out")
        words = by[:1] if by[0] == by[-1] else by
        ask = f"hessian {of} {' '.join(words)}"
        named = re.search(r"\bhessian\b", reading.text)
        return Hit("hessian", (ask,), (span, *([named.span()] if named else [])))
    if not re.search(r"\bhessian\b", reading.text):
        return None
    found = _worded(reading, "hessian")
    by = _variables(found, reading) if found else []
    if found is None or not by or not by[0]:
        raise UnreadError("a Hessian needs what is differentiated and by what")
    return Hit(
        "hessian", (f"hessian {_operand(found['of'], reading)} {' '.join(by)}",), (found.span(),)
    )


def jacobians(reading: Reading) -> Hit | None:
    """All derivatives of one quantity by another."""
    cue = re.search(r"\bjacobian\b", reading.text)
    if cue is None:
        return None
    marked = re.search(r"\bjacobian(?: of)? <D(\d+)>", reading.text)
    if marked:
        of, by = reading.mentions[int(marked[1])].names[:2]
        return Hit("jacobian", (f"jacobian {of} {by}",), (marked.span(),))
    found = _worded(reading, "jacobian")
    by = _variables(found, reading) if found else []
    if found is None or len(by) != 1 or not by[0]:
        raise UnreadError("a Jacobian needs what is differentiated and by what")
    return Hit("jacobian", (f"jacobian {_operand(found['of'], reading)} {by[0]}",), (found.span(),))


def gradients(reading: Reading) -> Hit | None:
    """The gradient by every parameter, or by some quantities."""
    if not re.search(r"\bgradients?\b", reading.text):
        return None
    marked = re.search(r"\bgradients? <D\d+>(?:(?: ,)?(?: and)? <D\d+>)*", reading.text)
    if marked:
        pairs = [m.names[:2] for m, _ in reading.marks("D", marked[0])]
        asks = tuple(_gradient(of, by, reading) for of, by in pairs)
        return Hit("gradient", asks, (marked.span(),))
    found = _worded(reading, "gradients?")
    if found is None:
        raise UnreadError("it isn't said of what the gradient is")
    of = _operand(found["of"], reading)
    if is_array(of, reading.graph):
        raise UnreadError(f"{of} isn't a number, so it has a Jacobian, not a gradient")
    asks = tuple(_gradient(of, by, reading) for by in _variables(found, reading) or [""])
    return Hit("gradient", asks, (found.span(),))


def _gradient(of: str, by: str, reading: Reading) -> str:
    if not by:
        return f"gradient {of}"
    return f"gradient {of} {by}" if is_array(by, reading.graph) else f"derivative {of} {by}"


def _pairs(reading: Reading) -> list[tuple[str, str, tuple[int, int]]]:
    """The derivatives that are named by formula or in words, outside of `in terms of`."""
    terms = [m.span() for m in _TERMS.finditer(reading.text)]
    pairs = [
        (m.names[0], m.names[1], span)
        for m, span in reading.marks("D")
        if not any(start <= span[0] < end for start, end in terms)
    ]
    if not pairs:
        found = _worded(reading, "derivative")
        for by in _variables(found, reading) if found else ():
            if not found or not by:
                raise UnreadError("it isn't said by what is differentiated")
            pairs.append((_operand(found["of"], reading), by, found.span()))
    return pairs


def _terms(reading: Reading) -> tuple[list[list[str]], list[tuple[int, int]], bool]:
    """The groups of names after `in terms of`, their spans, and whether they are derivatives."""
    groups: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    of_factors = False
    for match in _TERMS.finditer(reading.text):
        marks = reading.marks("ND", match["list"])
        of_factors = of_factors or any(m.kind == "D" for m, _ in marks)
        groups.append([m.names[0] for m, _ in marks if m.kind == "N"])
        spans.append(match.span())
    return groups, spans, of_factors


def chains(reading: Reading) -> Hit | None:
    """The chain rule written out, its factors left as they are."""
    pairs = _pairs(reading)
    groups, spans, of_factors = _terms(reading)
    cue = _CHAIN.search(reading.text)
    if not pairs or (cue is None and not of_factors):
        return None
    working, writing = _WORKING.search(reading.text), _WRITING.search(reading.text)
    if working and not of_factors and (cue is None or not re.search(r"\bas (?:a )?|into", cue[0])):
        if writing and not re.search(r"\bwrite\b.*\bin terms\b", reading.text):
            raise UnreadError(
                "it asks for the chain and for its value at once: make it two questions"
            )
        return None
    if groups and not of_factors:
        raise UnreadError("a chain is written in derivatives, not in terms of quantities")
    if any(groups):
        raise UnreadError("a chain is written in terms of derivatives only")
    every = [
        *spans,
        *(span for *_, span in pairs),
        *(m.span() for m in _CHAIN.finditer(reading.text)),
    ]
    every += [
        m.span()
        for m in re.finditer(r"\b(?:derivative|factors|expression|apply|expand)\b", reading.text)
    ]
    return Hit("chain", tuple(f"chain {of} {by}" for of, by, _ in pairs), tuple(every))


def derivatives(reading: Reading) -> Hit | None:
    """A derivative worked out; one factor of a chain where the equation names it directly."""
    pairs = _pairs(reading)
    if not pairs:
        return None
    groups, spans, of_factors = _terms(reading)
    if of_factors:
        raise UnreadError("it isn't clear what is asked in terms of other derivatives")
    if groups and len(pairs) > 1:
        raise UnreadError("it isn't clear which derivative is asked in terms of what")
    asks: list[str] = []
    for of, by, _ in pairs:
        if groups:
            if not is_direct(of, by, reading.graph):
                raise UnreadError(
                    f"{of} doesn't depend on {by} directly, so no single factor can be given"
                )
            asks += [f"local {of} {by} in {','.join(group)}" for group in groups]
        else:
            asks.append(_derivative(of, by, reading))
    every = [*spans, *(span for *_, span in pairs)]
    used = (
        r"\b(?:derivative|number-value|apply|differentiate|use the chain rule|using the"
        r" (?:multivariate )?chain rule|chain rule)\b"
    )
    every += [m.span() for m in re.finditer(used, reading.text)]
    return Hit("derivative", tuple(asks), tuple(every))


def _derivative(of: str, by: str, reading: Reading) -> str:
    graph = reading.graph
    if is_array(of, graph):
        return f"jacobian {of} {by}" if is_array(by, graph) else _mixed(of, by)
    if is_array(by, graph):
        return f"gradient {of} {by}" if "[" not in of else _mixed(of, by)
    worth = re.search(r"\bnumber-value\b", reading.text)
    if is_direct(of, by, graph) and not worth and of != quantity_of(graph.objective or ""):
        return f"local {of} {by}"
    return f"derivative {of} {by}"


def _mixed(of: str, by: str) -> str:
    raise UnreadError(f"one of {of} and {by} is an entry and the other a whole array")
