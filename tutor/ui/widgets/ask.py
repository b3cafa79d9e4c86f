"""A prediction or a question on screen: what is asked, what it is answered with, and when it was, what was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tutor.course.grading import Verdict
from tutor.course.lesson import Asked, Prediction
from tutor.ui.widgets.means.base import Means
from tutor.ui.widgets.means.choice import Choices
from tutor.ui.widgets.means.confidence import Confidence
from tutor.ui.widgets.means.number import NumberField
from tutor.ui.widgets.means.order import Order
from tutor.ui.widgets.means.place import Place
from tutor.ui.widgets.means.range import RangeField
from tutor.ui.widgets.words import sentence


def means_of(asked: Asked, start: Sequence[str] = ()) -> Means:
    """The widget that something is answered with.

    Args:
        start: the keys of options to put in order, as they stand at first.
    """
    if asked.point is not None:
        return Place(asked.point)
    if asked.order:
        return Order(asked.options, start)
    if asked.options:
        return Choices(asked.options)
    if asked.widest is not None:
        return RangeField(asked)
    low, high = asked.low, asked.high
    return NumberField(0.0 if low is None else low, 1.0 if high is None else high, start=asked.start, scale=asked.scale)


class Ask(Vertical):
    """Something asked. Whatever it is answered with, it commits, restores and reveals alike."""

    DEFAULT_CSS = """
    Ask { height: auto; margin-bottom: 1; }
    Ask > .ask { height: auto; text-style: bold; margin-bottom: 1; }
    Ask > .verdict { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, asked: Asked, values: Mapping[str, object], start: Sequence[str] = ()) -> None:
        """
        Args:
            asked: what.
            values: the lesson's values, as far as they are known.
            start: as in `means_of`.
        """
        super().__init__()
        self.asked = asked
        self.values = values
        self.means = means_of(asked, start)
        """What it is answered with."""
        self.answered = False

    def compose(self) -> ComposeResult:
        """The words, then the means."""
        yield Static(sentence(self.asked.ask, self.values), classes="ask")
        yield self.means
        if isinstance(self.asked, Prediction):
            yield Confidence()

    def fill(self, values: Mapping[str, object]) -> None:
        """The values in the question are known now."""
        self.query(".ask").only_one(Static).update(sentence(self.asked.ask, values))

    def on_mount(self) -> None:
        """The answer has the keys."""
        self.means.focus()

    def attend(self, figure: Any) -> None:
        """The step's figure is on screen, or None."""
        self.means.attend(figure)

    @property
    def response(self) -> str | float:
        """The answer as it stands (ValueError when it is none)."""
        return self.means.response

    @property
    def confidence(self) -> str | None:
        """How sure, for a prediction."""
        return self.query_one(Confidence).response if isinstance(self.asked, Prediction) else None

    def restore(self, response: str | float, confidence: str | None) -> None:
        """Stand as it stood when it was answered."""
        self.means.restore(response)
        for widget in self.query(Confidence):
            widget.restore(confidence)

    def commit(self) -> None:
        """No answer changes any more."""
        self.answered = True
        self.means.settle()
        for confidence in self.query(Confidence):
            confidence.settle()

    async def reveal(self, verdict: Verdict) -> None:
        """Show what is true, and what to make of it."""
        head = self.means.reveal(verdict)
        style = "bold $success" if verdict.correct else "bold $warning"
        said = Content.assemble((head, style), " ", sentence(verdict.says, None))
        await self.mount(Static(said, classes="verdict"))

    @property
    def news(self) -> Widget | None:
        """Where what is new begins, once it is revealed: at the options, where each has something to say."""
        verdict = next(iter(self.query(".verdict")), None)
        return self.means if verdict is not None and self.asked.order else verdict
