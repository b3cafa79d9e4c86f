"""The factors of the chain rule: a step's Jacobian by finite differences, and all of them against their product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tutor.engine import Recurrent, gradient_flow
from tutor.engine.gradient_flow import decay, step_jacobian

from .helpers import KINDS, Example, example, name_of

EPS = 1e-6


def states(case: Example) -> np.ndarray:
    """(T + 1, R): s_0 … s_T, the LSTM's c beside h."""
    trace = case.net.forward(case.x, case.state)
    h = np.concatenate([case.h_0[0], trace.gates()["h"][:, 0]])
    if case.c_0 is None:
        return h
    return np.concatenate([h, np.concatenate([case.c_0[0], trace.gates()["c"][:, 0]])], axis=1)


def by_differences(case: Example, s: np.ndarray, t: int) -> np.ndarray:
    """∂s_{t+1}/∂s_t by central differences of one step."""
    H = case.net.hidden_size

    def after(state: np.ndarray) -> np.ndarray:
        h = state[:H].reshape(1, 1, H)
        trace = case.net.forward(case.x[t : t + 1], h if case.c_0 is None else (h, state[H:].reshape(1, 1, H)))
        return trace.h_n[0, 0] if case.c_0 is None else np.concatenate([trace.h_n[0, 0], trace.c_n[0, 0]])

    columns = [(after(s + step) - after(s - step)) / (2 * EPS) for step in EPS * np.eye(s.size)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
@pytest.mark.parametrize("H", [1, 4])
def test_a_step_s_jacobian_is_that_of_finite_differences(kind: tuple[str, dict[str, Any]], H: int) -> None:
    case = example(kind, T=5, B=1, H=H, D=3, seed=1)
    trace = case.net.forward(case.x, case.state)
    s = states(case)
    found = gradient_flow(case.net, trace).jacobians
    assert found.shape == (5, s.shape[1], s.shape[1])
    for t in range(5):
        np.testing.assert_allclose(found[t], by_differences(case, s[t], t), rtol=1e-5, atol=1e-8)
        np.testing.assert_array_equal(step_jacobian(case.net, trace, t), found[t])


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_all_factors_make_the_flow(kind: tuple[str, dict[str, Any]]) -> None:
    case = example(kind, T=70, B=1, H=4, D=3)
    flow = gradient_flow(case.net, case.net.forward(case.x, case.state))
    product = np.eye(flow.jacobians.shape[1])
    for t in range(69, -1, -1):
        product = product @ flow.jacobians[t]
        assert flow.norms[t] == pytest.approx(np.linalg.norm(product[:4, :4]), rel=1e-9)
        assert flow.state_norms[t] == pytest.approx(np.linalg.norm(product), rel=1e-9)
        if np.linalg.norm(product) > 0:
            assert flow.log10_products[t] == pytest.approx(math.log10(np.linalg.norm(product, 2)), abs=1e-9)
    assert flow.log10_products[70] == 0.0
    if "c" not in trace_states(case):
        np.testing.assert_allclose(flow.log10_products, flow.log10_spectral_norms, rtol=1e-9, atol=1e-9)


def trace_states(case: Example) -> tuple[str, ...]:
    return case.net.forward(case.x, case.state).cell.states


def test_a_product_too_small_for_a_float_is_still_a_number() -> None:
    flow = decay("rnn", steps=3_000, hidden_size=2, radius=0.5, activation="identity")
    np.testing.assert_allclose(flow.log10_products, np.arange(3_000, -1, -1) * math.log10(0.5), rtol=1e-9, atol=1e-9)
    dead = Recurrent("rnn", 1, 2, nonlinearity="relu", init="zeros", dtype=np.float64)
    np.testing.assert_array_equal(
        gradient_flow(dead, dead.forward(np.zeros((2, 1, 1)))).log10_products, [-math.inf, -math.inf, 0.0]
    )


def test_the_slopes_are_what_the_rows_of_the_weights_are_scaled_by() -> None:
    for name in ("tanh", "relu", "identity"):
        case = example(("rnn", {"nonlinearity": name}), T=4, B=1, H=3)
        flow = gradient_flow(case.net, case.net.forward(case.x, case.state))
        w = case.net.state_dict()["weight_hh_l0"]
        assert flow.slopes is not None
        np.testing.assert_allclose(flow.jacobians, flow.slopes[:, :, None] * w, rtol=1e-12)
    assert decay("gru", steps=2).slopes is None
    assert decay("lstm", steps=2).slopes is None


def test_of_an_exploding_relu_the_factors_are_those_of_its_true_states() -> None:
    flow = decay("rnn", steps=400, hidden_size=4, radius=10.0, activation="relu")
    assert flow.slopes is not None
    assert set(np.unique(flow.slopes)) <= {0.0, 1.0}
    np.testing.assert_allclose(flow.log10_products, flow.log10_spectral_norms, atol=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_beyond_the_end_a_step_changes_nothing(cell: str) -> None:
    case = example((cell, {}), T=4, B=1)
    trace = case.net.forward(case.x, case.state, lengths=[2])
    found = gradient_flow(case.net, trace).jacobians
    np.testing.assert_array_equal(found[2], np.eye(found.shape[1]))
    assert abs(found[1] - np.eye(found.shape[1])).max() > 0.1


def test_jacobians_cannot_be_written_to_and_are_not_of_weights_that_came_later() -> None:
    case = example(("lstm", {}), T=3, B=1)
    flow = gradient_flow(case.net, case.net.forward(case.x))
    case.net.flat[:] = 0.0
    assert np.abs(flow.jacobians).max() > 0.01
    for values in (flow.jacobians, flow.log10_products):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_what_cannot_be_is_refused_by_name() -> None:
    case = example(("rnn", {}), T=3, B=2)
    with pytest.raises(ValueError, match="trace: got a batch of 2, expected 1"):
        step_jacobian(case.net, case.net.forward(case.x), 0)
    one = case.net.forward(case.x[:, :1])
    for t in (-1, 3, 1.0, True):
        with pytest.raises(ValueError, match=f"t: got {t}, expected a step from 0 to 2"):
            step_jacobian(case.net, one, t)
