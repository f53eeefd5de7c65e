r"""A worksheet's LaTeX source, with `enumerate` or the exam class, to the page that raw reading takes.

Nothing is expanded: macros of the author's own stay as they are, and formulas that use them are
left as prose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backhand.errors import LimitError

MAX_SOURCE = 200_000
"""The longest source in characters."""
MAX_OPENINGS = 1_000
"""The most displays, formulas in brackets, or environments."""
MAX_DEPTH = 6
"""How deep lists may be nested."""
_OPENINGS = (r"\[", r"\(", r"\begin{", r"\label", r"\textbf{", r"\emph{")
_ALIGNED = "align|flalign|gather|multline|eqnarray"
_LISTS = r"enumerate|questions|parts|subparts|itemize"
_TOKEN = re.compile(
    rf"\\begin\{{(?P<open>{_LISTS})\}}(?:\[[^\]]*\])?|\\end\{{(?P<close>{_LISTS})\}}"
    r"|\\(?P<item>item|question|part|subpart|titledquestion\{[^{}]*\})(?![A-Za-z])(?:\[[^\]]*\])?"
    r"|\\(?P<level>section|subsection|subsubsection)\*?\{(?P<words>[^{}]*)\}"
)
_LEVELS = ("section", "subsection", "subsubsection")
_DROPPED = re.compile(
    r"\\begin\{(solution|comment|tikzpicture|figure)\*?\}.*?\\end\{\1\*?\}"
    r"|\\(?:label|vspace|hspace|vfill|newpage|maketitle|noindent|bigskip|medskip|smallskip|clearpage"
    r"|fillwithlines|makeemptybox|addpoints|noaddpoints)\*?(?:\{[^{}]*\})*(?![A-Za-z])",
    re.DOTALL,
)


@dataclass(slots=True)
class _Item:
    """A list item: its text, and where it has items inside, those."""

    text: list[str] = field(default_factory=list[str])
    inside: list[_Item] = field(default_factory=list["_Item"])


def is_latex(text: str) -> bool:
    r"""Whether a text is a LaTeX document, not a page of Markdown with formulas.

    >>> is_latex(r"\begin{enumerate} \item What? \end{enumerate}"), is_latex("$$ x = 3 $$")
    (True, False)
    """
    return (
        re.search(r"\\documentclass|\\begin\{(?:document|enumerate|questions)\}", text) is not None
    )


def as_page(text: str) -> str:
    r"""The document as a page of numbered sections and items.

    >>> print(as_page(r"\section{One} Let \(x = 3\). \begin{enumerate}\item What is \(x\)?\end{enumerate}"))
    # 1 One
    <BLANKLINE>
    Let $x = 3$.
    <BLANKLINE>
    1. What is $x$?
    """
    if len(text) > MAX_SOURCE or max(map(text.count, _OPENINGS)) > MAX_OPENINGS:
        raise LimitError("the LaTeX source is too long", "split it by section")
    body = _plain(text)
    out: list[str] = []
    counts = [0, 0, 0]
    stack: list[_Item] = []
    number = ""
    lists = 0
    at = 0
    for match in _TOKEN.finditer(body):
        _put(body[at : match.start()], stack, out)
        at = match.end()
        if match["level"]:
            depth = _LEVELS.index(match["level"])
            counts[depth:] = [counts[depth] + 1, *[0] * (2 - depth)]
            number = ".".join(map(str, counts[: depth + 1]))
            lists = 0
            out.append(f"{'#' * (depth + 1)} {number} {match['words'].strip()}")
        elif match["open"]:
            if len(stack) >= MAX_DEPTH:
                raise LimitError(f"lists are nested over {MAX_DEPTH} deep", "close them earlier")
            stack.append(_Item())
        elif match["close"] and stack:
            done = _closed(stack)
            if not stack:
                out += _written(done, number, lists)
                lists += len(done.inside)
            else:
                stack[-1].inside.extend(done.inside)
        elif match["item"] and stack:
            _next(stack)
    _put(body[at:], stack, out)
    return "\n\n".join(piece for piece in out if piece.strip())


def _plain(text: str) -> str:
    """The body of the document, comments and what only sets it dropped."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    inside = re.search(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", text, re.DOTALL)
    text = _DROPPED.sub(" ", inside[1] if inside else text)
    text = re.sub(r"\\\((.+?)\\\)", r"$\1$", text, flags=re.DOTALL)
    text = re.sub(r"\\(?:textbf|emph|textit|underline)\{([^{}$]*)\}", r"\1", text)
    display = rf"(\\\[.*?\\\]|\\begin\{{(equation|{_ALIGNED})(\*?)\}}.*?\\end\{{\2\3\}})"
    text = re.sub(display, lambda m: f"\n\n{_display(m[1])}\n\n", text, flags=re.DOTALL)
    return text.replace("~", " ")


def _display(source: str) -> str:
    r"""A display between dollars; several lines of `align` stay lines of one."""
    body = re.sub(r"^\\\[|\\\]$|\\(?:begin|end)\{equation\*?\}", "", source.strip())
    body = re.sub(
        r"\\(begin|end)\{(?:align|flalign|gather|multline|eqnarray)\*?\}", r"\\\1{aligned}", body
    )
    return "$$\n" + "\n".join(line.strip() for line in body.split("\n") if line.strip()) + "\n$$"


def _put(text: str, stack: list[_Item], out: list[str]) -> None:
    if stack and stack[-1].inside:
        _last(stack).text.append(text)
    elif text.strip():
        pieces = re.split(r"\n\s*\n", text.strip())
        out += ["\n".join(line.strip() for line in piece.split("\n")) for piece in pieces]


def _last(stack: list[_Item]) -> _Item:
    return stack[-1].inside[-1]


def _next(stack: list[_Item]) -> None:
    stack[-1].inside.append(_Item())


def _closed(stack: list[_Item]) -> _Item:
    """The innermost list, put into the item that it stands in."""
    done = stack.pop()
    if stack and stack[-1].inside:
        _last(stack).inside += done.inside
        return _Item()
    return done


def _written(listed: _Item, number: str, before: int) -> list[str]:
    """The items of a list; one with items inside becomes a section of its own."""
    out: list[str] = []
    inside = False  # whether the question above has become a section
    for count, item in enumerate(listed.inside, before + 1):
        pieces = [p for p in re.split(r"\n\s*\n", "".join(item.text).strip()) if p.strip()]
        if item.inside:
            own = f"{number}.{count}" if number else str(count)
            out += [_heading(own, f"Question {count}"), *(p.strip() for p in pieces)]
            out += _written(item, own, 0)
            inside = True
            continue
        if inside:
            out.append(_heading(number or str(count), "Continued" if number else "Question"))
        words = [" ".join(p.split()) for p in pieces if not p.strip().startswith("$$")]
        out += [p.strip() for p in pieces if p.strip().startswith("$$")]
        out.append(f"{count if number or not inside else 1}. {' '.join(words)}")
        inside = inside and not number
    return out


def _heading(number: str, words: str) -> str:
    return f"{'#' * min(6, number.count('.') + 1)} {number} {words}"
