"""The bars figure: measured amounts on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.app import ComposeResult

from tutor.course.figures.bars import BarsValues
from tutor.draw.bars import bars
from tutor.draw.cells import Look, Row, Span, crop
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.drawn import Drawn


def _amount(value: float) -> str:
    """Three digits, but a count, or what is large, to its last one before the point."""
    whole = abs(value) < 1e9 and (value == round(value) or abs(value) >= 1000)
    return f"{value:.0f}" if whole else f"{value:.3g}"


class Amounts(Drawn):
    """A bar for each amount, with its unit said once."""

    DEFAULT_CSS = """
    Amounts { height: 1fr; }
    """

    def __init__(self, values: BarsValues) -> None:
        super().__init__()
        self.values = values
        self.bet: tuple[float, float] | None = None
        """What the learner said, and what is true."""

    def show_bet(self, said: float, truth: float) -> None:
        """Mark what was said on the bar of what it was said about."""
        self.bet = (said, truth)
        self.redraw()

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The unit, then the bars, with a row of air between them where there is room."""
        marks = {}
        if self.bet is not None:
            said, truth = self.bet
            # The same amount by another way of adding up is the same.
            marks = {label: said for label, value in self.values.items if math.isclose(value, truth, rel_tol=1e-9)}
        drawn = bars(self.values.items, width, look, format=_amount, marks=marks)
        heading: Row = (Span(crop(self.values.unit, width, ascii=look.ascii), look.muted),)
        if height < 2 * len(self.values.items) + 1:
            return [heading, *drawn]
        rows: list[Row] = [heading, ()]
        for row in drawn:
            rows += [row, ()]
        return rows[:-1]


class BarsFigure(Figure):
    """The bars, and after a bet what was said."""

    SHOW = "bars"

    def compose(self) -> ComposeResult:
        """The bars alone."""
        yield Amounts(self.values)

    def show_bet(self, said: float, truth: float) -> None:
        """Mark what was said on the bar of what it was said about."""
        self.query_one(Amounts).show_bet(said, truth)
