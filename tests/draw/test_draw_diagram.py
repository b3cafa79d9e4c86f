"""The unrolled network."""

from __future__ import annotations

from tutor.draw.cells import Look
from tutor.draw.diagram import unrolled

NONE = Look("none")
ASCII = Look("none", ascii=True)
SCRIPTS = ["永远", "不会", "👩\u200d👩\u200d👧", "cafe\u0301", "학"]
TOKENS = ("never", "too", "late", "to")

# Pictures keep their own lines.
# fmt: off


def test_every_position(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS, 0, 60, NONE)) == """
    |h₀  [ ]     [ ]     [ ]     [ ]
    |
    |   never    too    late     to
    |    the same W_x, W_h at every step
    """
    assert shown(unrolled(TOKENS, 1, 60, NONE)) == """
    |h₀─→[W]─h₁  [ ]     [ ]     [ ]
    |     ↑
    |   never    too    late     to
    |    the same W_x, W_h at every step
    """
    assert shown(unrolled(TOKENS, 3, 60, NONE)) == """
    |h₀─→[W]─h₁─→[W]─h₂─→[W]─h₃  [ ]
    |     ↑       ↑       ↑
    |   never    too    late     to
    |    the same W_x, W_h at every step
    """
    assert shown(unrolled(TOKENS, 4, 60, NONE)) == """
    |h₀─→[W]─h₁─→[W]─h₂─→[W]─h₃─→[W]─h₄
    |     ↑       ↑       ↑       ↑
    |   never    too    late     to
    |    the same W_x, W_h at every step
    """
    assert unrolled(TOKENS, -3, 60, NONE) == unrolled(TOKENS, 0, 60, NONE)
    assert unrolled(TOKENS, 99, 60, NONE) == unrolled(TOKENS, 4, 60, NONE)
    for look in (Look(), Look("256"), Look("256", dark=False)):
        assert shown(unrolled(TOKENS, 3, 60, look)) == shown(unrolled(TOKENS, 3, 60, NONE))


def test_compact(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS, 2, 60, NONE, compact=True)) == """
    |h₀─→[W]─h₁─→[W]─h₂  [ ]     [ ]
    |     ↑       ↑
    |   never    too    late     to
    """


def test_ascii(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS, 3, 60, ASCII, outputs=["too", "late", "to", "code"])) == """
    |     too     late      to
    |      ^        ^        ^
    |h0-->[W]-h1-->[W]-h2-->[W]-h3   [ ]
    |      ^        ^        ^
    |    never     too     late      to
    """
    assert shown(unrolled(TOKENS * 3, 6, 40, ASCII)) == """
    | ~ ->[W]-h5--->[W]-h6    [ ]     ~
    |      ^         ^
    |    never      too      late
    |     the same W_x, W_h at every step
    """


def test_outputs(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS, 3, 78, NONE, outputs=["too", "late", "to", "code"])) == """
    |    too    late     to
    |     ↑       ↑       ↑                         the same W_x, W_h at every step
    |h₀─→[W]─h₁─→[W]─h₂─→[W]─h₃  [ ]
    |     ↑       ↑       ↑
    |   never    too    late     to
    """
    # The note gives way where there is no room, and outputs that are not there are blank.
    assert shown(unrolled(TOKENS, 4, 40, NONE, outputs=["too", "late"])) == """
    |    too    late
    |     ↑       ↑       ↑       ↑
    |h₀─→[W]─h₁─→[W]─h₂─→[W]─h₃─→[W]─h₄
    |     ↑       ↑       ↑       ↑
    |   never    too    late     to
    """


def test_it_scrolls_with_the_current_step_in_sight(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS * 3, 1, 40, NONE, note="")) == """
    |h₀─→[W]─h₁   [ ]      [ ]      [ ]     …
    |     ↑
    |   never     too     late      to
    |
    """
    assert shown(unrolled(TOKENS * 3, 6, 40, NONE, note="")) == """
    | … →[W]─h₄──→[W]─h₅──→[W]─h₆   [ ]     …
    |     ↑        ↑        ↑
    |    to      never     too     late
    |
    """
    assert shown(unrolled(TOKENS * 3, 12, 40, NONE, note="")) == """
    | … →[W]─h₉──→[W]─h₁₀─→[W]─h₁₁─→[W]─h₁₂
    |     ↑        ↑        ↑        ↑
    |   never     too     late      to
    |
    """
    for position in range(13):
        drawn = unrolled([f"t{n}" for n in range(1, 13)], position, 40, NONE)
        assert position == 0 or f"t{position}" in shown(drawn[2:3]).split()


def test_a_second_chain_reads_from_the_end(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(TOKENS, 2, 40, NONE, backward=True)) == """
    |h₀─→[W]─h₁─→[W]─h₂  [ ]     [ ]
    |    [V]←────[V]←────[V]←────[V]←─h₀
    |     ↑       ↑
    |   never    too    late     to
    |    W and V share no weight
    """
    assert shown(unrolled(TOKENS, 0, 40, NONE, backward=True, compact=True)) == """
    |h₀  [ ]     [ ]     [ ]     [ ]
    |
    |
    |   never    too    late     to
    """
    assert shown(unrolled(TOKENS * 3, 6, 40, NONE, backward=True, note="")) == """
    | … →[W]─h₄──→[W]─h₅──→[W]─h₆   [ ]     …
    |  … [V]←─────[V]←─────[V]←─────[V]←────…
    |     ↑        ↑        ↑
    |    to      never     too     late
    |
    """
    assert shown(unrolled(TOKENS, 4, 40, Look(ascii=True), backward=True, compact=True)) == """
    |h0-->[W]-h1-->[W]-h2-->[W]-h3-->[W]-h4
    |     [V]<-----[V]<-----[V]<-----[V]<--h0
    |      ^        ^        ^        ^
    |    never     too     late      to
    """


def test_any_script(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled(SCRIPTS, 4, 60, NONE, note="")) == """
    |h₀─→[W]─h₁─→[W]─h₂─→[W]─h₃─→[W]─h₄  [ ]
    |     ↑       ↑       ↑       ↑
    |   永远    不会     👩‍👩‍👧     café     학
    |
    """
    assert shown(unrolled(["incomprehensibilities", "too"], 1, 60, NONE, note="")) == """
    |h₀───→[W]─h₁        [ ]
    |       ↑
    | incomprehens…      too
    |
    """


def test_nothing_to_read(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(unrolled([], 0, 40, NONE)) == """
    |h₀
    |
    |
    |    the same W_x, W_h at every step
    """


def test_the_current_step_is_brightest(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    boxes, arrows, below, note = unrolled(TOKENS, 2, 40, look)
    assert painted(boxes, look) == "............AAAAAAAAmmm.....mmm........."
    assert painted(arrows, look) == ".........AAAAAAAAmmmmmmmmmmmmmmmm......."
    assert painted(below, look) == ".........AAAAAAAAmmmmmmmmmmmmmmmm......."
    assert painted(note, look) == "....mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm....."


def test_a_long_text_costs_no_more() -> None:
    """What is far outside the window is not looked at."""

    class Counting(list[str]):
        looked = 0

        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            self.looked += 1
            return super().__getitem__(index)

        def __iter__(self):  # type: ignore[no-untyped-def]
            raise AssertionError("all of it was read")

    tokens = Counting(["too"] * 10_000)
    unrolled(tokens, 5_000, 78, NONE)
    assert tokens.looked < 30
