"""The pictures of the README and of docs/figures.md, drawn from the app itself.

    python docs/pictures.py

Run it in the same change as whatever it shows.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
os.environ.pop("NO_COLOR", None)

from tutor.course.outline import lessons_dir
from tutor.engine.surgery import Cut
from tutor.progress import Progress
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.state import View
from tutor.ui.app import RnnTutorApp, Start
from tutor.ui.gallery import main as gallery
from tutor.ui.saving import svg_of
from tutor.ui.screens.lesson import LessonScreen


async def lesson(path: Path) -> None:
    """Lesson 5, at the step in which the next word comes out of the softmax."""
    with tempfile.TemporaryDirectory() as folder:
        start = Start("lesson", "never-too-late")
        app = RnnTutorApp(lessons_dir(), Progress(Path(folder)), None, start)
        async with app.run_test(size=(120, 36)) as pilot:

            async def settle() -> None:
                await app.workers.wait_for_complete()
                await pilot.pause()

            await settle()
            await settle()
            # Answered, and the sentence is read to its end.
            assert isinstance(app.screen, LessonScreen)
            titles = [step.title for step in app.screen.lesson.steps]
            await app.screen.show_step(titles.index("From word to guess"))
            await settle()
            for key in ("up", "enter", "end", "w"):
                await pilot.press(key)
                await settle()
            path.write_text(svg_of(app.screen, "rnn-tutor"), encoding="utf-8")


async def sandbox(path: Path) -> None:
    """An LSTM over a sentence; one unit was set by hand at the third word, and the last is opened."""
    with tempfile.TemporaryDirectory() as folder:
        cut = Cut(step=3, letter="h", unit=4, value=0.9)
        experiment = Experiment("it is never too late to learn to read", "lstm", 16, cuts=(cut,))
        start = Start("sandbox", experiment=experiment, view=View(position=4, unit=4))
        app = RnnTutorApp(lessons_dir(), Progress(Path(folder)), None, start)
        async with app.run_test(size=(110, 28)) as pilot:
            for key in ("w", "m"):
                await app.workers.wait_for_complete()
                await pilot.pause()
                await pilot.press(key)
            await pilot.pause()
            path.write_text(svg_of(app.screen, "rnn-tutor"), encoding="utf-8")


if __name__ == "__main__":
    here = Path(__file__).parent
    asyncio.run(lesson(here / "lesson.svg"))
    asyncio.run(sandbox(here / "sandbox.svg"))
    gallery(["--svg", str(here / "figures")])
