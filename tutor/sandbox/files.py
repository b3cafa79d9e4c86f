"""Files of the learner's own: what lies in a folder, and how a name that is being typed goes on.

Nothing is opened here, and a folder that cannot be read holds nothing. What went wrong with a file is said by `why`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from tutor.engine.text import clean
from tutor.i18n import _

MOST = 20
"""Files that are named of a folder."""
MOST_SEEN = 10_000
"""Names in a folder that are looked at: a line that is typed into does not wait for more."""


def path_of(text: str) -> Path:
    """What was typed as the name of a file, a home written as ~ among it.

    Raises:
        ValueError: in one line, why it is none.
    """
    text = text.strip()
    if not text:
        raise ValueError(_("Write the name of a file. esc keeps everything as it was."))
    if "\0" in text:
        raise ValueError(_("No file can have this name."))
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        said = _("{name}: nobody of that name has a home here.")
        raise ValueError(said.format(name=clean(Path(text).parts[0])[:60])) from None
    if not path.name:
        raise ValueError(_("{name} is a folder: write the name of a file in it.").format(name=clean(text)[:60]))
    return path


def why(error: ValueError | OSError) -> str:
    """What went wrong, in one line: with its file's name, where the system says which file it was."""
    if isinstance(error, OSError):
        name = clean(str(error.filename or ""))
        return f"{name}: {error.strerror or error}" if name else str(error.strerror or error)
    return str(error)


def found(folder: Path, suffixes: Sequence[str], most: int = MOST) -> tuple[Path, ...]:
    """Files of these kinds in a folder, the first of them by name; hidden ones are none.

    Args:
        suffixes: in small letters, each with its dot.
        most: so many of them.
    """
    names = [
        entry.name
        for entry in _entries(folder)
        if not entry.name.startswith(".") and Path(entry.name).suffix.lower() in suffixes and _is_file(entry)
    ]
    return tuple(folder / name for name in sorted(names)[:most])


def completed(text: str) -> str | None:
    """A path that begins as one that is typed, to the end of its next name; None where there is none.

    A folder ends in a slash, so that the next name can follow. Names that a line cannot show as they are, are none.
    """
    typed, begun = text.lstrip(), Path(text.lstrip()).name
    if not typed or "\0" in typed or typed.endswith(("/.", "/..")) or typed in (".", ".."):
        return None
    if typed.endswith(os.sep):
        begun = ""
    before = typed[: len(typed) - len(begun)]
    try:
        folder = Path(before or ".").expanduser()
    except RuntimeError:
        # A home that nobody has.
        return None
    names = [
        entry.name + (os.sep if _is_folder(entry) else "")
        for entry in _entries(folder)
        if entry.name.startswith(begun) and _shown(entry.name, begun)
    ]
    if not names:
        return None
    return text[: len(text) - len(typed)] + before + min(names)


def _shown(name: str, begun: str) -> bool:
    """Hidden names are for who has begun one; what a line cannot show as it is, is for nobody."""
    return (begun != "" or not name.startswith(".")) and clean(name) == name


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from islice(entries, MOST_SEEN)
    except OSError:
        return


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
