"""The training figure: a loss falling, live, beside what guessing would cost; and a look back at what it once was.

While nobody looks back, the newest checkpoint is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import ProgressBar

from tutor.course.figures.facts import Fact
from tutor.course.figures.training import TrainingValues
from tutor.draw.cells import Look, Row
from tutor.draw.chart import Line
from tutor.draw.figures.training import Sample, View, training, updates_at
from tutor.i18n import _, ngettext
from tutor.ui.figures.baselines import baseline_name, unit_name
from tutor.ui.figures.figure import FigurePart, LiveFigure
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint


class Curve(FigurePart, can_focus=True):
    """The chart, a line on where it stands, and what the network writes. The arrows look back at what it was.

    The chart is one of several views, of which a training has those that something was measured for.
    """

    DEFAULT_CSS = """
    Curve { height: 1fr; max-height: 26; }
    """

    BINDINGS = [
        Binding("left,left_square_bracket", "look(-1)", show=False),
        Binding("right,right_square_bracket", "look(1)", show=False),
    ]

    class Stuck(Message):
        """A key could do nothing, and why."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def __init__(self, values: TrainingValues, *, running: bool) -> None:
        super().__init__()
        self.values = values
        self.running = running
        self.shown = 0
        """Which of `views` is drawn."""
        self.back_to: int | None = None
        """The updates that it looks back to; None follows the newest."""

    # What is drawn

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views that there is something to draw for."""
        v = self.values
        there = {"loss": True, "metric": bool(v.metric), "norm": bool(v.norms), "seeds": bool(v.spread())}
        return tuple(name for name, drawn in there.items() if drawn)

    @property
    def view(self) -> str:
        """The one that is drawn."""
        return self.views[self.shown % len(self.views)]

    @property
    def at(self) -> int:
        """Updates of the checkpoint that is looked at."""
        newest = self.values.points[-1][0] if self.values.points else 0
        if self.back_to is None:
            return newest
        return max((step for step in self.values.kept if step <= self.back_to), default=newest)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The view, and what is known of the checkpoint."""
        # Where it stands is marked once one looks back: at the end it would hide the end.
        cursor = float(self.at) if self.back_to is not None else None
        return training(self._drawn(), width, height, look, cursor=cursor, said=self._said(), sample=self.sample)

    def _drawn(self) -> View:
        makers: dict[str, Callable[[], View]] = {
            "loss": self._losses,
            "metric": self._metric,
            "norm": self._norms,
            "seeds": self._seeds,
        }
        return makers[self.view]()

    def _losses(self) -> View:
        v = self.values
        lines = [Line(_("the network"), _floats(v.points))]
        if v.held_out:
            lines.append(Line(_("what is held out"), _floats(v.held_out)))
        first = [loss for points in (v.points, v.held_out) for _step, loss in points[:1]]
        # The axis stands still while the curve falls.
        top = max([loss for loss in (*first, *(level for _, level in v.baselines)) if math.isfinite(loss)], default=1.0)
        return View(lines, unit_name(v.unit), v.steps, _named(v.baselines), (0.0, top))

    def _metric(self) -> View:
        v = self.values
        return View(
            [Line(_("what is held out"), _floats(v.metric))],
            unit_name(v.metric_name),
            v.steps,
            _named(v.metric_baselines),
            (0.0, 1.0) if v.metric_name == "share that is right" else (0.0, v.metric[0][1]),
        )

    def _norms(self) -> View:
        v = self.values
        points = [(float(step), _log10(norm)) for step, norm in v.norms]
        clip = [(_("clipped to {clip:g}").format(clip=v.clip), _log10(v.clip))]
        return View([Line(_("gradient norm"), points)], _("gradient norm before clipping"), v.steps, clip, log=True)

    def _seeds(self) -> View:
        v = self.values
        spread = v.spread()
        median = Line(_("median of {n} seeds").format(n=len(v.others) + 1), [(float(s), m) for s, _l, m, _h in spread])
        guides = [Line("", _floats(other.points)) for other in v.others]
        guides[0] = guides[0]._replace(label=ngettext("another seed", "other seeds", len(guides)))
        tops = [loss for points in (v.points, *(other.points for other in v.others)) for _step, loss in points[:1]]
        top = max([loss for loss in tops if math.isfinite(loss)], default=1.0)
        return View(
            [Line(_("this network"), _floats(v.points)), median], unit_name(v.unit), v.steps, (), (0.0, top), guides
        )

    # What is said

    def _said(self) -> list[str]:
        """Parts of one line, in the order of their weight."""
        v, step = self.values, self.at
        where, *loss = self._where(step)
        own = self._of_view(step)
        parts = [where, *own, *loss] if self.view in ("norm", "metric") else [where, *loss, *own]
        if self.view != "norm" and (norm := dict(v.norms).get(step)) is not None:
            parts.append(_("gradient norm {norm}").format(norm=_size(norm)))
        if self.view != "metric" and (metric := dict(v.metric).get(step)) is not None:
            parts.append(f"{unit_name(v.metric_name)} {metric:.2f}")
        if v.kept and self.back_to is not None:
            parts.append(_("{n} of {total} looked back to").format(n=v.kept.index(step) + 1, total=len(v.kept)))
        return parts

    def _where(self, step: int) -> list[str]:
        """How far it is, and the loss there."""
        v = self.values
        newest = v.points[-1][0] if v.points else 0
        loss = dict(v.points).get(step, math.nan)
        if v.diverged and step == newest:
            return [_("diverged at update {step}: no finite number is left").format(step=step)]
        if self.running and v.others and step == newest:
            other = v.others[-1]
            words = _("seed {seed}: update {step} of {steps}")
            return [words.format(seed=other.seed, step=other.points[-1][0] if other.points else 0, steps=v.steps)]
        if self.running or (step < newest and newest >= v.steps) or self.back_to is not None:
            where = _("update {step} of {steps}").format(step=step, steps=v.steps)
        elif step < v.steps:
            where = _("stopped at {step} of {steps}").format(step=step, steps=v.steps)
        else:
            where = _("trained: {steps} updates").format(steps=v.steps)
        parts = [where, f"{loss:.2f} {_short_unit(v.unit)}".rstrip()]
        if (beside := dict(v.held_out).get(step)) is not None:
            parts.append(_("held out {loss:.2f}").format(loss=beside))
        return parts

    def _of_view(self, step: int) -> list[str]:
        """What only this view has to say."""
        v = self.values
        if self.view == "metric":
            return [f"{unit_name(v.metric_name)} {dict(v.metric).get(step, math.nan):.2f}"]
        if self.view == "norm":
            clipped, looked = v.clipped
            words = _("of {looked} looked at, {clipped} clipped at {clip:g}")
            share = [words.format(looked=looked, clipped=clipped, clip=v.clip)] if looked else []
            return [_("norm {norm}").format(norm=_size(dict(v.norms).get(step, math.nan))), *share]
        if self.view == "seeds":
            for at, low, middle, high in v.spread():
                if at == step:
                    words = _("seeds {low:.2f} … {high:.2f}, median {middle:.2f}")
                    return [words.format(low=low, high=high, middle=middle)]
        return []

    @property
    def sample(self) -> Sample | None:
        """What the network wrote at the checkpoint, where it was asked to write."""
        v = self.values
        texts = dict(v.samples)
        if self.at not in texts:
            return None
        before = [text for step, text in v.samples if step < self.at]
        gap = "" if v.unit_of_text == "characters" else " "
        return Sample(v.prefix, gap, texts[self.at], before[-1] if before else texts[self.at])

    # What is done

    def show(self, values: TrainingValues, *, running: bool) -> None:
        """Other values."""
        self.values, self.running = values, running
        self.redraw()

    def action_look(self, by: int) -> None:
        """To the checkpoint before, or the one after."""
        kept = self.values.kept
        if len(kept) < 2:
            self.post_message(self.Stuck(_("There is no other checkpoint to look back at yet.")))
            return
        # Following the newest is one place beyond looking back at it.
        here = len([step for step in kept if step <= self.at]) - 1
        if not 0 <= here + by < len(kept):
            edge = _("This is where it began.") if by < 0 else _("This is the newest checkpoint.")
            self.post_message(self.Stuck(edge))
            return
        self.look_at(kept[here + by])

    def look_at(self, step: int) -> None:
        """Look back at a checkpoint that is kept; at the newest one, whatever comes is followed again."""
        self.back_to = None if step == self.values.kept[-1] else step
        self.redraw()
        self.changed()

    def on_click(self, event: events.Click) -> None:
        """The kept checkpoint that is nearest to the mouse."""
        self.focus()
        size = self.size
        found = updates_at(
            event.x,
            self._drawn(),
            size.width,
            size.height,
            look_of(self.app),
            said=True,
            sample=self.sample,
        )
        if found is not None and self.values.kept:
            self.look_at(min(self.values.kept, key=lambda step: abs(step - found)))


class TrainingFigure(LiveFigure):
    """The views of a training, and a progress bar while there is one."""

    DEFAULT_CSS = """
    TrainingFigure > ProgressBar { height: 1; }
    TrainingFigure Bar { width: 1fr; }
    """

    BINDINGS = [Binding("v", "next_view", show=False)]

    SHOW = "training"

    def compose(self) -> ComposeResult:
        """The picture, then how far."""
        yield Curve(self.values, running=self.running)
        yield ProgressBar(total=self.values.steps, show_eta=False)

    def on_mount(self) -> None:
        """Say where it stands."""
        self.show(self.values, running=self.running)

    @property
    def curve(self) -> Curve:
        """The picture."""
        return self.query_one(Curve)

    def show(self, values: TrainingValues, *, running: bool) -> None:
        """More checkpoints, or the end of them."""
        self.values, self.running = values, running
        # While other seeds learn, it is their way that is not done.
        points = values.others[-1].points if running and values.others else values.points
        step = points[-1][0] if points else 0
        self.curve.show(values, running=running)
        bar = self.query_one(ProgressBar)
        bar.update(progress=step, total=values.steps)
        bar.display = running or (step < values.steps and not values.diverged)

    def on_curve_stuck(self, message: Curve.Stuck) -> None:
        """Say why."""
        message.stop()
        self.tell(message.why)

    def action_next_view(self) -> None:
        """Loss, metric, gradient norm, seeds: those that were measured."""
        if len(self.curve.views) < 2:
            self.tell(_("Nothing but the loss was measured here yet."))
            return
        self.curve.shown = (self.curve.shown + 1) % len(self.curve.views)
        self.curve.redraw()
        self.changed()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {"view": self.curve.view, "looked_back": self.curve.back_to is not None}

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        last = self.values.points[-1][0] if self.values.points else 0
        unfinished = not self.running and 0 < last < self.values.steps and not self.values.diverged
        return (
            *((Hint("t", "train", _("train on")),) if unfinished else ()),
            Hint("v", "", _("view")),
            Hint("← →", "", _("look back")),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys."""
        return (
            ("v", _("loss, metric, gradient norm, other seeds: the next of those that were measured")),
            ("← → [ ]", _("look back, checkpoint by checkpoint")),
        )


def _floats(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    return [(float(step), value) for step, value in points]


def _log10(value: float) -> float:
    """log10 of a size; of 0 −∞."""
    return math.log10(value) if value > 0 else -math.inf if value == 0 else math.nan


def _size(norm: float) -> str:
    """A norm, whatever its order of magnitude."""
    return f"{norm:.3f}" if 1e-3 <= norm < 1e3 or norm == 0 else f"{norm:.1e}"


def _named(baselines: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Baselines by what they know."""
    return [(baseline_name(name), level) for name, level in baselines]


def _short_unit(unit: str) -> str:
    return _("bits") if unit.startswith("bits") else ""
