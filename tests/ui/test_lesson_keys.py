"""What the keys of a lesson do, in each phase of a step, as the key line says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.course.sample import write
from tutor.course.lesson import Define, Lesson, Prediction, Recite
from tutor.course.load import load_lesson
from tutor.ui.computing import Shown
from tutor.ui.lesson_keys import enter_does, help_keys, hints
from tutor.ui.widgets.activity import Activity
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.define import DefineActivity
from tutor.ui.widgets.recite import ReciteActivity


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons"))


def said(lesson: Lesson, index: int, shown: Shown, ask: Ask | None = None, activity: Activity | None = None) -> str:
    step = lesson.steps[index]
    enter = enter_does(step, shown, activity, last=index == len(lesson.steps) - 1)
    return ", ".join(f"{hint.key} {hint.label}" for hint in hints(enter, step, shown, ask, activity, ()))


def test_a_prediction_is_committed(lesson: Lesson) -> None:
    asked = lesson.steps[0].asked
    assert isinstance(asked, Prediction)
    ask = Ask(asked, {})
    assert (
        said(lesson, 0, Shown(), ask)
        == "enter commit, ↑ ↓ choose, tab how sure, backspace back, s sandbox, esc home, ? help"
    )
    assert (
        said(lesson, 0, Shown(phase="working"), ask)
        == "enter wait, esc stop, backspace back, s sandbox, esc home, ? help"
    )
    assert said(lesson, 0, Shown(phase="shown"), ask) == "enter go on, backspace back, s sandbox, esc home, ? help"


def test_a_question_is_answered(lesson: Lesson) -> None:
    assert said(lesson, 2, Shown()) == "enter answer, backspace back, s sandbox, esc home, ? help"


def test_while_letters_are_typed_they_are_no_keys(lesson: Lesson) -> None:
    block = lesson.steps[3].asked
    assert isinstance(block, Recite)
    recite = ReciteActivity(block)
    assert said(lesson, 3, Shown(), activity=recite) == f"enter {recite.enter_does}, backspace back, esc home, ? help"
    done = "enter finish, backspace back, s sandbox, esc home, ? help"
    assert said(lesson, 3, Shown(phase="shown"), activity=recite) == done


def test_what_edits_a_text_has_backspace_and_the_question_mark(lesson: Lesson) -> None:
    block = Define(ask="What is it?", terms=(), answer="This.")
    other = replace(lesson, steps=(replace(lesson.steps[3], blocks=(block,)), *lesson.steps))
    assert said(other, 0, Shown(), activity=DefineActivity(block)) == "enter answer, esc home"


def test_the_help_names_the_keys_of_an_answer_until_it_is_given(lesson: Lesson) -> None:
    asked = lesson.steps[1].asked
    assert isinstance(asked, Prediction)
    ask = Ask(replace(asked, widest=2.0), {})
    usual = help_keys("commit", None, ())
    assert usual[0] == ("enter", "commit")
    asking = help_keys("commit", ask, ())
    assert [keys for keys in asking if keys not in usual] == [("0.2..0.5", "type both ends of a range")]
    ask.answered = True
    assert help_keys("commit", ask, ()) == usual
