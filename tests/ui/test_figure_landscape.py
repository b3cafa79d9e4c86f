"""The landscape on a screen: its keys, its fields, its cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.landscape import Landscape, LandscapeValues
from tutor.course.lab import Lab
from tutor.ui.app import LIGHT
from tutor.ui.figures.landscape import LandscapeFigure, LossMap
from tutor.ui.widgets.means.number import NumberField

from .bench import bench

SIZE = (78, 24)


@pytest.fixture(scope="module")
def cliff() -> LandscapeValues:
    return Landscape(steps=19, size=21).run(Lab({}, folder=Path()))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LandscapeValues:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "days.txt").write_text("the sun is up\nthe moon is down\n")
    entry = ModelEntry(task="next-word", corpus="days.txt", hidden=4, steps=20, batch=2)
    lab = Lab({"reader": entry}, folder=folder)
    lab.ensure("reader")
    return Landscape(surface="model", model="reader", size=5).run(lab)


async def test_one_step_from_the_cliff_lands_off_the_map(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        assert "unclipped, step 19: w 4.7, b -2.43, loss 5.22" in app.text
        assert "(off the map)" not in app.text
        await hand.press("g")
        assert app.figure.values.steps == 20
        assert "unclipped, step 20: w 160, b 250 (off the map), loss 1.67e+05" in app.text
        assert "steepest at step 19: ↗ 296 long, clipped ↗ 0.02" in app.text
        assert "clipped, step 20: w 5.22, b -2.29, loss 1.85" in app.text
        assert app.figure.tables()[0].rows[20][:2] == ("unclipped", 20.0)
        await hand.press("[")
        assert app.figure.values.steps == 19
        assert app.figure.values.descents == cliff.descents


async def test_steps_pressed_faster_than_they_are_walked_all_count(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        for _ in range(3):
            app.figure.action_walk(1)
        await hand.settle()
        assert app.figure.values.steps == 22
        await hand.press("]")
        assert app.figure.values.steps == 23


async def test_no_step_before_the_first_and_none_beyond_the_last(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff.walked(learning_rate=0.02, clip=1.0, steps=0)), SIZE) as (app, hand):
        await hand.press("[")
        assert app.told == ["The descents stand at their start."]
        app.figure.steps = 500
        await hand.press("g")
        assert app.told[1:] == ["They have walked 500 steps: that is all that is kept."]


async def test_clipping_is_chosen(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        both = [d.kind for d in app.figure.map.descents]
        await hand.press("c")
        clipped = [d.kind for d in app.figure.map.descents]
        signs = app.text
        await hand.press("c")
        bare = [d.kind for d in app.figure.map.descents]
        await hand.press("c")
        assert (both, clipped, bare) == (["unclipped", "clipped"], ["clipped"], ["unclipped"])
        assert [d.kind for d in app.figure.map.descents] == both
        assert app.told == ["with clipping", "without clipping", "with and without clipping"]
        assert "● clipped" in signs
        assert "○" not in signs.split("\n")[0]
        assert "clipped ↖" not in signs


async def test_the_fields_walk_anew(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        rate, clip = app.query_one("#rate", NumberField), app.query_one("#clip", NumberField)
        rate.value = 0.1
        await hand.settle()
        assert app.figure.values.learning_rate == 0.1
        clip.value = 3.0
        await hand.settle()
        assert app.figure.values.clip == 3.0
        wanted = cliff.walked(learning_rate=0.1, clip=3.0, steps=19)
        assert app.figure.values.descents == wanted.descents
        assert app.figure.map.values is app.figure.values


async def test_the_cursor_reads_any_place(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        assert app.figure.map.cursor == (10, 10)
        await hand.press("left", "up", "up")
        assert app.figure.map.cursor == (12, 9)
        place = cliff.xs[9], cliff.ys[12]
        await hand.settle()
        reading = app.figure.map.reading
        assert reading is not None
        assert (reading.x, reading.y) == place
        found = cliff.surface.at(*place)
        assert f"loss {cliff.losses[12][9]:.3g}, gradient norm {found.norm:.3g}" in app.text
        app.figure.map.cursor = (1, 0)
        await hand.press("left", "down", "down")
        assert app.figure.map.cursor == (0, 0)
        app.figure.map.cursor = (20, 19)
        await hand.press("right", "right", "up")
        assert app.figure.map.cursor == (20, 20)


async def test_in_little_room_both_steps_are_named_before_anything_else() -> None:
    edge = Landscape(start=(4.5, -2.302), steps=1, size=21).run(Lab({}, folder=Path()))
    async with bench(LandscapeFigure(edge), (58, 9)) as (app, hand):
        # The least window: six rows of the map, two lines, the fields.
        said = [
            "step 1, loss: ○ unclipped 1.8e+03   ● clipped 0.0114",
            "steepest at step 0: ↗ 30.1 long, clipped ↗ 0.02",
        ]
        assert app.lines[6:8] == said
        assert sum("╱" in line for line in app.lines[:6]) == 3
        # Who moves the cursor wants to know what it reads.
        await hand.press("left")
        await hand.settle()
        assert app.lines[6] == said[0]
        assert app.lines[7].startswith("at w 5.12, b -2.4: loss ")
        await hand.resize(78, 12)
        assert app.lines[8] == "○ unclipped, step 1: loss 1.8e+03   ● clipped, step 1: loss 0.0114"
        assert app.lines[9].startswith("at w 5.12, b -2.4: loss ")
        assert app.lines[10] == "steepest at step 0: ↗ 30.1 long, clipped ↗ 0.02: the same direction"
        await hand.resize(78, 24)
        assert "● clipped, step 1: w 4.51, b -2.28, loss 0.0114" in app.text
        await hand.press("g")
        await hand.resize(40, 9)
        assert app.lines[6].startswith("○ step 2: ")
        assert "   ● step 2: " in app.lines[6]


async def test_a_click_finds_its_point_with_every_line_under_the_map(cliff: LandscapeValues) -> None:
    for height in (9, 12, 15, 17, 24):
        async with bench(LandscapeFigure(cliff), (78, height)) as (app, hand):
            shared = app.figure.map.shared
            await hand.click(LossMap, shared.left, shared.legend + shared.rows - 1)
            assert app.figure.map.cursor == (0, 0)
            await hand.click(LossMap, 77, shared.legend + shared.rows)
            assert app.figure.map.cursor == (0, 0)
            # Where it was clicked, there it stands.
            assert app.lines[shared.legend + shared.rows - 1][shared.left + 1] == "]"


async def test_a_click_aims(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, hand):
        await hand.click(LossMap, app.figure.map.size.width - 1, 1)
        assert app.figure.map.cursor == (20, 20)
        await hand.click(LossMap, 0, 0)
        assert app.figure.map.cursor == (20, 20)


async def test_a_models_map_has_nothing_that_walks(model: LandscapeValues) -> None:
    async with bench(LandscapeFigure(model), SIZE) as (app, hand):
        assert not app.query(NumberField)
        assert "its training, step 20: u 0, v 0" in app.text
        assert "% of its way's variance lies in this plane" in app.text or "of its variance lies in them" in app.text
        await hand.press("g", "c")
        assert app.told == [
            "This is the way that its training took; nothing walks on it here.",
            "This is the way that its training took; there is nothing to clip here.",
        ]
        assert [hint.key for hint in app.figure.hints] == ["← →"]


@pytest.mark.parametrize("size", [(58, 8), (78, 11), (66, 30), (1, 1)])
async def test_it_works_in_any_room(cliff: LandscapeValues, size: tuple[int, int]) -> None:
    async with bench(LandscapeFigure(cliff), (120, 36)) as (app, hand):
        await hand.resize(*size)
        await hand.press("g", "left")
        assert app.figure.values.steps == 20
        await hand.resize(120, 36)
        app.theme = LIGHT.name
        await hand.settle()
        assert "step 20: w 160" in app.text


async def test_its_keys_are_named(cliff: LandscapeValues) -> None:
    async with bench(LandscapeFigure(cliff), SIZE) as (app, _hand):
        named = " ".join(key for key, _does in app.figure.help_keys)
        assert all(key in named for key in ("g", "]", "[", "c", "←"))
        assert [hint.key for hint in app.figure.hints] == ["g", "c", "← →"]
