"""A number on a track."""

from __future__ import annotations

import math
from typing import Literal

from tutor.draw.cells import PLAIN, Format, Look, Row, Span, fit, formatted, pad
from tutor.draw.cells import width as width_of

_LEAST_TRACK = 5


def slider(
    value: float,
    low: float,
    high: float,
    width: int,
    look: Look,
    *,
    scale: Literal["linear", "log"] = "linear",
    focused: bool = False,
    format: Format = "{:.2f}",
) -> Row:
    """`0 ├───────●──────────────┤ 1      .32` in exactly `width` cells.

    Args:
        value: where the knob stands; beyond the ends it stands at the end, and NaN has none.
        low: the value at the left end.
        high: the value at the right end.
        width: cells.
        look: what the terminal can show.
        scale: "log" spaces equal factors equally, where both ends are above zero.
        focused: whether the keys move it.
        format: how the value is written; a function writes the ends too, which are otherwise short.
    """
    parts = _parts(low, high, width, look, format)
    said = formatted(value, format, ascii=look.ascii)
    tail = Span(pad(said, max(width - parts.before - parts.track - parts.after, 0), "right"), look.accent)
    if not parts.track:
        return fit((Span(pad(said, width, "left", ascii=look.ascii), look.accent),), width)
    left, right, line = ("|", "|", "-") if look.ascii else ("├", "┤", "─")
    share = fraction(value, low, high, scale)
    inner = parts.track - 2
    if math.isnan(share):
        return fit(
            (
                Span(parts.low, look.muted),
                Span(left + line * inner + right, look.muted),
                Span(parts.high, look.muted),
                tail,
            ),
            width,
        )
    at = round(share * (inner - 1))
    knob = ("O" if focused else "o") if look.ascii else ("●" if focused else "○")
    return fit(
        (
            Span(parts.low, look.muted),
            Span(left, look.muted),
            Span(line * at, look.accent if focused else PLAIN),
            Span(knob, look.accent if focused else PLAIN),
            Span(line * (inner - 1 - at) + right, look.muted),
            Span(parts.high, look.muted),
            tail,
        ),
        width,
    )


def fraction(value: float, low: float, high: float, scale: Literal["linear", "log"] = "linear") -> float:
    """How far along the track a value stands, from 0 to 1; NaN where it is no number."""
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return math.nan
    if value <= low or not (math.isfinite(low) and math.isfinite(high)):
        return 0.0
    if value >= high:
        return 1.0
    if scale == "log" and low > 0:
        share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    else:
        # Halved, so that a span wider than the largest float does not overflow.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.0
    return min(max(share, 0.0), 1.0)


class _Parts:
    """The cells of each part: what is before the track, the track, what is after it."""

    def __init__(self, low: str, high: str, track: int) -> None:
        self.low, self.high, self.track = low and low + " ", high and " " + high, track
        self.before, self.after = width_of(self.low), width_of(self.high)


def _parts(low: float, high: float, width: int, look: Look, format: Format) -> _Parts:
    ends = [formatted(end, "{:g}" if isinstance(format, str) else format, ascii=look.ascii) for end in (low, high)]
    # Room for the longest value is kept, so that the track stays as long while the knob moves.
    longest = max(width_of(formatted(end, format, ascii=look.ascii)) for end in (low, high))
    room = max(longest, 5) + 2
    track = width - width_of(ends[0]) - width_of(ends[1]) - 2 - room
    if track >= _LEAST_TRACK:
        return _Parts(ends[0], ends[1], track)
    # A track says more than its ends.
    return _Parts("", "", width - room if width - room >= _LEAST_TRACK else 0)


def value_at(
    column: int,
    low: float,
    high: float,
    width: int,
    look: Look,
    *,
    scale: Literal["linear", "log"] = "linear",
    format: Format = "{:.2f}",
) -> float | None:
    """The value under a column of the same slider, for the mouse; None where the track is not."""
    parts = _parts(low, high, width, look, format)
    if not parts.track or not parts.before <= column < parts.before + parts.track:
        return None
    share = min(max((column - parts.before - 1) / max(parts.track - 3, 1), 0.0), 1.0)
    if scale == "log" and 0 < low < high:
        return float(math.exp(math.log(low) + (math.log(high) - math.log(low)) * share))
    return low + (high - low) * share
