"""A person's file as a value: what can be learned from it, seen from its content, and what of it is left out.

`look` reads no more than a stated number of bytes, and trusts no name. What does not fit among much that does is left
out, and a note says so; what cannot be used at all is refused in one line: `name: got …, expected …`.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.course.entries import LANGUAGE, Task
from tutor.engine.text import clean, normalized, tokenize
from tutor.i18n import _, ngettext

MOST_BYTES = 2_000_000
"""Bytes of a file that are read; of a longer one a note says what was left out."""
LEAST_TOKENS = 20
"""Characters, or words, without which there is no text to learn from and to hold some out of."""
LEAST_ROWS = 20
"""Numbers that a series has to have."""
FEW_WORDS = 1_000
"""Below so many a note doubts that much can be learned."""
MOST_LABELS = 100
"""Different labels, or tags, that can be told apart."""
LONGEST = 64
"""Words that a line has at the most where each line is a sequence of its own."""

_SEEN = 10
"""How often a word is there on average where the next word, and not the next character, is what to learn first."""
_MOST_CONTROLS = 0.1
"""The share of control characters from which on a file is no text."""
_SURE, _POSSIBLE = 0.9, 0.5
"""The share of lines that have the form of a task: from which on it is the file's own, and one that it can do."""
_WRAPPED = 0.8
"""The share of lines after which the first word of the next would not have fitted, in text of one width."""
_NARROWEST = 40
"""Characters that nobody breaks prose within fewer of."""
_NEAR = 0.01
"""The share of what is read of a long file that is given up for its end to be that of a line, or of a word."""
_SHOWN = 40
"""Characters of a name in the file that are quoted."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins as that of UTF-16 does, and comes first."""

Values = npt.NDArray[np.float64]
Tagged = tuple[tuple[str, str], ...]
"""(word, tag), …"""


@dataclass(frozen=True, eq=False)
class Corpus:
    """What a person's file holds."""

    name: str
    """Of the file, cleaned."""
    task: Task
    """What it is for, by its content."""
    tasks: tuple[Task, ...]
    """All that it can be used for, that one first."""
    lines: tuple[str, ...]
    """Its lines that are not blank, without the white space around them."""
    words: tuple[str, ...]
    """The tokens of its text."""
    parted: bool = False
    """Whether each line is a sequence of its own; else they are one text that goes on."""
    labelled: tuple[tuple[str, str], ...] = ()
    """(text, label), to classify."""
    tagged: tuple[Tagged, ...] = ()
    """Sentences, to tag."""
    table: Mapping[str, Values] = field(default_factory=dict)
    """Each column of numbers by its name, (rows,), read-only; to forecast."""
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Notes by the task that they are of; under "" those of the file."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that say what was left out, or is doubtful, for its own task."""
        return self.notes_for(self.task)

    def notes_for(self, task: Task) -> tuple[str, ...]:
        """The same for another task."""
        return (*self.said.get("", ()), *self.said.get(task, ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that can be forecast."""
        return tuple(self.table)

    @cached_property
    def first_column(self) -> str:
        """The one to begin with: the first that does not only count, as rows and years do; "" where there is none."""
        return next((name for name, values in self.table.items() if not _counts(values)), next(iter(self.table), ""))

    @cached_property
    def text(self) -> str:
        """All of it as one text: its lines with a space between them."""
        return " ".join(self.lines)

    @property
    def characters(self) -> int:
        """Of the text."""
        return len(self.text)

    @property
    def tokens(self) -> int:
        """Words, and marks between them."""
        return len(self.words)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, or tags, that its own task has it tell apart, in the order in which they first come."""
        return self.labels_for(self.task)

    def labels_for(self, task: str) -> tuple[str, ...]:
        """The same for another task."""
        return self._labels.get(task, ())

    @cached_property
    def _labels(self) -> Mapping[str, tuple[str, ...]]:
        tags = dict.fromkeys(tag for sentence in self.tagged for _word, tag in sentence)
        return {"tag": tuple(tags), "classify": tuple(dict.fromkeys(label for _text, label in self.labelled))}


class _Form(NamedTuple):
    """What a file holds for one task."""

    found: float = 0.0
    """The share of its lines that have the form."""
    part: Mapping[str, Any] = MappingProxyType({})
    """What a `Corpus` keeps of them, by its fields."""
    notes: tuple[str, ...] = ()
    doubt: str = ""
    """Why it is nothing for the task after all."""


def look(path: Path) -> Corpus:
    """What a file holds, and what it is for.

    Lines `text<TAB>label` are to classify, lines of `word/TAG` to tag, and a table with commas and numbers is to
    forecast; everything else is a text to say the next token of: the next word where each is seen often enough to be
    learned, else the next character.

    Args:
        path: a file, in UTF-8, or in UTF-16 or UTF-32 with a byte order mark. Beyond `MOST_BYTES` it is not read.

    Raises:
        ValueError: in one line: it is missing, no file, cannot be read, is no text, or holds too little.
    """
    name = clean(path.name) or clean(str(path))
    text, notes = _read(path, name)
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    rows = [line.strip() for line in whole.split("\n")]
    lines = [line for line in rows if line]
    head = next((at for at, line in enumerate(lines) if not line.startswith("#")), 0)
    if head:
        said = ngettext(
            "{n} line that starts with # at the top is left out.",
            "{n} lines that start with # at the top are left out.",
            head,
        )
        notes.append(said.format(n=head))
    lines = lines[head:]
    if not lines:
        raise _refusal(name, "no line", "at least one that is not blank")
    forms: dict[Task, _Form] = {
        "classify": _labelled(lines),
        "tag": _tagged(lines),
        "forecast": _table(lines, named_so=path.suffix.lower() == ".csv"),
    }
    tasks: list[Task] = [task for task, form in forms.items() if form.found >= _POSSIBLE and not form.doubt]
    own = [task for task in tasks if forms[task].found >= _SURE]
    text = " ".join(lines)
    words = tokenize(text)
    plain = _languages(words, len(text))
    order = (*own, *plain, *(task for task in tasks if task not in own))
    if not order:
        raise _refusal(name, f"{len(text)} characters", f"a text of at least {LEAST_TOKENS}")
    if not own:
        # Of a file that is surely something, nobody asks why it is nothing else.
        notes += [form.doubt for form in forms.values() if form.doubt]
    parted = not _wrapped(rows) and _short(lines)
    beside: dict[str, tuple[str, ...]] = {"": tuple(notes)}
    beside |= {task: form.notes for task, form in forms.items()}
    beside |= dict.fromkeys(plain, _few(len(words)))
    if len(lines) > 1:
        joined = _("Line breaks are read as spaces: the text goes on over them.")
        beside |= {task: (*beside[task], joined) for task in plain if task == "next-character" or not parted}
    kept: dict[str, Any] = {key: value for task in tasks for key, value in forms[task].part.items()}
    return Corpus(name, order[0], order, tuple(lines), words, parted, said=beside, **kept)


# The file


def _read(path: Path, name: str) -> tuple[str, list[str]]:
    """A file's text, and notes on it."""
    try:
        if not path.is_file():
            got = "a folder" if path.is_dir() else "something else" if path.exists() else "nothing there"
            raise _refusal(name, got, "a text file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refusal(name, error.strerror or str(error), "a file that can be read") from None
    notes: list[str] = []
    cut = len(data) > MOST_BYTES
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    text = _decoded(data[:MOST_BYTES], encoding, name, notes, cut)
    if cut:
        text = text[: _end(text)]
        # A byte order mark is written as it was read.
        read = len(text.encode(encoding))
        said = _("The first {read:,} of its {size:,} bytes are read, and the rest is left out.")
        notes.append(said.format(read=read, size=max(size, len(data))))
    controls = len(_CONTROL.findall(text))
    if controls > _MOST_CONTROLS * len(text):
        raise _refusal(name, f"{controls} control characters among {len(text)}", "a text file")
    if controls:
        said = ngettext(
            "{n} control character is read as a picture of itself.",
            "{n} control characters are read as pictures of themselves.",
            controls,
        )
        notes.append(said.format(n=controls))
    return text, notes


def _end(text: str) -> int:
    """Where a text that was cut off ends: behind its last line, or its last white space, if that is near."""
    near = len(text) - int(_NEAR * len(text))
    end = max(text.rfind("\n", near), text.rfind("\r", near))
    if end < 0:
        end = next((at for at in range(len(text) - 1, near - 1, -1) if text[at].isspace()), len(text) - 1)
    return end + 1


def _decoded(data: bytes, encoding: str, name: str, notes: list[str], cut: bool) -> str:
    plain = encoding in ("utf-8", "utf-8-sig")
    if not plain:
        notes.append(_("It is read as {encoding}.").format(encoding=encoding.upper()))
    elif (place := data.find(b"\0")) >= 0:
        raise _refusal(f"{name}:{_line(data, place)}", "a NUL byte", "a text file in UTF-8")
    try:
        # What is cut off may end within a character.
        return codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
    except UnicodeDecodeError as error:
        if plain:
            # The codec counts from behind the byte order mark, in bytes of its own.
            where = f"{name}:{_line(error.object, error.start)}"
            raise _refusal(where, f"the byte 0x{error.object[error.start]:02x}", "UTF-8: save it as that") from None
        raise _refusal(name, f"broken {encoding.upper()}", "UTF-8: save it as that") from None


def _line(data: bytes, place: int) -> int:
    return len((data[:place] + b".").splitlines())


def _refusal(where: str, got: str, expected: str) -> ValueError:
    return ValueError(f"{where}: got {got}, expected {expected}")


def quoted(text: str) -> str:
    """A name in a person's file, cleaned, in quotes, and no longer than a line has room for."""
    seen = clean(text)
    return repr(seen if len(seen) <= _SHOWN else seen[: _SHOWN - 1] + "…")


# What it holds


def _labelled(lines: Sequence[str]) -> _Form:
    """Lines `text<TAB>label`."""
    found = []
    for line in lines:
        text, *rest = line.split("\t")
        label = normalized(rest[0]).strip() if len(rest) == 1 else ""
        if label and tokenize(text[:LONGEST]):
            found.append((text.strip(), label))
    share = len(found) / len(lines)
    if share < _POSSIBLE:
        return _Form()
    labels = dict.fromkeys(label for _text, label in found)
    if len(labels) == 1:
        said = _("Every line has the label {label}: there is nothing to tell apart.")
        return _Form(doubt=said.format(label=quoted(next(iter(labels)))))
    if len(labels) > min(MOST_LABELS, len(found) // 2):
        said = _("Its {n} lines with a tab have {labels} different labels: too few lines for each.")
        if len(labels) > MOST_LABELS:
            said = _("Its {n} lines with a tab have {labels} different labels: too many to tell apart.")
        return _Form(doubt=said.format(n=len(found), labels=len(labels)))
    said = ngettext(
        "{n} line without exactly one tab, a text and a label is left out.",
        "{n} lines without exactly one tab, a text and a label are left out.",
        len(lines) - len(found),
    )
    return _Form(share, {"labelled": tuple(found)}, _left_out(said, len(lines) - len(found)))


def _tagged(lines: Sequence[str]) -> _Form:
    """Lines of `word/TAG`; the last slash splits, and one written `\\/` is none."""
    if sum("/" in line for line in lines) < _POSSIBLE * len(lines):
        return _Form()
    found: list[Tagged] = []
    for line in lines:
        parts = [normalized(item).rpartition("/") for item in line.split()]
        # What nobody sees is no word, and no tag.
        if all(word and tag for word, _slash, tag in parts):
            found.append(tuple((word.replace("\\/", "/"), tag) for word, _slash, tag in parts))
    share = len(found) / len(lines)
    if share < _POSSIBLE:
        return _Form()
    tags = {tag for sentence in found for _word, tag in sentence}
    if len(tags) == 1:
        said = _("Every word has the tag {tag}: there is nothing to tell apart.")
        return _Form(doubt=said.format(tag=quoted(next(iter(tags)))))
    if len(tags) > min(MOST_LABELS, sum(map(len, found)) // 2):
        said = _("Its {n} lines of word/TAG have {tags} different tags: too many to tell apart.")
        return _Form(doubt=said.format(n=len(found), tags=len(tags)))
    said = ngettext(
        "{n} line with a word that has no tag is left out.",
        "{n} lines with a word that has no tag are left out.",
        len(lines) - len(found),
    )
    return _Form(share, {"tagged": tuple(found)}, _left_out(said, len(lines) - len(found)))


def _table(lines: Sequence[str], named_so: bool) -> _Form:
    """A row of names and rows of numbers, with commas between them."""
    try:
        rows = [[cell.strip() for cell in row] for row in _rows(lines)]
    except csv.Error as error:
        said = _("It cannot be read as a table: {error}.")
        return _Form(doubt=said.format(error=clean(str(error)))) if named_so else _Form()
    header, body = rows[0], rows[1:]
    whole = [row for row in body if len(row) == len(header)]
    if not named_so and (len(whole) < _SURE * len(body) or any(map(_is_number, header))):
        return _Form()
    notes = []
    if any(map(_is_number, header)):
        notes.append(_("Its first row holds a number and no names: its columns are called by their places."))
        header, whole = [_("column {n}").format(n=place) for place in range(1, len(header) + 1)], [header, *whole]
        body = [*body, header]
    numbers = [[_number(cell) for cell in column] for column in zip(*whole, strict=True)]
    counts = [sum(map(math.isfinite, column)) for column in numbers]
    # What is a number in few rows is another thing: a code, or a remark.
    fit = [place for place, count in enumerate(counts) if count >= max(LEAST_ROWS, _POSSIBLE * len(whole))]
    names = _told_apart([normalized(header[place]).strip() or _("column {n}").format(n=place + 1) for place in fit])
    if not names:
        said = _("It has no column with at least {n} numbers: there is no series to forecast.")
        return _Form(doubt=said.format(n=LEAST_ROWS)) if named_so else _Form()
    table = {}
    for name, place in zip(names, fit, strict=True):
        table[name] = np.array([value for value in numbers[place] if math.isfinite(value)], np.float64)
        table[name].flags.writeable = False
        missing = len(whole) - len(table[name])
        said = ngettext(
            "{n} row without a number in {column} is left out: time is shorter there.",
            "{n} rows without a number in {column} are left out: time is shorter there.",
            missing,
        )
        notes += _left_out(said, missing, column=quoted(name))
    said = ngettext(
        "{n} row with more or fewer cells than the first is left out.",
        "{n} rows with more or fewer cells than the first are left out.",
        len(body) - len(whole),
    )
    notes += _left_out(said, len(body) - len(whole))
    return _Form(1.0, {"table": MappingProxyType(table)}, tuple(notes))


def _counts(values: Values) -> bool:
    """Whether each number is the one before and a step that is always the same."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
        return bool(np.ptp(steps) <= 1e-9 * np.abs(steps).max())


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names with a number behind each that was there before: a, a (2)."""
    times: dict[str, int] = {}
    for name in names:
        other = name
        while other in times:
            times[name] += 1
            other = f"{name} ({times[name]})"
        times[other] = 1
    return list(times)


def _rows(lines: Sequence[str]) -> Iterator[list[str]]:
    return csv.reader(io.StringIO("\n".join(lines), newline=""), skipinitialspace=True, strict=True)


def _number(cell: str) -> float:
    try:
        # Python reads 1_000 as a number; a table that holds it is more likely broken.
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def _is_number(cell: str) -> bool:
    return math.isfinite(_number(cell))


def _left_out(said: str, count: int, **names: str) -> tuple[str, ...]:
    return (said.format(n=count, **names),) if count else ()


# Text


def _languages(words: Sequence[str], characters: int) -> tuple[Task, ...]:
    """What a text is for, the first of them first."""
    enough = {"next-word": len(words) >= LEAST_TOKENS, "next-character": characters >= LEAST_TOKENS}
    order = LANGUAGE if len(words) >= _SEEN * len(set(words)) else LANGUAGE[::-1]
    return tuple(task for task in order if enough[task])


def _few(count: int) -> tuple[str, ...]:
    if count >= FEW_WORDS:
        return ()
    said = ngettext(
        "The text has {n} word: too few to learn much that is true of other texts.",
        "The text has {n} words: too few to learn much that is true of other texts.",
        count,
    )
    return (said.format(n=count),)


def _short(lines: Sequence[str]) -> bool:
    """Whether there are some lines, and none is long: then each is a sequence of its own."""
    return len(lines) >= LEAST_TOKENS and all(len(tokenize(line)) <= LONGEST for line in lines)


def _wrapped(rows: Sequence[str]) -> bool:
    """Whether a text was broken into lines of one width: after most, the first word of the next would not have fitted.

    Args:
        rows: blank ones, too, where a paragraph ends.
    """
    pairs = [(line, after) for line, after in pairwise(rows) if line and after]
    # Lines that are all as long are a table, or one line again and again.
    if len({len(line) for line, _after in pairs}) < 2:
        return False
    # Of a few lines that stand out, as a heading does, none says how wide the text is.
    width = sorted(len(line) for line, _after in pairs)[int(0.95 * (len(pairs) - 1))]
    full = sum(len(line) + 1 + len(after.split(maxsplit=1)[0]) > width for line, after in pairs)
    return width >= _NARROWEST and full >= _WRAPPED * len(pairs)
