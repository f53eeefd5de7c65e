"""The recurrent layers of PyTorch: one step of a cell, and whole sequences step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from backhand.errors import MeaningError
from backhand.reading import layers
from backhand.reading.arrays import Array, joined, piece, reshaped, transposed
from backhand.reading.aten_calls import Call, Table, operation

RECURRENT: Table = {}
States: TypeAlias = tuple[Array, ...]
"""What a cell keeps from step to step: h, or h and c."""
Cell: TypeAlias = Callable[[Call, Array, States, layers.Weights], States]


def _elman(function: str) -> Cell:
    def step(call: Call, x: Array, states: States, weights: layers.Weights) -> States:
        return (call.page.define("h", layers.rnn_cell(x, states[0], weights, function)),)

    return step


def _lstm(call: Call, x: Array, states: States, weights: layers.Weights) -> States:
    h, c = states
    return layers.lstm_cell(call.page.define, x, h, c, weights)


def _gru(call: Call, x: Array, states: States, weights: layers.Weights) -> States:
    return (layers.gru_cell(call.page.define, x, states[0], weights),)


CELLS: dict[str, Cell] = {
    "rnn_tanh": _elman("tanh"),
    "rnn_relu": _elman("relu"),
    "lstm": _lstm,
    "gru": _gru,
}


def _one_step(call: Call, cell: Cell, several: bool) -> Array | tuple[Array, ...]:
    """The cell itself, on one input and state."""
    states = tuple(call.arrays("hx")) if several else (call.array("hx"),)
    weights = (
        (call.array("w_ih"), call.option("b_ih")),
        (call.array("w_hh"), call.option("b_hh")),
    )
    found = cell(call, call.array("input"), states, weights)
    return found if several else found[0]


def _sequence(call: Call, cell: Cell, several: bool) -> tuple[Array, ...]:
    """A cell along a sequence, layer upon layer, in one direction or both."""
    if call.get("dropout") and call.get("train"):
        raise MeaningError("dropout between layers, which is random", "call module.eval()")
    x = call.array("input")
    x = x if call.get("batch_first") else transposed(x, (1, 0, 2))
    first = call.arrays("hx") if several else [call.array("hx")]
    both, runs = bool(call.get("bidirectional")), int(call.get("num_layers"))
    weights = _weights(call.arrays("params"), call.get("has_biases"), runs * (1 + both))
    last: list[States] = []
    for _ in range(runs):
        sides: list[Array] = []
        for backwards in (False, True)[: 1 + both]:
            at = len(last)
            states = tuple(_squeezed(piece(state, 0, at, 1, 1), 0) for state in first)
            out, states = _along(call, cell, x, states, weights[at], backwards)
            sides.append(out)
            last.append(states)
        x = joined(sides, 2) if both else sides[0]
    out = x if call.get("batch_first") else transposed(x, (1, 0, 2))
    ends = (joined([_widened(states[n], 0) for states in last], 0) for n in range(len(first)))
    return (out, *ends)


def _along(
    call: Call, cell: Cell, x: Array, states: States, weights: layers.Weights, backwards: bool
) -> tuple[Array, States]:
    """All h of one layer, [point, step, entry], and its last states."""
    found: dict[int, Array] = {}
    steps = range(x.shape[1])
    for step in reversed(steps) if backwards else steps:
        states = cell(call, _squeezed(piece(x, 1, step, 1, 1), 1), states, weights)
        found[step] = _widened(states[0], 1)
    return joined([found[step] for step in steps], 1), states


def _weights(arrays: list[Array], biases: bool, runs: int) -> list[layers.Weights]:
    """The parameters of each layer and direction, from PyTorch's flat list."""
    size = 4 if biases else 2
    if len(arrays) != size * runs:
        raise MeaningError("an LSTM with projections", "leave proj_size out")
    own = [arrays[at : at + size] for at in range(0, len(arrays), size)]
    if biases:
        return [((w, b), (u, c)) for w, u, b, c in own]
    return [((w, None), (u, None)) for w, u in own]


def _squeezed(x: Array, axis: int) -> Array:
    return reshaped(x, x.shape[:axis] + x.shape[axis + 1 :])


def _widened(x: Array, axis: int) -> Array:
    return reshaped(x, (*x.shape[:axis], 1, *x.shape[axis:]))


for _name, _cell in CELLS.items():

    def _step(
        call: Call, cell: Cell = _cell, several: bool = _name == "lstm"
    ) -> Array | tuple[Array, ...]:
        return _one_step(call, cell, several)

    def _run(call: Call, cell: Cell = _cell, several: bool = _name == "lstm") -> tuple[Array, ...]:
        return _sequence(call, cell, several)

    operation(RECURRENT, f"{_name}_cell.default", stem="")(_step)
    operation(RECURRENT, f"{_name}.input", stem="")(_run)
