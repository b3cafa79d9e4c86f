"""The README's picture, drawn from the app itself.

    python docs/pictures.py

Run it in the same change as whatever it shows.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
os.environ.pop("NO_COLOR", None)

from tutor.course.outline import lessons_dir
from tutor.progress import Progress
from tutor.ui.app import RnnTutorApp, Start


async def lesson(path: Path) -> None:
    """Lesson 5, at the step in which the next word comes out of the softmax."""
    with tempfile.TemporaryDirectory() as folder:
        start = Start("lesson", "never-too-late")
        app = RnnTutorApp(lessons_dir(), Progress(Path(folder)), None, start)
        async with app.run_test(size=(120, 34)) as pilot:

            async def settle() -> None:
                await app.workers.wait_for_complete()
                await pilot.pause()

            await settle()
            await settle()
            # Commit and go on, three times; the last commit stays on screen, and the sentence is read to its end.
            for key in ("enter", "enter", "enter", "enter", "enter", "end", "w"):
                await pilot.press(key)
                await settle()
            svg = app.export_screenshot(title="rnn-tutor")
    # The picture names no font of another's server: it takes the reader's own.
    svg = (
        re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
        .replace("Fira Code, ", "")
        .replace("Fira Code", "monospace")
    )
    # Spaces between spans would fold away in some viewers.
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(lesson(Path(__file__).with_name("lesson.svg")))
