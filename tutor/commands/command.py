"""What a subcommand is, and how it ends where it cannot do what was asked."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable


class Refused(Exception):
    """The command ends with one line on standard error."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class Command:
    """A subcommand. A NamedTuple would be compiled anew in every process, which takes longer than all that is here.

    Args:
        name: what it is called by.
        help: what it does, in a few words.
        arguments: adds those that it takes.
        run: does it, and returns how it ended.
    """

    def __init__(
        self, name: str, help: str, arguments: Callable[[ArgumentParser], None], run: Callable[[Namespace], int]
    ) -> None:
        self.name = name
        self.help = help
        self.arguments = arguments
        self.run = run
