"""One process of a run in JAX; prints its devices, its losses and its parameters as JSON.

`python jax_process.py DEVICES` trains on so many devices, `python jax_process.py ADDRESS PROCESSES
RANK SEED` with other processes.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from backhand import network
from backhand.errors import AskError
from backhand.training.jax_devices import initialise
from backhand.training.jax_fit import fit_jax

GRAPH = network("3 -> 4 tanh -> 3 softmax", loss="cross_entropy", seed=3)
OPTIONS = {"batch_size": 10, "epochs": 4, "learning_rate": 0.05, "optimizer": "adam"}


def points() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 3)), rng.integers(0, 3, 23)


def main(arguments: list[str]) -> None:
    seed, devices = 0, None
    if len(arguments) > 1:
        initialise(arguments[0], int(arguments[1]), int(arguments[2]), seconds=30)
        seed = int(arguments[3])
    import jax

    if len(arguments) == 1:
        devices = jax.devices()[: int(arguments[0])]
    try:
        found = fit_jax(GRAPH, *points(), seed=seed, devices=devices, **OPTIONS)
    except AskError as error:
        print(json.dumps({"error": str(error)}))
        return
    learned = {name: value.tolist() for name, value in found.parameters.items()}
    told = {"devices": len(jax.devices()), "history": found.history, "parameters": learned}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
