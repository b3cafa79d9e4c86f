"""A range on a track: its two ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.reactive import reactive

from tutor.course.grading import Verdict, parse_range, range_said, too_wide, width_of, with_unit
from tutor.course.lesson import Asked
from tutor.draw.cells import Look, Row, Span, crop
from tutor.draw.interval import end_at, interval
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.base import Means
from tutor.ui.widgets.means.number import short, typed_with


class RangeField(Drawn, Means, can_focus=True):
    """Two knobs on a track: ← and → move one, ↑, ↓ and tab take the other; or type both ends."""

    BINDINGS = [
        Binding("left", "nudge(-1)", show=False),
        Binding("right", "nudge(1)", show=False),
        Binding("pageup,shift+right", "nudge(5)", show=False),
        Binding("pagedown,shift+left", "nudge(-5)", show=False),
        Binding("up,down", "other", show=False),
        Binding("tab", "after", show=False),
        Binding("shift+tab", "before", show=False),
    ]

    STEPS = 50
    """Presses from one end of the track to the other."""

    ends: reactive[tuple[float, float]] = reactive((0.0, 1.0))
    """The range as it stands."""
    held = reactive(0)
    """Which knob the keys move: 0 the lower end, 1 the upper."""
    typed = reactive("")
    """What is being typed."""

    def __init__(self, asked: Asked) -> None:
        """
        Args:
            asked: a range, with its track and how wide it may be.
        """
        super().__init__()
        assert asked.low is not None
        assert asked.high is not None
        self.asked = asked
        self.low, self.high, self.scale = asked.low, asked.high, asked.scale
        self.locked = False
        # All of the track, which is always too wide: there is no answer before it was moved.
        self.set_reactive(RangeField.ends, (asked.low, asked.high))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The track; under it what is typed, or the ends and how wide they are apart."""
        held = self.held if self.has_focus and not self.locked else None
        row = interval(self.ends, self.low, self.high, width, look, scale=self.scale, held=held, format=short)
        if self.typed:
            return [row, (Span("  " + self.typed + ("_" if look.ascii else "▏"), look.accent),)]
        return [row, (Span(crop("  " + self._said(look), width, ascii=look.ascii), look.accent),)]

    def _said(self, look: Look) -> str:
        low, high = self.ends
        wide, most = with_unit(width_of(self.asked, low, high)), with_unit(self.asked.widest or 0.0)
        times = "" if self.scale == "linear" else "x" if look.ascii else "×"
        words = _("{low} to {high}: {wide} wide, {most} at most")
        said = words.format(low=with_unit(low), high=with_unit(high), wide=times + wide, most=times + most)
        return said + (", " + _("too wide") if too_wide(self.asked, low, high) else "")

    def _fraction(self, value: float) -> float:
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def _move(self, value: float, by: int = 0) -> None:
        """The knob that is held, to the step nearest to a value or `by` steps on; it does not pass the other."""
        fraction = min(max(round(self._fraction(value) * self.STEPS + by) / self.STEPS, 0.0), 1.0)
        if self.scale == "log":
            end = self.low * (self.high / self.low) ** fraction
        else:
            end = self.low + (self.high - self.low) * fraction
        self.typed = ""
        low, high = self.ends
        self.ends = (min(end, high), high) if self.held == 0 else (low, max(end, low))

    def action_nudge(self, by: int) -> None:
        """Move by `by` steps of the track."""
        if not self.locked:
            before = self.ends
            self._move(self.ends[self.held], by)
            if self.ends == before:
                self.tell(_("It goes no further: ↑ ↓ take the other end."))

    def action_other(self) -> None:
        """Take the other knob."""
        self.held = 1 - self.held

    def action_after(self) -> None:
        """The other knob, then what comes after."""
        if self.held == 0:
            self.held = 1
        else:
            self.screen.focus_next()

    def action_before(self) -> None:
        """The other knob, then what comes before."""
        if self.held == 1:
            self.held = 0
        else:
            self.screen.focus_previous()

    def on_key(self, event: events.Key) -> None:
        """Digits and what belongs to two numbers are typed; backspace takes one back."""
        if self.locked:
            return
        typed = typed_with(event, self.typed, more=" …", most=40)
        if typed is None:
            return
        self.typed = typed
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """A click takes the knob that is nearer, and sets it there."""
        if self.locked:
            return
        self.focus()
        hit = end_at(event.x, self.low, self.high, self.size.width, look_of(self.app), scale=self.scale, format=short)
        if hit is None or event.y > 0:
            return
        at, ends = self._fraction(hit), [self._fraction(end) for end in self.ends]
        # Where both are as near, the one that can move there.
        self.held = int(abs(at - ends[1]) < abs(at - ends[0]) or at > ends[1])
        self._move(hit)

    def watch_ends(self) -> None:
        """Draw it."""
        self.redraw()

    def watch_held(self) -> None:
        """Another knob."""
        self.redraw()

    def watch_typed(self) -> None:
        """Other letters in the same line."""
        self.redraw()

    @property
    def response(self) -> str:
        """Both ends, as `0.2..0.5`.

        Raises:
            ValueError: what was typed is no range, said in a line.
        """
        low, high = parse_range(self.typed) if self.typed else self.ends
        return f"{low!r}..{high!r}"

    def restore(self, response: str | float) -> None:
        """The range that was given."""
        self.typed = ""
        self.ends = parse_range(str(response))

    def settle(self) -> None:
        """It is committed."""
        if self.typed:
            self.restore(self.response)
        self.locked = True
        self.can_focus = False
        self.redraw()

    def reveal(self, verdict: Verdict) -> str:
        """Whether it was missed, or too wide."""
        return range_said(self.asked, self.response, verdict)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (Hint("← →", "", _("move")), Hint("↑ ↓", "", _("other end")))

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (("0.2..0.5", _("type both ends of a range")),)
