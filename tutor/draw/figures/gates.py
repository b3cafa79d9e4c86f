"""Gates and states as lanes side by side: time runs down, and every lane has a scale of its own.

A gate's cells go from 0 to 1, a state's from −1 to 1, or to the largest there is where nothing bounds it. The state
that a cell keeps apart runs between two rails; on the current row stands what it is made of: ◀ what is kept + what is
added. Where the units of all lanes do not fit, each lane is one unit on its scale, with the mean over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, fit, formatted, merged, pad, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.figures.why import Part, factors, number
from tutor.draw.glyphs import bar, bar_leftwards, subscript
from tutor.draw.heatmap import heat_row
from tutor.draw.window import row_at, window
from tutor.draw.wording import first_fitting, phrase, shown_token
from tutor.i18n import _

Values = npt.NDArray[np.floating[Any]]

SEEN = 64
"""Tokens that are measured: a longer text costs no more, and nothing moves when it scrolls."""
_TOKEN = 12
_LEAST_TOKEN = 5
_LEAST_LANE = 6
_WIDEST_CELL = 4
_WIDEST_LANE = 24
_NUMBERED = 14
"""Cells of a lane from which on its number stands beside its bar."""


class Lane(NamedTuple):
    """A gate or a state."""

    letter: str
    name: str
    low: float
    """Where its scale begins: 0 of a gate, else below."""
    high: float
    values: Values
    """(T, H)"""
    ends: tuple[str, str] = ("", "")
    """What the ends of its scale mean."""
    start: Values | None = None
    """(H,): a state before the first step."""
    bounded: bool = True
    """Whether nothing can lie beyond its scale."""
    rail: bool = False
    into: str = ""
    """The product that it is a factor of, in the sum that makes the lane between the rails."""
    keeps: bool = False
    """Whether that product is what is kept."""


class Plan(NamedTuple):
    """What stands where."""

    label: int
    """Cells before the lanes."""
    columns: tuple[tuple[int, int], ...]
    """Of each lane that there is room for: where it begins, and its cells."""
    each: int
    """Cells of a unit; 0 where a lane is one unit on its scale."""
    heads: int
    """Rows above the steps."""
    first: int
    """The step in the first row; 0 is before the first token."""
    rows: int
    """Rows of steps."""
    extras: frozenset[str]

    def step_at(self, y: int) -> int | None:
        """The step in a row of the picture."""
        return row_at(y, self.heads, self.first, self.rows)

    def unit_at(self, x: int, units: int) -> int | None:
        """The unit in a column of the picture."""
        for start, cells in self.columns:
            if self.each and start <= x < min(start + units * self.each, start + cells):
                return (x - start) // self.each
        return None


def token_room(*texts: Sequence[str]) -> int:
    """Cells for the longest token of any text."""
    return max((width_of(token) for tokens in texts for token in tokens[:SEEN]), default=0)


def plan(
    lanes: Sequence[Lane],
    tokens: Sequence[str],
    position: int,
    width: int,
    height: int,
    look: Look,
    *,
    folded: bool = False,
    equations: int = 0,
) -> Plan:
    """What stands where; the arguments are those of `gates`, with how many equations there are."""
    digits = len(str(len(tokens)))
    wanted = min(max(token_room(tokens), _LEAST_TOKEN), _TOKEN)
    units = lanes[0].values.shape[1] if lanes else 0
    rails = 2 * sum(lane.rail for lane in lanes)

    def room(token: int) -> int:
        """Cells for each lane when a token has so many."""
        return (width - (digits + 4 + token) - rails) // max(len(lanes), 1) - 1

    token, each = wanted, 0
    if not folded and units:
        # A token gives up its end before the lanes give up their units.
        for token in (wanted, min(wanted, _LEAST_TOKEN)):
            each = min(room(token) // units, _WIDEST_CELL)
            if each and room(token) >= _LEAST_LANE:
                break
        else:
            token, each = wanted, 0
    if each:
        cells = max(units * each, _LEAST_LANE)
    else:
        token = wanted if room(wanted) >= _LEAST_LANE else min(wanted, _LEAST_TOKEN)
        cells = max(min(room(token), _WIDEST_LANE), _LEAST_LANE)
    label = digits + 4 + token
    columns: list[tuple[int, int]] = []
    at = label
    for lane in lanes:
        at += lane.rail
        if at + cells + lane.rail > width and columns:
            break
        cells = max(min(cells, width - at - lane.rail), 1)
        columns.append((at, cells))
        at += cells + lane.rail + 1
    total = len(tokens) + 1
    extras, rest = [], height - 1
    heads = 0
    if rest > 0:
        heads, rest = 1, rest - 1
    # What is asked for, how many rows it takes, and how many steps must stay in sight for it.
    flows = any(lane.rail for lane in lanes) and any(lane.into for lane in lanes)
    for name, needed, least in (
        ("made", min(equations, 1), 1),
        ("names", 1, 4),
        ("flow", int(flows), 4),
        ("unit", 1, 5),
        ("also", max(equations - 1, 0), 6),
        ("legend", len(_legend(lanes, width, look)), 6),
        ("air", 1, total),
    ):
        if needed and rest + 1 - needed >= min(least, total):
            extras.append(name)
            rest -= needed
            heads += needed if name in ("names", "flow") else 0
    rows = min(rest + 1, total)
    return Plan(label, tuple(columns), each, heads, window(position, total, rows), rows, frozenset(extras))


def gates(
    lanes: Sequence[Lane],
    tokens: Sequence[str],
    position: int,
    unit: int,
    width: int,
    height: int,
    look: Look,
    *,
    made: Sequence[Row] = (),
    folded: bool = False,
    focused: bool = False,
    note: str = "",
    direction: int | None = None,
) -> list[Row]:
    """The lanes under their headings, and under them what the current step made of the unit under the cursor.

    Args:
        lanes: the one between the rails first; those that there is no room for are left out from the end.
        tokens: what is read, one a step.
        position: steps taken: 0 is before the first token.
        unit: the one under the cursor, from 0.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        made: the equations of the unit at this step, a row each, the one of the lane between the rails first.
        folded: whether each lane is one unit on its scale, even where all would fit.
        focused: whether the cursor has the keys.
        note: said of the whole.
        direction: of a network that reads both ways, 0 from the start, 1 from the end, whose units are counted on.
    """
    where = plan(lanes, tokens, position, width, height, look, folded=folded, equations=len(made))
    shown = lanes[: len(where.columns)]
    rows: list[Row] = []
    if where.heads:
        heading = _heading(shown, where, look)
        if len(shown) < len(lanes) and row_width(heading) + 2 <= width:
            heading = (*heading, Span(" ~" if look.ascii else " …", look.muted))
        reads = "" if direction is None else _("reads from the end") if direction else _("reads from the start")
        whole = "; ".join(said for said in (note, reads) if said)
        if whole and row_width(heading) + 2 + width_of(whole) <= width:
            heading, note = (*heading, Span("  " + whole, look.muted)), ""
        rows.append(heading)
    if "names" in where.extras:
        rows.append(_names(shown, where, look))
    if "flow" in where.extras:
        rows.append(_flow(shown, where, look))
    for step in range(where.first, where.first + where.rows):
        rows.append(_step(shown, where, tokens, step, position, unit, look, focused))
    if "air" in where.extras:
        rows.append(())
    rows += made[: ("made" in where.extras) + (len(made) if "also" in where.extras else 0)]
    if "unit" in where.extras:
        rows.append(_unit(lanes, where, position, unit, look, width, note, direction))
    if "legend" in where.extras:
        rows += _legend(lanes, width, look)
    rows += [()] * (height - len(rows))
    return [fit(row, width) for row in rows[:height]]


# Headings


def scale_text(lane: Lane, look: Look) -> str:
    """`0…1`, `-1…1`, or of what has no bound `±0.31`."""
    if not lane.bounded:
        return ("+-" if look.ascii else "±") + formatted(lane.high, "{:.2g}", ascii=look.ascii)
    between = ".." if look.ascii else "…"
    return f"{lane.low:g}{between}{lane.high:g}"


def _on_columns(where: Plan, lanes: Sequence[Lane], texts: Sequence[tuple[str, Style]], look: Look) -> list[Span]:
    """A text above each lane, with the rails running through."""
    spans: list[Span] = []
    at = 0
    for lane, (start, cells), (text, style) in zip(lanes, where.columns, texts, strict=True):
        left = start - lane.rail
        spans.append(Span(" " * (left - at), PLAIN))
        edge = [Span(_rail(look), look.accent)] if lane.rail else [Span(" ", PLAIN)] * lane.rail
        spans += [*edge, Span(pad(text, cells), style), *edge]
        at = start + cells + lane.rail
    return [span for span in spans if span.text]


def _rail(look: Look) -> str:
    return "|" if look.ascii else "║"


def _inline(lanes: Sequence[Lane], where: Plan, look: Look) -> bool:
    """Whether names stand beside their letters: where there is room for all of them, for lanes are headed alike."""
    wholes = [f"{lane.letter} {lane.name} {scale_text(lane, look)}" for lane in lanes]
    return all(width_of(whole) <= cells for whole, (_start, cells) in zip(wholes, where.columns, strict=True))


def _heading(lanes: Sequence[Lane], where: Plan, look: Look) -> Row:
    inline = _inline(lanes, where, look)
    texts = []
    for lane, (_start, cells) in zip(lanes, where.columns, strict=True):
        scale = scale_text(lane, look)
        whole = f"{lane.letter} {lane.name} {scale}"
        text = whole if inline else first_fitting((f"{lane.letter} {scale}", lane.letter + scale, lane.letter), cells)
        texts.append((text, look.accent if lane.rail else Style(bold=True)))
    return tuple(_on_columns(where, lanes, texts, look))


def _names(lanes: Sequence[Lane], where: Plan, look: Look) -> Row:
    """Their names, or where those stand above already, what the ends of each scale mean."""
    inline = _inline(lanes, where, look)
    texts = []
    for lane, (_start, cells) in zip(lanes, where.columns, strict=True):
        said = [_ends(lane)] if inline else [lane.name, *lane.name.split()]
        texts.append((first_fitting(said, cells), look.muted))
    return tuple(_on_columns(where, lanes, texts, look))


def _ends(lane: Lane) -> str:
    """`0 forgets, 1 keeps`"""
    low, high = lane.ends
    return f"{lane.low:g} {low}, {lane.high:g} {high}" if low else ""


def _legend(lanes: Sequence[Lane], width: int, look: Look) -> list[Row]:
    """What the ends of each scale mean, as many to a row as fit."""
    entries = []
    for lane in lanes:
        said = _ends(lane)
        if not lane.bounded:
            largest = formatted(lane.high, "{:.2g}", ascii=look.ascii)
            said = _("no bound: drawn to its largest, {n}").format(n=largest)
        if said:
            entries.append((f"{lane.letter} ", said))
    rows: list[Row] = []
    row: list[Span] = []
    for letter, said in entries:
        size = width_of(letter) + width_of(said) + 3
        if row and row_width(tuple(row)) + size > width:
            rows.append(tuple(row))
            row = []
        row += [Span(letter, Style(bold=True)), Span(said + "   ", look.muted)]
    return [*rows, tuple(row)] if row else rows


def _flow(lanes: Sequence[Lane], where: Plan, look: Look) -> Row:
    """What of each lane flows into the one between the rails, as a line above the lanes."""
    line, left, end = ("-", "<", "+") if look.ascii else ("─", "◀", "┘")
    row = _on_columns(where._replace(columns=where.columns[:1]), lanes[:1], [("", PLAIN)], look)
    at = row_width(tuple(row))
    index = 1
    while index < len(lanes) and lanes[index].into:
        lane = lanes[index]
        last = index
        while last + 1 < len(lanes) and lanes[last + 1].into == lane.into:
            last += 1
        stop = where.columns[last][0] + where.columns[last][1]
        name = spelled(lane.into, look)
        words = _("keeps {product}") if lane.keeps else _("adds {product}")
        text = first_fitting((words.format(product=name), name), stop - at - 3)
        more = last + 1 < len(lanes) and bool(lanes[last + 1].into)
        opening = left if index == 1 else "+"
        inner = stop - at - 1 - (0 if more else 1)
        body = pad(f" {text} " if text else "", inner, "center")
        lead = len(body) - len(body.lstrip(" "))
        tail = len(body) - len(body.rstrip(" "))
        filled = (
            line * max(lead - 1, 0) + body[max(lead - 1, 0) : len(body) - max(tail - 1, 0)] + line * max(tail - 1, 0)
        )
        if not text:
            filled = line * inner
        row.append(Span(opening + filled + ("" if more else end), look.accent if lane.keeps else PLAIN))
        at = stop
        index = last + 1
    return tuple(row)


def spelled(product: str, look: Look) -> str:
    """A product's letters; in ASCII `f*c'` for f·c₋."""
    return product.replace("·", "*").replace("₋", "'") if look.ascii else product


# Steps


def head(step: int, token: str, digits: int, room: int, here: bool, style: Style, look: Look) -> Row:
    """What stands before a step's cells: where we are, its number, its token."""
    arrow = (">" if look.ascii else "▶") if here else " "
    number = str(step) if step else ""
    return (
        Span(arrow + " ", look.accent),
        Span(f"{number:>{digits}} {pad(shown_token(token, ascii=look.ascii), max(room, 0), ascii=look.ascii)}", style),
    )


def _step(
    lanes: Sequence[Lane],
    where: Plan,
    tokens: Sequence[str],
    step: int,
    position: int,
    unit: int,
    look: Look,
    focused: bool,
) -> Row:
    here = step == position
    digits = len(str(len(tokens)))
    token = tokens[step - 1] if step else _("start")
    style = Style(bold=True) if here else look.muted if step > position or not step else PLAIN
    spans = list(head(step, token, digits, where.label - digits - 4, here, style, look))
    spans.append(Span(" ", PLAIN))
    at = where.label
    for index, (lane, (start, cells)) in enumerate(zip(lanes, where.columns, strict=True)):
        left = start - lane.rail
        spans.append(_between(lanes, index, left - at, here and step > 0, look))
        rail = Span(_rail(look), look.accent._replace(bold=here))
        values = lane.start if step == 0 else lane.values[step - 1] if step <= position else None
        drawn: Row = ()
        if values is not None and values.size:
            if where.each:
                cursor = unit if here and focused else None
                limit = max(abs(lane.low), abs(lane.high))
                drawn = heat_row(values, look, limit=limit, width=where.each, bright=here, cursor=cursor)
            else:
                drawn = _trace(lane, values, min(unit, values.size - 1), cells, look, here)
        drawn = fit(drawn, cells)
        spans += [rail, *drawn, rail] if lane.rail else drawn
        at = start + cells + lane.rail
    return tuple(span for span in spans if span.text)


def _between(lanes: Sequence[Lane], index: int, cells: int, here: bool, look: Look) -> Span:
    """What joins a lane to the one before it: on the current row the signs of the equation."""
    if not here or not index or not cells or not lanes[index].into or not lanes[0].rail:
        return Span(" " * cells, PLAIN)
    before = lanes[index - 1]
    if before.rail:
        sign = "<" if look.ascii else "◀"
    elif before.into == lanes[index].into:
        sign = "*" if look.ascii else "·"
    else:
        sign = "+"
    return Span(pad(sign, cells), look.accent._replace(bold=True))


def _trace(lane: Lane, values: Values, unit: int, cells: int, look: Look, here: bool) -> Row:
    """One unit on its lane's scale, the mean over all units marked on it, and its number where there is room."""
    value = float(values[unit])
    text = ""
    if cells >= _NUMBERED:
        text = number(value, look, sign=lane.low < 0)
        text = " " + pad(text, 5, "right") if width_of(text) <= 5 else " " + pad(text, 8, "right")
    track = cells - width_of(text)
    with np.errstate(all="ignore"):
        mean = float(values.astype(np.float64).mean())
    drawn = scaled(value, mean, lane.low, lane.high, track, look, here)
    return (*drawn, Span(text, Style(bold=here)))


def scaled(value: float, mark: float, low: float, high: float, cells: int, look: Look, here: bool) -> Row:
    """A bar from 0 to a value on a scale that is always drawn whole, with a mark on it; `cells` wide.

    Args:
        value: any float; NaN is a `?`, what lies beyond an end has an arrow there.
        mark: any float; NaN is not marked.
        low: 0, or as far below it as `high` is above.
        high: above 0; what is none counts as 1.
        cells: 1 or more.
        look: what the terminal can show.
        here: whether its row is the current one.
    """
    if not 0 < high < math.inf:
        high = 1.0
    empty, line, middle = (".", "|", ":") if look.ascii else ("·", "│", "┊")
    signed = low < 0 and cells >= 3
    left = (cells - 1) // 2 if signed else 0
    right = cells - left - signed
    track = [(empty, look.muted)] * cells
    if signed:
        track[left] = (middle, look.muted)
    if math.isnan(value):
        track[left] = ("?", look.muted)
    elif value:
        room = left if value < 0 and signed else right
        # Below a scale that begins at 0 there is no room: the arrow alone says so.
        share = 0.0 if value < 0 and not signed else min(abs(value) / high, 1.0)
        beyond = abs(value) > high * (1 + 1e-6) or (value < 0 and not signed)
        style = _fill(value, low, look, here)
        if value < 0:
            drawn = bar_leftwards(share * room, ascii=look.ascii)
            begin = left - len(drawn) if signed else 0
            drawn = (("<" if look.ascii else "◀") + drawn[1:]) if beyond else drawn
        else:
            drawn = bar(share * room, ascii=look.ascii)
            begin = left + signed
            drawn = (drawn[:-1] + (">" if look.ascii else "▶")) if beyond else drawn
        for index, sign in enumerate(drawn):
            if 0 <= begin + index < cells:
                track[begin + index] = (sign, style)
    if not math.isnan(mark):
        share = min(max(mark / high, -1.0), 1.0)
        if signed:
            at = left + round(share * (left if share < 0 else right))
        else:
            at = round(max(share, 0.0) * (cells - 1))
        under = track[at]
        style = Style(bold=True)
        if under[0] in "█#" and under[1].color:
            style = Style(color=palettes.on(under[1].color), background=under[1].color, bold=True)
        track[at] = (line, style)
    return merged(track)


def _fill(value: float, low: float, look: Look, here: bool) -> Style:
    """As in bars: the accent, or where there are signs, the colours that they have in a heatmap."""
    if look.depth == "none":
        return Style(bold=here)
    if low < 0:
        return Style(palettes.color(0.7 if value > 0 else -0.7, look, toned=not here))
    return look.accent if here else palettes.soft(look)


# Below


def equation(part: Part, step: int, before: int, unit: int, look: Look) -> Row:
    """`c₃[2] = f·c₂ + i·g = 0.52·+0.31 + 0.60·-0.44 = -0.10`: a sum of products, in letters and in numbers.

    Args:
        part: the sum.
        step: from 1.
        before: the number of the step whose state it found.
        unit: from 1.
        look: what the terminal can show.
    """
    letters, numbers = [], []
    for term in part.terms:
        name = term.name
        for state in (part.name, "h"):
            name = name.replace(f"{state}₋", subscript(state, before, ascii=look.ascii))
        letters.append(spelled(name, look))
        numbers.append(factors(term, look, spelled("·", look)))
    head = Span(f"{subscript(part.name, step, ascii=look.ascii)}[{unit}]", Style(bold=True))
    end = (Span(" = ", look.muted), Span(number(part.value, look), look.accent))
    if all(not term.terms for term in part.terms):
        # It was set by hand, or what it was made of is not what h was made of.
        said = (Span(f" = {' + '.join(letters)}", look.muted),) if letters else ()
        return (head, *said, *end)
    return (head, Span(f" = {' + '.join(letters)} = ", look.muted), Span(" + ".join(numbers), PLAIN), *end)


def _numbered(unit: int, units: int, direction: int | None) -> tuple[str, str]:
    """Which unit it is, and the same in fewer letters; of two directions also as counted over both."""
    counts = {"whole": unit + 1 + units * (direction or 0), "n": unit + 1, "total": units}
    if direction is None:
        words = short = _("unit {n} of {total}")
    elif direction:
        words, short = (
            _("unit {whole}: number {n} of the {total} that read from the end"),
            _("unit {whole}: {n} from the end"),
        )
    else:
        words, short = _("unit {n} of the {total} that read from the start"), _("unit {n} from the start")
    return words.format(**counts), short.format(**counts)


def _unit(
    lanes: Sequence[Lane],
    where: Plan,
    position: int,
    unit: int,
    look: Look,
    width: int,
    note: str,
    direction: int | None,
) -> Row:
    """Which unit is under the cursor, and the mean of each lane; what there was no room for is named."""
    units = lanes[0].values.shape[1] if lanes else 0
    named, short = _numbered(unit, units, direction)
    said = [named]
    left_out = [lane.letter for lane in lanes[len(where.columns) :]]
    if left_out:
        said.append(_("no room for {letters}").format(letters=", ".join(left_out)))
    if note:
        said.append(note)
    if not where.each:
        said.append(_("bar: this unit, {mark} the mean").format(mark="|" if look.ascii else "│"))
    variants = [*("   ".join(said[:count]) for count in range(len(said), 0, -1)), short]
    if position and units:
        with np.errstate(all="ignore"):
            means = [(lane, float(lane.values[position - 1].astype(np.float64).mean())) for lane in lanes]
        told = [f"{lane.letter} {number(mean, look, sign=lane.low < 0)}" for lane, mean in means]
        with_means = [f"{variants[0]}   {_('mean: {numbers}').format(numbers=gap.join(told))}" for gap in ("  ", " ")]
        variants = with_means + variants
    return phrase(variants, width, look, look.muted)
