"""The sandbox: any sentence under the microscope.

The screen owns its model and its text. A change of either runs the network again and puts the new run under the same
instruments; a text that cannot be read leaves the experiment on screen as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from tutor.course.experiment import Experiment
from tutor.course.figures.gradient import Gradient, GradientValues, Series
from tutor.course.figures.state import StateValues
from tutor.engine import CELLS, gradient_flow
from tutor.engine.model import Model, Run
from tutor.engine.text import clean, tokenize
from tutor.i18n import _, ngettext
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gradient import GradientFigure
from tutor.ui.figures.player import PLAYER_BINDINGS
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.statemap import StateMap
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine

NEXT = 4
"""How many next words the sandbox shows, where the model has a head."""

SIZES = (4, 8, 16, 32, 64)
"""What `u` goes through."""


def read(experiment: Experiment, model: Model | None) -> Run:
    """The run of an experiment, by a trained model where there is one (ValueError: what is wrong with it)."""
    if model is None:
        return experiment.run()
    return model.run(tokenize(experiment.text, model.spec.unit))


class SandboxScreen(Screen[None]):
    """A model, a text, and every instrument on them."""

    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("e", "edit", "edit the text"),
        Binding("m", "model", "another cell"),
        Binding("u", "units", "more units"),
        Binding("r", "seed", "another seed"),
        Binding("1", "look('state')", "the state"),
        Binding("2", "gates", "its gates"),
        Binding("4", "look('gradient')", "the gradient"),
        Binding("w,5", "why", "why this number"),
        Binding("escape", "leave", "back"),
        *PLAYER_BINDINGS,
    ]

    class Left(Message):
        """The learner goes back to where they came from."""

    def __init__(
        self,
        experiment: Experiment,
        *,
        model: Model | None = None,
        title: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            experiment: the text, and the untrained network that reads it.
            model: a trained model to read it instead.
            title: where the model comes from.
        """
        super().__init__()
        self.experiment = experiment
        self.model = model
        self.origin = title
        self.clock = clock
        self.view = "state"
        self.network_run = read(experiment, model)

    def compose(self) -> ComposeResult:
        """The text's box is there only while it is edited."""
        yield TitleLine()
        yield Input(id="text", classes="-hidden", select_on_focus=False)
        yield Vertical(id="bench")
        yield KeyLine()

    async def on_mount(self) -> None:
        """Under the lens."""
        await self._show()

    # The experiment

    async def _change(self, *, model: Model | None, **changes: Any) -> None:
        """Another experiment, or a word of why not, and the one on screen stays."""
        try:
            experiment = replace(self.experiment, **changes)
            run = read(experiment, model)
        except ValueError as error:
            self._say(str(error))
            return
        self.experiment, self.model, self.network_run = experiment, model, run
        await self._show()

    async def _show(self) -> None:
        bench = self.query_one("#bench")
        async with self.batch():
            await bench.remove_children()
            if self.view == "gradient":
                options = Gradient(model=self.network_run.model.spec.cell, norm="frobenius")
                await bench.mount(GradientFigure(options, self._gradient()))
            else:
                await bench.mount(StateFigure(StateValues(self.network_run, NEXT), clock=self.clock))
        for widget in self.query(StateMap):
            widget.focus()
        self._place()

    def _gradient(self) -> GradientValues:
        flow = gradient_flow(self.network_run.model.net, self.network_run.trace)
        label = self.network_run.model.spec.cell.upper()
        back = tuple(float(v) for v in flow.log10_norms[::-1])
        return GradientValues((Series(label, back),), len(back) - 1)

    def _place(self) -> None:
        spec = self.network_run.model.spec
        units = ngettext("{n} unit", "{n} units", spec.hidden_size).format(n=spec.hidden_size)
        trained = self.origin or _("trained")
        parts = [spec.cell.upper(), units]
        if spec.num_layers > 1:
            parts.append(ngettext("{n} layer", "{n} layers", spec.num_layers).format(n=spec.num_layers))
        if spec.bidirectional:
            parts.append(_("both directions"))
        parts += [_("seed {n}").format(n=spec.seed), trained if self.model is not None else _("untrained")]
        self.query_one(TitleLine).show(clean(self.experiment.text), right=" · ".join(parts))
        self._show_hints()

    def _show_hints(self) -> None:
        if not self.query_one(Input).has_class("-hidden"):
            hints = [Hint("enter", "", _("read this text")), Hint("esc", "leave", _("keep the old one"))]
        else:
            hints = [Hint("e", "edit", _("edit"))]
            for player in self.query(StateFigure):
                hints += player.hints
            hints += [
                Hint("1", "look('state')", _("state")),
                Hint("2", "gates", _("gates")),
                Hint("4", "look('gradient')", _("gradient")),
                Hint("m", "model", _("cell")),
                Hint("u", "units", _("units")),
                Hint("r", "seed", _("seed")),
                Hint("esc", "leave", _("back")),
                Hint("?", "app.help", _("help")),
                Hint("x", "app.save_figure", _("save")),
            ]
        self.query_one(KeyLine).show(hints)

    # Keys

    def action_edit(self) -> None:
        """Open the text's box."""
        box = self.query_one(Input)
        box.value = clean(self.experiment.text)
        box.remove_class("-hidden")
        box.focus()
        box.cursor_position = len(box.value)
        self._show_hints()

    async def on_input_submitted(self, message: Input.Submitted) -> None:
        """Read what was typed."""
        message.stop()
        text = clean(message.value)
        if not tokenize(text, self.network_run.model.spec.unit):
            self._say(_("There is nothing to read: type at least one word. esc keeps the old text."))
            return
        self._close_box()
        await self._change(model=self.model, text=text)

    def _close_box(self) -> None:
        self.query_one(Input).add_class("-hidden")
        for widget in self.query(StateMap):
            widget.focus()
        self._show_hints()

    async def action_model(self) -> None:
        """The next cell, untrained, on the same text."""
        cells = list(CELLS)
        cell = cells[(cells.index(self.network_run.model.spec.cell) + 1) % len(cells)]
        left = self.model is not None
        await self._change(model=None, cell=cell)
        if left:
            self._say(
                _("An untrained {cell} reads it now. esc and s bring the trained one back.").format(cell=cell.upper())
            )

    async def action_units(self) -> None:
        """The next size."""
        if self.model is not None:
            self._say(_("A trained network keeps its size. m takes an untrained one."))
            return
        larger = [size for size in SIZES if size > self.experiment.hidden]
        await self._change(model=None, hidden=larger[0] if larger else SIZES[0])

    async def action_seed(self) -> None:
        """Other weights."""
        if self.model is not None:
            self._say(_("A trained network keeps its weights. m takes an untrained one."))
            return
        await self._change(model=None, seed=self.experiment.seed + 1)

    async def action_look(self, view: str) -> None:
        """Another instrument on the same run."""
        if view == self.view:
            for player in self.query(StateFigure):
                player.follow("h")
            return
        self.view = view
        await self._show()

    async def action_gates(self) -> None:
        """The next gate in the heatmap, and after the last the state again."""
        if self.view != "state":
            self.view = "state"
            await self._show()
        for player in self.query(StateFigure):
            names = player.followable
            if len(names) == 1:
                self._say(_("A plain RNN has no gates. m goes on to the GRU and the LSTM."))
                return
            name = names[(names.index(player.followed) + 1) % len(names)]
            player.follow(name)
            self._say(player.meaning(name))

    def action_why(self) -> None:
        """Open the value under the cursor."""
        for player in self.query(StateFigure):
            player.opened = not player.opened
            return
        self._say(_("w opens a value of the state. 1 shows the state."))

    def action_player(self, verb: str) -> None:
        """A player's key."""
        for player in self.query(StateFigure):
            self._say(player.act(verb))
            return
        self._say(_("Nothing plays in this view. 1 shows the state."))

    def action_leave(self) -> None:
        """Out of the text's box, or back."""
        if self.query_one(Input).has_class("-hidden"):
            self.post_message(self.Left())
        else:
            self._close_box()

    def on_figure_told(self, message: Figure.Told) -> None:
        """A figure has a word to say."""
        message.stop()
        self._say(message.word)

    def _say(self, word: str) -> None:
        self.query_one(KeyLine).say(word)

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self._say("")

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
            ("e", _("edit the text; enter reads it, esc keeps the old one")),
            ("space", _("play, pause")),
            (". ,", _("one token on, one back")),
            ("home end", _("first and last")),
            ("+ -", _("faster, slower")),
            ("← →", _("another unit")),
            ("w", _("why: open the value under the cursor")),
            ("1", _("the state")),
            ("2", _("its gates, one after the other")),
            ("4", _("the gradient from the last step back")),
            ("m", _("another cell: RNN, GRU, LSTM")),
            ("u", _("another number of units")),
            ("r", _("another seed")),
            *(keys for figure in self.query(Figure) for keys in figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("back to where you came from")),
            ("ctrl+q", _("leave")),
        ]
