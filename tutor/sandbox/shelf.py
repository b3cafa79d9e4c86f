"""Experiments that are kept by name: a small file each, in the folder `sandbox` of the data folder.

A file is two lines: its name and when, as JSON, and the experiment's string. It is called by a digest of the name, in
which case and composition make no difference: a name is never a path, and is there once on every file system. Files
are independent of each other and appear whole, so that two processes never undo what the other one does. What cannot
be read is said and passed over, and stays: another of its name is put beside it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import stat
import time
import unicodedata
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from tutor.engine.text import clean, normalized
from tutor.i18n import _
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.exporting import placed
from tutor.sandbox.state import MOST, VERSION, View, decode, encode

FOLDER = "sandbox"
"""Its name in the data folder."""
MOST_KEPT = 1000
LONGEST = 60
"""Characters of a name."""

_SUFFIX = ".experiment"
_FILE = re.compile(r"([0-9a-f]{32})(?:-[0-9]+)?\.experiment")
_HEAD = 2048
"""Bytes in which the first line has to end."""


class Kept(NamedTuple):
    """An experiment on the shelf."""

    name: str
    at: float
    """When it was kept, in seconds since 1970."""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """The first line."""

    name: str
    at: float
    length: int
    """Characters of the second."""


class Shelf:
    """The shelf of a data folder. Nothing is made before something is kept.

    Args:
        folder: the data folder; need not exist.
        clock: seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder / FOLDER
        self.problems: tuple[str, ...] = ()
        """What `names` passed over when it was last asked: a line each."""
        self._clock = clock

    def keep(self, name: str, experiment: Experiment, view: View, *, overwrite: bool = False) -> str:
        """Keep an experiment.

        Args:
            name: any text of 1 to 60 characters; it is cleaned.
            experiment: what is kept.
            view: where one stands in it.
            overwrite: whether what is kept under the name goes.

        Returns:
            the name as it is kept.

        Raises:
            OSError: it cannot be written.
            ValueError: no name, one that is taken, a shelf that is full, or an experiment that no string can hold.
        """
        name = named(name)
        text = encode(experiment, view)
        head = json.dumps({"name": name, "at": float(self._clock()), "length": len(text)})
        content = f"{head}\n{text}\n".encode()
        while True:
            path, there = self._place(name)
            if there is not None and not overwrite:
                said = _("There is one called {name} already: choose another name, or remove it.")
                raise ValueError(said.format(name=_called(there.name)))
            if there is None and len(self._files()) >= MOST_KEPT:
                said = _("The shelf is full: {n} are kept. Remove one that you need no more.")
                raise ValueError(said.format(n=f"{MOST_KEPT:,}"))
            try:
                with placed(path, overwrite=there is not None) as part:
                    part.write_bytes(content)
            except ValueError:
                # Another process was faster with this name: see what it is now.
                continue
            if there is None and len(self._files()) > MOST_KEPT:
                # Others kept theirs at the same time: what is too much is this one.
                path.unlink(missing_ok=True)
                continue
            return name

    def names(self) -> tuple[Kept, ...]:
        """What is kept, the newest first; what cannot be read is in `problems`.

        Raises:
            OSError: the folder is there, and cannot be read.
        """
        found: dict[str, Kept] = {}
        problems = []
        for path in self._files():
            try:
                head = _head(path)
                if _key(head.name) in found:
                    raise ValueError(_("another file holds the same name"))
            except FileNotFoundError:
                # Removed since the folder was read.
                continue
            except (OSError, ValueError) as error:
                said = _("{file} is passed over, and stays as it is: {why}")
                problems.append(said.format(file=path.name, why=_why(error)))
                continue
            found[_key(head.name)] = Kept(head.name, head.at)
        self.problems = tuple(problems)
        return tuple(sorted(found.values(), key=lambda kept: (-kept.at, kept.name)))

    def open(self, name: str) -> tuple[Experiment, View]:
        """What is kept under a name.

        Raises:
            OSError: it cannot be read.
            ValueError: there is none, or it is damaged.
        """
        path, head = self._there(name)
        try:
            return decode(_text(path, head))
        except ValueError as error:
            said = _("{name} cannot be opened ({file}, which stays as it is): {why}")
            raise ValueError(said.format(name=_called(head.name), file=path.name, why=error)) from None

    def remove(self, name: str) -> None:
        """Forget what is kept under a name.

        Raises:
            OSError: it cannot be removed.
            ValueError: there is none.
        """
        path, _kept = self._there(name)
        path.unlink(missing_ok=True)

    # Files

    def _listed(self) -> list[str]:
        """What is in the folder, in one order."""
        try:
            return sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return []

    def _files(self) -> list[Path]:
        """Those that are the shelf's by what they are called."""
        return [self.folder / name for name in self._listed() if _FILE.fullmatch(name)]

    def _place(self, name: str) -> tuple[Path, _Head | None]:
        """The file of a name and its first line; else where it is put, and None.

        What is damaged keeps its place, and the next one is taken. All is decided by one look at the folder: who comes
        to write where another process has been since finds the place taken, and looks again.
        """
        stem, listed = _digest(name), self._listed()
        for there in listed:
            if _FILE.fullmatch(there) and there.startswith(stem):
                path = self.folder / there
                try:
                    return path, _head(path)
                except (OSError, ValueError):
                    continue
        taken = {there.lower() for there in listed}
        places = (f"{stem}{f'-{n}' if n > 1 else ''}{_SUFFIX}" for n in count(1))
        return self.folder / next(place for place in places if place not in taken), None

    def _there(self, name: str) -> tuple[Path, _Head]:
        name = named(name)
        path, head = self._place(name)
        if head is None:
            close = difflib.get_close_matches(name, [kept.name for kept in self.names()], 1, 0.5)
            mend = " " + _("Did you mean {name}?").format(name=_called(close[0])) if close else ""
            raise ValueError(_("There is none called {name}.").format(name=_called(name)) + mend)
        return path, head


def named(name: str) -> str:
    """A name as it is kept: cleaned, in one line, without white space around it.

    Raises:
        ValueError: nothing is left of it, or too much.
    """
    found = " ".join(normalized(name).split())
    if not 1 <= len(found) <= LONGEST:
        raise ValueError(_("name: got {n} characters, expected 1 to {most}").format(n=f"{len(found):,}", most=LONGEST))
    return found


def _key(name: str) -> str:
    """The same for names that differ in case alone."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _digest(name: str) -> str:
    return hashlib.sha256(_key(name).encode()).hexdigest()[:32]


def _called(name: str) -> str:
    return _("“{name}”").format(name=name)


def _why(error: OSError | ValueError) -> str:
    return clean((error.strerror if isinstance(error, OSError) else None) or str(error))


def _head(path: Path) -> _Head:
    """The first line of a file that is as long as it says, and called as it is named.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line, why it is none.
    """
    # Before it is opened: to open what is no file may never end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(_("it is not a file"))
    with path.open("rb") as file:
        start = file.read(_HEAD)
        size = os.fstat(file.fileno()).st_size
    line, end, rest = start.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
        well = bool(end) and head.name == named(head.name)
    except (msgspec.DecodeError, ValueError):
        well = False
    if not well or not rest.startswith(VERSION.encode()):
        raise ValueError(_("its first line is not that of a kept experiment"))
    if size != len(line) + 1 + head.length + 1 or head.length > 2 * MOST:
        raise ValueError(_("it is not as long as it says"))
    if not path.name.startswith(_digest(head.name)):
        raise ValueError(_("it is called otherwise than by the name in it"))
    return head


def _text(path: Path, head: _Head) -> str:
    """The second line."""
    with path.open("rb") as file:
        file.readline(_HEAD)
        return file.read(head.length).decode("ascii", "replace")
