"""The series figure: days that were measured, and forecasts of them; and how far off they are, the farther ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import reactive

from tutor.course.figures.facts import Fact
from tutor.course.figures.series import SeriesValues, Written
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.series import Reading, Scene, series, x_at
from tutor.draw.window import window
from tutor.i18n import _
from tutor.ui.figures.figure import FigurePart
from tutor.ui.figures.writable import Writable
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint


class Days(FigurePart, can_focus=True):
    """A window of days, or the errors by distance, with a cursor."""

    DEFAULT_CSS = """
    Days { height: 1fr; }
    """

    BINDINGS = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    start = reactive(0, repaint=False)
    """The first day in view."""
    day = reactive(0, repaint=False)
    """The day under the cursor."""
    steps = reactive(1, repaint=False)
    """The distance under the cursor, where errors are drawn by distance."""
    view = reactive("days", repaint=False)
    """Which is drawn: "days", "distance", or "written"."""
    ahead = reactive(1, repaint=False)
    """The day under the cursor, counted from the last that was written, where those are drawn."""
    chosen = reactive(0, repaint=False)
    """Which forecast is drawn beside what was measured; one beyond the last is all of them."""

    def __init__(self, values: SeriesValues) -> None:
        super().__init__()
        self.values = values
        self.set_reactive(Days.start, values.start)
        last = max(len(values.measured) - 1, 0)
        # The first day that was held out, where it is in view: what is asked of a forecast begins there.
        ahead = values.first_held_out
        inside = values.start <= ahead < min(values.start + values.span, last + 1)
        self.written: Written | None = None
        """The days of the learner's own."""
        self.set_reactive(Days.view, values.view)
        self.set_reactive(Days.day, ahead if inside else min(values.start + values.span // 2, last))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The chart and its table."""
        return series(self._scene(), width, height, look, focused=self.has_focus)

    def _scene(self) -> Scene:
        if self.view == "written" and self.written is not None:
            return self._written(self.written)
        return self._distances() if self.view == "distance" else self._window()

    def _of_unit(self, name: str) -> str:
        return f"{name}, {self.values.unit}" if self.values.unit else name

    def _window(self) -> Scene:
        values = self.values
        end = min(self.start + values.span, len(values.measured))
        every = self.chosen == len(values.forecasts)
        readings = [Reading(_("measured"), values.measured[self.start : end].tolist(), measured=True)]
        readings += [
            Reading(
                one.name,
                one.values[self.start : end].tolist(),
                error=one.error,
                spread=one.spread,
                shown=every or at == self.chosen,
            )
            for at, one in enumerate(values.forecasts)
        ]
        first = values.first_held_out
        if end <= first:
            note = _("learned from")
        elif self.start >= first:
            note = _("held out")
        else:
            note = (_("held out from {day} on") if values.dated else _("held out from row {day} on")).format(
                day=values.day(first)
            )
        return Scene(
            readings,
            self.start + self._from,
            self.day + self._from,
            values.unit,
            "" if values.dated else values.step,
            values.day(self.day) if values.dated else _("row {n}").format(n=values.day(self.day)),
            self._of_unit(_("mean |error|")),
            note,
            [values.day(i) for i in range(self.start, end)] if values.dated else (),
            first + self._from,
        )

    @property
    def _from(self) -> int:
        """What the first is called on the axis: rows are counted from 1."""
        return 0 if self.values.dated else 1

    def _distances(self) -> Scene:
        return Scene(
            [Reading(one.name, one.ahead, error=one.ahead[self.steps - 1]) for one in self.values.forecasts],
            1,
            self.steps,
            self._of_unit(_("mean absolute error")),
            _("steps ahead"),
            _("{n} ahead").format(n=self.steps),
            self._of_unit(_("mean |error|")),
            (_("{count} days held out") if self.values.dated else _("{count} rows held out")).format(
                count=self.values.counted
            ),
            zero=True,
            apart=False,
        )

    def _written(self, written: Written) -> Scene:
        """The days that were written, and what follows of each forecast."""
        first, nothing = 1 - len(written.days), float("nan")
        every = self.chosen == len(written.ahead)
        readings = [Reading(_("written"), written.days, measured=True)]
        readings += [
            Reading(name, [*[nothing] * len(written.days), *said.tolist()], shown=every or at == self.chosen)
            for at, (name, said) in enumerate(written.ahead)
        ]
        day = self.ahead
        said = _("the last one written") if day == 0 else _("{n} back").format(n=-day)
        return Scene(
            readings,
            first,
            day,
            self.values.unit,
            self.values.step,
            _("{n} ahead").format(n=day) if day > 0 else said,
            "",
            _("what you wrote, and what follows"),
            boundary=1,
            off=False,
        )

    def read_written(self, written: Written) -> None:
        """Days that a learner wrote; the first day after them is looked at, and all forecasts of it."""
        self.written = written
        self.ahead = 1
        self.chosen = len(written.ahead)
        self.view = "written"
        self.redraw()

    def reach_written(self, day: int) -> bool:
        """Put the cursor on a day that was written, or on one after; whether it moved."""
        assert self.written is not None
        day = min(max(day, 1 - len(self.written.days)), self.written.steps)
        moved = day != self.ahead
        self.ahead = day
        return moved

    def go(self, day: int) -> bool:
        """Put the cursor on a day, and the day in view; whether it moved."""
        values = self.values
        day = min(max(day, 0), max(len(values.measured) - 1, 0))
        moved = day != self.day
        self.day = day
        if not self.start <= day < self.start + values.span:
            self.start = window(day, len(values.measured), values.span)
        return moved

    def reach(self, steps: int) -> bool:
        """Put the cursor on a distance; whether it moved."""
        steps = min(max(steps, 1), len(self.values.forecasts[0].ahead))
        moved = steps != self.steps
        self.steps = steps
        return moved

    def action_move(self, by: int) -> None:
        """A day, or a step."""
        if self.view == "distance":
            if not self.reach(self.steps + by):
                self.tell(_("It is measured no farther ahead.") if by > 0 else _("This is one step ahead."))
        elif self.view == "written":
            if not self.reach_written(self.ahead + by):
                self.tell(_("It is forecast no farther ahead.") if by > 0 else _("This is the first one."))
        elif not self.go(self.day + by):
            self.tell(_("This is the last one.") if by > 0 else _("This is the first one."))

    def action_page(self, by: int) -> None:
        """A screen of days."""
        if self.view == "distance":
            self.tell(_("All distances are on the screen."))
        elif self.view == "written":
            self.tell(_("All of it is on the screen."))
        elif not self.go(self.day + by * self.values.span):
            self.tell(_("This is the last one.") if by > 0 else _("This is the first one."))

    def on_click(self, event: events.Click) -> None:
        """The day, or the distance, under the mouse."""
        found = x_at(self._scene(), event.x, event.y, *self.size, look_of(self.app))
        if found is not None:
            if self.view == "distance":
                self.reach(found)
            elif self.view == "written":
                self.reach_written(found)
            else:
                self.go(found - self._from)

    def watch_start(self) -> None:
        """Other days."""
        self.redraw()

    def watch_day(self) -> None:
        """Another day."""
        self.redraw()
        self.changed()

    def watch_steps(self) -> None:
        """Another distance."""
        self.redraw()
        self.changed()

    def watch_ahead(self) -> None:
        """Another day of those that were written."""
        self.redraw()

    def watch_view(self) -> None:
        """Another view."""
        self.redraw()
        self.changed()

    def watch_chosen(self) -> None:
        """Another line."""
        self.redraw()


class SeriesFigure(Writable):
    """A series, its forecasts, and what they have to beat."""

    SHOW = "series"
    WRITES = _("write days")

    BINDINGS = [Binding("v", "view", show=False), Binding("c", "compare", show=False)]

    def __init__(self, values: SeriesValues, *, id: str | None = None) -> None:
        super().__init__(values, id=id)
        if not values.dated:
            self.WRITES = _("write rows")

    def compose(self) -> ComposeResult:
        """One chart, which has two views."""
        yield Days(self.values)

    def action_view(self) -> None:
        """The days, the errors by distance, and what was written where something was."""
        days = self.query_one(Days)
        views = ("days", "distance") if days.written is None else ("days", "distance", "written")
        days.view = views[(views.index(days.view) + 1) % len(views)]

    def action_compare(self) -> None:
        """The next forecast beside what was measured; after the last all of them."""
        days = self.query_one(Days)
        if days.view == "distance":
            self.tell(_("All forecasts are drawn here. v shows the days."))
            return
        names = [one.name for one in self.values.forecasts]
        days.chosen = (days.chosen + 1) % (len(names) + 1)
        shown = _("all forecasts") if days.chosen == len(names) else names[days.chosen]
        said = _("written and {name}") if days.view == "written" else _("measured and {name}")
        self.tell(said.format(name=shown))

    @property
    def written(self) -> str:
        """What was written, or the days that the forecast under the cursor was made from."""
        days = self.query_one(Days)
        numbers = self.values.window_of(days.day) if days.written is None else days.written.days
        return " ".join(f"{number:g}" for number in numbers)

    def action_write(self) -> None:
        """Open the line, where there is something that can go on from it."""
        if self.values.source is None:
            self.tell(_("There is no network here that could go on from days of yours."))
        else:
            super().action_write()

    def show_written(self, text: str) -> None:
        """What follows on days that were written."""
        self.query_one(Days).read_written(self.values.write(text))
        self.changed()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        days = self.query_one(Days)
        return {"day": days.day, "ahead": days.steps, "view": days.view}

    def tables(self) -> tuple[Table, ...]:
        """What is on screen: the days in view and the errors, or the errors by distance."""
        days = self.query_one(Days)
        if days.view == "distance":
            return (self.values.by_distance(),)
        if days.view == "written" and days.written is not None:
            return (days.written.table(self.values.unit, self.values.step),)
        return (self.values.days(days.start), self.values.errors())

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        view, written = next(((days.view, days.written) for days in self.query(Days)), ("days", None))
        compare = () if view == "distance" else (Hint("c", "compare", _("compare"), self),)
        move = Hint("← →", "", _("steps ahead") if view == "distance" else self.values.step)
        after = {"days": _("error by distance"), "distance": _("days") if written is None else _("what you wrote")}
        write = () if self.values.source is None else (self.write_hint,)
        return (move, Hint("v", "view", after.get(view, _("days")), self), *compare, *write)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("← →", _("a day, or a step ahead")),
            ("page up, down", _("a screen of days")),
            ("c", _("the next forecast beside what was measured; then all of them")),
            ("v", _("the days, or the error of each forecast by how far ahead it is")),
            ("e", _("write days of your own, and see what each forecast says of those after")),
        )
