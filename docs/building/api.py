"""The page of the Python API: every public name, from its docstring, when the site is built."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from sphinx.application import Sphinx

import backhand

PAGE = "api"
GROUPS = {
    "reading": "Reading and making models",
    "formulas": "Formulas that are typed",
    "graph": "Graphs",
    "working": "Workings and worksheets",
    "checking": "Marking, variants, checks",
    "training": "Training on accelerators",
    "estimators": "Estimators",
    "sweeping": "Sweeps",
    "exporting": "For other frameworks",
    "functions": "New functions",
    "errors": "Errors",
}
"""Titles of the groups by the package that a name comes from, in this order; others come last."""
BESIDE = (
    "backhand.graph.Quantity",
    "backhand.working.Step",
    "backhand.checking.variants.Variant",
    "backhand.training.fit.Fit",
    "backhand.functions.Function",
)
"""What isn't a name of `backhand` itself but is handed out by one."""
SHORTER = (
    (re.compile(r"TypeAliasForwardRef\('(\w+)'\)"), r"\1"),
    (
        re.compile(
            r"~?numpy\.ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], ~?numpy\.dtype\[([^\[\]]+)\]\]"
        ),
        r"NDArray[\1]",
    ),
    (re.compile("<factory>"), "{}"),
)
"""What autodoc writes for an alias of a type or for a default made anew, and what stands in the source."""
CODE_OR_SIGN = re.compile(r"`([^`]+)`|([*|\\]|_\b)")


def page() -> str:
    """The directives that document the public names, by group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in backhand.__all__:
        if not name.startswith("_"):
            found = getattr(backhand, name)
            groups[found.__module__.split(".")[1]].append(f"backhand.{name}")
    for path in BESIDE:
        groups[path.split(".")[1]].append(path)
    order = [*GROUPS, *sorted(set(groups) - set(GROUPS))]
    return "\n".join(line for group in order for line in _group(group, groups[group]))


def _group(group: str, paths: list[str]) -> Iterator[str]:
    yield f"\n## {GROUPS.get(group, group.capitalize())}\n"
    for path in paths:
        yield f"```{{eval-rst}}\n{_directive(path)}\n```\n"


def _directive(path: str) -> str:
    module, _, name = path.rpartition(".")
    found: Any = getattr(import_module(module), name)
    if isinstance(found, type):
        return f".. autoclass:: {path}\n   :members:"
    if found.__doc__:
        return f".. autofunction:: {path}"
    # Made by a function, so that its docstring stands behind its assignment.
    return f".. autodata:: {found.__module__}.{name}\n   :no-value:"


def _as_rst(app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]):
    """Docstrings are plain text with code between backticks: any other sign means itself."""
    lines[:] = [line if _is_doctest(lines, at) else _escaped(line) for at, line in enumerate(lines)]


def _is_doctest(lines: list[str], at: int) -> bool:
    paragraph = at
    while paragraph and lines[paragraph - 1].strip():
        paragraph -= 1
    return lines[paragraph].startswith(">>>")


def _escaped(line: str) -> str:
    return CODE_OR_SIGN.sub(lambda m: f"``{m[1]}``" if m[1] else f"\\{m[2]}", line)


def _with_short_names(
    app: Sphinx, what: str, name: str, found: object, options: object, given: str, back: str
) -> tuple[str, str | None] | None:
    """Signatures as short as their authors wrote them."""
    for written, short in SHORTER:
        given, back = written.sub(short, given or ""), written.sub(short, back or "")
    return (given, back or None) if given else None


def _not_ours(app: Sphinx, what: str, name: str, found: object, skip: bool, options: object):
    """Whether a member is one that scikit-learn puts into every estimator."""
    return bool(re.fullmatch(r"set_\w+_request", name)) or None


def _written(app: Sphinx, name: str, source: list[str]) -> None:
    if name == PAGE:
        source[0] += page()


def setup(app: Sphinx) -> None:
    app.connect("source-read", _written)
    app.connect("autodoc-process-docstring", _as_rst)
    app.connect("autodoc-skip-member", _not_ours)
    app.connect("autodoc-process-signature", _with_short_names)
