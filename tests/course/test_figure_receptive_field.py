"""The receptive field's numbers: against finite differences, and exactly nothing outside of what a convolution sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.receptive_field import LEAST, MOST, ReceptiveField, Recurrence, Stack, measured_from
from tutor.course.lab import Lab
from tutor.engine.convolution import CausalConv1d
from tutor.engine.recurrent import Recurrent
from tutor.engine.trace import Trace

from .sample import check_answer

TEXT = "never too late to learn how to read the code of others"
EPSILON = 1e-6


def differences(function, x: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """‖∂f/∂x_s‖ for each s, by central differences."""
    found = np.zeros(len(x))
    for s in range(len(x)):
        for d in range(x.shape[1]):
            up, down = x.copy(), x.copy()
            up[s, d] += EPSILON
            down[s, d] -= EPSILON
            found[s] += (((function(up) - function(down)) / (2 * EPSILON)) ** 2).sum()
    return np.sqrt(found)


def test_the_convolution_by_finite_differences() -> None:
    values = ReceptiveField(text=TEXT, kernel_size=3, layers=2).run(None)  # type: ignore[arg-type]
    stack = values.stack

    def top(x: np.ndarray) -> np.ndarray:
        y = x[:, None]
        for layer in stack.layers:
            y = np.tanh(layer.forward(y))
        return np.asarray(y[-1, 0])

    assert values.seen(12).convolution == pytest.approx(differences(top, stack.x), rel=1e-5, abs=1e-9)
    assert values.seen(9).convolution == pytest.approx(differences(top, stack.x[:9]), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_state_by_finite_differences(cell: str) -> None:
    values = ReceptiveField(text=TEXT, cell=cell, hidden=5).run(None)  # type: ignore[arg-type]
    net = values.recurrence.net

    def last(x: np.ndarray) -> np.ndarray:
        return np.asarray(net.forward(x[:, None]).output[-1, 0])

    assert values.run.hidden[-1] == pytest.approx(last(values.recurrence.x), abs=1e-5)
    assert values.seen(12).state == pytest.approx(differences(last, values.recurrence.x), rel=1e-4, abs=1e-9)
    assert values.seen(7).state == pytest.approx(differences(last, values.recurrence.x[:7]), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("dilated", [True, False])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_outside_its_field_a_convolution_depends_on_exactly_nothing(k: int, dilated: bool) -> None:
    values = ReceptiveField(text="a b c d " * 10, kernel_size=k, layers=3, dilated=dilated).run(None)  # type: ignore[arg-type]
    R = 1 + (k - 1) * (1 + 2 + 4 if dilated else 3)
    assert values.reach == R
    seen = values.seen(40)
    assert len(seen.convolution) == 40
    assert all(value == 0.0 for value in seen.convolution[: 40 - R])
    assert all(value > 0.0 for value in seen.convolution[max(40 - R, 0) :])
    # A state has no edge.
    assert all(value > 0.0 for value in seen.state)


def test_a_long_text_costs_what_is_looked_at_and_the_state_before_it_counts() -> None:
    options = ReceptiveField(text="a b c d e " * 60, cell="lstm", hidden=3, kernel_size=5, layers=6)
    values = options.run(None)  # type: ignore[arg-type]
    seen = values.seen(300)
    assert seen.first == 300 - MOST == 44
    assert len(seen.state) == len(seen.convolution) == MOST
    assert values.reach == 253
    assert seen.convolution[:3] == (0.0, 0.0, 0.0)
    assert seen.convolution[3] > 0.0
    # From zeros instead of the state that was, the gradients are others.
    whole = values.recurrence.norms(0, 300)[44:]
    assert seen.state == pytest.approx(whole, rel=1e-9)


def test_what_is_in_view_is_measured_and_a_sentence_in_any_case() -> None:
    values = ReceptiveField(text="a b c d e " * 60, hidden=3).run(None)  # type: ignore[arg-type]
    whole = values.seen(300)
    for in_view, measured in ((0, LEAST), (LEAST, LEAST), (50, 50), (1_000, MOST)):
        seen = values.seen(300, in_view)
        assert seen.first == measured_from(300, in_view) == 300 - measured
        assert seen.convolution == whole.convolution[-measured:]
        assert seen.state == pytest.approx(whole.state[-measured:], rel=1e-5)
    assert values.seen(20, 5) == values.seen(20)
    assert measured_from(20, 5) == 0


def test_no_more_is_read_than_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ReceptiveField(text="a b c d e " * 60, cell="gru", hidden=3).run(None)  # type: ignore[arg-type]
    read: list[tuple[str, int]] = []

    def counted(kind: type, name: str) -> None:
        plain = getattr(kind, name)

        def spy(self, x, *rest, **more):  # type: ignore[no-untyped-def]
            read.append((f"{kind.__name__}.{name}", len(x.output if isinstance(x, Trace) else x)))
            return plain(self, x, *rest, **more)

        monkeypatch.setattr(kind, name, spy)

    for kind in (CausalConv1d, Recurrent):
        for name in ("forward", "backward"):
            counted(kind, name)
    values.seen(300, 40)
    assert read == [
        *[("CausalConv1d.forward", 8)] * 3,
        *[("CausalConv1d.backward", 8)] * 3,
        *(("Recurrent.forward", 40), ("Recurrent.backward", 40)),
    ]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_past_a_state_that_overflowed_there_is_no_number(cell: str) -> None:
    values = ReceptiveField(text="a b " * 30, cell=cell, hidden=3).run(None)  # type: ignore[arg-type]
    (record,) = values.run.trace.records[-1]
    states = record.h if cell == "rnn" else record.c
    states.flags.writeable = True
    states[28, 0, 1] = np.inf
    recurrence = Recurrence(values.run)
    assert np.isnan(recurrence.norms(28, 60)).all()
    assert len(recurrence.norms(28, 60)) == 32
    assert np.isfinite(recurrence.norms(27, 59)).all()


def test_nothing_read_depends_on_nothing() -> None:
    seen = ReceptiveField(text=TEXT).run(None).seen(0)  # type: ignore[arg-type]
    assert (seen.convolution, seen.state) == ((), ())


def test_layers_have_weights_of_their_own_and_the_seed_draws_them() -> None:
    x = np.ones((4, 8))
    first, second, third = (layer.state_dict()["weight"] for layer in Stack(x, 2, (1, 1, 1), 0).layers)
    assert not np.array_equal(second, third)
    assert not np.array_equal(first, Stack(x, 2, (1, 1, 1), 1).layers[0].state_dict()["weight"])


def test_the_tables_hold_what_is_drawn() -> None:
    values = ReceptiveField(text=TEXT, kernel_size=3, layers=2).run(None)  # type: ignore[arg-type]
    seen = values.seen(5)
    by_token, layers = values.tables_of(seen)
    assert by_token.columns == ("step", "token", "steps back", "‖∂y_t/∂x_s‖", "‖∂h_t/∂x_s‖")
    assert by_token.rows == tuple(
        (str(s + 1), values.run.tokens[s], float(4 - s), seen.convolution[s], seen.state[s]) for s in range(5)
    )
    assert layers.rows[:2] == (("1", 3.0, 1.0, 2.0), ("2", 3.0, 2.0, 4.0))
    assert layers.rows[2][-1] == 7.0
    assert values.tables() == values.tables_of(values.seen(12))


def test_a_lessons_model(tmp_path: Path) -> None:
    lab = Lab({"deep": ModelEntry(cell="gru", hidden=4, layers=2, text=TEXT)}, folder=tmp_path)
    values = ReceptiveField(model="deep").run(lab)
    assert values.run is lab.run("deep")
    assert all(value > 0 for value in values.seen(12).state)
    assert values.seen(12).state == pytest.approx(values.recurrence.norms(0, 12))
    assert values.recurrence.norms(3, 12) == pytest.approx(values.recurrence.norms(0, 12)[3:])
    assert ReceptiveField(model="deep", text="a b").run(lab).run.tokens == ("a", "b")


def test_another_stack_beside_the_same_state() -> None:
    values = ReceptiveField(text=TEXT).run(None)  # type: ignore[arg-type]
    other = ReceptiveField(text=TEXT, layers=1).over(values.run, values.recurrence)
    assert other.recurrence is values.recurrence
    assert other.reach == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": TEXT}, None),
        ({}, "no text"),
        ({"text": "  "}, "no text"),
        ({"text": TEXT, "kernel_size": 0}, "`kernel_size` is 0"),
        ({"text": TEXT, "kernel_size": 6}, "`kernel_size` is 6"),
        ({"text": TEXT, "layers": 0}, "`layers` is 0"),
        ({"text": TEXT, "layers": 7}, "`layers` is 7"),
        ({"text": TEXT, "hidden": 129}, "`hidden` is 129"),
        ({"text": TEXT, "seed": -1}, "`seed` is -1"),
        ({"model": "plain"}, None),
        ({"model": "unknown"}, None),
        ({"model": "plain", "cell": "gru"}, "`cell` says nothing"),
        ({"model": "plain", "hidden": 8}, "`hidden` says nothing"),
        ({"model": "silent"}, "no text to run on"),
        ({"model": "silent", "text": "a"}, None),
        ({"model": "both"}, "bidirectional"),
        ({"model": "wide"}, "129 units"),
        ({"model": "eye", "text": "a"}, 'the task "caption"'),
        ({"model": "days", "text": "a"}, 'the task "forecast"'),
    ],
)
def test_what_cannot_be_shown_is_answered(options: dict[str, object], said: str | None) -> None:
    models = {
        "plain": ModelEntry(text="a b"),
        "silent": ModelEntry(),
        "both": ModelEntry(text="a b", bidirectional=True),
        "wide": ModelEntry(text="a b", hidden=129),
        "eye": ModelEntry(task="caption"),
        "days": ModelEntry(task="forecast", corpus="a.csv", column="x"),
    }
    found = ReceptiveField(**options).unfit(models)  # type: ignore[arg-type]
    check_answer(found, said)


def test_the_models_that_it_needs() -> None:
    assert ReceptiveField(text=TEXT).models() == ()
    assert ReceptiveField(model="plain").models() == ("plain",)
