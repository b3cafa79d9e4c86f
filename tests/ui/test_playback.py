"""The player's state: every transition, and its invariants over any keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.ui.playback import SPEEDS, Playback


def test_steps_stop_at_both_ends() -> None:
    p = Playback(2)
    assert p.at_start
    assert p.back() == p
    p = p.forward().forward()
    assert p.at_end
    assert p.forward() == p
    assert p.start().position == 0
    assert p.start().end().position == 2


def test_a_step_comes_when_it_is_due_and_not_before() -> None:
    p = Playback(3, speed=1).toggle(now=10.0)
    assert p.playing
    assert p.due(10.99) is p
    later = p.due(11.0)
    assert (later.position, later.since) == (1, 11.0)


def test_a_long_stall_takes_one_step_and_not_a_burst() -> None:
    p = Playback(9, speed=1).toggle(now=0.0)
    assert p.due(100.0).position == 1


def test_playing_ends_at_the_end_and_begins_again_from_the_start() -> None:
    p = Playback(1, speed=1).toggle(0.0).due(1.0)
    assert p.at_end
    assert not p.playing
    again = p.toggle(2.0)
    assert (again.position, again.playing) == (0, True)


def test_a_key_takes_over_from_playing() -> None:
    assert not Playback(5).toggle(0.0).forward().playing
    assert not Playback(5).toggle(0.0).toggle(0.0).playing


def test_nothing_to_play() -> None:
    assert Playback(0).toggle(0.0) == Playback(0)


def test_speeds_stop_at_both_ends() -> None:
    p = Playback(1)
    for _ in range(20):
        p = p.faster()
    assert p.tokens_per_second == SPEEDS[-1]
    for _ in range(20):
        p = p.slower()
    assert p.tokens_per_second == SPEEDS[0]


@pytest.mark.parametrize("wrong", [{"position": 3}, {"position": -1}, {"speed": 99}])
def test_what_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected 0"):
        Playback(2, **wrong)


@given(st.integers(0, 5), st.lists(st.sampled_from("<>[]pt+-"), max_size=40))
def test_any_keys_leave_it_in_its_bounds(length: int, keys: list[str]) -> None:
    p = Playback(length)
    for now, key in enumerate(keys):
        before = p
        p = {
            "<": p.back,
            ">": p.forward,
            "[": p.start,
            "]": p.end,
            "p": lambda p=p, now=now: p.toggle(float(now)),
            "t": lambda p=p, now=now: p.due(float(now)),
            "+": p.faster,
            "-": p.slower,
        }[key]()
        assert 0 <= p.position <= p.length == before.length
        assert not (p.playing and p.length == 0)
        assert key not in "<>" or abs(p.position - before.position) <= 1
