"""Values as signs, for terminals without colours, and the parts of bars.

Sign and size both survive: plus fills a cell, minus rules it with lines.
"""

from __future__ import annotations

import math

PLUS = "·░▒▓█"
MINUS = "·╌-═≡"
ASCII_PLUS = ".:+*#"
ASCII_MINUS = ".,-=~"

EIGHTHS = " ▏▎▍▌▋▊▉"
"""A cell filled from the left by 0 to 7 eighths."""


def signed_glyph(value: float, *, ascii: bool = False) -> str:
    """One cell for a value in [-1, 1]; what lies beyond is drawn as ±1, and NaN as `?`."""
    if math.isnan(value):
        return "?"
    ramp = (ASCII_MINUS if ascii else MINUS) if value < 0 else (ASCII_PLUS if ascii else PLUS)
    return ramp[round(min(abs(value), 1.0) * (len(ramp) - 1))]


def bar(cells: float, *, ascii: bool = False) -> str:
    """A bar that grows to the right, `cells` long; more than nothing always shows."""
    if not cells > 0:
        return ""
    if ascii:
        return "#" * round(cells) or "-"
    eighths = max(round(cells * 8), 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")


def bar_leftwards(cells: float, *, ascii: bool = False) -> str:
    """A bar that grows to the left, `cells` long, to half a cell: there are no eighths on that side."""
    if not cells > 0:
        return ""
    if ascii:
        return "#" * round(cells) or "-"
    halves = max(round(cells * 2), 1)
    whole, rest = divmod(halves, 2)
    return ("▐" if rest else "") + "█" * whole


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def subscript(letter: str, number: int, *, ascii: bool = False) -> str:
    """`h₃`, or `h3` in ASCII."""
    return f"{letter}{number}" if ascii else letter + str(number).translate(_SUBSCRIPTS)
