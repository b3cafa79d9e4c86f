"""The race figure: dots, lines and a table of what each model's networks came to, while they come."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import ProgressBar

from tutor.course.figures.race import SOLVED, RaceValues, Runner, Spread
from tutor.draw.cells import Look, Row, formatted
from tutor.draw.chart import Line
from tutor.draw.figures import race as drawing
from tutor.draw.figures.race import Column, Distances, Strip
from tutor.i18n import _
from tutor.ui.figures.baselines import baseline_name, unit_name
from tutor.ui.figures.figure import FigurePart, LiveFigure
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint


class Field(FigurePart, can_focus=True):
    """The picture. The arrows point at a model, and at a distance where there are some."""

    DEFAULT_CSS = """
    Field { height: 1fr; max-height: 32; }
    """

    BINDINGS = [
        Binding("left,left_square_bracket", "place(-1)", show=False),
        Binding("right,right_square_bracket", "place(1)", show=False),
        Binding("up", "runner(-1)", show=False),
        Binding("down", "runner(1)", show=False),
    ]

    def __init__(self, values: RaceValues, *, running: bool) -> None:
        super().__init__()
        self.values = values
        self.running = running
        self.shown = 0
        """Which of `views` is drawn."""
        self.chosen = 0
        """The model that is pointed at."""
        self.place = max(len(values.at) - 1, 0)
        """The distance that is pointed at."""

    # What is drawn

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views that there are."""
        return ("chart", "strip", "table") if self.values.at else ("strip", "table")

    @property
    def view(self) -> str:
        """The one that is drawn."""
        return self.views[self.shown % len(self.views)]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The view, and a line on what is pointed at."""
        said, chosen, focused = self._said(look), self.chosen, self.has_focus
        if self.view == "strip":
            return drawing.strip(self._strip(look), width, height, look, chosen=chosen, said=said, focused=focused)
        if self.view == "chart":
            shown, cursor = self._distances(), float(self.values.at[self.place])
            return drawing.distances(
                shown, width, height, look, cursor=cursor, chosen=chosen, said=said, focused=focused
            )
        return drawing.table(
            self._columns(look),
            width,
            height,
            look,
            chosen=self.place if self.values.at else chosen,
            series=not self.values.at,
            heading=self._unit(),
            said=said,
            focused=focused,
        )

    def _unit(self) -> str:
        """What a score is, and of what."""
        v = self.values
        unit = unit_name(v.unit)
        if v.at:
            return unit
        return (
            _("{unit}, held out").format(unit=unit) if v.where == "held_out" else _("{unit}, train").format(unit=unit)
        )

    def _strip(self, look: Look) -> Strip:
        v = self.values
        unit = self._unit()
        baselines = [(baseline_name(name), level) for name, level in v.baselines]
        if v.at:
            unit = _("{unit}, distance {distance}").format(unit=unit, distance=v.at[self.place])
            baselines = [(_("chance"), v.chance)]
        return Strip(
            [self._runner(runner, look) for runner in v.runners],
            unit,
            _("higher is better") if v.higher else _("lower is better"),
            _("median  lowest - highest") if look.ascii else _("median  lowest … highest"),
            v.higher,
            [(f"{name} {self._level(level, look)}", level) for name, level in baselines],
            (0.0, 1.0),
        )

    def _runner(self, runner: Runner, look: Look) -> drawing.Runner:
        v = self.values
        spread = v.spread(runner, self.place)
        if spread is None:
            return drawing.Runner(runner.label)
        parts = [self._number(spread.median, look), *self._spread(spread, look)]
        return drawing.Runner(runner.label, runner.at(self.place), spread.median, parts, _cost(runner))

    def _spread(self, spread: Spread, look: Look) -> list[str]:
        """The range, and how many were lost; of one network alone, that it is one."""
        lost = [_("{n} diverged").format(n=spread.diverged)] if spread.diverged else []
        if spread.finished == 1:
            return [_("one seed"), *lost]
        if spread.diverged == spread.finished:
            return lost
        return [self._range(spread, look), *lost]

    def _range(self, spread: Spread, look: Look) -> str:
        between = " - " if look.ascii else " … "
        return self._number(spread.low, look) + between + self._number(spread.high, look)

    def _number(self, score: float, look: Look) -> str:
        """A score, with as many decimals as all the others."""
        return formatted(score, self._format(), ascii=look.ascii)

    def _format(self) -> str:
        """Two decimals; of errors, which have any unit, as many as the largest has a use for."""
        v = self.values
        if v.metric != "error":
            return "{:.2f}"
        every = [*(score for r in v.runners for network in r.scores for score in network), *dict(v.baselines).values()]
        largest = max((abs(score) for score in every if math.isfinite(score)), default=1.0)
        if not 1e-6 <= largest < 1e6:
            return "{:.3g}"
        return f"{{:.{max(2 - math.floor(math.log10(largest)), 2 * (largest < 1000), 0)}f}}"

    def _level(self, level: float, look: Look) -> str:
        """What guessing comes to: a share such as an eighth to its last digit, where it has one."""
        if self.values.metric == "accuracy":
            for decimals in (2, 3, 4):
                if math.isclose(level, round(level, decimals), abs_tol=1e-9):
                    return formatted(level, f"{{:.{decimals}f}}", ascii=look.ascii)
        return self._number(level, look)

    def _distances(self) -> Distances:
        v = self.values
        lines, solved, ranges = [], [], []
        for runner in v.runners:
            spreads = [(float(d), v.spread(runner, place)) for place, d in enumerate(v.at)]
            known = [(d, spread) for d, spread in spreads if spread is not None]
            lines.append(Line(runner.label, [(d, spread.median) for d, spread in known]))
            ranges.append(([(d, s.low) for d, s in known], [(d, s.high) for d, s in known]))
            far = v.solved(runner)
            solved.append("?" if not known else _("none") if far is None else str(far))
        chosen = v.runners[self.chosen]
        low, high = ranges[self.chosen]
        spread = (_("spread of {model}").format(model=chosen.label), low, high) if len(chosen.scores) > 1 else None
        levels = [(_("solved"), SOLVED), (_("chance"), v.chance)]
        unit = _("{unit}, median of the seeds").format(unit=self._unit())
        return Distances(lines, unit, levels, (float(v.at[0]), float(v.at[-1])), spread, solved)

    def _columns(self, look: Look) -> list[Column]:
        v = self.values
        if v.at:
            found = [Column(_("distance"), [str(distance) for distance in v.at])]
            ranged = []
            for index, runner in enumerate(v.runners):
                spreads = [v.spread(runner, place) for place in range(len(v.at))]
                ranges = ["" if spread is None else "  ".join(self._spread(spread, look)) for spread in spreads]
                found.append(Column(runner.label, [self._median(spread, look) for spread in spreads], index))
                ranged.append(Column(_("{model}'s spread").format(model=runner.label), ranges, index))
            return [*found, *ranged]
        spreads = [v.spread(runner) for runner in v.runners]
        found = [
            Column(_("model"), [runner.label for runner in v.runners]),
            Column(_("median"), [self._median(spread, look) for spread in spreads]),
            Column(_("spread"), ["" if s is None else "  ".join(self._spread(s, look)) for s in spreads]),
            Column(_("parameters"), ["" if r.parameters is None else f"{r.parameters:,}" for r in v.runners]),
            Column(_("training"), ["" if r.seconds != r.seconds else _seconds(r.seconds) for r in v.runners]),
        ]
        found = [column for column in found if any(column.cells)]
        for seed in range(v.seeds):
            scored = [dict(zip(r.seeds, r.at(0), strict=True)).get(seed) for r in v.runners]
            name = _("seed {n}").format(n=seed)
            found.append(Column(name, ["" if s is None else self._number(s, look) for s in scored]))
        return found

    def _median(self, spread: Spread | None, look: Look) -> str:
        return "" if spread is None else self._number(spread.median, look)

    # What is said

    def _said(self, look: Look) -> list[str]:
        """Parts of one line, in the order of their weight."""
        v = self.values
        parts = self._where()
        if not v.finished:
            return parts or [_("no network is trained yet")]
        if self.view == "strip" or not v.at:
            return [*parts, *self._of_runner(look)]
        parts.append(_("distance {distance}").format(distance=v.at[self.place]))
        first = v.runners[self.chosen]
        for runner in (first, *(other for other in v.runners if other is not first)):
            spread = v.spread(runner, self.place)
            if spread is not None:
                parts.append(self._came_to(runner, spread, look) if runner is first else self._median_of(runner, look))
        return parts

    def _median_of(self, runner: Runner, look: Look) -> str:
        return f"{runner.label} {self._median(self.values.spread(runner, self.place), look)}"

    def _came_to(self, runner: Runner, spread: Spread, look: Look) -> str:
        """Its median and its spread."""
        return f"{self._median_of(runner, look)} ({', '.join(self._spread(spread, look))})"

    def _where(self) -> list[str]:
        """What is being trained, or where it was stopped; nothing when all is there."""
        v, now = self.values, self.values.now
        if v.finished == v.whole:
            return []
        if not self.running:
            return [_("stopped: {n} of {all} networks are trained").format(n=v.finished, all=v.whole)]
        if now is None:
            return [_("training: {n} of {all} networks").format(n=v.finished, all=v.whole)]
        words = _("training {model}, seed {n} of {all}: update {step} of {steps}")
        return [words.format(model=now.label, n=now.number, all=v.seeds, step=now.step, steps=now.steps)]

    def _of_runner(self, look: Look) -> list[str]:
        """One model: what its networks came to, each of them, and what they cost."""
        v = self.values
        runner = v.runners[self.chosen]
        spread = v.spread(runner, self.place)
        if spread is None:
            return [_("{model}: no network yet").format(model=runner.label)]
        count = _("median of {n} seeds").format(n=spread.finished)
        each = " ".join(self._number(score, look) for score in runner.at(self.place))
        several = [count, _("each: {scores}").format(scores=each)] if spread.finished > 1 else []
        return [self._came_to(runner, spread, look), *several, *_cost(runner)]

    # What is done

    def show(self, values: RaceValues, *, running: bool) -> None:
        """Other values."""
        self.values, self.running = values, running
        self.redraw()

    def action_place(self, by: int) -> None:
        """To the distance before, or the one after; where there are none, to another model."""
        if not self.values.at:
            self.action_runner(by)
            return
        if not 0 <= self.place + by < len(self.values.at):
            self.tell(_("This is the shortest distance.") if by < 0 else _("This is the longest distance."))
            return
        self.place += by
        self.redraw()

    def action_runner(self, by: int) -> None:
        """To the model before, or the one after."""
        if not 0 <= self.chosen + by < len(self.values.runners):
            self.tell(_("This is the first model.") if by < 0 else _("This is the last model."))
            return
        self.chosen += by
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A click takes the keys, and points at the model, or the distance, under it."""
        self.focus()
        look, (width, height) = look_of(self.app), self.size
        if self.view == "strip":
            at = drawing.runner_at(
                event.y, self._strip(look), width, height, look, chosen=self.chosen, said=bool(self._said(look))
            )
            self.chosen = self.chosen if at is None else at
        elif self.view == "chart":
            said = bool(self._said(look))
            found = drawing.distance_at(event.x, self._distances(), width, height, look, said=said)
            if found is not None:
                at = min(range(len(self.values.at)), key=lambda place: abs(self.values.at[place] - found))
                self.place = at
        self.redraw()


class RaceFigure(LiveFigure):
    """The views, and a progress bar as long as networks are to come."""

    DEFAULT_CSS = """
    RaceFigure > ProgressBar { height: 1; }
    RaceFigure Bar { width: 1fr; }
    """

    BINDINGS = [Binding("v", "next_view", show=False)]

    SHOW = "race"

    def compose(self) -> ComposeResult:
        """The picture, then how far."""
        yield Field(self.values, running=self.running)
        yield ProgressBar(total=self.values.whole, show_eta=False)

    def on_mount(self) -> None:
        """Say where it stands."""
        self.show(self.values, running=self.running)

    @property
    def field(self) -> Field:
        """The picture."""
        return self.query_one(Field)

    def show(self, values: RaceValues, *, running: bool) -> None:
        """More networks, or the end of them."""
        self.values, self.running = values, running
        self.field.show(values, running=running)
        now = values.now
        part = now.step / now.steps if now is not None and now.steps else 0.0
        bar = self.query_one(ProgressBar)
        bar.update(progress=values.finished + part, total=values.whole)
        bar.display = values.finished < values.whole

    def action_next_view(self) -> None:
        """Lines over distances, dots, a table: those that there are."""
        self.field.shown = (self.field.shown + 1) % len(self.field.views)
        self.field.redraw()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        unfinished = not self.running and self.values.finished < self.values.whole
        return (
            *((Hint("t", "train", _("train on")),) if unfinished else ()),
            Hint("v", "", _("view")),
            *((Hint("← →", "", _("distance")),) if self.values.at else ()),
            Hint("↑ ↓", "", _("model")),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys."""
        views = _("lines over distances, dots, a table") if self.values.at else _("dots, a table")
        places = (("← → [ ]", _("a shorter distance, a longer one")),) if self.values.at else ()
        return (("v", views), *places, ("↑ ↓", _("the model before, the one after")))


def _cost(runner: Runner) -> list[str]:
    """How large its networks are, and how long one took to train, as far as that is known."""
    found = [] if runner.parameters is None else [_("{n:,} parameters").format(n=runner.parameters)]
    return [*found, *([] if runner.seconds != runner.seconds else [_seconds(runner.seconds)])]


def _seconds(seconds: float) -> str:
    return _("{seconds:.1f} s").format(seconds=seconds)
