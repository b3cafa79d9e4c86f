"""The command: parses, wires, runs. What each subcommand does is in `commands.py`.

Invariant: nothing heavy is imported here. `--help` and `--version` load neither Textual nor NumPy, and the app's
first paint waits for nothing that it does not show. An error is one line on standard error, with the nearest valid
name where there is one; a closed pipe and ctrl+c are no errors.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from tutor import __version__
from tutor.commands import COMMANDS, HOME, Command, Refused, did_you_mean, say
from tutor.i18n import _

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""At the sizes shown here, BLAS threads cost more than they bring. Set before NumPy loads, unless they are set."""


class Parser(argparse.ArgumentParser):
    """argparse, but for its errors: they are raised, with what was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise it; who called says it."""
        raise Refused(message)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse all of the words.

        Raises:
            Refused: a word that is not understood.
        """
        options, rest = self.parse_known_args(list(words))
        for word in rest:
            if word.startswith("-") and word != "-":
                name = word.split("=", 1)[0]
                known = [name for action in self._actions for name in action.option_strings]
                raise Refused(_("there is no option {name}").format(name=name) + did_you_mean(name, known))
        if rest:
            words_ = _("there is one word too many: {word!r}; put a text with spaces in quotes")
            raise Refused(words_.format(word=rest[0]))
        return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: its words, without its name; those that the process was started with when None.

    Returns:
        the exit code: 0 done; 1 the checked thing is wrong, or it failed; 2 usage; 130 ctrl+c.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
    _prepare_streams()
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except Refused as refused:
        say(str(refused))
        return refused.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read has read enough.
        _let_go(sys.stdout)
        return 0
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        _let_go(sys.stdout)
        if isinstance(error, OSError):
            say(str(error))
        else:
            hint = _("this should not have happened: {kind}: {error} (python -X dev -m tutor shows where)")
            say(hint.format(kind=type(error).__name__, error=error))
        return 1


def _run(words: Sequence[str]) -> int:
    """Parse and dispatch: options, the subcommand's name, its words."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        at += 2 if words[at] == "--data-dir" else 1
    command = HOME
    with contextlib.suppress(_Answered):
        options = _parser().parse(words[:at])
        if at < len(words):
            command = _command(words[at])
            options = _subparser(command).parse_over(words[at + 1 :], options)
        return command.run(options)
    return 0


def _command(name: str) -> Command:
    for command in COMMANDS:
        if command.name == name:
            return command
    names = [command.name for command in COMMANDS]
    raise Refused(_("there is no command {name!r}").format(name=name) + did_you_mean(name, names))


def _parser() -> Parser:
    """What stands before a subcommand."""
    widest = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name.ljust(widest)}  {command.help}" for command in COMMANDS]
    parser = Parser(
        prog="rnn-tutor",
        usage=_("rnn-tutor [--data-dir DIR] [COMMAND …]"),
        description=HOME.help,
        epilog=_("commands:") + "\n" + "\n".join(lines) + "\n\n" + _("rnn-tutor COMMAND --help says more."),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rnn-tutor {__version__}")
    _add_data_dir(parser, default=None)
    return parser
