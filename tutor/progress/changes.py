"""What is kept, as values: each thing that a learner does is one frozen change, `Seen` is all of them.

A change is idempotent: taken in or written twice, it is there once. So a save that may or may not have
reached the disk can be tried again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

KINDS = ("predict", "question", "recite")
"""What an attempt can be an answer to."""

CONFIDENCES = ("guess", "fairly", "certain")
"""How sure a learner can be, least first."""


@dataclass(frozen=True)
class Attempt:
    """One answer, as it was given."""

    lesson: str
    key: str
    """The block that asked, within its lesson."""
    kind: str
    """One of `KINDS`."""
    instance: int
    """Which instance of a question that varies."""
    response: str
    correct: bool | None = None
    """None while it is not graded, or when there is nothing to grade."""
    confidence: str | None = None
    """One of `CONFIDENCES`, where it was asked."""
    seconds: float | None = None
    """How long the learner took."""
    at: float | None = None
    """When, in seconds since 1970; `Progress.answer` fills it in."""
    id: int | None = None
    """Its own number, drawn at random: two processes never draw the same. `Progress.answer` fills it in."""


class Graded(NamedTuple):
    """An attempt's verdict came."""

    id: int
    correct: bool


class Completed(NamedTuple):
    """A step was done."""

    lesson: str
    step: int
    at: float


class Stood(NamedTuple):
    """A step is the one to come back to."""

    lesson: str
    step: int
    at: float


Change = Attempt | Graded | Completed | Stood


@dataclass
class Seen:
    """Everything that is known."""

    attempts: dict[int, Attempt] = field(default_factory=dict)
    """By id, oldest first."""
    completed: dict[tuple[str, int], float] = field(default_factory=dict)
    """When each (lesson, step) was first done."""
    standing: dict[str, tuple[int, float]] = field(default_factory=dict)
    """The step to come back to in each lesson, and since when."""

    def apply(self, change: Change) -> None:
        """Take a change in."""
        match change:
            case Attempt():
                self.attempts[change.id or 0] = change
            case Graded(id, correct):
                if id in self.attempts:
                    self.attempts[id] = replace(self.attempts[id], correct=correct)
            case Completed(lesson, step, at):
                self.completed.setdefault((lesson, step), at)
            case Stood(lesson, step, at):
                self.standing[lesson] = (step, at)

    def changes(self) -> list[Change]:
        """The changes that make up all of it."""
        return [
            *self.attempts.values(),
            *(Completed(lesson, step, at) for (lesson, step), at in self.completed.items()),
            *(Stood(lesson, step, at) for lesson, (step, at) in self.standing.items()),
        ]
