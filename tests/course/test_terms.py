"""Free recall: which terms are found in what was written, whatever was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course.lesson import Term
from tutor.course.terms import cleaned, found, safe, stem, words


def stands(text: str, *ways: str) -> bool:
    return found(text, (Term(any=ways, says=""),)) == (True,)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("All of it is zero.", ("zero",)),
        ("ZEROS!", ("zero",)),
        ("it is zeroed", ("zeros",)),
        ("h_0 = 0", ("0",)),
        ("before\n  the\tfirst tokens", ("before the first token",)),
        ("the feed-forward part", ("feed forward",)),
        ("it forgets", ("forgetting",)),
        ("what the gates stored", ("store",)),
        ("memories", ("memory",)),
        ("biases are added", ("bias",)),
        ("two losses", ("loss",)),
        ("it is carried along", ("carry",)),
        ("nothing of it", ("zero", "nothing")),
        ("a threshold of 0.5", ("0.5",)),
        ("ﬁrst", ("first",)),
        ("全是零", ("零",)),
        ("初始状态是零向量", ("状态",)),
        ("STRASSE", ("straße",)),
        # Words are compared, never what they mean: a term that is denied is found.
        ("it is not zero", ("zero",)),
    ],
)
def test_found(text: str, ways: tuple[str, ...]) -> None:
    assert stands(text, *ways)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("", ("zero",)),
        ("0.5", ("0", "5")),
        ("a zeroth try", ("zero",)),
        ("the first of the tokens", ("first token",)),
        ("h_0", ("h", "0")),
        ("loss", ("lose",)),
        ("a class", ("clas",)),
        ("bring", ("br",)),
        ("tokens first", ("first tokens",)),
        ("anything", ("!?", " ")),
    ],
)
def test_not_found(text: str, ways: tuple[str, ...]) -> None:
    assert not stands(text, *ways)


def test_each_term_by_itself() -> None:
    terms = (Term(any=("state",), says=""), Term(any=("zero", "0"), says=""), Term(any=("token",), says=""))
    assert found("the state is 0", terms) == (True, True, False)


@given(st.text(st.characters(), max_size=60), st.text(max_size=12))
def test_more_text_loses_no_term(text: str, way: str) -> None:
    if stands(text, way):
        assert stands(f"more , {text} , and more", way)


@given(st.text(st.characters(), max_size=60))
def test_what_was_written_finds_itself(text: str) -> None:
    assert stands(f"before {text} after", text) is bool(words(text))


@given(st.text(st.characters(), max_size=60))
def test_what_is_kept_is_clean(text: str) -> None:
    for kept in (safe(text), cleaned(text)):
        kept.encode("utf-8")
        assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in kept)
    assert "\n" not in cleaned(text)
    assert cleaned(cleaned(text)) == cleaned(text)


@given(st.text("abdegilnstuy", min_size=1, max_size=14))
def test_a_stem_has_no_other(word: str) -> None:
    assert stem(stem(word)) == stem(word)
    assert len(stem(word)) >= min(len(word), 3)


def test_a_lone_surrogate_and_a_control_character() -> None:
    assert cleaned(" a\ud800\x1b[31m\r\n\x00b ") == "a?␛[31m ␀b"
