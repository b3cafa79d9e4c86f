"""Something that the learner does, and the step waits for: what all of these have in common.

An activity owns what is going on in it, and says `Finished` once. What came of it is `Done`, which progress keeps and
the activity shows when the step is seen again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tutor.course.figures.facts import Fact
from tutor.course.lab import Lab
from tutor.i18n import _
from tutor.progress import Attempt
from tutor.ui.widgets.words import sentence


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
    kind: str | None = "recite"
    """What progress keeps it as, one of its `KINDS`; None where it is not kept."""
    response: float | str | bool | None = None
    """What was written, or what was reached; progress keeps it, and where there is none the label."""


@dataclass(frozen=True)
class Given:
    """What an activity may look up."""

    lab: Lab
    """The lesson's models."""
    attempts: Callable[[], tuple[Attempt, ...]]
    """What progress holds of the block by now, oldest first."""


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

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    takes_letters = False
    """Whether letters are typed into it, so that they are no keys of the screen's."""
    takes_text = False
    """Whether all that edits a text is its own: `?` and backspace, too."""
    in_figure = False
    """Whether it is done in the step's figure, which has the keys then."""

    given: Given | None = None
    """What it may look up; the registry sets it before the activity is mounted."""
    values: Mapping[str, object] = {}
    """The lesson's values, as far as they are known."""
    ask = ""
    """What its `.ask` says, where values may stand in that."""

    def fill(self, values: Mapping[str, object]) -> None:
        """The values that its words use are known now."""
        self.values = values
        for ask in self.query(".ask").results(Static) if self.ask else ():
            ask.update(sentence(self.ask, values))

    def begin(self, facts: Mapping[str, Fact]) -> None:
        """The step's figure is there, and this is what it tells before anything was done in it."""

    def see(self, facts: Mapping[str, Fact]) -> None:
        """Something was done in the step's figure, and this is what it tells now."""

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
        verdict = self.verdict(done)
        if verdict is not None:
            await self.mount(Static(verdict, classes="verdict"))
            return
        for ask in self.query(".ask"):
            # Nothing stands below it, and no hole is left for that.
            ask.styles.margin = 0

    def verdict(self, done: Sequence[Done]) -> Content | None:
        """What is said of it; None for nothing."""
        pieces: list[str | tuple[str, str]] = []
        for one in done:
            pieces += [(f"{one.label}  ", "bold"), one.said, "\n"]
        return Content.assemble(*pieces) if pieces else None
