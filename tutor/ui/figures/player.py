"""A figure that is read step by step. The Player owns the place in the sequence and the only timer.

Its parts are bound to `position` and move with it; they ask for another step with `Wanted`, and never take one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.draw.cells import PLAIN, Look, Row, Span, fit, row_width
from tutor.draw.cells import width as width_of
from tutor.draw.heatmap import legend
from tutor.i18n import _
from tutor.ui.figures.figure import Figure, FigurePart
from tutor.ui.playback import Playback
from tutor.ui.widgets.drawn import Drawn, look_of
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

STEP_BINDINGS: list[BindingType] = [
    Binding("up", "ask('back')", show=False),
    Binding("down", "ask('forward')", show=False),
    Binding("pageup", "page(-1)", show=False),
    Binding("pagedown", "page(1)", show=False),
]
"""The keys of a part in which time runs down."""

TICK = 1 / 60
"""Seconds between looks at the clock while playing."""


class Wanted(Message):
    """A part of a player asks for another step."""

    def __init__(self, verb: str, position: int | None = None) -> None:
        super().__init__()
        self.verb = verb
        self.position = position


class Aimed(Message):
    """A part of a player points at another unit."""

    def __init__(self, unit: int) -> None:
        super().__init__()
        self.unit = unit


class Stepped(FigurePart):
    """What is drawn of one step, and again when there is another."""

    position = reactive(0, repaint=False)
    """Steps taken."""
    unit = reactive(0, repaint=False)
    """The unit under the cursor."""
    values: Any
    """What it draws from."""

    def watch_position(self) -> None:
        """Another step."""
        self.redraw()

    def watch_unit(self) -> None:
        """Another unit."""
        self.redraw()

    def take(self, values: Any) -> None:
        """Other values under the same lens."""
        self.values = values
        self.redraw()

    @property
    def units(self) -> int:
        """Those that its cursor can go to; asked of parts with keys for it."""
        raise NotImplementedError

    def action_ask(self, verb: str) -> None:
        """Pass a key on to the player."""
        self.post_message(Wanted(verb))

    def action_aim(self, by: int) -> None:
        """The unit beside."""
        to = min(max(self.unit + by, 0), self.units - 1)
        if to == self.unit:
            self.tell(_("This is the first unit.") if by < 0 else _("This is the last unit."))
        self.post_message(Aimed(to))


class StepRows(Stepped, can_focus=True):
    """A row for each step, its units side by side: ↑ and ↓ choose a step, ← and → a unit."""

    DEFAULT_CSS = """
    StepRows { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *STEP_BINDINGS,
        Binding("left,left_square_bracket", "aim(-1)", show=False),
        Binding("right,right_square_bracket", "aim(1)", show=False),
    ]

    @property
    def in_view(self) -> int:
        """Rows of steps that there is room for."""
        raise NotImplementedError

    def action_page(self, by: int) -> None:
        """A screenful on or back."""
        self.post_message(Wanted("go", self.position + by * max(self.in_view - 1, 1)))

    def go_to(self, step: int | None, unit: int | None) -> None:
        """Ask for what a click hit: a step, a unit, both or neither."""
        if unit is not None:
            self.post_message(Aimed(unit))
        if step is not None:
            self.post_message(Wanted("go", step))


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

    def __init__(
        self, *, scale: bool = False, signs: bool = False, where: Callable[[int, int], str] | None = None
    ) -> None:
        super().__init__()
        self.where = where or _step_of
        """A position and the length → where that is."""
        self.scale = scale
        """Whether it says what the colours of a heatmap mean."""
        self.signs = signs
        """Whether it says so of the signs that stand for them where there is no colour."""

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
        where = self.where(p.position, p.length)
        speed = _("{n:g} a second").format(n=p.tokens_per_second)
        left: Row = (*spans, Span(f"  {where}", look.muted))
        if row_width(left) + 3 + width_of(speed) <= width:
            left += (Span(f"   {speed}", look.muted),)
        scale: Row = ()
        if self.scale and width >= 70:
            scale = legend(look, min(width, 24))
        elif self.signs and look.depth == "none" and width >= 70:
            # They do not speak for themselves: which are negative, and which are large, is said.
            scale = legend(look, min(width, 20), ("-", "+"))
        gap = max(width - row_width(left) - row_width(scale), 0)
        return [fit((*left, Span(" " * gap, PLAIN), *scale), width)]

    def watch_playback(self) -> None:
        """Draw it."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """The buttons do what their keys do."""
        column = 0
        for sign, verb in self._signs(look_of(self.app)):
            if column <= event.x < column + width_of(sign) + 1:
                self.post_message(Wanted(verb))
            column += width_of(sign) + 2


def _step_of(position: int, length: int) -> str:
    return _("step {n} of {total}").format(n=position, total=length)


class Player(Figure):
    """A sequence and the place in it. Subclasses yield the `parts` above the transport."""

    DEFAULT_CSS = """
    Player.-tight Transport { margin-top: 0; }
    """

    playback: reactive[Playback] = reactive(Playback(0), repaint=False)
    """Where it stands."""
    position = reactive(0, repaint=False)
    """`playback.position`, for the parts to be bound to."""
    unit = reactive(0, repaint=False)
    """The unit under the cursor."""

    TIGHT: ClassVar[int] = 0
    """Rows below which none is left empty; 0 where the figure sees to that itself."""
    TELLING: ClassVar[tuple[str, ...]] = ("position", "unit")
    SCALED = False
    """Whether its transport says what the colours of a heatmap mean."""
    SIGNED = False
    """Whether it says so where they are signs; its cells have no range that is the same for all."""

    def __init__(
        self,
        values: Any,
        length: int,
        *,
        position: int = 0,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
    ) -> None:
        """
        Args:
            values: what it shows.
            length: steps in the sequence.
            position: steps that are taken at first sight.
            clock: seconds that pass.
        """
        super().__init__(values, id=id)
        self.clock = clock
        self._timer: Timer | None = None
        self.set_reactive(Player.playback, Playback(length, position=position))
        self.set_reactive(Player.position, position)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {"step": self.position}

    def parts(self) -> Iterable[Widget]:
        """The instruments, from the idea to the detail, bound to `position` and `unit`."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The instruments above the transport."""
        yield from self.parts()
        transport = Transport(scale=self.SCALED, signs=self.SIGNED, where=self.where)
        yield transport.data_bind(Player.playback)

    def on_mount(self) -> None:
        """One timer, asleep until it is played."""
        self._timer = self.set_interval(TICK, self.tick, pause=True)

    def on_resize(self, event: events.Resize) -> None:
        """Where rows are few, none is left empty."""
        if self.TIGHT:
            self.set_class(event.size.height < self.TIGHT, "-tight")

    @staticmethod
    def length_of(values: Any) -> int:
        """Steps in a sequence of such values."""
        return len(values.run.tokens)

    def where(self, position: int, length: int) -> str:
        """Where it stands, in words."""
        return _step_of(position, length)

    def has_read(self, tokens: int) -> int | None:
        """How many of a text's tokens are read where it stands; None where its steps are those of another text."""
        return self.position if self.playback.length == tokens else None

    def read_to(self, count: int, tokens: int) -> None:
        """Stand where so many are read; or where it stands, where its steps are those of another text."""
        if self.playback.length == tokens:
            self.playback = self.playback.go(count)

    def renew(self, options: Any, values: Any) -> bool:
        """Another sequence, at the same step where it has as many."""
        self.values = values
        for part in self.query(Stepped):
            part.take(values)
        self.playback = self.playback.over(self.length_of(values))
        return True

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

    def action_step(self, verb: str, position: int | None = None) -> None:
        """The same, and say why nothing moved."""
        if word := self.act(verb, position):
            self.tell(word)

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

    @on(Wanted)
    def part_wants(self, message: Wanted) -> None:
        """A part passed a key on."""
        message.stop()
        self.action_step(message.verb, message.position)

    @on(Aimed)
    def part_aims(self, message: Aimed) -> None:
        """The cursor is the player's, for other parts follow it."""
        message.stop()
        self.unit = message.unit

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return PLAYER_HINTS
