"""Memory that a processor reads in whole lines, and that the system does not take back between passes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tutor.engine.checks import Array

_LINE = 64
"""Bytes that a processor reads at a time."""

# A pass takes large blocks of memory and gives them back. glibc returns such to the system, which then has to find and
# clear them anew: half of the time of a training step. It keeps what is no larger than the largest block that it has
# seen returned; so it is shown one, of which nothing is ever touched.
np.empty(31 << 20, np.uint8)


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """`np.empty` that begins where a line begins: a product with a matrix that does not takes up to a sixth longer."""
    size = math.prod(shape) * dtype.itemsize
    raw = np.empty(size + _LINE, np.uint8)
    start = -raw.__array_interface__["data"][0] % _LINE
    found: Array = raw[start : start + size].view(dtype).reshape(shape)
    return found
