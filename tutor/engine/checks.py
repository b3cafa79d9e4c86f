"""What an argument may be. Every refusal names the argument, what came and what was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def short(value: object) -> str:
    """`value` as Python would write it, so that no control character gets through, and never long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def one_of(name: str, value: object, expected: Sequence[object]) -> None:
    """Refuse a value that is not in a list."""
    if value not in expected:
        raise ValueError(f"{name}: got {short(value)}, expected one of {', '.join(map(repr, expected))}")


def whole(name: str, value: object, least: int = 1) -> int:
    """A whole number of at least `least`; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name}: got {short(value)}, expected a whole number of at least {least}")
    return int(value)


def above(name: str, value: Any, least: float = 0.0) -> float:
    """A finite number above `least`."""
    if not (isinstance(value, int | float | np.number) and math.isfinite(value) and value > least):
        raise ValueError(f"{name}: got {short(value)}, expected a number above {least:g}")
    return float(value)


def precision(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """float32 or float64."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise ValueError(f"dtype: got {short(dtype)}, expected float32 or float64") from None
    if found not in FLOATS:
        raise ValueError(f"dtype: got {found}, expected float32 or float64")
    return found


def finite(array: Array) -> bool:
    """Whether there is neither NaN nor infinity in it."""
    # The sum of squares tells in one silent call; only where it overflows is each number asked.
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())


def numbers(name: str, value: Any, dtype: np.dtype[Any], expected: tuple[int | str, ...]) -> Array:
    """`value` as an array of finite numbers.

    Args:
        name: the argument.
        value: what came.
        dtype: what it has to be; nothing is converted.
        expected: the shape, where a letter stands for any size of at least 1.
    """
    try:
        array: Array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{name}: got {type(value).__name__}, expected an array ({error})") from None
    if array.dtype != dtype:
        raise ValueError(f"{name}: got dtype {array.dtype}, expected {dtype}")
    shape = array.shape
    if shape != expected and not _fits(shape, expected):
        said = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        letters = " and ".join(wanted for wanted in expected if isinstance(wanted, str))
        least = f" with {letters} of at least 1" if letters else ""
        raise ValueError(f"{name}: got shape {shape}, expected ({said}){least}")
    if not finite(array):
        raise ValueError(f"{name}: got NaN or infinity, expected finite numbers")
    return array


def _fits(shape: tuple[int, ...], expected: tuple[int | str, ...]) -> bool:
    if len(shape) != len(expected):
        return False
    for size, wanted in zip(shape, expected, strict=True):
        if size != wanted and (size == 0 or not isinstance(wanted, str)):
            return False
    return True


def indices(name: str, value: Any, expected: tuple[int | str, ...], limit: int) -> npt.NDArray[np.int64]:
    """`value` as whole numbers from 0 up to, but not including, `limit`; a letter stands for any size of at least 1."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: got {type(value).__name__}, expected an array of whole numbers") from None
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name}: got dtype {array.dtype}, expected whole numbers")
    if not _fits(array.shape, expected):
        raise ValueError(f"{name}: got shape {array.shape}, expected ({', '.join(map(str, expected))})")
    if array.size and not (array.min() >= 0 and array.max() < limit):
        raise ValueError(f"{name}: got {int(array.min())} … {int(array.max())}, expected each from 0 to {limit - 1}")
    return array.astype(np.int64)
