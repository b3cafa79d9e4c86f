"""The cell and its copies, as a lesson asks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.unrolled import Unrolled, unrolled_values
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary

WORDS = ["never", "too", "late"]


@pytest.fixture
def lab(lesson_path: Path, course_folder: Path) -> Lab:
    return Lab(load_lesson(lesson_path).models, folder=course_folder)


def test_without_a_head_the_size_of_the_state_is_put_out(lab: Lab) -> None:
    values = Unrolled(model="plain", folded=True).run(lab)
    assert values.folded
    assert not values.speaks
    steps, shared = values.tables()
    assert steps.columns == ("step", "token", "‖h‖")
    assert [row[:2] for row in steps.rows] == [("1", "never"), ("2", "too"), ("3", "late")]
    for t, row in enumerate(steps.rows):
        assert row[2] == pytest.approx(float(np.linalg.norm(values.run.hidden[t])), abs=1e-6)
    assert shared.rows == (("W_x", 32), ("W_h", 16), ("b", 8), ("all", 56))
    assert shared.title == "shared by every step"


def test_a_head_says_the_likeliest(lab: Lab) -> None:
    lab.ensure("reader")
    values = Unrolled(model="reader").run(lab)
    assert values.speaks
    table = values.tables()[0]
    assert table.columns == ("step", "token", "likeliest", "p")
    for t, row in enumerate(table.rows):
        assert row[2:] == values.run.next(t, 1)[0]
    assert not values.folded


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(("layers", "both"), [(1, False), (2, True), (3, False)])
def test_the_numbers_that_are_shared(cell: str, layers: int, both: bool) -> None:
    model = Model(ModelSpec(cell=cell, num_layers=layers, bidirectional=both, hidden_size=4), None)
    short, long = (unrolled_values(model.run(tokens)) for tokens in (WORDS, WORDS * 9))
    assert sum(n for _kind, n in short.parameters) == model.net.flat.size
    assert short.parameters == long.parameters


def test_who_classifies_by_both_ends_says_nothing_on_the_way() -> None:
    spec = ModelSpec(hidden_size=4, bidirectional=True)
    run = Model(spec, Vocabulary(WORDS), job="classify", labels=["good", "bad"]).run(WORDS)
    assert not unrolled_values(run).speaks
    assert unrolled_values(run).tables()[0].columns[2] == "‖h‖"
    # One token is no exception: what is said is said of the whole.
    one = Model(spec, Vocabulary(WORDS), job="classify", labels=["good", "bad"]).run(WORDS[:1])
    assert not unrolled_values(one).speaks


def test_where_the_chains_are() -> None:
    plain = unrolled_values(Model(ModelSpec(num_layers=2), None).run(WORDS))
    assert plain.steps == 3
    assert plain.taken(0) == ((1, False, 0, False), (2, False, 0, False))
    assert plain.taken(2) == ((1, False, 2, True), (2, False, 2, True))
    both = unrolled_values(Model(ModelSpec(num_layers=2, bidirectional=True), None).run(WORDS))
    assert both.steps == 6
    assert both.taken(3) == ((1, False, 3, True), (1, True, 3, True), (2, False, 0, False), (2, True, 0, False))
    assert both.taken(4) == ((1, False, 3, False), (1, True, 3, False), (2, False, 1, True), (2, True, 1, True))
    assert both.taken(6)[-1] == (2, True, 3, True)


def test_what_does_not_fit() -> None:
    models = {"m": ModelEntry(), "f": ModelEntry(task="caption"), "t": ModelEntry(text="a")}
    assert Unrolled(model="m").unfit(models) == (
        "the model `m` has no text to run on",
        'write text = "…" here or in [models.m]',
    )
    assert Unrolled(model="f", text="a").unfit(models) == (
        'the model `f` has the task "caption", and reads no text',
        "name one that does",
    )
    assert Unrolled(model="t").unfit(models) is None
    assert Unrolled(model="m", text="a").unfit(models) is None
    assert Unrolled(model="other").unfit(models) is None
    assert Unrolled(model="m").models() == ("m",)
