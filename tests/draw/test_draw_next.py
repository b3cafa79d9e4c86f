"""The bars of what comes next: exact pictures, and any numbers at any size."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, Row, text_of
from tutor.draw.figures.next import Bar, Came, Openness, Sampled, foot_at, next_tokens, probability

ITEMS = [
    Bar("code", 0.41, 0.55, 1, came=True),
    Bar("read", 0.38, 0.45, 2),
    Bar("learn", 0.09, 0.0, 3),
    Bar("永遠", 0.004, 0.0, 4),
]
OPEN = Openness(1.9, 1.0, 7.7)
CAME = Came("code", 1.29, 1, 214)
CUT = Sampled("temperature 0.7, top-k 2", plain=False)


def drawn(
    items: list[Bar] = ITEMS,
    width: int = 60,
    height: int = 10,
    look: Look = Look(),  # noqa: B008
    *,
    sampled: Sampled = CUT,
    came: Came | None = CAME,
    openness: Openness = OPEN,
    focused: bool = False,
) -> list[Row]:
    return next_tokens(
        items, width, height, look, after="to", openness=openness, came=came, sampled=sampled, focused=focused
    )


def counted(counts: list[int]) -> list[Bar]:
    return [item._replace(tally=n) for item, n in zip(ITEMS, counts, strict=True)]


def test_the_whole_picture(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn())
        == """
    |next after “to”                     temperature 0.7, top-k 2
    |▸  code   ██████████████│████▎···············    0.55 (0.41)
    |   read   █████████████│█▊···················    0.45 (0.38)
    |   learn  ···│·······························     cut (0.09)
    |   永遠   │··································    cut (0.004)
    |
    |│ (…): the model's own
    |entropy   ██▋·│···············  1.0 of 7.7 bits (1.9 before)
    |▸  “code” came, the likeliest of 214: 1.3 bits of surprise
    |
    """
    )


def test_with_room_the_counts_stand_in_what_chance_allows(shown) -> None:  # type: ignore[no-untyped-def]
    rows = drawn(counted([107, 93, 0, 0]), 70, 14, sampled=CUT._replace(draws=200, seed=3))
    assert (
        shown(rows)
        == """
    |next after “to”                               temperature 0.7, top-k 2
    |▸  code   ████████████│████··············    0.55 (0.41)  107 (110±14)
    |                        ├─◆──┤
    |   read   ███████████│██·················    0.45 (0.38)    93 (90±14)
    |                     ├──◆─┤
    |   learn  ··│····························     cut (0.09)       0 (0±0)
    |
    |   永遠   │······························    cut (0.004)       0 (0±0)
    |
    |
    |│ (…): the model's own
    |entropy   ███▉···│······················  1.0 of 7.7 bits (1.9 before)
    |▸  “code” came, the likeliest of 214: 1.3 bits of surprise
    |◆  200 draws, seed 3   (expected ± 2 deviations)
    """
    )


def test_without_room_the_counts_stand_on_the_bars(shown) -> None:  # type: ignore[no-untyped-def]
    rows = drawn(counted([107, 93, 0, 0]), 70, 6, sampled=CUT._replace(draws=200, seed=3))
    assert (
        shown(rows)
        == """
    |next after “to”                               temperature 0.7, top-k 2
    |▸  code   ████████████│███◆··············    0.55 (0.41)  107 (110±14)
    |   read   ███████████│██◆················    0.45 (0.38)    93 (90±14)
    |   learn  ··│····························     cut (0.09)       0 (0±0)
    |entropy   ███▉···│······················  1.0 of 7.7 bits (1.9 before)
    |◆  200 draws, seed 3   (expected ± 2 deviations)
    """
    )


def test_without_colours_in_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    items = [item._replace(picked=item.label == "read") for item in ITEMS]
    sampled = CUT._replace(word="read", p=0.45, turn=2)
    assert (
        shown(drawn(items, 44, 6, Look("none", True), sampled=sampled))
        == """
    |next after "to"     temperature 0.7, top-k 2
    |>  code   #######|##.........    0.55 (0.41)
    | * read   #######|#..........    0.45 (0.38)
    |   learn  .|.................     cut (0.09)
    |entropy   ##..|............  1.0 of 7.7 bits
    |*  drew "read"   (draw 2 of seed 0)
    """
    )


def test_in_a_narrow_room_the_numbers_stay(shown) -> None:  # type: ignore[no-untyped-def]
    assert (
        shown(drawn(width=24, height=5, sampled=Sampled()))
        == """
    |next after “to”
    |▸  code             0.55
    |   read             0.45
    |   learn             cut
    |entropy 1.0 of 7.7 bits
    """
    )


def test_what_is_written_on_is_the_brightest_and_keeps_its_end(shown, painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    sampled = Sampled(written=("it is never too late to", "code with others", "<end>"))
    rows = drawn(width=40, height=6, sampled=sampled, came=None)
    assert text_of(rows[-1:]) == "… too late to code with others <end>"
    assert painted(rows[-1], look) == "m" * 14 + "A" * 17 + "m" * 5 + "...."
    short = text_of(drawn(width=20, height=6, sampled=sampled)[-1:])
    assert short == "code with oth… <end>"
    assert text_of(drawn(width=40, height=6, sampled=Sampled(written=("a", "", "<end>")))[-1:]) == "a <end>"


def test_what_came_is_never_left_out() -> None:
    items = [*(item._replace(came=False) for item in ITEMS), Bar("far", 0.001, 0.001, 77, came=True)]
    for height in range(4, 12):
        assert "▸  far " in text_of(drawn(items, height=height, sampled=Sampled()))


def test_what_came_is_told_with_its_surprise() -> None:
    def said(came: Came | None, width: int = 90) -> str:
        return text_of(drawn(width=width, height=9, came=came))

    assert "“code” came, the likeliest of 214: 1.3 bits of surprise" in said(CAME)
    assert "“code” came, number 3 of 214: 1.3 bits" in said(CAME._replace(rank=3))
    assert "“zebra” came, which it does not know: 9.1 bits of surprise at <unk>" in said(
        Came("zebra", 9.1, 77, 214, known=False)
    )
    assert "“zebra” came, unknown: 9.1 bits" in said(Came("zebra", 9.1, 77, 214, known=False), 44)
    assert "the text ends here: what comes next is not known" in said(None)
    assert "+∞ bits" in said(CAME._replace(bits=math.inf))


def test_the_brightest_is_what_was_drawn_else_what_came_else_the_likeliest() -> None:
    look = Look()

    def bright(items: list[Bar], sampled: Sampled = CUT) -> list[str]:
        rows = drawn(items, sampled=sampled)[1:5]
        return [text_of([row])[3:8].strip() for row in rows if any(s.style == look.accent for s in row[1:])]

    assert bright(ITEMS) == ["code"]
    picked = [item._replace(picked=item.label == "read") for item in ITEMS]
    assert bright(picked, CUT._replace(word="read", p=0.4)) == ["read"]
    assert bright([item._replace(came=False) for item in ITEMS]) == ["code"]
    assert bright([item._replace(came=item.rank == 2) for item in ITEMS]) == ["read"]


def test_what_is_cut_is_dim_and_shows_what_it_was(painted) -> None:  # type: ignore[no-untyped-def]
    row = drawn()[3]
    assert text_of([row]).startswith("   learn  ···│··")
    assert painted(row, Look())[3:8] == "mmmmm"
    plain = text_of(drawn(sampled=Sampled()))
    assert "│" not in plain
    assert "(0." not in plain
    assert "before" not in plain


def test_the_heading_shows_the_focus_and_how_is_never_lost() -> None:
    assert drawn(focused=True)[0][0].style.underline
    assert not drawn()[0][0].style.underline
    assert text_of(drawn(width=24)[:1]) == "temperature 0.7, top-k 2"
    ascii_ = text_of(drawn(look=Look(ascii=True), sampled=CUT._replace(how="T 4 (∞ would)"))[:1])
    assert ascii_.endswith("T 4 (inf would)")


def test_the_mouse_finds_what_is_drawn() -> None:
    sampled = CUT._replace(draws=200, written=("a", "b", "c"))
    items = counted([107, 93, 0, 0])
    for height in (5, 8, 11, 16):
        lines = text_of(drawn(items, 70, height, sampled=sampled)).split("\n")
        for y, line in enumerate(lines):
            kind = foot_at(y, items, height, sampled)
            if line.startswith("entropy"):
                assert kind == "entropy"
            elif "draws" in line:
                assert kind == "drawn"
            elif "came" in line:
                assert kind == "came"
            elif line == "a b c":
                assert kind == "written"
            elif "(0." in line:
                assert kind == "bars"
    assert foot_at(0, items, 8, sampled) == ""
    assert foot_at(40, items, 16, sampled) == ""


@pytest.mark.parametrize(
    ("p", "said"), [(0.0, "0.00"), (1.0, "1.00"), (0.5, "0.50"), (0.0094, "0.009"), (0.0096, "0.01"), (1e-9, "<.001")]
)
def test_probabilities_in_five_cells(p: float, said: str) -> None:
    assert probability(p) == said
    assert probability(math.nan) == "NaN"


def test_what_is_no_number_is_named() -> None:
    odd = [Bar("nan", math.nan, math.nan), Bar("inf", math.inf, math.inf), Bar("neg", -1.0, -1.0)]
    said = text_of(drawn(odd, openness=Openness(math.nan, math.nan, math.nan), sampled=Sampled()))
    assert "?" in said
    assert "NaN" in said
    assert "▶" in said
    assert text_of(drawn([], height=3)).startswith("next after")


@many
@given(
    st.lists(
        st.builds(
            Bar,
            labels,
            numbers,
            numbers,
            st.integers(1, 300),
            st.booleans(),
            st.booleans(),
            st.one_of(st.none(), st.integers(0, 300)),
        ),
        max_size=9,
    ),
    widths,
    heights,
    looks,
    labels,
    st.builds(Openness, numbers, numbers, numbers),
    st.one_of(st.none(), st.builds(Came, labels, numbers, st.integers(1, 9), st.integers(1, 9), st.booleans())),
    st.builds(
        Sampled,
        labels,
        st.booleans(),
        st.one_of(st.none(), labels),
        numbers,
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from([0, 1, 200]),
        st.one_of(st.none(), st.tuples(labels, labels, labels)),
    ),
)
def test_anything_at_any_size(items, columns, rows, look, after, openness, came, sampled):  # type: ignore[no-untyped-def]
    found = next_tokens(items, columns, rows, look, after=after, openness=openness, came=came, sampled=sampled)
    check(found, columns, count=rows)
    for y in range(rows + 1):
        foot_at(y, items, rows, sampled)


@pytest.mark.parametrize("look", [Look(ascii=True), Look("256", True, False), Look("none", True)])
@pytest.mark.parametrize("height", [4, 7, 16])
def test_ascii_means_ascii(look: Look, height: int) -> None:
    sampled = CUT._replace(draws=200, written=("a " * 40, "b", "c"))
    items = [item._replace(label="a", tally=40) for item in ITEMS]
    assert text_of(drawn(items, 60, height, look, sampled=sampled)).isascii()
    assert text_of(drawn(items, 60, height, look, sampled=sampled._replace(word="x", p=0.1))).isascii()
    assert text_of(drawn(items, 20, height, look, sampled=sampled, came=None)).isascii()
