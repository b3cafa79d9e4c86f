"""Steps that wait for what a learner does: a definition in their own words, and something done in a figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Static

from tests.course.sample import write
from tutor.ui.figures.gradient import GradientFigure
from tutor.ui.figures.state import StateFigure
from tutor.ui.widgets.define import DefinitionField
from tutor.ui.widgets.means.number import NumberField

LESSON = """+++
title = "Tiny"
goal = "Do things."

[models.plain]
hidden = 4
text = "never too late"

[values]
units = { probe = "count", model = "plain", what = "units" }
+++

## Bet

```predict
ask = "How many units?"
answer = { probe = "count", model = "plain", what = "units" }
low = 0
high = 10
tolerance = 0.1
because = "As built."
```

## Define

```define
ask = "In your own words: what is `h_0` of {units} [b]units[/b]?"
terms = [
  { any = ["zero", "0"], says = "Nothing was read, so each of {units} is [same]." },
  { any = ["before the first token", "initial"], says = "It comes first." },
]
answer = "The initial state: {units} zeros."
```

Words after {units}.

## Drag

```figure
show = "gradient"
slider = true
radii = [0.99]
```

```do
ask = "Move ρ past [b]one[/b]."
until = { of = "radius", above = 1.0 }
because = "At {value:.2f} it grows, with {units} units."
```

Words after the drag.

## Open

```figure
show = "state"
model = "plain"
```

```do
ask = "Open a value."
until = { of = "opened", is = true }
```

## Read

```figure
show = "state"
model = "plain"
```

```do
ask = "Read it to the end."
until = { of = "step", is = 3 }
```

## Back

```figure
show = "gradient"
slider = true
radii = [1.2]
```

```do
ask = "Stay above one."
until = { of = "radius", above = 1.0 }
```
"""
DEFINE, DRAG, OPEN, READ, BACK = 1, 2, 3, 4, 5


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write(tmp_path / "lessons", LESSON, "tiny").parents[1]


async def go(d, step: int) -> None:
    await d.lesson.show_step(step)
    await d.settle()


async def put(d, text: str) -> None:
    d.lesson.query_one(DefinitionField).insert(text)
    await d.settle()


async def test_a_definition_is_written_and_looked_at(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        assert "what is h_0 of 4 [b]units[/b]?" in d.text
        assert isinstance(d.app.focused, DefinitionField)
        assert "enter answer" in d.text
        assert "sandbox" not in d.text
        assert "backspace" not in d.text
        for key in ("n", "x", "s", "w", "t", "question_mark", "backspace", "ctrl+j"):
            await d.press(key)
        assert d.lesson.query_one(DefinitionField).text == "nxswt\n"
        d.clock.now = 7.0
        await put(d, "all [ZEROS]")
        await d.press("enter")
        assert d.lesson.shown.phase == "shown"
        assert "You wrote: nxswt all [ZEROS]" in d.text
        assert "found      zero" in d.text
        assert "not found  before the first token: It comes first." in d.text
        assert "One way to say it: The initial state: 4 zeros." in d.text
        assert "Words after 4." in d.text
        assert "wrong" not in d.text.casefold()
        (kept,) = d.progress.attempts("tiny")
        assert (kept.kind, kept.response, kept.correct, kept.seconds) == ("question", "nxswt all [ZEROS]", False, 7.0)
        assert d.progress.due() == (kept,)
        before = d.text
        await go(d, DRAG)
        await d.press("backspace")
        assert d.text == before, "what was written is there again"
        await d.press("enter")
        assert d.lesson.index == DRAG


async def test_every_term_is_right(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        await put(d, "initially nothing: the initial state is 0")
        await d.press("enter")
        assert d.progress.attempts("tiny")[-1].correct is True
        assert d.progress.due() == ()
        assert "not found" not in d.text


async def test_nothing_is_skipped_by_one_key_alone(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        await d.press("space", "enter")
        assert "Nothing is written yet: enter once more skips it." in d.text
        assert d.lesson.shown.phase == "asking"
        await d.press("a", "backspace", "enter")
        assert d.lesson.shown.phase == "asking", "something was written in between"
        await d.press("enter")
        assert d.lesson.shown.phase == "shown"
        assert "Nothing is written yet" not in d.text, "what was asked is over"
        assert "enter go on" in d.text
        assert "One way to say it: The initial state: 4 zeros." in d.text
        assert "found" not in d.text
        assert d.progress.attempts("tiny") == ()


async def test_what_a_terminal_would_obey_is_not_written(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        field = d.lesson.query_one(DefinitionField)
        d.app.post_message(events.Paste("a\x1b[31m\ud800\r\nb\t0"))
        await d.settle()
        assert field.text == "a␛[31m?\nb 0"
        await d.press("enter")
        assert "You wrote: a␛[31m? b 0" in d.text
        assert d.progress.attempts("tiny")[-1].response == "a␛[31m? b 0"


async def test_a_book_is_no_definition(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        await put(d, "zero " * 500)
        await d.press("enter")
        assert "That is 2499 letters: a definition is shorter than 2000." in d.text
        assert d.lesson.shown.phase == "asking"


async def test_an_action_is_waited_for(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DRAG)
        assert "Move ρ past [b]one[/b]." in d.text
        assert "enter skip" in d.text
        assert isinstance(d.app.focused, NumberField)
        await d.press("right")
        assert d.lesson.shown.phase == "asking"
        assert "Words after the drag." not in d.text
        await d.press("right")
        assert d.lesson.shown.phase == "shown"
        assert "Done: 1.01. At 1.01 it grows, with 4 units." in " ".join(d.text.split())
        assert "Words after the drag." in d.text
        figure = d.lesson.query_one(GradientFigure)
        assert figure.facts["radius"] == 1.01, "the figure stays as the learner left it"
        assert isinstance(d.app.focused, NumberField)
        await d.press("right")
        assert figure.facts["radius"] == 1.02
        assert d.progress.attempts("tiny") == (), "an action is no answer"
        await d.press("enter")
        assert d.progress.completed("tiny") == {DRAG}
        await d.press("backspace")
        assert "Done: 1.01. At 1.01 it grows" in d.text, "what was done is seen again"
        assert d.lesson.shown.phase == "shown"


async def test_a_switch_is_done(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, OPEN)
        await d.press("full_stop")
        assert d.lesson.shown.phase == "asking"
        await d.press("w")
        assert d.lesson.shown.phase == "shown"
        assert "Done." in d.text
        assert d.lesson.query_one(StateFigure).opened


async def test_a_place_is_told_by_what_it_is_one_of(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, READ)
        await d.press("end")
        assert d.lesson.shown.phase == "shown"
        assert "Done: step 3." in d.text


async def test_how_it_stands_at_first_does_not_count(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, BACK)
        assert d.lesson.query_one(GradientFigure).facts["radius"] == 1.2
        assert d.lesson.shown.phase == "asking"
        await d.press("v")
        assert d.lesson.shown.phase == "asking", "something else changed"
        await d.press("left")
        assert "Done: 1.19." in d.text


@pytest.mark.parametrize("step", [DRAG, OPEN])
async def test_an_action_is_skipped_or_passed_over(desk, course: Path, step: int) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, step)
        await d.press("n")
        assert d.lesson.index == step + 1
        assert step not in d.progress.completed("tiny")
        await d.press("backspace")
        assert d.lesson.shown.phase == "asking"
        await d.press("enter")
        assert d.lesson.shown.phase == "shown"
        assert "Done" not in d.text
        if step == DRAG:
            assert "Words after the drag." in d.text
        await d.press("right", "right", "right")
        assert "Done" not in d.text, "what was skipped is not done afterwards"


@pytest.mark.parametrize("size", [(60, 20), (80, 24)], ids=["60x20", "80x24"])
@pytest.mark.parametrize("plain", [False, True], ids=["colours", "ascii"])
async def test_it_fits(desk, course: Path, size: tuple[int, int], plain: bool, monkeypatch) -> None:
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("RNN_TUTOR_ASCII", "1")
    async with desk("lesson", "tiny", folder=course, size=size) as d:
        await go(d, DEFINE)
        assert "in your own words" in d.text
        await d.press("a", "left")
        field = d.lesson.query_one(DefinitionField)
        row = d.app.screen._compositor.render_strips()[field.region.y + 1]
        assert any(one.text == "a" and one.style and one.style.reverse for one in row), "the cursor is seen"
        await d.press("enter")
        assert "not found" in d.text
        assert "One way to say it" in d.text
        await go(d, DRAG)
        await d.press("right", "right")
        assert "Done: 1.01." in d.text
        assert "1.01" in d.text.split("\n")[-2], "the slider is in view"
        assert not plain or d.text.isascii()


async def test_what_the_screen_says_is_never_markup(desk, course: Path) -> None:
    async with desk("lesson", "tiny", folder=course) as d:
        await go(d, DEFINE)
        await put(d, "[red]x[/red] [@click=app.quit]y[/]")
        await d.press("enter")
        assert "[red]x[/red] [@click=app.quit]y[/]" in d.text
        assert "each of 4 is [same]." in d.text
        verdict = d.lesson.query_one("#words .verdict", Static)
        assert "[same]" in str(verdict.render())
