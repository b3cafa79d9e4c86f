"""The timing figure's values, by a clock that the tests own."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course.figures.timing import Samples, Timing, TimingValues
from tutor.course.lab import Lab
from tutor.engine.convolution import CausalConv1d
from tutor.engine.recurrent import Recurrent


class Stopwatch:
    """A clock that only work moves: a network's forward pass takes `rate` × T seconds, more by the pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rates: dict[type, float]) -> None:
        self.now = 0.0
        self.passes: list[tuple[str, int]] = []
        for kind, rate in rates.items():
            monkeypatch.setattr(kind, "forward", self._counted(kind.forward, kind.__name__, rate))  # type: ignore[attr-defined]

    def _counted(self, forward: Callable[..., Any], name: str, rate: float) -> Callable[..., Any]:
        def counted(net: Any, x: np.ndarray) -> Any:
            self.passes.append((name, len(x)))
            turn = self.passes.count((name, len(x)))
            # The first pass over a length is far too slow, and must not count.
            self.now += rate * len(x) * (100 if turn == 1 else turn)
            return forward(net, x)

        return counted

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    return Stopwatch(monkeypatch, {Recurrent: 1e-3, CausalConv1d: 1e-4})


OPTIONS = Timing(hidden=2, lengths=(4, 8, 16), repeats=3)


def test_nothing_is_known_before_it_is_measured(tmp_path: Path) -> None:
    values = OPTIONS.run(Lab({}, folder=tmp_path))
    assert values.samples == ()
    assert values.growth("rnn") is None
    (waits,) = values.tables()
    assert waits.rows[:3] == (("rnn", 4.0, 4.0), ("rnn", 8.0, 8.0), ("rnn", 16.0, 16.0))
    assert [row[2] for row in waits.rows[3:]] == [1.0, 1.0, 1.0]


def test_each_length_is_told_as_soon_as_it_is_measured(watch: Stopwatch) -> None:
    found = list(OPTIONS.measure(watch))
    assert [len(values.samples) for values in found] == [2, 4, 6]
    assert [(s.network, s.length) for s in found[-1].samples] == [
        ("rnn", 4),
        ("convolution", 4),
        ("rnn", 8),
        ("convolution", 8),
        ("rnn", 16),
        ("convolution", 16),
    ]
    # Three passes, of 2, 3 and 4 times the rate; the first one was left out.
    assert found[0].samples[0].seconds == pytest.approx((8e-3, 12e-3, 16e-3))
    assert found[0].samples[0].quartiles == pytest.approx((10e-3, 12e-3, 14e-3))


def test_the_networks_take_turns(watch: Stopwatch) -> None:
    next(OPTIONS.measure(watch))
    assert watch.passes == [("Recurrent", 4), ("CausalConv1d", 4)] * 4


def test_it_measures_only_what_is_asked_for(watch: Stopwatch) -> None:
    measuring = OPTIONS.measure(watch)
    next(measuring)
    assert {length for _, length in watch.passes} == {4}


def test_the_slope_is_that_of_a_line_in_logarithms(watch: Stopwatch) -> None:
    *_, values = OPTIONS.measure(watch)
    growth = values.growth("rnn")
    assert growth is not None
    assert growth.slope == pytest.approx(1.0)
    assert growth.doubling == pytest.approx(2.0)
    assert growth.per_step == pytest.approx(3e-3)
    assert growth.spread == pytest.approx((2.5e-3, 3.5e-3))
    square = TimingValues(
        ("rnn", "gru"),
        2,
        (10, 20, 40),
        tuple(Samples("rnn", t, (t * t * 1e-6 * off,)) for t, off in ((10, 1.0), (20, 1.1), (40, 1.0))),
    )
    by_polyfit = np.polyfit(np.log([10, 20, 40]), np.log([1e-4, 4.4e-4, 16e-4]), 1)[0]
    found = square.growth("rnn")
    assert found is not None
    assert found.slope == pytest.approx(by_polyfit)
    assert found.doubling == pytest.approx(4.0, rel=1e-9)
    assert square.growth("gru") is None


def test_one_length_has_no_slope_and_a_coarse_clock_none_either() -> None:
    one = TimingValues(("rnn", "gru"), 2, (4, 8), (Samples("rnn", 4, (1e-3,)),))
    found = one.growth("rnn")
    assert found is not None
    assert math.isnan(found.slope)
    assert found.per_step == pytest.approx(2.5e-4)
    coarse = TimingValues(("rnn", "gru"), 2, (4, 8), (Samples("rnn", 4, (0.0,)), Samples("rnn", 8, (0.0,))))
    found = coarse.growth("rnn")
    assert found is not None
    assert math.isnan(found.slope)


def test_a_stack_of_convolutions_runs_layer_after_layer(watch: Stopwatch) -> None:
    options = msgspec.structs.replace(OPTIONS, layers=3, lengths=(4, 8))
    *_, values = options.measure(watch)
    assert watch.passes.count(("CausalConv1d", 4)) == 3 * 4
    assert values.waits("convolution", 8) == 3
    assert values.waits("lstm", 8) == 8
    # 1 + 2 · (1 + 2 + 4)
    assert values.window == 15
    assert msgspec.structs.replace(values, layers=1).window == 3


def test_the_tables_hold_what_is_drawn(watch: Stopwatch) -> None:
    *_, values = OPTIONS.measure(watch)
    times, growth, waits = values.tables()
    assert times.rows[0] == ("rnn", 4.0, *values.samples[0].quartiles, 3.0)
    assert len(times.rows) == 6
    assert [row[0] for row in growth.rows] == ["rnn", "convolution"]
    assert growth.rows[0][1:] == pytest.approx((1.0, 2.0, 3e-3))
    assert waits.title
    assert growth.title


def test_every_network_can_be_measured() -> None:
    for pair in (("rnn", "gru"), ("lstm", "convolution")):
        *_, values = Timing(networks=pair, hidden=2, lengths=(2, 4), repeats=2).measure()  # type: ignore[arg-type]
        assert {s.network for s in values.samples} == set(pair)
        assert all(second > 0 for s in values.samples for second in s.seconds)


def test_a_lesson_writes_its_keys() -> None:
    options = msgspec.convert({"show": "timing", "models": ["gru", "lstm"], "lengths": [2, 3]}, Timing)
    assert options.networks == ("gru", "lstm")
    assert options.models() == ()


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"networks": ("rnn",)}, "`models` names 1"),
        ({"networks": ("rnn", "rnn")}, "`models` names 1"),
        ({"networks": ("rnn", "gru", "rnn")}, "`models` names 2"),
        ({"networks": ("rnn", "gru", "lstm")}, "`models` names 3"),
        ({"lengths": (4,)}, "`lengths` do not rise"),
        ({"lengths": (8, 4)}, "`lengths` do not rise"),
        ({"lengths": (4, 4)}, "`lengths` do not rise"),
        ({"lengths": (0, 4)}, "a length out of bounds"),
        ({"lengths": (4, 65_537)}, "a length out of bounds"),
        ({"hidden": 0}, "`hidden` is 0"),
        ({"hidden": 257}, "`hidden` is 257"),
        ({"repeats": 0}, "`repeats` is 0"),
        ({"layers": 13}, "`layers` is 13"),
        ({"layers": 2, "networks": ("rnn", "gru")}, "`layers` are the convolution's"),
        ({"seed": -1}, "`seed` is -1"),
    ],
)
def test_what_cannot_be_measured(keys: dict[str, Any], wrong: str) -> None:
    found = Timing(**keys).unfit({})
    assert found is not None
    assert found[0].startswith(wrong)
    assert found[1]


def test_what_can() -> None:
    assert Timing().unfit({}) is None
    assert Timing(layers=12, hidden=256, lengths=(1, 65_536)).unfit({}) is None
