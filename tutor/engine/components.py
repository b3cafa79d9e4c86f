"""Principal components: the directions in which rows differ most (Pearson 1901), and how alike two rows are.

A direction and its opposite are the same component. The one whose largest loading is positive is returned, so that the
same rows give the same picture, whatever the library beneath.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, numbers, whole
from tutor.engine.trace import frozen


@dataclass(frozen=True, eq=False)
class Components:
    """Directions in a space of D numbers, by how much rows vary along each. Arrays are read-only, of float64."""

    mean: Array
    """(D,): where the rows' middle is."""
    axes: Array
    """(K, D): of length 1 and at right angles; 0 where the rows do not vary any more, for then no direction is one."""
    variances: Array
    """(K,): of the rows along each axis, those of a population, the largest first."""
    total: float
    """The variance of the rows in all D directions."""

    @property
    def shares(self) -> Array:
        """(K,): the part of all variance that lies along each axis; 0 where there is none at all."""
        return self.variances / self.total if self.total else np.zeros_like(self.variances)

    def place(self, rows: npt.ArrayLike) -> Array:
        """Rows (…, D) → where they lie along each axis, (…, K)."""
        return (np.asarray(rows, np.float64) - self.mean) @ self.axes.T


def principal(rows: npt.ArrayLike, count: int = 2) -> Components:
    """The first components of rows x_1 … x_N: with X = (x_i − x̄)_i = U S Vᵀ, axis k is v_k, its variance s_k² / N.

    v_k are the eigenvectors of the covariance XᵀX / N, found without making it, which would halve the digits.

    Args:
        rows: (N, D), of finite numbers.
        count: K; those beyond the rows' rank are 0.

    Raises:
        ValueError: no rows, or what is no number.
    """
    given = np.asarray(rows)
    given = numbers("rows", given.astype(np.float64) if given.dtype.kind in "iuf" else given, _WIDE, ("N", "D"))
    # Seen from the first row, so that rows that are all the same differ by exactly nothing.
    differences = given - given[0]
    middle = differences.mean(axis=0)
    mean = given[0] + middle
    _, sizes, directions = np.linalg.svd(differences - middle, full_matrices=False)
    # What rounding leaves is no variance.
    sizes = np.where(sizes > max(given.shape) * np.finfo(np.float64).eps * sizes[0], sizes, 0.0)
    axes = np.zeros((whole("count", count), given.shape[1]))
    variances = np.zeros(count)
    found = min(count, len(sizes))
    largest = np.abs(directions).argmax(axis=1)
    signs = np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0) * (sizes > 0)
    axes[:found] = (directions * signs[:, None])[:found]
    variances[:found] = (sizes**2 / len(given))[:found]
    return Components(frozen(mean), frozen(axes), frozen(variances), float((sizes**2).sum() / len(given)))


def cosines(rows: Array, row: Array) -> Array:
    """cos(x_i, y) = x_i · y / (‖x_i‖ ‖y‖) for every row: (N, D), (D,) → (N,); NaN of a row of zeros, or of NaN."""
    wide, one = np.asarray(rows, np.float64), np.asarray(row, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (wide @ one) / (np.linalg.norm(wide, axis=1) * np.linalg.norm(one))
    # Rounding may leave a row a little more like itself than it is.
    return np.asarray(np.clip(found, -1.0, 1.0))


_WIDE = np.dtype(np.float64)
