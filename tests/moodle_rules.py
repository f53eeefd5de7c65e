"""What Moodle and STACK ask of a file to import, each rule with the place where it stands.

`format.php` is `question/format/xml/format.php` in github.com/moodle/moodle; `questiontype.php` and the
pages of `doc/en` are in github.com/maths/moodle-qtype_stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

TYPES = {"category", "stack", "truefalse", "multichoice", "essay"}
TESTS = {"AlgEquiv": False, "NumAbsolute": True, "NumRelative": True, "NumSigFigs": True}
"""The answer tests in use and whether they need an option: stack/answertest/controller.class.php."""
INPUTS = {"numerical", "matrix", "algebraic"}
NAME = re.compile(r"([a-zA-Z]+|[a-zA-Z]+[0-9a-zA-Z_]*[0-9a-zA-Z]+)")
OPTIONS = {
    "decimals": {".", ","}, "scientificnotation": {"*10", "E"}, "multiplicationsign": {"dot", "cross",
    "onum", "space", "none"}, "complexno": {"i", "j", "symi", "symj"}, "inversetrig": {"cos-1", "acos",
    "arccos", "arsinh"}, "logicsymbol": {"lang", "symbol"}, "matrixparens": {"[", "(", "", "{", "|"},
}  # fmt: skip
"""stack/options.class.php."""


def faults(xml: bytes) -> list[str]:
    """What the importer would refuse or misread."""
    root = fromstring(xml)  # format.php, readquestions: the file has to be well formed
    found = [] if root.tag == "quiz" else ["the root isn't quiz"]
    for at, question in enumerate(root):
        where = f"question {at + 1}"
        kind = question.get("type", "")
        if question.tag != "question" or kind not in TYPES:
            found.append(f"{where}: type {kind!r}")
            continue
        found += [f"{where}: {fault}" for fault in RULES[kind](question)]
    return found


def text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else found.text or ""


def _category(question: Element) -> Iterator[str]:
    # format.php, import_category; question/format.php, create_category_path: levels after a context.
    if not text(question, "category/text").startswith(("$course$/top/", "$cat1$")):
        yield "no category path"


def _headers(question: Element) -> Iterator[str]:
    # format.php, import_headers: name and questiontext, texts inside a text element.
    name = text(question, "name/text")
    if not name or len(name) > 255:
        yield "no name, or a longer one than 255"
    if not text(question, "questiontext/text").strip():
        yield "no text"
    for element in question.iter():
        form = element.get("format")
        if form is not None and form not in (
            "html",
            "plain_text",
            "markdown",
            "moodle_auto_format",
        ):
            yield f"format {form}"  # format.php, trans_format
    if not 0 <= float(text(question, "penalty")) <= 1:
        yield "penalty"


def _truefalse(question: Element) -> Iterator[str]:
    yield from _headers(question)
    # format.php, import_truefalse: the answers' texts are true and false, one of them with 100.
    answers = {text(a, "text"): a.get("fraction") for a in question.iter("answer")}
    if set(answers) != {"true", "false"} or sorted(answers.values()) != ["0", "100"]:  # type: ignore[type-var]
        yield "true and false, one of them right"


def _multichoice(question: Element) -> Iterator[str]:
    yield from _headers(question)
    # format.php, import_multichoice and import_answer: a fraction in percent; one answer is right.
    shares = [float(a.get("fraction", "0")) for a in question.iter("answer")]
    if len(shares) < 2 or max(shares) != 100 or not set(shares) <= {0, 50, 100}:
        yield "no right answer"


def _essay(question: Element) -> Iterator[str]:
    yield from _headers(question)
    # format.php, import_essay; question/type/essay: a file may be demanded only where it may be given.
    if text(question, "attachmentsrequired") > text(question, "attachments"):
        yield "more files are demanded than may be given"
    if text(question, "responseformat") not in ("editor", "editorfilepicker", "plain", "noinline"):
        yield "responseformat"


def _stack(question: Element) -> Iterator[str]:
    yield from _headers(question)
    words = text(question, "questiontext/text") + text(question, "specificfeedback/text")
    for tag, allowed in OPTIONS.items():
        if text(question, tag) not in allowed:
            yield f"{tag}: {text(question, tag)}"
    inputs = [text(field, "name") for field in question.iter("input")]
    trees = [text(tree, "name") for tree in question.iter("prt")]
    # questiontype.php, validate_fromform: each placeholder stands once, without spaces.
    for kind, wanted in (("input", inputs), ("validation", inputs), ("feedback", trees)):
        if sorted(re.findall(rf"\[\[{kind}:([^\]]*)\]\]", words)) != sorted(wanted):
            yield f"placeholders of {kind}"
    for everything in question.iter():
        if "$$" in (everything.text or ""):
            yield "two dollars"  # validate_cas_text
    if len(set(inputs)) < len(inputs) or len(set(trees)) < len(trees):
        yield "a name twice"
    for name in (*inputs, *trees):
        if len(name) > 18 or not NAME.fullmatch(name):
            yield f"name {name}"
    yield from _code(text(question, "questionvariables/text"), inputs)
    for field in question.iter("input"):
        yield from _input(field)
    for tree in question.iter("prt"):
        yield from _tree(tree, inputs)
    for test in question.iter("qtest"):
        if [text(t, "name") for t in test.iter("testinput")] != inputs:
            yield "a test without all inputs"


def _code(code: str, inputs: list[str]) -> Iterator[str]:
    # doc/en/Authoring/Variables.md: key : value, ended by a semicolon; no input may be assigned.
    for line in filter(None, code.split("\n")):
        if not line.endswith(";") or line.count("(") != line.count(")"):
            yield f"statement {line[:60]}"
        if line.partition(":")[0].strip() in inputs:
            yield f"an input is assigned: {line[:60]}"


def _input(field: Element) -> Iterator[str]:
    # validate_fromform, validate_cas_string.
    if text(field, "type") not in INPUTS:
        yield f"input {text(field, 'type')}"
    answer = text(field, "tans")
    if not answer.strip() or len(answer) > 255 or answer.strip().endswith(";"):
        yield f"model answer of {text(field, 'name')}: {len(answer)} characters"
    for tag in ("allowwords", "forbidwords"):
        if len(text(field, tag)) > 255:  # db/install.xml
            yield f"{tag} of {text(field, 'name')}"
    if text(field, "mustverify") == "1" and text(field, "showvalidation") == "0":
        yield "must verify without showing"


def _tree(tree: Element, inputs: list[str]) -> Iterator[str]:
    name = text(tree, "name")
    yield from _code(text(tree, "feedbackvariables/text"), inputs)
    nodes = list(tree.iter("node"))
    notes = [text(n, f"{b}answernote") for n in nodes for b in ("true", "false")]
    # validate_prt: notes are unique; validate_prt_node: not empty, none of | ; : in them.
    if len(set(notes)) < len(notes) or any(not n or set(n) & set("|;:") for n in notes):
        yield f"{name}: notes"
    known = {text(n, "name") for n in nodes}
    for at, node in enumerate(nodes):
        for side in ("sans", "tans"):
            if not text(node, side) or len(text(node, side)) > 255:
                yield f"{name}: {side}"
        test = text(node, "answertest")
        if test not in TESTS or TESTS[test] != bool(text(node, "testoptions")):
            yield f"{name}: test {test}"
        if test == "NumSigFigs" and text(node, "sans") not in inputs:
            yield f"{name}: digits are counted on an input only"  # Answer_Tests/Numerical.md
        if len(text(node, "description")) > 255:
            yield f"{name}: description"
        for branch in ("true", "false"):
            score = text(node, f"{branch}score")
            if re.fullmatch(r"[\d.]+", score) and not 0 <= float(score) <= 1:
                yield f"{name}: score {score}"
            following = text(node, f"{branch}nextnode")
            # An acyclic graph with one root: here every link leads forward.
            if following != "-1" and (following not in known or int(following) <= at):
                yield f"{name}: next {following}"


RULES = {
    "category": _category,
    "truefalse": _truefalse,
    "multichoice": _multichoice,
    "essay": _essay,
    "stack": _stack,
}
