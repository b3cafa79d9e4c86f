"""A network of the learner's own: a file, what is to be learned from it, and the network as it learns.

What takes time runs in a thread: the file is read there, and the network learns there, checkpoint by checkpoint. A
training that is stopped stays as it is, and goes on from there; what it has learned can go under the lens at any time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from textual import on, work
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.course.figures import Values
from tutor.course.figures.series import Series
from tutor.course.lab import Lab
from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox import choosing, learning
from tutor.sandbox.corpora import Corpus
from tutor.sandbox.files import found as files_of
from tutor.sandbox.files import path_of
from tutor.sandbox.learning import NAME, Choices
from tutor.sandbox.settings import Setting
from tutor.ui.figures.figure import Figure, LiveFigure
from tutor.ui.figures.player import Player
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.series import SeriesFigure
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.figures.writable import writable_in
from tutor.ui.screens.table import TableScreen
from tutor.ui.teaching import Learned, learn, learned, read
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, TitleLine

State = Literal["empty", "reading", "choosing", "learning", "stopped", "done"]
"""No file yet; the file is read; nothing has learned; it learns; it was stopped; it is through."""

BOTH = 80
"""Columns from which on the choices stand beside a network that learns."""
JUST = 1.0
"""Seconds in which an esc was meant for what has just come to its end."""
MOST_KEPT = 8
"""Trainings of a file that are kept for who goes back to them."""


_READING = _("The file is still read: one moment.")
_LEARNING = _("It is still learning. esc stops it; what it learned so far stays.")


class LearningScreen(TableScreen):
    """A file, the choices, and the training."""

    DEFAULT_CSS = """
    LearningScreen .said { height: auto; max-height: 4; color: $foreground 60%; }
    LearningScreen .said.-nothing, LearningScreen.-squeezed .said { display: none; }
    """

    SETTINGS = _("what is learned")
    BINDINGS = [
        Binding("t", "train", "train"),
        Binding("o", "file", "another file"),
        Binding("s", "lens", "under the lens"),
        Binding("f", "forecast", "its forecasts, or how it learned"),
        Binding("e", "write", "write in the figure"),
        Binding("tab,shift+tab", "elsewhere", "to the choices, or to the picture"),
        Binding("escape", "leave", "stop, or leave"),
    ]

    class Left(Message):
        """The learner goes back."""

    class Lent(Message):
        """A network goes under the lens."""

        def __init__(self, title: str, model: Model, text: str, back: int | None) -> None:
            super().__init__()
            self.title = title
            self.model = model
            self.text = text
            self.back = back
            """The update that one looks back to; None where it is as it is now."""

    class Read(Message):
        """A file was read, or could not be."""

        def __init__(self, corpus: Corpus | None, word: str) -> None:
            super().__init__()
            self.corpus = corpus
            self.word = word

    class Came(Message):
        """A checkpoint came."""

        def __init__(self, found: Learned) -> None:
            super().__init__()
            self.found = found

        def can_replace(self, message: Message) -> bool:
            """Only the newest is worth drawing."""
            return type(message) is LearningScreen.Came

    class Over(Message):
        """The training has come to its end, or to a stop."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def __init__(
        self,
        shelf: Mapping[str, Path],
        path: Path | None = None,
        *,
        choices: Choices | None = None,
        cache: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            shelf: files to learn from that are there already, by what they are called.
            path: the file to begin with.
            choices: those to begin with.
            cache: where trained networks are kept.
            clock: seconds that pass.
        """
        super().__init__()
        self.files = dict(shelf)
        self.path = path
        self.cache = cache
        self.clock = clock
        self.state: State = "empty"
        self.corpus: Corpus | None = None
        self.choices = choices or Choices()
        self.lab: Lab | None = None
        self._labs: dict[Choices, Lab] = {}
        """What else has learned from this file: who goes back to a choice finds it as it was."""
        self._by_task: dict[str, Choices] = {}
        """What was chosen for each task of this file."""
        self._stopping = False
        self._ended = -math.inf
        """When what learned came to an end that nobody asked for."""
        self._asked = 0
        """The line that a file was asked for in."""

    async def on_mount(self) -> None:
        """The file, or the question which."""
        self.query_one(SettingsPanel).add_class("-open")
        self._place()
        if self.path is None:
            self.action_file()
        else:
            self.read(self.path)

    # The file

    def action_file(self) -> None:
        """Another file: one that is there already, or the learner's own."""
        if self.state == "learning":
            self._say(_LEARNING)
            return
        there = {path.name: path for path in files_of(Path(), (".txt", ".tsv", ".csv"))}
        named = {**{_("the file {name}").format(name=clean(name)): path for name, path in there.items()}, **self.files}
        paths = list(named.values())

        def chosen(at: int) -> None:
            if at == 0:
                self._ask(_("file"), "", then, file=True)
            else:
                self.read(paths[at - 1])

        def then(text: str) -> None:
            self.read(path_of(text))
            # The line that asked closes when the file is read.
            self._asked = self._line

        self._choose(_("Learn from which file?"), [_("a file of your own …"), *named], chosen)

    def read(self, path: Path) -> None:
        """Read a file, in a thread."""
        if self.state != "learning":
            self.state = "reading"
            self._place()
            self._look(path)

    @work(thread=True, exclusive=True, group="file", description="file")
    def _look(self, path: Path) -> None:
        """In the thread. Where another file was asked for since, this one is nobody's any more."""
        worker = get_current_worker()
        found = read(path)
        if not worker.is_cancelled:
            self.post_message(self.Read(None, found) if isinstance(found, str) else self.Read(found, ""))

    async def on_learning_screen_read(self, message: Read) -> None:
        """What it holds; where it holds nothing, what was there before stays."""
        message.stop()
        if message.corpus is not None:
            if self.corpus is not None:
                # What was chosen for another file need not fit this one.
                self.choices = Choices()
            self.corpus, self.lab = message.corpus, None
            self._labs.clear()
            self._by_task.clear()
            try:
                learning.entry(self.corpus, self.choices)
            except ValueError as error:
                self.choices = self._fitting()
                message.word = str(error)
            self.state = "choosing"
            await self._tell_of_it()
            self.query_one(SettingsPanel).redraw()
            if self._asked == self._line:
                self._close()
            if not self.query_one(Prompt).open:
                self.query_one(SettingsPanel).focus()
        else:
            self.state = self._rests()
        self._place()
        if message.word:
            self._say(message.word)

    def _fitting(self) -> Choices:
        """What was chosen, without what does not fit this file."""
        assert self.corpus is not None
        usual = Choices()
        for names in (("bidirectional",), ("task", "unit", "column", "bidirectional")):
            found = replace(self.choices, **{name: getattr(usual, name) for name in names})
            try:
                learning.entry(self.corpus, found)
            except ValueError:
                continue
            return found
        return usual

    def _rests(self) -> State:
        """Where it stands while nothing is read and nothing learns."""
        if self.lab is None:
            return "empty" if self.corpus is None else "choosing"
        return "done" if self.lab.ready(NAME) else "stopped"

    async def _tell_of_it(self) -> None:
        corpus = self.corpus
        assert corpus is not None
        task = choosing.task_of(corpus, self.choices)
        rows: list[str | tuple[str, str]] = [(corpus.name, "bold"), "\n\n"]
        for line in (*choosing.about(corpus, task), "", *corpus.notes_for(task)):  # type: ignore[arg-type]
            rows += [line, "\n"]
        rows += ["\n", (_("t trains a network on it."), "$foreground 60%")]
        bench = self.query_one("#bench")
        await bench.remove_children()
        await bench.mount(Static(Content.assemble(*rows), id="about"))

    # The choices

    def _settings(self) -> Sequence[Setting]:
        if self.corpus is None:
            return (Setting("file", _("file"), _("none yet"), why=_("o opens a file.")),)
        return choosing.settings(self.corpus, self.choices)

    @on(SettingsPanel.Turned)
    async def turned(self, message: SettingsPanel.Turned) -> None:
        """Another choice. Who comes back to what was learned finds what was chosen for it."""
        message.stop()
        assert self.corpus is not None
        try:
            found = choosing.turned(self.corpus, self.choices, message.name, message.by)
        except ValueError as error:
            self._say(str(error))
            return
        if message.name == "task" and self.state not in ("learning", "reading"):
            self._by_task[choosing.task_of(self.corpus, self.choices)] = self.choices
            found = self._by_task.get(choosing.task_of(self.corpus, found), found)
        await self._chose(found)

    @on(SettingsPanel.Typed)
    def typed(self, message: SettingsPanel.Typed) -> None:
        """A choice of one's own."""
        message.stop()
        assert self.corpus is not None
        name = message.name
        label = next(one.label for one in self._settings() if one.name == name)

        def then(text: str) -> None:
            self.run_worker(self._chose(choosing.typed(self.choices, name, text)))

        self._ask(label, choosing.to_type(self.corpus, self.choices, name), then, all_of_it=True)

    async def _chose(self, choices: Choices) -> None:
        if self.state in ("learning", "reading"):
            # What is read is another file, with choices of its own.
            self._say(_READING if self.state == "reading" else _LEARNING)
            return
        if self.corpus is not None:
            try:
                learning.entry(self.corpus, choices)
            except ValueError as error:
                self._say(str(error))
                return
        self._close()
        if choices == self.choices or self.corpus is None:
            return
        task = choosing.task_of(self.corpus, self.choices)
        if self.lab is not None:
            self._labs[self.choices] = self.lab
            for other in [*self._labs][:-MOST_KEPT]:
                del self._labs[other]
        self.choices = choices
        self.lab = self._labs.pop(choices, None)
        self.state = self._rests()
        self.query_one(SettingsPanel).redraw()
        if self.lab is not None:
            self._again(self.corpus, self.lab)
        elif choosing.task_of(self.corpus, choices) != task or not self.query("#about"):
            await self._tell_of_it()
        self._place()

    # Learning

    def action_train(self) -> None:
        """Begin, or go on."""
        if self.corpus is None:
            self._say(_("There is nothing to learn from yet: o opens a file."))
        elif self.state == "learning":
            self._say(_("It is learning already. esc stops it."))
        elif self.state == "done":
            self._say(_("It has learned all of its updates. More make another network: tab, then → on updates."))
        elif self.state == "reading":
            self._say(_READING)
        else:
            self._stopping = False
            self.state = "learning"
            self._place()
            self._learn(self.corpus, self.choices, self.lab)

    @work(thread=True, exclusive=True, group="learn", description="learn")
    def _learn(self, corpus: Corpus, choices: Choices, lab: Lab | None) -> None:
        """In the thread: only values in, only messages out."""
        worker = get_current_worker()

        def tell(found: Learned) -> None:
            self.post_message(self.Came(found))

        word = learn(corpus, choices, lab, self.cache, tell, lambda: self._stopping or worker.is_cancelled)
        self.post_message(self.Over("" if worker.is_cancelled else word))

    @work(thread=True, exclusive=True, group="learn", description="again")
    def _again(self, corpus: Corpus, lab: Lab) -> None:
        """In the thread: the curve of what has learned before."""
        found = learned(corpus, lab)
        self.post_message(self.Over(found) if isinstance(found, str) else self.Came(found))

    async def on_learning_screen_came(self, message: Came) -> None:
        """The curve falls."""
        message.stop()
        found = message.found
        if self.state != "learning" and found.lab is not self.lab:
            # Something else was chosen since.
            return
        self.lab = found.lab
        running = next(iter(self.query(LiveFigure)), None)
        if running is None:
            await self._mount("training", found.options, found.values)
            await self.query_one("#bench").mount(Static(classes="said"))
            running = self.query_one(LiveFigure)
            if self.state == "learning" and not self.query_one(Prompt).open:
                running.take_keys()
        for beneath in self.query(".said").results(Static):
            lines = [(found.stands, "$accent"), (" ".join(found.notes), "")]
            beneath.update(Content("\n").join(Content.styled(*line) for line in lines if line[0]))
            beneath.set_class(not (found.stands or found.notes), "-nothing")
        running.show(found.values, running=self.state == "learning")
        self._place()

    async def on_learning_screen_over(self, message: Over) -> None:
        """It came to its end, or to a stop; or it could not begin."""
        message.stop()
        if self.state == "learning" and not self._stopping:
            self._ended = self.clock()
        self.state = self._rests()
        for figure in self.query(LiveFigure):
            figure.show(figure.values, running=False)
            if not self.query_one(Prompt).open:
                figure.take_keys()
        self._place()
        self._say(message.word)

    async def _mount(self, name: str, options: object, values: Values) -> None:
        self._ended = -math.inf  # whoever asks for another picture has seen it end
        bench = self.query_one("#bench")
        had_keys = self.focused is not None and bench in self.focused.ancestors
        await bench.remove_children()
        figure = figure_widget(name, options, values, self.clock)  # type: ignore[arg-type]
        await bench.mount(figure)
        if had_keys:
            figure.take_keys()

    # What was learned

    def action_lens(self) -> None:
        """The network under the lens of the sandbox."""
        lab = self.lab
        if lab is None or self.corpus is None or not lab.begun(NAME):
            self._say(_("No network has learned here yet: t trains one."))
            return
        if self.state == "learning":
            self._say(_LEARNING)
            return
        title, model = self.corpus.name, lab.learner(NAME)
        back = next((figure.curve.back_to for figure in self.query(TrainingFigure)), None)
        if back is not None:
            # As it was where one looks back to.
            title, model = f"{title} @ {back}", lab.at_step(NAME, back)
        if not isinstance(model, Model):
            self._say(_("This network reads numbers: f shows its forecasts."))
            return
        self.post_message(self.Lent(title, model, lab.entry(NAME).text, back))

    async def action_forecast(self) -> None:
        """A forecaster's own picture."""
        lab = self.lab
        if self.corpus is None or not self._forecasts:
            self._say(_("Only a network that forecasts has forecasts to show."))
        elif lab is None or not lab.begun(NAME):
            self._say(_("No network has learned here yet: t trains one."))
        elif self.state == "learning":
            self._say(_LEARNING)
        elif self._forecasting:
            self._again(self.corpus, lab)
        else:
            options = Series(model=NAME)
            await self._mount("series", options, options.run(lab))
            self.query_one(Figure).take_keys()
            self._place()

    @property
    def _forecasts(self) -> bool:
        """Whether what is learned is a forecast."""
        return self.corpus is not None and choosing.task_of(self.corpus, self.choices) == "forecast"

    @property
    def _forecasting(self) -> bool:
        """Whether its forecasts are on screen, and not how it learned."""
        return any(isinstance(figure, SeriesFigure) for figure in self.query(Figure))

    def action_write(self) -> None:
        """Write in the figure."""
        figure = writable_in(self)
        if figure is None:
            self._say(_("There is nothing on this screen to write in."))
        else:
            figure.action_write()

    def action_leave(self) -> None:
        """Out of the line; stop what learns; or back."""
        if self.query_one(Prompt).open:
            self._close()
        elif self.state == "learning":
            self._stopping = True
        elif self.clock() - self._ended < JUST:
            # Who meant to stop it is not to be thrown out.
            self._ended = -math.inf
            self._say(_("It came to its end just now. esc again goes back."))
        else:
            self.post_message(self.Left())

    # What is said

    def _place(self) -> None:
        name = _("a network of your own") if self.corpus is None else self.corpus.name
        said = {
            "empty": _("no file yet"),
            "reading": _("reading the file"),
            "choosing": _("not trained yet"),
            "learning": _("learning"),
            "stopped": _("stopped"),
            "done": _("trained"),
        }
        self.query_one(TitleLine).show(_("Train"), name, right=said[self.state])
        self._make_room()
        self._show_hints()

    def on_resize(self) -> None:
        """There may be room for both now."""
        self._make_room()

    def _make_room(self) -> None:
        """Where both do not fit, the choices leave the room to the picture, unless they have the keys."""
        panel = self.query_one(SettingsPanel)
        wanted = self.state != "learning" and (panel.has_focus or not self.query(Figure))
        wide = self.app.size.width >= BOTH
        panel.set_class(wanted or wide, "-open")
        self.set_class(wanted and not wide, "-squeezed")

    def on_descendant_focus(self) -> None:
        """The keys are another's now, and where room is short the other is to be seen."""
        self._make_room()
        super().on_descendant_focus()

    def action_elsewhere(self) -> None:
        """To the choices, or back to the picture."""
        panel, figure = self.query_one(SettingsPanel), next(iter(self.query(Figure)), None)
        if self.state == "learning":
            self._say(_LEARNING)
        elif not panel.has_focus:
            panel.add_class("-open")  # what is not there takes no keys
            panel.focus()
        elif figure is not None:
            figure.take_keys()

    def _hints(self) -> Sequence[Hint]:
        prompt = self.query_one(Prompt)
        figure = writable_in(self)
        if prompt.open:
            hints = [*prompt.hints]
        elif figure is not None and figure.writing:
            hints = [*figure.writing_hints]
        elif self.state == "learning":
            hints = [Hint("esc", "leave", _("stop"))]
            hints += [hint for figure in self.query(Figure) for hint in figure.hints]
        else:
            hints = []
            if self.state in ("choosing", "stopped"):
                hints.append(Hint("t", "train", _("go on") if self.state == "stopped" else _("train")))
            if self.lab is not None and self._forecasts:
                hints.append(Hint("f", "forecast", _("how it learned") if self._forecasting else _("its forecasts")))
            elif self.lab is not None:
                hints.append(Hint("s", "lens", _("under the lens")))
            if self.corpus is not None and isinstance(self.focused, SettingsPanel):
                hints += [Hint("↑ ↓ ← →", "", _("change")), *self.focused.typing]
            own = [hint for figure in self.query(Figure) for hint in figure.hints if hint.key != "t"]
            # The arrows are the choices' while they have the keys.
            hints += [hint for hint in own if not (isinstance(self.focused, SettingsPanel) and "←" in hint.key)]
            hints += [
                *self._elsewhere,
                Hint("o", "file", _("another file") if self.corpus is not None else _("open a file")),
                Hint("esc", "leave", _("back")),
                Hint("?", "app.help", _("help")),
                *([Hint("x", "app.save_figure", _("save"))] if self.query(Figure) else []),
            ]
        return hints

    @property
    def _elsewhere(self) -> Sequence[Hint]:
        """Where tab goes, if anywhere."""
        if not isinstance(self.focused, SettingsPanel):
            return (Hint("tab", "elsewhere", _("choices")),)
        return (Hint("tab", "elsewhere", _("picture")),) if self.query(Figure) else ()

    @on(SettingsPanel.Shut)
    def shut(self, message: SettingsPanel.Shut) -> None:
        """As esc elsewhere."""
        message.stop()
        self.action_leave()

    def _give_keys(self) -> None:
        """To the choices."""
        self.query_one(SettingsPanel).focus()

    def action_player(self, verb: str) -> None:
        """A player's key."""
        for player in self.query(Player):
            self._say(player.act(verb))

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
            ("↑ ↓ ← →", _("another choice; change it")),
            ("enter", _("type it")),
            ("tab", _("to the picture, and back to the choices")),
            ("t", _("train, or go on after a stop")),
            ("s", _("the network under the lens, as it was at the checkpoint that is looked back to")),
            ("f", _("the forecasts of a network that forecasts; again, how it learned")),
            ("o", _("another file: text, text and label with a tab between, word/TAG, a table")),
            *(keys for figure in self.query(Figure) for keys in figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("stop what learns, or go back")),
            ("ctrl+q", _("leave")),
        ]
