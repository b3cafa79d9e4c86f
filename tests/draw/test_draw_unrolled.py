"""The cell with its loop, and the chain of its copies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import check, heights, labels, looks, many, widths

from tutor.draw.cells import Look, text_of
from tutor.draw.figures.unrolled import Chain, Network, _lines, equations, folded, shared, step_at, unfolded

NONE = Look("none")
ASCII = Look("none", ascii=True)
TOKENS = ["never", "too", "late", "to", "code"]
PARAMETERS = (("W_x", 128), ("W_h", 256), ("b", 32))


def network(
    cell: str = "rnn", layers: int = 1, both: bool = False, position: int = 3, count: int = 5, **more
) -> Network:  # type: ignore[no-untyped-def]
    """As the figure plays it: a layer that reads both directions waits for the one below."""
    chains = []
    for layer in range(layers):
        own = position - layer * count if both else position
        for reverse in (False, True)[: 1 + both]:
            chains.append(Chain(layer + 1, reverse, min(max(own, 0), count), 1 <= own <= count))
    return Network(cell, chains, PARAMETERS, **more)


def said(t: int) -> str:
    return f"w{t + 1} .41"


# Pictures keep their own lines.
# fmt: off


def test_copies(shown) -> None:  # type: ignore[no-untyped-def]
    notes = shared(network(), 5)
    assert shown(unfolded(TOKENS, network(), 3, 78, 10, NONE, said=said, notes=notes)) == """
    |        w1 .41      w2 .41      w3 .41
    |          ↑           ↑           ↑
    |        ┌────┐      ┌────┐      ┌────┐      ┌────┐      ┌────┐
    |h₀─W_h─→│ h₁ │─W_h─→│ h₂ │─W_h─→│ h₃ │ W_h  │    │ W_h  │    │
    |        └────┘      └────┘      └────┘      └────┘      └────┘
    |          ↑W_x        ↑W_x        ↑W_x         W_x         W_x
    |        never        too         late         to         code
    |
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    |W_x 128 + W_h 256 + b 2×16 = 416
    """
    assert shown(unfolded(TOKENS, network(position=0), 1, 78, 8, NONE, said=said, notes=notes)) == """
    |
    |
    |        ┌────┐      ┌────┐      ┌────┐      ┌────┐      ┌────┐
    |h₀ W_h  │    │ W_h  │    │ W_h  │    │ W_h  │    │ W_h  │    │
    |        └────┘      └────┘      └────┘      └────┘      └────┘
    |           W_x         W_x         W_x         W_x         W_x
    |        never        too         late         to         code
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    """
    assert shown(unfolded(TOKENS, network("lstm", position=2), 2, 60, 9, NONE, said=said, notes=notes)) == """
    |        w1 .41      w2 .41
    |          ↑           ↑
    |        ┌────┐      ┌────┐      ┌────┐      ┌────┐
    |h₀─W_h─→│ h₁ │─W_h─→│ h₂ │ W_h  │    │ W_h  │    │…
    |c₀──c──→│ c₁ │──c──→│ c₂ │      │    │      │    │…
    |        └────┘      └────┘      └────┘      └────┘
    |          ↑W_x        ↑W_x         W_x         W_x
    |        never        too         late         to
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    """


def test_few_rows(shown) -> None:  # type: ignore[no-untyped-def]
    notes = shared(network(), 5)
    assert shown(unfolded(TOKENS, network("lstm"), 3, 58, 6, NONE, said=said, notes=notes)) == """
    |             w2 .41         w3 .41
    |               ↑              ↑
    |    …─W_h─→[ h₂,c₂ ]─W_h─→[ h₃,c₃ ] W_h  [       ]…
    |               ↑W_x           ↑W_x            W_x
    |              too            late            to
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    """
    assert shown(unfolded(TOKENS, network(), 3, 58, 4, NONE, said=said, notes=notes)) == """
    |h₀─W_h─→[ h₁ ]─W_h─→[ h₂ ]─W_h─→[ h₃ ] W_h  [    ]…
    |          ↑W_x        ↑W_x        ↑W_x         W_x
    |        never        too         late         to
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    """


def test_both_directions_meet(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unfolded(TOKENS, network(both=True, position=4), 4, 90, 7, NONE, said=said)) == """
    |                            w2 .41        w3 .41        w4 .41
    |                              ↑             ↑             ↑
    |→   h₀─W_h──→[ h₁  ]─W_h──→[ h₂  ]─W_h──→[ h₃  ]─W_h──→[ h₄  ] W_h   [     ]
    |←            [     ]  W_h' [ h₂' ]←─W_h'─[ h₃' ]←─W_h'─[ h₄' ]←─W_h'─[ h₅' ]←─W_h'─h₀'
    |                ↑W_x,W_x'     ↑W_x,W_x'     ↑W_x,W_x'     ↑W_x,W_x'     ↑W_x,W_x'
    |              never          too           late           to           code
    |
    """
    assert shown(unfolded(TOKENS, network(layers=2, both=True, position=6), 1, 66, 9, NONE, said=said)) == """
    |
    |
    |2→  h₀─W_h²──→[ h₁  ] W_h²   [     ] W_h²   [     ]…
    |2←            [     ]  W_h²' [     ]  W_h²' [     ]  W_h²' …
    |                 ↑W_x²,W_x²'     W_x²,W_x²'     W_x²,W_x²'
    |1→  h₀─W_h¹──→[ h₁  ]─W_h¹──→[ h₂  ]─W_h¹──→[ h₃  ]…
    |1←            [ h₁' ]←─W_h¹'─[ h₂' ]←─W_h¹'─[ h₃' ]←─W_h¹'─…
    |                 ↑W_x¹,W_x¹'    ↑W_x¹,W_x¹'    ↑W_x¹,W_x¹'
    |               never           too            late
    """


def test_layers(shown) -> None:  # type: ignore[no-untyped-def]
    notes = shared(network(layers=2), 5)
    assert shown(unfolded(TOKENS, network(layers=2), 3, 60, 9, NONE, said=said, notes=notes)) == """
    |            w2 .41       w3 .41
    |              ↑            ↑
    |2→  …─W_h²─→[ h₂ ]─W_h²─→[ h₃ ] W_h²  [    ]…
    |              ↑W_x²        ↑W_x²         W_x²
    |1→  …─W_h¹─→[ h₂ ]─W_h¹─→[ h₃ ] W_h¹  [    ]…
    |              ↑W_x¹        ↑W_x¹         W_x¹
    |             too          late          to
    |2 chains, each one W_x, one W_h, used 5 times: 416 numbers
    |W_x 128 + W_h 256 + b 2×16 = 416
    """
    assert shown(unfolded(TOKENS, network(layers=8), 3, 60, 8, NONE)) == """
    |8→  …─W_h⁸─→[ h₂ ]─W_h⁸─→[ h₃ ] W_h⁸  [    ]…
    |              ↑W_x⁸        ↑W_x⁸         W_x⁸
    |7→  …─W_h⁷─→[ h₂ ]─W_h⁷─→[ h₃ ] W_h⁷  [    ]…
    |              ↑W_x⁷        ↑W_x⁷         W_x⁷
    |     … 5 more layers
    |1→  …─W_h¹─→[ h₂ ]─W_h¹─→[ h₃ ] W_h¹  [    ]…
    |              ↑W_x¹        ↑W_x¹         W_x¹
    |             too          late          to
    """


def test_it_scrolls_around_its_step(shown) -> None:  # type: ignore[no-untyped-def]
    tokens = [f"t{n}" for n in range(1, 101)]
    assert shown(unfolded(tokens, network(position=50, count=100), 50, 58, 6, NONE, said=said)) == """
    |        w49 .41       w50 .41
    |           ↑             ↑
    | …─W_h─→[ h₄₉  ]─W_h─→[ h₅₀  ] W_h  [      ]…
    |           ↑W_x          ↑W_x           W_x
    |          t49           t50           t51
    |
    """
    assert shown(unfolded(tokens, network(both=True, position=100, count=100), 100, 58, 7, NONE, said=said)) == """
    |              w99 .41         w100 .41
    |                 ↑               ↑
    |→    …─W_h──→[  h₉₉  ]─W_h──→[ h₁₀₀  ]
    |←           …[ h₉₉'  ]←─W_h'─[ h₁₀₀' ]←─W_h'─h₀'
    |                 ↑W_x,W_x'       ↑W_x,W_x'
    |                t99             t100
    |
    """
    for at in range(1, 101):
        drawn = text_of(unfolded(tokens, network(position=at, count=100), at, 58, 6, NONE))
        assert f"t{at}" in drawn.split()


def test_folded(shown) -> None:  # type: ignore[no-untyped-def]
    notes = shared(network(), 5)
    assert shown(folded(TOKENS, network(), 78, 10, NONE, said=said, notes=notes)) == """
    |                               y₃: w3 .41
    |                                   ↑
    |                  ┌────────────────────────────────┐
    |                  │ h₃ = tanh(W_x·x₃ + W_h·h₂ + b) │─ h₃ ──┐
    |                  │                                │← W_h ─┘
    |                  └────────────────────────────────┘
    |                                   ↑ W_x
    |                                x₃: late
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    |W_x 128 + W_h 256 + b 2×16 = 416
    """
    assert shown(folded(TOKENS, network(position=0), 66, 8, NONE, said=said)) == """
    |                           y_t
    |                            ↑
    |        ┌───────────────────────────────────────┐
    |        │ h_t = tanh(W_x·x_t + W_h·h_{t-1} + b) │─ h_t ─┐
    |        │                                       │← W_h ─┘
    |        └───────────────────────────────────────┘
    |                            ↑ W_x
    |                           x_t
    """
    assert shown(folded(TOKENS, network("lstm"), 66, 11, NONE, said=said, notes=notes)) == """
    |                       y₃: w3 .41
    |                           ↑
    |         ┌──────────────────────────────────┐
    |         │ i, f, o = σ(W_x·x₃ + W_h·h₂ + b) │─ h₃, c₃ ─┐
    |         │ g = tanh(W_x·x₃ + W_h·h₂ + b)    │          │
    |         │ c₃ = f·c₂ + i·g                  │          │
    |         │ h₃ = o·tanh(c₃)                  │← W_h ────┘
    |         └──────────────────────────────────┘
    |                           ↑ W_x
    |                        x₃: late
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    """
    assert shown(folded(TOKENS, network("gru"), 66, 9, NONE)) == """
    |     ┌─────────────────────────────────────────────┐
    |     │ r, z = σ(W_x·x₃ + W_h·h₂ + b)               │─ h₃ ──┐
    |     │ n = tanh(W_x·x₃ + b_ih + r·(W_h·h₂ + b_hh)) │       │
    |     │ h₃ = (1−z)·n + z·h₂                         │← W_h ─┘
    |     └─────────────────────────────────────────────┘
    |                            ↑ W_x
    |                         x₃: late
    |
    |
    """
    assert shown(folded(TOKENS, network(), 58, 5, NONE, said=said, notes=notes)) == """
    |            ▼───────────── W_h ──────────────┐
    |late ─W_x─→ [ h₃ = tanh(W_x·x₃ + W_h·h₂ + b) ] → w3 .41
    |
    |one W_x, one W_h, used 5 times: 416 numbers, any length
    |W_x 128 + W_h 256 + b 2×16 = 416
    """
    assert shown(folded(TOKENS, network(), 26, 4, NONE, said=said)) == """
    |
    |late ─W_x─→ [ h₃ ] → w3 .…
    |
    |
    """


def test_folded_layers_and_directions(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(folded(TOKENS, network(layers=2, both=True, position=7), 58, 8, NONE, said=said)) == """
    |
    |
    |2    [ h₂ ]↺ W_h²            [ h₄' ]↺ W_h²'
    |       ↑ W_x²: h₂,h₂'          ↑ W_x²': h₄,h₄'
    |1    [ h₅ ]↺ W_h¹            [ h₁' ]↺ W_h¹'
    |       ↑ W_x¹                  ↑ W_x¹'
    |     code                    never
    |
    """
    assert shown(folded(TOKENS, network(layers=8), 58, 9, NONE, said=said)) == """
    |                   w3 .41
    |                   ↑
    |8                [ h₃ ]↺ W_h⁸
    |                   ↑ W_x⁸
    |                 … 6 more layers
    |1                [ h₃ ]↺ W_h¹
    |                   ↑ W_x¹
    |                 late
    |
    """


def test_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unfolded(TOKENS, network(), 3, 70, 9, ASCII, said=said)) == """
    |        w1 .41      w2 .41      w3 .41
    |          ^           ^           ^
    |        +----+      +----+      +----+      +----+      +----+
    |h0-W_h->| h1 |-W_h->| h2 |-W_h->| h3 | W_h  |    | W_h  |    |
    |        +----+      +----+      +----+      +----+      +----+
    |          ^W_x        ^W_x        ^W_x         W_x         W_x
    |        never        too         late         to         code
    |
    |
    """
    assert shown(folded(TOKENS, network("gru"), 70, 10, ASCII, said=said)) == """
    |                          y3: w3 .41
    |                              ^
    |       +---------------------------------------------+
    |       | r, z = sigmoid(W_x*x3 + W_h*h2 + b)         |- h3 --+
    |       | n = tanh(W_x*x3 + b_ih + r*(W_h*h2 + b_hh)) |       |
    |       | h3 = (1-z)*n + z*h2                         |< W_h -+
    |       +---------------------------------------------+
    |                              ^ W_x
    |                           x3: late
    |
    """


# fmt: on


def test_equations() -> None:
    assert equations(network(), 3, NONE) == ["h₃ = tanh(W_x·x₃ + W_h·h₂ + b)"]
    assert equations(network(through="relu"), 1, NONE) == ["h₁ = relu(W_x·x₁ + W_h·h₀ + b)"]
    assert equations(network(through="identity"), 0, ASCII) == ["h_t = W_x*x_t + W_h*h_{t-1} + b"]
    before, after = (equations(network("gru", reset=reset), 3, NONE)[1] for reset in ("before", "after"))
    assert before == "n = tanh(W_x·x₃ + W_h·(r·h₂) + b)"
    assert after == "n = tanh(W_x·x₃ + b_ih + r·(W_h·h₂ + b_hh))"


def test_what_is_shared_does_not_grow_with_the_text() -> None:
    once, often = shared(network(), 1), shared(network(), 1000)
    assert once[0] == "one W_x, one W_h, used 1 time: 416 numbers, any length"
    assert often[0] == "one W_x, one W_h, used 1000 times: 416 numbers, any length"
    assert once[1] == often[1] == "W_x 128 + W_h 256 + b 2×16 = 416"
    # Two biases of each unit, as in PyTorch.
    assert shared(network(), 1, ascii=True)[1] == "W_x 128 + W_h 256 + b 2x16 = 416"
    assert shared(network(layers=2, both=True), 5)[0] == "4 chains, each one W_x, one W_h, used 5 times: 416 numbers"


def test_the_current_step_is_the_brightest(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    rows = unfolded(TOKENS, network(), 3, 78, 8, look, said=said, focused=True)
    text = text_of(rows).split("\n")
    chain, tokens = painted(rows[3], look), painted(rows[6], look)
    # The state flows in, into the copy, and out comes what it says.
    at = text[3].index("h₂") + len("h₂ │")
    assert set(chain[:at]) == {"."}
    assert set(chain[at : text[3].index("h₃") + len("h₃ │")]) == {"A"}
    assert "A" not in chain[text[3].index("h₃") + len("h₃ │") :]
    assert set(painted(rows[0], look)[text[0].index("w3") :][:6]) == {"A"}
    assert set(tokens[text[6].index("code") :][:4]) == {"m"}
    # A layer that is through is no longer bright.
    deep = unfolded(TOKENS, network(layers=2, both=True, position=6), 1, 90, 9, look)
    assert ["A" in painted(row, look) for row in deep] == [True, False, True, *[False] * 6]
    # The focus underlines its token.
    late = next(span for span in rows[6] if "late" in span.text)
    assert late.style.underline
    calm = unfolded(TOKENS, network(), 3, 78, 8, look, said=said)
    assert not any(span.style.underline for row in calm for span in row)


def test_a_click_finds_the_copy_that_is_drawn() -> None:
    for net, height in ((network(), 8), (network(), 6), (network("lstm"), 6), (network(layers=2), 8)):
        rows = text_of(unfolded(TOKENS, net, 3, 90, height, NONE, said=said)).split("\n")
        row = next(line for line in reversed(rows) if "never" in line)
        x = 0
        for step, token in enumerate(TOKENS, 1):
            x = row.index(token, x) + 1
            assert step_at(TOKENS, net, 3, x, 90, height, NONE, outputs=True) == step
        assert step_at(TOKENS, net, 3, 0, 90, height, NONE, outputs=True) is None
        assert step_at(TOKENS, net, 3, 89, 90, height, NONE, outputs=True) is None


def test_a_long_text_costs_no_more() -> None:
    class Counting(list[str]):
        looked = 0

        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            self.looked += 1
            return super().__getitem__(index)

        def __iter__(self):  # type: ignore[no-untyped-def]
            raise AssertionError("all of it was read")

    tokens = Counting(["too"] * 10_000)
    asked: list[int] = []
    net = network(position=5000, count=10_000)
    unfolded(tokens, net, 5000, 78, 9, NONE, said=lambda t: asked.append(t) or "a")
    folded(tokens, net, 78, 9, NONE, said=lambda t: asked.append(t) or "a")
    assert tokens.looked < 30
    assert len(asked) < 12


@many
@given(
    st.lists(labels, min_size=1, max_size=20), st.integers(0, 60), st.sampled_from(["rnn", "gru", "lstm", "other"]),
    st.integers(1, 8), st.booleans(), widths, heights, looks, labels, st.booleans(),
)  # fmt: skip
def test_any_size(tokens, position, cell, layers, both, columns, rows, look, said, speaks):  # type: ignore[no-untyped-def]
    count = len(tokens)
    position = min(position, count * (layers if both else 1))
    net = network(cell, layers, both, position, count)
    at = (position - 1) % count + 1 if position else 1
    out = (lambda t: said) if speaks else None
    for draw in (unfolded, folded):
        where = (at,) if draw is unfolded else ()
        drawn = draw(tokens, net, *where, columns, rows, look, said=out, notes=[said, "b"], focused=both)
        check(drawn, columns, count=rows)


@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
def test_ascii_means_ascii(look: Look) -> None:
    drawn = []
    for cell in ("rnn", "gru", "lstm"):
        for layers, both in ((1, False), (1, True), (8, False), (2, True)):
            net = network(cell, layers, both)
            for height in (5, 12):
                drawn += unfolded(
                    TOKENS * 4, net, 3, 70, height, look, said=said, notes=shared(net, 5, ascii=look.ascii)
                )
                drawn += folded(TOKENS * 4, net, 70, height, look, said=said, notes=shared(net, 5, ascii=look.ascii))
    assert text_of(drawn).isascii() == look.ascii


def test_a_note_that_is_too_wide_is_broken_after_a_comma() -> None:
    assert _lines("used 4 times: 12 numbers, any length", 40) == ["used 4 times: 12 numbers, any length"]
    assert _lines("used 4 times: 12 numbers, any length", 25) == ["used 4 times: 12 numbers,", "any length"]
    assert _lines("used 4 times: 12 numbers, any length", 14) == ["used 4 times:", "12 numbers,", "any length"]
    assert _lines("unbreakable", 4) == ["unbreakable"]
