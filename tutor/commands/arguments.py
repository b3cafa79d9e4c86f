"""The values that arguments take, each refused in one line, and the arguments that several subcommands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import TYPE_CHECKING

from tutor.commands.saying import did_you_mean
from tutor.i18n import _

if TYPE_CHECKING:
    from argparse import _ActionsContainer

CELLS = ("rnn", "gru", "lstm")
"""The registry's names, known here so that parsing needs no NumPy; a test holds the two together."""


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds."""
    if high is None:
        expected = _("a whole number, {low} or more").format(low=low)
    else:
        expected = _("a whole number from {low} to {high}").format(low=low, high=high)

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            raise ArgumentTypeError(_("expected {what}, got {text}").format(what=expected, text=text))
        return number

    return parse


def positive(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(_("expected a number above 0, got {text}").format(text=text))
    return number


def one_of(*names: str) -> Callable[[str], str]:
    """One of some names."""

    def parse(text: str) -> str:
        if text not in names:
            said = _("expected one of {names}, got {text}").format(names=", ".join(names), text=text)
            raise ArgumentTypeError(said + did_you_mean(text, names))
        return text

    return parse


def nothing(parser: ArgumentParser) -> None:
    """No arguments of its own."""


def json_argument(parser: _ActionsContainer) -> None:
    """`--json`, for what has a value to print."""
    parser.add_argument("--json", action="store_true", help=_("one JSON value and nothing else"))
