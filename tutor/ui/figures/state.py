"""The state figure: a network read token by token: its chain, its heatmap, any value opened, the next words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.state import StateValues
from tutor.engine import CELLS
from tutor.i18n import _
from tutor.ui.figures.next import Next
from tutor.ui.figures.player import PLAYER_HINTS, Player
from tutor.ui.figures.statemap import StateMap
from tutor.ui.figures.unrolled import Diagram
from tutor.ui.figures.why import Why
from tutor.ui.widgets.keyline import Hint

LEAST_ROWS, LEAST_NEXT = 6, 3
"""Rows of the heatmap, and next words, that are shown before anything else gets room."""


class StateFigure(Player):
    """A run and the place in it."""

    DEFAULT_CSS = """
    StateFigure.-tight Next, StateFigure.-tight Why { margin-top: 0; }
    """

    BINDINGS = [Binding("f", "follow", show=False)]

    SHOW = "state"
    SCALED = True
    TELLING = (*Player.TELLING, "opened")

    followed = reactive("h", repaint=False)
    """What the heatmap shows."""
    opened = reactive(False, repaint=False)
    """Whether the value under the cursor is opened into its terms."""

    def __init__(
        self, values: StateValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, len(values.run.tokens), position=values.step, clock=clock, id=id)

    def parts(self) -> Iterable[Widget]:
        """The chain, the heatmap, the value under its cursor, the next words."""
        run = self.values.run
        yield Diagram(run).data_bind(Player.position)
        yield StateMap(run).data_bind(Player.position, Player.unit, StateFigure.followed)
        yield Why(run).data_bind(Player.position, Player.unit, StateFigure.followed)
        if self.values.next and run.probabilities is not None:
            yield Next(run, self.values.next).data_bind(Player.position)

    def renew(self, options: Any, values: StateValues) -> bool:
        """Another run; one that says what comes next where none did has another form."""
        run = values.run
        if bool(self.query(Next)) != bool(values.next and run.probabilities is not None):
            return False
        self.values = values
        if self.followed not in self.followable:
            self.followed = "h"
        heat = self.query_one(StateMap)
        heat.show_run(run)
        self.unit = min(self.unit, heat.units - 1)
        self._share(self.size.height)
        return super().renew(options, values)

    def on_mount(self) -> None:
        """Nothing is opened yet."""
        self.query_one(Why).display = self.opened

    def on_resize(self, event: events.Resize) -> None:
        """The heatmap keeps at least five rows: the diagram gives way first, then the opened value's room."""
        self._share(event.size.height)

    def _share(self, height: int) -> None:
        """Give each part its rows: what the step is about first, then air, then the diagram."""
        rows = len(self.values.run.tokens) + 2
        words = next(iter(self.query(Next)), None)
        least = min(self.values.next, LEAST_NEXT)
        room = height - 1 - min(rows, LEAST_ROWS) - (3 if self.opened else 0) - (least + 1 if words else 0)
        gaps = 1 + self.opened + (words is not None)
        airy = room >= gaps
        self.set_class(not airy, "-tight")
        room -= gaps if airy else 0
        if words is not None:
            more = min(self.values.next - least, max(room, 0))
            words.show_count(least + more)
            room -= more
        diagram = self.query_one(Diagram)
        # With a row of air below it.
        diagram.display = room > diagram.takes(compact=True)
        diagram.compact = room <= diagram.takes(compact=False)
        if diagram.display:
            room -= diagram.takes(compact=diagram.compact) + 1
        self.query_one(StateMap).styles.height = max(min(rows, min(rows, LEAST_ROWS) + room), 2)

    def watch_opened(self) -> None:
        """Show or hide the terms."""
        for why in self.query(Why):
            why.display = self.opened
            self._share(self.size.height)

    @property
    def followable(self) -> tuple[str, ...]:
        """What the heatmap can show: the state, then the cell's gates by letter."""
        run = self.values.run
        return ("h", *(gate.name for gate in CELLS[run.model.spec.cell].gates))

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {**super().facts, "unit": self.unit + 1, "opened": self.opened}

    def action_follow(self) -> None:
        """The next gate in the heatmap, and after the last the state again."""
        names = self.followable
        if len(names) == 1:
            self.tell(_("A plain RNN has no gates. Those of a GRU or an LSTM would be shown here."))
            return
        self.follow(names[(names.index(self.followed) + 1) % len(names)])
        self.tell(self.meaning(self.followed))

    def follow(self, name: str) -> None:
        """Show other values in the heatmap."""
        self.followed = name

    def meaning(self, name: str) -> str:
        """A gate's name and what its ends mean, in a line."""
        if name == "h":
            return _("h: the hidden state")
        gate = next(g for g in CELLS[self.values.run.model.spec.cell].gates if g.name == name)
        low, high = gate.range
        return _("{letter}: {label}, {low:g} to {high:g}").format(letter=name, label=_(gate.label), low=low, high=high)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (*PLAYER_HINTS, Hint("w", "why", _("why")), *self._following)

    @property
    def _following(self) -> tuple[Hint, ...]:
        return (Hint("f", "follow", _("a gate"), self),) if len(self.followable) > 1 else ()

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (("f", _("a gate in place of the state; after the last the state again")),)
