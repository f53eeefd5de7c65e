"""The table of functions: on a terminal, as an HTML page, as a LaTeX article and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from io import StringIO
from itertools import zip_longest
from json import dumps
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from backhand.calculus.table import Row
from backhand.functions import Interval
from backhand.syntax import Formula
from backhand.working import Prose
from backhand.writing import plots
from backhand.writing.html import chain_html, page, prose_html
from backhand.writing.json import finite
from backhand.writing.latex import escaped, formula_latex, prose_latex
from backhand.writing.paper import HEAD
from backhand.writing.text import WIDTH, fitted, formula_text, prose_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

COLUMNS = ("Function", "Formulas", "Plot")
TITLE = "Functions and their derivatives"
LEGEND = (
    "In a plot the line is the function, the dashes are its derivative. "
    "A round bracket: that end is not reached. Decimals are rounded to four digits."
)


def equations(row: Row) -> tuple[Formula, ...]:
    """A function's formula, and its derivative by each argument."""
    return (row.value, *row.derivatives)


def facts(row: Row) -> Iterator[tuple[str, Prose]]:
    """What else the table says of a function, each with its heading."""
    yield "Domain", row.domain
    yield "Range", row.range
    at = [part for kink in row.kinks for part in (", ", kink)]
    yield "Not differentiable", ("at ", *at[1:]) if at else ("nowhere",)
    yield "Monotonicity", (row.monotone,)
    yield "Curvature", (row.curvature,)


# ---- terminal ----------------------------------------------------------------------------------

BESIDE = plots.LABEL + plots.CELLS
"""How wide a plot is."""
LEAST = 40
"""Where less than this is left beside the plot, it stands below the text."""
HEADING = 19
STYLES: dict[plots.Mark, str] = {"value": "bold", "slope": "magenta", "axis": "dim", "label": "dim"}


def terminal(rows: Sequence[Row], console: Console) -> None:
    """Print the table: of each function its formulas and facts, and the plot beside them."""
    from rich.text import Text

    width = min(console.width, 100)
    for row in rows:
        for line in (*_card(row, width), Text()):
            console.print(line, soft_wrap=True)
    for line in wrap(LEGEND, width):
        console.print(Text(line, style="dim"), soft_wrap=True)


def text(rows: Sequence[Row]) -> str:
    """The same as plain text of 80 columns."""
    from rich.console import Console

    out = StringIO()
    terminal(rows, Console(file=out, width=WIDTH, no_color=True))
    return out.getvalue()


def _card(row: Row, width: int) -> Iterator[Text]:
    """One function: its names, then formulas and facts with the plot beside or below them."""
    from rich.text import Text

    aliases = ", ".join(row.function.aliases)
    yield Text.assemble(
        (row.function.name, "bold cyan"), (f"  {aliases}" if aliases else "", "dim")
    )
    picture = [Text.assemble(*runs) for runs in _picture(row)]
    beside = bool(picture) and width - BESIDE >= LEAST
    room = width - BESIDE - 4 if beside else width - 2
    wide = [each for each in equations(row) if len(fitted(each, room)) > 2]
    yield from (Text(f"  {line}") for each in wide for line in fitted(each, width - 2))
    lines = [line for each in equations(row) if each not in wide for line in fitted(each, room)]
    for head, said in facts(row):
        lines += wrap(f"{head:<{HEADING}}{prose_text(said)}", room, subsequent_indent=" " * HEADING)
    if not beside:
        yield from (*(Text(f"  {line}") for line in lines), *picture)
        return
    for left, right in zip_longest(lines, picture):
        line = Text(f"  {left or ''}".ljust(room + 4)) + (right or Text())
        line.rstrip()
        yield line


def _picture(row: Row) -> list[list[tuple[str, str]]]:
    if row.plot is None:
        return []
    return [[(text, STYLES[mark]) for text, mark in line] for line in plots.braille(row.plot)]


# ---- HTML --------------------------------------------------------------------------------------


def html(rows: Sequence[Row]) -> str:
    """The table as a page of its own."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in COLUMNS)
    body = "\n".join(map(_html_row, rows))
    return page(
        TITLE,
        f'<h1>{TITLE}</h1>\n<p class="note">{escape(LEGEND)}</p>\n<table class="functions">\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>",
        "functions.css",
    )


def _html_row(row: Row) -> str:
    name = escape(row.function.name)
    aliases = " ".join(f"<span>{escape(alias)}</span>" for alias in row.function.aliases)
    formulas = "".join(map(chain_html, equations(row)))
    said = "".join(
        f"<div><dt>{head}</dt><dd>{prose_html(prose)}</dd></div>" for head, prose in facts(row)
    )
    plot = plots.svg(row.plot, f"{row.function.name} and its derivative") if row.plot else ""
    return (
        f'<tr id="{name}"><th scope="row"><code>{name}</code><p>{aliases}</p></th>\n'
        f"<td>{formulas}<dl>{said}</dl></td>\n<td>{plot}</td></tr>"
    )


# ---- LaTeX -------------------------------------------------------------------------------------

LATEX_HEAD = rf"""{HEAD}\usepackage{{array,longtable}}
\geometry{{margin=18mm}}
\setlength{{\unitlength}}{{1mm}}
\setlength{{\tabcolsep}}{{2mm}}
\setlength{{\extrarowheight}}{{4pt}}
\title{{{TITLE}}}
\date{{}}
\begin{{document}}
\maketitle

{LEGEND}

\small
\begin{{longtable}}{{@{{}}p{{19mm}}>{{\raggedright}}p{{97mm}}p{{49mm}}@{{}}}}
"""


def latex(rows: Sequence[Row]) -> str:
    """The table as an article; the plots are LaTeX's own pictures."""
    heads = " & ".join(rf"\textbf{{{head}}}" for head in COLUMNS)
    body = "\n".join(map(_latex_row, rows))
    return f"{LATEX_HEAD}{heads} \\\\ \\hline\n\\endhead\n{body}\n\\end{{longtable}}\n\\end{{document}}\n"


def _latex_row(row: Row) -> str:
    formulas = "\\par\n".join(f"${formula_latex(each)}$" for each in equations(row))
    said = " \\quad\n".join(
        rf"\textit{{{head}:}} {prose_latex(prose)}" for head, prose in facts(row)
    )
    plot = rf"\raisebox{{\dimexpr 2ex-\height}}{{{plots.latex(row.plot)}}}" if row.plot else ""
    return f"{escaped(row.function.name)} &\n{formulas}\\par\\smallskip\n{said} &\n{plot} \\\\[4pt] \\hline"


# ---- JSON --------------------------------------------------------------------------------------


def json(rows: Sequence[Row]) -> str:
    """The table as a list of objects: formulas as text and in LaTeX, infinities as strings."""
    return dumps([_object(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def _object(row: Row) -> dict[str, Any]:
    function = row.function
    return {
        "name": function.name,
        "aliases": list(function.aliases),
        "arity": function.arity,
        "value": _both(row.value),
        "derivatives": [_both(each) for each in row.derivatives],
        "domain": _limits(function.domain, row.domain),
        "range": _limits(function.range, row.range),
        "monotone": row.monotone,
        "curvature": row.curvature,
        "kinks": [finite(at) for at in function.kinks],
    }


def _both(found: Formula) -> dict[str, str]:
    return {"text": formula_text(found), "latex": formula_latex(found)}


def _limits(limits: Interval, said: Prose) -> dict[str, Any]:
    return {"low": finite(limits.low), "high": finite(limits.high), "text": prose_text(said)}
