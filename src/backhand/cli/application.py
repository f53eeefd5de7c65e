"""The application that every command joins, and what it says of itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

SECTIONS = {
    "A worksheet, worked out": (
        "solve",
        "derive",
        "explain",
        "draw",
        "show",
        "read",
        "asks",
        "serve",
    ),
    "Teaching": ("sheet", "variants", "mark", "audit", "grade", "export"),
    "Formulas": ("check", "chain", "convex", "functions"),
    "Training": ("train", "code", "compare", "sweep"),
}
"""The commands as the help lists them: what a newcomer wants first stands first."""


class Sections(TyperGroup):
    """The commands under headings, each with the first sentence of what it does."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        widest = max(map(len, self.commands))
        for heading, names in SECTIONS.items():
            rows = [
                (f"{name:{widest}}", self.commands[name].get_short_help_str(formatter.width))
                for name in names
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)


app = typer.Typer(
    name="backhand",
    cls=Sections,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from backhand import __version__

        print(f"backhand {__version__}")
        raise typer.Exit


@app.callback(
    epilog="""Examples:

\b
  backhand solve worksheet.md                 every answer, with the working
  backhand solve worksheet.md -o key.html     the same as a page of its own
  backhand derive worksheet.md J 'W_1[1,2]'   one derivative by the chain rule
  backhand draw worksheet.md -o net.svg       the network as a picture
  backhand show worksheet.md                  how the model was read

A worksheet is Markdown: definitions between $$ and $$, and below each
question a line such as "% ask: value a". "backhand asks" lists them all.
"""
)
def backhand(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Backpropagation by hand: neural networks with the working shown."""
