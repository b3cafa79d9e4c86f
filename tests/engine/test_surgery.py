"""Values set by hand: the forward pass against its equations written out, the backward pass against differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import CELLS, Recurrent, gradient_flow
from tutor.engine.attribution import attribute, deletion
from tutor.engine.gradient_flow import step_jacobian
from tutor.engine.model import Model, ModelSpec
from tutor.engine.opened import Part, opened
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary

from .helpers import KINDS, Example, example, name_of
from .test_gradients import differences
from .test_opened import every, made

LETTERS = {"rnn": "h", "gru": "rznh", "lstm": "ifgoch"}
HOWS: dict[str, dict[str, Any]] = {
    "one": {"unit": 1, "value": 0.4},
    "all": {"value": -0.3},
    "swap": {"unit": 0, "swap": 2},
}
EACH = [
    pytest.param(kind, letter, how, id=f"{name_of(kind)}-{letter}-{name}")
    for kind in KINDS
    for letter in LETTERS[kind[0]]
    for name, how in HOWS.items()
]
kinds = st.sampled_from(KINDS)


def drawn(net: Recurrent, T: int, count: int, seed: int) -> tuple[Cut, ...]:
    """Cuts of every kind, some of them at one step."""
    rng = np.random.default_rng([seed, T])
    found = []
    for _ in range(count):
        unit, swap = (int(u) for u in rng.integers(net.hidden_size, size=2))
        how = int(rng.integers(3))
        found.append(
            Cut(
                int(rng.integers(T)) + 1,
                str(rng.choice(list(LETTERS[net.cell]))),
                None if how == 0 else unit,
                float(rng.uniform(-1.0, 1.0)),
                swap if how == 2 else None,
                int(rng.integers(net.num_layers)),
                int(rng.integers(net.num_directions)),
            )
        )
    return tuple(found)


def put(case: Example, values: np.ndarray, letter: str, at: tuple[int, int, int]) -> np.ndarray:
    """One letter's values (H,) at a step from 0, layer and direction, with what is set there."""
    values = values.copy()
    for cut in case.cuts:
        if (cut.step - 1, cut.layer, cut.direction, cut.letter) != (*at, letter):
            continue
        if cut.swap is not None:
            values[[cut.unit, cut.swap]] = values[[cut.swap, cut.unit]]
        else:
            values[slice(None) if cut.unit is None else cut.unit] = cut.value
    return values


def step(case: Example, x: np.ndarray, h: np.ndarray, c: np.ndarray, at: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """One step of one sequence by the equations in `cells`."""
    _, layer, direction = at
    suffix = f"l{layer}" + ("_reverse" if direction else "")
    state, H = case.net.state_dict(), len(h)
    w_x, w_h = state[f"weight_ih_{suffix}"], state[f"weight_hh_{suffix}"]
    zero = np.zeros(len(w_x))
    b_x, b_h = (state.get(f"bias_{kind}_{suffix}", zero) for kind in ("ih", "hh"))
    a, u = np.split(w_x @ x + b_x, len(w_x) // H), np.split(w_h @ h + b_h, len(w_x) // H)
    sigma = lambda value: 1.0 / (1.0 + np.exp(-value))  # noqa: E731
    do = lambda letter, values: put(case, values, letter, at)  # noqa: E731
    if case.net.cell == "rnn":
        squash = {"tanh": np.tanh, "relu": lambda v: np.maximum(v, 0.0), "identity": lambda v: v}
        return {"h": do("h", squash[case.net.nonlinearity](a[0] + u[0]))}
    if case.net.cell == "gru":
        r, z = do("r", sigma(a[0] + u[0])), do("z", sigma(a[1] + u[1]))
        scaled = r * u[2] if case.net.reset == "after" else w_h[2 * H :] @ (r * h) + b_h[2 * H :]
        n = do("n", np.tanh(a[2] + scaled))
        return {"r": r, "z": z, "n": n, "h": do("h", (1.0 - z) * n + z * h)}
    i, f, g, o = (do(letter, (np.tanh if letter == "g" else sigma)(a[k] + u[k])) for k, letter in enumerate("ifgo"))
    c = do("c", f * c + i * g)
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": do("h", o * np.tanh(c))}


def by_equations(case: Example) -> list[list[dict[str, np.ndarray]]]:
    """[layer][direction], as `Trace.gates` gives them."""
    T, B, _ = case.x.shape
    net, below, layers = case.net, case.x, []
    for layer in range(net.num_layers):
        directions = []
        for direction in range(net.num_directions):
            found = {letter: np.zeros((T, B, net.hidden_size)) for letter in LETTERS[net.cell]}
            for b in range(B):
                start = layer * net.num_directions + direction
                h, c = case.h_0[start, b], np.zeros(net.hidden_size) if case.c_0 is None else case.c_0[start, b]
                end = T if case.lengths is None else case.lengths[b]
                for t in range(end)[:: -1 if direction else 1]:
                    values = step(case, below[t, b], h, c, (t, layer, direction))
                    h, c = values["h"], values.get("c", c)
                    for letter, array in found.items():
                        array[t, b] = values[letter]
            directions.append(found)
        layers.append(directions)
        below = np.concatenate([found["h"] for found in directions], axis=2)
    return layers


# Forward


@settings(deadline=None, max_examples=120)
@given(kinds, st.integers(1, 7), st.integers(1, 2), st.booleans(), st.integers(0, 6), st.integers(0, 999), st.data())
def test_all_that_follows_is_computed_from_what_was_set(kind, T, layers, both, count, seed, data) -> None:
    B = data.draw(st.integers(1, 3))
    lengths = data.draw(st.none() | st.lists(st.integers(1, T), min_size=B, max_size=B))
    case = example(kind, T=T, B=B, layers=layers, bidirectional=both, lengths=lengths, bias=seed % 3 > 0, seed=seed)
    case = case._replace(cuts=drawn(case.net, T, count, seed))
    trace = case.net.forward(case.x, case.state, lengths, case.cuts)
    assert trace.cuts == case.cuts
    for layer, directions in enumerate(by_equations(case)):
        for direction, expected in enumerate(directions):
            found = trace.gates(layer, direction)
            for letter, values in expected.items():
                np.testing.assert_allclose(found[letter], values, atol=1e-12, err_msg=letter)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_of_a_long_sequence_too_whose_steps_are_taken_in_stretches(kind: tuple[str, dict[str, Any]]) -> None:
    case = example(kind, T=300, B=1, bidirectional=True)
    ends = tuple(Cut(at, "h", 0, 0.1, direction=way) for at in (1, 2, 128, 129, 256, 300) for way in (0, 1))
    case = case._replace(cuts=(*drawn(case.net, 300, 30, 5), *ends))
    trace = case.net.forward(case.x, case.state, cuts=case.cuts)
    for direction, expected in enumerate(by_equations(case)[0]):
        for letter, values in trace.gates(0, direction).items():
            np.testing.assert_allclose(values, expected[letter], atol=1e-10, err_msg=letter)


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray], steps: slice = slice(None)) -> None:
    """The same bytes."""
    for letter, values in one.items():
        assert values[steps].tobytes() == other[letter][steps].tobytes(), letter


@settings(deadline=None, max_examples=80)
@given(kinds, st.sampled_from([4, 150]), st.sampled_from([1, 3]), st.booleans(), st.integers(0, 999), st.data())
def test_what_is_set_to_what_it_was_anyway_changes_no_byte(kind, T, B, double, seed, data) -> None:
    cell, options = kind
    dtype = np.float64 if double else np.float32
    net = Recurrent(cell, 2, 3, 2, True, dtype=dtype, seed=seed, **options)
    x = np.random.default_rng(seed).standard_normal((T, B, 2)).astype(dtype)
    plain = net.forward(x)
    cuts = []
    for letter in data.draw(st.permutations(LETTERS[cell])):
        at, unit, layer, way = (data.draw(st.integers(0, most)) for most in (T - 1, 2, 1, 1))
        if B == 1:
            value = plain.gates(layer, way)[letter][at, 0, unit]
            cuts.append(Cut(at + 1, letter, unit, float(value), layer=layer, direction=way))
        # Twice swapped is not swapped.
        cuts += 2 * [Cut(at + 1, letter, unit, swap=data.draw(st.integers(0, 2)), layer=layer, direction=way)]
    trace = net.forward(x, cuts=cuts)
    for layer in (0, 1):
        for way in (0, 1):
            same(plain.gates(layer, way), trace.gates(layer, way))
            assert plain.records[layer][way].kept.tobytes() == trace.records[layer][way].kept.tobytes()
    assert plain.output.tobytes() == trace.output.tobytes()


@settings(deadline=None, max_examples=60)
@given(kinds, st.sampled_from([5, 200]), st.booleans(), st.integers(1, 4), st.integers(0, 999))
def test_before_the_first_cut_nothing_changes(kind, T, backward, count, seed) -> None:
    cell, options = kind
    net = Recurrent(cell, 2, 3, 1, True, seed=seed, **options)
    x = np.random.default_rng(seed).standard_normal((T, 1, 2)).astype(np.float32)
    way = int(backward)
    cuts = [cut._replace(direction=way) for cut in drawn(net, T, count, seed)]
    plain, trace = net.forward(x), net.forward(x, cuts=cuts)
    steps = [cut.step - 1 for cut in cuts]
    same(plain.gates(0, way), trace.gates(0, way), slice(max(steps) + 1, None) if backward else slice(min(steps)))
    same(plain.gates(0, 1 - way), trace.gates(0, 1 - way))


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_when_the_whole_state_is_set_what_came_before_has_no_part(kind: tuple[str, dict[str, Any]]) -> None:
    case = example(kind, T=6, B=1)
    cuts = [Cut(3, letter, value=0.2) for letter in case.net._cell.states]
    other = case.x.copy()
    other[:3] += 1.0
    first, second = (case.net.forward(x, cuts=cuts) for x in (case.x, other))
    same(first.gates(), second.gates(), slice(3, None))
    assert first.gates()["h"][2].tobytes() == np.full((1, 3), 0.2).tobytes()
    flow = gradient_flow(case.net, first)
    np.testing.assert_array_equal(flow.norms[:3], 0.0)
    np.testing.assert_array_equal(flow.state_norms[:3], 0.0)
    np.testing.assert_array_equal(flow.log10_products[:3], -math.inf)
    assert flow.norms[6] == pytest.approx(math.sqrt(3.0))
    grads = case.net.backward(first, None, case.d_h_n)
    assert not grads.x[:3].any()
    assert not grads.h_0.any()
    assert not grads.h()[:2].any()
    if kind != ("rnn", {"nonlinearity": "relu"}):
        assert grads.x[3:].all()


def test_gates_come_first_then_c_then_h() -> None:
    """However they are ordered: the h that is swapped is the one that the gates and c make."""
    case = example(("lstm", {}), T=2, B=1)
    cuts = (Cut(2, "h", 0, swap=1), Cut(2, "c", 0, 0.5), Cut(2, "o", 0, 0.8), Cut(2, "f", value=0.0))
    found = case.net.forward(case.x, case.state, cuts=cuts).gates()
    again = case.net.forward(case.x, case.state, cuts=cuts[::-1]).gates()
    same(found, again)
    assert found["h"][1, 0, 1] == pytest.approx(0.8 * math.tanh(0.5))
    np.testing.assert_allclose(found["c"][1, 0, 1:], (found["i"] * found["g"])[1, 0, 1:], rtol=1e-15)


def test_of_two_the_later_wins_and_what_was_set_can_be_swapped() -> None:
    case = example(("rnn", {}), T=2, B=1)
    plain = case.net.forward(case.x).gates()["h"][0, 0]

    def h(*cuts: Cut) -> list[float]:
        return case.net.forward(case.x, cuts=cuts).gates()["h"][0, 0].tolist()

    one, two, swap = Cut(1, "h", 0, 0.1), Cut(1, "h", 0, 0.2), Cut(1, "h", 0, swap=1)
    assert h(one, two) == [0.2, *plain[1:]]
    assert h(two, one) == [0.1, *plain[1:]]
    assert h(one, Cut(1, "h", value=0.3)) == [0.3] * 3
    assert h(one, swap) == [plain[1], 0.1, plain[2]]
    assert h(swap, one) == [0.1, plain[0], plain[2]]
    assert h(swap, Cut(1, "h", 1, swap=2)) == [plain[1], plain[2], plain[0]]


def test_a_z_of_one_keeps_the_old_state_to_the_last_digit() -> None:
    net = Recurrent("gru", 2, 3)
    x = np.ones((3, 1, 2), np.float32)
    h = net.forward(x, cuts=[Cut(3, "z", value=1.0)]).gates()["h"]
    assert h[2].tobytes() == h[1].tobytes()


def test_a_trace_with_cuts_is_frozen_and_leaves_nothing_to_the_next() -> None:
    for kind in KINDS:
        case = example(kind, T=5, layers=2, bidirectional=True)
        plain = case.net.forward(case.x, case.state)
        cuts = list(drawn(case.net, 5, 8, 1))
        trace = case.net.forward(case.x, case.state, cuts=cuts)
        cuts.clear()
        assert len(trace.cuts) == 8
        with pytest.raises(ValueError, match="read-only"):
            trace.gates()["h"][0] = 1.0
        same(plain.gates(1, 1), case.net.forward(case.x, case.state).gates(1, 1))


# Backward


def check_gradients(case: Example) -> None:
    """Every gradient is the slope of the loss."""
    trace = case.net.forward(case.x, case.state, case.lengths, case.cuts)
    grads = case.net.backward(trace, case.d_output, case.d_h_n, case.d_c_n)
    weights = case.net.views(case.net.flat)
    arrays = [(name, gradient, weights[name]) for name, gradient in grads.params.items()]
    arrays += [("x", grads.x, case.x), ("h_0", grads.h_0, case.h_0)]
    if case.c_0 is not None:
        arrays.append(("c_0", grads.c_0, case.c_0))
    for name, gradient, array in arrays:
        np.testing.assert_allclose(gradient, differences(case, array), rtol=2e-6, atol=2e-8, err_msg=name)


@pytest.mark.parametrize(("kind", "letter", "how"), EACH)
def test_every_gradient_is_the_slope_of_the_loss(kind, letter, how) -> None:
    case = example(kind, T=3, B=2)
    check_gradients(case._replace(cuts=(Cut(2, letter, **how),)))


@pytest.mark.parametrize(
    "shape",
    [
        {"layers": 2, "B": 1},
        {"bidirectional": True, "B": 1, "bias": False},
        {"layers": 2, "bidirectional": True, "lengths": [4, 1, 3]},
    ],
    ids="-".join,
)
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_and_past_many_cuts_at_once(kind: tuple[str, dict[str, Any]], shape: dict[str, Any]) -> None:
    case = example(kind, **shape)
    for seed in (1, 2):
        check_gradients(case._replace(cuts=drawn(case.net, 4, 5, seed)))


def test_the_gradient_of_a_long_sequence_is_put_together_past_its_cuts() -> None:
    """Over several stretches, along a direction drawn at random."""
    for kind in KINDS:
        case = example(kind, T=280, B=1, bidirectional=True)
        case = case._replace(cuts=drawn(case.net, 280, 12, 3))
        grads = case.net.backward(
            case.net.forward(case.x, case.state, cuts=case.cuts), case.d_output, case.d_h_n, case.d_c_n
        )
        rng = np.random.default_rng(4)
        for gradient, array in ((grads.x, case.x), (grads.flat, case.net.flat)):
            along, losses = rng.standard_normal(array.shape), []
            for eps in (1e-6, -1e-6):
                array += eps * along
                losses.append(case.loss())
                array -= eps * along
            assert (gradient * along).sum() == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_dl_dh_is_of_what_was_set(kind: tuple[str, dict[str, Any]]) -> None:
    """A number that was set moves what comes after it as any other does."""
    case = example(kind, T=5, B=1)
    case = case._replace(cuts=(*drawn(case.net, 5, 4, 8), Cut(2, "h", 0, 0.7)))
    trace = case.net.forward(case.x, case.state, cuts=case.cuts)
    grads, gates = case.net.backward(trace, case.d_output, case.d_h_n, case.d_c_n), trace.gates()
    for t in range(4):
        h = np.array(gates["h"][t])[None]
        rest = case._replace(
            x=case.x[t + 1 :],
            h_0=h,
            c_0=np.array(gates["c"][t])[None] if "c" in gates else None,
            d_output=case.d_output[t + 1 :],
            cuts=later(case.cuts, t + 1),
        )
        expected = differences(rest, h)[0] + case.d_output[t]
        np.testing.assert_allclose(grads.h()[t], expected, rtol=2e-6, atol=2e-8)


def later(cuts: tuple[Cut, ...], taken: int, until: int | None = None) -> tuple[Cut, ...]:
    """Those after some steps, by the steps that are left."""
    return tuple(
        cut._replace(step=cut.step - taken) for cut in cuts if taken < cut.step and (until is None or cut.step <= until)
    )


# The flow


def factor(case: Example, state: np.ndarray, t: int) -> np.ndarray:
    """∂s_{t+1}/∂s_t by central differences of one step; s is h, and of the LSTM (h, c)."""
    H, x, cuts = case.net.hidden_size, case.x[t : t + 1], later(case.cuts, t, t + 1)

    def after(s: np.ndarray) -> np.ndarray:
        h = s[:H].reshape(1, 1, H)
        trace = case.net.forward(x, h if case.c_0 is None else (h, s[H:].reshape(1, 1, H)), cuts=cuts)
        return trace.h_n[0, 0] if trace.c_n is None else np.concatenate([trace.h_n[0, 0], trace.c_n[0, 0]])

    return np.stack([(after(state + e) - after(state - e)) / 2e-6 for e in 1e-6 * np.eye(len(state))], axis=1)


def check_flow(case: Example) -> None:
    """The flow is the product of the steps' Jacobians, each by differences."""
    T, H = len(case.x), case.net.hidden_size
    trace = case.net.forward(case.x, case.state, cuts=case.cuts)
    flow = gradient_flow(case.net, trace, at=[0])
    gates = trace.gates()
    states = np.concatenate([case.h_0[0], gates["h"][:, 0]])
    if case.c_0 is not None:
        states = np.hstack([states, np.concatenate([case.c_0[0], gates["c"][:, 0]])])
    product = np.eye(states.shape[1])
    for t in range(T, -1, -1):
        if t < T:
            expected = factor(case, states[t], t)
            np.testing.assert_allclose(flow.jacobians[t], expected, rtol=1e-5, atol=1e-8)
            np.testing.assert_array_equal(step_jacobian(case.net, trace, t), flow.jacobians[t])
            product = product @ expected
        assert flow.norms[t] == pytest.approx(np.linalg.norm(product[:H, :H]), rel=1e-5, abs=1e-9)
        assert flow.state_norms[t] == pytest.approx(np.linalg.norm(product), rel=1e-5, abs=1e-9)
    np.testing.assert_allclose(
        flow.singular_values[0], np.linalg.svd(product[:H, :H], compute_uv=False), rtol=1e-5, atol=1e-9
    )


@pytest.mark.parametrize(("kind", "letter", "how"), EACH)
def test_the_flow_is_the_product_of_the_steps(kind, letter, how) -> None:
    case = example(kind, T=4, B=1)
    check_flow(case._replace(cuts=(Cut(2, letter, **how),)))


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
@pytest.mark.parametrize("T", [5, 70])
def test_the_flow_past_many_cuts(kind: tuple[str, dict[str, Any]], T: int) -> None:
    case = example(kind, T=T, B=1)
    check_flow(case._replace(cuts=drawn(case.net, T, 6, 2)))


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_flow_of_one_unit_alone(kind: tuple[str, dict[str, Any]]) -> None:
    case = example(kind, T=4, B=1, H=1)
    check_flow(case._replace(cuts=drawn(case.net, 4, 2, 6)))


def test_the_flow_is_of_the_last_layer_forward_and_of_the_sequence_alone() -> None:
    case = example(("gru", {}), T=5, B=1, layers=2, bidirectional=True)
    plain = gradient_flow(case.net, case.net.forward(case.x, lengths=[4]))
    for cut in (Cut(2, "z", direction=1, layer=1), Cut(5, "h", layer=1)):
        found = gradient_flow(case.net, case.net.forward(case.x, lengths=[4], cuts=[cut]))
        np.testing.assert_array_equal(found.norms, plain.norms)
    cut = Cut(3, "h", layer=1)
    assert not gradient_flow(case.net, case.net.forward(case.x, lengths=[4], cuts=[cut])).norms[:3].any()


def test_the_slopes_know_what_was_set() -> None:
    for name in ("tanh", "relu", "identity"):
        case = example(("rnn", {"nonlinearity": name}), T=4, B=1)
        cuts = (Cut(2, "h", 0, 0.4), Cut(3, "h", 0, swap=2), Cut(4, "h"))
        flow = gradient_flow(case.net, case.net.forward(case.x, case.state, cuts=cuts))
        w = case.net.state_dict()["weight_hh_l0"]
        assert flow.slopes is not None
        for t, order in enumerate(([0, 1, 2], [0, 1, 2], [2, 1, 0], [0, 1, 2])):
            np.testing.assert_allclose(flow.jacobians[t], flow.slopes[t][:, None] * w[order], rtol=1e-12)
    case = example(("rnn", {}), T=2, B=1)
    beyond = gradient_flow(case.net, case.net.forward(case.x, lengths=[1], cuts=[Cut(2, "h")]))
    assert beyond.slopes is not None
    assert beyond.slopes[1].all()


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_number_that_is_very_large_leaves_no_nan_behind(kind: tuple[str, dict[str, Any]]) -> None:
    """Its slope overflows, and has no part."""
    case = example(kind, T=3, B=1)
    for letter in LETTERS[kind[0]]:
        trace = case.net.forward(case.x, cuts=[Cut(2, letter, 1, 1e200)])
        grads = case.net.backward(trace, case.d_output, case.d_h_n)
        assert np.isfinite(grads.h()).all()
        assert np.isfinite(gradient_flow(case.net, trace).norms).all()


# What reads a run


def model(**options: Any) -> Model:
    spec = ModelSpec(hidden_size=3, embedding_size=2, seed=2, **options)
    return Model(spec, Vocabulary("abc"), dtype=np.float64)


def of(part: Part, name: str) -> Part:
    """The first part of a name."""
    return next(found for found in every(part) if found.name == name)


@settings(deadline=None, max_examples=60)
@given(kinds, st.integers(1, 2), st.booleans(), st.integers(1, 9), st.integers(0, 999))
def test_what_is_opened_comes_to_the_value_or_says_that_it_was_set(kind, layers, both, count, seed) -> None:
    cell, options = kind
    m = Model(ModelSpec(cell, 3, 2, layers, both, **options, seed=seed), None, dtype=np.float64)
    run = m.run("abc", cuts=drawn(m.net, 3, count, seed))
    for way in range(m.net.num_directions):
        gates = run.trace.gates(layers - 1, way)
        for t in range(3):
            for unit in range(3):
                root = opened(run, t, unit, way)
                assert root.value == gates["h"][t, 0, unit]
                for part in every(root):
                    if part.made != "given":
                        assert made(part) == pytest.approx(part.value, abs=1e-12), part.name
                    if part.name in gates:
                        assert part.value == gates[part.name][t, 0, unit]


@pytest.mark.parametrize(
    ("cell", "letter"), [(cell, letter) for cell, letters in LETTERS.items() for letter in letters if letter != "r"]
)
def test_a_value_that_was_set_has_no_equation(cell: str, letter: str) -> None:
    m = model(cell=cell, num_layers=2)
    run = m.run("abc", cuts=[Cut(2, letter, 1, 0.25, layer=1), Cut(2, letter, 0, swap=2, layer=1)])
    names = [[(term.name, term.made) for term in of(opened(run, 1, u), letter).terms] for u in range(3)]
    assert names == [
        [(f"swapped with {letter}3", "given")],
        [("set by hand", "given")],
        [(f"swapped with {letter}1", "given")],
    ]
    assert of(opened(run, 1, 1), "set by hand").value == 0.25
    for t, layer in ((0, 1), (2, 1), (1, 0)):
        elsewhere = m.run("abc", cuts=[Cut(2, letter, 1, 0.25, layer=layer)])
        assert "set by hand" not in [part.name for part in every(opened(elsewhere, t, 1))]


def test_a_model_passes_the_cuts_on() -> None:
    m = model(cell="lstm")
    cuts = (Cut(2, "f", value=0.0), Cut(3, "h", 1, 0.5))
    run = m.run("abca", cuts=cuts)
    assert run.trace.cuts == cuts
    assert not m.run("abca").trace.cuts
    assert run.hidden[2, 1] == 0.5
    assert m.head is not None
    np.testing.assert_array_equal(run.logits, m.head.scores(run.hidden))
    with pytest.raises(ValueError, match=r"cuts\[0\].step: got 5, expected 1 … 4"):
        m.run("abca", cuts=[Cut(5, "h")])


@pytest.mark.parametrize("cell", list(CELLS))
def test_attribution_and_deletion_hold_what_was_set(cell: str) -> None:
    m = model(cell=cell, num_layers=2)
    cuts = drawn(m.net, 4, 5, 9)
    run = m.run("abca", cuts=cuts)

    def score(x: np.ndarray) -> float:
        trace = m.net.forward(x[:, None], cuts=cuts)
        assert m.head is not None
        return float(m.head.scores(trace.output[-1])[0, m.labels.index("b")])

    found, without = attribute(run, "b"), deletion(run, "b")
    for at in np.ndindex(run.x.shape):
        ends = [run.x.copy() for _ in range(2)]
        ends[0][at] += 1e-6
        ends[1][at] -= 1e-6
        assert found.gradient[at] == pytest.approx((score(ends[0]) - score(ends[1])) / 2e-6, abs=1e-8)
    for t in range(4):
        x = run.x.copy()
        x[t] = 0.0
        assert without[t] == pytest.approx(found.score - score(x), abs=1e-12)
    states = [Cut(3, letter, layer=layer) for letter in m.net._cell.states for layer in (0, 1)]
    held = m.run("abca", cuts=states)
    assert not attribute(held, "b").norms[:3].any()
    assert not deletion(held, "b")[:3].any()


# What cannot be


@pytest.mark.parametrize(
    ("cell", "cut", "message"),
    [
        ("rnn", Cut(0, "h"), "cuts[1].step: got 0, expected 1 … 4"),
        ("rnn", Cut(5, "h"), "cuts[1].step: got 5, expected 1 … 4"),
        ("rnn", Cut(True, "h"), "cuts[1].step: got True, expected 1 … 4"),
        ("rnn", Cut(2.0, "h"), "cuts[1].step: got 2.0, expected 1 … 4"),  # type: ignore[arg-type]
        ("rnn", Cut(1, "z"), "cuts[1].letter: got 'z', expected one of 'h'"),
        ("gru", Cut(1, "c"), "cuts[1].letter: got 'c', expected one of 'r', 'z', 'n', 'h'"),
        ("gru", Cut(1, "scaled"), "cuts[1].letter: got 'scaled', expected one of 'r', 'z', 'n', 'h'"),
        ("lstm", Cut(1, "tanh_c"), "cuts[1].letter: got 'tanh_c', expected one of 'i', 'f', 'g', 'o', 'h', 'c'"),
        ("rnn", Cut(1, "h", 3), "cuts[1].unit: got 3, expected 0 … 2"),
        ("rnn", Cut(1, "h", -1), "cuts[1].unit: got -1, expected 0 … 2"),
        ("rnn", Cut(1, "h", 0, math.nan), "cuts[1].value: got nan, expected a finite float32"),
        ("rnn", Cut(1, "h", 0, -math.inf), "cuts[1].value: got -inf, expected a finite float32"),
        ("rnn", Cut(1, "h", 0, 1e39), "cuts[1].value: got 1e+39, expected a finite float32"),
        ("rnn", Cut(1, "h", 0, 10**400), "cuts[1].value: got 1000"),
        ("rnn", Cut(1, "h", 0, "1"), "cuts[1].value: got '1', expected a finite float32"),  # type: ignore[arg-type]
        ("rnn", Cut(1, "h", swap=1), "cuts[1].unit: got None, expected a unit that changes places with 1"),
        ("rnn", Cut(1, "h", 0, swap=3), "cuts[1].swap: got 3, expected 0 … 2"),
        ("rnn", Cut(1, "h", layer=2), "cuts[1].layer: got 2, expected 0 … 1"),
        ("rnn", Cut(1, "h", layer=-1), "cuts[1].layer: got -1, expected 0 … 1"),
        ("rnn", Cut(1, "h", direction=1), "cuts[1].direction: got 1, expected 0 … 0"),
        ("rnn", (1, "h"), "cuts[1]: got (1, 'h'), expected a Cut"),
    ],
)
def test_what_cannot_be_is_refused_by_name(cell: str, cut: Any, message: str) -> None:
    net = Recurrent(cell, 2, 3, 2)
    with pytest.raises(ValueError) as error:  # noqa: PT011
        net.forward(np.zeros((4, 1, 2), np.float32), cuts=[Cut(1, "h"), cut])
    assert str(error.value).startswith(message)


def test_one_cut_is_no_sequence_of_cuts() -> None:
    net = Recurrent("rnn", 2, 3)
    for cuts, message in ((Cut(1, "h"), r"cuts\[0\]: got 1, expected a Cut"), (1, "cuts: got 1, expected a sequence")):
        with pytest.raises(ValueError, match=message):
            net.forward(np.zeros((4, 1, 2), np.float32), cuts=cuts)  # type: ignore[arg-type]
