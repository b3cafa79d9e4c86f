"""A line of the learner's own, in plain text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.course.sample import write
from tests.course.test_adding import LESSON
from tests.test_plain_doing import saying
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import load_lesson
from tutor.plain.telling import tell
from tutor.progress import Progress


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons", LESSON))


def told(lesson: Lesson, *said: str, progress: Progress | None = None) -> tuple[str, Lab]:
    out = io.StringIO()
    lab = Lab(lesson.models, folder=lesson.path.parents[1])
    tell(lesson, lab, out, saying(*said) if progress else None, progress)
    return out.getvalue(), lab


def test_without_anybody_to_ask_it_is_the_line_of_the_lesson(lesson: Lesson) -> None:
    text, _ = told(lesson)
    assert "How does it go on?\nAdded, 3 times: the sun is green\n" in text
    assert "It is green." in text


def test_a_line_is_heard_learned_and_kept(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    text, lab = told(lesson, "down", "blue\x1b", progress=progress)
    assert "“down” follows there already: choose a word that does not.\nAdded, 3 times: the sun is blue␛\n" in text
    assert "It is blue." in text
    assert lab.entry("yours").added == "the sun is blue␛"
    (kept,) = progress.attempts("a-lesson")
    assert (kept.kind, kept.response) == ("recite", "the sun is blue␛")
    text, _ = told(lesson, progress=progress)
    assert "Added, 3 times: the sun is blue␛\n" in text, "on another day"
