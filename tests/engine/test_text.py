"""Text made safe, cut into tokens in any script, and put together again."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.text import (
    END,
    START,
    UNITS,
    UNKNOWN,
    Piece,
    Vocabulary,
    clean,
    join,
    normalized,
    segment,
    tokenize,
)

UNSEEN = "\u00ad\u200b\u2060\ufeff"

# What meets in real text only by accident, and in this alphabet at once: marks and what they compose with, joiners,
# flags, jamo, conjuncts, what takes hold of the next character, what lets go of a mark, what is not seen.
ODD = [
    *"  \n\r\t\u3000\u00a0''’’--_a1BeNk,.;:!?()[]\"“”‘«»…%/<>漢字ひカーが。、「」（）・ＡＢéÅ한",
    *"\u0301\u0323\u0338\u0f73\u0344\u0308\u3099\u0903\u094d\u0915\u0e33\uff9e\u200d\u200d\u0600\u0d4e\u2064\u2194\u212b",
    *"\u1100\u1161\u11a8\uac00👩🚀👍🏽🇫🇷🇩\x1b\x00\x9b\ud800\u202e",
    *UNSEEN,
]
texts = st.one_of(st.text(), st.text(st.sampled_from(ODD)), st.text("ab '’-", max_size=12))
several = settings(deadline=None, max_examples=300)


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
        ("🇫🇷🇩🇪🇫", ("🇫🇷", "🇩🇪", "🇫")),
        ("🇫🇷\u0301🇩🇪", ("🇫🇷\u0301", "🇩🇪")),
        ("e\u0301te\u0301", ("été",)),
        ("👩\u200d\u2194\u0338", ("👩\u200d", "\u21ae")),
        ("", ()),
        (" \t\n ", ()),
        ("'tis rock'n'roll' -x-", ("'", "tis", "rock'n'roll", "'", "-", "x", "-")),
        ("a'-b a''b a’b snake_case_2", ("a", "'", "-", "b", "a", "'", "'", "b", "a’b", "snake_case_2")),
        ("a-漢 a'\u0e33", ("a", "-", "漢", "a", "'\u0e33")),
        ("\x1b[31m", ("␛", "[", "31m")),
    ],
)
def test_words(text: str, tokens: tuple[str, ...]) -> None:
    assert tokenize(text) == tokens


def test_characters_are_whole_clusters_and_spaces_count() -> None:
    assert tokenize("a é👩‍🚀🇫🇷🇩🇪", "characters") == ("a", " ", "é", "👩‍🚀", "🇫🇷", "🇩🇪")


@pytest.mark.parametrize("function", [tokenize, segment, join])
def test_a_unit_that_is_not_there(function) -> None:
    with pytest.raises(ValueError, match=r"unit: got 'letters', expected one of 'words', 'characters'"):
        function("a", "letters")


@given(st.text())
def test_cleaning_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    done = clean(text)
    assert clean(done) == done
    assert len(done) == len(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in done)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(done)


def test_a_control_character_becomes_its_picture() -> None:
    assert clean("a\x1b[31m\x00\x7f\x9b\ud800\u202eb\tc\r\n") == "a␛[31m␀␡\ufffd\ufffd\ufffdb c  "


@given(texts)
@several
def test_normalized_is_composed_and_no_letter_is_lost(text: str) -> None:
    whole = unicodedata.normalize("NFC", clean(text).translate(dict.fromkeys(map(ord, UNSEEN))))
    assert normalized(text) == whole
    assert "".join(tokenize(text, "characters")) == whole
    assert "".join("".join(tokenize(text)).split()) == "".join(whole.split())


@given(texts)
@several
def test_no_token_is_empty_or_unsafe(text: str) -> None:
    for unit in UNITS:
        for token in tokenize(text, unit):
            assert token
            assert clean(token) == token
            assert unit == "characters" or not token.isspace()


@given(st.lists(st.sampled_from("ab7é\u0301'’-.漢カ 👍"), max_size=20).map("".join))
@several
def test_a_word_is_letters_with_single_joiners_between(text: str) -> None:
    def letter(cluster: str) -> bool:
        return cluster[0].isalnum() and cluster[0] not in "漢カ"

    # Said another way: every two clusters that touch, and whether they hold together.
    clusters = tokenize(text, "characters")
    expected: list[str] = []
    for i, cluster in enumerate(clusters):
        near = [letter(clusters[k]) if 0 <= k < len(clusters) else False for k in (i - 2, i - 1, i, i + 1)]
        joins = [clusters[k] in ("'", "’", "-") if 0 <= k < len(clusters) else False for k in (i - 1, i)]
        holds = (near[1] and near[2]) or (near[0] and joins[0] and near[2]) or (near[1] and joins[1] and near[3])
        if holds:
            expected[-1] += cluster
        elif not cluster.isspace():
            expected.append(cluster)
    assert tokenize(text) == tuple(expected)


MANY = 250_000


@pytest.mark.parametrize(
    ("text", "words", "characters"),
    [
        ("'" * MANY, MANY, MANY),
        ("a" + "\u0301\u0323" * MANY, 1, 1),
        ("ཀ" + "\u0f73" * MANY, 1, 1),
        ("👩\u200d" * MANY, 1, 1),
        ("🇫" * MANY, MANY // 2, MANY // 2),
        ("a-" * MANY, 2, 2 * MANY),
    ],
    ids=["apostrophes", "marks", "marks-that-decompose", "joined-emoji", "flags", "hyphens"],
)
def test_no_text_is_too_much(text: str, words: int, characters: int) -> None:
    # Nothing is timed here. What takes the square of its length does not come to an end.
    assert len(tokenize(text)) == words
    assert len(tokenize(text, "characters")) == characters


@pytest.mark.parametrize(
    "long",
    [
        "a" + "\u0301\u0323" * 40,
        "\u0f73\u0301" * 70,
        "e\u0301" * 50 + "\u0345" * 99,
        # Marks of one class keep their order, and none passes what is no mark.
        "a" + "\u0308\u0301\u0323\u200d" * 40,
        "a" + "\u0301\u0344\u0308\u0323\u0903" * 40,
    ],
)
def test_many_marks_are_sorted_as_few_are(long: str) -> None:
    assert normalized(long) == unicodedata.normalize("NFC", long) != long


# Text → pieces → text


def test_pieces_keep_what_was_given() -> None:
    assert segment("\ufeff Ne\u00advr\u200b,  e\u0301\x1b\n") == (
        Piece("\ufeff ", None),
        Piece("Ne\u00advr", "Nevr"),
        Piece("\u200b", None),
        Piece(",", ","),
        Piece("  ", None),
        Piece("e\u0301", "é"),
        Piece("\x1b", "␛"),
        Piece("\n", None),
    )
    assert segment("a\r\n", "characters") == (Piece("a", "a"), Piece("\r", " "), Piece("\n", " "))
    assert segment("\u200b") == (Piece("\u200b", None),)
    assert segment("") == ()
    # One character that composition makes two of, and a cluster that it makes two of.
    assert segment("\u0344x") == (Piece("\u0344", "\u0308\u0301"), Piece("x", "x"))
    assert segment("👩\u200d\u2194\u0338") == (Piece("👩\u200d", "👩\u200d"), Piece("\u2194\u0338", "\u21ae"))


@given(texts, st.sampled_from(UNITS))
@several
def test_pieces_put_together_are_the_text(text: str, unit: str) -> None:
    pieces = segment(text, unit)
    assert "".join(piece.text for piece in pieces) == text
    assert tuple(piece.token for piece in pieces if piece.token is not None) == tokenize(text, unit)
    # Between two tokens there is at most one piece, and it is nothing that a token could be made of.
    assert not any(left.token is None and right.token is None for left, right in pairwise(pieces))
    for piece in pieces:
        if piece.token is None:
            assert piece.text
            assert tokenize(piece.text) == ()


@given(texts.filter(lambda text: "\u2194" not in text), st.sampled_from(UNITS))
@several
def test_a_piece_alone_is_written_as_its_token(text: str, unit: str) -> None:
    # But for the arrow that is a picture until a stroke goes through it: composed, it is a cluster of its own.
    for piece in segment(text, unit):
        if piece.token is not None:
            assert normalized(piece.text) == piece.token


# Tokens → text → tokens


@pytest.mark.parametrize(
    "text",
    [
        "Never, never (too) late; is it? No!",
        "She said “no”, he said ‘yes’: [1] {2} «3»…",
        "rock'n'roll' don't well-known",
        "學而時習之，不亦說乎？「是」（也）。",
        "コーヒー・カップ。",
        "我 love 你, ok",
        "นี่ คือ",
        "100% of it...",
        "👍🏽 👩‍🚀",
        "",
    ],
)
def test_tokens_are_joined_as_a_person_writes(text: str) -> None:
    wanted = text.replace("roll'", "roll '")
    assert join(tokenize(text)) == wanted


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        # Where what reads well would be read otherwise, it is a space; where a space would, it is none.
        ("rock ’ n", "rock’ n"),
        ("🇫 🇷", "🇫 🇷"),
        ("a \u2064\u0301", "a \u2064\u0301"),
        ("x \u0600\u2064", "x \u0600\u2064"),
        ("（ \u0301", "（ \u0301"),
        ("\u0600 )", "\u0600 )"),
    ],
)
def test_where_the_pretty_form_would_be_read_otherwise(text: str, joined: str) -> None:
    assert join(tokenize(text)) == joined
    assert tokenize(joined) == tokenize(text)


@given(texts, st.sampled_from(UNITS))
@settings(deadline=None, max_examples=1000)
def test_joined_tokens_are_read_as_the_same_tokens(text: str, unit: str) -> None:
    tokens = tokenize(text, unit)
    assert tokenize(join(tokens, unit), unit) == tokens


def test_what_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="tokens: got '', expected tokens of at least one character"):
        join(("a", ""))
    # No text is read as this, so it is only written well.
    assert join(("a b", ",")) == "a b,"


# Vocabulary


def test_a_vocabulary() -> None:
    words = Vocabulary(["b", "a", "b"], end=True)
    assert words.tokens == (UNKNOWN, END, "b", "a")
    assert words.encode(["a", "B", "zebra"]).tolist() == [3, 2, 0]
    assert "a" in words
    assert "zebra" not in words
    assert len(Vocabulary("abc")) == 4
    assert Vocabulary("abc").end is None


@pytest.mark.parametrize(
    ("options", "special"),
    [
        ({}, (UNKNOWN,)),
        ({"end": True}, (UNKNOWN, END)),
        ({"start": True}, (UNKNOWN, START)),
        ({"end": True, "start": True}, (UNKNOWN, END, START)),
    ],
)
def test_special_tokens_come_first_in_one_order(options: dict[str, bool], special: tuple[str, ...]) -> None:
    words = Vocabulary("ab", **options)
    assert words.tokens == (*special, "a", "b")
    assert words.end == (special.index(END) if END in special else None)
    assert words.start == (special.index(START) if START in special else None)
    assert words.decode([i for i in (words.end, words.start) if i is not None]) == special[1:]


@given(
    st.lists(st.text(min_size=1).filter(lambda word: word not in (UNKNOWN, END, START))), st.booleans(), st.booleans()
)
@settings(deadline=None)
def test_what_is_encoded_is_decoded(tokens: list[str], end: bool, start: bool) -> None:
    words = Vocabulary(tokens, end=end, start=start)
    assert words.decode(words.encode(tokens)) == tuple(tokens)
    assert words.decode(np.arange(len(words))) == words.tokens


@pytest.mark.parametrize("wrong", [[0, 4], [-1], np.array([4]), [0.0], ["a"], [[0]]])
def test_an_index_that_is_not_there(wrong) -> None:
    with pytest.raises(ValueError, match="indices: got"):
        Vocabulary("abc").decode(wrong)


def test_a_typed_special_token_is_not_the_special_token() -> None:
    assert tokenize("<end> <unk>") == ("<", "end", ">", "<", "unk", ">")
    words = Vocabulary("ab", end=True, start=True)
    for name in (UNKNOWN, END, START, "<End>", "<START>"):
        assert words.encode([name]).tolist() == [0]
        assert name not in words
    for name in (UNKNOWN, END, START):
        with pytest.raises(ValueError, match=f"tokens: got '{name}', expected none with the name of a special token"):
            Vocabulary(["a", name], end=True, start=True)
    # Where there is no end token, its name is a word like any other.
    assert Vocabulary(["a", END]).encode([END]).tolist() == [2]
