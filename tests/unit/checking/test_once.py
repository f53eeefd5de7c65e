"""A sequence that is worked out as it is looked at, by several threads at a time too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

from backhand.checking.once import Once


def test_threads_wait_for_one_another_and_nothing_is_done_twice() -> None:
    """Two answers that a cluster marks at once look at the same slips."""
    made: list[int] = []

    def slowly() -> Iterator[int]:
        for number in range(5):
            sleep(0.002)
            made.append(number)
            yield number

    shared = Once(slowly())
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(list, [shared] * 4))
    assert found == [[0, 1, 2, 3, 4]] * 4
    assert made == [0, 1, 2, 3, 4]
