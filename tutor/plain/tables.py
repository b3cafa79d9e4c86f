"""A figure's numbers as aligned columns of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from tutor.course.figures.table import Table
from tutor.draw.cells import pad, width
from tutor.engine.text import clean
from tutor.i18n import _

MOST_ROWS = 24
"""Rows of a table; longer ones are thinned."""


def table_lines(table: Table, width_: int, spell: Callable[[str], str] = lambda text: text) -> Iterator[str]:
    """A figure's numbers as aligned columns.

    A long table is thinned, and says so. A wide one is cut into several, each with the columns that name the
    rows. `spell` writes each text as the stream can show it.
    """
    rows, left_out = _thinned(table.rows)
    cells = [[*column] for column in zip(*rows, strict=True)] or [[] for _name in table.columns]
    texts = [
        [spell(text) for text in (clean(name), *_formatted(column))]
        for name, column in zip(table.columns, cells, strict=True)
    ]
    rooms = [max(width(text) for text in column) for column in texts]
    words = [all(isinstance(value, str) for value in column) and not _numeric(column) for column in cells]
    named = 1 + max((i for i, is_words in enumerate(words) if is_words), default=0)
    for chosen in _cut(rooms, named, width_):
        for row in range(len(rows) + 1):
            parts = [pad(texts[i][row], rooms[i], "left" if words[i] else "right") for i in chosen]
            yield "  ".join(parts).rstrip()
        yield ""
    if left_out:
        yield _("{n} of {total} rows are left out.").format(n=left_out, total=len(table.rows))
        yield ""


def _numeric(column: Sequence[object]) -> bool:
    return all(isinstance(value, str) and value.isdigit() for value in column)


def _cut(rooms: Sequence[int], named: int, width_: int) -> Iterator[list[int]]:
    """Which columns stand side by side: the first `named`, and as many others as there is room for."""
    heads = list(range(named))
    used = sum(rooms[:named]) + 2 * (named - 1)
    chosen: list[int] = []
    taken = used
    for index in range(named, len(rooms)):
        if chosen and taken + 2 + rooms[index] > width_:
            yield heads + chosen
            chosen, taken = [], used
        chosen.append(index)
        taken += 2 + rooms[index]
    yield heads + chosen


def _thinned(rows: Sequence[tuple[str | float, ...]]) -> tuple[list[tuple[str | float, ...]], int]:
    """About `MOST_ROWS` rows, evenly, with the first and last; named rows among numbered ones all stay."""
    if len(rows) <= MOST_ROWS:
        return list(rows), 0
    numbered = [i for i, row in enumerate(rows) if type(row[0]) is type(rows[0][0])]
    kept = set(range(len(rows))) - set(numbered)
    for k in range(MOST_ROWS):
        kept.add(numbered[round(k * (len(numbered) - 1) / (MOST_ROWS - 1))])
    return [rows[i] for i in sorted(kept)], len(rows) - len(kept)


def _formatted(column: Sequence[str | float]) -> list[str]:
    """A column's numbers with the same decimals, so that they can be compared at a glance."""
    sizes = [abs(v) for v in column if not isinstance(v, str) and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    whole = all(size == int(size) for size in sizes)
    decimals = 0 if whole else 3 if largest <= 1 else 2 if largest < 1000 else 0

    def text(value: str | float) -> str:
        if isinstance(value, str):
            return clean(value)
        if math.isnan(value):
            return "?"
        if math.isinf(value):
            return "∞" if value > 0 else "-∞"
        if largest >= 1e7 and not whole:
            return f"{value:.1e}"
        if value and abs(value) < 0.5 * 10**-decimals:
            # It would read as 0, and is not.
            return f"{value:.2g}"
        return f"{value:.{decimals}f}"

    return [text(value) for value in column]
