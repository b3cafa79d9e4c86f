"""Words and their tags: exact pictures, and any words, any numbers at any size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, Row, text_of
from tutor.draw.figures.tags import Tagged, lay_out, tags

P = np.array([[0.9, 0.06, 0.04], [0.25, 0.7, 0.05], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
TEXT = Tagged(
    ("we", "park", "zebras", "永遠"),
    ("PRON", "VERB", "NOUN"),
    P,
    (True, True, False, True),
    ("PRON", "NOUN", "NOUN", None),
)
WHOLE = TEXT._replace(probabilities=P[1:2], truth=(None, None, None, "PRON"), whole=True)


def drawn(
    width: int = 60,
    height: int = 12,
    look: Look = Look(),  # noqa: B008
    *,
    text: Tagged = TEXT,
    position: int = 3,
    summary: tuple[str, ...] = ("right 2 of 3, mean confidence 0.77", "right 2 of 3"),
    note: tuple[str, ...] = ("read from both ends",),
    focused: bool = False,
) -> list[Row]:
    return tags(text, position, width, height, look, summary=summary, note=note, focused=focused)


def test_the_whole_picture(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn())
        == """
    |read from both ends
    |  we       PRON ███████████████▎·   0.90  ✓       VERB 0.06
    |  park     VERB ███████████▉·····   0.70  ✗ NOUN  PRON 0.25
    |▸ zebras ? NOUN ███████████▉·····   0.70  ✓       VERB 0.20
    |  永遠
    |
    |all of “zebras”
    |PRON    ████▋·········································  0.10
    |VERB    █████████▎····································  0.20
    |NOUN ✓  ████████████████████████████████▎·············  0.70
    |
    |right 2 of 3, mean confidence 0.77
    """
    )


def test_what_was_called_something_else_before_is_marked(shown) -> None:  # type: ignore[no-untyped-def]
    edited = TEXT._replace(truth=(), before=("PRON", "NOUN", "NOUN", "VERB"))
    assert (
        shown(drawn(60, 6, text=edited, position=4))
        == """
    |read from both ends
    |  we       PRON ███████████████▎·   0.90          VERB 0.06
    |  park     VERB ███████████▉·····   0.70  ≠ NOUN  PRON 0.25
    |  zebras ? NOUN ███████████▉·····   0.70          VERB 0.20
    |▸ 永遠     PRON ████████▌········   0.50  ≠ VERB  VERB 0.30
    |right 2 of 3, mean confidence 0.77
    """
    )
    assert "! NOUN" in shown(drawn(60, 6, Look(ascii=True), text=edited))
    assert " ≠ " in shown(drawn(34, 6, text=edited)), "where there is no room for the name, the sign is enough"


def test_with_room_beside_the_tags_stand_there(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(76, 7))
        == """
    |read from both ends                         all of “zebras”
    |  we       PRON █████████▉·   0.90  ✓       PRON    █▊················  0.10
    |  park     VERB ███████▊···   0.70  ✗ NOUN  VERB    ███▋··············  0.20
    |▸ zebras ? NOUN ███████▊···   0.70  ✓       NOUN ✓  ████████████▋·····  0.70
    |  永遠
    |
    |right 2 of 3, mean confidence 0.77
    """
    )


def test_without_colours_in_ascii_and_in_less_room(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(44, 6, Look("none", True)))
        == """
    |read from both ends
    |  we       PRON ############.   0.90  *
    |  park     VERB #########....   0.70  x NOUN
    |> zebras ? NOUN #########....   0.70  *
    |  永遠
    |right 2 of 3, mean confidence 0.77
    """
    )
    assert (
        shown(drawn(20, 5))
        == """
    |read from both ends
    |  park  VERB    0.70
    |▸ ze… ? NOUN    0.70
    |  永遠
    |right 2 of 3
    """
    )


def test_without_a_known_truth_the_runners_up_have_the_room() -> None:
    rows = text_of(drawn(60, 6, text=TEXT._replace(truth=()), position=4))
    assert "zebras ? NOUN █████████▏···   0.70  VERB 0.20   PRON 0.10" in rows
    assert "✓" not in rows
    assert "✗" not in rows


def test_one_answer_for_the_whole_stands_under_the_words(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(60, 8, text=WHOLE, position=4))
        == """
    |read from both ends
    |  zebras ?
    |▸ 永遠
    |all of the whole text
    |PRON ✓  ███████████▌··································  0.25
    |VERB ✗  ████████████████████████████████▎·············  0.70
    |NOUN    ██▎···········································  0.05
    |right 2 of 3, mean confidence 0.77
    """
    )
    before = text_of(drawn(60, 8, text=WHOLE, position=3))
    assert before.startswith("It reads from both ends: no answer before the last word.")
    assert "0.70" not in before


def test_nothing_is_read_yet() -> None:
    said = text_of(drawn(position=0))
    assert "Nothing is read yet: step once, and it names the first word." in said
    assert "PRON" not in said
    assert "one answer comes at the end" in text_of(drawn(90, position=0, text=WHOLE))
    empty = Tagged((), ("a",), np.zeros((0, 1)), ())
    assert "There is no text." in text_of(drawn(text=empty, position=0))


def test_what_was_just_read_is_the_brightest_and_what_is_to_come_is_dim(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    rows = drawn()
    assert painted(rows[3], look)[:5] == "AAAAA"
    assert painted(rows[2], look)[:5] == "....."
    assert painted(rows[4], look)[:5] == "mmmmm"
    assert [span.style for span in rows[2] if "✗" in span.text] == [look.bad]
    assert [span.style for span in rows[1] if "✓" in span.text] == [look.good]
    (bar,) = [span for span in rows[3] if span.text.startswith("█")]
    assert bar.style == look.accent
    (bar,) = [span for span in rows[2] if span.text.startswith("█")]
    assert bar.style != look.accent


def test_the_heading_shows_the_focus() -> None:
    assert drawn(focused=True)[0][0].style.underline
    assert not drawn()[0][0].style.underline


def test_many_labels_are_ranked_when_they_do_not_fit() -> None:
    p = np.full((1, 40), 0.01)
    p[0, 33] = 0.61
    text = Tagged(("a",), tuple(f"L{i}" for i in range(40)), p, (True,), ("L0",))
    rows = text_of(drawn(78, 8, text=text, position=1)).split("\n")
    assert "all of “a”" in rows[0]
    assert "L33 ✗" in rows[1]
    assert "L0  ✓" in rows[2]


def test_the_words_scroll_around_the_step() -> None:
    words = tuple(f"w{i}" for i in range(1000))
    text = Tagged(words, ("a", "b"), np.full((1000, 2), 0.5), (True,) * 1000)
    for position in (1, 2, 500, 999, 1000):
        lines = text_of(drawn(60, 9, text=text, position=position)).split("\n")
        (here,) = [line for line in lines if line.startswith("▸")]
        assert here.split()[1] == f"w{position - 1}"
        plan = lay_out(1000, 2, position, 60, 9)
        assert plan.word(lines.index(here)) == position - 1
        assert plan.word(0) is None
        assert plan.word(plan.rows + 1) is None


def test_what_is_no_number_is_named() -> None:
    text = TEXT._replace(probabilities=np.array([[math.nan] * 3, [math.inf, 0, 0], [-math.inf, -1.0, -2.0], [0, 0, 0]]))
    said = text_of(drawn(text=text, position=1))
    assert "NaN" in said
    assert "?" in said
    assert "▶" in text_of(drawn(text=text, position=2))


@many
@given(
    st.lists(st.tuples(labels, st.booleans(), st.one_of(st.none(), labels)), max_size=12),
    st.lists(labels, min_size=1, max_size=9, unique=True),
    st.data(),
    widths,
    heights,
    looks,
    st.booleans(),
    labels,
)
def test_anything_at_any_size(rows, names, data, columns, high, look, whole, note):  # type: ignore[no-untyped-def]
    count = 1 if whole else len(rows)
    flat = data.draw(st.lists(numbers, min_size=count * len(names), max_size=count * len(names)))
    text = Tagged(
        tuple(r[0] for r in rows),
        tuple(names),
        np.array(flat, np.float64).reshape(count, len(names)),
        tuple(r[1] for r in rows),
        tuple(r[2] for r in rows) if note else (),
        whole,
    )
    position = data.draw(st.integers(0, len(rows)))
    found = tags(text, position, columns, high, look, summary=(note,), note=(note,))
    check(found, columns, count=high)


@pytest.mark.parametrize("look", [Look(ascii=True), Look("256", True, False), Look("none", True)])
def test_ascii_means_ascii(look: Look) -> None:
    text = TEXT._replace(words=("we", "park", "zebras" * 9, "on"))
    for width, height in ((76, 8), (60, 12), (20, 5)):
        for position in (0, 2, 4):
            assert text_of(drawn(width, height, look, text=text, position=position)).isascii()
            whole = WHOLE._replace(words=text.words)
            assert text_of(drawn(width, height, look, text=whole, position=position)).isascii()
