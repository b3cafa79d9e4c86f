"""The words of a step: its title, its prose, what it waits for, and at last what was right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tutor.course.grading import start_order
from tutor.course.lesson import Asked, Block, Doing, Math, Prose
from tutor.ui.computing import Shown
from tutor.ui.widgets.activities import activity_of
from tutor.ui.widgets.activity import Activity, Given
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.words import Equation, Words


class Page(VerticalScroll):
    """Owns what stands in it, and with which of the lesson's values.

    Args:
        clock: seconds that pass, for what is done in it.
    """

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.clock = clock
        self._values: Mapping[str, Any] = {}
        """The lesson's values, as the words show them now."""

    async def begin(self, title: str, values: Mapping[str, Any]) -> None:
        """A new page: a title and nothing else.

        Args:
            title: the step's.
            values: the lesson's values, as far as they are known.
        """
        self._values = values
        await self.remove_children()
        await self.mount(Static(Content(title), classes="step-title"))

    async def lay(self, blocks: Sequence[Block]) -> None:
        """Words below those that are there; what has none is passed over."""
        for block in blocks:
            if isinstance(block, Prose):
                await self.mount(Words(block, self._values))
            elif isinstance(block, Math):
                await self.mount(Equation(block))

    async def lay_asked(self, asked: Asked | Doing | None, given: Given) -> None:
        """What the step waits for, below them.

        Args:
            asked: what is asked, or is to be done; None for nothing.
            given: what may be looked up for it.
        """
        if isinstance(asked, Doing):
            activity = activity_of(asked, self.clock, given)
            activity.fill(self._values)
            await self.mount(activity)
        elif asked is not None:
            await self.mount(Ask(asked, self._values, start_order(asked, given.lab) if asked.order else ()))

    @property
    def ask(self) -> Ask | None:
        """What is asked in it."""
        return next(iter(self.query(Ask)), None)

    @property
    def activity(self) -> Activity | None:
        """What is done in it."""
        return next(iter(self.query(Activity)), None)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Where other values are known now, draw the words that are there again."""
        if values == self._values:
            return
        self._values = values
        for widget in (*self.query(Words), *self.query(Ask), *self.query(Activity)):
            widget.fill(values)

    async def reveal(self, shown: Shown, after: Sequence[Block]) -> None:
        """What was right, what came of what was done, and the words after it."""
        ask, activity = self.ask, self.activity
        if ask is not None and shown.verdict is not None:
            if not ask.answered and shown.response is not None:
                ask.restore(shown.response, shown.confidence)
                ask.commit()
            await ask.reveal(shown.verdict)
        if activity is not None:
            await activity.settle(shown.done or ())
        await self.lay(after)

    def to_news(self) -> None:
        """Where the words do not all fit, what is new stands at the top of them."""
        news = (self.ask.news if self.ask is not None else None) or next(iter(self.query(".verdict")), None)
        if news is not None:
            self.scroll_to_widget(news, animate=False, top=True)
