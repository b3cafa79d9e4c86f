"""Free recall: which terms of a definition stand in what a learner wrote. Words are compared, never their meaning.

A term that is denied (“the state is *not* zero”) is found all the same, so nobody is told that they are wrong: a term
is found, or it is not found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tutor.course.lesson import Term
from tutor.engine.text import clean

MOST_TYPED = 2000
"""Characters of an answer; more is no definition."""

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana and han, which are written without spaces."""
_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_SHORTEST = 3
"""Letters that are left of a word, at least."""


def safe(text: str) -> str:
    """What was typed, line by line, as it can be shown: no control characters and no lone surrogates."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\t", " ")
    return "\n".join(clean(line) for line in whole.split("\n"))


def cleaned(text: str) -> str:
    """The same in one line, as it is kept."""
    return " ".join(safe(text).split())


def words(text: str) -> tuple[str, ...]:
    """The words of a text by their stems.

    `h_0` and `0.5` are words, punctuation is space, and where no spaces are written each character is a word.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(stem(word) for word in _WORD.findall(plain))


def stem(word: str) -> str:
    """A word without the commonest English endings, the same for all of its forms: *zeros*, *stored*, *forgetting*.

    It is light on purpose: plural s and ies, ed, ing, then a last e and a doubled last letter, again and again while
    three letters and a vowel are left. A word of other letters stays.

    >>> stem("gates") == stem("gate"), stem("forgetting") == stem("forget"), stem("memories") == stem("memory")
    (True, True, True)
    """
    while word.isascii() and word.isalpha() and (shorter := _shorter(word)) != word:
        word = shorter
    return word


def _shorter(word: str) -> str:
    """With one ending less; the word itself where there is none to take."""
    for ending, instead in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("s", ""), ("e", "")):
        if not word.endswith(ending):
            continue
        if (ending == "s" and word.endswith(("ss", "us", "is", "ias"))) or (ending == "ed" and word.endswith("eed")):
            return word
        rest = word.removesuffix(ending) + instead
        return rest if len(rest) >= _SHORTEST and set(rest) & set("aeiouy") else word
    doubled = len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] != "s"
    return word[:-1] if doubled else word


def found(text: str, terms: Sequence[Term]) -> tuple[bool, ...]:
    """Whether each term stands in a text: one of its ways to be said, whole words in a row."""
    said = words(text)
    return tuple(any(_stands(words(way), said) for way in term.any) for term in terms)


def _stands(way: tuple[str, ...], said: tuple[str, ...]) -> bool:
    room = len(said) - len(way)
    return bool(way) and any(said[at : at + len(way)] == way for at in range(room + 1))
