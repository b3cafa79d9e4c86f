"""The landscape figure: the map of a loss, a cursor that reads it, and descents that walk on at a key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tutor.course.figures.facts import Fact
from tutor.course.figures.landscape import Descent, LandscapeValues, Step
from tutor.draw.cells import PLAIN, Look, Row, Span
from tutor.draw.figures.landscape import Layout, Map, Way, arrow, landscape, layout, short, sign_of
from tutor.draw.wording import wording
from tutor.i18n import _
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.number import NumberField

MOST_STEPS = 500

_KINDS = ("unclipped", "clipped", "training")
"""Each keeps its own sign on the map."""
SHOWN = (("unclipped", "clipped"), ("clipped",), ("unclipped",))
"""The descents that `c` puts on the map in turn; the training's own way is always there."""


def _label(kind: str) -> str:
    names = {"unclipped": _("unclipped"), "clipped": _("clipped"), "training": _("its training")}
    return names[kind]


class LossMap(Drawn, can_focus=True):
    """The map. The arrows move its cursor, and a click sets it."""

    DEFAULT_CSS = """
    LossMap { height: 1fr; }
    """

    BINDINGS = [
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("up", "move(1, 0)", show=False),
        Binding("down", "move(-1, 0)", show=False),
    ]

    cursor = reactive((0, 0), repaint=False)
    """Row and column of the grid."""

    class Aimed(Message):
        """The cursor moved."""

    def __init__(self, values: LandscapeValues) -> None:
        super().__init__()
        self.values = values
        self.kinds: tuple[str, ...] = SHOWN[0]
        self.reading: Step | None = None
        """What was measured under the cursor; None until it is."""
        self.aimed = False
        """Whether its cursor was ever moved: until then what it reads can wait."""
        self.set_reactive(LossMap.cursor, (len(values.ys) // 2, len(values.xs) // 2))

    @property
    def _grid(self) -> Map:
        v = self.values
        return Map(np.array(v.losses, np.float64), (v.xs[0], v.xs[-1]), (v.ys[0], v.ys[-1]), v.names)

    @property
    def place(self) -> tuple[float, float]:
        """Where the cursor is."""
        return self.values.xs[self.cursor[1]], self.values.ys[self.cursor[0]]

    @property
    def descents(self) -> tuple[Descent, ...]:
        """What is on the map."""
        return tuple(d for d in self.values.descents if d.kind in (*self.kinds, "training"))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The map, and under it what there is to say."""
        ways = [Way(_label(d.kind), [(s.x, s.y) for s in d.steps], _KINDS.index(d.kind)) for d in self.descents]
        said = self._said(width, height, look)
        return landscape(self._grid, ways, width, height, look, cursor=self.cursor, focused=self.has_focus, said=said)

    def _said(self, width: int, height: int, look: Look) -> list[Row]:
        """In the order of their weight: where each walk stands, why, what the cursor reads.

        Where there is not room for all, the walks share a line.
        """
        walks = [self._standing(d, look) for d in self.descents]
        rest = [(words, PLAIN) for words in (self._vectors(look),) if words]
        rest += [(words, look.muted) for words in (self._plane(),) if words]
        reading = (self._read(look), look.accent if self.has_focus else look.muted)
        rest.insert(0 if self.aimed and self.has_focus else min(1, len(rest)), reading)
        count = len(walks) + len(rest)
        if len(walks) > 1 and layout(self._grid, width, height, count).said < count:
            walks = [self._together(look)]
        lines = [*((words, PLAIN) for words in walks), *rest]
        return [(Span(wording(words, width, ascii=look.ascii), style),) for words, style in lines]

    def _named(self, x: float, y: float) -> str:
        return f"{self.values.names[0]} {short(x)}, {self.values.names[1]} {short(y)}"

    def _loss(self, loss: float) -> str:
        return f"{short(loss)} {self.values.unit}".rstrip()

    def _read(self, look: Look) -> tuple[str, ...]:
        x, y = self.place
        row, column = self.cursor
        known = self.reading is not None and (self.reading.x, self.reading.y) == (x, y)
        norm = short(self.reading.norm) if known and self.reading is not None else ("~" if look.ascii else "…")
        values = {"place": self._named(x, y), "loss": self._loss(self.values.losses[row][column]), "norm": norm}
        return (
            _("at {place}: loss {loss}, gradient norm {norm}").format(**values),
            _("at {place}: loss {loss}").format(**values),
        )

    def _standing(self, walk: Descent, look: Look) -> tuple[str, ...]:
        """Where a descent stands, and whether that is off the map."""
        last = walk.steps[-1]
        values = {
            "walk": self._signed(walk, look),
            "n": walk.updates[-1],
            "place": self._named(last.x, last.y),
            "off": self._off(last),
            "loss": self._loss(last.loss),
        }
        return (
            _("{walk}, step {n}: {place}{off}, loss {loss}").format(**values),
            _("{walk}, step {n}: {place}{off}").format(**values),
            _("{walk}: {place}").format(**values),
        )

    def _together(self, look: Look) -> tuple[str, ...]:
        """The same of all descents in one line: their losses."""
        walks = [
            {
                "walk": self._signed(walk, look),
                "sign": sign_of(_KINDS.index(walk.kind), look),
                "n": walk.updates[-1],
                "off": self._off(walk.steps[-1]),
                "loss": self._loss(walk.steps[-1].loss),
            }
            for walk in self.descents
        ]
        forms = [_("{walk}, step {n}: loss {loss}{off}"), _("{walk}, step {n}: loss {loss}")]
        said = ["   ".join(form.format(**walk) for walk in walks) for form in forms]
        if len({walk["n"] for walk in walks}) == 1:
            losses = "   ".join(_("{walk} {loss}").format(**walk) for walk in walks)
            said.append(_("step {n}, loss: {losses}").format(n=walks[0]["n"], losses=losses))
        return (*said, "   ".join(_("{sign} step {n}: {loss}").format(**walk) for walk in walks))

    def _signed(self, walk: Descent, look: Look) -> str:
        """Its name behind its sign on the map."""
        return f"{sign_of(_KINDS.index(walk.kind), look)} {_label(walk.kind)}"

    def _off(self, step: Step) -> str:
        return "" if self._on_map(step) else " " + _("(off the map)")

    def _plane(self) -> tuple[str, ...]:
        """What the axes of a model's map are."""
        share = self.values.share
        if share is None:
            return ()
        return (
            _("u, v: the principal directions of its way; {share:.0%} of its variance lies in them").format(
                share=share
            ),
            _("{share:.0%} of its way's variance lies in this plane").format(share=share),
        )

    def _on_map(self, step: Step) -> bool:
        v = self.values
        return v.xs[0] <= step.x <= v.xs[-1] and v.ys[0] <= step.y <= v.ys[-1]

    def _vectors(self, look: Look) -> tuple[str, ...]:
        """The steepest step of a walk, beside what clipping makes of it."""
        walks = [walk for kind in self.kinds if (walk := self.values.walk(kind)) is not None]
        taken = [(n, step) for walk in walks[:1] for n, step in zip(walk.updates, walk.steps, strict=True)]
        taken = [(n, step) for n, step in taken if math.isfinite(step.norm)]
        if not taken:
            return ()
        n, step = max(taken, key=lambda pair: pair[1].norm)
        rate, clip = self.values.learning_rate, self.values.clip
        values = {
            "n": n,
            "arrow": arrow(-step.dx, -step.dy, ascii=look.ascii),
            "bare": short(rate * step.norm),
            "kept": short(rate * min(step.norm, clip)),
        }
        if step.norm <= clip:
            return (_("steepest at step {n}: {arrow} {bare} long; clipping has nothing to do").format(**values),)
        return (
            _("steepest at step {n}: {arrow} {bare} long, clipped {arrow} {kept}: the same direction").format(**values),
            _("steepest at step {n}: {arrow} {bare} long, clipped {arrow} {kept}").format(**values),
            _("step {n}: {arrow} {bare}, clipped {arrow} {kept}").format(**values),
        )

    @property
    def shared(self) -> Layout:
        """How the room that there is is shared out."""
        width, height = self.size
        return layout(self._grid, width, height, len(self._said(width, height, look_of(self.app))))

    def action_move(self, up: int, right: int) -> None:
        """The point beside."""
        self.aimed = True
        row, column = self.cursor[0] + up, self.cursor[1] + right
        rows, columns = len(self.values.ys), len(self.values.xs)
        self.cursor = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def on_click(self, event: events.Click) -> None:
        """The point under the mouse."""
        self.focus()
        found = self.shared.point(event.x, event.y, (len(self.values.ys), len(self.values.xs)))
        if found is not None:
            self.aimed = True
            self.cursor = found

    def watch_cursor(self) -> None:
        """Another reading."""
        self.redraw()
        self.post_message(self.Aimed())


class LandscapeFigure(Figure):
    """The map, and under it the learning rate and the clip that its descents walk with."""

    DEFAULT_CSS = """
    LandscapeFigure > Horizontal { height: auto; }
    LandscapeFigure Static { width: auto; padding: 0 1 0 0; }
    LandscapeFigure #clip-name { padding: 0 1 0 2; }
    """

    BINDINGS = [
        Binding("g,right_square_bracket", "walk(1)", show=False),
        Binding("left_square_bracket", "walk(-1)", show=False),
        Binding("c", "choose", show=False),
    ]

    SHOW = "landscape"

    RATES = (0.01, 1.0)
    CLIPS = (0.01, 100.0)

    def __init__(self, values: LandscapeValues) -> None:
        super().__init__(values)
        self.steps: int = values.steps
        self.learning_rate: float = values.learning_rate
        self.clip: float = values.clip
        self.choice = 0
        """Which of `SHOWN` is on the map."""

    def compose(self) -> ComposeResult:
        """The map above its fields."""
        yield LossMap(self.values)
        if self.values.start is not None:
            with Horizontal():
                yield Static(Content(_("rate")))
                yield NumberField(
                    *_reaching(self.RATES, self.learning_rate), start=self.learning_rate, scale="log", id="rate"
                )
                yield Static(Content(_("clip")), id="clip-name")
                yield NumberField(*_reaching(self.CLIPS, self.clip), start=self.clip, scale="log", id="clip")

    def on_mount(self) -> None:
        """Read what is under the cursor."""
        self._measure()

    @property
    def map(self) -> LossMap:
        """The map."""
        return self.query_one(LossMap)

    def _measure(self) -> None:
        """Walk with what is set now, and read off the cursor."""
        self.changed()
        values, steps, rate, clip, place = self.values, self.steps, self.learning_rate, self.clip, self.map.place
        asked = (steps, rate, clip) != (values.steps, values.learning_rate, values.clip)

        def compute() -> tuple[LandscapeValues, Step]:
            walked = values.walked(learning_rate=rate, clip=clip, steps=steps) if asked else values
            return walked, values.surface.at(*place)

        self.later(compute, self._show)

    def _show(self, found: tuple[LandscapeValues, Step]) -> None:
        self.values, self.map.reading = found
        self.map.values = self.values
        self.map.redraw()

    def on_loss_map_aimed(self, message: LossMap.Aimed) -> None:
        """Read the new place."""
        message.stop()
        self._measure()

    def on_number_field_moved(self, message: NumberField.Moved) -> None:
        """Walk anew with it."""
        message.stop()
        if message.field.id == "rate":
            self.learning_rate = message.value
        else:
            self.clip = message.value
        self._measure()

    def action_walk(self, by: int) -> None:
        """One step of each descent more, or fewer."""
        if self.values.start is None:
            self.tell(_("This is the way that its training took; nothing walks on it here."))
        elif self.steps + by < 0:
            self.tell(_("The descents stand at their start."))
        elif self.steps + by > MOST_STEPS:
            self.tell(_("They have walked {n} steps: that is all that is kept.").format(n=MOST_STEPS))
        else:
            self.steps += by
            self._measure()

    def action_choose(self) -> None:
        """Another choice of descents: both, with clipping, without."""
        if self.values.start is None:
            self.tell(_("This is the way that its training took; there is nothing to clip here."))
            return
        self.choice = (self.choice + 1) % len(SHOWN)
        self.map.kinds = SHOWN[self.choice]
        self.map.redraw()
        self.tell((_("with and without clipping"), _("with clipping"), _("without clipping"))[self.choice])

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {"learning_rate": self.learning_rate, "clip": self.clip, "steps": self.steps}

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        aim = Hint("← →", "", _("read"))
        if self.values.start is None:
            return (aim,)
        return Hint("g", "", _("one step")), Hint("c", "", _("clipping")), aim

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of its keys."""
        return (
            ("← → ↑ ↓", _("move the cursor that reads the map")),
            ("g ]", _("one step more of each descent")),
            ("[", _("one step back")),
            ("c", _("with and without clipping, with it alone, without it alone")),
            ("tab", _("to the learning rate and the clip")),
        )


def _reaching(ends: tuple[float, float], value: float) -> tuple[float, float]:
    """The ends of a track, wide enough for where its knob begins."""
    return min(ends[0], value), max(ends[1], value)
