"""A stack of causal convolutions over a text, and under the same tokens what a recurrent state still depends on.

Here time runs across, as words do in a sentence: the tree stands on it. What does not fit is left out on both sides of
the current step, so the cost is that of the columns on the screen and of the tree itself. That tokens went by on the
left is marked, and so are layers that there are no rows for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tutor.draw import palettes
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, merged
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import ASCII_PLUS
from tutor.draw.wording import first_fitting, wording
from tutor.i18n import _, ngettext

_READABLE = 4
"""Columns for a token, from which on its first letters are written under its node."""
_NAMES, _SHORT_NAMES = 13, 6
"""Columns for what stands before the rows."""
_DEEPEST = 3
"""Rows that tokens are written in, at the most: what has no room beside its neighbour stands under it."""
_WIDEST = 10
_MEASURED = 64
"""Tokens whose widths are looked at."""
_TALLEST = 4
"""Rows of a bar, at the most."""
_UP, _DOWN, _RIGHT, _LEFT = 1, 2, 4, 8
_LINES = " │││─└┌├─┘┐┤─┴┬┼"
_ASCII_LINES = " |||-+++-+++-+++"
_DECIMALS = 4
"""Of a percentage in a sentence, before it is written with its power of ten."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_IN_ASCII = str.maketrans("“”−Σ·∂‖∞", '""-S*d|~')

_Cells = list[tuple[str, Style]]


class Across(NamedTuple):
    """Where tokens stand: `pitch` columns each, from the column `left` on."""

    left: int
    pitch: int
    first: int
    """Index of the first token in view."""
    last: int
    """Index after the last one in view."""

    def column(self, index: int) -> int:
        """The column of a token's node."""
        return self.left + (index - self.first) * self.pitch + self.pitch // 2

    def token(self, column: int) -> int | None:
        """The token that a column belongs to."""
        index = self.first + (column - self.left) // self.pitch
        return index if column >= self.left and index < self.last else None


def reach(kernel_size: int, dilations: Sequence[int]) -> int:
    """R = 1 + Σ (k − 1)·d, the present counted."""
    return 1 + sum((kernel_size - 1) * dilation for dilation in dilations)


def across(tokens: Sequence[str], position: int, sees: int, width: int) -> Across:
    """Where tokens stand in `width` columns after `position` steps; `sees` tokens back are in view if they can be.

    The place of a token follows from the sizes and the step, and never from how the text goes on.
    """
    count = len(tokens)
    left = _NAMES if width >= 56 else _SHORT_NAMES if width >= 30 else 0
    if left == _NAMES and width - left < count * _READABLE <= width - _SHORT_NAMES:
        # That all of the text is in sight weighs more than whole names.
        left = _SHORT_NAMES
    room = max(width - left, 1)
    longest = max((width_of(token) for token in tokens[:_MEASURED]), default=1)
    pitch = room // max(count, 1)
    if pitch < _READABLE:
        pitch = max(min(room // max(min(sees + 1, count), 1), _READABLE), pitch, 1)
    pitch = min(pitch, max(min(longest + 1, _WIDEST), 5))
    fits = max(room // pitch, 1)
    # One token ahead is in view, so that it can be seen that nothing of it is.
    first = max(min(position + 1, count) - fits, 0)
    return Across(left, pitch, first, min(first + fits, count))


def receptive_field(
    tokens: Sequence[str],
    position: int,
    kernel_size: int,
    dilations: Sequence[int],
    convolution: Sequence[float] | None,
    state: Sequence[float] | None,
    measured: int,
    width: int,
    height: int,
    look: Look,
    *,
    focused: bool = False,
) -> list[Row]:
    """The tree over the tokens, what was measured under them, and both in words.

    Args:
        tokens: what is read, one a step.
        position: steps taken, from 0 to `len(tokens)`.
        kernel_size: k, of every layer.
        dilations: of each layer, from the bottom up.
        convolution: ‖∂y_t/∂x_s‖ for each token from `measured` to the current one; None before it is known.
        state: ‖∂h_t/∂x_s‖, the same.
        measured: index of the first token that was measured.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        focused: whether it has the keys: the current token is then underlined.
    """
    position = min(max(position, 0), len(tokens))
    sees = reach(kernel_size, dilations)
    place = across(tokens, position, sees, width)
    here = look.accent._replace(bold=True, underline=focused)
    tree = _Tree(place, position, kernel_size, dilations, width, look)
    under = _under(tokens, position, sees, place, width, look, here)
    words = _words(tokens, position, kernel_size, dilations, state, measured, width, look)
    share = _Shares(state, measured, position)
    also = _Shares(convolution, measured, position)

    # What is there first, where there is not room for all: the idea, then numbers.
    # Before the first step there are words alone.
    inner = len(dilations) - 1
    wishes: list[tuple[str, int]] = [
        *([] if position else [("words", 1)]),
        ("tokens", 1),
        ("state", 1),
        ("convolution", 1),
        ("inputs", 1),
        ("output", 1),
        # As many as there is room for: the last of these rows then says how many there are more.
        ("inner", inner),
        ("words", 1),
        ("words", 1),
        ("amounts", 1),
        ("edges", len(dilations)),
        ("counts", 1),
        ("tokens", len(under) - 1),
        *[(name, 1) for _row in range(_TALLEST - 1) for name in ("state", "convolution")],
    ]
    given = dict.fromkeys((name for name, _more in wishes), 0)
    left = height
    for name, more in wishes:
        wanted = name != "edges" or given["inner"] == inner
        if name == "inner" and more > left:
            # One row alone would say no more than a sign behind the top layer's name, where there are names.
            more = left if left > 1 or not place.left else 0
        if more <= left and wanted and (name != "words" or given[name] < len(words)):
            given[name] += more
            left -= more
    rows = tree.rows(bool(given["output"]), given["inner"], bool(given["edges"]), bool(given["inputs"]))
    if given["tokens"] == len(under):
        rows += under
    elif given["tokens"]:
        rows += _under(tokens, position, sees, place, width, look, here, rows=1)
    second = palettes.series(1, look)
    if given["convolution"]:
        rows += _bars(also, given["convolution"], _("conv"), look.accent, place, width, look)
    if given["counts"]:
        rows.append(_amounts(also, place, width, look))
    if given["state"]:
        rows += _bars(share, given["state"], _("state"), second, place, width, look)
    if given["amounts"]:
        rows.append(_amounts(share, place, width, look))
    if given["words"] == 1 and len(words) > 1:
        words = [_joined(words, width, look)]
    if left:
        rows.append(())
    rows += words[: given["words"]]
    return [*(fit(row, width) for row in rows), *[fit((), width)] * (height - len(rows))]


class _Tree:
    """Which nodes reach the output, layer by layer, and their rows."""

    def __init__(
        self, place: Across, position: int, kernel_size: int, dilations: Sequence[int], width: int, look: Look
    ) -> None:
        self.place, self.width, self.look, self.position = place, width, look, position
        self.dilations, self.taps = tuple(dilations), range(kernel_size)
        lit = {position - 1} if position else set()
        self.lit = [lit]
        """From the output down to the inputs."""
        for dilation in self.dilations[::-1]:
            lit = {node - tap * dilation for node in lit for tap in self.taps if node >= tap * dilation}
            self.lit.append(lit)

    def rows(self, output: bool, inner: int, edges: bool, inputs: bool) -> list[Row]:
        """The asked for rows, from the output down.

        Args:
            output: whether the top layer is there.
            inner: rows for the layers under it; with fewer than these, the last one says how many are left out.
            edges: whether there are lines between them.
            inputs: whether the tokens' nodes are there.
        """
        rows: list[Row] = []
        depth = len(self.dilations)
        shown = inner if inner >= depth - 1 else max(inner - 1, 0)
        skipped = depth - 1 - shown
        for down in range(shown + 1):
            if down or output:
                rows.append(self._nodes(down, more=skipped > 0 and not inner))
            if edges:
                rows.append(self._edges(down))
        if skipped and inner:
            rows.append(self._skipped(skipped))
        if inputs:
            rows.append(self._nodes(depth))
        return rows

    def _skipped(self, count: int) -> Row:
        """What stands for layers without a row."""
        sign = "~" if self.look.ascii else "…"
        said = ngettext("{n} more layer", "{n} more layers", count).format(n=count)
        return _said([f"{sign} {said}", sign], self.look.muted, self.width, self.look)

    def _nodes(self, down: int, *, more: bool = False) -> Row:
        """A layer's row. `more` says by its name that there are layers under it, and no row to say so."""
        look, place = self.look, self.place
        depth = len(self.dilations)
        here, other = ("o", ".") if look.ascii else ("●", "·")
        cells: _Cells = [(" ", PLAIN)] * max(self.width, 1)
        for index in range(place.first, place.last):
            lit = index in self.lit[down]
            style = look.accent._replace(bold=down == 0 or look.depth == "none") if lit else look.muted
            _put(cells, place.column(index), here if lit else other, style)
        if down == depth:
            name, short = _("inputs x"), "x"
        else:
            layer, dilation = depth - down, self.dilations[-1 - down]
            sign = "" if not more else "~" if look.ascii else "…"
            name, short = _("layer {n} d={d}").format(n=layer, d=dilation) + sign, f"d={dilation}{sign}"
        return _named(cells, name, short, look.muted, place, look)

    def _edges(self, down: int) -> Row:
        """The lines from the nodes of a layer to those below that each is computed from."""
        place, dilation = self.place, self.dilations[-1 - down]
        bits = [0] * max(self.width, 1)

        def add(column: int, bit: int) -> None:
            if place.left <= column < len(bits):
                bits[column] |= bit

        for node in self.lit[down]:
            back = [node - tap * dilation for tap in self.taps if node >= tap * dilation]
            start, end = place.column(min(back)), place.column(node)
            add(end, _UP)
            for below in back:
                add(place.column(below), _DOWN)
            for column in range(max(start, place.left - 1), min(end, len(bits))):
                add(column, _RIGHT)
                add(column + 1, _LEFT)
        lines = _ASCII_LINES if self.look.ascii else _LINES
        style = palettes.soft(self.look)
        return merged((lines[bit], style) for bit in bits)


class _Shares:
    """Norms, each as a share of the largest."""

    def __init__(self, norms: Sequence[float] | None, measured: int, position: int) -> None:
        self.known = norms is not None
        self.norms = norms or ()
        self.measured = measured
        self.last = position - 1
        self.largest = max((value for value in self.norms if math.isfinite(value)), default=0.0)

    def __getitem__(self, index: int) -> float | None:
        """Of a token; None where it was not measured."""
        at = index - self.measured
        if not 0 <= at < len(self.norms):
            return None
        value = self.norms[at]
        if not math.isfinite(value):
            return value
        return value / self.largest if self.largest > 0 else 0.0


def percent(share: float) -> str:
    """A share in as few letters as say it, without its sign: `100`, `7.9`, `0.06`, `2e-9`; 0 only where it is 0."""
    if math.isnan(share):
        return "NaN"
    amount = share * 100
    if math.isinf(amount):
        return "inf"
    if amount == 0 or abs(amount) >= 9.95:
        return f"{amount:.0f}"
    if abs(amount) >= 0.095:
        return f"{amount:.1f}"
    if abs(amount) >= 0.0095:
        return f"{amount:.2f}"
    mantissa, exponent = f"{amount:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def written(share: float) -> str:
    """As `percent`, for a sentence: `0.007` for `7e-3`, down to `0.0001`."""
    said = percent(share)
    digit, _e, exponent = said.lstrip("-").partition("e-")
    if not exponent or int(exponent) > _DECIMALS:
        return said
    return ("-" if said.startswith("-") else "") + "0." + digit.zfill(int(exponent))


def _bars(shares: _Shares, rows: int, name: str, style: Style, place: Across, width: int, look: Look) -> list[Row]:
    """Upright bars, one under each token; more than nothing always shows, and exactly nothing is a dot."""
    # Odd, so that a bar stands under the middle of its node.
    columns = 3 if place.pitch >= _READABLE else 1
    style = style._replace(bold=False) if look.depth != "none" else style
    drawn: list[_Cells] = [[(" ", PLAIN)] * max(width, 1) for _row in range(rows)]
    for index in range(place.first, place.last):
        share = shares[index]
        if share is None:
            continue
        left = place.column(index) - columns // 2
        if not math.isfinite(share) or share <= 0:
            sign = "?" if math.isnan(share) else "." if share <= 0 and look.ascii else "·" if share <= 0 else "^"
            if share > 0:
                for cells in drawn:
                    _put(cells, left, ("#" if look.ascii else "█") * columns, style)
            _put(drawn[0 if share > 0 else -1], place.column(index), sign, look.muted)
            continue
        # What is less than half of the least that can be drawn is there, and faint.
        faint = share * rows * (1 if look.ascii else 8) < 0.5
        for up, text in enumerate(_upright(share, rows, look)):
            _put(drawn[rows - 1 - up], left, text * columns, look.muted if faint else style)
    return [
        _named(cells, name if at == rows - 1 else "", name if at == rows - 1 else "", style, place, look)
        for at, cells in enumerate(drawn)
    ]


def _upright(share: float, rows: int, look: Look) -> list[str]:
    """The cells of a bar, from the bottom up."""
    share = min(share, 1.0)
    if look.ascii:
        if rows == 1:
            return [ASCII_PLUS[max(round(share * (len(ASCII_PLUS) - 1)), 1)]]
        whole = round(share * rows)
        return ["#"] * whole or ["-"]
    whole, rest = divmod(max(round(share * rows * 8), 1), 8)
    return ["█"] * whole + ([_EIGHTHS[rest]] if rest else [])


def _amounts(shares: _Shares, place: Across, width: int, look: Look) -> Row:
    """The shares in percent: all, or where there is no room for all, the current one and as many as fit."""
    known = [
        (index, percent(share))
        for index in range(place.last - 1, place.first - 1, -1)
        if (share := shares[index]) is not None
    ]
    if any(width_of(text) >= place.pitch for _index, text in known):
        # Side by side they touch: `.05` says as much as `0.05`.
        known = [(index, text.removeprefix("0") or text) for index, text in known]
    labels = [
        (index, text, look.accent._replace(bold=True) if index == shares.last else PLAIN) for index, text in known
    ]
    cells, _without = _placed(labels, place, width)
    return _named(cells, _("% of largest"), "%", look.muted, place, look)


def _under(
    tokens: Sequence[str],
    position: int,
    sees: int,
    place: Across,
    width: int,
    look: Look,
    here: Style,
    rows: int = _DEEPEST,
) -> list[Row]:
    """The tokens under their nodes: the current one first, then the edge of what is seen, then as many as fit.

    In one row alone each is cropped to its own column, where that holds a letter or two.
    """
    room = place.pitch - 1 if rows == 1 and place.pitch >= _READABLE else _WIDEST
    now = position - 1
    edge = max(now - sees + 1, 0)
    order = [now, edge, *range(now - 1, place.first - 1, -1), *range(max(now + 1, place.first), place.last)]
    labels = [
        (
            index,
            crop(tokens[index], room, ascii=look.ascii).rstrip(),
            here if index == now else PLAIN if index < now else look.muted,
        )
        for index in dict.fromkeys(order)
        if place.first <= index < place.last
    ]
    name = _token_name(place, look)
    if place.first and not place.left:
        # There are no names: it stands among the tokens, and the current one alone comes before it.
        labels.insert(1, (place.first, name, look.muted))
    found = []
    for at in range(rows):
        if at and not labels:
            break
        cells, labels = _placed(labels, place, width)
        found.append(_named(cells, "" if at else name, "", look.muted, place, look))
    return found


def _token_name(place: Across, look: Look) -> str:
    """What stands before the tokens, and how many went by on the left."""
    name, sign, count = _("token"), "<" if look.ascii else "‹", place.first
    if not count:
        return name
    return first_fitting([f"{name} {sign} {count}", f"{sign} {count}", f"{sign}{count}"], place.left - 1, sign)


def _placed(
    labels: Sequence[tuple[int, str, Style]], place: Across, width: int
) -> tuple[_Cells, list[tuple[int, str, Style]]]:
    """Texts under their columns, the first ones first, a column of air between two; and those without room."""
    cells: _Cells = [(" ", PLAIN)] * max(width, 1)
    taken = [False] * (max(width, 1) + 2)
    without = []
    for index, text, style in labels:
        size = width_of(text)
        left = min(max(place.column(index) - size // 2, place.left), width - size)
        if left < place.left or any(taken[left : left + size + 2]):
            without.append((index, text, style))
            continue
        taken[left + 1 : left + size + 1] = [True] * size
        # A cell holds the text, and those that it spreads over hold none.
        cells[left : left + size] = [(text, style), *[("", style)] * (size - 1)] if size else []
    return cells, without


def _put(cells: _Cells, left: int, text: str, style: Style) -> None:
    for at, char in enumerate(text, left):
        if 0 <= at < len(cells):
            cells[at] = (char, style)


def _named(cells: _Cells, name: str, short: str, style: Style, place: Across, look: Look) -> Row:
    """A row with its name before it, as far as there is room for one."""
    text = name if width_of(name) < place.left else short
    if look.ascii:
        text = text.translate(_IN_ASCII)
    label = (crop(text, max(place.left - 1, 0), ascii=look.ascii) if place.left else "").rstrip()
    gap = place.left - width_of(label)
    return merged([(label, style), (" " * gap, PLAIN), *cells[place.left :]])


def _words(
    tokens: Sequence[str],
    position: int,
    kernel_size: int,
    dilations: Sequence[int],
    state: Sequence[float] | None,
    measured: int,
    width: int,
    look: Look,
) -> list[Row]:
    """What the convolution sees, and what the state depends on: a line each, as long as there is room for."""
    if not tokens:
        return [_said([_("There is no text: nothing is read."), _("no text")], look.muted, width, look)]
    if not position:
        lines = [_("Nothing is read yet: step once, and see what each has seen."), _("Nothing is read yet."), "-"]
        return [_said(lines, look.muted, width, look)]
    sees = reach(kernel_size, dilations)
    now = min(sees, position)
    sum_ = " + ".join(["1", *(str((kernel_size - 1) * d) for d in dilations)])
    exactly = ngettext(
        "the convolution sees {n} token, exactly", "the convolution sees {n} tokens, exactly", now
    ).format(n=now)
    beyond = ""
    if now < sees:
        zeros = ngettext(", and {n} zero before the start", ", and {n} zeros before the start", sees - now)
        beyond = zeros.format(n=sees - now)
    first = [
        exactly + beyond + ": R = 1 + Σ(k−1)·d = " + f"{sum_} = {sees}",
        exactly + beyond + f": R = {sum_} = {sees}",
        exactly + beyond + f": R = {sees}",
        exactly,
        ngettext("convolution: {n} token", "convolution: {n} tokens", now).format(n=now),
        f"{now}",
    ]
    return [
        _said(first, look.accent, width, look),
        _said(_of_the_state(tokens, position, state, measured, look), palettes.series(1, look), width, look),
    ]


def _of_the_state(
    tokens: Sequence[str], position: int, state: Sequence[float] | None, measured: int, look: Look
) -> list[str]:
    if state is None:
        return [_("the state: being measured"), "…" if not look.ascii else "~"]
    shares = _Shares(state, measured, position)
    if any(not math.isfinite(value) for value in state):
        return [_("the state: its gradients overflow, and are no numbers"), _("state: overflow"), "?"]
    if shares.largest == 0:
        return [_("the state depends on no token: every gradient is 0"), _("state: 0"), "0"]
    oldest = shares[measured] or 0.0
    ago = position - 1 - measured
    if ago <= 0:
        return [_("the state has no edge; so far it has read one token"), _("state: one token"), "1"]
    left = written(oldest)
    token = crop(tokens[measured], _WIDEST + 2, ascii=look.ascii).rstrip()
    whole = ngettext(
        "the state has no edge: of “{token}”, {n} token ago, {share} % is left",
        "the state has no edge: of “{token}”, {n} tokens ago, {share} % is left",
        ago,
    )
    short = ngettext("state: {share} % after {n} token", "state: {share} % after {n} tokens", ago)
    return [text.format(token=token, n=ago, share=left) for text in (whole, short, "{share} %")]


def _said(variants: Sequence[str], style: Style, width: int, look: Look) -> Row:
    """The first of some wordings that fits; the last one cropped where none does."""
    texts = [text.translate(_IN_ASCII) if look.ascii else text for text in variants]
    return (Span(wording(texts, width, ascii=look.ascii), style),)


def _joined(words: Sequence[Row], width: int, look: Look) -> Row:
    """Two lines in one where they fit, else the second: what a state has no edge of is the news."""
    (first,), (second,) = words
    if width_of(first.text) + width_of(second.text) + 2 <= width:
        return (first, Span("; ", look.muted), second)
    return (second,)


class Setting(NamedTuple):
    """What a person can change, and how."""

    name: str
    value: str
    sized: bool = True
    """Whether there is less and more of it; else a click goes to the next."""


def settings(items: Sequence[Setting], width: int, look: Look) -> tuple[Row, list[tuple[int, int, int, int]]]:
    """What can be changed, in one row; what does not fit is left out from the end.

    Returns:
        The row, and where it answers to the mouse: (first column, column after the last, index, −1 or 1).
    """
    before, after = ("<", ">") if look.ascii else ("‹", "›")
    spans: list[Span] = []
    zones = []
    column = 0
    for index, item in enumerate(items):
        value = f"{before} {item.value} {after}" if item.sized else item.value
        size = width_of(item.name) + 1 + width_of(value)
        if column + size > width:
            break
        start = column + width_of(item.name) + 1
        spans += [Span(item.name + " ", look.muted), Span(value, look.accent), Span("   ", PLAIN)]
        half = start + width_of(value) // 2 if item.sized else column
        zones += [(column, half, index, -1)] if item.sized else []
        zones.append((half, column + size, index, 1))
        column += size + 3
    return fit(tuple(spans), width), zones
