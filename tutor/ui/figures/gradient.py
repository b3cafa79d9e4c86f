"""The gradient figure: ‖∂h_T/∂h_t‖ on a log chart, computed again at every move of ρ."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.app import ComposeResult

from tutor.course.figures.gradient import Gradient, GradientValues
from tutor.draw.cells import Look, Row
from tutor.draw.chart import Line, log_chart
from tutor.i18n import _
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.ask import NumberField
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint


class GradientChart(Drawn):
    """The chart alone."""

    DEFAULT_CSS = """
    GradientChart { height: 1fr; max-height: 26; }
    """

    def __init__(self, values: GradientValues, *, y_label: str = "‖∂h_T/∂h_t‖") -> None:
        super().__init__()
        self.values = values
        self.y_label = y_label

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Each series by its marker and its name."""
        lines = [Line(s.label, tuple((float(k), v) for k, v in enumerate(s.log10))) for s in self.values.series]
        return log_chart(
            lines, width, max(height, 6), look, x_label=_("steps back from the loss"), y_label=self.y_label
        )

    def show(self, values: GradientValues) -> None:
        """Other values."""
        self.values = values
        self.redraw()


class GradientFigure(Figure):
    """The chart, and under it the slider where the lesson lets ρ move.

    The first radius follows the slider; the others stay as landmarks.
    """

    DEFAULT_CSS = """
    GradientFigure > NumberField { margin-top: 1; }
    """

    LOW, HIGH = 0.3, 1.7

    SHOW = "gradient"

    def __init__(self, options: Gradient, values: GradientValues) -> None:
        super().__init__(values)
        self.options = options

    def compose(self) -> ComposeResult:
        """The chart above its slider."""
        yield GradientChart(self.values)
        if self.options.slider:
            # 140 steps, so that one press is 0.01 and 1.00 is a place that the knob can stand at.
            yield NumberField(self.LOW, self.HIGH, start=self.options.radii[0], steps=140)

    def on_number_field_moved(self, message: NumberField.Moved) -> None:
        """Measure again, with the new ρ in the first one's place."""
        message.stop()
        radius = round(message.value, 2)
        landmarks = tuple(r for r in self.options.radii[1:] if r != radius)
        options = msgspec.structs.replace(self.options, radii=(radius, *landmarks))
        self.values = options.measure()
        self.query_one(GradientChart).show(self.values)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (Hint("← →", "", _("move ρ")),) if self.options.slider else ()
