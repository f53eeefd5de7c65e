"""A folder of variants: each a sheet, a worksheet to mark with and two keys; an index of them all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from backhand.checking.variants import Variant
from backhand.errors import BackhandError
from backhand.publishing import markdown
from backhand.publishing.formats import KEYS
from backhand.training.files import in_place_of
from backhand.working import Solution
from backhand.writing import json as machine_key

INDEX = "index.json"
"""It is written first, saying that the folder is being filled, and again when all is there."""
_OURS = re.compile(
    r"\.?(variant-\d+(-key|-worksheet)?|index)\.(md|html|pdf|tex|ipynb|json)(\.\d+\.part)?"
)


def write_variants(
    made: Iterable[Variant],
    folder: Path,
    suffix: str,
    *,
    seed: int,
    count: int,
    made_with: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Write variants to a folder and return their notes, each with its variants' numbers.

    `made_with`: what else than the seed they were made with, kept in the index so that they can be
    made again. Each file is written whole or not at all. Raises `BackhandError` where the folder holds other
    things than an earlier run's.
    """
    key = KEYS[suffix]
    _ready(folder)
    width = len(str(count))
    entries: list[dict[str, Any]] = []
    put(folder / INDEX, json.dumps({"complete": False, "variants": []}) + "\n")
    told: dict[str, list[int]] = {}
    for variant in made:
        entries.append(_written(variant, folder, f"variant-{variant.number:0{width}}", suffix, key))
        for note in variant.notes:
            told.setdefault(note, []).append(variant.number)
    index = {"complete": True, "seed": seed, "made_with": made_with or {}, "variants": entries}
    put(folder / INDEX, json.dumps(index, ensure_ascii=False, indent=1) + "\n")
    return tuple(f"{note} ({_counted(numbers)})" for note, numbers in told.items())


def _counted(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")
    return f"variant{'s' * (len(numbers) > 1)} {shown}"


def _ready(folder: Path) -> None:
    """Make the folder, or clear it of an earlier run's files."""
    if folder.exists() and not folder.is_dir():
        raise BackhandError(f"{folder} is a file", "name a folder after -o")
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(folder.iterdir())
    other = [path.name for path in there if path.name != INDEX and not _is_ours(path)]
    if other or (there and not (folder / INDEX).exists()):
        raise BackhandError(
            f"the folder {folder} holds other things: {(other or [there[0].name])[0]}",
            "name an empty or a new folder after -o",
        )
    for path in there:
        path.unlink()


def _is_ours(path: Path) -> bool:
    return path.is_file() and _OURS.fullmatch(path.name) is not None


def _written(
    variant: Variant,
    folder: Path,
    stem: str,
    suffix: str,
    key: Callable[[Solution], str | bytes],
) -> dict[str, Any]:
    names = {
        "sheet": f"{stem}.md",
        "worksheet": f"{stem}-worksheet.md",
        "key": f"{stem}-key{suffix}",
        "machine_key": f"{stem}-key.json",
    }
    solution = variant.worksheet.solve()
    put(folder / names["sheet"], markdown.sheet(variant.worksheet))
    # The sheet has no asks, so that questions may be read from it otherwise, or not at all.
    put(folder / names["worksheet"], variant.worksheet.source)
    put(folder / names["key"], key(solution))
    put(folder / names["machine_key"], machine_key.document(solution))
    return {
        "number": variant.number,
        **names,
        "values": variant.exact_json,
        "notes": list(variant.notes),
    }


def put(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with in_place_of(path) as part:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
