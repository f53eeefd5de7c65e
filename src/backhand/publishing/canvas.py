"""A worksheet as a QTI 1.2 package for Canvas: a quiz, with a group of variants for each part.

Rules of the form: `lib/cc/qti/qti_items.rb` and `gems/plugins/qti_exporter` in
github.com/instructure/canvas-lms, the DTD in github.com/instructure/QTIMigrationTool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape

from backhand.checking.parts import Prepared, prepared
from backhand.checking.variants import Variant
from backhand.publishing.canvas_items import Item, item_of, item_xml
from backhand.publishing.packages import Package, Told
from backhand.publishing.web_words import context_html, mathml_maths
from backhand.publishing.zipping import zipped
from backhand.working import Worksheet
from backhand.writing.typesetting import printable

QTI = (
    'xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://www.imsglobal.org/xsd/ims_qtiasiv1p2 '
    'http://www.imsglobal.org/xsd/ims_qtiasiv1p2p1.xsd"'
)
PACKAGE = (
    'xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
ALWAYS = "an answer isn't followed from the student's earlier ones"


def export(worksheet: Worksheet, made: Sequence[Variant]) -> Package:
    """The worksheet, or its variants, as one archive to import.

    >>> from backhand.reading.document import worksheet
    >>> page = worksheet("# Squares\\n\\n$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y")
    >>> [told.how for told in export(page, ()).report]
    ['numerical question']
    """
    sheets = [variant.worksheet for variant in made] or [worksheet]
    groups: dict[str, dict[Item, str]] = {}
    report: dict[str, Told] = {}
    for sheet in sheets:
        for part in prepared(sheet, None):
            item, told = _item(sheet, part)
            groups.setdefault(part.part.number, {}).setdefault(item, "")
            report.setdefault(part.part.number, told)
    title = printable(worksheet.title).strip() or "Worksheet"
    name = f"i{sha256((title + worksheet.source).encode()).hexdigest()[:31]}"
    quiz = "\n".join(_quiz(title, name, {n: tuple(items) for n, items in groups.items()}))
    files = {
        "imsmanifest.xml": "\n".join(_manifest(name)) + "\n",
        f"{name}/{name}.xml": quiz + "\n",
        f"{name}/assessment_meta.xml": "\n".join(_meta(title, name, len(groups))) + "\n",
    }
    return Package(
        {"canvas.zip": zipped({path: text.encode() for path, text in files.items()})},
        tuple(report.values()),
    )


def _item(sheet: Worksheet, part: Prepared) -> tuple[Item, Told]:
    words = context_html(sheet, part.part, mathml_maths)
    item, how, lost = item_of(part, words)
    follows = part.part.expected.kind in ("number", "vector", "matrix", "class")
    return item, Told(part.part.number, how, (*lost, *((ALWAYS,) if follows else ())))


def _quiz(title: str, name: str, groups: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<questestinterop {QTI}>"
    yield f'  <assessment ident="{name}" title="{_attribute(title)}">'
    yield from metadata(("cc_maxattempts", "1"), indent=4)
    yield '    <section ident="root_section">'
    for number, items in groups.items():
        key = f"{name}-{re.sub(r'[^A-Za-z0-9]+', '-', number)}"
        if len(items) == 1:
            yield from item_xml(items[0], f"{key}-1", f"{number}", 6)
            continue
        yield f'      <section ident="{key}" title="{_attribute(number)}">'
        yield "        <selection_ordering>"
        yield "          <selection>"
        yield "            <selection_number>1</selection_number>"
        yield "            <selection_extension>"
        yield "              <points_per_item>1</points_per_item>"
        yield "            </selection_extension>"
        yield "          </selection>"
        yield "        </selection_ordering>"
        for at, item in enumerate(items, 1):
            yield from item_xml(item, f"{key}-{at}", f"{number} variant {at}", 8)
        yield "      </section>"
    yield "    </section>"
    yield "  </assessment>"
    yield "</questestinterop>"


def metadata(*fields: tuple[str, str], indent: int) -> Iterator[str]:
    """QTI's own fields."""
    room = " " * indent
    yield f"{room}<qtimetadata>"
    for label, value in fields:
        yield f"{room}  <qtimetadatafield>"
        yield f"{room}    <fieldlabel>{label}</fieldlabel>"
        yield f"{room}    <fieldentry>{escape(value, quote=False)}</fieldentry>"
        yield f"{room}  </qtimetadatafield>"
    yield f"{room}</qtimetadata>"


def _attribute(text: str) -> str:
    return escape(printable(text))


def _manifest(name: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<manifest identifier="m{name}" {PACKAGE}>'
    yield "  <metadata>"
    yield "    <schema>IMS Content</schema>"
    yield "    <schemaversion>1.1.3</schemaversion>"
    yield "  </metadata>"
    yield "  <organizations/>"
    yield "  <resources>"
    yield f'    <resource identifier="{name}" type="imsqti_xmlv1p2">'
    yield f'      <file href="{name}/{name}.xml"/>'
    yield f'      <dependency identifierref="{name}-meta"/>'
    yield "    </resource>"
    yield f'    <resource identifier="{name}-meta" type="associatedcontent/imscc_xmlv1p1/' \
          f'learning-application-resource" href="{name}/assessment_meta.xml">'  # fmt: skip
    yield f'      <file href="{name}/assessment_meta.xml"/>'
    yield "    </resource>"
    yield "  </resources>"
    yield "</manifest>"


def _meta(title: str, name: str, points: int) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<quiz identifier="{name}" xmlns="http://canvas.instructure.com/xsd/cccv1p0">'
    yield f"  <title>{escape(title, quote=False)}</title>"
    yield "  <quiz_type>assignment</quiz_type>"
    yield "  <scoring_policy>keep_highest</scoring_policy>"
    yield f"  <points_possible>{points}</points_possible>"
    yield "  <shuffle_answers>false</shuffle_answers>"
    yield "  <allowed_attempts>1</allowed_attempts>"
    yield "</quiz>"
