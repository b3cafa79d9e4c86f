"""Something that the learner does, and the step waits for: what all of these have in common.

An activity owns what is going on in it, and says `Finished` once. What came of it is `Done`, which progress keeps and
the activity shows when the step is seen again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tutor.i18n import _


@dataclass(frozen=True)
class Done:
    """What came of one thing that was done."""

    label: str
    """What it was, as a learner reads it; progress keeps it."""
    said: str
    """How it went, as a learner reads it."""
    correct: bool | None = None
    """None where there is nothing to be right about."""
    seconds: float | None = None


class Activity(Vertical):
    """What a step waits for that is neither a choice nor a number."""

    DEFAULT_CSS = """
    Activity { height: auto; margin-bottom: 1; }
    Activity > .ask { height: auto; text-style: bold; margin-bottom: 1; }
    Activity > .verdict { height: auto; }
    """

    class Finished(Message):
        """It is over."""

        def __init__(self, done: tuple[Done, ...]) -> None:
            super().__init__()
            self.done = done

    takes_letters = False
    """Whether letters are typed into it, so that they are no keys of the screen's."""

    @property
    def enter_does(self) -> str:
        """What enter does while it goes on."""
        return _("skip")

    def enter(self) -> None:
        """Enter was pressed; without more, it is skipped."""
        self.post_message(self.Finished(()))

    async def settle(self, done: Sequence[Done]) -> None:
        """It is over, now or on an earlier visit: what came of it is shown, and nothing more can be done in it."""
        for widget in self.query(".field"):
            await widget.remove()
        if done:
            await self.mount(Static(_said(done), classes="verdict"))


def _said(done: Sequence[Done]) -> Content:
    pieces: list[str | tuple[str, str]] = []
    for one in done:
        pieces += [(f"{one.label}  ", "bold"), one.said, "\n"]
    return Content.assemble(*pieces)
