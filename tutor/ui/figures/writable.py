"""A figure of what a learner may write: e opens a line with what it shows, enter reads it, esc keeps the old."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.screen import Screen
from textual.widgets import Input

from tutor.i18n import _
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.line import Line, OpenedLine


class WrittenLine(OpenedLine):
    """What is written, above the picture."""

    DEFAULT_CSS = """
    WrittenLine, WrittenLine:focus { height: 1; border: none; padding: 0; margin-bottom: 1;
        background: $foreground 10%; background-tint: $foreground 0%; }
    """


class Writable(Figure):
    """Subclasses say what stands in the line, and what is shown of it: little enough to be computed at once."""

    WRITES: str = ""
    """What the key line calls it."""

    @property
    def written(self) -> str:
        """What the line opens with."""
        raise NotImplementedError

    def show_written(self, text: str) -> None:
        """Read a line that was written, and show what comes of it.

        Raises:
            ValueError: in one line, why it cannot be read; then the line, and the picture, stay as they are.
        """
        raise NotImplementedError

    _open = False
    """One that was closed is gone only a frame later."""

    @property
    def writing(self) -> bool:
        """Whether the line is open, and what is typed is typed in it."""
        return self._open and isinstance(self.screen.focused, WrittenLine)

    def action_write(self) -> None:
        """Open the line, or go on in the one that is open."""
        if self._open:
            for line in self.query(WrittenLine):
                line.focus()
            return
        self._open = True
        line = WrittenLine(self.written, select_on_focus=False)
        self.mount(line, before=0)
        line.focus()
        line.cursor_position = len(line.value)
        self.post_message(self.Changed(self))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """While the line is open the keys are its own: a click on the picture does what it does, and no more."""
        if self._open:
            if not isinstance(event.widget, WrittenLine):
                self.action_write()
            self.post_message(self.Changed(self))

    def on_descendant_blur(self) -> None:
        """The keys may be the screen's now: what they do is another thing."""
        if self._open:
            self.post_message(self.Changed(self))

    def close(self) -> None:
        """Close it; the keys go back to the picture."""
        self._open = False
        for line in self.query(WrittenLine):
            line.remove()
        self.call_after_refresh(self._give_back)

    def _give_back(self) -> None:
        self.take_keys()
        self.post_message(self.Changed(self))

    @on(Input.Submitted)
    def read(self, message: Input.Submitted) -> None:
        """Read what was written, or say why not."""
        message.stop()
        try:
            self.show_written(message.value)
        except ValueError as error:
            self.tell(str(error))
            return
        self.close()

    @on(OpenedLine.Kept)
    def kept(self, message: OpenedLine.Kept) -> None:
        """Nothing is to change."""
        message.stop()
        self.close()

    @on(Line.Told)
    def told(self, message: Line.Told) -> None:
        """The line has a word to say."""
        message.stop()
        self.tell(message.word)

    @property
    def writing_hints(self) -> tuple[Hint, ...]:
        """What the key line says while the line is open."""
        return (Hint("enter", "", _("read it")), Hint("esc", "", _("keep the old one")))

    @property
    def write_hint(self) -> Hint:
        """What the key line says of it."""
        return Hint("e", "write", self.WRITES, self)


def writable_in(screen: Screen[Any]) -> Writable | None:
    """The figure of a screen that takes something written; a query by class sees the first base of a class alone."""
    return next((figure for figure in screen.query(Figure) if isinstance(figure, Writable)), None)
