"""What a frame costs: the figures beside one `Static` of the same rich text, in one run.

    python benchmarks/frames.py [ROUNDS]

Processor time from a change to the end of its paint, medians; in brackets what is aimed at. Then how long training in a
thread holds a frame back, in seconds of the clock on the wall.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
os.environ.pop("NO_COLOR", None)

import numpy as np
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tutor.course.figures.gradient import Gradient
from tutor.course.lab import Lab
from tutor.course.outline import lessons_dir
from tutor.draw.cells import Look, Row
from tutor.draw.chart import Line, line_chart
from tutor.draw.heatmap import heat_row
from tutor.engine.model import Run
from tutor.progress import Progress
from tutor.sandbox.experiment import Experiment
from tutor.ui.app import RnnTutorApp, Start
from tutor.ui.figures.gradient import GradientFigure
from tutor.ui.figures.statemap import StateMap
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.means.number import NumberField

LOOK = Look()


class Painted:
    """Mixed into an app: sets an event when a frame has been painted."""

    painted: asyncio.Event

    def _display(self, screen: object, renderable: object) -> None:
        super()._display(screen, renderable)  # type: ignore[misc]
        if renderable is not None:
            self.painted.set()


class TutorApp(Painted, RnnTutorApp):
    """The tutor, telling when it paints."""


class Bench(Painted, App[None]):
    """One widget."""

    CSS = "Bench StateMap { height: 1fr; } Bench Static { height: 1fr; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.painted = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.widget


async def spent(app: Painted, act: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of one change, to the end of its paint."""
    app.painted.clear()
    start = clock()
    act()
    await asyncio.wait_for(app.painted.wait(), 30)
    return clock() - start


async def frames(widget: Widget, size: tuple[int, int], act: Callable[[int], object], rounds: int) -> list[float]:
    """The cost of each of some changes of one widget."""
    app = Bench(widget)
    found = []
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for index in range(rounds + 5):
            taken = await spent(app, lambda i=index: act(i))  # type: ignore[misc]
            if index >= 5:
                found.append(taken)
            await asyncio.sleep(0)
    return found


def rich_text(rows: Sequence[Row]) -> Content:
    """Drawn rows as the text of a `Static`."""
    pieces: list[str | tuple[str, str]] = []
    for row in rows:
        for span in row:
            back = f" on {span.style.background}" if span.style.background else ""
            pieces.append((span.text, (span.style.color or "#d6d9de") + back))
        pieces.append("\n")
    return Content.assemble(*pieces)


def runs(T: int, H: int) -> list[Run]:
    """Two runs over the same text."""
    text = " ".join(f"w{i}" for i in range(T))
    return [Experiment(text=text, hidden=H, seed=seed).run() for seed in (0, 1)]


async def heatmap(T: int, H: int, rounds: int) -> tuple[list[float], list[float]]:
    """A full frame in which every value is another; then the same as one `Static`."""
    two = runs(T, H)
    size = (H * (2 if H < 100 else 1) + 30, T + 2)
    map_ = StateMap(two[0])
    map_.set_reactive(StateMap.position, T)
    ours = await frames(map_, size, lambda i: map_.show_run(two[i % 2]), rounds)
    static = Static()

    def show(index: int) -> None:
        hidden = two[index % 2].hidden
        static.update(rich_text([heat_row(row, LOOK, width=2 if H < 100 else 1) for row in hidden]))

    return ours, await frames(static, size, show, max(rounds // 4, 5))


class Chart(Drawn):
    """Four series."""

    DEFAULT_CSS = "Chart { height: 1fr; }"
    phase = 0

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The chart."""
        return chart_rows(self.phase, width, height, look)


@lru_cache
def chart_lines(phase: int) -> list[Line]:
    """Four series of 200 points."""
    noise = np.random.default_rng(phase).random((4, 200))
    return [
        Line(f"series {i + 1}", [(float(k), float(np.sin(k / 20 + i) * 3 + noise[i, k])) for k in range(200)])
        for i in range(4)
    ]


def chart_rows(phase: int, width: int, height: int, look: Look) -> Sequence[Row]:
    """Other series for each of eight phases."""
    return line_chart(chart_lines(phase % 8), width, height, look, x_label="step", y_label="value")


async def chart(rounds: int) -> tuple[list[float], list[float]]:
    """4 series × 200 points at 120×30; then the same as one `Static`."""
    widget = Chart()
    for phase in range(8):
        chart_lines(phase)

    def draw(index: int) -> None:
        widget.phase = index
        widget.redraw()

    ours = await frames(widget, (120, 30), draw, rounds)
    static = Static()
    show = lambda i: static.update(rich_text(chart_rows(i, 120, 30, LOOK)))  # noqa: E731
    return ours, await frames(static, (120, 30), show, max(rounds // 4, 5))


async def scrolling(T: int, rounds: int) -> list[float]:
    """One page on in a text of T tokens, 16 units."""
    run = runs(T, 16)[0]
    map_ = StateMap(run)
    map_.set_reactive(StateMap.position, T)
    lowest = max(T - 8, 2)
    return await frames(
        map_, (80, 10), lambda i: map_.scroll_to(y=(i * 7) % lowest, animate=False, immediate=True, force=True), rounds
    )


async def token_step(rounds: int) -> list[float]:
    """One token's step in the sandbox: 24 tokens × 60 units at 160×50."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(text=" ".join(f"w{i}" for i in range(24)), hidden=60)
        app = TutorApp(lessons_dir(), Progress(Path(folder)), None, Start("sandbox", experiment=experiment))
        app.painted = asyncio.Event()
        async with app.run_test(size=(160, 50)) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            screen = app.screen
            for index in range(rounds + 10):
                verb = "forward" if (index // 24) % 2 == 0 else "back"
                taken = await spent(app, lambda v=verb: screen.action_player(v))  # type: ignore[misc, attr-defined]
                if index >= 10:
                    found.append(taken)
                await asyncio.sleep(0)
    return found


async def slider(rounds: int) -> list[float]:
    """From the move of ρ to the painted chart, in seconds on the wall: 50 steps, 8 units, three radii."""
    options = Gradient(radii=(0.9, 0.95, 1.0), slider=True)
    figure = GradientFigure(options, options.run(Lab({}, folder=lessons_dir())))
    app = Bench(figure)
    found = []
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        field = figure.query_one(NumberField)
        for index in range(rounds):
            before = figure.values
            start = time.perf_counter()
            field.action_nudge(1 if (index // 20) % 2 == 0 else -1)
            while figure.values is before:
                app.painted.clear()
                await asyncio.wait_for(app.painted.wait(), 5)
            app.painted.clear()
            if figure.values is not before and app.screen._dirty_widgets:
                await asyncio.wait_for(app.painted.wait(), 5)
            found.append(time.perf_counter() - start)
            await asyncio.sleep(0.005)
    return found


async def held_back() -> tuple[list[float], list[float]]:
    """How late a 60th of a second comes, before and while lesson 5's network is trained in its thread."""
    late: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        app = TutorApp(lessons_dir(), Progress(Path(folder)), None, Start("lesson", "never-too-late"))
        app.painted = asyncio.Event()
        async with app.run_test(size=(120, 36)) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()

            async def tick(into: list[float]) -> None:
                start = time.perf_counter()
                await asyncio.sleep(1 / 60)
                into.append(time.perf_counter() - start - 1 / 60)

            for _ in range(60):
                await tick(late[0])
            committed = asyncio.create_task(app.screen.action_go_on())  # type: ignore[attr-defined]
            while app.screen.shown.phase == "asking":  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            while app.screen.shown.phase == "working":  # type: ignore[attr-defined]
                await tick(late[1])
            await committed
    return late


def line(name: str, values: Sequence[float], aim: str, other: Sequence[float] | None = None) -> None:
    """One measurement, and beside it the same as one `Static`."""
    ms = [v * 1e3 for v in values]
    beside = f"   as one Static {statistics.median(other) * 1e3:6.1f} ms" if other else ""
    print(f"{name:34} {statistics.median(ms):6.2f} ms (p95 {np.percentile(ms, 95):6.2f})   {aim:12}{beside}")


async def main(rounds: int = 60) -> None:
    """Measure everything in one run."""
    # As the app does once the course is read.
    gc.freeze()
    line("heatmap 24×60, every value new", *_with(await heatmap(24, 60, rounds), "[8 ms]"))
    line("heatmap 64×200, every value new", *_with(await heatmap(64, 200, rounds), "[20 ms]"))
    line("one token's step, 24×60", await token_step(rounds), "[3 ms]")
    line("chart, 4 series × 200, 120×30", *_with(await chart(rounds), "[6 ms]"))
    short, long = await scrolling(10, rounds), await scrolling(10_000, rounds)
    line("a page on, 10 tokens", short, "")
    line("a page on, 10,000 tokens", long, "[the same]")
    line("ρ moved, to the painted chart", await slider(rounds), "[16.7 ms]")
    before, during = await held_back()
    line("a frame is late, at rest", before, "")
    line("a frame is late, while it trains", during, "[p95 33 ms]")


def _with(pair: tuple[list[float], list[float]], aim: str) -> tuple[list[float], str, list[float]]:
    return pair[0], aim, pair[1]


if __name__ == "__main__":
    asyncio.run(main(*(int(argument) for argument in sys.argv[1:2])))
