"""An action that a step waits for: it is done in the step's figure, and said here when it was.

How the figure stands at first does not count, even where it is what is asked for: something has to change first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tutor.course.figures.facts import Fact
from tutor.course.lesson import Do
from tutor.i18n import _
from tutor.ui.widgets.activity import Activity, Done
from tutor.ui.widgets.words import sentence


class DoActivity(Activity):
    """What is to be done, and whether it is."""

    in_figure = True

    def __init__(self, block: Do, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.ask = block.ask
        self.clock = clock
        self._first: Fact | None = None
        """How the figure stood at first; None before it is there."""
        self._changed = False
        self._over = False

    def compose(self) -> ComposeResult:
        """The words alone: the rest is the figure's."""
        yield Static(sentence(self.ask, self.values), classes="ask")

    def begin(self, facts: Mapping[str, Fact]) -> None:
        """From here on, something has to change."""
        self._first, self._changed, self._over = facts[self.block.until.of], False, False

    def see(self, facts: Mapping[str, Fact]) -> None:
        """Whether that was it."""
        fact = facts[self.block.until.of]
        if self._first is None or self._over:
            return
        self._changed = self._changed or fact != self._first
        if self._changed and self.block.until.met(fact):
            self._over = True
            of = self.block.until.of
            self.post_message(self.Finished((Done(of, _told(of, fact), kind=None, response=fact),)))

    def verdict(self, done: Sequence[Done]) -> Content | None:
        """That it was done, what it came to, and why that matters."""
        if not done or done[0].response is None:
            return None
        fact = done[0].response
        value = done[0].said if isinstance(fact, bool) else fact
        because = sentence(self.block.because, {**self.values, "value": value})
        # A switch was put to what was asked for, a value was opened: that it was says all.
        alone = isinstance(fact, bool) or self.block.until.of == "opened"
        head = _("Done.") if alone else _("Done: {value}.").format(value=done[0].said)
        return Content.assemble((head, "bold $success"), " ", because)


def _told(of: str, fact: Fact) -> str:
    """A fact as a learner reads it: a place in a row by what it is one of, an amount by its number."""
    if isinstance(fact, bool):
        return _("yes") if fact else _("no")
    if isinstance(fact, str):
        return fact
    number = f"{fact:.4g}"
    places = {"step": _("step {n}"), "unit": _("unit {n}"), "token": _("token {n}"), "day": _("day {n}")}
    return places[of].format(n=number) if of in places else number
