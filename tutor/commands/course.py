"""The course in lines: what lessons there are, one of them as text, what is wrong in them."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from tutor.commands.arguments import json_argument, whole
from tutor.commands.command import Command, Refused
from tutor.commands.places import lab_of, open_progress, outline_of, outlines_here
from tutor.commands.saying import cleaned, did_you_mean, not_there, print_json, say
from tutor.i18n import _, ngettext


def _lessons(options: Namespace) -> int:
    progress = open_progress(options)
    outlines = outlines_here()
    done = {outline.id: len(progress.completed(outline.id)) for outline in outlines}
    if options.json:
        print_json(
            [
                {
                    "id": outline.id,
                    "title": outline.title,
                    "part": outline.part,
                    "minutes": outline.minutes,
                    "steps": outline.steps,
                    "completed": min(done[outline.id], outline.steps),
                }
                for outline in outlines
            ]
        )
        return 0
    part = None
    widest = max((len(outline.id) for outline in outlines), default=0)
    for outline in outlines:
        if outline.part != part:
            part = outline.part
            print(cleaned(part))
        steps = _("{done} of {steps} steps").format(done=min(done[outline.id], outline.steps), steps=outline.steps)
        minutes = _("{n} min").format(n=outline.minutes)
        where = f"{outline.number:>4}  {outline.id.ljust(widest)}  {minutes:>7}  {steps}"
        print(cleaned(f"{where}  {outline.title}"))
    if not outlines:
        print(_("There are no lessons here."))
    return 0


def _read_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", help=_("a lesson's id or number: rnn-tutor lessons"))


def _read(options: Namespace) -> int:
    if options.id is None:
        raise Refused(_("which lesson? rnn-tutor read ID; rnn-tutor lessons lists them"))
    outline = outline_of(options.id, outlines_here())
    from tutor.course.load import LessonError, load_lesson
    from tutor.plain.telling import tell

    try:
        lesson = load_lesson(outline)
    except LessonError as error:
        raise Refused(_some(error.problems), 1) from error
    lab = lab_of(lesson, options)
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        tell(lesson, lab, sys.stdout, None)
        return 0
    progress = open_progress(options)
    tell(lesson, lab, sys.stdout, input, progress)
    progress.close()
    if progress.problem:
        say(progress.problem)
    return 0


def _some(problems: Sequence[object]) -> str:
    """The first of some problems, and how many more there are."""
    rest = len(problems) - 1
    if not rest:
        return str(problems[0])
    more = ngettext("{n} more: rnn-tutor check", "{n} more: rnn-tutor check", rest).format(n=rest)
    return f"{problems[0]} ({more})"


def _check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help=_("lesson files or folders"))
    parser.add_argument("--seeds", type=whole(1, 1000), metavar="N", help=_("hold every answer and claim over N seeds"))


def _check(options: Namespace) -> int:
    from tutor.course.outline import lessons_dir

    paths = options.paths or [lessons_dir()]
    for path in paths:
        if not os.path.exists(path):
            beside = path.parent if os.path.isdir(path.parent) else Path(".")
            # What is there itself, a broken link, is no guess.
            names = [str(beside / name) for name in sorted(os.listdir(beside)) if not os.path.islink(path)]
            raise Refused(not_there(path) + did_you_mean(str(path), names))
    from tutor.course.check import check

    told = say if sys.stderr.isatty() else None
    problems = check(paths, options.seeds, told, processes=os.cpu_count() or 1)
    for problem in problems:
        print(cleaned(str(problem)))
    if problems:
        return 1
    print(_("Nothing is wrong."))
    return 0


LESSONS = Command("lessons", _("the course, and how far you are"), json_argument, _lessons)
READ = Command("read", _("a lesson as plain text, figures as tables"), _read_arguments, _read)
CHECK = Command("check", _("look for what is wrong in lessons"), _check_arguments, _check)
