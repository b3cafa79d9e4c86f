"""The sandbox: any sentence under the microscope.

The screen owns the history of experiments, the place in the trace, and the bench that runs them. Whatever changes an
experiment is done in a thread, one change after the other, and what came of the newest is shown: typing never waits
for a network, and a change that cannot be done leaves the experiment on screen as it was, with a word why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from textual import on, work
from textual.binding import Binding
from textual.message import Message

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _, ngettext
from tutor.sandbox import acts, edits, settings
from tutor.sandbox.acts import Act, Change
from tutor.sandbox.bench import Bench, Beside
from tutor.sandbox.doing import Done, Stand, Step, do
from tutor.sandbox.edits import History
from tutor.sandbox.errands import Errand, Outcome, keeping, opening
from tutor.sandbox.experiment import Experiment, tokens_of
from tutor.sandbox.instruments import INSTRUMENTS, Shown, look
from tutor.sandbox.settings import Setting
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gates import GatesFigure
from tutor.ui.figures.player import PLAYER_BINDINGS, Player
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.state import StateFigure
from tutor.ui.screens.overlays import ChoiceScreen, LinesScreen
from tutor.ui.screens.table import TableScreen
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, TitleLine
from tutor.ui.widgets.line import OpenedLine

_FETCHED = _("The lesson's network is fetched; where it has not learned yet, it learns first.")
UNTRAINED = ""
"""The source of a network that was not trained."""


class Library(Protocol):
    """The lessons' networks."""

    def titles(self) -> Mapping[str, str]:
        """What there is, by source."""
        ...

    def lend(self, source: str) -> Model:
        """A network, which learns first where it has not: in a thread. ValueError: there is none of that name."""
        ...


class SandboxScreen(TableScreen):
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

    class Ran(Message):
        """What was asked for is done."""

        def __init__(self, done: Done) -> None:
            super().__init__()
            self.done = done

    def __init__(
        self,
        experiment: Experiment,
        *,
        network: tuple[str, Model] | None = None,
        title: str = "",
        view: View | None = None,
        shelf: Shelf | None = None,
        library: Library | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            experiment: what is under the lens.
            network: a network for the bench, by the name that an experiment's `source` calls it.
            title: where that comes from.
            view: where one stands in it.
            shelf: where experiments are kept.
            library: the lessons' networks.
            clock: seconds that pass.
        """
        super().__init__()
        self.bench = Bench(None if library is None else library.lend)
        self.shelf = shelf
        self.library = library
        self.titles: dict[str, str] = {}
        """What each source is called."""
        if network is not None:
            self.bench.put(*network)
            self.titles[network[0]] = title or network[0].partition(":")[2]
        self.clock = clock
        here = not experiment.source or experiment.source in self.bench.sources
        # A network that has to be fetched comes in a thread; until then an untrained one reads the text.
        self._fetched = None if here else experiment
        self.history = History(experiment if here else replace(experiment, source="", cuts=(), nudges=()))
        self.view = view or View()
        self.reading = self.bench.read(self.experiment)
        self._pending: list[Step] = []
        self._working = False
        self._shuffles = 0
        self._then: Callable[[str], Change | Outcome] | None = None
        """What is done with what is typed."""
        self._then_beside: Beside | None = None
        self._line = 0
        """Lines that were opened: which one is."""
        self._sent = False
        """Whether what was typed into it is being done."""
        self._lent: dict[str, str] = {}
        """Networks that are fetched, by source: what they are called when they are here."""

    async def on_mount(self) -> None:
        """Under the lens."""
        await self._show(look("state", self.reading, self.view))
        fetched, view = self._fetched, self.view
        if fetched is not None:
            self._say(_FETCHED)
            self.steps(Step(lambda _history: History(fetched), instrument=view.instrument, view=view))
        elif view.instrument != "state":
            self.steps(Step(lambda history: history, instrument=view.instrument, view=view))

    @property
    def experiment(self) -> Experiment:
        """What is under the lens."""
        return self.history.now

    @property
    def network_run(self) -> Any:
        """The run that every instrument looks at."""
        return self.reading.run

    @property
    def figure(self) -> Figure | None:
        """The instrument on screen."""
        return next(iter(self.query_one("#bench").query(Figure)), None)

    # What is done, in a thread

    def does(self, change: Change, *, line: int = 0, beside: Beside | None = None) -> None:
        """Change the experiment; with something to stand beside it, it is compared with that from then on."""
        instrument = "" if beside is None else "compare"
        self.steps(Step(lambda history: history.does(change(history.now)), line, instrument, beside))

    def steps(self, *steps: Step) -> None:
        """Do something to the history, after what is being done already."""
        self._pending += steps
        self._go()

    def _go(self) -> None:
        if self._working:
            return
        self._working = True
        steps, self._pending = tuple(self._pending), []
        self.view = self._stood()
        self._work(steps, Stand(self.history, self.reading, self.view))

    @work(thread=True, group="bench", description="bench")
    def _work(self, steps: Sequence[Step], stand: Stand) -> None:
        """In the thread: only values in, only messages out."""
        self.post_message(self.Ran(do(steps, self.bench, stand)))

    async def on_sandbox_screen_ran(self, message: Ran) -> None:
        """Show what came of it."""
        message.stop()
        done = message.done
        self.history, self.reading = done.stand.history, done.stand.reading
        self.view = replace(self._stood(), instrument=done.stand.view.instrument)
        self._sent = False
        if done.line == self._line:
            self._close()
        source = self.experiment.source
        if source in self._lent:
            self.titles[source] = self._lent.pop(source)
        if done.shown is not None:
            await self._show(done.shown)
        figure = self.figure
        if done.place is not None and figure is not None:
            self.view = replace(done.place, instrument=done.stand.view.instrument)
            self._stand(figure)
        if done.words:
            self._say(" ".join(done.words))
        self._working = False
        if self._pending:
            self._go()

    async def _show(self, shown: Shown) -> None:
        """The instrument with other values; a new one where it has another form."""
        name, options, values = shown
        figure = self.figure
        async with self.batch():
            if figure is None or name != figure.SHOW or not figure.renew(options, values):
                bench = self.query_one("#bench")
                await bench.remove_children()
                figure = figure_widget(name, options, values, self.clock)
                await bench.mount(figure)
                self._stand(figure)
                self._give_keys(figure)
        for panel in self.query(SettingsPanel):
            panel.redraw()
        self._place()

    def _give_keys(self, figure: Figure) -> None:
        """To a new instrument, unless something else has them that is still there."""
        panel = self.query_one(SettingsPanel)
        if self.query_one(Prompt).open:
            return
        if not panel.has_class("-open"):
            figure.take_keys()
        elif self.focused is None or not self.focused.is_attached:
            panel.focus()

    # The place in the trace

    def _stood(self) -> View:
        """Where the cursor is now: what the instrument on screen tells of it, else as it was."""
        figure, view = self.figure, self.view
        if isinstance(figure, Player) and figure.playback.length == len(self.reading.run.tokens):
            view = replace(view, position=figure.position)
        if isinstance(figure, StateFigure):
            view = replace(view, followed=figure.followed)
        if isinstance(figure, GatesFigure):
            view = replace(view, unit=figure.unit + figure.direction * self.reading.run.spec.hidden_size)
        elif isinstance(figure, Player) and figure.SHOW in ("state", "why", "compare"):
            view = replace(view, unit=figure.unit)
        return view

    def _stand(self, figure: Figure) -> None:
        """Put the cursor of a new instrument where it was in the last."""
        view = self.view
        if not isinstance(figure, Player):
            return
        if figure.playback.length == len(self.reading.run.tokens):
            figure.playback = figure.playback.go(view.position)
        if figure.SHOW in ("state", "why", "gates", "compare"):
            units = self.reading.run.hidden.shape[1]
            unit = min(view.unit, units - 1)
            if isinstance(figure, GatesFigure):
                figure.direction, unit = divmod(unit, self.reading.run.spec.hidden_size)
            figure.unit = unit
        if isinstance(figure, StateFigure) and view.followed in figure.followable:
            figure.follow(view.followed)

    # What is said

    def _place(self) -> None:
        spec, experiment = self.reading.run.spec, self.experiment
        parts = [spec.cell.upper(), ngettext("{n} unit", "{n} units", spec.hidden_size).format(n=spec.hidden_size)]
        if spec.num_layers > 1:
            parts.append(ngettext("{n} layer", "{n} layers", spec.num_layers).format(n=spec.num_layers))
        if spec.bidirectional:
            parts.append(_("both directions"))
        trained = self.titles.get(experiment.source) or _("trained")
        parts += [_("seed {n}").format(n=spec.seed), trained if experiment.source else _("untrained")]
        if experiment.changed:
            parts.append(_("{n} by hand").format(n=len(experiment.cuts) + len(experiment.nudges)))
        every, read = len(tokens_of(experiment.text, spec.unit)), len(self.reading.run.tokens)
        text = clean(experiment.text[:400])
        if read < every:
            parts.insert(0, _("the first {n:,} of {total:,} tokens").format(n=read, total=every))
        self.query_one(TitleLine).show(text, right=" · ".join(parts))
        self._show_hints()

    def _hints(self) -> Sequence[Hint]:
        hints: list[Hint]
        if self.query_one(Prompt).open:
            hints = [Hint("enter", "", _("take it")), Hint("esc", "leave", _("keep the old one"))]
        elif isinstance(self.focused, SettingsPanel):
            hints = [
                Hint("↑ ↓", "", _("another setting")),
                Hint("← →", "", _("change it")),
                Hint("enter", "", _("type it")),
                Hint("z", "undo", _("undo")),
                Hint("esc", "leave", _("done")),
            ]
        else:
            figure = self.figure
            own = () if figure is None else tuple(hint for hint in figure.hints if hint.key not in ("e", "w"))
            hints = [
                Hint("e", "edit", _("text")),
                Hint("m", "settings", _("network")),
                Hint("1…0", "instruments", _("instruments")),
                Hint("h", "by_hand", _("by hand")),
                Hint("?", "app.help", _("help")),
                *own,
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

    # Typing

    def _ask(
        self, what: str, value: str, then: Callable[[str], Change | Outcome], beside: Beside | None = None
    ) -> None:
        self._then, self._then_beside, self._sent = then, beside, False
        self._line += 1
        self.query_one(Prompt).ask(what, value)
        self._show_hints()

    @on(Prompt.Given)
    def given(self, message: Prompt.Given) -> None:
        """Take what was typed; where it cannot be, the line stays."""
        message.stop()
        if self._then is None or self._sent:
            return
        try:
            found = self._then(message.text)
        except (ValueError, OSError) as error:
            self._say(_why(error))
            return
        if isinstance(found, Outcome):
            self._came(found)
        else:
            self._sent = True
            self.does(found, line=self._line, beside=self._then_beside if message.text.strip() else None)

    @on(OpenedLine.Kept)
    def kept(self, message: OpenedLine.Kept) -> None:
        """Nothing is to change."""
        message.stop()
        self._close()

    def _close(self) -> None:
        prompt = self.query_one(Prompt)
        if prompt.open:
            prompt.close()
            self._then = None
            panel = self.query_one(SettingsPanel)
            figure = self.figure
            if panel.has_class("-open"):
                panel.focus()
            elif figure is not None:
                figure.take_keys()
        self._show_hints()

    # The text

    @property
    def unit(self) -> str:
        """What a token is to the network that reads it."""
        return self.reading.run.spec.unit

    def action_edit(self) -> None:
        """Another text."""
        unit = self.unit
        self._ask(_("text"), clean(self.experiment.text), lambda text: lambda e: edits.written(e, clean(text), unit))

    def action_word(self) -> None:
        """Another word in place of the one at the cursor."""
        self._act(acts.word(self.reading, self._stood()))

    def action_rearrange(self) -> None:
        """The same words in another order."""
        self._shuffles += 1
        self._choose(_("Rearrange"), acts.on_text(self.reading, self._stood(), self._shuffles))

    def action_beside(self) -> None:
        """A second text."""
        value = clean(self.experiment.beside or self.experiment.text)

        def then(text: str) -> Change:
            return lambda e: edits.beside(e, clean(text))

        self._ask(_("beside it"), value, then, beside="text")

    # By hand

    def action_by_hand(self) -> None:
        """Set, swap or nudge what the network computes."""
        try:
            found = acts.by_hand(self.reading, self._stood())
        except ValueError as error:
            self._say(str(error))
            return
        self._choose(_("By hand"), found)

    def _choose(self, title: str, found: Sequence[Act]) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                self._act(found[int(key)])

        self.app.push_screen(ChoiceScreen(title, {str(at): one.label for at, one in enumerate(found)}), chosen)

    def _act(self, act: Act) -> None:
        if act.asks:
            self._ask(act.asks, act.begins, act.do)
            self.query_one(Prompt).line.action_select_all()
        else:
            self.does(act.do(""))

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

        self._ask(label, settings.to_type(self.experiment, name), then)
        self.query_one(Prompt).line.action_select_all()

    def action_open(self) -> None:
        """Another network: an untrained one, a lesson's, a file's, or one that was put on the bench."""
        lent = {} if self.library is None else self.library.titles()
        here = {UNTRAINED: _("an untrained network"), **self.titles}

        def found(names: Mapping[str, str]) -> list[Errand]:
            return [Errand(said, partial(self._use, source, said)) for source, said in names.items()]

        others = {source: said for source, said in lent.items() if source not in here}
        self._run_errand(_("Which network"), [*found(here), *opening(), *found(others)])

    def _use(self, source: str, title: str, _typed: str) -> Outcome:
        if source:
            self._lent[source] = title
        self.does(self._to(source))
        if not source or source in self.bench.sources:
            return Outcome()
        return Outcome(_FETCHED)

    def _to(self, source: str) -> Change:
        def change(experiment: Experiment) -> Experiment:
            # What was set by hand was set in another network.
            bare = replace(experiment, source=source, cuts=(), nudges=())
            return replace(bare, unit=self.bench.model(bare).spec.unit) if source else bare

        return change

    def _put(self, source: str, model: Model) -> str:
        """Put a network on the bench; one that is there already keeps its name, for what was done can be undone."""
        name, turn = source, 1
        while self.bench.sources.get(name, model) is not model:
            turn += 1
            name = f"{source} ({turn})"
        self.bench.put(name, model)
        self.titles[name] = name.partition(":")[2]
        return name

    def action_train(self) -> None:
        """A network of one's own, from a file."""
        self.post_message(self.TrainWanted())

    def use(self, title: str, model: Model, text: str) -> None:
        """Put a network that was trained under the lens, with a text that it knows.

        Args:
            title: what it learned from.
            model: the network.
            text: what it reads at first.
        """
        source = self._put(f"own:{title}", model)

        def change(experiment: Experiment) -> Experiment:
            bare = replace(experiment, source=source, cuts=(), nudges=())
            return replace(bare, text=text or bare.text, beside="", unit=model.spec.unit)

        # Read to its end: what it says then is what it learned.
        end = View("says", position=len(tokens_of(text, model.spec.unit)))
        self.steps(Step(lambda history: history.does(change(history.now)), instrument="says", view=end))

    # Kept, and opened

    def action_keep(self) -> None:
        """Its string, the shelf, its files."""
        self._run_errand(_("Keep, and open"), keeping(self.reading, self._stood(), self.shelf))

    def _run_errand(self, title: str, errands: Sequence[Errand]) -> None:
        def chosen(key: str | None) -> None:
            if key is None:
                return
            errand = errands[int(key)]
            if errand.asks:
                self._ask(errand.asks, errand.begins, errand.do)
                self.query_one(Prompt).line.action_select_all()
            else:
                self._out(errand, "")

        rows = {str(at): one.label for at, one in enumerate(errands)}
        self.app.push_screen(ChoiceScreen(title, rows), chosen)

    def _out(self, errand: Errand, typed: str) -> None:
        try:
            outcome = errand.do(typed)
        except (ValueError, OSError) as error:
            self._say(_why(error))
        else:
            self._came(outcome)

    def _came(self, outcome: Outcome) -> None:
        """What came of an errand."""
        self._close()
        self._say(outcome.word)
        if outcome.network is not None:
            self.does(self._to(self._put(*outcome.network)))
        if outcome.opened is not None:
            experiment, view = outcome.opened
            self.steps(Step(lambda history: history.does(experiment), instrument=view.instrument, view=view))
        if outcome.lines:
            self.app.push_screen(LinesScreen(_("In Python, with PyTorch"), outcome.lines))

    # The instruments

    def action_look(self, name: str) -> None:
        """Another instrument on the same trace."""
        self.steps(Step(lambda history: history, instrument=name, beside="next" if name == "compare" else None))

    def action_instruments(self) -> None:
        """All of them."""

        def chosen(key: str | None) -> None:
            if key is not None:
                self.action_look(key)

        rows: Mapping[str, str] = {one.name: f"{one.key or ' '}  {one.label}" for one in INSTRUMENTS.values()}
        self.app.push_screen(ChoiceScreen(_("Instruments"), rows), chosen)

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
        else:
            self._say(_("Nothing plays in this view. 1 shows the state."))

    def action_leave(self) -> None:
        """Out of the line, out of the settings, or back."""
        if self.query_one(Prompt).open:
            self._close()
        elif self.query_one(SettingsPanel).has_class("-open"):
            self._shut()
        else:
            self.post_message(self.Left())

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
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
            *((one.key or "i", one.about) for one in INSTRUMENTS.values()),
            ("i", _("all instruments")),
            *(() if self.figure is None else self.figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("back to where you came from")),
            ("ctrl+q", _("leave")),
        ]


def _why(error: ValueError | OSError) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError):
        name = clean(str(error.filename or ""))
        return f"{name}: {error.strerror or error}" if name else str(error.strerror or error)
    return str(error)
