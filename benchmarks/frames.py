"""From a key to the painted frame: one token's step in a heatmap of 24 tokens × 60 units, at 160×50.

    python benchmarks/frames.py [STEPS]

Prints the processor time from the key to the end of the paint, which must fit in a frame at 60 per second (16.7 ms),
and beside it the same picture as one `Static` of rich text, in the same run.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from tutor.course.experiment import Experiment
from tutor.course.outline import lessons_dir
from tutor.draw.cells import Look
from tutor.draw.heatmap import heat_row
from tutor.progress import Progress
from tutor.ui.app import RnnTutorApp, Start

TEXT = " ".join(f"w{i}" for i in range(24))
UNITS = 60


class Painted:
    """Mixed into an app: sets an event when a frame has been painted."""

    painted: asyncio.Event

    def _display(self, screen: object, renderable: object) -> None:
        super()._display(screen, renderable)  # type: ignore[misc]
        if renderable is not None:
            self.painted.set()


class TutorApp(Painted, RnnTutorApp):
    """The tutor, telling when it paints."""


class StaticApp(Painted, App[None]):
    """The same heatmap as one rich text."""

    CSS = "Static { height: auto; }"

    def compose(self) -> ComposeResult:
        yield Static()


async def step(app: Painted, act: object) -> float:
    """Processor seconds of one change, to the end of its paint."""
    app.painted.clear()
    start = time.process_time()
    act()  # type: ignore[operator]
    await asyncio.wait_for(app.painted.wait(), 5)
    return time.process_time() - start


async def main(steps: int = 200) -> None:
    """Measure both in one run."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(text=TEXT, hidden=UNITS)
        tutor = TutorApp(lessons_dir(), Progress(Path(folder)), None, Start("sandbox", experiment=experiment))
        tutor.painted = asyncio.Event()
        times: list[float] = []
        async with tutor.run_test(size=(160, 50)) as pilot:
            await tutor.workers.wait_for_complete()
            await pilot.pause()
            for index in range(steps):
                verb = "forward" if (index // 24) % 2 == 0 else "back"
                screen = tutor.screen
                taken = await step(tutor, lambda v=verb, s=screen: s.action_player(v))
                if index >= 10:
                    times.append(taken)
                await asyncio.sleep(0)
        matrix = experiment.run().hidden
    look = Look(depth="truecolor", ascii=False, dark=True)
    whole: list[float] = []
    static = StaticApp()
    static.painted = asyncio.Event()
    async with static.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        for index in range(min(steps, 60)):
            here = index % 24

            def show(here: int = here) -> None:
                pieces: list[str | tuple[str, str]] = []
                for t, row in enumerate(matrix):
                    for span in heat_row(row.tolist(), look, bright=t == here):
                        style = f"{span.style.color or '#ffffff'} on {span.style.background or '#000000'}"
                        pieces.append((span.text, style))
                    pieces.append("\n")
                static.query_one(Static).update(Content.assemble(*pieces))

            taken = await step(static, show)
            if index >= 5:
                whole.append(taken)
    for name, values in (("one token's step", times), ("as one Static", whole)):
        median, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        print(f"{name:18} median {median * 1e3:6.2f} ms   95th percentile {p95 * 1e3:6.2f} ms   (frame: 16.67 ms)")


if __name__ == "__main__":
    asyncio.run(main(*(int(argument) for argument in sys.argv[1:2])))
