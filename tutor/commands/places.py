"""Where things are: the learner's answers, the cache, the course, and a lesson's networks."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.commands.command import Refused
from tutor.commands.saying import did_you_mean, say
from tutor.i18n import _

if TYPE_CHECKING:
    from tutor.course.lab import Lab
    from tutor.course.lesson import Lesson
    from tutor.course.outline import Outline
    from tutor.progress import Progress


def folders(options: Namespace) -> tuple[Path, Path | None]:
    """The data folder and the cache's. Neither is made, and neither need be writable."""
    import platformdirs

    given = getattr(options, "data_dir", None)
    if given == "":
        raise Refused(_("--data-dir is empty; name a folder"))
    given = given or os.environ.get("RNN_TUTOR_DATA")
    data = Path(given) if given else Path(platformdirs.user_data_dir("rnn-tutor", appauthor=False))
    if os.environ.get("RNN_TUTOR_CACHE"):
        return data, Path(os.environ["RNN_TUTOR_CACHE"])
    if given:
        return data, data / "cache"
    return data, Path(platformdirs.user_cache_dir("rnn-tutor", appauthor=False))


def open_progress(options: Namespace) -> Progress:
    """What the learner did; what is wrong with the store is said."""
    from tutor.progress import Progress

    progress = Progress(folders(options)[0])
    if progress.problem:
        say(progress.problem)
    return progress


def outlines_here() -> tuple[Outline, ...]:
    """The course, as front matter; what is left out of it is said."""
    from tutor.course.outline import lessons_dir, read_outlines

    found, problems = read_outlines(lessons_dir())
    for problem in problems:
        say(str(problem))
    return found


def outline_of(name: str, among: Sequence[Outline]) -> Outline:
    """The lesson of an id, or of a number."""
    for outline in among:
        if name in (outline.id, str(outline.number)):
            return outline
    said = _("there is no lesson {name}").format(name=name)
    hint = did_you_mean(name, [outline.id for outline in among])
    raise Refused(said + (hint or "; " + _("rnn-tutor lessons lists them")))


def lab_of(lesson: Lesson, options: Namespace) -> Lab:
    """A lesson's networks; what was trained before is in the cache."""
    from tutor.course.lab import Lab
    from tutor.course.outline import lessons_dir

    return Lab(lesson.models, folder=lessons_dir(), cache=folders(options)[1])
