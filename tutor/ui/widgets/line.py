"""One line to write in. What is pasted is made safe to show, and what is too long is refused whole, never cut."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input

from tutor.course.terms import cleaned
from tutor.i18n import _

MOST = 2000
"""Characters that one line takes: what is longer is a file."""


class Line(Input):
    """The line. Letters are its own; what has a word to say comes up as `Told`."""

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def _on_paste(self, event: events.Paste) -> None:
        """Without what a terminal would obey; the field's own handler takes it after this one."""
        text = cleaned(event.text[: 4 * MOST])
        if len(event.text) > 4 * MOST or len(self.value) + len(text) > MOST:
            said = _("That is {n} characters, and a line takes {most}. Nothing was pasted.")
            self.post_message(self.Told(said.format(n=len(event.text), most=MOST)))
            text = ""
        event.text = text
