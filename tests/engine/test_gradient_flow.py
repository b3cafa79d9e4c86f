"""The flow of the gradient against Jacobians by finite differences, and against what is known in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import Recurrent, gradient_flow
from tutor.engine.gradient_flow import decay, spectral_norm

from .helpers import KINDS, example, name_of

EPS = 1e-6


def jacobian(net: Recurrent, x: np.ndarray, h: np.ndarray, c: np.ndarray | None) -> np.ndarray:
    """∂(h_T, c_T)/∂(h, c) of a one-layer network over the steps in x, by central differences."""
    state = h if c is None else np.concatenate([h, c])
    H = h.size

    def end(moved: np.ndarray) -> np.ndarray:
        if not len(x):
            return moved
        first = moved[:H].reshape(1, 1, H)
        if c is None:
            return net.forward(x, first).h_n[0, 0]
        trace = net.forward(x, (first, moved[H:].reshape(1, 1, H)))
        return np.concatenate([trace.h_n[0, 0], trace.c_n[0, 0]])

    columns = [(end(state + step) - end(state - step)) / (2 * EPS) for step in EPS * np.eye(state.size)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_norms_and_singular_values_are_those_of_the_jacobian(kind: tuple[str, dict[str, Any]]) -> None:
    T, H = 6, 4
    case = example(kind, T=T, B=1, H=H, D=3)
    trace = case.net.forward(case.x, case.state)
    flow = gradient_flow(case.net, trace, at=range(T + 1))
    gates = trace.gates()
    for t in range(T + 1):
        h = case.h_0[0, 0] if t == 0 else gates["h"][t - 1, 0]
        c = None if case.c_0 is None else case.c_0[0, 0] if t == 0 else gates["c"][t - 1, 0]
        whole = jacobian(case.net, case.x[t:], h, c)
        block = whole[:H, :H]
        values = np.linalg.svd(block, compute_uv=False)
        assert flow.norms[t] == pytest.approx(np.linalg.norm(block), rel=1e-6)
        assert flow.log10_norms[t] == pytest.approx(math.log10(np.linalg.norm(block)), abs=1e-6)
        assert flow.state_norms[t] == pytest.approx(np.linalg.norm(whole), rel=1e-6)
        assert flow.log10_state_norms[t] == pytest.approx(math.log10(np.linalg.norm(whole)), abs=1e-6)
        assert flow.spectral_norms[t] == pytest.approx(values[0], rel=1e-6)
        np.testing.assert_allclose(flow.singular_values[t], values, rtol=1e-5, atol=1e-8)
    if case.c_0 is None:
        np.testing.assert_array_equal(flow.state_norms, flow.norms)
    else:
        assert (flow.state_norms > flow.norms).all()


def test_the_end_depends_on_itself_by_the_identity() -> None:
    for cell, whole in (("rnn", 4.0), ("gru", 4.0), ("lstm", math.sqrt(32.0))):
        flow = decay(cell, steps=3)
        assert flow.norms[3] == 4.0
        assert flow.state_norms[3] == pytest.approx(whole)
        assert flow.spectral_norms[3] == 1.0


@pytest.mark.parametrize(("radius", "expected"), [(0.5, 1.8e-15), (1.5, 4.3e8)])
def test_a_linear_network_multiplies_by_its_radius_at_every_step(radius: float, expected: float) -> None:
    flow = decay("rnn", steps=50, radius=radius, activation="identity")
    np.testing.assert_allclose(flow.spectral_norms, radius ** np.arange(50, -1, -1.0), rtol=1e-12)
    np.testing.assert_allclose(flow.norms, 4 * flow.spectral_norms, rtol=1e-12)
    assert flow.spectral_norms[1] == pytest.approx(expected, rel=0.02)
    assert flow.spectral_norms[1] == pytest.approx(radius**49, rel=1e-12)


def test_every_singular_value_of_a_linear_network_is_the_same() -> None:
    net = Recurrent("rnn", 3, 5, nonlinearity="identity", init="orthogonal", radius=0.7, dtype=np.float64)
    flow = gradient_flow(net, net.forward(np.zeros((8, 1, 3))), at=[0, 8, 3])
    assert list(flow.singular_values) == [0, 3, 8]
    for t, values in flow.singular_values.items():
        np.testing.assert_allclose(values, 0.7 ** (8 - t), rtol=1e-12)
        np.testing.assert_allclose(flow.log10_singular_values[t], (8 - t) * math.log10(0.7), atol=1e-12)


@pytest.mark.parametrize("radius", [0.5, 1.5])
def test_ten_thousand_steps_leave_a_number(radius: float) -> None:
    flow = decay("rnn", steps=10_000, hidden_size=4, radius=radius, activation="identity")
    logs = flow.log10_spectral_norms
    np.testing.assert_allclose(logs, np.arange(10_000, -1, -1) * math.log10(radius), rtol=1e-12, atol=1e-9)
    # What a float64 cannot hold is said to be 0 or infinite, and its exponent is still told.
    assert flow.spectral_norms[0] == (0.0 if radius < 1 else math.inf)
    assert np.isfinite(logs).all()
    assert np.isfinite(flow.log10_norms).all()
    assert np.isfinite(flow.log10_state_norms).all()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_ten_thousand_steps_of_any_cell_have_finite_exponents(cell: str) -> None:
    flow = decay(cell, steps=10_000, hidden_size=4, radius=3.0 if cell == "rnn" else 0.9)
    assert flow.log10_norms.shape == (10_001,)
    assert np.isfinite(flow.log10_norms).all()
    assert np.isfinite(flow.log10_state_norms).all()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_long_sequence_underflows_in_its_norm_alone(cell: str) -> None:
    flow = decay(cell, steps=3_000, hidden_size=4, radius=0.5)
    assert flow.norms[0] == 0.0
    assert flow.log10_norms[0] < -323.0
    assert np.isfinite(flow.log10_norms).all()
    np.testing.assert_allclose(flow.norms[-200:], 10.0 ** flow.log10_norms[-200:], rtol=1e-10)


def test_the_edge_of_a_float64_is_crossed_without_a_jump() -> None:
    flow = decay("rnn", steps=1_200, hidden_size=3, radius=0.5, activation="identity")
    steps = np.diff(flow.log10_spectral_norms)
    np.testing.assert_allclose(steps, math.log10(2.0), rtol=1e-9)
    assert 0.0 < flow.spectral_norms[150] < 1e-308  # a subnormal number, and told as one


def test_a_dead_relu_stops_the_gradient_altogether() -> None:
    net = Recurrent("rnn", 1, 2, nonlinearity="relu", init="zeros", dtype=np.float64)
    flow = gradient_flow(net, net.forward(np.zeros((3, 1, 1))), at=[0])
    np.testing.assert_array_equal(flow.norms, [0.0, 0.0, 0.0, math.sqrt(2.0)])
    np.testing.assert_array_equal(flow.log10_norms[:3], -math.inf)
    np.testing.assert_array_equal(flow.log10_singular_values[0], -math.inf)


def test_an_exploding_relu_stays_true_where_its_state_would_overflow() -> None:
    """Over few steps the plain way can be taken too: both see the same units on and off."""
    flow = decay("rnn", steps=60, hidden_size=8, radius=3.0, activation="relu", seed=4)
    net = Recurrent("rnn", 8, 8, nonlinearity="relu", init="orthogonal", radius=3.0, dtype=np.float64, seed=4)
    x = np.random.default_rng([4, 1]).standard_normal((60, 1, 8))
    np.testing.assert_allclose(flow.log10_norms, gradient_flow(net, net.forward(x)).log10_norms, rtol=1e-12)
    longer = decay("rnn", steps=2_000, hidden_size=8, radius=10.0, activation="relu")
    assert np.isfinite(longer.log10_norms).all()
    assert longer.log10_norms[0] > 308.0


def test_a_state_that_overflowed_is_refused() -> None:
    net = Recurrent("rnn", 2, 2, nonlinearity="identity", init="orthogonal", radius=1e30, dtype=np.float64)
    with np.errstate(all="ignore"):
        trace = net.forward(np.ones((30, 1, 2)))
    with pytest.raises(ValueError, match="trace: got a state that overflowed"):
        gradient_flow(net, trace)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_bidirectional_network_is_measured_along_its_forward_direction(cell: str) -> None:
    both = Recurrent(cell, 3, 4, bidirectional=True, dtype=np.float64)
    one = Recurrent(cell, 3, 4, dtype=np.float64)
    one.load_state_dict({name: w for name, w in both.state_dict().items() if "reverse" not in name})
    x = np.random.default_rng(0).standard_normal((7, 1, 3))
    flows = [gradient_flow(net, net.forward(x)) for net in (both, one)]
    np.testing.assert_array_equal(flows[0].norms, flows[1].norms)


def test_of_many_layers_the_last_is_measured() -> None:
    case = example(("gru", {}), T=5, B=1, layers=2, H=3)
    trace = case.net.forward(case.x, case.state)
    top = Recurrent("gru", 3, 3, dtype=np.float64)
    top.load_state_dict({name.replace("l1", "l0"): w for name, w in case.net.state_dict().items() if "l1" in name})
    alone = gradient_flow(top, top.forward(trace.gates(0)["h"], case.h_0[1:]))
    np.testing.assert_allclose(gradient_flow(case.net, trace).norms, alone.norms, rtol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_beyond_the_sequence_s_end_the_state_is_only_kept(cell: str) -> None:
    case = example((cell, {}), T=6, B=1)
    ragged = gradient_flow(case.net, case.net.forward(case.x, case.state, lengths=[4]))
    short = gradient_flow(case.net, case.net.forward(case.x[:4], case.state))
    np.testing.assert_allclose(ragged.norms[:5], short.norms, rtol=1e-12)
    np.testing.assert_array_equal(ragged.norms[4:], short.norms[4])


def test_a_flow_owns_its_values_and_cannot_be_written_to() -> None:
    case = example(("lstm", {}), T=3, B=1)
    flow = gradient_flow(case.net, case.net.forward(case.x), at=[0])
    expected = gradient_flow(case.net, case.net.forward(case.x)).spectral_norms.copy()
    case.net.flat[:] = 0.0
    np.testing.assert_array_equal(flow.spectral_norms, expected)
    for values in (
        flow.norms,
        flow.log10_norms,
        flow.state_norms,
        flow.log10_state_norms,
        flow.spectral_norms,
        flow.log10_spectral_norms,
        flow.singular_values[0],
        flow.log10_singular_values[0],
    ):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_float32_networks_are_measured_in_float64() -> None:
    net = Recurrent("gru", 2, 3)
    flow = gradient_flow(net, net.forward(np.ones((4, 1, 2), np.float32)), at=[1])
    assert flow.norms.dtype == flow.singular_values[1].dtype == np.float64


def test_the_jacobians_are_multiplied_in_full_precision() -> None:
    """∂h_t/∂h_{t−1} = diag(1 − h_t²) W_hh, multiplied out: to more digits than a float32 or a difference has."""
    case = example(("rnn", {}), T=6, B=1, H=4)
    trace = case.net.forward(case.x, case.state)
    flow = gradient_flow(case.net, trace, at=[0])
    w, product = case.net.state_dict()["weight_hh_l0"], np.eye(4)
    for t in range(5, -1, -1):
        product = product @ np.diag(1.0 - trace.output[t, 0] ** 2) @ w
        assert flow.norms[t] == pytest.approx(np.linalg.norm(product), rel=1e-12)
    np.testing.assert_allclose(flow.singular_values[0], np.linalg.svd(product, compute_uv=False), rtol=1e-9)


def test_what_cannot_be_is_refused_by_name() -> None:
    case = example(("rnn", {}), T=3, B=2)
    with pytest.raises(ValueError, match="trace: got a batch of 2, expected 1"):
        gradient_flow(case.net, case.net.forward(case.x))
    one = case.net.forward(case.x[:, :1])
    for t in (-1, 4, 1.0, True):
        with pytest.raises(ValueError, match=f"at: got {t}, expected steps from 0 to 3"):
            gradient_flow(case.net, one, at=[t])
    with pytest.raises(ValueError, match="trace: got one that another network made"):
        gradient_flow(Recurrent("gru", 2, 3, dtype=np.float64), one)
    for options, match in (
        ({"steps": 0}, "steps: got 0"),
        ({"steps": 2.0}, "steps: got 2.0"),
        ({"steps": 2, "hidden_size": 0}, "hidden_size: got 0"),
        ({"steps": 2, "radius": math.nan}, "radius: got nan"),
        ({"steps": 2, "seed": -1}, "seed: got -1"),
        ({"steps": 2, "activation": "cube"}, "activation: got 'cube', expected one of 'tanh', 'relu', 'identity'"),
    ):
        with pytest.raises(ValueError, match=match):
            decay("rnn", **options)
    with pytest.raises(ValueError, match="activation: got 'relu', expected 'tanh'"):
        decay("lstm", steps=2, activation="relu")
    with pytest.raises(ValueError, match="cell: got 'elman'"):
        decay("elman", steps=2)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (decay("gru", steps=20, seed=seed) for seed in (3, 3, 4))
    assert first.norms.tobytes() == again.norms.tobytes()
    assert first.norms.tobytes() != other.norms.tobytes()


# The largest singular value


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.integers(0, 9), st.integers(-900, 900), st.booleans())
def test_the_spectral_norm_is_the_largest_singular_value(
    R: int, seed: int, rank: int, power: int, orthogonal: bool
) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((R, min(rank, R))) @ rng.standard_normal((min(rank, R), R))
    if orthogonal:
        matrix = np.linalg.qr(rng.standard_normal((R, R)))[0]
    # By powers of two, so that the one of a moderate matrix says what that of any size must be.
    sized, expected = np.ldexp(matrix, power), np.ldexp(np.linalg.svd(matrix, compute_uv=False)[0], power)
    assert spectral_norm(sized) == pytest.approx(expected, rel=1e-13, abs=0.0)
    both = spectral_norm(np.stack([sized, np.zeros((R, R))]))
    assert both.shape == (2,)
    assert both[0] == spectral_norm(sized)
    assert both[1] == 0.0


def test_each_factor_has_its_norm() -> None:
    for cell in ("rnn", "gru", "lstm"):
        flow = decay(cell, steps=5, hidden_size=3)
        np.testing.assert_allclose(flow.factor_norms, [np.linalg.norm(j, 2) for j in flow.jacobians], rtol=1e-13)
        product = np.eye(flow.jacobians.shape[1])
        for t in range(4, -1, -1):
            product = product @ flow.jacobians[t]
            assert flow.log10_products[t] == pytest.approx(math.log10(np.linalg.norm(product, 2)), abs=1e-12)


def test_many_matrices_have_each_its_own_norm() -> None:
    """Threads share them, and each norm stands where its matrix does."""
    matrices = np.random.default_rng(0).standard_normal((23, 64, 64)) * np.arange(23.0)[:, None, None]
    norms = spectral_norm(matrices)
    np.testing.assert_array_equal(norms, [spectral_norm(matrix) for matrix in matrices])
    np.testing.assert_allclose(norms, np.linalg.svd(matrices, compute_uv=False)[:, 0], rtol=1e-13)
    np.testing.assert_array_equal(spectral_norm(matrices[:22].reshape(2, 11, 64, 64)), norms[:22].reshape(2, 11))
