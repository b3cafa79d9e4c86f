"""The attribution figure: the text itself, each token weighed for one score. Steps move what is explained.

What is drawn is always what was measured: another step or another output shows when its weights are there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tutor.course.figures.attribution import METHODS, AttributionValues, Method, Output, Weighed
from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.attribution import Layout, Score, Weights, attribution, lay_out
from tutor.draw.figures.attribution import Method as Shown
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint

NAMED = 3
"""Tokens that are named as the strongest."""


class WeighedText(Stepped, can_focus=True):
    """The text; its cursor reads one token out."""

    DEFAULT_CSS = """
    WeighedText { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,left_square_bracket", "move(-1)", show=False),
        Binding("right,right_square_bracket", "move(1)", show=False),
        Binding("up", "line(-1)", show=False),
        Binding("down", "line(1)", show=False),
    ]

    class MethodAsked(Message):
        """Another method was asked for, by a click on its name."""

    def __init__(self, values: AttributionValues) -> None:
        super().__init__()
        self.values: AttributionValues = values
        self.method: Method = values.method
        self.weighed: Weighed | None = None
        """What was measured; None before the first time."""
        self.refused = ""
        """Why nothing could be."""
        self.cursor = max(values.step - 1, 0)
        """Index of the token that is read out."""
        self._weights: tuple[Weighed, Method, Weights] | None = None

    def take(self, values: AttributionValues) -> None:
        """Another run, of which nothing is measured yet."""
        self.weighed, self.refused, self._weights = None, "", None
        super().take(values)

    def show(self, weighed: Weighed | None, refused: str = "") -> None:
        """Other weights, or why there are none."""
        self.weighed, self.refused = weighed, refused
        self.redraw()

    def show_method(self, method: Method) -> None:
        """The weights by another method."""
        self.method = method
        self.redraw()
        self.changed()

    def watch_position(self) -> None:
        """The cursor goes along."""
        self.cursor = max(self.position - 1, 0)
        super().watch_position()
        self.changed()

    @property
    def _characters(self) -> bool:
        return self.values.run.spec.unit == "characters"

    def _measured(self) -> Weights | None:
        """What is drawn of what was measured: found once, for it takes the whole text."""
        weighed = self.weighed
        if weighed is None or self.position == 0:
            return None
        if self._weights is None or self._weights[0] is not weighed or self._weights[1] != self.method:
            self._weights = (weighed, self.method, _weights(weighed, self.method))
        return self._weights[2]

    def _score(self) -> Score | None:
        weighed = self.weighed
        if self.position == 0 or weighed is None:
            return None
        outputs = [o.label for o in self.values.outputs(weighed.position)]
        label = weighed.output.label
        number = outputs.index(label) + 1 if label in outputs else 0
        return Score(label, weighed.score, weighed.output.p, weighed.output.came, number, len(outputs))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The picture."""
        note = self.refused
        if not note and self.position and self.weighed is None:
            note = _("being measured")
        if not note and self.position:
            note = self._read()
        return attribution(
            self.values.run.tokens,
            self._measured(),
            self.position,
            self.cursor,
            width,
            height,
            look,
            score=self._score(),
            method=Shown(_name(self.method), signed=self.method != "norm"),
            characters=self._characters,
            focused=self.has_focus,
            note=note,
        )

    def _read(self) -> str:
        """How much of the text the score is of, where that is not the part that was read."""
        if self.values.whole:
            return _("one answer for the whole, read from both ends")
        return _("read from both ends") if self.values.run.spec.bidirectional else ""

    # The cursor

    def point(self, index: int) -> None:
        """Read another token out."""
        self.cursor = index
        self.redraw()
        self.changed()

    def action_move(self, by: int) -> None:
        """The token beside."""
        to = self.cursor + by
        if 0 <= to < len(self.values.run.tokens):
            self.point(to)
        else:
            self.tell(_("This is the first token.") if by < 0 else _("This is the last token."))

    def action_line(self, by: int) -> None:
        """The token above or below."""
        to = self._layout().beside(self.cursor, by)
        if to is None:
            self.tell(_("This is the first line.") if by < 0 else _("This is the last line."))
        else:
            self.point(to)

    def _layout(self) -> Layout:
        size = self.size
        tokens = self.values.run.tokens
        return lay_out(tokens, self.cursor, size.width, size.height, look_of(self.app), characters=self._characters)

    def on_click(self, event: events.Click) -> None:
        """A token is read out, and when it was already, its step is gone to; the heading names another method."""
        if event.y == 0:
            self.post_message(self.MethodAsked())
            return
        index = self._layout().token(event.x, event.y)
        if index is None:
            return
        if index == self.cursor:
            self.post_message(Wanted("go", index + 1))
        self.point(index)


def _name(method: Method) -> str:
    return {"product": _("gradient × input"), "norm": _("‖gradient‖"), "deletion": _("deletion")}[method]


def _weights(weighed: Weighed, method: Method) -> Weights:
    values = weighed.of(method)
    if values is None:
        values = weighed.products
    sizes = np.abs(values[: weighed.seen])
    some = np.flatnonzero(np.isfinite(sizes))
    order = some[np.argsort(-sizes[some], kind="stable")[:NAMED]]
    return Weights(
        values,
        weighed.seen,
        float(sizes[order[0]]) if len(order) else float("nan"),
        tuple(int(i) for i in order if sizes[i] > 0),
        weighed.agreement,
        compared=weighed.deletion is not None,
    )


class AttributionFigure(Player):
    """A score and what each token did for it; the step, the output and the method are the reader's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "method", show=False),
        Binding("c", "output", show=False),
    ]

    SHOW = "attribution"
    TIGHT = 14

    def __init__(
        self, values: AttributionValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, len(values.run.tokens), position=values.step, clock=clock, id=id)
        self.values: AttributionValues
        self.output: Output | None = None
        """What was chosen; None takes the first there is."""

    def parts(self) -> Iterable[Widget]:
        """The text alone."""
        yield WeighedText(self.values).data_bind(Player.position)

    def on_mount(self) -> None:
        """The first weights; a method that the text is too long for gives way."""
        if self.text.method == "deletion" and not self.values.deletes:
            self.text.show_method(METHODS[0])
        self._measure()

    def renew(self, options: Any, values: AttributionValues) -> bool:
        """Another run, measured by the same method where that is not too long for it."""
        self.output = None
        super().renew(options, values)
        self.text.cursor = min(self.text.cursor, max(len(values.run.tokens) - 1, 0))
        if self.text.method == "deletion" and not values.deletes:
            self.text.show_method(METHODS[0])
        self._measure()
        return True

    @property
    def text(self) -> WeighedText:
        """The part that draws."""
        return self.query_one(WeighedText)

    def watch_position(self) -> None:
        """Another step has outputs of its own."""
        self.output = None
        if self.is_mounted:
            self._measure()

    def _measure(self) -> None:
        position, values, output = self.position, self.values, self.output
        if position == 0:
            return

        def compute() -> tuple[Weighed | None, str]:
            try:
                return values.weigh(position, output or values.first(position)), ""
            except ValueError as error:
                return None, str(error)

        def show(found: tuple[Weighed | None, str]) -> None:
            # Where another text or run came meanwhile, its own weights are on their way.
            if values is self.values:
                self._show(found)

        self.later(compute, show)

    def _show(self, found: tuple[Weighed | None, str]) -> None:
        weighed, refused = found
        if refused:
            # What was measured before stays where there is something.
            self.tell(refused)
        self.text.show(weighed or self.text.weighed, refused)

    def action_method(self) -> None:
        """Explain it in another way."""
        at = METHODS.index(self.text.method)
        method = METHODS[(at + 1) % len(METHODS)]
        if method == "deletion" and not self.values.deletes:
            self.tell(_("Deletion reads the text once for each token: this one is too long for it."))
            method = METHODS[0]
        self.text.show_method(method)

    def on_weighed_text_method_asked(self, message: WeighedText.MethodAsked) -> None:
        """A click on its name."""
        message.stop()
        self.action_method()

    def action_output(self) -> None:
        """Explain another output."""
        if self.position == 0:
            self.tell(_("Nothing is read yet: . takes the first step."))
            return
        outputs = self.values.outputs(self.position)
        if len(outputs) < 2:
            self.tell(_("This model has one output alone."))
            return
        now = (self.output or self.values.first(self.position)).label
        at = [o.label for o in outputs].index(now)
        self.output = outputs[(at + 1) % len(outputs)]
        self.changed()
        self._measure()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        output = self.output or (self.values.first(self.position) if self.position else None)
        return {
            **super().facts,
            "method": self.text.method,
            "label": "" if output is None else output.label,
            "token": self.text.cursor + 1,
        }

    def tables(self) -> tuple[Table, ...]:
        """What is on the screen now; before the first step, what it was made for."""
        weighed = self.text.weighed if self.query(WeighedText) else None
        return self.values.tables() if weighed is None else self.values.tables_of(weighed)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (
            *PLAYER_HINTS,
            Hint("v", "method", _("method"), self),
            Hint("c", "output", _("output"), self),
            Hint("← →", "", _("read a token")),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("← → ↑ ↓", _("read another token out; [ and ] too")),
            ("v", _("gradient × input, the gradient's length, deletion")),
            ("c", _("explain another output")),
        )
