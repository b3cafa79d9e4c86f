"""Text made safe, and cut into tokens in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.engine.text import END, UNKNOWN, Vocabulary, clean, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("never too late to", ("never", "too", "late", "to")),
        ("Don't stop, now!", ("Don't", "stop", ",", "now", "!")),
        ("well-known 3.5", ("well-known", "3", ".", "5")),
        ("a [/b] c", ("a", "[", "/", "b", "]", "c")),
        ("h[t-1]", ("h", "[", "t-1", "]")),
        ("活到老學到老", ("活", "到", "老", "學", "到", "老")),
        ("コーヒー", ("コ", "ー", "ヒ", "ー")),
        ("\ufeffco\u00adop\u200b \u200b.", ("coop", ".")),
        ("می\u200cخواهم", ("می\u200cخواهم",)),
        ("สวัสดี", ("สวัสดี",)),
        ("안녕 하세요", ("안녕", "하세요")),
        ("ひらカナ", ("ひ", "ら", "カ", "ナ")),
        ("नमस्ते दुनिया", ("नमस्ते", "दुनिया")),
        ("שלום עולם", ("שלום", "עולם")),
        ("👩‍🚀 🇫🇷👍🏽", ("👩‍🚀", "🇫🇷", "👍🏽")),
        ("e\u0301te\u0301", ("été",)),
        ("", ()),
        (" \t\n ", ()),
        ("'tis rock'n'roll' -x-", ("'", "tis", "rock'n'roll", "'", "-", "x", "-")),
        ("\x1b[31m", ("␛", "[", "31m")),
    ],
)
def test_words(text: str, tokens: tuple[str, ...]) -> None:
    assert tokenize(text) == tokens


def test_characters_are_whole_clusters_and_spaces_count() -> None:
    assert tokenize("a é👩‍🚀", "characters") == ("a", " ", "é", "👩‍🚀")
    with pytest.raises(ValueError, match=r"unit: got 'letters'"):
        tokenize("a", "letters")


@given(st.text())
def test_cleaning_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    done = clean(text)
    assert clean(done) == done
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in done)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(done)


def test_a_control_character_becomes_its_picture() -> None:
    assert clean("a\x1b[31m\x00\x7f\x9b\ud800\u202eb\tc\r\n") == "a␛[31m␀␡\ufffd\ufffd\ufffdb c  "


@given(st.text())
def test_no_letter_is_lost(text: str) -> None:
    import unicodedata

    joined = "".join(tokenize(text))
    whole = unicodedata.normalize("NFC", clean(text).translate(dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))))
    assert "".join(joined.split()) == "".join(whole.split())


@given(st.text())
def test_no_token_is_empty_or_unsafe(text: str) -> None:
    for unit in ("words", "characters"):
        for token in tokenize(text, unit):
            assert token
            assert clean(token) == token
            assert unit == "characters" or not token.isspace()


@given(st.text())
def test_characters_put_together_are_the_text(text: str) -> None:
    tokens = tokenize(text, "characters")
    assert tokenize("".join(tokens), "characters") == tokens


def test_a_typed_special_token_is_not_the_special_token() -> None:
    assert tokenize("<end> <unk>") == ("<", "end", ">", "<", "unk", ">")


def test_a_vocabulary() -> None:
    words = Vocabulary(["b", "a", "b"], end=True)
    assert words.tokens == (UNKNOWN, END, "b", "a")
    assert words.encode(["a", "B", "zebra"]).tolist() == [3, 2, 0]
    assert "a" in words
    assert "zebra" not in words
    assert len(Vocabulary("abc")) == 4
    assert Vocabulary("abc").end is None
