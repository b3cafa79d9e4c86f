"""The picture under the brush: keys and mouse, and a caption that follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.course.figures.picture import Picture, PictureValues, look
from tutor.engine.captioner import Captioner
from tutor.engine.model import ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.picture import Easel, PictureFigure

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


class Bench(App[None]):
    """The figure alone, with a screen whose space would play."""

    BINDINGS = [("space", "stolen", "play")]

    def __init__(self, figure: PictureFigure) -> None:
        super().__init__()
        self.figure = figure
        self.told: list[str] = []
        self.stolen = 0
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.figure

    def action_stolen(self) -> None:
        self.stolen += 1

    @on(Figure.Told)
    def keep(self, message: Figure.Told) -> None:
        self.told.append(message.word)

    @property
    def text(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


async def settle(pilot: Pilot[None]) -> None:
    """Until what is drawn is what was captioned."""
    for _turn in range(50):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        figure = pilot.app.query_one(PictureFigure)
        if np.array_equal(figure.image, figure.values.image):
            return
    raise AssertionError("it was never looked at")


@asynccontextmanager
async def bench(
    values: PictureValues, size: tuple[int, int] = (78, 24), seed: int = 0
) -> AsyncIterator[tuple[Bench, Pilot[None], PictureFigure]]:
    clock = [0.0]
    figure = PictureFigure(Picture(model="eye", seed=seed), values, clock=lambda: clock[0])
    app = Bench(figure)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        figure.query_one(Easel).focus()
        await pilot.pause()
        yield app, pilot, figure


async def test_it_begins_with_all_that_is_said(values: PictureValues) -> None:
    async with bench(values) as (app, _pilot, figure):
        assert figure.position == 4
        assert "✓ it shows a bar across" in app.text
        assert "conv 1: responses" in app.text


async def test_space_draws_while_the_image_has_the_keys(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        await pilot.press("up", "left", "space")
        await settle(pilot)
        assert figure.image[3, 3] == 1.0
        assert figure.values.image[3, 3] == 1.0
        assert figure.values.truth is None
        assert "No one has said" in app.text
        assert app.stolen == 0
        await pilot.press("space")
        await settle(pilot)
        assert figure.image[3, 3] == 0.0
        assert "✓ it shows" in app.text
        app.set_focus(None)
        await pilot.press("space")
        assert app.stolen == 1


async def test_the_cursor_stays_in_the_image(values: PictureValues) -> None:
    async with bench(values) as (_app, pilot, figure):
        easel = figure.query_one(Easel)
        for keys, far, wanted in (
            (("left", "down"), ((8, 0), (0, -8)), (7, 0)),
            (("right", "up"), ((-8, 0), (0, 8)), (0, 7)),
        ):
            before = easel.cursor
            await pilot.press(*keys)
            assert abs(easel.cursor[0] - before[0]) == abs(easel.cursor[1] - before[1]) == 1
            for by in far:
                easel.action_move(*by)
            await pilot.press(*keys)
            assert easel.cursor == wanted


async def test_another_image_is_called_by_its_own_name(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        figure._paint(values.scenes[9][0])
        await settle(pilot)
        assert figure.values.said == ("a", "bar", "down")
        assert "✓ it shows a bar down" in app.text


async def test_clear_invert_and_undo(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        await pilot.press("i")
        await settle(pilot)
        assert np.array_equal(figure.values.image, 1.0 - values.image)
        await pilot.press("c")
        await settle(pilot)
        assert not figure.values.image.any()
        await pilot.press("c")
        await pilot.pause()
        assert app.told == ["It is empty already."]
        await pilot.press("z")
        await settle(pilot)
        assert np.array_equal(figure.values.image, 1.0 - values.image)
        await pilot.press("z", "z")
        await settle(pilot)
        assert np.array_equal(figure.values.image, values.image)
        assert app.told[1:] == ["Nothing was drawn that could be taken back."]


async def test_scenes_come_all_before_one_comes_again(values: PictureValues) -> None:
    async def order(seed: int) -> list[int]:
        found = []
        async with bench(values, seed=seed) as (app, pilot, figure):
            for _press in range(len(values.scenes) - 1):
                figure.action_scene()
                await settle(pilot)
                found.append(next(i for i, (s, _w) in enumerate(values.scenes) if np.array_equal(s, figure.image)))
                assert figure.values.truth is not None
            assert app.told == []
        return found

    first = await order(0)
    assert sorted(first) == list(range(1, len(values.scenes)))
    assert await order(1) != first


async def test_a_single_scene_has_no_other(values: PictureValues) -> None:
    alone = look(values.captioner, values.image, values.scenes[:1])
    async with bench(alone) as (app, pilot, _figure):
        await pilot.press("g")
        await pilot.pause()
        assert app.told == ["There is no other scene."]


async def test_the_stages_go_round(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        for name in ("conv 1: pooled", "conv 2: responses", "conv 2: pooled", "conv 1: kernels", "conv 1: responses"):
            await pilot.press("v")
            assert name in app.text
            assert figure.tables()[-1].title == name
        assert figure.tables()[:-1] == figure.values.tables()


async def test_p_plays_and_steps_write_a_word(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        now = [0.0]
        figure.clock = lambda: now[0]
        await pilot.press("p")
        assert figure.position == 0
        assert "across" not in app.text
        for step in (1, 2, 3):
            now[0] += 10.0
            figure.tick()
            await pilot.pause()
            assert figure.position == step
        assert "across" in app.text
        assert "4 <end>" not in app.text
        await pilot.press("p")
        assert not figure.playback.playing


async def test_a_change_leaves_the_step_where_it_was(values: PictureValues) -> None:
    async with bench(values) as (_app, pilot, figure):
        figure.act("start")
        figure.act("forward")
        await pilot.press("i")
        await settle(pilot)
        assert figure.position == 1
        figure.act("end")
        await pilot.press("c")
        await settle(pilot)
        assert figure.position == figure.playback.length == len(figure.values.words)


async def test_the_mouse_draws_and_rubs_out_in_one_stroke(values: PictureValues) -> None:
    async with bench(values) as (_app, pilot, figure):
        easel = figure.query_one(Easel)
        left, top, *_size = easel._layout.canvas
        await pilot.mouse_down(Easel, offset=(left + 2, top + 3))
        await pilot.hover(Easel, offset=(left + 4, top + 3))
        await pilot.hover(Easel, offset=(left + 6, top + 4))
        await pilot.mouse_up(Easel, offset=(left + 6, top + 4))
        await settle(pilot)
        assert figure.values.image[3, 1] == figure.values.image[3, 2] == figure.values.image[4, 3] == 1.0
        assert figure.image.sum() == values.image.sum() + 3
        # Nothing is drawn when no button is down.
        await pilot.hover(Easel, offset=(left + 6, top + 6))
        assert figure.image[6, 3] == 0.0
        await pilot.click(Easel, offset=(left + 2, top + 3), shift=True)
        await settle(pilot)
        assert figure.image[3, 1] == 0.0
        await pilot.click(Easel, offset=(left + 4, top + 3), button=3)
        await settle(pilot)
        assert figure.image[3, 2] == 0.0
        # The stroke is taken back as one.
        await pilot.press("z", "z", "z")
        await settle(pilot)
        assert np.array_equal(figure.image, values.image)


async def test_clicks_on_a_word_and_on_a_stage(values: PictureValues) -> None:
    async with bench(values) as (app, pilot, figure):
        lines = app.text.split("\n")
        y = next(i for i, line in enumerate(lines) if " bar " in line)
        await pilot.click(Easel, offset=(lines[y].index("bar"), y))
        assert figure.position == 2
        await pilot.click(Easel, offset=(lines[0].index("conv"), 0))
        await pilot.pause()
        assert "conv 1: pooled" in app.text
        assert np.array_equal(figure.image, values.image)


async def test_hints_run_on_the_figure(values: PictureValues) -> None:
    async with bench(values) as (_app, pilot, figure):
        own = [hint for hint in figure.hints if hint.target is figure]
        assert [hint.key for hint in own] == ["p", "g", "v", "z", "c", "i"]
        for hint in own:
            await figure.run_action(hint.action)
        await settle(pilot)
        assert figure.stage == 2
        # Another scene was taken back; then no ink, and then nothing but.
        assert figure.image.all()
        assert {key for key, _does in figure.help_keys} >= {"space", "p", "g", "v", "c i", "z"}


async def test_it_fits_small_and_large_and_comes_back(values: PictureValues) -> None:
    async with bench(values, size=(120, 36)) as (app, pilot, _figure):
        before = app.text
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        small = app.text
        assert "a    bar  across <end>" in small
        assert "step 4 of 4" in small
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(values: PictureValues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with bench(values) as (app, pilot, figure):
        easel = figure.query_one(Easel)
        assert "▾" in app.text
        app.set_focus(None)
        await pilot.pause()
        assert "▾" not in app.text
        dark = easel.rows(easel.size.width, easel.size.height)
        app.theme = LIGHT.name
        await pilot.pause()
        assert easel.rows(easel.size.width, easel.size.height) != dark


def test_where_a_terminal_says_it_the_half_of_a_cell_is_meant(values: PictureValues) -> None:
    # `pointer_y` has the fraction; the whole cell is its floor.
    event = events.MouseMove(None, 1.5, 2.75, 0, 0, 1, False, False, False)
    assert (event.pointer_x, event.pointer_y, event.y) == (1.5, 2.75, 2)
