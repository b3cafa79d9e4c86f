"""A line of the learner's own, written on a screen: learned, kept, and there again."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from tests.course.sample import write
from tests.course.test_adding import LESSON
from tutor.ui.widgets.add import LineField


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write(tmp_path / "lessons", LESSON).parents[1]


async def test_a_line_is_written_and_learned(desk, course: Path) -> None:
    async with desk("lesson", "a-lesson", folder=course) as d:
        assert isinstance(d.app.focused, LineField)
        assert "the sun is" in d.text
        assert "green, or another word" in d.text
        assert "enter add it" in d.text
        assert "sandbox" not in d.text
        for key in ("n", "o", "space", "s", "question_mark", "backspace"):
            await d.press(key)
        assert d.lesson.query_one(LineField).value == "no s"
        d.clock.now = 5.0
        await d.press("enter")
        assert "Added, 3 times: the sun is no s" in d.text
        assert d.lesson.lab.entry("yours").added == "the sun is no s"
        assert not d.lesson.lab.begun("yours"), "it learns where it is asked for"
        (kept,) = d.progress.attempts("a-lesson")
        assert (kept.kind, kept.response, kept.correct, kept.seconds) == ("recite", "the sun is no s", None, 5.0)
        await d.press("enter", "enter")
        assert "It is no." in d.text
        assert d.lesson.lab.ready("yours")
        before = d.text
        await d.press("backspace")
        assert "Added, 3 times: the sun is no s" in d.text
        await d.press("enter")
        assert d.text == before


async def test_what_was_written_is_there_on_another_day(desk, course: Path, tmp_path: Path) -> None:
    async with desk("lesson", "a-lesson", folder=course, data=tmp_path / "kept") as d:
        await d.press("b", "l", "u", "e", "enter")
    async with desk("lesson", "a-lesson", folder=course, data=tmp_path / "kept") as d:
        assert "blue, or another word" in d.text
        await d.press("enter")
        assert "Added, 3 times: the sun is blue" in d.text
        await d.press("enter", "enter")
        assert "It is blue." in d.text
        assert len([one for one in d.progress.attempts("a-lesson") if one.kind == "recite"]) == 1


async def test_what_cannot_be_added_says_why_and_stays(desk, course: Path) -> None:
    async with desk("lesson", "a-lesson", folder=course) as d:
        await d.press("u", "p", "enter")
        assert "“up” follows there already: choose a word that does not." in d.text
        assert d.lesson.shown.phase == "asking"
        assert d.lesson.query_one(LineField).value == "up"
        assert d.lesson.lab.entry("yours").added == "the sun is green"
        await d.press("p", "e", "r", "enter")
        assert "Added, 3 times: the sun is upper" in d.text


async def test_a_paste_is_one_line_that_no_terminal_obeys(desk, course: Path) -> None:
    async with desk("lesson", "a-lesson", folder=course) as d:
        d.app.focused.post_message(events.Paste("re\x1b[31md\r\nand\ud800 more"))
        await d.settle()
        assert d.lesson.query_one(LineField).value == "re␛[31md and? more"
        d.app.focused.post_message(events.Paste("x" * 1_000_000))
        await d.settle()
        assert d.lesson.query_one(LineField).value == "re␛[31md and? more"
        assert "That is 1000000 characters, and a line takes 2000." in d.text
        d.app.focused.post_message(events.Paste("x" * 60))
        await d.settle()
        await d.press("enter")
        assert "60 are enough for one line" in d.text
        assert d.lesson.shown.phase == "asking"


async def test_a_line_anew_makes_later_steps_new(desk, course: Path) -> None:
    async with desk("lesson", "a-lesson", folder=course) as d:
        await d.lesson.show_step(1)
        await d.settle()
        await d.press("enter")
        assert "It is green." in d.text
        await d.press("backspace")
        assert d.lesson.index == 0
        await d.press("b", "l", "u", "e", "enter", "enter")
        assert d.lesson.index == 1
        assert d.lesson.shown.phase == "asking", "what was shown was another network's"
        await d.press("enter")
        assert "It is blue." in d.text
