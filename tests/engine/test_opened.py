"""A number opened: every level's terms make the value above, and the values are those that the network had."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.model import Model, ModelSpec
from tutor.engine.opened import Part, before, opened

WORDS = ["never", "too", "late", "to", "code"]
THROUGH = {
    "": lambda a: a,
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "σ": lambda a: 1.0 / (1.0 + math.exp(-a)),
    "1−": lambda a: 1.0 - a,
}


def made(part: Part) -> float:
    """The value that a part's terms make."""
    if part.made == "dot":
        return math.fsum(part.weights * part.values)
    values = [term.value for term in part.terms]
    return THROUGH[part.through](math.fsum(values)) if part.made == "sum" else math.prod(values)


def every(part: Part) -> list[Part]:
    """A part and all that is under it."""
    return [part, *(below for term in part.terms for below in every(term))]


@st.composite
def cells(draw):  # type: ignore[no-untyped-def]
    cell = draw(st.sampled_from(["rnn", "gru", "lstm"]))
    return {
        "cell": cell,
        "nonlinearity": draw(st.sampled_from(["tanh", "relu", "identity"])) if cell == "rnn" else "tanh",
        "reset": draw(st.sampled_from(["after", "before"])) if cell == "gru" else "after",
    }


@settings(deadline=None, max_examples=60, database=None)
@given(
    cells(), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.integers(0, 9), st.booleans()
)
def test_every_level_makes_the_one_above(kind, hidden, size, layers, both, seed, given_h_0):  # type: ignore[no-untyped-def]
    spec = ModelSpec(**kind, hidden_size=hidden, embedding_size=size, num_layers=layers, bidirectional=both, seed=seed)
    rng = np.random.default_rng(seed)
    h_0 = rng.uniform(-1, 1, layers * hidden * (2 if both else 1)) if given_h_0 else None
    run = Model(spec, None).run(WORDS[: 1 + seed % 5], h_0)
    for direction in range(2 if both else 1):
        for t in range(len(run.tokens)):
            for unit in range(hidden):
                root = opened(run, t, unit, direction)
                assert root.value == run.hidden[t, direction * hidden + unit]
                for part in every(root):
                    if part.made != "given":
                        assert made(part) == pytest.approx(part.value, abs=1e-6), part.name


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ({"cell": "rnn"}, "h W_x·x W_h·h₋ b b_ih b_hh"),
        (
            {"cell": "gru"},
            "h (1−z)·n 1−z z W_x·x W_h·h₋ b b_ih b_hh n W_x·x b_ih r·(W_h·h₋ + b_hh) "
            "r W_x·x W_h·h₋ b b_ih b_hh W_h·h₋ + b_hh W_h·h₋ b_hh z·h₋ z W_x·x W_h·h₋ b b_ih b_hh h₋",
        ),
        (
            {"cell": "gru", "reset": "before"},
            "h (1−z)·n 1−z z W_x·x W_h·h₋ b b_ih b_hh n W_x·x W_h·(r·h₋) b b_ih b_hh "
            "z·h₋ z W_x·x W_h·h₋ b b_ih b_hh h₋",
        ),
        (
            {"cell": "lstm"},
            "h o W_x·x W_h·h₋ b b_ih b_hh tanh(c) c f·c₋ f W_x·x W_h·h₋ b b_ih b_hh c₋ "
            "i·g i W_x·x W_h·h₋ b b_ih b_hh g W_x·x W_h·h₋ b b_ih b_hh",
        ),
    ],
)
def test_by_hand_from_the_network_s_own_weights(kind, names, direction):  # type: ignore[no-untyped-def]
    """Two layers, both directions, float64: every gate, bias and weight is the one that its name says."""
    H, t, unit = 3, 1, 2
    spec = ModelSpec(**kind, hidden_size=H, embedding_size=4, num_layers=2, bidirectional=True, seed=4)
    m = Model(spec, None, dtype=np.float64)
    run = m.run(WORDS)
    parts = every(opened(run, t, unit, direction))
    assert " ".join(part.name for part in parts) == names
    end = "_l1_reverse" if direction else "_l1"
    state = m.net.state_dict()
    gates = run.trace.gates(layer=1, direction=direction)
    at = t + 1 if direction else t - 1
    low = run.trace.gates(layer=0, direction=0)["h"][t, 0], run.trace.gates(layer=0, direction=1)["h"][t, 0]
    x, h_ = np.concatenate(low), gates["h"][at, 0]
    blocks = m.net._cell.blocks
    for part in parts:
        if part.name in gates and part.name not in "hc":
            assert part.value == gates[part.name][t, 0, unit]
            row = blocks.index(part.name) * H + unit
            # The first of a name is the gate's own: what is deeper belongs to a gate in its product.
            found = {p.name: p for p in reversed(every(part))}
            np.testing.assert_array_equal(found["W_x·x"].weights, state["weight_ih" + end][row])
            np.testing.assert_array_equal(found["W_x·x"].values, x)
            assert found["b_ih"].value == state["bias_ih" + end][row]
            if "r·(W_h·h₋ + b_hh)" not in found:
                assert found["b_hh"].value == state["bias_hh" + end][row]
        if part.name == "h₋":
            assert part.value == h_[unit]
        if part.name == "c₋":
            assert part.value == gates["c"][at, 0, unit]
        if part.name == "W_h·h₋":
            assert part.of == "h₋"
            np.testing.assert_array_equal(part.values, h_)
        if part.name == "W_h·(r·h₋)":
            assert part.of == "r·h₋"
            np.testing.assert_allclose(part.values, gates["r"][t, 0] * h_, atol=1e-15)
            np.testing.assert_array_equal(part.weights, state["weight_hh" + end][2 * H + unit])
        if part.name == "W_h·h₋ + b_hh":
            assert part.terms[1].value == state["bias_hh" + end][2 * H + unit]
            np.testing.assert_array_equal(part.terms[0].weights, state["weight_hh" + end][2 * H + unit])
        if part.made != "given":
            assert made(part) == pytest.approx(part.value, abs=1e-14), part.name


def test_it_stays_true_when_the_model_learns_on() -> None:
    m = Model(ModelSpec(hidden_size=3, bidirectional=True), None)
    run = m.run(WORDS)
    m.net.flat[:] = 0.0
    for direction in (0, 1):
        assert opened(run, 1, 1, direction).terms[0].weights.all()


def test_what_overflows_is_shown_as_it_is() -> None:
    m = Model(ModelSpec(hidden_size=2, nonlinearity="relu"), None)
    m.net.flat[:] = 1e38
    root = opened(m.run(WORDS), 4, 0)
    assert root.value == math.inf
    assert root.terms[1].value == math.inf


def test_where_a_state_comes_from() -> None:
    run = Model(ModelSpec(hidden_size=2, bidirectional=True), None).run(WORDS[:3])
    assert [before(run, t) for t in range(3)] == [0, 1, 2]
    assert [before(run, t, 1) for t in range(3)] == [2, 3, 0]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ((5, 0), "t: got 5, expected 0 … 4"),
        ((-1, 0), "t: got -1, expected 0 … 4"),
        ((0, 16), "unit: got 16, expected 0 … 15"),
        ((0, 0, 1), "direction: got 1, expected 0 … 0"),
    ],
)
def test_what_is_not_there(at: tuple[int, ...], message: str) -> None:
    run = Model(ModelSpec(), None).run(WORDS)
    with pytest.raises(ValueError, match=message):
        opened(run, *at)
