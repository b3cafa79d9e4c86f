"""The picture figure: an image to draw on, what the convolutions make of it, and the caption that follows every stroke.

The image under the brush is the figure's own and shows at once; everything else is of the image that was last looked
at, and comes when it is computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.picture import Picture, PictureValues
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.picture import Layout, Written, lay_out, picture, step_at
from tutor.engine.checks import Array
from tutor.i18n import _
from tutor.ui.figures.player import Player, Stepped, Wanted
from tutor.ui.widgets.keyline import Hint

RESPONSES = 1
"""Index of the stage that is shown at first; the kernels are the one before it."""
_MOST_UNDONE = 100


class Easel(Stepped, can_focus=True):
    """Everything that is drawn, and the brush: arrows and space, or the mouse."""

    DEFAULT_CSS = """
    Easel { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("space", "dot", show=False),
    ]

    class Painted(Message):
        """Pixels were touched."""

        def __init__(self, pixels: Sequence[tuple[int, int]], on: bool | None, *, began: bool) -> None:
            super().__init__()
            self.pixels = pixels
            """(row, column)"""
            self.on = on
            """Ink or none; None turns what is there around."""
            self.began = began
            """Whether a stroke begins with them."""

    class NextStage(Message):
        """Another stage was asked for, by a click on the one that is shown."""

    def __init__(self, values: PictureValues) -> None:
        super().__init__()
        self.values = values
        self.image = values.image
        self.stage = RESPONSES
        rows, columns = values.image.shape
        self.cursor = (rows // 2, columns // 2)
        """The pixel (row, column) that the keys change."""
        self._brush: bool | None = None
        """While a button is down: whether it puts ink on."""

    def show(self, values: PictureValues) -> None:
        """What was made of the image."""
        self.values = values
        self.redraw()

    def show_image(self, image: Array) -> None:
        """The image as it is drawn by now."""
        self.image = image
        self.redraw()

    def show_stage(self, stage: int) -> None:
        """Another stage of the encoder."""
        self.stage = stage
        self.redraw()

    @property
    def _words(self) -> list[Written]:
        return [Written(w.token, w.probability, w.others, w.state.tolist()) for w in self.values.words]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The picture."""
        values = self.values
        planes = values.stages[self.stage]
        return picture(
            self.image,
            planes.name,
            planes.values,
            values.stages[RESPONSES - 1].values if self.stage == RESPONSES else None,
            values.h_0.tolist(),
            self._words,
            values.truth,
            self.position,
            width,
            height,
            look,
            cursor=self.cursor if self.has_focus else None,
        )

    @property
    def _layout(self) -> Layout:
        rows, columns = self.image.shape
        return lay_out((rows, columns), self.size.width, self.size.height)

    # The brush

    def action_move(self, down: int, right: int) -> None:
        """The pixel beside; at the border it stays."""
        rows, columns = self.image.shape
        y, x = self.cursor
        self.cursor = (min(max(y + down, 0), rows - 1), min(max(x + right, 0), columns - 1))
        self.redraw()

    def action_dot(self) -> None:
        """Ink on the pixel under the cursor, or off it."""
        self.post_message(self.Painted([self.cursor], None, began=True))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A stroke begins: the left button puts ink on, another one or shift takes it off."""
        pixels = self._under(event)
        if pixels:
            self._brush = event.button == 1 and not event.shift
            self.cursor = pixels[0]
            self.capture_mouse()
            self.post_message(self.Painted(pixels, self._brush, began=True))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The stroke goes on."""
        if self._brush is None:
            return
        pixels = self._under(event)
        if pixels:
            self.cursor = pixels[0]
            self.post_message(self.Painted(pixels, self._brush, began=False))

    def on_mouse_up(self) -> None:
        """The stroke is over."""
        self._brush = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """A click on a word goes to its step, one on a stage to the next stage."""
        layout = self._layout
        step = step_at(self._words, self.position, layout.caption, event.x, event.y)
        if step is not None:
            self.post_message(Wanted("go", step))
        box = layout.stage
        if box.left <= event.x < box.left + box.width and box.top <= event.y < box.top + box.height:
            self.post_message(self.NextStage())

    def _under(self, event: events.MouseEvent) -> list[tuple[int, int]]:
        # Some terminals say where in a cell the mouse is.
        rows, columns = self.image.shape
        return self._layout.pixels(event.pointer_x, event.pointer_y, (rows, columns))


class PictureFigure(Player):
    """An image and the sentence that is written of it, a word a step."""

    DEFAULT_CSS = """
    PictureFigure Transport { margin-top: 0; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "play", show=False),
        Binding("c", "clear", show=False),
        Binding("i", "invert", show=False),
        Binding("g", "scene", show=False),
        Binding("z", "undo", show=False),
        Binding("v", "stage", show=False),
    ]

    SHOW = "picture"
    SIGNED = True

    def __init__(
        self,
        options: Picture,
        values: PictureValues,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
    ) -> None:
        length = len(values.words)
        # Without more, the sentence is there at first sight, and home takes it back to h_0.
        first = length if options.step is None else min(options.step, length)
        super().__init__(values, length, position=first, clock=clock, id=id)
        self.values: PictureValues
        self.options = options
        self.image = values.image
        """As it is drawn by now; `values` is of the image that was last looked at."""
        self.stage = RESPONSES
        self.strokes = 0
        """How often something was drawn."""
        self._drawing = False
        """Whether the stroke that goes on was counted."""
        self._before: list[Array] = []
        self._order: list[int] = []
        """Scenes that are still to come, the next one last."""
        self._rng = np.random.default_rng(options.seed)

    def parts(self) -> Iterable[Widget]:
        """One picture of all of it: its parts share the room by what there is."""
        yield Easel(self.values).data_bind(Player.position)

    # Another image

    def _paint(self, image: Array, *, keep: bool = True) -> None:
        """Another image; `keep` says that the one before can be had back."""
        if keep:
            self._before = [*self._before[1 - _MOST_UNDONE :], self.image]
        self.image = image
        self.query_one(Easel).show_image(image)
        known = self.values
        self.later(lambda: known.of(image), self._show)

    def _show(self, values: PictureValues) -> None:
        """What was written of it: all of it where all was written before."""
        self.values = values
        now, length = self.playback, len(values.words)
        position = length if now.at_end else min(now.position, length)
        self.playback = replace(now, length=length, position=position, playing=now.playing and position < length)
        self.query_one(Easel).show(values)
        self.changed()

    def on_easel_painted(self, message: Easel.Painted) -> None:
        """Ink on, or off; what is so already changes nothing."""
        message.stop()
        image = self.image.copy()
        for pixel in message.pixels:
            ink = image[pixel] < 0.5 if message.on is None else message.on
            image[pixel] = 1.0 if ink else 0.0
        self._drawing = self._drawing and not message.began
        if not np.array_equal(image, self.image):
            self.strokes += not self._drawing
            self._drawing = True
            self._paint(image, keep=message.began)
            self.changed()
        elif message.began:
            self.query_one(Easel).redraw()

    def on_easel_next_stage(self, message: Easel.NextStage) -> None:
        """By the mouse, as by its key."""
        message.stop()
        self.action_stage()

    def action_clear(self) -> None:
        """No ink at all."""
        if not self.image.any():
            self.tell(_("It is empty already."))
            return
        self._paint(np.zeros_like(self.image))

    def action_invert(self) -> None:
        """Ink where there was none, none where there was."""
        self._paint(np.asarray(1.0 - self.image, self.image.dtype))

    def action_scene(self) -> None:
        """Another of the scenes, all of them before one comes again."""
        scenes = self.values.scenes

        def others(order: Iterable[int]) -> list[int]:
            return [at for at in order if not np.array_equal(scenes[at][0], self.image)]

        order = others(self._order) or others(self._rng.permutation(len(scenes)).tolist())
        if not order:
            self.tell(_("There is no other scene."))
            return
        self._order = order[:-1]
        if self.options.step is not None:
            # Its sentence is as hidden as the first one was.
            self.playback = replace(self.playback, position=min(self.options.step, self.playback.length), playing=False)
        self._paint(scenes[order[-1]][0])

    def action_undo(self) -> None:
        """The image before the last stroke."""
        if not self._before:
            self.tell(_("Nothing was drawn that could be taken back."))
            return
        self._paint(self._before.pop(), keep=False)

    # What is shown of it

    def action_stage(self) -> None:
        """The next stage of the encoder, and the first one after the last."""
        self.stage = (self.stage + 1) % len(self.values.stages)
        self.query_one(Easel).show_stage(self.stage)

    def action_play(self) -> None:
        """Play or pause: while the image has the keys, space is its own."""
        if word := self.act("toggle"):
            self.tell(word)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {**super().facts, "strokes": self.strokes, "caption": " ".join(self.values.said)}

    def tables(self) -> tuple[Table, ...]:
        """Of the image that was last looked at, with the stage that is shown."""
        return (*self.values.tables(), self.values.table_of(self.stage))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (
            Hint(_("space"), "", _("draw")),
            Hint("p", "play", _("play"), self),
            Hint(", .", "player('forward')", _("step")),
            Hint("g", "scene", _("another scene"), self),
            Hint("v", "stage", _("next layer"), self),
            Hint("z", "undo", _("undo"), self),
            Hint("c", "clear", _("clear"), self),
            Hint("i", "invert", _("invert"), self),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("← → ↑ ↓", _("another pixel")),
            ("space", _("on the image: ink on the pixel, or off it")),
            (_("mouse"), _("on the image: draw; with shift or another button, rub out")),
            ("p", _("play, pause: the sentence is written")),
            ("g", _("another scene, as the network never saw it")),
            ("v", _("kernels, their responses, pooled, and so on")),
            ("c i", _("clear the image; ink for none and none for ink")),
            ("z", _("undo")),
        )
