"""The validator of lessons: everything that they promise is computed, over as many seeds as is asked.

The loader has seen to what can be known from the text alone. Here the models are trained and every probe,
value, figure and claim is run: an answer that is no option, a near-tie, a winner that another seed turns, a
format that does not fit its value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tutor.course import shape
from tutor.course.fences import Block
from tutor.course.figures.bars import Bars
from tutor.course.grading import in_order, place_said, texts, true_option, true_place
from tutor.course.lab import Lab
from tutor.course.lesson import Add, Asked, Define, Do, Figure, Lesson, Prediction, Prose, QuestionBlock, Step, filled
from tutor.course.load import load_course, load_lesson
from tutor.course.measured import Measured
from tutor.course.outline import course_of, read_outline, read_outlines, unknown_needs
from tutor.course.pointing import count as count_places
from tutor.course.probes import Probe, needs_time
from tutor.course.source import LessonError, Problem, read_text

Report = Callable[[str], None]


def check(
    paths: Sequence[Path],
    seeds: int | None = None,
    report: Report | None = None,
    *,
    cache: Path | None = None,
    processes: int = 1,
) -> tuple[Problem, ...]:
    """What is wrong with lessons.

    Args:
        paths: lesson files, or folders of a whole course.
        seeds: every answer is run with 0 … seeds − 1 added to the lesson's own seeds; once when None.
        report: told what is being computed.
        cache: where trained models are kept; while it checks, in a folder of its own when None.
        processes: how many lessons are computed at the same time.

    Returns:
        All problems; none when the lessons are sound.
    """
    problems: list[Problem] = []
    lessons = [lesson for path in paths for lesson in _lessons(path, problems)]
    with TemporaryDirectory(prefix="rnn-tutor-") as folder:
        kept = cache or Path(folder)
        if min(processes, len(lessons)) < 2:
            for lesson in lessons:
                problems += check_lesson(lesson, course_of(lesson.path), seeds, report, cache=kept)
        else:
            problems += _side_by_side(lessons, seeds, report, kept, processes)
    return tuple(dict.fromkeys(problems))


def _side_by_side(
    lessons: Sequence[Lesson], seeds: int | None, report: Report | None, cache: Path, processes: int
) -> list[Problem]:
    """Lessons in processes of their own, those with most models first: they take longest."""
    # Spawned: a fork takes a thread's locks along, held for ever.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        found = {}
        for lesson in sorted(lessons, key=lambda lesson: -len(lesson.models)):
            found[lesson.path] = pool.submit(check_lesson, lesson, course_of(lesson.path), seeds, cache=cache)
        problems: list[Problem] = []
        for done, lesson in enumerate(lessons, 1):
            problems += found[lesson.path].result()
            if report is not None:
                report(f"{lesson.path.stem}: computed, {done} of {len(lessons)}")
    return problems


def _lessons(path: Path, problems: list[Problem]) -> list[Lesson]:
    """The whole lessons of a path: a course's, a folder's, or the one; the others are among the problems."""
    if not path.is_dir():
        return _single(path, problems)
    files = sorted(p for p in path.glob("*.md") if p.stem != "README")
    if files and not (path / "course.toml").is_file():
        return [lesson for file in files for lesson in _single(file, problems)]
    course = load_course(path)
    problems += course.problems
    found = list(course.lessons)
    for lesson in course.lessons:
        for file in sorted(lesson.path.parent.glob(f"{lesson.path.stem}.*.md")):
            try:
                translation = load_lesson(file)
            except LessonError as error:
                problems += error.problems
                continue
            problems += differences(lesson, translation)
            found.append(translation)
    return found


def differences(lesson: Lesson, translation: Lesson) -> list[Problem]:
    """Where a translation does not have its original's models, values, claims and blocks."""
    path = translation.path
    mend = f"take it over from {lesson.path.name}; only words are translated"
    for name in ("models", "values"):
        if getattr(lesson, name) != getattr(translation, name):
            return [Problem(path, 1, f"its [{name}] are not its original's", mend)]
    if [(c.left, c.right, c.margin) for c in lesson.claims] != [
        (c.left, c.right, c.margin) for c in translation.claims
    ]:
        return [Problem(path, 1, "its [[claims]] are not its original's", mend)]
    if len(lesson.steps) != len(translation.steps):
        what = f"it has {len(translation.steps)} steps, and its original {len(lesson.steps)}"
        return [Problem(path, 1, what, mend)]
    return [
        Problem(path, theirs.line, "the blocks of this step are not its original's", mend)
        for ours, theirs in zip(lesson.steps, translation.steps, strict=True)
        if _bones(ours) != _bones(theirs)
    ]


def _bones(step: Step) -> list[Any]:
    """What stays of a step when its words are taken away."""
    bones: list[Any] = []
    for block in step.blocks:
        if isinstance(block, Figure):
            bones.append(block.show if isinstance(block.options, Bars) else block.options)
        elif isinstance(block, Prediction | QuestionBlock):
            for asked in _asked(block):
                keys = [option.key for option in asked.options]
                bones.append(
                    (type(block), asked.form, asked.answer, keys, asked.low, asked.high, asked.widest, asked.point)
                )
        elif not isinstance(block, Prose):
            bones.append((type(block), block.until if isinstance(block, Do) else None))
    return bones


def _single(path: Path, problems: list[Problem]) -> list[Lesson]:
    """A lesson that is checked by itself; what it needs is looked up in its course, and beside it."""
    try:
        lesson = load_lesson(path)
    except LessonError as error:
        problems += error.problems
        return []
    own, _ = read_outline(path)
    course = course_of(path)
    others = list(read_outlines(course)[0]) if (course / "course.toml").is_file() else []
    for file in sorted(path.parent.glob("*.md")):
        outline, _ = read_outline(file)
        others += [outline] if outline is not None else []
    beside = {outline.id: outline for outline in others if outline.id != lesson.id}
    if own is not None:
        problems += [p for p in unknown_needs([*beside.values(), own]) if p.path == path]
    return [lesson]


@dataclass
class _Over:
    """What was found over the seeds: by place, the findings of each seed."""

    lesson: Lesson
    problems: list[Problem] = field(default_factory=list)
    winners: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """(line, question) → the answer at each seed."""
    ties: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    ranked: set[tuple[int, str]] = field(default_factory=set)
    """Of those, where an order is asked for."""
    claims: dict[int, list[bool]] = field(default_factory=dict)
    """Claim → whether it held at each seed."""

    def add(self, line: int, what: str, mend: str) -> None:
        """Note a problem, once."""
        problem = Problem(self.lesson.path, line, what, mend)
        if problem not in self.problems:
            self.problems.append(problem)


def check_lesson(
    lesson: Lesson,
    folder: Path,
    seeds: int | None = None,
    report: Report | None = None,
    *,
    cache: Path | None = None,
) -> tuple[Problem, ...]:
    """What is wrong with a lesson that loads."""
    say = report or (lambda _: None)
    over = _Over(lesson)
    where = _Where(lesson)
    count = seeds or 1
    for seed in range(count):
        lab = Lab(lesson.models, folder=folder, cache=cache, seed=seed)
        for name in lesson.models:
            if not lab.ready(name):
                say(f"{lesson.id}: training {name}" + (f", seed {seed + 1} of {count}" if count > 1 else ""))
            try:
                lab.ensure(name)
            except ValueError as error:
                over.add(
                    where.front("models", name),
                    f"the model `{name}` cannot be trained: {error}",
                    "mend its corpus",
                )
        say(f"{lesson.id}: computing" + (f", seed {seed + 1} of {count}" if count > 1 else ""))
        _run(over, where, lab)
    _judge(over, where, count)
    return tuple(sorted(over.problems, key=lambda p: p.line))


class _Where:
    """Lines of a lesson's file, for what is found after it was loaded."""

    def __init__(self, lesson: Lesson) -> None:
        self.lines = read_text(lesson.path).split("\n")
        self.end = next((i for i, line in enumerate(self.lines) if i and line.rstrip() == "+++"), 0)

    def front(self, *path: str | int) -> int:
        """The line of a key of the front matter."""
        return 2 + shape.locate(self.lines[1 : self.end], path)

    def block(self, line: int, *path: str | int) -> int:
        """The line of a key in the block whose fence opens at a line."""
        fence = self.lines[line - 1].strip()
        mark = fence[: len(fence) - len(fence.lstrip("`~"))]
        end = next((i for i in range(line, len(self.lines)) if self.lines[i].strip() == mark), len(self.lines))
        return Block("", "\n".join(self.lines[line:end]), line, "").at(*path)


def _measure(over: _Over, line: int, probe: Probe, lab: Lab) -> Measured | None:
    """A probe's value; what keeps it from one is a problem."""
    try:
        found = probe.measure(lab)
    except Exception as error:
        # A probe over any model and text: whatever it stumbles on is for the author, with its line.
        kind = probe.__struct_config__.tag
        over.add(line, f"the probe `{kind}` cannot be computed: {error}", "mend its keys")
        return None
    if not math.isfinite(found.number):
        over.add(line, f"the answer is {found.number}, which is not finite", "choose other amounts")
        return None
    return found


def _run(over: _Over, where: _Where, lab: Lab) -> None:
    """Everything of a lesson, at one seed."""
    lesson = over.lesson
    values: dict[str, Any] = {}
    for name, probe in lesson.values.items():
        found = _measure(over, where.front("values", name), probe, lab)
        values[name] = found.value if found is not None else None
    for i, claim in enumerate(lesson.claims):
        line = where.front("claims", i)
        left, right = _measure(over, line, claim.left, lab), _measure(over, line, claim.right, lab)
        if left is not None and right is not None:
            over.claims.setdefault(i, []).append(
                left.number < right.number and left.number + claim.margin <= right.number
            )
    for step in lesson.steps:
        for block in step.blocks:
            if isinstance(block, Prose):
                _formats(over, block.line, block.text, values)
            elif isinstance(block, Define | Do | Add):
                for text in block.texts:
                    # What it comes to is the learner's; that it can be written was seen to when the block was read.
                    _formats(over, block.line, text, {"value": None, **values})
        seen: Any = None
        if step.figure is not None:
            try:
                seen = step.figure.options.run(lab)
                seen.tables()
            except Exception as error:
                what = f"the figure `{step.figure.show}` cannot be computed: {error}"
                over.add(step.figure.line, what, "mend its keys")
        for asked in _asked(step.asked):
            _answer(over, where, lab, asked, values, seen)


def _asked(block: Any) -> Iterator[Asked]:
    if isinstance(block, Prediction):
        yield block
    elif isinstance(block, QuestionBlock):
        yield from block.instances


def _answer(over: _Over, where: _Where, lab: Lab, asked: Asked, values: Mapping[str, Any], seen: Any) -> None:
    """An answer and all that is said of it, at one seed; `seen` are the values of the step's figure."""
    line = where.block(asked.line, "answer")
    found = _measure(over, line, asked.answer, lab)
    if found is None:
        return
    if asked.form not in ("number", "range"):
        key = (line, asked.ask)
        over.winners.setdefault(key, []).append(str(found.value))
        if found.near_tie:
            over.ties.setdefault(key, []).append(lab.seed)
        if asked.form == "order":
            over.ranked.add(key)
    known = texts(found, _truth(over, where, lab, asked, found, seen), asked, values)
    _formats(over, where.block(asked.line, "ask"), asked.ask, values)
    _formats(over, where.block(asked.line, "because"), asked.because, known)
    for i, option in enumerate(asked.options):
        _formats(over, where.block(asked.line, "options", i), option.says, known)


def _truth(over: _Over, where: _Where, lab: Lab, asked: Asked, found: Measured, seen: Any) -> str:
    """The answer as a learner reads it; one that cannot be given is a problem."""
    line = where.block(asked.line, "answer")
    if asked.form == "choice":
        right = true_option(asked, found)
        if right is not None:
            return right.text
        keys = ", ".join(option.key for option in asked.options)
        what = f"the answer is `{found.value}`, and no option has that key ({keys})"
        over.add(line, what, "add the option, or correct the keys")
    elif asked.form == "order":
        order = str(found.value).split()
        written = [option.key for option in asked.options]
        # What takes no training is known before it is asked, and is then laid out in another order.
        hidden = needs_time(asked.answer) or any(lab.entry(name).trained for name in asked.answer.models())
        if hidden and lab.seed == 0 and order == written:
            what = "the options are written in their true order, and whoever moves nothing is right"
            over.add(where.block(asked.line, "options"), what, "write them in another order")
        return in_order(asked, order)
    elif asked.point is not None:
        place, most = true_place(found), 0 if seen is None else count_places(seen, asked.point)
        if place is not None and place <= most:
            return place_said(asked, found, lab)
        if seen is not None:
            what = f"the answer is `{found.value}`, and the figure has the {asked.point}s 1 … {most}"
            over.add(line, what, f"ask for a {asked.point} of what the figure shows")
    else:
        low, high = asked.low, asked.high
        if low is not None and high is not None and not low <= found.number <= high:
            over.add(line, f"the answer is {found.number:.4g}, outside {low:g} … {high:g}", "widen low and high")
    return str(found.value)


def _formats(over: _Over, line: int, text: str, values: Mapping[str, Any]) -> None:
    """Whether a text's values can be written as it asks."""
    try:
        filled(text, values)
    except (ValueError, TypeError) as error:
        what = f"a format does not fit its value ({error})"
        over.add(line, what, "write {name:.2f} for a number, and {name} for a word")


def _judge(over: _Over, where: _Where, count: int) -> None:
    """What only shows over all seeds."""
    lesson = over.lesson
    for (line, ask), tied in over.ties.items():
        at = "" if count == 1 else f" at {len(tied)} of {count} seeds"
        if (line, ask) in over.ranked:
            what = f"a near-tie{at}: two neighbours are within 2 in a hundred (“{_short(ask)}”)"
            over.add(line, what, "choose clearer cases, or rank fewer")
            continue
        what = f"a near-tie{at}: the runner-up is within 2 in a hundred (“{_short(ask)}”)"
        over.add(line, what, "choose a clearer case, or give compare a tolerance")
    for (line, ask), answers in over.winners.items():
        held = answers.count(answers[0])
        if held < len(answers):
            what = f"the answer `{answers[0]}` holds at {held} of {len(answers)} seeds (“{_short(ask)}”)"
            over.add(line, what, "ask what every seed answers alike, or gather answers with `oneof`")
    for i, held_at in over.claims.items():
        if not all(held_at):
            said = _short(lesson.claims[i].says)
            at = f"holds at {held_at.count(True)} of {len(held_at)} seeds" if count > 1 else "does not hold"
            over.add(where.front("claims", i), f"the claim “{said}” {at}", "say what is so, or lower its margin")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"
