"""An order, a range and a place, asked and answered in lines."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course.lab import Lab
from tutor.course.lesson import Asked, Lesson, Option
from tutor.course.load import load_lesson
from tutor.course.probes import UniformBits
from tutor.plain.answering import heard, wanted
from tutor.plain.telling import tell
from tutor.progress import Progress

LESSON = """+++
title = "A tiny lesson"
goal = "Answer in lines."

[models.tiny]
hidden = 3
text = "one two three"
+++

## Order

```predict
ask = "Which is smaller?"
order = true
answer = { probe = "ranking", among = { a = { probe = "uniform_bits", of = 8 }, b = { probe = "uniform_bits", of = 2 }, c = { probe = "uniform_bits", of = 4 } } }
options = [
  { key = "a", text = "Eight", says = "It is **three** bits." },
  { key = "b", text = "Two", says = "It is one bit." },
  { key = "c", text = "Four", says = "It is two bits." },
]
because = "At most {amount:.0f}."
```

## Range

```question
ask = "Within which?"
answer = { probe = "power", base = 2, exponent = -1 }
low = 0
high = 1
widest = 0.2
unit = "bits"
```

## Factor

```question
ask = "Within which factor?"
answer = { probe = "power", base = 2, exponent = -1 }
low = 0.001
high = 1
scale = "log"
widest = 3
```

## Step

```figure
show = "state"
model = "tiny"
```

```predict
ask = "Which step?"
point = "step"
answer = { probe = "argmax", of = "change", model = "tiny" }
because = "By {value:.2f}."
```

## Unit

```figure
show = "gates"
model = "tiny"
```

```question
ask = "Which unit?"
point = "unit"
answer = { probe = "argmax", of = "h", model = "tiny", units = true, step = 1 }
```
"""  # noqa: E501 - a table stands in one line


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    path = tmp_path / "01-tiny.md"
    path.write_text(LESSON)
    return load_lesson(path)


@pytest.fixture
def lab(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parent)


def told(lesson: Lesson, lab: Lab, *said: str, progress: Progress | None = None) -> str:
    out = io.StringIO()
    left = iter(said)

    def ask(prompt: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    tell(lesson, lab, out, ask if said else None, progress)
    return out.getvalue()


def truths(lesson: Lesson, lab: Lab) -> tuple[int, int]:
    """The true step and the true unit."""
    run = lab.run("tiny")
    return int(run.change.argmax()) + 1, int(run.hidden[0].argmax()) + 1


def test_nobody_to_ask(lesson: Lesson, lab: Lab) -> None:
    text = told(lesson, lab)
    step, unit = truths(lesson, lab)
    assert (
        "Predict: Which is smaller?\n  1 Eight\n  2 Two\n  3 Four\n"
        "  In order, the smallest first: their numbers, like 3 2 1\n\n"
        "Answer: Two < Four < Eight (computed).\n"
        "  1. Two: It is one bit.\n  2. Four: It is two bits.\n  3. Eight: It is three bits.\n"
        "At most 3.\n"
    ) in text
    assert "  a range within 0 to 1 bits, at most 0.2 wide, like 0.2..0.5\n\nAnswer: 0.5 bits (computed).\n" in text
    assert "its ends at most a factor of 3 apart" in text
    word = ("one", "two", "three")[step - 1]
    assert f"Predict: Which step?\n  a step from 1 to 3\n\nAnswer: step {step}, {word} (computed).\nBy " in text
    assert f"Question: Which unit?\n  a unit from 1 to 3\n\nAnswer: unit {unit} (computed).\n" in text
    assert text.index("token") < text.index("Predict: Which step?"), "what is pointed at is told before"


def test_right_answers(lesson: Lesson, lab: Lab, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    step, unit = truths(lesson, lab)
    said = ("2 3 1", "certain", "0.4..0.6", "0.3 0.9", str(step), "", f"h{unit}")
    text = told(lesson, lab, *said, progress=progress)
    kept = progress.attempts("tiny")
    assert [one.response for one in kept] == ["b c a", "0.4..0.6", "0.3..0.9", str(step), f"h{unit}"]
    assert [one.correct for one in kept] == [True] * 5
    assert [one.confidence for one in kept] == ["certain", None, None, None, None]
    assert "Yes: Two < Four < Eight.\n  1. Two: It is one bit.\n" in text
    assert "It is 0.5 bits; you said 0.4 to 0.6. It is in there.\n" in text
    assert f"Yes: step {step}, " in text
    assert f"Yes: unit {unit}.\n" in text


def test_wrong_answers(lesson: Lesson, lab: Lab, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    step, unit = truths(lesson, lab)
    wrong = str(step % 3 + 1), str(unit % 3 + 1)
    said = ("1 1 2", "123", "guess", "0.5", "0.6 0.9", "0.1 0.9", "4", "0", wrong[0], "guess", wrong[1])
    text = told(lesson, lab, *said, progress=progress)
    kept = progress.attempts("tiny")
    assert [one.response for one in kept] == ["a b c", "0.6..0.9", "0.1..0.9", wrong[0], f"h{wrong[1]}"]
    assert [one.correct for one in kept] == [False] * 5
    assert "Answer with each number from 1 to 3 once.\n" in text
    assert "“0.5” is not a range; write both its ends, like 0.2..0.5\n" in text
    assert "You missed it. And that is too wide. Your range is 0.3 wide; 0.2 is allowed." in " ".join(text.split())
    assert "Its ends are a factor of 9 apart; 3 is allowed." in " ".join(text.split())
    assert text.count("Answer with a number from 1 to 3.\n") == 2
    assert "Not here. It is: Two < Four < Eight.\n" in text
    assert f"Not here. It is: unit {unit}.\n" in text


OPTIONS = (Option("a", "A", "a"), Option("3", "B", "b"), Option("c", "C", "c"))


@pytest.mark.parametrize(
    ("said", "response"),
    [("2 1 3", "3 a c"), ("2,1,3", "3 a c"), ("213", "3 a c"), ("2 < 1 < 3", "3 a c"), ("C a 2", "c a 3")],
)
def test_an_order_as_people_write_it(said: str, response: str) -> None:
    assert heard(Asked(ask="?", answer=UniformBits(of=2), options=OPTIONS, order=True), said, None) == response


@pytest.mark.parametrize("said", ["1", "12", "1 2 2", "1 2 4", "1 2 3 1", "x y z", "²"])
def test_what_is_no_order(said: str) -> None:
    with pytest.raises(ValueError, match="Answer with each number from 1 to 3 once"):
        heard(Asked(ask="?", answer=UniformBits(of=2), options=OPTIONS, order=True), said, None)


def test_other_forms_are_heard_as_before() -> None:
    hear: Callable[[Asked, str], str | float] = lambda asked, said: heard(asked, said, None)  # noqa: E731
    choice = Asked(ask="?", answer=UniformBits(of=2), options=OPTIONS)
    assert hear(choice, "b") == "3"
    assert wanted(choice, None) is None
    number = Asked(ask="?", answer=UniformBits(of=2), low=0, high=9, tolerance=1)
    assert hear(number, "50%") == 0.5
    assert wanted(number, None) == "a number from 0 to 9"
