"""One lesson, step by step: predict, commit, see. The screen owns which step it is and how far each was answered.

A step's words up to what it asks are always shown; its picture and the words after are shown once the learner has
committed. Whatever takes time, training above all, runs in a thread and posts frozen results: it never touches a
widget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.course.adding import take_up
from tutor.course.figures import Values
from tutor.course.grading import Verdict
from tutor.course.lab import Lab
from tutor.course.lesson import Add, Asked, Block, Doing, Lesson, Step
from tutor.engine.model import Model
from tutor.i18n import _
from tutor.progress import Progress
from tutor.ui import lesson_keys
from tutor.ui.answers import Answers
from tutor.ui.computing import Shown, Work, measured_at_once, outcome, shows_before, unfinished, work_of
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.player import PLAYER_BINDINGS, Player
from tutor.ui.figures.writable import writable_in
from tutor.ui.instrument import Instrument
from tutor.ui.lending import lend
from tutor.ui.page import Page
from tutor.ui.widgets.activity import Activity, Given
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.keyline import KeyLine, TitleLine
from tutor.ui.widgets.means.base import Means

STILL_LEARNING = _("The network is still learning. esc stops it; what it learned so far stays.")


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
            """Of which model, and in which figure; of several models together the first is ""."""
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
        self._answers = Answers(lesson, progress)
        self._opened_at = 0.0
        self._stopping = False
        take_up(lesson, lab, {one.key: one.response for one in progress.attempts(lesson.id)})

    # What is where

    def compose(self) -> ComposeResult:
        """Words and instrument; which is left and which is below is the stylesheet's."""
        yield TitleLine()
        with Horizontal(id="body"):
            yield Page(self.clock, id="words")
            yield Instrument(self.clock, id="instrument")
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
        return self._answers.asked(self.index)

    @property
    def page(self) -> Page:
        """Its words."""
        return self.query_one(Page)

    @property
    def instrument(self) -> Instrument:
        """Where its figure stands."""
        return self.query_one(Instrument)

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
        page = self.page
        early = measured_at_once(self.lesson, self.step, self.asked, self.lab)
        if early is not None:
            self.steps[self.index] = replace(self.shown, values={**self.shown.values, **early})
        async with self.batch():
            await page.begin(self.step.title, self.shown.values)
            await self.instrument.remove_children()
            await page.lay(self.step.before)
            await self._lay_asked()
        page.scroll_home(animate=False)
        if self.shown.phase == "shown":
            await self._reveal(self.shown, anew=False)
        elif early is None or shows_before(self.step):
            # Nothing to predict before the picture that stands here: it may be shown at once.
            self._compute(self.step.before, None)
        self._place()

    async def _lay_asked(self) -> None:
        block = self.step.asked
        given = Given(self.lab, lambda: self._answers.before(block))
        await self.page.lay_asked(block if isinstance(block, Doing) else self.asked, given)

    def _place(self) -> None:
        """Say where we are and what the keys do."""
        total = len(self.lesson.steps)
        dots = "".join("◉" if i == self.index else "●" if i < self.index else "○" for i in range(total))
        right = _("{n} of {total}").format(n=self.index + 1, total=total) + "  " + dots
        self.query_one(TitleLine).show(self.lesson.part, self.lesson.title, right=right)
        self.set_class(self.step.figure is None, "-words-only")
        self.set_class(not self.instrument.children, "-waiting")
        self._show_hints()

    def _show_hints(self) -> None:
        written = writable_in(self)
        if written is not None and written.writing:
            self.query_one(KeyLine).show(written.writing_hints)
            return
        page, figures = self.page, self.instrument.figures
        hints = lesson_keys.hints(self._enter_does(), self.step, self.shown, page.ask, page.activity, figures)
        self.query_one(KeyLine).show(hints)

    def _enter_does(self) -> str:
        last = self.index == len(self.lesson.steps) - 1
        return lesson_keys.enter_does(self.step, self.shown, self.page.activity, last=last)

    # Keys

    async def action_go_on(self) -> None:
        """Commit, answer, or go on: what the key line says."""
        phase = self.shown.phase
        if phase == "working":
            self._say(STILL_LEARNING)
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
        seconds = self.clock() - self._opened_at
        attempt = self._answers.answer(self.index, asked, response, ask.confidence, seconds)
        self.steps[self.index] = replace(self.shown, response=response, confidence=ask.confidence, attempt=attempt)
        self._compute(self.step.blocks, asked)

    def on_activity_finished(self, message: Activity.Finished) -> None:
        """Done, or skipped: keep what came of it, and show what follows."""
        message.stop()
        block = self.step.asked
        if not isinstance(block, Doing) or self.shown.done is not None:
            return
        # A word about what was to be done is no longer true.
        self._say("")
        if isinstance(block, Add) and message.done:
            self.lab.add(block.model, str(message.done[0].response))
            # What later steps showed was another network.
            self.steps = {index: shown for index, shown in self.steps.items() if index <= self.index}
        self._answers.did(block, message.done)
        self.steps[self.index] = replace(self.shown, done=message.done)
        # A figure that it was done in stays as the learner left it.
        there = self.shown.figure is not None
        self._compute([b for b in self.step.blocks if b is not self.step.figure or not there], None)

    @on(Activity.Told)
    @on(Means.Told)
    @on(Figure.Told)
    def told(self, message: Activity.Told | Means.Told | Figure.Told) -> None:
        """Something on the screen has a word to say."""
        message.stop()
        self._say(message.word)

    def on_figure_changed(self, message: Figure.Changed) -> None:
        """A learner changed something in the figure; it may be what the step waits for."""
        message.stop()
        activity = self.page.activity
        if self.shown.phase == "asking" and activity is not None:
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
            self._say(STILL_LEARNING)
        elif self.index + 1 < len(self.lesson.steps):
            await self.show_step(self.index + 1)
        else:
            self._say(_("This is the last step. enter finishes, esc goes home."))

    async def action_go_back(self) -> None:
        """The step before."""
        if self.shown.phase == "working":
            self._say(STILL_LEARNING)
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
        if not self.instrument.open_value():
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
        if self.shown.phase == "shown" and unfinished(self.step.figure, self.shown.figure, self.lab):
            self._compute(self.step.blocks, self.asked, resume=True)
        else:
            self._say(_("Nothing was stopped here that could train on."))

    def action_sandbox(self) -> None:
        """This lesson's model and text, in the sandbox."""
        if self.shown.phase == "working":
            self._say(STILL_LEARNING)
            return
        try:
            self.post_message(self.BenchWanted(*lend(self.lesson, self.step.figure, self.lab)))
        except ValueError as error:
            self._say(str(error))

    def action_leave(self) -> None:
        """Stop what runs; else go home."""
        if self.shown.phase == "working":
            self._stopping = True
        else:
            self.post_message(self.Left())

    def _say(self, word: str) -> None:
        self.query_one(KeyLine).say(word)

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self._say("")

    # Work

    def _compute(self, blocks: Sequence[Block], asked: Asked | None, *, resume: bool = False) -> None:
        """Train what is missing and measure what is to be shown, in a thread."""
        before, answered = self.shown, asked is not None or self.shown.done is not None
        asked = asked or self.asked
        work = work_of(self.lesson, self.step, blocks, asked, before, answered=answered, resume=resume)
        self.steps[self.index] = replace(before, phase="working")
        self._stopping = False
        self.instrument.expect()
        self._place()
        # Nothing is left to wait for where nothing is asked, or it was answered, done or skipped.
        self._work(self.index, work, "shown" if answered or self.step.asked is None else "asking")

    @work(thread=True, exclusive=True, group="step", description="step")
    def _work(self, index: int, work: Work, phase: str) -> None:
        """In the thread: only values in, only messages out."""
        worker = get_current_worker()

        def stopped() -> bool:
            return self._stopping or worker.is_cancelled

        def tell(model: str, options: Any, values: Values) -> None:
            self.post_message(self.Partial(model, options, values))

        self.post_message(self.Ready(index, *outcome(work, self.lab, tell, stopped, phase)))

    async def on_lesson_screen_partial(self, message: Partial) -> None:
        """The curve falls."""
        if self.shown.phase != "working":
            return
        if await self.instrument.show_partial(message.of, message.options, message.values):
            self._place()

    async def on_lesson_screen_ready(self, message: Ready) -> None:
        """Everything is there: show it."""
        self.steps[message.index] = message.shown
        if message.index != self.index:
            return
        await self._reveal(message.shown, anew=True)
        ask = self.page.ask
        if ask is not None and ask.answered and message.shown.response is None:
            # It was stopped: the question is open again.
            await ask.remove()
            await self._lay_asked()
        if message.problem:
            self._say(message.problem)

    async def _reveal(self, shown: Shown, *, anew: bool) -> None:
        page = self.page
        async with self.batch():
            page.fill(shown.values)
            figure = await self.instrument.show_whole(self.step.figure, shown.figure)
            if figure is not None and page.activity is not None:
                page.activity.begin(figure.facts)
            if figure is not None and page.ask is not None:
                page.ask.attend(figure)
            if shown.phase == "shown":
                if shown.verdict is not None:
                    self._mark(shown, shown.verdict, anew=anew)
                await page.reveal(shown, self.step.after)
        self._place()
        self._give_keys(shown)
        if shown.phase == "shown":
            self.call_after_refresh(page.to_news)

    def _mark(self, shown: Shown, verdict: Verdict, *, anew: bool) -> None:
        """Keep whether an answer was right, and show it beside the truth where the figure has a place for that."""
        if anew and shown.attempt is not None:
            self._answers.grade(shown.attempt, verdict.correct)
        if verdict.number is not None and isinstance(shown.response, float):
            self.instrument.show_bet(shown.response, verdict.number)

    def _give_keys(self, shown: Shown) -> None:
        """To the figure, once something is to be done in it; else to the words."""
        ask, activity = self.page.ask, self.page.activity
        in_figure = (ask is not None and ask.means.points) or (activity is not None and activity.in_figure)
        if shown.phase != "shown" and not in_figure:
            return
        if self.focused is not None and any(isinstance(node, Figure) for node in self.focused.ancestors):
            # Who is at work in it stays where they are.
            return
        if not self.instrument.take_keys():
            self.page.focus()

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return lesson_keys.help_keys(self._enter_does(), self.page.ask, self.instrument.figures)
