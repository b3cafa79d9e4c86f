"""The command line: parses, dispatches, and answers for how it ends. Subcommands are in `commands/`.

Invariant: nothing heavy is imported here. `--help` and `--version` load neither Textual nor NumPy, and the
first paint waits for nothing that it does not show. An error is one line on standard error, with the nearest
valid name where there is one. A closed pipe and ctrl+c are no errors.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from tutor import __version__
from tutor.commands import COMMANDS, HOME
from tutor.commands.command import Command, Refused
from tutor.commands.saying import did_you_mean, let_go, say
from tutor.i18n import _

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""At these sizes BLAS threads cost more than they bring: one each, set before NumPy loads."""


class Parser(argparse.ArgumentParser):
    """argparse, but that an error is raised, and says what was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        self.add_argument(
            "--data-dir",
            metavar="DIR",
            default=argparse.SUPPRESS,
            help=_("where your answers are kept (else RNN_TUTOR_DATA, else the system's place)"),
        )

    def error(self, message: str) -> NoReturn:
        """Raise it: who called says it, in one line."""
        raise Refused(message)

    def read(self, words: Sequence[str], into: argparse.Namespace) -> argparse.Namespace:
        """Parse all of the words into what was parsed before.

        Raises:
            Refused: a word that is not understood.
        """
        options, rest = self.parse_known_args(list(words), into)
        for word in rest:
            if word.startswith("-") and word not in ("-", "--"):
                name = word.split("=", 1)[0]
                known = [option for action in self._actions for option in action.option_strings]
                raise Refused(_("there is no option {name}").format(name=name) + did_you_mean(name, known))
        if rest:
            too_many = _("one word too many: {word}; a text with spaces goes in quotes")
            raise Refused(too_many.format(word=rest[0]))
        return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: its words; those that the process was started with when None.

    Returns:
        how it ended: 0 done; 1 the checked thing is wrong, or it failed; 2 usage; 130 ctrl+c.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
    _prepare_streams()
    try:
        try:
            code = _run(sys.argv[1:] if argv is None else argv)
        except SystemExit as left:
            # argparse said what was asked of it (--help, --version).
            code = int(left.code or 0)
        sys.stdout.flush()
        return code
    except Refused as refused:
        say(str(refused))
        return refused.code
    except KeyboardInterrupt:
        let_go(sys.stdout)
        return 130
    except BrokenPipeError:
        # Whoever read has read enough.
        let_go(sys.stdout)
        return 0
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        let_go(sys.stdout)
        if isinstance(error, FileNotFoundError) and error.filename is None and _adrift():
            say(_("the folder that this was started in is there no more; go to another"))
        elif isinstance(error, OSError):
            say(str(error))
        else:
            said = _("this should not have happened: {kind}: {error} (python -X dev -m tutor shows where)")
            say(said.format(kind=type(error).__name__, error=error))
        return 1


def _run(words: Sequence[str]) -> int:
    """Options, the subcommand's name, its own words."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] == "--data-dir" else 1
    options = _parser().read(words[:at], argparse.Namespace())
    command = HOME
    if at < len(words):
        command = _command(words[at])
        parser = Parser(prog=f"rnn-tutor {command.name}", description=command.help)
        command.arguments(parser)
        options = parser.read(words[at + 1 :], options)
    return command.run(options)


def _command(name: str) -> Command:
    for command in COMMANDS:
        if command.name == name:
            return command
    names = [command.name for command in COMMANDS]
    raise Refused(_("there is no command {name}").format(name=name) + did_you_mean(name, names))


def _parser() -> Parser:
    """What may stand before a subcommand, and the help on all of them."""
    widest = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name.ljust(widest)}  {command.help}" for command in COMMANDS]
    parser = Parser(
        prog="rnn-tutor",
        usage="rnn-tutor [--data-dir DIR] [COMMAND ...]",
        description=HOME.help,
        epilog="\n".join([_("commands:"), *lines, "", _("rnn-tutor COMMAND --help says more.")]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rnn-tutor {__version__}")
    return parser


def _prepare_streams() -> None:
    """No sign is worth a crash: what the encoding does not have is replaced."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays for the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _adrift() -> bool:
    """Whether the folder that the command was started in is gone."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
