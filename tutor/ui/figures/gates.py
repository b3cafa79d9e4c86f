"""The gates figure: a lane for each gate and state of a cell, read step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.gates import GatesValues
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.gates import Lane, Plan, equation, gates, plan
from tutor.draw.figures.why import Place, why
from tutor.draw.wording import phrase
from tutor.engine.opened import before
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, StepRows
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint


class Lanes(StepRows):
    """The lanes; ← and → choose a unit, ↑ and ↓ a step."""

    direction = reactive(0, repaint=False)
    """0 forward, 1 backward."""
    folded = reactive(False, repaint=False)
    """Whether each lane is one unit, even where all would fit."""

    def __init__(self, values: GatesValues) -> None:
        super().__init__()
        self.values: GatesValues = values
        self._lanes: dict[int, tuple[Lane, ...]] = {}

    def take(self, values: GatesValues) -> None:
        """Other lanes."""
        self._lanes = {}
        super().take(values)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Those of the direction that is shown."""
        if self.direction not in self._lanes:
            self._lanes[self.direction] = tuple(
                Lane(
                    one.letter,
                    one.name,
                    one.gate.range[0] if one.gate else -one.limit,
                    one.gate.range[1] if one.gate else one.limit,
                    one.values,
                    (_(one.gate.low), _(one.gate.high)) if one.gate and one.gate.low else ("", ""),
                    one.start,
                    one.bounded,
                    one.carried,
                    one.into,
                    one.keeps,
                )
                for one in self.values.told(self.direction)
            )
        return self._lanes[self.direction]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The lanes and the equations of the unit under the cursor."""
        return gates(
            self.lanes,
            self.values.run.tokens,
            self.position,
            self.unit,
            width,
            height,
            look,
            made=self._made(width, look),
            folded=self.folded,
            focused=self.has_focus,
            note=self._note(),
            direction=self.direction if self.values.run.spec.bidirectional else None,
        )

    def _note(self) -> str:
        run = self.values.run
        said = (
            [] if any(lane.ends[0] for lane in self.lanes) or self.values.follow else [_("no gates: h is all it has")]
        )
        if run.spec.num_layers > 1:
            said.append(_("layer {n} of {total}").format(n=run.spec.num_layers, total=run.spec.num_layers))
        return "; ".join(said)

    def _made(self, width: int, look: Look) -> list[Row]:
        run = self.values.run
        count = len(self.values.made(1, 0, self.direction))
        if self.position == 0:
            word = _("Nothing is read yet: . takes the first step.")
            return [phrase((word,), width, look, look.muted), *[()] * (count - 1)]
        *carried, h = self.values.made(self.position, self.unit, self.direction)
        found = before(run, self.position - 1, self.direction)
        # As every other figure counts it: over both directions.
        unit = self.unit + 1 + self.direction * self.units
        place = Place(self.position, unit, found)
        rows = [equation(part, self.position, found, unit, look) for part in carried]
        return [*rows, *why([h], -1, width, 1, look, place)]

    def watch_direction(self) -> None:
        """The other direction's lanes."""
        self.redraw()

    def watch_folded(self) -> None:
        """Other lanes."""
        self.redraw()

    def plan(self, *, folded: bool) -> Plan:
        """What stands where in the room that there is."""
        tokens, look = self.values.run.tokens, look_of(self.app)
        equations = len(self.values.made(1, 0, self.direction))
        return plan(self.lanes, tokens, self.position, *self.size, look, folded=folded, equations=equations)

    # Keys

    @property
    def units(self) -> int:
        """Of one direction."""
        return self.values.run.spec.hidden_size

    @property
    def in_view(self) -> int:
        """Rows of steps that there is room for."""
        return self.plan(folded=self.folded).rows

    def on_click(self, event: events.Click) -> None:
        """A click goes to the step and the unit under it."""
        where = self.plan(folded=self.folded)
        self.go_to(where.step_at(event.y), where.unit_at(event.x, self.units))


class GatesFigure(Player):
    """A run, the step, the unit and the direction that are looked at."""

    BINDINGS = [
        Binding("v", "direction", show=False),
        Binding("f", "fold", show=False),
    ]

    SHOW = "gates"
    SIGNED = True
    TIGHT = 16
    TELLING = (*Player.TELLING, "direction", "folded")

    direction = reactive(0, repaint=False)
    """0 forward, 1 backward."""
    folded = reactive(False, repaint=False)
    """Whether each lane is one unit on its scale."""

    def __init__(
        self, values: GatesValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        length = len(values.run.tokens)
        # Every lane is full at first sight: before the first token there is nothing in them.
        super().__init__(values, length, position=length, clock=clock, id=id)
        self.values: GatesValues
        self.set_reactive(Player.unit, values.unit)

    def parts(self) -> Iterable[Widget]:
        """The lanes alone."""
        yield Lanes(self.values).data_bind(Player.position, Player.unit, GatesFigure.direction, GatesFigure.folded)

    def renew(self, options: Any, values: GatesValues) -> bool:
        """Another run, from its start where it reads from there alone."""
        if not values.run.spec.bidirectional:
            self.direction = 0
        self.unit = min(self.unit, values.run.spec.hidden_size - 1)
        return super().renew(options, values)

    def action_direction(self) -> None:
        """The other direction."""
        if not self.values.run.spec.bidirectional:
            self.tell(_("This network reads one way only."))
            return
        self.direction = 1 - self.direction
        self.tell(_("The direction that reads from the end.") if self.direction else _("From the start."))

    def action_fold(self) -> None:
        """Each lane one unit on its scale, or every unit of it."""
        lanes = self.query_one(Lanes)
        if not lanes.plan(folded=False).each:
            self.tell(_("There is no room to unfold the lanes: their units do not fit side by side."))
            return
        self.folded = not self.folded

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        direction = "backward" if self.direction else "forward"
        return {**super().facts, "unit": self.unit + 1, "folded": self.folded, "direction": direction}

    def tables(self) -> tuple[Table, ...]:
        """Of the direction that is on the screen."""
        return self.values.tables(self.direction)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        lanes = next(iter(self.query(Lanes)), None)
        both = (Hint("v", "direction", _("direction"), self),) if self.values.run.spec.bidirectional else ()
        return (*PLAYER_HINTS, Hint("← →", "aim(1)", _("unit"), lanes), Hint("f", "fold", _("one unit"), self), *both)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("← → [ ]", _("another unit")),
            ("↑ ↓", _("a step back, a step on")),
            ("f", _("each lane as one unit on its scale with the mean of all, or every unit of it")),
            ("v", _("the other direction, where there are two")),
        )
