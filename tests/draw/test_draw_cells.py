"""Text in terminal cells: what takes two, what takes none, and what may not reach a terminal."""

from __future__ import annotations

import pytest
from wcwidth import wcwidth

from tutor.draw import cells
from tutor.draw.cells import (
    PLAIN,
    Look,
    Span,
    Style,
    crop,
    fit,
    formatted,
    merged,
    pad,
    row_width,
    text_of,
    width,
)

FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("late", 4),
        ("e\u0301", 1),
        ("永远", 4),
        ("한", 2),
        (FAMILY, 2),
        ("👍🏽", 2),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("🇩🇪", 2),
        ("🇩🇪🇫🇷", 4),
        # A mark with nothing to stand on gets a circle, a control character a sign of its own.
        ("\u0301", 1),
        ("\x1b[31m", 5),
    ],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "cells", "cropped"),
    [
        ("never too late", 20, "never too late"),
        ("never too late", 8, "never t…"),
        ("never", 5, "never"),
        ("never", 1, "…"),
        ("never", 0, ""),
        ("never", -4, ""),
        ("永远不会", 8, "永远不会"),
        ("永远不会", 7, "永远不…"),
        # Half of a letter is none: a space takes its place.
        ("永远不会", 6, "永远… "),
        ("永", 1, "…"),
        (FAMILY + "ab", 3, FAMILY + "…"),
        ("cafe\u0301s", 5, "cafe\u0301s"),
        ("cafe\u0301s!", 5, "cafe\u0301…"),
    ],
)
def test_crop(text: str, cells: int, cropped: str) -> None:
    assert crop(text, cells) == cropped
    assert crop(text, cells, ascii=True) == cropped.replace("…", "~")


def test_what_may_not_reach_a_terminal() -> None:
    assert crop("a\x1b[31mb\tc\nd", 20) == "a\ufffd[31mb\ufffdc\ufffdd"
    assert crop("\ud800\u202e\u2028", 20) == "\ufffd\ufffd\ufffd"
    assert crop("\u0301", 20) == "◌\u0301"


def test_markup_is_text() -> None:
    assert crop("a [/b] c h[t-1]", 40) == "a [/b] c h[t-1]"


def test_pad() -> None:
    assert pad("to", 5) == "to   "
    assert pad("to", 5, "right") == "   to"
    assert pad("to", 5, "center") == " to  "
    assert pad("永", 5, "center") == " 永  "
    assert pad("beyond", 4) == "bey…"
    assert pad("beyond", 4, ascii=True) == "bey~"
    assert pad("永远", 3) == "永…"
    assert pad("", 0) == ""


def test_fit() -> None:
    bold = Style(bold=True)
    row = (Span("never", PLAIN), Span("永远", bold))
    assert fit(row, 12) == (Span("never", PLAIN), Span("永远", bold), Span("   ", PLAIN))
    assert fit(row, 9) == row
    assert fit(row, 8) == (Span("never", PLAIN), Span("永 ", bold))
    assert fit(row, 3) == (Span("nev", PLAIN),)
    assert fit((), 2) == (Span("  ", PLAIN),)
    assert fit(row, 0) == ()
    assert row_width(row) == 9


def test_text_of() -> None:
    assert text_of([(Span(" a ", PLAIN), Span("b  ", PLAIN)), (), (Span("c", PLAIN),)]) == " a b\n\nc"


def test_merged() -> None:
    bold = Style(bold=True)
    assert merged([("a", PLAIN), ("b", PLAIN), ("c", bold), ("", bold), ("d", PLAIN)]) == (
        Span("ab", PLAIN),
        Span("c", bold),
        Span("d", PLAIN),
    )


def test_formatted() -> None:
    assert formatted(0.5, "{:.2f}") == "0.50"
    assert formatted(0.5, lambda value: f"{value:.0%}") == "50%"
    assert formatted(float("nan"), "{:d}") == "NaN"
    assert formatted(float("inf"), "{:.2f}") == "+∞"
    assert formatted(float("-inf"), "{:.2f}", ascii=True) == "-inf"


def test_looks() -> None:
    assert Look() == Look(depth="truecolor", ascii=False, dark=True)
    assert Look().accent == Style("#6fd0bf")
    assert Look(dark=False).accent == Style("#00685c")
    assert Look("256").muted == Style("#8a8a8a")
    none, bold = Look("none"), Style(bold=True)
    assert (none.accent, none.muted, none.good, none.bad) == (bold, Style(dim=True), bold, PLAIN)


def test_what_counts_as_simple_is_one_cell_each() -> None:
    """The short way of measuring and the long one agree on every letter that goes the short way."""
    simple = [chr(n) for n in range(0x20, 0x3000) if cells._is_simple(chr(n))]
    assert len(simple) > 400
    for char in simple:
        assert wcwidth(char) == 1
        assert list(cells._clusters(f"a{char}b")) == [("a", 1), (char, 1), ("b", 1)]
    assert not any(map(cells._is_simple, ["e\u0301", "永", "\x1b", "\n", "a\u200d", "\x7f"]))
