"""Principal components against numpy's eigenvectors of the covariance, and cosines by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor.engine.components import cosines, principal

ROWS = np.random.default_rng(4).standard_normal((30, 5)) * [1.0, 4.0, 0.5, 2.0, 3.0] + 7.0


def test_they_are_the_eigenvectors_of_the_covariance() -> None:
    found = principal(ROWS, 5)
    variances, vectors = np.linalg.eigh(np.cov(ROWS.T, bias=True))
    np.testing.assert_allclose(found.variances, variances[::-1])
    for axis, vector in zip(found.axes, vectors.T[::-1], strict=True):
        assert abs(axis @ vector) == pytest.approx(1.0)
        assert axis[np.abs(axis).argmax()] > 0
    assert found.total == pytest.approx(variances.sum())
    assert found.shares.sum() == pytest.approx(1.0)
    placed = found.place(ROWS)
    np.testing.assert_allclose(placed.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose((placed**2).mean(axis=0), found.variances)
    np.testing.assert_allclose(placed @ found.axes + found.mean, ROWS)


def test_rows_turned_around_give_the_same_axes() -> None:
    np.testing.assert_allclose(principal(-ROWS).axes, principal(ROWS).axes)
    np.testing.assert_allclose(principal(ROWS[::-1]).axes, principal(ROWS).axes)


def test_two_of_five() -> None:
    two, all_ = principal(ROWS.astype(np.float32)), principal(ROWS, 5)
    np.testing.assert_allclose(two.axes, all_.axes[:2], atol=1e-5)
    assert two.total == pytest.approx(all_.total)
    assert two.place(ROWS[3]).shape == (2,)
    with pytest.raises(ValueError, match="read-only"):
        two.axes[0, 0] = 1.0


def test_where_nothing_varies_there_is_no_axis() -> None:
    thin = principal([[1.0], [2.0], [3.0]])
    np.testing.assert_allclose(thin.axes, [[1.0], [0.0]])
    np.testing.assert_allclose(thin.place([[1.0], [3.0]]), [[-1.0, 0.0], [1.0, 0.0]])
    assert thin.shares.tolist() == [1.0, 0.0]
    for rows in ([[0.1, 0.2, 0.7]] * 7, [[3.0, 4.0]], np.full((50, 3), 1e6 + 0.1), np.zeros((4, 2))):
        same = principal(rows)
        assert not same.axes.any()
        assert same.shares.tolist() == [0.0, 0.0]
        assert not same.place(rows).any()
    line = principal([[t, 2.0 * t, -t] for t in (0.1, 0.2, 0.3, 0.9)])
    assert line.shares.tolist() == [1.0, 0.0]
    assert not line.axes[1].any()
    tiny = principal([[1e-30, 0.0], [-1e-30, 0.0]])
    assert tiny.shares.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, math.nan]], "rows: got NaN or infinity"),
        ([1.0, 2.0], r"rows: got shape \(2,\), expected \(N, D\)"),
        (np.zeros((0, 2)), r"rows: got shape \(0, 2\)"),
        ([["a"]], "rows: got dtype"),
    ],
)
def test_refusals(rows: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        principal(rows)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="count: got 0"):
        principal([[1.0]], 0)


def test_cosines() -> None:
    rows = np.array([[3.0, 4.0], [-3.0, -4.0], [4.0, -3.0], [1.0, 0.0], [0.0, 0.0], [math.nan, 1.0]], np.float32)
    found = cosines(rows, rows[0])
    np.testing.assert_allclose(found, [1.0, -1.0, 0.0, 0.6, math.nan, math.nan], atol=1e-12)
    assert np.isnan(cosines(rows, rows[4])).all()
    assert cosines(ROWS, ROWS[2])[2] == pytest.approx(1.0)
    assert cosines(ROWS, ROWS[2]).max() <= 1.0
