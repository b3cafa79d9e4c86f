"""A game that a step waits for: its words, its field, the networks that play along, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.course.games import recall
from tutor.course.games.game import Game
from tutor.course.games.history import visits
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.ui.widgets.activity import Activity, Done
from tutor.ui.widgets.games.continuing import ContinueField
from tutor.ui.widgets.games.field import GameField, RoundDone
from tutor.ui.widgets.games.n_back import NBackField
from tutor.ui.widgets.games.outcome import Outcome, Visits
from tutor.ui.widgets.games.recall import RecallField


class GameActivity(Activity):
    """What is asked, and where it is played."""

    takes_letters = True

    class Learned(Message):
        """Where the networks stand."""

        def __init__(self, said: str, *, ready: bool = False) -> None:
            super().__init__()
            self.said = said
            self.ready = ready

    def __init__(self, block: Game, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.clock = clock

    def compose(self) -> ComposeResult:
        """The words, then the field."""
        yield Static(Content(self.block.ask), classes="ask")
        field = self._field()
        field.add_class("field")
        yield field

    def _field(self) -> GameField:
        assert self.given is not None
        lab, kept = self.given.lab, self.given.attempts()
        if self.block.play == "recall":
            tries = Counter(one.response for one in kept)
            right = Counter(one.response for one in kept if one.correct)
            names = {distance: recall.label(distance) for distance in self.block.distances}
            before = {distance: (right[name], tries[name]) for distance, name in names.items()}
            return RecallField(self.block, lab, len(kept), self.clock, before)
        kind = NBackField if self.block.play == "n-back" else ContinueField
        return kind(self.block, lab, len(kept), self.clock)

    def on_mount(self) -> None:
        """Who is to play along has to have learned."""
        if self.block.models:
            self._learn()
        else:
            self.query_one(GameField).open()

    @work(thread=True, exclusive=True, group="game", description="game")
    def _learn(self) -> None:
        """In a thread: whoever leaves, or skips, stops it, and what was learned until then stays."""
        worker = get_current_worker()
        assert self.given is not None
        lab = self.given.lab
        try:
            for name in self.block.models:
                if lab.ready(name):
                    continue
                with closing(lab.train(name)) as checkpoints:
                    for one in checkpoints:
                        if worker.is_cancelled:
                            return
                        said = _("The networks learn first. {name}: {step} of {steps} updates")
                        self.post_message(self.Learned(said.format(name=clean(name), step=one.step, steps=one.steps)))
            self.post_message(self.Learned("", ready=True))
        except Exception as error:
            # A lesson that cannot be computed must not take the screen with it: say so, and stay.
            said = _("The networks could not be trained: {e}").format(e=error)
            self.post_message(self.Learned(said))

    def on_game_activity_learned(self, message: Learned) -> None:
        """Say so; when all have, it can begin."""
        message.stop()
        for field in self.query(GameField):
            if message.ready:
                field.open()
            else:
                field.word = message.said
                field.redraw()

    def enter(self) -> None:
        """What runs is skipped; the rounds that were played count."""
        self._finish()

    def on_game_field_over(self, message: GameField.Over) -> None:
        """Played to the end."""
        message.stop()
        self._finish()

    def _finish(self) -> None:
        self.workers.cancel_node(self)
        done: tuple[RoundDone, ...] = ()
        for field in self.query(GameField):
            field.end()
            done = field.done
        self.post_message(self.Finished(done))

    async def settle(self, done: Sequence[Done]) -> None:
        """What came of it, and how it went on the visits before."""
        await super().settle(())
        if self.query(Outcome):
            return
        rounds = [one.round for one in done if isinstance(one, RoundDone)]
        await self.mount(Outcome(self.block, rounds))
        for ask in self.query(".ask"):
            # What came of it stands below, and apart.
            ask.styles.margin = (0, 0, 1, 0)
        assert self.given is not None
        known = visits(self.block, self.given.attempts())
        if known:
            await self.mount(Visits(self.block, known))
