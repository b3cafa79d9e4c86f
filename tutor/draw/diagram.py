"""The unrolled network: a chain of copies of one cell, one for each token.

What lies ahead is empty, what has been is drawn, and where the chain stands now is the brightest. Every copy
bears the same `W`, because it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, fit, merged, pad
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import subscript
from tutor.draw.window import window
from tutor.i18n import _

_MOST_PITCH = 14
"""Columns from copy to copy, at the most; a longer token is cropped."""
_SEEN = 64
"""Tokens that are measured."""


def unrolled(
    tokens: Sequence[str],
    position: int,
    width: int,
    look: Look,
    *,
    outputs: Sequence[str] | None = None,
    compact: bool = False,
    backward: bool = False,
    note: str | None = None,
) -> list[Row]:
    """The chain over `tokens`, after `position` steps.

    Args:
        tokens: what is read, one a step.
        position: steps taken, from 0 (nothing is read yet) to `len(tokens)`.
        width: cells of each row; a longer chain is shown around its current step.
        look: what the terminal can show.
        outputs: what each step puts out; drawn above the chain for the steps taken.
        compact: three rows: the chain, its arrows, the tokens.
        backward: whether a second chain reads from the end, with a cell of its own. It has read the whole text before
            the first step is known, and stands there from step 1 on.
        note: said once beside the chain, how weights are shared when it is not given; "" says nothing.

    Returns:
        3 rows when compact; else 4, or 5 with outputs; and one more with a second chain.
    """
    if note is None:
        note = _("W and V share no weight") if backward else _("the same W_x, W_h at every step")
    count = len(tokens)
    position = min(max(position, 0), count)
    start = subscript("h", 0, ascii=look.ascii)
    right, left, up, line, more = ("->", "<-", "^", "-", "~") if look.ascii else ("→", "←", "↑", "─", "…")
    # The first tokens set the pitch: nothing moves when the chain scrolls, and a long text costs no more.
    longest = max((width_of(t) for t in (*tokens[:_SEEN], *(outputs or ())[:_SEEN])), default=0)
    label = width_of(subscript("h", count, ascii=look.ascii))
    least = 3 + 1 + label + 1 + len(right)
    pitch = min(max(least, longest + 1), _MOST_PITCH)
    lead = max(len(start) + 1 + len(right), (pitch - 3) // 2 + 1)
    # After the last box comes its state, or where the chain goes on, the sign of that.
    room = max((width - lead - 3 - (1 + label) - 2) // pitch + 1, 1)
    first = window(position - 1, count, room)
    last = min(first + room, count)

    boxes: list[tuple[str, Style]] = []
    back: list[tuple[str, Style]] = []
    arrows: list[tuple[str, Style]] = []
    below: list[tuple[str, Style]] = []
    above: list[tuple[str, Style]] = []
    rising: list[tuple[str, Style]] = []

    def style_of(step: int) -> Style:
        if step == position:
            return look.accent._replace(bold=True)
        return PLAIN if step < position else look.muted

    here = style_of(first)
    if first == 0:
        boxes.append((start, here if position == 0 else PLAIN))
        opening = line * (lead - len(start) - len(right)) + right
        boxes.append((opening, style_of(1)) if position >= 1 else (" " * len(opening), PLAIN))
    else:
        boxes.append((pad(more + " ", lead - len(right), "right") + right, look.muted))
    # A box is three cells; what belongs to it is centred on its middle, in a slot as wide as the pitch.
    margin = lead + 1 - pitch // 2
    for row in (arrows, below, above, rising):
        row.append((" " * margin, PLAIN))
    back.append((pad(more + " ", lead, "right") if first and position else " " * lead, look.muted))
    middle = pitch // 2
    for index in range(first, last):
        step = index + 1
        taken = step <= position
        its = style_of(step)
        boxes.append(("[W]" if taken else "[ ]", its))
        name = subscript("h", step, ascii=look.ascii)
        gap = pitch - 3 if step < last or last == count else label + 2
        if step < position and step < last:
            boxes.append((pad(line + name, gap - len(right)).replace(" ", line) + right, PLAIN))
        elif taken:
            boxes.append((pad(line + name, gap), its))
        else:
            boxes.append((" " * gap, PLAIN))
        if position:
            back.append(("[V]", look.accent._replace(bold=True) if step == position else PLAIN))
            back.append((left + line * (gap - len(left)) if step < count else left + line + start, PLAIN))
        arrow = " " * middle + (up if taken else " ") + " " * (pitch - middle - 1)
        arrows.append((arrow, its))
        below.append((_under(tokens[index], pitch, middle, look), its))
        if outputs is not None:
            output = outputs[index] if index < len(outputs) and taken else ""
            above.append((_under(output, pitch, middle, look), its))
            rising.append((arrow, its))
    if last < count:
        boxes.append((more, look.muted))
        back.append((more if position else "", look.muted))
    chain = [fit(merged(row), width) for row in (boxes, *([back] if backward else []), arrows, below)]
    if compact:
        return chain
    if outputs is None:
        return [*chain, fit((Span(" " * lead, PLAIN), Span(note, look.muted)), width)]
    drawn = sum(width_of(text) for text, _ in rising)
    if note and drawn + width_of(note) + 2 <= width:
        rising.append((" " * (width - drawn - width_of(note)), PLAIN))
        rising.append((note, look.muted))
    return [fit(merged(above), width), fit(merged(rising), width), *chain]


def _under(text: str, slot: int, middle: int, look: Look) -> str:
    """`text` in `slot` cells, its middle at `middle`, with a cell between it and the next."""
    text = pad(text, min(width_of(text), slot - 1), ascii=look.ascii)
    size = width_of(text)
    left = min(max(middle - size // 2, 0), slot - size)
    return " " * left + text + " " * (slot - left - size)
