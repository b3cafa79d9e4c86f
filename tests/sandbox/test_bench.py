"""The bench: what it built stays built; what is beside a run is run with it; a stretch of a gradient is its part."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from tutor.engine.gradient_flow import gradient_flow
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary
from tutor.sandbox.bench import Bench
from tutor.sandbox.experiment import Experiment, Nudge

CELLS = ("rnn", "gru", "lstm")
TEXT = "a b c d e f g"
KINDS = list(product(CELLS, (1, 2), (False, True)))


def told(run: Run) -> list[bytes]:
    """All that a run computed, to the byte."""
    every = [record for records in run.trace.records for record in records]
    arrays = [array for r in every for array in (r.x, r.h, r.c, r.kept) if array is not None]
    return [array.tobytes() for array in (run.hidden, run.x, *arrays, *run.weights.values(), *run.backward.values())]


def by_hand(cell: str, layers: int = 1, both: bool = False) -> tuple[Cut, ...]:
    """Something at several steps: values, swaps, whole states, in the first layer and the last, in both directions."""
    top = layers - 1
    letters = {"rnn": ("h",), "gru": ("h", "z", "n"), "lstm": ("h", "c", "f", "o")}[cell]
    found = [Cut(2 + at, letter, 1, 0.25, None, top) for at, letter in enumerate(letters)]
    found += [Cut(4, "h", 0, 0.0, 2, top), Cut(3, "h", 0, -0.5), Cut(6, letters[-1], 2, 0.5, None, top)]
    if both:
        found += [Cut(5, "h", 1, 0.75, None, top, 1), Cut(2, "h", 0, 0.0, 1, 0, 1)]
    return tuple(found)


def experiment(cell: str, layers: int, both: bool, **more: Any) -> Experiment:
    return Experiment(text=TEXT, cell=cell, hidden=3, layers=layers, bidirectional=both, **more)


def test_what_was_built_last_stays_built() -> None:
    bench, one = Bench(), Experiment(hidden=4)
    model = bench.model(one)
    for same in (
        replace(one, text="other words"),
        replace(one, start="random"),
        replace(one, beside="x"),
        replace(one, cuts=(Cut(1, "h", 0),)),
        replace(one, forget_bias=3.0),
        replace(one, radius=one.radius),
    ):
        assert bench.model(same) is model
    for other in (
        replace(one, seed=1),
        replace(one, cell="gru"),
        replace(one, unit="characters"),
        replace(one, nudges=(Nudge("bias_hh_l0", 0, 0, 1.0),)),
        replace(one, init="orthogonal"),
    ):
        assert bench.model(other) is not bench.model(one)
        assert told(bench.read(other).run) == told(Bench().read(other).run)
        assert told(bench.read(one).run) == told(Bench().read(one).run)


def test_a_network_with_a_name() -> None:
    bench = Bench()
    first, second = (Model(ModelSpec(hidden_size=3, seed=seed), Vocabulary(("a", "b"))) for seed in (1, 2))
    one = Experiment(text="a b", source="it", hidden=9)
    with pytest.raises(ValueError, match=r"\Asource: got 'it', and there is no such network on the bench\Z"):
        bench.read(one)
    bench.put("it", first)
    assert bench.read(one).run.model is first
    nudge = replace(one, nudges=(Nudge("weight_hh_l0", 0, 0, 0.5),))
    assert bench.model(nudge) is not first
    assert bench.model(nudge).net.state_dict()["weight_hh_l0"][0, 0] == (
        first.net.state_dict()["weight_hh_l0"][0, 0] + np.float32(0.5)
    )
    assert bench.model(nudge).vocabulary is not None
    # Another in its place is read from then on.
    bench.put("it", second)
    assert bench.read(one).run.model is second
    assert told(bench.read(nudge).run) != told(bench.read(one).run)
    assert first.net.state_dict()["weight_hh_l0"].tobytes() != second.net.state_dict()["weight_hh_l0"].tobytes()
    # What waits while it is there makes no difference.
    assert told(bench.read(replace(one, hidden=2, cell="lstm", seed=5)).run) == told(bench.read(one).run)


def test_a_network_that_is_put_there_while_another_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    first, second = (Model(ModelSpec(hidden_size=3, seed=seed), Vocabulary(("a", "b"))) for seed in (1, 2))
    bench.put("it", first)
    one = Experiment(text="a b", source="it")
    build = Experiment.model

    def meanwhile(experiment: Experiment, sources: Any = None) -> Model:
        found = build(experiment, sources)
        bench.put("it", second)
        return found

    monkeypatch.setattr(Experiment, "model", meanwhile)
    assert bench.read(one).run.model is first
    monkeypatch.undo()
    assert bench.read(one).run.model is second


def test_a_network_that_is_lent() -> None:
    asked: list[str] = []

    def lend(name: str) -> Model:
        asked.append(name)
        if name != "lesson:a/b":
            raise ValueError("There is no such network.")
        return Model(ModelSpec(hidden_size=3), Vocabulary(("a", "b")))

    bench = Bench(lend)
    bench.read(Experiment())
    assert asked == []
    one = Experiment(text="a b", source="lesson:a/b")
    assert bench.read(one).run.model is bench.read(replace(one, text="b")).run.model is bench.sources["lesson:a/b"]
    assert asked == ["lesson:a/b"]
    with pytest.raises(ValueError, match=r"\AThere is no such network\.\Z"):
        bench.read(replace(one, source="lesson:a/c"))
    assert "lesson:a/c" not in bench.sources


@pytest.mark.parametrize(("cell", "layers", "both"), KINDS)
def test_what_stands_beside_a_run(cell: str, layers: int, both: bool) -> None:
    one = experiment(cell, layers, both, start="random", beside="c b a")
    nudges = (Nudge("weight_hh_l0", 0, 0, 0.5),)
    done = replace(one, cuts=by_hand(cell, layers, both), nudges=nudges)
    bench = Bench()
    plain = bench.read(done)
    assert (plain.beside, plain.kind) == ((), "")

    text = bench.read(done, "text")
    assert [name for name, _ in text.beside] == [TEXT, "c b a"]
    assert text.beside[0][1] is text.run
    assert told(text.beside[1][1]) == told(replace(done, text="c b a", cuts=()).run())
    assert text.beside[1][1].model is text.run.model

    touched = bench.read(done, "plain")
    assert [name for name, _ in touched.beside] == ["by hand", "as it was"]
    assert told(touched.beside[0][1]) == told(done.run())
    assert told(touched.beside[1][1]) == told(one.run())
    assert told(done.run()) != told(one.run())

    cells = bench.read(done, "cells")
    others = [name for name in CELLS if name != cell]
    assert [name for name, _ in cells.beside] == [name.upper() for name in (cell, *others)]
    for (_, run), other in zip(cells.beside[1:], others, strict=True):
        assert told(run) == told(replace(one, cell=other).run())
    for reading in (plain, text, touched, cells):
        assert told(reading.run) == told(done.run())
        assert reading.experiment == done


def test_what_cannot_stand_beside_it() -> None:
    bench = Bench()
    bench.put("it", Model(ModelSpec(hidden_size=3), Vocabulary(("a",))))
    with pytest.raises(ValueError, match=r"\AThere is no second text: b writes one\.\Z"):
        bench.read(Experiment(), "text")
    with pytest.raises(ValueError, match=r"\ANothing was done by hand: h sets a value, or nudges a weight\.\Z"):
        bench.read(Experiment(), "plain")
    with pytest.raises(ValueError, match=r"\AThis network keeps its cell\. o puts an untrained one in its place\.\Z"):
        bench.read(Experiment(source="it"), "cells")
    long = " ".join(f"w{at}" for at in range(100))
    (name, _), _ = bench.read(Experiment(text=long, beside="x", hidden=1), "text").beside
    assert name == " ".join(f"w{at}" for at in range(32))


# The stretches of a gradient


@pytest.mark.parametrize("start", ["zeros", "random"])
@pytest.mark.parametrize("cuts", [False, True], ids=["plain", "by hand"])
@pytest.mark.parametrize(("cell", "layers", "both"), KINDS)
def test_a_stretch_of_a_flow_is_that_part_of_the_whole(
    cell: str, layers: int, both: bool, cuts: bool, start: str
) -> None:
    one = experiment(cell, layers, both, start=start, cuts=by_hand(cell, layers, both) if cuts else ())
    reading = Bench().read(one)
    T = len(reading.run.tokens)
    whole = reading.flow(0, T)
    assert whole.norms.tobytes() == gradient_flow(reading.run.model.net, reading.run.trace).norms.tobytes()
    for first in range(T):
        for last in range(first + 1, T + 1):
            part = reading.flow(first, last)
            assert part.norms.shape == (last - first + 1,)
            np.testing.assert_allclose(part.jacobians, whole.jacobians[first:last], rtol=1e-4, atol=1e-6)
            if part.slopes is not None:
                np.testing.assert_allclose(part.slopes, whole.slopes[first:last], rtol=1e-4, atol=1e-6)
            # What the factors of the whole come to, multiplied here.
            carried = np.eye(whole.jacobians.shape[1])
            wanted = [carried]
            for t in range(last - 1, first - 1, -1):
                carried = carried @ whole.jacobians[t]
                wanted.append(carried)
            np.testing.assert_allclose(
                part.norms[::-1], [np.linalg.norm(p[:3, :3]) for p in wanted], rtol=1e-3, atol=1e-6
            )


@pytest.mark.parametrize(("cell", "layers", "both"), KINDS)
def test_a_stretch_runs_as_the_whole_did(cell: str, layers: int, both: bool) -> None:
    reading = Bench().read(experiment(cell, layers, both, start="random", cuts=by_hand(cell, layers, both)))
    whole = reading.run.trace
    for first, last in ((0, 3), (2, 5), (1, 7), (6, 7), (0, 7)):
        part = reading._stretch(first, last)
        for records, others in zip(part.records, whole.records, strict=True):
            for one, other in zip(records, others, strict=True):
                np.testing.assert_allclose(one.h, other.h[first : last + 1], rtol=1e-5, atol=1e-6)
                np.testing.assert_allclose(one.kept, other.kept[first:last], rtol=1e-4, atol=1e-5)
                if one.c is not None:
                    np.testing.assert_allclose(one.c, other.c[first : last + 1], rtol=1e-5, atol=1e-6)


def test_a_flow_past_a_state_that_was_set_is_nothing() -> None:
    reading = Bench().read(Experiment(text=TEXT, hidden=3, cuts=(Cut(4, "h"),)))
    assert reading.flow(0, 7).norms[:4].tolist() == [0.0] * 4
    assert reading.flow(3, 7).norms[0] == 0.0
    assert reading.flow(4, 7).norms.all()
    assert reading.flow(0, 3).norms.all()
