"""The state figure: a network read token by token. The Player owns the run, the Playback and the only timer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from tutor.course.figures import StateValues
from tutor.draw.cells import PLAIN, Look, Row, Span, fit, width
from tutor.draw.heatmap import legend
from tutor.engine import CELLS
from tutor.i18n import _
from tutor.ui.playback import Playback
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.readings import Diagram, Next, Why
from tutor.ui.widgets.statemap import StateMap

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

TICK = 1 / 60
"""Seconds between looks at the clock while playing."""


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
