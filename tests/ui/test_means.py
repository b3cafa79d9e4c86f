"""An order, a range and a place: answered by keys and by the mouse, rightly and wrongly, seen again, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from tests.course.sample import write
from tutor.course.lesson import Prediction
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.means.choice import Listed
from tutor.ui.widgets.means.confidence import Confidence
from tutor.ui.widgets.means.order import Order
from tutor.ui.widgets.means.place import Place
from tutor.ui.widgets.means.range import RangeField

LESSON = """+++
title = "Means"
goal = "Answer in every way."

[models.plain]
hidden = 4
seed = 3
text = "never too late"

[models.two]
hidden = 3
layers = 2
bidirectional = true
text = "never too late"
+++

## Order

```predict
ask = "Which is smaller?"
order = true
answer = { probe = "ranking", among = { one = { probe = "power", base = 1, exponent = 1 }, two = { probe = "power", base = 2, exponent = 1 }, three = { probe = "power", base = 3, exponent = 1 } } }
options = [
  { key = "one", text = "First", says = "It is **one**." },
  { key = "two", text = "Second", says = "It is two." },
  { key = "three", text = "Third", says = "It is three." },
]
because = "The largest is {amount:.0f}."
```

## Range

```question
ask = "Between which numbers?"
answer = { probe = "power", base = 2, exponent = -1 }
low = 0
high = 1
widest = 0.2
unit = "bits"
because = "Half."
```

## Factor

```predict
ask = "Between which powers?"
answer = { probe = "power", base = 10, exponent = -3 }
low = 1e-5
high = 1
scale = "log"
widest = 10
```

## Step

```figure
show = "state"
model = "plain"
```

```predict
ask = "Where does it move most?"
point = "step"
answer = { probe = "argmax", of = "change", model = "plain" }
because = "By {value:.2f}."
```

## Unit

```figure
show = "gates"
model = "plain"
```

```question
ask = "Which unit is largest at the end?"
point = "unit"
answer = { probe = "argmax", of = "h", model = "plain", units = true, step = 3 }
```

## Compared

```figure
show = "compare"
models = ["plain"]
texts = ["never too late", "never too soon"]
```

```question
ask = "Where do they differ?"
point = "step"
answer = { probe = "power", base = 3, exponent = 1 }
```

## Unrolled

```figure
show = "unrolled"
model = "two"
```

```question
ask = "Where does it move most?"
point = "step"
answer = { probe = "argmax", of = "change", model = "two" }
```
"""  # noqa: E501 - a table stands in one line

ORDER, RANGE, FACTOR, STEP, UNIT, COMPARED, UNROLLED = range(7)
SIZES = [(120, 36), (80, 24), (60, 20)]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write(tmp_path / "lessons", LESSON, "means").parents[1]


async def at(d, step: int):  # type: ignore[no-untyped-def]
    """Go to a step; its means."""
    await d.lesson.show_step(step)
    await d.settle()
    return d.lesson.query_one(Ask).means


def kept(d) -> tuple[str, bool | None]:  # type: ignore[no-untyped-def]
    last = d.progress.attempts("means")[-1]
    return last.response, last.correct


async def test_an_order_is_never_right_by_enter_alone(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        order = d.lesson.query_one(Order)
        assert order.response == "two three one"
        # All of it is to be read before any key is pressed.
        for line in ("▸ 1  Second", "  2  Third", "  3  First"):
            assert line in d.text
        await d.press("enter")
        assert kept(d) == ("two three one", False)
        assert "0 of 3 stand in their places" in d.text


@pytest.mark.parametrize("size", SIZES)
async def test_an_order_by_keys(desk, course, size) -> None:
    async with desk("lesson", "means", folder=course, size=size) as d:
        order = d.lesson.query_one(Order)
        for key, response, cursor in (
            ("shift+down", "three two one", 1),
            ("j", "three one two", 2),
            ("down", "three one two", 0),
            ("k", "three one two", 0),
            ("3", "one two three", 2),
            ("2", "one three two", 1),
            ("shift+up", "three one two", 0),
            ("up", "three one two", 2),
            ("1", "two three one", 0),
            ("up", "two three one", 2),
            ("1", "one two three", 0),
        ):
            await d.press(key)
            assert (order.response, order.cursor) == (response, cursor), key
        assert "k j move it" in d.text
        await d.press("9")
        assert "There are 3 places." in d.text
        await d.press("k")
        assert "It is the first already." in d.text
        await d.press("tab", "right", "enter")
        assert kept(d) == ("one two three", True)
        assert d.progress.attempts("means")[-1].confidence == "certain"
        rows = [line.strip() for line in d.text.split("\n")]
        assert any(row.startswith("✓ 1  First") for row in rows)
        assert "It is two." in d.text
        assert "The largest is 3." in d.text
        await d.press("2")
        assert order.response == "one two three"


async def test_an_order_by_the_mouse(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        order = d.lesson.query_one(Order)
        rows = list(order.query(Listed))
        await d.pilot.click(rows[2])
        assert "● 3  First" in d.text
        await d.pilot.click(rows[0])
        assert order.response == "one two three"
        assert "●" not in "".join(line[:60] for line in d.text.split("\n")[2:])
        await d.pilot.click(rows[1])
        await d.pilot.click(rows[1])
        assert order.response == "one two three"
        await d.press("enter")
        assert kept(d) == ("one two three", True)


async def test_a_wrong_order_says_what_stood_where(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        await d.press("up", "2", "enter")
        assert kept(d) == ("two one three", False)
        said = d.text
        assert "✗ 1  First  (you: 2)" in said
        assert "✗ 2  Second  (you: 1)" in said
        assert "✓ 3  Third" in said
        assert "It is one." in said
        assert "1 of 3 stand in their places" in said


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("keys", "response", "said"),
    [
        (list("0.4..0.55"), "0.4..0.55", "It is in there."),
        (list("0.4 0.6"), "0.4..0.6", "It is in there."),
        (list(".6 .5"), "0.5..0.6", "It is in there."),
        (list("0.6..0.7"), "0.6..0.7", "You missed it."),
        (list("0.1..0.6"), "0.1..0.6", "too wide. Your range is 0.5 wide; 0.2 is allowed."),
        (list("0.6..0.9"), "0.6..0.9", "You missed it. And that is too wide. Your range is 0.3 wide"),
        ([], "0.0..1.0", "It is in there, but that is too wide. Your range is 1 wide"),
        (["shift+right"] * 4 + ["tab"] + ["shift+left"] * 4, "0.4..0.6", "It is in there."),
        (["down"] + ["shift+left"] * 10, "0.0..0.0", "You missed it."),
    ],
)
async def test_a_range(desk, course, keys, response, said, size) -> None:
    async with desk("lesson", "means", folder=course, size=size) as d:
        field = await at(d, RANGE)
        assert isinstance(field, RangeField)
        await d.press(*[{".": "full_stop", " ": "space"}.get(key, key) for key in keys], "enter")
        assert kept(d) == (response, said == "It is in there.")
        assert said in " ".join(_verdict(d).split())
        assert "Half." in _verdict(d)


def _verdict(d) -> str:  # type: ignore[no-untyped-def]
    return str(d.lesson.query_one(".verdict", Static).content)


async def test_a_range_that_is_none_says_so_and_waits(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        field = await at(d, RANGE)
        await d.press("0", "full_stop", "4")
        assert "0.4▏" in d.text
        await d.press("enter")
        assert "write both its ends, like 0.2..0.5" in d.text
        assert d.lesson.shown.phase == "asking"
        await d.press("space", "x", "backspace", "space")
        assert field.typed == "0.4 "
        await d.press("left")
        assert field.typed == ""
        await d.press("left")
        assert "It goes no further" in d.text


async def test_tab_takes_the_other_end_and_then_how_sure(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        field = await at(d, FACTOR)
        assert (field.held, field.has_focus) == (0, True)
        await d.press("tab")
        assert (field.held, field.has_focus) == (1, True)
        await d.press("tab")
        assert d.lesson.query_one(Confidence).has_focus
        await d.press("shift+tab")
        assert (field.held, field.has_focus) == (1, True)
        await d.press("shift+tab", *["shift+right"] * 3, "right")
        # Sixteen steps of fifty along five powers of ten.
        assert field.ends == (pytest.approx(10**-3.4), 1)
        await d.press("up", *["shift+left"] * 5, "right")
        assert field.ends[1] == pytest.approx(10**-2.4)
        assert "×10 wide, ×10 at most" in d.text
        await d.press("enter")
        assert kept(d)[1] is True
        assert "It is in there." in _verdict(d)


async def test_the_nearer_end_follows_the_mouse(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        field = await at(d, RANGE)
        width = field.size.width
        await d.pilot.click(field, offset=(width // 2 - 3, 0))
        assert field.held == 0
        assert field.ends == (pytest.approx(0.44, abs=0.021), 1)
        await d.pilot.click(field, offset=(width // 2 + 3, 0))
        assert field.held == 0
        await d.pilot.click(field, offset=(width - 4, 0))
        assert field.held == 1
        await d.pilot.click(field, offset=(0, 0))
        assert field.ends[0] > 0.5


@pytest.mark.parametrize("size", SIZES)
async def test_a_step_is_pointed_at_in_the_figure(desk, course, size) -> None:
    async with desk("lesson", "means", folder=course, size=size) as d:
        place = await at(d, STEP)
        assert isinstance(place, Place)
        player = d.lesson.player
        assert player is not None, "the picture stands there before it is asked"
        await d.press("enter")
        assert "Go to a step in the picture." in d.text.split("\n")[-1]
        assert d.lesson.shown.phase == "asking"
        truth = int(d.lesson.asked.answer.measure(d.lesson.lab).value)
        wrong = truth % 3 + 1
        await d.press(*["down"] * wrong)
        word = ("never", "too", "late")[wrong - 1]
        assert f"▸ step {wrong}, {word}" in d.text
        await d.press("tab", "enter")
        assert kept(d) == (str(wrong), False)
        assert f"It is step {truth}, " in _verdict(d)
        assert f"you said step {wrong}, {word}." in _verdict(d)
        assert player is d.lesson.player
        assert player.position == truth
        await d.press("up" if truth > 1 else "down")
        assert place.response == str(wrong), "what was said stays said"


async def test_the_right_step_and_a_click(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        await at(d, STEP)
        truth = int(d.lesson.asked.answer.measure(d.lesson.lab).value)
        await d.pilot.click("StateMap", offset=(12, truth + 1))
        await d.settle()
        await d.press("enter")
        assert kept(d) == (str(truth), True)
        assert f"Yes: step {truth}, " in _verdict(d)


@pytest.mark.parametrize("right", [True, False])
async def test_a_unit_is_pointed_at(desk, course, right) -> None:
    async with desk("lesson", "means", folder=course) as d:
        place = await at(d, UNIT)
        player = d.lesson.player
        truth = int(str(d.lesson.asked.answer.measure(d.lesson.lab).value)[1:])
        unit = truth if right else truth % 4 + 1
        await d.press(*["right"] * (unit - 1))
        assert f"unit {unit}" in d.text
        assert place.response == f"h{unit}"
        await d.press("enter")
        assert kept(d) == (f"h{unit}", right)
        assert player.unit == truth - 1


async def test_a_row_of_two_texts_has_both_words(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        await at(d, COMPARED)
        assert "step 3, late / soon" in d.text
        await d.press("up")
        assert "step 2, too" in d.text


async def test_layers_that_wait_for_one_another_have_the_same_steps(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        place = await at(d, UNROLLED)
        player = d.lesson.player
        assert player.playback.length == 6
        await d.press(*["right"] * 5)
        assert place.response == "2"
        truth = int(d.lesson.asked.answer.measure(d.lesson.lab).value)
        await d.press("enter")
        assert player.position == 3 + truth


@pytest.mark.parametrize(
    ("step", "keys"),
    [(ORDER, ["3"]), (RANGE, [*"0", "space", "1"]), (FACTOR, ["right"]), (STEP, ["down"]), (UNIT, ["right"])],
)
async def test_a_step_seen_again_stands_as_it_was_answered(desk, course, step, keys) -> None:
    async with desk("lesson", "means", folder=course) as d:
        await at(d, step)
        await d.press(*keys)
        if isinstance(d.lesson.asked, Prediction):
            d.lesson.query_one(Confidence).level = 2
        await d.press("enter")
        before, text = d.lesson.query_one(Ask).response, _verdict(d)
        assert d.lesson.steps[step].response == before
        shown = [str(words.content) for words in d.lesson.query("Listed .words")]
        place = d.lesson.player and (d.lesson.player.position, d.lesson.player.unit)
        await at(d, (step + 1) % 7)
        await at(d, step)
        again = d.lesson.query_one(Ask)
        assert again.answered
        assert again.response == before
        assert _verdict(d) == text
        assert [str(words.content) for words in d.lesson.query("Listed .words")] == shown
        assert (d.lesson.player and (d.lesson.player.position, d.lesson.player.unit)) == place
        if isinstance(d.lesson.asked, Prediction):
            assert d.lesson.query_one(Confidence).level == 2
        assert len(d.progress.attempts("means")) == 1


async def test_the_help_says_which_keys_order_has(desk, course) -> None:
    async with desk("lesson", "means", folder=course) as d:
        await d.press("question_mark")
        assert "put it at that place" in d.text


@pytest.mark.parametrize("size", SIZES)
async def test_in_ascii_and_without_colour(desk, course, size, monkeypatch) -> None:
    monkeypatch.setenv("RNN_TUTOR_ASCII", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk("lesson", "means", folder=course, size=size) as d:
        for step in (ORDER, RANGE, FACTOR, STEP, UNIT):
            await at(d, step)
            await d.press("down") if step == STEP else await d.pilot.pause()
            assert d.text.isascii()
            assert "?" not in d.text.replace("? help", "").replace(d.lesson.asked.ask, "").replace("How sure?", "")
            await d.press("enter")
            assert d.text.isascii()
