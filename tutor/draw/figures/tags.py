"""Words and what a network calls each of them: a row for a word, its label, how likely, and what else it might be.

The word that was just read is the brightest, and every label's probability stands beside or under the rows for it.
What is known to be wrong is marked and told; what is still to come is only named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.figures.next import probability
from tutor.draw.window import row_at, window
from tutor.draw.wording import phrase, quoted
from tutor.i18n import _

BESIDE = 72
"""Cells from which every label's probability stands beside the rows."""
_PANEL = 32
_LEAST_ROWS = 4
_WORD = 16
_LABEL = 10
_LEAST_TRACK = 6


class Tagged(NamedTuple):
    """A text, and what is said of it."""

    words: Sequence[str]
    labels: Sequence[str]
    probabilities: npt.NDArray[np.floating[Any]]
    """(T, V), or (1, V) where there is one answer for the whole."""
    known: Sequence[bool]
    """Whether each word is in the vocabulary."""
    truth: Sequence[str | None] = ()
    """What each word is; None or () where nobody knows. Of a whole text, the last alone counts."""
    whole: bool = False
    """Whether there is one answer, when everything is read."""
    before: Sequence[str] = ()
    """What each word was called before the text was edited; () where it was not."""

    def said(self, index: int) -> tuple[int, float]:
        """The likeliest label of a word, by index, and its probability; NaN where it is no number."""
        p = self.probabilities[0 if self.whole else index]
        if np.isnan(p).all():
            return 0, math.nan
        at = int(np.nanargmax(p))
        return at, float(p[at])

    def true(self, index: int) -> str | None:
        """What a word is, where that is known."""
        return self.truth[index] if index < len(self.truth) else None


class Plan(NamedTuple):
    """Which rows are in view, and where every label's probability stands."""

    first: int
    """Index of the first word in view."""
    rows: int
    """Words in view."""
    left: int
    """Cells of the rows."""
    beside: int
    """Cells of the panel beside them; 0 for none."""
    under: int
    """Rows of the panel under them; 0 for none."""
    gap: int
    """Rows between."""

    def word(self, y: int) -> int | None:
        """The index of the word in a row, under the heading; None where there is none."""
        return row_at(y, 1, self.first, self.rows)


def lay_out(words: int, labels: int, position: int, width: int, height: int, *, whole: bool = False) -> Plan:
    """Which rows are in view.

    Args:
        words: in the text.
        labels: that there are.
        position: steps taken.
        width: cells of each row.
        height: rows of the whole picture.
        whole: whether there is one answer, which is drawn before any row.
    """
    room = max(height - 2, 1 if height > 0 else 0)
    beside = _PANEL if width >= BESIDE and height >= 4 else 0
    least = 1 if whole else min(words, _LEAST_ROWS)
    under = gap = 0
    if not beside and room >= least + labels + 1:
        under = labels + 1
        gap = int(room >= min(words, least + 1) + labels + 2)
    elif not beside and whole:
        under = max(room - 1, 0)
    rows = min(words, room - under - gap)
    first = window(position - 1, words, rows)
    return Plan(first, max(rows, 0), width - beside - (2 if beside else 0), beside, under, gap)


def tags(
    text: Tagged,
    position: int,
    width: int,
    height: int,
    look: Look,
    *,
    summary: Sequence[str] = (),
    note: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """The rows under a heading and above a line that sums them up, in exactly `height` rows.

    Args:
        text: the words, and what is said of them.
        position: steps taken.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        summary: several ways to sum it up, the longest first.
        note: several ways to say how it was read, the longest first.
        focused: whether it has the keys.
    """
    plan = lay_out(len(text.words), len(text.labels), position, width, height, whole=text.whole)
    columns = _Columns(text, plan, look)
    heading = _heading(text, position, plan.left, look, note, focused)
    rows = [heading, *(columns.row(index, position) for index in range(plan.first, plan.first + plan.rows))]
    if height == 1 and position:
        rows = [columns.row(min(position, len(text.words)) - 1, position)] if text.words else rows
    if plan.under:
        rows += [fit((), width)] * plan.gap + _panel(text, position, width, plan.under, look)
    if plan.beside:
        panel = _panel(text, position, plan.beside, height - 1, look)
        rows += [fit((), plan.left)] * (len(panel) - len(rows))
        panel += [fit((), plan.beside)] * (len(rows) - len(panel))
        rows = [(*row, Span("  "), *other) for row, other in zip(rows, panel, strict=True)]
    if height > 1:
        air = [fit((), width)] * (len(rows) < height - 1)
        rows = [*rows[: height - 1], *air, phrase(summary or ("",), width, look, look.muted)]
    rows += [fit((), width)] * (height - len(rows))
    return rows[:height]


class _Columns:
    """Where words, labels, bars and what else there might be stand."""

    def __init__(self, text: Tagged, plan: Plan, look: Look) -> None:
        self.text, self.look, self.width = text, look, plan.left
        seen = text.words[plan.first : plan.first + plan.rows]
        self.label = min(max(map(width_of, text.labels), default=1), _LABEL, max(self.width - 4, 1))
        # From the word on: what has no whole place is left out, and nothing is cut in half.
        rest = self.width - 2 - 1 - self.label - 1
        self.number = 7 if rest >= 3 + 7 else 0
        rest -= self.number
        self.word = min(max(map(width_of, seen), default=1) + 2, _WORD, max(self.width // 3, 4), max(rest, 1))
        rest -= self.word
        known = bool(text.before) or any(true is not None for true in text.truth)
        self.mark = 0 if not known else next((m for m in (self.label + 4, 3) if rest >= m), 0)
        rest -= self.mark
        # Who is likely, and how likely, is the idea: the runners-up have what is over.
        spare = max((rest - 12) // (self.label + 8), 0)
        self.runners = 0 if text.whole else min(spare, 2, max(len(text.labels) - 1, 0))
        self.track = rest - self.runners * (self.label + 8)

    def row(self, index: int, position: int) -> Row:
        """One word."""
        text, look = self.text, self.look
        here, read = index == position - 1, index < position
        style = look.accent._replace(bold=True) if here else PLAIN if read else look.muted
        sign = (">" if look.ascii else "▸") if here else " "
        word = text.words[index]
        if not text.known[index]:
            # A long word gives way to the sign, not the sign to it.
            word = crop(word, max(self.word - 2, 1), ascii=look.ascii) + " ?"
        spans = [Span(sign + " ", style), Span(pad(word, self.word, ascii=look.ascii) + " ", style)]
        if not read or text.whole:
            return fit(tuple(spans), self.width)
        at, p = text.said(index)
        label = text.labels[at] if not math.isnan(p) else "?"
        spans.append(Span(pad(label, self.label, ascii=look.ascii) + " ", Style(bold=True) if here else PLAIN))
        if self.track >= _LEAST_TRACK:
            spans += self._bar(p, here)
        if self.number:
            spans.append(Span(pad(probability(p), self.number, "right"), Style(bold=here)))
        spans += self._mark(index, label, position)
        spans += self._runners(index, at)
        return fit(tuple(spans), self.width)

    def _bar(self, p: float, here: bool) -> Row:
        """A bar alone: a name or a number would move it, and they stand beside it."""
        value = None if math.isnan(p) else max(min(p, 2.0), -2.0)
        bright = None if here else "others"
        (row,) = bars([("", value)], self.track + 2, self.look, limit=1.0, format="", label_width=0, bright=bright)
        return row[1:]

    def _mark(self, index: int, label: str, position: int) -> Row:
        """Whether it is right, where that is known; what it is, where it is not."""
        if not self.mark:
            return ()
        if index < len(self.text.before):
            return self._flip(self.text.before[index], label)
        true = self.text.true(index)
        if true is None:
            return (Span(" " * self.mark),)
        if true == label:
            return (Span(pad("  " + ("*" if self.look.ascii else "✓"), self.mark), self.look.good),)
        said = "  " + ("x" if self.look.ascii else "✗")
        if self.mark > 3:
            said += f" {true}"
        return (Span(pad(said, self.mark, ascii=self.look.ascii), self.look.bad),)

    def _flip(self, before: str, label: str) -> Row:
        """What it was called before, where that was something else."""
        if before == label:
            return (Span(" " * self.mark),)
        said = "  " + ("!" if self.look.ascii else "≠")
        if self.mark > 3:
            said += f" {before}"
        return (Span(pad(said, self.mark, ascii=self.look.ascii), self.look.accent),)

    def _runners(self, index: int, first: int) -> Row:
        """What else it might be."""
        p = self.text.probabilities[index]
        order = [int(i) for i in np.argsort(-p, kind="stable")[: self.runners + 1] if i != first][: self.runners]
        return tuple(
            Span(
                "  "
                + pad(self.text.labels[i], self.label, "right", ascii=self.look.ascii)
                + " "
                + pad(probability(float(p[i])), 5),
                self.look.muted,
            )
            for i in order
        )


def _heading(text: Tagged, position: int, width: int, look: Look, note: Sequence[str], focused: bool) -> Row:
    style = look.muted._replace(underline=focused)
    if not text.words:
        return phrase((_("There is no text."),), width, look, style)
    if position == 0:
        first = _("Nothing is read yet: step once, and it names the first word.")
        if text.whole:
            first = _("Nothing is read yet. The one answer comes at the end.")
        return phrase((first, _("Nothing is read yet: step once.")), width, look, style)
    if text.whole and position < len(text.words):
        return phrase(
            (_("It reads from both ends: no answer before the last word."), _("no answer before the last word")),
            width,
            look,
            style,
        )
    return phrase(note or ("",), width, look, style)


def _panel(text: Tagged, position: int, width: int, room: int, look: Look) -> list[Row]:
    """Every label's probability at this step, in the order of the labels where all of them fit."""
    if position == 0 or not text.words or (text.whole and position < len(text.words)):
        return []
    index = min(position, len(text.words)) - 1
    p = text.probabilities[0 if text.whole else index]
    order = list(range(len(text.labels)))
    if len(order) > room - 1:
        order = [int(i) for i in np.argsort(-p, kind="stable")[: max(room - 1, 0)]]
    of = _("the whole text") if text.whole else text.words[index]
    word = of if text.whole else quoted(of, look)
    true = text.true(len(text.words) - 1 if text.whole else index)
    at, best = text.said(index)
    said = [(f"{i}", None if math.isnan(p[i]) else float(p[i])) for i in order]
    label = min(max((width_of(text.labels[i]) for i in order), default=1), max(width // 3, 1), _LABEL + 4)
    drawn = bars(
        said,
        max(width - label - 2, 1),
        look,
        limit=1.0,
        format=probability,
        label_width=0,
        bright=None if math.isnan(best) else f"{at}",
    )
    rows = [phrase((_("all of {word}").format(word=word), word), width, look, look.muted)]
    for i, bar in zip(order, drawn, strict=True):
        sign = ""
        style = Style(bold=i == at)
        if true is not None and text.labels[i] == true:
            sign, style = "*" if look.ascii else "✓", look.good._replace(bold=i == at)
        elif true is not None and i == at:
            sign, style = "x" if look.ascii else "✗", look.bad._replace(bold=True)
        name = pad(text.labels[i], label, ascii=look.ascii)
        rows.append(fit((*merged([(name + " ", style), (sign or " ", style)]), *bar), width))
    return rows
