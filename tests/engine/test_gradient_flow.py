"""Gradient flow against Jacobians found by nudging, against ρ to the power of the distance, and over 10,000 steps."""

from __future__ import annotations

import numpy as np
import pytest

from tutor.engine import Recurrent, gradient_flow
from tutor.engine.gradient_flow import decay

from .helpers import KINDS, name_of

T, D, H = 5, 2, 3


def nudged(net: Recurrent, x: np.ndarray, start: int) -> np.ndarray:
    """∂(h_T, c_T)/∂(h_start, c_start) by central differences, the state carried on from `start`."""
    first = net.forward(x[:start]) if start else None
    lstm = net.cell == "lstm"
    h = first.h_n.copy() if first else np.zeros((1, 1, H))
    c = (first.c_n.copy() if first else np.zeros((1, 1, H))) if lstm else None
    parts = [h] if c is None else [h, c]
    columns = []
    for part in parts:
        for unit in range(H):
            ends = []
            for step in (1e-6, -1e-6):
                kept = part[0, 0, unit]
                part[0, 0, unit] = kept + step
                trace = net.forward(x[start:], h if c is None else (h, c))
                part[0, 0, unit] = kept
                ends.append(np.concatenate([trace.h_n.ravel(), *([trace.c_n.ravel()] if lstm else [])]))
            columns.append((ends[0] - ends[1]) / 2e-6)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_against_the_state_nudged(kind) -> None:
    cell, options = kind
    net = Recurrent(cell, D, H, dtype=np.float64, seed=4, **options)
    x = np.random.default_rng(1).standard_normal((T, 1, D))
    flow = gradient_flow(net, net.forward(x), at=range(T + 1))
    for t in range(T):
        whole = nudged(net, x, t)
        block = whole[:H, :H]
        assert flow.norms[t] == pytest.approx(np.linalg.norm(block), rel=1e-6)
        assert flow.state_norms[t] == pytest.approx(np.linalg.norm(whole), rel=1e-6)
        np.testing.assert_allclose(
            flow.singular_values[t], np.linalg.svd(block, compute_uv=False), rtol=1e-5, atol=1e-9
        )
        assert flow.spectral_norms[t] == flow.singular_values[t][0]
    assert flow.norms[T] == pytest.approx(np.sqrt(H))
    np.testing.assert_allclose(10.0**flow.log10_norms, flow.norms, rtol=1e-12)
    if cell != "lstm":
        np.testing.assert_array_equal(flow.state_norms, flow.norms)


@pytest.mark.parametrize(("radius", "expected"), [(0.5, 1.8e-15), (1.5, 4.3e8), (0.9, 5.7e-3), (1.0, 1.0)])
def test_a_linear_cell_goes_by_the_power_of_its_radius(radius: float, expected: float) -> None:
    flow = decay("rnn", steps=50, hidden_size=8, radius=radius, activation="identity", seed=3)
    assert flow.spectral_norms[1] == pytest.approx(radius**49, rel=1e-9)
    assert flow.spectral_norms[1] == pytest.approx(expected, rel=0.05)
    np.testing.assert_allclose(flow.spectral_norms, radius ** np.arange(50, -1, -1.0), rtol=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("radius", [0.1, 0.9, 3.0])
def test_ten_thousand_steps_are_a_number(cell: str, radius: float) -> None:
    flow = decay(cell, steps=10_000, hidden_size=4, radius=radius)
    for logs in (flow.log10_norms, flow.log10_spectral_norms):
        assert logs.shape == (10_001,)
        assert np.isfinite(logs).all()
    assert np.isfinite(flow.norms[-50:]).all()


def test_what_a_float_cannot_hold_is_kept_as_an_exponent() -> None:
    vanished = decay("rnn", steps=10_000, hidden_size=4, radius=0.5, activation="identity")
    assert vanished.norms[0] == 0.0
    assert vanished.log10_spectral_norms[0] == pytest.approx(10_000 * np.log10(0.5), rel=1e-9)
    exploded = decay("rnn", steps=10_000, hidden_size=4, radius=2.0, activation="identity")
    assert exploded.norms[0] == np.inf
    assert exploded.log10_spectral_norms[0] == pytest.approx(10_000 * np.log10(2.0), rel=1e-9)


def test_a_product_that_is_zero_says_so() -> None:
    net = Recurrent("rnn", 2, 2, init="zeros", dtype=np.float64)
    flow = gradient_flow(net, net.forward(np.ones((3, 1, 2))))
    assert flow.norms[0] == 0.0
    assert flow.log10_norms[0] == -np.inf


def test_the_last_layer_and_its_forward_direction_are_measured() -> None:
    net = Recurrent("gru", 2, 3, 2, True, dtype=np.float64, seed=1)
    x = np.random.default_rng(0).standard_normal((4, 1, 2))
    trace = net.forward(x)
    alone = Recurrent("gru", 6, 3, dtype=np.float64)
    state = net.state_dict()
    alone.load_state_dict({name: state[name.replace("l0", "l1")] for name in alone.state_dict()})
    below = np.concatenate([trace.gates(0, 0)["h"], trace.gates(0, 1)["h"]], axis=2)
    np.testing.assert_allclose(
        gradient_flow(net, trace).norms, gradient_flow(alone, alone.forward(below)).norms, rtol=1e-12
    )


def test_what_cannot_be_is_refused() -> None:
    net = Recurrent("rnn", 2, 3, dtype=np.float64)
    with pytest.raises(ValueError, match=r"batch of 2, expected 1"):
        gradient_flow(net, net.forward(np.zeros((3, 2, 2))))
    with pytest.raises(ValueError, match=r"at: got 4, expected .*0.*3"):
        gradient_flow(net, net.forward(np.zeros((3, 1, 2))), at=[4])
    for wrong in ({"steps": 0}, {"steps": 5, "activation": "relu"}, {"steps": 5, "radius": float("nan")}):
        with pytest.raises(ValueError, match=next(reversed(wrong))):
            decay("gru" if "activation" in wrong else "rnn", **wrong)
