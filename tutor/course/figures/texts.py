"""What a figure needs of a text: that the model reads it, and that it has the step; a lesson's, or a learner's own."""

from __future__ import annotations

from tutor.course.entries import ModelEntry
from tutor.course.measured import Found
from tutor.engine.text import tokenize
from tutor.i18n import _

MOST_WRITTEN = 200
"""Tokens of a text that a learner writes into a figure."""


def unreadable(name: str, entry: ModelEntry, text: str) -> Found | None:
    """Why a model cannot be shown reading a text."""
    if entry.task in ("forecast", "caption"):
        return f'the model `{name}` has the task "{entry.task}", and reads no text', "name one that does"
    if not tokenize(text or entry.text, entry.unit):
        return f"the model `{name}` has no text to run on", f'write text = "…" here or in [models.{name}]'
    return None


def step_beyond(
    entry: ModelEntry, text: str, step: int | None, least: int = 0, without: str = "the last"
) -> Found | None:
    """Why a text has no such step; None is the one that is taken without any, which there always is."""
    steps = len(tokenize(text or entry.text, entry.unit))
    if step is not None and not least <= step <= steps:
        return f"`step` is {step}", f"write a number from {least} to {steps}, or leave it out for {without}"
    return None


def tokens_of(text: str, unit: str) -> tuple[str, ...]:
    """What a learner wrote, as a model reads it.

    Raises:
        ValueError: there is nothing in it to read, or too much; in one line.
    """
    tokens = tokenize(text, unit)
    if not tokens:
        raise ValueError(_("There is nothing to read: write at least one word."))
    if len(tokens) > MOST_WRITTEN:
        said = _("That is {n} tokens; {most} are enough here, and the sandbox reads longer texts.")
        raise ValueError(said.format(n=len(tokens), most=MOST_WRITTEN))
    return tokens
