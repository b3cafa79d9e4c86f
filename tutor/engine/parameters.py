"""Parameters by name, all in one flat vector.

An optimiser takes one vector in one stride; who reads a network wants names. So the memory is flat, the names are views
of it, and a model moves the vectors of its parts into one of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, numbers


class Parameters:
    """Named arrays that share one flat vector. A layer is one of these, with a forward and a backward pass.

    Args:
        shapes: by name, in the order of the vector.
        dtype: of all of them.
    """

    flat: Array
    """Every parameter, in the order of `state_dict()`. Writing here changes the layer."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._shapes = dict(shapes)
        self.flat = np.zeros(sum(math.prod(shape) for shape in self._shapes.values()), dtype)
        self._params = self.views(self.flat)

    def views(self, flat: Array) -> dict[str, Array]:
        """A flat vector of all parameters (or of their gradients) as named arrays that share its memory."""
        found, start = {}, 0
        for name, shape in self._shapes.items():
            end = start + math.prod(shape)
            found[name] = flat[start:end].reshape(shape)
            start = end
        return found

    def move(self, flat: Array) -> None:
        """Live in `flat` from now on, with the values of now."""
        flat[:] = self.flat
        self.flat = flat
        self._params = self.views(flat)

    def state_dict(self) -> dict[str, Array]:
        """Every parameter by PyTorch's name: read-only views of what the layer computes with."""
        found = {name: array.view() for name, array in self._params.items()}
        for array in found.values():
            array.flags.writeable = False
        return found

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Take parameters by PyTorch's names; nothing is taken unless all can be.

        Raises:
            ValueError: a name that is missing or unknown, a wrong shape, integers, a value that is not finite.
        """
        missing = [name for name in self._shapes if name not in state]
        unknown = [name for name in state if name not in self._shapes]
        if missing:
            raise ValueError(f"state: {missing[0]} is missing, expected {', '.join(self._shapes)}")
        if unknown:
            raise ValueError(f"state: got the unknown name {unknown[0]}, expected {', '.join(self._shapes)}")
        taken = {}
        for name, shape in self._shapes.items():
            given = np.asarray(state[name])
            if given.dtype.kind != "f":
                raise ValueError(f"{name}: got dtype {given.dtype}, expected {self.dtype}")
            with np.errstate(over="ignore"):
                # Another precision is taken as near as can be; what this one cannot hold is refused.
                taken[name] = numbers(name, given.astype(self.dtype), self.dtype, shape)
        for name, array in taken.items():
            self._params[name][...] = array

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_params"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy's names must be views of the copy's own vector.
        self.__dict__.update(state)
        self._params = self.views(self.flat)
