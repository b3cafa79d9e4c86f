"""A number opened: its equation in letters and in values, then what is opened in it, level under level, to the weights.

Every level stays in sight as its own equation, so that the way down reads as a substitution done by hand. Where rows
are few the bars of the upper levels go first, and the levels between the first and the last two after them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, pad, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import subscript
from tutor.draw.heatmap import heat_row
from tutor.draw.window import window
from tutor.i18n import _, ngettext

Numbers = npt.NDArray[np.floating[Any]]

_FIRST = 4
"""Terms of the lowest level that are shown before anything else gets room."""


class Part(Protocol):
    """A value and what it is made of, as the engine opens it."""

    @property
    def name(self) -> str:
        """In the letters of the equation: h₋ and c₋ are the states before."""

    @property
    def value(self) -> float:
        """What it is."""

    @property
    def made(self) -> str:
        """The "sum", "product" or "dot" product of what is under it, or "given"."""

    @property
    def through(self) -> str:
        """The function that a sum goes through: "tanh", "relu", "σ", "1−"; "" for none."""

    @property
    def terms(self) -> Sequence[Part]:
        """Of a sum or a product."""

    @property
    def weights(self) -> Numbers:
        """Of a dot product."""

    @property
    def values(self) -> Numbers:
        """What the weights multiply."""

    @property
    def of(self) -> str:
        """The letter of `values`."""


class Place(NamedTuple):
    """What is opened: h_step[unit], and where it comes from."""

    step: int
    """From 1."""
    unit: int
    """From 1, among all that the step shows."""
    before: int
    """The number of the step whose state it found; 0 is the first state."""
    token: str = ""
    units: Sequence[float] = ()
    """The step's whole state."""


class Line(NamedTuple):
    """What stands in a row: "units", "equation" of a level, "columns", "term" of a level, or "" for nothing."""

    kind: str
    level: int = 0
    term: int = 0


def size(part: Part) -> int:
    """How many terms it has."""
    return len(part.weights) if part.made == "dot" else len(part.terms)


def order(part: Part, largest: bool) -> list[int]:
    """Its terms in the order in which they are shown: those of a dot product may be by the size of their products."""
    every = range(size(part))
    if part.made != "dot" or not largest:
        return list(every)
    sizes = [math.inf if math.isnan(product) else abs(product) for product in products(part)]
    return sorted(every, key=lambda i: -sizes[i])


def products(part: Part) -> list[float]:
    """What the terms of a dot product are: w·x each."""
    return [w * v for w, v in zip(part.weights.tolist(), part.values.tolist(), strict=True)]


def plan(path: Sequence[Part], cursor: int, height: int, largest: bool = True) -> list[Line]:
    """What stands in each of `height` rows.

    Args:
        path: the value, then what is opened in it, each a term of the one before it.
        cursor: the term of the last one that is chosen; what it is made of is shown below where there is room left.
        height: rows.
        largest: whether a dot product is shown by the size of its products.
    """
    last = len(path) - 1
    # Three rows at the least for what is opened last, before the levels between give up theirs.
    shown = 1 if height < 3 else min(max(height - 3, 2), last + 1)
    heads = list(range(last + 1))
    if shown <= last:
        heads = [last] if shown == 1 else [0, *heads[1 - shown :]]
    room = height - len(heads)
    count = min(size(path[-1]), room, _FIRST)
    room -= count
    opened = set()
    for level in reversed(heads[:-1]):
        if size(path[level]) > room:
            break
        opened.add(level)
        room -= size(path[level])
    columns = path[-1].made == "dot" and room > 0 and count > 0
    room -= columns
    units = room > 0 and height > 4
    room -= units
    count = min(size(path[-1]), count + room)
    lines = [Line("units")] if units else []
    for level in heads[:-1]:
        lines.append(Line("equation", level))
        if level in opened:
            lines += [Line("term", level, term) for term in range(size(path[level]))]
    lines += _listed(path[-1], last, cursor, count, columns, largest)
    room = height - len(lines)
    below = chosen(path, cursor)
    if below is not None and size(below) and room > 1:
        headed = below.made == "dot" and room > 2
        count = min(size(below), room - 1 - headed)
        lines += _listed(below, last + 1, -1, count, headed, largest)
    return lines[:height] + [Line("")] * (height - len(lines))


def _listed(part: Part, level: int, cursor: int, count: int, columns: bool, largest: bool) -> list[Line]:
    """A level's equation, and `count` of its terms around the cursor."""
    ordered = order(part, largest)
    at = ordered.index(cursor) if cursor in ordered else 0
    first = window(at, len(ordered), count)
    terms = [Line("term", level, term) for term in ordered[first : first + count]]
    return [Line("equation", level), *([Line("columns", level)] if columns else []), *terms]


def chosen(path: Sequence[Part], cursor: int) -> Part | None:
    """The term under the cursor; None among the products of a dot product, which are weights and values."""
    terms = path[-1].terms
    return terms[cursor] if 0 <= cursor < len(terms) else None


def why(
    path: Sequence[Part],
    cursor: int,
    width: int,
    height: int,
    look: Look,
    place: Place,
    *,
    largest: bool = True,
    focused: bool = False,
    note: str = "",
) -> list[Row]:
    """A value opened along a path of its terms.

    Args:
        path: the value, then what is opened in it, each a term of the one before it.
        cursor: the term of the last one that is chosen.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        place: where the value stands.
        largest: whether a dot product is shown by the size of its products.
        focused: whether the cursor has the keys.
        note: said beside the units, such as the direction.
    """
    lines = plan(path, cursor, height, largest)
    letters = _Letters(place, look.ascii)
    last = len(path) - 1
    below = chosen(path, cursor)
    # What the chosen term is made of is shown before it is opened, and muted.
    levels = [*path, *([] if below is None else [below])]
    heads = [line.level for line in lines if line.kind == "equation"]
    rows: dict[int, Row] = {}
    for level, part in enumerate(levels):
        at = [row for row, line in enumerate(lines) if line.kind == "term" and line.level == level]
        terms = [lines[row].term for row in at]
        marked = cursor if level == last else -1 if level > last else _index(part, levels[level + 1])
        down, right = ("v", ">") if look.ascii else ("▾", "▸")
        sign = Span(right if level == last else down, look.accent if focused or level < last else look.muted)
        if terms:
            drawn = _terms(part, level, terms, marked, width, look, letters, sign, largest)
            rows |= dict(zip(at, drawn, strict=True))
        for row, line in enumerate(lines):
            if line.level != level:
                continue
            if line.kind == "equation":
                skipped = level > 0 and level - 1 not in heads
                child = levels[level + 1] if level < last else None
                rows[row] = _equation(part, child, level, width, look, letters, terms, skipped, largest, level > last)
            elif line.kind == "columns":
                rows[row] = _columns(level, width, look)
            elif line.kind == "units":
                rows[row] = _units(place, width, look, note)
    return [fit(rows.get(row, ()), width) for row in range(height)]


class _Letters:
    """The engine's letters with the numbers of their steps."""

    def __init__(self, place: Place, ascii: bool) -> None:
        self.place, self.ascii = place, ascii

    def of(self, name: str) -> str:
        """`W_h·h₂` for `W_h·h₋`."""
        place = self.place
        for letter, found, step in (("h₋", "h", place.before), ("c₋", "c", place.before), ("·x", "·x", place.step)):
            name = name.replace(letter, subscript(found, step, ascii=self.ascii))
        if name in ("h", "c", "x"):
            return subscript(name, place.step, ascii=self.ascii)
        if name == "tanh(c)":
            return f"tanh({self.of('c')})"
        return name.replace("·", "*").replace("−", "-") if self.ascii else name

    def at(self, letter: str, index: int | str) -> str:
        """`h₂[5]`: one of the values that weights multiply."""
        found = self.of(letter)
        return f"({found})[{index}]" if letter == "r·h₋" else f"{found}[{index}]"

    @property
    def root(self) -> str:
        """The value that is opened."""
        return f"{self.of('h')}[{self.place.unit}]"


def number(value: float, look: Look, *, sign: bool = True) -> str:
    """Two decimals; where they would say little of a number so large, three digits and its power of ten."""
    plus = "+" if sign else ""
    return formatted(value, f"{{:{plus}.2f}}" if abs(value) < 1000 else f"{{:{plus}.2e}}", ascii=look.ascii)


def _bare(part: Part, look: Look) -> str:
    """A value in an equation: a gate's, from 0 to 1, without a sign."""
    return number(part.value, look, sign=part.through not in ("σ", "1−"))


def _factors(part: Part, look: Look) -> str:
    """`0.31·0.98`"""
    return ("*" if look.ascii else "·").join(number(term.value, look, sign=False) for term in part.terms)


def _index(part: Part, child: Part) -> int:
    return next((i for i, term in enumerate(part.terms) if term is child), 0)


_PAIRS = {"tanh": ("tanh(", ")"), "relu": ("relu(", ")"), "σ": ("σ(", ")"), "1−": ("1 − ", ""), "": ("", "")}
_SPELLED = {"σ(": "sigmoid(", "1 − ": "1 - "}


def _equation(
    part: Part,
    child: Part | None,
    level: int,
    width: int,
    look: Look,
    letters: _Letters,
    seen: Sequence[int],
    skipped: bool,
    largest: bool,
    muted: bool,
) -> Row:
    """`h₃[2] = tanh(W_x·x₃ + W_h·h₂ + b) = tanh(-0.15 + 0.11 + 0.21) = +0.17`, or as much of it as there is room."""
    indent = " " * level + (("~ " if look.ascii else "… ") if skipped else "")
    name = letters.root if level == 0 else letters.of(part.name)
    head = (Span(indent, look.muted), Span(name, look.muted if muted else Style(bold=True)))
    end = (Span(" = ", look.muted), Span(_bare(part, look), PLAIN if muted else look.accent._replace(bold=True)))
    opening, closing = _PAIRS[part.through]
    if look.ascii:
        opening = _SPELLED.get(opening, opening)
    if part.made == "dot":
        sigma = "sum of w" if look.ascii else "Σ w"
        times = "*" if look.ascii else "·"
        said = (Span(" = ", look.muted), Span(f"{sigma}{times}{letters.at(part.of, 'j')}", look.muted))
        many = ngettext("{n} term", "{n} terms", size(part)).format(n=size(part))
        if largest:
            many = _("{terms}, largest first").format(terms=many)
        ordered = order(part, largest)
        if 0 < len(seen) < size(part):
            at = ordered.index(seen[0])
            many = _("{first} to {last} of {terms}").format(first=at + 1, last=at + len(seen), terms=many)
        forms = [(*head, *said, *end, Span(f"   {many}", look.muted)), (*head, *said, *end), (*head, *end)]
    elif part.made == "given":
        forms = [(*head, *end)]
    else:
        spelled, valued = _sides(part, child, look, letters)
        summed: Row = ()
        if part.through in ("tanh", "relu", "σ") and len(part.terms) > 1:
            total = number(sum(term.value for term in part.terms), look)
            summed = (Span(f" = {opening}{total}{closing}", look.muted),)
        valued = (Span(" = " + opening, look.muted), *valued, Span(closing, look.muted))
        letters_too = (Span(" = " + opening, look.muted), *spelled, Span(closing, look.muted))
        if "".join(span.text for span in letters_too) == f" = {name}":
            letters_too = ()
        if by_hand(part):
            valued = ()
        forms = [
            (*head, *letters_too, *valued, *summed, *end),
            (*head, *letters_too, *valued, *end),
            (*head, *valued, *end),
            (*head, *letters_too, *end),
            (*head, *end),
        ]
    row = next((form for form in forms if row_width(form) <= width), forms[-1])
    return row if row_width(row) <= width else (Span(crop("".join(s.text for s in row), width, ascii=look.ascii)),)


def _sides(part: Part, child: Part | None, look: Look, letters: _Letters) -> tuple[Row, Row]:
    """The terms as letters and as values, the opened one in the accent."""
    spelled: list[Span] = []
    valued: list[Span] = []
    product = part.made == "product"
    times = "*" if look.ascii else "·"
    for index, term in enumerate(part.terms):
        style = look.accent if term is child else look.muted
        name = letters.of(term.name)
        if product and term.name in _SUMS:
            name = f"({name})"
        plus = "" if not index else times if product else " + "
        sign = plus
        if product:
            value = number(term.value, look, sign=False)
        elif term.made == "product":
            value = _factors(term, look)
        elif index:
            # Between terms the sign stands apart from its number, as one writes a sum.
            value = number(term.value, look)
            sign, value = f" {value[0]} " if value[0] in "+-" else plus, value.lstrip("+-")
        else:
            value = _bare(term, look)
        spelled += [Span(plus, look.muted), Span(name, style)]
        valued += [Span(sign, look.muted), Span(value, style if term is child else PLAIN)]
    return tuple(s for s in spelled if s.text), tuple(s for s in valued if s.text)


_SUMS = ("1−z", "W_h·h₋ + b_hh")
"""Names that stand in brackets in a product."""


def _terms(
    part: Part,
    level: int,
    terms: Sequence[int],
    marked: int,
    width: int,
    look: Look,
    letters: _Letters,
    mark: Span,
    largest: bool,
) -> list[Row]:
    """A signed bar for each term, on one scale for all of them."""
    indent = level + 1
    sums: dict[int, str] = {}
    if part.made == "dot":
        amounts = products(part)
        names = [letters.at(part.of, i + 1) for i in terms]
        wide = max(map(width_of, names))
        times = "*" if look.ascii else "×"
        labels = [
            f"{pad(name, wide)}  {number(part.weights[i], look)} {times} {number(part.values[i], look)} ="
            for name, i in zip(names, terms, strict=True)
        ]
        if width >= _RUNNING:
            # What is summed so far counts from the first in the order that is shown, in sight or not.
            total = 0.0
            for i in order(part, largest):
                total += amounts[i]
                sums[i] = number(total, look)
    else:
        amounts = [float(term.value) for term in part.terms]
        labels = [letters.of(part.terms[i].name) for i in terms]
    room = max(map(width_of, sums.values()), default=0)
    width_left = max(width - indent - 2 - (room + 2 if room else 0), 1)
    limit = max((abs(a) for a in amounts if math.isfinite(a)), default=0.0) or 1.0
    # Two that are not shown give every list both of its sides, so that nothing moves when it scrolls.
    items = [(label, amounts[i]) for label, i in zip(labels, terms, strict=True)] + [("", -limit), ("", limit)]
    bright = labels[terms.index(marked)] if marked in terms else ""
    label_room = min(max(map(width_of, labels)), max(width_left - 14, 1))
    drawn = bars(
        items,
        width_left,
        look,
        limit=limit,
        format=lambda value: number(value, look),
        label_width=label_room,
        bright=bright,
    )
    rows = []
    for i, row in zip(terms, drawn, strict=False):
        head = Span(" " * indent + (mark.text if i == marked else " ") + " ", mark.style)
        tail = (Span("  " + pad(sums[i], room, "right"), look.muted),) if room else ()
        rows.append((head, *row, *tail))
    return rows


_RUNNING = 60
"""Cells from which on there is room for the sum so far."""


def _columns(level: int, width: int, look: Look) -> Row:
    """What stands in the columns of a dot product."""
    left = " " * (level + 3) + _("weight × value = product").replace("×", "*" if look.ascii else "×")
    right = _("sum so far") if width >= _RUNNING else ""
    gap = width - width_of(left) - width_of(right)
    if gap < 1:
        return (Span(crop(left, width, ascii=look.ascii), look.muted),)
    return (Span(left + " " * gap + right, look.muted),)


def _units(place: Place, width: int, look: Look, note: str) -> Row:
    """The token, the step's whole state with the cursor on the unit, and which unit it is."""
    token = crop(place.token, max(width // 4, 1), ascii=look.ascii)
    head = (Span(token + "  ", Style(bold=True)), Span(subscript("h", place.step, ascii=look.ascii) + " ", look.muted))
    count = len(place.units)
    said = "  " + _("unit {unit} of {count}").format(unit=place.unit, count=count)
    tail = said + (f" · {note}" if note and not look.ascii else f", {note}" if note else "")
    room = width - row_width(head) - width_of(tail)
    if room < 1:
        return fit((*head, Span(crop(tail, max(width - row_width(head), 0), ascii=look.ascii), look.muted)), width)
    each = min(max(room // max(count, 1), 1), 3)
    visible = min(count, room // each)
    first = window(place.unit - 1, count, visible)
    shown = [float(v) for v in place.units[first : first + visible]]
    cells = heat_row(shown, look, width=each, bright=True, cursor=place.unit - 1 - first)
    return (*head, *cells, Span(tail, look.muted))


def in_line(root: Part, name: str, width: int, look: Look, note: str = "") -> list[Row]:
    """`h_3[2] = tanh( +0.62 +0.31 +0.02 ) = +0.74`, each term's name under it, then where to look next: 3 rows.

    Args:
        root: the value, opened.
        name: what it is called.
        width: cells of each row.
        look: what the terminal can show.
        note: said in the last row.
    """
    opening, closing, below = "", "", ""
    times = "*" if look.ascii else "·"
    if not root.terms or by_hand(root):
        # Nothing was computed: the value is said once, and under it where it is from.
        lines = [" " * (width_of(name) + 3) + term.name for term in root.terms] + [note] * bool(note)
        once = (Span(f"{name} = ", Style(bold=True)), Span(number(root.value, look), look.accent))
        return [
            fit(once, width),
            *(fit((Span(crop(line, width, ascii=look.ascii), look.muted),), width) for line in lines),
        ]
    if root.made == "product":
        gate, shown = root.terms
        state = shown.terms[0]
        spelled = " + ".join(term.name for term in state.terms)
        # Of what was set by hand, that is said in the place of its products.
        made = spelled if by_hand(state) else " + ".join(factors(term, look, times) for term in state.terms)
        below = f"c = {made} = {number(state.value, look)}"
        pieces = [
            (f"{number(gate.value, look, sign=False)}{times}", gate.name),
            (f"tanh({number(state.value, look)})", f"c = {spelled}"),
        ]
    elif root.terms[0].made == "product":
        pieces = []
        for index, term in enumerate(root.terms):
            one, other = term.terms
            pieces += [
                (f"{' + ' if index else ''}{number(one.value, look, sign=False)}{times}", one.name),
                (number(other.value, look), other.name),
            ]
    else:
        pieces = [(number(term.value, look), term.name) for term in root.terms]
        through = "sigmoid" if look.ascii and root.through == "σ" else root.through
        opening, closing = through + "( ", ")"
    top = [Span(f"{name} = ", Style(bold=True)), Span(opening, look.muted)]
    under = " " * (width_of(name) + 3 + len(opening))
    for amount, term_name in pieces:
        term_name = _plain(term_name, look)
        room = max(width_of(amount), width_of(term_name)) + 2
        top.append(Span(pad(amount, room), PLAIN))
        under += pad(term_name, room)
    top += [Span(closing + " = ", look.muted), Span(_bare(root, look), look.accent)]
    last = "   ".join(part for part in (below, note) if part)
    lead = " " * (width_of(name) + 3) if below else ""
    said = (under, *((lead + last,) if last else ()))
    rows = [tuple(s for s in top if s.text), *((Span(crop(s, width, ascii=look.ascii), look.muted),) for s in said)]
    return [fit(row, width) for row in rows]


def by_hand(part: Part) -> bool:
    """Whether it was set, or swapped, and not computed: its one term says how."""
    return part.made == "sum" and len(part.terms) == 1 and part.terms[0].made == "given"


def factors(term: Part, look: Look, times: str) -> str:
    """`0.52·+0.31`: a product in numbers; of what was set by hand the number alone."""
    if len(term.terms) != 2:
        return number(term.value, look)
    one, other = term.terms
    return f"{number(one.value, look, sign=False)}{times}{number(other.value, look)}"


def _plain(text: str, look: Look) -> str:
    """The equation's signs in ASCII where nothing else is shown."""
    if not look.ascii:
        return text
    return text.replace("·", "*").replace("h₋", "h'").replace("c₋", "c'").replace("−", "-")
