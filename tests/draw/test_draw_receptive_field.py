"""The tree of a convolution over a text, and what a state depends on: exact pictures, and any input at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, row_width, text_of
from tutor.draw.figures.receptive_field import Setting, across, percent, reach, receptive_field, settings, written

TOKENS = ["never", "too", "late", "to", "learn"]
CONV, STATE = (0.0, 0.5, 1.0, 0.25), (0.001, 0.02, 0.5, 1.0)


def test_the_whole_picture(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(TOKENS, 4, 2, (1, 1), CONV, STATE, 0, 60, 16, Look())
    assert (
        shown(rows)
        == """
    |layer 2 d=1     ·     ·     ·     ●     ·
    |                            ┌─────┤
    |layer 1 d=1     ·     ·     ●     ●     ·
    |                      ┌─────┼─────┤
    |inputs x        ·     ●     ●     ●     ·
    |token         never  too  late   to   learn
    |                           ███
    |                     ▄▄▄   ███
    |conv            ·    ███   ███   ▆▆▆
    |% of largest    0    50    100   25
    |                                 ███
    |                           ▄▄▄   ███
    |state          ▁▁▁   ▁▁▁   ███   ███
    |% of largest   0.1   2.0   50    100
    |the convolution sees 3 tokens, exactly: R = 1 + 1 + 1 = 3
    |state: 0.1 % after 3 tokens
    """
    )


def test_without_colours_in_ascii_and_in_less_room(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(TOKENS, 4, 3, (1,), CONV, STATE, 0, 40, 7, Look("none", True))
    assert (
        shown(rows)
        == """
    |d=1      .     .     .     o     .
    |x        .     o     o     o     .
    |token  never  too  late   to   learn
    |conv     .    +++   ###   :::
    |state   :::   :::   +++   ###
    |the convolution sees 3 tokens, exactly
    |state: 0.1 % after 3 tokens
    """
    )


def test_in_four_rows_the_idea_stays(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(TOKENS, 4, 2, (1, 2), CONV, STATE, 0, 28, 4, Look())
    assert (
        shown(rows)
        == """
    |  ●    ●    ●    ●    ·
    |never too late  to  learn
    |  ·   ▄▄▄  ███  ▂▂▂
    | ▁▁▁  ▁▁▁  ▄▄▄  ███
    """
    )


SENTENCE = ["it", "is", "never", "too", "late", "to", "learn", "to", "read", "and", "to", "write"]


def test_in_the_least_window_all_words_and_both_shares_are_in_sight(shown) -> None:  # type: ignore[no-untyped-def]
    state = tuple(3.0**k for k in range(-11, 1))
    conv = (0.0,) * 4 + (0.8, 0.7, 0.6, 0.5, 0.9, 1.0, 0.4, 0.5)
    rows = receptive_field(SENTENCE, 12, 2, (1, 2, 4), conv, state, 0, 58, 7, Look())
    assert (
        shown(rows)
        == """
    |d=4     ·   ·   ·   ·   ·   ·   ·   ·   ·   ·   ·   ●
    |d=2     ·   ·   ·   ·   ·   ·   ·   ●   ·   ·   ·   ●
    |d=1     ·   ·   ·   ·   ·   ●   ·   ●   ·   ●   ·   ●
    |x       ·   ·   ·   ·   ●   ●   ●   ●   ●   ●   ●   ●
    |token  it  is  ne… too la… to  le… to  re… and to  wr…
    |conv    ·   ·   ·   ·  ▆▆▆ ▆▆▆ ▅▅▅ ▄▄▄ ▇▇▇ ███ ▃▃▃ ▄▄▄
    |state  ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▃▃▃ ███
    """
    )
    # A column less, and the words around the current one are there, under whole names.
    assert across(SENTENCE, 12, 8, 53).first == 1
    assert across(SENTENCE, 12, 8, 54) == (6, 4, 0, 12)
    assert across(SENTENCE, 12, 8, 61) == (13, 4, 0, 12)


DEEP = (1, 2, 4, 8)
SHARES = tuple(3.0**k for k in range(-11, 1))


def test_layers_without_a_row_are_counted(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(SENTENCE, 12, 2, DEEP, SHARES, SHARES, 0, 58, 7, Look())
    assert (
        shown(rows)
        == """
    |d=8     ·   ·   ·   ·   ·   ·   ·   ·   ·   ·   ·   ●
    |d=4     ·   ·   ·   ●   ·   ·   ·   ·   ·   ·   ·   ●
    |… 2 more layers
    |x       ●   ●   ●   ●   ●   ●   ●   ●   ●   ●   ●   ●
    |token  it  is  ne… too la… to  le… to  re… and to  wr…
    |conv   ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▃▃▃ ███
    |state  ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▁▁▁ ▃▃▃ ███
    """
    )
    # A row more, and all are there.
    rows = receptive_field(SENTENCE, 12, 2, DEEP, SHARES, SHARES, 0, 58, 8, Look())
    assert [text_of([row]).split()[0] for row in rows[:5]] == ["d=8", "d=4", "d=2", "d=1", "x"]


def test_without_a_row_to_say_so_the_top_layer_says_that_there_are_more(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(SENTENCE, 12, 2, DEEP, SHARES, SHARES, 0, 58, 6, Look("none", True))
    assert (
        shown(rows)
        == """
    |d=8~    .   .   .   .   .   .   .   .   .   .   .   o
    |x       o   o   o   o   o   o   o   o   o   o   o   o
    |token  it  is  ne~ too la~ to  le~ to  re~ and to  wr~
    |conv   ::: ::: ::: ::: ::: ::: ::: ::: ::: ::: ::: ###
    |state  ::: ::: ::: ::: ::: ::: ::: ::: ::: ::: ::: ###
    |state: 0.0006 % after 11 tokens
    """
    )
    wide = receptive_field(TOKENS, 5, 2, DEEP, None, None, 0, 60, 5, Look())
    assert text_of(wide[:1]).startswith("layer 4 d=8…  ")
    widest = receptive_field(TOKENS, 5, 2, (1, 2, 4, 8, 16, 32), None, None, 0, 60, 5, Look())
    assert text_of(widest[:1]).startswith("d=32…  ")
    # With one layer there are none under it.
    assert text_of(receptive_field(TOKENS, 5, 2, (1,), None, None, 0, 60, 5, Look())[:1]).startswith("layer 1 d=1  ")


def test_without_names_a_row_alone_says_so(shown) -> None:  # type: ignore[no-untyped-def]
    rows = receptive_field(SENTENCE, 12, 2, DEEP, None, None, 0, 28, 6, Look())
    assert (
        shown(rows[:3])
        == """
    | · · · · · · · · · · · ●
    |… 3 more layers
    | ● ● ● ● ● ● ● ● ● ● ● ●
    """
    )


@many
@given(st.integers(2, 6), st.integers(5, 12), st.sampled_from([45, 58, 78]), st.booleans())
def test_no_layer_is_left_out_without_a_word(layers: int, height: int, width: int, ascii: bool) -> None:
    dilations = tuple(2**at for at in range(layers))
    rows = receptive_field(SENTENCE, 12, 2, dilations, SHARES, SHARES, 0, width, height, Look(ascii=ascii))
    names = [text_of([row]).split("  ")[0] for row in rows]
    sign = "~" if ascii else "…"
    there = [name for name in names if "d=" in name]
    left_out = [int(name.split()[1]) for name in names if name.startswith(sign)]
    if there[0].endswith(sign):
        assert (len(there), left_out) == (1, [])
    else:
        assert len(there) + sum(left_out) == layers
        assert left_out != [0]
    assert not any(name.endswith(sign) for name in there[1:])


@pytest.mark.parametrize(
    ("position", "width", "look", "said"),
    [
        (5, 58, Look(), "token         it  is  ne… too la… to  le… to  re… and to"),
        (11, 58, Look(), "token ‹ 1     is  ne… too la… to  le… to  re… and to  wr…"),
        (20, 58, Look(), "token ‹ 10    to  wr… it  is  ne… too la… to  le… to  re…"),
        (5_000, 58, Look(), "token ‹ 4990  to  wr… it  is  ne… too la… to  le… to  re…"),
        (10_500, 58, Look(), "‹ 10490       ne… too la… to  le… to  re… and to  wr… it"),
        (10_500, 58, Look("none", True), "< 10490       ne~ too la~ to  le~ to  re~ and to  wr~ it"),
        (20, 40, Look(), "‹ 10  to    it is    too   to    to"),
        (500, 40, Look(), "‹ 490 to    it is    too   to    to"),
        (1_500, 40, Look(), "‹1490      late      to    and  write"),
        (10_500, 40, Look(), "‹          late      to    and  write"),
        (20, 20, Look(), " ‹  is  too to  to"),
    ],
)
def test_tokens_that_went_by_on_the_left_are_counted(position: int, width: int, look: Look, said: str) -> None:
    rows = receptive_field(SENTENCE * 900, position, 2, (1, 2, 4), None, None, 0, width, 7, look)
    assert text_of(rows[4:5]).rstrip() == said


def test_where_percents_would_touch_they_drop_their_zeros(shown) -> None:  # type: ignore[no-untyped-def]
    state = (0.0001, 0.0002, 0.0005, 0.001, 0.004, 0.009, 0.018, 0.048, 0.11, 0.19, 0.41, 1.0)
    rows = receptive_field(SENTENCE, 12, 2, (1, 1), None, state, 0, 61, 20, Look())
    (line,) = [row for row in rows if ".01" in text_of([row]) and "state" not in text_of([row])]
    assert (
        shown(line)
        == """
    |% of largest  .01 .02 .05 .1  .4  .9  1.8 4.8 11  19  41  100
    """
    )


def test_a_dilated_tree_reaches_back_by_its_dilations(shown) -> None:  # type: ignore[no-untyped-def]
    tokens = [chr(97 + i) for i in range(8)]
    rows = receptive_field(tokens, 8, 2, (1, 2, 4), None, None, 0, 60, 13, Look("none"))
    assert (
        shown(rows[:7])
        == """
    |layer 3 d=4    ·    ·    ·    ·    ·    ·    ·    ●
    |                              ┌───────────────────┤
    |layer 2 d=2    ·    ·    ·    ●    ·    ·    ·    ●
    |                    ┌─────────┤         ┌─────────┤
    |layer 1 d=1    ·    ●    ·    ●    ·    ●    ·    ●
    |               ┌────┤    ┌────┤    ┌────┤    ┌────┤
    |inputs x       ●    ●    ●    ●    ●    ●    ●    ●
    """
    )


def test_before_the_text_there_are_zeros() -> None:
    said = text_of(receptive_field(TOKENS, 2, 3, (1, 2), (1.0, 1.0), (0.5, 1.0), 0, 120, 9, Look()))
    assert "sees 2 tokens, exactly, and 5 zeros before the start: R = 1 + Σ(k−1)·d = 1 + 2 + 4 = 7" in said
    assert "of “never”, 1 token ago, 50 % is left" in said
    said = text_of(receptive_field(TOKENS, 4, 2, (4,), (1.0,) * 4, (1.0,) * 4, 0, 120, 9, Look()))
    assert "sees 4 tokens, exactly, and 1 zero before the start" in said


def test_nothing_is_read_yet() -> None:
    said = text_of(receptive_field(TOKENS, 0, 2, (1, 2), (), (), 0, 60, 6, Look()))
    assert "Nothing is read yet: step once" in said
    assert "●" not in said
    assert "There is no text" in text_of(receptive_field([], 0, 2, (1,), (), (), 0, 60, 6, Look()))


def test_before_it_is_measured_it_says_so() -> None:
    rows = text_of(receptive_field(TOKENS, 3, 2, (1,), None, None, 0, 60, 9, Look()))
    assert "the state: being measured" in rows
    assert "█" not in rows
    assert "●" in rows


def test_what_is_no_amount_is_named() -> None:
    nothing = text_of(receptive_field(TOKENS, 2, 2, (1,), (0.0, 0.0), (0.0, 0.0), 0, 60, 12, Look()))
    assert "the state depends on no token: every gradient is 0" in nothing
    odd = text_of(receptive_field(TOKENS, 2, 2, (1,), (0.0, math.nan), (math.inf, 1.0), 0, 60, 12, Look()))
    assert "overflow" in odd
    assert "inf" in odd
    assert "NaN" in odd
    assert "?" in odd


def test_a_first_token_has_no_past() -> None:
    said = text_of(receptive_field(TOKENS, 1, 2, (1,), (1.0,), (1.0,), 0, 60, 9, Look()))
    assert "so far it has read one token" in said


def test_what_is_almost_nothing_is_faint_and_what_is_nothing_is_a_dot(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    rows = receptive_field(TOKENS[:3], 3, 1, (1,), (0.0, 0.0, 1.0), (0.01, 0.5, 1.0), 0, 44, 9, look)
    (state,) = [row for row in rows if text_of([row]).startswith("state  ")]
    paint, text = painted(state, look), text_of([state])
    assert paint[text.index("▁")] == "m"
    assert paint[text.index("▄")] == paint[text.index("█")] == "x"
    (conv,) = [row for row in rows if text_of([row]).startswith("conv  ")]
    assert text_of([conv]).split() == ["conv", "·", "·", "███"]


def test_the_current_token_is_the_brightest_and_shows_the_focus() -> None:
    look = Look()
    for focused in (False, True):
        rows = receptive_field(TOKENS, 2, 2, (1,), (1.0, 1.0), (1.0, 1.0), 0, 60, 9, look, focused=focused)
        (style,) = [style for row in rows for text, style in row if text == "too"]
        assert style == look.accent._replace(bold=True, underline=focused)
        (ahead,) = [style for row in rows for text, style in row if "late" in text]
        assert ahead == look.muted


def test_words_without_room_beside_each_other_stand_under_each_other(shown) -> None:  # type: ignore[no-untyped-def]
    tokens = ["thought", "thought", "thought", "永遠", "late"]
    rows = receptive_field(tokens, 5, 2, (1,), (1.0,) * 5, (1.0,) * 5, 0, 26, 24, Look())
    assert (
        shown(rows[3:5])
        == """
    |    thought    永遠 late
    |thought  thought
    """
    )


def test_a_long_text_is_shown_around_its_step_at_the_same_cost() -> None:
    tokens = [str(i) for i in range(10_000)]
    at = across(tokens, 5000, 8, 80)
    assert at.first < 5000 - 8
    assert at.last == 5001
    assert at.token(at.column(4999)) == 4999
    rows = text_of(receptive_field(tokens, 5000, 2, (1, 2, 4), (1.0,) * 256, (1.0,) * 256, 4744, 80, 20, Look()))
    assert "4999" in rows
    assert "of “4744”, 255 tokens ago, 100 % is left" in rows

    class Counted(list):  # type: ignore[type-arg]
        """A text that knows how many of its tokens were looked at."""

        looked = 0

        def __getitem__(self, key):  # type: ignore[no-untyped-def]
            found = super().__getitem__(key)
            self.looked += len(found) if isinstance(key, slice) else 1
            return found

        def __iter__(self):  # type: ignore[no-untyped-def]
            raise AssertionError("the whole text was read")

    counted = Counted(tokens)
    receptive_field(counted, 5000, 2, (1, 2, 4), (1.0,) * 99, (1.0,) * 99, 4901, 80, 20, Look())
    assert counted.looked < 300


def test_all_that_is_seen_is_in_view_where_it_can_be() -> None:
    tokens = ["word"] * 300
    place = across(tokens, 200, 63, 80)
    assert place.first <= 200 - 63
    assert place.pitch == 1
    assert across(tokens, 200, 8, 80).pitch == 4
    assert across(["a", "b"], 1, 8, 80).pitch == 5


def test_a_click_finds_the_token_of_its_column() -> None:
    place = across(TOKENS, 5, 3, 60)
    assert [place.token(place.column(i)) for i in range(5)] == [0, 1, 2, 3, 4]
    assert place.token(place.left - 1) is None
    assert place.token(59) is None


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((1.0, "100"), (0.0996, "10"), (0.0994, "9.9"), (0.003, "0.3"), (0.0006, "0.06"), (2e-11, "2e-9")),
        *((0.0, "0"), (math.nan, "NaN"), (math.inf, "inf")),
    ],
)
def test_percent(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((0.5, "50"), (0.079, "7.9"), (6e-4, "0.06"), (7e-5, "0.007"), (9e-6, "0.0009"), (1.2e-6, "0.0001")),
        *((9e-7, "9e-5"), (-7e-5, "-0.007"), (0.0, "0"), (math.nan, "NaN"), (math.inf, "inf"), (1e-300, "1e-298")),
    ],
)
def test_percent_in_a_sentence(share: float, said: str) -> None:
    assert written(share) == said
    rows = receptive_field(TOKENS, 4, 2, (1, 1), CONV, (share, 0.02, 0.5, 1.0), 0, 70, 16, Look())
    assert not 0 <= share < 1 or f"of “never”, 3 tokens ago, {said} % is left" in text_of(rows)


def test_reach() -> None:
    assert reach(2, (1, 2, 4)) == 8
    assert reach(3, (1, 1)) == 5
    assert reach(1, (1, 2, 4)) == 1


def test_settings(shown) -> None:  # type: ignore[no-untyped-def]
    items = [Setting("kernel", "2"), Setting("cell", "RNN", sized=False)]
    row, zones = settings(items, 40, Look())
    assert shown(row) == "\n    |kernel ‹ 2 ›   cell RNN\n    "
    assert zones == [(0, 9, 0, -1), (9, 12, 0, 1), (15, 23, 1, 1)]
    assert settings(items, 14, Look())[1] == zones[:2]
    assert text_of([settings(items, 40, Look(ascii=True))[0]]).startswith("kernel < 2 >")


norms = st.one_of(st.none(), st.lists(numbers.map(abs), max_size=20))


@many
@given(
    st.lists(labels, max_size=20),
    st.integers(-1, 22),
    st.integers(1, 5),
    st.lists(st.sampled_from([1, 2, 4, 8, 16, 32]), min_size=1, max_size=6),
    norms,
    norms,
    st.integers(0, 20),
    widths,
    heights,
    looks,
    st.booleans(),
)
def test_any_input(tokens, position, k, dilations, conv, state, measured, columns, rows, look, focused):  # type: ignore[no-untyped-def]
    drawn = receptive_field(tokens, position, k, dilations, conv, state, measured, columns, rows, look, focused=focused)
    check(drawn, columns, count=rows)


@many
@given(st.integers(0, 12), st.integers(1, 3), widths, heights, st.booleans(), st.booleans())
def test_ascii_is_ascii(position: int, k: int, columns: int, rows: int, dark: bool, measured: bool) -> None:
    norms = tuple(10.0**-i for i in range(position))[::-1] if measured else None
    look = Look("none", True, dark)
    text = text_of(receptive_field(["word"] * 12, position, k, (1, 2, 4), norms, norms, 0, columns, rows, look))
    assert text.isascii()


@many
@given(st.lists(st.builds(Setting, labels, labels, st.booleans()), max_size=5), widths, looks)
def test_any_settings(items: list[Setting], columns: int, look: Look) -> None:
    row, zones = settings(items, columns, look)
    assert row_width(row) == columns
    assert all(0 <= start <= end <= columns for start, end, _index, _by in zones)
