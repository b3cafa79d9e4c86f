"""The learner: their answers, what is due, and whether what they did is safe here."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tutor.commands.arguments import json_argument, nothing
from tutor.commands.command import Command, Refused
from tutor.commands.places import folders, open_progress
from tutor.commands.saying import cleaned, print_json
from tutor.i18n import _, ngettext


def _progress_arguments(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    json_argument(which)
    which.add_argument("--export", type=Path, metavar="FILE", help=_("write everything to a JSON file"))
    which.add_argument("--reset", action="store_true", help=_("forget everything; a copy stays in the data folder"))


def _show_progress(options: Namespace) -> int:
    from dataclasses import asdict

    from tutor.progress import StoreError

    progress = open_progress(options)
    try:
        if options.reset:
            kept = progress.reset()
            said = _("Everything is forgotten. What was there is kept in {path}.")
            print(cleaned(said.format(path=kept)) if kept else _("There was nothing to forget."))
            return 0
        if options.export is not None:
            progress.export(options.export)
            print(cleaned(_("Everything is in {path}.").format(path=options.export)))
            return 0
    except StoreError as error:
        raise Refused(str(error), 1) from error
    calibration = progress.calibration()
    if options.json:
        print_json(
            {
                "attempts": [asdict(attempt) for attempt in progress.attempts()],
                "calibration": {name: {"right": right, "total": total} for name, (right, total) in calibration.items()},
                "due": [{"lesson": attempt.lesson, "key": attempt.key} for attempt in progress.due()],
                "completed": progress.as_dict()["completed"],
            }
        )
        return 0
    attempts = progress.attempts()
    print(ngettext("{n} answer", "{n} answers", len(attempts)).format(n=len(attempts)))
    names = {"guess": _("a guess"), "fairly": _("fairly sure"), "certain": _("certain")}
    for name, (right, total) in calibration.items():
        if total:
            print(_("{how}: right {right} of {total}").format(how=names[name], right=right, total=total))
    for attempt in progress.due():
        step = attempt.key.partition(".")[0]
        print(cleaned(_("due: {lesson}, step {n}").format(lesson=attempt.lesson, n=step)))
    return 0


def _doctor(options: Namespace) -> int:
    from tutor.doctor import examine

    data, cache = folders(options)
    findings = examine(data, cache)
    for finding in findings:
        sign = {True: _("ok"), False: _("wrong"), None: _("note")}[finding.ok]
        print(f"{sign:<6} {cleaned(finding.what)}")
    return 1 if any(finding.ok is False for finding in findings) else 0


PROGRESS = Command("progress", _("your answers, how sure you were, what is due"), _progress_arguments, _show_progress)
DOCTOR = Command("doctor", _("what the terminal can do, and whether your answers are safe"), nothing, _doctor)
