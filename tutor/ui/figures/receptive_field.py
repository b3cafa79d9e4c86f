"""The receptive field figure: a step moves along the text, and the stack of convolutions changes under the keys.

What is drawn is always what was measured: another step or another stack shows when its numbers are there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, get_args

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.receptive_field import (
    MOST,
    MOST_KERNEL,
    MOST_LAYERS,
    ReceptiveField,
    ReceptiveFieldValues,
    Seen,
    measured_from,
)
from tutor.course.figures.table import Table
from tutor.course.measured import Cell
from tutor.draw.cells import Look, Row
from tutor.draw.figures.receptive_field import Setting, across, reach, receptive_field, settings
from tutor.engine.text import join
from tutor.i18n import _
from tutor.ui.figures.gradient import keeps_cell
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.figures.writable import Writable
from tutor.ui.playback import Playback
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.keyline import Hint


class FieldView(Stepped, can_focus=True):
    """The tree, the bars under it and the words; a click on a token goes to its step."""

    DEFAULT_CSS = """
    FieldView { height: 1fr; }
    """

    class Resized(Message):
        """Another part of the text may be in view."""

    def __init__(self, values: ReceptiveFieldValues) -> None:
        super().__init__()
        self.values: ReceptiveFieldValues = values
        self.seen: Seen | None = None
        """What was measured; None before the first time."""

    def show(self, values: ReceptiveFieldValues, seen: Seen) -> None:
        """Other numbers."""
        self.values, self.seen = values, seen
        self.redraw()

    def take(self, values: ReceptiveFieldValues) -> None:
        """Nothing yet: they come with their numbers."""

    def watch_position(self) -> None:
        """Another step comes with its numbers, too."""
        if self.seen is None:
            self.redraw()

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(self.Resized())

    @property
    def _step(self) -> int:
        return self.position if self.seen is None else self.seen.position

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The picture."""
        options, seen = self.values.options, self.seen
        return receptive_field(
            self.values.run.tokens,
            self._step,
            options.kernel_size,
            options.dilations,
            None if seen is None else seen.convolution,
            None if seen is None else seen.state,
            0 if seen is None else seen.first,
            width,
            height,
            look,
            focused=self.has_focus,
        )

    def on_click(self, event: events.Click) -> None:
        """To the step of the token in this column."""
        place = across(self.values.run.tokens, self._step, self.values.reach, self.size.width)
        index = place.token(event.x)
        if index is not None:
            self.post_message(Wanted("go", index + 1))


class StackSettings(Drawn):
    """The stack and the network, as they are wanted; a click changes them as their keys do."""

    DEFAULT_CSS = """
    StackSettings { height: 1; }
    """

    def __init__(self, figure: ReceptiveFieldFigure) -> None:
        super().__init__()
        self.figure = figure

    @property
    def _items(self) -> tuple[tuple[Setting, Callable[[int], None]], ...]:
        options, figure = self.figure.options, self.figure
        dilations = " ".join(map(str, options.dilations))
        return (
            (Setting(_("kernel"), str(options.kernel_size)), figure.action_kernel),
            (Setting(_("layers"), str(options.layers)), figure.action_layers),
            (Setting(_("dilations"), dilations, sized=False), lambda _by: figure.action_dilate()),
            (Setting(_("state of"), self.figure.cell.upper(), sized=False), lambda _by: figure.action_cell()),
        )

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row."""
        return [settings([item for item, _change in self._items], width, look)[0]]

    def on_click(self, event: events.Click) -> None:
        """Less or more of what was hit, or the next."""
        items = self._items
        zones = settings([item for item, _change in items], self.size.width, look_of(self.app))[1]
        for start, end, index, by in zones:
            if start <= event.x < end:
                items[index][1](by)


class ReceptiveFieldFigure(Player, Writable):
    """A text read by a convolution and by a recurrent network, one step of it under the lens."""

    DEFAULT_CSS = """
    ReceptiveFieldFigure Transport { margin-top: 0; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step('back')", show=False),
        Binding("right", "step('forward')", show=False),
        Binding("left_square_bracket", "kernel(-1)", show=False),
        Binding("right_square_bracket", "kernel(1)", show=False),
        Binding("up", "layers(1)", show=False),
        Binding("down", "layers(-1)", show=False),
        Binding("d,v", "dilate", show=False),
        Binding("c", "cell", show=False),
    ]

    SHOW = "receptive-field"
    WRITES = _("edit the text")

    def __init__(
        self, values: ReceptiveFieldValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        length = len(values.run.tokens)
        # The whole tree at first sight: before the first token there is none.
        super().__init__(values, length, position=length, clock=clock, id=id)
        self.values: ReceptiveFieldValues
        self.options = values.options
        """The stack and the network that are wanted; `values` is of those that were measured."""
        self.given = values
        """What it was given to show; `values` is of the same text and run, or of another cell's."""
        self.seen: Seen | None = None

    def parts(self) -> Iterable[Widget]:
        """The picture, and what can be changed."""
        yield FieldView(self.values).data_bind(Player.position)
        yield StackSettings(self)

    def on_mount(self) -> None:
        """The first numbers."""
        self._measure()

    def watch_position(self) -> None:
        """Another step, other numbers."""
        self._measure()

    def on_field_view_resized(self, message: FieldView.Resized) -> None:
        """A wider picture shows more of the text."""
        message.stop()
        self._look_back()

    @property
    def _in_view(self) -> int:
        """Tokens back in the picture, at the step and with the stack that are wanted."""
        sees = reach(self.options.kernel_size, self.options.dilations)
        place = across(self.values.run.tokens, self.position, sees, self.query_one(FieldView).size.width)
        return self.position - place.first

    def _look_back(self) -> None:
        """Measure again where more is in view than was measured."""
        if self.seen is not None and self.seen.first > measured_from(self.position, self._in_view):
            self._measure()

    def _measure(self) -> None:
        options, position, in_view, known, given = self.options, self.position, self._in_view, self.values, self.given

        def compute() -> tuple[ReceptiveFieldValues, Seen]:
            values = known
            if options.cell != known.options.cell:
                values = options.over(options.made())
            elif options != known.options:
                values = options.over(known.run, known.recurrence)
            return values, values.seen(position, in_view)

        def show(found: tuple[ReceptiveFieldValues, Seen]) -> None:
            # Where another text or run came meanwhile, its own numbers are on their way.
            if given is self.given:
                self._show(found)

        self.later(compute, show)

    def _show(self, found: tuple[ReceptiveFieldValues, Seen]) -> None:
        self.values, self.seen = found
        self.query_one(FieldView).show(*found)
        self._look_back()

    def renew(self, options: Any, values: ReceptiveFieldValues) -> bool:
        """Another run, seen by the stack that is there."""
        kept = {name: getattr(self.options, name) for name in ("kernel_size", "layers", "dilated")}
        self.options = msgspec.structs.replace(values.options, **kept)
        self.given, self.seen = values, None
        super().renew(options, values)
        self.query_one(StackSettings).redraw()
        self._measure()
        return True

    def tables(self) -> tuple[Table, ...]:
        """Of the step that is on the screen, as far back as is ever measured: windows differ, and files do not."""
        seen, values = self.seen, self.values
        if seen is None or seen.first > measured_from(seen.position, MOST):
            seen = values.seen(self.position if seen is None else seen.position)
        return values.tables_of(seen)

    @property
    def written(self) -> str:
        """The text, to be edited."""
        return join(self.values.run.tokens, self.values.run.spec.unit)

    def show_written(self, text: str) -> None:
        """What is seen of a text that was written."""
        self.values = self.given = self.values.write(text)
        self.options, self.seen = self.values.options, None
        length = len(self.values.run.tokens)
        self.playback = Playback(length, position=length, speed=self.playback.speed)
        self._measure()
        self.changed()

    @property
    def cell(self) -> str:
        """Of the network whose state it is."""
        return self.values.run.spec.cell if self.options.model else self.options.cell

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        options = self.options
        return {
            **super().facts,
            "kernel_size": options.kernel_size,
            "layers": options.layers,
            "dilated": options.dilated,
            "cell": self.cell,
        }

    # What can be changed

    def _change(self, options: ReceptiveField) -> None:
        self.options = options
        self.query_one(StackSettings).redraw()
        self._measure()
        self.changed()

    def action_kernel(self, by: int) -> None:
        """A wider or a narrower kernel."""
        wanted = self.options.kernel_size + by
        if 1 <= wanted <= MOST_KERNEL:
            self._change(msgspec.structs.replace(self.options, kernel_size=wanted))
        elif by < 0:
            self.tell(_("A kernel of size 1 sees the present alone; there is none smaller."))
        else:
            self.tell(_("The kernel is at its largest here, {n}.").format(n=MOST_KERNEL))

    def action_layers(self, by: int) -> None:
        """A layer more or less."""
        wanted = self.options.layers + by
        if 1 <= wanted <= MOST_LAYERS:
            self._change(msgspec.structs.replace(self.options, layers=wanted))
        elif by < 0:
            self.tell(_("One layer is left; without it there is no convolution."))
        else:
            self.tell(_("There are {n} layers, and no more here.").format(n=MOST_LAYERS))

    def action_dilate(self) -> None:
        """Dilations 1, 2, 4, …, or all 1."""
        self._change(msgspec.structs.replace(self.options, dilated=not self.options.dilated))
        if self.options.layers == 1:
            self.tell(_("With one layer the dilation is 1 either way; ↑ adds a layer."))

    def action_cell(self) -> None:
        """Another cell."""
        if self.options.model:
            self.tell(keeps_cell())
            return
        cells: tuple[Cell, ...] = get_args(Cell)
        following = cells[(cells.index(self.options.cell) + 1) % len(cells)]
        self._change(msgspec.structs.replace(self.options, cell=following))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (
            *PLAYER_HINTS,
            self.write_hint,
            Hint("[ ]", "kernel(1)", _("kernel"), self),
            Hint("↑ ↓", "layers(1)", _("layers"), self),
            Hint("d", "dilate", _("dilation"), self),
            *(() if self.options.model else (Hint("c", "cell", _("cell"), self),)),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own: those that do something now."""
        return (
            ("← →", _("a token back, a token on")),
            ("[ ]", _("a smaller kernel, a larger one")),
            ("↑ ↓", _("a layer more, a layer less")),
            ("d v", _("dilations 1, 2, 4, …, or all 1")),
            *(() if self.options.model else (("c", _("the state of another cell")),)),
            ("e", _("edit the text, or write another; enter reads it, esc keeps the old one")),
        )
