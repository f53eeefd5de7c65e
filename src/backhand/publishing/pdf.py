"""A sheet or a key as PDF, set by Typst, which comes with its fonts in one wheel."""

from __future__ import annotations

from types import ModuleType

from backhand.errors import BackhandError
from backhand.publishing import typst
from backhand.working import Solution, Worksheet


def sheet(worksheet: Worksheet) -> bytes:
    """The student's sheet. Raises `BackhandError` where Typst isn't installed."""
    return compiled(typst.sheet(worksheet))


def key(solution: Solution) -> bytes:
    """The key. Raises `BackhandError` where Typst isn't installed."""
    return compiled(typst.key(solution))


def compiled(source: str) -> bytes:
    """A Typst document as PDF, its date left out so that the same sheet gives the same file."""
    setter = _typst()
    try:
        return bytes(setter.compile(source.encode(), format="pdf", timestamp=0))
    except RuntimeError as error:
        raise BackhandError(f"Typst can't set this sheet: {error}", "write it as HTML") from None


def _typst() -> ModuleType:
    try:
        import typst as setter
    except ImportError:
        raise BackhandError(
            "PDF needs Typst, which isn't installed",
            'install it: pip install "backhand[pdf]", or write HTML and print that',
        ) from None
    return setter
