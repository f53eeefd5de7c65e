"""The gradients of a PyTorch module three ways: formula, framework, finite difference.

And the first operation, in forward order, at which something goes wrong: a backward that isn't the
derivative of its forward, a value overwritten before backward needs it, an inf or nan, a result that
left the graph. Each operation's backward is held against central differences of that operation
alone, in float64, so an error shows where it is made and not only where it ends up.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.checking.formulas import formulas_of
from backhand.checking.operations import Operation, Overwrite, Recorder
from backhand.checking.replay import Replay, replay
from backhand.checking.report import Finding, GradientReport
from backhand.checking.rows import compare
from backhand.checking.slopes import Call, Example, Slope, check, example, unit
from backhand.checking.tensors import Tensor, finite, has_nan, tensors
from backhand.errors import AskError, MeaningError

MAX_CUTS = 32
"""Of the results that left the graph this many are tried: does the loss depend on them?"""


def check_gradients(
    module: Any,
    inputs: Any,
    target: Any = None,
    loss: Any = None,
    *,
    entries: int = 8,
    seed: int = 0,
) -> GradientReport:
    """The gradient of the loss by each parameter: formula, framework and finite difference.

    `module`: a `torch.nn.Module`; `inputs`: a tensor, or a tuple of arguments; `loss`: a function of
    (output, target), or of the output where `target` is None; without it the sum of the output.
    `entries`: so many of each parameter, drawn with `seed`, get a finite difference, and all of
    them together one along a random direction. An input that requires a gradient gets a row too.

    All is done on copies, in float64: the module, its gradients, its training mode and the random
    generators stay as they are. Where the module's own precision gives an inf or nan, that is reported.
    Raises `AskError` without PyTorch or without anything to differentiate by, `MeaningError`
    where the module doesn't run on these inputs.
    """
    try:
        torch: Any = import_module("torch")
    except ImportError:
        raise AskError("PyTorch is not installed", "pip install torch") from None
    if not isinstance(module, torch.nn.Module):
        raise AskError(f"{type(module).__name__} is no torch.nn.Module", "give the module itself")
    module = getattr(module, "_orig_mod", module)  # What torch.compile wraps.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the module runs many times, and would warn each time
        return _report(module, inputs, target, loss, entries, seed)


def _report(
    module: Any, inputs: Any, target: Any, loss: Any, entries: int, seed: int
) -> GradientReport:
    torch: Any = import_module("torch")
    exact = replay(module, inputs, target, loss, torch.float64)
    if not exact.parameters:
        raise AskError(
            "nothing here requires a gradient", "give a module with parameters that require one"
        )
    own = replay(module, inputs, target, loss, None)
    checked = _Checked(seed)
    value, spread = _compared(exact)
    trace, unseen = _recorded(exact, checked)
    gradients, failure = _backward(exact, exact.forward())
    infinite, spoilt = _non_finite(own)
    formulas, unread = formulas_of(exact)
    rows = compare(exact, {**gradients, **spoilt}, formulas, entries, seed)
    findings = [infinite, checked.finding()]
    if failure or not all(row.ok for row in rows):
        findings += [_overwritten(overwrite, failure) for overwrite in trace.overwrites]
        findings.append(_cut(exact, trace, seed))
    found = [finding for finding in findings if finding is not None]
    if failure and not found:
        found = [Finding("overwritten", None, f"autograd's backward fails: {failure}")]
    first = min(found, key=lambda f: f.operation.number if f.operation else 0, default=None)
    return GradientReport(value, rows, first, (*spread, *unseen, *checked.notes()), unread)


def _compared(run: Replay) -> tuple[float, list[str]]:
    """The loss, and a note where its two sides would be spread over each other: (4, 1) and (4,)."""
    if run.loss is None or run.target is None:
        return run.value(), []
    torch: Any = import_module("torch")
    said: list[str] = []

    def noted(output: Any, target: Any) -> Tensor:
        sides = [side for side in (output, target) if torch.is_tensor(side)]
        if len(sides) == 2 and all(side.is_floating_point() for side in sides):
            own, other = tuple(output.shape), tuple(target.shape)
            try:
                both = tuple(torch.broadcast_shapes(own, other))
            except RuntimeError:
                both = own
            if both != own:
                said.append(
                    f"The output has the shape {own}, the target {other}: a loss that subtracts them "
                    f"makes {both} of these, each against each. Give the target the output's shape."
                )
        return run.loss(output, target)

    return replace(run, loss=noted).value(), said


def _recorded(run: Replay, checked: _Checked) -> tuple[Recorder, list[str]]:
    """One forward pass, each operation checked; a note where its operations can't be watched."""
    trace = Recorder(_modules(run), examine=checked.operation)
    try:
        run.forward(trace.run)
    except MeaningError as error:
        # Some of torch.func runs, but not under watch.
        return trace, [f"Operations can't all be watched in this module: {error.what}."]
    return trace, []


def _modules(run: Replay) -> dict[str, Any]:
    """Every module of a run by its path; those of the loss begin with `loss`."""
    torch: Any = import_module("torch")
    found: dict[str, Any] = dict(run.module.named_modules())
    if isinstance(run.loss, torch.nn.Module):
        found |= dict(run.loss.named_modules(prefix="loss"))
    return found


_Gradients: TypeAlias = Mapping[str, NDArray[np.float64] | None]


@dataclass
class _Checked:
    """Each operation's backward against central differences, up to the first wrong one."""

    seed: int
    wrong: tuple[Operation, Slope, Example | None] | None = None
    kinks: list[Operation] = field(default_factory=list[Operation])
    unchecked: list[Operation] = field(default_factory=list[Operation])
    right: int = 0

    def operation(self, operation: Operation, call: Call) -> None:
        """Check one; where it can't be run again on its own, say so in the notes."""
        if self.wrong:
            return
        try:
            found = check(call, self.seed + operation.number)
            if found and found.verdict == "wrong":
                self.wrong = operation, found, example(call)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            self.unchecked.append(operation)
            return
        if found is None or found.verdict == "unknown":
            self.unchecked.append(operation)
        elif found.verdict == "kink":
            self.kinks.append(operation)
        elif found.verdict == "right":
            self.right += 1

    def finding(self) -> Finding | None:
        """The first wrong one, with the entry that shows it best."""
        if self.wrong is None:
            return None
        operation, along, worst = self.wrong
        if worst is None:
            reason = (
                f"Along a random direction its backward gives {along.framework:.6g}, "
                f"the central difference of its forward {along.difference:.6g}."
            )
        else:
            at = f"entry {list(worst.entry)} of its input, " if worst.entry else ""
            reason = (
                f"At {at}{worst.value:.6g}, its backward gives {worst.slope.framework:.6g}, "
                f"the central difference of its forward {worst.slope.difference:.6g}."
            )
        return Finding("wrong backward", operation, reason)

    def notes(self) -> list[str]:
        """What was checked, and what couldn't be."""
        said = [f"Operations that were checked alone and have the right backward: {self.right}."]
        if self.kinks:
            said.append(
                f"At a kink, where the derivatives to the left and right differ: {_list(self.kinks)}. "
                "The backward is right beside it."
            )
        if self.unchecked:
            said.append(f"Not checked alone, no finite differences: {_list(self.unchecked)}.")
        return said


def _list(operations: Sequence[Operation]) -> str:
    shown = ", ".join(str(each) for each in operations[:5])
    return shown + (f" and {len(operations) - 5} more" if len(operations) > 5 else "")


def _backward(run: Replay, loss: Tensor) -> tuple[_Gradients, str]:
    """The framework's gradients, None where there is none; and the error where it gives up."""
    torch: Any = import_module("torch")
    parameters = run.parameters
    for parameter in parameters.values():
        parameter.grad = None
    try:
        if loss.requires_grad:
            loss.backward()
    except RuntimeError as error:
        return dict.fromkeys(parameters), str(error).strip().partition(". Hint")[0]
    return {
        name: None if p.grad is None else p.grad.to_dense().to("cpu", torch.float64).numpy()
        for name, p in parameters.items()
    }, ""


def _non_finite(run: Replay) -> tuple[Finding | None, _Gradients]:
    """The first inf or nan in the module's own precision, and the gradients that it spoils."""
    for name, tensor in _given(run):
        if not finite(tensor):
            what = "nan" if has_nan(tensor) else "inf"
            return Finding("given", None, f"{name} holds {what} before the first operation."), {}
    trace = Recorder(_modules(run))
    try:
        loss = run.forward(trace.run)
    except MeaningError:
        loss = run.forward()
    if not finite(loss):
        origin = trace.origin(loss)
        if origin is None:
            return Finding("non-finite", None, f"The loss is {float(loss.detach())}."), {}
        return Finding("non-finite", origin, f"Its result has {trace.range[origin.number]}."), {}
    gradients, _ = _backward(run, loss)
    spoilt = {n: g for n, g in gradients.items() if g is not None and not np.isfinite(g).all()}
    if not spoilt or not trace.broken:
        return None, spoilt
    origin, reason = min(trace.broken, key=lambda each: each[0].number)
    return Finding("non-finite", origin, reason), spoilt


def _given(run: Replay) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that is there before the first operation."""
    yield from run.module.named_parameters()
    yield from (("the input", tensor) for tensor in tensors(run.inputs))
    yield from (("the target", tensor) for tensor in tensors(run.target))


def _overwritten(overwrite: Overwrite, failure: str) -> Finding:
    """An in-place change as the thing that went wrong."""
    keeper = overwrite.kept_by
    if keeper is None:
        reason = "It changes, in place, a value that has a gradient where autograd doesn't see it."
    else:
        reason = f"It overwrites, in place, a value that the backward of {keeper} needs."
    if failure:
        reason += f" Autograd says: {failure}"
    return Finding("overwritten", overwrite.operation, reason)


def _cut(run: Replay, trace: Recorder, seed: int) -> Finding | None:
    """The first operation whose result left the graph though the loss depends on it."""
    for operation, call in trace.cuts[:MAX_CUTS]:
        moved = [
            run.forward(Recorder(_modules(run), shift=(operation.number, amount)).run)
            for amount in (1e-2, 2e-2)
        ]
        one, two = (float(loss.detach()) for loss in moved)
        if abs(one - two) > 1e-9 * max(abs(one), abs(two)) and _depends(call, seed):
            return Finding(
                "cut",
                operation,
                "Its result has no gradient, though its argument has one and the loss depends on it: "
                "detach, .data, torch.no_grad or a plain number cuts the graph here.",
            )
    return None


def _depends(call: Call, seed: int) -> bool:
    """Whether a call's result changes with its inputs: that of `zeros_like` doesn't."""
    torch: Any = import_module("torch")
    generator = torch.Generator().manual_seed(seed)
    moved = [
        x + 1e-2 * unit(x) * torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
        for x in call.inputs
    ]
    pairs = zip(call.again(call.inputs), call.again(moved), strict=True)
    return any(not torch.equal(a, b) for a, b in pairs)
