"""The line of the sandbox: what is asked, and what is typed; enter gives it away, esc keeps what was there."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tutor.i18n import _
from tutor.sandbox.experiment import MAX_TEXT
from tutor.sandbox.files import completed
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.line import OpenedLine


class FileSuggester(Suggester):
    """How the name of a file goes on, in a thread: a folder may be far away."""

    def __init__(self) -> None:
        # What is there can change while it is typed.
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that begins so."""
        return await asyncio.to_thread(completed, value)


class BenchLine(OpenedLine):
    """It takes a whole text. Where a file is asked for, tab writes what is suggested of its name."""

    MOST = MAX_TEXT
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "take", show=False)]

    def action_copy(self) -> None:
        """What is selected, and a word that it is there now: the screen looks the same."""
        super().action_copy()
        if self.selected_text:
            self.post_message(self.Told(_("Copied, where the terminal allows it.")))

    def action_take(self) -> None:
        """What is suggested, or nothing."""
        self.cursor_position = len(self.value)
        self.action_cursor_right()


class Prompt(Horizontal):
    """Out of sight until something is asked."""

    DEFAULT_CSS = """
    Prompt { height: 1; margin: 1 1 0 1; display: none; }
    Prompt.-open { display: block; }
    Prompt > Static { width: auto; max-width: 60%; height: 1; padding-right: 1; color: $accent; }
    Prompt > BenchLine, Prompt > BenchLine:focus { width: 1fr; height: 1; border: none; padding: 0;
        background: $foreground 10%; background-tint: $foreground 0%; }
    """

    class Given(Message):
        """Something was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def compose(self) -> ComposeResult:
        """What is asked, and the line."""
        yield Static()
        yield BenchLine(select_on_focus=False)

    @property
    def line(self) -> BenchLine:
        """Where it is typed."""
        return self.query_one(BenchLine)

    @property
    def open(self) -> bool:
        """Whether something is asked."""
        return self.has_class("-open")

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the keys do while something is asked."""
        names = (Hint("tab", "", _("the rest of the name")),) if self.line.suggester is not None else ()
        return (Hint("enter", "", _("take it")), *names, Hint("esc", "leave", _("leave it")))

    def ask(self, what: str, value: str, *, all_of_it: bool = False, file: bool = False) -> None:
        """Ask, with something in the line to begin with.

        Args:
            what: is asked.
            value: what stands in the line.
            all_of_it: whether all of it is selected, so that the first letter takes its place.
            file: whether the name of a file is asked for, and names that begin so are suggested.
        """
        self.query_one(Static).update(Content(what))
        line = self.line
        line.suggester = FileSuggester() if file else None
        line.value = value
        self.add_class("-open")
        line.focus()
        line.cursor_position = len(value)
        if all_of_it:
            line.action_select_all()

    def close(self) -> None:
        """Nothing is asked any more."""
        self.remove_class("-open")

    @on(Input.Submitted)
    def give(self, message: Input.Submitted) -> None:
        """Give it away; it stays open until who asked closes it."""
        message.stop()
        self.post_message(self.Given(message.value))

    @on(events.Click)
    def stay(self, message: events.Click) -> None:
        """A click beside the line leaves the keys in it."""
        if self.open:
            self.line.focus()
