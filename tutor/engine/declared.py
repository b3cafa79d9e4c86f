"""What a file says of an array before any of its numbers is read, held against what can be.

A shape in a file is a claim. Memory is taken for it only when the bytes that it speaks of are known to be there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tutor.engine.checks import short as short

MOST = 256 * 1024 * 1024
"""Bytes that a file may hold, and that it may unpack to."""

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
_DIMENSIONS = 8


class Declared(NamedTuple):
    """An array as its file declares it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """How many bytes it has to have."""
        return math.prod(self.shape) * self.dtype.itemsize


def named(said: str, suffix: str = "") -> str:
    """An array's name without the suffix that its file gives it; it can stand in a message as it is.

    Raises:
        ValueError: it is no name that a weight could have.
    """
    name = said.removesuffix(suffix)
    if not said.endswith(suffix) or not _NAME.fullmatch(name):
        raise ValueError(f"{short(said)} is no array's name")
    return name


def declared(name: str, shape: Sequence[int], dtype: np.dtype[Any], there: int) -> Declared:
    """What is said of an array, if that is what the bytes that are there for it can hold.

    Raises:
        ValueError: a size that cannot be, or another number of bytes.
    """
    if len(shape) > _DIMENSIONS or not all(1 <= size <= MOST for size in shape):
        raise ValueError(f"{name} has the shape {short(tuple(shape))}, expected sizes from 1 to {MOST:,}")
    found = Declared(tuple(shape), dtype)
    if found.nbytes != there:
        raise ValueError(f"{name} declares {found.nbytes:,} bytes, and {there:,} are there")
    return found
