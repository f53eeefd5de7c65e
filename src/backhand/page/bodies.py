"""What each request holds: one record a request, read from its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from backhand.checking.marks import Level
from backhand.graph import Layout
from backhand.page.fields import MAX_ANSWER, MAX_NAME, Fields, RequestError

Given: TypeAlias = Mapping[str, tuple[float, ...]]
"""The numbers of given quantities, row by row."""
ExportFormat: TypeAlias = Literal["markdown", "html", "pdf", "svg", "python", "json", "latex"]
Paper: TypeAlias = Literal["key", "sheet"]
MAX_SEED = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exact."""
MAX_LAYERS = 20
MAX_UNITS = 1_000
MAX_CLASSES = 100
MAX_INPUTS = 1_000
MAX_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class Text:
    """A page by itself."""

    text: str

    @classmethod
    def from_json(cls, fields: Fields) -> Text:
        fields.only("text")
        return cls(fields.text("text"))


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer to be built: its units, and the name of its activation."""

    width: int
    activation: str

    @classmethod
    def from_json(cls, fields: Fields) -> LayerSpec:
        fields.only("width", "activation")
        activation = fields.text("activation", MAX_NAME) if fields.has("activation") else ""
        return cls(fields.whole("width", 1, MAX_UNITS), activation)


@dataclass(frozen=True, slots=True)
class Network:
    """A network to be built, the inputs as its first layer."""

    layers: tuple[LayerSpec, ...]
    loss: str
    seed: int

    @classmethod
    def from_json(cls, fields: Fields) -> Network:
        fields.only("layers", "loss", "seed")
        layers = tuple(LayerSpec.from_json(each) for each in fields.objects("layers", MAX_LAYERS))
        if len(layers) < 2:
            raise RequestError("a network has two layers or more", "send inputs and outputs")
        if layers[0].activation not in ("", "identity"):
            raise RequestError("the inputs have no activation", "leave it out of the first layer")
        loss = fields.text("loss", MAX_NAME) if fields.has("loss") else "squared_error"
        return cls(layers, loss, _seed(fields))


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derivative to be worked out, on a page with edited values, at a question or at its end."""

    text: str
    question: str | None
    values: Given
    of: str
    by: str
    layout: Layout | None

    @classmethod
    def from_json(cls, fields: Fields) -> Derivation:
        fields.only("text", "question", "values", "of", "by", "layout")
        return cls(
            fields.text("text"),
            _question(fields),
            fields.numbers_by_name("values"),
            fields.text("of", MAX_NAME),
            fields.text("by", MAX_NAME),
            _layout(fields),
        )


@dataclass(frozen=True, slots=True)
class Pass:
    """A forward or backward pass to be worked out, on a page with edited values."""

    text: str
    question: str | None
    values: Given
    layout: Layout | None

    @classmethod
    def from_json(cls, fields: Fields) -> Pass:
        fields.only("text", "question", "values", "layout")
        values = fields.numbers_by_name("values")
        return cls(fields.text("text"), _question(fields), values, _layout(fields))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be marked, with the earlier ones by their parts."""

    text: str
    part: str
    answer: str
    earlier: Mapping[str, str]
    level: Level

    @classmethod
    def from_json(cls, fields: Fields) -> Answer:
        fields.only("text", "part", "answer", "earlier", "level")
        level: Level = "hint"
        if fields.has("level"):
            level = fields.choice("level", "hint", "step", "full")
        return cls(
            fields.text("text"),
            fields.number_of_question("part"),
            fields.text("answer", MAX_ANSWER),
            fields.texts_by_name("earlier", MAX_ANSWER),
            level,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer to be shown as it is understood."""

    text: str
    part: str
    answer: str

    @classmethod
    def from_json(cls, fields: Fields) -> Preview:
        fields.only("text", "part", "answer")
        number = fields.number_of_question("part")
        return cls(fields.text("text"), number, fields.text("answer", MAX_ANSWER))


@dataclass(frozen=True, slots=True)
class Key:
    """A part whose working is wanted."""

    text: str
    part: str

    @classmethod
    def from_json(cls, fields: Fields) -> Key:
        fields.only("text", "part")
        return cls(fields.text("text"), fields.number_of_question("part"))


@dataclass(frozen=True, slots=True)
class AnotherOne:
    """A variant of a page, by its seed."""

    text: str
    seed: int

    @classmethod
    def from_json(cls, fields: Fields) -> AnotherOne:
        fields.only("text", "seed")
        return cls(fields.text("text"), _seed(fields))


@dataclass(frozen=True, slots=True)
class Export:
    """A page to be written as a file, with edited values; HTML, LaTeX and PDF as its key or sheet."""

    text: str
    values: Given
    format: ExportFormat
    paper: Paper
    layout: Layout | None
    by: str | None
    """Of a drawing: the entry whose derivative is lit."""

    @classmethod
    def from_json(cls, fields: Fields) -> Export:
        fields.only("text", "values", "format", "paper", "layout", "by")
        format: ExportFormat = fields.choice(
            "format", "markdown", "html", "pdf", "svg", "python", "json", "latex"
        )
        paper: Paper = "key"
        if fields.has("paper"):
            paper = fields.choice("paper", "key", "sheet")
        by = fields.text("by", MAX_NAME) if fields.has("by") else None
        values = fields.numbers_by_name("values")
        return cls(fields.text("text"), values, format, paper, _layout(fields), by)


@dataclass(frozen=True, slots=True)
class Points:
    """Data points of a named set."""

    name: str
    count: int
    seed: int

    @classmethod
    def from_json(cls, fields: Fields) -> Points:
        fields.only("name", "n", "seed")
        count = fields.whole("n", 1, MAX_POINTS) if fields.has("n") else 200
        return cls(fields.text("name", MAX_NAME), count, _seed(fields))


@dataclass(frozen=True, slots=True)
class Beside:
    """The models beside a network: so many inputs and classes, 0 for a number to be predicted."""

    inputs: int
    classes: int

    @classmethod
    def from_json(cls, fields: Fields) -> Beside:
        fields.only("inputs", "classes")
        classes = fields.whole("classes", 0, MAX_CLASSES)
        if classes == 1:
            raise RequestError("one class alone can't be told apart", "send 0, or 2 or more")
        return cls(fields.whole("inputs", 1, MAX_INPUTS), classes)


def _seed(fields: Fields) -> int:
    return fields.whole("seed", 0, MAX_SEED) if fields.has("seed") else 0


def _question(fields: Fields) -> str | None:
    return fields.number_of_question("question") if fields.has("question") else None


def _layout(fields: Fields) -> Layout | None:
    if not fields.has("layout"):
        return None
    found: Layout = fields.choice("layout", "numerator", "denominator")
    return found
