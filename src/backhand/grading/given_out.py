"""The variants that were given out: which student had which, and the worksheet of each."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from backhand.checking.variants import variants
from backhand.errors import BackhandError, DataError
from backhand.grading.submissions import Submission
from backhand.working import Worksheet

INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class GivenOut:
    """Variants of a worksheet in order; `places`: the number of one to its place."""

    worksheets: tuple[Worksheet, ...]
    places: Mapping[str, int]
    mark: str

    def place(self, variant: str) -> int:
        """The place of a student's variant; of one that isn't there the first: nothing is marked by it."""
        return self.places.get(variant, 0)

    def checked(self, each: Iterable[Submission]) -> Iterator[Submission]:
        """The submissions, each with the number of its variant. One without isn't marked."""
        for submission in each:
            number = submission.variant.strip().lower().removeprefix("variant").strip(" -#")
            number = number.removesuffix(".0").lstrip("0")
            if number in self.places or submission.problem:
                yield replace(submission, variant=number)
                continue
            said = f"there is no variant {submission.variant[:20]!r}" if number else "no variant"
            yield replace(
                submission, variant="", answers={}, problem=f"{submission.student}: {said}"
            )


def given_out(page: Worksheet, folder: str | os.PathLike[str] | None) -> GivenOut | None:
    """The variants in a folder that `backhand variants` made of this page, None where there is none.

    They are made again from the seed, and must have the numbers that the folder's index has. Raises
    `DataError` where they haven't.
    """
    if folder is None:
        return None
    path = Path(folder) / INDEX
    try:
        index = cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
        listed = cast(list[dict[str, Any]], index["variants"])
        seed, numbers = int(index["seed"]), [int(each["number"]) for each in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is no index of variants ({type(error).__name__})",
            "name the folder that `backhand variants` made",
        ) from None
    made = index.get("made_with", {})
    found: dict[int, Worksheet] = {}
    try:
        for variant in variants(
            page,
            max(numbers, default=0),
            seed=seed,
            keep=tuple(made.get("keep", ())),
            activation=made.get("activation"),
            widths=tuple(made.get("widths", ())),
        ):
            found[variant.number] = variant.worksheet
            its = variant.exact_json
            if variant.number <= len(listed) and its != listed[variant.number - 1]["values"]:
                raise DataError(f"variant {variant.number} has other numbers here")
    except BackhandError as error:
        raise DataError(
            f"the variants in {folder} aren't those of this worksheet: {error.what}",
            "give the worksheet that they were made of",
        ) from None
    text = json.dumps([seed, made, [each["values"] for each in listed]], sort_keys=True)
    places = {str(number): at for at, number in enumerate(found)}
    return GivenOut(tuple(found.values()), places, hashlib.sha256(text.encode()).hexdigest())
