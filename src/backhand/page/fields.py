"""The fields of a request's JSON, each read as the type it must have; an error says what to send."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

from backhand.errors import BackhandError

MAX_BODY = 256_000
"""The most bytes of a request."""
MAX_FILE = 200_000
"""The most bytes of the worksheet that is served: the page sends it back inside a request."""
MAX_ANSWER = 10_000
"""The most bytes of an answer to a question."""
MAX_NAME = 1_000
"""The most bytes of a name, a number of a question, an option."""
Choice = TypeVar("Choice", bound=str)


class RequestError(BackhandError):
    """A request isn't one that the page sends; `status` is that of HTTP."""

    def __init__(self, what: str, mend: str = "", status: int = 400) -> None:
        self.status = status
        super().__init__(what, mend)


def parsed(body: bytes) -> Fields:
    """The fields of a JSON object. Raises `RequestError` for anything else.

    >>> parsed(b'{"seed": 3}').whole("seed", 0, 9)
    3
    >>> parsed(b'{"seed": NaN}')
    Traceback (most recent call last):
    ...
    backhand.page.fields.RequestError: NaN isn't JSON; send finite numbers
    """
    try:
        found: object = json.loads(
            body.decode("utf-8"), parse_constant=_no_number, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise RequestError("the body isn't UTF-8 text", "send JSON in UTF-8") from None
    except RecursionError:
        raise RequestError(
            "the JSON is nested too deep", "send an object of plain fields"
        ) from None
    except ValueError as error:
        raise RequestError(f"the body isn't JSON: {error}", "send a JSON object") from None
    if not isinstance(found, dict):
        raise RequestError("the JSON is no object", 'send one such as {"text": "x = 3"}')
    return Fields(cast(dict[str, object], found))


def _no_number(name: str) -> NoReturn:
    raise RequestError(f"{name} isn't JSON", "send finite numbers")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise RequestError("a number is beyond the range of float64", "send finite numbers")
    return value


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object. Every method raises `RequestError` where a field doesn't fit."""

    given: Mapping[str, object]

    def only(self, *names: str) -> None:
        """Check that there is no other field."""
        for name in self.given:
            if name not in names:
                raise RequestError(f"there is no field {name[:40]!r}", f"send {', '.join(names)}")

    def has(self, name: str) -> bool:
        """Whether a field is there, and not null."""
        return self.given.get(name) is not None

    def text(self, name: str, most: int = MAX_BODY) -> str:
        """A text of at most so many bytes."""
        return _text(self._there(name), name, most)

    def choice(self, name: str, *choices: Choice) -> Choice:
        """One of some words."""
        word = self.text(name, MAX_NAME)
        for each in choices:
            if each == word:
                return each
        raise RequestError(f"the field {name} is none of its words", f"send {', '.join(choices)}")

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number in a range."""
        value = self._there(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise RequestError(
                f"the field {name} is no whole number from {least} to {most}", "send one"
            )
        return value

    def number_of_question(self, name: str) -> str:
        """A question's or part's number, such as "3.2.5"; a whole number will do."""
        value = self._there(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000:
            return str(value)
        return _text(value, name, MAX_NAME)

    def numbers_by_name(self, name: str) -> dict[str, tuple[float, ...]]:
        """Lists of numbers by the names of their quantities; none where the field is missing."""
        if not self.has(name):
            return {}
        return {
            _text(key, name, MAX_NAME): _numbers(value, f"{name}.{key[:40]}")
            for key, value in self._object(name).items()
        }

    def texts_by_name(self, name: str, most: int) -> dict[str, str]:
        """Texts by name; none where the field is missing."""
        if not self.has(name):
            return {}
        return {
            _text(key, name, MAX_NAME): _text(value, f"{name}.{key[:40]}", most)
            for key, value in self._object(name).items()
        }

    def objects(self, name: str, most: int) -> tuple[Fields, ...]:
        """A list of at most so many objects."""
        value = self._there(name)
        if not isinstance(value, list):
            raise _wrong(name, "a list")
        each = cast(Sequence[object], value)
        if len(each) > most:
            raise RequestError(f"the field {name} has over {most} entries", "send fewer", 413)
        if not all(isinstance(entry, dict) for entry in each):
            raise _wrong(name, "a list of objects")
        return tuple(Fields(cast(dict[str, object], entry)) for entry in each)

    def _object(self, name: str) -> Mapping[str, object]:
        value = self._there(name)
        if not isinstance(value, dict):
            raise _wrong(name, "an object")
        return cast(dict[str, object], value)

    def _there(self, name: str) -> object:
        if not self.has(name):
            raise RequestError(f"the field {name} is missing", "send it")
        return self.given[name]


def _text(value: object, name: str, most: int) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a text")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise RequestError(f"the field {name} holds half a character", "send whole ones") from None
    if size > most:
        raise RequestError(f"the field {name} is over {most:,} bytes", "send less", 413)
    return value


def _numbers(value: object, name: str) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise _wrong(name, "a list of numbers, row by row")
    return tuple(_number(each, name) for each in cast(list[Any], value))


def _number(value: object, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise _wrong(name, "a list of numbers, row by row")


def _wrong(name: str, kind: str) -> RequestError:
    return RequestError(f"the field {name} isn't {kind}", f"send {kind}")
