"""Text to tokens and back. The one place where raw text is made safe to show.

Nothing is lost on the way: `segment` keeps what was given beside every token, and `join` writes tokens as text that is
read as the same tokens again. Every function here takes time in proportion to its text, whatever is in it.

`regex` is imported here alone: words in any script and grapheme clusters are what the standard library's `re` cannot
find.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import regex

from tutor.engine import checks

UNKNOWN = "<unk>"
END = "<end>"
START = "<start>"
UNITS = ("words", "characters")

_SPACES = {ord(c): " " for c in "\t\n\r\v\f\x85\u2028\u2029"}
_CONTROLS = (
    {code: chr(0x2400 + code) for code in range(0x20)}
    | {0x7F: "\u2421"}
    | dict.fromkeys(range(128, 160), "�")
    # What turns the direction of the text after it can make a screen lie.
    | dict.fromkeys((8206, 8207, *range(8234, 8239), *range(8294, 8298), 1564), "�")
    | dict.fromkeys(range(55296, 57344), "�")
    | _SPACES
)


def clean(text: str) -> str:
    """`text` with nothing in it that a terminal would obey: control characters become pictures of themselves.

    Each character becomes one character: places in the text stay what they were.

    >>> clean("a\\x1b[31mb")
    'a␛[31mb'
    """
    return text.translate(_CONTROLS)


_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Soft hyphens, spaces without width, byte order marks: pasted along, and no token that anyone could see."""
_LONG = 64
"""Characters beyond which a cluster is nobody's writing."""


def normalized(text: str) -> str:
    """`text` as its tokens are written: cleaned, without what nobody sees, composed (NFC)."""
    return "".join(part for _, _, part in _parts(clean(text).translate(_UNSEEN)))


def _parts(seen: str) -> Iterator[tuple[int, int, str]]:
    """Stretches of a text, from start to end, each with how it is composed; nothing composes across two of them."""
    if unicodedata.is_normalized("NFC", seen):
        yield 0, len(seen), seen
        return
    for cluster in _PATTERNS["characters"].finditer(seen):
        yield *cluster.span(), _composed(cluster.group())


def _composed(cluster: str) -> str:
    # `unicodedata` sorts the marks on a letter by insertion: a megabyte of them would take minutes. It is quick with
    # what is in order already.
    return unicodedata.normalize("NFC", _ordered(cluster) if len(cluster) > _LONG else cluster)


def _ordered(text: str) -> str:
    """NFD, its marks sorted by combining class."""
    found: list[str] = []
    marks: list[str] = []
    for part in "".join(unicodedata.normalize("NFD", character) for character in text):
        if unicodedata.combining(part):
            marks.append(part)
        else:
            found += sorted(marks, key=unicodedata.combining)
            found.append(part)
            marks.clear()
    return "".join(found + sorted(marks, key=unicodedata.combining))


_ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}ー]"
"""Scripts that write no spaces: a character is a word."""
_FOLLOWS = r"[\p{GCB=Extend}\p{GCB=SpacingMark}\u200d]"
"""What never begins a cluster."""
# `\X` counts a run of flags from its start for every flag in it. Taken in pairs, each is seen once.
_CHARACTER = rf"\p{{GCB=Regional_Indicator}}{{2}}{_FOLLOWS}*+|\X"
_LETTERS = rf"(?:(?=[\p{{L}}\p{{N}}_])(?!{_ALONE})\X)++"
# An apostrophe or a hyphen within a word belongs to it; any other cluster stands by itself.
_WORD = rf"{_LETTERS}(?:['’-](?!{_FOLLOWS}){_LETTERS})*+|{_CHARACTER}"
_PATTERNS = {"words": regex.compile(_WORD), "characters": regex.compile(_CHARACTER)}


def _spans(text: str, unit: str) -> Iterator[tuple[int, int]]:
    """Where each token of a normalized text stands. The one scanner."""
    for match in _PATTERNS[unit].finditer(text):
        if unit == "characters" or not match.group().isspace():
            yield match.span()


def _cut(text: str, unit: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in _spans(text, unit))


def tokenize(text: str, unit: str = "words") -> tuple[str, ...]:
    """The tokens of a text, cleaned.

    Args:
        text: anything.
        unit: "words" (any script; Chinese and Japanese by character; punctuation apart) or "characters" (grapheme
            clusters, spaces too).

    Raises:
        ValueError: an unknown unit.
    """
    checks.one_of("unit", unit, UNITS)
    return _cut(normalized(text), unit)


class Piece(NamedTuple):
    """A stretch of a text: a token, or what stands between two tokens."""

    text: str
    """As it was given, control characters and all: `clean` it before it is shown."""
    token: str | None
    """What a network reads; None for white space between words and for what nobody sees."""


def segment(text: str, unit: str = "words") -> tuple[Piece, ...]:
    """A text in pieces: put together, their `text` is the text as it was given, to the character.

    Their tokens, but for None, are those of `tokenize`.

    >>> [piece.token for piece in segment("never  late")]
    ['never', None, 'late']

    Raises:
        ValueError: an unknown unit.
    """
    checks.one_of("unit", unit, UNITS)
    cleaned = clean(text)
    kept = [place for place, character in enumerate(cleaned) if ord(character) not in _UNSEEN]
    parts = tuple(_parts(cleaned.translate(_UNSEEN)))
    shown = "".join(part for _, _, part in parts)
    # For each character as it is shown, the first and the last of the given ones that it stands for.
    first: list[int] = []
    last: list[int] = []
    for start, end, part in parts:
        places = (kept[start:end] + kept[end - 1 : end] * len(part))[: len(part)]
        first += places
        last += places[:-1] + kept[end - 1 : end]
    pieces: list[Piece] = []
    done = 0
    for start, end in _spans(shown, unit):
        begin, stop = first[start], last[end - 1] + 1
        if begin > done:
            pieces.append(Piece(text[done:begin], None))
            done = begin
        pieces.append(Piece(text[done:stop], shown[start:end]))
        done = stop
    if done < len(text):
        pieces.append(Piece(text[done:], None))
    return tuple(pieces)


_NONE_BEFORE = frozenset(",.;:!?…%、。，．；：！？～")
"""Marks that follow a word without a space."""
_WIDE = regex.compile(rf"{_ALONE}|(?=\p{{P}})[\u3000-\u303f・\uff00-\uffef]")
"""Scripts that write no spaces, and their punctuation."""


def _apart(left: str, right: str) -> bool:
    """Whether a person would write a space between two words."""
    if right in _NONE_BEFORE or unicodedata.category(right[0]) in ("Pe", "Pf"):
        return False
    if unicodedata.category(left[-1]) in ("Ps", "Pi"):
        return False
    return not (_WIDE.match(left) and _WIDE.match(right))


def join(tokens: Sequence[str], unit: str = "words") -> str:
    """Tokens as a person would write them: text that `tokenize` reads as the same tokens again.

    That holds for whatever `tokenize` returned. Special tokens are no text: drop them first.

    >>> join(("Never", ",", "never", "(", "too", ")", "late", "!"))
    'Never, never (too) late!'

    Raises:
        ValueError: an unknown unit, or an empty token.
    """
    checks.one_of("unit", unit, UNITS)
    if not all(tokens):
        raise ValueError("tokens: got '', expected tokens of at least one character")
    if unit == "characters":
        return "".join(tokens)
    written = list(tokens[:1])
    for i in range(1, len(tokens)):
        left, right = tokens[i - 1 : i + 1]
        # What a gap does shows from one token before it on: "n" after "rock'" would join what the apostrophe parts.
        wanted = tuple(tokens[max(i - 2, 0) : i + 1])
        before = "".join(written[-3:])
        gaps = (" ", "") if _apart(left, right) else ("", " ")
        gap = next((gap for gap in gaps if _cut(before + gap + right, unit) == wanted), gaps[0])
        written += [gap, right]
    return "".join(written)


class Vocabulary:
    """Tokens by index. Index 0 is the unknown token; the end and the start of a sequence may have one of their own.

    The three are no text: a token that somebody typed never encodes to the end or the start, whatever it looks like,
    and is unknown where it looks like one of them. So in `tokens` each name means one thing.

    Args:
        tokens: in any number of repeats; the order of the first of each is kept.
        end: whether there is an end token, at index 1.
        start: whether there is a start token, at the index after those.

    Raises:
        ValueError: a token with the name of a special token of this vocabulary.
    """

    def __init__(self, tokens: Iterable[str], *, end: bool = False, start: bool = False) -> None:
        special = (UNKNOWN, *([END] if end else []), *([START] if start else []))
        ordinary = dict.fromkeys(tokens)
        for name in special:
            if name in ordinary:
                raise ValueError(f"tokens: got {name!r}, expected none with the name of a special token")
        self.tokens: tuple[str, ...] = (*special, *ordinary)
        """Index → token."""
        self.end: int | None = special.index(END) if end else None
        """Index of the end token."""
        self.start: int | None = special.index(START) if start else None
        """Index of the start token."""
        self._first = len(special)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens) if index >= self._first}

    @property
    def ordinary(self) -> tuple[str, ...]:
        """The tokens that are none of its special ones: another vocabulary of these is the same."""
        return self.tokens[self._first :]

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return self.index(token) != 0

    def index(self, token: str) -> int:
        """A token's index: as it is written, else in lower case, else 0 for unknown."""
        found = self._index.get(token)
        return self._index.get(token.casefold(), 0) if found is None else found

    def encode(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """Indices, (T,)."""
        return np.array([self.index(token) for token in tokens], np.int64)

    def decode(self, indices: Sequence[int] | npt.NDArray[np.integer[Any]]) -> tuple[str, ...]:
        """The tokens of indices (T,), special ones by their names.

        Raises:
            ValueError: an index that is not there.
        """
        if not len(indices):
            return ()
        found = checks.indices("indices", indices, ("T",), len(self))
        return tuple(self.tokens[index] for index in found.tolist())
