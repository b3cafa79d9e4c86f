"""The timing figure: `g` measures how long two networks take, and each length is drawn as soon as it is known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding

from tutor.course.figures.facts import Fact
from tutor.course.figures.timing import Network, Timing, TimingValues
from tutor.draw.cells import Look, Row
from tutor.draw.figures.timing import Timed, timing
from tutor.i18n import _, ngettext
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint


class Times(Drawn, can_focus=True):
    """The lines, and what they mean."""

    DEFAULT_CSS = """
    Times { height: 1fr; max-height: 36; }
    """

    def __init__(self, values: TimingValues) -> None:
        super().__init__()
        self.values = values
        self.words: Sequence[str] = ()
        """Where the measuring stands."""

    def show(self, values: TimingValues, words: Sequence[str]) -> None:
        """More lengths, or other words of where it stands."""
        self.values, self.words = values, words
        self.redraw()

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Each network by its marker and its name."""
        longest = self.values.lengths[-1]
        timed = [self._timed(network, longest) for network in self.values.networks]
        return timing(timed, (self.values.lengths[0], longest), width, height, look, words=self.words)

    def _timed(self, network: Network, longest: int) -> Timed:
        points = [(s.length, s.quartiles[1]) for s in self.values.of(network)]
        growth, waits = self.values.growth(network), self.values.waits(network, longest)
        if growth is None:
            return Timed(_name(network), points, math.nan, math.nan, (math.nan, math.nan), waits)
        return Timed(_name(network), points, growth.slope, growth.per_step, growth.spread, waits)

    def on_click(self, event: events.Click) -> None:
        """A click takes the keys; on the line of the key it does what the key does."""
        self.focus()
        row = 0 if not self.values.samples else self.size.height - 1
        if event.y == row and isinstance(self.parent, TimingFigure):
            self.parent.action_measure()


class TimingFigure(Figure):
    """The chart, and the measuring: one length at a time in a thread, drawn in between."""

    BINDINGS = [
        Binding("g", "measure", "measure, or stop", show=False),
        Binding("escape", "stop", "stop", show=False),
    ]

    SHOW = "timing"

    def __init__(
        self, options: Timing, values: TimingValues, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """
        Args:
            options: what is measured.
            values: what is known already.
            clock: seconds that pass; what is measured with.
        """
        super().__init__(values)
        self.options = options
        self.clock = clock
        self._measuring: Iterator[TimingValues] | None = None
        """What is being measured; None when nothing is."""

    def compose(self) -> ComposeResult:
        """The chart alone."""
        yield Times(self.values)

    def on_mount(self) -> None:
        """Say which key measures."""
        self._draw()

    @property
    def running(self) -> bool:
        """Whether it measures."""
        return self._measuring is not None

    def action_measure(self) -> None:
        """Measure from the start, or stop."""
        if self.running:
            self.action_stop()
            return
        self.values = TimingValues(
            self.values.networks, self.values.hidden, self.values.lengths, (), self.values.layers
        )
        self._measuring = self.options.measure(self.clock)
        self._draw()
        self._go_on()

    def action_stop(self) -> None:
        """Stop; what was measured stays."""
        self._measuring = None
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is the screen's unless there is something to stop."""
        return self.running if action == "stop" else True

    def _go_on(self) -> None:
        """The next length, in a thread."""
        measuring = self._measuring
        if measuring is not None:
            self.later(lambda: (measuring, next(measuring, None)), self._measured)

    def _measured(self, found: tuple[Iterator[TimingValues], TimingValues | None]) -> None:
        """Draw it, and only then measure on: a drawing takes time that would be measured."""
        measuring, values = found
        if measuring is not self._measuring:
            # It was stopped meanwhile, or begun anew.
            self._go_on()
            return
        if values is None:
            self._measuring = None
        else:
            self.values = values
        self._draw()
        self.call_after_refresh(self._go_on)

    def _draw(self) -> None:
        self.query_one(Times).show(self.values, self._words())
        self.changed()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {"measured": len(self.values.samples) // len(self.values.networks)}

    def _words(self) -> tuple[str, ...]:
        """Where it stands; what weighs most first."""
        done, whole = len(self.values.samples) // len(self.values.networks), len(self.values.lengths)
        if self.running:
            return (_("measuring: {n} of {all} lengths").format(n=done, all=whole), _("g stops"))
        if not done:
            return (_("g measures how long they take on this machine"), _("nothing is known before"))
        passes = len(self.values.samples[-1].seconds)
        said = [ngettext("median of {n} pass", "median of {n} passes", passes).format(n=passes)]
        if done < whole:
            said.insert(0, _("stopped at {n} of {all} lengths").format(n=done, all=whole))
        if "convolution" in self.values.networks:
            window = self.values.window
            said.append(ngettext("a convolution of {n} step", "a convolution of {n} steps", window).format(n=window))
        said.append(ngettext("{n} unit", "{n} units", self.values.hidden).format(n=self.values.hidden))
        return (_("g measures again"), *said)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        label = _("stop") if self.running else _("measure again") if self.values.samples else _("measure")
        return (Hint("g", "measure", label, self),)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys."""
        return (("g", _("measure, or stop; what was measured stays")),)


def _name(network: Network) -> str:
    return _("convolution") if network == "convolution" else network.upper()
