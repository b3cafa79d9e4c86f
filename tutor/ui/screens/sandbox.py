"""The sandbox: any sentence under the microscope.

What its keys ask for, and what it says. What is done, and shown, is the bench's that it is built on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import on
from textual.binding import Binding
from textual.message import Message

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _, ngettext
from tutor.sandbox import acts, edits, settings
from tutor.sandbox.acts import Act, Change
from tutor.sandbox.doing import Step
from tutor.sandbox.edits import History
from tutor.sandbox.errands import Errand, Outcome, keeping, opening
from tutor.sandbox.experiment import Experiment, tokens_of
from tutor.sandbox.instruments import INSTRUMENTS, MEASURED_FROM, kinds_of
from tutor.sandbox.networks import Networks
from tutor.sandbox.settings import Setting
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View
from tutor.ui.figures.player import PLAYER_BINDINGS, PLAYER_HINTS, Player
from tutor.ui.figures.state import StateFigure
from tutor.ui.playback import Playback
from tutor.ui.screens.bench import BenchScreen, Library
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, TitleLine
from tutor.ui.widgets.means.number import NumberField

UNTRAINED = ""
"""The source of a network that was not trained."""


class SandboxScreen(BenchScreen):
    """A network, a text, and every instrument on them."""

    SETTINGS = _("the network")
    BINDINGS = [
        Binding("e", "edit", "edit the text"),
        Binding("d", "word", "another word"),
        Binding("r", "rearrange", "rearrange the text"),
        Binding("b", "beside", "a second text"),
        Binding("m", "settings", "the network"),
        Binding("o", "open", "another network"),
        Binding("k", "keep", "keep and open"),
        Binding("t", "train", "train one"),
        Binding("h", "by_hand", "set a value by hand"),
        Binding("z", "undo", "undo"),
        Binding("y", "redo", "redo"),
        Binding("i", "instruments", "instruments"),
        Binding("w", "why", "why this number"),
        *[Binding(one.key, f"look('{one.name}')", one.label) for one in INSTRUMENTS.values() if one.key],
        Binding("escape", "leave", "back"),
        *PLAYER_BINDINGS,
    ]

    class Left(Message):
        """The learner goes back to where they came from."""

    class TrainWanted(Message):
        """A network of the learner's own is to be trained."""

    def __init__(
        self,
        experiment: Experiment,
        *,
        network: tuple[str, Model] | None = None,
        title: str = "",
        view: View | None = None,
        shelf: Shelf | None = None,
        networks: Networks | None = None,
        library: Library | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """As `BenchScreen`; and

        Args:
            shelf: where experiments are kept.
            networks: where networks of the learner's own are kept.
        """
        super().__init__(experiment, network=network, title=title, view=view, library=library, clock=clock)
        self.shelf = shelf
        self.networks = networks
        self._shuffles = 0

    # What is said

    def show_title(self) -> None:
        """What the network is called may be known by now: the course was read."""
        if self.is_mounted:
            self._place()

    def _place(self) -> None:
        spec, experiment = self.reading.run.spec, self.experiment
        # What does not fit is left out from the end: what differs from a plain network comes first.
        parts = [spec.cell.upper(), ngettext("{n} unit", "{n} units", spec.hidden_size).format(n=spec.hidden_size)]
        if experiment.changed:
            parts.insert(0, _("{n} by hand").format(n=len(experiment.cuts) + len(experiment.nudges)))
        if spec.num_layers > 1:
            parts.append(ngettext("{n} layer", "{n} layers", spec.num_layers).format(n=spec.num_layers))
        if spec.bidirectional:
            parts.append(_("both directions"))
        trained = self._title(experiment.source) if experiment.source else _("untrained")
        parts += [trained, _("seed {n}").format(n=spec.seed)]
        every, read = len(tokens_of(experiment.text, spec.unit)), len(self.reading.run.tokens)
        text = clean(experiment.text[:400])
        if read < every:
            parts.insert(0, _("the first {n:,} of {total:,} tokens").format(n=read, total=every))
        self.query_one(TitleLine).show(text, right=" · ".join(parts))
        self._show_hints()

    def _hints(self) -> Sequence[Hint]:
        hints: list[Hint]
        prompt = self.query_one(Prompt)
        if prompt.open:
            hints = [*prompt.hints]
        elif isinstance(self.focused, SettingsPanel):
            hints = [
                Hint("↑ ↓", "", _("another setting")),
                Hint("← →", "", _("change it")),
                *self.focused.typing,
                Hint("z", "undo", _("undo")),
                Hint("esc", "leave", _("done")),
            ]
        elif isinstance(self.focused, NumberField):
            hints = [*self.focused.hints, Hint("0…9", "", _("type it")), Hint("esc", "leave", _("back to the figure"))]
        else:
            figure = self.figure
            own = () if figure is None else tuple(hint for hint in figure.hints if hint.key not in ("e", "w"))
            plays = [hint for hint in own if hint in PLAYER_HINTS]
            hints = [
                Hint("e", "edit", _("text")),
                Hint("m", "settings", _("network")),
                Hint("1…0", "instruments", _("instruments")),
                # What this instrument alone can do is found nowhere else.
                *(hint for hint in own if hint not in plays),
                *([Hint(", .", "", _("step T"))] if self.view.instrument in MEASURED_FROM else []),
                *([Hint("6", "look('compare')", _("other side"))] if self._beside_others else []),
                Hint("h", "by_hand", _("by hand")),
                Hint("?", "app.help", _("help")),
                *plays,
                Hint("r", "rearrange", _("rearrange")),
                Hint("b", "beside", _("second text")),
                Hint("o", "open", _("open")),
                Hint("t", "train", _("train")),
                Hint("k", "keep", _("keep")),
                Hint("z", "undo", _("undo")),
                Hint("esc", "leave", _("back")),
                Hint("x", "app.save_figure", _("save")),
            ]
        return hints

    @property
    def _beside_others(self) -> bool:
        """Whether something else can stand beside it than what does."""
        return self.view.instrument == "compare" and len(kinds_of(self.experiment)) > 1

    # The text

    @property
    def unit(self) -> str:
        """What a token is to the network that reads it."""
        return self.reading.run.spec.unit

    def action_edit(self) -> None:
        """Another text."""
        unit = self.unit
        begins = clean(self.experiment.text)
        self._ask_change(_("text"), begins, lambda text: lambda e: edits.written(e, clean(text), unit))

    def action_word(self) -> None:
        """Another word in place of the one at the cursor."""
        self._act(acts.word(self.reading, self._stood()), self.experiment)

    def action_rearrange(self) -> None:
        """The same words in another order."""
        self._shuffles += 1
        self._choose_act(_("Rearrange"), acts.on_text(self.reading, self._stood(), self._shuffles))

    def action_beside(self) -> None:
        """A second text."""
        value = clean(self.experiment.beside or self.experiment.text)

        def then(text: str) -> Change:
            return lambda e: edits.beside(e, clean(text))

        self._ask_change(_("beside it"), value, then, "text")

    # By hand

    def action_by_hand(self) -> None:
        """Set, swap or nudge what the network computes."""
        try:
            found = acts.by_hand(self.reading, self._stood())
        except ValueError as error:
            self._say(str(error))
            return
        self._choose_act(_("By hand"), found)

    def _choose_act(self, title: str, found: Sequence[Act]) -> None:
        was = self.experiment
        self._choose(title, [one.label for one in found], lambda at: self._act(found[at], was))

    def _act(self, act: Act, was: Experiment) -> None:
        """What was offered for one experiment is done to no other."""

        def change(text: str) -> Change:
            do = act.do(text)

            def done(experiment: Experiment) -> Experiment:
                if experiment != was:
                    raise ValueError(_("It is another experiment by now: choose again."))
                return do(experiment)

            return done

        if act.asks:
            self._ask_change(act.asks, act.begins, change, all_of_it=True)
        else:
            self.does(change(""))

    def action_undo(self) -> None:
        """The experiment before."""
        self.steps(Step(History.undo))

    def action_redo(self) -> None:
        """The experiment that was undone last."""
        self.steps(Step(History.redo))

    # The network

    def _settings(self) -> Sequence[Setting]:
        return settings.settings(self.experiment, self.reading.run.model)

    def action_settings(self) -> None:
        """Open the settings, or close them."""
        panel = self.query_one(SettingsPanel)
        if panel.has_class("-open"):
            self._shut()
        else:
            panel.add_class("-open")
            panel.focus()

    @on(SettingsPanel.Shut)
    def shut(self, message: SettingsPanel.Shut) -> None:
        """Done with them."""
        message.stop()
        self._shut()

    def _shut(self) -> None:
        self.query_one(SettingsPanel).remove_class("-open")
        figure = self.figure
        if figure is not None:
            figure.take_keys()
        self._show_hints()

    @on(SettingsPanel.Turned)
    def turned(self, message: SettingsPanel.Turned) -> None:
        """The next value of a setting."""
        message.stop()
        name, by = message.name, message.by
        self.does(lambda e: settings.turned(e, name, by))

    @on(SettingsPanel.Typed)
    def typed(self, message: SettingsPanel.Typed) -> None:
        """A value of one's own."""
        message.stop()
        name = message.name
        label = next(one.label for one in self._settings() if one.name == name)

        def then(text: str) -> Change:
            return lambda e: settings.typed(e, name, text)

        self._ask_change(label, settings.to_type(self.experiment, name), then, all_of_it=True)

    def action_open(self) -> None:
        """Another network: an untrained one, a lesson's, a file's, or one that was put on the bench."""
        lent = {} if self.library is None else self.library.titles()
        own = {source: self._title(source) for source in self.bench.sources}
        here = {UNTRAINED: _("an untrained network"), **own}

        def found(names: Mapping[str, str]) -> list[Errand]:
            return [Errand(said, partial(_chosen, source, said)) for source, said in names.items()]

        others = {source: said for source, said in lent.items() if source not in here}
        self._choose_errand(_("Which network"), [*found(here), *opening(Path()), *found(others)])

    def action_train(self) -> None:
        """A network of one's own, from a file."""
        self.post_message(self.TrainWanted())

    def use(self, title: str, model: Model, text: str, back: int | None = None) -> None:
        """Put a network that was trained under the lens, with a text that it knows.

        Args:
            title: what it learned from.
            model: the network.
            text: what it reads at first.
            back: after how many of its updates it is seen, where that is not as it is now.
        """
        to = self._named(model, title)

        def change(experiment: Experiment) -> Experiment:
            return to(replace(experiment, text=text or experiment.text, beside=""))

        # Read to its end: what it says then is what it learned.
        end = View("says", position=len(tokens_of(text, model.spec.unit)))
        self.steps(Step(lambda history: history.does(change(history.now)), instrument="says", view=end))
        word = _("This is the network that was trained. t goes back to the training.")
        if back is not None:
            word = _("This is the network after {n} updates. t goes back to the training.").format(n=back)
        self._say(word)

    # Kept, and opened

    def action_keep(self) -> None:
        """Its string, the shelf, its files."""
        network = self.bench.sources.get(self.experiment.source)
        found = keeping(self.reading, self._stood(), self.shelf, self.networks, network)
        self._choose_errand(_("Keep, and open"), found)

    def _choose_errand(self, title: str, errands: Sequence[Errand]) -> None:
        self._choose(title, [one.label for one in errands], lambda at: self._errand(errands[at]))

    # The instruments

    def action_look(self, name: str) -> None:
        """Another instrument on the same trace."""
        self.steps(Step(lambda history: history, instrument=name, beside="next" if name == "compare" else None))

    def action_instruments(self) -> None:
        """All of them."""
        names = list(INSTRUMENTS)
        rows = [f"{one.key or ' '}  {one.label}" for one in INSTRUMENTS.values()]
        self._choose(_("Instruments"), rows, lambda at: self.action_look(names[at]))

    def action_why(self) -> None:
        """Open the value under the cursor."""
        figure = self.figure
        if isinstance(figure, StateFigure):
            figure.opened = not figure.opened
        else:
            self.action_look("why")

    def action_player(self, verb: str) -> None:
        """A player's key."""
        figure = self.figure
        if isinstance(figure, Player):
            self._say(figure.act(verb))
        elif self.view.instrument in MEASURED_FROM and verb in ("forward", "back", "start", "end"):
            self._measure_from(verb)
        else:
            self._say(_("Nothing plays in this view. 1 shows the state."))

    def _measure_from(self, verb: str) -> None:
        """The same instrument, from another step back."""
        total = len(self.reading.run.tokens)
        # Keys may come faster than it is measured.
        views = [step.view for step in (*self._doing, *self._pending) if step.view is not None]
        asked = views[-1] if views else self.view
        here = Playback(total, position=min(asked.position or total, total))
        position = max(getattr(here, verb)().position, 1)
        if position == here.position:
            self._say(_("This is the first step.") if verb in ("back", "start") else _("This is the last step."))
        else:
            self.steps(Step(lambda history: history, view=replace(asked, position=position)))

    def action_leave(self) -> None:
        """Out of the line, out of what takes long, out of the settings, or back."""
        if self.query_one(Prompt).open:
            self._close()
        elif self._break_off():
            pass
        elif isinstance(self.focused, NumberField) and self.figure is not None:
            self.figure.take_keys()
        elif self.query_one(SettingsPanel).has_class("-open"):
            self._shut()
        else:
            self.post_message(self.Left())

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says: of keys that mean another thing in this instrument, that."""
        every_own = () if self.figure is None else self.figure.help_keys
        # The text and why are the screen's own.
        figure = [row for row in every_own if row[0] not in ("e", "w")]
        here = {key for keys, _about in figure for key in keys.split()}
        every = [
            ("e", _("edit the text, or paste another; enter reads it, esc keeps the old one")),
            ("d", _("another word in place of the one at the cursor")),
            ("r", _("rearrange: from its end, shuffled, two words swapped")),
            ("b", _("a second text beside the first; empty, it goes away")),
            ("m", _("the network: cell, units, layers, direction, tokens, h₀, weights, seed")),
            ("o", _("another network: untrained, a lesson's, from a file")),
            ("t", _("train a network on a file of your own")),
            ("k", _("keep and open: a string to copy, the shelf, the trace and the network as files")),
            ("h", _("by hand: set, zero or swap a unit, a gate, the state; nudge a weight")),
            ("z y", _("undo, redo: everything")),
            ("space", _("play, pause")),
            (". ,", _("one token on, one back")),
            ("home end", _("first and last")),
            ("+ -", _("faster, slower")),
            ("w", _("why: open the value under the cursor")),
            *((one.key, one.about) for one in INSTRUMENTS.values() if one.key),
            ("i", _("all instruments; one without a key is among them")),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("back to where you came from")),
            ("ctrl+q", _("leave")),
        ]
        return [*figure, *(row for row in every if not here.issuperset(row[0].split()))]


def _chosen(source: str, title: str, _typed: str) -> Outcome:
    return Outcome(chosen=(source, title))
