"""What may come next: bars on one scale from 0 to 1, what temperature and the cuts make of them, and what was drawn.

A mark on a bar's track is the model's own probability. What really came is named by a sign of its own, and so is what
was drawn last; counts of many draws stand beside what chance allows them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, formatted, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.wording import phrase, quoted, shown_token
from tutor.i18n import _, ngettext

LEAST_BARS = 3
"""Bars that are drawn before anything is said under them."""
_LABEL = 14
_SIGNS = 3
_LEAST_PICTURE = 28


class Bar(NamedTuple):
    """One token."""

    label: str
    plain: float
    """How likely the model holds it, without temperature and cuts."""
    drawn: float
    """How likely it is to be drawn; 0 is cut off."""
    rank: int = 1
    """Among all, from 1."""
    came: bool = False
    picked: bool = False
    """Whether it was drawn last."""
    tally: int | None = None
    """How often it was drawn."""


class Openness(NamedTuple):
    """How open the next token is, in bits."""

    plain: float
    """Of the model's own distribution."""
    drawn: float
    """Of the one that tokens are drawn from."""
    most: float
    """log2 V."""


class Sampled(NamedTuple):
    """What was drawn, and how."""

    how: str = ""
    """Temperature and cuts in words; "" where nothing is changed."""
    plain: bool = True
    """Whether tokens are drawn from what the model holds."""
    word: str | None = None
    """What was drawn last."""
    p: float = math.nan
    turn: int = 0
    """How often was drawn before and now."""
    seed: int = 0
    draws: int = 0
    """Of all the tallies together."""
    written: tuple[str, str, str] | None = None
    """The text so far, how it goes on, and how that ends."""


class Came(NamedTuple):
    """What really came next."""

    label: str
    bits: float
    """−log2 of its probability."""
    rank: int
    of: int
    """Tokens in all."""
    known: bool = True


def probability(p: float) -> str:
    """A probability in at most five cells."""
    if math.isnan(p):
        return "NaN"
    if 0 < p < 0.001:
        return "<.001"
    return f"{p:.3f}" if 0 < p < 0.0095 else f"{min(max(p, -9.0), 9.0):.2f}"


def next_tokens(
    items: Sequence[Bar],
    width: int,
    height: int,
    look: Look,
    *,
    after: str,
    openness: Openness,
    came: Came | None,
    sampled: Sampled = Sampled(),  # noqa: B008
    focused: bool = False,
) -> list[Row]:
    """The bars under a heading, and under them what there is to say, in exactly `height` rows.

    Args:
        items: the likeliest first; what came stands last where it is not among them.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        after: the token that was read last.
        openness: in bits.
        came: None where the text ends.
        sampled: how tokens are drawn, and what was.
        focused: whether it has the keys.
    """
    plan = _Plan(items, height, sampled)
    rows = [_heading(after, width, look, sampled, focused)]
    if height == 1 and items:
        rows = []
    frame = _Frame(items, width, look, sampled)
    for item in plan.items:
        rows.append(frame.row(item, alone=not plan.doubled))
        if plan.doubled:
            rows.append(frame.whisker(item))
    said = {
        "entropy": lambda: frame.entropy(openness),
        "came": lambda: _came(came, width, look),
        "drawn": lambda: _drawn(width, look, sampled),
        "written": lambda: _written(width, look, sampled),
        "key": lambda: _key(width, look),
    }
    if plan.airy:
        rows.append(fit((), width))
    rows += [said[kind]() for kind in plan.foot]
    rows += [fit((), width)] * (height - len(rows))
    return rows[:height]


def foot_at(y: int, items: Sequence[Bar], height: int, sampled: Sampled) -> str:
    """What stands in a row: "bars", "entropy", "came", "drawn", "written", "key", or "" for nothing."""
    plan = _Plan(items, height, sampled)
    first = 1 + len(plan.items) * (2 if plan.doubled else 1)
    if y < first:
        return "bars" if y > 0 else ""
    at = y - first - plan.airy
    return plan.foot[at] if 0 <= at < len(plan.foot) else ""


class _Plan:
    """Which rows there are: the least bars, then what is said, then every bar, then two rows for each, then air."""

    def __init__(self, items: Sequence[Bar], height: int, sampled: Sampled) -> None:
        room = max(height - 1, 1)
        least = min(LEAST_BARS, len(items), room)
        order = ["entropy", "came", *([] if sampled.plain else ["key"])]
        # What a key has just done is what a person looks for.
        if sampled.word is not None or sampled.draws:
            order.insert(0, "drawn")
        if sampled.written is not None:
            order.insert(0, "written")
        kept = set(order[: room - least])
        if room < len(items) + len(order):
            # What the marks are is said where nothing else gives way for it.
            kept.discard("key")
        self.foot = tuple(kind for kind in ("key", "entropy", "came", "drawn", "written") if kind in kept)
        room -= len(self.foot)
        self.items = tuple(items[:room])
        if late := [item for item in items[room:] if item.came]:
            self.items = (*items[: room - 1], late[0])
        room -= len(self.items)
        self.doubled = bool(sampled.draws) and room >= len(self.items)
        self.airy = room > (len(self.items) if self.doubled else 0) and bool(self.foot)


class _Frame:
    """Where labels, tracks and numbers stand."""

    def __init__(self, items: Sequence[Bar], width: int, look: Look, sampled: Sampled) -> None:
        self.width, self.look, self.sampled = width, look, sampled
        self.picture = width >= _LEAST_PICTURE
        self.came = any(item.came for item in items)
        longest = max((width_of(item.label) for item in items), default=0)
        self.label = min(max(longest, 4), _LABEL, max(width // 4, 4))
        self.numbers = max((width_of(self._number(item)) for item in items), default=0)
        self.counts = max((width_of(self._count(item)) for item in items), default=0)
        self.lead = _SIGNS + self.label
        tail = self.numbers + 2 + (self.counts + 2 if self.counts else 0)
        if self.picture and width - self.lead - 2 - tail < 8:
            self.counts = 0
            tail = self.numbers + 2
        self.track = width - self.lead - 2 - tail

    def _number(self, item: Bar) -> str:
        said = _("cut") if item.drawn == 0 else probability(item.drawn)
        return said if self.sampled.plain else f"{pad(said, 5, 'right')} ({probability(item.plain)})"

    def _count(self, item: Bar) -> str:
        if item.tally is None or not self.sampled.draws:
            return ""
        n, p = self.sampled.draws, item.drawn
        if not 0 <= p <= 1:
            return str(item.tally)
        sign = "+-" if self.look.ascii else "±"
        return f"{item.tally} ({n * p:.0f}{sign}{n * _reach(p, n):.0f})"

    def _bright(self, item: Bar) -> bool:
        """What was drawn is what just changed; else what came; else the likeliest."""
        if self.sampled.word is not None:
            return item.picked
        if self.came:
            return item.came
        return item.rank == 1 and not self.sampled.draws

    def row(self, item: Bar, *, alone: bool) -> Row:
        """Its signs, its name, its bar, its numbers."""
        look = self.look
        bright = self._bright(item)
        style = Style(bold=True) if bright else look.muted if item.drawn == 0 else PLAIN
        signs = ((">" if look.ascii else "▸") if item.came else " ") + (_picked(look) if item.picked else " ") + " "
        name = pad(shown_token(item.label, ascii=look.ascii), self.label, ascii=look.ascii)
        number = self._number(item)
        if not self.picture or self.track < 4:
            room = max(self.width - width_of(number) - 1, 0)
            text = pad(signs + shown_token(item.label, ascii=look.ascii), room, ascii=look.ascii)
            return fit((Span(text + " ", style), Span(number, style)), self.width)
        cells = self._track(item, bright)
        tally = _tallied(item)
        if alone and tally is not None and self.sampled.draws:
            self._mark(cells, tally / self.sampled.draws)
        end = "  " + pad(number, self.numbers, "right")
        if self.counts:
            end += "  " + pad(self._count(item), self.counts, "right")
        return fit(
            (Span(signs, look.accent if bright else PLAIN), Span(name + "  ", style), *merged(cells), Span(end, style)),
            self.width,
        )

    def _track(self, item: Bar, bright: bool) -> list[tuple[str, Style]]:
        value = None if math.isnan(item.drawn) else max(min(item.drawn, 2.0), -2.0)
        row = self._bar(value, self.track, 1.0, item.plain, bright)
        return [(char, style) for text, style in row for char in text]

    def _bar(self, value: float | None, track: int, limit: float, before: float, bright: bool) -> Row:
        """A bar alone, exactly `track` cells: a name or a number would move it, and they stand beside it."""
        marks = {} if self.sampled.plain else {"": before}
        (row,) = bars(
            [("", value)],
            track + 2,
            self.look,
            limit=limit,
            format="",
            label_width=0,
            marks=marks,
            bright=None if bright else "others",
        )
        return row[1:]

    def _mark(self, cells: list[tuple[str, Style]], share: float) -> None:
        """How often it was drawn, on the bar's own track."""
        at = self._column(share)
        under = cells[at]
        style = Style(bold=True)
        if under[0] == "█" and under[1].color and self.look.depth != "none":
            style = Style(palettes.on(under[1].color), under[1].color, bold=True)
        cells[at] = (_counted(self.look), style)

    def _column(self, share: float) -> int:
        if math.isnan(share):
            return 0
        return int(min(max(share, 0.0) * self.track, self.track - 1))

    def whisker(self, item: Bar) -> Row:
        """How often it was drawn, and where chance lets that fall 19 times in 20: two standard deviations."""
        look, tally = self.look, _tallied(item)
        if not self.picture or self.track < 4 or tally is None:
            return fit((), self.width)
        p, n = item.drawn, self.sampled.draws
        cells: list[tuple[str, Style]] = [(" ", PLAIN)] * self.track
        if 0 < p <= 1:
            reach = _reach(p, n)
            left, right = self._column(p - reach), self._column(p + reach)
            ends = ("[", "]", "-") if look.ascii else ("├", "┤", "─")
            for column in range(left, right + 1):
                cells[column] = (ends[2], look.muted)
            cells[left], cells[right] = (ends[0], look.muted), (ends[1], look.muted)
        cells[self._column(tally / n)] = (_counted(look), look.accent._replace(bold=True))
        return fit((Span(" " * (self.lead + 2), PLAIN), *merged(cells)), self.width)

    def entropy(self, openness: Openness) -> Row:
        """Bits of log2 V, before and after, on the bars' own track."""
        plain, drawn, most = openness
        after, whole, was = (formatted(v, "{:.1f}", ascii=self.look.ascii) for v in (drawn, most, plain))
        before = "" if self.sampled.plain else " " + _("({bits} before)").format(bits=was)
        word = _("entropy")
        said = (
            _("{bits} of {most} bits{before}").format(bits=after, most=whole, before=before),
            _("{bits} of {most} bits").format(bits=after, most=whole),
        )
        label = max(self.lead, width_of(word))
        for text in said:
            track = self.width - label - 2 - 2 - width_of(text)
            if track >= 6 and self.picture:
                value = None if math.isnan(drawn) else min(max(drawn, 0.0), 2.0 * abs(most) + 1.0)
                bar = self._bar(value, track, most, plain, bright=False)
                return fit((Span(pad(word, label) + "  ", self.look.muted), *bar, Span("  " + text, PLAIN)), self.width)
        return phrase([f"{word} {text}" for text in said], self.width, self.look)


def _tallied(item: Bar) -> int | None:
    """The count to mark: what is cut off was never drawn, and needs no mark to say so."""
    return item.tally or (item.tally if item.drawn else None)


def _picked(look: Look) -> str:
    return "*" if look.ascii else "●"


def _counted(look: Look) -> str:
    return "o" if look.ascii else "◆"


def _heading(after: str, width: int, look: Look, sampled: Sampled, focused: bool) -> Row:
    head = _("next after {token}").format(token=quoted(after, look))
    how = sampled.how.replace("∞", "inf") if look.ascii else sampled.how
    left = look.muted._replace(underline=focused)
    gap = width - width_of(head) - width_of(how)
    if not how or gap < 2:
        # What is changed matters more than where: the place stands in the transport too.
        return fit((Span(crop(how or head, width, ascii=look.ascii), left),), width)
    return fit((Span(head, left), Span(" " * gap, PLAIN), Span(how, look.accent)), width)


def _key(width: int, look: Look) -> Row:
    line = "|" if look.ascii else "│"
    words = (
        _("{line} and (…): what the model itself holds, at temperature 1 with nothing cut").format(line=line),
        _("{line} (…): the model's own").format(line=line),
    )
    return phrase([w.replace("…", "...") for w in words] if look.ascii else words, width, look, look.muted)


def _came(came: Came | None, width: int, look: Look) -> Row:
    sign = ">  " if look.ascii else "▸  "
    if came is None:
        return phrase(
            (
                sign + _("the text ends here: what comes next is not known"),
                sign + _("the text ends here"),
            ),
            width,
            look,
            look.muted,
        )
    bits = formatted(came.bits, "{:.1f}", ascii=look.ascii)
    values = {"token": quoted(came.label, look), "bits": bits, "rank": came.rank, "n": came.of}
    if not came.known:
        variants = [
            _("{token} came, which it does not know: {bits} bits of surprise at <unk>").format(**values),
            _("{token} came, unknown: {bits} bits").format(**values),
        ]
    elif came.rank == 1:
        variants = [
            _("{token} came, the likeliest of {n}: {bits} bits of surprise").format(**values),
            _("{token} came: {bits} bits of surprise").format(**values),
        ]
    else:
        variants = [
            _("{token} came, number {rank} of {n}: {bits} bits of surprise").format(**values),
            _("{token} came: {bits} bits of surprise").format(**values),
        ]
    return phrase([sign + v for v in (*variants, _("{token}: {bits} bits").format(**values))], width, look)


def _reach(p: float, n: int) -> float:
    """Two standard deviations of the share that chance gives a token of probability p in n draws."""
    return 2 * math.sqrt(p * (1 - p) / n)


def _drawn(width: int, look: Look, sampled: Sampled) -> Row:
    if sampled.word is not None:
        values = {
            "token": quoted(sampled.word, look),
            "p": probability(sampled.p),
            "n": sampled.turn,
            "seed": sampled.seed,
        }
        sign = _picked(look) + "  "
        variants = (
            sign + _("drew {token}, which had {p}   (draw {n} of seed {seed})").format(**values),
            sign + _("drew {token}   (draw {n} of seed {seed})").format(**values),
            sign + _("drew {token}").format(**values),
        )
        return phrase(variants, width, look, look.accent)
    sign = _counted(look) + "  "
    draws = ngettext("{n} draw", "{n} draws", sampled.draws).format(n=sampled.draws)
    values = {"draws": draws, "seed": sampled.seed, "pm": "+-" if look.ascii else "±"}
    variants = (
        sign + _("the share of {draws}, seed {seed}   (expected count {pm} two standard deviations)").format(**values),
        sign + _("{draws}, seed {seed}   (expected {pm} 2 deviations)").format(**values),
        sign + _("{draws}, seed {seed}").format(**values),
    )
    return phrase(variants, width, look, look.accent)


def _written(width: int, look: Look, sampled: Sampled) -> Row:
    assert sampled.written is not None
    before, on, end = sampled.written
    more = "~" if look.ascii else "…"
    room = max(width - width_of(on) - width_of(end) - 2, 0)
    if width_of(before) > room:
        before = _tail(before, room - 2)
        before = f"{more} {before}" if before else ""
    spans = [Span(before + " " if before else "", look.muted)]
    left = width - width_of(spans[0].text)
    # How it ends is a part of it: the middle gives way first.
    shown = crop(on, max(left - width_of(end) - 1, min(left, 4)), ascii=look.ascii)
    spans += [Span(shown + " " if shown else "", look.accent._replace(bold=True)), Span(end, look.muted)]
    return fit(tuple(s for s in spans if s.text), width)


def _tail(text: str, width: int) -> str:
    """The last whole words of a text that fit."""
    kept = ""
    for word in reversed(text.split(" ")):
        longer = f"{word} {kept}" if kept else word
        if width_of(longer) > width:
            break
        kept = longer
    return kept
