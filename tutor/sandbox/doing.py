"""Steps that are done to an experiment, one after the other, and what the last of them shows.

It takes no part in a screen, and may run in a thread: values go in, and values come out. Steps that came while others
were being done are done together: what only the next one would have replaced is never run. What takes long is broken
off where newer steps wait, and is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tutor.engine.interrupt import Interrupted, interruptible
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.bench import Bench, Beside, Reading
from tutor.sandbox.edits import History
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.instruments import Shown, beside_of, kinds_of, look
from tutor.sandbox.state import View


class Step(NamedTuple):
    """Something that is to be done to the history."""

    does: Callable[[History], History]
    """ValueError: in one line, why it cannot be done."""
    line: int = 0
    """Which line it was typed into, counted from 1: that closes when it was done, and stays when it could not be."""
    instrument: str = ""
    """What looks at it from then on; as before when empty."""
    beside: Beside | Literal["next"] | None = None
    """What it is compared with from then on; as before when None, and "next" is the next that there is."""
    view: View | None = None
    """Where one stands in it then; as before when None."""


@dataclass(frozen=True, eq=False)
class Stand:
    """Where it stands."""

    history: History
    reading: Reading
    view: View


@dataclass(frozen=True, eq=False)
class Done:
    """What came of some steps."""

    stand: Stand
    shown: Shown | None = None
    """What the instrument shows; None where nothing could be done."""
    words: tuple[str, ...] = ()
    """Why something could not be."""
    line: int = 0
    """The line whose text is done; 0 for none."""
    place: View | None = None
    """Where one is to stand; None where one stands."""
    left: tuple[Step, ...] = ()
    """What was not done, for it was broken off."""


def do(steps: Sequence[Step], bench: Bench, stand: Stand, over: Callable[[], bool] | None = None) -> Done:
    """Do them. What cannot be done leaves everything as it was, and says why.

    Args:
        over: asked now and then whether nobody waits for them any more; they are left then.
    """
    done = Done(stand)
    with interruptible(over):
        try:
            together = _together(steps, bench, done) if len(steps) > 1 else None
        except Interrupted:
            return replace(done, left=tuple(steps))
        if together is not None:
            return together
        for at, step in enumerate(steps):
            try:
                done = _one(step, bench, done)
            except Interrupted:
                return replace(done, left=tuple(steps[at:]))
    return done


def _together(steps: Sequence[Step], bench: Bench, done: Done) -> Done | None:
    """Steps of which only the last is looked at; None where that cannot be, and each has to answer for itself."""
    stand = done.stand
    history, kind, instrument = stand.history, stand.reading.kind, stand.view.instrument
    view: View | None = None
    words, lines = list[str](), list[int]()
    for step in steps:
        before = history.now
        try:
            history = step.does(history)
            if step.beside == "next":
                kind = beside_of(history.now, kind)
            elif step.beside is not None:
                kind = step.beside
        except Exception as error:
            words.append(_why(error))
            continue
        if not (set(history.now.cuts) <= set(before.cuts) and set(history.now.nudges) <= set(before.nudges)):
            # Whether that can be done by hand is known when it is run; what cannot is nothing to go back to.
            return None
        instrument, view = step.instrument or instrument, step.view or view
        if instrument != "compare":
            kind = ""
        elif kind not in (kinds := kinds_of(history.now)):
            # What stood beside it is gone; something else may stand there.
            kind = kinds[0] if kinds else ""
        lines.append(step.line)
    if not lines:
        return replace(done, words=tuple(words))
    found = _one(Step(lambda _history: history, max(lines), instrument, kind, view), bench, done)
    if found.words:
        return None
    return replace(found, words=tuple(words))


def _one(step: Step, bench: Bench, done: Done) -> Done:
    stand = done.stand
    instrument, at = step.instrument or stand.view.instrument, step.view or stand.view
    words = done.words
    try:
        history = step.does(stand.history)
        kind = stand.reading.kind if step.beside is None else step.beside
        if kind == "next":
            kind = beside_of(history.now, stand.reading.kind)
        try:
            reading = _read(history.now, bench, stand.reading, kind if instrument == "compare" else "", instrument)
            # Whether there is anything to see is known when it is looked at.
            shown = look(instrument, reading, at)
        except ValueError as error:
            if history.now == stand.history.now or instrument == "state":
                raise
            # What looked at the experiment before has nothing to see of this one.
            words = (*words, str(error))
            instrument, reading = "state", _read(history.now, bench, stand.reading, "", "state")
            shown = look(instrument, reading, at)
    except Exception as error:
        # Whatever a network or a file did must not take the screen with it.
        return replace(done, words=(*done.words, _why(error)))
    found = Stand(history, reading, replace(at, instrument=instrument))
    return Done(found, shown, words, step.line or done.line, step.view or done.place)


def _read(experiment: Experiment, bench: Bench, known: Reading, kind: Beside, instrument: str) -> Reading:
    if experiment == known.experiment and kind == known.kind and (kind or instrument != "compare"):
        return known
    if instrument != "compare":
        return bench.read(experiment)
    try:
        return bench.read(experiment, kind or beside_of(experiment))
    except ValueError:
        # What stood beside it is gone; something else may stand there.
        return bench.read(experiment, beside_of(experiment))


def _why(error: Exception) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return _("That could not be done: {e}").format(e=clean(str(error) or type(error).__name__))
