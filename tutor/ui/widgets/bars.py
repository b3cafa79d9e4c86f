"""The bars figure: measured amounts on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.course.figures import BarsValues
from tutor.draw.bars import bars
from tutor.draw.cells import Look, Row, Span, crop
from tutor.ui.widgets.drawn import Drawn


class BarsFigure(Drawn):
    """A bar for each amount, with its unit said once."""

    def __init__(self, values: BarsValues) -> None:
        super().__init__()
        self.values = values

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The unit, then the bars, a row of air between them."""
        rows: list[Row] = [(Span(crop(self.values.unit, width, ascii=look.ascii), look.muted),), ()]
        for row in bars(self.values.items, width, look):
            rows += [row, ()]
        return rows[:-1]
