"""Baselines against numpy's least squares, and forecasts gone on with, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor.engine.baselines import ahead, autoregression, persistence
from tutor.engine.datasets import windows

SERIES = np.cumsum(np.random.default_rng(3).standard_normal(80)) + 20.0


def test_an_autoregression_is_numpys_least_squares() -> None:
    x, y = windows(SERIES, 4, 2)
    found = autoregression(x, y)
    with_one = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    by_hand, *_ = np.linalg.lstsq(with_one, y, rcond=None)
    np.testing.assert_allclose(found.weights, by_hand[:4])
    assert found.bias == pytest.approx(by_hand[4])
    np.testing.assert_allclose(found(x), with_one @ by_hand)
    with pytest.raises(ValueError, match="read-only"):
        found.weights[0] = 1.0


def test_it_finds_the_rule_of_a_sine() -> None:
    # sin(a (t + 1)) = 2 cos(a) sin(a t) − sin(a (t − 1))
    wave = np.sin(0.3 * np.arange(60))
    found = autoregression(*windows(wave, 2))
    np.testing.assert_allclose(found.weights, [-1.0, 2 * math.cos(0.3)], atol=1e-9)
    assert found.bias == pytest.approx(0.0, abs=1e-9)


def test_what_never_changed_is_forecast_as_it_was() -> None:
    found = autoregression(np.full((6, 3), 5.0), np.full(6, 5.0))
    assert not found.weights.any()
    assert found(np.array([[5.0, 5.0, 5.0], [0.0, 1.0, 9.0]])).tolist() == [5.0, 5.0]


def test_persistence_is_the_last_of_each_window() -> None:
    assert persistence(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist() == [3.0, 6.0]


def test_going_on_from_its_own_output() -> None:
    def added(x: np.ndarray) -> np.ndarray:
        return x[:, -1] + x[:, -2]

    assert ahead(added, [[9.0, 1.0, 1.0]], 2, 1, 5).tolist() == [[2.0, 3.0, 5.0, 8.0, 13.0]]
    assert ahead(persistence, [[1.0, 2.0], [3.0, 4.0]], 2, 1, 2).tolist() == [[2.0, 2.0], [4.0, 4.0]]


def test_a_longer_horizon_reads_what_is_known_as_long_as_it_can() -> None:
    # x̂_{t+j} = 10 × the value at t + j − 3: for j = 1, 2, 3 all of the past, then its own.
    found = ahead(lambda x: 10 * x[:, -1], [[7.0, 1.0, 2.0, 3.0]], 2, 3, 7)
    assert found.tolist() == [[10.0, 20.0, 30.0, 100.0, 200.0, 300.0, 1000.0]]
    first = ahead(lambda x: x[:, 0], [[7.0, 1.0, 2.0, 3.0]], 2, 3, 3)
    assert first.tolist() == [[7.0, 1.0, 2.0]]


def test_one_step_ahead_is_the_forecast_itself() -> None:
    x, y = windows(SERIES, 5, 1)
    linear = autoregression(x, y)
    np.testing.assert_allclose(ahead(linear, x, 5, 1, 3)[:, 0], linear(x))


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"targets: got shape \(2,\), expected \(3,\)"):
        autoregression(np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="windows: got NaN"):
        autoregression([[math.nan]], [1.0])
    with pytest.raises(ValueError, match=r"past: got shape \(1, 3\), expected \(N, P\) with P of at least 4"):
        ahead(persistence, [[1.0, 2.0, 3.0]], 2, 3, 1)
    with pytest.raises(ValueError, match="steps: got 0"):
        ahead(persistence, [[1.0, 2.0, 3.0]], 2, 1, 0)
