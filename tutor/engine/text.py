"""Text to tokens and back. The one place where raw text is made safe to show.

`regex` is imported here alone: words in any script and grapheme clusters are what the standard library's `re` cannot
find.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import regex

UNKNOWN = "<unk>"
END = "<end>"
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

    >>> clean("a\\x1b[31mb")
    'a␛[31mb'
    """
    return text.translate(_CONTROLS)


_UNSEEN = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
"""Soft hyphens, spaces without width, byte order marks: pasted along, and no token that anyone could see."""
_CLUSTER = regex.compile(r"\X")
_LETTER = regex.compile(r"[\p{L}\p{N}_]")
_ALONE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]")
"""Scripts that write no spaces: a character is a word."""


def _words(text: str) -> list[str]:
    found: list[str] = []
    run = ""
    for cluster in _CLUSTER.findall(text):
        if cluster.isspace():
            found += [run] if run else []
            run = ""
        elif _ALONE.match(cluster) or not _LETTER.match(cluster):
            # An apostrophe or a hyphen within a word belongs to it; any other cluster stands by itself.
            if cluster in ("'", "’", "-") and run and not run.endswith(("'", "’", "-")):
                run += cluster
                continue
            found += [run] if run else []
            found.append(cluster)
            run = ""
        else:
            run += cluster
    found += [run] if run else []
    whole: list[str] = []
    for token in found:
        if len(token) > 1 and token[-1] in "'’-":
            whole += [token[:-1], token[-1]]
        else:
            whole.append(token)
    return whole


def tokenize(text: str, unit: str = "words") -> tuple[str, ...]:
    """The tokens of a text, cleaned.

    Args:
        text: anything.
        unit: "words" (any script; Chinese and Japanese by character; punctuation apart) or "characters" (grapheme
            clusters, spaces too).

    Raises:
        ValueError: an unknown unit.
    """
    if unit not in UNITS:
        raise ValueError(f"unit: got {unit!r}, expected one of {', '.join(map(repr, UNITS))}")
    text = unicodedata.normalize("NFC", clean(text).translate(_UNSEEN))
    return tuple(_words(text)) if unit == "words" else tuple(_CLUSTER.findall(text))


class Vocabulary:
    """Tokens by index. Index 0 is the unknown token; the end of a sequence may have one of its own.

    Args:
        tokens: in any number of repeats; the order of the first of each is kept.
        end: whether there is an end token, at index 1.
    """

    def __init__(self, tokens: Iterable[str], *, end: bool = False) -> None:
        special = (UNKNOWN, END) if end else (UNKNOWN,)
        self.tokens: tuple[str, ...] = tuple(dict.fromkeys((*special, *tokens)))
        """Index → token."""
        self.end: int | None = 1 if end else None
        """Index of the end token."""

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens)}

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
