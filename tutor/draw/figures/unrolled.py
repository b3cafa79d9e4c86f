"""One cell with its loop, folded; or the chain of its copies, unfolded: every layer and direction of it.

The signs W_x and W_h stand at every copy, because they are the same, and under the picture it is said once how often
they are used. What lies ahead has its place but no arrows; where a chain stands now is the brightest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad
from tutor.draw.cells import width as width_of
from tutor.draw.glyphs import subscript
from tutor.draw.window import window
from tutor.draw.wording import shown_token
from tutor.i18n import ngettext

_MOST_PITCH = 18
"""Columns from copy to copy, at the most; a longer token is cropped."""
_SEEN = 64
"""Tokens that are measured: nothing moves when the chain scrolls, and a long text costs no more."""
_SAID = 10
"""Cells that an output may take."""

Said = Callable[[int], str]
"""What the network says after a step, from 0."""


class Chain(NamedTuple):
    """One layer in one direction, and how far it is."""

    layer: int
    """From 1."""
    reverse: bool
    taken: int
    """Steps taken, in its own order."""
    moves: bool
    """Whether it is this chain that has just taken one."""


class Network(NamedTuple):
    """What is drawn."""

    cell: str
    """ "rnn", "gru" or "lstm"."""
    chains: Sequence[Chain]
    """From the bottom layer up; of a layer, forward first."""
    parameters: Sequence[tuple[str, int]]
    """How many numbers each kind of weight has."""
    through: str = "tanh"
    """The RNN's nonlinearity."""
    reset: str = "after"
    """Where the GRU's reset gate comes."""

    @property
    def states(self) -> tuple[str, ...]:
        """What flows on from copy to copy."""
        return ("h", "c") if self.cell == "lstm" else ("h",)

    @property
    def layers(self) -> list[list[Chain]]:
        """The chains by layer."""
        last = max(chain.layer for chain in self.chains)
        return [[chain for chain in self.chains if chain.layer == layer] for layer in range(1, last + 1)]


class _Signs(NamedTuple):
    """The drawing's own signs."""

    right: str
    left: str
    up: str
    line: str
    more: str
    box: str
    """Corners from the top left, clockwise, then the two lines."""
    loop: str
    into: str


def _signs(look: Look) -> _Signs:
    if look.ascii:
        return _Signs(">", "<", "^", "-", "~", "+++++-|", "@", "v")
    return _Signs("→", "←", "↑", "─", "…", "┌┐┘└ ─│", "↺", "▼")


class _Board:
    """Pieces of text at their places, put together row by row."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows: list[list[tuple[int, str, Style]]] = [[] for _row in range(height)]

    def put(self, y: int, x: int, text: str, style: Style) -> None:
        """`text` at column x; what lies outside is not drawn."""
        if text and 0 <= y < self.height and x >= 0 and x + width_of(text) <= self.width:
            self._rows[y].append((x, text, style))

    def middle(self, y: int, x: int, text: str, room: int, style: Style, look: Look) -> None:
        """`text` in `room` cells at the most, its middle at column x; moved where an edge is in its way."""
        text = crop(text, min(room, self.width), ascii=look.ascii)
        size = width_of(text)
        self.put(y, min(max(x - (size - 1) // 2, 0), self.width - size), text, style)

    def rows(self) -> list[Row]:
        """Every row, exactly as wide as the board."""
        found: list[Row] = []
        for pieces in self._rows:
            row: list[Span] = []
            column = 0
            for x, text, style in sorted(pieces, key=lambda piece: piece[0]):
                if x < column:
                    continue
                if x > column:
                    row.append(Span(" " * (x - column), PLAIN))
                row.append(Span(text, style))
                column = x + width_of(text)
            found.append(fit(tuple(row), self.width))
        return found


# Unfolded


class _Place(NamedTuple):
    """Where the copies stand."""

    lead: int
    pitch: int
    flow: int
    """Cells between two boxes."""
    first: int
    last: int

    def middle(self, index: int) -> int:
        """The column of a copy's middle."""
        box = self.pitch - self.flow
        return self.lead + (index - self.first) * self.pitch + self.flow + (box - 1) // 2


def _tall(network: Network, height: int, outputs: bool) -> bool:
    """Whether there is room for boxes with a row for each state, and for a line of notes."""
    return len(network.chains) == 1 and height > 4 + len(network.states) + 2 * outputs


def _name(states: Sequence[str], step: int, chain: Chain, look: Look) -> str:
    """`h₃`, or with a prime in the backward direction."""
    return ",".join(subscript(state, step, ascii=look.ascii) + "'" * chain.reverse for state in states)


def _place(
    tokens: Sequence[str], network: Network, at: int, width: int, height: int, look: Look, outputs: bool
) -> _Place:
    count = len(tokens)
    signs = _signs(look)
    several = len(network.chains) > 1
    longest = max((width_of(token) for token in tokens[:_SEEN]), default=0)
    states = network.states[:1] if _tall(network, height, outputs) else network.states
    box = max(width_of(_name(states, count, chain, look)) for chain in network.chains) + 4
    weight = max(width_of(_weight("W_h", chain, network, look)) for chain in network.chains)
    least = box + 2 + weight + width_of(signs.right)
    pitch = min(max(least, longest + 1, _SAID + 1 if outputs else 0), max(_MOST_PITCH, least))
    start = max(width_of(_name(states, 0, chain, look)) for chain in network.chains)
    lead = (3 if several else 0) + start
    both = any(chain.reverse for chain in network.chains)
    tail = max(pitch - box + start if both else 0, (pitch - box) // 2 + 1, 2)
    room = min(max((width - lead - tail) // pitch, 1), count)
    first = window(at - 1, count, room)
    return _Place(lead, pitch, pitch - box, first, first + room)


def _weight(name: str, chain: Chain, network: Network, look: Look) -> str:
    """A weight's sign: its layer where there are several, a prime for the backward direction."""
    several = network.chains[-1].layer > 1
    number = (str(chain.layer) if look.ascii else str(chain.layer).translate(_RAISED)) if several else ""
    return name + number + ("'" if chain.reverse else "")


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def step_at(
    tokens: Sequence[str], network: Network, at: int, x: int, width: int, height: int, look: Look, *, outputs: bool
) -> int | None:
    """The step, from 1, whose copy stands at column x; None where there is none."""
    place = _place(tokens, network, at, width, height, look, outputs)
    index = place.first + (x - place.lead - place.flow // 2) // place.pitch
    return index + 1 if place.first <= index < place.last else None


def unfolded(
    tokens: Sequence[str],
    network: Network,
    at: int,
    width: int,
    height: int,
    look: Look,
    *,
    said: Said | None = None,
    notes: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """The chain of copies over `tokens`.

    Args:
        tokens: what is read, one a step; at least one.
        network: its chains, and how far each is.
        at: the step, from 1, that has to be in sight.
        width: cells of each row.
        height: rows.
        look: what the terminal can show.
        said: what is put out at a step; drawn where every chain of the top layer has been.
        notes: said under the picture, the most important first.
        focused: whether the keys come here: the current token is then underlined.
    """
    place = _place(tokens, network, at, width, height, look, said is not None)
    board = _Board(width, height)
    layers = network.layers
    shown, gap = _layers_shown(len(layers), len(layers[0]) + 1, height - 1 - 2 * (said is not None) - bool(notes))
    tall = _tall(network, height, said is not None)
    # From the top: outputs, then layer by layer down to the tokens.
    y = 0
    if said is not None and height >= 2 + _rows_of(network, shown, gap, tall):
        for index in range(place.first, place.last):
            if all(_own(chain, index, tokens) <= chain.taken for chain in layers[-1]):
                style = _style(layers[-1], index, tokens, look)
                board.middle(0, place.middle(index), said(index), place.pitch - 1, style, look)
                board.put(1, place.middle(index), _signs(look).up, style)
        y = 2
    for number in reversed(shown):
        if gap and number == 0:
            board.put(y, place.lead, _signs(look).more, look.muted)
            skipped = ngettext("{n} more layer", "{n} more layers", gap).format(n=gap)
            board.put(y, place.lead + 2, crop(skipped, max(width - place.lead - 2, 0), ascii=look.ascii), look.muted)
            y += 1
        for chain in layers[number]:
            y = _chain(board, y, chain, network, place, tokens, look, tall)
        for index in range(place.first, place.last):
            style = _style(layers[number], index, tokens, look)
            taken = any(_own(chain, index, tokens) <= chain.taken for chain in layers[number])
            name = _weight("W_x", layers[number][0], network, look)
            name += f",{_weight('W_x', layers[number][1], network, look)}" if len(layers[number]) > 1 else ""
            board.put(y, place.middle(index), (_signs(look).up if taken else " ") + name, style)
        y += 1
    for index in range(place.first, place.last):
        style = _style(layers[0], index, tokens, look)
        now = any(chain.moves and _own(chain, index, tokens) == chain.taken for chain in layers[0])
        board.middle(
            y,
            place.middle(index),
            shown_token(tokens[index], ascii=look.ascii),
            place.pitch - 1,
            style._replace(underline=focused and now),
            look,
        )
    _say(board, y + 1, notes, look)
    return board.rows()


def _layers_shown(layers: int, each: int, room: int) -> tuple[list[int], int]:
    """The layers that there is room for, from 0, the bottom and the top first; and how many are left out between.

    Args:
        layers: how many there are.
        each: rows of one.
        room: rows for all.
    """
    if room >= layers * each or layers == 1:
        return list(range(layers)), 0
    most = max((room - 1) // each, 1)
    return [0, *range(layers - most + 1, layers)], layers - most


def _rows_of(network: Network, shown: Sequence[int], gap: int, tall: bool) -> int:
    """The rows of the picture without its outputs."""
    return 1 + len(shown) * (len(network.layers[0]) + 1) + (gap > 0) + (1 + len(network.states) if tall else 0)


def _own(chain: Chain, index: int, tokens: Sequence[str]) -> int:
    """The step, from 1, that a chain takes at a token, in its own order."""
    return len(tokens) - index if chain.reverse else index + 1


def _style(chains: Sequence[Chain], index: int, tokens: Sequence[str], look: Look) -> Style:
    """Now is the brightest, what has been is plain, what lies ahead is muted."""
    if any(chain.moves and _own(chain, index, tokens) == chain.taken for chain in chains):
        return look.accent._replace(bold=True)
    return PLAIN if any(_own(chain, index, tokens) <= chain.taken for chain in chains) else look.muted


def _chain(
    board: _Board, y: int, chain: Chain, network: Network, place: _Place, tokens: Sequence[str], look: Look, tall: bool
) -> int:
    """One chain, in one row or as boxes; the row below it."""
    signs = _signs(look)
    box = place.pitch - place.flow
    weight = _weight("W_h", chain, network, look)
    # A row for each state, or all of them in one.
    rows = [(state,) for state in network.states] if tall else [network.states]
    top = y + 1 if tall else y
    if len(network.chains) > 1:
        sign = signs.left if chain.reverse else signs.right
        board.put(top, 0, f"{chain.layer}{sign}" if network.chains[-1].layer > 1 else sign, look.muted)
    for index in range(place.first, place.last):
        own = _own(chain, index, tokens)
        taken = own <= chain.taken
        style = _style([chain], index, tokens, look)
        x = place.lead + (index - place.first) * place.pitch + place.flow
        if tall:
            corners = signs.box
            board.put(y, x, corners[0] + corners[5] * (box - 2) + corners[1], style)
            board.put(top + len(rows), x, corners[3] + corners[5] * (box - 2) + corners[2], style)
        for row, states in enumerate(rows):
            name = _name(states, index + 1, chain, look) if taken else ""
            side = signs.box[6] * 2 if tall else "[]"
            left = (box - 2 - width_of(name)) // 2
            board.put(top + row, x, side[0] + " " * left + pad(name, box - 2 - left) + side[1], style)
            # The state flows in: from the left, or to the backward direction from the right.
            label = weight if "h" in states else states[0] if taken else ""
            flow = _flow(label, place.flow, taken, chain.reverse, signs)
            board.put(top + row, x + box if chain.reverse else x - place.flow, flow, style)
            if own == 1:
                start = _name(states, 0, chain, look)
                at = x + box + place.flow if chain.reverse else x - place.flow - width_of(start)
                board.put(top + row, at, start, PLAIN if chain.taken else look.muted)
    # A chain that goes on out of sight says so.
    beyond = place.lead + (place.last - place.first) * place.pitch
    for row in range(len(rows)):
        if place.last < len(tokens):
            board.put(top + row, beyond + place.flow * chain.reverse, signs.more, look.muted)
        if place.first > 0:
            board.put(top + row, place.lead + (place.flow if chain.reverse else 0) - 1, signs.more, look.muted)
    return top + len(rows) + tall


def _flow(label: str, room: int, taken: bool, reverse: bool, signs: _Signs) -> str:
    """`─W_h─→`, or without its line where nothing has flowed yet."""
    line = signs.line if taken else " "
    inner = room - width_of(signs.right)
    left = (inner - width_of(label)) // 2
    text = line * left + label + line * (inner - left - width_of(label))
    head = (signs.left if reverse else signs.right) if taken else " " * width_of(signs.right)
    return head + text if reverse else text + head


def _say(board: _Board, y: int, notes: Sequence[str], look: Look) -> None:
    """The notes, after a row of air where there is room for all of them."""
    notes = [line for note in notes if note for line in _lines(note, board.width)]
    y += board.height - y > len(notes)
    for row, note in enumerate(notes):
        board.put(y + row, 0, crop(note, board.width, ascii=look.ascii), look.muted)


def _lines(note: str, width: int) -> list[str]:
    """A note, broken after a colon or a comma where it is too wide."""
    found = []
    while width_of(note) > width:
        ends = [at + 1 for at in range(len(note) - 2) if note[at : at + 2] in (": ", ", ")]
        fits = [end for end in ends if width_of(note[:end]) <= width]
        if not fits:
            break
        found.append(note[: fits[-1]])
        note = note[fits[-1] + 1 :]
    return [*found, note]


def _counted(kind: str, n: int, ascii: bool) -> str:
    """How many numbers: of b `2×16`, for each unit has two, as in PyTorch, which are added."""
    return str(n) if kind != "b" or n % 2 else f"2{'x' if ascii else '×'}{n // 2}"


def shared(network: Network, count: int, *, ascii: bool = False) -> list[str]:
    """What is the same in every copy, and how many numbers that is, however long the text."""
    total = sum(n for _kind, n in network.parameters)
    many = len(network.chains)
    if many == 1:
        used = ngettext(
            "one W_x, one W_h, used {n} time: {total} numbers, any length",
            "one W_x, one W_h, used {n} times: {total} numbers, any length",
            count,
        )
    else:
        used = ngettext(
            "{many} chains, each one W_x, one W_h, used {n} time: {total} numbers",
            "{many} chains, each one W_x, one W_h, used {n} times: {total} numbers",
            count,
        )
    return [
        used.format(n=count, total=total, many=many),
        " + ".join(f"{kind} {_counted(kind, n, ascii)}" for kind, n in network.parameters) + f" = {total}",
    ]


# Folded


def equations(network: Network, step: int, look: Look) -> list[str]:
    """The cell's equations in the letters of a step; of any step, as h_t, where it is 0."""
    h, c, x = (subscript(s, step, ascii=look.ascii) if step else f"{s}_t" for s in "hcx")
    h_, c_ = (subscript(s, step - 1, ascii=look.ascii) if step else f"{s}_{{t-1}}" for s in "hc")
    inner = f"W_x·{x} + W_h·{h_} + b"
    if network.cell == "gru":
        n = f"W_x·{x} + b_ih + r·(W_h·{h_} + b_hh)" if network.reset == "after" else f"W_x·{x} + W_h·(r·{h_}) + b"
        found = [f"r, z = σ({inner})", f"n = tanh({n})", f"{h} = (1−z)·n + z·{h_}"]
    elif network.cell == "lstm":
        found = [f"i, f, o = σ({inner})", f"g = tanh({inner})", f"{c} = f·{c_} + i·g", f"{h} = o·tanh({c})"]
    else:
        found = [f"{h} = {inner}" if network.through == "identity" else f"{h} = {network.through}({inner})"]
    if look.ascii:
        return [e.replace("·", "*").replace("−", "-").replace("σ", "sigmoid") for e in found]
    return found


def folded(
    tokens: Sequence[str],
    network: Network,
    width: int,
    height: int,
    look: Look,
    *,
    said: Said | None = None,
    notes: Sequence[str] = (),
    focused: bool = False,
) -> list[Row]:
    """One cell and its loop at the step that was taken last: the token flows in, the state round, the output out.

    The arguments are those of `unfolded`.
    """
    board = _Board(width, height)
    if len(network.chains) > 1:
        y = _stack(board, tokens, network, look, said, focused)
    else:
        y = _loop(board, tokens, network, look, said, focused)
    _say(board, y, notes, look)
    return board.rows()


def _loop(board: _Board, tokens: Sequence[str], network: Network, look: Look, said: Said | None, focused: bool) -> int:
    """One chain's cell, as a box with its equations; the row below it."""
    signs = _signs(look)
    step = network.chains[0].taken
    now = look.accent._replace(bold=True) if step else look.muted
    plain = PLAIN if step else look.muted
    token = shown_token(tokens[step - 1], ascii=look.ascii) if step else ""
    out = said(step - 1) if said is not None and step else ""
    state = ", ".join(subscript(s, step, ascii=look.ascii) if step else f"{s}_t" for s in network.states)
    loop = max(width_of(state), 3) + 5
    lines = [line for line in equations(network, step, look) if width_of(line) + 4 + loop <= board.width]
    heard = board.height - 4 - 2 * (said is not None)
    under = now._replace(underline=focused)
    if heard < 2 or not lines:
        return _flat(board, token, lines[-1:] or [state], out, look, (now, plain, under))
    lines = lines[-heard:]
    inner = max(len(lines), 2)
    room = max(map(width_of, lines)) + 2
    x = max((board.width - room - 2 - loop) // 2, 0)
    middle = x + 1 + room // 2
    y = 0
    if said is not None:
        board.middle(0, middle, _called("y", step, out, look), board.width, now, look)
        board.put(1, middle, signs.up, now)
        y = 2
    corner = signs.box
    board.put(y, x, corner[0] + corner[5] * room + corner[1], plain)
    for row in range(inner):
        line = lines[row] if row < len(lines) else ""
        board.put(y + 1 + row, x, corner[6], plain)
        last = row == len(lines) - 1
        board.put(y + 1 + row, x + 2, line, Style(bold=True) if last else plain)
        board.put(y + 1 + row, x + 1 + room, corner[6], plain)
        right = x + 2 + room
        if row == 0:
            board.put(y + 1, right, corner[5] + " " + state + " ", now)
            board.put(y + 1, right + 3 + width_of(state), corner[5] * (loop - 4 - width_of(state)) + corner[1], plain)
        elif row == inner - 1:
            board.put(y + 1 + row, right, signs.left + " W_h ", plain)
            board.put(y + 1 + row, right + 6, corner[5] * (loop - 7) + corner[2], plain)
        else:
            board.put(y + 1 + row, right + loop - 1, corner[6], plain)
    board.put(y + 1 + inner, x, corner[3] + corner[5] * room + corner[2], plain)
    board.put(y + 2 + inner, middle, signs.up + " W_x", now)
    board.middle(y + 3 + inner, middle, _called("x", step, token, look), board.width, under, look)
    return y + 4 + inner


def _called(letter: str, step: int, what: str, look: Look) -> str:
    """`x₃: late`, or `x_t` of any step."""
    return f"{subscript(letter, step, ascii=look.ascii)}: {what}" if step else f"{letter}_t"


def _flat(
    board: _Board, token: str, lines: Sequence[str], out: str, look: Look, styles: tuple[Style, Style, Style]
) -> int:
    """The same along one line, its loop above it."""
    now, plain, under = styles
    signs = _signs(look)
    word = crop(token or "x_t", max(board.width // 4, 1), ascii=look.ascii)
    x = 0
    y = 1 if board.height > 1 else 0
    board.put(y, x, word, under)
    x += width_of(word) + 1
    arrow = f"{signs.line}W_x{signs.line}{signs.right}"
    board.put(y, x, arrow, now)
    x += width_of(arrow) + 1
    text = (
        lines[0] if x + width_of(lines[0]) + 4 <= board.width else crop(lines[0].split(" = ")[0], 8, ascii=look.ascii)
    )
    board.put(y, x, f"[ {text} ]", Style(bold=True))
    size = width_of(text) + 4
    if y and size > 7:
        label = " W_h "
        board.put(0, x, signs.into + signs.line * ((size - 2 - 5) // 2), plain)
        board.put(0, x + 1 + (size - 2 - 5) // 2, label, now)
        board.put(0, x + 6 + (size - 7) // 2, signs.line * (size - 7 - (size - 7) // 2) + signs.box[1], plain)
    x += size + 1
    if out:
        board.put(y, x, signs.right, now)
        board.put(y, x + 2, crop(out, max(board.width - x - 2, 0), ascii=look.ascii), now)
    return y + 1


def _stack(board: _Board, tokens: Sequence[str], network: Network, look: Look, said: Said | None, focused: bool) -> int:
    """Layers over one another, each with the loops of its directions; the row below them."""
    signs = _signs(look)
    layers = network.layers
    count = len(tokens)
    pitch = min(max((board.width - 2) // len(layers[0]), 1), 24)
    lead = max((board.width - pitch * len(layers[0])) // 2, 2)
    shown, gap = _layers_shown(len(layers), 2, board.height - 1 - 2 * (said is not None))
    y = 0

    def index(chain: Chain) -> int:
        return count - chain.taken if chain.reverse else chain.taken - 1

    if said is not None and board.height > 2 * len(shown) + (gap > 0) + 2:
        done = all(chain.taken for chain in layers[-1]) and len({index(chain) for chain in layers[-1]}) == 1
        if done:
            board.put(
                0,
                lead + 2,
                crop(said(index(layers[-1][0])), max(board.width - lead - 2, 0), ascii=look.ascii),
                _now(layers[-1], look),
            )
            board.put(1, lead + 2, signs.up, _now(layers[-1], look))
        y = 2
    for number in reversed(shown):
        if gap and number == 0:
            skipped = ngettext("{n} more layer", "{n} more layers", gap).format(n=gap)
            board.put(
                y, lead, crop(f"{signs.more} {skipped}", max(board.width - lead, 0), ascii=look.ascii), look.muted
            )
            y += 1
        board.put(y, 0, str(number + 1), look.muted)
        for at, chain in enumerate(layers[number]):
            x = lead + at * pitch
            style = _now([chain], look)
            name = _name(network.states, index(chain) + 1, chain, look) if chain.taken else "  "
            board.put(y, x, f"[ {name} ]", style)
            board.put(y, x + width_of(name) + 4, f"{signs.loop} {_weight('W_h', chain, network, look)}", style)
            read = ""
            if number and len(layers[number]) > 1 and chain.taken:
                # Both directions of the layer below are through, and stand elsewhere than where it reads.
                read = ": " + ",".join(_name("h", index(chain) + 1, each, look) for each in layers[number - 1])
            board.put(y + 1, x + 2, f"{signs.up} {_weight('W_x', chain, network, look)}{read}", style)
        y += 2
    for at, chain in enumerate(layers[0]):
        token = shown_token(tokens[index(chain)], ascii=look.ascii) if chain.taken else ""
        style = _now([chain], look)._replace(underline=focused and chain.moves)
        board.put(
            y,
            lead + at * pitch,
            crop(token, max(min(pitch - 1, board.width - lead - at * pitch), 0), ascii=look.ascii),
            style,
        )
    return y + 1


def _now(chains: Sequence[Chain], look: Look) -> Style:
    if any(chain.moves for chain in chains):
        return look.accent._replace(bold=True)
    return PLAIN if any(chain.taken for chain in chains) else look.muted
