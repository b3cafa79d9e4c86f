"""A number opened, as rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, numbers, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.why import Place, chosen, in_line, number, order, plan, size, why

NONE = Look("none")
ASCII = Look("none", ascii=True)


@dataclass(frozen=True, eq=False)
class P:
    """A part as the engine makes it."""

    name: str
    value: float
    made: str = "given"
    through: str = ""
    terms: tuple[P, ...] = ()
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    of: str = ""


def dot(name: str, of: str, weights: list[float], values: list[float]) -> P:
    w, v = np.array(weights), np.array(values)
    with np.errstate(all="ignore"):
        return P(name, float(w.dot(v)), "dot", weights=w, values=v, of=of)


def summed(name: str, through: str, *terms: P, value: float | None = None) -> P:
    return P(name, sum(t.value for t in terms) if value is None else value, "sum", through, terms)


def times(name: str, one: P, other: P) -> P:
    return P(name, one.value * other.value, "product", terms=(one, other))


W_X = dot("W_x·x", "x", [0.5, -0.25, 1.0], [0.8, 0.4, 0.0])
W_H = dot("W_h·h₋", "h₋", [0.1, -0.9, 0.3, 0.0, 0.2], [0.5, 0.7, -0.1, 1.0, 0.25])
B = summed("b", "", P("b_ih", 0.25), P("b_hh", -0.05))
RNN = summed("h", "tanh", W_X, W_H, B, value=math.tanh(W_X.value + W_H.value + B.value))
Z = summed("z", "σ", W_X, W_H, B, value=1 / (1 + math.exp(0.08)))
N = summed("n", "tanh", W_X, P("b_ih", 0.25), times("r·(W_h·h₋ + b_hh)", Z, summed("W_h·h₋ + b_hh", "", W_H, B)))
GRU = summed(
    "h",
    "",
    times("(1−z)·n", summed("1−z", "1−", Z, value=1 - Z.value), N),
    times("z·h₋", Z, P("h₋", -0.6)),
)
C = summed("c", "", times("f·c₋", Z, P("c₋", 1.5)), times("i·g", Z, N))
LSTM = times("h", Z, summed("tanh(c)", "tanh", C, value=math.tanh(C.value)))
PLACE = Place(3, 2, 2, "late", (0.1, RNN.value, -0.9))


def down(root: P, *way: int) -> list[P]:
    path = [root]
    for index in way:
        path.append(path[-1].terms[index])
    return path


# Pictures keep their own lines.
# fmt: off


def test_the_equation_its_terms_and_below_what_the_chosen_one_is_made_of(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(why([RNN], 1, 78, 12, NONE, PLACE)) == """
    |late  h₃ ···[·]≡≡≡  unit 2 of 3
    |h₃[2] = tanh(W_x·x₃ + W_h·h₂ + b) = tanh(+0.30 - 0.56 + 0.20) = -0.06
    |   W_x·x₃  ·····························┊████████████████▏·············  +0.30
    | ▸ W_h·h₂  █████████████████████████████┊······························  -0.56
    |   b       ·····························┊██████████▊···················  +0.20
    | W_h·h₂ = Σ w·h₂[j] = -0.56   5 terms, largest first
    |    weight × value = product                                        sum so far
    |    h₂[2]  -0.90 × +0.70 =  █████████████████┊··················  -0.63  -0.63
    |    h₂[1]  +0.10 × +0.50 =  ·················┊█▍················  +0.05  -0.58
    |    h₂[5]  +0.20 × +0.25 =  ·················┊█▍················  +0.05  -0.53
    |    h₂[3]  +0.30 × -0.10 =  ················█┊··················  -0.03  -0.56
    |    h₂[4]  +0.00 × +1.00 =  ·················┊··················  +0.00  -0.56
    """
    assert shown(why(down(RNN, 1), 1, 78, 9, NONE, PLACE)) == """
    |h₃[2] = tanh(W_x·x₃ + W_h·h₂ + b) = tanh(+0.30 - 0.56 + 0.20) = -0.06
    |   W_x·x₃  ·····························┊████████████████▏·············  +0.30
    | ▾ W_h·h₂  █████████████████████████████┊······························  -0.56
    |   b       ·····························┊██████████▊···················  +0.20
    | W_h·h₂ = Σ w·h₂[j] = -0.56   1 to 4 of 5 terms, largest first
    |  ▸ h₂[2]  -0.90 × +0.70 =  █████████████████┊··················  -0.63  -0.63
    |    h₂[1]  +0.10 × +0.50 =  ·················┊█▍················  +0.05  -0.58
    |    h₂[5]  +0.20 × +0.25 =  ·················┊█▍················  +0.05  -0.53
    |    h₂[3]  +0.30 × -0.10 =  ················█┊··················  -0.03  -0.56
    """


def test_gates_down_to_a_dot_product(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(why(down(GRU, 0, 0, 0, 1), 2, 78, 9, NONE, PLACE)) == """
    |h₃[2] = (1−z)·n + z·h₂ = 0.52·0.38 + 0.48·-0.60 = -0.09
    | (1−z)·n = 0.52·0.38 = +0.20
    |  1−z = 1 − z = 1 − 0.48 = 0.52
    |   z = σ(W_x·x₃ + W_h·h₂ + b) = σ(+0.30 - 0.56 + 0.20) = σ(-0.06) = 0.48
    |    W_h·h₂ = Σ w·h₂[j] = -0.56   2 to 5 of 5 terms, largest first
    |       h₂[1]  +0.10 × +0.50 =  ················┊█▎··············  +0.05  -0.58
    |       h₂[5]  +0.20 × +0.25 =  ················┊█▎··············  +0.05  -0.53
    |     ▸ h₂[3]  +0.30 × -0.10 =  ···············█┊················  -0.03  -0.56
    |       h₂[4]  +0.00 × +1.00 =  ················┊················  +0.00  -0.56
    """
    assert shown(why(down(GRU, 0, 1, 2), 1, 66, 20, NONE, PLACE)) == """
    |late  h₃ ···[·]≡≡≡  unit 2 of 3
    |h₃[2] = (1−z)·n + z·h₂ = 0.52·0.38 + 0.48·-0.60 = -0.09
    | ▾ (1−z)·n  ·······················┊███████████████▋·······  +0.20
    |   z·h₂     ███████████████████████┊·······················  -0.29
    | (1−z)·n = 0.52·0.38 = +0.20
    |    1−z  ························┊█████████████████████████  +0.52
    |  ▾ n    ························┊██████████████████▏······  +0.38
    |  n = tanh(+0.30 + 0.25 + 0.48·-0.36) = +0.38
    |     W_x·x₃             ·················┊█████████████████  +0.30
    |     b_ih               ·················┊██████████████▏··  +0.25
    |   ▾ r·(W_h·h₂ + b_hh)  ·······██████████┊·················  -0.17
    |   r·(W_h·h₂ + b_hh) = z·(W_h·h₂ + b_hh) = 0.48·-0.36 = -0.17
    |      z              ··················┊███████████████████  +0.48
    |    ▸ W_h·h₂ + b_hh  ····▐█████████████┊···················  -0.36
    |    W_h·h₂ + b_hh = W_h·h₂ + b = -0.56 + 0.20 = -0.36
    |       W_h·h₂  █████████████████████┊······················  -0.56
    |       b       ·····················┊███████▉··············  +0.20
    |
    |
    |
    """
    assert shown(why(down(LSTM, 1, 0, 0, 0), 0, 58, 8, NONE, PLACE)) == """
    |h₃[2] = z·tanh(c₃) = 0.48·0.72 = +0.34
    | tanh(c₃) = tanh(+0.90) = +0.72
    |  c₃ = f·c₂ + i·g = 0.48·1.50 + 0.48·0.38 = +0.90
    |   f·c₂ = z·c₂ = 0.48·1.50 = +0.72
    |    z = σ(+0.30 - 0.56 + 0.20) = 0.48
    |     ▸ W_x·x₃  ·················┊█████████▋········  +0.30
    |       W_h·h₂  █████████████████┊··················  -0.56
    |       b       ·················┊██████▍···········  +0.20
    """


def test_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    reset = dot("W_h·(r·h₋)", "r·h₋", [0.5, -0.1], [0.4, 0.2])
    n = summed("n", "tanh", W_X, reset, B)
    kept = summed("1−z", "1−", Z, value=1 - Z.value)
    gru = summed("h", "", times("(1−z)·n", kept, n), times("z·h₋", Z, P("h₋", 1.0)))
    assert shown(why(down(gru, 0, 1, 1), 0, 70, 16, ASCII, PLACE, note="reads from the end")) == """
    |late  h3 ...[.]~~~  unit 2 of 3, reads from the end
    |h3[2] = (1-z)*n + z*h2 = 0.52*0.68 + 0.48*1.00 = +0.83
    | v (1-z)*n  .........................:##################.......  +0.35
    |   z*h2     .........................:#########################  +0.48
    | (1-z)*n = 0.52*0.68 = +0.35
    |    1-z  ..........................:#####################......  +0.52
    |  v n    ..........................:###########################  +0.68
    |  n = tanh(+0.30 + 0.18 + 0.20) = +0.68
    |     W_x*x3      ......................:#######################  +0.30
    |   v W_h*(r*h2)  ......................:##############.........  +0.18
    |     b           ......................:###############........  +0.20
    |   W_h*(r*h2) = sum of w*(r*h2)[j] = +0.18   2 terms, largest first
    |      weight * value = product                              sum so far
    |    > (r*h2)[1]  +0.50 * +0.40 =  ..........:###########  +0.20  +0.20
    |      (r*h2)[2]  -0.10 * +0.20 =  .........#:...........  -0.02  +0.18
    |
    """
    assert shown(in_line(GRU, "h_3[2]", 60, ASCII)) == """
    |h_3[2] = 0.52*  +0.38   + 0.48*  -0.60   = -0.09
    |         1-z    n      z         h'
    """


def test_a_long_list_scrolls_with_the_cursor_and_sums_from_its_beginning(shown) -> None:  # type: ignore[no-untyped-def]
    long = dot("W_h·h₋", "h₋", [0.1 * (-1) ** i for i in range(40)], [0.1 * (i % 7) for i in range(40)])
    path = [summed("h", "", W_X, long), long]
    assert shown(why(path, 20, 70, 6, NONE, PLACE, largest=False)) == """
    |h₃[2] = W_x·x₃ + W_h·h₂ = +0.30 + 0.01 = +0.31
    | W_h·h₂ = Σ w·h₂[j] = +0.01   19 to 22 of 40 terms
    |    h₂[19]  +0.10 × +0.40 =  ·············┊████████▋····  +0.04  +0.02
    |    h₂[20]  -0.10 × +0.50 =  ··███████████┊·············  -0.05  -0.03
    |  ▸ h₂[21]  +0.10 × +0.60 =  ·············┊█████████████  +0.06  +0.03
    |    h₂[22]  -0.10 × +0.00 =  ·············┊·············  -0.00  +0.03
    """
    assert shown(why(path, 27, 70, 6, NONE, PLACE)) == """
    |h₃[2] = W_x·x₃ + W_h·h₂ = +0.30 + 0.01 = +0.31
    | W_h·h₂ = Σ w·h₂[j] = +0.01   2 to 5 of 40 terms, largest first
    |    h₂[14]  -0.10 × +0.60 =  █████████████┊·············  -0.06  +0.00
    |    h₂[21]  +0.10 × +0.60 =  ·············┊█████████████  +0.06  +0.06
    |  ▸ h₂[28]  -0.10 × +0.60 =  █████████████┊·············  -0.06  +0.00
    |    h₂[35]  +0.10 × +0.60 =  ·············┊█████████████  +0.06  +0.06
    """
    # Each end can be reached.
    for largest in (True, False):
        ordered = order(long, largest)
        for end in (ordered[0], ordered[-1]):
            assert end in [line.term for line in plan(path, end, 8, largest) if line.kind == "term" and line.level == 1]


def test_three_lines_of_it(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(in_line(RNN, "h_3[2]", 78, NONE)) == """
    |h_3[2] = tanh( +0.30  -0.56   +0.20  ) = -0.06
    |               W_x·x  W_h·h₋  b
    """
    assert shown(in_line(summed("h", "", W_X, W_H, B), "h_3[2]", 78, NONE, "It reads from the other end.")) == """
    |h_3[2] = ( +0.30  -0.56   +0.20  ) = -0.06
    |           W_x·x  W_h·h₋  b
    |It reads from the other end.
    """
    assert shown(in_line(GRU, "h_3[2]", 78, NONE)) == """
    |h_3[2] = 0.52·  +0.38   + 0.48·  -0.60   = -0.09
    |         1−z    n      z         h₋
    """
    assert shown(in_line(LSTM, "h_3[2]", 78, NONE)) == """
    |h_3[2] = 0.48·  tanh(+0.90)      = +0.34
    |         z      c = f·c₋ + i·g
    |         c = 0.48·+1.50 + 0.48·+0.38 = +0.90
    """
    assert shown(in_line(Z, "z_3[2]", 78, NONE)) == """
    |z_3[2] = σ( +0.30  -0.56   +0.20  ) = 0.48
    |            W_x·x  W_h·h₋  b
    """
    assert shown(in_line(Z, "z_3[2]", 78, ASCII)) == """
    |z_3[2] = sigmoid( +0.30  -0.56   +0.20  ) = 0.48
    |                  W_x*x  W_h*h'  b
    """


def test_what_was_set_by_hand_is_said_once(shown) -> None:  # type: ignore[no-untyped-def]
    hand = summed("h", "", P("set by hand", 0.0))
    assert shown(why([hand], 0, 78, 3, NONE, PLACE)) == """
    |h₃[2] = set by hand = +0.00
    | ▸ set by hand  ···························┊···························  +0.00
    |
    """
    assert shown(in_line(hand, "h_3[2]", 78, NONE, "It reads from the other end.")) == """
    |h_3[2] = +0.00
    |         set by hand
    |It reads from the other end.
    """
    assert shown(in_line(P("r", 0.45), "r_3[2]", 78, NONE)) == """
    |r_3[2] = +0.45
    """
    state = summed("c", "", P("swapped with c3", 1.5))
    held = times("h", Z, summed("tanh(c)", "tanh", state, value=math.tanh(1.5)))
    assert shown(in_line(held, "h_3[2]", 78, NONE)) == """
    |h_3[2] = 0.48·  tanh(+1.50)           = +0.43
    |         z      c = swapped with c3
    |         c = swapped with c3 = +1.50
    """


# fmt: on


def test_what_is_opened_and_what_is_chosen_stand_out(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    rows = why(down(RNN, 1), 1, 70, 9, look, PLACE, focused=True)
    text = text_of(rows).split("\n")
    equation = painted(rows[0], look)
    assert equation[: len("h₃[2]")] == "bbbbb"
    at = text[0].index("W_h·h₂")
    assert set(equation[at : at + 6]) == {"A"}
    assert set(equation[text[0].index("W_x") :][:6]) == {"m"}
    bar = next(i for i, row in enumerate(text) if "▸" in row)
    assert painted(rows[bar], look)[text[bar].index("▸")] == "A"
    # Without the focus the cursor is muted, and still there.
    calm = why(down(RNN, 1), 1, 70, 9, look, PLACE)
    assert painted(calm[bar], look)[text[bar].index("▸")] == "m"
    # What is shown before it is opened is muted.
    preview = why([RNN], 1, 70, 12, look, PLACE)
    row = next(i for i, line in enumerate(text_of(preview).split("\n")) if line.startswith(" W_h·h₂ ="))
    assert set(painted(preview[row], look)[1:7]) == {"m"}


def test_numbers_are_the_true_ones_and_fit() -> None:
    assert [number(v, NONE) for v in (0.5, -0.004, 999.994, -1234.5, 1e30)] == [
        "+0.50", "-0.00", "+999.99", "-1.23e+03", "+1.00e+30",
    ]  # fmt: skip
    assert [number(v, NONE) for v in (math.nan, math.inf, -math.inf)] == ["NaN", "+∞", "-∞"]
    assert number(0.5, NONE, sign=False) == "0.50"


def test_the_order_of_the_products() -> None:
    odd = dot("W_x·x", "x", [1.0, -3.0, math.nan, 2.0], [1.0, 1.0, 1.0, 1.0])
    assert order(odd, True) == [2, 1, 3, 0]
    assert order(odd, False) == [0, 1, 2, 3]
    # The terms of an equation keep their places.
    assert order(RNN, True) == [0, 1, 2]


def test_every_row_has_its_place() -> None:
    lines = plan(down(LSTM, 1, 0, 0, 0), 1, 40)
    assert [line.kind for line in lines].count("equation") == 6
    assert len(lines) == 40
    for height in range(1, 12):
        lines = plan(down(LSTM, 1, 0, 0, 0), 1, height)
        heads = [line.level for line in lines if line.kind == "equation"]
        # The number itself and what is opened last, and at least one term of it as soon as there are three rows.
        assert heads[-1] >= 4
        assert height < 3 or (0 in heads and 4 in heads)
        terms = [line for line in lines if line.kind == "term" and line.level == 4]
        assert len(terms) >= min(3, height - 2 if height < 6 else 3, height - 1)


def test_the_chosen_term() -> None:
    assert chosen([RNN], 2) is B
    assert chosen([RNN, W_X], 0) is None
    assert chosen([RNN], 7) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 1e300])
@pytest.mark.parametrize("look", [Look(), NONE, ASCII])
def test_any_number_draws_something_true(value: float, look: Look) -> None:
    odd = dot("W_x·x", "x", [1.0, 2.0], [value, 1.0])
    root = summed("h", "tanh", odd, W_H, B, value=value)
    drawn = text_of(why([root, odd], 0, 78, 12, look, PLACE))
    assert number(value, look) in drawn
    assert number(value, look) in text_of(in_line(root, "h_1[1]", 78, look))


def root_of(kind: str, weights: list[float], values: list[float], value: float) -> P:
    n = min(len(weights), len(values))
    d = dot("W_x·x", "x", weights[:n], values[:n])
    if kind == "rnn":
        return summed("h", "relu", d, B, value=value)
    if kind == "gru":
        return summed("h", "", times("(1−z)·n", P("1−z", value), d), times("z·h₋", Z, P("h₋", value)))
    c = summed("c", "", times("f·c₋", Z, d), times("i·g", Z, Z))
    return times("h", Z, summed("tanh(c)", "tanh", c, value=value))


some_numbers = st.lists(numbers, min_size=1, max_size=30)
roots = st.builds(root_of, st.sampled_from(["rnn", "gru", "lstm"]), some_numbers, some_numbers, numbers)


@many
@given(
    roots, st.lists(st.integers(0, 3), max_size=6), st.integers(0, 40), widths, heights, looks, labels,
    st.lists(numbers, min_size=1, max_size=40), st.booleans(),
)  # fmt: skip
def test_any_size(root, way, cursor, columns, rows, look, token, units, largest):  # type: ignore[no-untyped-def]
    path = [root]
    for index in way:
        if path[-1].terms:
            below = path[-1].terms[index % len(path[-1].terms)]
            if size(below):
                path.append(below)
    place = Place(10, 1 + cursor % len(units), 9, token, units)
    drawn = why(path, cursor % size(path[-1]), columns, rows, look, place, largest=largest, focused=largest, note=token)
    check(drawn, columns, count=rows)
    check(in_line(root, "h_1[1]", columns, look, token), columns)


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
def test_ascii_means_ascii(look: Look) -> None:
    drawn = [
        row
        for root in (RNN, GRU, LSTM)
        for way in ((), (0,), (1,))
        for row in why(down(root, *way), 0, 78, 20, look, PLACE, note="reads from the end")
    ]
    drawn += [row for root in (RNN, GRU, LSTM) for row in in_line(root, "h_3[2]", 78, look)]
    assert text_of(drawn).isascii() == look.ascii
