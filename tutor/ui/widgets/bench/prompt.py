"""The line of the sandbox: what is asked, and what is typed; enter gives it away, esc keeps what was there."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tutor.sandbox.experiment import MAX_TEXT
from tutor.ui.widgets.line import OpenedLine


class BenchLine(OpenedLine):
    """It takes a whole text."""

    MOST = MAX_TEXT


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

    def ask(self, what: str, value: str) -> None:
        """Ask, with something in the line to begin with."""
        self.query_one(Static).update(Content(what))
        self.line.value = value
        self.add_class("-open")
        self.line.focus()
        self.line.cursor_position = len(value)

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
