"""The PrairieLearn question: run as PrairieLearn runs it, and beside Backhand's own marker."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand.checking.marking import Marker
from backhand.checking.parts import prepared
from backhand.checking.recomputing import values_with
from backhand.checking.variants import Variant, variants
from backhand.errors import BackhandError
from backhand.publishing import prairielearn
from backhand.publishing import prairielearn_server as server
from backhand.publishing.packages import Package
from backhand.publishing.prairielearn_follow import on_tape
from backhand.publishing.tape import numbers, tape
from backhand.reading.document import read, worksheet
from backhand.working import Worksheet

EXAMPLES = Path(__file__).parents[3] / "examples"
HOSTILE = (
    "{{params.variant}} {{{feedback}}} {{#a}} <script>alert(1)</script> <pl-number-input> "
    r"$5 and $6 \(x\) <img src=x onerror=alert(1)> [a](javascript:alert(2)) $\href{javascript:1}{x}$"
)


SMALL = worksheet("$$ x = 3 $$\n\nx?\n\n% ask: value x")


class Question:
    """A question folder with its server file, run as PrairieLearn's worker does."""

    def __init__(self, package: Package, folder: Path) -> None:
        self.files = {name.rpartition("/")[2]: text for name, text in package.files.items()}
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        self.module: dict[str, Any] = {"__file__": str(folder / "server.py")}
        exec(compile(self.files["server.py"], "server.py", "exec"), self.module)
        self.whole = json.loads(self.files["variants.json"])

    def generated(self, seed: int) -> dict[str, Any]:
        data: dict[str, Any] = {"params": {}, "correct_answers": {}, "variant_seed": seed}
        self.module["generate"](data)
        return data

    def graded(self, data: dict[str, Any], raw: Mapping[str, str]) -> dict[str, Any]:
        """The data after `grade`, the elements having found everything wrong."""
        scores = {
            p["name"]: {"score": 0, "weight": 1, "feedback": "wrong"} for p in self.whole["parts"]
        }
        more = {"raw_submitted_answers": dict(raw), "partial_scores": scores, "feedback": {}}
        found = {**data, **more, "score": 0}
        self.module["grade"](found)
        json.dumps(found, allow_nan=False)
        return found


@pytest.fixture(scope="module")
def neurons() -> Worksheet:
    return read(EXAMPLES / "two-neurons.md")


@pytest.fixture(scope="module")
def package(neurons: Worksheet) -> Package:
    return prairielearn.export(neurons, list(variants(neurons, 2, seed=3)))


@pytest.fixture(scope="module")
def question(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Question:
    return Question(package, tmp_path_factory.mktemp("question"))


@pytest.fixture(scope="module")
def own(neurons: Worksheet, tmp_path_factory: pytest.TempPathFactory) -> Question:
    """The page itself, without variants."""
    return Question(prairielearn.export(neurons, ()), tmp_path_factory.mktemp("own"))


def typed(data: dict[str, Any]) -> dict[str, str]:
    """The right answers as a student types them, rounded to five digits."""
    raw: dict[str, str] = {}
    for name, value in data["correct_answers"].items():
        if isinstance(value, dict):
            entries = np.array(value["_value"]).ravel().tolist()
            raw |= {f"{name}{at + 1}": f"{x:.5g}" for at, x in enumerate(entries)}
        else:
            raw[name] = value if isinstance(value, str) else f"{value:.5g}"
    return raw


def test_right_answers_are_right_in_every_variant(question: Question) -> None:
    seen: set[int] = set()
    for seed in range(8):
        data = question.generated(seed)
        assert question.generated(seed) == data
        seen.add(data["params"]["variant"])
        found = question.graded(data, typed(data))
        assert {name: s["score"] for name, s in found["partial_scores"].items()} == dict.fromkeys(
            found["partial_scores"], 1.0
        )
        assert found["score"] == 1.0
    assert seen == {0, 1}


def test_an_empty_submission_earns_nothing(question: Question) -> None:
    data = question.generated(1)
    found = question.graded(data, {})
    assert found["score"] == 0
    assert set(found["feedback"].values()) == {"There is no answer to this."}


def test_slips_and_earlier_answers(own: Question) -> None:
    data = own.generated(1)
    raw = typed(data) | {"p3": "3 x 2", "p7": "-4", "p8": "0.018", "p16": "-0.0198", "p52": ""}
    found = own.graded(data, raw)
    score = {name: each["score"] for name, each in found["partial_scores"].items()}
    assert [score[name] for name in ("p3", "p5", "p7", "p8", "p16")] == [0.5, 0.5, 0.0, 1.0, 0.5]
    assert found["feedback"]["p8"].startswith("Right, given your earlier answer")
    assert "factor 2" in found["feedback"]["p16"]
    assert found["partial_scores"]["p7"] == {"score": 0.0, "weight": 1}


def test_a_dead_network_earns_nothing_later(own: Question) -> None:
    data = own.generated(1)
    raw = typed(data) | {"p51": "-1", "p52": "-2", "p61": "0", "p62": "0", "p7": "1"}
    found = own.graded(data, raw)
    assert found["partial_scores"]["p7"]["score"] == 0.0
    assert "leaves nothing to work out" in found["feedback"]["p7"]


MARKER = Marker(read(EXAMPLES / "two-neurons.md"))


@pytest.mark.parametrize("name", ["two-neurons", "three-layers", "softmax-classifier"])
def test_a_tape_works_out_what_the_graph_does(name: str) -> None:
    page = read(EXAMPLES / f"{name}.md")
    parts = [part for part in prepared(page, None) if part.graph is page.graph]
    made = tape(page.graph)
    assert made is not None
    after = [on_tape(part, made)[1] for part in parts]
    lines = [
        eval(f"lambda v, t: {text}", {"math": math, "log": server.log})
        for text in made.lines
        if text
    ]
    values = numbers(made, page.graph)
    for line in lines:
        values.append(line(values, {}))
    for name, value in values_with(made.graph, {}).items():
        found = [values[place] for place in made.entries(name)]
        assert found == pytest.approx(np.asarray(value, dtype=float).ravel().tolist())
    for part, places in zip(parts, after, strict=True):
        for each in places:
            assert part.right is not None
            found = [values[at] for at in each]
            known = not any(map(math.isnan, found))
            assert not known or found == pytest.approx(list(part.right[1])), part.part.number
    assert sum(map(bool, after)) >= 5


def test_formulas_are_right_by_the_marker(question: Question) -> None:
    correct = question.generated(2)["correct_answers"]
    for name, number in (("p12", "3.2.2"), ("p13", "3.2.3.1"), ("p14", "3.2.3.2")):
        assert MARKER.mark(number, correct[name]).verdict == "right"


def test_the_server_needs_no_package(package: Package) -> None:
    (server,) = (text.decode() for name, text in package.files.items() if name.endswith(".py"))
    found = set(re.findall(r"^(?:from|import) (\S+)", server, re.M))
    assert found == {
        "__future__", "collections.abc", "dataclasses", "fractions", "functools", "json", "math",
        "pathlib", "random", "re", "typing",
    }  # fmt: skip


def test_the_info_file_keeps_to_the_schema(package: Package) -> None:
    """The rules of infoQuestion.json, PrairieLearn's own schema, for the fields that are used."""
    (info,) = (json.loads(t) for name, t in package.files.items() if name.endswith("info.json"))
    kinds = {"uuid": str, "title": str, "topic": str, "tags": list, "type": str,
             "singleVariant": bool, "partialCredit": bool}  # fmt: skip
    assert {key: type(value) for key, value in info.items()} == kinds
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", info["uuid"])
    assert info["type"] == "v3"
    assert not info["singleVariant"]
    assert prairielearn.export(SMALL, ()) == prairielearn.export(SMALL, ())


def test_nothing_of_the_page_is_taken_for_a_template(tmp_path: Path) -> None:
    page = worksheet(
        f"# T {HOSTILE}\n\n$$ x = 2 $$\n\n$$ J = x^2 $$\n\nWords {HOSTILE}\n\n"
        f"## 1 {HOSTILE}\n\n1. Say {HOSTILE}\n   % ask: value J\n"
    )
    found = prairielearn.export(page, ())
    assert all(re.fullmatch(r"questions/[a-z0-9-]+/[a-z.]+", name) for name in found.files)
    made = Question(found, tmp_path)
    template = made.files["question.html"].decode()
    assert "alert" not in template
    assert set(re.findall(r"\{\{.*?\}\}", template)) <= {
        *(f"{{{{{{params.t{at}}}}}" for at in range(9)), "{{#feedback.p1}}", "{{feedback.p1}}",
        "{{/feedback.p1}}",
    }  # fmt: skip
    texts = [v for k, v in made.generated(1)["params"].items() if k.startswith("t")]
    assert any("{{params.variant}}" in text for text in texts)  # put in raw, and not read again
    for text in texts:
        assert text.startswith('<div class="mathjax_ignore">')
        tags = set(re.findall(r"<(\w[\w-]*)", text))
        assert tags <= {"div", "span", "p", "strong", "h1", "h2", "code", "em", "ol", "li", "a"}
        assert 'href="javascript' not in text
        assert r"\href" not in "".join(re.findall(r'mathjax_process">(.*?)</', text))


def test_the_report_says_what_is_lost(package: Package) -> None:
    told = {each.part: each for each in package.report}
    assert told["3.1.1"].how == "text only"
    assert told["3.2.6"].how == "pl-checkbox"
    assert any("picked from a list" in lost for lost in told["3.2.6"].lost)
    assert told["3.1.6"].lost == ()


def test_verdicts_are_choices(tmp_path: Path) -> None:
    text = "$$ x = 2, w = 3 $$\n\n$$ J = (w x)^2 $$\n\nConvex?\n\n% ask: convex J w\n"
    made = Question(prairielearn.export(worksheet(text), ()), tmp_path)
    params = made.generated(1)["params"]
    assert [
        word
        for word in ("convex", "concave", "affine", "neither")
        if params[f"p1_{word}"] == "true"
    ] == ["convex"]
    assert "pl-multiple-choice" in made.files["question.html"].decode()


def test_what_can_not_be_exported_is_refused() -> None:
    with pytest.raises(BackhandError, match="asks nothing"):
        prairielearn.export(worksheet("$$ x = 3 $$"), ())
    one, other = (
        Variant(1, SMALL, {}),
        Variant(2, worksheet("$$ x = [1; 2] $$\n\nx?\n\n% ask: value x"), {}),
    )
    with pytest.raises(BackhandError, match="over 500 variants"):
        prairielearn.export(SMALL, [one] * 501)
    with pytest.raises(BackhandError, match="of another kind"):
        prairielearn.export(SMALL, [one, other])


def test_a_number_that_the_platform_reads_and_we_do_not() -> None:
    rng = random.Random(1)
    for _ in range(50):
        top, bottom = rng.uniform(-9, 9), rng.uniform(1, 9)
        found = server._numeral(f"{top}/{bottom}")
        assert float(found.value) == pytest.approx(top / bottom)
    assert server._numeral("").value == 10**300
