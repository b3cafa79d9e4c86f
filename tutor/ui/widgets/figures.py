"""Which widget shows which figure: the second of the two tables, under the names of `course.figures.FIGURES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widget import Widget

from tutor.course.figures import Options, Values
from tutor.ui.widgets.bars import BarsFigure
from tutor.ui.widgets.gradient import GradientFigure
from tutor.ui.widgets.state import Player
from tutor.ui.widgets.training import TrainingFigure

FIGURE_WIDGETS: dict[str, Callable[[Any, Any, Callable[[], float]], Widget]] = {
    "state": lambda options, values, clock: Player(values, clock=clock),
    "gradient": lambda options, values, clock: GradientFigure(options, values),
    "training": lambda options, values, clock: TrainingFigure(values),
    "bars": lambda options, values, clock: BarsFigure(values),
}


def figure_widget(show: str, options: Options, values: Values, clock: Callable[[], float]) -> Widget:
    """The widget that shows a figure's values."""
    return FIGURE_WIDGETS[show](options, values, clock)
