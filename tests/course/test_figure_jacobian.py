"""The Jacobian product's values: against the engine by hand, and what it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.jacobian import Jacobian, factors
from tutor.course.lab import Lab
from tutor.engine import Recurrent, gradient_flow
from tutor.engine.gradient_flow import decay, step_jacobian
from tutor.engine.interrupt import Interrupted, interruptible

ENTRIES = {
    "plain": ModelEntry(hidden=4, seed=3, text="never too late to"),
    "keeper": ModelEntry(cell="lstm", hidden=3, text="never too late"),
    "mute": ModelEntry(),
    "weather": ModelEntry(task="forecast", corpus="days.csv", column="x"),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(ENTRIES, folder=tmp_path)


def test_rows_are_the_steps_from_the_last_back(lab: Lab) -> None:
    values = Jacobian(model="plain").run(lab)
    run = lab.run("plain")
    assert [(f.back, f.step, f.token) for f in values.factors] == [
        (1, 4, "to"),
        (2, 3, "late"),
        (3, 2, "too"),
        (4, 1, "never"),
    ]
    product, bound = np.eye(4), 1.0
    w = run.model.net.state_dict()["weight_hh_l0"].astype(np.float64)
    for i, f in enumerate(values.factors):
        h = run.hidden[f.step - 1].astype(np.float64)
        own = np.diag(1 - h * h) @ w
        product, bound = product @ own, bound * np.linalg.norm(own, 2)
        assert f.factor == pytest.approx(np.linalg.norm(own, 2), rel=1e-9)
        assert f.log10_product == pytest.approx(math.log10(np.linalg.norm(product, 2)), abs=1e-9)
        assert f.log10_bound == pytest.approx(math.log10(bound), abs=1e-9)
        assert values.singular.of(i) == pytest.approx(np.linalg.svd(own, compute_uv=False), rel=1e-7)
        assert f.slope == pytest.approx((1 - h * h).mean(), rel=1e-9)
        np.testing.assert_allclose(step_jacobian(run.model.net, run.trace, f.step - 1), own, rtol=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_product_of_the_norms_is_a_bound(cell: Any) -> None:
    values = Jacobian(cell=cell, steps=30, radius=1.4).measure()
    assert len(values.factors) == 30
    assert values.state == ("(h, c)" if cell == "lstm" else "h")
    assert values.singular.size == len(values.singular.of(0)) == (16 if cell == "lstm" else 8)
    for f in values.factors:
        assert f.log10_product <= f.log10_bound + 1e-9
        assert (f.slope is None) == (cell != "rnn")
        assert f.token == ""
    assert values.factors[-1].log10_product < values.factors[-1].log10_bound - 0.5


def test_one_linear_unit_s_factor_is_its_weight_with_its_sign() -> None:
    values = Jacobian(hidden=1, activation="identity", radius=0.5, steps=3).measure()
    weight = values.factors[0].factor
    assert abs(weight) == pytest.approx(0.5)
    assert [f.factor for f in values.factors] == [weight] * 3
    assert [f.log10_product for f in values.factors] == pytest.approx([k * math.log10(0.5) for k in (1, 2, 3)])
    signs = {math.copysign(1, Jacobian(hidden=1, seed=s, steps=1).measure().factors[0].factor) for s in range(8)}
    assert signs == {-1.0, 1.0}


def test_a_dead_step_is_a_true_zero() -> None:
    net = Recurrent("rnn", 1, 2, nonlinearity="relu", init="zeros", dtype=np.float64)
    values = factors(gradient_flow(net, net.forward(np.zeros((2, 1, 1)))), "rnn", ("a", "b"))
    first = values.factors[0]
    assert (first.factor, first.log10_product, first.log10_bound, first.slope) == (0.0, -math.inf, -math.inf, 0.0)
    assert values.singular.of(0) == (0.0, 0.0)


def test_what_is_measured_of_an_untrained_network_is_the_options_own() -> None:
    given = {"radius": 0.7, "steps": 5, "seed": 3}
    values = Jacobian(cell="gru", hidden=4, **given).measure()  # type: ignore[arg-type]
    flow = decay("gru", hidden_size=4, **given)  # type: ignore[arg-type]
    assert [f.log10_product for f in values.factors] == list(flow.log10_products[-2::-1])


def test_the_tables_hold_what_is_drawn(lab: Lab) -> None:
    values = Jacobian(model="keeper").run(lab)
    main, singular = values.tables()
    assert main.columns[3] == "‖∂(h, c)_t/∂(h, c)_(t-1)‖"
    assert [row[:4] for row in main.rows] == [(f.back, f.step, f.token, f.factor) for f in values.factors]
    assert [row[4:] for row in main.rows] == [(f.log10_product, f.log10_bound, "") for f in values.factors]
    assert singular.title
    assert singular.columns == ("step", "σ1", "σ2", "σ3", "σ4", "σ5", "σ6")
    assert [row[1:] for row in singular.rows] == [values.singular.of(i) for i in range(3)]
    assert Jacobian(model="plain").run(lab).tables()[0].rows[0][6] == pytest.approx(
        Jacobian(model="plain").run(lab).factors[0].slope
    )


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"model": "plain", "slider": True}, "`slider` moves ρ"),
        ({"model": "mute"}, "the model `mute` has no text to run on"),
        ({"model": "weather"}, 'the model `weather` has the task "forecast"'),
        ({"text": "a"}, "`text` is read by no model"),
        ({"radius": 0.0}, "`radius` is 0"),
        ({"radius": 11.0}, "`radius` is 11"),
        ({"steps": 0}, "`steps` is 0"),
        ({"steps": 1001}, "`steps` is 1001"),
        ({"hidden": 65}, "`hidden` is 65"),
        ({"seed": -2}, "`seed` is -2"),
        ({"cell": "gru", "activation": "relu"}, '`activation = "relu"` does not apply to the gru'),
    ],
)
def test_what_cannot_be_drawn(keys: dict[str, Any], wrong: str) -> None:
    found = Jacobian(**keys).unfit(ENTRIES)
    assert found is not None
    assert found[0].startswith(wrong)
    assert found[1]


def test_what_can() -> None:
    for keys in ({}, {"slider": True}, {"model": "plain"}, {"model": "mute", "text": "a"}, {"model": "elsewhere"}):
        options = Jacobian(**keys)  # type: ignore[arg-type]
        assert options.unfit(ENTRIES) is None
        assert options.models() == ((options.model,) if options.model else ())


def test_it_is_broken_off_with_who_waits_for_it() -> None:
    net = Recurrent("lstm", 2, 3, seed=1)
    trace = net.forward(np.ones((20, 1, 2), np.float32))
    whole = factors(gradient_flow(net, trace), "lstm", ())
    asked: list[None] = []

    def later() -> bool:
        asked.append(None)
        return len(asked) > 15

    flow = gradient_flow(net, trace)
    with pytest.raises(Interrupted), interruptible(later):
        factors(flow, "lstm", ())
    # Each of its two walks is broken off at its next step.
    assert len(asked) <= 17
    assert factors(flow, "lstm", ()) == whole
