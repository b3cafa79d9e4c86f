"""A network of the learner's own: a file, what is to be learned from it, and the network as it learns.

What takes time runs in a thread: the file is read there, and the network learns there, checkpoint by checkpoint. A
training that is stopped stays as it is, and goes on from there; what it has learned can go under the lens at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
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
from tutor.course.figures.training import Training, TrainingValues
from tutor.course.lab import Lab
from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox import choosing, learning
from tutor.sandbox.corpora import Corpus, look
from tutor.sandbox.files import found
from tutor.sandbox.learning import NAME, Choices
from tutor.sandbox.settings import Setting
from tutor.ui.figures.figure import Figure, LiveFigure
from tutor.ui.figures.player import Player
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.screens.table import TableScreen
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, TitleLine

State = Literal["empty", "reading", "choosing", "learning", "stopped", "done"]
"""No file yet; the file is read; nothing has learned; it learns; it was stopped; it is through."""

BASELINES = {
    "next-word": ("unigram", "bigram"),
    "next-character": ("unigram", "bigram"),
    "tag": ("majority", "most-frequent-tag"),
    "classify": ("majority", "bag"),
    "forecast": ("persistence", "linear"),
}
"""What a network is held against while it learns."""


class LearningScreen(TableScreen):
    """A file, the choices, and the training."""

    SETTINGS = _("what is learned")
    BINDINGS = [
        Binding("t", "train", "train"),
        Binding("o", "file", "another file"),
        Binding("s", "lens", "under the lens"),
        Binding("f", "forecast", "its forecasts"),
        Binding("escape", "leave", "stop, or leave"),
    ]

    class Left(Message):
        """The learner goes back."""

    class Learned(Message):
        """A network goes under the lens."""

        def __init__(self, title: str, model: Model, text: str) -> None:
            super().__init__()
            self.title = title
            self.model = model
            self.text = text

    class Read(Message):
        """A file was read, or could not be."""

        def __init__(self, corpus: Corpus | None, word: str) -> None:
            super().__init__()
            self.corpus = corpus
            self.word = word

    class Came(Message):
        """A checkpoint came."""

        def __init__(self, lab: Lab, options: Training, values: TrainingValues) -> None:
            super().__init__()
            self.lab = lab
            self.options = options
            self.values = values

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
        self._stopping = False

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
            self._say(_("It is still learning. esc stops it; what it learned so far stays."))
            return
        there = {path.name: path for path in found(Path.cwd(), (".txt", ".tsv", ".csv"))}
        named = {**{_("the file {name}").format(name=clean(name)): path for name, path in there.items()}, **self.files}
        paths = list(named.values())

        def chosen(at: int) -> None:
            if at == 0:
                self._ask(_("file"), "", then, file=True)
            else:
                self.read(paths[at - 1])

        def then(text: str) -> None:
            if not text.strip():
                raise ValueError(_("Write the name of a file. esc keeps everything as it was."))
            self.read(Path(text.strip()).expanduser())

        self._choose(_("Learn from which file?"), [_("a file of your own …"), *named], chosen)

    def read(self, path: Path) -> None:
        """Read a file, in a thread."""
        if self.state != "learning":
            self.state = "reading"
            self._place()
            self._look(path)

    @work(thread=True, exclusive=True, group="file", description="file")
    def _look(self, path: Path) -> None:
        try:
            self.post_message(self.Read(look(path), ""))
        except (ValueError, OSError) as error:
            self.post_message(self.Read(None, str(error)))

    async def on_learning_screen_read(self, message: Read) -> None:
        """What it holds; where it holds nothing, what was there before stays."""
        message.stop()
        if message.corpus is not None:
            if self.corpus is not None:
                # What was chosen for another file need not fit this one.
                self.choices = Choices()
            self.corpus, self.lab = message.corpus, None
            try:
                learning.entry(self.corpus, self.choices)
            except ValueError as error:
                self.choices = Choices()
                message.word = str(error)
            self.state = "choosing"
            await self._tell_of_it()
            self.query_one(SettingsPanel).redraw()
            self.query_one(SettingsPanel).focus()
            self._close()
        else:
            self.state = "empty" if self.corpus is None else "choosing" if self.lab is None else "stopped"
        self._place()
        if message.word:
            self._say(message.word)

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
        await bench.mount(Static(Content.assemble(*rows)))

    # The choices

    def _settings(self) -> Sequence[Setting]:
        if self.corpus is None:
            return (Setting("file", _("file"), _("none yet"), why=_("o opens a file.")),)
        return choosing.settings(self.corpus, self.choices)

    @on(SettingsPanel.Turned)
    async def turned(self, message: SettingsPanel.Turned) -> None:
        """Another choice."""
        message.stop()
        assert self.corpus is not None
        try:
            await self._chose(choosing.turned(self.corpus, self.choices, message.name, message.by))
        except ValueError as error:
            self._say(str(error))

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
        if self.state == "learning":
            self._say(_("It is still learning. esc stops it; what it learned so far stays."))
            return
        if self.corpus is not None:
            try:
                learning.entry(self.corpus, choices)
            except ValueError as error:
                self._say(str(error))
                return
        task = choosing.task_of(self.corpus, self.choices) if self.corpus is not None else ""
        self.choices = choices
        # It is another network from here on; what the last one learned is kept where networks are kept.
        self.lab = None
        self.state = "choosing"
        self.query_one(SettingsPanel).redraw()
        self._close()
        if self.corpus is not None and (
            choosing.task_of(self.corpus, choices) != task or not self.query("#bench > Static")
        ):
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
            self._say(_("It has learned all of its updates. More updates make another network: ← → change them."))
        elif self.state in ("choosing", "stopped"):
            self._stopping = False
            self.state = "learning"
            self._place()
            self._learn(self.corpus, self.choices, self.lab)

    @work(thread=True, exclusive=True, group="learn", description="learn")
    def _learn(self, corpus: Corpus, choices: Choices, lab: Lab | None) -> None:
        """In the thread: only values in, only messages out."""
        worker = get_current_worker()
        try:
            lab = lab or learning.lab(corpus, choices, cache=self.cache)
            entry = lab.entry(NAME)
            writes = choosing.task_of(corpus, choices) in ("next-word", "next-character")
            options = Training(
                model=NAME,
                baselines=BASELINES[choosing.task_of(corpus, choices)],  # type: ignore[arg-type]
                samples=entry.text if writes else "",
                temperature=0.8 if writes else 0.0,
            )
            history = lab.history(NAME) if lab.begun(NAME) else ()
            with closing(lab.train(NAME)) as checkpoints:
                for checkpoint in checkpoints:
                    history = (*history, checkpoint)
                    self.post_message(self.Came(lab, options, options.measure(lab, history)))
                    if self._stopping or worker.is_cancelled:
                        break
            self.post_message(self.Came(lab, options, options.run(lab)))
            self.post_message(self.Over(_stands(lab) if not worker.is_cancelled else ""))
        except ValueError as error:
            self.post_message(self.Over(str(error)))
        except Exception as error:
            # What a file or a network did must not take the screen with it.
            self.post_message(
                self.Over(_("It could not be trained: {e}").format(e=clean(str(error)) or type(error).__name__))
            )

    async def on_learning_screen_came(self, message: Came) -> None:
        """The curve falls."""
        message.stop()
        self.lab = message.lab
        running = next(iter(self.query(LiveFigure)), None)
        if running is None:
            await self._mount("training", message.options, message.values)
            running = self.query_one(LiveFigure)
        running.show(message.values, running=self.state == "learning")
        self._place()

    async def on_learning_screen_over(self, message: Over) -> None:
        """It came to its end, or to a stop; or it could not begin."""
        message.stop()
        lab = self.lab
        self.state = "choosing" if lab is None else "done" if lab.ready(NAME) else "stopped"
        for figure in self.query(LiveFigure):
            figure.show(figure.values, running=False)
            figure.take_keys()
        self._place()
        self._say(message.word)

    async def _mount(self, name: str, options: object, values: Values) -> None:
        bench = self.query_one("#bench")
        await bench.remove_children()
        await bench.mount(figure_widget(name, options, values, self.clock))  # type: ignore[arg-type]

    # What was learned

    def action_lens(self) -> None:
        """The network under the lens of the sandbox."""
        lab = self.lab
        if lab is None or self.corpus is None or not lab.begun(NAME):
            self._say(_("No network has learned here yet: t trains one."))
            return
        if self.state == "learning":
            self._say(_("It is still learning. esc stops it; what it learned so far stays."))
            return
        title, model = self.corpus.name, lab.learner(NAME)
        back = next((figure.curve.back_to for figure in self.query(TrainingFigure)), None)
        if back is not None:
            # As it was where one looks back to.
            title, model = f"{title} @ {back}", lab.at_step(NAME, back)
        if not isinstance(model, Model):
            self._say(_("This network reads numbers: f shows its forecasts."))
            return
        self.post_message(self.Learned(title, model, lab.entry(NAME).text))

    async def action_forecast(self) -> None:
        """A forecaster's own picture."""
        lab = self.lab
        if lab is None or self.corpus is None or choosing.task_of(self.corpus, self.choices) != "forecast":
            self._say(_("Only a network that forecasts has forecasts to show."))
        elif self.state == "learning" or not lab.begun(NAME):
            self._say(_("It is still learning. esc stops it; what it learned so far stays."))
        else:
            options = Series(model=NAME)
            await self._mount("series", options, options.run(lab))
            self.query_one(Figure).take_keys()
            self._place()

    def action_leave(self) -> None:
        """Out of the line; stop what learns; or back."""
        if self.query_one(Prompt).open:
            self._close()
        elif self.state == "learning":
            self._stopping = True
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
        self._show_hints()

    def _hints(self) -> Sequence[Hint]:
        prompt = self.query_one(Prompt)
        if prompt.open:
            hints = [*prompt.hints]
        elif self.state == "learning":
            hints = [Hint("esc", "leave", _("stop"))]
            hints += [hint for figure in self.query(Figure) for hint in figure.hints]
        else:
            hints = []
            if self.state in ("choosing", "stopped"):
                hints.append(Hint("t", "train", _("go on") if self.state == "stopped" else _("train")))
            if self.lab is not None:
                hints.append(Hint("s", "lens", _("under the lens")))
            if self.corpus is not None and isinstance(self.focused, SettingsPanel):
                hints += [Hint("↑ ↓ ← →", "", _("change")), Hint("enter", "", _("type"))]
            hints += [hint for figure in self.query(Figure) for hint in figure.hints]
            hints += [
                Hint("tab", "app.focus_next", _("choices")),
                Hint("o", "file", _("another file")),
                Hint("esc", "leave", _("back")),
                Hint("?", "app.help", _("help")),
                Hint("x", "app.save_figure", _("save")),
            ]
        return hints

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
            ("f", _("the forecasts of a network that forecasts")),
            ("o", _("another file: text, text and label with a tab between, word/TAG, a table")),
            *(keys for figure in self.query(Figure) for keys in figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("stop what learns, or go back")),
            ("ctrl+q", _("leave")),
        ]


def _stands(lab: Lab) -> str:
    """How well it does, beside what guessing comes to."""
    found = learning.standing(lab)
    said = {"bits": _("bits a token"), "right": _("right"), "error": _("off")}
    unit = said.get(found.score.metric, found.score.metric)
    parts = [_("held out: {value:.3g} {unit}").format(value=found.score.value, unit=unit)]
    if found.perplexity is not None:
        parts.append(_("perplexity {value:.3g}").format(value=found.perplexity))
    parts += [f"{clean(kind)} {score.value:.3g}" for kind, score in found.baselines if kind != "uniform"]
    return " · ".join(parts)
