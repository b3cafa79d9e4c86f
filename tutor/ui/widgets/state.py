"""The state figure: a network read token by token. The Player owns the run, the Playback and the only timer.

Time runs down and units run across: a step changes two rows of the heatmap, and the cost of a frame grows with what
is visible, never with the length of the text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from tutor.course.figures import StateValues
from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, width
from tutor.draw.diagram import unrolled
from tutor.draw.heatmap import heat_row, legend
from tutor.engine import CELLS
from tutor.engine.model import Run
from tutor.i18n import _
from tutor.ui.playback import Playback
from tutor.ui.widgets.drawn import Drawn, look_of, strip_of
from tutor.ui.widgets.keyline import Hint

PLAYER_BINDINGS = [
    Binding("space", "player('toggle')", "play", show=False),
    Binding("full_stop", "player('forward')", "one token on", show=False),
    Binding("comma", "player('back')", "one token back", show=False),
    Binding("home", "player('start')", "first", show=False),
    Binding("end", "player('end')", "last", show=False),
    Binding("plus,equals_sign", "player('faster')", "faster", show=False),
    Binding("minus", "player('slower')", "slower", show=False),
]
"""The player's keys, for every screen that shows one; the screen hands them to `Player.act`."""

PLAYER_HINTS = (Hint("space", "player('toggle')", "play"), Hint(", .", "player('forward')", "step"))
"""What the key line says of them."""

LEAST_ROWS, LEAST_NEXT = 6, 3
"""Rows of the heatmap, and next words, that are shown before anything else gets room."""

WIDEST = 4
"""Cells that a unit may take where there is room."""

TICK = 1 / 60
"""Seconds between looks at the clock while playing."""


class StateMap(ScrollView, can_focus=True):
    """The heatmap: a row for h_0 and for each token, a column for each unit. The cursor is on the current row."""

    DEFAULT_CSS = """
    StateMap { height: 3; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    BINDINGS = [
        Binding("up", "ask('back')", show=False),
        Binding("down", "ask('forward')", show=False),
        Binding("left", "unit(-1)", show=False),
        Binding("right", "unit(1)", show=False),
        Binding("home", "ask('start')", show=False),
        Binding("end", "ask('end')", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    position = reactive(0, repaint=False)
    """Steps taken."""
    unit = reactive(0, repaint=False)
    """The column under the cursor."""
    followed = reactive("h", repaint=False)
    """What the cells show: "h", or the letter of a gate or state."""

    class Wanted(Message):
        """The learner asks the player for another step."""

        def __init__(self, verb: str, position: int | None = None) -> None:
            super().__init__()
            self.verb = verb
            self.position = position

    class Aimed(Message):
        """The learner points at another unit."""

        def __init__(self, unit: int) -> None:
            super().__init__()
            self.unit = unit

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.show_run(run)

    def show_run(self, run: Run) -> None:
        """Another run under the same lens."""
        self._run = run
        self._matrix = run.hidden if self.followed == "h" else followed_values(run, self.followed)
        longest = max((width(token) for token in run.tokens), default=0)
        self._label = 5 + min(max(longest, width(_("token")), 2), 14)
        # The numbers of the steps take as much room as the last one needs.
        self._digits = max(len(str(len(run.tokens))), 1)
        self._label += self._digits - 1
        self.virtual_size = Size(0, len(run.tokens) + 2)
        self.refresh()

    def _units(self, available: int) -> tuple[int, int, int]:
        """Cells for a unit, and the first and last unit that fit in `available`."""
        units = self._matrix.shape[1]
        note = 0 if all(self._run.known) else 2 + width(_("unknown word"))
        room = max(available - self._label - 8 - note, 1)
        each = max(min(room // units, WIDEST), 1)
        count = min(units, max(room // each, 1))
        first = min(max(self.unit - count // 2, 0), units - count)
        return each, first, first + count

    def render_line(self, y: int) -> Strip:
        """The heading at the top, which stays; then the rows in view."""
        size = self.size.width
        look = look_of(self.app)
        row = self._heading(size, look) if y == 0 else self._row(y - 1 + self.scroll_offset.y, size, look)
        return strip_of(fit(row, size), size, self.rich_style)

    def _heading(self, available: int, look: Look) -> Row:
        each, first, last = self._units(available)
        names = f"{self.followed}{first + 1}"
        end = f"{self.followed}{last}"
        cells = (last - first) * each
        middle = pad(names, max(cells - len(end), 0)) + end if cells > len(names) + len(end) else pad(names, cells)
        return (
            Span(pad(" " * (3 + self._digits) + _("token"), self._label), look.muted),
            Span(middle, look.muted),
            Span("   ‖Δh‖" if not look.ascii else "   |dh|", look.muted),
        )

    def _row(self, step: int, available: int, look: Look) -> Row:
        if step > len(self._run.tokens):
            return ()
        here = step == self.position
        arrow = (">" if look.ascii else "▶") if here else " "
        if step == 0:
            name, number = ("h_0" if look.ascii else "h₀"), ""
        else:
            name, number = self._run.tokens[step - 1], str(step)
        known = step == 0 or self._run.known[step - 1]
        name_room = self._label - self._digits - 4
        label = f"{number:>{self._digits}} {pad(crop(name, name_room, ascii=look.ascii), name_room)} "
        bold = Style(bold=True) if here else PLAIN
        head = (
            Span(arrow + " ", look.accent),
            Span(label, (look.muted if step > self.position or not known else bold)),
        )
        if step > self.position:
            return head
        each, first, last = self._units(available)
        if step == 0 and self.followed != "h":
            return head
        values = (self._run.h_0 if step == 0 else self._matrix[step - 1])[first:last]
        cursor = self.unit - first if here and self.has_focus else None
        cells = heat_row(values.tolist(), look, width=each, bright=here, cursor=cursor)
        change = "" if step == 0 else f"   {self._run.change[step - 1]:.2f}"
        unknown = "" if known else "  " + _("unknown word")
        return (*head, *cells, Span(change, bold), Span(unknown, look.muted))

    def watch_position(self, old: int, new: int) -> None:
        """Two rows changed, and the current one is in view."""
        if self._keep_in_view():
            return
        top = self.scroll_offset.y
        low, high = min(old, new), max(old, new)
        self.refresh(Region(0, low - top + 1, self.size.width, high - low + 1))

    def on_resize(self) -> None:
        """With fewer rows, another part may have to show."""
        self._keep_in_view()

    def _keep_in_view(self) -> bool:
        """Scroll to the current row where it is out of sight, and say whether that was so."""
        body = self.size.height - 1
        top = self.scroll_offset.y
        if body <= 0 or top <= self.position < top + body:
            return False
        self.scroll_to(y=max(self.position - body // 2, 0), animate=False, immediate=True)
        self.refresh()
        return True

    def watch_unit(self) -> None:
        """The cursor moved within its row, or the columns moved under it."""
        self.refresh()

    def watch_followed(self) -> None:
        """Other values in the same cells."""
        self.show_run(self._run)

    def watch_has_focus(self, value: bool) -> None:
        """The cursor shows who has the keys."""
        super().watch_has_focus(value)
        self.refresh()

    def action_ask(self, verb: str) -> None:
        """Pass a key on to the player."""
        self.post_message(self.Wanted(verb))

    def action_page(self, by: int) -> None:
        """A screenful on or back."""
        self.post_message(self.Wanted("go", self.position + by * max(self.size.height - 2, 1)))

    def action_unit(self, by: int) -> None:
        """The unit beside."""
        self.post_message(self.Aimed(min(max(self.unit + by, 0), self._matrix.shape[1] - 1)))

    def on_click(self, event: events.Click) -> None:
        """A click goes to the step and the unit under it."""
        step = event.y - 1 + self.scroll_offset.y
        each, first, last = self._units(self.size.width)
        column = event.x - self._label
        if 0 <= column < (last - first) * each:
            self.post_message(self.Aimed(first + column // each))
        if event.y > 0 and 0 <= step <= len(self._run.tokens):
            self.post_message(self.Wanted("go", step))


def followed_values(run: Run, name: str) -> npt.NDArray[np.floating]:
    """A gate or a state of the last layer, forward direction: (T, H)."""
    values: npt.NDArray[np.floating] = run.trace.gates(layer=run.model.spec.num_layers - 1)[name][:, 0]
    return values


class Diagram(Drawn):
    """The chain of copies of one cell, the current one brightest."""

    DEFAULT_CSS = """
    Diagram { height: auto; margin-bottom: 1; }
    """

    position = reactive(0, repaint=False)
    compact = reactive(False, repaint=False)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The chain."""
        return unrolled(self.run.tokens, self.position, width, look, compact=self.compact)

    def watch_position(self) -> None:
        """Another copy is the current one."""
        self.redraw()

    def watch_compact(self) -> None:
        """Rows fewer or more."""
        self.redraw(layout=True)


class Next(Drawn):
    """The likeliest next tokens after the current step, from its own h_t."""

    DEFAULT_CSS = """
    Next { height: auto; margin-top: 1; }
    """

    position = reactive(0, repaint=False)

    def __init__(self, run: Run, count: int) -> None:
        super().__init__()
        self.run = run
        self.count = count

    def show_count(self, count: int) -> None:
        """As many words as there is room for."""
        if count != self.count:
            self.count = count
            self.redraw(layout=True)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """A heading and the bars; before the first token there is nothing to say yet."""
        if self.position == 0:
            head = _("next token: step once, and the network guesses")
            return [(Span(crop(head, width, ascii=look.ascii), look.muted),), *([()] * self.count)]
        said = self.run.tokens[self.position - 1]
        head = _("next after “{token}”").format(token=said) if not look.ascii else f'next after "{said}"'
        items = self.run.next(self.position - 1, self.count)
        drawn = bars(items, width, look, limit=1.0, label_width=10, bright=items[0][0] if items else None)
        return [(Span(crop(head, width, ascii=look.ascii), look.muted),), *drawn]

    def watch_position(self) -> None:
        """Other bars."""
        self.redraw()


class Why(Drawn):
    """The value under the cursor, opened into the terms that it is made of."""

    DEFAULT_CSS = """
    Why { height: 3; margin-top: 1; }
    """

    position = reactive(0, repaint=False)
    unit = reactive(0, repaint=False)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The equation, its terms named beneath, then where to look next."""
        if self.position == 0:
            words = _("h₀ is set to zeros: nothing came before.")
            return [(Span(crop(words, width, ascii=look.ascii), look.muted),)]
        t = self.position - 1
        if self.unit >= self.run.model.spec.hidden_size:
            words = _("This unit reads from the other end.")
            return [(Span(crop(words, width, ascii=look.ascii), look.muted),)]
        return why_rows(self.run, t, self.unit, width, look)

    def watch_position(self) -> None:
        """Another step."""
        self.redraw()

    def watch_unit(self) -> None:
        """Another unit."""
        self.redraw()


def why_rows(run: Run, t: int, unit: int, available: int, look: Look) -> list[Row]:
    """`h_3[2] = tanh( 0.62 + 0.31 + 0.02 ) = 0.74`, with the name of each term under it."""
    terms = dict(run.terms(t, unit))
    name = f"h_{t + 1}[{unit + 1}]"
    value = float(run.hidden[t, unit])
    cell = run.model.spec.cell
    if cell == "rnn":
        pieces = [(f"{amount:+.2f}", term) for term, amount in terms.items()]
        opening, closing = run.model.spec.nonlinearity.replace("identity", "") + "(", ")"
    elif cell == "gru":
        z, n, before = terms["z"], terms["n"], terms["h₋"]
        pieces = [
            (f"{1 - z:.2f}·", "1−z"),
            (f"{n:+.2f}", "n"),
            (f" + {z:.2f}·", "z"),
            (f"{before:+.2f}", "h₋"),
        ]
        opening, closing = "", ""
    else:
        o, c = terms["o"], terms["c"]
        pieces = [(f"{o:.2f}·", "o"), (f"tanh({c:+.2f})", "c = f·c₋ + i·g")]
        opening, closing = "", ""
    top = [Span(f"{name} = ", Style(bold=True)), Span(opening + (" " if opening else ""), look.muted)]
    under = " " * (len(name) + 3 + len(opening) + (1 if opening else 0))
    for amount, term in pieces:
        room = max(width(amount), width(term)) + 2
        top.append(Span(pad(amount, room), PLAIN))
        under += pad(term, room)
    top += [Span(closing + " = ", look.muted), Span(f"{value:+.2f}", look.accent)]
    rows: list[Row] = [
        fit(tuple(top), available),
        (Span(crop(under, available, ascii=look.ascii), look.muted),),
    ]
    if cell == "lstm":
        made = f"c = {terms['f']:.2f}·{terms['c₋']:+.2f} + {terms['i']:.2f}·{terms['g']:+.2f} = {terms['c']:+.2f}"
        rows.append((Span(crop(" " * (len(name) + 3) + made, available, ascii=look.ascii), look.muted),))
    return rows


class Transport(Drawn):
    """The player's buttons, where it stands and how fast it goes."""

    DEFAULT_CSS = """
    Transport { height: 1; margin-top: 1; }
    """

    playback: reactive[Playback | None] = reactive(None, repaint=False)

    _BUTTONS = (
        ("|◀", "|<", "start"),
        ("◀", "<", "back"),
        ("", "", "toggle"),
        ("▶", ">", "forward"),
        ("▶|", ">|", "end"),
    )

    def _signs(self, look: Look) -> list[tuple[str, str]]:
        playing = self.playback is not None and self.playback.playing
        toggle = ("||" if look.ascii else "❚❚") if playing else ("play" if look.ascii else "▶▶")
        return [
            (ascii_ if look.ascii else sign, verb) if verb != "toggle" else (toggle, verb)
            for sign, ascii_, verb in self._BUTTONS
        ]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row."""
        if self.playback is None:
            return [()]
        p = self.playback
        spans = []
        for sign, verb in self._signs(look):
            spans += [Span(sign, look.accent if verb == "toggle" else PLAIN), Span("  ", PLAIN)]
        where = _("step {n} of {total}").format(n=p.position, total=p.length)
        speed = _("{n:g} a second").format(n=p.tokens_per_second)
        left = (*spans, Span(f"  {where}", look.muted), Span(f"   {speed}", look.muted))
        scale = legend(look, min(width, 24)) if width >= 70 else ()
        used = sum(_span_width(s) for s in left)
        gap = max(width - used - sum(_span_width(s) for s in scale), 0)
        return [fit((*left, Span(" " * gap, PLAIN), *scale), width)]

    def watch_playback(self) -> None:
        """Draw it."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """The buttons do what their keys do."""
        column = 0
        for sign, verb in self._signs(look_of(self.app)):
            if column <= event.x < column + width(sign) + 1:
                self.post_message(StateMap.Wanted(verb))
            column += width(sign) + 2


def _span_width(span: Span) -> int:
    return width(span.text)


class Player(Vertical):
    """A run and the place in it. Its parts are bound to the playback, and move with it."""

    DEFAULT_CSS = """
    Player { height: 1fr; }
    Player.-tight Next, Player.-tight Why, Player.-tight Transport { margin-top: 0; }
    """

    playback: reactive[Playback] = reactive(Playback(0), repaint=False)
    """Where it stands."""
    position = reactive(0, repaint=False)
    """`playback.position`, for the parts to be bound to."""
    unit = reactive(0, repaint=False)
    """The unit under the heatmap's cursor."""
    followed = reactive("h", repaint=False)
    """What the heatmap shows."""
    opened = reactive(False, repaint=False)
    """Whether the value under the cursor is opened into its terms."""

    class Stepped(Message):
        """The player stands somewhere else."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def __init__(
        self, values: StateValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.values = values
        self.clock = clock
        self._timer: Timer | None = None
        self.set_reactive(Player.playback, Playback(len(values.run.tokens)))

    def compose(self) -> ComposeResult:
        """The instruments, from the idea to the detail."""
        run = self.values.run
        yield Diagram(run).data_bind(Player.position)
        yield StateMap(run).data_bind(Player.position, Player.unit, Player.followed)
        yield Why(run).data_bind(Player.position, Player.unit)
        if self.values.next and run.probabilities is not None:
            yield Next(run, self.values.next).data_bind(Player.position)
        yield Transport().data_bind(Player.playback)

    def on_mount(self) -> None:
        """One timer, asleep until it is played."""
        self._timer = self.set_interval(TICK, self.tick, pause=True)
        self.query_one(Why).display = self.opened

    def on_resize(self, event: events.Resize) -> None:
        """The heatmap keeps at least five rows: the diagram gives way first, then the opened value's room."""
        self._share(event.size.height)

    def _share(self, height: int) -> None:
        """Give each part its rows: what the step is about first, then air, then the diagram."""
        rows = len(self.values.run.tokens) + 2
        words = next(iter(self.query(Next)), None)
        least = min(self.values.next, LEAST_NEXT)
        room = height - 1 - min(rows, LEAST_ROWS) - (3 if self.opened else 0) - (least + 1 if words else 0)
        gaps = 1 + self.opened + (words is not None)
        airy = room >= gaps
        self.set_class(not airy, "-tight")
        room -= gaps if airy else 0
        if words is not None:
            more = min(self.values.next - least, max(room, 0))
            words.show_count(least + more)
            room -= more
        diagram = self.query_one(Diagram)
        diagram.display = room >= 4
        diagram.compact = room < 5
        if diagram.display:
            room -= 4 if diagram.compact else 5
        self.query_one(StateMap).styles.height = max(min(rows, min(rows, LEAST_ROWS) + room), 2)

    def act(self, verb: str, position: int | None = None) -> str:
        """Do what a key asks; what is returned says why nothing moved, and is empty when something did."""
        before = self.playback
        if verb == "toggle":
            self.playback = before.toggle(self.clock())
        elif verb == "go":
            self.playback = before.go(position or 0)
        else:
            self.playback = getattr(before, verb)()
        if self.playback != before:
            return ""
        if verb in ("faster", "slower"):
            return _("This is the fastest.") if verb == "faster" else _("This is the slowest.")
        if before.length == 0:
            return _("There is nothing to play: the text is empty.")
        return _("This is the first step.") if before.at_start else _("This is the last step.")

    def tick(self) -> None:
        """Look at the clock."""
        self.playback = self.playback.due(self.clock())

    def watch_playback(self, old: Playback, new: Playback) -> None:
        """State drives the clock: the timer runs only while it plays."""
        self.position = new.position
        if self._timer is not None and old.playing != new.playing:
            if new.playing:
                self._timer.resume()
            else:
                self._timer.pause()
        if old.position != new.position:
            self.post_message(self.Stepped(new.position))

    def watch_opened(self) -> None:
        """Show or hide the terms."""
        for why in self.query(Why):
            why.display = self.opened
            self._share(self.size.height)

    def on_state_map_wanted(self, message: StateMap.Wanted) -> None:
        """A part passed a key on."""
        message.stop()
        self.act(message.verb, message.position)

    def on_state_map_aimed(self, message: StateMap.Aimed) -> None:
        """The cursor is the player's too, for the opened value follows it."""
        message.stop()
        self.unit = message.unit

    @property
    def followable(self) -> tuple[str, ...]:
        """What the heatmap can show: the state, then the cell's gates by letter."""
        run = self.values.run
        return ("h", *(gate.name for gate in CELLS[run.model.spec.cell].gates))

    def follow(self, name: str) -> None:
        """Show other values in the heatmap."""
        self.followed = name

    def meaning(self, name: str) -> str:
        """A gate's name and what its ends mean, in a line."""
        if name == "h":
            return _("h: the hidden state")
        gate = next(g for g in CELLS[self.values.run.model.spec.cell].gates if g.name == name)
        low, high = gate.range
        return _("{letter}: {label}, {low:g} to {high:g}").format(letter=name, label=_(gate.label), low=low, high=high)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (*PLAYER_HINTS, Hint("w", "why", _("why")))
