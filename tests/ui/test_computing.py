"""A step's work, whatever comes of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.course.sample import write
from tutor.course.lab import Lab
from tutor.course.lesson import Figure, Lesson
from tutor.course.load import load_lesson
from tutor.ui.computing import Shown, Stopped, Work, measured_at_once, outcome, shows_before, unfinished, work_of
from tutor.ui.widgets.activity import Done


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons"))


@pytest.fixture
def lab(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parents[1], cache=None)


def nothing(_model: str, _options: Any, _values: Any) -> None:
    """Nobody looks."""


class Broken:
    """Options of a figure that cannot be computed."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def models(self) -> tuple[str, ...]:
        return ()

    def run(self, lab: Lab) -> Any:
        raise self.error


def broken(before: Shown, error: Exception) -> Work:
    return Work((), {}, None, Figure("broken", Broken(error), 1), before)  # type: ignore[arg-type]


def test_what_was_computed_stands_in_its_phase(lesson: Lesson, lab: Lab) -> None:
    step = lesson.steps[0]
    before = Shown(response="1")
    shown, problem = outcome(
        work_of(lesson, step, step.blocks, step.asked, before, answered=True), lab, nothing, lambda: False, "shown"
    )
    assert problem == ""
    assert (shown.phase, shown.response) == ("shown", "1")
    assert shown.verdict is not None
    assert shown.figure is not None
    assert shown.values == {"guess": 3.0}


@pytest.mark.parametrize(
    ("before", "phase"),
    [
        (Shown(phase="working"), "asking"),
        (Shown(phase="working", response="1"), "shown"),
        (Shown(phase="working", done=()), "shown"),
        (Shown(phase="working", done=(Done("a", "b"),)), "shown"),
    ],
)
def test_what_cannot_be_computed_says_why_and_stays(lab: Lab, before: Shown, phase: str) -> None:
    told = outcome(broken(before, ValueError("no such run")), lab, nothing, lambda: False, "shown")
    assert told == (replace(before, phase=phase), "This step could not be computed: no such run")


def test_what_was_stopped_is_asked_again(lab: Lab) -> None:
    before = Shown(phase="working", response="1", confidence="certain")
    shown, problem = outcome(broken(before, Stopped()), lab, nothing, lambda: True, "shown")
    assert (shown.phase, shown.response, shown.confidence) == ("asking", None, "certain")
    assert problem == "Stopped before the answer was known. What was learned stays; answer again to go on."


@pytest.mark.parametrize("done", [(), (Done("a", "b"),)])
def test_what_was_done_can_be_done_again_after_a_stop(lab: Lab, done: tuple[Done, ...]) -> None:
    before = Shown(phase="working", done=done, values={"guess": 3.0})
    shown, _problem = outcome(broken(before, Stopped()), lab, nothing, lambda: True, "shown")
    assert shown == Shown(phase="asking", done=None, values={"guess": 3.0})


def test_words_that_need_training_wait_for_it(lesson: Lesson, lab: Lab) -> None:
    step = lesson.steps[0]
    assert measured_at_once(lesson, step, None, lab) == {"guess": 3.0}
    waits = lesson.steps[1]
    assert measured_at_once(lesson, waits, None, lab) == {}
    says = structs.replace(step, blocks=(structs.replace(step.blocks[0], text="It says {next}."), *step.blocks[1:]))
    assert measured_at_once(lesson, says, None, lab) is None
    lab.ensure("reader")
    assert measured_at_once(lesson, says, None, lab) == {"next": lesson.values["next"].measure(lab).value}


def test_a_picture_after_its_prediction_waits_for_it(lesson: Lesson) -> None:
    predicted, _number, question, recited = lesson.steps
    assert not shows_before(predicted)
    assert shows_before(question)
    assert shows_before(structs.replace(predicted, blocks=(predicted.figure, *predicted.before, predicted.asked)))
    assert shows_before(structs.replace(predicted, blocks=()))
    assert not shows_before(recited), "it has none"


def test_a_training_is_unfinished_until_it_is_ready(lesson: Lesson, lab: Lab) -> None:
    figure = lesson.steps[1].figure
    assert unfinished(figure, None, lab)
    training: Generator[Any, None, None] = lab.train("reader")
    next(training)
    training.close()
    assert unfinished(figure, None, lab)
    lab.ensure("reader")
    assert not unfinished(figure, None, lab)
    assert not unfinished(lesson.steps[0].figure, None, lab)
    assert not unfinished(None, None, lab)
