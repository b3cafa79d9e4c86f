"""Which widget shows which figure: the second of the two tables, under the names of `course.figures.FIGURES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.figures import Options, Values
from tutor.ui.figures.bars import BarsFigure
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gradient import GradientFigure
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.training import TrainingFigure

FIGURE_WIDGETS: dict[str, Callable[[Any, Any, Callable[[], float]], Figure]] = {
    "state": lambda options, values, clock: StateFigure(values, clock=clock),
    "gradient": lambda options, values, clock: GradientFigure(options, values),
    "training": lambda options, values, clock: TrainingFigure(values),
    "bars": lambda options, values, clock: BarsFigure(values),
}


def figure_widget(show: str, options: Options, values: Values, clock: Callable[[], float]) -> Figure:
    """The widget that shows a figure's values."""
    return FIGURE_WIDGETS[show](options, values, clock)
