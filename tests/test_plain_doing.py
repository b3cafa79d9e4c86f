"""Definitions and actions in plain text: one line of input for the one, none for the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.test_doing import LESSON
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import load_lesson
from tutor.plain.telling import tell
from tutor.progress import Progress


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    path = tmp_path / "01-tiny.md"
    path.write_text(LESSON.replace('because = "At {value:.2f} it grows', 'because = "It grows'), encoding="utf-8")
    return load_lesson(path)


def told(lesson: Lesson, ask: Callable[[str], str] | None = None, progress: Progress | None = None) -> str:
    out = io.StringIO()
    tell(lesson, Lab(lesson.models, folder=lesson.path.parent), out, ask, progress)
    return out.getvalue()


def saying(*said: str) -> Callable[[str], str]:
    """Somebody who says these in turn, then nothing."""
    left = iter(said)
    return lambda prompt: next(left, "")


def test_without_anybody_to_ask(lesson: Lesson) -> None:
    text = told(lesson)
    assert "Question: In your own words: what is h_0 of 4 [b]units[/b]?\nOne way to say it: The initial state" in text
    assert "found" not in text
    assert "Move ρ past [b]one[/b]. (on screen)\nIt grows, with 4 units.\n\nWords after the drag." in text
    assert "Open a value. (on screen)\n" in text


def test_what_was_written_is_looked_at(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    text = told(lesson, saying("", "all zeros\x1b\ud800 "), progress)
    assert "  found: zero\n  not found: before the first token. It comes first.\nOne way to say it: " in text
    (kept,) = progress.attempts("tiny")
    assert (kept.kind, kept.response, kept.correct) == ("question", "all zeros␛?", False)
    assert progress.due() == (kept,)


def test_passing_over_is_no_answer(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    text = told(lesson, saying(""), progress)
    assert "found" not in text
    assert "One way to say it: The initial state: 4 zeros." in text
    assert progress.attempts("tiny") == ()
