"""What of a lesson goes under the sandbox's lens: of its networks, one that reads text."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.course.sample import write
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import load_lesson
from tutor.ui.lending import lend


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons"))


def lab_of(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parents[1], cache=None)


def test_a_step_lends_what_it_shows_with_its_text(lesson: Lesson) -> None:
    lab = lab_of(lesson)
    figure = lesson.steps[0].figure
    assert figure is not None
    lent = lend(lesson, figure, lab)
    assert (lent.source, lent.title, lent.text) == ("lesson:a-lesson/plain", "A lesson", "never too late")
    assert lent.model.spec == lab.model("plain").spec
    own = replace(figure, options=replace(figure.options, text="the sun"))
    assert lend(lesson, own, lab).text == "the sun"


def test_what_has_not_learned_yet_is_lent_as_it_would_begin_only_where_nothing_else_is_there(lesson: Lesson) -> None:
    lab = lab_of(lesson)
    figure = lesson.steps[1].figure
    assert figure is not None
    assert figure.options.models() == ("reader",)
    assert lend(lesson, figure, lab).source == "lesson:a-lesson/plain"
    alone = replace(lesson, models={"reader": lesson.models["reader"]})
    lent = lend(alone, figure, lab_of(alone))
    assert (lent.source, lent.text) == ("lesson:a-lesson/reader", "the sun")
    assert lent.model.head is None
    lab.ensure("reader")
    lent = lend(lesson, figure, lab)
    assert lent.source == "lesson:a-lesson/reader"
    assert lent.model.head is not None


def test_without_a_figure_it_is_the_lessons_first(lesson: Lesson) -> None:
    assert lend(lesson, None, lab_of(lesson)).source == "lesson:a-lesson/plain"


def test_where_nothing_can_be_lent_it_says_why(lesson: Lesson) -> None:
    bare = replace(lesson, models={})
    with pytest.raises(ValueError, match=r"^This lesson has no network of its own; the sandbox opens from home\.$"):
        lend(bare, None, lab_of(bare))
    sees = replace(lesson, models={"sees": replace(lesson.models["reader"], task="caption")})
    with pytest.raises(ValueError, match=r"^This lesson's network reads no text; the sandbox is for those that do\.$"):
        lend(sees, None, lab_of(sees))
