"""The unrolled network: one cell with its loop, or the chain of its copies; and the small chain above a heatmap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.unrolled import UnrolledValues
from tutor.draw.cells import Look, Row
from tutor.draw.diagram import unrolled
from tutor.draw.figures.unrolled import Chain, Network, folded, shared, step_at, unfolded
from tutor.draw.wording import shown_token
from tutor.engine.model import Run
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.widgets.drawn import ascii_only, look_of
from tutor.ui.widgets.keyline import Hint


class Diagram(Stepped):
    """The chain of copies of one cell, the current one brightest."""

    DEFAULT_CSS = """
    Diagram { height: auto; margin-bottom: 1; }
    """

    compact = reactive(False, repaint=False)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The chain, or both."""
        both = self.run.model.net.bidirectional
        return unrolled(self.run.tokens, self.position, width, look, compact=self.compact, backward=both)

    def take(self, values: Any) -> None:
        """Another run."""
        self.run = values.run
        self.redraw()

    def takes(self, *, compact: bool) -> int:
        """Rows that it takes."""
        return 4 - compact + self.run.model.net.bidirectional

    def watch_compact(self) -> None:
        """Rows fewer or more."""
        self.redraw(layout=True)


class UnrolledView(Stepped, can_focus=True):
    """The cell and its loop, or its copies."""

    DEFAULT_CSS = """
    UnrolledView { height: 1fr; }
    """

    BINDINGS = [
        Binding("left", "ask('back')", show=False),
        Binding("right", "ask('forward')", show=False),
    ]

    folded = reactive(False, repaint=False)
    """Whether it is one cell."""

    def __init__(self, values: UnrolledValues) -> None:
        super().__init__()
        self.values: UnrolledValues = values

    def network(self) -> Network:
        """How far each chain is."""
        spec = self.values.run.spec
        chains = [Chain(*taken) for taken in self.values.taken(self.position)]
        return Network(spec.cell, chains, self.values.parameters, spec.nonlinearity, spec.reset)

    def at(self) -> int:
        """The step, from 1, that the forward direction took last."""
        count = len(self.values.run.tokens)
        return (self.position - 1) % count + 1 if self.position else 1

    def said(self, t: int) -> str:
        """What is put out at a step."""
        said, number = self.values.said(t)
        label = shown_token(said, ascii=ascii_only())
        return f"{label} {f'{number:.2f}'.removeprefix('0')}" if self.values.speaks else f"{number:.2f}"

    def notes(self, network: Network) -> list[str]:
        """What is said under the picture."""
        run = self.values.run
        notes = shared(network, len(run.tokens), ascii=ascii_only())
        if run.spec.bidirectional:
            notes.append(_("' reads from the end, with weights of its own; what is put out joins both"))
        if self.values.speaks:
            what = {"tag": _("the likeliest tag"), "classify": _("the likeliest label")}
            said = what.get(run.model.job, _("the likeliest next token"))
            notes.append(_("put out: {what}, and how likely it is").format(what=said))
        else:
            notes.append(_("put out: how large the state is"))
            if run.logits is not None and self.position == self.values.steps:
                said, p = run.next(0, 1)[0]
                notes.insert(0, _("both ends together say: {label} {p:.2f}").format(label=said, p=p))
        return notes

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Folded or not."""
        run = self.values.run
        network = self.network()
        notes = self.notes(network)
        if self.folded:
            return folded(run.tokens, network, width, height, look, said=self.said, notes=notes, focused=self.has_focus)
        return unfolded(
            run.tokens, network, self.at(), width, height, look, said=self.said, notes=notes, focused=self.has_focus
        )

    def watch_folded(self) -> None:
        """The other picture."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A copy takes one to its step; the folded cell takes the next one."""
        if self.folded:
            self.post_message(Wanted("forward"))
            return
        run = self.values.run
        look = look_of(self.app)
        size = self.size
        step = step_at(run.tokens, self.network(), self.at(), event.x, size.width, size.height, look, outputs=True)
        if step is not None:
            # The layers before the one that is walking have been walked whole.
            walked = max(self.position - 1, 0) // len(run.tokens) * len(run.tokens)
            self.post_message(Wanted("go", walked + step))


class UnrolledFigure(Player):
    """A text read by one cell: folded, or as the chain of its copies."""

    SHOW = "unrolled"
    TIGHT = 14
    TELLING = (*Player.TELLING, "folded")

    BINDINGS = [Binding("f", "fold", show=False)]

    folded = reactive(False, repaint=False)
    """Whether it is one cell."""

    def __init__(
        self, values: UnrolledValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, values.steps, clock=clock, id=id)
        self.set_reactive(UnrolledFigure.folded, values.folded)

    def parts(self) -> Iterable[Widget]:
        """The picture alone."""
        yield UnrolledView(self.values).data_bind(Player.position, UnrolledFigure.folded)

    @staticmethod
    def length_of(values: UnrolledValues) -> int:
        """Layer by layer."""
        return values.steps

    def where(self, position: int, length: int) -> str:
        """Where layers walk one after the other, in which of them."""
        tokens = len(self.values.run.tokens)
        if length == tokens or not position:
            return super().where(position, length)
        layer, step = divmod(position - 1, tokens)
        words = _("layer {layer}, step {n} of {total}")
        return words.format(layer=layer + 1, n=step + 1, total=tokens)

    def has_read(self, tokens: int) -> int:
        """Of the layer that is walking; of one that is not begun, all of the one below."""
        return (self.position - 1) % tokens + 1 if self.position else 0

    def read_to(self, count: int, tokens: int) -> None:
        """In the last layer, whose state it is that the others show."""
        self.playback = self.playback.go(self.values.steps - tokens + count if count else 0)

    def action_fold(self) -> None:
        """From the cell to its copies, and back."""
        self.folded = not self.folded
        self.tell(
            _("Folded: one cell, used again and again.") if self.folded else _("Unfolded: the same cell, step by step.")
        )

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        return {**super().facts, "folded": self.folded}

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (Hint("f", "fold", _("unfold") if self.folded else _("fold"), self), *PLAYER_HINTS)

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (("f", _("the cell with its loop, or its copies")), ("← →", _("one token back, one on")))
