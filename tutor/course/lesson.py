"""What a lesson is: frozen values, as the loader builds them and everything else reads them.

Nothing here computes. An answer is a probe (`probes.py`), a picture names its figure (`figures.py`); both
are run in a `Lab` (`lab.py`), which trains and keeps the lesson's models.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from tutor.course.entries import ModelEntry
from tutor.course.figures import Options
from tutor.course.figures.facts import Fact
from tutor.course.games.game import Game
from tutor.course.probes import Probe
from tutor.course.source import Problem

Point = Literal["step", "unit"]
"""What is pointed at in a figure."""
Form = Literal["choice", "number", "order", "range", "point"]
"""What a prediction or a question is answered with."""


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to choose, with what is said to those who choose it."""

    key: str
    text: str
    says: str = ""
    """Feedback: for a wrong option, what the belief behind it would imply."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is common to a prediction and a question: something to answer, and the probe that knows."""

    ask: str
    answer: Probe
    because: str = ""
    """Shown with the verdict. May use `{value}`, the probe's value, and the lesson's own `[values]`."""
    options: tuple[Option, ...] = ()
    """Answers to choose from; empty when a number is asked for. `options = "tokens"` is expanded at load."""
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    """How the number's slider runs. On a log scale `low` and `high` are the values, not their exponents."""
    start: float | None = None
    """Where the slider stands at first; the middle when not given."""
    tolerance: float = 0.0
    """How far from the answer a number may be, absolute."""
    factor: float = 1.0
    """How far from the answer a number may be, as a ratio: 10 means within a factor of ten."""
    unit: str = ""
    order: bool = False
    """Whether the options are to be put in order, the smallest first."""
    widest: float | None = None
    """A range is asked for: how wide it may be at most; on a log scale the largest ratio of its ends."""
    point: Point | None = None
    """A place in the step's figure is asked for."""
    line: int = 0
    key: str = ""
    """`<step number>.<block number>`: what progress remembers an answer by, within its lesson."""

    @property
    def form(self) -> Form:
        """What it is answered with."""
        if self.point is not None:
            return "point"
        if self.order:
            return "order"
        if self.options:
            return "choice"
        return "number" if self.widest is None else "range"


class Prediction(Asked, frozen=True, kw_only=True):
    """Asked before the step's figure and the words after it are shown; answered with a confidence."""


class Question(Asked, frozen=True, kw_only=True):
    """Asked after; one *instance* of a question that a seed varies (`load.QuestionBlock.instance`)."""

    about: str = ""
    """The id of the lesson that it asks about, when it is an earlier one."""


class QuestionBlock(Struct, frozen=True, kw_only=True):
    """All the instances of a question: one for each combination of its `vary` lists."""

    instances: tuple[Question, ...]
    line: int
    key: str

    def instance(self, seed: int) -> Question:
        """The instance that `seed` draws."""
        return self.instances[seed % len(self.instances)]


class Prose(Struct, frozen=True):
    """Words, as Markdown. `{name:.2f}` stands for a value of the lesson's `[values]`."""

    text: str
    line: int


class Math(Struct, frozen=True):
    """An equation, written so that it reads in a terminal."""

    text: str
    line: int


class Figure(Struct, frozen=True):
    """A picture to show: its name in `figures.FIGURES` and its options."""

    show: str
    options: Options
    line: int


class Recite(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The learner types a text by heart, against a clock; the step waits for it."""

    ask: str
    texts: tuple[str, ...]
    """Typed one after the other."""
    labels: tuple[str, ...]
    line: int = 0
    key: str = ""


class Term(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a definition has to say."""

    any: tuple[str, ...]
    """The ways to say it; the first is what it is called."""
    says: str
    """What is missing without it."""


class Define(Struct, frozen=True, kw_only=True):
    """The learner says in words of their own what something is; the terms of it are looked for."""

    ask: str
    terms: tuple[Term, ...]
    answer: str
    """One way to say it. May use the lesson's `[values]`, as `ask` and what the terms say may."""
    about: str = ""
    """The id of the lesson that it asks about, when it is an earlier one."""
    line: int = 0
    key: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its words, which may use the lesson's values."""
        return (self.ask, self.answer, *(term.says for term in self.terms))


class Until(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What has to be so of a fact that a figure tells."""

    of: str
    """The name of the fact, one of the figure's `facts`."""
    above: float | None = None
    below: float | None = None
    """With `above`, it is to lie between them."""
    equals: float | str | bool | None = field(name="is", default=None)
    changes: bool = False
    """Whether any other value than the first will do."""

    def met(self, fact: Fact) -> bool:
        """Whether it is so of a fact's value; that it changed is for who saw it change."""
        if isinstance(fact, float | int) and not isinstance(fact, bool):
            if self.above is not None and not fact > self.above:
                return False
            if self.below is not None and not fact < self.below:
                return False
        return self.equals is None or fact == self.equals


class Do(Struct, frozen=True, kw_only=True):
    """The learner does something in the figure before it, and the step waits until it is so."""

    ask: str
    until: Until
    because: str = ""
    """Said when it is so. May use `{value}`, the fact's value, and the lesson's own `[values]`."""
    line: int = 0
    key: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its words, which may use the lesson's values."""
        return (self.ask, self.because)


class Add(Struct, frozen=True, kw_only=True):
    """The learner writes how a line goes on, and a model learns it with its corpus."""

    ask: str
    model: str
    begins: str
    """What their line begins with."""
    line: int = 0
    key: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its words, which may use the lesson's values."""
        return (self.ask,)


Doing = Recite | Define | Do | Add | Game
"""What the learner does, and the step waits for."""
Asking = Prediction | QuestionBlock | Doing
"""What a step waits for, before it is done."""
Block = Prose | Math | Figure | Asking


class Step(Struct, frozen=True):
    """One idea: its words, at most one figure, at most one prediction or question."""

    title: str
    blocks: tuple[Block, ...]
    line: int

    @property
    def figure(self) -> Figure | None:
        """The step's instrument."""
        return next((b for b in self.blocks if isinstance(b, Figure)), None)

    @property
    def asked(self) -> Asking | None:
        """What the step waits for, before it is done."""
        return next((b for b in self.blocks if isinstance(b, Asking)), None)

    @property
    def before(self) -> tuple[Block, ...]:
        """What stands before it; all where it waits for nothing."""
        return self.blocks if self.asked is None else self.blocks[: self.blocks.index(self.asked)]

    @property
    def after(self) -> tuple[Block, ...]:
        """What follows it."""
        return () if self.asked is None else self.blocks[self.blocks.index(self.asked) + 1 :]


class Claim(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An ordering that the prose states: `left` < `right`, by `margin` at least. `check` recomputes it."""

    says: str
    left: Probe
    right: Probe
    margin: float = 0.0


class Lesson(Struct, frozen=True, kw_only=True):
    """One lesson, whole and valid."""

    id: str
    title: str
    goal: str
    part: str
    number: int
    minutes: int
    needs: tuple[str, ...] = ()
    models: Mapping[str, ModelEntry] = {}
    values: Mapping[str, Probe] = {}
    """Numbers that the prose shows, by name."""
    claims: tuple[Claim, ...] = ()
    steps: tuple[Step, ...]
    path: Path


class Course(Struct, frozen=True):
    """A course: its lessons in order, and what is wrong with those left out."""

    title: str
    lessons: tuple[Lesson, ...]
    problems: tuple[Problem, ...] = ()

    def lesson(self, id: str) -> Lesson | None:
        """The lesson of an id, or of a number as text; None when there is none."""
        wanted = id.strip()
        number = int(wanted) if wanted.isascii() and wanted.isdigit() else None
        return next((one for one in self.lessons if one.id == wanted or one.number == number), None)


CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
"""Inline code, which is shown as it is: in `h_{t-1}` the braces are the author's."""


def pieces(text: str) -> Iterator[tuple[str, str | None, str]]:
    """A text as literals, each followed by the name and the format of the value after it, if there is one."""
    start = 0
    for code in [*CODE.finditer(text), None]:
        words = text[start : code.start() if code else len(text)]
        for literal, name, spec, _ in string.Formatter().parse(words):
            yield literal, name, spec or ""
        if code:
            yield code[0], None, ""
            start = code.end()


def names_in(text: str) -> tuple[str, ...]:
    """The names that a text asks for in braces, outside inline code: `"{a:.2f} of {b}"` → `("a", "b")`.

    Raises:
        ValueError: a brace without its partner, or an empty name.
    """
    names = [name for _, name, _ in pieces(text) if name is not None]
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{{{name}}} is not a name; write {{{{ and }}}} for braces")
    return tuple(names)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """`text` with its values put in, `…` for one that is not known yet. Inline code stays as it is."""
    parts = []
    for literal, name, spec in pieces(text):
        parts.append(literal)
        if name is not None:
            value = values.get(name)
            parts.append("…" if value is None else format(value, spec))
    return "".join(parts)
