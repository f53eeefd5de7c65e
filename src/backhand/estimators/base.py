"""scikit-learn's base classes; the one place that needs them when a module is imported."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backhand.errors import AskError, BackhandError

if TYPE_CHECKING:

    class BaseEstimator:
        """What the type checker has to know; scikit-learn brings no types."""

        def __sklearn_tags__(self) -> Any: ...

    class ClassifierMixin: ...

    class RegressorMixin: ...

else:
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    except ImportError:
        raise AskError(
            "the estimators need scikit-learn, which isn't installed",
            'pip install "backhand[train]"',
        ) from None

__all__ = ["BaseEstimator", "ClassifierMixin", "RegressorMixin", "as_value_error"]


@contextmanager
def as_value_error() -> Generator[None]:
    """Errors of Backhand as the `ValueError` that scikit-learn's contract wants, message and all."""
    try:
        yield
    except BackhandError as error:
        raise ValueError(str(error)) from error
