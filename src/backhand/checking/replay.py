"""A PyTorch module, its inputs and its loss, set up so that every forward pass gives the same loss."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from backhand.checking.tensors import Tensor, floating, mapped, mode, same_randomness
from backhand.errors import AskError, MeaningError


@dataclass(frozen=True)
class Replay:
    """A copy of a module with inputs and loss; `forward` gives the same loss each time.

    Buffers (running statistics) and random generators are put back before each pass, so dropout
    drops the same entries and batch normalisation sees the same state.
    """

    module: Any
    inputs: tuple[Any, ...]
    target: Any
    loss: Any
    buffers: Mapping[str, Tensor]
    dtype: Any

    def forward(self, watch: Callable[[Callable[[], Tensor]], Tensor] | None = None) -> Tensor:
        """The loss: a tensor with one entry. Raises `MeaningError` where the module fails.

        `watch` is given the pass itself, without these preparations, to run it.
        """
        torch: Any = import_module("torch")
        with torch.no_grad():
            for name, buffer in self.module.named_buffers():
                buffer.copy_(self.buffers[name])
        inputs, target = self._fresh(self.inputs), self._fresh(self.target)

        def run() -> Tensor:
            return self.loss_of(self.module(*inputs), target)

        try:
            with self.setting():
                return watch(run) if watch else run()
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            first = str(error).strip().partition("\n")[0]
            raise MeaningError(
                f"the module's forward pass fails: {first}",
                "check that inputs and target have the shapes and types it expects",
            ) from error

    @contextmanager
    def setting(self) -> Generator[None]:
        """Gradients on, random generators put back at the end, new tensors and casts in `dtype`."""
        torch: Any = import_module("torch")
        default = torch.get_default_dtype()
        casts = mode(_in_float64) if self.dtype == torch.float64 else nullcontext()
        with same_randomness(), torch.inference_mode(False), torch.enable_grad(), casts:
            torch.set_default_dtype(self.dtype or default)
            try:
                yield
            finally:
                torch.set_default_dtype(default)

    def value(self) -> float:
        """The loss as a number."""
        return float(self.forward().detach())

    def _fresh(self, tree: Any) -> Any:
        """Inputs that an in-place operation may overwrite."""
        return mapped(tree, lambda t: t if t.requires_grad else t.clone())

    def loss_of(self, output: Any, target: Any) -> Tensor:
        """The loss of an output; without a loss the output itself, or the sum of its entries."""
        torch: Any = import_module("torch")
        if self.loss is not None:
            value = self.loss(output) if target is None else self.loss(output, target)
        else:
            found = floating(output)
            if not found:
                raise AskError(
                    f"the module gives {type(output).__name__}, no tensor", "give loss=..."
                )
            value = found[0] if found[0].numel() == 1 else found[0].sum()
        if not isinstance(value, torch.Tensor):
            raise AskError(
                f"the loss is a {type(value).__name__}, no tensor", "don't convert it to a number"
            )
        if value.numel() != 1:
            raise AskError(
                f"the loss has {value.numel()} entries; a gradient is that of a scalar",
                "reduce it to one number with mean or sum",
            )
        return value

    @property
    def parameters(self) -> dict[str, Tensor]:
        """What gradients are taken by: parameters, and inputs, that require a gradient."""
        found = {n: p for n, p in self.module.named_parameters() if p.requires_grad and p.numel()}
        for at, tensor in enumerate(floating(self.inputs)):
            if tensor.requires_grad and tensor.numel():
                found[f"input {at}" if len(self.inputs) > 1 else "input"] = tensor
        return found


def replay(module: Any, inputs: Any, target: Any, loss: Any, dtype: Any) -> Replay:
    """A deep copy of everything, its floating-point numbers in `dtype`, or as they are for None."""
    torch: Any = import_module("torch")

    def converted(tensor: Tensor) -> Tensor:
        copy = tensor.detach().clone()
        if copy.is_floating_point() and dtype is not None:
            copy = copy.to(dtype)
        return copy.requires_grad_(tensor.requires_grad and copy.is_floating_point())

    for name, parameter in module.named_parameters():
        if isinstance(parameter, torch.nn.parameter.UninitializedParameter):
            raise MeaningError(
                f"{name} has no values yet", "run the module once on an example input"
            )
        if parameter.is_complex():
            raise MeaningError(f"{name} is complex", "give a module with real parameters")
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise MeaningError(
                f"{name or 'the module'} is a scripted module, whose operations can't be watched",
                "give the module that it was made from",
            )
    try:
        copied, copied_loss = deepcopy((module, loss))
    except (RuntimeError, TypeError) as error:
        raise MeaningError(
            f"the module can't be copied: {error}",
            "keep no tensors with a gradient history as attributes",
        ) from error
    for each in (copied, copied_loss):
        if isinstance(each, torch.nn.Module) and dtype is not None:
            _convert(each, dtype, converted)
    arguments = cast(tuple[Any, ...], inputs) if isinstance(inputs, tuple) else (inputs,)
    return Replay(
        module=copied,
        inputs=tuple(mapped(part, converted) for part in arguments),
        target=mapped(target, converted),
        loss=copied_loss,
        buffers={name: buffer.detach().clone() for name, buffer in copied.named_buffers()},
        dtype=dtype,
    )


def _convert(module: Any, dtype: Any, change: Callable[[Tensor], Tensor]) -> None:
    """Bring a module to `dtype`, with the tensors that are plain attributes, which `to` passes by."""
    torch: Any = import_module("torch")
    module.to(dtype)
    for part in module.modules():
        for name, value in list(cast(dict[str, Any], vars(part)).items()):
            if torch.is_tensor(value):
                setattr(part, name, change(value))


def _in_float64(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A call in which every cast to a shorter float is one to float64."""
    torch: Any = import_module("torch")
    short = (torch.float32, torch.float16, torch.bfloat16)

    def long(value: Any) -> Any:
        return torch.float64 if isinstance(value, torch.dtype) and value in short else value

    if function in (torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16):
        function = torch.Tensor.double
    return function(*map(long, args), **{key: long(value) for key, value in kwargs.items()})
