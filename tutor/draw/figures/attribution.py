"""A text with the weight of each of its tokens for one score: the tokens as they are read, coloured, and numbered.

A weight is drawn as a share of the largest, which is named. Lines break as a text does; a long one is broken anew every
`_BLOCK` tokens, so that what is far away costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, pad
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import signed_glyph
from tutor.draw.window import window
from tutor.draw.wording import first_fitting, phrase, quoted, shown_token
from tutor.i18n import _

_BLOCK = 200
"""Tokens after which a line is broken whatever there is room for."""
_NUMBER = 4


class Score(NamedTuple):
    """What is explained."""

    label: str
    value: float
    """The logit."""
    p: float
    came: bool
    """Whether it is what really came next."""
    number: int
    """Among those that can be chosen, from 1."""
    of: int


class Method(NamedTuple):
    """How it is explained."""

    name: str
    signed: bool


class Weights(NamedTuple):
    """What is drawn."""

    values: Sequence[float] | npt.NDArray[np.floating[Any]]
    """(T,)"""
    seen: int
    """Inputs that the score can depend on; those after them are dim."""
    largest: float
    """The size that is drawn as 1; 0 where every weight is 0, NaN where none is a number."""
    strongest: Sequence[int] = ()
    """Indices, the largest size first."""
    agreement: float | None = None
    """The rank correlation of gradient × input and deletion."""
    compared: bool = True
    """Whether deletion was asked for."""


class Line(NamedTuple):
    """One line of the text: its tokens from `start` to before `stop`, and the cells that each takes."""

    start: int
    stop: int
    slots: tuple[int, ...]


class Layout(NamedTuple):
    """Which lines are in view."""

    lines: tuple[Line, ...]
    numbered: bool
    """Whether there is room for a number under every token."""
    gap: int
    top: int
    """The row of the first line."""
    pitch: int
    """Rows from line to line."""
    before: bool
    """Whether there is text above."""
    after: bool
    foot: int
    """Rows at the foot."""

    def token(self, x: int, y: int) -> int | None:
        """The index of the token at a place."""
        at, row = divmod(y - self.top, self.pitch)
        if y < self.top or at >= len(self.lines) or row > 1:
            return None
        line, column = self.lines[at], 0
        for index, slot in enumerate(line.slots, line.start):
            if column <= x < column + slot:
                return index
            column += slot + self.gap
        return None

    def beside(self, index: int, lines: int) -> int | None:
        """The token that stands above (`lines` −1) or below (1) another one; None where there is none in view."""
        at = next((n for n, line in enumerate(self.lines) if line.start <= index < line.stop), None)
        if at is None or not 0 <= at + lines < len(self.lines):
            return None
        x = sum(slot + self.gap for slot in self.lines[at].slots[: index - self.lines[at].start])
        to, column, found = self.lines[at + lines], 0, self.lines[at + lines].start
        for other, slot in enumerate(to.slots, to.start):
            if column > x:
                break
            found = other
            column += slot + self.gap
        return found


def lay_out(
    tokens: Sequence[str], cursor: int, width: int, height: int, look: Look, *, characters: bool = False
) -> Layout:
    """Where the tokens around the cursor stand.

    Args:
        tokens: of the text.
        cursor: index of the token that is in view.
        width: cells of each row.
        height: rows of the whole picture.
        look: what the terminal can show.
        characters: whether nothing stands between two tokens.
    """
    # The text is the idea: of few rows it has the most.
    foot = 3 if height >= 8 else 2 if height >= 5 else min(max(height - 3, 0), 1)
    room = max(height - 1 - foot, 1)
    gap = 0 if characters else 1
    least = _NUMBER + (look.depth == "none")
    # To find that a long text has no room for numbers takes no more than what would have had it.
    if len(tokens) * (least + 1) <= width * room:
        lines = _broken(tokens, 0, len(tokens), width, least, 1)
        if 2 * len(lines) <= room:
            airy = 3 * len(lines) <= room + 1
            return Layout(tuple(lines), True, 1, 1, 3 if airy else 2, False, False, foot)
    count = max(room // 2, 1)
    lines, at, before, after = _around(tokens, min(max(cursor, 0), max(len(tokens) - 1, 0)), width - 2, gap, count)
    first = window(at, len(lines), count)
    shown = lines[first : first + count]
    return Layout(tuple(shown), False, gap, 1, 2, before or first > 0, after or first + count < len(lines), foot)


def _broken(tokens: Sequence[str], start: int, stop: int, width: int, least: int, gap: int) -> list[Line]:
    """Some tokens in lines."""
    lines: list[Line] = []
    slots: list[int] = []
    begin, used = start, 0
    for index in range(start, stop):
        slot = min(max(width_of(shown_token(tokens[index])), least), max(width, 1))
        if slots and used + gap + slot > width:
            lines.append(Line(begin, index, tuple(slots)))
            begin, used, slots = index, 0, []
        used += slot + (gap if slots else 0)
        slots.append(slot)
    if slots:
        lines.append(Line(begin, stop, tuple(slots)))
    return lines


def _around(tokens: Sequence[str], focus: int, width: int, gap: int, count: int) -> tuple[list[Line], int, bool, bool]:
    """The lines around a token, block by block: they, the index of its own, and whether there are others."""
    first = last = focus // _BLOCK
    lines = _broken(tokens, first * _BLOCK, min((first + 1) * _BLOCK, len(tokens)), width, 1, gap)
    at = next((n for n, line in enumerate(lines) if line.start <= focus < line.stop), 0)
    while at < count and first > 0:
        first -= 1
        above = _broken(tokens, first * _BLOCK, (first + 1) * _BLOCK, width, 1, gap)
        lines, at = above + lines, at + len(above)
    while len(lines) - at <= count and (last + 1) * _BLOCK < len(tokens):
        last += 1
        lines += _broken(tokens, last * _BLOCK, min((last + 1) * _BLOCK, len(tokens)), width, 1, gap)
    return lines, at, first > 0, (last + 1) * _BLOCK < len(tokens)


def share(value: float, signed: bool) -> str:
    """A weight as a share of the largest, in at most four cells."""
    if not math.isfinite(value):
        return formatted(value, "{:.2f}", ascii=True)
    text = f"{abs(value):.2f}"
    short = text[1:] if text.startswith("0") else text[:3]
    sign = "" if not signed or short == ".00" else "-" if value < 0 else "+"
    return sign + short


def attribution(
    tokens: Sequence[str],
    weights: Weights | None,
    position: int,
    cursor: int,
    width: int,
    height: int,
    look: Look,
    *,
    score: Score | None,
    method: Method,
    characters: bool = False,
    focused: bool = False,
    note: str = "",
) -> list[Row]:
    """The text and the weight of each of its tokens, in exactly `height` rows.

    Args:
        tokens: of the text.
        weights: None while they are not measured.
        position: steps taken; the score is that of the last of them.
        cursor: index of the token that is read out.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        score: what is explained; None before the first step.
        method: how.
        characters: whether nothing stands between two tokens.
        focused: whether it has the keys.
        note: a word of why there are no weights, or of what the score is of.
    """
    layout = lay_out(tokens, cursor, width, height, look, characters=characters)
    rows = [_heading(score, method, width, look, note if weights is None else "")]
    view = _View(tokens, weights, position, cursor, look, method, focused)
    for at, line in enumerate(layout.lines):
        more = (at == 0 and layout.before) or (at == len(layout.lines) - 1 and layout.after)
        rows += view.line(line, layout, width, more)
        if layout.pitch == 3:
            rows.append(fit((), width))
    foot = _foot(tokens, weights, cursor, width, look, method, note)[: layout.foot] if score is not None else []
    rows = rows[: max(height - len(foot), 1)]
    spare = [fit((), width)] * (height - len(foot) - len(rows))
    # Where the text scrolls, the words stay at the foot: they do not move with it.
    scrolls = layout.before or layout.after
    air = spare if scrolls else spare[: layout.pitch != 3]
    rows += [*air, *foot, *spare[len(air) :]]
    return rows[:height]


class _View:
    """How a token and what is under it are drawn."""

    def __init__(
        self,
        tokens: Sequence[str],
        weights: Weights | None,
        position: int,
        cursor: int,
        look: Look,
        method: Method,
        focused: bool,
    ) -> None:
        self.tokens, self.weights, self.look, self.method = tokens, weights, look, method
        self.position, self.cursor, self.focused = position, cursor, focused

    def _value(self, index: int) -> float | None:
        """The share of the largest; None where the token is not seen, or nothing is measured."""
        if self.weights is None or index >= self.weights.seen:
            return None
        value = float(self.weights.values[index])
        largest = self.weights.largest
        if not math.isfinite(value):
            return value
        return value / largest if largest > 0 else 0.0

    def line(self, line: Line, layout: Layout, width: int, more: bool) -> list[Row]:
        """The tokens, and under them their numbers or signs."""
        gap = " " * layout.gap
        above: list[Span] = []
        below: list[Span] = []
        for index, slot in enumerate(line.slots, line.start):
            value = self._value(index)
            text = pad(shown_token(self.tokens[index], ascii=self.look.ascii), slot, "center", ascii=self.look.ascii)
            above += [Span(text, self._style(index, value)), Span(gap)]
            below += [
                Span(self._under(index, value, slot, layout.numbered), self._number_style(index, value)),
                Span(gap),
            ]
        rows = [fit(tuple(s for s in spans if s.text), width) for spans in (above, below)]
        if more and width > 2:
            rows[0] = (*fit(rows[0], width - 1), Span("~" if self.look.ascii else "…", self.look.muted))
        return rows

    def _style(self, index: int, value: float | None) -> Style:
        here = index == self.cursor
        if value is None:
            ahead = self.weights is not None or index >= self.position
            style = self.look.muted if ahead else PLAIN
            return style._replace(underline=here and self.focused, bold=here)
        if self.look.depth == "none":
            return Style(bold=abs(value) >= 0.5, reverse=here, underline=here and self.focused)
        if math.isnan(value):
            return self.look.bad._replace(underline=here and self.focused)
        background = palettes.color(value, self.look)
        return Style(palettes.on(background), background, bold=here, underline=here and self.focused)

    def _number_style(self, index: int, value: float | None) -> Style:
        if index == self.cursor:
            return self.look.accent._replace(bold=True)
        return PLAIN if value is not None and abs(value) >= 0.5 else self.look.muted

    def _under(self, index: int, value: float | None, slot: int, numbered: bool) -> str:
        if value is None:
            return " " * slot
        glyph = signed_glyph(value, ascii=self.look.ascii)
        number = share(value, self.method.signed)
        if numbered:
            return pad((glyph if self.look.depth == "none" else "") + number, slot, "center")
        chosen = index == self.cursor or (self.weights is not None and index in self.weights.strongest)
        return pad(number, slot, "center") if chosen and slot >= _NUMBER else glyph * slot


def _heading(score: Score | None, method: Method, width: int, look: Look, note: str) -> Row:
    if score is None:
        return phrase((note or _("Nothing is read yet: step once, and there is a score to explain."),), width, look)
    name = method.name.replace("×", "x").replace("‖", "|") if look.ascii else method.name
    values = {
        "label": quoted(score.label, look),
        "score": formatted(score.value, "{:+.2f}", ascii=look.ascii),
        "p": formatted(score.p, "{:.2f}", ascii=look.ascii),
        "came": _(", which came") if score.came else "",
        "n": score.number,
        "of": score.of,
    }
    variants = (
        _("score of {label}: {score}, p {p}{came}   (output {n} of {of})").format(**values),
        _("score of {label}: {score}, p {p}").format(**values),
        _("{label}: {score}").format(**values),
    )
    right = note or name
    said = first_fitting(variants, width - width_of(right) - 2)
    if not said:
        return phrase(variants, width, look)
    gap = width - width_of(said) - width_of(right)
    return fit((Span(said, Style(bold=True)), Span(" " * gap, PLAIN), Span(right, look.accent)), width)


def _foot(
    tokens: Sequence[str], weights: Weights | None, cursor: int, width: int, look: Look, method: Method, note: str
) -> list[Row]:
    """In the order of their weight: how far the two ways agree, the token under the cursor, the scale."""
    if weights is None:
        return []
    return [
        phrase(_agreeing(weights, look), width, look, look.muted),
        phrase(_under_cursor(tokens, weights, cursor, look, method), width, look, look.accent),
        phrase(_scale(tokens, weights, look, note), width, look, look.muted),
    ]


def _agreeing(weights: Weights, look: Look) -> tuple[str, ...]:
    times, rho = ("x", "rho") if look.ascii else ("×", "ρ")
    if not weights.compared:
        return (
            _("The text is too long to delete each token in turn: gradients alone are measured."),
            _("too long for deletion"),
        )
    if weights.agreement is None:
        return (
            _("Gradient {times} input and deletion cannot be compared: too few different weights.").format(times=times),
            _("nothing to compare with deletion"),
        )
    values = {"times": times, "rho": rho, "r": f"{weights.agreement:+.2f}"}
    same = _("gradient {times} input and deletion order the tokens alike by {rho} = {r}").format(**values)
    both = _("gradient {times} input, deletion: {rho} = {r}").format(**values)
    return (
        same + _(" (1 is the same order, 0 no relation): a slope and a whole step need not agree"),
        same + _(" (1 is the same order, 0 no relation)"),
        both + _(" (1 is the same order, 0 no relation)"),
        both + _(" (1: the same order)"),
        _("order as by deletion: {rho} = {r}").format(**values),
        f"{rho} = {values['r']}",
    )


def _under_cursor(tokens: Sequence[str], weights: Weights, cursor: int, look: Look, method: Method) -> tuple[str, ...]:
    if not 0 <= cursor < len(tokens):
        return ("",)
    token = quoted(shown_token(tokens[cursor], ascii=look.ascii), look)
    if cursor >= weights.seen:
        return (
            _("{token} (token {n}) comes after this step: the score cannot depend on it").format(
                token=token, n=cursor + 1
            ),
            _("{token}: not read yet").format(token=token),
        )
    value = float(weights.values[cursor])
    number = formatted(value, "{:+.3g}" if method.signed else "{:.3g}", ascii=look.ascii)
    whole = value / weights.largest if weights.largest > 0 and math.isfinite(value) else math.nan
    part = "" if math.isnan(whole) else f", {_of_largest(abs(whole))}"
    values = {"token": token, "n": cursor + 1, "number": number, "part": part}
    return (
        _("{token} (token {n}): {number}{part}").format(**values),
        _("{token}: {number}").format(**values),
    )


def _of_largest(share: float) -> str:
    """How large it is beside the largest; its sign stands in its number."""
    if share >= 1:
        return _("the largest")
    # Of what is nearly nothing, or nearly all, neither is said.
    percent = _("under 1") if 0 < share < 0.01 else str(min(round(100 * share), 99))
    return _("{percent} % of the largest").format(percent=percent)


def _scale(tokens: Sequence[str], weights: Weights, look: Look, note: str) -> tuple[str, ...]:
    tail = f"; {note}" if note else ""
    if math.isnan(weights.largest):
        return (_("no weight is a number") + tail, _("no weight is a number"))
    if weights.largest == 0:
        return (_("every weight is 0: this score does not move with any input") + tail, _("every weight is 0"))
    size = f"{weights.largest:.3g}"
    if not weights.strongest:
        return (_("1.0 stands for {size}").format(size=size) + tail,)
    names = [quoted(crop(shown_token(tokens[i]), 16, ascii=look.ascii), look) for i in weights.strongest]
    said = _("1.0 stands for {size}, the largest: {token}").format(size=size, token=names[0])
    then = _(", then {tokens}").format(tokens=", ".join(names[1:])) if names[1:] else ""
    return (said + then + tail, said + tail, said, _("1.0 is {size}").format(size=size))
