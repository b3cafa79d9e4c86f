"""Which widget shows which figure: the second of the two tables, under the names of `course.figures.FIGURES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.figures import Options, Values
from tutor.ui.figures.attribution import AttributionFigure
from tutor.ui.figures.bars import BarsFigure
from tutor.ui.figures.compare import CompareFigure
from tutor.ui.figures.embedding import EmbeddingFigure
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gates import GatesFigure
from tutor.ui.figures.gradient import GradientFigure
from tutor.ui.figures.jacobian import JacobianFigure
from tutor.ui.figures.landscape import LandscapeFigure
from tutor.ui.figures.next import NextFigure
from tutor.ui.figures.picture import PictureFigure
from tutor.ui.figures.race import RaceFigure
from tutor.ui.figures.receptive_field import ReceptiveFieldFigure
from tutor.ui.figures.series import SeriesFigure
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.tags import TagsFigure
from tutor.ui.figures.timing import TimingFigure
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.figures.unrolled import UnrolledFigure
from tutor.ui.figures.why import WhyFigure

FIGURE_WIDGETS: dict[str, Callable[[Any, Any, Callable[[], float]], Figure]] = {
    "state": lambda options, values, clock: StateFigure(values, clock=clock),
    "gradient": lambda options, values, clock: GradientFigure(options, values),
    "jacobian": lambda options, values, clock: JacobianFigure(options, values),
    # What is timed is the machine: never by the clock that a screen plays by.
    "timing": lambda options, values, clock: TimingFigure(options, values),
    "training": lambda options, values, clock: TrainingFigure(values),
    "race": lambda options, values, clock: RaceFigure(values),
    "gates": lambda options, values, clock: GatesFigure(values, clock=clock),
    "compare": lambda options, values, clock: CompareFigure(values, clock=clock),
    "bars": lambda options, values, clock: BarsFigure(values),
    "landscape": lambda options, values, clock: LandscapeFigure(values),
    "embedding": lambda options, values, clock: EmbeddingFigure(values, clock=clock),
    "series": lambda options, values, clock: SeriesFigure(values),
    "unrolled": lambda options, values, clock: UnrolledFigure(values, clock=clock),
    "why": lambda options, values, clock: WhyFigure(values, clock=clock),
    "picture": lambda options, values, clock: PictureFigure(options, values, clock=clock),
    "receptive-field": lambda options, values, clock: ReceptiveFieldFigure(values, clock=clock),
    "next": lambda options, values, clock: NextFigure(values, clock=clock),
    "attribution": lambda options, values, clock: AttributionFigure(values, clock=clock),
    "tags": lambda options, values, clock: TagsFigure(values, clock=clock),
}


def figure_widget(show: str, options: Options, values: Values, clock: Callable[[], float]) -> Figure:
    """The widget that shows a figure's values."""
    return FIGURE_WIDGETS[show](options, values, clock)
