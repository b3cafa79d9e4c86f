"""Each recurrence recomputed by hand: one unit, two steps, every number written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor.engine import CELLS, Recurrent


def σ(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def net_of(
    cell: str, w_ih: list[float], w_hh: list[float], b_ih: list[float], b_hh: list[float], **options
) -> Recurrent:
    """One unit, one input."""
    net = Recurrent(cell, 1, 1, dtype=np.float64, **options)
    net.load_state_dict(
        {
            "weight_ih_l0": np.array(w_ih)[:, None],
            "weight_hh_l0": np.array(w_hh)[:, None],
            "bias_ih_l0": np.array(b_ih),
            "bias_hh_l0": np.array(b_hh),
        }
    )
    return net


X = np.array([1.0, -2.0]).reshape(2, 1, 1)


def test_rnn() -> None:
    trace = net_of("rnn", [0.5], [0.8], [0.1], [0.2]).forward(X, np.full((1, 1, 1), 0.25))
    h_1 = math.tanh(0.5 * 1.0 + 0.1 + 0.8 * 0.25 + 0.2)
    h_2 = math.tanh(0.5 * -2.0 + 0.1 + 0.8 * h_1 + 0.2)
    assert h_1 == pytest.approx(0.761594155955765)
    np.testing.assert_allclose(trace.output.ravel(), [h_1, h_2], rtol=1e-14)
    assert trace.c_n is None


def test_gru_with_reset_after() -> None:
    trace = net_of("gru", [0.5, -0.4, 0.9], [0.3, 0.6, -0.7], [0.1, 0.0, 0.2], [0.0, 0.1, 0.3]).forward(X)
    h, want = 0.0, []
    for x in (1.0, -2.0):
        r = σ(0.5 * x + 0.1 + 0.3 * h)
        z = σ(-0.4 * x + 0.6 * h + 0.1)
        n = math.tanh(0.9 * x + 0.2 + r * (-0.7 * h + 0.3))
        h = (1 - z) * n + z * h
        want.append([h, r, z, n])
    gates = trace.gates()
    got = [[gates[k][t, 0, 0] for k in ("h", "r", "z", "n")] for t in range(2)]
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_gru_with_reset_before() -> None:
    net = net_of("gru", [0.5, -0.4, 0.9], [0.3, 0.6, -0.7], [0.1, 0.0, 0.2], [0.0, 0.1, 0.3], reset="before")
    h, want = 0.0, []
    for x in (1.0, -2.0):
        r = σ(0.5 * x + 0.1 + 0.3 * h)
        z = σ(-0.4 * x + 0.6 * h + 0.1)
        n = math.tanh(0.9 * x + 0.2 + -0.7 * (r * h) + 0.3)
        h = (1 - z) * n + z * h
        want.append(h)
    np.testing.assert_allclose(net.forward(X).output.ravel(), want, rtol=1e-14)


def test_lstm() -> None:
    w_ih, w_hh = [0.5, -0.4, 0.9, 0.2], [0.3, 0.6, -0.7, 0.1]
    trace = net_of("lstm", w_ih, w_hh, [0.1, 1.0, 0.2, 0.0], [0.0, 0.1, 0.3, -0.2]).forward(X)
    h = c = 0.0
    want = []
    for x in (1.0, -2.0):
        i = σ(0.5 * x + 0.1 + 0.3 * h)
        f = σ(-0.4 * x + 1.0 + 0.6 * h + 0.1)
        g = math.tanh(0.9 * x + 0.2 - 0.7 * h + 0.3)
        o = σ(0.2 * x + 0.1 * h - 0.2)
        c = f * c + i * g
        h = o * math.tanh(c)
        want.append([h, c, i, f, g, o])
    gates = trace.gates()
    got = [[gates[k][t, 0, 0] for k in ("h", "c", "i", "f", "g", "o")] for t in range(2)]
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert trace.c_n is not None
    assert trace.c_n[0, 0, 0] == pytest.approx(c)


def test_a_bidirectional_network_is_two_that_read_from_both_ends() -> None:
    net = Recurrent("gru", 3, 4, bidirectional=True, dtype=np.float64, seed=3)
    x = np.random.default_rng(0).standard_normal((5, 1, 3))
    both = net.forward(x)
    for suffix, xs, part in (("", x, slice(0, 4)), ("_reverse", x[::-1], slice(4, 8))):
        one = Recurrent("gru", 3, 4, dtype=np.float64)
        state = net.state_dict()
        one.load_state_dict({name: state[name + suffix] for name in one.state_dict()})
        alone = one.forward(np.ascontiguousarray(xs))
        output = alone.output[::-1] if suffix else alone.output
        np.testing.assert_allclose(both.output[..., part], output, atol=1e-15)
        np.testing.assert_allclose(both.h_n[1 if suffix else 0], alone.h_n[0], atol=1e-15)
    assert not np.allclose(both.output[-1, 0, 4:], both.h_n[1, 0]), "h_n is not the last output"


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_gate_is_exact_in_its_tails(cell: str, dtype, batch: bool) -> None:
    """Each gate that is a σ is one of x alone: relatively exact from the smallest number to 1, and silent."""
    net = Recurrent(cell, 1, 1, dtype=dtype, init="zeros")
    net.flat[: len(net.state_dict()["weight_ih_l0"])] = 1.0
    x = np.array([-1e30, -700.0, -80.0, -37.5, -1.0, 0.0, 1.0, 40.0, 800.0, 1e30], dtype)
    want = [
        0.0 if v < -745 else (math.exp(v) / (1 + math.exp(v)) if v < 0 else 1 / (1 + math.exp(-v))) for v in x.tolist()
    ]
    tiny = float(np.finfo(dtype).tiny)
    with np.errstate(all="raise"):
        gates = net.forward(x.reshape(1, -1, 1) if batch else x.reshape(-1, 1, 1)).gates()
    for gate in CELLS[cell].gates:
        if gate.range == (0.0, 1.0):
            found = gates[gate.name].ravel()
            np.testing.assert_allclose(found, want, rtol=4 * np.finfo(dtype).eps, atol=tiny, err_msg=gate.name)
            assert found[3] > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_gate_that_is_driven_to_its_end_is_silent(cell: str, dtype) -> None:
    """Under `np.errstate(all="raise")`, which is stricter than any warning."""
    net = Recurrent(cell, 1, 2, dtype=dtype, init="zeros")
    x = np.ones((3, 1, 1), dtype)
    for bias in (-1e30, -1000.0, -60.0, 1000.0, 1e30):
        state = {name: np.zeros_like(array) for name, array in net.state_dict().items()}
        state["bias_ih_l0"][:2] = bias
        net.load_state_dict(state)
        with np.errstate(all="raise"):
            trace = net.forward(x)
            net.backward(trace, np.ones_like(trace.output))
        gate = trace.gates()["i" if cell == "lstm" else "r"]
        want = 1.0 if bias > 0 else math.exp(bias) if bias > -745 else 0.0
        np.testing.assert_allclose(gate, want, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("cell", CELLS)
def test_one_unit_in_float32_is_what_it_is_in_float64(cell: str) -> None:
    """One unit's numbers stand far apart in memory, where NumPy 2.4 negates float32 numbers wrongly."""
    wide = Recurrent(cell, 3, 1, dtype=np.float64, seed=3)
    narrow = Recurrent(cell, 3, 1, seed=0)
    narrow.load_state_dict({name: array.astype(np.float32) for name, array in wide.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((9, 1, 3))
    d = np.ones((9, 1, 1))
    exact = wide.backward(wide.forward(x), d)
    found = narrow.backward(narrow.forward(x.astype(np.float32)), d.astype(np.float32))
    for name, array in exact.params.items():
        np.testing.assert_allclose(found.params[name], array, rtol=2e-4, atol=2e-5)
