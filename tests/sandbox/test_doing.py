"""Steps that are done to an experiment: what the last of them shows, and what cannot be done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.engine.surgery import Cut
from tutor.sandbox import edits, settings
from tutor.sandbox.bench import Bench
from tutor.sandbox.doing import Done, Stand, Step, do
from tutor.sandbox.edits import History
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.state import View


class Counted(Bench):
    """A bench that counts how often it ran something."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[Experiment] = []

    def read(self, experiment, beside=""):  # type: ignore[no-untyped-def]
        self.reads.append(experiment)
        return super().read(experiment, beside)


def opened(experiment: Experiment | None = None, view: View | None = None) -> tuple[Counted, Stand]:
    bench = Counted()
    one = experiment or Experiment(hidden=4)
    stand = Stand(History(one), bench.read(one), view or View())
    bench.reads.clear()
    return bench, stand


def changed(change: Callable[[Experiment], Experiment], **more: object) -> Step:
    return Step(lambda history: history.does(change(history.now)), **more)  # type: ignore[arg-type]


def turned(name: str, by: int = 1) -> Step:
    return changed(lambda e: settings.turned(e, name, by))


def true(done: Done) -> None:
    """What is shown is what a new bench computes."""
    assert done.shown is not None
    fresh = Bench().read(done.stand.history.now, done.stand.reading.kind)
    assert np.array_equal(done.stand.reading.run.hidden, fresh.run.hidden)


def test_of_steps_that_waited_only_the_last_is_run_and_each_can_be_undone() -> None:
    bench, stand = opened()
    done = do([turned("seed")] * 10, bench, stand)
    assert [one.seed for one in bench.reads] == [10]
    assert [one.seed for one in done.stand.history.behind] == list(range(10))
    true(done)


def test_what_cannot_be_done_is_said_and_the_others_are_done() -> None:
    bench, stand = opened()
    done = do([turned("layers"), turned("layers", -1), turned("layers", -1), turned("cell")], bench, stand)
    assert done.words == ("It goes from 1 to 8.",)
    now = done.stand.history.now
    assert (now.layers, now.cell) == (1, "gru")
    assert len(bench.reads) == 1
    true(done)


def test_where_the_last_cannot_be_run_each_answers_for_itself() -> None:
    bench, stand = opened()
    nowhere = changed(lambda e: edits.cut(e, Cut(99, "h")))
    done = do([turned("cell"), nowhere], bench, stand)
    assert len(done.words) == 1
    assert "99" in done.words[0]
    assert done.stand.history.now == Experiment(hidden=4, cell="gru")
    true(done)


def test_nothing_that_can_be_done_leaves_everything_as_it_was() -> None:
    bench, stand = opened()
    done = do([Step(History.undo), Step(History.redo, line=3)], bench, stand)
    assert done.stand is stand
    assert done.shown is None
    assert done.line == 0, "the line stays open"
    assert done.words == ("There is nothing to undo.", "There is nothing to redo.")


def test_the_line_whose_text_is_done_is_named() -> None:
    bench, stand = opened()
    done = do([changed(lambda e: edits.written(e, "one"), line=2), turned("seed")], bench, stand)
    assert done.line == 2


def test_an_instrument_that_has_nothing_to_show_is_refused_and_one_that_lost_it_gives_way() -> None:
    bench, stand = opened()
    done = do([Step(lambda history: history, instrument="says")], bench, stand)
    assert done.stand.view.instrument == "state"
    assert done.shown is None
    assert len(done.words) == 1
    bench, stand = opened(view=View("field"))
    done = do([changed(lambda e: settings.turned(e, "bidirectional", 1))], bench, stand)
    assert done.stand.view.instrument == "state"
    assert done.stand.history.now.bidirectional
    assert "both ends" in done.words[0]
    true(done)


def test_what_stands_beside_it_is_the_next_that_there_is() -> None:
    bench, stand = opened(Experiment("dog bites man", hidden=4, beside="man bites dog", cuts=(Cut(1, "h", 0, 0.5),)))
    kinds = []
    look = Step(lambda history: history, instrument="compare", beside="next")
    for _turn in range(4):
        done = do([look], bench, stand)
        kinds.append(done.stand.reading.kind)
        stand = done.stand
        true(done)
    assert kinds == ["text", "plain", "cells", "text"]
    done = do([changed(lambda e: edits.beside(e, ""))], bench, stand)
    assert done.stand.reading.kind == "plain", "what stood there is gone"


def test_an_experiment_that_is_opened_is_looked_at_where_it_was_left() -> None:
    bench, stand = opened()
    view = View("gates", 3, 2)
    done = do([changed(lambda _e: Experiment(cell="lstm", hidden=6), instrument="gates", view=view)], bench, stand)
    assert done.place == view
    assert done.stand.view == view
    assert done.shown is not None
    assert done.shown[0] == "gates"


def test_what_goes_wrong_is_a_word() -> None:
    def fails(_experiment: Experiment) -> Experiment:
        raise MemoryError

    bench, stand = opened()
    assert do([changed(fails)], bench, stand).words == ("That could not be done: MemoryError",)
    done = do([changed(fails), turned("seed")], bench, stand)
    assert done.words == ("That could not be done: MemoryError",)
    assert done.stand.history.now.seed == 1


def test_an_end_is_not_swallowed() -> None:
    def stops(_experiment: Experiment) -> Experiment:
        raise KeyboardInterrupt

    bench, stand = opened()
    with pytest.raises(KeyboardInterrupt):
        do([changed(stops)], bench, stand)


def test_instruments_that_waited_give_way_to_the_last_of_them() -> None:
    bench, stand = opened()
    done = do([at(name) for name in ("gates", "says", "why", "gradient")], bench, stand)
    assert done.stand.view.instrument == "gradient"
    assert done.words == (), "what was passed by on the way has nothing to say"
    assert bench.reads == [], "the run is there already"


def at(instrument: str, **more: object) -> Step:
    return Step(lambda history: history, instrument=instrument, **more)  # type: ignore[arg-type]


STEPS = st.sampled_from(
    [
        turned("seed"),
        turned("cell"),
        turned("hidden"),
        turned("bidirectional"),
        Step(History.undo),
        Step(History.redo),
        changed(lambda e: edits.beside(e, "late too")),
        changed(lambda e: edits.beside(e, "")),
        changed(lambda e: edits.beside(e, "late too"), instrument="compare", beside="text"),
        changed(lambda e: edits.cut(e, Cut(1, "h", 0, 0.5))),
        changed(lambda e: edits.healed(e)),
        changed(lambda e: edits.written(e, "dog bites man"), line=1),
        changed(lambda e: edits.written(e, ""), line=2),
        changed(lambda e: edits.cut(e, Cut(99, "h"))),
        at("state"),
        at("gates", view=View("gates", 2, 1)),
        at("why"),
        at("field"),
        at("compare", beside="next"),
    ]
)


@given(steps=st.lists(STEPS, max_size=7), seed=st.booleans())
def test_steps_done_together_come_to_what_they_come_to_one_by_one(steps: list[Step], seed: bool) -> None:
    bench, stand = opened(Experiment(hidden=2, text="a b c", cuts=(Cut(2, "h", 0, 0.5),) if seed else ()))
    together = do(steps, bench, stand)
    alone = Done(stand)
    words: tuple[str, ...] = ()
    for step in steps:
        alone = do([step], bench, alone.stand)
        words += alone.words
    assert together.stand.history.now == alone.stand.history.now
    assert together.stand.history.behind == alone.stand.history.behind
    assert together.stand.history.ahead == alone.stand.history.ahead
    assert together.stand.view.instrument == alone.stand.view.instrument or not set(together.words) >= set(words)
    if together.words == words:
        assert together.stand.view == alone.stand.view
        assert together.stand.reading.kind == alone.stand.reading.kind
    if together.shown is not None:
        true(together)


def test_what_is_broken_off_is_left_and_nothing_has_changed() -> None:
    bench, stand = opened()
    steps = (turned("seed"), turned("cell"))
    done = do(steps, bench, stand, over=lambda: True)
    assert done.left == steps
    assert done.stand is stand
    assert done.shown is None
    assert done.words == ()
    again = do(done.left, bench, done.stand)
    assert again.left == ()
    assert again.stand.history.now.cell == "gru"
    true(again)


def test_what_was_done_before_it_was_broken_off_stays_done() -> None:
    bench, stand = opened()
    # Three layers are three stretches: the question is asked once for each, and the second step is over at its end.
    asked = []

    def over() -> bool:
        asked.append(1)
        return len(asked) > 4

    steps = [turned("layers"), changed(lambda e: edits.cut(e, Cut(99, "h"))), turned("layers")]
    done = do(steps, bench, stand, over=over)
    assert len(done.words) == 1
    assert done.left == (steps[2],)
    assert done.stand.history.now.layers == 2


def test_every_number_of_a_trace_that_was_broken_off_is_computed_again() -> None:
    bench, stand = opened(Experiment(text="a b c d e f g h " * 100, hidden=4, cell="lstm"))
    asked = []

    def over() -> bool:
        asked.append(1)
        return len(asked) > 3

    done = do([turned("seed")], bench, stand, over=over)
    assert done.left
    true(do(done.left, bench, done.stand))
