"""The Jacobian product: the factors of the chain rule one by one, from the last step back, and what one is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import reactive

from tutor.course.figures.facts import Fact
from tutor.course.figures.jacobian import Activation, Jacobian, JacobianValues
from tutor.draw.cells import Look, Row
from tutor.draw.figures.jacobian import StepBack, jacobian, limits, step_at
from tutor.i18n import _
from tutor.ui.figures.figure import FigurePart
from tutor.ui.figures.gradient import AT_ONCE, RadiusFigure, keeps_activation, keeps_cell, next_cell
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.number import NumberField


class Factors(FigurePart, can_focus=True):
    """The steps, and what the one under the cursor is made of: ↑ and ↓ move it."""

    DEFAULT_CSS = """
    Factors { height: 1fr; }
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
    ]

    cursor = reactive(0, repaint=False)
    """Index of the step under the cursor; 0 is the last step of the sequence."""

    def __init__(self, values: JacobianValues) -> None:
        super().__init__()
        self.show(values)

    def show(self, values: JacobianValues) -> None:
        """Other values."""
        self.values = values
        self._steps = [
            StepBack(f.back, f.step, f.token, f.factor, f.log10_product, f.log10_bound, f.slope) for f in values.factors
        ]
        self._limits = limits(self._steps)
        self.cursor = min(self.cursor, len(self._steps) - 1)
        self.redraw()

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The rows around the cursor."""
        return jacobian(
            self._steps,
            self.cursor,
            self.values.singular.of(self.cursor) if self._steps else (),
            width,
            height,
            look,
            state=self.values.state,
            scales=self._limits,
            focused=self.has_focus,
        )

    def action_move(self, by: int) -> None:
        """Another step."""
        wanted = min(max(self.cursor + by, 0), len(self._steps) - 1)
        if wanted == self.cursor:
            self.tell(_("This is the last step: the product begins here.") if by < 0 else _("This is the first step."))
        self.cursor = wanted

    def on_click(self, event: events.Click) -> None:
        """A click chooses the step that it hit."""
        self.focus()
        units = self.values.singular.size
        at = step_at(event.y, len(self._steps), self.cursor, self.size.width, self.size.height, units)
        if at is not None:
            self.cursor = at

    def watch_cursor(self) -> None:
        """Another step is the brightest."""
        self.redraw()
        self.changed()


class JacobianFigure(RadiusFigure):
    """The factors, and under them the slider where the lesson lets ρ move."""

    SHOW = "jacobian"

    def __init__(self, options: Jacobian, values: JacobianValues) -> None:
        super().__init__(values)
        self.options = options
        """What is drawn now: the lesson's, with what keys have changed."""

    def compose(self) -> ComposeResult:
        """The factors above the slider."""
        yield Factors(self.values)
        if self.options.slider:
            yield self.slider(self.options.radius)

    def renew(self, options: Jacobian, values: JacobianValues) -> bool:
        """Other factors; under a slider it measures its own."""
        if options.slider or self.options.slider:
            return False
        self.options = options
        self._show(values)
        return True

    def on_number_field_moved(self, message: NumberField.Moved) -> None:
        """Multiply again, with the new ρ."""
        message.stop()
        self._measure(radius=round(message.value, 2))

    def action_activation(self) -> None:
        """The RNN with its tanh, or without it."""
        if self.options.model:
            self.tell(keeps_activation())
        elif self.options.cell != "rnn":
            self.tell(_("The gates' functions are what makes the cell: only the RNN has others."))
        else:
            changed: Activation = "identity" if self.options.activation == "tanh" else "tanh"
            self._measure(activation=changed)
            self.tell(_("with tanh") if changed == "tanh" else _("without tanh: linear"))

    def action_cell(self) -> None:
        """The next cell, with the same ρ."""
        if self.options.model:
            self.tell(keeps_cell())
            return
        following = next_cell(self.options.cell)
        self._measure(cell=following, activation="tanh")
        self.tell(_("the {cell}, untrained").format(cell=following.upper()))

    def _measure(self, **changes: object) -> None:
        """Measure what has changed: within this frame where it fits, else in a thread."""
        self.options = msgspec.structs.replace(self.options, **changes)
        self.changed()
        options = self.options
        if options.steps * options.hidden <= AT_ONCE // 4:
            self._show(options.measure())
        else:
            self.later(options.measure, self._show)

    def _show(self, values: JacobianValues) -> None:
        self.values = values
        self.query_one(Factors).show(values)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        options, factors = self.options, self.query_one(Factors)
        return {
            "step": factors.values.factors[factors.cursor].step,
            # The slider goes by hundredths.
            "radius": round(options.radius, 2),
            "activation": options.activation,
            "cell": options.cell,
        }

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        found = [Hint("↑ ↓", "", _("a step"))]
        if self.options.slider:
            found.append(Hint("← →", "", _("move ρ")))
        if not self.options.model:
            found.append(Hint("c", "cell", _("cell"), self))
            if self.options.cell == "rnn":
                found.append(Hint("v", "activation", _("tanh"), self))
        return tuple(found)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys: those that do something now."""
        found = [("↑ ↓", _("a step back, or towards the loss")), ("pageup pagedown", _("ten steps"))]
        if self.options.slider:
            found.append(("← →", _("move ρ")))
        if not self.options.model:
            found.append(("c", _("another cell with the same ρ")))
            if self.options.cell == "rnn":
                found.append(("v", _("the RNN with tanh, or without")))
        return tuple(found)
