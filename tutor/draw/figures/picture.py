"""An image, what convolutions make of it, and the sentence that is written of it.

A terminal's cell is twice as high as it is wide: two pixels share one, upper and lower, or one pixel takes two. Where
there are no colours, or no half blocks, what a cell shows of its two pixels is said in a sign, the larger one's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, merged, pad, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import bar, signed_glyph, subscript
from tutor.draw.heatmap import heat_row
from tutor.draw.wording import wording
from tutor.i18n import _

Values = npt.NDArray[np.floating]

_GREYS = 20
"""Levels of grey above none."""
_LEAST_CAPTION = 3
"""Rows: words, probabilities, state."""
_LEAST_TABLE = 7
"""Rows from which on each word has its own."""
_BESIDE = 26
"""Columns that a caption needs beside the image."""
_ASIDE = 18
"""Columns from which on a remark stands at the end of another's row."""
_LONGEST = 12
"""Cells of a word in the table."""
_BAR = 6


class Written(NamedTuple):
    """A word of the caption."""

    token: str
    probability: float
    others: Sequence[tuple[str, float]]
    """The likeliest ones beside it."""
    state: Sequence[float]
    """h_t that it was read off."""


class Box(NamedTuple):
    """A part of the picture, in cells."""

    left: int
    top: int
    width: int
    height: int


class Layout(NamedTuple):
    """Which part stands where; a part that has no room is 0 × 0."""

    scale: int
    """Columns that a pixel takes; its rows are half of that. 0 where the image has no room."""
    canvas: Box
    """The image's own pixels, without the marks at its border."""
    stage: Box
    caption: Box

    def pixels(self, x: float, y: float, shape: tuple[int, int]) -> list[tuple[int, int]]:
        """The pixels (row, column) at a place: one, or both of a cell where nothing says which half was meant."""
        box = self.canvas
        if not (box.left <= x < box.left + box.width and box.top <= y < box.top + box.height):
            return []
        column = int(x - box.left) // self.scale
        if self.scale > 1:
            return [(int(y) - box.top, column)]
        upper = 2 * (int(y) - box.top)
        rows = [upper, upper + 1] if y == int(y) else [upper + (y - int(y) >= 0.5)]
        return [(row, column) for row in rows if row < shape[0]]


def lay_out(shape: tuple[int, int], width: int, height: int) -> Layout:
    """What has room, for an image (rows, columns) in `width` × `height` cells.

    The image stands large above a table of the caption; smaller, above a line of it; or beside it. Without room for
    the image there is the caption alone.
    """
    rows, columns = shape
    for scale, least in ((2, _LEAST_TABLE + 2), (1, _LEAST_CAPTION)):
        high = rows if scale == 2 else (rows + 1) // 2
        wide = scale * columns
        if 1 + high + least <= height and 1 + wide <= width:
            beside = width - wide - 3
            stage = Box(wide + 3, 0, beside, high + 1) if beside >= 8 else Box(0, 0, 0, 0)
            caption = Box(0, high + 1, width, height - high - 1)
            return Layout(scale, Box(1, 1, wide, high), stage, caption)
    beside = width - wide - 3
    if 1 + high <= height and beside >= _BESIDE:
        used = min(_LEAST_CAPTION + 1, height)
        stage = Box(wide + 3, used, beside, height - used)
        return Layout(1, Box(1, 1, wide, high), stage, Box(wide + 3, 0, beside, used))
    return Layout(0, Box(0, 0, 0, 0), Box(0, 0, 0, 0), Box(0, 0, width, height))


def picture(
    image: Values,
    stage: str,
    planes: Values,
    kernels: Values | None,
    h_0: Sequence[float],
    words: Sequence[Written],
    truth: Sequence[str] | None,
    position: int,
    width: int,
    height: int,
    look: Look,
    *,
    cursor: tuple[int, int] | None = None,
) -> list[Row]:
    """The whole figure.

    Args:
        image: (rows, columns), 0 for nothing and 1 for ink.
        stage: the name of what stands beside the image.
        planes: (n, rows, columns), on one scale.
        kernels: (n, k, k), what each of the planes is a response to; drawn above them where there is room.
        h_0: what the image became.
        words: the caption, its end a step of its own.
        truth: what the image shows; None where nobody knows.
        position: words written so far.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        cursor: the pixel (row, column) that the keys would change; None without the keys.
    """
    position = min(max(position, 0), len(words))
    layout = lay_out((image.shape[0], image.shape[1]), width, height)
    parts: list[tuple[Box, list[Row]]] = []
    if layout.scale:
        box = layout.canvas
        around = Box(0, 0, box.width + 1, box.height + 1)
        parts.append((around, _canvas(image, layout.scale, cursor, look)))
    if layout.stage.height > 0 and layout.stage.width > 0:
        parts.append((layout.stage, _stage(stage, planes, kernels, layout.stage, look)))
    caption = layout.caption
    draw = _table if caption.height >= _LEAST_TABLE else _line
    parts.append((caption, draw(h_0, words, truth, position, caption, look)))
    return _together(parts, width, height)


def _together(parts: Sequence[tuple[Box, list[Row]]], width: int, height: int) -> list[Row]:
    """The parts in their places."""
    rows = []
    for y in range(height):
        row: Row = ()
        at = 0
        for box, drawn in sorted(parts, key=lambda part: part[0].left):
            if box.top <= y < box.top + box.height and y - box.top < len(drawn):
                row = (*row, Span(" " * (box.left - at), PLAIN), *fit(drawn[y - box.top], box.width))
                at = box.left + box.width
        rows.append(fit(row, width))
    return rows


# Pixels


@lru_cache(maxsize=512)
def grey(level: int, look: Look) -> str:
    """The colour of ink, from 0 (none) to 20: away from the background, of the terminal's own where it has 256."""
    if look.depth == "256":
        # The terminal's ramp of greys: 8 + 10·i, i = 0 … 23.
        value = 8 + 10 * (3 + level if look.dark else 23 - level)
        return f"#{value:02x}{value:02x}{value:02x}"
    ink = palettes.series(5, look).color or ""
    return palettes.mix(palettes.level_color(0, look), ink, level / _GREYS)


def _grey_of(look: Look) -> Callable[[float], str]:
    return lambda value: grey(round(min(max(value, 0.0), 1.0) * _GREYS), look)


def _signed_of(limit: float, look: Look) -> Callable[[float], str]:
    return lambda value: palettes.color(value / limit, look)


def _canvas(image: Values, scale: int, cursor: tuple[int, int] | None, look: Look) -> list[Row]:
    """The image with a mark above the cursor's column and beside its row."""
    columns = image.shape[1]
    marks: list[tuple[str, Style]] = [(" ", PLAIN)] * (1 + scale * columns)
    bold = look.accent._replace(bold=True)
    if cursor is None:
        head: Row = (Span(" " + crop(_image_name(image), scale * columns, ascii=look.ascii), look.muted),)
    else:
        marks[1 + scale * cursor[1]] = ("v" if look.ascii else "▾", bold)
        head = merged(marks)
    found = [head]
    body = _large(image, cursor, look) if scale > 1 else _small(image, cursor, look)
    for y, row in enumerate(body):
        side = " "
        if cursor is not None and scale > 1 and cursor[0] == y:
            side = ">" if look.ascii else "▸"
        elif cursor is not None and scale == 1 and cursor[0] // 2 == y:
            side = ('"_' if look.ascii else "▀▄")[cursor[0] % 2]
        found.append((Span(side, bold), *row))
    return found


def _image_name(image: Values) -> str:
    return _("image") if np.isfinite(image).all() else _("NaN")


def _large(image: Values, cursor: tuple[int, int] | None, look: Look) -> list[Row]:
    """A pixel in two columns and one row."""
    colour = _grey_of(look)
    found = []
    for y, line in enumerate(image.tolist()):
        cells = []
        for x, value in enumerate(line):
            here = (y, x) == cursor
            if math.isnan(value):
                cells.append(("??", look.muted._replace(reverse=here)))
            elif look.depth == "none":
                sign = signed_glyph(max(value, 0.0), ascii=look.ascii)
                cells.append((("[" if here else sign) + sign, Style(bold=here)))
            else:
                back = colour(value)
                cells.append(("[]" if here else "  ", Style(palettes.on(back) if here else None, back, bold=here)))
        found.append(merged(cells))
    return found


def _small(image: Values, cursor: tuple[int, int] | None, look: Look) -> list[Row]:
    """Two pixels in a cell: of greys where there are half blocks and colours, else on or off."""
    if look.depth != "none" and not look.ascii:
        accent = look.accent.color or ""
        cells = _halves(image, _grey_of(look), look)
        if cursor is not None:
            y, x = cursor
            sign, style = cells[y // 2][x]
            its = style.background if y % 2 else style.color
            # At 256 colours there is nothing between a grey and the accent.
            tinted = accent if look.depth == "256" or its is None else palettes.mix(its, accent, 0.6)
            cells[y // 2][x] = (sign, style._replace(background=tinted) if y % 2 else style._replace(color=tinted))
        return [merged(row) for row in cells]
    signs = '."_#' if look.ascii else "·▀▄█"
    found = []
    for y in range(0, image.shape[0], 2):
        row = []
        for x in range(image.shape[1]):
            pair = image[y : y + 2, x].tolist()
            here = cursor is not None and (cursor[0] // 2, cursor[1]) == (y // 2, x)
            sign = "?" if any(map(math.isnan, pair)) else signs[sum((v >= 0.5) << i for i, v in enumerate(pair))]
            row.append((sign, Style(reverse=here)))
        found.append(merged(row))
    return found


def _halves(values: Values, colour: Callable[[float], str], look: Look) -> list[list[tuple[str, Style]]]:
    """Two rows of pixels in one of cells; below the last of an odd number is the terminal's own background."""
    empty = palettes.BACKGROUND[look.dark]
    found = []
    for y in range(0, values.shape[0], 2):
        upper = values[y].tolist()
        lower = values[y + 1].tolist() if y + 1 < values.shape[0] else None
        cells = []
        for x, above in enumerate(upper):
            top = empty if math.isnan(above) else colour(above)
            below = None if lower is None else empty if math.isnan(lower[x]) else colour(lower[x])
            cells.append(("▀", Style(top, below)))
        found.append(cells)
    return found


def _plane(values: Values, limit: float, scale: int, look: Look) -> list[Row]:
    """Signed values, one pixel in half a cell or in two."""
    if scale > 1:
        return [heat_row(row, look, limit=limit, width=2, bright=True) for row in values.tolist()]
    if look.depth != "none" and not look.ascii:
        return [merged(row) for row in _halves(values, _signed_of(limit, look), look)]
    return [
        heat_row([_larger(column) for column in values[y : y + 2].T.tolist()], look, limit=limit, width=1, bright=True)
        for y in range(0, values.shape[0], 2)
    ]


def _larger(pair: Sequence[float]) -> float:
    """The one of larger size; what is no number is never hidden."""
    return next((v for v in pair if math.isnan(v)), max(pair, key=abs))


def _limit(planes: Values) -> float:
    sizes = np.abs(planes[np.isfinite(planes)])
    return float(sizes.max()) if sizes.size and sizes.max() > 0 else 1.0


def _stage(name: str, planes: Values, kernels: Values | None, box: Box, look: Look) -> list[Row]:
    """As many of the planes as fit, side by side, under a line that says what they are."""
    count, rows, columns = planes.shape
    room = box.height - 1
    scale, across, down = 1, 0, 0
    for scale in (2, 1):
        high = rows if scale == 2 else (rows + 1) // 2
        across = (box.width + 1) // (scale * columns + 1)
        down = (room + 1) // (high + 1)
        if across * down >= count:
            break
    shown = min(across * down, count)
    if not shown:
        says = _("{name}: no room for {h} × {w}").format(name=name, h=rows, w=columns)
        return [_first([says, _("no room for {h} × {w}").format(h=rows, w=columns), name], box.width, look)]
    drawn: list[Row] = []
    above = 0 if kernels is None else (kernels.shape[1] + 1) // 2
    with_kernels = bool(above) and (across >= shown or down == 1) and high + above <= room and scale == 1
    slot = scale * columns
    for first in range(0, shown, across):
        few = range(first, min(first + across, shown))
        if drawn:
            drawn.append(())
        if with_kernels and kernels is not None:
            tiles = [_plane(kernels[i], _limit(kernels), 1, look) for i in few]
            drawn += _side_by_side(tiles, slot)
        drawn += _side_by_side([_plane(planes[i], _limit(planes), scale, look) for i in few], slot)
    top = _limit(planes) if np.any(planes) else 0.0
    odd = "" if np.isfinite(planes).all() else _(", not all of it numbers")
    few_of = _("{name}, {n} of {all}").format(name=name, n=shown, all=count) + odd
    sized = _("{few}, at most {size:.2g}").format(few=few_of, size=top)
    return [_first([sized, few_of, name + odd], box.width, look), *drawn]


def _first(variants: Sequence[str], width: int, look: Look) -> Row:
    """The first of some wordings that fits; the last one cropped where none does."""
    texts = [text.translate(_IN_ASCII) if look.ascii else text for text in variants]
    return (Span(wording(texts, width, ascii=look.ascii), look.muted),)


def _side_by_side(tiles: Sequence[Sequence[Row]], slot: int) -> list[Row]:
    """Tiles of one height in slots with a column between."""
    return [
        tuple(span for tile in tiles for span in (*fit(tile[y], slot), Span(" ", PLAIN))) for y in range(len(tiles[0]))
    ]


# Words


def probability(p: float) -> str:
    """Four letters: `0.84`, `<.01` and `>.99` where two digits would say never, and always."""
    if math.isnan(p):
        return "NaN"
    if not 0 <= p <= 1:
        return "?"
    if 0 < p < 0.005:
        return "<.01"
    if 0.995 <= p < 1:
        return ">.99"
    return f"{p:.2f}"


_IN_ASCII = str.maketrans("×“”₀·", 'x""0.')


def _table(
    h_0: Sequence[float], words: Sequence[Written], truth: Sequence[str] | None, position: int, box: Box, look: Look
) -> list[Row]:
    """A row for h_0 and for each word, with the state that it was read off; time runs down."""
    foot = [_others(words, truth, position, box.width, look), _truth(words, truth, position, box.width, look)]
    room = max(box.height - len(foot), 1)
    first = max(min(position - room // 2, len(words) + 1 - room), 0)
    longest = min(max((width_of(word.token) for word in words), default=1), _LONGEST)
    bars = _BAR if box.width >= 56 else 0
    full = _full(h_0, words)
    rows: list[Row] = []
    for step in range(first, min(first + room, len(words) + 1)):
        here = step == position
        sign = ("> " if look.ascii else "▸ ") if here else "  "
        if step > position:
            rows.append((Span(f"  {step:>2}", look.muted),))
            continue
        style = Style(bold=True) if here else PLAIN
        head: Row
        if step == 0:
            text = subscript("h", 0, ascii=look.ascii)
            label_room = 4 + longest + 5 + (bars + 1 if bars else 0)
            named = _("{h_0} of the image").format(h_0=text)
            label = pad("   " + (named if width_of(named) + 4 <= label_room else text), label_room)
            head = (Span(sign, look.accent), Span(label, style))
            state = h_0
        else:
            word = words[step - 1]
            token = pad(crop(word.token, longest, ascii=look.ascii), longest)
            head = (
                Span(sign, look.accent),
                Span(f"{step:>2} ", look.muted),
                Span(f"{token} ", look.accent._replace(bold=True) if here else PLAIN),
                Span(pad(probability(word.probability), 5), style),
            )
            if bars:
                share = word.probability if 0 <= word.probability <= 1 else 0.0
                its = look.accent if here else palettes.soft(look)
                head = (*head, Span(pad(bar(share * bars, ascii=look.ascii), bars + 1), its))
            state = word.state
        row = (*head, *_heat(state, box.width - row_width(head), look, here, full))
        rows.append((*row, *(_scale(full, box.width - row_width(row), look) if step == first else ())))
    # A row of air where there is one.
    return [*rows, *([()] if len(rows) < room else []), *foot]


def _heat(state: Sequence[float], room: int, look: Look, bright: bool, full: float) -> Row:
    """As many units as fit."""
    each = max(min(room // max(len(state), 1), 2), 1)
    return heat_row(list(state)[: max(room // each, 0)], look, limit=full, width=each, bright=bright)


def _full(h_0: Sequence[float], words: Sequence[Written]) -> float:
    """What the strongest colour of a state stands for: 1, or more where an h_0 that no tanh bounds carries on.

    Half of the values may lie beyond it: what is left of a large h_0 must not pale all that follows.
    """
    sizes = np.abs(np.concatenate([np.asarray(state, float) for state in (h_0, *(word.state for word in words))]))
    sizes = np.sort(sizes[np.isfinite(sizes)])
    return max(float(sizes[len(sizes) // 2]), 1.0) if sizes.size else 1.0


def _scale(full: float, room: int, look: Look) -> Row:
    """What the strongest colour stands for, where that is not 1 and there is room to say so."""
    says = _("±{full:.2g} full").format(full=full)
    if look.ascii:
        says = says.replace("±", "+-")
    return (Span("  " + says, look.muted),) if full > 1 and width_of(says) + 2 <= room else ()


def _line(
    h_0: Sequence[float], words: Sequence[Written], truth: Sequence[str] | None, position: int, box: Box, look: Look
) -> list[Row]:
    """The sentence along a line, its probabilities under it, then the state and what else could have been written."""
    top: list[tuple[str, Style]] = []
    under: list[tuple[str, Style]] = []
    for step, slot in _slots(words, position, box.width):
        word = words[step - 1]
        here = step == position
        style = look.accent._replace(bold=True) if here else PLAIN
        top.append((pad(crop(word.token, slot, ascii=look.ascii), slot), style))
        under.append((pad(probability(word.probability), slot, ascii=look.ascii), style if here else look.muted))
        for cells in (top, under):
            cells.append((" ", PLAIN))
    if not position:
        says = _("Nothing is written yet: step, and it writes.") if words else _("It writes nothing.")
        top.append((crop(says, box.width, ascii=look.ascii), look.muted))
    full = _full(h_0, words)
    name = subscript("h", position, ascii=look.ascii)
    state = words[position - 1].state if position else h_0
    start: Row = (Span(subscript("h", 0, ascii=look.ascii) + " ", look.muted),)
    before: Row = ()
    if position and box.width >= 2 * (len(state) + 5):
        before = (*start, *_heat(h_0, len(state), look, False, full), Span("  ", PLAIN))
    last: Row = (*before, Span(name + " ", Style(bold=True)))
    units = list(state)[: max(box.width - row_width(last), 0)]
    last = (*last, *heat_row(units, look, limit=full, width=1, bright=True))
    last = (*last, *_scale(full, box.width - row_width(last), look))
    rows: list[Row] = [merged(top), merged(under), last]
    more = [_truth, _others][: max(box.height - len(rows), 0)]
    rows += [tell(words, truth, position, box.width, look) for tell in more]
    # What has no row of its own stands at the end of another.
    for y, tell in ((0, _truth), (1, _others)):
        left = box.width - row_width(rows[y]) - 1
        if tell not in more and left >= _ASIDE:
            rows[y] = (*rows[y], Span(" ", PLAIN), *tell(words, truth, position, left, look))
    return rows[: box.height]


def _slots(words: Sequence[Written], position: int, width: int) -> list[tuple[int, int]]:
    """(step, cells) of the words on a line: the current one, and as many before it as fit."""
    found: list[tuple[int, int]] = []
    left = width
    for step in range(position, 0, -1):
        slot = min(max(width_of(words[step - 1].token), 4), _LONGEST, max(width, 1))
        if slot > left:
            break
        found.insert(0, (step, slot))
        left -= slot + 1
    return found


def step_at(words: Sequence[Written], position: int, box: Box, x: int, y: int) -> int | None:
    """The step whose word stands at a place of the caption; None where none does."""
    if not (box.left <= x < box.left + box.width and box.top <= y < box.top + box.height):
        return None
    if box.height >= _LEAST_TABLE:
        room = max(box.height - 2, 1)
        first = max(min(position - room // 2, len(words) + 1 - room), 0)
        step = first + y - box.top
        return step if y - box.top < room and step <= len(words) else None
    column = box.left
    for step, slot in _slots(words, position, box.width):
        if y - box.top < 2 and column <= x < column + slot:
            return step
        column += slot + 1
    return None


def _others(words: Sequence[Written], truth: Sequence[str] | None, position: int, width: int, look: Look) -> Row:
    """What else could have been written at this step."""
    if not position:
        return _first([_("Nothing is written yet: step, and it writes."), _("nothing yet")], width, look)
    others = list(words[position - 1].others)
    if not others:
        return _first([_("nothing else could be")], width, look)
    while others:
        named = ", ".join(f"{crop(token, _LONGEST, ascii=look.ascii)} {probability(p)}" for token, p in others)
        says = _("or {others}").format(others=named)
        if width_of(says) <= width:
            return (Span(says, look.muted),)
        others.pop()
    return ()


def _truth(words: Sequence[Written], truth: Sequence[str] | None, position: int, width: int, look: Look) -> Row:
    """What the image shows, once all is written."""
    if position < len(words):
        return ()
    if truth is None:
        return _first([_("No one has said what this image shows."), _("nobody has said what it is")], width, look)
    # The last step is the end of the sentence.
    right = [word.token for word in words[:-1]] == list(truth)
    yes, no = ("=", "x") if look.ascii else ("✓", "✗")
    sign = Span((yes if right else no) + " ", look.good if right else look.bad)
    says = _("it shows {words}").format(words=" ".join(truth))
    if right and width_of(says) + 2 > width:
        says = _("it does show that")
    return (sign, Span(crop(says, max(width - 2, 0), ascii=look.ascii), PLAIN))
