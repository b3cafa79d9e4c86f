"""What a person does to an experiment: to its text exactly what was asked for, by hand too; and all of it undone."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tutor.engine.surgery import Cut
from tutor.engine.text import UNITS, clean, tokenize
from tutor.sandbox import edits
from tutor.sandbox.edits import MOST_KEPT, MOST_UNDONE, History, number, numbers, whole
from tutor.sandbox.experiment import LARGEST, MAX_CHANGES, MAX_TEXT, Experiment, Nudge

PARTS = st.one_of(
    st.sampled_from(
        [
            *["never", "late", "rock'n'roll", "n", "well-known", "x_1", "3.5"],
            *[",", ".", "'", "’", "-", "(", ")", "…", "«", "»", "¿", "“"],
            *["日本", "語", "カタカナー", "。", "、", "한국", "각"],
            *["👩‍🚀", "🇫🇷", "🇫", "👍🏽", "\u200d", "\ufe0f"],
            *["é", "e\u0301", "\u0301", "\u0323", "a\u0308\u0323", "\u0903", "नि"],
            *["\u0600", "ᄀ", "ᅡ", "ᆨ"],
            *[" ", "  ", "\t", "\r\n", "\u3000", "\u00a0"],
            *["\x00", "\x1b[31m", "\x7f", "\x85", "\u202e", "\u200b", "\ufeff", "\u00ad"],
            *["\ud800", "\udfff"],
        ]
    ),
    st.text(st.characters(exclude_categories=()), max_size=3),
)
TEXTS = st.lists(PARTS, min_size=1, max_size=9).map("".join)
"""Words, punctuation, every script, emoji, lone marks, spaces, control characters, halves of surrogate pairs."""

SIDE_BY_SIDE = "These tokens cannot stand side by side: two of them would be read as one."
NOTHING = "There is nothing to read: type at least one word. esc keeps the old text."

several = settings(deadline=None, max_examples=300)


def of(text: str, unit: str) -> Experiment:
    assume(tokenize(text, unit))
    return Experiment(text=text, unit=unit, hidden=2)


def why(does: Callable[[], object]) -> str:
    """Why it cannot be done; nothing where it can."""
    try:
        does()
    except ValueError as error:
        return str(error)
    return ""


def done(does: Callable[[], Experiment], wanted: tuple[str, ...], unit: str) -> bool:
    """Whether it could be done. Where it could, the tokens are those that were asked for; else it says why."""
    said = why(does)
    if not said:
        assert does().tokens == wanted
    elif wanted:
        assert said == SIDE_BY_SIDE
        # It has to be true: neither with a space between them nor without are they read so.
        assert tokenize("".join(wanted), unit) != wanted
        assert unit == "characters" or tokenize(" ".join(wanted), unit) != wanted
    else:
        assert said == NOTHING
    return not said


@several
@given(TEXTS, st.sampled_from(UNITS))
@example("\u0301a", "characters")
@example("🇫a🇷", "characters")
@example("b,a", "words")
def test_turned(text: str, unit: str) -> None:
    one = of(text, unit)
    if done(lambda: edits.turned(one, unit), one.tokens[::-1], unit):
        back = edits.turned(edits.turned(one, unit), unit)
        assert back.tokens == one.tokens
        assert replace(back, text=text) == one


@several
@given(TEXTS, st.sampled_from(UNITS), st.integers(0, 2**31), st.integers(0, 1000))
def test_shuffled(text: str, unit: str, seed: int, turn: int) -> None:
    one = replace(of(text, unit), seed=seed)
    said = why(lambda: edits.shuffled(one, unit, turn))
    if len(set(one.tokens)) < 2:
        assert said == "There is no other order: all of its tokens are the same."
    if said:
        assert len(set(one.tokens)) < 2 or said == SIDE_BY_SIDE
        return
    found = edits.shuffled(one, unit, turn)
    assert Counter(found.tokens) == Counter(one.tokens)
    assert found.tokens != one.tokens
    assert edits.shuffled(one, unit, turn) == found


def test_a_shuffle_is_another_at_every_turn() -> None:
    one = Experiment(text="a b c d e f g h")
    assert len({edits.shuffled(one, "words", turn).text for turn in range(20)}) == 20
    assert edits.shuffled(one, "words", 1) != edits.shuffled(replace(one, seed=1), "words", 1)
    # Of two tokens there is but one other order, and it is found.
    assert {edits.shuffled(Experiment(text="a b"), "words", turn).text for turn in range(20)} == {"b a"}


@several
@given(TEXTS, st.sampled_from(UNITS), st.data())
def test_swapped(text: str, unit: str, data: st.DataObject) -> None:
    one = of(text, unit)
    last = len(one.tokens) - 1
    first, second = data.draw(st.integers(0, last)), data.draw(st.integers(0, last))
    wanted = list(one.tokens)
    wanted[first], wanted[second] = wanted[second], wanted[first]
    if done(lambda: edits.swapped(one, first, second, unit), tuple(wanted), unit):
        found = edits.swapped(one, first, second, unit)
        assert edits.swapped(found, second, first, unit).tokens == one.tokens
        if first == second:
            assert found == one


@several
@given(TEXTS, TEXTS | st.just(""), st.sampled_from(UNITS), st.data())
def test_replaced(text: str, typed: str, unit: str, data: st.DataObject) -> None:
    one = of(text, unit)
    at = data.draw(st.integers(0, len(one.tokens) - 1))
    # What stands around words is no part of them.
    read = tokenize(typed.strip() if unit == "words" else typed, unit)
    wanted = (*one.tokens[:at], *read, *one.tokens[at + 1 :])
    done(lambda: edits.replaced(one, at, typed, unit), wanted, unit)


@pytest.mark.parametrize(
    ("text", "at", "typed", "found"),
    [
        ("never too late", 1, "quite", "never quite late"),
        ("never too late", 1, "", "never  late"),
        ("never too late", 1, "  very   very ", "never very   very late"),
        ("never  too\tlate", 1, "so", "never  so\tlate"),
        # A comma parted two words; without it they stay two.
        ("never,late", 1, "too", "never too late"),
        ("never,late", 1, "", "never  late"),
        ("never,late", 0, "ever", "ever,late"),
        ("日本語", 1, "x", "日x語"),
        # "and" and "n" would be one word: a space keeps them two.
        ("rock 'n roll", 1, "and", "rock  and n roll"),
    ],
)
def test_one_word_gives_way_and_the_rest_stays(text: str, at: int, typed: str, found: str) -> None:
    assert edits.replaced(Experiment(text=text), at, typed, "words").text == found


def test_the_texts_that_people_write() -> None:
    one = Experiment(text="Never, ever give up!")
    assert edits.turned(one, "words").text == "!up give ever ,Never"
    assert edits.swapped(one, 0, 2, "words").text == "ever, Never give up!"
    assert edits.turned(Experiment(text="ab c", unit="characters"), "characters").text == "c ba"
    with pytest.raises(ValueError, match=SIDE_BY_SIDE):
        edits.turned(Experiment(text="\u0301a", unit="characters"), "characters")
    with pytest.raises(ValueError, match=SIDE_BY_SIDE):
        edits.replaced(Experiment(text="axb", unit="characters"), 1, "\u0301", "characters")


@pytest.mark.parametrize("at", [-1, 3, 1000])
def test_a_word_that_is_not_there(at: int) -> None:
    said = rf"\AThere is no word {at + 1}: the text has 3\.\Z"
    one = Experiment(text="a b c")
    with pytest.raises(ValueError, match=said):
        edits.replaced(one, at, "x", "words")
    with pytest.raises(ValueError, match=said):
        edits.swapped(one, 0, at, "words")
    with pytest.raises(ValueError, match=said):
        edits.swapped(one, at, 0, "words")


def test_written() -> None:
    assert edits.written(Experiment(), "so it goes") == Experiment(text="so it goes")
    for nothing in ("", "  ", "\n", "\u200b"):
        with pytest.raises(ValueError, match=rf"\A{NOTHING}\Z"):
            edits.written(Experiment(), nothing)
    assert edits.written(Experiment(unit="characters"), " ").tokens == (" ",)
    # A network on the bench has a tokenizer of its own.
    with pytest.raises(ValueError, match=NOTHING):
        edits.written(Experiment(unit="characters"), " ", "words")
    with pytest.raises(ValueError, match=r"\Atext: got 200001 characters, expected at most 200000\Z"):
        edits.written(Experiment(), "x" * (MAX_TEXT + 1))


@pytest.mark.parametrize("unit", UNITS)
def test_cuts_beyond_the_end_are_dropped(unit: str) -> None:
    cuts = tuple(Cut(step, "h", 0, float(step)) for step in (1, 2, 3, 4))
    one = Experiment(text="a b c d" if unit == "words" else "abcd", unit=unit, hidden=2, cuts=cuts)
    shorter = edits.written(one, "x y" if unit == "words" else "xy", unit)
    assert shorter.cuts == cuts[:2]
    assert edits.replaced(one, 0, "", unit).cuts == cuts[:3]
    assert edits.turned(one, unit).cuts == cuts
    assert edits.written(one, "a b c d e" if unit == "words" else "abcde", unit).cuts == cuts
    shorter.run()
    # Where the network reads characters, a word is several steps.
    assert edits.written(replace(one, unit="words", text="a b c d"), "ab", "characters").cuts == cuts[:2]


# By hand

PLACES = st.builds(
    lambda unit, value, swap, whole: Cut(2, "h", None if whole else unit, value, None if whole else swap),
    st.integers(0, 3),
    st.sampled_from([0.25, -0.5, 2.0]),
    st.none() | st.integers(0, 3),
    st.sampled_from([False, False, False, True]),
)


def stands(one: Experiment) -> np.ndarray:
    return one.run().trace.gates()["h"][:, 0]


@settings(deadline=None, max_examples=150)
@given(st.lists(PLACES, min_size=1, max_size=8))
@example([Cut(2, "h", 0, swap=1), Cut(2, "h", 0, 5.0)])
@example([Cut(2, "h", 1, swap=0), Cut(2, "h", 0, 5.0)])
@example([Cut(2, "h", 0, 5.0), Cut(2, "h", 0, swap=1), Cut(2, "h", 0, 7.0)])
@example([Cut(2, "h", 0, 5.0), Cut(2, "h", 0, swap=0)])
def test_cuts_are_done_one_after_the_other_on_what_stands_there(cuts: list[Cut]) -> None:
    one = Experiment(text="a b c", hidden=4)
    wanted = stands(one)[1].copy()
    for cut in cuts:
        one = edits.cut(one, cut)
        if cut.swap is not None:
            wanted[[cut.unit, cut.swap]] = wanted[[cut.swap, cut.unit]]
        elif cut.unit is None:
            wanted[:] = cut.value
        else:
            wanted[cut.unit] = cut.value
        assert np.array_equal(stands(one)[1], wanted)
        # The first step was before it.
        assert np.array_equal(stands(one)[0], stands(Experiment(text="a b c", hidden=4))[0])


def test_a_cut_takes_the_place_of_what_was_set_there() -> None:
    one = edits.cut(Experiment(hidden=4), Cut(2, "h", 0, 0.5))
    assert edits.cut(one, Cut(2, "h", 0, 0.75)).cuts == (Cut(2, "h", 0, 0.75),)
    others = (
        Cut(1, "h", 0, 0.75),
        Cut(2, "z", 0, 0.75),
        Cut(2, "h", 1, 0.75),
        Cut(2, "h", 0, 0.75, None, 1),
        Cut(2, "h", 0, 0.75, None, 0, 1),
    )
    for other in others:
        assert edits.cut(one, other).cuts == (Cut(2, "h", 0, 0.5), other)
    every = one
    for other in others:
        every = edits.cut(every, other)
    # All units at once cover those of their own place, and no other.
    assert edits.cut(every, Cut(2, "h")).cuts == (others[0], others[1], others[3], others[4], Cut(2, "h"))
    swaps = edits.cut(every, Cut(2, "h", 0, 0.0, 1))
    assert edits.cut(swaps, Cut(2, "h")).cuts == (others[0], others[1], others[3], others[4], Cut(2, "h"))


def test_the_other_unit_of_a_swap_keeps_what_it_was_given() -> None:
    plain = stands(Experiment(text="a b c", hidden=4))[1]
    for swap in (Cut(2, "h", 0, swap=1), Cut(2, "h", 1, swap=0)):
        one = edits.cut(edits.cut(Experiment(text="a b c", hidden=4), swap), Cut(2, "h", 0, 0.5))
        assert stands(one)[1].tolist() == [0.5, plain[0], plain[2], plain[3]]
        assert edits.cut(one, Cut(2, "h", 0, 0.75)).cuts == (swap, Cut(2, "h", 0, 0.75))


def test_two_units_that_changed_places_twice_are_back() -> None:
    plain = edits.cut(Experiment(hidden=4), Cut(2, "h", 3, 0.5))
    for first, second in ((0, 1), (1, 0)):
        once = edits.cut(plain, Cut(2, "h", 0, 0.0, 1))
        assert once != plain
        assert edits.cut(once, Cut(2, "h", first, 0.0, second)) == plain
    assert edits.cut(plain, Cut(2, "h", 1, 0.0, 1)) == plain


def test_as_many_cuts_as_there_may_be() -> None:
    one = Experiment(text="a " * 300, hidden=2)
    for step in range(1, MAX_CHANGES + 1):
        one = edits.cut(one, Cut(step, "h", 0, 0.5))
    assert edits.cut(one, Cut(7, "h", 0, 0.25)).cuts[-1] == Cut(7, "h", 0, 0.25)
    with pytest.raises(ValueError, match=r"\Acuts: got 201, expected at most 200\Z"):
        edits.cut(one, Cut(201, "h", 0, 0.5))


def test_healed() -> None:
    nudges = (Nudge("weight_hh_l0", 0, 0, 1.0),)
    one = Experiment(cuts=(Cut(1, "h", 0), Cut(2, "h", 0), Cut(2, "h", 1)), nudges=nudges)
    assert edits.healed(one, 2) == replace(one, cuts=(Cut(1, "h", 0),))
    assert edits.healed(one) == Experiment()
    assert edits.healed(replace(one, cuts=())) == Experiment()
    with pytest.raises(ValueError, match=r"\ANothing was set by hand at step 3\.\Z"):
        edits.healed(one, 3)
    with pytest.raises(ValueError, match=r"\ANothing was done by hand\.\Z"):
        edits.healed(Experiment(start="hand"))


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=12))
@example([1, 2, -3])
def test_nudges_add_up_as_they_were_typed_and_vanish_at_nothing(tenths: list[int]) -> None:
    one = Experiment(hidden=2, nudges=(Nudge("bias_ih_l0", 0, 0, 5.0),))
    for tenth in tenths:
        one = edits.nudge(one, Nudge("weight_hh_l0", 1, 0, tenth / 10))
    total = sum(tenths) / 10
    rest = (Nudge("weight_hh_l0", 1, 0, total),) if total else ()
    assert one.nudges == (Nudge("bias_ih_l0", 0, 0, 5.0), *rest)


def test_a_nudge_is_of_one_place() -> None:
    one = edits.nudge(Experiment(hidden=2), Nudge("weight_hh_l0", 0, 0, 0.5))
    for other in (
        Nudge("weight_ih_l0", 0, 0, -0.5),
        Nudge("weight_hh_l0", 1, 0, -0.5),
        Nudge("bias_hh_l0", 0, 0, 1.0),
    ):
        assert edits.nudge(one, other).nudges == (*one.nudges, other)
    assert edits.nudge(Experiment(), Nudge("weight_hh_l0", 0, 0, 0.0)) == Experiment()
    with pytest.raises(ValueError, match=r"\Anudges: got 1500000\.0, expected a number within ±1e\+06\Z"):
        edits.nudge(edits.nudge(one, Nudge("weight_hh_l0", 0, 0, LARGEST - 0.5)), Nudge("weight_hh_l0", 0, 0, 5e5))


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", 1.0), ("1.5", 1.5), ("1,5", 1.5), ("−2", -2.0), ("-2", -2.0), ("+2", 2.0), (" 3 \n", 3.0)],
        *[("1e3", 1000.0), (".5", 0.5), ("1e6", 1e6), ("−1e6", -1e6), ("1e-400", 0.0), ("−0", 0.0), ("-0.0", 0.0)],
    ],
)
def test_a_number_that_was_typed(text: str, value: float) -> None:
    found = number(text)
    assert found == value
    assert math.copysign(1.0, found) == math.copysign(1.0, value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *[("", ""), (" ", ""), ("NaN", "NaN"), ("inf", "inf"), ("-Infinity", "-Infinity"), ("1e999", "1e999")],
        *[("1000001", "1000001"), ("one", "one"), ("1 2", "1 2"), ("1.5.2", "1.5.2"), ("0x10", "0x10"), ("--1", "--1")],
        *[("9" * 5000, "9" * 20), ("x\ny", "x y"), ("\x1b[31m", "␛[31m"), ("1\x00", "1␀"), ("\ud800", "�")],
        *[("\u202eabc", "�abc"), ("{low}", "{low}")],
    ],
)
def test_no_number_is_refused_in_one_line(text: str, shown: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011 — the whole line is compared
        number(text)
    assert str(found.value) == f"“{shown}” is no number from -1,000,000 to 1,000,000: the last good one stays."


def test_bounds_of_a_number() -> None:
    assert number("1", 1, 5) == 1.0
    assert number("5", 1, 5) == 5.0
    for text in ("0.99", "5.01"):
        with pytest.raises(ValueError, match=rf"\A“{text}” is no number from 1 to 5: the last good one stays\.\Z"):
            number(text, 1, 5)
    assert whole("3.0", 1, 5) == 3
    assert isinstance(whole("3", 1, 5), int)
    with pytest.raises(ValueError, match=r"\A“2\.5” is no whole number: the last good one stays\.\Z"):
        whole("2.5", 1, 5)
    with pytest.raises(ValueError, match=r"\A“6” is no number from 1 to 5"):
        whole("6", 1, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2000", 2_000), ("2,000", 2_000), (" 12,345 ", 12_345), ("1,234,567", 1_234_567), ("2,000.0", 2_000)],
)
def test_commas_between_thousands_are_read_as_such(text: str, value: int) -> None:
    assert whole(text, 0, 2**31) == value
    assert [whole(sign + text.strip(), -(2**31), 2**31) for sign in "+−-"] == [value, -value, -value]


@pytest.mark.parametrize(
    "text",
    ["2,5", "2,0", "20,00", "2,00", "2000,000", "0,500", ",000", "1,", "1,,000", "1,0000", "1,000,00", "1.000,0"],
)
def test_a_comma_anywhere_else_is_refused_in_a_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match=rf"\A“{re.escape(text)}” is no whole number: the last good one stays\.\Z"):
        whole(text, 0, 2**31)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2147483649", "“2147483649” is no number from 0 to 2,147,483,648"),
        ("3,000,000,000", "“3,000,000,000” is no number from 0 to 2,147,483,648"),
        ("1234567.5", "“1234567.5” is no whole number"),
    ],
)
def test_a_refusal_quotes_what_was_typed_and_every_digit_of_a_bound(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"no (whole )?number") as found:
        whole(text, 0, 2**31)
    assert str(found.value) == f"{said}: the last good one stays."


def test_a_bound_that_is_not_whole_is_as_it_is() -> None:
    with pytest.raises(ValueError, match=r"\A“5” is no number from 1e-06 to 0\.5: the last good one stays\.\Z"):
        number("5", 1e-6, 0.5)


def test_several_numbers() -> None:
    assert numbers("") == ()
    assert numbers(" 1  −2;0,5\n3 ") == (1.0, -2.0, 0.5, 3.0)
    with pytest.raises(ValueError, match=r"\A“two” is no number from -1,000,000 to 1,000,000: the last"):
        numbers("1 two 3")


@given(st.text(st.characters(exclude_categories=()), max_size=12))
def test_whatever_is_typed_is_a_number_or_one_line(text: str) -> None:
    for read in (number, numbers, lambda said: whole(said, 0, 9)):
        said = why(lambda read=read: read(text))
        assert clean(said) == said
        assert len(said) < 100
        if not said:
            found = read(text)
            assert all(math.isfinite(value) for value in (found if isinstance(found, tuple) else (found,)))


# Undo and redo


@given(st.lists(st.sampled_from("uuryabcde"), max_size=40))
def test_undo_and_redo_are_exact(keys: list[str]) -> None:
    now, behind, ahead = Experiment(text="start"), [], []  # type: ignore[var-annotated]
    history = History(now)
    for key in keys:
        if key == "u":
            if not behind:
                with pytest.raises(ValueError, match=r"\AThere is nothing to undo\.\Z"):
                    history.undo()
                continue
            history = history.undo()
            ahead.insert(0, now)
            now = behind.pop()
        elif key in "ry":
            if not ahead:
                with pytest.raises(ValueError, match=r"\AThere is nothing to redo\.\Z"):
                    history.redo()
                continue
            history = history.redo()
            behind.append(now)
            now = ahead.pop(0)
        else:
            other = Experiment(text=key)
            history = history.does(other)
            if other != now:
                behind.append(now)
                now, ahead = other, []
        assert (history.now, history.behind, history.ahead) == (now, tuple(behind), tuple(ahead))
        assert all(one is two for one, two in zip((history.now, *history.behind), (now, *behind), strict=True))


def test_as_many_as_can_be_undone() -> None:
    history = History(Experiment(seed=0))
    for seed in range(1, MOST_UNDONE + 100):
        history = history.does(Experiment(seed=seed))
    assert len(history.behind) == MOST_UNDONE
    assert history.behind[-1].seed == MOST_UNDONE + 98
    for _ in range(MOST_UNDONE):
        history = history.undo()
    assert history.now.seed == 99
    for _ in range(MOST_UNDONE):
        history = history.redo()
    assert history.now.seed == MOST_UNDONE + 99


def characters(history: History) -> int:
    texts = {id(text): text for one in (*history.behind, *history.ahead) for text in (one.text, one.beside)}
    return sum(map(len, texts.values()))


def test_five_hundred_long_texts_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is kept is counted in characters: nothing here has to be read.
    monkeypatch.setattr("tutor.sandbox.experiment.tokens_of", lambda text, unit: ("w",))
    history = History(Experiment(text="w" * MAX_TEXT))
    for turn in range(500):
        history = history.does(Experiment(text=f"{turn:03}" + "w" * (MAX_TEXT - 3)))
        assert characters(history) <= MOST_KEPT
    assert len(history.behind) == MOST_KEPT // MAX_TEXT
    assert history.undo().now.text.startswith("498")
    # One that was undone is kept as well, and no more than that.
    while history.behind:
        history = history.undo()
        assert characters(history) <= MOST_KEPT


def test_a_text_that_several_share_is_kept_once() -> None:
    text = "w" * MAX_TEXT
    history = History(Experiment(text=text, beside=text))
    for seed in range(1, 200):
        history = history.does(replace(history.now, seed=seed))
    assert len(history.behind) == 199


def test_the_last_one_can_be_undone_however_long_it_is() -> None:
    history = History(Experiment(text="a" * MAX_TEXT, beside="b" * MAX_TEXT, h_0=(1.0,) * 1_000_000))
    history = history.does(Experiment())
    assert len(history.behind) == 1
    history = history.does(Experiment(seed=1))
    assert history.behind == (Experiment(),)


def test_numbers_by_hand_count_as_well() -> None:
    history = History(Experiment())
    for turn in range(100):
        history = history.does(Experiment(start="hand", h_0=tuple(float(turn + at) for at in range(20_000))))
    kept = {id(one.h_0): one.h_0 for one in history.behind}
    room = sum(sys.getsizeof(h_0) + sum(map(sys.getsizeof, h_0)) for h_0 in kept.values())
    # As many bytes as the texts may have, of four bytes a character.
    assert room <= 4 * MOST_KEPT * 1.01
    assert len(history.behind) == 24  # one more, and its text, would be too much
