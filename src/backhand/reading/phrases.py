"""A question's words made plain: lower-case words, and a mark such as `<N0>` for each formula"
" in them.

The kind of a mark says what the formula is to the graph: N a quantity or an entry, D a derivative,
S the learning rate's value, C a claim, M one of a family such as `W_l`, U one that names nothing
here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.reading.given import rational
from backhand.reading.maths import Known, parse
from backhand.reading.meaning import entry, spelled
from backhand.reading.vocabulary import words
from backhand.syntax import Call, Derive, Entry, Equal, Formula, Name, Partial, replaced

MAX_QUESTION = 5_000
"""The longest question in characters; a longer one isn't read."""
RATES = ("eta", "alpha", "gamma", "lr", "epsilon")
"""What a learning rate is called, where the graph has no quantity of that name."""
ARTICLES = frozenset(("a", "A", "I"))
_ASIDE = r"(?:hint|note|recall|reminder|remember|n\.b\.|tip)\b"
_BRACKET_ASIDE = re.compile(rf"\((?:{_ASIDE})[^()]*(?:\([^()]*\)[^()]*)*\)", re.IGNORECASE)
_OPEN_ASIDE = re.compile(rf"['\"]?{_ASIDE}", re.IGNORECASE)
_POINTS = re.compile(
    r"[(\[]\s*\d{1,3}(?:\.\d)?\s*(?:points?|pts?\.?|marks?|credits?|%)\s*[)\]]"
    r"|(?<!\w)(?:part|question|exercise|problem|section) (?:\d+(?:\.\d+)*\s*)?\([a-z]{1,4}\)"
    r"|^\s*\*{0,2}\([a-z]{1,4}\)\*{0,2}\s",
    re.IGNORECASE,
)
"""What a question is worth, and the parts that it refers to: neither asks anything."""
_NABLA = re.compile(r"\s*(?:\\nabla|∇)\s*(?:_(?:\{([^{}]+)\}|(\w)))?\s*([^\s_].*)")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|`(.+?)`", re.DOTALL)
_IMPERATIVES = frozenset(
    words(
        "apply calculate carry check classify compute count derive determine do draw evaluate"
        " expand "
        "express find give list make name perform predict prove rewrite run show simplify"
        " sketch state "
        "take update use verify work write decide compare explain discuss describe plot tell run "
        "differentiate identify illustrate backpropagate report"
    )
)
_CHANGE = re.compile(
    r"(?:(?:now|next|then|instead|this time),? )*(?:we |you |let us |let's )?(?:suppose|assume|imagine|add"
    r"|replace|remove|change|set|double|halve|multiply|scale|swap|drop|repeat|switch|let|if|without)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\s*(?:let|assume|suppose|given|we|since|in the interest)\b", re.IGNORECASE)
_THEN = re.compile(
    rf"^\s*(?:given|since)\b.*?, (?:{'|'.join(sorted(_IMPERATIVES))})\b", re.IGNORECASE
)
_LEADS = frozenset(
    words("now then finally next first also please let's try to and again so lastly")
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A formula among words: its source, its kind, and the names that it is about."""

    source: str
    kind: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a question asks, as plain words and marks; `said` is the part of its words that asks."""

    text: str
    mentions: tuple[Mention, ...]
    said: str
    told: tuple[tuple[str, bool, tuple[int, ...]], ...] = ()
    """The sentences that only tell, whether their words change what is given, and their formulas that
    aren't the model's."""


def phrase(words: str, graph: Graph) -> Phrase:
    r"""The asking sentences of a question; asides and what merely tells are left out.

    >>> from backhand.reading.meaning import model
    >>> found = phrase(r"We are keen. What is $\hat{y}$?", model("x = 1; yhat = 2 x"))
    >>> found.text, found.mentions[0].names
    ('what is <N0>', ('yhat',))
    """
    mentions: list[Mention] = []
    marked = _marked(_POINTS.sub(" ", words), graph, mentions)
    marked = _BRACKET_ASIDE.sub(" ", marked)
    sentences = [s for s in _sentences(marked) if not _OPEN_ASIDE.match(s)]
    asking = [s for s in sentences if _asks(s)]
    told = tuple((_restored(s, mentions), *_changes(s)) for s in sentences if not _asks(s))
    said = " ".join(_restored(s, mentions) for s in asking)
    text = " . ".join(" ".join(_plain(s)) for s in asking)
    return Phrase(text, tuple(mentions), said, told)


def _marked(words: str, graph: Graph, mentions: list[Mention]) -> str:
    """The words with each formula replaced by its mark."""
    bold = r"(?:<[bi]>|\*\*)\s*([^\s*<>]{1,12}?)\s*(?:</[bi]>|\*\*)"
    words = re.sub(bold, lambda m: f"${m[1]}$" if m[1] in graph else m[1], words)
    words = re.sub(r"</?[bi]>|\*\*", "", words)
    words = re.sub(r"<(?=[A-Z]\d)", "< ", words)

    def mark(source: str) -> str:
        if (nabla := _NABLA.fullmatch(source)) and "=" not in source:
            by = nabla[1] or nabla[2]
            return f" gradient of {mark(nabla[3])}" + (f" wrt {mark(by)}" if by else "")
        mentions.append(mentioned(source, graph))
        return f" <{mentions[-1].kind}{len(mentions) - 1}> "

    pieces: list[str] = []
    at = 0
    for match in _FORMULA.finditer(words):
        pieces += [_names_in(words[at : match.start()], graph, mark)]
        pieces += [mark(next(g for g in match.groups() if g is not None).strip())]
        at = match.end()
    pieces += [_names_in(words[at:], graph, mark)]
    return "".join(pieces)


def _names_in(prose: str, graph: Graph, mark: Callable[[str], str]) -> str:
    """Prose with the formulas marked that stand in it without dollars: `W_1[1,2]`, dJ/dw, ŷ."""

    def formula(match: re.Match[str]) -> str:
        word, tail = match[0], ""
        while word and word[-1] in ".,;:?!":
            word, tail = word[:-1], word[-1] + tail
        bare = word.strip("()'\"")
        known = bare in graph and bare not in ARTICLES
        signed = re.search(r"[_=/∂\[\]^]|[^\x00-\x7f]", bare) and re.search(r"[^\W\d_]", bare)
        if not bare or not (known or (signed and "-" not in bare and "’" not in bare)):
            return match[0]
        found = mentioned(bare, graph)
        if found.kind == "U" and not re.search(r"[=∂\[^]", bare):
            return match[0]
        return mark(bare) + tail

    prose = re.sub(
        rf"(?<!\w)(η|α|{'|'.join(RATES)})\s*=\s*(\d[\d./]*\d|\d)",
        lambda m: mark(m[0]),
        prose,
    )
    return re.sub(r"(?<!<)\S+(?:\[[\d, ]+\])?", formula, prose)


def asks_something(words: str) -> bool:
    """Whether a sentence of these words is a question or tells to do something.

    >>> asks_something("Note this. Prove the rule."), asks_something("Nothing to do here.")
    (True, False)
    """
    return any(_asks(s) for s in _sentences(words[:MAX_QUESTION]) if not _OPEN_ASIDE.match(s))


# ---- formulas ----------------------------------------------------------------------------------


def mentioned(source: str, graph: Graph) -> Mention:
    """What a formula among words is to the graph.

    >>> from backhand.reading.meaning import model
    >>> mentioned("dy/dx", model("x = 3; y = x^2"))
    Mention(source='dy/dx', kind='D', names=('y', 'x'))
    """
    source = re.sub(r"\{\\bf\s+([^{}]*)\}", r"\\mathbf{\1}", source).strip().rstrip(".,;:?")
    source = " ".join(source.split())
    try:
        formula = parse(source, known_names(graph)).formula
    except BackhandError:
        return Mention(source, "U")
    kind, names = _kind(formula, source, graph)
    return Mention(source, kind, names)


def known_names(graph: Graph) -> Known:
    """The names by which a formula over a graph is read."""
    functions = frozenset((*graph.functions, *graph.signatures))
    return Known(frozenset(q.name for q in graph), functions)


def _kind(formula: Formula, source: str, graph: Graph) -> tuple[str, tuple[str, ...]]:
    match formula:
        case Partial(of, by, _, _, then):
            names = tuple(_name(part, graph) for part in (of, by, *then))
            return ("D", names) if all(names) else ("U", ())
        case Derive(of, by):
            names = tuple(_name(part, graph) for part in (of, *by))
            return ("D", names) if all(names) else ("U", ())
        case Equal((Name(rate), right), ("=",)) if rate in RATES and rate not in graph:
            value = rational(right)
            typed = re.search(r"= ?(\d+(?:\.\d+)?)$", source)
            return ("S", (typed[1] if typed else str(value),)) if value is not None else ("U", ())
        case Equal((_, _), ("=",)) if _differentiates(formula):
            return "C", (source,)
        case Name(name) if not _name(formula, graph):
            base, _, letter = name.rpartition("_")
            family = tuple(q.name for q in graph if re.fullmatch(rf"{re.escape(base)}_\d+", q.name))
            return ("M", family) if base and letter.isalpha() and family else ("U", ())
        case _:
            name = _name(formula, graph)
            return ("N", (name,)) if name else ("U", ())


def _differentiates(formula: Formula) -> bool:
    """Whether a derivative stands in a formula."""
    found: list[Formula] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Partial | Derive) or (isinstance(part, Call) and part.primes):
            found.append(part)
        return None

    replaced(formula, leaf)
    return bool(found)


def _name(formula: Formula, graph: Graph) -> str:
    """The plain spelling of the quantity or entry that a formula names; empty for any other."""
    match formula:
        case Name(name) if name in graph:
            return name
        case Name(name) | Entry(Name(name), _, None):
            slots = formula.slots if isinstance(formula, Entry) else ()
            numbers = [rational(slot) for slot in slots]
            if any(n is None for n in numbers):
                return ""
            text = name + (f"[{','.join(map(str, numbers))}]" if numbers else "")
            try:
                entry(text, graph)
                return spelled(text, graph)
            except BackhandError:
                return ""
        case Call(name, _, 0) if name in graph:
            return name
        case _:
            return ""


# ---- sentences ---------------------------------------------------------------------------------


def _sentences(text: str) -> Iterator[str]:
    """Sentences end where the next word is a capital; a scanned full stop in one ends none."""
    text = re.sub(r"w\.\s?r\.\s?t\.?|\bwrt\b", "with respect to", text)
    text = re.sub(r"\b(i)\.(e)\.|\b(e)\.(g)\.", " that is ", text)
    for part in re.split(r"(?<=[.?!])\s+(?=['\"(]?[A-Z<])|\n\s*\n", text):
        if part.strip():
            yield part.strip()


def _asks(sentence: str) -> bool:
    if sentence.rstrip(" )'\"").endswith("?") or "?" in sentence:
        return True
    telling = False  # whether what stands before `and` is about what somebody does
    for clause in re.split(r"([,:;(]|\b(?:and|then|(?:is|try|asked|want you|now) to)\b)", sentence):
        if clause in ("and", "then") and telling:
            return False
        telling = re.search(r"\b(?:we|you|it|they|which|that)\b", clause, re.IGNORECASE) is not None
        words = re.findall(r"[a-z']+", clause.lower())
        while words and words[0] in _LEADS:
            words = words[1:]
        if words and words[0] in _IMPERATIVES:
            return not _TELLING.match(sentence) or _THEN.search(sentence) is not None
    return False


def _changes(sentence: str) -> tuple[bool, tuple[int, ...]]:
    """Whether the words of a sentence that only tells change what is given, and its strange formulas.

    `Let`, `suppose` and the like change nothing by themselves where a formula says what.
    """
    strange = tuple(int(n) for n in re.findall(r"<U(\d+)>", sentence))
    change = _CHANGE.match(sentence)
    giving = change and re.search(r"(?:let|suppose|assume)$", change[0], re.IGNORECASE)
    return change is not None and not (giving and "<" in sentence), strange


def _plain(sentence: str) -> list[str]:
    """Lower-case words, marks, numbers and commas."""
    found = re.findall(
        r"<[A-Z]\d+>|\d+(?:\.\d+)?(?:/\d+)?|[A-Za-z]+(?:[-'’][A-Za-z]+)*|[,;:+*/^<>=]|\.(?=\s+\S)",
        sentence,
    )
    return [
        word if word.startswith("<") else word.lower().replace(".", ",", word == ".")
        for word in found
    ]


def _restored(sentence: str, mentions: list[Mention]) -> str:
    """A sentence with its formulas put back, blanks as on a page."""
    text = re.sub(r"<[A-Z](\d+)>", lambda m: f"${mentions[int(m[1])].source}$", sentence)
    return re.sub(r"\s+([.,;:?!])", r"\1", " ".join(text.split()))
