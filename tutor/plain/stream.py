"""Where lines go: what a stream can show, and pictures from `draw/` written to it. Only here is Rich."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.style import Style as RichStyle
from rich.text import Text

from tutor.draw.cells import Look, Row, Span
from tutor.engine.text import clean

_ASCII = str.maketrans(
    {"‖": "|", "Δ": "d", "∂": "d", "ρ": "rho", "σ": "sigma", "⊙": "*", "×": "x", "·": "-", "−": "-", "–": "-"}
    | {"—": "-", "…": "...", "→": "->", "“": '"', "”": '"', "‘": "'", "’": "'", "∞": "inf", "√": "sqrt"}
    | {"₋": "-", "⁻": "-", "≤": "<=", "≥": ">=", "≈": "~", "•": "-"}
    | {chr(0x2080 + n): str(n) for n in range(10)}
    | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
)
"""How the field's signs are written where there is only ASCII. What is not here becomes a question mark."""


def look_of(out: TextIO) -> Look:
    """What a stream can show."""
    console = _console(out)
    system = None if console.no_color else console.color_system
    encoding = (getattr(out, "encoding", None) or "utf-8").lower().replace("-", "")
    # Terminals that say anything say it as COLORFGBG: "foreground;background", 7 and 15 being the light ones.
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return Look(
        depth="truecolor" if system == "truecolor" else "256" if system == "256" else "none",
        ascii=os.environ.get("RNN_TUTOR_ASCII", "") not in ("", "0") or not encoding.startswith("utf"),
        dark=background not in ("7", "15"),
    )


MOST_COLUMNS = 2_000
"""No terminal is wider: a picture takes time and room in proportion."""


def columns_of(out: TextIO) -> int:
    """The columns of a terminal; of anything else COLUMNS, or 80. From 20 to `MOST_COLUMNS`."""
    if out.isatty():
        # COLUMNS, too, comes first there.
        columns = shutil.get_terminal_size((80, 24)).columns
    else:
        said = os.environ.get("COLUMNS", "")
        # A number of thousands of digits is none that Python reads.
        columns = (int(said) if len(said) < 10 else MOST_COLUMNS) if said.isdecimal() else 80
    return min(max(columns, 20), MOST_COLUMNS)


def spelled(text: str, look: Look) -> str:
    """`text`, and where there is only ASCII the field's signs written out."""
    return text.translate(_ASCII) if look.ascii else text


def show(out: TextIO, draw: Callable[[int, Look], Sequence[Row]]) -> None:
    """Draw rows for a stream, and write them."""
    look = look_of(out)
    console = _console(out)
    for row in draw(columns_of(out), look):
        text = Text(no_wrap=True, end="")
        for span in row:
            text.append(clean(spelled(span.text, look)), _rich(span))
        text.rstrip()
        console.print(text, soft_wrap=True)


def _console(out: TextIO) -> Console:
    # Without a size Rich takes COLUMNS and LINES for what they are, digits without end among them.
    return Console(file=out, width=columns_of(out), height=24, highlight=False, markup=False, emoji=False)


def _rich(span: Span) -> RichStyle:
    style = span.style
    return RichStyle(
        color=style.color,
        bgcolor=style.background,
        bold=style.bold or None,
        dim=style.dim or None,
        reverse=style.reverse or None,
        underline=style.underline or None,
    )
