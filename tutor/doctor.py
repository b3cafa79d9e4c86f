"""What the terminal can do, and whether answers and lessons are safe: what `rnn-tutor doctor` looks at.

Nothing is made or changed. What merely is so (a small window, no terminal) is a note, and no fault.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from tutor.i18n import _

LEAST = (60, 20)
"""Columns and rows that the screens need."""

PACKAGES = ("textual", "numpy")


class Finding(NamedTuple):
    """One thing that was looked at."""

    ok: bool | None
    """None when it is a note."""
    what: str


def examine(data: Path, cache: Path | None) -> list[Finding]:
    """Look at everything.

    Args:
        data: the data folder.
        cache: where trained networks are kept.
    """
    return [*_versions(), *_terminal(), *_folders(data, cache), *_lessons()]


def _versions() -> Iterator[Finding]:
    yield Finding(sys.version_info >= (3, 11), f"Python {platform.python_version()}")
    for name in PACKAGES:
        try:
            yield Finding(True, f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding(False, _("{name} is not installed").format(name=name))


def _terminal() -> Iterator[Finding]:
    from tutor.plain.stream import look_of

    if sys.stdin is None or not sys.stdin.isatty() or not sys.stdout.isatty():
        yield Finding(None, _("not in a terminal: the screens need one, rnn-tutor read does not"))
    look = look_of(sys.stdout)
    depth = {"truecolor": _("16 million colours"), "256": _("256 colours"), "none": _("no colours: signs")}
    yield Finding(None, depth[look.depth])
    yield Finding(None, _("ASCII only") if look.ascii else _("Unicode ({name})").format(name=sys.stdout.encoding))
    try:
        columns, rows = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
    except (OSError, ValueError):
        yield Finding(None, _("size unknown; the screens need 60×20"))
        return
    size = f"{columns}×{rows}"
    if columns >= LEAST[0] and rows >= LEAST[1]:
        yield Finding(True, _("size {size}: enough").format(size=size))
    else:
        yield Finding(None, _("size {size}: the screens need 60×20").format(size=size))


def _folders(data: Path, cache: Path | None) -> Iterator[Finding]:
    from tutor.progress import Progress

    progress = Progress(data)
    for ok, what in progress.doctor():
        yield Finding(ok, what)
    progress.close()
    if cache is not None and os.path.isdir(cache) and not os.access(cache, os.W_OK):
        yield Finding(None, _("{path} is read-only: networks are trained anew each time").format(path=cache))


def _lessons() -> Iterator[Finding]:
    from tutor.course.load import load_course
    from tutor.course.outline import lessons_dir

    course = load_course(lessons_dir())
    yield Finding(bool(course.lessons), _("{n} lessons can be opened").format(n=len(course.lessons)))
    for problem in course.problems:
        yield Finding(False, str(problem))
