"""The layers of docs/architecture.md, held by the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "backhand"
LAYERS = (
    {"errors"},
    {"syntax"},
    {"slots"},
    {"expr"},
    {"functions"},
    {"compositions", "array_functions"},
    {"differentiation"},
    {"values"},
    {"graph"},
    {"initial", "rounding"},
    {"notation"},
    {"products"},
    {"matrices"},
    {"working"},
    {"reading", "calculus"},
    {"formulas"},
    {"writing", "checking", "training"},
    {"exporting", "jobs"},
    {"sweeping", "grading", "comparing", "estimators", "publishing"},
    {"page"},
    {"cli"},
)
HEAVY = {
    "rich",
    "typer",
    "markdown_it",
    "mdit_py_plugins",
    "torch",
    "jax",
    "numba",
    "sklearn",
    "matplotlib",
    "sympy",
    "scipy",
    "typst",
    "starlette",
    "uvicorn",
    "anywidget",
}
AT_IMPORT = {
    "estimators.base": {"sklearn"},
    "page.routes": {"starlette"},
    "page.widget": {"anywidget"},
}
"""Modules that are nothing without a library: subclasses of its classes, or its routes."""
FREE = {"__init__", "__main__"}
UPWARD = {"graph", "working"}
LONG = {"expr.py", "functions.py"}
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): path
    for path in sorted(SOURCE.rglob("*.py"))
}
LAYERED = [name for name in MODULES if name not in FREE]


def level(module: str) -> int:
    part = module.split(".")[0]
    return next(at for at, layer in enumerate(LAYERS) if part in layer)


def imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=found):
            yield from (alias.name for alias in found)
        case ast.ImportFrom(module=str(module), names=found, level=0):
            for alias in found:
                inner = f"{module}.{alias.name}"
                yield inner if inner.removeprefix("backhand.") in MODULES else module
        case ast.ImportFrom():
            raise AssertionError("write imports from the root: from backhand.x import y")


def at_module_level(tree: ast.AST) -> Iterator[str]:
    """What is imported when the module is: not in functions, not for the type checker."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                for other in orelse:
                    yield from at_module_level(ast.Module([other], []))
            case _:
                yield from imported(node)
                yield from at_module_level(node)


def inside_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                yield from imported(inner)


def ours(names: Iterator[str]) -> set[str]:
    """The modules of the package among the names."""
    return {n.removeprefix("backhand.") for n in names if n.startswith("backhand.")}


def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def test_every_module_has_a_layer() -> None:
    for module in LAYERED:
        level(module)


@pytest.mark.parametrize("module", LAYERED)
def test_modules_import_downwards_only(module: str) -> None:
    package = module.split(".")[0]
    for other in ours(at_module_level(parsed(module))):
        beside = other.split(".")[0] == package
        assert beside or level(other) < level(module), f"{module} imports {other}"


def test_no_cycle_among_modules() -> None:
    uses = {module: ours(at_module_level(parsed(module))) for module in LAYERED}
    order = list(TopologicalSorter(uses).static_order())
    assert order.index("errors") < order.index("graph") < order.index("calculus.chain")


@pytest.mark.parametrize("module", LAYERED)
def test_functions_import_upwards_in_the_convenience_methods_only(module: str) -> None:
    package = module.split(".")[0]
    upward = {
        other
        for other in ours(inside_functions(parsed(module)))
        if other.split(".")[0] != package and level(other) >= level(module)
    }
    assert bool(upward) == (module in UPWARD), f"{module} imports {sorted(upward)}"


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("cli")])
def test_heavy_modules_are_imported_where_they_are_used(module: str) -> None:
    found = {name.split(".")[0] for name in at_module_level(parsed(module))}
    assert not found & HEAVY - AT_IMPORT.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_files_are_short(module: str) -> None:
    path = MODULES[module]
    lines = path.read_text(encoding="utf-8").count("\n")
    assert path.name in LONG or lines <= 400


def test_the_walk_tells_module_level_from_the_rest() -> None:
    tree = ast.parse(
        "import a\nif TYPE_CHECKING:\n    import b\nelse:\n    import c\n"
        "try:\n    import d\nexcept E:\n    pass\ndef f():\n    import e\n"
    )
    assert set(at_module_level(tree)) == {"a", "c", "d"}
    assert set(inside_functions(tree)) == {"e"}
