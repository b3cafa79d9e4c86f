"""A word looked up, and words in a plane: what is drawn, and that it is true of any numbers."""

from __future__ import annotations

import math
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.embedding import Lookup, Scene, dimension_at, hashed, lookup, plane, word_at

TRUE = Look()
NONE = Look("none")
ASCII = Look("none", ascii=True)

WORDS = ("<unk>", "never", "too", "late", "to", "code")
E = np.array(
    [[0.1, 0.0, -0.2], [1.5, -0.5, 0.3], [1.2, -0.6, 0.2], [-1.0, 0.9, 0.4], [-0.9, -1.1, 2.0], [0.2, 0.3, -0.4]],
    np.float32,
)
PLACES = np.array([[0.0, 0.0], [2.0, 1.0], [1.8, 0.9], [-2.0, 0.4], [-0.4, -1.0], [0.9, -0.8]])


def found(token: str = "late", at: int = 3, table: np.ndarray = E, words: tuple[str, ...] = WORDS) -> Lookup:
    one_hot = np.eye(len(table), dtype=table.dtype)[at]
    with np.errstate(invalid="ignore"):
        product = one_hot @ table
        return Lookup(token, at, words, table, product, table[at], product - table[at])


def scene(**changes: object) -> Scene:
    near = ((2, 0.98), (5, 0.31))
    moved = (("late", 2.5), ("to", 1.25))
    whole = Scene(PLACES, WORDS, (0.62, 0.25), 1, near, (3, 2, 1), moved, "moved since update 0", "update 40 of 60")
    return whole._replace(**changes)


# Pictures keep their own lines.
# fmt: off


def test_a_word_looked_up(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(lookup(found(), 60, 10, NONE)) == """
    |“late” is row 3 of 6
    |one-hot    0 0 0 1 0 0  5 zeros
    |E                   x1    x2    x3
    |0 × 1 never     ▓▓▓▓▓▓╌╌╌╌╌╌░░░░░░
    |0 × 2 too       ▒▒▒▒▒▒╌╌╌╌╌╌······
    |1 × 3 late      ------▒▒▒▒▒▒░░░░░░
    |0 × 4 to        ------------██████
    |one-hot × E      -1.00 +0.90 +0.40
    |E[3]             -1.00 +0.90 +0.40
    |difference       exactly 0 in all 3
    """
    assert shown(lookup(found(), 40, 18, NONE)) == """
    |“late” is row 3 of 6
    |one-hot    0 0 0 1 0 0  5 zeros
    |
    |E                   x1    x2    x3
    |0 × 0 <unk>     ··················
    |0 × 1 never     ▓▓▓▓▓▓╌╌╌╌╌╌░░░░░░
    |0 × 2 too       ▒▒▒▒▒▒╌╌╌╌╌╌······
    |1 × 3 late      ------▒▒▒▒▒▒░░░░░░
    |0 × 4 to        ------------██████
    |0 × 5 code      ······░░░░░░╌╌╌╌╌╌
    |
    |one-hot × E      -1.00 +0.90 +0.40
    |E[3]             -1.00 +0.90 +0.40
    |difference       exactly 0 in all 3
    |
    |
    |
    |
    """
    assert shown(lookup(found(), 40, 6, ASCII)) == """
    |"late" is row 3 of 6
    |0 x 2 too       ++++++,,,,,,......
    |1 x 3 late      ------++++++::::::
    |one-hot x E      -1.00 +0.90 +0.40
    |E[3]             -1.00 +0.90 +0.40
    |difference       exactly 0 in all 3
    """


def test_an_unknown_word_is_read_as_the_unknown_row(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(lookup(found("zebra", 0), 58, 7, NONE)) == """
    |“zebra” is unknown: it is read as row 0, <unk>
    |one-hot    1 0 0 0 0 0  5 zeros
    |1 × 0 <unk>     ··················
    |0 × 1 never     ▓▓▓▓▓▓╌╌╌╌╌╌░░░░░░
    |one-hot × E      +0.10 +0.00 -0.20
    |E[0]             +0.10 +0.00 -0.20
    |difference       exactly 0 in all 3
    """


def test_before_the_first_token(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(lookup(None, 70, 2, NONE)) == """
    |Nothing is read yet: step once, and a word is looked up.
    |
    """


def test_what_is_hashed(shown) -> None:  # type: ignore[no-untyped-def]
    vectors = np.array([[0.9, -1.3], [0.1, 0.7], [0.9, -1.3]])
    assert shown(hashed(("tick", "tock", "tick"), vectors, 3, 58, 8, NONE)) == """
    |Untrained: there is no table E to look a word up in.
    |A vector is drawn from the word and the seed alone.
    |                    x1    x2
    |    1 tick      ▓▓▓▓▓▓≡≡≡≡≡≡
    |    2 tock      ······▒▒▒▒▒▒
    |    3 tick      ▓▓▓▓▓▓≡≡≡≡≡≡
    |vector           +0.90 -1.30
    |
    """
    assert shown(hashed(("tick", "tock", "tick"), vectors, 0, 30, 4, ASCII)) == """
    |Untrained: there is no table ~
    |A vector is drawn from the wo~
    |    1 tick      ******~~~~~~
    |    2 tock      ......++++++
    """


def test_the_plane(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(plane(scene(), 60, 12, NONE)) == """
    |→ PC1 62% of the variance   ↑ PC2 25%        update 40 of 60
    | 1.0 ┤                     ╱───too◆●  ● never              1
    |     │        ╱────────────    never  nearest by cosine
    | 0.5 ┤○late───                        ◆ too            +0.98
    |     │                                ◆ code           +0.31
    |   0 ┤              ·<unk>
    |     │                                moved since update 0
    |-0.5 ┤                                late              2.50
    |     │                     ◆code      to                1.25
    |-1.0 ┤            ·to
    |     └┬─────────────┬──────────────┬
    |     -2             0              2
    """
    assert shown(plane(scene(), 40, 7, NONE)) == """
    |→ PC1 62% of the varia…  update 40 of 60
    | │                  ╱─────────────too◆─●
    | │○late─────────────               never
    | │                  ·<unk>
    | │
    | │                           ◆code
    | │               ·to
    """
    assert shown(plane(scene(), 60, 7, ASCII)) == """
    |-> PC1 62% of the variance   ^ PC2 25%       update 40 of 60
    | |                /-----------too*-@  @ never              1
    | |+late-----------             never  nearest by cosine
    | |                .<unk>              * too            +0.98
    | |                                    * code           +0.31
    | |                        *code       moved: late       2.50
    | |             .to
    """


def test_a_plane_of_one_direction_of_one_place_and_of_none(shown) -> None:  # type: ignore[no-untyped-def]
    line = scene(points=PLACES * [1.0, 0.0], shares=(1.0, 0.0), moved=())
    assert shown(plane(line, 60, 5, NONE)) == """
    |→ PC1 100% of the variance   ↑ PC2 0%        update 40 of 60
    | │                                    ● never              1
    | │              <unk>          never  nearest by cosine
    | │○late────────·to·───code◆───too◆─●  ◆ too            +0.98
    | │                                    ◆ code           +0.31
    """
    same = scene(points=PLACES * 0.0, shares=(0.0, 0.0), near=(), path=(), moved=())
    assert shown(plane(same, 60, 5, NONE)) == """
    |→ PC1 0% of the variance   ↑ PC2 0%          update 40 of 60
    | │                                    ● never              1
    | │                                    like no other word
    | │                ●never
    | │
    """
    none = scene(points=PLACES * math.nan, shares=(math.nan, math.nan))
    assert shown(plane(none, 62, 2, NONE)) == """
    |E has no row of numbers: there is no plane to draw.
    |
    """


# fmt: on


def test_the_picked_row_is_the_brightest(painted) -> None:  # type: ignore[no-untyped-def]
    rows = lookup(found(), 60, 10, NONE, focused=True)
    texts = text_of(rows).split("\n")
    picked = next(n for n, text in enumerate(texts) if text.startswith("1 ×"))
    other = next(n for n, text in enumerate(texts) if text.startswith("0 ×"))
    assert painted(rows[picked], NONE).startswith("A" * 11)
    assert painted(rows[other], NONE).startswith("m" * 11)
    # The cursor is shown in the picked row where it has the keys, and nowhere else.
    assert any(text.startswith("[") for text, _style in rows[picked])
    without = lookup(found(), 60, 10, NONE)
    assert not any(text.startswith("[") for row in without for text, _style in row)
    one_hot = rows[1]
    assert [text for text, style in one_hot if style == NONE.accent._replace(bold=True)] == ["1"]


def test_the_one_hot_row_counts_its_zeros_wherever_its_one_is() -> None:
    words = tuple(f"w{n}" for n in range(2000))
    table = np.zeros((2000, 2), np.float32)
    for at in (0, 1, 1000, 1998, 1999):
        rows = lookup(found(words[at], at, table, words), 58, 8, NONE)
        row = text_of(rows).split("\n")[1]
        assert row.endswith("1999 zeros")
        assert row.split("1999")[0].count("1") == 1
        assert ("…" in row.split("1")[0]) == (at > 10)
    one = lookup(found("a", 0, np.ones((1, 1), np.float32), ("a",)), 58, 8, NONE)
    assert text_of(one).split("\n")[1].split() == ["one-hot", "1", "0", "zeros"]


def test_the_difference_is_said_as_it_is() -> None:
    assert "exactly 0 in all 3" in text_of(lookup(found(), 60, 8, NONE))
    # 0 × ∞ in another row is no number in the product, and the look-up does not see it.
    broken = E.copy()
    broken[5, 1] = math.inf
    said = text_of(lookup(found(table=broken), 60, 8, NONE))
    assert "0 × ∞ and 0 × NaN are no numbers" in said
    assert "NaN" in said.split("one-hot × E")[1].split("\n")[0]
    assert text_of(lookup(found(table=broken), 60, 8, ASCII)).isascii()
    off = found()
    off = off._replace(difference=off.difference + np.float32(0.25))
    assert "2.5e-01" in text_of(lookup(off, 60, 8, NONE))


def test_the_number_under_the_cursor_is_always_in_view() -> None:
    table = np.arange(40, dtype=np.float32).reshape(2, 20) / 10
    one = found("b", 1, table, ("a", "b"))
    for dimension in range(20):
        rows = lookup(one, 50, 12, NONE, dimension=dimension, focused=True)
        heading = next(text for text in text_of(rows).split("\n") if text.startswith("E "))
        assert f"x{dimension + 1}" in heading.split()
        bold = [
            text.strip()
            for text, style in next(r for r in rows if r[0].text.startswith("E[1]"))
            if style.bold and text.strip().startswith("+")
        ]
        assert f"{table[1, dimension]:+.2f}" in bold


def test_the_number_under_the_mouse() -> None:
    rows = text_of(lookup(found(), 60, 8, NONE)).split("\n")
    row = next(text for text in rows if text.startswith("E[3]"))
    for number, dimension in (("-1.00", 0), ("+0.90", 1), ("+0.40", 2)):
        assert dimension_at(found(), row.index(number) + 2, 60) == dimension
    assert dimension_at(found(), 2, 60) is None
    assert dimension_at(found(), 55, 60) is None


def test_a_word_is_under_its_dot_and_its_name() -> None:
    for look in (NONE, ASCII):
        rows = text_of(plane(scene(), 60, 12, look)).split("\n")
        seen = 0
        for word, name in enumerate(WORDS):
            for y, row in enumerate(rows[1:10], 1):
                at = re.search(rf"(?<![\w<]){name}(?!\w)", row[:39])
                if at:
                    x = at.start()
                    assert word_at(scene(), x, y, 60, 12, look) == word
                    assert word_at(scene(), x + len(name) - 1, y, 60, 12, look) == word
                    seen += 1
        assert seen == 6
        dot = next(
            (row.index("@" if look.ascii else "●"), y)
            for y, row in enumerate(rows)
            if ("@" if look.ascii else "●") in row
        )
        assert word_at(scene(), *dot, 60, 12, look) == 1
    assert word_at(scene(), 0, 0, 60, 12, NONE) is None
    assert word_at(scene(), 59, 5, 60, 12, NONE) is None
    assert word_at(scene(points=PLACES * math.nan), 9, 3, 60, 12, NONE) is None


def test_the_words_that_matter_are_named_before_the_others() -> None:
    crowd = np.zeros((40, 2))
    crowd[:, 0] = np.linspace(0, 1, 40)
    words = tuple(f"word{n:02}" for n in range(40))
    crowded = scene(points=crowd, words=words, cursor=20, near=((21, 0.9), (35, 0.5)), path=(3, 20), moved=())
    text = text_of(plane(crowded, 55, 5, NONE))
    for name in ("word20", "word21", "word35", "word03"):
        assert name in text
    # Every word has a dot or a name: none is left out in silence.
    wide = text_of(plane(crowded, 130, 12, NONE))
    assert "are unnamed" in wide
    unnamed = int(wide.split(" dots are unnamed")[0].split()[-1])
    named = sum(wide.count(word) > (word in ("word20", "word21", "word35")) for word in words)
    assert unnamed + named == 40


def test_a_cursor_without_a_place_is_said() -> None:
    lost = PLACES.copy()
    lost[1] = math.nan
    assert "its row is no number" in text_of(plane(scene(points=lost), 60, 9, NONE))
    assert "like no other word" in text_of(plane(scene(near=()), 60, 9, NONE))


def test_the_focus_shows() -> None:
    for focused in (False, True):
        underlined = [t for row in plane(scene(), 60, 12, NONE, focused=focused) for t, style in row if style.underline]
        assert underlined == (["never"] if focused else [])


def test_the_cursor_of_what_is_hashed_shows_who_has_the_keys() -> None:
    vectors = np.array([[0.9, -1.3], [0.1, 0.7]])
    for focused in (False, True):
        rows = hashed(("tick", "tock"), vectors, 2, 58, 8, NONE, dimension=1, focused=focused)
        assert [t for row in rows for t, _style in row if "[" in t] == (["[▒▒▒▒]"] if focused else [])


def test_a_step_is_the_brightest_link() -> None:
    rows = plane(scene(path=(3, 4, 1)), 60, 14, TRUE)
    columns: dict[object, list[int]] = {TRUE.accent: [], TRUE.muted: []}
    for row in rows:
        at = 0
        for text, style in row:
            columns.get(style, []).extend(at + n for n, letter in enumerate(text) if letter in "╱╲")
            at += len(text)
    assert len(columns[TRUE.accent]) > 2
    assert len(columns[TRUE.muted]) > 2
    # From the left to the middle it went before, and now from there to the right.
    assert max(columns[TRUE.muted]) < min(columns[TRUE.accent])


def crowd() -> Scene:
    """A word in every cell of a plane of 38 by 4."""
    points = np.array([[x, y] for x in range(38) for y in range(4)], float)
    words = tuple(f"w{n:03}" for n in range(len(points)))
    return scene(points=points, words=words, cursor=81, near=((40, 0.5),), path=(), moved=())


def test_what_matters_is_named_over_the_dots_of_others() -> None:
    text = text_of(plane(crowd(), 40, 5, NONE))
    assert "w081" in text
    assert "w040" in text
    assert not {f"w{n:03}" for n in range(152) if f"w{n:03}" in text} - {"w081", "w040"}


def test_a_dot_without_a_name_answers_too() -> None:
    # Column 2 is the first of the plot, and the upper row is the fourth of each four words.
    assert word_at(crowd(), 2, 1, 40, 5, NONE) == 3
    assert word_at(crowd(), 39, 4, 40, 5, NONE) == 148
    assert word_at(crowd(), 2 + 20, 3, 40, 5, NONE) == 81


def test_wide_letters_take_their_two_cells() -> None:
    wide = scene(words=("<unk>", "永远", "e\u0301", "👩\u200d👩\u200d👧", "to", "code"))
    check(plane(wide, 60, 12, NONE), 60, count=12)
    # The first row of the panel names it, and a row of the plane.
    assert text_of(plane(wide, 60, 12, NONE)).count("永远") == 2


tables = st.tuples(st.integers(1, 12), st.integers(1, 9)).flatmap(
    lambda size: st.lists(st.lists(numbers, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
)


@many
@given(tables, st.data(), labels, widths, heights, looks, st.integers(-2, 12), st.booleans())
def test_any_table(rows, data, token, width, height, look, dimension, focused) -> None:  # type: ignore[no-untyped-def]
    table = np.array(rows)
    at = data.draw(st.integers(0, len(table) - 1))
    words = tuple(data.draw(st.lists(labels, min_size=len(table), max_size=len(table))))
    with np.errstate(all="ignore"):
        one = found(token, at, table, words)
    drawn = lookup(one, width, height, look, dimension=dimension, focused=focused)
    check(drawn, width, count=height)
    drawn_hashed = hashed(
        words, table, data.draw(st.integers(0, len(table))), width, height, look, dimension=dimension, focused=focused
    )
    check(drawn_hashed, width, count=height)
    if look.ascii and (said := token + "".join(words)).isascii() and said.isprintable():
        assert text_of([*drawn, *drawn_hashed]).isascii()
    dimension_at(one, data.draw(st.integers(-5, 140)), width, dimension=dimension)


@many
@given(st.lists(st.tuples(numbers, numbers, labels), min_size=1, max_size=30), st.data(), widths, heights, looks)
def test_any_plane(rows, data, width, height, look) -> None:  # type: ignore[no-untyped-def]
    words = tuple(label for _x, _y, label in rows)
    index = st.integers(0, len(rows) - 1)
    whole = Scene(
        np.array([[x, y] for x, y, _label in rows]),
        words,
        (data.draw(numbers), data.draw(numbers)),
        data.draw(index),
        data.draw(st.lists(st.tuples(index, st.floats(-1, 1)), max_size=6)),
        data.draw(st.lists(index, max_size=6)),
        data.draw(st.lists(st.tuples(labels, numbers), max_size=4)),
        data.draw(labels),
        data.draw(labels),
    )
    drawn = plane(whole, width, height, look, focused=data.draw(st.booleans()))
    check(drawn, width, count=height)
    said = "".join(words) + whole.since + whole.where + "".join(name for name, _far in whole.moved)
    if look.ascii and said.isascii() and said.isprintable():
        assert text_of(drawn).isascii()
    hit = word_at(whole, data.draw(st.integers(-2, 130)), data.draw(st.integers(-2, 30)), width, height, look)
    assert hit is None or 0 <= hit < len(rows)
