"""A lesson, told: `tell` goes through it as the screens do, and what is asked comes before what answers it.

With somebody to ask it waits for the answer. Without, it says the answer after the figure that shows it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from tutor.course.figures.timing import Timing
from tutor.course.grading import Verdict, grade, parse_number, true_option
from tutor.course.lab import Lab
from tutor.course.lesson import (
    Asked,
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
from tutor.course.probes import models_of
from tutor.course.words import Paragraph, paragraphs
from tutor.draw.cells import width
from tutor.engine.text import clean
from tutor.i18n import _
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


def wrapped(text: str, room: int) -> list[str]:
    """Words in lines of at most `room` cells; a wider word is cut, as where no spaces are written."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and width(line) + 1 + width(word) <= room:
            line += " " + word
            continue
        if line:
            lines.append(line)
        line = ""
        for char in word:
            if line and width(line + char) > room:
                lines.append(line)
                line = ""
            line += char
    return [*lines, line] if line or not lines else lines


class _NoAnswer(Exception):
    """The learner passed over a question."""


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
        self.look = look_of(out)
        self.columns = columns_of(out)
        self.room = min(self.columns, WIDEST)

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
                self._train(name)

    def _train(self, name: str) -> None:
        live = sys.stderr is not None and sys.stderr.isatty()
        said = _("training {name}").format(name=clean(name))
        if not live:
            print(said, file=sys.stderr)
        tenth = -1
        for checkpoint in self.lab.train(name):
            # How far, and not how well: that may be what is asked next.
            if live and checkpoint.step * 10 // checkpoint.steps > tenth:
                tenth = checkpoint.step * 10 // checkpoint.steps
                where = _("{step} of {steps} updates").format(step=checkpoint.step, steps=checkpoint.steps)
                print(f"\r{said}: {where}", end="", file=sys.stderr, flush=True)
        if live:
            print(file=sys.stderr)

    def fill(self, *texts: str) -> None:
        """Measure the lesson's values that some texts use."""
        for text in texts:
            for name in names_in(text):
                if name not in self.values and name in self.lesson.values:
                    probe = self.lesson.values[name]
                    self.need(*models_of(probe))
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
        if not asked.options and asked.low is not None and asked.high is not None:
            bounds = _("a number from {low:g} to {high:g}").format(low=asked.low, high=asked.high)
            self.line(f"  {bounds} {asked.unit}".rstrip())
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
                response = _chosen(asked, said)
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
        self.need(*models_of(asked.answer))
        self.fill(asked.because, *(option.says for option in asked.options))
        return grade(asked, response, self.lab, self.values)

    def _say_verdict(self, asked: Asked, response: str | float, saved: int | None) -> None:
        verdict = self._graded(asked, response)
        if saved is not None and self.progress is not None:
            self.progress.grade(saved, verdict.correct)
        if isinstance(response, float):
            head = _("It is {truth}; you said {mine:g}.").format(truth=verdict.truth, mine=response)
            head += " " + (_("Near enough.") if verdict.correct else _("Not near enough."))
        elif verdict.correct:
            head = _("Yes: {truth}.").format(truth=verdict.truth.rstrip("."))
        else:
            head = _("Not here. It is: {truth}.").format(truth=verdict.truth.rstrip("."))
        self.words(head)
        self.words(_sentence(verdict.says, None))
        self.line()

    def _say_answer(self, asked: Asked) -> None:
        self.need(*models_of(asked.answer))
        measured = asked.answer.measure(self.lab)
        right = true_option(asked, measured)
        if asked.options and right is None:
            said, why = str(measured.value), ""
        else:
            verdict = self._graded(asked, measured.number if right is None else right.key)
            said, why = verdict.truth, verdict.says
        self.words(_("Answer: {truth} (computed).").format(truth=said))
        self.words(_sentence(why, None))
        self.line()

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


def _chosen(asked: Asked, said: str) -> str | float:
    """The response that a learner means: an option by its number, key or text; or a number.

    Raises:
        ValueError: it is none, in one line.
    """
    if not asked.options:
        return parse_number(said)
    for number, option in enumerate(asked.options, 1):
        if said.casefold() in (str(number), option.key.casefold(), option.text.casefold()):
            return option.key
    raise ValueError(_("Answer with a number from 1 to {n}.").format(n=len(asked.options)))


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
