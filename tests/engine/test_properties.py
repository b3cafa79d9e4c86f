"""What must hold whatever the numbers: carried states, ragged batches, traces that own their values."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import CELLS, Recurrent

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


@settings(deadline=None, max_examples=40)
@given(kinds, st.integers(1, 6), st.integers(1, 3), st.data())
def test_reversing_the_input_mirrors_the_directions(kind, T, B, data) -> None:
    """With the same weights both ways, what the forward cell makes of x the other makes of x turned round."""
    cell, options = kind
    net = Recurrent(cell, 2, 3, 1, True, dtype=np.float64, seed=4, **options)
    state = dict(net.state_dict())
    net.load_state_dict({name: state[name.removesuffix("_reverse")] for name in state})
    lengths = data.draw(st.lists(st.integers(1, T), min_size=B, max_size=B))
    x = np.random.default_rng(T).standard_normal((T, B, 2))
    d = np.random.default_rng(B).standard_normal((T, B, 6))
    turned_x, turned_d = np.zeros_like(x), np.zeros_like(d)
    for b, length in enumerate(lengths):
        turned_x[:length, b] = x[:length, b][::-1]
        turned_d[:length, b] = np.roll(d[:length, b][::-1], 3, axis=1)
    trace, turned = net.forward(x, lengths=lengths), net.forward(turned_x, lengths=lengths)
    grads, back = net.backward(trace, d), net.backward(turned, turned_d)
    np.testing.assert_allclose(trace.h_n, turned.h_n[::-1], atol=1e-13)
    for b, length in enumerate(lengths):
        for way in (0, 1):
            for name, values in trace.gates(0, way).items():
                other = turned.gates(0, 1 - way)[name]
                np.testing.assert_allclose(values[:length, b], other[:length, b][::-1], atol=1e-13, err_msg=name)
            other = back.h(0, 1 - way)
            np.testing.assert_allclose(grads.h(0, way)[:length, b], other[:length, b][::-1], atol=1e-12)
    for name, gradient in grads.params.items():
        twin = name.removesuffix("_reverse") if name.endswith("_reverse") else f"{name}_reverse"
        np.testing.assert_allclose(gradient, back.params[twin], atol=1e-12, err_msg=name)


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


def test_an_orthogonal_draw_is_a_reflection_as_often_as_a_rotation() -> None:
    found = [
        Recurrent("rnn", 1, 1, init="orthogonal", seed=seed).state_dict()["weight_hh_l0"][0, 0] for seed in range(40)
    ]
    assert set(found) == {1.0, -1.0}
    assert 8 < found.count(1.0) < 32


def test_weights_are_taken_by_name_and_not_by_place() -> None:
    net, other = Recurrent("gru", 3, 3, seed=1), Recurrent("gru", 3, 3, seed=2)
    other.load_state_dict(dict(reversed(net.state_dict().items())))
    np.testing.assert_array_equal(other.flat, net.flat)


def test_the_forget_bias_by_name() -> None:
    state = Recurrent("lstm", 2, 3, forget_bias=1.5).state_dict()
    np.testing.assert_array_equal(state["bias_ih_l0"][3:6], 1.5)
    np.testing.assert_array_equal(state["bias_hh_l0"][3:6], 0.0)
    assert state["bias_ih_l0"][:3].any()


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_what_stands_beyond_a_sequence_s_end_has_no_part(kind) -> None:
    cell, options = kind
    net = Recurrent(cell, 2, 3, 2, True, dtype=np.float64, seed=1, **options)
    x = np.random.default_rng(0).standard_normal((4, 2, 2))
    d = np.random.default_rng(1).standard_normal((4, 2, 6))
    found = []
    for beyond in (0.0, 1e300, -7.0):
        x[2:, 1] = d[2:, 1] = beyond
        trace = net.forward(x, lengths=[4, 2])
        grads = net.backward(trace, d)
        found.append((trace.output.tobytes(), trace.h_n.tobytes(), grads.flat.tobytes(), grads.x.tobytes()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_record_is_zero_beyond_a_sequence_s_end(kind) -> None:
    cell, options = kind
    net = Recurrent(cell, 2, 3, 2, True, dtype=np.float64, seed=1, **options)
    rng = np.random.default_rng(0)
    x, first = rng.standard_normal((4, 2, 2)), rng.standard_normal((4, 2, 3))
    trace = net.forward(x, (first, first) if cell == "lstm" else first, lengths=[4, 2])
    for record in (*trace.records[0], *trace.records[1]):
        found = [record.x[2:, 1], record.kept[2:, :, 1], record.h[3:, 1]]
        if record.c is not None:
            found.append(record.c[3:, 1])
        assert not any(values.any() for values in found)
    np.testing.assert_array_equal(trace.records[0][1].h[[4, 2], [0, 1]], first[1])
    for layer in (0, 1):
        for direction in (0, 1):
            for values in trace.gates(layer, direction).values():
                assert not values[2:, 1].any()
                assert values[:2, 1].any()


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_network_that_moved_computes_with_its_new_vector(kind, B: int) -> None:
    """What its passes left behind looks at the old one."""
    cell, options = kind
    net, other = (Recurrent(cell, 2, 3, dtype=np.float64, seed=1, **options) for _ in range(2))
    x = np.random.default_rng(0).standard_normal((4, B, 2))
    d = np.ones((4, B, 3))
    net.backward(net.forward(x), d)
    home = np.empty_like(net.flat)
    net.move(home)
    for flat in (home, other.flat):
        flat *= 0.5
    trace, fresh = net.forward(x), other.forward(x)
    np.testing.assert_array_equal(trace.output, fresh.output)
    np.testing.assert_array_equal(net.backward(trace, d).flat, other.backward(fresh, d).flat)


@pytest.mark.parametrize("cell", list(CELLS))
def test_gates_go_by_the_letters_of_the_equations_and_keep_to_their_ranges(cell: str) -> None:
    net = Recurrent(cell, 2, 3, 2, True, dtype=np.float64)
    trace = net.forward(np.random.default_rng(0).normal(0, 5, (4, 2, 2)))
    letters = {"rnn": {"h"}, "gru": {"r", "z", "n", "h"}, "lstm": {"i", "f", "g", "o", "h", "c"}}[cell]
    assert {gate.name for gate in CELLS[cell].gates} | set(CELLS[cell].states) == letters
    for layer in (0, 1):
        for direction in (0, 1):
            gates = trace.gates(layer, direction)
            assert set(gates) == letters
            for gate in CELLS[cell].gates:
                assert gates[gate.name].shape == (4, 2, 3)
                assert (gate.range[0] <= gates[gate.name]).all()
                assert (gates[gate.name] <= gate.range[1]).all()
    top = np.concatenate([trace.gates(1, way)["h"] for way in (0, 1)], axis=2)
    np.testing.assert_array_equal(top, trace.output)
    np.testing.assert_array_equal(trace.h_n[2], trace.output[-1, :, :3])
    np.testing.assert_array_equal(trace.h_n[3], trace.output[0, :, 3:])


@pytest.mark.parametrize("remake", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_a_copy_is_a_network_of_its_own(remake) -> None:
    net = Recurrent("gru", 2, 3, seed=5)
    other = remake(net)
    x = np.ones((3, 1, 2), np.float32)
    np.testing.assert_array_equal(net.forward(x).output, other.forward(x).output)
    other.flat[:] = 0.0
    assert not other.state_dict()["weight_hh_l0"].any()
    assert not other.forward(x).output.any()
    assert net.forward(x).output.any()


def test_weights_of_another_precision_are_taken_as_near_as_can_be() -> None:
    wide, narrow = Recurrent("lstm", 2, 3, dtype=np.float64, seed=5), Recurrent("lstm", 2, 3)
    narrow.load_state_dict(wide.state_dict())
    np.testing.assert_array_equal(narrow.flat, wide.flat.astype(np.float32))
    assert narrow.state_dict()["bias_ih_l0"].dtype == np.float32


def test_any_layout_in_memory_gives_the_same_bytes() -> None:
    net = Recurrent("lstm", 2, 3, dtype=np.float64)
    x = np.random.default_rng(0).standard_normal((4, 3, 2))
    turned = np.asfortranarray(x)
    wide = np.zeros((4, 3, 4))
    wide[:, :, ::2] = x
    whole = net.forward(x).output.tobytes()
    for same in (turned, wide[:, :, ::2], x.tolist()):
        assert net.forward(same).output.tobytes() == whole
    d = np.ones((4, 3, 3))
    frozen = x.copy()
    frozen.flags.writeable = False
    assert net.backward(net.forward(frozen), np.asfortranarray(d)).flat.any()


def test_a_state_that_overflows_is_recorded_and_silent() -> None:
    net = Recurrent("rnn", 1, 2, nonlinearity="identity", init="orthogonal", radius=1e20, dtype=np.float64)
    with np.errstate(all="raise"):
        output = net.forward(np.ones((40, 1, 1))).output
    assert not np.isfinite(output).all()
    assert np.isfinite(output[:5]).all()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "identity"])
def test_a_small_network_s_joined_product_is_the_two_apart(nonlinearity: str, bias: bool, monkeypatch) -> None:
    x = np.random.default_rng(3).standard_normal((40, 1, 4))
    found = []
    for small in (1 << 14, 0):
        monkeypatch.setattr("tutor.engine.cells._SMALL", small)
        net = Recurrent("rnn", 4, 5, 2, True, bias, nonlinearity, dtype=np.float64, seed=3)
        first, h_0 = net.forward(x), np.ones((4, 1, 5))
        net.flat *= 0.5  # what was made for the first pass has to see the weights of the second
        found.append((first.output, net.forward(x[:33], h_0).output))
    for joined, apart in zip(*found, strict=True):
        np.testing.assert_allclose(joined, apart, atol=1e-13)
