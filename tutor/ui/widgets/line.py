"""One line to write in. What is pasted is made safe to show, and what is too long is refused whole, never cut."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tutor.course.terms import cleaned
from tutor.i18n import _


class Line(Input):
    """The line. Letters are its own; what has a word to say comes up as `Told`."""

    MOST: ClassVar[int] = 2000
    """Characters that it takes: what is longer is a file."""

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def _on_paste(self, event: events.Paste) -> None:
        """Without what a terminal would obey; the field's own handler takes it after this one."""
        text = cleaned(event.text[: 4 * self.MOST])
        if len(event.text) > 4 * self.MOST or len(self.value) + len(text) > self.MOST:
            said = _("That is {n} characters, and a line takes {most}. Nothing was pasted.")
            self.post_message(self.Told(said.format(n=len(event.text), most=self.MOST)))
            text = ""
        event.text = text


class OpenedLine(Line):
    """A line that was opened over something else: esc keeps what was there, and what is below does not move."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "keep", show=False),
        Binding("up,down,pageup,pagedown,tab,shift+tab", "stay", show=False),
    ]

    class Kept(Message):
        """Nothing is to change."""

    def action_keep(self) -> None:
        """Away with it."""
        self.post_message(self.Kept())

    def action_stay(self) -> None:
        """Nothing."""
