"""Colours for signed values and for series.

Minus is blue and plus is orange: the pair that stays apart for every common kind of colour blindness. Size is
lightness: away from the background, monotonically, so that it survives where hue does not. The anchors are
kept by hand; between them colours are mixed in OKLab (Ottosson 2020), where equal steps look equal.
"""

from __future__ import annotations

import math
from functools import lru_cache

from tutor.draw.cells import PLAIN, Look, Style

BACKGROUND = {True: "#14171c", False: "#fbfaf7"}
"""The background that the palettes are made for: dark, then light."""

# From 0 to -1 and from 0 to +1.
_MINUS = {
    True: ("#24272c", "#17466b", "#3a8cc4", "#8ccbff"),
    False: ("#ebebe8", "#9cc7e6", "#3d85bd", "#0a4078"),
}
_PLUS = {
    True: ("#24272c", "#65370d", "#cf7a24", "#ffc173"),
    False: ("#ebebe8", "#efc08c", "#c46a1b", "#7d3400"),
}

# The same at 256 colours, from 0 to 5 fifths, picked from the terminal's own cube.
_MINUS_256 = {
    True: ("#262626", "#005f87", "#005fd7", "#0087d7", "#00afff", "#87d7ff"),
    False: ("#eeeeee", "#afd7ff", "#87afd7", "#0087d7", "#005faf", "#00005f"),
}
_PLUS_256 = {
    True: ("#262626", "#875f00", "#af5f00", "#d78700", "#ffaf00", "#ffd787"),
    False: ("#eeeeee", "#ffd7af", "#ffaf5f", "#d78700", "#af5f00", "#5f0000"),
}
# The cube has too few colours to lean towards the background: each level borrows the one before it, and these
# stand for the least. Minus, then plus.
_FAINTEST_256 = {True: ("#00005f", "#5f0000"), False: ("#d7d7ff", "#d7d7af")}

_SOFT = {
    ("truecolor", True): "#47776f",
    ("truecolor", False): "#78a29b",
    ("256", True): "#5f8787",
    ("256", False): "#87afaf",
}

STEPS = 50
"""Levels on each side of zero in truecolor."""
STEPS_256 = 5
"""Levels on each side of zero at 256 colours."""
TONE = 0.38
"""How far a row that is not the current one leans towards the background."""

_SERIES = {
    ("truecolor", True): ("#6fd0bf", "#f2994a", "#7396ff", "#d8649f", "#e8d36a", "#f2f4f7"),
    ("truecolor", False): ("#00685c", "#a34a00", "#2b55c4", "#6b0f45", "#6b6400", "#181b20"),
    ("256", True): ("#5fd7af", "#ff875f", "#5f87ff", "#d75faf", "#d7d75f", "#eeeeee"),
    ("256", False): ("#005f5f", "#af5f00", "#005fd7", "#5f005f", "#5f5f00", "#121212"),
}
_MARKERS = "○●◇◆△▲"
_ASCII_MARKERS = "ox+*#@"


def rgb(color: str) -> tuple[float, float, float]:
    """`#rrggbb` as three numbers from 0 to 1."""
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def linear(channel: float) -> float:
    """An sRGB channel as light (IEC 61966-2-1)."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(light: float) -> float:
    light = min(max(light, 0.0), 1.0)
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


@lru_cache(maxsize=2048)
def oklab(color: str) -> tuple[float, float, float]:
    """Lightness, green to red and blue to yellow of a colour, in OKLab."""
    r, g, b = map(linear, rgb(color))
    l = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    m = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    s = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _hex(lab: tuple[float, float, float]) -> str:
    lightness, a, b = lab
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    return "#" + "".join(f"{round(_encoded(c) * 255):02x}" for c in channels)


def mix(color: str, other: str, share: float) -> str:
    """`color` with `share` of `other` in it."""
    a, b = oklab(color), oklab(other)
    return _hex((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share))


def steps(look: Look) -> int:
    """Levels on each side of zero."""
    return STEPS_256 if look.depth == "256" else STEPS


def level(value: float, look: Look) -> int:
    """The level of a value in [-1, 1], from `-steps` to `steps`; beyond it, the last one. NaN is 0."""
    if math.isnan(value):
        return 0
    return round(min(max(value, -1.0), 1.0) * steps(look))


@lru_cache(maxsize=4096)
def level_color(level: int, look: Look, toned: bool = False) -> str:
    """The colour of a level; `toned` leans it towards the background, as past rows are."""
    if look.depth == "256":
        if toned and abs(level) == 1:
            return _FAINTEST_256[look.dark][level > 0]
        size = abs(level) - (toned and level != 0)
        return (_MINUS_256 if level < 0 else _PLUS_256)[look.dark][size]
    anchors = (_MINUS if level < 0 else _PLUS)[look.dark]
    place = abs(level) / STEPS * (len(anchors) - 1)
    before = min(int(place), len(anchors) - 2)
    plain = mix(anchors[before], anchors[before + 1], place - before)
    return mix(plain, BACKGROUND[look.dark], TONE) if toned else plain


def color(value: float, look: Look, *, toned: bool = False) -> str:
    """The colour of a value in [-1, 1]: `#rrggbb`, of the terminal's own at 256 colours."""
    return level_color(level(value, look), look, toned)


@lru_cache(maxsize=4096)
def on(background: str) -> str:
    """Black or white, whichever reads better on `background` (WCAG 2 relative luminance)."""
    r, g, b = map(linear, rgb(background))
    luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return "#080808" if luminance > 0.18 else "#eeeeee"


def contrast(color: str, other: str) -> float:
    """The WCAG 2 contrast of two colours, from 1 to 21."""
    lights = []
    for one in (color, other):
        r, g, b = map(linear, rgb(one))
        lights.append(0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
    return max(lights) / min(lights)


def soft(look: Look) -> Style:
    """The accent, held back: for bars beside the one that matters."""
    return PLAIN if look.depth == "none" else Style(_SOFT[look.depth, look.dark])


@lru_cache(maxsize=256)
def series(index: int, look: Look) -> Style:
    """The style of the index-th series of a chart. The first is the accent: what a lesson is about."""
    if look.depth == "none":
        return Style(bold=index == 0)
    colors = _SERIES[look.depth, look.dark]
    return Style(colors[index % len(colors)])


def marker(index: int, look: Look) -> str:
    """The marker of the index-th series."""
    markers = _ASCII_MARKERS if look.ascii else _MARKERS
    return markers[index % len(markers)]
