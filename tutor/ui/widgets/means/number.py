"""A number on a track."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive

from tutor.course.grading import Verdict, parse_number
from tutor.draw.cells import Look, Row, Span
from tutor.draw.slider import slider, value_at
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.base import Means


def typed_with(event: events.Key, typed: str, *, more: str = "", most: int = 16) -> str | None:
    """What is typed after a key: digits and what belongs to a number; None where the key is for somebody else.

    Args:
        typed: what is typed so far.
        more: further characters, that do not come first.
        most: characters in all.
    """
    later = "eE^%*" + more
    if event.character and event.character in "0123456789.,-+" + later and len(typed) < most:
        # A first letter e is no number: let it be whatever it is elsewhere.
        return typed + event.character if typed or event.character not in later else None
    return typed[:-1] if event.key == "backspace" and typed else None


class NumberField(Drawn, Means, can_focus=True):
    """A number on a track: ← and → move, or type it."""

    BINDINGS = [
        Binding("left", "nudge(-1)", show=False),
        Binding("right", "nudge(1)", show=False),
        Binding("pageup,shift+right", "nudge(5)", show=False),
        Binding("pagedown,shift+left", "nudge(-5)", show=False),
    ]

    STEPS = 50
    """Presses from one end of the track to the other."""

    value = reactive(0.0)
    """The number as it stands."""
    typed = reactive("")
    """What is being typed, until it is a number."""

    class Moved(Message):
        """The number changed."""

        def __init__(self, field: NumberField, value: float) -> None:
            super().__init__()
            self.field = field
            self.value = value

    def __init__(
        self,
        low: float,
        high: float,
        *,
        start: float | None = None,
        scale: str = "linear",
        steps: int | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.low, self.high, self.scale = low, high, scale
        self.steps = steps or self.STEPS
        self.locked = False
        middle = math.sqrt(low * high) if scale == "log" else (low + high) / 2
        self.set_reactive(NumberField.value, middle if start is None else start)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The track; under it what is typed, when something is."""
        row = slider(
            self.value,
            self.low,
            self.high,
            width,
            look,
            scale="log" if self.scale == "log" else "linear",
            focused=self.has_focus and not self.locked,
            format=short,
        )
        if self.typed:
            cursor = "_" if look.ascii else "▏"
            return [row, (Span("  " + self.typed + cursor, look.accent),)]
        return [row]

    def _fraction(self) -> float:
        if self.scale == "log":
            return math.log(self.value / self.low) / math.log(self.high / self.low)
        return (self.value - self.low) / (self.high - self.low)

    def action_nudge(self, by: int) -> None:
        """Move by `by` steps of the track."""
        if self.locked:
            return
        self.typed = ""
        fraction = min(max(round(self._fraction() * self.steps + by) / self.steps, 0.0), 1.0)
        if self.scale == "log":
            self.value = self.low * (self.high / self.low) ** fraction
        else:
            self.value = self.low + (self.high - self.low) * fraction

    def on_key(self, event: events.Key) -> None:
        """Digits and what belongs to a number are typed; backspace takes one back."""
        if self.locked:
            return
        typed = typed_with(event, self.typed)
        if typed is None:
            return
        self.typed = typed
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """A click sets the number to where the track was hit, as near as a step."""
        if self.locked:
            return
        self.focus()
        scale: Literal["linear", "log"] = "log" if self.scale == "log" else "linear"
        look = look_of(self.app)
        hit = value_at(event.x, self.low, self.high, self.size.width, look, scale=scale, format=short)
        if hit is not None:
            self.typed = ""
            self.value = hit
            self.action_nudge(0)

    def watch_value(self) -> None:
        """Draw it, and say so."""
        self.redraw()
        self.post_message(self.Moved(self, self.value))

    def watch_typed(self) -> None:
        """A line more or less."""
        self.redraw(layout=True)

    @property
    def response(self) -> float:
        """The number given.

        Raises:
            ValueError: what was typed is no number, said in a line.
        """
        return parse_number(self.typed) if self.typed else self.value

    def settle(self) -> None:
        """It is committed."""
        if self.typed:
            self.value = self.response
            self.typed = ""
        self.locked = True
        self.can_focus = False
        self.redraw()

    def restore(self, response: str | float) -> None:
        """The number that was given."""
        self.value = float(response)

    def reveal(self, verdict: Verdict) -> str:
        """What it is, beside what was said."""
        return _("It is {truth}; you said {mine}.").format(truth=verdict.truth, mine=short(self.value))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (Hint("← →", "", _("move")),)


def short(value: float) -> str:
    """A number in the fewest letters that say it."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        digits = 2 if value == 0 or abs(value) >= 0.1 else 3 if abs(value) >= 0.01 else 4
        return f"{value:.{digits}f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+")
