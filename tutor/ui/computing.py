"""A step's work, away from the screen: train what is missing, measure what is to be shown, grade what was answered.

It runs in a thread: only values in, only values out. What it has found so far is told as it comes, so that a curve
falls and a race is seen; it may be stopped, and what was learned until then stays.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from tutor.course.figures import Values
from tutor.course.figures.race import RaceValues
from tutor.course.figures.training import Training
from tutor.course.grading import Verdict, grade
from tutor.course.lab import Lab
from tutor.course.lesson import (
    Add,
    Asked,
    Block,
    Define,
    Do,
    Doing,
    Figure,
    Lesson,
    Prediction,
    Prose,
    Step,
    names_in,
)
from tutor.course.probes import Probe, models_of, settled, training_of
from tutor.engine.training import Checkpoint
from tutor.i18n import _
from tutor.ui.widgets.activity import Done


@dataclass(frozen=True)
class Shown:
    """Where a step stands: asking, working, or shown with everything it had to show."""

    phase: str = "asking"
    response: str | float | None = None
    confidence: str | None = None
    verdict: Verdict | None = None
    values: dict[str, Any] = field(default_factory=dict)
    figure: Values | None = None
    done: tuple[Done, ...] | None = None
    """What came of what the learner did; None while nothing was done, () when it was skipped."""
    attempt: int | None = None
    """The id that progress knows the answer by."""


@dataclass(frozen=True)
class Work:
    """What is to be computed for a step.

    Attributes:
        models: the lesson's models that are to be trained.
        values: the lesson's values that the words ask for.
        asked: what was answered; None when nothing was yet.
        figure: what is to be shown.
        before: the step as it stands.
        resume: whether a training that was stopped goes on.
    """

    models: tuple[str, ...]
    values: Mapping[str, Probe]
    asked: Asked | None
    figure: Figure | None
    before: Shown
    resume: bool = False


def values_in(
    lesson: Lesson, step: Step, blocks: Sequence[Block], asked: Asked | None, *, feedback: bool = False
) -> dict[str, Probe]:
    """The lesson's values that some words of a step ask for.

    Args:
        lesson: whose step it is.
        step: the step.
        blocks: its blocks that are shown.
        asked: what it asks, in its instance.
        feedback: whether what is said to an answer is among the words.
    """
    texts = [block.text for block in blocks if isinstance(block, Prose)]
    if asked is not None:
        texts.append(asked.ask)
        if feedback:
            texts += [asked.because, *(option.says for option in asked.options)]
    if isinstance(step.asked, Define | Do | Add):
        texts += step.asked.texts if feedback else (step.asked.ask,)
    names = {name for text in texts for name in names_in(text)}
    return {name: probe for name, probe in sorted(lesson.values.items()) if name in names}


def shows_before(step: Step) -> bool:
    """Whether a step shows something before anything is done in it."""
    return not isinstance(step.asked, Doing | Prediction) or step.figure in step.before


def measured_at_once(lesson: Lesson, step: Step, asked: Asked | None, lab: Lab) -> dict[str, Any] | None:
    """What the words before a question ask for; None where training stands in between.

    Args:
        lesson: whose step it is.
        step: the step.
        asked: what it asks, in its instance.
        lab: the lesson's models.
    """
    probes = values_in(lesson, step, step.before, asked)
    models = {model for probe in probes.values() for model in models_of(probe)}
    if not all(lab.begun(model) for model in models) or not all(settled(probe, lab) for probe in probes.values()):
        return None
    return {name: probe.measure(lab).value for name, probe in probes.items()}


def unfinished(figure: Figure | None, values: Values | None, lab: Lab) -> bool:
    """Whether a figure is of a training that was stopped.

    Args:
        figure: the step's.
        values: what it shows.
        lab: the lesson's models.
    """
    if figure is not None and isinstance(figure.options, Training):
        return not lab.ready(figure.options.model)
    return isinstance(values, RaceValues) and values.finished < values.whole


def work_of(
    lesson: Lesson,
    step: Step,
    blocks: Sequence[Block],
    asked: Asked | None,
    before: Shown,
    *,
    answered: bool,
    resume: bool = False,
) -> Work:
    """All that a step needs to show some of its blocks.

    Args:
        lesson: whose step it is.
        step: the step.
        blocks: what is to be shown.
        asked: what it asks, in its instance.
        before: the step as it stands.
        answered: whether it was answered, so that the answer is measured and said; or done.
        resume: whether a training that was stopped goes on.
    """
    figure = step.figure if step.figure in blocks else None
    values = values_in(lesson, step, blocks, asked, feedback=answered)
    graded = asked if answered else None
    probes = [*values.values(), *([graded.answer] if graded is not None else [])]
    models = [*(figure.options.models() if figure is not None else ()), *(m for one in probes for m in models_of(one))]
    return Work(tuple(dict.fromkeys(models)), values, graded, figure, before, resume)


@runtime_checkable
class Live(Protocol):
    """Options of a figure that takes its time, and is seen while it does."""

    trains: ClassVar[bool]
    """Whether it shows the networks of all its models learning, so that none is trained before it."""

    def live(self, lab: Lab) -> Generator[Values, None, None]:
        """Its values so far, again and again, and at last the whole; closed, it stops."""


class Stopped(Exception):
    """What was asked is not known: it takes networks that were not trained to their end."""


Tell = Callable[[str, Any, Values], None]
"""Told the name of a model, what figure it is seen in, and that figure's values so far."""


def compute(work: Work, lab: Lab, tell: Tell, stopped: Callable[[], bool]) -> Shown:
    """Do it.

    Args:
        work: what.
        lab: the lesson's models.
        tell: told what there is so far.
        stopped: whether it should stop; what was trained until then is kept.

    Returns:
        the step as it stands then, but for its phase.

    Raises:
        Stopped: before everything that was asked could be measured.
        ValueError: something of the lesson cannot be computed.
    """
    figure = None
    if work.figure is not None and isinstance(work.figure.options, Live) and work.figure.options.trains:
        figure = _measured(work.figure, lab, tell, stopped)
    for name in work.models:
        if not lab.ready(name) and (work.resume or not lab.begun(name)):
            _train(name, _seen_in(name, work.figure), lab, tell, stopped)
    answers = [work.asked.answer] if work.asked is not None else []
    for probe in (*work.values.values(), *answers):
        _settle(probe, lab, tell, stopped)
    values = {name: probe.measure(lab).value for name, probe in work.values.items()}
    verdict = None
    if work.asked is not None and work.before.response is not None:
        verdict = grade(work.asked, work.before.response, lab, values)
    # What stands there already stays as it is.
    if figure is None:
        figure = _measured(work.figure, lab, tell, stopped) if work.figure is not None else work.before.figure
    return replace(work.before, values=values, verdict=verdict, figure=figure)


def outcome(work: Work, lab: Lab, tell: Tell, stopped: Callable[[], bool], phase: str) -> tuple[Shown, str]:
    """Do it, whatever comes of it: a step that cannot be computed must not take the screen with it.

    Args:
        work: what.
        lab: the lesson's models.
        tell: as in `compute`.
        stopped: as in `compute`.
        phase: the step's, once everything is known.

    Returns:
        the step as it stands then, and in one line why it does not stand as it should; "" where it does.
    """
    before = work.before
    try:
        return replace(compute(work, lab, tell, stopped), phase=phase), ""
    except Stopped:
        # It is asked again: what was learned stays, and the rest is learned then.
        said = _("Stopped before the answer was known. What was learned stays; answer again to go on.")
        return replace(before, phase="asking", response=None, done=None), said
    except Exception as error:
        phase = "asking" if before.response is None and before.done is None else "shown"
        return replace(before, phase=phase), _("This step could not be computed: {e}").format(e=error)


def _seen_in(name: str, figure: Figure | None) -> Training:
    """The figure that a training is seen in: the step's own, where it is of this model."""
    if figure is not None and isinstance(figure.options, Training) and figure.options.model == name:
        return figure.options
    return Training(model=name)


def _train(name: str, seen: Training, lab: Lab, tell: Tell, stopped: Callable[[], bool]) -> None:
    history: tuple[Checkpoint, ...] = lab.history(name) if lab.begun(name) else ()
    with closing(lab.train(name)) as checkpoints:
        for checkpoint in checkpoints:
            history = (*history, checkpoint)
            tell(name, seen, seen.measure(lab, history))
            if stopped():
                break


def _settle(probe: Probe, lab: Lab, tell: Tell, stopped: Callable[[], bool]) -> None:
    """Train the networks of other seeds that a probe asks; each is seen learning."""
    with closing(training_of(probe, lab)) as seeds:
        for at, name in seeds:
            seen = Training(model=name)
            tell(name, seen, seen.measure(at, at.history(name)))
            if stopped():
                raise Stopped


def _measured(figure: Figure, lab: Lab, tell: Tell, stopped: Callable[[], bool]) -> Values | None:
    options = figure.options
    if not isinstance(options, Live):
        return options.run(lab)
    values = None
    with closing(options.live(lab)) as seen:
        for values in seen:
            tell("", options, values)
            if stopped():
                break
    return values
