"""Home: where a person starts, and what it says when something is wrong."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from textual.widgets import OptionList

from tutor.course import load
from tutor.course.outline import lessons_dir, read_outlines
from tutor.progress import Progress
from tutor.ui.app import RnnTutorApp, Start
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.overlays import TooSmallScreen
from tutor.ui.screens.sandbox import SandboxScreen


async def test_it_shows_the_lessons_and_opens_one(desk, tmp_path: Path) -> None:
    async with desk() as d:
        for outline in read_outlines(lessons_dir())[0]:
            assert outline.title in d.text
        assert not (tmp_path / "data").exists(), "nothing is stored before a lesson is opened"
        await d.press("down", "down", "enter")
        assert isinstance(d.app.screen, LessonScreen)
        assert d.lesson.lesson.id == "the-recurrent-cell"
        assert list((tmp_path / "data").glob("*.db"))
        await d.press("escape")
        assert isinstance(d.app.screen, HomeScreen)


async def test_progress_shows_and_leads_on(desk) -> None:
    async with desk() as d:
        for step in range(12):
            d.progress.complete("order-matters", step)
        d.app.screen.show_progress(move=True)
        await d.settle()
        assert "1 of 18 lessons" in d.text
        assert "✓ Order matters" in d.text
        assert "▸ Words become vectors" in d.text


async def test_s_opens_the_sandbox(desk) -> None:
    async with desk() as d:
        await d.press("s")
        assert isinstance(d.app.screen, SandboxScreen)


async def test_the_mouse_opens_a_lesson(desk) -> None:
    async with desk() as d:
        await d.pilot.click("LessonList", offset=(8, 3))
        await d.settle()
        assert d.app.screen.query_one("LessonList").cursor == 1
        await d.pilot.click("LessonList", offset=(8, 3))
        await d.settle()
        assert d.lesson.lesson.id == "words-become-vectors"


async def test_a_broken_lesson_is_named_and_left_out(desk, tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    shutil.copytree(lessons_dir(), folder)
    broken = folder / "01-memory" / "03-the-recurrent-cell.md"
    text = broken.read_text(encoding="utf-8")
    line = text.split("\n").index('show = "state"') + 1
    broken.write_text(text.replace('show = "state"', 'show = "stare"', 1), encoding="utf-8")
    async with desk(folder=folder, size=(200, 60)) as d:
        flat = " ".join(d.text.split())
        assert "Order matters" in d.text
        assert "   The recurrent cell" not in d.text
        assert f"03-the-recurrent-cell.md:{line}:" in flat.replace(" ", "") or f"md:{line}:" in flat
        await d.press("enter")
        assert isinstance(d.app.screen, LessonScreen)


async def test_a_home_that_cannot_be_written(desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    async with desk(data=tmp_path / "file" / "data") as d:
        await d.press("down", "down", "enter", "down", "enter")
        assert d.lesson.shown.phase == "shown"
        assert d.progress.problem
        assert d.progress.attempts("the-recurrent-cell"), "nothing is lost on screen"
        await d.press("escape")
        assert "sav" in d.text or "keep" in d.text or "kept" in d.text


async def test_a_damaged_store_is_said_and_kept(desk, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with desk() as d:
        await d.press("enter")
    store = next(data.glob("*.db"))
    store.write_bytes(b"this is no database" * 100)
    async with desk() as d:
        assert d.progress.problem
        assert "damaged" in d.text
        await d.press("enter", "enter")
        assert isinstance(d.app.screen, LessonScreen)
    kept = [path for path in data.iterdir() if path.read_bytes() == b"this is no database" * 100]
    assert len(kept) == 1


async def test_a_newer_store_is_left_alone(desk, tmp_path: Path) -> None:
    async with desk() as d:
        await d.press("enter")
    store = next((tmp_path / "data").glob("*.db"))
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = store.read_bytes()
    async with desk() as d:
        assert d.progress.problem
        await d.press("enter", "enter")
    assert store.read_bytes() == before


async def test_a_small_window_says_what_it_needs_and_loses_nothing(desk) -> None:
    async with desk("lesson", "the-recurrent-cell", size=(80, 24)) as d:
        await d.press("down", "down")
        before = d.text
        await d.pilot.resize_terminal(59, 24)
        await d.settle()
        assert isinstance(d.app.screen, TooSmallScreen)
        assert "60×20" in d.text
        assert "59×24" in d.text
        await d.press("down", "enter")
        await d.pilot.resize_terminal(60, 19)
        await d.settle()
        assert "60×19" in d.text
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        assert d.text == before


async def test_it_starts_small_and_grows(desk) -> None:
    async with desk(size=(40, 10)) as d:
        assert "60×20" in d.text
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        assert "Order matters" in d.text


async def test_ctrl_q_leaves_from_anywhere(desk) -> None:
    async with desk("sandbox") as d:
        await d.press("ctrl+q")
        assert d.app.return_value == 0


async def test_home_explains_itself(desk) -> None:
    async with desk(size=(80, 24)) as d:
        await d.press("escape")
        assert "This is home" in d.text
        await d.press("question_mark")
        assert "what you answered is kept" in d.text
        await d.press("escape")
        assert isinstance(d.app.screen, HomeScreen)


async def test_the_palette_leads_to_themes_lessons_and_the_sandbox(desk) -> None:
    async with desk() as d:
        await d.press("ctrl+p")
        # All of them, in sight or below: whose commands come first is not said.
        offered = [str(option.prompt) for option in d.app.screen.query_one(OptionList).options]
        for name in ("Theme", "Sandbox", "Order matters", "Words become vectors"):
            assert any(said.startswith(name) for said in offered), name
        for letter in "vanishing":
            await d.pilot.press(letter)
        await d.settle()
        assert "Order matters" not in d.text.split("Vanishing")[0].split("Search")[-1]
        await d.press("down", "enter")
        await d.settle()
        assert d.lesson.lesson.id == "vanishing-and-exploding"


async def test_markup_in_a_lesson_is_shown_as_it_is(desk, tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    shutil.copytree(lessons_dir(), folder)
    lesson = folder / "01-memory" / "03-the-recurrent-cell.md"
    text = lesson.read_text(encoding="utf-8")
    text = text.replace('title = "The recurrent cell"', 'title = "a [/b] h[t-1] $x"')
    text = text.replace('goal = "Open one', 'goal = "[red]open[/red] one').replace("## The past", "## [/i] The past")
    text = text.replace('ask = "The network', 'ask = "[/u] The network').replace(
        "At every step", "At [bold]every[/x] step"
    )
    lesson.write_text(text, encoding="utf-8")
    async with desk(folder=folder) as d:
        await d.press("down", "down")
        assert "a [/b] h[t-1] $x" in d.text
        assert "[red]open[/red]" in d.text
        await d.press("ctrl+p")
        await d.pilot.press("h", "left_square_bracket", "t")
        await d.settle()
        assert "a [/b] h[t-1] $x" in d.text
        await d.press("escape", "enter")
        assert "[/i] The past" in d.text
        assert "[bold]every[/x] step" in d.text
        assert "[/u] The network" in d.text


async def test_a_lesson_that_is_wanted_opens_before_the_course_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on = load.load_course, threading.Event()
    monkeypatch.setattr(load, "load_course", lambda folder: go_on.wait(30) and read(folder))
    app = RnnTutorApp(lessons_dir(), Progress(tmp_path / "data"), None, Start("lesson", "the-recurrent-cell"))
    async with app.run_test() as pilot:
        for _ in range(200):
            await pilot.pause(0.05)
            if isinstance(app.screen, LessonScreen):
                break
        assert isinstance(app.screen, LessonScreen)
        assert app.screen.lesson.id == "the-recurrent-cell"
        assert app.course is None
        go_on.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.course is not None
        assert [type(screen).__name__ for screen in app.screen_stack[1:]] == ["HomeScreen", "LessonScreen"], "once"
