"""`Drawn`: a widget whose rows come from `draw/`. Everything that is drawn, rather than laid out, is one of these.

The rows are computed once for a size, a look and a state, and then served line by line. Nothing that enters here is
markup: a row is made of spans, and a span's text is shown as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tutor.draw.cells import Look, Row, Style, width


@lru_cache(maxsize=4096)
def rich_style(style: Style) -> RichStyle:
    """The terminal style of a drawn one."""
    return RichStyle(
        color=style.color,
        bgcolor=style.background,
        bold=style.bold or None,
        dim=style.dim or None,
        reverse=style.reverse or None,
        underline=style.underline or None,
    )


def strip_of(row: Row, size: int, base: RichStyle) -> Strip:
    """A row as Textual paints it, exactly `size` cells wide, on the widget's own style."""
    return Strip(segments_of(row, base)).adjust_cell_length(size, base)


def segments_of(row: Row, base: RichStyle) -> list[Segment]:
    """A row's spans on the widget's own style."""
    return [Segment(text, _styled(base, style)) for text, style in row]


@lru_cache(maxsize=4096)
def _styled(base: RichStyle, style: Style) -> RichStyle:
    """A style on the widget's own: to add them anew for each cell is much of what a frame of cells costs."""
    return base + rich_style(style)


_ASCII = str.maketrans(
    {
        **dict.fromkeys("─╌━╸╺▔▁", "-"),
        **dict.fromkeys("│▏▎┃▕", "|"),
        **dict.fromkeys("┤├┼┬┴└┘┌┐", "+"),
        **dict.fromkeys("▸▶→›", ">"),
        **dict.fromkeys("◀←‹", "<"),
        **dict.fromkeys("·∙•○", "."),
        **dict.fromkeys("●◉✓", "*"),
        **dict.fromkeys("✗×", "x"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("’‘", "'"),
        "…": "~",
        "−": "-",
        "↑": "^",
        "↓": "v",
        "ρ": "r",
        "Δ": "d",
        "∂": "d",
        "‖": "|",
        "₀": "0",
        "₄": "4",
        **dict.fromkeys("█▂▃▄▅▆▇", "#"),
    }
)


class AsciiOnly(LineFilter):
    """The last word on every line where the terminal shows ASCII alone: what is left of other letters becomes `?`."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells in ASCII."""
        return [
            segment if segment.text.isascii() else Segment(_in_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


@lru_cache(maxsize=4096)
def _in_ascii(text: str) -> str:
    said = text.translate(_ASCII)
    if said.isascii():
        return said
    return "".join(c if c.isascii() else "?" * max(width(c), 0) for c in said)


def ascii_only() -> bool:
    """Whether nothing but ASCII may be shown: asked for by RNN_TUTOR_ASCII, or by the output's encoding."""
    encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower().replace("-", "")
    return os.environ.get("RNN_TUTOR_ASCII", "") not in ("", "0") or not encoding.startswith("utf")


def look_of(app: App[object]) -> Look:
    """What the terminal can show, and whether the theme is dark."""
    system = app.console.color_system
    if app.no_color or system in (None, "standard", "windows"):
        depth = "none"
    elif system == "256":
        depth = "256"
    else:
        depth = "truecolor"
    return Look(depth=depth, ascii=ascii_only(), dark=app.current_theme.dark)  # type: ignore[arg-type]


class Drawn(Widget):
    """A widget that draws rows.

    Subclasses say what with `draw(width, height, look)`, and call `redraw()` when their state has changed. A widget
    of automatic height is as high as what it draws.
    """

    DEFAULT_CSS = """
    Drawn { height: auto; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: Sequence[Row] = ()
        self._drawn_for: tuple[int, int, Look] | None = None
        self._base = RichStyle()
        self._look: Look | None = None
        """While a frame is drawn: it is one look for all of its lines."""

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The rows to show.

        Args:
            width: cells to fill.
            height: rows that there is room for; 0 when the widget's height follows what is drawn.
            look: what the terminal can show.
        """
        raise NotImplementedError

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """The rows for a size, drawn anew only when something they depend on has changed."""
        wanted = (width, height, self._look or look_of(self.app))
        if wanted != self._drawn_for:
            self._rows = self.draw(*wanted)
            self._drawn_for = wanted
        return self._rows

    def redraw(self, *, layout: bool = False) -> None:
        """What was drawn is no longer true. `layout` says that its height may have changed too."""
        self._drawn_for = None
        self.refresh(layout=layout)

    def watch_has_focus(self, value: bool) -> None:
        """What takes the keys shows that it has them."""
        super().watch_has_focus(value)
        if self.can_focus:
            self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as what is drawn."""
        return len(self.rows(width, 0))

    def render_line(self, y: int) -> Strip:
        """One line of what is drawn."""
        columns = self.size.width
        fixed = 0 if self.styles.is_auto_height else self.size.height
        rows = self.rows(columns, fixed)
        return strip_of(rows[y], columns, self._base) if y < len(rows) else Strip.blank(columns, self._base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a frame; the widget's own style, which is slow to find, is found once for all of them."""
        self._base = self.rich_style
        self._look = look_of(self.app)
        try:
            return super().render_lines(crop)
        finally:
            self._look = None

    def notify_style_update(self) -> None:
        """A new theme may be a new look."""
        super().notify_style_update()
        self._drawn_for = None
