"""A comparison as JSON: the data, each model with its facts and scores, the differences."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from typing import Any

from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.facts import Linearity
from backhand.comparing.findings import answer, method, reasons
from backhand.comparing.working import convexity_working, short_reason
from backhand.syntax import Formula
from backhand.writing.json import finite
from backhand.writing.latex import formula_latex
from backhand.writing.text import formula_text, prose_text


def document(found: Comparison) -> str:
    """One object; numbers are not rounded, and one that isn't finite is a string."""
    task = found.task
    said = {
        "data": {
            "title": task.title,
            "points": task.count,
            "features": list(task.columns),
            "target": task.target,
            "classes": dict(zip(task.labels, task.counts, strict=True)) or None,
        },
        "answer": answer(found),
        "reasons": list(reasons(found)),
        "measure": found.measure,
        "folds": found.folds,
        "splits": len(found.splits),
        "epochs": found.course.epochs,
        "seed": found.course.seed,
        "shared": [prose_text(each) for each in found.shared],
        "models": [_model(each) for each in found.models],
        "differences": [
            {
                "better": each.better,
                "worse": each.worse,
                **_numbers(asdict(each.interval)),
                "beyond": each.beyond,
            }
            for each in found.differences
        ],
        "separation": asdict(found.separation) if found.separation else None,
        "least_squares": _numbers(asdict(found.least_squares)),
        "method": list(method(found)),
    }
    return dumps(said, ensure_ascii=False, indent=2) + "\n"


def _model(model: Compared) -> dict[str, Any]:
    facts, score = model.facts, model.score
    held = None
    if score is not None:
        held = {**_numbers(asdict(score.interval)), "each": list(map(finite, score.each))}
    return {
        "name": model.name,
        "family": facts.candidate.family,
        "layers": facts.candidate.layers,
        "equations": [_both(each) for each in facts.equations],
        "prediction": _both(facts.prediction),
        "loss": _both(facts.loss),
        "linear": [
            _linear(each)
            for each in (
                facts.in_features,
                facts.score_in_features,
                facts.in_parameters,
                facts.score_in_parameters,
            )
        ],
        "bends": [asdict(each) for each in (model.bend, model.score_bend) if each is not None],
        "convexity": {
            "convex": model.convex,
            "reason": prose_text(short_reason(model)),
            "steps": [step.rule for step in convexity_working(model).steps],
            "witness": model.convexity.witness if model.convexity else None,
            "swap": asdict(model.swapped) if model.swapped else None,
        },
        "parameters": facts.parameters,
        "sum": _both(facts.sum),
        "held_out": held,
        "training": finite(score.training if score else model.on_training),
        "losses": [finite(each) for each in model.whole.loss],
    }


def _linear(found: Linearity) -> dict[str, Any]:
    bent = formula_text(found.bent) if found.bent is not None else None
    return {"of": found.of, "by": list(found.by), "linear": found.affine, "bent": bent}


def _both(found: Formula) -> dict[str, str]:
    return {"text": formula_text(found), "latex": formula_latex(found)}


def _numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {name: finite(value) for name, value in found.items()}
