"""Which screen is in front: keys that come twice, a window that is too small, a figure that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from tutor.sandbox.experiment import Experiment
from tutor.ui.app import RnnTutorApp
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.learning import LearningScreen
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.overlays import TooSmallScreen
from tutor.ui.screens.sandbox import SandboxScreen


def kinds(app: RnnTutorApp) -> list[str]:
    return [type(screen).__name__ for screen in app.screen_stack if type(screen).__name__ != "Screen"]


async def test_what_leaves_twice_leaves_once(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        d.app.screen.post_message(SandboxScreen.Left())
        d.app.screen.post_message(SandboxScreen.Left())
        await d.settle()
        assert kinds(d.app) == ["HomeScreen"]
        d.app.post_message(HomeScreen.SandboxChosen())
        d.app.post_message(HomeScreen.SandboxChosen())
        await d.settle()
        assert kinds(d.app) == ["HomeScreen", "SandboxScreen"]
        for _twice in range(2):
            d.app.screen.post_message(SandboxScreen.TrainWanted())
        await d.settle()
        await d.press("escape")
        assert kinds(d.app) == ["HomeScreen", "SandboxScreen", "LearningScreen"]
        screen = d.app.screen
        for _twice in range(2):
            screen.post_message(LearningScreen.Left())
        await d.settle()
        assert kinds(d.app) == ["HomeScreen", "SandboxScreen"]


async def test_a_lesson_is_opened_and_left_once(desk) -> None:
    async with desk() as d:
        name = d.app.outlines[0].id
        for _twice in range(2):
            d.app.post_message(HomeScreen.LessonChosen(name))
        await d.settle()
        assert kinds(d.app) == ["HomeScreen", "LessonScreen"]
        screen = d.app.screen
        for _twice in range(2):
            screen.post_message(LessonScreen.Left())
        await d.settle()
        assert kinds(d.app) == ["HomeScreen"]


async def test_a_sandbox_from_the_palette_is_kept_and_is_there_once(desk) -> None:
    async with desk() as d:
        d.app.open_lesson(d.app.outlines[0].id)
        await d.settle()
        d.app.open_sandbox()
        await d.settle()
        sandbox = d.app.screen
        assert isinstance(sandbox, SandboxScreen)
        d.app.open_learning()
        await d.press("escape")
        assert isinstance(d.app.screen, LearningScreen)
        # From there, and from a lesson in front of it, it is the same one.
        d.app.open_sandbox()
        assert d.app.screen is sandbox
        d.app.open_lesson(d.app.outlines[1].id)
        await d.settle()
        assert kinds(d.app) == ["HomeScreen", "LessonScreen", "SandboxScreen", "LessonScreen"]
        d.app.open_sandbox()
        assert d.app.screen is sandbox
        await d.press("escape")
        assert kinds(d.app) == ["HomeScreen", "LessonScreen"]
        d.app.open_sandbox()
        assert d.app.screen is sandbox


async def test_what_opens_in_a_small_window_waits_behind_the_word(desk) -> None:
    async with desk(size=(50, 15)) as d:
        assert isinstance(d.app.screen, TooSmallScreen)
        d.app.open_lesson(d.app.outlines[0].id)
        d.app.open_sandbox()
        await d.settle()
        assert isinstance(d.app.screen, TooSmallScreen)
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        assert kinds(d.app) == ["HomeScreen", "LessonScreen", "SandboxScreen"]


async def test_a_window_that_grows_behind_the_help_is_large_enough_after_it(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.pilot.resize_terminal(50, 15)
        await d.settle()
        await d.press("ctrl+p")
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        await d.press("escape")
        assert isinstance(d.app.screen, SandboxScreen)
        await d.pilot.resize_terminal(50, 15)
        await d.settle()
        assert kinds(d.app).count("TooSmallScreen") == 1


async def test_whoever_goes_elsewhere_waits_for_no_lesson(desk) -> None:
    async with desk() as d:
        course, d.app.course = d.app.course, None
        d.app.open_lesson(d.app.outlines[0].id)
        d.app.open_sandbox()
        await d.settle()
        d.app.post_message(RnnTutorApp.CourseLoaded(course))
        await d.settle()
        assert isinstance(d.app.screen, SandboxScreen)


async def test_the_figure_that_is_saved_is_the_one_in_front_then(
    desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with desk("sandbox", experiment=Experiment("a b c")) as d:
        screen = d.app.screen
        await d.press("x")
        screen.action_look("unrolled")
        await d.settle()
        await d.press("enter")
        assert "Saved" in d.text
        (saved,) = tmp_path.iterdir()
        assert "unrolled" in saved.name


@pytest.mark.parametrize("key", ["o", "k", "i", "question_mark"])
@pytest.mark.parametrize("learning", [False, True])
async def test_keys_that_come_together_close_one_screen(desk, key: str, learning: bool) -> None:
    """A held enter, or a slow line: those after the one that closed it are not for the screens behind it."""
    async with desk("sandbox", experiment=Experiment()) as d:
        if learning:
            d.app.open_learning(d.app.course_folder / "data" / "kitchen.txt")
            await d.settle()
        before = kinds(d.app)
        await d.press(key)
        for _turn in range(4):
            d.app.post_message(events.Key("enter", "\r"))
        await d.settle()
        assert kinds(d.app)[: len(before)] == before
