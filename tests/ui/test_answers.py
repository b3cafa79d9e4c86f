"""What is asked on a visit to a lesson, and what progress holds of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.course.sample import write
from tutor.course.lesson import Lesson, QuestionBlock, Recite
from tutor.course.load import load_lesson
from tutor.progress import Progress
from tutor.ui.answers import Answers
from tutor.ui.widgets.activity import Done


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons"))


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "data", clock=lambda: 5.0)


def test_a_visit_draws_one_instance_of_a_question_and_the_next_another(lesson: Lesson, progress: Progress) -> None:
    block = lesson.steps[2].asked
    assert isinstance(block, QuestionBlock)
    drawn = []
    for visit in range(5):
        answers = Answers(lesson, progress)
        asked = answers.asked(2)
        assert asked is block.instance(visit)
        answers.answer(2, asked, "is", None, 1.0)
        assert answers.asked(2) is asked, "on one visit it stays the same"
        drawn.append(asked.ask)
    assert drawn[0] == "What comes after sun?"
    assert len(set(drawn)) == 2
    assert [one.instance for one in progress.attempts("a-lesson")] == [0, 1, 2, 3, 4]
    assert {one.kind for one in progress.attempts("a-lesson")} == {"question"}


def test_a_prediction_is_kept_before_it_is_graded(lesson: Lesson, progress: Progress) -> None:
    answers = Answers(lesson, progress)
    asked = answers.asked(1)
    assert asked is lesson.steps[1].asked
    attempt = answers.answer(1, asked, 2.5, "fairly", 7.0)
    (kept,) = progress.attempts("a-lesson")
    assert (kept.id, kept.key, kept.kind, kept.instance) == (attempt, asked.key, "predict", 0)
    assert (kept.response, kept.correct, kept.confidence, kept.seconds) == ("2.5", None, "fairly", 7.0)
    answers.grade(attempt, True)
    assert progress.attempts("a-lesson")[0].correct is True


def test_all_that_is_done_on_one_visit_has_one_instance(lesson: Lesson, progress: Progress) -> None:
    block = lesson.steps[3].asked
    assert isinstance(block, Recite)
    answers = Answers(lesson, progress)
    assert answers.asked(3) is None
    assert answers.before(block) == ()
    answers.did(block, [Done("forwards", "1 s", True, 1.0), Done("shown alone", "", kind=None)])
    answers.did(block, [Done("backwards", "2 s", False, 2.0), Done("line", "", response="cba")])
    kept = answers.before(block)
    assert [(one.instance, one.response, one.correct) for one in kept] == [
        (0, "forwards", True),
        (1, "backwards", False),
        (1, "cba", None),
    ]
    assert answers.before(None) == ()
