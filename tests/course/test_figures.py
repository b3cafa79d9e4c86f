"""What figures show, as numbers, and the sandbox's experiment."""

import math
from pathlib import Path

import pytest

from tutor.course.figures.bars import Bar, Bars
from tutor.course.figures.gradient import Gradient
from tutor.course.figures.state import State
from tutor.course.figures.training import Training
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.course.probes import Power
from tutor.sandbox.experiment import Experiment


@pytest.fixture
def lab(lesson_path: Path, course_folder: Path) -> Lab:
    return Lab(load_lesson(lesson_path).models, folder=course_folder)


def test_state(lab: Lab) -> None:
    values = State(model="plain").run(lab)
    (table,) = values.tables()
    assert table.columns == ("step", "token", "h1", "h2", "h3", "h4", "‖Δh‖")
    assert [row[:2] for row in table.rows] == [("1", "never"), ("2", "too"), ("3", "late")]
    assert State(model="plain", text="a b").run(lab).run.tokens == ("a", "b")
    assert values.step == 0
    assert State(model="plain", step=3).run(lab).step == 3
    assert State(model="plain", step=3).unfit(lab.models) is None
    for step in (-1, 4):
        found = State(model="plain", step=step).unfit(lab.models)
        assert found == (f"`step` is {step}", "write a number from 0 to 3, or leave it out for the first")


def test_gradient(lab: Lab) -> None:
    table = Gradient(radii=(0.5, 1.0), steps=4).run(lab).tables()[0]
    assert table.columns[1:] == ("log10 ‖∂h_T/∂h_t‖, ρ=0.5", "log10 ‖∂h_T/∂h_t‖, ρ=1")
    assert [row[0] for row in table.rows] == [0, 1, 2, 3, 4]
    assert table.rows[4][1] == pytest.approx(4 * math.log10(0.5))


def test_training_stands_beside_honest_baselines(lab: Lab) -> None:
    lab.ensure("reader")
    values = Training(model="reader", baselines=("uniform", "unigram")).run(lab)
    assert values.points[0][0] == 0
    assert values.points[-1][0] == values.steps == 30
    # the, sun, is, up, down, moon and the end; what is guessed: 3 sun, 1 moon, 4 is, 3 up, 1 down, 4 ends of 16.
    shares = [n / 16 for n in (3, 1, 4, 3, 1, 4)]
    assert dict(values.baselines) == {
        "uniform": pytest.approx(math.log2(7)),
        "unigram": pytest.approx(-sum(p * math.log2(p) for p in shares)),
    }
    assert values.tables()[0].rows[-1][0] == "unigram"


def test_bars(lab: Lab) -> None:
    bars = Bars(of=(Bar("one", Power(base=1, exponent=1)), Bar("half", Power(base=2, exponent=-1))), unit="x")
    assert bars.run(lab).items == (("one", 1.0), ("half", 0.5))
    assert bars.run(lab).tables()[0].columns == ("what", "x")


def test_an_experiment() -> None:
    run = Experiment("a b c", cell="lstm", hidden=3, layers=2, bidirectional=True, seed=5).run()
    assert run.hidden.shape == (3, 6)
    assert run.logits is None
    assert Experiment().run().tokens == ("never", "too", "late", "to")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hidden": 0}, "hidden: got 0, expected a whole number from 1 to 512"),
        ({"hidden": 513}, "hidden: got 513, expected a whole number from 1 to 512"),
        ({"hidden": 2.5}, "hidden: got 2.5, expected a whole number from 1 to 512"),
        ({"layers": 0}, "layers: got 0, expected a whole number from 1 to 8"),
        ({"layers": 9}, "layers: got 9, expected a whole number from 1 to 8"),
        ({"seed": -1}, "seed: got -1, expected a whole number ≥ 0"),
        ({"seed": True}, "seed: got True, expected a whole number ≥ 0"),
        ({"cell": "elman"}, "cell: got 'elman', expected one of rnn, gru, lstm"),
        ({"text": "  "}, "text: got no token, expected at least one word"),
    ],
)
def test_an_experiment_out_of_bounds(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        Experiment(**keys)  # type: ignore[arg-type]
    assert str(caught.value) == message
