"""What a learner waits for in each lesson: at first, while networks learn, and later, when they are kept.

    python benchmarks/training.py [LESSON…]

Every step is computed as the screen does it, with an answer given. Of the first visit the sum over all steps is printed
(other seeds and their races among it) and the longest step; of a second visit in the same session, and of one in a new
session with what was kept on the disk, the longest step. Wanted: 180 s for the course, 0.1 s for a step whose networks
are trained. A step that measures the machine itself is named, and left out of the last two.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tutor.course.figures.timing import Timing
from tutor.course.lab import Lab
from tutor.course.lesson import Asked, Lesson, Prediction, QuestionBlock, Step
from tutor.course.load import load_course
from tutor.course.outline import lessons_dir
from tutor.course.probes import TimingRatio, TimingSlope
from tutor.ui.computing import Shown, compute, work_of


def asked_of(step: Step) -> Asked | None:
    """What it asks, in its first instance."""
    block = step.asked
    if isinstance(block, QuestionBlock):
        return block.instance(0)
    return block if isinstance(block, Prediction) else None


def anything(asked: Asked) -> str | float:
    """Some answer, of the kind that is asked for."""
    keys = [option.key for option in asked.options]
    if asked.point is not None:
        return "1" if asked.point == "step" else "h1"
    if asked.form == "range":
        return f"{asked.low}..{asked.high}"
    if asked.form == "order":
        return " ".join(keys)
    return keys[0] if keys else 0.0


def clocked(probe: object) -> bool:
    """Whether a probe takes the time of the machine."""
    return isinstance(probe, TimingRatio | TimingSlope) or any(clocked(part) for part in probe.parts())  # type: ignore[attr-defined]


def visit(lesson: Lesson, lab: Lab) -> list[tuple[float, str]]:
    """Seconds of each step that does not measure the machine, and its title."""
    found = []
    for step in lesson.steps:
        asked = asked_of(step)
        timed = step.figure is not None and isinstance(step.figure.options, Timing)
        if timed or (asked is not None and clocked(asked.answer)):
            continue
        start = time.perf_counter()
        answer = None if asked is None else anything(asked)
        compute(
            work_of(lesson, step, step.blocks, asked, Shown(phase="working", response=answer), answered=True),
            lab,
            lambda *_told: None,
            lambda: False,
        )
        found.append((time.perf_counter() - start, step.title))
    return found


def visit_anew(lesson: Lesson, cache: Path) -> list[tuple[float, str]]:
    """A visit in a new session."""
    return visit(lesson, Lab(lesson.models, folder=lessons_dir(), cache=cache))


def main(wanted: list[str]) -> None:
    """Every lesson, or those that are named."""
    folder, sums = lessons_dir(), []
    for lesson in load_course(folder).lessons:
        if wanted and lesson.id not in wanted:
            continue
        with tempfile.TemporaryDirectory() as cache:
            lab = Lab(lesson.models, folder=folder, cache=Path(cache))
            first = visit(lesson, lab)
            again = visit(lesson, lab)
            # A process of its own remembers nothing.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                anew = pool.submit(visit_anew, lesson, Path(cache)).result()
        sums.append(sum(taken for taken, _title in first))
        print(
            f"{lesson.id:24} first visit {sums[-1]:5.1f} s, longest step {max(first)[0]:5.2f} s ({max(first)[1]})\n"
            f"{'':24} again: median {statistics.median(t for t, _ in again) * 1e3:6.1f} ms,"
            f" longest {max(again)[0] * 1e3:6.1f} ms ({max(again)[1]})\n"
            f"{'':24} new session: longest {max(anew)[0] * 1e3:6.1f} ms ({max(anew)[1]})",
            flush=True,
        )
    print(f"the course: {sum(sums):.0f} s of computing, in one process")


if __name__ == "__main__":
    main(sys.argv[1:])
