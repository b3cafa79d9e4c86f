"""Values set by hand in a forward pass: which they are, what takes their place, and how a gradient goes past them.

What is computed at a step is computed first; then something else stands in its place, and all that comes after is
computed from that. (In causal analysis: do(z = 1), Pearl 2009; of a network's inside, Geiger et al. 2021.) A number
that was set is a constant, and no gradient goes through it; numbers that changed places hand their gradients back
where they came from.

Shapes: B sequences, H hidden_size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, one_of, short


class Cut(NamedTuple):
    """One value, or one of all units, that is set by hand at a step: in every sequence that is that long."""

    step: int
    """From 1 to T, in the order of the text whichever way a cell reads it."""
    letter: str
    """"h", "c" of the LSTM, or a gate by its letter."""
    unit: int | None = None
    """From 0; None is all of them."""
    value: float = 0.0
    """What it is set to, ..."""
    swap: int | None = None
    """... or the unit that it changes places with."""
    layer: int = 0
    direction: int = 0


Letters = tuple[str, ...]


class Moved(NamedTuple):
    """What was done to one letter at one step."""

    source: npt.NDArray[np.intp]
    """(H,): the unit whose computed value stands here; −1 where a value was set."""
    value: Array
    """(H,): the values that were set."""

    def put(self, values: Array) -> None:
        """What was computed (B, H) gives way, in place."""
        values[...] = np.where(self.source < 0, self.value, values[..., self.source])

    def back(self, values: Array) -> Array:
        """To where each came from, (…, H): a gradient, or the values; 0 for what nothing is left of."""
        found: Array = np.zeros_like(values)
        left = np.flatnonzero(self.source >= 0)
        found[..., self.source[left]] = values[..., left]
        return found


class Done(NamedTuple):
    """What was done at one step of one layer in one direction, by letter."""

    letters: Mapping[str, Moved]

    def put(self, letter: str, values: Array) -> None:
        """See `Moved.put`; a letter that was left alone stays as it is."""
        if letter in self.letters:
            self.letters[letter].put(values)

    def back(self, letter: str, values: Array) -> Array:
        """See `Moved.back`; of a letter that was left alone, the values themselves."""
        return self.letters[letter].back(values) if letter in self.letters else values

    def source(self, letter: str, unit: int) -> int:
        """The unit whose computed value stands at `unit`: itself, where nothing was done; −1 where a value was set."""
        return int(self.letters[letter].source[unit]) if letter in self.letters else unit


Plan = dict[int, Done]
"""What is done in one layer in one direction, by step from 0."""


def between(cuts: Iterable[Cut], first: int, last: int) -> tuple[Cut, ...]:
    """The cuts after `first` steps up to `last`, counted from there: of a stretch that is run by itself."""
    return tuple(cut._replace(step=cut.step - first) for cut in cuts if first < cut.step <= last)


def planned(cuts: Iterable[Cut], layer: int, direction: int, H: int, dtype: np.dtype[Any]) -> Plan:
    """The cuts of one layer in one direction; those of one letter at one step are done one after the other."""
    found: dict[int, dict[str, Moved]] = {}
    for cut in cuts:
        if (cut.layer, cut.direction) != (layer, direction):
            continue
        letters = found.setdefault(cut.step - 1, {})
        source, value = letters.setdefault(cut.letter, Moved(np.arange(H), np.zeros(H, dtype)))
        if cut.swap is not None and cut.unit is not None:
            pair, turned = [cut.unit, cut.swap], [cut.swap, cut.unit]
            source[pair], value[pair] = source[turned], value[turned]
        else:
            at = slice(None) if cut.unit is None else cut.unit
            source[at], value[at] = -1, cut.value
    return {t: Done(letters) for t, letters in found.items()}


def checked(
    cuts: Sequence[Cut], letters: Letters, steps: int, sizes: tuple[int, int, int], dtype: np.dtype[Any]
) -> tuple[Cut, ...]:
    """Cuts that can be done.

    Args:
        cuts: in the order in which they are done.
        letters: those that the cell has.
        steps: T.
        sizes: layers, directions, H.
        dtype: in which a value has to be finite.

    Raises:
        ValueError: by the argument's name, what came and what was expected.
    """
    try:
        given = tuple(cuts)
    except TypeError:
        raise ValueError(f"cuts: got {short(cuts)}, expected a sequence of Cut") from None
    return tuple(_checked(f"cuts[{at}]", cut, letters, steps, sizes, dtype) for at, cut in enumerate(given))


def _checked(
    name: str, cut: Cut, letters: Letters, steps: int, sizes: tuple[int, int, int], dtype: np.dtype[Any]
) -> Cut:
    if not isinstance(cut, Cut):
        raise ValueError(f"{name}: got {short(cut)}, expected a Cut")
    layers, directions, H = sizes
    one_of(f"{name}.letter", cut.letter, letters)
    if cut.swap is not None and cut.unit is None:
        raise ValueError(f"{name}.unit: got None, expected a unit that changes places with {cut.swap!r}")
    return Cut(
        _within(f"{name}.step", cut.step, 1, steps),
        cut.letter,
        None if cut.unit is None else _within(f"{name}.unit", cut.unit, 0, H - 1),
        _finite(f"{name}.value", cut.value, dtype),
        None if cut.swap is None else _within(f"{name}.swap", cut.swap, 0, H - 1),
        _within(f"{name}.layer", cut.layer, 0, layers - 1),
        _within(f"{name}.direction", cut.direction, 0, directions - 1),
    )


def _within(name: str, value: object, first: int, last: int) -> int:
    """A whole number from `first` to `last`; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not first <= value <= last:
        raise ValueError(f"{name}: got {short(value)}, expected {first} … {last}")
    return int(value)


def _finite(name: str, value: object, dtype: np.dtype[Any]) -> float:
    """A number that a network of this precision can hold."""
    try:
        number = float(value) if isinstance(value, int | float | np.floating | np.integer) else math.nan
    except OverflowError:
        number = math.inf
    if not abs(number) <= float(np.finfo(dtype).max):
        raise ValueError(f"{name}: got {short(value)}, expected a finite {dtype}")
    return number
