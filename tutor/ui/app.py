"""The app: which screen is in front, the theme, and what the screens are given. What they do is theirs."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.theme import Theme

from tutor.course.outline import Outline, Problem, read_outlines
from tutor.i18n import _
from tutor.progress import Progress
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.overlays import ChoiceScreen, HelpScreen, TooSmallScreen, too_small
from tutor.ui.widgets.drawn import AsciiOnly, ascii_only

if TYPE_CHECKING:
    from textual.command import Provider

    from tutor.course.lab import Lab
    from tutor.course.lesson import Course, Lesson
    from tutor.engine.model import Model
    from tutor.sandbox.experiment import Experiment
    from tutor.sandbox.learning import Choices
    from tutor.sandbox.state import View

DARK = Theme(
    name="night",
    primary="#7aa2c8",
    accent="#6fd0bf",
    foreground="#d6d9de",
    background="#14171c",
    surface="#1b1f26",
    panel="#232831",
    success="#a3cf7f",
    warning="#e0a458",
    error="#f08d86",
    dark=True,
)
LIGHT = Theme(
    name="day",
    primary="#2f5d8a",
    accent="#00685c",
    foreground="#22262c",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#e6e3db",
    success="#38650f",
    warning="#8a4b00",
    error="#ad2a21",
    dark=False,
)


def places() -> type[Provider]:
    """The palette's own places, imported when it is first opened."""
    from tutor.ui.palette import Places

    return Places


_SANDBOX, _LEARNING = "sandbox", "learning"
"""Screens that are as they were left when the learner comes back to them."""


class Start(NamedTuple):
    """Where the app opens."""

    screen: str = "home"
    """ "home", "lesson" or "sandbox"."""
    lesson: str = ""
    experiment: Experiment | None = None
    view: View | None = None
    """Where one stands in the experiment."""
    network: tuple[str, Model] | None = None
    """A network for the bench: what the experiment's source calls it, and itself."""
    corpus: Path | None = None
    """A file to train a network on."""
    choices: Choices | None = None
    """What was chosen for it."""


class RnnTutorApp(App[int]):
    """The tutor in a terminal."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "rnn-tutor"
    COMMANDS = App.COMMANDS | {places}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave", priority=True),
        Binding("question_mark", "help", "help", show=False),
        Binding("x", "save_figure", "save the figure", show=False),
    ]

    class CourseLoaded(Message):
        """The whole course was read, in a thread."""

        def __init__(self, course: Course) -> None:
            super().__init__()
            self.course = course

    class LessonLoaded(Message):
        """The lesson that is wanted was read, before the others."""

        def __init__(self, lesson: Lesson) -> None:
            super().__init__()
            self.lesson = lesson

    def __init__(
        self,
        course_folder: Path,
        progress: Progress,
        cache: Path | None,
        start: Start | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.course_folder = course_folder
        self.progress = progress
        self.cache = cache
        self.start_at = start or Start()
        self.clock = clock
        self.course: Course | None = None
        self.labs: dict[str, Lab] = {}
        """One for each lesson that was opened: what it trained is there when it is opened again."""
        self.outlines: tuple[Outline, ...] = ()
        self._problems: tuple[Problem, ...] = ()
        self._wanted = ""
        if ascii_only():
            self._filters.append(AsciiOnly())
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        if self.theme == "textual-dark":
            # Before anything is styled: a theme that changes later styles everything twice.
            self.theme = DARK.name

    def on_mount(self) -> None:
        """What is in front."""
        self.begin()

    def begin(self) -> None:
        """Paint home from the outlines; read the rest afterwards."""
        self.outlines, self._problems = read_outlines(self.course_folder)
        self._to_front(HomeScreen(self.outlines, self._problems, self.progress))
        if self.start_at.screen == "lesson":
            self.open_lesson(self.start_at.lesson)
        elif self.start_at.screen == "sandbox" and self.start_at.experiment is not None:
            self.open_sandbox(self.start_at.experiment, self.start_at.network, view=self.start_at.view)
            if self.start_at.corpus is not None:
                self.open_learning(self.start_at.corpus, self.start_at.choices)
        self.call_after_refresh(self._load_course)

    @work(thread=True, exclusive=True, group="course", description="course")
    def _load_course(self) -> None:
        """Read the whole course, and with it the engine while the learner looks at home or at a lesson."""
        import tutor.ui.screens.lesson
        import tutor.ui.screens.sandbox  # noqa: F401
        from tutor.course.load import LessonError, load_course, load_lesson

        # A broken one is complained of with the rest of the course.
        with suppress(LessonError):
            for outline in self.outlines:
                if outline.id == self._wanted:
                    self.post_message(self.LessonLoaded(load_lesson(outline)))
        self.post_message(self.CourseLoaded(load_course(self.course_folder)))

    def on_rnn_tutor_app_lesson_loaded(self, message: LessonLoaded) -> None:
        """It need not wait for the others."""
        if message.lesson.id == self._wanted:
            self._wanted = ""
            self._open(message.lesson)

    def on_rnn_tutor_app_course_loaded(self, message: CourseLoaded) -> None:
        """A lesson that is broken is named and left out, and the rest opens."""
        from tutor.ui.screens.sandbox import SandboxScreen

        self.course = message.course
        if not self.is_headless:
            # What is imported by now stays to the end. Not looking through it again spares the largest frames 50 ms.
            gc.freeze()
        ids = {lesson.id for lesson in self.course.lessons}
        self.outlines = tuple(outline for outline in self.outlines if outline.id in ids)
        self._problems = tuple(self.course.problems)
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.show_course(self.outlines, self._problems)
            elif isinstance(screen, SandboxScreen):
                screen.show_title()
        if self._wanted:
            wanted, self._wanted = self._wanted, ""
            self.open_lesson(wanted)

    # Where to

    def open_lesson(self, name: str) -> None:
        """Into a lesson; before the course is there, as soon as it is."""
        if self.course is None:
            self._wanted = name
            return
        lesson = self.course.lesson(name)
        if lesson is None:
            self.notify(_("There is no lesson {name}.").format(name=name), markup=False)
            return
        self._open(lesson)

    def _open(self, lesson: Lesson) -> None:
        from tutor.ui.screens.lesson import LessonScreen

        self.progress.open_store()
        if self.progress.problem:
            self.notify(self.progress.problem, severity="warning", markup=False)
        front = self._front
        if isinstance(front, LessonScreen) and front.lesson.id == lesson.id:
            # A key that was pressed twice.
            return
        at = self.progress.at(lesson.id)
        self._to_front(LessonScreen(lesson, self.lab_of(lesson), self.progress, clock=self.clock, at=at))

    def lab_of(self, lesson: Lesson) -> Lab:
        """A lesson's networks, the same each time."""
        from tutor.course.lab import Lab

        if lesson.id not in self.labs:
            self.labs[lesson.id] = Lab(lesson.models, folder=self.course_folder, cache=self.cache)
        return self.labs[lesson.id]

    def open_sandbox(
        self,
        experiment: Experiment | None = None,
        network: tuple[str, Model] | None = None,
        *,
        title: str = "",
        view: View | None = None,
    ) -> None:
        """Into the sandbox: where there is nothing to put under its lens, as it was left.

        Args:
            experiment: what is under the lens.
            network: the network that its source names, by that name.
            title: what the network is called.
            view: where one stands in it.
        """
        from tutor.sandbox.experiment import Experiment
        from tutor.sandbox.library import LentNetworks
        from tutor.sandbox.networks import Networks
        from tutor.sandbox.shelf import Shelf
        from tutor.ui.screens.sandbox import SandboxScreen

        # Whoever goes elsewhere no longer waits for a lesson.
        self._wanted = ""
        if isinstance(self._front, SandboxScreen) or (experiment is None and self._as_it_was(_SANDBOX)):
            return
        networks = Networks(self.progress.folder)
        library = LentNetworks(
            self.course_folder, lambda: self.course.lessons if self.course else (), self.lab_of, networks
        )
        screen = SandboxScreen(
            experiment or Experiment(),
            network=network,
            title=title,
            view=view,
            shelf=Shelf(self.progress.folder),
            networks=networks,
            library=library,
            clock=self.clock,
        )
        if experiment is None or isinstance(self._front, HomeScreen):
            # A lesson's goes with the lesson; the learner's own is there when they come back.
            self.install_screen(screen, _SANDBOX)
        self._to_front(screen)

    def open_learning(self, path: Path | None = None, choices: Choices | None = None) -> None:
        """Where a network of the learner's own is trained, in front of the sandbox: as it was left, without a path."""
        from tutor.ui.screens.learning import LearningScreen

        if isinstance(self._front, LearningScreen) or (path is None and self._as_it_was(_LEARNING)):
            return
        files = sorted((self.course_folder / "data").glob("*.*"))
        shelf = {path.name: path for path in files if path.suffix in (".txt", ".csv")}
        screen = LearningScreen(shelf, path, choices=choices, cache=self.cache, clock=self.clock)
        if not self.is_screen_installed(_LEARNING):
            self.install_screen(screen, _LEARNING)
        self._to_front(screen)

    @property
    def _front(self) -> Screen[Any]:
        """The screen in front, behind what is asked there, and the word that the window is too small for it."""
        over = (ModalScreen, TooSmallScreen)
        return next((screen for screen in reversed(self.screen_stack) if not isinstance(screen, over)), self.screen)

    def _as_it_was(self, name: str) -> bool:
        """Bring a screen that is kept in front, wherever it stands; False where there is none yet."""
        if not self.is_screen_installed(name):
            return False
        screen = self.get_screen(name)
        if screen in self.screen_stack:
            while self._front is not screen:
                self._back()
        else:
            self._to_front(name)
        return True

    def _to_front(self, screen: Screen[Any] | str) -> None:
        """Another screen; where the window is too small for it, that is still said."""
        small = isinstance(self.screen, TooSmallScreen)
        if small:
            self.pop_screen()
        self.push_screen(screen)
        if small:
            self.push_screen(TooSmallScreen())

    def _back(self) -> None:
        """From the screen in front, and what is asked there, to the one behind it."""
        small, front = isinstance(self.screen, TooSmallScreen), self._front
        while front in self.screen_stack:
            self.pop_screen()
        if small:
            self.push_screen(TooSmallScreen())

    def _leave(self, kind: type[Screen[Any]]) -> None:
        """Back from a screen that is in front; a key that was pressed twice leaves it once."""
        if isinstance(self._front, kind):
            self._back()

    def on_sandbox_screen_train_wanted(self) -> None:
        """The sandbox asks for a network of the learner's own."""
        self.open_learning()

    def on_learning_screen_left(self) -> None:
        """Back to the sandbox."""
        from tutor.ui.screens.learning import LearningScreen

        self._leave(LearningScreen)

    def on_learning_screen_lent(self, message: Message) -> None:
        """What was trained goes under the lens."""
        from tutor.ui.screens.learning import LearningScreen
        from tutor.ui.screens.sandbox import SandboxScreen

        assert isinstance(message, LearningScreen.Lent)
        if isinstance(self._front, LearningScreen):
            self._back()
            if isinstance(self._front, SandboxScreen):
                self._front.use(message.title, message.model, message.text, message.back)

    def on_home_screen_lesson_chosen(self, message: HomeScreen.LessonChosen) -> None:
        """A lesson was chosen at home."""
        self.open_lesson(message.lesson)

    def on_home_screen_sandbox_chosen(self) -> None:
        """The sandbox was chosen at home."""
        self.open_sandbox()

    def on_lesson_screen_bench_wanted(self, message: Message) -> None:
        """A lesson's model goes under the sandbox's lens; the lesson waits behind it."""
        from tutor.sandbox.experiment import Experiment
        from tutor.ui.screens.lesson import LessonScreen

        assert isinstance(message, LessonScreen.BenchWanted)
        spec, model = message.model.spec, message.model
        experiment = Experiment(
            text=message.text, cell=spec.cell, hidden=spec.hidden_size, unit=spec.unit, seed=spec.seed
        )
        if model.head is None and spec == experiment.spec:
            # An untrained network that can be built here can be changed here, too.
            self.open_sandbox(experiment)
            return
        experiment = replace(experiment, source=message.source)
        self.open_sandbox(experiment, (message.source, model), title=message.title)

    def on_lesson_screen_left(self) -> None:
        """Home from a lesson."""
        from tutor.ui.screens.lesson import LessonScreen

        self._leave(LessonScreen)

    def on_sandbox_screen_left(self) -> None:
        """Back from the sandbox."""
        from tutor.ui.screens.sandbox import SandboxScreen

        self._leave(SandboxScreen)

    # Everywhere

    def on_resize(self, event: events.Resize) -> None:
        """A window that is too small says so, and what was on screen waits behind."""
        small = too_small(event.size)
        here = isinstance(self.screen, TooSmallScreen)
        if small and not any(isinstance(screen, TooSmallScreen) for screen in self.screen_stack):
            self.push_screen(TooSmallScreen())
        elif here and not small:
            self.pop_screen()

    def action_help(self) -> None:
        """The keys of the screen in front."""
        keys = getattr(self.screen, "help_keys", None)
        if keys is not None:
            self.push_screen(HelpScreen(_("Keys"), keys))

    def action_save_figure(self) -> None:
        """Ask what the figure in front is to be saved as."""
        from tutor.ui.figures.figure import figure_in
        from tutor.ui.saving import KINDS

        if figure_in(self.screen) is None:
            self.say(_("There is no figure here to save."))
            return
        self.push_screen(ChoiceScreen(_("Save this figure"), KINDS), self.save_figure)

    def save_figure(self, kind: str | None) -> None:
        """Write the files of the figure in front where the command was started, and say where that is."""
        from tutor.ui.figures.figure import figure_in
        from tutor.ui.saving import save

        if kind is None:
            return
        # While the kind was chosen, another may have taken its place.
        figure = figure_in(self.screen)
        if figure is None:
            self.say(_("There is no figure here to save."))
            return
        try:
            paths = save(figure, kind, Path.cwd())
        except OSError as error:
            self.say(_("Not saved: {why}. The figure is as it was.").format(why=error.strerror or error))
            return
        self.say(_("Saved: {files}").format(files=", ".join(map(str, paths))))

    def say(self, word: str) -> None:
        """A word in the key line of the screen in front; where there is none, a notice."""
        from tutor.ui.widgets.keyline import KeyLine

        for line in self.screen.query(KeyLine):
            line.say(word)
            return
        self.notify(word, markup=False)

    async def action_quit(self) -> None:
        """Leave, with everything saved."""
        self.exit(0)
