"""The training figure: bits per token falling, live, beside what guessing would cost."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import ProgressBar

from tutor.course.figures.training import TrainingValues
from tutor.draw.cells import Look, Row, Span, crop
from tutor.draw.chart import Line, line_chart
from tutor.i18n import _
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint


class Curve(Drawn):
    """The loss against weight updates."""

    DEFAULT_CSS = """
    Curve { height: 1fr; max-height: 24; }
    """

    def __init__(self, values: TrainingValues) -> None:
        super().__init__()
        self.values = values

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One line, and its baselines by name."""
        points = tuple((float(step), bits) for step, bits in self.values.points)
        names = {"uniform": _("a blind guess"), "unigram": _("knowing how common each is")}
        return line_chart(
            [Line(_("the network"), points)],
            width,
            max(height, 6),
            look,
            x_label=_("weight updates"),
            y_label=_("bits per token"),
            baselines=[(names.get(name, name), bits) for name, bits in self.values.baselines],
            x_range=(0.0, float(self.values.steps)),
            # The axis stands still while the curve falls.
            y_range=(
                0.0,
                max([bits for _, bits in (*self.values.points[:1], *self.values.baselines)], default=1.0),
            ),
        )


class Said(Drawn):
    """One line about where the training stands."""

    DEFAULT_CSS = """
    Said { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = ""

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The line."""
        return [(Span(crop(self.words, width, ascii=look.ascii), look.muted),)]


class TrainingFigure(Figure):
    """The curve, a progress bar, and a word on where it stands."""

    DEFAULT_CSS = """
    TrainingFigure > ProgressBar { height: 1; }
    TrainingFigure Bar { width: 1fr; }
    """

    SHOW = "training"

    def __init__(self, values: TrainingValues, *, running: bool = False, name: str = "") -> None:
        super().__init__(values)
        self.running = running
        self.model_name = name

    def compose(self) -> ComposeResult:
        """The picture, then how far."""
        yield Curve(self.values)
        yield ProgressBar(total=self.values.steps, show_eta=False)
        yield Said()

    def on_mount(self) -> None:
        """Say where it stands."""
        self.show(self.values, running=self.running)

    def show(self, values: TrainingValues, *, running: bool) -> None:
        """More checkpoints, or the end of them."""
        self.values, self.running = values, running
        step, bits = values.points[-1] if values.points else (0, float("nan"))
        curve, bar, said = self.query_one(Curve), self.query_one(ProgressBar), self.query_one(Said)
        curve.values = values
        curve.redraw()
        bar.update(progress=step, total=values.steps)
        bar.display = running or step < values.steps
        if running:
            said.words = _("update {step} of {steps} · {bits:.2f} bits").format(
                step=step, steps=values.steps, bits=bits
            )
        elif step < values.steps:
            said.words = _("stopped at update {step} of {steps} · {bits:.2f} bits").format(
                step=step, steps=values.steps, bits=bits
            )
        else:
            said.words = _("trained: {steps} updates · {bits:.2f} bits").format(steps=values.steps, bits=bits)
        said.redraw()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        unfinished = not self.running and bool(self.values.points) and self.values.points[-1][0] < self.values.steps
        return (Hint("t", "train", _("train on")),) if unfinished else ()
