"""The application that every command joins, and what it says of itself."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="backhand",
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
  backhand solve worksheet.md                       every answer, with the working
  backhand solve worksheet.md -o key.html           the same as a page of its own
  backhand derive worksheet.md J 'W_1[1,2]'         one derivative by the chain rule
  backhand draw worksheet.md -o net.svg             the network as a picture
  backhand show worksheet.md                        how the model was read

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
