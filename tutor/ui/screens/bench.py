"""A bench to work at: the history of experiments, the place in the trace, and what is being done in threads.

Whatever changes an experiment is done in a thread, one change after the other, and what came of the newest is shown:
typing never waits for a network, and a change that cannot be done leaves the experiment on screen as it was, with a
word why. What takes long gives way to what is newer, and can be broken off. Files are read and written in threads of
their own. Which keys ask for what is the business of the screen that this is the base of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from textual import work
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.acts import Change
from tutor.sandbox.bench import Bench, Beside
from tutor.sandbox.doing import Done, Stand, Step, do
from tutor.sandbox.edits import History
from tutor.sandbox.errands import Errand, Outcome
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.files import why
from tutor.sandbox.instruments import Shown, look
from tutor.sandbox.networks import source_of, title_of
from tutor.sandbox.state import View
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.place import stand, stood
from tutor.ui.figures.registry import figure_widget
from tutor.ui.screens.overlays import LinesScreen
from tutor.ui.screens.table import TableScreen
from tutor.ui.widgets.bench.prompt import BenchLine, Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel

PATIENCE = 0.25
"""Seconds that work goes on for while something newer waits: less, and what is dragged would only show when let go."""
SLOW = 0.4
"""Seconds after which a person is told that something is being done."""

_FETCHED = _("The lesson's network is fetched; where it has not learned yet, it learns first. esc breaks it off.")


class Library(Protocol):
    """Networks that are not on the bench."""

    def titles(self) -> Mapping[str, str]:
        """What there is, by source."""
        ...

    def lend(self, source: str) -> Model:
        """A network, which learns first where it has not: in a thread. ValueError: there is none of that name."""
        ...


class BenchScreen(TableScreen):
    """Subclasses say what stands at the head of the screen, and what its keys do."""

    class Ran(Message):
        """What was asked for is done."""

        def __init__(self, done: Done) -> None:
            super().__init__()
            self.done = done

    class Came(Message):
        """An errand is done, or cannot be."""

        def __init__(self, line: int, outcome: Outcome | None, word: str) -> None:
            super().__init__()
            self.line = line
            self.outcome = outcome
            self.word = word

    def __init__(
        self,
        experiment: Experiment,
        *,
        network: tuple[str, Model] | None = None,
        title: str = "",
        view: View | None = None,
        library: Library | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            experiment: what is under the lens.
            network: a network for the bench, by the name that an experiment's `source` calls it.
            title: where that comes from.
            view: where one stands in it.
            library: networks that can be put on the bench.
            clock: seconds that pass.
        """
        super().__init__()
        self.library = library
        self.bench = Bench(None if library is None else library.lend)
        self.titles: dict[str, str] = {}
        """What each source is called."""
        if network is not None:
            self.bench.put(*network)
            if title:
                self.titles[network[0]] = title
        self.clock = clock
        here = not experiment.source or experiment.source in self.bench.sources
        # A network that has to be fetched comes in a thread; until then an untrained one reads the text.
        self._fetched = None if here else experiment
        self.history = History(experiment if here else replace(experiment, source="", cuts=(), nudges=()))
        self.view = view or View()
        self.reading = self.bench.read(self.experiment)
        self._pending: list[Step] = []
        self._doing: tuple[Step, ...] = ()
        """What is being done in the thread."""
        self._errands: set[int] = set()
        """Errands that are being run, by the lines that they were asked for in."""
        self._typed = ""
        """What was sent off last, as it was typed."""
        self._broken = False
        """Whether what is being done is to end undone."""
        self._told = False
        """Whether it was said that something is being done."""
        self._slow: Timer | None = None
        """Rings when it is to be said."""
        self._lent: dict[str, str] = {}
        """Networks that are fetched, by source: what they are called when they are here."""

    async def on_mount(self) -> None:
        """Under the lens."""
        await self._show(look("state", self.reading, self.view))
        fetched, view = self._fetched, self.view
        if fetched is not None:
            self._say(_FETCHED)
            self._lent.setdefault(fetched.source, "")
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

    @property
    def working(self) -> bool:
        """Whether something is done, or waits to be."""
        return bool(self._doing or self._pending or self._errands)

    def _place(self) -> None:
        """Say at the head of the screen what is under the lens."""
        raise NotImplementedError

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
        if self._doing or not self._pending:
            return
        self._broken = False
        self._doing, self._pending = tuple(self._pending), []
        self.view = self._stood()
        self._begin()
        self._work(self._doing, Stand(self.history, self.reading, self.view))

    @work(thread=True, group="bench", description="bench")
    def _work(self, steps: Sequence[Step], stand: Stand) -> None:
        """In the thread: only values in, only messages out."""
        worker, began = get_current_worker(), self.clock()

        def over() -> bool:
            waits = bool(self._pending) and self.clock() - began > PATIENCE
            return waits or self._broken or worker.is_cancelled

        done = do(steps, self.bench, stand, over)
        if not worker.is_cancelled:
            self.post_message(self.Ran(done))

    def _begin(self) -> None:
        """Something begins in a thread: where it takes long, that is said."""
        self._quick()
        self._slow = self.set_timer(SLOW, self._tell)

    def _quick(self) -> None:
        """It need not be said: a timer that was forgotten would hold what was on screen when it was set."""
        if self._slow is not None:
            self._slow.stop()
            self._slow = None

    def _tell(self) -> None:
        self._told = True
        computed = _("It is being computed. esc breaks it off.")
        self._say(computed if self._doing else _("One moment: it is read, or written."))

    def _ended(self, word: str) -> None:
        """It has come to its end: what is said now, if anything is."""
        if not self.working:
            self._quick()
        if word or self._told:
            self._say(word)
        self._told = False

    async def on_bench_screen_ran(self, message: Ran) -> None:
        """Show what came of it."""
        message.stop()
        done, words = message.done, message.done.words
        self.history, self.reading = done.stand.history, done.stand.reading
        self.view = replace(self._stood(), instrument=done.stand.view.instrument)
        if self._broken and done.left:
            self._pending.clear()
            self._lent.clear()
            words = (*words, _("It was broken off: everything is as it was before."))
        else:
            self._pending[:0] = done.left
        if done.line == self._line:
            self._close_what_was_sent()
        if not done.left and not self._pending:
            # Fetched, or not to be had: nothing is on its way any more.
            title = self._lent.get(self.experiment.source, "")
            self._lent.clear()
            if title:
                self.titles[self.experiment.source] = title
        if done.shown is not None:
            await self._show(done.shown)
            words = (*words, done.shown.said)
        if done.place is not None:
            self.view = replace(done.place, instrument=done.stand.view.instrument)
            stand(self.figure, self.view, self.reading.run)
        self._doing = ()
        self._ended(" ".join(filter(None, words)))
        self._go()

    def _break_off(self) -> bool:
        """End what takes so long that it was said; whether there is anything."""
        self._broken = bool(self._doing) and (self._told or bool(self._lent))
        return self._broken

    async def _show(self, shown: Shown) -> None:
        """The instrument with other values; a new one where it has another form."""
        figure = self.figure
        async with self.batch():
            if figure is None or shown.show != figure.SHOW or not figure.renew(shown.options, shown.values):
                bench = self.query_one("#bench")
                await bench.remove_children()
                figure = figure_widget(shown.show, shown.options, shown.values, self.clock)
                await bench.mount(figure)
                stand(figure, self.view, self.reading.run)
                self._keep_keys(figure)
        for panel in self.query(SettingsPanel):
            panel.redraw()
        self._place()

    def _keep_keys(self, figure: Figure) -> None:
        """To a new instrument, unless something else has them that is still there."""
        panel = self.query_one(SettingsPanel)
        if self.query_one(Prompt).open:
            return
        if not panel.has_class("-open"):
            figure.take_keys()
        elif self.focused is None or not self.focused.is_attached:
            panel.focus()

    def _give_keys(self) -> None:
        """To the settings where they are open, else to the instrument."""
        panel = self.query_one(SettingsPanel)
        figure = self.figure
        if panel.has_class("-open"):
            panel.focus()
        elif figure is not None:
            figure.take_keys()

    def _stood(self) -> View:
        """Where the cursor is now."""
        return stood(self.figure, self.view, self.reading.run)

    # What is typed

    def _sent(self, text: str) -> bool:
        """Whether what was typed into the line is being done: enter does it once."""
        return self._typed == text and self._runs

    @property
    def _runs(self) -> bool:
        """Whether something that was typed into this line is being done."""
        return self._line in self._errands or any(step.line == self._line for step in (*self._doing, *self._pending))

    def _close_what_was_sent(self) -> None:
        """The line closes, unless its person has typed on since."""
        if not self.query_one(Prompt).open or self.query_one(BenchLine).value == self._typed:
            self._close()

    def _ask_change(
        self,
        what: str,
        value: str,
        change: Callable[[str], Change],
        beside: Beside | None = None,
        *,
        all_of_it: bool = False,
    ) -> None:
        """Ask for what changes the experiment; the line closes when it is changed."""

        def then(text: str) -> None:
            if not self._sent(text):
                self._typed = text
                self.does(change(text), line=self._line, beside=beside if text.strip() else None)

        self._ask(what, value, then, all_of_it=all_of_it)

    # Networks, and errands

    def _to(self, source: str) -> Change:
        """To another network."""

        def change(experiment: Experiment) -> Experiment:
            # What was set by hand was set in another network.
            bare = replace(experiment, source=source, cuts=(), nudges=())
            return replace(bare, unit=self.bench.model(bare).spec.unit) if source else bare

        return change

    def _named(self, model: Model, title: str) -> Change:
        """To a network of the learner's own, by what is in it: the same one is there once, and another beside it."""

        def change(experiment: Experiment) -> Experiment:
            source = source_of(model, title)
            self.bench.put(source, model)
            return self._to(source)(experiment)

        return change

    def _title(self, source: str) -> str:
        """What a network is called."""
        lent = {} if self.library is None else self.library.titles()
        return self.titles.get(source) or title_of(source) or lent.get(source) or _("trained")

    def _errand(self, errand: Errand) -> None:
        """Run an errand, after what it asks for was typed."""

        def then(text: str) -> None:
            if not self._runs:
                self._typed = text
                self._errands.add(self._line)
                self._begin()
                self._out(errand, text, self._line)

        if errand.asks:
            self._ask(errand.asks, errand.begins, then, all_of_it=True, file=errand.file)
        else:
            self._line += 1
            then("")

    @work(thread=True, group="errand", description="errand")
    def _out(self, errand: Errand, typed: str, line: int) -> None:
        """In the thread: only values in, only messages out."""
        try:
            self.post_message(self.Came(line, errand.do(typed), ""))
        except (ValueError, OSError) as error:
            self.post_message(self.Came(line, None, why(error)))
        except Exception as error:
            # Whatever is wrong with a file must not take the screen with it.
            said = _("That could not be done: {e}").format(e=clean(str(error)) or type(error).__name__)
            self.post_message(self.Came(line, None, said))

    def on_bench_screen_came(self, message: Came) -> None:
        """What came of an errand; where nothing did, what was typed stays."""
        message.stop()
        outcome = message.outcome
        self._errands.discard(message.line)
        if outcome is not None and message.line == self._line:
            self._close_what_was_sent()
        self._ended(message.word if outcome is None else outcome.word)
        if outcome is not None:
            self._came(outcome, asks=message.line == self._line and self.is_current)

    def _came(self, outcome: Outcome, asks: bool) -> None:
        """
        Args:
            asks: whether the person still waits for it; one who does something else is not interrupted.
        """
        if outcome.chosen is not None:
            source, title = outcome.chosen
            if source and source not in self.bench.sources:
                self._lent[source] = title
                self._say(_FETCHED)
            self.does(self._to(source))
        if outcome.network is not None:
            self.does(self._named(*outcome.network))
        if outcome.opened is not None:
            experiment, view = outcome.opened
            self.steps(Step(lambda history: history.does(experiment), instrument=view.instrument, view=view))
        if outcome.lines and asks:
            self.app.push_screen(LinesScreen(outcome.heading, outcome.lines))
        if outcome.then is not None and asks:
            self._errand(outcome.then)
