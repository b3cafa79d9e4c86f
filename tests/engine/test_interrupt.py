"""Work that is broken off: at once, in its own thread alone, and without a trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import numpy as np
import pytest

from tutor.engine import CELLS, Recurrent, gradient_flow
from tutor.engine.interrupt import Interrupted, interruptible, look_up


def after(asked: int) -> Callable[[], bool]:
    """It is over when it was asked so often, and one time more."""
    times = []

    def over() -> bool:
        times.append(1)
        return len(times) > asked

    return over


def test_nothing_is_asked_where_nobody_waits() -> None:
    look_up()
    with interruptible(lambda: False):
        look_up()
    with interruptible(lambda: True), interruptible(None):
        look_up()


def test_what_is_over_ends_and_what_comes_after_does_not() -> None:
    with pytest.raises(Interrupted), interruptible(lambda: True):
        look_up()
    look_up()


def test_it_is_nothing_that_went_wrong() -> None:
    """What takes up every error leaves it alone."""
    with pytest.raises(Interrupted), interruptible(lambda: True), suppress(Exception):
        look_up()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("asked", [0, 1, 3])
def test_a_pass_that_was_broken_off_is_made_again_to_the_byte(cell: str, asked: int) -> None:
    x = np.random.default_rng(0).standard_normal((500, 1, 3)).astype(np.float32)
    whole = Recurrent(cell, 3, 4, 2, seed=1).forward(x)
    net = Recurrent(cell, 3, 4, 2, seed=1)
    with pytest.raises(Interrupted), interruptible(after(asked)):
        net.forward(x)
    again = net.forward(x)
    assert again.output.tobytes() == whole.output.tobytes()
    d = np.ones_like(whole.output)
    grads = net.backward(again, d)
    with pytest.raises(Interrupted), interruptible(after(asked)):
        net.backward(again, d)
    assert net.backward(again, d).flat.tobytes() == grads.flat.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_a_gradient_is_broken_off_between_any_two_steps(cell: str) -> None:
    net = Recurrent(cell, 3, 4, seed=1)
    trace = net.forward(np.random.default_rng(0).standard_normal((20, 1, 3)).astype(np.float32))
    for asked in range(20):
        with pytest.raises(Interrupted), interruptible(after(asked)):
            _ = gradient_flow(net, trace).norms
    whole = gradient_flow(net, trace)
    for asked in range(20):
        flow = gradient_flow(net, trace)
        with pytest.raises(Interrupted), interruptible(after(asked)):
            _ = flow.jacobians
        with pytest.raises(Interrupted), interruptible(after(asked)):
            _ = flow.log10_products
        assert flow.log10_products.tobytes() == whole.log10_products.tobytes()


def test_another_thread_goes_on() -> None:
    ended = []

    def works() -> None:
        look_up()
        ended.append(True)

    with interruptible(lambda: True):
        thread = Thread(target=works)
        thread.start()
        thread.join()
    assert ended
