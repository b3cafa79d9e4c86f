"""The embedding figure: a token looked up in E, and E's words in their plane, at any checkpoint of the training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.embedding import EmbeddingValues, View, towards
from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.draw.cells import Look, Row
from tutor.draw.figures.embedding import Lookup, Scene, dimension_at, hashed, lookup, plane, word_at
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Aimed, Player, Stepped
from tutor.ui.widgets.drawn import look_of
from tutor.ui.widgets.keyline import Hint

LINKED = 24
"""Words of the text that are linked, up to the current one: more would be a tangle."""


class LookUp(Stepped, can_focus=True):
    """The current token, as a one-hot row times E and as a row of E; ← and → go through its numbers."""

    DEFAULT_CSS = """
    LookUp { height: 1fr; }
    """

    BINDINGS = [
        Binding("up", "ask('back')", show=False),
        Binding("down", "ask('forward')", show=False),
        Binding("left", "aim(-1)", show=False),
        Binding("right", "aim(1)", show=False),
    ]

    at = reactive(0, repaint=False)
    """The index of the checkpoint."""

    def __init__(self, values: EmbeddingValues) -> None:
        super().__init__()
        self.values: EmbeddingValues = values

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The product beside the look-up; without an E, how a vector is made."""
        values = self.values
        if not values.words:
            return hashed(
                values.tokens,
                values.vectors,
                self.position,
                width,
                height,
                look,
                dimension=self.unit,
                focused=self.has_focus,
            )
        return lookup(self._found(), width, height, look, dimension=self.unit, focused=self.has_focus)

    def _found(self) -> Lookup | None:
        if self.position == 0:
            return None
        found = self.values.look_up(self.position - 1, self.at)
        table = self.values.history[self.at]
        return Lookup(found.token, found.index, self.values.words, table, found.product, found.row, found.difference)

    def watch_at(self) -> None:
        """Another checkpoint."""
        self.redraw()

    def action_aim(self, by: int) -> None:
        """The number beside."""
        self.post_message(Aimed(min(max(self.unit + by, 0), self.values.vectors.shape[1] - 1)))

    def on_click(self, event: events.Click) -> None:
        """The number under the mouse."""
        found = self._found() if self.values.words else None
        aimed = None if found is None else dimension_at(found, event.x, self.size.width, dimension=self.unit)
        if aimed is not None:
            self.post_message(Aimed(aimed))


class WordPlane(Stepped, can_focus=True):
    """E's words in the plane of their first two principal components; arrows go from word to word."""

    DEFAULT_CSS = """
    WordPlane { height: 1fr; }
    """

    BINDINGS = [
        Binding("left", "walk(-1, 0)", show=False),
        Binding("right", "walk(1, 0)", show=False),
        Binding("up", "walk(0, 1)", show=False),
        Binding("down", "walk(0, -1)", show=False),
    ]

    at = reactive(0, repaint=False)
    """The index of the checkpoint."""
    cursor = reactive(0, repaint=False)
    """The row of E that is looked at."""

    def __init__(self, values: EmbeddingValues) -> None:
        super().__init__()
        self.values: EmbeddingValues = values
        self._planes = {values.last: values.plane(values.last)}

    def take(self, values: EmbeddingValues) -> None:
        """Another text; the table may be another network's, with the same words and steps."""
        self._planes = {}
        super().take(values)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The plane and its frame."""
        return plane(self._scene(), width, height, look, focused=self.has_focus)

    def _scene(self) -> Scene:
        values = self.values
        if self.at not in self._planes:
            self._planes[self.at] = values.plane(self.at)
        here = self._planes[self.at]
        order = np.argsort(-np.nan_to_num(here.moved, nan=-1.0), kind="stable")[:8].tolist()
        first = values.steps[0]
        return Scene(
            here.points,
            values.words,
            here.shares,
            self.cursor,
            values.nearest(self.cursor, self.at),
            values.indices[max(self.position - LINKED, 0) : self.position],
            [(values.words[word], float(here.moved[word])) for word in order] if self.at else (),
            _("moved since update {step}").format(step=first),
            _("update {step} of {steps}").format(step=values.steps[self.at], steps=values.steps[-1])
            if len(values.steps) > 1
            else "",
        )

    def action_walk(self, right: int, up: int) -> None:
        """The next word in a direction."""
        scene = self._scene()
        found = towards(scene.points, self.cursor, right, up)
        figure = next(node for node in self.ancestors if isinstance(node, EmbeddingFigure))
        if found is None:
            figure.tell(_("No word lies that way."))
        else:
            figure.cursor = found

    def on_click(self, event: events.Click) -> None:
        """The word under the mouse."""
        found = word_at(self._scene(), event.x, event.y, *self.size, look_of(self.app))
        if found is not None:
            next(node for node in self.ancestors if isinstance(node, EmbeddingFigure)).cursor = found

    def watch_at(self) -> None:
        """Another checkpoint."""
        self.redraw()

    def watch_cursor(self) -> None:
        """Another word."""
        self.redraw()


class EmbeddingFigure(Player):
    """A text, the table that it is looked up in, and the checkpoint that is shown of it."""

    SHOW = "embedding"
    SIGNED = True
    TIGHT = 14
    TELLING = (*Player.TELLING, "view")

    BINDINGS = [
        Binding("v", "view", show=False),
        Binding("left_square_bracket", "checkpoint(-1)", show=False),
        Binding("right_square_bracket", "checkpoint(1)", show=False),
    ]

    at = reactive(0, repaint=False)
    """The index of the checkpoint that is shown."""
    cursor = reactive(0, repaint=False)
    """The row of E that the plane is about: the current token's, until another is chosen."""
    view: reactive[View] = reactive("lookup", repaint=False)
    """Which of the two is shown."""

    def __init__(
        self, values: EmbeddingValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, len(values.tokens), position=values.step, clock=clock, id=id)
        self.set_reactive(EmbeddingFigure.at, max(values.last, 0))
        self.set_reactive(EmbeddingFigure.cursor, values.indices[max(values.step - 1, 0)] if values.indices else 0)
        self.set_reactive(EmbeddingFigure.view, values.view)

    def parts(self) -> Iterable[Widget]:
        """The look-up, and the plane where there is an E."""
        yield LookUp(self.values).data_bind(Player.position, Player.unit, EmbeddingFigure.at)
        if self.values.words:
            yield WordPlane(self.values).data_bind(Player.position, EmbeddingFigure.at, EmbeddingFigure.cursor)

    @staticmethod
    def length_of(values: EmbeddingValues) -> int:
        """Tokens that are looked up."""
        return len(values.tokens)

    def renew(self, options: Any, values: EmbeddingValues) -> bool:
        """Another text, in the same table; another table is another figure."""
        mine = self.values
        if (mine.words, mine.steps) != (values.words, values.steps):
            return False
        self.unit = min(self.unit, values.vectors.shape[1] - 1)
        return super().renew(options, values)

    def on_mount(self) -> None:
        """One of the two."""
        self.watch_view()

    def watch_position(self, position: int) -> None:
        """The cursor goes with the text."""
        if position and self.values.words:
            self.cursor = self.values.indices[position - 1]

    def watch_view(self) -> None:
        """Show one of the two; the keys that the other had go to it."""
        for words in self.query(WordPlane):
            words.display = self.view == "plane"
        for token in self.query(LookUp):
            token.display = self.view == "lookup"

    def action_view(self) -> None:
        """The other view."""
        if not self.values.words:
            self.tell(_("Untrained, the network has no table of words, and so no plane of them."))
        else:
            self.view = "lookup" if self.view == "plane" else "plane"

    def action_checkpoint(self, by: int) -> None:
        """An earlier or a later checkpoint."""
        if len(self.values.steps) < 2:
            self.tell(_("No other checkpoint is kept of this network."))
        elif not 0 <= self.at + by <= self.values.last:
            self.tell(_("This is the first checkpoint.") if by < 0 else _("This is the last checkpoint."))
        else:
            self.at += by
            self.tell(
                _("E after {step} of {steps} updates").format(
                    step=self.values.steps[self.at], steps=self.values.steps[-1]
                )
            )

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {**super().facts, "unit": self.unit + 1, "view": self.view}

    def tables(self) -> tuple[Table, ...]:
        """What is on screen: the text looked up, or the plane with the neighbours of the word under the cursor."""
        if self.view == "plane":
            return (self.values.placed(self.at), self.values.alike((self.cursor,), self.at))
        return (self.values.looked_up(self.at),)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        if not self.values.words:
            return PLAYER_HINTS
        other = _("plane of words") if self.view == "lookup" else _("look-up")
        moves = (Hint("[ ]", "checkpoint(-1)", _("earlier, later"), self),) if len(self.values.steps) > 1 else ()
        return (*PLAYER_HINTS, Hint("v", "view", other, self), *moves)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("v", _("the look-up, or the plane of E's first two principal components")),
            ("[ ]", _("E at an earlier or a later checkpoint of the training")),
            ("arrows", _("in the look-up the token and the number of its vector; in the plane the next word that way")),
        )
