"""How long each lesson's networks take to learn, and how long they take to come back on a second visit.

    python benchmarks/training.py [RUNS]

Prints medians. At most 5 seconds are wanted for each.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tutor.course.lab import Lab
from tutor.course.load import load_course
from tutor.course.outline import lessons_dir


def main(runs: int = 5) -> None:
    """Every trained model of every lesson."""
    folder = lessons_dir()
    for lesson in load_course(folder).lessons:
        for name, entry in lesson.models.items():
            if entry.task == "untrained":
                continue
            first, again = [], []
            for _ in range(runs):
                with tempfile.TemporaryDirectory() as cache:
                    for times in (first, again):
                        lab = Lab(lesson.models, folder=folder, cache=Path(cache))
                        start = time.perf_counter()
                        lab.ensure(name)
                        times.append(time.perf_counter() - start)
            what = f"{lesson.id}: {name} ({entry.cell}, {entry.hidden} units, {entry.steps} updates)"
            learned, back = statistics.median(first), statistics.median(again) * 1e3
            print(f"{what:72} learns in {learned:5.2f} s   comes back in {back:4.1f} ms")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
