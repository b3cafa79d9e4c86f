"""Models that read tokens, and their training: true values, the same bytes for the same seed, and a loss that falls."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tutor.engine import CELLS
from tutor.engine.learning import Measure
from tutor.engine.model import Example, Model, ModelSpec, word_vector
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

DATA = [s.split() for s in ("a b c d", "a b d c", "c d a b", "d a")]


def model(cell: str = "rnn", **options) -> Model:
    words = Vocabulary([w for s in DATA for w in s], end=True)
    return Model(ModelSpec(cell=cell, hidden_size=6, embedding_size=4, **options), words)


def test_a_word_s_vector_depends_on_the_word_and_the_seed_alone() -> None:
    untrained = Model(ModelSpec(seed=3), None)
    first, second = untrained.run(["dog", "bites", "man"]), untrained.run(["man", "bites", "dog"])
    np.testing.assert_array_equal(first.x[0], second.x[2])
    assert not np.allclose(first.hidden[-1], second.hidden[-1])
    np.testing.assert_array_equal(word_vector("dog", 8, 3), first.x[0])
    assert not np.allclose(word_vector("dog", 8, 3), word_vector("dog", 8, 4))
    assert first.next() == ()
    assert first.bits is None
    assert all(first.known)


def test_a_run_says_what_comes_next_and_what_it_costs() -> None:
    run = model().run(["a", "b", "zebra"])
    assert run.known == (True, True, False)
    assert run.probabilities is not None
    np.testing.assert_allclose(run.probabilities.sum(axis=1), 1.0, atol=1e-6)
    best = run.next(1, 3)
    assert [p for _, p in best] == sorted((p for _, p in best), reverse=True)
    assert "<unk>" not in dict(run.next(1, 99))
    index = run.model.vocabulary.index("b")
    assert run.bits is not None
    assert run.bits[0] == pytest.approx(-math.log2(run.probabilities[0, index]), abs=1e-5)
    cold, hot = dict(run.next(1, 9, 0.1)), dict(run.next(1, 9, 10.0))
    assert max(cold.values()) > max(hot.values())
    with pytest.raises(ValueError, match="temperature"):
        run.next(1, 3, 0.0)
    with pytest.raises(ValueError, match="tokens: got none"):
        model().run([])


def test_change_is_the_length_of_the_move() -> None:
    run = model(bidirectional=True).run(["a", "b", "c"])
    forward, backward = run.hidden[:, :6].astype(float), run.hidden[:, 6:].astype(float)
    moves = [
        np.r_[forward[t] - (forward[t - 1] if t else 0), backward[t] - (backward[t + 1] if t < 2 else 0)]
        for t in range(3)
    ]
    np.testing.assert_allclose(run.change, [np.linalg.norm(m) for m in moves], rtol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_loss_is_the_mean_over_what_is_guessed(cell: str) -> None:
    m = model(cell)
    loss, _ = m.loss_and_gradient(m.encode(DATA[:2]))
    alone = [-math.log(float(p)) for s in DATA[:2] for p in _guessed(m, s)]
    assert loss == pytest.approx(sum(alone) / len(alone), rel=1e-5)


def _guessed(m: Model, sequence: list[str]) -> list[float]:
    run = m.run(sequence)
    wanted = [*m.vocabulary.encode(sequence[1:]), m.vocabulary.end]
    return [run.probabilities[t, w] for t, w in enumerate(wanted)]


def test_the_same_seed_trains_to_the_same_bytes() -> None:
    spec = TrainingSpec(steps=12, batch_size=2, every=4, seed=5)
    first, second, other = model(), model(), model()
    one, two = list(fit(first, DATA, spec)), list(fit(second, DATA, spec))
    assert one == two
    assert all((first.state_dict()[k] == v).all() for k, v in second.state_dict().items())
    list(fit(other, DATA, TrainingSpec(steps=12, batch_size=2, every=4, seed=6)))
    assert not all((first.state_dict()[k] == v).all() for k, v in other.state_dict().items())


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_loss_falls(cell: str) -> None:
    points = list(fit(model(cell), DATA, TrainingSpec(steps=60, batch_size=4, every=20), held_out=DATA[:1]))
    assert [p.step for p in points] == [0, 20, 40, 60]
    assert points[0].loss == pytest.approx(math.log(6), abs=0.6)
    assert points[-1].loss < points[0].loss / 2
    assert points[-1].held_out < points[0].held_out
    assert all(p.gradient_norm > 0 and p.steps == 60 for p in points)


def test_closing_leaves_what_was_learned() -> None:
    m = model()
    before = {k: v.copy() for k, v in m.state_dict().items()}
    training = fit(m, DATA, TrainingSpec(steps=50, every=5))
    next(training)
    assert all((before[k] == v).all() for k, v in m.state_dict().items()), "the first checkpoint is before any update"
    next(training)
    training.close()
    assert any((before[k] != v).any() for k, v in m.state_dict().items())


def test_checkpoints_are_frozen() -> None:
    m = model()
    points = list(fit(m, DATA, TrainingSpec(steps=4, every=2), keep_parameters=True))
    assert (points[0].parameters["rnn.weight_hh_l0"] != points[-1].parameters["rnn.weight_hh_l0"]).any()
    with pytest.raises(AttributeError):
        points[0].loss = 0.0
    with pytest.raises(TypeError):
        points[0].parameters["x"] = 1


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(ValueError, match="model: got one without a vocabulary"):
        next(fit(Model(ModelSpec(), None), DATA, TrainingSpec()))
    with pytest.raises(ValueError, match="items: got none"):
        next(fit(Model(ModelSpec(), Vocabulary("ab")), [["a"]], TrainingSpec()))


@pytest.mark.parametrize("known", [None, Vocabulary("ab")], ids=["no vocabulary", "vocabulary"])
@pytest.mark.parametrize("job", ["next", "classify"])
def test_what_has_no_head_says_nothing(known: Vocabulary | None, job: str) -> None:
    headless = Model(ModelSpec(), None)
    headless.vocabulary, headless.job = known, job
    batch = [Example(np.array([1, 2]), np.array([2, 1] if job == "next" else [1]))]
    said = "^model: got one without a head, expected one with an embedding and a head$"
    for ask in (headless.loss_and_gradient, headless.learn_from, headless.measure, headless.answer):
        with pytest.raises(ValueError, match=said):
            ask(batch)
    with pytest.raises(ValueError, match=said):
        headless.around()
    if known is not None:
        # What a run shows of it needs no head.
        assert headless.run(["a", "b"]).logits is None
        for refused in (lambda: headless.encode([["a", "b"]]), lambda: fit(headless, [["a", "b"]], TrainingSpec())):
            with pytest.raises(ValueError, match=said):
                refused()


def test_loading_takes_all_or_nothing() -> None:
    m, other = model(seed=1), model(seed=2)
    before = {k: v.copy() for k, v in m.state_dict().items()}
    wrong = dict(other.state_dict())
    wrong["head.bias"] = np.full(6, np.nan, np.float32)
    with pytest.raises(ValueError, match=r"head\.bias"):
        m.load_state_dict(wrong)
    with pytest.raises(ValueError, match="missing"):
        m.load_state_dict({})
    assert all((before[k] == v).all() for k, v in m.state_dict().items())
    m.load_state_dict(other.state_dict())
    assert m.run(["a", "b"]).next() == other.run(["a", "b"]).next()


def state_of(m: Model) -> bytes:
    return b"".join(array.tobytes() for array in m.state_dict().values())


def test_a_word_s_vector_is_the_same_on_every_machine() -> None:
    np.testing.assert_allclose(word_vector("late", 3, 0), [0.07262032, 0.23958041, 2.5958874], rtol=1e-6)


def test_a_run_stays_true_while_its_model_trains_on() -> None:
    m = model()
    run = m.run(["a", "b", "c"])
    hidden, told = run.hidden.copy(), run.next(1)
    list(fit(m, DATA, TrainingSpec(steps=20, learning_rate=0.1)))
    np.testing.assert_array_equal(run.hidden, hidden)
    assert run.next(1) == told


def test_the_states_before_the_first_step_are_those_that_were_given_to_the_top_layer() -> None:
    first = np.linspace(-1, 1, 24, dtype=np.float32)
    run = model(num_layers=2, bidirectional=True).run(["a", "b", "c"], first)
    np.testing.assert_array_equal(run.h_0, first[12:])


def test_a_run_begins_at_the_state_that_was_given() -> None:
    first = np.linspace(-1, 1, 6, dtype=np.float32)
    run = model().run(["a"], first)
    np.testing.assert_array_equal(run.h_0, first)
    with pytest.raises(ValueError, match="h_0: got 5 values, expected 6"):
        model().run(["a"], first[:5])


def test_what_a_run_shows_cannot_be_written_to() -> None:
    run = model("lstm").run(["a", "b"])
    for array in (run.x, run.hidden, run.h_0, run.change, run.logits, run.probabilities, run.bits):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    for array in (*run.model.state_dict().values(), *run.weights.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


def test_one_token_has_nothing_to_follow() -> None:
    run = model().run(["a"])
    assert run.bits is not None
    assert run.bits.shape == (0,)
    assert run.next(0, 0) == ()


def test_going_on_gives_the_same_bytes_as_never_stopping() -> None:
    spec = TrainingSpec(steps=20, batch_size=2, every=5)
    whole, halted = model("gru"), model("gru")
    expected = list(fit(whole, DATA, spec))
    training = fit(halted, DATA, spec)
    found = [next(training), next(training)]
    halted.run(["a", "b"]).next()  # to look at it in between changes nothing
    found += training
    assert found == expected
    assert state_of(halted) == state_of(whole)


@pytest.mark.parametrize("options", [{}, {"optimizer": "sgd", "momentum": 0.9}], ids=["adam", "sgd"])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_checkpoint_s_state_goes_on_in_another_process_to_the_same_bytes(at: int, options: dict) -> None:
    spec = TrainingSpec(steps=20, batch_size=3, every=7, **options)
    whole, other = model("gru"), model("gru", seed=9)
    points = list(fit(whole, DATA, spec, keep_state=True))
    assert [p.step for p in points] == [0, 7, 14, 20]
    state = pickle.loads(pickle.dumps(points[at].state))
    rest = list(fit(other, DATA, spec, resume=state))
    assert [replace(p, state=None) for p in points[at + 1 :]] == rest
    assert state_of(other) == state_of(whole)


def test_a_state_of_another_training_is_refused() -> None:
    spec = TrainingSpec(steps=4, every=2)
    state = list(fit(model(), DATA, spec, keep_state=True))[-1].state
    assert state is not None
    for wrong, said in (
        (replace(state, step=5), "resume: got the state of step 5"),
        (replace(state, order=(99,)), "resume: got the state"),
        (replace(state, parameters=state.parameters[1:]), "resume: parameters: got shape"),
        (replace(state, optimizer={"v": state.optimizer["v"]}), "resume: got a state without m"),
    ):
        m = model()
        before = state_of(m)
        with pytest.raises(ValueError, match=said):
            fit(m, DATA, spec, resume=wrong)
        assert state_of(m) == before


def test_watching_changes_nothing() -> None:
    spec = TrainingSpec(steps=10, batch_size=2, every=5)
    plain, watched = model(), model()
    list(fit(plain, DATA, spec))
    points = list(fit(watched, DATA, spec, held_out=DATA[:2], keep_parameters=True))
    assert state_of(plain) == state_of(watched)
    assert points[-1].parameters is not None
    assert all((points[-1].parameters[name] == array).all() for name, array in watched.state_dict().items())
    with pytest.raises(ValueError, match="read-only"):
        points[-1].parameters["head.bias"][0] = 1.0


def test_the_first_checkpoint_and_the_held_out_loss_are_means_over_guesses() -> None:
    """In batches of one, so that each has another number of guesses."""
    m = model()
    whole, gradient = m.loss_and_gradient(m.encode(DATA))
    measured = m.measure(m.encode(DATA))
    assert measured.loss == whole
    assert measured.weight == sum(map(len, DATA))
    first = next(fit(m, DATA, TrainingSpec(batch_size=1), held_out=DATA))
    assert first.loss == pytest.approx(whole, rel=1e-6)
    assert first.held_out == pytest.approx(whole, rel=1e-6)
    assert first.held_out_metric == pytest.approx(measured.metric, rel=1e-6)
    assert first.gradient_norm == pytest.approx(float(np.linalg.norm(gradient)), rel=1e-5)


def test_a_training_that_diverges_says_so_and_keeps_finite_weights() -> None:
    words = Vocabulary("ab")
    wild = Model(ModelSpec(hidden_size=4, nonlinearity="relu", init="orthogonal", radius=1e10), words)
    before = state_of(wild)
    points = list(fit(wild, [["a", "b"] * 10], TrainingSpec(steps=50)))
    assert not math.isfinite(points[-1].loss + points[-1].gradient_norm)
    assert points[-1].step < 50
    assert state_of(wild) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": -1}, "steps: got -1"),
        ({"batch_size": 0}, "batch_size: got 0"),
        ({"every": 0}, "every: got 0"),
        ({"seed": -1}, "seed: got -1"),
        ({"steps": 1.5}, "steps: got 1.5"),
        ({"learning_rate": 0.0}, "learning_rate: got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate: got nan"),
        ({"clip": -1.0}, "clip: got -1.0"),
        ({"optimizer": "adagrad"}, "optimizer: got 'adagrad'"),
        ({"momentum": 0.9}, "momentum: got 0.9, expected 0: only sgd has it"),
    ],
)
def test_a_training_that_cannot_be(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TrainingSpec(**options)


def test_a_refusal_comes_at_once_and_not_with_the_first_step() -> None:
    with pytest.raises(ValueError, match="model: got a bidirectional one"):
        fit(model(bidirectional=True), DATA, TrainingSpec())
    with pytest.raises(ValueError, match="model: got one without a vocabulary"):
        fit(Model(ModelSpec(), None), DATA, TrainingSpec())


class Still:
    """A learner of numbers, each its own loss, whose gradient is always the same; it notes what it is handed."""

    def __init__(self, gradient: list[float]) -> None:
        self.gradient = np.array(gradient)
        self.flat = np.zeros_like(self.gradient)
        self.seen: list[int] = []

    def encode(self, items: Sequence[int]) -> list[int]:
        return list(items)

    def loss_and_gradient(self, batch: Sequence[int]) -> tuple[float, np.ndarray]:
        self.seen += batch
        return float(np.mean(batch)), self.gradient.copy()

    def measure(self, batch: Sequence[int]) -> Measure:
        return Measure(float(np.mean(batch)), len(batch), 0.0)

    def state_dict(self) -> dict[str, np.ndarray]:
        return {"flat": self.flat}


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 9])
def test_each_round_takes_every_example_once(batch_size: int) -> None:
    """A batch may end one round and begin the next."""
    still = Still([1.0])
    training = fit(still, range(5), TrainingSpec(steps=20, batch_size=batch_size))
    next(training)
    still.seen.clear()
    list(training)
    rounds = [still.seen[start : start + 5] for start in range(0, len(still.seen) - 4, 5)]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in rounds)
    assert len(rounds) >= 4
    assert len(set(map(tuple, rounds))) > 1, "each in another order"


def test_a_checkpoint_s_loss_is_the_mean_since_the_one_before() -> None:
    still = Still([1.0])
    training = fit(still, range(5), TrainingSpec(steps=8, batch_size=2, every=3))
    assert next(training).loss == 2.0
    still.seen.clear()
    for start, end in ((0, 6), (6, 12), (12, 16)):
        assert next(training).loss == pytest.approx(np.mean(still.seen[start:end]))


def test_the_held_out_loss_is_that_of_what_is_held_out() -> None:
    points = fit(Still([1.0]), range(5), TrainingSpec(steps=2, batch_size=2, every=1), held_out=[7, 8, 12])
    assert [p.held_out for p in points] == [9.0, 9.0, 9.0]


def test_of_many_examples_the_first_checkpoint_takes_some_from_all_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.engine.training._MOST", 3)
    still = Still([1.0])
    assert next(fit(still, range(7), TrainingSpec())).loss == 3.0
    assert still.seen == [0, 3, 6]


def test_a_step_follows_the_clipped_gradient_with_momentum() -> None:
    still = Still([3.0, 4.0])
    spec = TrainingSpec(steps=2, every=1, learning_rate=0.1, clip=1.0, optimizer="sgd", momentum=0.5)
    points = list(fit(still, [0], spec, keep_parameters=True))
    assert [p.gradient_norm for p in points] == [5.0, 5.0, 5.0], "as it was before clipping"
    for point, steps in zip(points, (0.0, 1.0, 1.0 + 1.5), strict=True):
        np.testing.assert_allclose(point.parameters["flat"], -0.1 * steps * np.array([0.6, 0.8]), rtol=1e-12)


def test_no_steps_is_a_look_at_the_loss() -> None:
    assert [p.step for p in fit(model(), DATA, TrainingSpec(steps=0))] == [0]


def test_the_gradient_of_the_embedding_reaches_only_what_was_read() -> None:
    m = model()
    _, flat = m.loss_and_gradient(m.encode([["a", "b"]]))
    embedding = m.views(flat)["embedding.weight"]
    read = {m.vocabulary.index(word) for word in "ab"}
    assert {int(row) for row in np.flatnonzero(np.abs(embedding).sum(axis=1))} == read


@pytest.mark.parametrize("wrong", [np.full(6, 1e300), np.ones(6, np.int64), np.ones(5, np.float32)], ids=str)
def test_weights_that_do_not_fit_are_refused(wrong: np.ndarray) -> None:
    m = model()
    before = state_of(m)
    with pytest.raises(ValueError, match=r"head\.bias: got"):
        m.load_state_dict(dict(m.state_dict()) | {"head.bias": wrong})
    with pytest.raises(ValueError, match="state: got the unknown name odd"):
        m.load_state_dict(dict(m.state_dict()) | {"odd": np.ones(1)})
    assert state_of(m) == before
