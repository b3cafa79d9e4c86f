"""An app on the real lessons, with a clock that only the test moves, and screens as text."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tutor.course.outline import lessons_dir
from tutor.progress import Progress
from tutor.sandbox.experiment import Experiment
from tutor.ui.app import RnnTutorApp, Start
from tutor.ui.screens.bench import BenchScreen
from tutor.ui.screens.lesson import LessonScreen

GOLDEN = Path(__file__).parent / "golden"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """One app under test."""

    app: RnnTutorApp
    pilot: Pilot[int]
    clock: Clock
    progress: Progress
    seen: list[str] = field(default_factory=list)

    async def settle(self) -> None:
        """Let every worker end and every message arrive: the screen is then what a person sees."""
        for _ in range(4):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()
            if not any(
                (isinstance(screen, LessonScreen) and screen.shown.phase == "working")
                or (isinstance(screen, BenchScreen) and screen.working)
                for screen in self.app.screen_stack
            ):
                break
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for what they do."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def step(self, title: str) -> None:
        """To the step of a title, whatever stands before it."""
        titles = [step.title for step in self.lesson.lesson.steps]
        await self.lesson.show_step(titles.index(title))
        await self.settle()

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips).rstrip("\n")

    @property
    def lesson(self) -> LessonScreen:
        """The lesson on screen."""
        assert isinstance(self.app.screen, LessonScreen), self.app.screen
        return self.app.screen


Open = Callable[..., Awaitable[Desk]]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, and for all processes that run them: each lesson's models are trained once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "trained"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def desk(tmp_path: Path, trained: Path) -> Callable[..., object]:
    """`async with desk(...) as d`: an app, started where the test wants it."""

    @asynccontextmanager
    async def opened(
        screen: str = "home",
        lesson: str = "",
        *,
        experiment: Experiment | None = None,
        size: tuple[int, int] = (120, 36),
        folder: Path | None = None,
        cache: Path | None = None,
        data: Path | None = None,
    ) -> AsyncIterator[Desk]:
        clock = Clock()
        progress = Progress(data or tmp_path / "data", clock=clock)
        start = Start(screen, lesson, experiment)
        app = RnnTutorApp(folder or lessons_dir(), progress, cache or trained, start, clock=clock)
        async with app.run_test(size=size, notifications=True) as pilot:
            d = Desk(app, pilot, clock, progress)
            await d.settle()
            await d.settle()
            yield d

    return opened


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a screen with the one that was looked at; `UPDATE_GOLDEN=1` writes it anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        assert path.exists(), f"no golden screen {name}; UPDATE_GOLDEN=1 writes it"
        assert text + "\n" == path.read_text(encoding="utf-8")

    return compare
