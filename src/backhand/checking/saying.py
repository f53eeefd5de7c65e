"""What is said of a mark: the hint, the first step that goes wrong, or the full working."""

from __future__ import annotations

from dataclasses import replace

from backhand.checking.marks import Level, Mark
from backhand.checking.parts import Part
from backhand.working import Step, Working

RULES = {
    "bias forgotten": "bias folded in",
    "1 at the wrong end": "bias folded in",
    "update added": "gradient descent",
    "learning rate forgotten": "gradient descent",
    "activation forgotten": "apply",
    "sigma and sigma' mixed up": "apply",
    "transposed": "matrix product",
}
"""The rule of the step in which a slip happens, or its first word."""


def said(part: Part, mark: Mark, level: Level) -> Mark:
    """The mark with its feedback at this level."""
    if level == "hint" or mark.verdict in ("right", "unreadable"):
        return mark
    if level == "full":
        return replace(mark, feedback=f"{mark.feedback}\n\n{part.working.text()}")
    step = _step(part.working, mark.slip)
    if step is None:
        return mark
    return replace(mark, feedback=f"{mark.feedback} Look again at this step: {_told(step)}.")


def _step(working: Working, slip: str | None) -> Step | None:
    rule = RULES.get(slip or "")
    fitting = [s for s in working.steps if rule is not None and s.rule.startswith(rule)]
    steps = fitting or working.steps[-1:]
    return steps[0] if steps else None


def _told(step: Step) -> str:
    """A step's title and rule, without its formula and value."""
    title = " ".join(Working(ask="", answer=step.title).text().split())
    return f"{title[:1].lower()}{title[1:]} ({step.rule})"
