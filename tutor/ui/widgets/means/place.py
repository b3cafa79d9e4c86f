"""A place in the step's figure, pointed at with the figure's own cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from textual.dom import DOMNode

from tutor.course import pointing
from tutor.course.grading import Verdict
from tutor.course.lesson import Point
from tutor.draw.cells import Look, Row, Span, crop
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.base import Means


class Pointed(Protocol):
    """A figure that is read step by step, as far as it matters here."""

    values: Any
    position: int
    unit: int

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        ...

    def act(self, verb: str, position: int | None = None) -> str:
        """Do what a key of the player asks."""
        ...


class Place(Drawn, Means):
    """What is pointed at now; the keys are the figure's."""

    points = True

    def __init__(self, point: Point) -> None:
        super().__init__()
        self.point = point
        self.figure: Pointed | None = None
        self.locked = False
        self.place = 0
        """From 1; 0 where nothing is pointed at."""

    def attend(self, figure: Pointed | None) -> None:
        """The figure came: follow its cursor."""
        if figure is None or figure is self.figure:
            return
        self.figure = figure
        node = cast(DOMNode, figure)
        for name in ("position", "unit"):
            self.watch(node, name, self._follow, init=False)
        self._follow()
        if not self.locked:
            self.call_after_refresh(self.scroll_visible, animate=False)

    def _follow(self) -> None:
        """The figure's cursor moved."""
        if self.locked or self.figure is None:
            return
        figure = self.figure
        self.place = pointing.place_at(figure.values, self.point, figure.position, figure.unit)
        self.redraw()

    def _named(self) -> str:
        if self.figure is None:
            return pointing.in_words(self.point, self.place)
        return pointing.named(self.figure.values, self.point, self.place)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row."""
        if not self.place:
            return [(Span(crop("  " + self._wanting(), width, ascii=look.ascii), look.muted),)]
        sign = ">" if look.ascii else "▸"
        return [(Span(crop(f"{sign} {self._named()}", width, ascii=look.ascii), look.accent),)]

    def _wanting(self) -> str:
        if self.figure is None:
            return _("The picture to point at is still to come.")
        return _("Go to a step in the picture.") if self.point == "step" else _("Go to a unit in the picture.")

    @property
    def response(self) -> str:
        """The place as `argmax` gives it."""
        if not self.place:
            raise ValueError(self._wanting())
        return pointing.response_of(self.point, self.place)

    def restore(self, response: str | float) -> None:
        """The place that was given."""
        self.place = pointing.place_of(response) or 0
        self.redraw()

    def settle(self) -> None:
        """It is committed; the figure's cursor is free again."""
        self.locked = True
        self.redraw()

    def reveal(self, verdict: Verdict) -> str:
        """The figure's cursor goes to the right place."""
        true = pointing.place_of(verdict.key)
        if self.figure is not None and true is not None:
            if self.point == "step":
                self.figure.act("go", pointing.position_of(self.figure.values, true))
            else:
                self.figure.unit = true - 1
        if verdict.correct:
            return _("Yes: {truth}.").format(truth=verdict.truth)
        return _("It is {truth}; you said {mine}.").format(truth=verdict.truth, mine=self._named())

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        if self.figure is None:
            return ()
        if self.point == "step":
            return (Hint(", .", "player('forward')", _("step")),)
        # Where the figure names the key itself, it is the same hint, and so said once.
        own = (hint for hint in self.figure.hints if hint.key == "← →")
        return (next(own, Hint("← →", "", _("unit"))),)
