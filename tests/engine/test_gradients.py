"""Backpropagation against central finite differences, entry by entry: weights, inputs, initial states, dL/dh_t."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tutor.engine import Recurrent

from .helpers import KINDS, Example, example, name_of

EPS = 1e-6
SHAPES = (
    {},
    {"layers": 2},
    {"layers": 3, "B": 1},
    {"bidirectional": True},
    {"bidirectional": True, "B": 1, "bias": False},
    {"layers": 2, "bidirectional": True, "lengths": [4, 1, 3]},
    {"lengths": [2, 4, 3], "bias": False},
)


def differences(case: Example, array: np.ndarray) -> np.ndarray:
    """dL/d array by central differences; `array` is what `case` computes with, and is put back."""
    found = np.empty_like(array)
    for at in np.ndindex(array.shape):
        kept = array[at]
        array[at] = kept + EPS
        above = case.loss()
        array[at] = kept - EPS
        below = case.loss()
        array[at] = kept
        found[at] = (above - below) / (2 * EPS)
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(shape) or "plain")
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_every_gradient_is_the_slope_of_the_loss(kind: tuple[str, dict[str, Any]], shape: dict[str, Any]) -> None:
    case = example(kind, **shape)
    trace = case.net.forward(case.x, case.state, case.lengths)
    grads = case.net.backward(trace, case.d_output, case.d_h_n, case.d_c_n)
    assert set(grads.params) == set(case.net.state_dict())
    weights = case.net.views(case.net.flat)
    for name, gradient in grads.params.items():
        np.testing.assert_allclose(gradient, differences(case, weights[name]), rtol=2e-6, atol=2e-8, err_msg=name)
    np.testing.assert_allclose(grads.x, differences(case, case.x), rtol=2e-6, atol=2e-8)
    np.testing.assert_allclose(grads.h_0, differences(case, case.h_0), rtol=2e-6, atol=2e-8)
    if case.c_0 is None:
        assert grads.c_0 is None
    else:
        np.testing.assert_allclose(grads.c_0, differences(case, case.c_0), rtol=2e-6, atol=2e-8)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_dl_dh_is_the_slope_at_every_step(kind: tuple[str, dict[str, Any]]) -> None:
    """h_t is moved by hand, and what comes after it is computed anew: the rest of the sequence, and its own output."""
    case = example(kind, T=5)
    trace = case.net.forward(case.x, case.state)
    grads = case.net.backward(trace, case.d_output, case.d_h_n, case.d_c_n)
    gates = trace.gates()
    for t in range(5):
        h = np.array(gates["h"][t])[None]
        c = np.array(gates["c"][t])[None] if "c" in gates else None
        if t == 4:
            expected = case.d_output[t] + case.d_h_n[0]
        else:
            rest = case._replace(x=case.x[t + 1 :], h_0=h, c_0=c, d_output=case.d_output[t + 1 :])
            expected = differences(rest, h)[0] + case.d_output[t]
        np.testing.assert_allclose(grads.h()[t], expected, rtol=2e-6, atol=2e-8)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_dl_dh_of_the_reverse_direction_is_in_the_time_of_x(cell: str) -> None:
    """The backward cell alone, on the sequence turned round, finds the same in the opposite order."""
    case = example((cell, {}), bidirectional=True, D=2, H=3, T=5)
    d_output = case.d_output.copy()
    d_output[:, :, :3] = 0.0
    grads = case.net.backward(case.net.forward(case.x), d_output)
    alone = Recurrent(cell, 2, 3, dtype=np.float64)
    alone.load_state_dict(
        {name.removesuffix("_reverse"): w for name, w in case.net.state_dict().items() if "reverse" in name}
    )
    turned = alone.backward(alone.forward(case.x[::-1]), d_output[::-1, :, 3:])
    np.testing.assert_allclose(grads.h(direction=1), turned.h()[::-1], rtol=1e-12)
    np.testing.assert_allclose(grads.x, turned.x[::-1], rtol=1e-12)
    assert not grads.h(direction=0).any()


def test_beyond_a_sequence_s_end_every_gradient_is_zero() -> None:
    for kind in KINDS:
        case = example(kind, layers=2, bidirectional=True, lengths=[4, 1, 3])
        grads = case.net.backward(case.net.forward(case.x, case.state, case.lengths), case.d_output, case.d_h_n)
        for values in (grads.x, *(grads.h(layer, way) for layer in (0, 1) for way in (0, 1))):
            assert not values[1:, 1].any()
            assert not values[3:, 2].any()
            assert values[:3, 2].all(axis=-1).any()


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_each_layer_s_gradients_are_those_of_a_network_of_its_own(kind: tuple[str, dict[str, Any]]) -> None:
    """The top one reads what the bottom one says, and its dL/dx is dL/d output there."""
    cell, options = kind
    case = example(kind, layers=2, D=3)
    trace = case.net.forward(case.x)
    grads = case.net.backward(trace, case.d_output)
    d = case.d_output
    for layer in (1, 0):
        alone = Recurrent(cell, 3, 3, dtype=np.float64, **options)
        alone.load_state_dict({n[:-1] + "0": w for n, w in case.net.state_dict().items() if n.endswith(f"l{layer}")})
        found = alone.backward(alone.forward(trace.gates(0)["h"] if layer else case.x), d)
        np.testing.assert_allclose(grads.h(layer), found.h(), rtol=1e-12)
        for name, gradient in found.params.items():
            np.testing.assert_allclose(grads.params[f"{name[:-1]}{layer}"], gradient, rtol=1e-12, atol=1e-14)
        d = found.x
    np.testing.assert_allclose(grads.x, d, rtol=1e-12)


def test_an_output_that_no_loss_looks_at_has_no_gradient() -> None:
    case = example(("gru", {}))
    trace = case.net.forward(case.x)
    nothing = case.net.backward(trace, None)
    assert not any(g.any() for g in (*nothing.params.values(), nothing.x, nothing.h_0))
    last = case.net.backward(trace, None, d_h_n=case.d_h_n)
    d_output = np.zeros_like(case.d_output)
    d_output[-1] = case.d_h_n[0]
    same = case.net.backward(trace, d_output)
    for name, gradient in last.params.items():
        np.testing.assert_array_equal(gradient, same.params[name])
