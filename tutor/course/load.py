"""Text → `Lesson`. Every error says `file:line`, what was found, and how to mend it; all of them at once.

A lesson is Markdown that reads well on any forge: `+++` front matter, `## ` for each step, prose, and
fenced blocks: `math`, and those of `blocks.BLOCKS`. A lesson cannot run code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

from tutor.course import shape
from tutor.course.blocks import BLOCKS, read_block
from tutor.course.entries import ModelEntry
from tutor.course.fences import Block, Reader
from tutor.course.lesson import (
    Block as LessonBlock,
)
from tutor.course.lesson import (
    Claim,
    Course,
    Define,
    Figure,
    Lesson,
    Math,
    Prose,
    QuestionBlock,
    Step,
)
from tutor.course.outline import (
    Outline,
    course_of,
    read_course_file,
    read_outline,
    read_outlines,
)
from tutor.course.probes import Probe
from tutor.course.source import (
    A_CONTROL,
    CONTROL,
    LessonError,
    Problem,
    front_matter,
    nearest,
    read_text,
)
from tutor.course.words import FEEDBACK, prose_lines, wrong_words
from tutor.engine.datasets import read_lines, within

__all__ = ["LessonError", "load_course", "load_lesson"]

MAX_LINES = 40
"""Lines of words in a step. What does not fit one screen is two ideas."""

FENCES = ("math", *BLOCKS)
_ASKED = tuple(kind for kind in BLOCKS if kind != "figure")

_REFUSED = {
    "html_block": ("HTML", "write it in Markdown"),
    "code_block": ("an indented code block", "take the indent away, or use a math block"),
    "hr": ("a rule", "begin a new step with ## "),
    "blockquote_open": ("a quotation block", "write it as a paragraph"),
    "heading_open": ("a heading that is no step", "write ## for a step, and no other headings"),
}
_REFUSED_INLINE = {
    "html_inline": ("HTML", "write it in Markdown"),
    "image": ("an image", "show a figure that is computed"),
    "link_open": ("a link", "say it in words; `backticks` keep brackets as they are"),
}

_parser = MarkdownIt("commonmark")


class _Front(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a lesson's front matter. The first four are read, and complained of, by `read_outline`."""

    title: Any = None
    goal: Any = None
    minutes: Any = None
    needs: Any = None
    models: dict[str, ModelEntry] = {}
    values: dict[str, Probe] = {}
    claims: tuple[Claim, ...] = ()


def load_lesson(source: Outline | Path, *, folder: Path | None = None) -> Lesson:
    """One lesson, whole and valid.

    Args:
        source: its outline, or its file.
        folder: what its corpora are relative to; the course's folder when not given.

    Raises:
        LessonError: with all the problems found.
    """
    path = source.path if isinstance(source, Outline) else source
    outline, problems = read_outline(path, source.part if isinstance(source, Outline) else _part_of(path))
    text = ""
    try:
        text = read_text(path)
        table, first = front_matter(text, path)
    except LessonError:
        # read_outline has met the same, and holds it.
        raise LessonError(problems) from None
    reader = Reader(path, problems=list(problems))
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if CONTROL.search(line):
            reader.add(number, *A_CONTROL)
    front = _read_front(reader, table, lines[1 : first - 2], folder or course_of(path))
    steps = _Body(reader, lines, first).read()
    if reader.problems or outline is None:
        raise LessonError(sorted(reader.problems, key=lambda p: p.line))
    return Lesson(
        id=outline.id,
        title=outline.title,
        goal=outline.goal,
        part=outline.part,
        number=outline.number,
        minutes=outline.minutes,
        needs=outline.needs,
        models=front.models,
        values=front.values,
        claims=front.claims,
        steps=tuple(steps),
        path=path,
    )


def load_course(folder: Path, language: str | None = None) -> Course:
    """A course. A lesson with a problem is left out and named; the rest opens."""
    outlines, found = read_outlines(folder, language)
    problems = list(found)
    lessons: list[Lesson] = []
    for outline in outlines:
        try:
            lessons.append(load_lesson(outline, folder=folder))
        except LessonError as error:
            problems += error.problems
    order = [outline.id for outline in outlines]
    for lesson in lessons:
        problems += _about(lesson, order[: order.index(lesson.id)])
    return Course(read_course_file(folder).title, tuple(lessons), tuple(dict.fromkeys(problems)))


def _about(lesson: Lesson, earlier: list[str]) -> list[Problem]:
    """Questions about a lesson that does not come before this one."""
    asked = [step.asked for step in lesson.steps]
    abouts = [(b.line, b.instances[0].about) for b in asked if isinstance(b, QuestionBlock)]
    abouts += [(b.line, b.about) for b in asked if isinstance(b, Define)]
    return [
        Problem(lesson.path, line, f"about `{about}`, which is no earlier lesson", nearest(about, earlier))
        for line, about in abouts
        if about and about not in earlier
    ]


def _part_of(path: Path) -> str:
    course = course_of(path)
    if not (course / "course.toml").is_file():
        return ""
    return dict(read_course_file(course).parts).get(path.resolve().parent.name, "")


def _read_front(reader: Reader, table: dict[str, Any], lines: list[str], folder: Path) -> _Front:
    """Models, values and claims; what is whole of them, so that the body can be read against it."""

    def at(*path: str | int) -> int:
        return 2 + shape.locate(lines, path)

    before = len(reader.problems)
    for fault in shape.faults(_Front, table, "the front matter"):
        reader.add(at(*fault.path), fault.what, fault.mend)
    broken = {p.line for p in reader.problems[before:]}
    models: dict[str, ModelEntry] = {}
    given = table.get("models", {})
    for name, entry in (given if isinstance(given, dict) else {}).items():
        if shape.faults(ModelEntry, entry, ""):
            continue
        model: ModelEntry = shape.convert(entry, ModelEntry)
        models[name] = model
        for key, what, mend in model.faults():
            reader.add(at("models", name, key), what, mend)
        if model.corpus:
            try:
                read_lines(within(folder, model.corpus))
            except ValueError as error:
                what = f"the corpus `{model.corpus}` cannot be read ({error})"
                mend = "write the path of a text file from the lessons' folder, as data/alphabet.txt"
                reader.add(at("models", name, "corpus"), what, mend)
    reader.models = models
    reader.named = frozenset(given if isinstance(given, dict) else ())
    named = table.get("values", {})
    reader.values = frozenset(named if isinstance(named, dict) else ())
    for name in sorted(reader.values):
        if not name.isidentifier() or name in FEEDBACK:
            mend = "choose a word of letters, digits and _, other than value, amount and answer"
            reader.add(at("values", name), f"a value cannot be called `{name}`", mend)
    if broken:
        return _Front(models=models)
    front: _Front = shape.convert(table, _Front)

    def naming(*path: str | int) -> Any:
        start = at(*path)

        def found(name: str) -> int:
            here = (i for i in range(start, len(lines) + 2) if name and f'"{name}"' in lines[i - 2])
            return next(here, start)

        return found

    for name, probe in front.values.items():
        reader.unfit_models(probe, naming("values", name))
    for i, claim in enumerate(front.claims):
        for side, probe in (("left", claim.left), ("right", claim.right)):
            reader.unfit_models(probe, naming("claims", i, side))
    return front


class _Body:
    """The lesson's Markdown, step by step."""

    def __init__(self, reader: Reader, lines: list[str], first: int) -> None:
        self.reader = reader
        self.lines = lines
        self.first = first
        self.predicted = False
        self.steps: list[Step] = []
        self.title: str | None = None
        self.line = first
        self.blocks: list[LessonBlock | None] = []
        self.kinds: list[str] = []
        self.words = 0
        self.homeless = False
        """Whether words before the first step were complained of; once is enough."""
        self.stretch: tuple[int, int] | None = None
        """Lines of the prose being gathered, from and to."""

    def at(self, token: Token) -> int:
        """A token's line in the file."""
        return self.first + (token.map[0] if token.map else 0)

    def read(self) -> list[Step]:
        """Every step; problems go to the reader."""
        tokens = _parser.parse("\n".join(self.lines[self.first - 1 :]))
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "heading_open" and token.tag == "h2" and token.markup == "##" and token.level == 0:
                self.end_step()
                self.title, self.line = tokens[index + 1].content, self.at(token)
                if not self.title.strip():
                    self.reader.add(self.line, "a step without a title", "write a few words after ##")
                index += 3
                continue
            if token.type == "fence":
                self.fence(token)
            elif token.type in _REFUSED:
                self.reader.add(self.at(token), *_REFUSED[token.type])
            elif token.type == "inline":
                self.inline(token)
            if token.level == 0 and token.map and token.type.endswith("_open"):
                start, end = self.first + token.map[0], self.first + token.map[1]
                self.stretch = (self.stretch[0] if self.stretch else start, end)
            index += 1
        self.end_step()
        if self.title is None and not self.homeless:
            self.reader.add(self.first, "no steps", "begin each step with ## and its title")
        return self.steps

    def inline(self, token: Token) -> None:
        """The words of a paragraph."""
        line = self.at(token)
        if self.title is None and not self.homeless:
            self.homeless = True
            self.reader.add(line, "words before the first step", "begin the step with ## and its title")
        for child in token.children or ():
            if child.type in _REFUSED_INLINE:
                self.reader.add(line, *_REFUSED_INLINE[child.type])
        for number, text in prose_lines(token, line):
            for found in wrong_words(text, self.reader.values, numbers=True):
                self.reader.add(number, *found)

    def fence(self, token: Token) -> None:
        """A fenced block."""
        line, kind = self.at(token), token.info.strip()
        self.end_prose()
        if kind not in FENCES:
            said = f"a block called `{kind}`" if kind else "a block without a name"
            self.reader.add(line, said, nearest(kind, FENCES))
            return
        if token.level:
            self.reader.add(line, f"a {kind} block inside a list", "put it at the margin")
            return
        if self.title is None:
            self.reader.add(line, f"a {kind} block before the first step", "begin the step with ## and its title")
            return
        if kind == "math":
            self.words += token.content.count("\n")
            self.take(kind, Math(token.content.rstrip("\n"), line))
            return
        self.refuse_order(kind, line)
        key = f"{len(self.steps) + 1}.{len(self.blocks) + 1}"
        self.reader.figure = next((b for b in self.blocks if isinstance(b, Figure)), None)
        self.reader.step = tuple(zip(self.kinds, self.blocks, strict=True))
        self.take(kind, read_block(self.reader, Block(kind, token.content, line, key)))
        self.predicted |= kind == "predict"

    def refuse_order(self, kind: str, line: int) -> None:
        """What may not stand here, whatever is in it."""
        if kind == "figure":
            if "figure" in self.kinds:
                self.reader.add(line, "a second figure in this step", "begin a new step for it")
            elif not self.predicted:
                mend = "put a predict block before it: nothing is shown before a commitment"
                self.reader.add(line, "a figure without a prediction before it", mend)
            return
        if kind == "do" and "figure" not in self.kinds:
            what = "a do block without a figure before it in its step"
            self.reader.add(line, what, "put the figure that it is done in before it")
        if any(other in self.kinds for other in _ASKED):
            other = next(k for k in self.kinds if k in _ASKED)
            what = f"a {kind} block beside a {other} block in one step"
            self.reader.add(line, what, "begin a new step for it")

    def take(self, kind: str, block: LessonBlock | None) -> None:
        """Keep a block in its place."""
        self.kinds.append(kind)
        self.blocks.append(block)

    def end_prose(self) -> None:
        """The prose gathered so far becomes a block."""
        if self.stretch is None:
            return
        start, end = self.stretch
        self.stretch = None
        text = "\n".join(self.lines[start - 1 : end - 1]).strip("\n")
        if text and self.title is not None:
            self.words += text.count("\n") + 1
            self.take("prose", Prose(text, start))

    def end_step(self) -> None:
        """The step that is open becomes a `Step`."""
        self.end_prose()
        if self.title is None:
            return
        if not self.kinds:
            self.reader.add(self.line, "a step with nothing in it", "write it, or take its title away")
        if self.words > MAX_LINES:
            what = f"a step of {self.words} lines of words"
            self.reader.add(self.line, what, f"keep to {MAX_LINES}: one idea a step")
        whole = tuple(block for block in self.blocks if block is not None)
        self.steps.append(Step(self.title, whole, self.line))
        self.blocks, self.kinds, self.words = [], [], 0
