"""The gradient chart's values: against the engine by hand, and what it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.gradient import NOTHING, Gradient, GradientValues, Series, loss_gradients
from tutor.course.lab import Lab
from tutor.engine import gradient_flow
from tutor.engine.gradient_flow import decay
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary

ENTRIES = {
    "plain": ModelEntry(hidden=4, seed=3, text="never too late"),
    "reader": ModelEntry(
        task="next-word", corpus="days.txt", hidden=6, cell="gru", layers=2, steps=8, batch=2, text="the sun is up"
    ),
    "mute": ModelEntry(),
    "tagger": ModelEntry(task="tag", corpus="days.txt", text="a b"),
    "weather": ModelEntry(task="forecast", corpus="days.csv", column="x"),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "days.txt").write_text("the sun is up\nthe sun is down\nthe moon is up\n", encoding="utf-8")
    lab = Lab(ENTRIES, folder=tmp_path)
    lab.ensure("reader")
    return lab


def test_without_models_it_is_of_untrained_networks(lab: Lab) -> None:
    values = Gradient(radii=(0.5, 1.1), steps=4, hidden=3, activation="tanh", seed=2).run(lab)
    assert [(s.label, s.radius, s.trained, s.of) for s in values.series] == [
        ("ρ=0.5", 0.5, False, "h"),
        ("ρ=1.1", 1.1, False, "h"),
    ]
    flow = decay("rnn", steps=4, hidden_size=3, radius=1.1, activation="tanh", seed=2)
    assert values.series[1].log10 == tuple(flow.log10_spectral_norms[::-1])
    frobenius = Gradient(radii=(1.1,), steps=4, hidden=3, activation="tanh", seed=2, norm="frobenius").run(lab)
    assert frobenius.series[0].log10 == tuple(flow.log10_norms[::-1])
    assert frobenius.norm == "frobenius"


def test_only_an_rnn_is_held_against_its_radius(lab: Lab) -> None:
    values = Gradient(cells=("rnn", "lstm"), radii=(0.9,), steps=3, activation="tanh").run(lab)
    assert [(s.label, s.radius) for s in values.series] == [("RNN ρ=0.9", 0.9), ("LSTM ρ=0.9", None)]


def test_of_a_lesson_s_models_it_is_their_flow_over_the_text(lab: Lab) -> None:
    values = Gradient(model="reader", networks=("plain", "reader")).run(lab)
    assert [(s.label, s.trained, s.radius) for s in values.series] == [("reader", True, None), ("plain", True, None)]
    run = lab.run("reader")
    assert values.series[0].log10 == tuple(gradient_flow(run.model.net, run.trace).log10_spectral_norms[::-1])
    assert values.steps == 4
    other = Gradient(model="plain", text="a b").run(lab)
    assert other.steps == 2
    both = Gradient(model="plain", cells=("rnn",), radii=(0.9,), steps=9, norm="frobenius").run(lab)
    assert [s.label for s in both.series] == ["plain", "ρ=0.9"]
    assert both.steps == 9
    plain = lab.run("plain")
    assert both.series[0].log10 == tuple(gradient_flow(plain.model.net, plain.trace).log10_norms[::-1])


def test_a_series_that_has_ended_leaves_its_cells_empty(lab: Lab) -> None:
    values = Gradient(model="plain", cells=("rnn",), radii=(0.5,), steps=5).run(lab)
    (table,) = values.tables()
    assert table.columns == ("steps back", "log10 ‖∂h_T/∂h_t‖, plain", "log10 ‖∂h_T/∂h_t‖, ρ=0.5")
    assert [row[0] for row in table.rows] == [0, 1, 2, 3, 4, 5]
    assert [row[1] == "" for row in table.rows] == [False, False, False, False, True, True]
    assert [row[2] for row in table.rows] == pytest.approx([k * math.log10(0.5) for k in range(6)])


def test_the_gradient_of_the_loss_stands_beside_the_jacobian(lab: Lab) -> None:
    values = Gradient(model="reader", of="loss").run(lab)
    assert [(s.label, s.of, s.quantity) for s in values.series] == [
        ("reader dL/dh_t", "loss", "‖dL/dh_t‖"),
        ("reader ∂h_T/∂h_t", "h", "‖∂h_T/∂h_t‖"),
    ]
    trace, logs = loss_gradients(lab.model("reader"), ("the", "sun", "is", "up"))
    # The end is said too: four tokens, four predictions.
    assert values.series[0].log10 == tuple(logs[::-1])
    assert len(logs) == 4
    flow = gradient_flow(lab.model("reader").net, trace)
    assert values.series[1].log10 == tuple(flow.log10_spectral_norms[::-1])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_gradient_of_the_loss_is_that_of_finite_differences(cell: str, layers: int) -> None:
    """dL/dh_t of the top layer: the loss of t and of all that is read from h_t on, when h_t alone is moved."""
    tokens = ("a", "b", "c", "a", "c")
    vocabulary = Vocabulary(("a", "b", "c"))
    model = Model(
        ModelSpec(cell=cell, hidden_size=3, embedding_size=2, num_layers=layers, seed=4), vocabulary, dtype=np.float64
    )
    (example,) = model.encode([tokens])
    trace, logs = loss_gradients(model, tokens)
    T, head = len(example.read), model.head
    assert head is not None
    assert len(logs) == T
    x = model.vectors([vocabulary.tokens[i] for i in example.read])
    kept = [trace.gates(layer) for layer in range(layers)]

    def loss(h: np.ndarray, t: int) -> float:
        """Of the predictions from step t on, the top layer's h_t given."""
        states = [h]
        if t + 1 < T:
            below = [gates["h"][t, 0] for gates in kept[:-1]]
            start = np.stack([*below, h])[:, None]
            c = np.stack([gates["c"][t, 0] for gates in kept])[:, None] if cell == "lstm" else None
            later = model.net.forward(x[t + 1 :, None], start if c is None else (start, c))
            states += list(later.output[:, 0])
        z = head.scores(np.stack(states))
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -float(logp[np.arange(len(states)), example.wanted[t:]].sum()) / T

    for t in range(T):
        h = kept[-1]["h"][t, 0]
        by = [(loss(h + e, t) - loss(h - e, t)) / 2e-6 for e in 1e-6 * np.eye(3)]
        assert 10 ** logs[t] == pytest.approx(np.linalg.norm(by), rel=1e-5)


def test_the_model_is_left_as_it_was(lab: Lab) -> None:
    model = lab.model("reader")
    before, room = model.flat.copy(), model.room[0].copy()
    loss_gradients(model, ("the", "sun"))
    np.testing.assert_array_equal(model.flat, before)
    np.testing.assert_array_equal(model.room[0], room)


def test_a_text_without_anything_to_guess_is_refused() -> None:
    model = Model(ModelSpec(hidden_size=2), Vocabulary(("a", "b")))
    with pytest.raises(ValueError, match="text: got one token, expected at least two"):
        loss_gradients(model, ("a",))


def test_a_true_zero_is_minus_infinity() -> None:
    assert GradientValues((Series("a", (0.0, -math.inf)),), 1).tables()[0].rows[1] == (1.0, -math.inf)


def test_what_a_computer_holds_as_zero() -> None:
    """Half the least number rounds to 0, to even; a little more does not."""
    for name, kind in (("float32", np.float32), ("float64", np.float64)):
        least = float(np.log10(np.nextafter(kind(0), kind(1)).astype(np.longdouble) / 2))
        assert NOTHING[name] == pytest.approx(least, abs=1e-6)


def test_a_slider_s_way_back_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def counted(*given: Any, **keys: Any) -> Any:
        called.append(keys["radius"])
        return decay(*given, **keys)

    monkeypatch.setattr("tutor.course.figures.gradient.decay", counted)
    for radius in (0.71, 0.72, 0.71):
        Gradient(radii=(radius, 0.73), steps=7, hidden=3, seed=11).measure()
    assert called == [0.71, 0.73, 0.72]


def test_a_lesson_writes_its_keys() -> None:
    options = msgspec.convert({"show": "gradient", "models": ["a"], "of": "loss", "norm": "frobenius"}, Gradient)
    assert options.models() == ("a",)
    assert options.untrained == ()
    assert msgspec.convert({"show": "gradient"}, Gradient).untrained == ("rnn",)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"radii": ()}, "nothing to draw"),
        ({"cells": ()}, "nothing to draw"),
        ({"radii": (0.9, 0.0)}, "a radius out of bounds"),
        ({"radii": (10.1,)}, "a radius out of bounds"),
        ({"steps": 0}, "`steps` is 0"),
        ({"steps": 10_001}, "`steps` is 10001"),
        ({"hidden": 129}, "`hidden` is 129"),
        ({"hidden": 0}, "`hidden` is 0"),
        ({"seed": -1}, "`seed` is -1"),
        ({"cells": ("rnn", "gru"), "activation": "relu"}, '`activation = "relu"` does not apply to the gru'),
        ({"model": "plain", "slider": True}, "`slider` moves ρ, and no network here is built with one"),
        ({"text": "a"}, "`text` is read by no model"),
        ({"of": "loss"}, "an untrained network has no loss"),
        ({"model": "plain", "of": "loss"}, "the model `plain` predicts no next token"),
        ({"model": "tagger", "of": "loss"}, "the model `tagger` predicts no next token"),
        ({"networks": ("plain", "mute")}, "the model `mute` has no text to run on"),
        ({"model": "weather"}, 'the model `weather` has the task "forecast"'),
    ],
)
def test_what_cannot_be_drawn(keys: dict[str, Any], wrong: str) -> None:
    found = Gradient(**keys).unfit(ENTRIES)
    assert found is not None
    assert found[0].startswith(wrong)
    assert found[1]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"radii": (10.0,), "steps": 10_000, "hidden": 128},
        {"cells": ("gru",), "activation": "tanh", "slider": True},
        {"model": "reader", "of": "loss", "cells": ("rnn",)},
        {"model": "mute", "text": "a b"},
        {"model": "elsewhere"},
    ],
)
def test_what_can(keys: dict[str, Any]) -> None:
    assert Gradient(**keys).unfit(ENTRIES) is None
