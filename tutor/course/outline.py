"""The course at a glance: what lessons there are, in which order, read from their front matter alone.

The home screen paints from it, so it imports the standard library and msgspec only: no NumPy, no Markdown
parser, nothing of a lesson's body but its count of steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from tutor.course.source import (
    LessonError,
    Problem,
    front_matter,
    line_of,
    nearest,
    parse_toml,
    read_text,
)

__all__ = ["LessonError", "Outline", "Problem", "front_matter", "lessons_dir", "read_outlines"]

FORMAT = 1
"""The format of a course that is read here; a newer one is refused, never guessed at."""

_NAME = re.compile(r"(?P<number>\d+)-(?P<id>[a-z0-9]+(?:-[a-z0-9]+)*)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")


class Outline(Struct, frozen=True):
    """A lesson as the home screen lists it."""

    id: str
    title: str
    goal: str
    part: str
    """The title of its part."""
    number: int
    """The number that its file name begins with."""
    minutes: int
    steps: int
    needs: tuple[str, ...]
    path: Path


def lessons_dir() -> Path:
    """Where the lessons are: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "lessons"
    return installed if (installed / "course.toml").is_file() else package.parent / "lessons"


def course_of(path: Path) -> Path:
    """The course's folder that a lesson file belongs to: the nearest with a `course.toml`, else its own."""
    here = path.resolve().parent
    return next((f for f in (here, *here.parents[:2]) if (f / "course.toml").is_file()), here)


def name_of(path: Path) -> tuple[int, str, str | None] | None:
    """Number, id and language: `03-the-cell.zh.md` → (3, "the-cell", "zh"); None when it is no lesson."""
    stem, dot, language = path.name.removesuffix(".md").partition(".")
    match = _NAME.fullmatch(stem)
    if match is None or path.suffix != ".md" or (dot and not _LANGUAGE.fullmatch(language)):
        return None
    return int(match["number"]), match["id"], language or None


def count_steps(body: str) -> int:
    """How many `## ` there are outside fences."""
    steps, fence = 0, ""
    for line in body.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if not fence and mark:
            fence = mark[1]
        elif fence and mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not mark[2].strip():
            fence = ""
        elif not fence and re.match(r"##\s+\S", line):
            steps += 1
    return steps


def read_outline(path: Path, part: str = "") -> tuple[Outline | None, tuple[Problem, ...]]:
    """One lesson's outline; None when it has not even a title."""
    problems: list[Problem] = []
    try:
        text = read_text(path)
        table, first = front_matter(text, path)
    except LessonError as error:
        return None, error.problems
    named = name_of(path)

    def want(key: str, kind: type[Any], default: Any, example: str) -> Any:
        value = table.get(key)
        if value is None and default is not None:
            return default
        what = f"`{key}` is not {_KINDS[kind]}"
        if value is None or value == "":
            what = f"no `{key}`"
        elif isinstance(value, str) and kind is str:
            if "\n" not in value:
                return value
            what = f"`{key}` has more than one line"
        elif isinstance(value, int) and kind is int and not isinstance(value, bool):
            if value > 0:
                return value
            what = f"`{key}` is {value}"
        line = line_of(text, key) if key in table else 1
        problems.append(Problem(path, line, what, f"write {key} = {example}"))
        return default

    title = want("title", str, None, '"…"')
    goal = want("goal", str, None, '"what a learner can do afterwards"')
    minutes = want("minutes", int, 6, "6")
    needs = table.get("needs", [])
    if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
        problems.append(
            Problem(
                path,
                line_of(text, "needs"),
                "`needs` is not a list of lessons",
                'write needs = ["lesson-id"]',
            )
        )
        needs = []
    if title is None or goal is None:
        return None, tuple(problems)
    outline = Outline(
        id=named[1] if named else path.stem,
        title=title,
        goal=goal,
        part=part,
        number=named[0] if named else 0,
        minutes=minutes,
        steps=count_steps("\n".join(text.split("\n")[first - 1 :])),
        needs=tuple(needs),
        path=path,
    )
    return outline, tuple(problems)


_KINDS = {str: "a text in quotes", int: "a whole number above 0"}


class CourseFile(Struct, frozen=True):
    """What `course.toml` says."""

    title: str
    parts: tuple[tuple[str, str], ...]
    """(folder, title), in order."""
    problems: tuple[Problem, ...] = ()


def read_course_file(folder: Path) -> CourseFile:
    """The course's title and parts; what is wrong with them is among its problems."""
    path = folder / "course.toml"
    try:
        text = read_text(path)
        table = parse_toml(text, path, 1)
    except LessonError as error:
        return CourseFile("", (), error.problems)
    problems = []
    number = table.get("format")
    if number != FORMAT:
        if isinstance(number, int) and number > FORMAT:
            what, mend = (
                f"the course has format {number}, and this version reads {FORMAT}",
                "update rnn-tutor",
            )
        else:
            what, mend = (
                f"format {number!r} is not known" if "format" in table else "no `format`",
                "write format = 1",
            )
        return CourseFile("", (), (Problem(path, line_of(text, "format"), what, mend),))
    for key in table:
        if key not in (known := ("format", "title", "parts")):
            problems.append(Problem(path, line_of(text, key), f"unknown key `{key}`", nearest(key, known)))
    title = table.get("title")
    if not isinstance(title, str) or not title:
        problems.append(
            Problem(path, line_of(text, "title") if "title" in table else 1, "no `title`", 'write title = "…"')
        )
    parts = []
    listed = table.get("parts", [])
    if not isinstance(listed, list) or not listed:
        problems.append(Problem(path, line_of(text, "parts"), "no parts", "write [[parts]] with folder and title"))
        listed = []
    headers = [i for i, line in enumerate(text.split("\n"), 1) if line.strip() == "[[parts]]"]
    for index, part in enumerate(listed):
        line = headers[index] if index < len(headers) else 1
        named = isinstance(part, dict) and isinstance(part.get("folder"), str) and isinstance(part.get("title"), str)
        if not named:
            problems.append(Problem(path, line, "a part without folder or title", "write both under [[parts]]"))
        elif not (folder / part["folder"]).is_dir():
            what = f"the part's folder `{part['folder']}` does not exist"
            problems.append(Problem(path, line, what, "make it, or correct the name"))
        else:
            parts.append((part["folder"], part["title"]))
    return CourseFile(title if isinstance(title, str) else "", tuple(parts), tuple(problems))


def read_outlines(folder: Path, language: str | None = None) -> tuple[tuple[Outline, ...], tuple[Problem, ...]]:
    """Every lesson of a course in its order, and what is wrong with those left out.

    Args:
        folder: holds `course.toml` and the parts' folders.
        language: as `zh` or `zh_CN.UTF-8`; a lesson with a translation `x.zh.md` is then read from that.
    """
    course = read_course_file(folder)
    problems = list(course.problems)
    outlines: list[Outline] = []
    for name, title in course.parts:
        originals, translations = _files(folder / name, problems)
        for path in originals:
            chosen = _translated(path, translations, language)
            outline, found = read_outline(chosen, title)
            if outline is None and chosen != path:
                # A broken translation is no reason to lose the lesson.
                problems += found
                outline, found = read_outline(path, title)
            problems += found
            if outline is not None:
                outlines.append(outline)
    kept: list[Outline] = []
    for outline in outlines:
        twin = next((o for o in kept if o.id == outline.id or o.number == outline.number), None)
        if twin is None:
            kept.append(outline)
        else:
            same = f"id `{outline.id}`" if twin.id == outline.id else f"number {outline.number}"
            what = f"the {same} is taken by {twin.path.name}"
            problems.append(Problem(outline.path, 1, what, "rename one of the two files"))
    problems += unknown_needs(kept)
    return tuple(kept), tuple(problems)


def unknown_needs(outlines: Iterable[Outline]) -> list[Problem]:
    """A problem for each lesson that another needs and that is not there, or comes later."""
    outlines = list(outlines)
    order = {outline.id: i for i, outline in enumerate(outlines)}
    problems = []
    for i, outline in enumerate(outlines):
        for need in outline.needs:
            if order.get(need, i) < i:
                continue
            line = line_of(outline.path.read_text(encoding="utf-8", errors="replace"), "needs")
            if need in order:
                what, mend = f"it needs `{need}`, which comes later", "move one of the two, or drop the need"
            else:
                earlier = [o.id for o in outlines[:i]]
                what, mend = f"it needs `{need}`, which is no lesson of this course", nearest(need, earlier)
            problems.append(Problem(outline.path, line, what, mend))
    return problems


def _files(folder: Path, problems: list[Problem]) -> tuple[list[Path], dict[tuple[int, str], dict[str, Path]]]:
    """A part's originals in their order, and the translations of each."""
    originals: list[tuple[tuple[int, str], Path]] = []
    translations: dict[tuple[int, str], dict[str, Path]] = {}
    for path in sorted(folder.glob("*.md")):
        if path.stem == "README":
            continue
        named = name_of(path)
        if named is None:
            mend = "call it like 03-the-recurrent-cell.md, or 03-the-recurrent-cell.zh.md for a translation"
            problems.append(Problem(path, 1, "a file name without number and id", mend))
        elif named[2] is None:
            originals.append(((named[0], named[1]), path))
        else:
            translations.setdefault((named[0], named[1]), {})[named[2].replace("-", "_").lower()] = path
    have = {key for key, _ in originals}
    for key, others in translations.items():
        if key not in have:
            for path in others.values():
                problems.append(Problem(path, 1, "a translation without its original", "put the original beside it"))
    return [path for _, path in sorted(originals)], translations


def _translated(path: Path, translations: dict[tuple[int, str], dict[str, Path]], language: str | None) -> Path:
    named = name_of(path)
    if language is None or named is None:
        return path
    wanted = language.partition(".")[0].replace("-", "_").lower()
    others = translations.get((named[0], named[1]), {})
    return others.get(wanted) or others.get(wanted.partition("_")[0]) or path
