"""The command on a page in the browser: serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backhand.cli.application import app
from backhand.cli.output import errors_of, say
from backhand.errors import BackhandError

MISSING = "the page needs Starlette and Uvicorn, which aren't installed"


@app.command(
    epilog="""Examples:

\b
  backhand serve
  backhand serve worksheet.md
  backhand serve worksheet.md --port 8080 --no-browser
"""
)
def serve(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A worksheet in Markdown; else a worked example."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; another lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Open a worksheet as a page in the browser. A network to touch, its working beside it."""
    with errors_of(file):
        try:
            from backhand.page.server import serve as serve_page
        except ImportError:
            raise BackhandError(MISSING, 'install them: pip install "backhand[page]"') from None

        def opened(address: str) -> None:
            say(f"Backhand is at {address} (Ctrl-C ends it)")
            if browser:
                open_soon(address)

        try:
            serve_page(file, host, port, opened)
        except KeyboardInterrupt:
            return


def open_soon(address: str) -> None:
    """Open the page in a browser, without waiting for it."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
