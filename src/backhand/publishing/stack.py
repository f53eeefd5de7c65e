"""A STACK question and its form in Moodle's XML.

Rules of the form: `questiontype.php` (import_from_xml, validate_fromform) and
`doc/en/Authoring/Potential_response_trees.md` in github.com/maths/moodle-qtype_stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

VERSION = "2026010500"
"""The version of STACK whose form this is; newer ones read it too."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, production 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A field for an answer. `answer` is the model answer, `kind` STACK's input type."""

    name: str
    kind: str
    answer: str
    size: int = 15
    hint: str = ""
    forbidden: str = ""
    allowed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A node of a tree: where the test holds, this score and feedback; else the next check.

    `score` is a number or a variable. `note` names the branch in the teacher's reports.
    """

    test: str
    student: str
    teacher: str
    option: str = ""
    score: str
    note: str
    feedback: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A potential response tree: its feedback variables and its checks in order.

    Where no check holds, STACK says its general words for a wrong answer.
    """

    name: str
    variables: tuple[str, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class StackQuestion:
    """A STACK question. `text` and `solution` are HTML, `variables` Maxima statements."""

    name: str
    text: str
    solution: str
    variables: tuple[str, ...]
    inputs: tuple[Input, ...]
    trees: tuple[Tree, ...]


def stack_xml(question: StackQuestion) -> Iterator[str]:
    """The question as lines of Moodle XML."""
    yield '  <question type="stack">'
    yield from html_field("name", question.name, plain=True)
    yield from html_field("questiontext", question.text)
    yield from html_field("generalfeedback", question.solution)
    yield from values(
        ("defaultgrade", str(len(question.trees))), ("penalty", "0.1"), ("hidden", "0")
    )
    yield from html_field("stackversion", VERSION, plain=True)
    yield from html_field("questionvariables", "\n".join(question.variables), plain=True)
    yield from html_field("specificfeedback", "")
    yield from html_field("questionnote", "")
    yield from html_field("questiondescription", "")
    yield from values(("questionsimplify", "1"), ("assumepositive", "0"), ("assumereal", "0"))
    yield from html_field("prtcorrect", "<p>Right.</p>")
    yield from html_field("prtpartiallycorrect", "<p>Partly right.</p>")
    yield from html_field("prtincorrect", "<p>This isn't right.</p>")
    yield from values(
        ("decimals", "."), ("scientificnotation", "*10"), ("multiplicationsign", "dot"),
        ("sqrtsign", "1"), ("complexno", "symi"), ("inversetrig", "cos-1"), ("logicsymbol", "lang"),
        ("matrixparens", "["), ("isbroken", "0"), ("variantsselectionseed", ""),
    )  # fmt: skip
    for each in question.inputs:
        yield from _input(each)
    for tree in question.trees:
        yield from _tree(tree)
    yield from _test(question)
    yield "  </question>"


def _input(field: Input) -> Iterator[str]:
    yield "    <input>"
    yield from values(
        ("name", field.name), ("type", field.kind), ("tans", field.answer),
        ("boxsize", str(field.size)), ("strictsyntax", "1"), ("insertstars", "0"),
        ("syntaxhint", field.hint), ("syntaxattribute", "1"), ("forbidwords", field.forbidden),
        ("allowwords", field.allowed), ("forbidfloat", "0"), ("requirelowestterms", "0"),
        ("checkanswertype", "0"), ("mustverify", "0"), ("showvalidation", "1"),
        ("options", "allowempty"), indent=6,
    )  # fmt: skip
    yield "    </input>"


def _tree(tree: Tree) -> Iterator[str]:
    yield "    <prt>"
    yield from values(
        ("name", tree.name), ("value", "1"), ("autosimplify", "1"), ("feedbackstyle", "1"), indent=6
    )
    yield from html_field("feedbackvariables", "\n".join(tree.variables), plain=True, indent=6)
    for at, check in enumerate(tree.checks):
        last = at == len(tree.checks) - 1
        yield "      <node>"
        yield from values(
            ("name", str(at)), ("description", check.note), ("answertest", check.test),
            ("sans", check.student), ("tans", check.teacher), ("testoptions", check.option),
            ("quiet", "1"), ("truescoremode", "="), ("truescore", check.score), ("truepenalty", ""),
            ("truenextnode", "-1"), ("trueanswernote", _note(tree, at, "T", check.note)), indent=8,
        )  # fmt: skip
        yield from html_field("truefeedback", check.feedback, indent=8)
        yield from values(
            ("falsescoremode", "="), ("falsescore", "0"), ("falsepenalty", ""),
            ("falsenextnode", "-1" if last else str(at + 1)),
            ("falseanswernote", _note(tree, at, "F", "")), indent=8,
        )  # fmt: skip
        yield from html_field("falsefeedback", "", indent=8)
        yield "      </node>"
    yield "    </prt>"


def _note(tree: Tree, at: int, branch: str, word: str) -> str:
    """The note of a branch; unique in its tree, and without the signs that STACK splits notes at."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in word)
    return f"{tree.name}-{at + 1}-{branch}" + (f"-{plain}" if plain else "")


def _test(question: StackQuestion) -> Iterator[str]:
    """STACK's own test of the question: the model answers earn full marks."""
    yield "    <qtest>"
    yield from values(("testcase", "1"), ("description", "The model answers"), indent=6)
    for field in question.inputs:
        yield "      <testinput>"
        yield from values(("name", field.name), ("value", field.answer), indent=8)
        yield "      </testinput>"
    for tree in question.trees:
        yield "      <expected>"
        yield from values(
            ("name", tree.name), ("expectedscore", "1"), ("expectedpenalty", "0"),
            ("expectedanswernote", _note(tree, 0, "T", tree.checks[0].note)), indent=8,
        )  # fmt: skip
        yield "      </expected>"
    yield "    </qtest>"


def values(*pairs: tuple[str, str], indent: int = 4) -> Iterator[str]:
    """Elements that hold a text."""
    for tag, text in pairs:
        yield f"{' ' * indent}<{tag}>{cdata(text)}</{tag}>"


def html_field(tag: str, text: str, *, plain: bool = False, indent: int = 4) -> Iterator[str]:
    """A text in its `text` element; HTML unless it is plain."""
    form = "" if plain else ' format="html"'
    yield f"{' ' * indent}<{tag}{form}>"
    yield f"{' ' * indent}  <text>{cdata(text)}</text>"
    yield f"{' ' * indent}</{tag}>"


def cdata(text: str) -> str:
    """A text as XML takes it.

    >>> cdata("a < b"), cdata("]]>"), cdata("plain")
    ('<![CDATA[a < b]]>', '<![CDATA[]]]]><![CDATA[>]]>', 'plain')
    """
    text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
    if not any(sign in text for sign in "<>&"):
        return text
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def castext(html: str) -> str:
    """HTML as a STACK question's text: nothing in it is a command to STACK.

    >>> castext("[[input:x]] {@x@} {#x#}")
    '&#91;&#91;input:x&#93;&#93; &#123;@x@} &#123;#x#}'
    """
    for sign, safe in (("[[", "&#91;&#91;"), ("]]", "&#93;&#93;"), ("{@", "&#123;@"), ("{#", "&#123;#"),
                       ("$$", "&#36;&#36;")):  # fmt: skip
        html = html.replace(sign, safe)
    return html


def stop_where_empty(name: str, kind: str) -> str:
    """The statement that keeps a tree from judging an answer that hasn't been given."""
    test = (
        f"first(list_matrix_entries({name})) = null"
        if kind == "matrix"
        else f"{name} = EMPTYANSWER"
    )
    return f"%stack_prt_stop_p: is({test});"


def bracketed(parts: Sequence[str]) -> str:
    return f"[{','.join(parts)}]"
