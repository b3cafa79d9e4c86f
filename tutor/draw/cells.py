"""Rows of styled spans, and text measured in terminal cells.

Invariant: what leaves this room is exactly as wide as it says, and holds no control character. A letter may
be more than one code point and take two cells, so nothing here counts with `len` alone.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from wcwidth import wcswidth, wcwidth

Depth = Literal["truecolor", "256", "none"]
Align = Literal["left", "right", "center"]
Format = str | Callable[[float], str]
"""A format such as `"{:.2f}"`, or a function from a number to its text."""


class Style(NamedTuple):
    """How a span looks. Colours are `#rrggbb`; None is the terminal's own."""

    color: str | None = None
    background: str | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False
    underline: bool = False


PLAIN = Style()


class Span(NamedTuple):
    """A run of text in one style."""

    text: str
    style: Style = PLAIN


Row = tuple[Span, ...]


class Look(NamedTuple):
    """What the terminal can show. Chosen by the caller, and part of the key of every cache."""

    depth: Depth = "truecolor"
    """How many colours; "none" (NO_COLOR, 16 colours, dumb) shows values as signed glyphs."""
    ascii: bool = False
    """Whether the drawing's own signs keep to ASCII. Labels are shown as they are."""
    dark: bool = True
    """Whether the theme is dark."""

    @property
    def accent(self) -> Style:
        """The one accent: what the eye should find first."""
        return _styles(self)[0]

    @property
    def muted(self) -> Style:
        """Scaffolding: axes, units, what is still to come."""
        return _styles(self)[1]

    @property
    def good(self) -> Style:
        """What is right. Always beside a sign or a word, never colour alone."""
        return _styles(self)[2]

    @property
    def bad(self) -> Style:
        """What is wrong. Always beside a sign or a word, never colour alone."""
        return _styles(self)[3]


# accent, muted, good, bad: hand-picked, at least 4.5:1 against the backgrounds in `palettes`.
_COLORS: dict[tuple[str, bool], tuple[str, str, str, str]] = {
    ("truecolor", True): ("#6fd0bf", "#878d96", "#a3cf7f", "#f08d86"),
    ("truecolor", False): ("#00685c", "#565d66", "#38650f", "#ad2a21"),
    ("256", True): ("#5fd7af", "#8a8a8a", "#afd787", "#ff8787"),
    ("256", False): ("#005f5f", "#585858", "#005f00", "#af0000"),
}


@lru_cache(maxsize=64)
def _styles(look: Look) -> tuple[Style, Style, Style, Style]:
    if look.depth == "none":
        return Style(bold=True), Style(dim=True), Style(bold=True), PLAIN
    accent, muted, good, bad = _COLORS[look.depth, look.dark]
    return Style(accent), Style(muted), Style(good), Style(bad)


_ZWJ = "\u200d"
# These would move the cursor, end the line or turn the rest of the row around.
_REFUSED = frozenset(
    chr(n)
    for n in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x2028,
        0x2029,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    )
)


def _shown(char: str) -> str:
    """`char`, or the replacement character where it must not reach a terminal."""
    return "\ufffd" if char in _REFUSED or "\ud800" <= char <= "\udfff" else char


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _extends(char: str, cluster: str) -> bool:
    """Whether `char` belongs to the letter that `cluster` began."""
    if char < "\u0300":
        return False
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return wcwidth(cluster[0]) == 2
    if _is_flag(char):
        return len(cluster) == 1 and _is_flag(cluster)
    if wcwidth(char) == 0 or unicodedata.category(char) in ("Mn", "Me", "Mc"):
        return True
    # A joiner glues pictures, not letters.
    return cluster.endswith(_ZWJ) and unicodedata.category(char) == "So" and cluster[0] > "\u203b"


def _split(text: str) -> Iterator[str]:
    cluster = ""
    for char in map(_shown, text):
        if cluster and _extends(char, cluster):
            cluster += char
        else:
            if cluster:
                yield cluster
            # A mark with nothing to stand on is shown on the circle that Unicode keeps for it.
            cluster = "\u25cc" + char if wcwidth(char) <= 0 else char
    if cluster:
        yield cluster


@lru_cache(maxsize=8192)
def _clusters(text: str) -> tuple[tuple[str, int], ...]:
    """The letters of a text as a person sees them, each with its cells: 1 or 2."""
    return tuple((cluster, min(max(wcswidth(cluster), 1), 2)) for cluster in _split(text))


# Letters of one cell that nothing joins: ASCII, lines, blocks, the dots of fine lines, the drawing's own signs.
_SIMPLE = re.compile("[ -~─-▟⠀-⣿·…→↑↓←○●◇◆△▲▽▸▶◀‖₀-₉₋Δρ∂σ−×⊙]*")


def _is_simple(text: str) -> bool:
    """Whether each character is one cell: measuring letter by letter is most of what a drawing costs."""
    return _SIMPLE.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def _measured(text: str) -> int:
    return sum(cells for _, cells in _clusters(text))


def width(text: str) -> int:
    """The terminal cells that `text` takes when it is drawn here."""
    return len(text) if _is_simple(text) else _measured(text)


def crop(text: str, width: int, *, ascii: bool = False) -> str:
    """`text` in at most `width` cells, ending in `…` (ASCII `~`) when something was cut.

    A letter is never cut in half: where two cells of it do not fit, a space takes the one that is left.
    """
    if width <= 0:
        return ""
    if _is_simple(text):
        return text if len(text) <= width else text[: width - 1] + ("~" if ascii else "…")
    clusters = _clusters(text)
    if _measured(text) <= width:
        return "".join(cluster for cluster, _ in clusters)
    kept, used = _head(clusters, width - 1)
    return kept + ("~" if ascii else "…") + " " * (width - 1 - used)


def _head(clusters: Iterable[tuple[str, int]], room: int) -> tuple[str, int]:
    """As many whole letters as fit in `room` cells, and the cells that they take."""
    kept, used = "", 0
    for cluster, cells in clusters:
        if used + cells > room:
            break
        kept += cluster
        used += cells
    return kept, used


def pad(text: str, width: int, align: Align = "left", *, ascii: bool = False) -> str:
    """`text` in exactly `width` cells; cropped when it is longer."""
    text = crop(text, width, ascii=ascii)
    spare = width - (len(text) if _is_simple(text) else _measured(text))
    if spare <= 0:
        return text
    left = 0 if align == "left" else spare if align == "right" else spare // 2
    return " " * left + text + " " * (spare - left)


def row_width(row: Row) -> int:
    """The cells that a row takes."""
    return sum(len(text) if _is_simple(text) else _measured(text) for text, _ in row)


def fit(row: Row, width: int) -> Row:
    """`row` in exactly `width` cells: cut at the right, or filled with spaces."""
    spans: list[Span] = []
    left = width
    for span in row:
        if left <= 0:
            break
        text = span.text
        if not _is_simple(text):
            kept, used = _head(_clusters(text), left)
            if used < left and used < _measured(text):
                # Half of a wide letter would have fitted: the row ends in a space instead.
                kept, used = kept + " " * (left - used), left
            if kept:
                spans.append(span if kept == text else Span(kept, span.style))
            left -= used
        elif len(text) <= left:
            if text:
                spans.append(span)
            left -= len(text)
        else:
            spans.append(Span(text[:left], span.style))
            left = 0
    if left > 0:
        spans.append(Span(" " * left, PLAIN))
    return tuple(spans)


def text_of(rows: Iterable[Row]) -> str:
    """Rows as plain text: one a line, without the spaces at their ends."""
    return "\n".join("".join(span.text for span in row).rstrip(" ") for row in rows)


def merged(cells: Iterable[tuple[str, Style]]) -> Row:
    """A row out of cells, with neighbours of one style in one span."""
    spans: list[Span] = []
    text, style = "", PLAIN
    for piece, its in cells:
        if its == style:
            text += piece
        else:
            if text:
                spans.append(Span(text, style))
            text, style = piece, its
    if text:
        spans.append(Span(text, style))
    return tuple(spans)


def formatted(value: float, format: Format, *, ascii: bool = False) -> str:
    """A number as text; what is not finite is named and never handed to `format`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return ("+" if value > 0 else "-") + ("inf" if ascii else "∞")
    return format.format(value) if isinstance(format, str) else format(value)
