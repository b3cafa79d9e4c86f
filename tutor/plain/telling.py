"""A lesson, told: `tell` goes through it as the screens do, and what is asked comes before what answers it.

With somebody to ask it waits for the answer. Without, it says the answer after the figure that shows it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from tutor.course.adding import take_up, whole_line
from tutor.course.figures import Values
from tutor.course.figures.timing import Timing
from tutor.course.games.game import Game
from tutor.course.games.history import rounds_of
from tutor.course.grading import Verdict, grade, range_said, true_response
from tutor.course.lab import Lab
from tutor.course.lesson import (
    Add,
    Asked,
    Define,
    Do,
    Figure,
    Lesson,
    Math,
    Prediction,
    Prose,
    QuestionBlock,
    Recite,
    Step,
    names_in,
)
from tutor.course.probes import Probe, models_of, settled, training_of
from tutor.course.terms import cleaned, found
from tutor.course.words import Paragraph, paragraphs
from tutor.draw.cells import width
from tutor.draw.wording import wrapped
from tutor.engine.text import clean
from tutor.engine.training import Checkpoint
from tutor.i18n import _
from tutor.plain import answering
from tutor.plain.games import tell_game
from tutor.plain.stream import columns_of, look_of, spelled
from tutor.plain.tables import table_lines
from tutor.progress import CONFIDENCES, Attempt, Progress

WIDEST = 88
"""Columns of running text; longer lines are hard to read."""

Ask = Callable[[str], str]


def _sentence(text: str, values: dict[str, Any] | None) -> str:
    """A Markdown text of one paragraph, as asked or said."""
    return " ".join(_words(paragraph) for paragraph in paragraphs(text, values))


def _words(paragraph: Paragraph) -> str:
    """Its words, without their styles."""
    return clean("".join(piece.text for piece in paragraph.pieces))


class _NoAnswer(Exception):
    """The learner passed over a question."""


def _wait_for(said: str, checkpoints: Iterable[Checkpoint]) -> None:
    """Say on standard error how far a training is, and not how well: that may be what is asked next."""
    live = sys.stderr is not None and sys.stderr.isatty()
    if not live:
        print(said, file=sys.stderr)
    tenth = -1
    for checkpoint in checkpoints:
        if live and checkpoint.step * 10 // checkpoint.steps != tenth:
            tenth = checkpoint.step * 10 // checkpoint.steps
            where = _("{step} of {steps} updates").format(step=checkpoint.step, steps=checkpoint.steps)
            print(f"\r{said}: {where}", end="", file=sys.stderr, flush=True)
    if live:
        print(file=sys.stderr)


class _Teller:
    """One lesson, told once."""

    def __init__(self, lesson: Lesson, lab: Lab, out: TextIO, ask: Ask | None, progress: Progress | None) -> None:
        self.lesson = lesson
        self.lab = lab
        self.out = out
        self.ask = ask
        self.progress = progress
        self.values: dict[str, Any] = {}
        self.blank = True
        """Whether the last line was empty."""
        self.seen: Values | None = None
        """What the step's figure shows, once it was told."""
        self.look = look_of(out)
        self.columns = columns_of(out)
        self.room = min(self.columns, WIDEST)
        if progress is not None:
            take_up(lesson, lab, {one.key: one.response for one in progress.attempts(lesson.id)})

    # Lines

    def line(self, text: str = "") -> None:
        """One line, as it is; of empty ones, one is enough."""
        if not text and self.blank:
            return
        self.blank = not text
        self.out.write(spelled(text, self.look) + "\n")

    def words(self, text: str, indent: str = "", then: str | None = None) -> None:
        """Words, wrapped; further lines begin with `then`."""
        then = " " * width(indent) if then is None else then
        if not text:
            return
        spelt = spelled(clean(text), self.look)
        for index, line in enumerate(wrapped(spelt, max(self.room - width(indent), 10))):
            self.line((then if index else indent) + line)

    def prose(self, block: Prose) -> None:
        """Paragraphs apart, list items together."""
        hung = False
        for index, paragraph in enumerate(paragraphs(block.text, self.values)):
            if index and not (paragraph.mark and hung):
                self.line()
            # A dash is what a screen reader and an ASCII terminal both know.
            self.words(_words(paragraph), paragraph.mark and paragraph.mark.replace("•", "-") + " ")
            hung = bool(paragraph.mark)
        self.line()

    # Values

    def need(self, *models: str) -> None:
        """Train what is not ready yet; where it stands is said on standard error."""
        for name in dict.fromkeys(models):
            if not self.lab.ready(name):
                _wait_for(_("training {name}").format(name=clean(name)), self.lab.train(name))

    def settle(self, probe: Probe) -> None:
        """Train what a probe needs, at other seeds too."""
        self.need(*models_of(probe))
        if not settled(probe, self.lab):
            said = _("training {names} at other seeds").format(names=", ".join(map(clean, models_of(probe))))
            _wait_for(said, (at.history(name)[-1] for at, name in training_of(probe, self.lab)))

    def fill(self, *texts: str) -> None:
        """Measure the lesson's values that some texts use."""
        for text in texts:
            for name in names_in(text):
                if name not in self.values and name in self.lesson.values:
                    probe = self.lesson.values[name]
                    self.settle(probe)
                    self.values[name] = probe.measure(self.lab).value

    # Steps

    def tell(self) -> None:
        """The whole lesson."""
        lesson = self.lesson
        self.words(lesson.title)
        self.line()
        self.words(lesson.goal)
        about = [lesson.part, _("{n} minutes").format(n=lesson.minutes)]
        if lesson.needs:
            about.append(_("after: {lessons}").format(lessons=", ".join(lesson.needs)))
        self.words(" · ".join(part for part in about if part))
        for index, step in enumerate(lesson.steps):
            if self.ask is not None and self.progress is not None:
                self.progress.stand(lesson.id, index)
            self.line()
            self.step(index, step)
            if self.ask is not None and self.progress is not None:
                self.progress.complete(lesson.id, index)
        if self.ask is not None and self.progress is not None:
            self.progress.stand(lesson.id, 0)

    def step(self, index: int, step: Step) -> None:
        """One step: an answer waits for the figure that shows it, when one follows."""
        where = _("Step {n} of {total}").format(n=index + 1, total=len(self.lesson.steps))
        self.words(f"{where}. {step.title}")
        self.line()
        answer: Callable[[], None] | None = None
        self.seen = None
        for at, block in enumerate(step.blocks):
            if isinstance(block, Prose):
                self.fill(block.text)
                self.prose(block)
            elif isinstance(block, Math):
                for line in block.text.splitlines():
                    self.line("    " + clean(line))
                self.line()
            elif isinstance(block, Figure):
                self.figure(block)
                if answer is not None:
                    answer()
                    answer = None
            elif isinstance(block, Recite):
                self.recite(block)
            elif isinstance(block, Game):
                self.game(block)
            elif isinstance(block, Define):
                self.define(block)
            elif isinstance(block, Do):
                self.do(block)
            elif isinstance(block, Add):
                self.add(block)
            else:
                answer = self.asked(block)
                if not any(isinstance(later, Figure) for later in step.blocks[at + 1 :]):
                    answer()
                    answer = None
        self.out.flush()

    def figure(self, figure: Figure) -> None:
        """A figure's numbers."""
        self.need(*figure.options.models())
        options = figure.options
        # On a screen a key measures; here there is nobody to press it.
        values = [*options.measure()][-1] if isinstance(options, Timing) else options.run(self.lab)
        self.seen = values
        for table in values.tables():
            if table.title:
                self.words(table.title)
            for line in table_lines(table, self.columns, lambda text: spelled(text, self.look)):
                self.line(line)

    # Asking

    def asked(self, block: Prediction | QuestionBlock) -> Callable[[], None]:
        """Ask, and wait for an answer if there is somebody; returns what says the answer."""
        asked: Asked
        if isinstance(block, Prediction):
            kind, instance, asked = "predict", 0, block
        else:
            kind, instance = "question", 0
            if self.progress is not None:
                # Another visit, another instance.
                instance = sum(attempt.key == block.key for attempt in self.progress.attempts(self.lesson.id))
            asked = block.instance(instance)
        self.fill(asked.ask)
        self.words(_sentence(asked.ask, self.values), _("Predict: ") if kind == "predict" else _("Question: "), "")
        for number, option in enumerate(asked.options, 1):
            said = option.text if option.text.split(" ")[0] == str(number) else f"{number}  {option.text}"
            self.words(said, "  ", "     ")
        if (how := answering.wanted(asked, self.seen)) is not None:
            self.words(how, "  ", "  ")
        self.line()
        try:
            response, confidence, seconds = self._response(asked)
        except _NoAnswer:
            return lambda: self._say_answer(asked)
        saved = None
        if self.progress is not None:
            saved = self.progress.answer(
                Attempt(
                    lesson=self.lesson.id,
                    key=asked.key or block.key,
                    kind=kind,
                    instance=instance,
                    response=str(response),
                    confidence=confidence,
                    seconds=seconds,
                )
            )
        return lambda: self._say_verdict(asked, response, saved)

    def _hear(self, prompt: str) -> str:
        """What the learner types; passing over, or the end of input, is no answer."""
        if self.ask is None:
            raise _NoAnswer
        try:
            said = self.ask(spelled(prompt, self.look)).strip()
        except EOFError:
            self.ask = None
            self.line()
            raise _NoAnswer from None
        if not said:
            raise _NoAnswer
        return said

    def _response(self, asked: Asked) -> tuple[str | float, str | None, float]:
        began = time.monotonic()
        prompt = _("Your answer (enter passes): ")
        while True:
            said = self._hear(prompt)
            try:
                response = answering.heard(asked, said, self.seen)
                break
            except ValueError as error:
                self.words(str(error))
        seconds = time.monotonic() - began
        return response, self._confidence() if isinstance(asked, Prediction) else None, seconds

    def _confidence(self) -> str | None:
        try:
            said = self._hear(_("How sure? guess, fairly or certain: ")).casefold()
        except _NoAnswer:
            return None
        return next((level for level in CONFIDENCES if level.startswith(said)), None)

    def _graded(self, asked: Asked, response: str | float) -> Verdict:
        self.settle(asked.answer)
        self.fill(asked.because, *(option.says for option in asked.options))
        return grade(asked, response, self.lab, self.values)

    def _say_verdict(self, asked: Asked, response: str | float, saved: int | None) -> None:
        verdict = self._graded(asked, response)
        if saved is not None and self.progress is not None:
            self.progress.grade(saved, verdict.correct)
        if asked.form == "range":
            head = range_said(asked, str(response), verdict)
        elif isinstance(response, float):
            head = _("It is {truth}; you said {mine:g}.").format(truth=verdict.truth, mine=response)
            head += " " + (_("Near enough.") if verdict.correct else _("Not near enough."))
        elif verdict.correct:
            head = _("Yes: {truth}.").format(truth=verdict.truth.rstrip("."))
        else:
            head = _("Not here. It is: {truth}.").format(truth=verdict.truth.rstrip("."))
        self.words(head)
        self._say_order(verdict)
        self.words(_sentence(verdict.says, None))
        self.line()

    def _say_answer(self, asked: Asked) -> None:
        self.settle(asked.answer)
        measured = asked.answer.measure(self.lab)
        response = true_response(asked, measured)
        verdict = None if response is None else self._graded(asked, response)
        said, why = (str(measured.value), "") if verdict is None else (verdict.truth, verdict.says)
        self.words(_("Answer: {truth} (computed).").format(truth=said))
        if verdict is not None:
            self._say_order(verdict)
        self.words(_sentence(why, None))
        self.line()

    def define(self, block: Define) -> None:
        """In the learner's own words, in one line; then which terms were found, and one way to say it."""
        self.fill(block.ask)
        self.words(_sentence(block.ask, self.values), _("Question: "), "")
        began = time.monotonic()
        typed = cleaned(self._heard(_("In your own words (enter passes): ")) or "")
        there = found(typed, block.terms)
        if typed and self.progress is not None:
            seconds = time.monotonic() - began
            attempt = Attempt(self.lesson.id, block.key, "question", 0, typed, all(there), None, seconds)
            self.progress.answer(attempt)
        self.fill(*block.texts)
        for term, so in zip(block.terms, there, strict=True) if typed else ():
            said = _("found: {term}") if so else _("not found: {term}. {says}")
            self.words(said.format(term=term.any[0], says=_sentence(term.says, self.values)), "  ", "    ")
        self.words(_sentence(block.answer, self.values), _("One way to say it: "), "")
        self.line()

    def do(self, block: Do) -> None:
        """What is done in a figure is done on a screen; here it is told, and not waited for."""
        self.fill(block.ask)
        self.words(_("{ask} (on screen)").format(ask=_sentence(block.ask, self.values)))
        # What it comes to is known only where it is done.
        if block.because and "value" not in names_in(block.because):
            self.fill(block.because)
            self.words(_sentence(block.because, self.values))
        self.line()

    def add(self, block: Add) -> None:
        """A line of the learner's own; what cannot be learned is asked again."""
        self.fill(block.ask)
        self.words(_sentence(block.ask, self.values))
        began = time.monotonic()
        while (typed := self._heard(_("{beginning} … (enter passes): ").format(beginning=block.begins))) is not None:
            try:
                line = whole_line(block, typed, self.lab)
            except ValueError as error:
                self.words(str(error))
                continue
            self.lab.add(block.model, line)
            # What was measured of the network before is no longer so.
            self.values.clear()
            if self.progress is not None:
                seconds = time.monotonic() - began
                self.progress.answer(Attempt(self.lesson.id, block.key, "recite", 0, line, None, None, seconds))
            break
        entry = self.lab.entry(block.model)
        self.words(_("Added, {n} times:").format(n=entry.times) + " " + entry.added)
        self.line()

    def game(self, block: Game) -> None:
        """A game: what can be played in lines is."""
        self.words(_sentence(block.ask, None))
        if block.play == "continue" and self.ask is not None:
            self.need(*block.models)
        before = self.progress.attempts() if self.progress is not None else ()
        visit = sum(one.lesson == self.lesson.id and one.key == block.key for one in before)

        def keep(label: str, right: bool, seconds: float) -> None:
            if self.progress is not None:
                self.progress.answer(Attempt(self.lesson.id, block.key, "recite", visit, label, right, None, seconds))

        played = len(rounds_of(block, self.lesson.id, before))
        tell_game(block, self.lesson.id, played, self.lab, self.words, self._heard, keep)
        self.line()

    def _heard(self, prompt: str) -> str | None:
        """What the learner types; None where that is nothing."""
        try:
            return self._hear(prompt)
        except _NoAnswer:
            return None

    def _say_order(self, verdict: Verdict) -> None:
        """Where an order was asked for, what each of its options says, in that order."""
        for place, placed in enumerate(verdict.order, 1):
            self.words(f"{place}. {placed.text}: {_sentence(placed.says, None)}", "  ", "     ")

    def recite(self, block: Recite) -> None:
        """Typed by heart against a clock, a line for each text."""
        self.words(_sentence(block.ask, self.values))
        for label, text in zip(block.labels, block.texts, strict=True):
            began = time.monotonic()
            try:
                typed = self._hear(_("{label}: ").format(label=clean(label)))
            except _NoAnswer:
                self.line("  " + clean(label))
                continue
            seconds = time.monotonic() - began
            right = "".join(typed.split()).casefold() == "".join(text.split()).casefold()
            said = _("{seconds:.1f} s, without a slip") if right else _("{seconds:.1f} s, with slips")
            self.line("  " + said.format(seconds=seconds))
            if self.progress is not None:
                self.progress.answer(Attempt(self.lesson.id, block.key, "recite", 0, label, right, None, seconds))
        self.line()


def tell(lesson: Lesson, lab: Lab, out: TextIO, ask: Ask | None = None, progress: Progress | None = None) -> None:
    """Tell a lesson in lines.

    Args:
        lesson: the lesson.
        lab: its models; what is missing is trained on the way.
        out: where the lines go.
        ask: shows a prompt and returns what was typed, as `input`; None when there is nobody to ask.
        progress: where answers are kept; only with `ask`.
    """
    if ask is not None and progress is not None:
        progress.open_store()
    _Teller(lesson, lab, out, ask, progress if ask is not None else None).tell()
