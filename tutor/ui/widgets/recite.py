"""Typing by heart, against a clock: sequential memory, played and not told.

A wrong letter is counted and waits; the clock starts at the first letter, so that thinking about how to begin is free
and thinking on the way is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tutor.course.lesson import Recite
from tutor.draw.cells import PLAIN, Look, Row, Span, crop
from tutor.i18n import _
from tutor.ui.widgets.activity import Activity, Done
from tutor.ui.widgets.drawn import Drawn


@dataclass(frozen=True)
class Recital:
    """One text typed through."""

    label: str
    seconds: float
    slips: int

    @property
    def said(self) -> str:
        """How it went."""
        return _("{seconds:.1f} s, {slips} slips").format(seconds=self.seconds, slips=self.slips)


class ReciteField(Drawn, can_focus=True):
    """Where the texts are typed, one after the other."""

    DEFAULT_CSS = """
    ReciteField { margin-bottom: 1; }
    """

    class Finished(Message):
        """Every text was typed through."""

        def __init__(self, recitals: tuple[Recital, ...]) -> None:
            super().__init__()
            self.recitals = recitals

    def __init__(self, block: Recite, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.clock = clock
        self.recitals: tuple[Recital, ...] = ()
        self.typed = 0
        self.slips = 0
        self.wrong = ""
        self._began = 0.0

    @property
    def finished(self) -> bool:
        """Nothing is left to type."""
        return len(self.recitals) == len(self.block.texts)

    def on_mount(self) -> None:
        """The keys go here."""
        self.focus()

    def on_key(self, event: events.Key) -> None:
        """A letter of the text goes on; another one is a slip."""
        if self.finished or not event.character or not event.character.isprintable() or event.character == "?":
            return
        event.stop()
        event.prevent_default()
        text = self.block.texts[len(self.recitals)]
        if self.typed == 0:
            self._began = self.clock()
        if event.character.casefold() == text[self.typed].casefold():
            self.typed += 1
            self.wrong = ""
        else:
            self.slips += 1
            self.wrong = event.character
        if self.typed == len(text):
            done = Recital(self.block.labels[len(self.recitals)], self.clock() - self._began, self.slips)
            self.recitals = (*self.recitals, done)
            self.typed, self.slips = 0, 0
            if self.finished:
                self.can_focus = False
                self.post_message(self.Finished(self.recitals))
        self.redraw()

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """A line for each text: typed, being typed, or still to come."""
        rows: list[Row] = []
        room = max(len(label) for label in self.block.labels) + 2
        for index, (text, label) in enumerate(zip(self.block.texts, self.block.labels, strict=True)):
            here = index == len(self.recitals)
            name = Span(label.ljust(room), PLAIN if here else look.muted)
            if index < len(self.recitals):
                done = self.recitals[index]
                rows.append((name, Span(crop(done.said, max(width - room, 0), ascii=look.ascii), look.accent)))
            elif here:
                cursor = "_" if look.ascii else "▏"
                said = text[: self.typed]
                wrong = f"  {self.wrong}?" if self.wrong else ""
                rows.append((name, Span(said + cursor, look.accent), Span(wrong, look.bad)))
            else:
                rows.append((name,))
        return rows


class ReciteActivity(Activity):
    """What is asked, and where it is typed."""

    takes_letters = True

    def __init__(self, block: Recite, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.clock = clock

    def compose(self) -> ComposeResult:
        """The words, then the field."""
        yield Static(Content(self.block.ask), classes="ask")
        field = ReciteField(self.block, self.clock)
        field.add_class("field")
        yield field

    def on_recite_field_finished(self, message: ReciteField.Finished) -> None:
        """Typed through."""
        message.stop()
        self.post_message(
            self.Finished(tuple(Done(one.label, one.said, one.slips == 0, one.seconds) for one in message.recitals))
        )
