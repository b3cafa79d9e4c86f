"""The screens: home, a lesson, the sandbox. Nothing is loaded before the first paint that the paint does not need."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from tutor.commands.arguments import nothing
from tutor.commands.bench import bench, bench_arguments
from tutor.commands.command import Command, Refused
from tutor.commands.places import folders, open_progress, outline_of, outlines_here
from tutor.commands.saying import say
from tutor.i18n import _


def _need_terminal() -> None:
    """The screens need one, in and out."""
    for stream, name in ((sys.stdin, _("standard input")), (sys.stdout, _("standard output"))):
        if stream is None or not stream.isatty():
            said = _("{stream} is not a terminal; the screens need one (rnn-tutor read ID does not)")
            raise Refused(said.format(stream=name))


def _open(options: Namespace, screen: str, lesson: str = "", **start: Any) -> int:
    """Open the app. Nothing is loaded before its first paint that the paint does not need.

    Args:
        options: the command's.
        screen: which is in front.
        lesson: the id of the one that is opened.
        start: what else `Start` has.
    """
    from tutor.course.outline import lessons_dir
    from tutor.ui.app import RnnTutorApp, Start

    if not sys.stderr.isatty():
        # Textual draws on standard error. Where that is a file, the picture still belongs on the terminal.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    progress = open_progress(options)
    said = progress.problem
    app = RnnTutorApp(lessons_dir(), progress, folders(options)[1], Start(screen, lesson, **start))
    app.run()
    progress.close()
    if progress.problem and progress.problem != said:
        say(progress.problem)
    return 1 if app.return_code else 0


def _home(options: Namespace) -> int:
    _need_terminal()
    return _open(options, "home")


def _lesson_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", help=_("default: the next unfinished"))


def _lesson(options: Namespace) -> int:
    outlines = outlines_here()
    if options.id is not None:
        chosen = outline_of(options.id, outlines)
        _need_terminal()
        return _open(options, "lesson", chosen.id)
    _need_terminal()
    if not outlines:
        raise Refused(_("there are no lessons here"), 1)
    progress = open_progress(options)
    unfinished = (o for o in outlines if len(progress.completed(o.id)) < o.steps)
    progress.close()
    return _open(options, "lesson", next(unfinished, outlines[0]).id)


def _sandbox(options: Namespace) -> int:
    start = bench(options)
    _need_terminal()
    return _open(options, "sandbox", **start)


HOME = Command("", _("Understand recurrent neural networks: predict, step, train, see."), nothing, _home)
"""What the command does without a subcommand."""
LESSON = Command("lesson", _("straight into a lesson"), _lesson_arguments, _lesson)
SANDBOX = Command("sandbox", _("any sentence under the lens"), bench_arguments, _sandbox)
