"""Where a game is played: the keys, the one timer, and the stages that a round goes through.

The clock of a game is not the clock of the wall. It runs while a round does, and stands while another screen is in
front: the help, the palette, the word that the window is too small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from textual import events
from textual.message import Message
from textual.timer import Timer

from tutor.course.games.game import Game
from tutor.course.lab import Lab
from tutor.draw.cells import PLAIN, Look, Row, Span
from tutor.draw.wording import paragraph
from tutor.i18n import _
from tutor.ui.widgets.activity import Done
from tutor.ui.widgets.drawn import Drawn

TICK = 1 / 60
"""Seconds between looks at the clock while a round runs."""
MARGIN = 4
"""Cells before a symbol."""

Stage = Literal["waiting", "ready", "showing", "asked", "over"]
"""The networks learn, a round can begin, symbols go by, an answer is awaited, all rounds were played."""


@dataclass(frozen=True)
class RoundDone(Done):
    """What came of a round, with the round itself, which the result is drawn from."""

    round: Any = None


class GameField(Drawn, can_focus=True):
    """A game. Subclasses say what a key does, what passes with time, and what is drawn.

    Attributes:
        block: the game.
        lab: the lesson's models.
        visit: rounds that were kept before; what is drawn is drawn from it.
        done: the rounds that were played.
        word: what was said last; the networks' state while it waits for them.
        elapsed: seconds that the stage has run, those behind another screen not counted.
    """

    DEFAULT_CSS = """
    GameField { margin-bottom: 1; }
    """

    class Over(Message):
        """Every round was played."""

    PERIOD = 1.0
    """Seconds that a symbol stands, the gap after it counted."""

    def __init__(self, block: Game, lab: Lab, visit: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.lab = lab
        self.visit = visit
        self.clock = clock
        self.done: tuple[RoundDone, ...] = ()
        self.stage: Stage = "waiting"
        self.word = ""
        self.elapsed = 0.0
        self._seen = 0.0
        """What the clock said when it was last looked at."""
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """The keys go here."""
        self._timer = self.set_interval(TICK, self.tick, pause=True)
        self.focus()

    def open(self) -> None:
        """The networks are there, or none are needed: the first round can begin."""
        self.word = ""
        self.go("ready")

    # Time

    def go(self, stage: Stage) -> None:
        """Into another stage, from its beginning."""
        self.stage = stage
        self.elapsed = 0.0
        self._seen = self.clock()
        if self._timer is not None:
            if stage in ("showing", "asked"):
                self._timer.resume()
            else:
                self._timer.pause()
        self.redraw(layout=True)

    def tick(self) -> None:
        """Look at the clock."""
        now = self.clock()
        passed, self._seen = max(now - self._seen, 0.0), now
        if not self.screen.is_active:
            return
        if self.stage == "asked":
            self.elapsed += passed
        elif self.stage == "showing":
            before = self.symbol
            self.elapsed += passed
            if self.elapsed >= self.PERIOD:
                # After a long stall one symbol goes by and not a burst, so that none passes unseen.
                self.elapsed = 0.0
                self.next_symbol()
            elif self.symbol != before:
                self.redraw()

    def next_symbol(self) -> None:
        """The time of a symbol is over."""
        raise NotImplementedError

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Whatever is typed is the game's, but for `?`, which is the help's."""
        if self.stage == "over" or not event.character or not event.character.isprintable() or event.character == "?":
            return
        event.stop()
        event.prevent_default()
        # What passed since the last look belongs to the stage that the key ends.
        self.tick()
        if self.stage != "waiting":
            self.typed(event.character)

    def typed(self, character: str) -> None:
        """A key."""
        raise NotImplementedError

    def begin(self, stage: Stage) -> None:
        """A round begins: all of it is to be seen."""
        self.word = ""
        self.go(stage)
        self.scroll_visible(animate=False, top=True)

    def finish(self, done: RoundDone) -> None:
        """A round was played; the last one ends the game."""
        self.done = (*self.done, done)
        if len(self.done) < self.block.rounds:
            self.go("ready")
        else:
            self.end()
            self.post_message(self.Over())

    def end(self) -> None:
        """Nothing more is played."""
        self.can_focus = False
        self.go("over")

    # What is drawn

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Where it stands, the symbol, what a key does, and what was played."""
        if self.stage == "waiting":
            return paragraph(self.word or _("The networks learn first …"), width, look, look.muted)
        return [
            *paragraph(self.where, width, look, look.muted),
            (),
            (Span(" " * MARGIN, PLAIN), Span(self.symbol, look.accent)),
            (),
            *(paragraph(self.word, width, look) if self.word and self.stage != "over" else []),
            *(row for line in self.prompt for row in paragraph(line, width, look)),
            *self.result(width, look),
        ]

    @property
    def where(self) -> str:
        """Which round it is."""
        return ""

    @property
    def symbol(self) -> str:
        """What is shown; empty between two symbols."""
        return ""

    @property
    def prompt(self) -> Sequence[str]:
        """What a key does now, in lines."""
        return ()

    def result(self, width: int, look: Look) -> Sequence[Row]:
        """What was played so far."""
        return ()
