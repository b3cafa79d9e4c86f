"""Gates and states as lanes: pictures, odd values, odd room."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, Span, Style, text_of
from tutor.draw.figures.gates import Lane, equation, gates, plan, scaled
from tutor.engine.model import Model, ModelSpec
from tutor.engine.opened import opened

NONE = Look("none")
ASCII = Look("none", ascii=True)
TOKENS = ["never", "too", "late"]
MADE = [(Span("c = …"),), (Span("h = …"),)]


def wave(k: int, low: float) -> np.ndarray:
    found = np.sin(1.7 * np.arange(3)[:, None] + np.arange(4)[None] + k)
    return (found + 1) / 2 if low == 0 else found


def lanes() -> list[Lane]:
    """An LSTM's, of four units."""
    return [
        Lane("c", "cell state", -1.5, 1.5, wave(0, -1) * 1.5, start=np.zeros(4), bounded=False, rail=True),
        Lane("f", "forget gate", 0, 1, wave(1, 0), ("forgets", "keeps"), into="f·c₋", keeps=True),
        Lane("i", "input gate", 0, 1, wave(2, 0), ("shuts out", "lets in"), into="i·g"),
        Lane("g", "candidate", -1, 1, wave(3, -1), into="i·g"),
        Lane("o", "output gate", 0, 1, wave(4, 0), ("hides", "shows")),
        Lane("h", "hidden state", -1, 1, wave(5, -1), start=np.zeros(4)),
    ]


# Pictures keep their own lines.
# fmt: off


def test_a_lane_for_each_and_what_flows_into_the_one_between_the_rails(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gates(lanes(), TOKENS, 2, 1, 76, 14, NONE, made=MADE)) == """
    |          ║c ±1.5  ║ f 0…1    i 0…1    g -1…1   o 0…1    h -1…1
    |          ║cell    ║ forget   input             output   hidden
    |          ║        ║◀─ f·c₋ ─+─── adds i·g ───┘
    |    start ║········║                                     ········
    |  1 never ║··▓▓██░░║ ████▒▒·· ██▒▒···· ░░══≡≡╌╌ ····░░▓▓ ≡≡╌╌▓▓██
    |▶ 2 too   ║██▒▒--≡≡║◀▓▓░░··░░+░░··░░▓▓·≡≡--▒▒██ ░░▓▓██▓▓ ▒▒██▓▓╌╌
    |  3 late  ║        ║
    |
    |c = …
    |h = …
    |unit 2 of 4   mean: c -0.04  f 0.29  i 0.29  g -0.04  o 0.69  h +0.45
    |c no bound: drawn to its largest, 1.5   f 0 forgets, 1 keeps
    |i 0 shuts out, 1 lets in   o 0 hides, 1 shows
    |
    """


def test_lanes_are_headed_alike(shown) -> None:  # type: ignore[no-untyped-def]
    # Twelve cells a lane: room for the whole of the shortest heading, and not of the others.
    few = [lanes()[3]._replace(into="", letter="n", name="new"), lanes()[4], lanes()[5]]
    assert shown(gates(few, TOKENS, 2, 1, 58, 6, NONE)) == """
    |          n -1…1       o 0…1        h -1…1
    |          new          output gate  hidden state
    |    start                           ············
    |  1 never ░░░═══≡≡≡╌╌╌ ······░░░▓▓▓ ≡≡≡╌╌╌▓▓▓███
    |▶ 2 too   ≡≡≡---▒▒▒███ ░░░▓▓▓███▓▓▓ ▒▒▒███▓▓▓╌╌╌
    |  3 late
    """


def test_in_a_small_room_the_step_the_headings_and_the_equation(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gates(lanes(), TOKENS, 3, 1, 58, 7, NONE, made=MADE)) == """
    |          ║c ±1.5║ f 0…1  i 0…1  g -1…1 o 0…1  h -1…1
    |          ║cell  ║ forget input         output hidden
    |    start ║····  ║                             ····
    |  1 never ║·▓█░  ║ ██▒·   █▒··   ░═≡╌   ··░▓   ≡╌▓█
    |  2 too   ║█▒-≡  ║ ▓░·░   ░·░▓   ≡-▒█   ░▓█▓   ▒█▓╌
    |▶ 3 late  ║╌≡═·  ║◀··▒█  +·▒██  ··█▓·   ██▒·   ▓·═≡
    |c = …
    """


@pytest.mark.parametrize(
    ("height", "picture"),
    [
        (1, """
    |▶ 3 late  ║█│┊···║◀▋·│···+███│·····┊│█▊ ███│█▋
    """),
        (2, """
    |          ║c ±1.5║ f 0…1  i 0…1  g -1…1 o 0…1  …
    |▶ 3 late  ║█│┊···║◀▋·│···+███│·····┊│█▊ ███│█▋
    """),
        (3, """
    |          ║c ±1.5║ f 0…1  i 0…1  g -1…1 o 0…1  …
    |▶ 3 late  ║█│┊···║◀▋·│···+███│·····┊│█▊ ███│█▋
    |c = …
    """),
    ],
)
def test_what_goes_first(shown, height: int, picture: str) -> None:  # type: ignore[no-untyped-def]
    assert shown(gates(lanes(), TOKENS, 3, 1, 50, height, NONE, made=MADE)) == picture


def test_one_unit_on_its_scale_with_the_mean_and_its_number(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gates(lanes()[:2], TOKENS, 3, 1, 70, 9, NONE, made=MADE, folded=True)) == """
    |          ║c cell state ±1.5       ║ f forget gate 0…1
    |          ║                        ║ 0 forgets, 1 keeps
    |          ║                        ║◀───── keeps f·c₋ ──────┘
    |    start ║········│········· +0.00║
    |  1 never ║········┊███│███▋· +1.26║ ███████████│█████▏  0.95
    |  2 too   ║········│███▉····· +0.64║ ████▎│············  0.24
    |▶ 3 late  ║▐███│███┊········· -1.43║◀██·····│··········  0.11
    |c = …
    |unit 2 of 4   bar: this unit, │ the mean   mean: c -0.70  f 0.41
    """


def test_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(gates(lanes(), TOKENS, 2, 1, 58, 8, ASCII, made=[(Span("c = f*c'"),)], folded=True)) == """
    |          |c+-1.5| f 0..1 i 0..1 g-1..1 o 0..1 h-1..1
    |          |cell  | forget input         output hidden
    |          |      |< f*c' +- adds i*g -+
    |    start |..|...|                             ..|...
    |  1 never |..:|##| ###|## ##|... #|:... -.|... .#|...
    |> 2 too   |..|#..|<#|....+-|....*.#|... ###|.. ..:|##
    |  3 late  |      |
    |c = f*c'
    """


# fmt: on


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
@pytest.mark.parametrize("folded", [False, True])
def test_ascii_means_ascii(look: Look, folded: bool) -> None:
    every = lanes()
    every[0].values[0] = math.nan
    every[1].values[1] = math.inf
    every[5].values[1] = -math.inf
    rows = gates(every, TOKENS, 3, 1, 120, 20, look, folded=folded, focused=True, note="n")
    assert text_of(rows).isascii() == look.ascii


def test_a_gate_is_drawn_from_0_and_a_state_around_it() -> None:
    half = [Lane("f", "f", 0, 1, np.full((1, 1), 0.5)), Lane("h", "h", -1, 1, np.full((1, 1), 0.5))]
    row = text_of(gates(half, ["a"], 1, 0, 60, 1, ASCII, folded=True))
    gate, state = row[10:].split()[0], row.split()[-2]
    assert gate.startswith("########|")
    assert state.index(":") < state.index("#")
    # The state that reaches 1 without being bound to it is drawn to its own largest.
    free = [Lane("c", "c", -2, 2, np.full((1, 2), 2.0), bounded=False, rail=True)]
    assert text_of(gates(free, ["a"], 1, 0, 40, 1, NONE)).count("█") >= 2
    small = [free[0]._replace(values=np.full((1, 2), 0.5))]
    assert "█" not in text_of(gates(small, ["a"], 1, 0, 40, 1, NONE))


def test_what_is_not_read_yet_is_not_drawn_and_the_current_row_is_the_brightest() -> None:
    look = Look()
    rows = gates(lanes(), TOKENS, 1, 0, 76, 14, look, made=MADE)
    body = rows[3:7]
    backgrounds = [[style.background for _text, style in row if style.background] for row in body]
    assert [len(found) for found in backgrounds] == [8, 24, 0, 0]
    again = gates(lanes(), TOKENS, 2, 0, 76, 14, look, made=MADE)
    assert [s.background for _t, s in again[4] if s.background] != backgrounds[1]
    # The arrow stands at one row alone.
    assert [text_of([row]).startswith("▶") for row in body] == [False, True, False, False]


def test_the_signs_of_the_equation_stand_on_the_current_row_alone() -> None:
    lines = text_of(gates(lanes(), TOKENS, 2, 1, 76, 14, ASCII)).split("\n")
    assert [("<" in line, line.count("+")) for line in lines[3:7]] == [
        (False, lines[3].count("+")),
        (False, lines[4].count("+")),
        (True, lines[5].count("+")),
        (False, 0),
    ]
    start = gates(lanes(), TOKENS, 0, 1, 76, 14, NONE)
    assert not any("◀" in text_of([row]) for row in start[3:7])


def test_lanes_without_rails_have_no_flow(shown) -> None:  # type: ignore[no-untyped-def]
    rows = gates([lanes()[1]._replace(into=""), lanes()[5]], TOKENS, 2, 1, 76, 12, NONE)
    assert "║" not in text_of(rows)
    assert "◀" not in text_of(rows)


def test_the_cursor_is_in_every_lane_when_it_has_the_keys() -> None:
    focused = gates(lanes(), TOKENS, 2, 1, 76, 14, Look(), focused=True)
    assert text_of(focused).count("[") == text_of(gates(lanes(), TOKENS, 2, 1, 76, 14, Look())).count("[") + 6


def test_a_note_is_beside_the_headings_or_with_the_unit() -> None:
    wide = text_of(gates(lanes()[:2], TOKENS, 2, 1, 90, 12, NONE, note="reads from the end")).split("\n")
    assert wide[0].endswith("  reads from the end")
    narrow = text_of(gates(lanes(), TOKENS, 2, 1, 66, 14, NONE, note="reads from the end")).split("\n")
    assert not narrow[0].endswith("end")
    assert any("unit 2 of 4   reads from the end" in line for line in narrow)


def test_lanes_that_there_is_no_room_for_are_named() -> None:
    text = text_of(gates(lanes(), TOKENS, 3, 1, 34, 20, NONE))
    assert "no room for g, o, h" in text
    assert text.split("\n")[0].endswith(" …")
    assert "no room" not in text_of(gates(lanes(), TOKENS, 3, 1, 76, 20, NONE))


def test_a_long_text_is_shown_around_the_current_step() -> None:
    tokens = [f"t{n}" for n in range(10_000)]
    many_steps = [Lane("h", "hidden state", -1, 1, np.zeros((10_000, 3)))]
    where = plan(many_steps, tokens, 5000, 60, 12, NONE)
    assert where.first < 5000 < where.first + where.rows
    text = text_of(gates(many_steps, tokens, 5000, 0, 60, 12, NONE))
    assert "▶  5000 t4999" in text
    assert plan(many_steps, tokens, 0, 60, 12, NONE).first == 0
    last = plan(many_steps, tokens, 10_000, 60, 12, NONE)
    assert last.first + last.rows == 10_001


def test_the_mouse_finds_what_is_drawn() -> None:
    every = lanes()
    where = plan(every, TOKENS, 2, 76, 14, NONE, equations=2)
    rows = gates(every, TOKENS, 2, 1, 76, 14, Look(), made=MADE, focused=True)
    y = next(y for y, row in enumerate(rows) if text_of([row]).startswith("▶"))
    assert where.step_at(y) == 2
    line = text_of(rows).split("\n")[y]
    cursors = [x for x, char in enumerate(line) if char == "["]
    assert [where.unit_at(x, 4) for x in cursors] == [1] * 6
    assert where.unit_at(2, 4) is None
    assert where.unit_at(cursors[0] + 7, 4) is None
    assert where.step_at(0) is None
    assert where.step_at(13) is None
    assert plan(every, TOKENS, 2, 76, 14, NONE, folded=True).unit_at(cursors[0], 4) is None


@pytest.mark.parametrize(
    ("value", "mark", "low", "drawn"),
    [
        (0.5, math.nan, 0.0, "#####....."),
        (1.0, 0.0, 0.0, "|#########"),
        (0.0, 1.0, 0.0, ".........|"),
        (2.0, math.nan, 0.0, "#########>"),
        (-0.5, math.nan, 0.0, "<........."),
        (math.nan, math.nan, 0.0, "?........."),
        (math.inf, math.nan, 0.0, "#########>"),
        (1.0, math.nan, -1.0, "....:#####"),
        (-1.0, math.nan, -1.0, "####:....."),
        (-math.inf, math.nan, -1.0, "<###:....."),
        (0.0, 0.0, -1.0, "....|....."),
        (0.0, -1.0, -1.0, "|...:....."),
        (0.0, math.inf, -1.0, "....:....|"),
        (math.nan, 0.5, -1.0, "....?.|..."),
    ],
)
def test_a_value_on_its_scale(value: float, mark: float, low: float, drawn: str) -> None:
    assert text_of([scaled(value, mark, low, 1.0, 10, ASCII, True)]) == drawn


def test_the_equation_in_letters_and_in_numbers() -> None:
    run = Model(ModelSpec(cell="lstm", hidden_size=3, seed=2), None).run(TOKENS)
    found = run.trace.gates()
    f, i, g, c = (float(found[letter][2, 0, 1]) for letter in "figc")
    c_ = float(found["c"][1, 0, 1])
    part = opened(run, 2, 1).terms[1].terms[0]
    row = equation(part, 3, 2, 2, NONE)
    assert text_of([row]) == f"c₃[2] = f·c₂ + i·g = {f:.2f}·{c_:+.2f} + {i:.2f}·{g:+.2f} = {c:+.2f}"
    assert row[0].style == Style(bold=True)
    assert text_of([equation(part, 3, 2, 2, ASCII)]).startswith("c3[2] = f*c2 + i*g = ")


arrays = st.tuples(st.integers(0, 6), st.integers(0, 5)).flatmap(
    lambda size: st.lists(numbers, min_size=size[0] * size[1], max_size=size[0] * size[1]).map(
        lambda values: np.array(values, np.float64).reshape(size)
    )
)


@many
@given(
    arrays,
    st.lists(st.tuples(labels, labels, numbers, st.booleans(), st.booleans(), labels), max_size=7),
    labels,
    st.integers(0, 8),
    st.integers(0, 6),
    widths,
    heights,
    looks,
    st.booleans(),
    st.booleans(),
)
def test_any_values_and_room(values, made, token, position, unit, columns, rows, look, folded, focused):  # type: ignore[no-untyped-def]
    every = [
        Lane(letter, name, -1.0 if signed else 0.0, high, values, (name, letter), bounded=signed, rail=rail, into=into)
        for letter, name, high, signed, rail, into in made
    ]
    tokens = [token] * len(values)
    drawn = gates(
        every,
        tokens,
        min(position, len(values)),
        min(unit, max(values.shape[1] - 1, 0)),
        columns,
        rows,
        look,
        made=MADE[: position % 3],
        folded=folded,
        focused=focused,
        note=token,
    )
    check(drawn, columns, count=rows)


@many
@given(numbers, numbers, st.sampled_from([-1.0, 0.0]), numbers, st.integers(1, 40), looks)
def test_any_value_on_any_scale(value, mark, low, high, cells, look):  # type: ignore[no-untyped-def]
    check([scaled(value, mark, low, high, cells, look, True)], cells)
