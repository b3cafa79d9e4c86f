"""Games, told in lines."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course.games import continuing
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import load_lesson
from tutor.plain.telling import tell
from tutor.progress import Progress

LESSON = """+++
title = "Games"
goal = "Play."

[models.writer]
task = "next-character"
corpus = "abc.txt"
hidden = 4
steps = 5

[models.keeper]
task = "recall"
steps = 5
+++

## Recall

```game
play = "recall"
ask = "Keep the first."
models = ["keeper"]
```

## Continue

```game
play = "continue"
ask = "What comes next?"
models = ["writer"]
sequences = ["step", "anchor"]
```
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    (tmp_path / "abc.txt").write_text("abcdefghijklmnopqrstuvwxyz\n")
    path = tmp_path / "01-games.md"
    path.write_text(LESSON)
    return load_lesson(path)


def told(lesson: Lesson, lab: Lab, ask: Callable[[str], str] | None = None, progress: Progress | None = None) -> str:
    out = io.StringIO()
    tell(lesson, lab, out, ask, progress)
    return out.getvalue()


def answers(*given: str) -> Callable[[str], str]:
    left = list(given)

    def ask(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


@pytest.fixture
def lab(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parent)


def test_what_is_paced_is_for_the_screen_and_waits_for_nothing(lesson: Lesson, lab: Lab) -> None:
    text = told(lesson, lab)
    assert "Keep the first.\nThis game is played on the screen, against a clock: rnn-tutor lesson games.\n" in text
    assert not lab.begun("keeper")


def test_without_anybody_the_sequences_are_told_with_their_rules(lesson: Lesson, lab: Lab) -> None:
    text = told(lesson, lab)
    for place, rule in enumerate(("step", "anchor")):
        sequel = continuing.draw(rule, place, 0)
        said = f"{' '.join(sequel.shown)}\nThe next letter is {sequel.answer} (computed).\nRule: {sequel.says}.\n"
        assert said in text
    assert not lab.begun("writer")


def test_sequences_are_continued_in_lines(lesson: Lesson, lab: Lab, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    first, second = continuing.draw("step", 0, 0), continuing.draw("anchor", 1, 0)
    wrong = "A" if second.answer != "A" else "B"
    text = told(lesson, lab, answers("12", first.answer.lower(), wrong), progress)
    assert "Answer with one letter, A to Z.\n" in text
    assert f"{first.answer} is right.\n" in text
    assert f"{wrong} is not it, the rule gives {second.answer}.\n" in text
    best = lab.model("writer").run(tuple(first.shown.lower())).next(k=3)
    assert "writer held likely: " + ", ".join(f"{t.upper()} {p:.2f}" for t, p in best) in text
    assert "1 of 2 right" in text
    kept = progress.attempts("games")
    assert [(a.key, a.kind, a.instance, a.response, a.correct) for a in kept] == [
        ("2.1", "recite", 0, "continue step", True),
        ("2.1", "recite", 0, "continue anchor", False),
    ]
    again = told(lesson, lab, answers("", ""), progress)
    assert " ".join(continuing.draw("step", 0, 2).shown) in again
    assert len(progress.attempts("games")) == 2
