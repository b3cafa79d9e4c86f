"""From a change in the sandbox to the painted frame: another seed, another cell, another word, in turn.

    python benchmarks/changes.py [--turns N]

50 tokens and 64 units, each instrument; beside it the same change with the instrument mounted anew, in turn in the same
run, which is what a screen would do that kept none. Then a text of 10,000 tokens: how long it takes to load, and a step
in it beside a step in ten tokens. Headless, at 120×36, medians in milliseconds of wall time, the thread among it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
sys.path.insert(0, str(Path(__file__).parent.parent))

from textual.pilot import Pilot

from tutor.course.outline import lessons_dir
from tutor.progress import Progress
from tutor.sandbox import edits, settings
from tutor.sandbox.acts import Change
from tutor.sandbox.experiment import Experiment
from tutor.ui.app import RnnTutorApp, Start
from tutor.ui.screens.sandbox import SandboxScreen

SIZE = (120, 36)
TOKENS, UNITS = 50, 64
INSTRUMENTS = ("state", "gates", "unrolled", "gradient", "why", "compare", "jacobian", "vectors")


def change(turn: int) -> Change:
    """Another seed, another cell, another last word, in turn."""
    if turn % 3 == 0:
        return lambda e: settings.turned(e, "seed", 1)
    if turn % 3 == 1:
        return lambda e: settings.turned(e, "cell", 1)
    return lambda e: edits.replaced(e, TOKENS - 1, f"word{turn}", "words")


async def done(screen: SandboxScreen) -> None:
    """Until what was asked for is in the picture."""
    while screen.working:
        await asyncio.sleep(0.0005)
    screen._compositor.render_strips()


async def timed(screen: SandboxScreen, turn: int) -> float:
    """Seconds of one change."""
    began = time.perf_counter()
    screen.does(change(turn))
    await done(screen)
    return time.perf_counter() - began


async def opened(app: RnnTutorApp, measure: Callable[[SandboxScreen, Pilot[int]], Awaitable[None]]) -> None:
    """Measure with the sandbox in front."""
    async with app.run_test(size=SIZE) as pilot:
        for _turn in range(3):
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert isinstance(app.screen, SandboxScreen)
        await measure(app.screen, pilot)


def app_of(folder: str, experiment: Experiment) -> RnnTutorApp:
    """The app, with an experiment."""
    return RnnTutorApp(lessons_dir(), Progress(Path(folder)), None, Start("sandbox", experiment=experiment))


def main() -> None:
    """Measure, and print a row for each."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    text = " ".join(f"word{i % 30}" for i in range(TOKENS))

    async def instruments(screen: SandboxScreen, pilot: Pilot[int]) -> None:
        await pilot.press("end")
        for name in INSTRUMENTS:
            screen.action_look(name)
            await done(screen)
            kept, anew = [], []
            for turn in range(turns):
                kept.append(await timed(screen, turn))
                await pilot.pause()
                figure = screen.figure
                assert figure is not None
                figure.renew = lambda options, values: False  # type: ignore[method-assign]
                # The same kind of change, and not the same: that would be none.
                anew.append(await timed(screen, turn + 3_000))
                await pilot.pause()
            told = [1000 * statistics.median(times) for times in (kept, anew)]
            print(f"{name:<12} {told[0]:6.1f} ms   mounted anew {told[1]:6.1f} ms   ratio {told[1] / told[0]:.2f}")

    async def steps(screen: SandboxScreen, pilot: Pilot[int]) -> None:
        taken = []
        for verb in ("forward", "forward", "end", "back", "start") * turns:
            await pilot.pause()
            began = time.perf_counter()
            screen.action_player(verb)
            screen._compositor.render_strips()
            taken.append(time.perf_counter() - began)
        print(f"a step in {len(screen.network_run.tokens):,} tokens: {1000 * statistics.median(taken):.1f} ms")

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(opened(app_of(folder, Experiment(text, hidden=UNITS)), instruments))
        for count in (10, 10_000):
            long = " ".join(f"word{i % 997}" for i in range(count))
            began = time.perf_counter()
            experiment = Experiment(long, "gru", UNITS)
            experiment.run()
            print(f"{count:,} tokens read and run: {1000 * (time.perf_counter() - began):.0f} ms")
            asyncio.run(opened(app_of(folder, experiment), steps))


if __name__ == "__main__":
    main()
