"""Words as vectors: a one-hot row that picks a row of E, and E's words in a plane.

The look-up sets the multiplier beside each row of E, so that the picture is the product: 0 × this row, 1 × that one. In
the plane a word stands where its dot is; a name that has no room of its own is left out and its dot stays, and what the
cursor is about is named before all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw.axes import Raster, Scale, frame, nice_steps, scale, tick_text, title, x_ticks
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, pad
from tutor.draw.cells import width as width_of
from tutor.draw.heatmap import heat_row
from tutor.draw.window import window
from tutor.i18n import _, ngettext

Numbers = npt.NDArray[np.floating[Any]]

_EACH = 6
"""Cells of one number, the space before it counted: ` -0.52`, in line with the cell of its colour."""
_WORD = 10
"""Cells of a word at the head of a row, at the most."""
_LEAST_PANEL = 56
"""Columns from which the neighbours stand beside the plane."""
_PANEL = 22
_LARGEST = 1e300
"""Beyond it a number has no place, so that no span overflows."""


class Lookup(NamedTuple):
    """A token and its row, in what it is looked up in."""

    token: str
    at: int
    """Its row; 0 is the unknown word's."""
    words: Sequence[str]
    table: Numbers
    """(V, D)"""
    product: Numbers
    """(D,): one-hot × E"""
    row: Numbers
    """(D,): E[index]"""
    difference: Numbers
    """(D,)"""


def lookup(
    found: Lookup | None, width: int, height: int, look: Look, *, dimension: int = 0, focused: bool = False
) -> list[Row]:
    """The one-hot row, the rows of E around the one that it picks, and the product beside the look-up.

    Args:
        found: the token looked up; None before the first.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        dimension: which number of the vector has the cursor, and is always in view.
        focused: whether the cursor has the keys.
    """
    if found is None:
        return _filled(
            [(Span(_("Nothing is read yet: step once, and a word is looked up."), look.muted),)], width, height
        )
    columns = _Columns.over(found.row.size, dimension, width, len(str(len(found.words))))
    unknown = found.at == 0
    size = len(found.words)
    if unknown:
        said = _("“{token}” is unknown: it is read as row 0, {name}").format(token=found.token, name=found.words[0])
    else:
        said = _("“{token}” is row {index} of {count}").format(token=found.token, index=found.at, count=size)
    head: Row = (Span(crop(_quotes(said, look), width, ascii=look.ascii), Style(bold=True)),)
    sums = _sums(found, columns, look)
    # The product is what the view is about: it stays the longest, then E's own row, then the one-hot row.
    room = height - len(sums)
    rows: list[Row] = []
    if room >= 3:
        rows.append(head)
        room -= 1
    if room >= 3:
        rows.append(_one_hot(found, width, look))
        room -= 1
    spaced = room >= 7
    names = room >= 4
    if names:
        rows += [()] * spaced + [columns.heading("E", look)]
        room -= 1 + 2 * spaced
    rows += _rows_of(found, columns, max(room, 0), look, focused)
    rows += [()] * (spaced and names)
    return _filled([*rows, *sums], width, height)


def hashed(
    tokens: Sequence[str],
    vectors: Numbers,
    position: int,
    width: int,
    height: int,
    look: Look,
    *,
    dimension: int = 0,
    focused: bool = False,
) -> list[Row]:
    """Vectors that are made from the word itself: there is no table to look them up in.

    Args:
        tokens: the text, T of them.
        vectors: (T, D).
        position: tokens read; the last of them is the current one.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        dimension: which number has the cursor, and is always in view.
        focused: whether the cursor has the keys.
    """
    columns = _Columns.over(vectors.shape[1], dimension, width, len(str(len(tokens))))
    words = [
        _("Untrained: there is no table E to look a word up in."),
        _("A vector is drawn from the word and the seed alone."),
    ]
    rows: list[Row] = [(Span(crop(word, width, ascii=look.ascii), look.muted),) for word in words[: max(height - 2, 0)]]
    room = height - len(rows)
    sums = [] if position == 0 else [columns.numbers(_("vector"), vectors[position - 1], look, look.accent)]
    if room - len(sums) >= 3:
        rows.append(columns.heading("", look))
    limit = _limit(vectors)
    count = min(max(height - len(rows) - len(sums), 0), len(tokens))
    first = window(position - 1, len(tokens), count)
    for t in range(first, first + count):
        here = t == position - 1
        rows.append(columns.row("", str(t + 1), tokens[t], vectors[t], look, limit, here, here and focused))
    return _filled([*rows, *sums], width, height)


def dimension_at(found: Lookup, column: int, width: int, *, dimension: int = 0) -> int | None:
    """The number of the vector under a column of the look-up's picture, for the mouse; None where there is none."""
    columns = _Columns.over(found.row.size, dimension, width, len(str(len(found.words))))
    at = columns.first + (column - columns.lead) // max(columns.each, 1)
    return at if column >= columns.lead and at < columns.last else None


class _Columns(NamedTuple):
    """Which numbers of a vector there is room for, and what stands before them."""

    first: int
    last: int
    of: int
    cursor: int
    digits: int
    word: int
    each: int
    width: int

    @classmethod
    def over(cls, size: int, cursor: int, width: int, digits: int) -> _Columns:
        cursor = min(max(cursor, 0), max(size - 1, 0))
        # The names of the sums need as much room as a row's head.
        word = _WORD if width >= 40 else max(min(width - 5 - digits - 1 - _EACH, _WORD), 0)
        lead = cls._lead(digits, word)
        each = _EACH if width - lead >= _EACH else max(width - lead, 0)
        count = min(max((width - lead) // each, 1), size) if each else 0
        first = window(cursor, size, count)
        return cls(first, first + count, size, cursor, digits, word, each, width)

    @staticmethod
    def _lead(digits: int, word: int) -> int:
        return 4 + digits + 1 + word

    @property
    def lead(self) -> int:
        """Cells before the first number."""
        return self._lead(self.digits, self.word)

    def heading(self, name: str, look: Look) -> Row:
        """Which numbers these are."""
        names = "".join(pad(f"x{d + 1}", self.each, "right", ascii=look.ascii) for d in range(self.first, self.last))
        shown = self.last - self.first
        more = "" if shown == self.of else _("{n} of {count}").format(n=shown, count=self.of)
        left = pad(name, 4, ascii=look.ascii) + pad(more, max(self.lead - 4, 0), ascii=look.ascii)
        return (Span(left, look.muted), Span(names, look.muted))

    def row(
        self,
        sign: str,
        number: str,
        word: str,
        values: Numbers,
        look: Look,
        limit: float,
        picked: bool,
        cursor: bool,
    ) -> Row:
        """A row of E: what it is multiplied by, which it is, its numbers as colours."""
        style = look.accent if picked else look.muted
        name = pad(crop(word, self.word - 1, ascii=look.ascii), self.word) if self.word > 1 else " " * self.word
        head = pad(sign, 4) + pad(number, self.digits, "right", ascii=look.ascii) + " "
        cells = heat_row(
            values[self.first : self.last].tolist(),
            look,
            limit=limit,
            width=max(self.each, 1),
            bright=picked,
            cursor=self.cursor - self.first if cursor else None,
        )
        return (Span(head, style), Span(name, style._replace(bold=picked)), *(cells if self.each else ()))

    def numbers(self, name: str, values: Numbers, look: Look, style: Style) -> Row:
        """A vector as numbers, each under its colour."""
        spans = [Span(pad(crop(name, self.lead - 1, ascii=look.ascii), self.lead), style)]
        for d in range(self.first, self.last):
            here = d == self.cursor
            text = pad(_short(float(values[d]), self.each, look), self.each, "right", ascii=look.ascii)
            spans.append(Span(text, style._replace(bold=True) if here else style))
        return tuple(spans)


def _short(value: float, cells: int, look: Look) -> str:
    """A number in fewer cells than it has, with its sign."""
    text = formatted(value, "{:+.2f}" if abs(value) < 100 else "{:+.0e}", ascii=look.ascii)
    if width_of(text) >= cells:
        text = formatted(value, "{:+.0e}" if abs(value) >= 10 else "{:+.1f}", ascii=look.ascii)
    return text


def _limit(table: Numbers) -> float:
    """What is drawn as ±1: the largest number there is."""
    sizes = np.abs(table[np.isfinite(table)])
    largest = float(sizes.max()) if sizes.size else 0.0
    return largest or 1.0


def _quotes(text: str, look: Look) -> str:
    return text.replace("“", '"').replace("”", '"') if look.ascii else text


def _one_hot(found: Lookup, width: int, look: Look) -> Row:
    """The one-hot vector: its 1 and the zeros around it, as far as there is room; then how many zeros there are."""
    size = len(found.words)
    name = _("one-hot") + "  "
    zeros = size - 1
    tail = "  " + ngettext("{n} zero", "{n} zeros", zeros).format(n=zeros)
    room = width - width_of(name) - width_of(tail) - 4
    count = min(size, max(room // 2, 0))
    if count < 3 and count < size:
        return (Span(name, look.muted), Span("1", look.accent), Span(tail, look.muted))
    first = window(found.at, size, count)
    more = "~" if look.ascii else "…"
    before = (more if first else " ") + " 0" * (found.at - first) + " "
    after = " 0" * (first + count - found.at - 1) + (" " + more if first + count < size else "")
    return (
        Span(name, look.muted),
        Span(before, look.muted),
        Span("1", look.accent._replace(bold=True)),
        Span(after + tail, look.muted),
    )


def _rows_of(found: Lookup, columns: _Columns, count: int, look: Look, focused: bool) -> list[Row]:
    """Rows of E around the one that is picked, each behind what it is multiplied by."""
    size = len(found.words)
    count = min(count, size)
    first = window(found.at, size, count)
    limit = _limit(found.table)
    times = "x" if look.ascii else "×"
    rows = []
    for index in range(first, first + count):
        here = index == found.at
        sign = f"{'1' if here else '0'} {times}"
        rows.append(
            columns.row(sign, str(index), found.words[index], found.table[index], look, limit, here, here and focused)
        )
    return rows


def _sums(found: Lookup, columns: _Columns, look: Look) -> list[Row]:
    """The product, the row, and what is between them."""
    times = "x" if look.ascii else "×"
    largest = float(np.abs(found.difference).max(initial=0.0))
    exact = largest == 0
    verdict = (
        _("exactly 0 in all {count}").format(count=found.difference.size)
        if exact
        else _("0 × ∞ and 0 × NaN are no numbers")
        if math.isnan(largest)
        else formatted(largest, "{:.1e}", ascii=look.ascii)
    )
    if look.ascii:
        verdict = verdict.replace("×", "x").replace("∞", "inf")
    return [
        columns.numbers(_("one-hot {times} E").format(times=times), found.product, look, PLAIN),
        columns.numbers(f"E[{found.at}]", found.row, look, look.accent),
        (
            Span(pad(crop(_("difference"), columns.lead - 1, ascii=look.ascii), columns.lead), look.muted),
            Span(
                crop(" " + verdict, max(columns.width - columns.lead, 0), ascii=look.ascii),
                look.good if exact else look.bad,
            ),
        ),
    ]


def _filled(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """As many rows as there are to be, each as wide."""
    return [fit(row, width) for row in [*rows, *[()] * height][:height]]


class Scene(NamedTuple):
    """Words in the plane, and what is said of them."""

    points: Numbers
    """(V, 2); what is no number has no place."""
    words: Sequence[str]
    shares: tuple[float, float]
    """The part of all variance along each axis."""
    cursor: int
    """The word that is looked at."""
    near: Sequence[tuple[int, float]]
    """Its neighbours and their cosines, the most alike first."""
    path: Sequence[int]
    """The text's words as far as it is read, the current one last."""
    moved: Sequence[tuple[str, float]] = ()
    """The words that moved most, and how far, the farthest first."""
    since: str = ""
    """From which checkpoint on they moved."""
    where: str = ""
    """Which checkpoint is shown."""


def plane(scene: Scene, width: int, height: int, look: Look, *, focused: bool = False) -> list[Row]:
    """The words in their plane, and beside it the neighbours of the one under the cursor.

    Args:
        scene: what is drawn.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        focused: whether the cursor has the keys.
    """
    layout = _Layout.over(scene, width, height)
    if layout is None:
        nothing = _("E has no row of numbers: there is no plane to draw.")
        return _filled([(Span(crop(nothing, width, ascii=look.ascii), look.muted),)], width, height)
    across, up = ("->", "^") if look.ascii else ("→", "↑")
    said = _("{across} PC1 {first} of the variance   {up} PC2 {second}").format(
        across=across, up=up, first=_share(scene.shares[0]), second=_share(scene.shares[1])
    )
    ranks = _Ranks(scene)
    names, dots = layout.named(scene, ranks, look)
    rows = layout.rows(scene, ranks, names, dots, look, focused)
    if layout.panel:
        beside = _filled(_beside(scene, layout, ranks, len(dots), len(rows), look), layout.panel, len(rows))
        rows = [(*row, Span("  ", PLAIN), *side) for row, side in zip(rows, beside, strict=True)]
    where: Row = (Span(crop(scene.where, width, ascii=look.ascii), PLAIN),) if scene.where else ()
    return _filled([*([title(said, where, width, look)] if layout.top else []), *rows], width, height)


def word_at(scene: Scene, column: int, row: int, width: int, height: int, look: Look) -> int | None:
    """The word whose dot or name is under a cell of the same picture, for the mouse."""
    layout = _Layout.over(scene, width, height)
    if layout is None:
        return None
    at = column - layout.left, row - layout.top
    names, dots = layout.named(scene, _Ranks(scene), look)
    for name in names:
        if name.row == at[1] and name.column <= at[0] < name.column + width_of(name.text):
            return name.word
    return dots.get(at) if at not in (named := {name.dot: name.word for name in names}) else named[at]


def _share(part: float) -> str:
    return formatted(part, "{:.0%}")


class _Name(NamedTuple):
    """A name that found room."""

    word: int
    dot: tuple[int, int]
    column: int
    row: int
    text: str


class _Layout(NamedTuple):
    """Where each word stands, and what of the frame there is room for."""

    places: npt.NDArray[np.int64]
    """(V, 2): column and row in the plot; −1 of what has no place."""
    width: int
    panel: int
    left: int
    """Columns before the plot."""
    top: int
    """Rows above it."""
    columns: int
    across: tuple[float, float]
    down: Scale
    names: dict[int, str]
    """Of the ticks of the axis that goes up."""
    axis: bool

    @classmethod
    def over(cls, scene: Scene, width: int, height: int) -> _Layout | None:
        """None where no word has a place."""
        known = (np.abs(scene.points) < _LARGEST).all(axis=1)
        if not known.any():
            return None
        x, y = scene.points[known].astype(np.float64).T
        panel = _PANEL if width >= _LEAST_PANEL else 0
        room = width - (panel + 2 if panel else 0)
        axis, top = height >= 11, int(height >= 3)
        rows = max(height - top - 2 * axis, 1)
        (left_end, right_end), (low, high) = _range(x), _range(y)
        if axis:
            down = scale(low, high, rows, nice_steps(high - low), from_top=False)
        else:
            # Without ticks no row is wasted.
            down = Scale(high, (high - low) / max(rows - 1, 1), rows, high - low)
        names = {row: tick_text(value, down.step) for row, value in down.ticks()} if axis and room >= 30 else {}
        left = max(map(width_of, names.values()), default=0) + 2
        columns = max(room - left, 1)
        places = np.full(scene.points.shape, -1, np.int64)
        places[known, 0] = np.rint((x - left_end) / (right_end - left_end) * (columns - 1))
        places[known, 1] = np.clip(np.rint((down.top - y) / down.per_row), 0, rows - 1)
        return cls(places, room, panel, left, top, columns, (left_end, right_end), down, names, axis)

    def rows(
        self,
        scene: Scene,
        ranks: _Ranks,
        names: Sequence[_Name],
        nameless: Mapping[tuple[int, int], int],
        look: Look,
        focused: bool,
    ) -> list[Row]:
        """The plot in its frame."""
        raster = Raster(self.columns, self.down.rows)
        self._link(raster, [self.places[word].tolist() for word in scene.path if self.places[word, 0] >= 0], look)
        for (column, row), word in (*nameless.items(), *((name.dot, name.word) for name in names)):
            raster.put(column, row, ranks.sign(word, look), ranks.style(word, look))
        for name in names:
            style = ranks.style(name.word, look)
            if name.word == scene.cursor:
                style = style._replace(bold=True, underline=focused)
            # The first cell holds the whole name, the others nothing: together they are as wide as it.
            for cell in range(width_of(name.text)):
                raster.put(name.column + cell, name.row, "" if cell else name.text, style)
        marks = x_ticks(*self.across, self.columns)
        return frame(raster, self.names, marks, self.width, look, gutter={}, axis=self.axis, x_label="")

    def _link(self, raster: Raster, stops: Sequence[Sequence[int]], look: Look) -> None:
        """From each word of the text to the next; the last link is the brightest."""
        flat, steep, rising, falling = ("-", "|", "/", "\\") if look.ascii else ("─", "│", "╱", "╲")
        for number, ((c0, r0), (c1, r1)) in enumerate(pairwise(stops), 2):
            style = look.accent if number == len(stops) else look.muted
            length = max(abs(c1 - c0), abs(r1 - r0))
            before = r0
            for n in range(1, length):
                row = round(r0 + (r1 - r0) * n / length)
                sign = flat if row == before else rising if (row < before) == (c1 > c0) else falling
                raster.put(round(c0 + (c1 - c0) * n / length), row, steep if c0 == c1 else sign, style, line=True)
                before = row

    def named(self, scene: Scene, ranks: _Ranks, look: Look) -> tuple[list[_Name], dict[tuple[int, int], int]]:
        """Names that have room, and the dots that are left without: of several in one cell, the one that matters."""
        dots: dict[tuple[int, int], int] = {}
        for word in ranks.order:
            if self.places[word, 0] >= 0:
                dots.setdefault(_cell(self.places[word]), word)
        # Of the others, the first in each cell: there is no room to name two.
        cells, others = np.unique(self.places, axis=0, return_index=True)
        for place, word in sorted(zip(map(_cell, cells), others.tolist(), strict=True), key=lambda found: found[1]):
            if place[0] >= 0:
                dots.setdefault(place, word)
        names: list[_Name] = []
        taken: set[tuple[int, int]] = set()
        hidden: set[tuple[int, int]] = set()
        for dot, word in tuple(dots.items()):
            text = crop(scene.words[word], min(_WORD + 2, self.columns - 1), ascii=look.ascii)
            name = None if dot in hidden else self._name(word, dot, text, dots, taken, ranks)
            if name is not None:
                names.append(name)
                cells_of = [(name.column + n, name.row) for n in range(width_of(text))]
                # A cell of air on both sides keeps two names from being read as one.
                taken.update([*cells_of, (name.column - 1, name.row), (name.column + len(cells_of), name.row)])
                hidden.update(cells_of)
        done = {name.dot for name in names} | hidden
        return names, {dot: word for dot, word in dots.items() if dot not in done}

    def _name(
        self,
        word: int,
        dot: tuple[int, int],
        text: str,
        dots: Mapping[tuple[int, int], int],
        taken: set[tuple[int, int]],
        ranks: _Ranks,
    ) -> _Name | None:
        """A place beside the dot, above it or below: over no other dot; where the word matters, over none that does."""
        (column, row), size = dot, width_of(text)
        middle = min(max(column - size // 2, 0), self.columns - size)
        for over in (False, True)[: 1 + (word in ranks.order)]:
            for start, line in (
                (column + 1, row),
                (column - size, row),
                (middle, row - 1),
                (middle, row + 1),
            ):
                cells = [(start + n, line) for n in range(size)]
                inside = size and 0 <= line < self.down.rows and start >= 0 and start + size <= self.columns
                if not inside or any(cell in taken for cell in cells):
                    continue
                covered = [dots[cell] for cell in cells if cell in dots]
                if not covered or (over and not any(other in ranks.order for other in covered)):
                    return _Name(word, dot, start, line, text)
        return None


class _Ranks:
    """What each word is to the cursor: itself, a neighbour, a word of the text, or another."""

    def __init__(self, scene: Scene) -> None:
        self.cursor = scene.cursor
        self.near = frozenset(word for word, _likeness in scene.near)
        self.path = frozenset(scene.path)
        self.order = tuple(dict.fromkeys([scene.cursor, *(word for word, _likeness in scene.near), *scene.path[::-1]]))
        """The words that matter, the most first."""

    def sign(self, word: int, look: Look) -> str:
        """Its dot."""
        at = 0 if word == self.cursor else 1 if word in self.near else 2 if word in self.path else 3
        return ("@*+." if look.ascii else "●◆○·")[at]

    def style(self, word: int, look: Look) -> Style:
        """How its dot and its name look."""
        if word == self.cursor:
            return look.accent
        return PLAIN if word in self.near or word in self.path else look.muted


def _beside(scene: Scene, layout: _Layout, ranks: _Ranks, nameless: int, height: int, look: Look) -> list[Row]:
    """The word under the cursor, its neighbours, and what moved most."""
    room = layout.panel

    def line(name: str, said: str, style: Style, sign: str = "") -> Row:
        text = pad(f"{sign} {name}" if sign else name, room - width_of(said) - 1, ascii=look.ascii)
        return (Span(text, style), Span(" " + said, style))

    cursor = scene.cursor
    rows = [line(scene.words[cursor], str(cursor), look.accent._replace(bold=True), ranks.sign(cursor, look))]
    if layout.places[cursor, 0] < 0:
        rows.append(line(_("its row is no number"), "", look.bad))
    else:
        rows.append(line(_("nearest by cosine") if scene.near else _("like no other word"), "", look.muted))
    moved = [(name, formatted(far, "{:.2f}", ascii=look.ascii)) for name, far in scene.moved]
    # Where it is tight, the one that moved most stands in the last row.
    tight = height < len(rows) + len(scene.near) + 4
    for near, likeness in scene.near[: max(height - len(rows) - (1 if moved else 0), 0) if tight else None]:
        rows.append(line(scene.words[near], f"{likeness:+.2f}", PLAIN, ranks.sign(near, look)))
    if moved and tight:
        rows.append(line(_("moved: {word}").format(word=moved[0][0]), moved[0][1], look.muted))
    elif moved:
        rows += [(), line(scene.since, "", look.muted)]
        rows += [line(name, far, PLAIN) for name, far in moved[: height - len(rows)]]
    if nameless and height >= len(rows) + 2:
        said = ngettext("{n} dot is unnamed", "{n} dots are unnamed", nameless).format(n=nameless)
        rows += [(), line(said, "", look.muted)]
    return rows


def _cell(place: npt.NDArray[np.int64]) -> tuple[int, int]:
    return int(place[0]), int(place[1])


def _range(values: Numbers) -> tuple[float, float]:
    """What an axis covers: the values, or some room around the only one that there is."""
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    if high - low <= max(size * 1e-9, 1e-290):
        around = size if size > 1e6 else 1.0
        return low - around, high + around
    return low, high
