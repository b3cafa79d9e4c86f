"""What must hold whatever the numbers: carried states, ragged batches, traces that own their values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import Recurrent

from .helpers import KINDS, name_of

kinds = st.sampled_from(KINDS)


@settings(deadline=None, max_examples=40)
@given(kinds, st.integers(2, 7), st.data())
def test_a_sequence_split_in_two_and_carried_by_its_state_is_the_whole(kind, T, data) -> None:
    cell, options = kind
    net = Recurrent(cell, 2, 3, 2, dtype=np.float64, seed=7, **options)
    x = np.random.default_rng(T).standard_normal((T, 2, 2))
    cut = data.draw(st.integers(1, T - 1))
    whole, first = net.forward(x), net.forward(x[:cut])
    state = (first.h_n, first.c_n) if cell == "lstm" else first.h_n
    second = net.forward(x[cut:], state)
    np.testing.assert_allclose(np.concatenate([first.output, second.output]), whole.output, atol=1e-13)
    np.testing.assert_allclose(second.h_n, whole.h_n, atol=1e-13)


@settings(deadline=None, max_examples=40)
@given(kinds, st.lists(st.integers(1, 5), min_size=1, max_size=4), st.booleans())
def test_a_ragged_batch_is_its_sequences_one_by_one(kind, lengths, both) -> None:
    cell, options = kind
    T = max(lengths)
    net = Recurrent(cell, 2, 3, 2, both, dtype=np.float64, seed=2, **options)
    x = np.random.default_rng(1).standard_normal((T, len(lengths), 2))
    d = np.random.default_rng(2).standard_normal((T, len(lengths), 3 * net.num_directions))
    batch = net.forward(x, lengths=lengths)
    grads = net.backward(batch, d)
    total = {name: np.zeros_like(array) for name, array in grads.params.items()}
    for b, length in enumerate(lengths):
        one = net.forward(x[:length, b : b + 1])
        np.testing.assert_allclose(batch.output[:length, b], one.output[:, 0], atol=1e-13)
        assert not batch.output[length:, b].any()
        np.testing.assert_allclose(batch.h_n[:, b], one.h_n[:, 0], atol=1e-13)
        alone = net.backward(one, d[:length, b : b + 1])
        np.testing.assert_allclose(grads.x[:length, b], alone.x[:, 0], atol=1e-12)
        assert not grads.x[length:, b].any()
        for layer in range(2):
            for direction in range(net.num_directions):
                h = grads.h(layer, direction)
                np.testing.assert_allclose(h[:length, b], alone.h(layer, direction)[:, 0], atol=1e-12)
                assert not h[length:, b].any()
                for values in batch.gates(layer, direction).values():
                    assert not values[length:, b].any()
        for name in total:
            total[name] += alone.params[name]
    for name, array in total.items():
        np.testing.assert_allclose(grads.params[name], array, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_trace_stays_true(kind) -> None:
    cell, options = kind
    net = Recurrent(cell, 2, 3, dtype=np.float64, seed=1, **options)
    x = np.random.default_rng(0).standard_normal((4, 2, 2))
    before = x.copy()
    trace = net.forward(x)
    d = np.ones_like(trace.output)
    kept = {name: values.copy() for name, values in trace.gates().items()}
    first = net.backward(trace, d)
    np.testing.assert_array_equal(x, before)
    x[:] = 99.0
    net.forward(x)
    again = net.backward(trace, d)
    for name, values in trace.gates().items():
        np.testing.assert_array_equal(values, kept[name])
    for name in first.params:
        np.testing.assert_array_equal(first.params[name], again.params[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_same_seed_gives_the_same_bytes(kind, dtype) -> None:
    cell, options = kind
    one, two, other = (Recurrent(cell, 3, 4, 2, True, dtype=dtype, seed=s, **options) for s in (1, 1, 2))
    assert one.flat.tobytes() == two.flat.tobytes() != other.flat.tobytes()
    assert one.flat.dtype == dtype
    bound = 1 / np.sqrt(4)
    assert np.abs(one.flat).max() <= bound
    x = np.ones((2, 1, 3), dtype)
    assert one.forward(x).output.dtype == dtype
    assert one.forward(x).output.tobytes() == two.forward(x).output.tobytes()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_orthogonal_times_radius_in_every_block(cell: str) -> None:
    net = Recurrent(cell, 2, 5, init="orthogonal", radius=0.7, dtype=np.float64)
    state = net.state_dict()
    for block in np.split(state["weight_hh_l0"], len(state["weight_hh_l0"]) // 5):
        np.testing.assert_allclose(block @ block.T, 0.49 * np.eye(5), atol=1e-12)
    assert not state["bias_ih_l0"].any()
    assert not state["bias_hh_l0"].any()
    assert not Recurrent(cell, 2, 5, init="zeros").flat.any()


def test_the_forget_bias_by_name() -> None:
    state = Recurrent("lstm", 2, 3, forget_bias=1.5).state_dict()
    np.testing.assert_array_equal(state["bias_ih_l0"][3:6], 1.5)
    np.testing.assert_array_equal(state["bias_hh_l0"][3:6], 0.0)
    assert state["bias_ih_l0"][:3].any()
