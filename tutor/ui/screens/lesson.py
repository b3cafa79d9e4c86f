"""One lesson, step by step: predict, commit, see. The screen owns which step it is and what was answered in it.

A step's words up to what it asks are always shown; its picture and the words after are shown once the learner has
committed. Whatever takes time, training above all, runs in a thread and posts frozen results: it never touches a
widget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.course import jobs
from tutor.course.adding import take_up
from tutor.course.figures import Values
from tutor.course.figures.race import RaceValues
from tutor.course.figures.state import State
from tutor.course.figures.training import Training
from tutor.course.games.game import Game
from tutor.course.games.history import rounds_of
from tutor.course.grading import start_order
from tutor.course.lab import Lab
from tutor.course.lesson import (
    Add,
    Asked,
    Block,
    Doing,
    Lesson,
    Math,
    Prediction,
    Prose,
    QuestionBlock,
    Step,
)
from tutor.course.probes import models_of, settled
from tutor.engine.model import Model
from tutor.i18n import _
from tutor.progress import Attempt, Progress
from tutor.ui.computing import Shown, Stopped, Work, compute, values_in, work_of
from tutor.ui.figures.bars import BarsFigure
from tutor.ui.figures.figure import Figure, LiveFigure
from tutor.ui.figures.player import PLAYER_BINDINGS, Player
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.statemap import StateMap
from tutor.ui.figures.writable import writable_in
from tutor.ui.widgets.activities import activity_of
from tutor.ui.widgets.activity import Activity, Given
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine
from tutor.ui.widgets.means.base import Means
from tutor.ui.widgets.words import Equation, Words


class LessonScreen(Screen[None]):
    """A lesson."""

    BINDINGS = [
        Binding("enter", "go_on", "commit, answer, go on"),
        Binding("backspace", "go_back", "the step before"),
        Binding("n", "pass_over", "go on without an answer"),
        Binding("w", "why", "why this number"),
        Binding("s", "sandbox", "this model in the sandbox"),
        Binding("e", "write", "write in the figure"),
        Binding("t", "train", "train on"),
        Binding("escape", "leave", "stop, or leave"),
        *PLAYER_BINDINGS,
    ]

    class Left(Message):
        """The learner goes home."""

    class BenchWanted(Message):
        """This model and text, in the sandbox."""

        def __init__(self, source: str, title: str, model: Model, text: str) -> None:
            super().__init__()
            self.source = source
            """What an experiment calls the model."""
            self.title = title
            self.model = model
            self.text = text

    class Partial(Message):
        """A figure's values so far came; the newest say all."""

        def __init__(self, model: str, options: Any, values: Values) -> None:
            super().__init__()
            self.of = (model, str(options.__struct_config__.tag))
            self.options = options
            self.values = values

        def can_replace(self, message: Message) -> bool:
            """Fast messages coalesce: only the newest is worth drawing."""
            return isinstance(message, LessonScreen.Partial) and message.of == self.of

    class Ready(Message):
        """Everything that a step shows was computed."""

        def __init__(self, index: int, shown: Shown, problem: str = "") -> None:
            super().__init__()
            self.index = index
            self.shown = shown
            self.problem = problem

    def __init__(
        self,
        lesson: Lesson,
        lab: Lab,
        progress: Progress,
        *,
        clock: Callable[[], float] = time.monotonic,
        at: int = 0,
    ) -> None:
        super().__init__()
        self.lesson = lesson
        self.lab = lab
        self.progress = progress
        self.clock = clock
        self.index = min(max(at, 0), len(lesson.steps) - 1)
        self.steps: dict[int, Shown] = {}
        """What is known of each step that was visited."""
        self._asked: dict[int, Asked] = {}
        self._instance: dict[int, int] = {}
        self._opened_at = 0.0
        self._stopping = False
        self._partial: tuple[str, str] | None = None
        """Of which model and in which figure work is seen now."""
        self._drawn_values: dict[str, Any] = {}
        take_up(lesson, lab, {one.key: one.response for one in progress.attempts(lesson.id)})

    # What is where

    def compose(self) -> ComposeResult:
        """Words and instrument; which is left and which is below is the stylesheet's."""
        yield TitleLine()
        with Horizontal(id="body"):
            yield VerticalScroll(id="words")
            yield Vertical(id="instrument")
            yield Static(Content(_("revealed when you commit")), id="curtain")
        yield KeyLine()

    async def on_mount(self) -> None:
        """The step where the learner left."""
        await self.show_step(self.index)

    @property
    def step(self) -> Step:
        """The step on screen."""
        return self.lesson.steps[self.index]

    @property
    def shown(self) -> Shown:
        """How much of it."""
        return self.steps.get(self.index, Shown())

    @property
    def asked(self) -> Asked | None:
        """What this step asks: a prediction, or the instance of a question that this visit draws."""
        block = self.step.asked
        if isinstance(block, Prediction):
            return block
        if isinstance(block, QuestionBlock):
            if self.index not in self._asked:
                before = self._kept(block.key)
                self._instance[self.index] = len(before)
                self._asked[self.index] = block.instance(len(before))
            return self._asked[self.index]
        return None

    def _before(self, block: Doing) -> tuple[Attempt, ...]:
        """What progress holds of something that is done; of a game, wherever it was played."""
        if isinstance(block, Game):
            return rounds_of(block, self.lesson.id, self.progress.attempts())
        return self._kept(block.key)

    def _kept(self, key: str) -> tuple[Attempt, ...]:
        """What progress holds of a block, oldest first."""
        return tuple(one for one in self.progress.attempts(self.lesson.id) if one.key == key)

    @property
    def player(self) -> Player | None:
        """The player on screen."""
        return next(iter(self.query(Player)), None)

    # A step

    async def show_step(self, index: int) -> None:
        """Lay out a step as far as it was answered."""
        self.index = index
        self._opened_at = self.clock()
        self.progress.stand(self.lesson.id, index)
        words, instrument = self.query_one("#words"), self.query_one("#instrument")
        ready = self._measure_early()
        async with self.batch():
            await words.remove_children()
            await instrument.remove_children()
            await words.mount(Static(Content(self.step.title), classes="step-title"))
            await self._lay(words, self.step.before)
            await self._lay_asked(words)
        self._drawn_values = self.shown.values
        words.scroll_home(animate=False)
        shown = self.shown
        if shown.phase == "shown":
            await self._reveal(shown, anew=False)
        elif not ready or self._stands_before():
            # Nothing to predict before the picture that stands here: it may be shown at once.
            self._compute(self.index, self.step.before, None)
        self._place()

    def _stands_before(self) -> bool:
        """Whether the step shows something before anything is done in it."""
        if isinstance(self.step.asked, Doing | Prediction):
            return self.step.figure in self.step.before
        return True

    def _measure_early(self) -> bool:
        """Measure what the words before the question need, where no training stands in between."""
        probes = values_in(self.lesson, self.step, self.step.before, self.asked)
        models = {model for probe in probes.values() for model in models_of(probe)}
        if not all(self.lab.begun(model) for model in models) or not all(settled(p, self.lab) for p in probes.values()):
            return False
        values = {name: probe.measure(self.lab).value for name, probe in probes.items()}
        self.steps[self.index] = replace(self.shown, values={**self.shown.values, **values})
        return True

    async def _lay(self, words: Widget, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if isinstance(block, Prose):
                await words.mount(Words(block, self.shown.values))
            elif isinstance(block, Math):
                await words.mount(Equation(block))

    async def _lay_asked(self, words: Widget) -> None:
        block = self.step.asked
        if isinstance(block, Doing):
            activity = activity_of(block, self.clock, Given(self.lab, lambda: self._before(block)))
            activity.fill(self.shown.values)
            await words.mount(activity)
        elif (asked := self.asked) is not None:
            start = start_order(asked, self.lab) if asked.order else ()
            await words.mount(Ask(asked, self.shown.values, start))

    def _place(self) -> None:
        """Say where we are and what the keys do."""
        total = len(self.lesson.steps)
        dots = "".join("◉" if i == self.index else "●" if i < self.index else "○" for i in range(total))
        right = _("{n} of {total}").format(n=self.index + 1, total=total) + "  " + dots
        self.query_one(TitleLine).show(self.lesson.part, self.lesson.title, right=right)
        self.set_class(self.step.figure is None, "-words-only")
        self.set_class(not self.query("#instrument > *"), "-waiting")
        self._show_hints()

    def _show_hints(self) -> None:
        written = writable_in(self)
        if written is not None and written.writing:
            self.query_one(KeyLine).show(written.writing_hints)
            return
        hints = [Hint("enter", "go_on", self._enter_does())]
        if self.shown.phase == "working":
            hints.append(Hint("esc", "leave", _("stop")))
        elif self.shown.phase == "asking":
            for ask in self.query(Ask):
                hints += ask.means.hints
            if isinstance(self.asked, Prediction):
                hints.append(Hint("tab", "app.focus_next", _("how sure")))
        for figure in self.query(Figure):
            hints += figure.hints
        typed = [one for one in self.query(Activity) if self.shown.phase == "asking"]
        letters, text = any(one.takes_letters for one in typed), any(one.takes_text for one in typed)
        # While letters are typed, s is a letter.
        hints += [
            *([] if text else [Hint("backspace", "go_back", _("back"))]),
            *([] if letters else [Hint("s", "sandbox", _("sandbox"))]),
            Hint("esc", "leave", _("home")),
            *([] if text else [Hint("?", "app.help", _("help"))]),
            *([Hint("x", "app.save_figure", _("save"))] if self.query(Figure) and not letters else []),
        ]
        self.query_one(KeyLine).show(list(dict.fromkeys(hints)))

    def _enter_does(self) -> str:
        if self.shown.phase == "working":
            return _("wait")
        if self.shown.phase == "asking" and isinstance(self.step.asked, Prediction):
            return _("commit")
        if self.shown.phase == "asking" and isinstance(self.step.asked, QuestionBlock):
            return _("answer")
        if self.shown.phase == "asking" and isinstance(self.step.asked, Doing):
            return next((one.enter_does for one in self.query(Activity)), _("skip"))
        return _("finish") if self.index == len(self.lesson.steps) - 1 else _("go on")

    # Keys

    async def action_go_on(self) -> None:
        """Commit, answer, or go on: what the key line says."""
        phase = self.shown.phase
        if phase == "working":
            self._say(_("The network is still learning. esc stops it; what it learned so far stays."))
        elif phase == "asking" and self.asked is not None:
            await self._commit(self.asked)
        elif phase == "asking" and isinstance(self.step.asked, Doing):
            self.query_one(Activity).enter()
        else:
            await self._next()

    async def _commit(self, asked: Asked) -> None:
        ask = self.query_one(Ask)
        try:
            response = ask.response
        except ValueError as error:
            self._say(str(error))
            return
        ask.commit()
        kind = "predict" if isinstance(asked, Prediction) else "question"
        attempt = self.progress.answer(
            Attempt(
                lesson=self.lesson.id,
                key=asked.key,
                kind=kind,
                instance=self._instance.get(self.index, 0),
                response=str(response),
                correct=None,
                confidence=ask.confidence,
                seconds=self.clock() - self._opened_at,
            )
        )
        self.steps[self.index] = replace(self.shown, response=response, confidence=ask.confidence, attempt=attempt)
        self._compute(self.index, self.step.blocks, asked)

    def on_activity_finished(self, message: Activity.Finished) -> None:
        """Done, or skipped: keep what came of it, and show what follows."""
        message.stop()
        block = self.step.asked
        if not isinstance(block, Doing) or self.shown.done is not None:
            return
        # A word about what was to be done is no longer true.
        self._say("")
        visit = len(self._kept(block.key))
        if isinstance(block, Add) and message.done:
            self.lab.add(block.model, str(message.done[0].response))
            # What later steps showed was another network.
            self.steps = {index: shown for index, shown in self.steps.items() if index <= self.index}
        for one in message.done:
            if one.kind is None:
                continue
            self.progress.answer(
                Attempt(
                    lesson=self.lesson.id,
                    key=block.key,
                    kind=one.kind,
                    # The same for all that was done on one visit.
                    instance=visit,
                    response=one.label if one.response is None else str(one.response),
                    correct=one.correct,
                    confidence=None,
                    seconds=one.seconds,
                )
            )
        self.steps[self.index] = replace(self.shown, done=message.done)
        # A figure that it was done in stays as the learner left it.
        there = self.shown.figure is not None
        self._compute(self.index, [b for b in self.step.blocks if b is not self.step.figure or not there], None)

    def on_activity_told(self, message: Activity.Told) -> None:
        """What a learner does has a word to say."""
        message.stop()
        self._say(message.word)

    def on_means_told(self, message: Means.Told) -> None:
        """What is answered with has a word to say."""
        message.stop()
        self._say(message.word)

    def on_figure_changed(self, message: Figure.Changed) -> None:
        """A learner changed something in the figure; it may be what the step waits for."""
        message.stop()
        if self.shown.phase == "asking":
            for activity in self.query(Activity):
                activity.see(message.figure.facts)
        # What its keys do may be another thing now.
        self._show_hints()

    async def _next(self) -> None:
        self.progress.complete(self.lesson.id, self.index)
        if self.index + 1 < len(self.lesson.steps):
            await self.show_step(self.index + 1)
        else:
            self.progress.stand(self.lesson.id, 0)
            self.post_message(self.Left())

    async def action_pass_over(self) -> None:
        """Go on without an answer; the step stays open."""
        if self.shown.phase == "working":
            self._say(_("The network is still learning. esc stops it; what it learned so far stays."))
        elif self.index + 1 < len(self.lesson.steps):
            await self.show_step(self.index + 1)
        else:
            self._say(_("This is the last step. enter finishes, esc goes home."))

    async def action_go_back(self) -> None:
        """The step before."""
        if self.shown.phase == "working":
            self._say(_("The network is still learning. esc stops it; what it learned so far stays."))
        elif self.index == 0:
            self._say(_("This is the first step. esc goes home."))
        else:
            await self.show_step(self.index - 1)

    def action_player(self, verb: str) -> None:
        """A player's key."""
        if self.player is None:
            self._say(_("Nothing plays here yet."))
        else:
            self._say(self.player.act(verb))
            self._show_hints()

    def action_why(self) -> None:
        """Open the value under the cursor into its terms, or close it."""
        for state in self.query(StateFigure):
            state.opened = not state.opened
            state.query_one(StateMap).focus()
            return
        self._say(_("w opens a value of a hidden state; there is none on this screen yet."))

    def action_write(self) -> None:
        """A text, or numbers, of the learner's own into the figure."""
        figure = writable_in(self)
        if figure is None:
            self._say(_("There is nothing on this screen to write in. s opens the sandbox, which reads any text."))
        else:
            figure.action_write()

    def action_train(self) -> None:
        """Go on with a training that was stopped."""
        if self.shown.phase == "shown" and self._unfinished():
            self._compute(self.index, self.step.blocks, self.asked, resume=True)
        else:
            self._say(_("Nothing was stopped here that could train on."))

    def _unfinished(self) -> bool:
        """Whether the step's figure is of a training that was stopped."""
        figure, values = self.step.figure, self.shown.figure
        if figure is not None and isinstance(figure.options, Training):
            return not self.lab.ready(figure.options.model)
        return isinstance(values, RaceValues) and values.finished < values.whole

    def action_sandbox(self) -> None:
        """This lesson's model and text, in the sandbox."""
        if self.shown.phase == "working":
            self._say(_("The network is still learning. esc stops it; what it learned so far stays."))
            return
        figure = self.step.figure
        names = list(self.lesson.models)
        if figure is not None and figure.options.models():
            names = [*figure.options.models(), *names]
        read = [name for name in names if jobs.kind(self.lab.entry(name).task) is Model]
        if not read:
            if names:
                self._say(_("This lesson's network reads no text; the sandbox is for those that do."))
            else:
                self._say(_("This lesson has no network of its own; the sandbox opens from home."))
            return
        name = next((one for one in read if self.lab.begun(one)), read[0])
        own = figure.options.text if figure is not None and isinstance(figure.options, State) else ""
        text = own or self.lab.entry(name).text
        # One that has not learned anything yet is looked at as it would begin.
        model = self.lab.model(name) if self.lab.begun(name) else self.lab.unlearned(name)
        source = f"lesson:{self.lesson.id}/{name}"
        self.post_message(self.BenchWanted(source, self.lesson.title, model, text))

    def action_leave(self) -> None:
        """Stop what runs; else go home."""
        if self.shown.phase == "working":
            self._stopping = True
        else:
            self.post_message(self.Left())

    def on_figure_told(self, message: Figure.Told) -> None:
        """A figure has a word to say."""
        message.stop()
        self._say(message.word)

    def _say(self, word: str) -> None:
        self.query_one(KeyLine).say(word)

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self._say("")

    # Work

    def _compute(self, index: int, blocks: Sequence[Block], asked: Asked | None, *, resume: bool = False) -> None:
        """Train what is missing and measure what is to be shown, in a thread."""
        answered = asked is not None or self.shown.done is not None
        work = work_of(
            self.lesson, self.step, blocks, asked or self.asked, self.shown, answered=answered, resume=resume
        )
        self.steps[index] = replace(self.shown, phase="working")
        self._stopping = False
        self._partial = None
        self._place()
        self._work(index, work, "shown" if self._whole(asked) else "asking")

    @work(thread=True, exclusive=True, group="step", description="step")
    def _work(self, index: int, work: Work, phase: str) -> None:
        """In the thread: only values in, only messages out."""
        worker = get_current_worker()

        def stopped() -> bool:
            return self._stopping or worker.is_cancelled

        def tell(model: str, options: Any, values: Values) -> None:
            self.post_message(self.Partial(model, options, values))

        try:
            shown = replace(compute(work, self.lab, tell, stopped), phase=phase)
            self.post_message(self.Ready(index, shown))
        except Stopped:
            # It is asked again: what was learned stays, and the rest is learned then.
            said = _("Stopped before the answer was known. What was learned stays; answer again to go on.")
            self.post_message(self.Ready(index, replace(work.before, phase="asking", response=None), said))
        except Exception as error:
            # A lesson that cannot be computed must not take the screen with it: say so, and stay.
            phase = "asking" if work.before.response is None and work.before.done is None else "shown"
            said = _("This step could not be computed: {e}").format(e=error)
            self.post_message(self.Ready(index, replace(work.before, phase=phase), said))

    def _whole(self, asked: Asked | None) -> bool:
        """Whether nothing is left in the step to wait for: it asks nothing, or it was answered, done or skipped."""
        return asked is not None or self.step.asked is None or self.shown.done is not None

    async def on_lesson_screen_partial(self, message: Partial) -> None:
        """The curve falls."""
        if self.shown.phase != "working":
            return
        running = next(iter(self.query(LiveFigure)), None)
        if running is None or self._partial != message.of:
            self._partial = message.of
            instrument = self.query_one("#instrument")
            await instrument.remove_children()
            widget = figure_widget(message.of[1], message.options, message.values, self.clock)
            assert isinstance(widget, LiveFigure)
            widget.running = True
            await instrument.mount(widget)
            self._place()
        else:
            running.show(message.values, running=True)

    async def on_lesson_screen_ready(self, message: Ready) -> None:
        """Everything is there: show it."""
        self.steps[message.index] = message.shown
        if message.index != self.index:
            return
        await self._reveal(message.shown, anew=True)
        for ask in self.query(Ask):
            if ask.answered and message.shown.response is None:
                # It was stopped: the question is open again.
                await ask.remove()
                await self._lay_asked(self.query_one("#words"))
        if message.problem:
            self._say(message.problem)

    async def _reveal(self, shown: Shown, *, anew: bool) -> None:
        words, instrument = self.query_one("#words"), self.query_one("#instrument")
        figure = self.step.figure
        async with self.batch():
            if anew and self._drawn_values != shown.values:
                await self._fill(words, shown)
            if shown.figure is None or figure is None:
                await instrument.remove_children()
            elif not instrument.query(".-whole"):
                # A figure that stood beside its question stays as the learner left it.
                await instrument.remove_children()
                widget = figure_widget(figure.show, figure.options, shown.figure, self.clock)
                widget.add_class("-whole")
                await instrument.mount(widget)
                for activity in self.query(Activity):
                    activity.begin(widget.facts)
                for ask in self.query(Ask):
                    ask.attend(widget)
            if shown.phase == "shown":
                await self._reveal_answer(words, shown, anew=anew)
                for activity in self.query(Activity):
                    await activity.settle(shown.done or ())
                await self._lay(words, self.step.after)
        self._place()
        self._focus_instrument(shown)
        if shown.phase == "shown":
            # Where the words do not all fit, what is new stands at the top of them.
            self.call_after_refresh(self._scroll_to_news)

    async def _fill(self, words: Widget, shown: Shown) -> None:
        """Values in the words before the answer are known now: draw those words again."""
        self._drawn_values = shown.values
        for widget in words.query(Words):
            widget.fill(shown.values)
        for ask in self.query(Ask):
            ask.fill(shown.values)
        for activity in self.query(Activity):
            activity.fill(shown.values)

    async def _reveal_answer(self, words: Widget, shown: Shown, *, anew: bool) -> None:
        if shown.verdict is None:
            return
        ask = self.query_one(Ask)
        if not ask.answered and shown.response is not None:
            ask.restore(shown.response, shown.confidence)
            ask.commit()
        if anew and shown.attempt is not None:
            self.progress.grade(shown.attempt, shown.verdict.correct)
        if shown.verdict.number is not None and isinstance(shown.response, float):
            for bars in self.query(BarsFigure):
                bars.show_bet(shown.response, shown.verdict.number)
        await ask.reveal(shown.verdict)

    def _scroll_to_news(self) -> None:
        words = self.query_one("#words")
        news = next((ask.news for ask in self.query(Ask)), None) or next(iter(words.query(".verdict")), None)
        if news is not None:
            words.scroll_to_widget(news, animate=False, top=True)

    def _focus_instrument(self, shown: Shown) -> None:
        pointed = any(ask.means.points for ask in self.query(Ask))
        if shown.phase != "shown" and not pointed and not any(one.in_figure for one in self.query(Activity)):
            return
        if self.focused is not None and any(isinstance(node, Figure) for node in self.focused.ancestors):
            # Who is at work in it stays where they are.
            return
        if not any(figure.take_keys() for figure in self.query(Figure)):
            self.query_one("#words").focus()

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
            ("enter", self._enter_does()),
            ("backspace", _("the step before")),
            ("n", _("go on without an answer")),
            ("↑ ↓", _("choose an option; a token on or back")),
            ("← →", _("move a number; another unit")),
            ("tab", _("to how sure you are, and between things")),
            ("space", _("play, pause")),
            (". ,", _("one token on, one back")),
            ("home end", _("first and last")),
            ("+ -", _("faster, slower")),
            ("w", _("why: open the value under the cursor")),
            ("t", _("train on, after a stop")),
            ("s", _("this model in the sandbox; esc comes back")),
            *(keys for ask in self.query(Ask) if not ask.answered for keys in ask.means.help_keys),
            *(keys for figure in self.query(Figure) for keys in figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("stop what runs, or go home")),
            ("ctrl+p", _("palette: themes and more")),
            ("ctrl+q", _("leave")),
        ]
