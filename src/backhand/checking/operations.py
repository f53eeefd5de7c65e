"""The operations of a PyTorch forward pass, in order, and what went wrong at which.

A `TorchFunctionMode` sees every call of PyTorch's own functions. It doesn't see an
`autograd.Function`, whose `apply` may have been taken anywhere, so a profile hook watches for that.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from math import isfinite
from pathlib import Path
from traceback import walk_stack
from types import CodeType, FrameType
from typing import Any, cast

from backhand.checking.slopes import Call
from backhand.checking.tensors import (
    Tensor,
    finite,
    floating,
    has_nan,
    is_numbers,
    mapped,
    memory,
    mode,
    moved,
    tensors,
)

_READS = frozenset({"size", "dim", "numel", "stride", "len", "repr", "format", "register_hook"})
"""Functions of tensors that make no numbers."""


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the user's own code."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a forward pass: its number from 1, the module it ran in, the line that called it.

    `module` is the path as in `named_modules`, empty for the outermost; `source` is None where
    no line outside PyTorch called it, as in a plain `nn.Sequential`.
    """

    number: int
    name: str
    module: str
    source: Source | None

    def __str__(self) -> str:
        inside = f" in {self.module}" if self.module else ""
        return f"{self.name}{inside}" + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A value was changed in place after another operation had kept it for its backward.

    `kept_by` is None where no operation kept it, but the change itself has no backward.
    """

    operation: Operation
    kept_by: Operation | None


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A tensor that autograd keeps for a backward, and a copy of its numbers then."""

    tensor: Tensor
    copy: Tensor
    by: Operation


@dataclass(frozen=True, slots=True)
class Infinite:
    """An inf or nan in memory: the operation that made it of finite numbers; None if it was given."""

    tensor: Tensor
    origin: Operation | None


@dataclass
class Recorder:
    """What is seen of one forward and backward pass.

    `examine` is called with each operation that has a gradient and its call, as it was. `shift`, an
    operation's number and an amount, moves that operation's result, to see what depends on it.
    """

    modules: Mapping[str, Any]
    examine: Callable[[Operation, Call], None] | None = None
    shift: tuple[int, float] | None = None
    operations: list[Operation] = field(default_factory=list[Operation])
    overwrites: list[Overwrite] = field(default_factory=list[Overwrite])
    cuts: list[tuple[Operation, Call]] = field(default_factory=list[tuple[Operation, Call]])
    """Operations whose result depends on no gradient though an argument does."""
    broken: list[tuple[Operation, str]] = field(default_factory=list[tuple[Operation, str]])
    """Operations whose backward made inf or nan of finite gradients, and that in words."""
    range: dict[int, str] = field(default_factory=dict[int, str])
    """By number of an operation that made inf or nan of finite numbers: which, and of what."""
    _path: list[str] = field(default_factory=list[str])
    _busy: bool = False
    _custom: list[tuple[FrameType, Callable[[Any], None] | None]] = field(default_factory=list[Any])
    _saved: list[Saved] = field(default_factory=list[Saved])
    _tracked: dict[int, Tensor] = field(default_factory=dict[int, Tensor])
    """By address of its memory: a tensor that has a gradient."""
    _infinite: dict[int, Infinite] = field(default_factory=dict[int, Infinite])
    _nodes: set[Any] = field(default_factory=set[Any])

    def run(self, forward: Callable[[], Tensor]) -> Tensor:
        """The forward pass, recorded."""
        torch: Any = import_module("torch")
        before, watched = sys.getprofile(), torch.autograd.Function.apply.__func__.__code__
        hooks = torch.autograd.graph.saved_tensors_hooks(self._keep, _itself)
        with self._paths(), hooks, mode(self._function):
            sys.setprofile(partial(self._profile, watched))
            try:
                return forward()
            finally:
                sys.setprofile(before)

    def origin(self, tensor: Tensor) -> Operation | None:
        """The operation from which an inf or nan in `tensor` came; None if none, or it was given."""
        found = self._infinite.get(memory(tensor))
        return found.origin if found else None

    @contextmanager
    def _paths(self) -> Generator[None]:
        """Keep the path of the module that runs."""

        def enter(path: str) -> Callable[..., None]:
            return lambda *_: self._path.append(path)

        def leave(*_: Any) -> None:
            self._path.pop()

        handles: list[Any] = []
        for path, module in self.modules.items():
            handles.append(module.register_forward_pre_hook(enter(path)))
            handles.append(module.register_forward_hook(leave, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _function(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """One call of a function of PyTorch."""
        name = _name(function)
        torch: Any = import_module("torch")
        inside = self._busy or self._custom or torch._C._are_functorch_transforms_active()
        if inside or name in _READS:
            return function(*args, **kwargs)
        finish = self._begin(name, function, args, kwargs)
        return finish(function(*args, **kwargs))

    def _profile(self, watched: CodeType, frame: FrameType, event: str, arg: Any) -> None:
        """Called for every Python call and return; looks for an `autograd.Function`."""
        if frame.f_code is not watched or self._busy:
            return
        if event == "call":
            finish = None
            if not self._custom:
                function, args = frame.f_locals["cls"], frame.f_locals["args"]
                kwargs = frame.f_locals["kwargs"]
                finish = self._begin(function.__name__, function.apply, args, kwargs)
            self._custom.append((frame, finish))
        elif event == "return" and self._custom and self._custom[-1][0] is frame:
            finish = self._custom.pop()[1]
            if finish is not None and arg is not None:
                finish(arg)

    def _begin(
        self,
        name: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Callable[[Any], Any]:
        """Note the arguments before a call; gives what is to be done with its result."""
        torch: Any = import_module("torch")
        given = list(tensors((args, dict(kwargs))))
        active = tuple(t.is_floating_point() and t.requires_grad for t in given)
        versions = [_version(t) for t in given]
        self._tracked |= {memory(t): t for t, a in zip(given, active, strict=True) if a}
        keep: Callable[[Tensor], Tensor] = torch.clone if _overwrites(name, kwargs) else _itself
        before = mapped((args, dict(kwargs)), lambda t: keep(t.detach()))
        call = Call(function, before[0], before[1], active)
        operation = Operation(
            len(self.operations) + 1, name, self._path[-1] if self._path else "", _source()
        )
        saved = len(self._saved)
        infinite = [t for t in given if not finite(t)]
        origins = [self._infinite.get(memory(t)) for t in infinite]
        meant = _written_infinity((args, kwargs))
        # What an operation makes of given infinities is its own doing only where it makes a nan.
        allowed = "nan" if any(has_nan(t) for t in infinite) else "inf" if infinite or meant else ""

        def finish(result: Any) -> Any:
            self._busy = True
            try:
                changed = [t for t, v in zip(given, versions, strict=True) if _version(t) != v]
                made = floating(result)
                made += [t for t in changed if t.is_floating_point()]
                if not made and not is_numbers(result):
                    return result
                self.operations.append(operation)
                self._saved[saved:] = [
                    Saved(s.tensor, s.copy, operation) for s in self._saved[saved:]
                ]
                self._note_range(operation, made, origins, allowed, given)
                self._note_overwritten(operation, changed)
                self._note_graph(operation, made)
                if any(active) and not any(t.requires_grad for t in made):
                    self.cuts.append((operation, call))
                elif any(active) and self.examine is not None:
                    self.examine(operation, call)
                return self._shifted(operation, result)
            finally:
                self._busy = False

        return finish

    def _shifted(self, operation: Operation, result: Any) -> Any:
        if self.shift is None or self.shift[0] != operation.number:
            return result
        return moved(result, self.shift[1])

    def _keep(self, tensor: Tensor) -> Tensor:
        """Called with each tensor that autograd keeps for a backward."""
        kept = tensor.detach()
        if not self._busy:
            # Its operation is put in when that has ended.
            self._saved.append(Saved(kept, kept.clone(), Operation(0, "", "", None)))
        return kept

    def _note_range(
        self,
        operation: Operation,
        made: list[Tensor],
        origins: list[Infinite | None],
        allowed: str,
        given: list[Tensor],
    ) -> None:
        """Note where an inf or nan comes from.

        An infinity that was written down, as in `masked_fill(mask, -inf)`, is meant; an operation
        that makes a nan of it is where it goes wrong.
        """
        found = [o.origin for o in origins if o is not None and o.origin is not None]
        for tensor in made:
            if finite(tensor):
                self._infinite.pop(memory(tensor), None)
                continue
            own = not allowed or (allowed == "inf" and has_nan(tensor))
            origin = min(found, key=lambda o: o.number) if found else operation if own else None
            if origin is operation:
                self.range[operation.number] = _extent(tensor, given)
            self._infinite[memory(tensor)] = Infinite(tensor, origin)

    def _note_overwritten(self, operation: Operation, changed: list[Tensor]) -> None:
        """Note what a change in place takes from a backward, or hides from it."""
        torch: Any = import_module("torch")
        for tensor in changed:
            address = memory(tensor)
            spoilt = [
                s
                for s in self._saved
                if s.by.number < operation.number
                and memory(s.tensor) == address
                and not torch.equal(s.tensor.nan_to_num(), s.copy.nan_to_num())
            ]
            self._saved = [s for s in self._saved if s not in spoilt]
            hidden = not tensor.requires_grad or not torch.is_grad_enabled()
            if spoilt:
                self.overwrites.append(Overwrite(operation, spoilt[0].by))
            elif hidden and address in self._tracked:
                self.overwrites.append(Overwrite(operation, None))

    def _note_graph(self, operation: Operation, made: list[Tensor]) -> None:
        """Watch the backward of the nodes that this operation added to the graph."""
        stack = [t.grad_fn for t in made if t.grad_fn is not None]
        for tensor in made:
            if tensor.requires_grad:
                self._tracked[memory(tensor)] = tensor
        while stack:
            node = stack.pop()
            if node in self._nodes:
                continue
            self._nodes.add(node)
            if not node.name().endswith("AccumulateGrad"):
                node.register_hook(self._watch(operation, node.name()))
            stack += [below for below, _ in node.next_functions if below is not None]

    def _watch(self, operation: Operation, node: str) -> Callable[[Any, Any], None]:
        def watch(after: Any, before: Any) -> None:
            self._busy = True
            if not all(map(finite, tensors(after))) and all(map(finite, tensors(before))):
                made = [t for t in tensors(after) if not finite(t)]
                words = f"Of finite gradients its backward ({node}) makes {_extent(made[0], [])}."
                self.broken.append((operation, words))
            self._busy = False

        return watch


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def _name(function: Any) -> str:
    """A function's name as it is known: `exp`, `mul` for `__mul__`, `data` for the property."""
    name: str = function.__name__
    if name in ("__get__", "__set__"):
        return getattr(function.__self__, "__name__", name)
    # The underscore at the end stays: `__iadd__` is seen as `add_`, `__setitem__` changes in place.
    return name if name == "__setitem__" or not name.startswith("__") else name.strip("_")


def _overwrites(name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether a function may change its arguments in place."""
    inplace = bool(kwargs.get("inplace")) or "out" in kwargs
    return inplace or name.endswith("_") or name[:1].isupper()


def _version(tensor: Tensor) -> int:
    """How often a tensor was changed in place."""
    return 0 if tensor.is_inference() else int(tensor._version)


def _extent(made: Tensor, given: list[Tensor]) -> str:
    """How many entries are inf or nan, and how large the arguments were."""
    what = "nan" if has_nan(made) else "inf"
    count = int((~made.isfinite()).sum())
    sizes = [float(t.detach().abs().max()) for t in given if t.is_floating_point() and t.numel()]
    dtype = str(made.dtype).removeprefix("torch.")
    most = max(sizes, default=None)
    if most is None:
        of = ""
    elif most == float("inf"):
        of = "; its arguments hold inf already"
    else:
        of = f"; its arguments go up to {most:.6g} in absolute value"
    return f"{what} in {count} of {made.numel()} entries, in {dtype}{of}"


def _written_infinity(args: Any) -> bool:
    """Whether an infinity or nan stands among the arguments as a plain number."""
    stack: list[Any] = [args]
    while stack:
        part = stack.pop()
        if isinstance(part, float) and not isfinite(part):
            return True
        if isinstance(part, list | tuple):
            stack += cast(list[Any], part)
        elif isinstance(part, Mapping):
            stack += cast(Mapping[Any, Any], part).values()
    return False


def _source() -> Source | None:
    """The innermost line on the stack that is neither PyTorch's nor ours."""
    torch: Any = import_module("torch")
    theirs = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
    for frame, line in walk_stack(None):
        if frame.f_code is Recorder.run.__code__:
            return None
        file = frame.f_code.co_filename
        if not file.startswith(theirs):
            return Source(file, line, linecache.getline(file, line).strip())
    return None
