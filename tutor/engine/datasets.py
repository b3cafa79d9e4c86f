"""Files of examples, read whole or refused in one line: the lessons' own, and a learner's.

Nothing is trusted to be small, text, or what its name says. A refusal names the file and, where there is one, the line:
`name:line: got …, expected …`. What comes back cannot be changed.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tutor.engine import checks
from tutor.engine.checks import Array
from tutor.engine.text import clean, normalized

MAX_BYTES = 4_000_000
"""An example file is written by hand or comes from a small table; a larger one is a mistake."""

_SHOWN = 60
"""Characters of a line that a refusal quotes."""

Item = TypeVar("Item")


def within(folder: Path, name: str) -> Path:
    """The file `name` of a folder; what a lesson names may not lead out of its folder.

    Raises:
        ValueError: it lies outside once links are followed.
    """
    path = folder / name
    try:
        end = path.resolve()
        # Links in a circle, from Python 3.13 on, end at a link.
        inside = end.is_relative_to(folder.resolve()) and not end.is_symlink()
    except (OSError, RuntimeError, ValueError):
        # Links in a circle, a NUL in the name: whatever cannot be followed is not inside.
        inside = False
    if not inside:
        raise ValueError(
            f"{clean(name)}: got a path that does not stay in {clean(str(folder))}, expected one that does"
        )
    return path


def read_lines(path: Path, *, limit: int = MAX_BYTES) -> tuple[str, ...]:
    """The lines of a UTF-8 file, without the white space around them.

    Blank lines and lines that start with `#` are left out. The text is as it was written: `tokenize` and `clean`
    make it safe to show.

    Args:
        path: a file; a byte order mark at its start is no part of it.
        limit: bytes beyond which it is refused unread.

    Raises:
        ValueError: it is missing, too large, no text, or holds no line.
    """
    return tuple(line for _, line in _lines(path, limit))


def read_labelled(path: Path, *, limit: int = MAX_BYTES) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts and their labels, from lines `text<TAB>label`; else as `read_lines`. Labels are cleaned.

    Raises:
        ValueError: as `read_lines`; a line without a text, exactly one tab and a label.
    """
    texts, labels = [], []
    for number, line in _lines(path, limit):
        text, *rest = line.split("\t")
        label = normalized(rest[0]).strip() if len(rest) == 1 else ""
        if not label:
            raise _refusal(path, number, _quoted(line), "a text, one tab, a label")
        texts.append(text.strip())
        labels.append(label)
    return tuple(texts), tuple(labels)


def read_tagged(path: Path, *, limit: int = MAX_BYTES) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Sequences of (word, tag), from lines `word/TAG word/TAG …`; else as `read_lines`. Words and tags are cleaned.

    The last slash splits, so a word may hold others: `1/2/CD` is ("1/2", "CD"). A slash written `\\/` is the same.

    Raises:
        ValueError: as `read_lines`; a word without a tag, a tag without a word.
    """
    return tuple(tuple(_tagged(path, number, item) for item in line.split()) for number, line in _lines(path, limit))


def _tagged(path: Path, number: int, item: str) -> tuple[str, str]:
    word, _, tag = (normalized(part) for part in item.rpartition("/"))
    if not (word and tag):
        raise _refusal(path, number, _quoted(item), "word/TAG")
    return word.replace("\\/", "/"), tag


def read_series(
    path: Path, columns: Sequence[str], *, least: int = 2, limit: int = MAX_BYTES
) -> Mapping[str, npt.NDArray[np.float64]]:
    """Columns of a comma-separated table by the names in its first row, each (rows,).

    Blank rows are left out.

    Args:
        path: a UTF-8 file, with or without a byte order mark.
        columns: the ones to read.
        least: rows that there have to be below the names.
        limit: bytes beyond which it is refused unread.

    Raises:
        ValueError: it is missing, too large, no text or no such table; a column is not there, or there twice; a cell is
            no finite number; there are too few rows.
    """
    if isinstance(columns, str) or not columns:
        raise ValueError(f"columns: got {columns!r}, expected a sequence of names")
    checks.whole("least", least)
    rows = _rows(path, _text(path, limit))
    line, header = next(rows, (1, []))
    for name in columns:
        if header.count(name) != 1:
            raise _refusal(path, line, f"the columns {_quoted(', '.join(header))}", f"one column {name!r}")
    places = {name: header.index(name) for name in columns}
    values: dict[str, list[float]] = {name: [] for name in places}
    count = 0
    for line, row in rows:
        if len(row) != len(header):
            raise _refusal(path, line, f"{len(row)} cells", str(len(header)))
        for name, place in places.items():
            values[name].append(_number(path, line, name, row[place]))
        count += 1
    if count < least:
        raise _refusal(path, None, f"{count} rows of numbers", f"at least {least}")
    found = {name: np.array(column, np.float64) for name, column in values.items()}
    for array in found.values():
        array.flags.writeable = False
    return MappingProxyType(found)


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are no blank line, each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _refusal(path, line, f"a row that cannot be read ({error})", "comma-separated cells") from None
        if row is None:
            return
        cells = [cell.strip() for cell in row]
        # A row of empty cells is no blank line: something is missing in it, and to pass over it would shift time.
        if cells not in ([], [""]):
            yield line, cells


def _number(path: Path, line: int, name: str, cell: str) -> float:
    try:
        # Python reads 1_000 as a number; a table that holds it is more likely broken.
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _refusal(path, line, f"{_quoted(cell)} in the column {name!r}", "a finite number")
    return value


def split(items: Sequence[Item], held_out: float = 0.2, seed: int = 0) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Items in two: to train on, and held out. Both keep their order, and the same seed gives the same split.

    Labels play no part in it. A list of (text, label) pairs stays in pairs.

    Args:
        items: at least 2.
        held_out: the share to hold out, above 0 and below 1; at least one item goes to each side.
        seed: draws which.

    Raises:
        ValueError: too few items, or a share that cannot be.
    """
    if len(items) < 2:
        raise ValueError(f"items: got {len(items)}, expected at least 2")
    if checks.above("held_out", held_out) >= 1.0:
        raise ValueError(f"held_out: got {held_out!r}, expected a number below 1")
    rng = np.random.default_rng(checks.whole("seed", seed, 0))
    count = min(max(round(len(items) * held_out), 1), len(items) - 1)
    out = set(rng.permutation(len(items))[:count].tolist())
    return (
        tuple(item for place, item in enumerate(items) if place not in out),
        tuple(item for place, item in enumerate(items) if place in out),
    )


def windows(series: npt.ArrayLike, length: int, horizon: int = 1) -> tuple[Array, Array]:
    """A series cut for forecasting: every `length` numbers in a row, and the number `horizon` steps after their last.

    Args:
        series: (T,), float32 or float64.
        length: numbers to read, at least 1.
        horizon: steps ahead, at least 1.

    Returns:
        Inputs (N, length) and targets (N,), N = T − length − horizon + 1, in the order of time. Read-only; the inputs
        overlap in memory.

    Raises:
        ValueError: the series is too short for one window, or no series of finite numbers.
    """
    length, horizon = checks.whole("length", length), checks.whole("horizon", horizon)
    dtype = getattr(series, "dtype", np.dtype(np.float64))
    given = checks.numbers("series", series, dtype if dtype in checks.FLOATS else np.dtype(np.float64), ("T",))
    if len(given) < length + horizon:
        raise ValueError(f"series: got {len(given)} numbers, expected at least {length + horizon}")
    # A copy: what the caller does to the series later is not to be seen through the windows.
    kept = given.copy()
    kept.flags.writeable = False
    inputs = np.lib.stride_tricks.sliding_window_view(kept[: len(kept) - horizon], length)
    return inputs, kept[length + horizon - 1 :]


def _lines(path: Path, limit: int) -> Iterator[tuple[int, str]]:
    """Lines that say something, numbered as an editor does."""
    none = True
    text = _text(path, limit).replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            none = False
            yield number, line
    if none:
        raise _refusal(path, None, "no line", "at least one that is neither blank nor a comment")


def _text(path: Path, limit: int) -> str:
    checks.whole("limit", limit)
    try:
        if not path.is_file():
            raise _refusal(path, None, "something else" if path.exists() else "nothing there", "a text file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise _refusal(path, None, f"{size} bytes", f"at most {limit}")
            data = file.read(size)
    except OSError as error:
        raise _refusal(path, None, f"{error.strerror or error}", "a file that can be read") from None
    if (place := data.find(b"\0")) >= 0:
        raise _refusal(path, _line(data, place), "a NUL byte", "UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark, in bytes of its own.
        byte = f"the byte 0x{error.object[error.start]:02x}"
        raise _refusal(path, _line(error.object, error.start), byte, "UTF-8 text") from None


def _line(data: bytes, place: int) -> int:
    return len((data[:place] + b".").splitlines())


def _refusal(path: Path, line: int | None, got: str, expected: str) -> ValueError:
    where = clean(path.name) + ("" if line is None else f":{line}")
    return ValueError(f"{where}: got {got}, expected {expected}")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
