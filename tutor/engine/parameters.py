"""Parameters by name, all in one flat vector.

An optimiser takes one vector in one stride; who reads a network wants names. So the memory is flat, the names are views
of it, and a model moves the vectors of its parts into its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, numbers
from tutor.engine.memory import aligned


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
        self.flat = aligned((sum(math.prod(shape) for shape in self._shapes.values()),), dtype)
        self.flat[:] = 0.0
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

    def count_parameters(self) -> int:
        """How many numbers training may change."""
        return self.flat.size

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


def uniform(fan_in: int, size: int, seed: Sequence[int]) -> npt.NDArray[np.float64]:
    """U(±1/√fan_in), (size,): what PyTorch's layers start from."""
    bound = 1.0 / math.sqrt(fan_in)
    return np.random.default_rng(seed).uniform(-bound, bound, size)


class Composite(Parameters):
    """Layers that make one: a part's parameter is known as "part.parameter", and all live in one vector.

    Args:
        parts: by name, in the order of the vector; all of one dtype.
    """

    def __init__(self, parts: Mapping[str, Parameters]) -> None:
        self._parts = dict(parts)
        shapes = {
            f"{name}.{parameter}": array.shape
            for name, part in self._parts.items()
            for parameter, array in part.state_dict().items()
        }
        dtypes = {part.dtype for part in self._parts.values()}
        if len(dtypes) != 1:
            raise ValueError(f"parts: got {', '.join(sorted(map(str, dtypes)))}, expected one dtype")
        super().__init__(shapes, dtypes.pop())
        for part, mine in self._seats(self.flat):
            mine[:] = part.flat
            part.move(mine)

    def split(self, flat: Array) -> dict[str, Any]:
        """A flat vector of all parameters (or of their gradients) as views by part: [part][parameter]."""
        return {
            name: part.split(mine) if isinstance(part, Composite) else part.views(mine)
            for name, (part, mine) in zip(self._parts, self._seats(flat), strict=True)
        }

    @cached_property
    def room(self) -> tuple[Array, dict[str, Any]]:
        """Where gradients are put together, as `flat` and as `split`; made once."""
        flat = np.empty_like(self.flat)
        return flat, self.split(flat)

    def move(self, flat: Array) -> None:
        """Live in `flat` from now on, with the values of now; the parts with it."""
        super().move(flat)
        self._seat()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("room", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The parts of a copy have vectors of their own.
        super().__setstate__(state)
        self._seat()

    def _seat(self) -> None:
        for part, mine in self._seats(self.flat):
            part.move(mine)

    def _seats(self, flat: Array) -> list[tuple[Parameters, Array]]:
        """Each part with its share of a vector."""
        found, start = [], 0
        for part in self._parts.values():
            end = start + part.flat.size
            found.append((part, flat[start:end]))
            start = end
        return found
