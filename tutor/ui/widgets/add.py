"""A line of the learner's own, which a model is to learn: its beginning is given, and they write how it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tutor.course.adding import whole_line
from tutor.course.lesson import Add
from tutor.i18n import _
from tutor.ui.widgets.activity import Activity, Done
from tutor.ui.widgets.line import Line
from tutor.ui.widgets.words import sentence


class LineField(Line):
    """Where it is written; enter is the screen's, as everywhere."""

    BINDINGS = [Binding("enter", "screen.go_on", priority=True, show=False)]


class AddActivity(Activity):
    """What is asked, the beginning of the line with a field after it, and in the end what is learned."""

    DEFAULT_CSS = """
    AddActivity > .field { height: auto; }
    AddActivity > .field > Static { width: auto; padding: 1 1 0 0; }
    AddActivity LineField { width: 1fr; background: $background; border: solid $foreground 30%; }
    AddActivity LineField:focus { border: solid $accent; background-tint: $foreground 0%; }
    """

    takes_letters = True
    takes_text = True

    def __init__(self, block: Add, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.ask = block.ask
        self.clock = clock
        self._began = 0.0

    def compose(self) -> ComposeResult:
        """The words, the beginning, the field."""
        yield Static(sentence(self.ask, self.values), classes="ask")
        with Horizontal(classes="field"):
            yield Static(Content(self.block.begins))
            said = _("{word}, or another word").format(word=self._rest)
            yield LineField(placeholder=said)

    @on(Line.Told)
    def told(self, message: Line.Told) -> None:
        """The field has a word to say."""
        message.stop()
        self.post_message(self.Told(message.word))

    @property
    def _line(self) -> str:
        """The line that is learned besides, as it stands."""
        assert self.given is not None
        return self.given.lab.entry(self.block.model).added

    @property
    def _rest(self) -> str:
        return self._line[len(self.block.begins) :].strip()

    def on_mount(self) -> None:
        """The keys go to the field."""
        self._began = self.clock()
        self.query_one(LineField).focus()

    @property
    def enter_does(self) -> str:
        """What enter does while it goes on."""
        return _("add it")

    def enter(self) -> None:
        """Take what was written; with nothing written, the line stays the one that is seen faintly in the field."""
        typed = self.query_one(LineField).value
        assert self.given is not None
        if not typed.strip():
            self.post_message(self.Finished(()))
            return
        try:
            line = whole_line(self.block, typed, self.given.lab)
        except ValueError as error:
            self.post_message(self.Told(str(error)))
            return
        self.post_message(self.Finished((Done(_("your line"), line, None, self.clock() - self._began, response=line),)))

    def verdict(self, done: Sequence[Done]) -> Content:
        """What is learned now, and how often."""
        assert self.given is not None
        times = self.given.lab.entry(self.block.model).times
        line = str(done[0].response) if done else self._line
        head = _("Added, {n} times:").format(n=times)
        return Content.assemble((head, "bold $success"), " ", line)
