"""Files that are cut off or damaged: a table that is sound or an error that teaches, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.training.table_writers import ARROW, whole_files

from backhand.errors import BackhandError, DataError
from backhand.training.table import Table
from backhand.training.tables import read_table


def sound(table: Table) -> bool:
    """Whether a table keeps its promises."""
    labels = table.labels
    return (
        len(table.features) == len(table.target) > 0
        and bool(np.isfinite(table.features).all())
        and bool(np.isfinite(table.target).all())
        and (labels is None or (table.target.min() >= 0 and table.target.max() < len(labels)))
    )


KINDS = ("csv", "plain csv", *(w.__name__ for w in ARROW), "npy", "savez", "savez_compressed")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_a_table_or_an_error_that_teaches(tmp_path: Path, kind: str) -> None:
    whole, path = whole_files(tmp_path)[kind], tmp_path / "cut"

    @settings(max_examples=200, deadline=None, database=None)
    @given(st.integers(0, len(whole)))
    def law(size: int) -> None:
        path.write_bytes(whole[:size])
        try:
            table = read_table(path)
        except BackhandError as error:
            assert size < len(whole)
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
        else:
            # Only rows of text can be lost without a trace.
            assert size == len(whole) or "csv" in kind or kind == "write_stream"
            assert sound(table)

    law()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_wrong_bytes_is_a_table_or_an_error_that_teaches(
    tmp_path: Path, kind: str
) -> None:
    whole, path = whole_files(tmp_path)[kind], tmp_path / "damaged"
    places = st.integers(0, len(whole) - 1)

    # The same bytes each time: what crashes is a library, and that can't be caught.
    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=3))
    def law(changes: dict[int, int]) -> None:
        data = bytearray(whole)
        for at, byte in changes.items():
            data[at] = byte
        path.write_bytes(data)
        try:
            table = read_table(path)
        except BackhandError as error:
            assert str(error)  # noqa: PT017
        else:
            assert sound(table)

    law()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "npy",
            "the header promises 20 rows, 480 bytes, and the file ends after 440 of them, in row 19",
        ),
        (
            "savez",
            "the archive ends with a list of its arrays, and this one doesn't: it is cut off",
        ),
        ("write_parquet", "a Parquet file ends with PAR1, and this one doesn't: it is cut off"),
        ("write_file", "an Arrow file ends with ARROW1, and this one doesn't: it is cut off"),
        (
            "plain csv",
            "row 20 has 2 cells, the first row 3, and there the file ends; it is cut off",
        ),
        ("write_stream", "the file is damaged"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, kind: str, said: str) -> None:
    whole, path = whole_files(tmp_path)[kind], tmp_path / "cut"
    end = whole.rindex(b";") if "csv" in kind else len(whole) - 40
    path.write_bytes(whole[: end - (kind == "write_stream") * 300])
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert said in str(caught.value)
