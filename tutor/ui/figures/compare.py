"""The compare figure: two or three runs in step, what is compared of them, and how far apart they are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.compare import NAMES, CompareValues
from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.compare import Amount, Plan, Side, beside, compare, plan, spelled, told
from tutor.draw.wording import phrase, shown_token
from tutor.engine.checks import Array
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, StepRows, Wanted
from tutor.ui.widgets.keyline import Hint

_MOST_WORDS = 4
"""Words that are named where the network knows none of them."""
LABELS = 8
"""Labels that are set beside each other."""


class Compared(StepRows):
    """The runs side by side; ← and → choose a unit, ↑ and ↓ a step."""

    view = reactive("h", repaint=False)
    """What is compared: a letter, "-" for the difference of the states, "?" for what comes next."""

    def __init__(self, values: CompareValues) -> None:
        super().__init__()
        self.values: CompareValues = values
        self._sides: dict[str, tuple[Side, ...]] = {}
        self._amounts: dict[str, tuple[Amount, ...]] = {}
        self._limits: dict[str, float] = {}

    def take(self, values: CompareValues) -> None:
        """Other runs."""
        self._sides, self._amounts, self._limits = {}, {}, {}
        super().take(values)

    # What there is

    @property
    def letter(self) -> str:
        """What the cells and the amounts are of."""
        return "h" if self.view in "-?" else self.view

    @property
    def sides(self) -> tuple[Side, ...]:
        """The runs."""
        letter = self.letter
        if letter not in self._sides:
            values = self.values
            self._sides[letter] = tuple(
                Side(NAMES[i], values.titles[i], run.tokens, values.values(i, letter), values.start(i, letter))
                for i, run in enumerate(values.runs)
            )
        return self._sides[letter]

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """How far apart they are."""
        letter = self.letter
        if letter not in self._amounts:
            fits = self.values.fits(letter)
            self._amounts[letter] = tuple(
                Amount(
                    one.name,
                    one.values,
                    (0, i + 1) if fits else (i,),
                    self.values.first(i + 1, letter) if fits else None,
                )
                for i, one in enumerate(self.values.amounts(letter))
            )
        return self._amounts[letter]

    @property
    def limit(self) -> float:
        """The size that the cells draw as full: 1, or of a difference and of what has no bound the largest there is."""
        view = self.view
        if view not in self._limits:
            every = [self.values.on_rows(i, self.letter) for i in range(len(self.values.runs))]
            if view == "-":
                every = [every[0] - one for one in every[1:]]
            sizes = np.abs(np.concatenate([one.ravel() for one in every]))
            most = float(sizes[np.isfinite(sizes)].max(initial=0.0))
            free = view == "-" or not self.values.bounded(view)
            self._limits[view] = (most or 1.0) if free else 1.0
        return self._limits[view]

    @property
    def units(self) -> int:
        """Of the widest run."""
        sizes = [int(side.values.shape[1]) for side in self.sides]
        return max(sizes)

    # Drawing

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The cells, or what comes next."""
        if self.view == "?":
            return self._next(width, height, look)
        return compare(
            self.sides,
            self.values.rows,
            self.amounts,
            self.position,
            self.unit,
            width,
            height,
            look,
            letter=self.letter if self.view != "-" else "Δh" if not look.ascii else "dh",
            limit=self.limit,
            said=self._said(look),
            difference=self.view == "-",
            focused=self.has_focus,
        )

    def _next(self, width: int, height: int, look: Look) -> list[Row]:
        if self.position == 0:
            word = _("Nothing is read yet: . takes the first step.")
            return [phrase((word,), width, look, look.muted)]
        steps = self.values.rows[self.position - 1]
        heads = [
            (side.name, None if step is None else side.tokens[step])
            for side, step in zip(self.sides, steps, strict=True)
        ]
        said = []
        for i in range(1, len(self.sides)):
            moved = self.values.moved(self.position, i)
            if not math.isnan(moved):
                words = _("From {a} to {b}, {share:.0%} of the probability is elsewhere.")
                said.append(words.format(a=NAMES[0], b=NAMES[i], share=moved))
        items = self.values.said(self.position, min(LABELS, max(height - 1 - len(said), 1)))
        titles = [side.title for side in self.sides]
        return beside(items, heads, width, height, look, titles=titles, said=said, focused=self.has_focus)

    def _said(self, look: Look) -> list[str]:
        """What there is to say, the most important first."""
        found = []
        letter = self.letter
        if not self.values.fits(letter):
            sizes = _(" and ").join(str(side.values.shape[1]) for side in self.sides)
            found.append(_("{sizes} units: no difference can be taken, the norm of each is shown.").format(sizes=sizes))
        elif self.position == len(self.values.rows):
            found += [self._end(i, amount, look) for i, amount in enumerate(self.amounts, 1)]
        if self.position == len(self.values.rows):
            found += self._unknown(look)
        found += [line for amount in self.amounts if (line := self._largest(amount, look))]
        if self.position:
            found.append(self._unit(look))
        if not self.values.one_network:
            found.append(_("Different networks: unit 1 of one is not unit 1 of another."))
        return found

    def _end(self, index: int, amount: Amount, look: Look) -> str:
        """How it ends."""
        letter, name = self.letter, spelled(amount.name, look)
        words = {"name": name, "n": told(self.values.final(index, letter), look, sign=False)}
        if amount.first is None:
            return _("{name} = {n} at the end, and 0 at every step.").format(**words)
        if self.values.reordered(index):
            return _("{name} = {n} at the end: the same words in another order.").format(**words)
        return _("{name} = {n} at the end of each text.").format(**words)

    def _unknown(self, look: Look) -> list[str]:
        """Words that make no difference to a network, for it knows none of them."""
        unknown = self.values.unknown
        if not unknown or not self.values.one_network:
            return []
        words = ", ".join(shown_token(token, ascii=look.ascii) for token in unknown[:_MOST_WORDS])
        if len(unknown) > _MOST_WORDS:
            words += ", …" if not look.ascii else ", ..."
        if len(unknown) == 1:
            return [_("The network does not know {words}.").format(words=words)]
        return [_("The network reads {words} alike: it knows none of them.").format(words=words)]

    def _largest(self, amount: Amount, look: Look) -> str:
        """Where they first differ and where the most, of what was read."""
        read = amount.values[1 : self.position + 1]
        finite = np.where(np.isfinite(read), read, -1.0)
        if not finite.size or finite.max() < 0:
            return ""
        at = int(finite.argmax())
        name = spelled(amount.name, look)
        words = _("{name}: largest {n} at step {step}")
        if not self.values.by_step:
            # A row that one of them has alone has no difference.
            words = _("{name} where both read: largest {n} on row {step}")
        said = words.format(name=name, n=told(float(read[at]), look, sign=False), step=at + 1)
        if amount.first is not None and amount.first <= self.position:
            first = _(", {mark} first at step {step}") if self.values.by_step else _(", {mark} first on row {step}")
            said += first.format(mark=">" if look.ascii else "▸", step=amount.first)
        return said + "."

    def _unit(self, look: Look) -> str:
        """The unit under the cursor, run by run."""
        steps = self.values.rows[self.position - 1]
        found: list[Array | None] = [side.at(step) for side, step in zip(self.sides, steps, strict=True)]
        held = {
            side.name: float(values[self.unit])
            for side, values in zip(self.sides, found, strict=True)
            if values is not None and self.unit < len(values)
        }
        said = [f"{name} {told(value, look)}" for name, value in held.items()]
        first = NAMES[0]
        if self.values.fits(self.letter) and first in held:
            for amount, side in zip(self.amounts, self.sides[1:], strict=True):
                if side.name in held:
                    # Where the states are the same up to rounding, so is every unit.
                    apart = held[first] - held[side.name] if amount.values[self.position] else 0.0
                    said.append(spelled(f"{first}−{side.name}", look) + f" {told(apart, look)}")
        return _("{letter}, unit {n} of {total}: {values}").format(
            letter=self.letter, n=self.unit + 1, total=self.units, values="   ".join(said)
        )

    def watch_view(self) -> None:
        """Something else is compared."""
        self.redraw()

    # Keys

    @property
    def plan(self) -> Plan:
        """What stands where in the room that there is."""
        return plan(
            self.sides,
            len(self.values.rows),
            len(self.amounts),
            self.position,
            self.unit,
            *self.size,
            said=len(self._said(Look())),
            difference=self.view == "-",
        )

    @property
    def in_view(self) -> int:
        """Rows of the alignment that there is room for."""
        return self.plan.rows

    def action_aim(self, by: int) -> None:
        """The unit beside."""
        if self.view == "?":
            self.tell(_("No unit is shown here: v goes on to the states."))
            return
        super().action_aim(by)

    def on_click(self, event: events.Click) -> None:
        """A click goes to the step and the unit under it."""
        if self.view == "?":
            self.post_message(Wanted("forward"))
            return
        self.go_to(self.plan.row_at(event.y), self.plan.unit_at(event.x))


class CompareFigure(Player):
    """The runs, the step, the unit, and what is compared."""

    BINDINGS = [
        Binding("v", "view", show=False),
    ]

    SHOW = "compare"
    SIGNED = True
    TIGHT = 16
    TELLING = (*Player.TELLING, "view")

    view = reactive("h", repaint=False)
    """What is compared; see `Compared.view`."""

    def __init__(
        self, values: CompareValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        length = len(values.rows)
        # Where they end is the point: it is seen first, and played again from the start.
        super().__init__(values, length, position=length, clock=clock, id=id)
        self.values: CompareValues

    @staticmethod
    def length_of(values: CompareValues) -> int:
        """Rows, not the steps of one of them."""
        return len(values.rows)

    def where(self, position: int, length: int) -> str:
        """Rows are steps where each is the same step of all."""
        if self.values.by_step:
            return super().where(position, length)
        return _("row {n} of {total}").format(n=position, total=length)

    def has_read(self, tokens: int) -> int:
        """Of the first run."""
        return self.values.read(self.position)

    def read_to(self, count: int, tokens: int) -> None:
        """Of the first run; where nothing is read yet, to where they end, for that is the point."""
        self.playback = self.playback.go(self.values.row_of(count) if count else len(self.values.rows))

    def renew(self, options: Any, values: CompareValues) -> bool:
        """Other runs; what cannot be compared of them gives way to their states."""
        self.values = values
        if self.view not in self.views:
            self.view = "h"
        found = super().renew(options, values)
        self.unit = min(self.unit, self.query_one(Compared).units - 1)
        return found

    @property
    def views(self) -> tuple[str, ...]:
        """What can be compared: states, their difference, what comes next, the gates that all have."""
        values = self.values
        return ("h", *("-" if values.fits() else ""), *("?" if values.speaks else ""), *values.letters[1:])

    def parts(self) -> Iterable[Widget]:
        """The runs alone."""
        yield Compared(self.values).data_bind(Player.position, Player.unit, CompareFigure.view)

    def action_view(self) -> None:
        """The next of what can be compared."""
        views = self.views
        if len(views) == 1:
            self.tell(_("Nothing but the states can be compared: the networks share no gate, and have no head."))
            return
        self.view = views[(views.index(self.view) + 1) % len(views)]
        self.tell(self._named(self.view))
        # The units of a gate are those of one direction.
        part = self.query_one(Compared)
        self.unit = min(self.unit, part.units - 1)

    def _named(self, view: str) -> str:
        if view == "-":
            return _("The difference of the states, unit by unit.")
        if view == "?":
            return _("What each holds likely after this step.")
        return _("The hidden states.") if view == "h" else _("{letter} of each.").format(letter=view)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        names = {"-": "difference", "?": "next"}
        return {**super().facts, "unit": self.unit + 1, "view": names.get(self.view, self.view)}

    def tables(self) -> tuple[Table, ...]:
        """What is on the screen now."""
        if self.view != "?":
            return self.values.tables("h" if self.view == "-" else self.view)
        if self.position == 0:
            return super().tables()
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (label, *likely) for label, likely in self.values.said(self.position, LABELS)
        )
        return (Table((_("label"), *NAMES[: len(self.values.runs)]), rows),)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        part = next(iter(self.query(Compared)), None)
        return (
            *PLAYER_HINTS,
            Hint("v", "view", _("view"), self),
            Hint("← →", "aim(1)", _("unit"), part),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("v", _("the states, their difference, what comes next, each gate that all of them have")),
            ("← → [ ]", _("another unit")),
            ("↑ ↓", _("a step back, a step on")),
        )
