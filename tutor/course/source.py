"""A lesson's file as it lies there: its text, its TOML, its front matter; and what is wrong with it, by line.

Standard library and msgspec only, since the home screen reads with it before anything else is imported.
"""

from __future__ import annotations

import difflib
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What a terminal would obey, or what turns the direction of the text after it; no lesson has use for it."""

A_CONTROL = ("a control character", "delete it: a terminal would obey it")

_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


class Problem(Struct, frozen=True):
    """Something in a lesson that its author has to mend."""

    path: Path
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        """`path:line: what; mend`, the path as it is seen from here."""
        try:
            path = self.path.resolve().relative_to(Path.cwd())
        except (ValueError, OSError):
            path = self.path
        # One line each, whatever of the file is quoted in it.
        said = f"{self.what}; {self.mend}".replace("\n", "\\n")
        return f"{path}:{self.line}: {said}"


class LessonError(Exception):
    """A lesson that cannot be opened, with everything that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(name: str, known: Iterable[str]) -> str:
    """How to mend a name that is not known: `did you mean …?`, or the list of those that are."""
    # A set has no order of its own, and a message has to be the same each time.
    names = sorted(known) if isinstance(known, set | frozenset) else list(known)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"write one of {', '.join(f'`{n}`' for n in names)}" if names else "there is none to choose from"


def line_of(text: str, key: str) -> int:
    """The first line that sets a key; 1 when there is none."""
    pattern = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
    return next((i for i, line in enumerate(text.split("\n"), 1) if pattern.match(line)), 1)


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        LessonError: it is no file, cannot be read, or is not UTF-8.
    """
    try:
        # Before it is opened: to open what is no file may never end, nor to read it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise LessonError([Problem(path, 1, "it is not a file", "write the lesson as a text file")])
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise LessonError([Problem(path, line, "a byte that is not UTF-8", "save the file as UTF-8")]) from error
    except OSError as error:
        what = f"it cannot be read ({error.strerror or error})"
        raise LessonError([Problem(path, 1, what, "check that the file is there")]) from error


def parse_toml(text: str, path: Path, first_line: int) -> dict[str, Any]:
    """A TOML table that begins at `first_line` of a file.

    Raises:
        LessonError: it is not TOML; the line is the file's.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = _AT_LINE.search(said)
        # Without a line the text ended too early, so the slip is at its end.
        line = int(at[1]) if at else text.rstrip("\n").count("\n") + 1
        what = _AT_LINE.sub("", said).replace(" (at end of document)", " at the end of the table")
        mend = "mend the TOML; strings stand in double quotes, and a list ends in ]"
        raise LessonError([Problem(path, first_line + line - 1, _lowered(what), mend)]) from None
    except RecursionError:
        what, mend = "tables nested too deep", "flatten them"
        raise LessonError([Problem(path, first_line, what, mend)]) from None
    if CONTROL.search("".join(_strings(table))):
        lines = text.split("\n")
        line = next((i for i, row in enumerate(lines) if re.search(r"\\[bfeuUx]", row)), 0)
        raise LessonError([Problem(path, first_line + line, *A_CONTROL)])
    return table


def _strings(value: Any) -> Iterator[str]:
    """Every text in a table, its keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _lowered(what: str) -> str:
    return what[:1].lower() + what[1:]


def front_matter(text: str, path: Path = Path("lesson.md")) -> tuple[dict[str, Any], int]:
    """A lesson's table between `+++` and `+++`, and the number of the first line after it.

    Raises:
        LessonError: there is none, it does not end, or it is not TOML.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "+++":
        mend = "begin the file with +++, its title and goal, and +++"
        raise LessonError([Problem(path, 1, "no front matter", mend)])
    end = next((i for i, line in enumerate(lines) if i and line.rstrip() == "+++"), None)
    if end is None:
        raise LessonError([Problem(path, 1, "the front matter does not end", "close it with a line of +++")])
    return parse_toml("\n".join(lines[1:end]), path, 2), end + 2
