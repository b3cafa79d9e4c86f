"""What of a lesson goes under the sandbox's lens: a network of its that reads text, and a text."""

from __future__ import annotations

from typing import NamedTuple

from tutor.course import jobs
from tutor.course.figures.state import State
from tutor.course.lab import Lab
from tutor.course.lesson import Figure, Lesson
from tutor.engine.model import Model
from tutor.i18n import _
from tutor.sandbox.library import PREFIX


class Lent(NamedTuple):
    """A network, and what it is to read."""

    source: str
    """What an experiment calls the network."""
    title: str
    model: Model
    text: str


def lend(lesson: Lesson, figure: Figure | None, lab: Lab) -> Lent:
    """The network that a step shows, or the lesson's first; of those that read text, one that has begun to learn.

    Args:
        lesson: whose step it is.
        figure: the step's.
        lab: the lesson's models.

    Raises:
        ValueError: there is none; why not, in one line.
    """
    names = list(lesson.models)
    if figure is not None and figure.options.models():
        names = [*figure.options.models(), *names]
    if not names:
        raise ValueError(_("This lesson has no network of its own; the sandbox opens from home."))
    read = [name for name in names if jobs.kind(lab.entry(name).task) is Model]
    if not read:
        raise ValueError(_("This lesson's network reads no text; the sandbox is for those that do."))
    name = next((one for one in read if lab.begun(one)), read[0])
    own = figure.options.text if figure is not None and isinstance(figure.options, State) else ""
    # One that has not learned anything yet is looked at as it would begin.
    model = lab.model(name) if lab.begun(name) else lab.unlearned(name)
    return Lent(f"{PREFIX}{lesson.id}/{name}", lesson.title, model, own or lab.entry(name).text)
