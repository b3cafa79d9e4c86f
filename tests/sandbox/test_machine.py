"""Whatever is done on the bench in whatever order: it is computed as anew, can be undone, and memory is bounded."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import Vocabulary, clean
from tutor.sandbox import acts, edits, settings
from tutor.sandbox.acts import Act
from tutor.sandbox.bench import Bench, Beside, Reading
from tutor.sandbox.edits import History
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.instruments import INSTRUMENTS, beside_of, look
from tutor.sandbox.state import View

NAMES = ("cell", "layers", "bidirectional", "unit", "start", "init", "radius", "forget_bias", "seed", "hidden")
TYPED = ("hidden", "layers", "seed", "radius", "forget_bias", "start")
TEXTS = st.one_of(
    st.sampled_from(
        ["never too late", "a b c d e", "x", "", " ", "e\u0301 \u0301", "🇫🇷🇫", "日本語、ok", "\ud800 \x1b[m"]
    ),
    st.text(st.characters(exclude_categories=()), max_size=12),
)
SAID = st.one_of(
    st.sampled_from(["1", "2", "3", "0.5", "−1,5", "", "nan", "W_h 1 0.5", "W_xz 2 −1", "W_hi 1 1", "1 2", "x\ny"]),
    st.text(max_size=5),
)


def told(run: Run) -> list[bytes]:
    """All that a run computed, to the byte."""
    every = [record for records in run.trace.records for record in records]
    arrays = [array for r in every for array in (r.x, r.h, r.c, r.kept) if array is not None]
    arrays += [run.hidden, *run.weights.values(), *run.backward.values()]
    return [array.tobytes() for array in arrays if array is not None] + [
        b"" if run.logits is None else run.logits.tobytes(),
        repr(run.tokens).encode(),
    ]


def small(experiment: Experiment) -> Experiment:
    """Not so large that a test takes long."""
    if experiment.hidden > 8 or experiment.layers > 3:
        raise ValueError("It goes on in a smaller network.")
    return experiment


class Sandbox(RuleBasedStateMachine):
    """As the screen does it: a change is read and looked at, and then it is there; or it says why not."""

    @initialize(cell=st.sampled_from(["rnn", "gru", "lstm"]), text=st.sampled_from(["never too late", "a", "ab c"]))
    def begin(self, cell: str, text: str) -> None:
        self.sources = {
            "words": Model(ModelSpec(cell="gru", hidden_size=3), Vocabulary(("never", "late", "a"))),
            "characters": Model(
                ModelSpec(cell="lstm", hidden_size=2, num_layers=2, bidirectional=True, unit="characters"),
                Vocabulary(tuple("abc ")),
                job="classify",
                labels=("yes", "no"),
            ),
        }
        self.bench = Bench()
        for name, model in self.sources.items():
            self.bench.put(name, model)
        self.first = Experiment(text=text, cell=cell, hidden=2)
        self.history = History(self.first)
        self.view = View()
        self.kind: Beside = ""
        self.reading = self.bench.read(self.first)
        self.late: list[Act] = []
        self.shuffles = 0
        self.behind: list[Experiment] = []
        self.ahead: list[Experiment] = []

    def goes(self, does: Callable[[], History], kind: Beside = "") -> bool:
        """What was done, or one line why it was not."""
        try:
            done = does()
            found = self.bench.read(done.now, kind)
        except ValueError as error:
            self.refused(error)
            return False
        self.history, self.reading, self.kind = done, found, kind
        return True

    def refused(self, error: ValueError) -> None:
        said = str(error)
        assert said
        assert clean(said) == said
        assert "\n" not in said

    def changes(self, change: Callable[[Experiment], Experiment]) -> None:
        before = self.history.now
        if self.goes(lambda: self.history.does(small(change(self.history.now)))) and self.history.now != before:
            self.behind.append(before)
            self.ahead = []

    def acts(self, act: Act, said: str) -> None:
        self.changes(lambda experiment: act.do(said if act.asks else "")(experiment))

    @property
    def unit(self) -> str:
        return self.reading.run.spec.unit

    # The text

    @rule(text=TEXTS)
    def writes(self, text: str) -> None:
        self.changes(lambda e: edits.written(e, text, self.unit))

    @rule(at=st.integers(0, 12), text=TEXTS)
    def replaces(self, at: int, text: str) -> None:
        self.changes(lambda e: edits.replaced(e, at, text, self.unit))

    @rule()
    def turns(self) -> None:
        self.changes(lambda e: edits.turned(e, self.unit))

    @rule()
    def shuffles_it(self) -> None:
        self.shuffles += 1
        self.changes(lambda e: edits.shuffled(e, self.unit, self.shuffles))

    @rule(first=st.integers(0, 6), second=st.integers(0, 6))
    def swaps(self, first: int, second: int) -> None:
        self.changes(lambda e: edits.swapped(e, first, second, self.unit))

    @rule(text=TEXTS)
    def writes_beside(self, text: str) -> None:
        self.changes(lambda e: edits.beside(e, text))

    # The network

    @rule(name=st.sampled_from(NAMES), by=st.sampled_from([-1, 1]))
    def turns_a_setting(self, name: str, by: int) -> None:
        self.changes(lambda e: settings.turned(e, name, by))
        shown = settings.settings(self.history.now, self.reading.run.model)
        assert len(shown) == len(NAMES)

    @rule(name=st.sampled_from(TYPED), said=SAID)
    def types_a_setting(self, name: str, said: str) -> None:
        self.changes(lambda e: settings.typed(e, name, said))

    @rule(name=st.sampled_from(TYPED))
    def takes_a_setting_as_it_stands(self, name: str) -> None:
        now = self.history.now
        found = settings.typed(now, name, settings.to_type(now, name))
        assert replace(found, start=now.start) == now

    @rule(source=st.sampled_from(["", "words", "characters"]))
    def opens(self, source: str) -> None:
        unit = self.sources[source].spec.unit if source else self.history.now.unit
        self.changes(lambda e: replace(e, source=source, unit=unit, cuts=(), nudges=()))

    # By hand

    @rule(position=st.integers(1, 9), unit=st.integers(0, 5), which=st.integers(0, 30), said=SAID)
    def does_by_hand(self, position: int, unit: int, which: int, said: str) -> None:
        self.view = replace(self.view, position=position, unit=unit)
        found = acts.by_hand(self.reading, self.view)
        self.acts(found[which % len(found)], said)

    @rule(position=st.integers(0, 9), which=st.integers(0, 9), said=TEXTS | SAID)
    def does_to_the_text(self, position: int, which: int, said: str) -> None:
        found = acts.on_text(self.reading, replace(self.view, position=position), self.shuffles)
        self.acts(found[which % len(found)], said)

    @rule(position=st.integers(1, 9), unit=st.integers(0, 5))
    def opens_a_list(self, position: int, unit: int) -> None:
        """What is chosen from it is done later, to whatever is there by then."""
        view = replace(self.view, position=position, unit=unit)
        self.late = [*acts.by_hand(self.reading, view), *acts.on_text(self.reading, view, self.shuffles)]

    @rule(which=st.integers(0, 40), said=TEXTS | SAID)
    def chooses_late(self, which: int, said: str) -> None:
        if self.late:
            self.acts(self.late[which % len(self.late)], said)

    @rule(step=st.none() | st.integers(0, 6))
    def heals(self, step: int | None) -> None:
        self.changes(lambda e: edits.healed(e, step))

    # There and back

    @rule()
    def undoes(self) -> None:
        before = self.history.now
        if self.goes(self.history.undo):
            self.ahead.insert(0, before)
            assert self.history.now is self.behind.pop()
        else:
            assert not self.behind

    @rule()
    def redoes(self) -> None:
        before = self.history.now
        if self.goes(self.history.redo):
            self.behind.append(before)
            assert self.history.now is self.ahead.pop(0)
        else:
            assert not self.ahead

    # What is looked at

    @rule(name=st.sampled_from(list(INSTRUMENTS)), position=st.integers(0, 9), unit=st.integers(0, 9))
    def looks(self, name: str, position: int, unit: int) -> None:
        self.view = View(name, position, unit)
        kind: Beside = ""
        if name == "compare":
            try:
                kind = beside_of(self.history.now, self.kind)
            except ValueError as error:
                self.refused(error)
                return
        assert self.goes(lambda: self.history, kind)

    @invariant()
    def it_is_what_a_new_bench_computes(self) -> None:
        fresh = Bench()
        fresh.sources = dict(self.sources)
        again = fresh.read(self.history.now, self.kind)
        assert self.reading.experiment == self.history.now
        assert told(self.reading.run) == told(again.run)
        assert [name for name, _ in self.reading.beside] == [name for name, _ in again.beside]
        for (_, one), (_, other) in zip(self.reading.beside, again.beside, strict=True):
            assert told(one) == told(other)
        assert self.seen(self.reading) == self.seen(again)

    def seen(self, reading: Reading) -> str:
        try:
            shown = look(self.view.instrument, reading, self.view)
        except ValueError as error:
            self.refused(error)
            return str(error)
        return shown.show + repr(shown.values.tables())

    @invariant()
    def what_is_behind_and_ahead_is_what_was(self) -> None:
        assert self.history.behind == tuple(self.behind)
        assert self.history.ahead == tuple(self.ahead)

    def teardown(self) -> None:
        """All of it undone, and done again."""
        if not hasattr(self, "history"):
            return
        last, history = self.history, self.history
        while history.ahead:
            history = history.redo()
        newest = history.now
        while history.behind:
            history = history.undo()
        assert history.now is self.first
        while history.ahead:
            history = history.redo()
        assert history.now is newest
        for _ in last.ahead:
            history = history.undo()
        assert history == last


Sandbox.TestCase.settings = how(deadline=None, max_examples=80, stateful_step_count=40)
TestSandbox = Sandbox.TestCase


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    # A text of 2,000 characters for each change. The history keeps a hundred of them here, and is full before the 250th
    # change. What is kept besides is one network, one reading, and the tokens of eight texts: after the same last
    # changes it is the same after 500 of them as after 250. 64 kB are for lists and tables that Python keeps.
    size, most = 2_000, 200_000
    monkeypatch.setattr(edits, "MOST_KEPT", most)
    rng = random.Random(0)
    bench, history, sizes = Bench(), History(Experiment(hidden=8)), []

    def operation(turn: int, now: Experiment) -> Experiment:
        kind = turn % 5
        if kind == 0 and now.cuts:
            now = edits.healed(now)
        if kind == 1:
            found = acts.by_hand(bench.read(now), View(position=1 + rng.randrange(3), unit=rng.randrange(4)))
            now = found[rng.randrange(2)].do("0.5")(now)
        if kind == 2:
            now = settings.turned(now, rng.choice(["cell", "start", "bidirectional", "seed"]), 1)
        if kind == 3:
            now = edits.beside(now, f"w{turn} x")
        words = " ".join(f"w{rng.randrange(9)}" for _ in range(20))
        # What nobody sees is kept like any other text, and is quickly read.
        return edits.written(now, f"{turn} {words} ".ljust(size, "\u200b"))

    tracemalloc.start()
    try:
        for turn in range(1, 501):
            history = history.does(operation(turn, history.now))
            if turn % 7 == 0:
                history = history.undo().undo().redo()
            instrument = rng.choice(["state", "gates", "gradient", "why", "unrolled", "jacobian", "vectors"])
            reading = bench.read(history.now)
            look(instrument, reading, View(instrument, 3))
            if turn in (250, 500):
                for _ in range(8):
                    history = history.does(Experiment(text=f"{turn} {_} the same ".ljust(size, "\u200b"), hidden=8))
                    reading = bench.read(history.now)
                    look("gradient", reading, View())
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert size * len(history.behind) > most - 2 * size
    assert abs(sizes[1] - sizes[0]) < 64 * 1024
    # Two bytes for each of these characters; and a megabyte for the network, the reading, and a hundred experiments.
    assert max(sizes) < 2 * most + 1024 * 1024
