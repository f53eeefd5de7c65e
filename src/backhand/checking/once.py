"""A sequence that is worked out only so far as it is looked at, and each of it once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """The items of an iterator, kept.

    >>> squares = Once(n * n for n in range(10**9))
    >>> next(n for n in squares if n > 10), next(n for n in squares if n > 3)
    (16, 4)
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._rest = iter(items)
        self._found: list[T] = []
        # A worker of a cluster marks in several threads, and a generator stands only one.
        self._one = RLock()

    def __iter__(self) -> Iterator[T]:
        at = 0
        while True:
            with self._one:
                if at == len(self._found):
                    try:
                        self._found.append(next(self._rest))
                    except StopIteration:
                        return
            yield self._found[at]
            at += 1
