"""The picture under the brush: keys and mouse, and a caption that follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual import events

from tutor.course.figures.picture import Picture, PictureValues, look
from tutor.engine.captioner import Captioner
from tutor.engine.model import ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.app import LIGHT
from tutor.ui.figures.picture import Easel, PictureFigure

from .bench import Bench, Hand, bench

SIDE = 8


@pytest.fixture(scope="module")
def values() -> PictureValues:
    """A captioner of bars, and the scenes that it learned."""
    scenes = []
    for at in range(SIDE):
        across, down = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
        across[at], down[:, at] = 1.0, 1.0
        scenes += [(across, ("a", "bar", "across")), (down, ("a", "bar", "down"))]
    words = Vocabulary(["a", "bar", "across", "down"], end=True, start=True)
    captioner = Captioner(
        ModelSpec(cell="gru", hidden_size=8, embedding_size=4, seed=1), words, SIDE, SIDE, channels=(3, 4)
    )
    for _checkpoint in fit(captioner, scenes, TrainingSpec(steps=120, batch_size=16, learning_rate=0.02)):
        pass
    return look(captioner, scenes[0][0], tuple(scenes))


async def looked(hand: Hand[PictureFigure]) -> None:
    """Until what is drawn is what was captioned."""
    await hand.settle()
    assert np.array_equal(hand.app.figure.image, hand.app.figure.values.image)


@asynccontextmanager
async def opened(
    values: PictureValues, size: tuple[int, int] = (78, 24), seed: int = 0, step: int | None = None
) -> AsyncIterator[tuple[Bench[PictureFigure], Hand[PictureFigure], PictureFigure]]:
    figure = PictureFigure(Picture(model="eye", seed=seed, step=step), values, clock=lambda: 0.0)
    async with bench(figure, size) as (app, hand):
        yield app, hand, figure


async def test_it_begins_with_all_that_is_said(values: PictureValues) -> None:
    async with opened(values) as (app, _hand, figure):
        assert figure.position == 4
        assert "✓ it shows a bar across" in app.text
        assert "conv 1: responses" in app.text


async def test_it_can_begin_with_the_image_alone(values: PictureValues) -> None:
    async with opened(values, step=0) as (app, hand, figure):
        assert figure.position == 0
        assert "across" not in app.text
        figure.act("end")
        await hand.settle()
        assert "across" in app.text
        await hand.press("g")
        await looked(hand)
        assert figure.position == 0, "another scene begins as the first did"
    async with opened(values, step=20) as (_app, _hand, figure):
        assert figure.position == 4, "what was not written cannot be shown"


async def test_space_draws_while_the_image_has_the_keys(values: PictureValues) -> None:
    stolen: list[str] = []
    async with opened(values) as (app, hand, figure):
        app.bind("space", "stolen")
        app.action_stolen = lambda: stolen.append("space")  # type: ignore[attr-defined]
        await hand.press("up", "left", "space")
        await looked(hand)
        assert figure.image[3, 3] == 1.0
        assert figure.values.image[3, 3] == 1.0
        assert figure.values.truth is None
        assert "No one has said" in app.text
        assert stolen == []
        await hand.press("space")
        await looked(hand)
        assert figure.image[3, 3] == 0.0
        assert "✓ it shows" in app.text
        app.set_focus(None)
        await hand.press("space")
        assert stolen == ["space"]


async def test_the_cursor_stays_in_the_image(values: PictureValues) -> None:
    async with opened(values) as (_app, hand, figure):
        easel = figure.query_one(Easel)
        for keys, far, wanted in (
            (("left", "down"), ((8, 0), (0, -8)), (7, 0)),
            (("right", "up"), ((-8, 0), (0, 8)), (0, 7)),
        ):
            before = easel.cursor
            await hand.press(*keys)
            assert abs(easel.cursor[0] - before[0]) == abs(easel.cursor[1] - before[1]) == 1
            for by in far:
                easel.action_move(*by)
            await hand.press(*keys)
            assert easel.cursor == wanted


async def test_another_image_is_called_by_its_own_name(values: PictureValues) -> None:
    async with opened(values) as (app, hand, figure):
        figure._paint(values.scenes[9][0])
        await looked(hand)
        assert figure.values.said == ("a", "bar", "down")
        assert "✓ it shows a bar down" in app.text


async def test_clear_invert_and_undo(values: PictureValues) -> None:
    async with opened(values) as (app, hand, figure):
        await hand.press("i")
        await looked(hand)
        assert np.array_equal(figure.values.image, 1.0 - values.image)
        await hand.press("c")
        await looked(hand)
        assert not figure.values.image.any()
        await hand.press("c")
        assert app.told == ["It is empty already."]
        await hand.press("z")
        await looked(hand)
        assert np.array_equal(figure.values.image, 1.0 - values.image)
        await hand.press("z", "z")
        await looked(hand)
        assert np.array_equal(figure.values.image, values.image)
        assert app.told[1:] == ["Nothing was drawn that could be taken back."]


async def test_scenes_come_all_before_one_comes_again(values: PictureValues) -> None:
    async def order(seed: int) -> list[int]:
        found = []
        async with opened(values, seed=seed) as (app, hand, figure):
            for _press in range(len(values.scenes) - 1):
                figure.action_scene()
                await looked(hand)
                found.append(next(i for i, (s, _w) in enumerate(values.scenes) if np.array_equal(s, figure.image)))
                assert figure.values.truth is not None
            assert app.told == []
        return found

    first = await order(0)
    assert sorted(first) == list(range(1, len(values.scenes)))
    assert await order(1) != first


async def test_a_single_scene_has_no_other(values: PictureValues) -> None:
    alone = look(values.captioner, values.image, values.scenes[:1])
    async with opened(alone) as (app, hand, _figure):
        await hand.press("g")
        assert app.told == ["There is no other scene."]


async def test_the_stages_go_round(values: PictureValues) -> None:
    async with opened(values) as (app, hand, figure):
        for name in ("conv 1: pooled", "conv 2: responses", "conv 2: pooled", "conv 1: kernels", "conv 1: responses"):
            await hand.press("v")
            assert name in app.text
            assert figure.tables()[-1].title == name
        assert figure.tables()[:-1] == figure.values.tables()


async def test_p_plays_and_steps_write_a_word(values: PictureValues) -> None:
    async with opened(values) as (app, hand, figure):
        now = [0.0]
        figure.clock = lambda: now[0]
        await hand.press("p")
        assert figure.position == 0
        assert "across" not in app.text
        for step in (1, 2, 3):
            now[0] += 10.0
            figure.tick()
            await hand.settle()
            assert figure.position == step
        assert "across" in app.text
        assert "4 <end>" not in app.text
        await hand.press("p")
        assert not figure.playback.playing


async def test_a_change_leaves_the_step_where_it_was(values: PictureValues) -> None:
    async with opened(values) as (_app, hand, figure):
        figure.act("start")
        figure.act("forward")
        await hand.press("i")
        await looked(hand)
        assert figure.position == 1
        figure.act("end")
        await hand.press("c")
        await looked(hand)
        assert figure.position == figure.playback.length == len(figure.values.words)


async def test_the_mouse_draws_and_rubs_out_in_one_stroke(values: PictureValues) -> None:
    async with opened(values) as (_app, hand, figure):
        easel = figure.query_one(Easel)
        left, top, *_size = easel._layout.canvas
        await hand.pilot.mouse_down(Easel, offset=(left + 2, top + 3))
        await hand.pilot.hover(Easel, offset=(left + 4, top + 3))
        await hand.pilot.hover(Easel, offset=(left + 6, top + 4))
        await hand.pilot.mouse_up(Easel, offset=(left + 6, top + 4))
        await looked(hand)
        assert figure.values.image[3, 1] == figure.values.image[3, 2] == figure.values.image[4, 3] == 1.0
        assert figure.image.sum() == values.image.sum() + 3
        # Nothing is drawn when no button is down.
        await hand.pilot.hover(Easel, offset=(left + 6, top + 6))
        assert figure.image[6, 3] == 0.0
        await hand.pilot.click(Easel, offset=(left + 2, top + 3), shift=True)
        await looked(hand)
        assert figure.image[3, 1] == 0.0
        await hand.pilot.click(Easel, offset=(left + 4, top + 3), button=3)
        await looked(hand)
        assert figure.image[3, 2] == 0.0
        # The stroke is taken back as one.
        await hand.press("z", "z", "z")
        await looked(hand)
        assert np.array_equal(figure.image, values.image)


async def test_clicks_on_a_word_and_on_a_stage(values: PictureValues) -> None:
    async with opened(values) as (app, hand, figure):
        lines = app.text.split("\n")
        y = next(i for i, line in enumerate(lines) if " bar " in line)
        await hand.click(Easel, lines[y].index("bar"), y)
        assert figure.position == 2
        await hand.click(Easel, lines[0].index("conv"), 0)
        assert "conv 1: pooled" in app.text
        assert np.array_equal(figure.image, values.image)


async def test_hints_run_on_the_figure(values: PictureValues) -> None:
    async with opened(values) as (_app, hand, figure):
        own = [hint for hint in figure.hints if hint.target is figure]
        assert [hint.key for hint in own] == ["p", "g", "v", "z", "c", "i"]
        for hint in own:
            await figure.run_action(hint.action)
        await looked(hand)
        assert figure.stage == 2
        # Another scene was taken back; then no ink, and then nothing but.
        assert figure.image.all()
        assert {key for key, _does in figure.help_keys} >= {"space", "p", "g", "v", "c i", "z"}


async def test_it_fits_small_and_large_and_comes_back(values: PictureValues) -> None:
    async with opened(values, size=(120, 36)) as (app, hand, _figure):
        before = app.text
        await hand.resize(60, 8)
        small = app.text
        assert "a    bar  across <end>" in small
        assert "step 4 of 4" in small
        await hand.resize(120, 36)
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(values: PictureValues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with opened(values) as (app, hand, figure):
        easel = figure.query_one(Easel)
        assert "▾" in app.text
        app.set_focus(None)
        await hand.settle()
        assert "▾" not in app.text
        dark = easel.rows(easel.size.width, easel.size.height)
        app.theme = LIGHT.name
        await hand.settle()
        assert easel.rows(easel.size.width, easel.size.height) != dark


def test_where_a_terminal_says_it_the_half_of_a_cell_is_meant(values: PictureValues) -> None:
    # `pointer_y` has the fraction; the whole cell is its floor.
    event = events.MouseMove(None, 1.5, 2.75, 0, 0, 1, False, False, False)
    assert (event.pointer_x, event.pointer_y, event.y) == (1.5, 2.75, 2)
