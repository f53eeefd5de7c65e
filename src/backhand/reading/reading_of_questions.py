"""What an intent works on: a question's plain words, what is consumed of them, and names by"
" nouns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backhand.errors import BackhandError
from backhand.expr import names
from backhand.graph import Graph, Role
from backhand.reading.meaning import entry
from backhand.reading.phrases import Mention
from backhand.reading.vocabulary_of_questions import ORDINALS

DONE = "~"
"""What stands for a consumed sign of the text."""
LOSSES = ("ell", "loss", "L")
"""The names of a point's loss, beside the objective."""


class UnreadError(Exception):
    """Why a question can't be read, in words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Asks that an intent found, and the spans of the text that it consumed for them."""

    intent: str
    asks: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The plain text, its formulas, and the graph they are about."""

    text: str
    mentions: tuple[Mention, ...]
    graph: Graph
    given: tuple[str, ...] = ()
    """Definitions that the question itself makes, for a claim in it."""

    def without(self, spans: Sequence[tuple[int, int]]) -> Reading:
        """The same with these spans consumed."""
        text = self.text
        for start, end in spans:
            text = text[:start] + DONE * (end - start) + text[end:]
        return replace(self, text=text)

    def marks(self, kinds: str, within: str | None = None) -> list[tuple[Mention, tuple[int, int]]]:
        """The formulas of these kinds that are left in the text, each with its span."""
        found = re.finditer(rf"<[{kinds}](\d+)>", self.text if within is None else within)
        return [(self.mentions[int(m[1])], m.span()) for m in found]

    def left(self) -> list[Mention]:
        """The formulas that are left."""
        return [mention for mention, _ in self.marks("NDSCMU")]

    def marked_asides(self) -> set[tuple[int, int]]:
        """The spans of the formulas behind a comma, or in a later sentence, once all was said."""
        found: set[tuple[int, int]] = set()
        for _, span in self.marks("NDSCMU"):
            sentence = self.text[: span[0]].rpartition(" . ")[2]
            before = re.split(r"[,:;]", sentence)[:-1]
            if any(DONE in part for part in before):
                found.add(span)
        return found

    def words(self, *, asides: bool = True) -> Iterator[str]:
        """The words that are left; without asides, not those behind a comma once all was said."""
        for sentence in self.text.split(" . "):
            parts = re.split(r"[,:;]", sentence)
            for at, part in enumerate(parts):
                if not asides and any(DONE in before for before in parts[:at]):
                    break
                for word in part.split():
                    if DONE not in word and not word.startswith("<"):
                        yield word


def with_ordinals(reading: Reading) -> Reading:
    """The same with `the second entry of z` made a mark for z[2], and `the second entry z_2`"
    " too."""
    ordinal = "|".join(word for word in ORDINALS if word.isalpha())
    part = r"(?:entry|component|element|coordinate|score|probability|logit|output|class)"
    mentions = list(reading.mentions)

    def marked(match: re.Match[str]) -> str:
        number, name = ORDINALS[match[1]], reading.mentions[int(match[3])].names[0]
        if match[2] is None and "[" in name:
            if not name.endswith(f"[{number}]"):
                raise UnreadError(f"{name} isn't number {number}")
            return f"<N{match[3]}>"
        mentions.append(Mention(name, "N", (entry_name(name, number, reading.graph),)))
        return f"<N{len(mentions) - 1}>"

    found = (
        rf"\b({ordinal}) {part}( (?:of|in)(?: the| our)?(?: hidden| output| score|"
        rf" input)?(?: vector)?)? <N(\d+)>"
    )
    return replace(reading, text=re.sub(found, marked, reading.text), mentions=tuple(mentions))


# ---- names by nouns ----------------------------------------------------------------------------


def loss_name(graph: Graph) -> str:
    """What "the loss" is: the loss of a point, else the objective; `UnreadError` where there"
    " is none."""
    found = next((name for name in LOSSES if name in graph), graph.objective)
    if not found:
        raise UnreadError("the model has no loss")
    return found


def objective_name(graph: Graph) -> str:
    """What "the objective" is; `UnreadError` where there is none."""
    if not graph.objective:
        raise UnreadError("the model has no objective")
    return graph.objective


def output_name(graph: Graph) -> str:
    """What "the output" is: what the loss compares with the target, else the last one defined."""
    if "yhat" in graph:
        return "yhat"
    name = graph.objective
    for _ in range(len(graph.quantities)):
        definition = graph[name].definition if name else None
        used = names(definition) if definition is not None else set[str]()
        inner = [q.name for q in graph if q.name in used and q.role is Role.INTERMEDIATE]
        targets = any(graph[n].role is Role.TARGET for n in used)
        if len(inner) == 1 and targets:
            return inner[0]
        if len(inner) != 1:
            break
        name = inner[0]
    raise UnreadError("it isn't clear which quantity is the output")


def quantity_of(name: str) -> str:
    """The quantity of a plain spelling: `W_1` of `W_1[1,2]`."""
    return name.partition("[")[0]


def is_array(name: str, graph: Graph) -> bool:
    """Whether a plain spelling names a whole array of more than one entry."""
    return "[" not in name and not graph[name].single


def is_direct(of: str, by: str, graph: Graph) -> bool:
    """Whether the equation of the one mentions the other, so that its derivative is one factor."""
    definition = graph[quantity_of(of)].definition
    return definition is not None and quantity_of(by) in names(definition)


def matrices_of(graph: Graph) -> list[str]:
    """The weight matrices: parameters of two axes, else those of one."""
    ranked = [q for q in graph.parameters if q.rank == 2]
    return [q.name for q in ranked or graph.parameters if q.rank]


def entry_name(name: str, number: int, graph: Graph) -> str:
    """The numbered entry of a vector; `UnreadError` where it has none."""
    if "[" in name or graph[name].rank != 1:
        raise UnreadError(f"{name} has no entries with one number")
    text = f"{name}[{number}]"
    try:
        entry(text, graph)
    except BackhandError as error:
        raise UnreadError(error.what) from None
    return text
