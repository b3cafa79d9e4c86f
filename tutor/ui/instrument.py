"""Where a step's figure stands: what is known of it while its work goes on, and at last the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.containers import Vertical

from tutor.course.figures import Values
from tutor.course.lesson import Figure as FigureBlock
from tutor.ui.figures.bars import BarsFigure
from tutor.ui.figures.figure import Figure, LiveFigure
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.statemap import StateMap


class Instrument(Vertical):
    """Owns which figure is there, and of what.

    Args:
        clock: seconds that pass, for what plays.
    """

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.clock = clock
        self._seen: tuple[str, str] | None = None
        """Of which model and in which figure work is seen now."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """What stands there."""
        return tuple(self.query(Figure))

    def expect(self) -> None:
        """Other work begins: what it shows first is another figure, even of the same model."""
        self._seen = None

    async def show_partial(self, seen: tuple[str, str], options: Any, values: Values) -> bool:
        """What there is so far; whether another figure stands there now than before.

        Args:
            seen: of which model, and in which figure.
            options: the figure's.
            values: all that is known by now.
        """
        running = next(iter(self.query(LiveFigure)), None)
        if running is not None and self._seen == seen:
            running.show(values, running=True)
            return False
        self._seen = seen
        await self.remove_children()
        widget = figure_widget(seen[1], options, values, self.clock)
        assert isinstance(widget, LiveFigure)
        widget.running = True
        await self.mount(widget)
        return True

    async def show_whole(self, figure: FigureBlock | None, values: Values | None) -> Figure | None:
        """All of it; returns the figure where another stands there now than before.

        Args:
            figure: the step's.
            values: what it shows; None where that is nothing yet.
        """
        if figure is None or values is None:
            await self.remove_children()
            return None
        if self.query(".-whole"):
            # A figure that stood beside its question stays as the learner left it.
            return None
        await self.remove_children()
        widget = figure_widget(figure.show, figure.options, values, self.clock)
        widget.add_class("-whole")
        await self.mount(widget)
        return widget

    def show_bet(self, bet: float, truth: float) -> None:
        """What a learner predicted, beside what is so, where the figure has a place for it."""
        for bars in self.query(BarsFigure):
            bars.show_bet(bet, truth)

    def open_value(self) -> bool:
        """Open the value under the cursor of a hidden state into its terms, or close it; whether there is one."""
        state = next(iter(self.query(StateFigure)), None)
        if state is None:
            return False
        state.opened = not state.opened
        state.query_one(StateMap).focus()
        return True

    def take_keys(self) -> bool:
        """Give the keys to the figure; whether it takes any."""
        return any(figure.take_keys() for figure in self.figures)
