"""Networks that are lent to the bench by name: the lessons', `lesson:LESSON_ID/MODEL`, and those that were kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tutor.course import jobs
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import LessonError, load_lesson
from tutor.course.outline import read_outlines
from tutor.engine.interrupt import look_up
from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.networks import Networks, fingerprint_of

PREFIX = "lesson:"


class LentNetworks:
    """Every network of the course that reads a text and was trained, and the learner's own.

    Args:
        folder: of the course.
        lessons: those that are loaded by now.
        lab: a lesson's networks, the same lab each time.
        own: the learner's.
    """

    def __init__(
        self,
        folder: Path,
        lessons: Callable[[], Sequence[Lesson]],
        lab: Callable[[Lesson], Lab],
        own: Networks,
    ) -> None:
        self.folder = folder
        self._lessons = lessons
        self._lab = lab
        self._own = own

    def titles(self) -> dict[str, str]:
        """What there is of the course, by source; what stands in several lessons is there once for each."""
        return {
            f"{PREFIX}{lesson.id}/{name}": f"{lesson.title}: {name}"
            for lesson in self._lessons()
            for name, entry in lesson.models.items()
            if entry.trained and jobs.kind(entry.task) is Model
        }

    def lend(self, source: str) -> Model:
        """A network, trained before or now. Where that is broken off, what it has learned stays.

        Raises:
            OSError: its file cannot be read.
            ValueError: there is none of that name, it reads no text, or its file is damaged.
        """
        if fingerprint_of(source) is not None:
            return self._own.lend(source)
        lesson_id, _slash, name = source.removeprefix(PREFIX).partition("/")
        lesson = self._lesson(lesson_id) if source.startswith(PREFIX) else None
        if lesson is None or name not in lesson.models:
            said = _("There is no network {name} here: the course may be another one.")
            raise ValueError(said.format(name=clean(source)[:60]))
        if jobs.kind(lesson.models[name].task) is not Model:
            # Before it learns for nothing.
            raise ValueError(_("The network {name} reads no text.").format(name=clean(source)[:60]))
        lab = self._lab(lesson)
        if lesson.models[name].trained:
            for _checkpoint in lab.train(name):
                look_up()
        return lab.model(name) if lab.begun(name) else lab.unlearned(name)

    def _lesson(self, lesson_id: str) -> Lesson | None:
        for lesson in self._lessons():
            if lesson.id == lesson_id:
                return lesson
        # The course is still being read.
        for outline in read_outlines(self.folder)[0]:
            if outline.id == lesson_id:
                try:
                    return load_lesson(outline)
                except LessonError as error:
                    raise ValueError(str(error.problems[0])) from error
        return None
