"""The gradient figure: ‖∂h_T/∂h_t‖ on a log chart, measured again at every move of ρ, and of another cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import reactive

from tutor.course.figures.facts import Fact
from tutor.course.figures.gradient import NOTHING, Activation, Cell, Gradient, GradientValues
from tutor.draw.cells import Look, Row, crop
from tutor.draw.figures.gradient import Curve, gradient, gradient_at
from tutor.draw.wording import shown_token
from tutor.i18n import _
from tutor.ui.figures.figure import Figure, FigurePart
from tutor.ui.widgets.drawn import ascii_only, look_of
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.number import NumberField

_MOST_TOKEN = 12
"""Cells of the token that it is measured from."""
AT_ONCE = 1_000
"""Steps × units that are measured within a frame: 50 × 8 take some 2 ms, and the time grows as both."""


class GradientChart(FigurePart, can_focus=True):
    """The chart alone, with a cursor that reads every series at a distance: ← and → move it."""

    DEFAULT_CSS = """
    GradientChart { height: 1fr; max-height: 28; }
    """

    BINDINGS = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("pageup,shift+left", "move(-10)", show=False),
        Binding("pagedown,shift+right", "move(10)", show=False),
    ]

    cursor: reactive[int | None] = reactive(None, repaint=False)
    """The distance whose values are read; None is the farthest, however far that is."""

    def __init__(self, values: GradientValues, *, y_label: str = "‖∂h_T/∂h_t‖") -> None:
        super().__init__()
        self.values = values
        self.y_label = y_label

    @property
    def _curves(self) -> list[Curve]:
        return [Curve(s.label, s.log10, s.radius) for s in self.values.series]

    @property
    def _nothing(self) -> list[tuple[str, float]]:
        return [(_("0 in {precision}").format(precision=name), level) for name, level in NOTHING.items()]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Each series by its marker and its name, and the numbers at the cursor."""
        return gradient(
            self._curves,
            width,
            max(height, 6),
            look,
            y_label=self.y_label,
            cursor=self.cursor,
            focused=self.has_focus,
            nothing=self._nothing,
        )

    def show(self, values: GradientValues, y_label: str | None = None) -> None:
        """Other values."""
        self.values = values
        self.y_label = self.y_label if y_label is None else y_label
        self.redraw()

    def action_move(self, by: int) -> None:
        """Read at another distance."""
        at = self.values.steps if self.cursor is None else min(self.cursor, self.values.steps)
        wanted = at + by
        if 0 <= wanted <= self.values.steps or abs(by) > 1:
            self.cursor = min(max(wanted, 0), self.values.steps)
        else:
            self.tell(_("This is the loss.") if by < 0 else _("No series goes back farther."))

    def on_click(self, event: events.Click) -> None:
        """A click reads at the distance that it hit."""
        self.focus()
        found = gradient_at(
            event.x,
            self._curves,
            self.size.width,
            max(self.size.height, 6),
            look_of(self.app),
            y_label=self.y_label,
            nothing=self._nothing,
        )
        if found is not None:
            self.cursor = found

    def watch_cursor(self) -> None:
        """Another distance."""
        self.redraw()


class RadiusFigure(Figure):
    """A figure that is measured again at another ρ, under a slider, and with another cell or activation, by keys."""

    DEFAULT_CSS = """
    RadiusFigure > NumberField { margin-top: 1; }
    """

    BINDINGS = [
        Binding("v", "activation", "another activation", show=False),
        Binding("c", "cell", "another cell", show=False),
    ]

    LOW, HIGH = 0.3, 1.7

    KEYS = "NumberField"

    def slider(self, radius: float) -> NumberField:
        """The slider, with its knob at `radius`."""
        # 140 steps, so that one press is 0.01 and 1.00 is a place that the knob can stand at.
        return NumberField(self.LOW, self.HIGH, start=radius, steps=140)


def next_cell(cell: Cell) -> Cell:
    """The cell that comes after `cell`, and the first one after the last."""
    order: tuple[Cell, ...] = ("rnn", "gru", "lstm")
    return order[(order.index(cell) + 1) % len(order)]


def keeps_cell() -> str:
    """Why a network that is not a figure's own has no other cell in it: trained or not, of a lesson or the sandbox."""
    return _("A network given to this figure keeps its cell.")


def keeps_activation() -> str:
    """Likewise of its activation."""
    return _("A network given to this figure keeps its activation.")


class GradientFigure(RadiusFigure):
    """The chart, and under it the slider where the lesson lets ρ move.

    The first radius follows the slider; the others, and what was measured of trained models, stay as landmarks.
    """

    SHOW = "gradient"

    def __init__(self, options: Gradient, values: GradientValues) -> None:
        super().__init__(values)
        self.options = options
        """What is drawn now: the lesson's, with what keys have changed."""
        self._landmarks = options.radii[1:]
        self._trained = tuple(s for s in values.series if s.trained)

    def compose(self) -> ComposeResult:
        """The chart above its slider."""
        yield GradientChart(self.values, y_label=self.axis)
        if self.options.slider:
            yield self.slider(self.options.radii[0])

    def renew(self, options: Gradient, values: GradientValues) -> bool:
        """Other series; under a slider it measures its own."""
        if options.slider or self.options.slider:
            return False
        self.options, self._landmarks = options, options.radii[1:]
        self._trained = tuple(s for s in values.series if s.trained)
        self._show(values)
        return True

    @property
    def axis(self) -> str:
        """What is measured, by which norm, and of what."""
        quantities = ", ".join(dict.fromkeys(s.quantity for s in self.values.series))
        parts = [f"{quantities} {_norm(self.options.norm)}"]
        if self.values.at:
            token = crop(shown_token(self.values.token, ascii=ascii_only()), _MOST_TOKEN, ascii=ascii_only())
            parts.append(_("T = {n}, {token}").format(n=self.values.at, token=token))
        cells = self.options.untrained
        if len(cells) == 1:
            parts.append(cells[0].upper())
        if "rnn" in cells:
            parts.append(_activation(self.options.activation))
        return " · ".join(parts)

    def on_number_field_moved(self, message: NumberField.Moved) -> None:
        """Measure again, with the new ρ in the first one's place."""
        message.stop()
        radius = round(message.value, 2)
        self._measure(radii=(radius, *(r for r in self._landmarks if r != radius)))

    def action_activation(self) -> None:
        """The RNN with its tanh, or without it."""
        if "rnn" not in self.options.untrained:
            self.tell(
                _("The gates' functions are what makes the cell: only the RNN has others.")
                if self.options.untrained
                else keeps_activation()
            )
        elif len(self.options.untrained) > 1:
            self.tell(_("The gated cells beside it have tanh alone."))
        else:
            changed: Activation = "identity" if self.options.activation == "tanh" else "tanh"
            self._measure(activation=changed)

    def action_cell(self) -> None:
        """The next cell, with the same ρ."""
        cells = self.options.untrained
        if len(cells) != 1:
            self.tell(_("The cells stand beside one another here.") if cells else keeps_cell())
            return
        self._measure(cells=(next_cell(cells[0]),), activation="tanh")

    def _measure(self, **changes: object) -> None:
        """Measure what has changed: within this frame where it fits, else in a thread."""
        self.options = msgspec.structs.replace(self.options, **changes)
        self.changed()
        options, trained = self.options, self._trained
        if options.steps * options.hidden <= AT_ONCE:
            self._show(options.measure(trained))
        else:
            self.later(lambda: options.measure(trained), self._show)

    def _show(self, values: GradientValues) -> None:
        self.values = values
        self.query_one(GradientChart).show(values, self.axis)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        # The slider goes by hundredths.
        radius, cells = round(self.options.radii[0], 2), self.options.untrained
        return {"radius": radius, "activation": self.options.activation, "cell": cells[0] if cells else ""}

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        found = [Hint("← →", "", _("move ρ") if self.options.slider else _("distance"))]
        if self.options.untrained == ("rnn",):
            found.append(Hint("v", "activation", _("tanh"), self))
        if len(self.options.untrained) == 1:
            found.append(Hint("c", "cell", _("cell"), self))
        return tuple(found)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys: those that do something now."""
        reads = _("move ρ; on the chart, the distance that is read") if self.options.slider else _("another distance")
        found = [("← →", reads), ("pageup pagedown", _("on the chart, ten steps"))]
        if self.options.untrained == ("rnn",):
            found.append(("v", _("the RNN with tanh, or without")))
        if len(self.options.untrained) == 1:
            found.append(("c", _("another cell with the same ρ")))
        return tuple(found)


def _norm(name: str) -> str:
    return {"spectral": _("(spectral)"), "frobenius": _("(Frobenius)")}[name]


def _activation(name: str) -> str:
    return {"tanh": _("tanh on"), "identity": _("tanh off: linear"), "relu": _("relu")}[name]
