"""A figure as a file: the picture as it stands on screen as SVG, its numbers as CSV or JSON.

Nothing is ever written over: a name that is taken gets a number. What is written is there whole or not at all. The
picture names no font of another's server, so that it can stand in a page that loads nothing.
"""

from __future__ import annotations

import errno
import io
import os
import re
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme
from textual.widget import Widget

from tutor.course.figures.table import json_of
from tutor.i18n import _
from tutor.sandbox.exporting import placed
from tutor.ui.figures.figure import Figure

KINDS = {
    "svg": _("the picture, as SVG"),
    "csv": _("its numbers, as CSV"),
    "json": _("its numbers, as JSON"),
}
"""What a figure can be saved as, and how that is called."""

_SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def svg_of(widget: Widget, title: str = "", name: str = "screen") -> str:
    """The picture of a figure, or of a screen, as it stands.

    Args:
        widget: mounted and painted.
        title: said above the picture.
        name: tells its styles from those of other pictures in one page.
    """
    region = widget.region.intersection(widget.screen.region)
    # The whole screen as cells, whatever the parts of the figure are; a screen behind a dialog has its own.
    strips = widget.screen._compositor.render_strips()[region.y : region.bottom]
    segments: list[Segment] = []
    for strip in strips:
        segments += [*strip.crop(region.x, region.right), Segment.line()]
    console = Console(
        width=region.width,
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    console.print(Segments(segments), end="")
    theme = widget.app.current_theme
    svg = console.export_svg(
        title=title,
        theme=_terminal(theme.background or "#000000", theme.foreground or "#ffffff"),
        code_format=_SVG,
        # The same picture is the same file.
        unique_id=f"rnn-tutor-{name}",
    )
    # Spaces between spans would fold away in some viewers.
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _terminal(background: str, foreground: str) -> TerminalTheme:
    def rgb(color: str) -> tuple[int, int, int]:
        return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)

    # What is drawn has colours of its own: the terminal's sixteen are not used.
    return TerminalTheme(rgb(background), rgb(foreground), [rgb(background)] * 8)


def files_of(figure: Figure, kind: str) -> dict[str, str]:
    """What is written, by the end of its name: one file, or of CSV one for each table.

    Args:
        figure: mounted.
        kind: one of `KINDS`.
    """
    if kind == "svg":
        return {".svg": svg_of(figure, figure.SHOW, figure.SHOW)}
    tables = figure.tables()
    if kind == "json":
        return {".json": json_of(figure.SHOW, tables)}
    found: dict[str, str] = {}
    for table in tables:
        words = re.sub(r"[\W_]+", "-", table.title).strip("-").lower()
        end = f"-{words}" if words and found else ""
        while f"{end}.csv" in found:
            end += "-more"
        found[f"{end}.csv"] = table.csv()
    return found


def save(figure: Figure, kind: str, folder: Path) -> tuple[Path, ...]:
    """Write a figure's files into a folder, under names that are free: all of them, or none.

    Args:
        figure: mounted.
        kind: one of `KINDS`.
        folder: one that is there.

    Raises:
        OSError: a file cannot be written: there is none. Or somebody took a name meanwhile: those after it stay.
    """
    files = files_of(figure, kind)
    # A folder that is gone is not made anew.
    folder.stat()
    number = 1
    while True:
        stem = f"rnn-tutor-{figure.SHOW}" + (f"-{number}" if number > 1 else "")
        paths = [folder / (stem + end) for end in files]
        if not any(map(os.path.lexists, paths)):
            break
        number += 1
    try:
        with ExitStack() as stack:
            # They come to stand there when the last of them is written.
            for path, text in zip(paths, files.values(), strict=True):
                with stack.enter_context(placed(path)).open("x", encoding="utf-8", newline="") as file:
                    file.write(text)
    except ValueError as error:
        # Somebody took a name meanwhile.
        raise FileExistsError(errno.EEXIST, str(error)) from error
    return tuple(paths)
