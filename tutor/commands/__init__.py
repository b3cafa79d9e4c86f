"""The subcommands, in the order in which the help names them.

What each is called, takes and does stands in one place, beside what changes with it. A subcommand imports what it
needs when it runs: nothing heavy is imported here, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

from tutor.commands.course import CHECK, LESSONS, READ
from tutor.commands.gradient import GRADIENT
from tutor.commands.learner import DOCTOR, PROGRESS
from tutor.commands.screens import HOME, LESSON, SANDBOX
from tutor.commands.trace import TRACE

__all__ = ["COMMANDS", "HOME"]

COMMANDS = (LESSON, SANDBOX, LESSONS, READ, TRACE, GRADIENT, CHECK, PROGRESS, DOCTOR)
