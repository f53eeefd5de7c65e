"""What Canvas asks of a QTI 1.2 package, each rule with the place where it stands.

Paths are in github.com/instructure/canvas-lms; the DTD is `schemas/ims_qtiasiv1p2p1.dtd` in
github.com/instructure/QTIMigrationTool.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, fromstring

Q = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
P = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"
TYPES = {"numerical_question", "fill_in_multiple_blanks_question", "multiple_choice_question",
         "true_false_question", "essay_question", "file_upload_question"}  # fmt: skip
CHILDREN = {
    "assessment": ["qtimetadata", "section"],
    "section": ["selection_ordering", "item", "section"],
    "selection": ["selection_number", "selection_extension"],
    "item": ["itemmetadata", "presentation", "resprocessing", "itemfeedback"],
    "presentation": ["material", "response_lid", "response_str"],
    "response_lid": ["material", "render_choice"],
    "resprocessing": ["outcomes", "respcondition"],
    "respcondition": ["conditionvar", "setvar", "displayfeedback"],
    "qtimetadatafield": ["fieldlabel", "fieldentry"],
}
"""The order of children in the DTD, of those in use; items and sections may alternate."""
KEPT = {
    "a", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "tr", "ul",
    "math", "mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
"""Tags that survive: gems/canvas_sanitize/lib/canvas_sanitize/canvas_sanitize.rb, with MathML."""
KEPT_MARKS = {"class", "style", "title", "href", "start", "id", "lang", "dir", "role", "display", "form",
              "fence", "separator", "lspace", "rspace", "stretchy", "accent", "width", "mathvariant",
              "columnalign", "displaystyle", "linethickness", "largeop", "movablelimits", "symmetric",
              "accentunder", "rowspacing", "columnspacing"}  # fmt: skip


class Lost(HTMLParser):
    """Tags and attributes that the sanitiser drops."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= ({tag} - KEPT) | {
            name for name, _ in attrs if name not in KEPT_MARKS and not name.startswith("aria-")
        }


def opened(archive: bytes) -> dict[str, Element]:
    """The files of a package."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: fromstring(file.read(name)) for name in file.namelist()}


def faults(archive: bytes) -> list[str]:
    """What the importer would refuse or misread."""
    files = opened(archive)
    manifest = files.get("imsmanifest.xml")
    if manifest is None:
        return ["no imsmanifest.xml"]  # qti/converter.rb, MANIFEST_FILE
    named = {f.get("href") for f in manifest.iter(f"{P}file")}
    found = [f"{href} isn't there" for href in named if href not in files]
    ids = {r.get("identifier") for r in manifest.iter(f"{P}resource")}
    found += [f"dependency {d.get('identifierref')}" for d in manifest.iter(f"{P}dependency")
              if d.get("identifierref") not in ids]  # fmt: skip
    # A resource of this type is what the converter takes for QTI 1.2: qti_generator.rb.
    if "imsqti_xmlv1p2" not in {r.get("type") for r in manifest.iter(f"{P}resource")}:
        found.append("no resource of QTI 1.2")
    for quiz in (root for root in files.values() if root.tag == f"{Q}questestinterop"):
        found += _quiz(quiz)
    return found


def _quiz(quiz: Element) -> Iterator[str]:
    idents = [e.get("ident", "") for e in quiz.iter() if e.tag in (f"{Q}item", f"{Q}section")]
    if len(set(idents)) < len(idents):
        yield "an ident twice"
    # imsqtiv1.py, ReadIdentifier: colons and full stops are replaced, so that references break.
    yield from (f"ident {i}" for i in idents if not re.fullmatch(r"[A-Za-z_][\w-]*", i))
    for element in quiz.iter():
        tag = element.tag.removeprefix(Q)
        order = CHILDREN.get(tag)
        if order is not None:
            names = [child.tag.removeprefix(Q) for child in element]
            places = [order.index(n) if n in order else -1 for n in names]
            if tag == "section":
                places = [min(p, 1) for p in places]
            if -1 in places or places != sorted(places):
                yield f"children of {tag}: {names}"
    for group in quiz.iter(f"{Q}selection_ordering"):
        # assessment_test_converter.rb, parse_pick_count and points_per_item.
        number = group.findtext(f"{Q}selection/{Q}selection_number")
        points = group.findtext(f"{Q}selection/{Q}selection_extension/{Q}points_per_item")
        if number != "1" or points != "1":
            yield "a group without its numbers"
    for item in quiz.iter(f"{Q}item"):
        yield from (f"{item.get('ident')}: {fault}" for fault in _item(item))


def _item(item: Element) -> Iterator[str]:
    fields = {f.findtext(f"{Q}fieldlabel"): f.findtext(f"{Q}fieldentry") or ""
              for f in item.iter(f"{Q}qtimetadatafield")}  # fmt: skip
    kind = fields.get("question_type", "")
    if kind not in TYPES:  # assessment_item_converter.rb, parse_instructure_metadata
        yield f"type {kind}"
    words = item.findtext(f"{Q}presentation/{Q}material/{Q}mattext") or ""
    for text in item.iter(f"{Q}mattext"):
        if text.get("texttype") == "text/html":
            parser = Lost()
            parser.feed(text.text or "")
            if parser.found:
                yield f"the sanitiser drops {sorted(parser.found)}"
    labels = [label.get("ident") for label in item.iter(f"{Q}response_label")]
    # get_or_generate_answer_id: the ids in their order, numbers other than 0.
    listed = kind not in ("numerical_question", "essay_question", "file_upload_question")
    if listed and ",".join(map(str, labels)) != fields.get("original_answer_ids"):
        yield "ids of answers"
    tests = list(item.iter(f"{Q}varequal"))
    if kind == "numerical_question":
        yield from _numerical(item)
    elif kind in ("multiple_choice_question", "true_false_question"):
        if len(tests) != 1 or tests[0].text not in labels:
            yield "no right answer"
    elif kind == "fill_in_multiple_blanks_question":
        # fill_in_the_blank.rb, process_canvas: response_NAME, and [NAME] in the words.
        for blank in item.iter(f"{Q}response_lid"):
            name = blank.get("ident", "").removeprefix("response_")
            if words.count(f"[{name}]") != 1:
                yield f"blank {name}"
        if len(tests) != len(list(item.iter(f"{Q}response_lid"))):
            yield "a blank without its share"


def _numerical(item: Element) -> Iterator[str]:
    # numeric_interaction.rb, get_canvas_answers: an exact answer in an `or`, or a range.
    exact = [float(e.text or "") for e in item.iter(f"{Q}varequal")]
    low = [float(e.text or "") for e in item.iter(f"{Q}vargte")]
    high = [float(e.text or "") for e in item.iter(f"{Q}varlte")]
    ordered = len(low) == len(high) and all(a < b for a, b in zip(low, high, strict=True))
    if len(exact) + len(low) != 1 or not ordered:
        yield "neither an exact answer nor a range"
