"""What a pass leaves behind: a trace of the size of its arrays, and nothing that grows with the number of passes."""

from __future__ import annotations

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tutor.engine import CELLS, Recurrent
from tutor.engine.memory import aligned
from tutor.engine.stretches import _MOST_SPARE


def owned(array: np.ndarray) -> np.ndarray:
    """The array whose memory a view looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_trace_holds_its_arrays_and_no_more(cell: str) -> None:
    T, B, H, D = 50, 3, 8, 5
    trace = Recurrent(cell, D, H).forward(np.ones((T, B, D), np.float32))
    (record,) = trace.records[0]
    rooms = {
        id(owned(array)): owned(array) for array in (record.x, record.h, record.c, record.kept) if array is not None
    }
    states, gates = {"rnn": (1, 0), "gru": (1, 4), "lstm": (2, 5)}[cell]
    assert sum(room.nbytes for room in rooms.values()) == 4 * (T * B * D + states * (T + 1) * B * H + T * gates * B * H)
    for array in (trace.output, *trace.gates().values()):
        assert id(owned(array)) in rooms


@pytest.mark.parametrize("cell", list(CELLS))
def test_nothing_grows_with_the_number_of_passes(cell: str) -> None:
    net = Recurrent(cell, 4, 6, 2, bidirectional=True)
    x, d = np.ones((9, 2, 4), np.float32), np.ones((9, 2, 12), np.float32)

    def passes(times: int) -> int:
        for _ in range(times):
            net.backward(net.forward(x, lengths=[9, 4]), d)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        passes(60)
        before = passes(60)
        # One array that is left behind has more than a hundred bytes, however small it is.
        assert passes(240) - before < 240 * 50
    finally:
        tracemalloc.stop()


def test_nor_with_the_number_of_lengths() -> None:
    net = Recurrent("gru", 2, 3)
    for T in range(1, 300, 7):
        for B in (1, 2, 3):
            trace = net.forward(np.ones((T, B, 2), np.float32))
            net.backward(trace, np.ones((T, B, 3), np.float32))
    assert len(net._spare._kept) == _MOST_SPARE


def test_nor_is_what_a_large_pass_needs_kept() -> None:
    net = Recurrent("lstm", 2, 64)
    net.forward(np.ones((40, 300, 2), np.float32))
    assert not net._spare._kept
    net.forward(np.ones((40, 3, 2), np.float32))
    assert net._spare._kept


def test_threads_can_read_with_one_network() -> None:
    net = Recurrent("lstm", 3, 5, bidirectional=True, dtype=np.float64)
    xs = [np.random.default_rng(i).standard_normal((20 + i, 1 + i % 2, 3)) for i in range(40)]

    def both(x: np.ndarray) -> tuple[bytes, bytes]:
        trace = net.forward(x)
        return trace.output.tobytes(), net.backward(trace, np.ones_like(trace.output)).flat.tobytes()

    alone = [both(x) for x in xs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert list(pool.map(both, xs)) == alone


@pytest.mark.parametrize("T", [31, 32, 33, 127, 128, 129, 300])
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_long_pass_is_short_ones_put_together(cell: str, T: int) -> None:
    """At every length around those that a cell takes at a time: the states carried on, the gradients carried back."""
    net = Recurrent(cell, 2, 3, dtype=np.float64)
    rng = np.random.default_rng(T)
    for B in (1, 5):
        x, d = rng.standard_normal((T, B, 2)), rng.standard_normal((T, B, 3))
        whole = net.forward(x)
        back = net.backward(whole, d)
        state, traces = None, []
        for start in range(0, T, 10):
            traces.append(net.forward(x[start : start + 10], state))
            state = traces[-1].h_n if traces[-1].c_n is None else (traces[-1].h_n, traces[-1].c_n)
        np.testing.assert_allclose(np.concatenate([t.output for t in traces]), whole.output, atol=1e-13)
        total, d_h_n, d_c_n = np.zeros_like(net.flat), None, None
        for at, trace in reversed(list(enumerate(traces))):
            grads = net.backward(trace, d[at * 10 : at * 10 + 10], d_h_n, d_c_n)
            np.testing.assert_allclose(grads.x, back.x[at * 10 : at * 10 + 10], atol=1e-12)
            np.testing.assert_allclose(grads.h(), back.h()[at * 10 : at * 10 + 10], atol=1e-12)
            total += grads.flat
            d_h_n, d_c_n = grads.h_0, grads.c_0
        np.testing.assert_allclose(total, back.flat, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(grads.h_0, back.h_0, atol=1e-12)


def test_memory_begins_where_a_line_begins() -> None:
    for size in range(1, 40):
        array = aligned((size, 3), np.dtype(np.float32))
        assert array.shape == (size, 3)
        assert array.flags.c_contiguous
        assert array.ctypes.data % 64 == 0
    assert Recurrent("lstm", 3, 4).flat.ctypes.data % 64 == 0
