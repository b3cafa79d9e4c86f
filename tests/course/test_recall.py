"""What a model recalls, what is shuffled, and a gate that is pinned: from the entry to the network."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course import jobs, scores
from tutor.course.entries import ModelEntry
from tutor.course.figures.training import Training
from tutor.course.lab import Lab, NotTrained
from tutor.course.load import load_lesson
from tutor.engine.recurrent import Recurrent, held
from tutor.engine.text import tokenize

RECALL = ModelEntry(task="recall", cell="gru", text="C h a e ?", distance=3, steps=15, hidden=6)
LINES = [f"we see w{i} and then v{i} here" for i in range(10)]


def of(entry: ModelEntry, seed: int = 0, **changed: Any) -> jobs.Material:
    return jobs.read(msgspec.structs.replace(entry, **changed), Path(), seed)


# To recall


def test_what_is_to_be_recalled_came_first() -> None:
    found = of(RECALL)
    assert len(found.train) == jobs.RECALLED
    assert found.held_out == ()
    for tokens, label in found.train:
        assert len(tokens) == 5
        assert tokens[0] == label in "ABCDEFGH"
        assert all("a" <= token <= "h" for token in tokens[1:-1])
        assert tokens[-1] == "?"
    # As often as any other, within four standard deviations.
    counts = Counter(label for _, label in found.train)
    spread = math.sqrt(jobs.RECALLED / 8 * 7 / 8)
    assert all(abs(n - jobs.RECALLED / 8) < 4 * spread for n in counts.values())
    assert found.labels == tuple("ABCDEFGH")
    assert found.sequences == tuple(tokens for tokens, _ in found.train)


def test_a_text_is_read_as_it_is_drawn() -> None:
    assert tokenize(RECALL.text, RECALL.unit) == ("C", "h", "a", "e", "?")
    tokens, label = of(RECALL).train[0]
    assert tokenize(" ".join(tokens), RECALL.unit) == tokens
    lab = Lab({"m": RECALL}, folder=Path())
    lab.ensure("m")
    assert lab.model("m").job == "classify"
    assert lab.run("m").known == (True,) * 5
    assert label in lab.model("m").labels


def test_distances_are_drawn_between_the_two() -> None:
    lengths = Counter(len(tokens) - 2 for tokens, _ in of(RECALL, distance=6, shortest=4).train)
    assert set(lengths) == {4, 5, 6}
    assert min(lengths.values()) > jobs.RECALLED / 4
    assert {len(tokens) for tokens, _ in of(RECALL, shortest=3).train} == {5}
    assert {label for _, label in of(RECALL, symbols=2).train} == {"A", "B"}


def test_a_seed_draws_its_own() -> None:
    assert of(RECALL, 1).train == of(RECALL, 1).train != of(RECALL, 2).train


@pytest.mark.parametrize("distance", [1, 3, 20])
def test_equal_sequences_are_on_one_side(distance: int) -> None:
    found = of(RECALL, distance=distance, held_out=0.25)
    learned, beside = ({tokens for tokens, _ in part} for part in (found.train, found.held_out))
    assert not learned & beside
    assert len(found.train) + len(found.held_out) == jobs.RECALLED
    assert len(beside) == round((len(learned) + len(beside)) * 0.25)
    assert {label for _, label in found.train} == set("ABCDEFGH")


def test_a_symbol_before_its_cue_is_on_both_sides() -> None:
    found = of(RECALL, distance=0, held_out=0.25)
    assert len(found.held_out) == jobs.RECALLED / 4
    assert {tokens for tokens, _ in found.train} == {tokens for tokens, _ in found.held_out}
    found = of(RECALL, distance=2, shortest=0, held_out=0.25)
    learned, beside = ({tokens for tokens, _ in part} for part in (found.train, found.held_out))
    assert {len(tokens) for tokens in learned & beside} == {2}
    assert {len(tokens) for tokens in beside} == {2, 3, 4}


def test_who_recalls_is_trained_stopped_and_kept(tmp_path: Path) -> None:
    entry = msgspec.structs.replace(RECALL, held_out=0.1)

    def lab(**changed: Any) -> Lab:
        return Lab({"m": msgspec.structs.replace(entry, **changed)}, folder=tmp_path, cache=tmp_path / "cache")

    first = lab()
    training = first.train("m")
    next(training)
    training.close()
    assert not first.ready("m")
    first.ensure("m")
    assert first.history("m")[-1].held_out_metric is not None
    assert lab().ready("m")
    assert lab(text="A b ?").ready("m")
    for change in ({"distance": 4}, {"shortest": 1}, {"symbols": 5}):
        assert not lab(**change).ready("m")


def test_the_training_figure_has_baselines_of_recall() -> None:
    lab = Lab({"m": msgspec.structs.replace(RECALL, held_out=0.2)}, folder=Path())
    figure = Training(model="m", baselines=("uniform", "unigram", "majority"))
    assert figure.unfit(lab.models) is None
    lab.ensure("m")
    values = figure.run(lab)
    assert dict(values.baselines)["uniform"] == 3
    assert values.unit == "bits per label"
    train, held_out = (Counter(label for _, label in part) for part in lab.examples("m"))
    ((most, _n),) = train.most_common(1)
    assert dict(values.metric_baselines) == {"majority": held_out[most] / held_out.total()}


def test_a_memory_is_learned() -> None:
    entry = ModelEntry(task="recall", cell="gru", distance=6, shortest=2, steps=300, batch=32, hidden=16, held_out=0.05)
    lab = Lab({"m": entry}, folder=Path())
    lab.ensure("m")
    metric = lab.history("m")[-1].held_out_metric
    assert metric is not None
    assert metric > 0.95


# Shuffled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines.txt").write_text("\n".join([*LINES, LINES[0]]) + "\n")
    return tmp_path


@pytest.mark.parametrize("task", ["next-word", "next-character"])
def test_each_sequence_keeps_its_tokens_and_loses_their_order(folder: Path, task: Any) -> None:
    plain = ModelEntry(task=task, corpus="lines.txt", held_out=0.3)
    mixed = msgspec.structs.replace(plain, shuffle=True)
    before, after = jobs.read(plain, folder, 2), jobs.read(mixed, folder, 2)
    for part in ("train", "held_out"):
        pairs = list(zip(getattr(before, part), getattr(after, part), strict=True))
        assert all(sorted(a) == sorted(b) for a, b in pairs)
        assert all(a != b for a, b in pairs)
    assert after.sequences == after.train
    assert jobs.read(mixed, folder, 2).train == after.train != jobs.read(mixed, folder, 3).train
    assert after.source != before.source
    # All orders come, not one order of places for all lines.
    assert len({tuple(a.index(token) for token in b) for a, b in zip(before.train, after.train, strict=True)}) > 1


def test_a_shuffled_training_is_another(folder: Path) -> None:
    entry = ModelEntry(task="next-word", corpus="lines.txt", steps=5, hidden=4)
    labs = [
        Lab({"m": msgspec.structs.replace(entry, shuffle=on)}, folder=folder, cache=folder / "cache")
        for on in (False, True)
    ]
    labs[0].ensure("m")
    assert not labs[1].ready("m")
    labs[1].ensure("m")
    assert labs[1].model("m").vocabulary is not None
    # The words are those of the shuffled sequences, in the order in which they come.
    assert labs[1].model("m").vocabulary.tokens[2:] == tuple(  # type: ignore[union-attr]
        dict.fromkeys(token for sequence in labs[1].corpus("m") for token in sequence)
    )


# Pinned

GATES = [("gru", "z"), ("gru", "r"), ("lstm", "f"), ("lstm", "i"), ("lstm", "o")]


@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize(("cell", "gate"), GATES)
@pytest.mark.parametrize("keys", [{}, {"layers": 2, "bidirectional": True}])
def test_a_pinned_gate_stands(cell: Any, gate: str, value: float, keys: dict[str, Any]) -> None:
    entry = ModelEntry(cell=cell, hidden=5, text="one two three two", pin={gate: value}, **keys)
    assert entry.faults() == []
    lab = Lab({"m": entry, "free": msgspec.structs.replace(entry, pin={})}, folder=Path())
    for layer in range(entry.layers):
        for direction in range(1 + entry.bidirectional):
            pinned, free = (lab.run(name).trace.gates(layer, direction) for name in ("m", "free"))
            assert pinned[gate] == pytest.approx(np.full((4, 1, 5), value), abs=1e-6)
            assert free[gate].std() > 0
    others = {letter for _, letter in GATES} - {gate}
    free, pinned = (lab.model(name).net.state_dict() for name in ("free", "m"))
    own = {"gru": "rzn", "lstm": "ifgo"}[cell]
    for name, array in free.items():
        for at, letter in enumerate(own):
            if letter in others or letter in "ng":
                rows = slice(5 * at, 5 * at + 5)
                assert np.array_equal(array[rows], pinned[name][rows])


def test_a_gru_that_keeps_all_keeps_its_first_state() -> None:
    entry = ModelEntry(cell="gru", hidden=4, text="one two three")
    keeps, forgets = (msgspec.structs.replace(entry, pin={"z": z}) for z in (1.0, 0.0))
    lab = Lab({"keeps": keeps, "forgets": forgets}, folder=Path())
    run = lab.run("keeps", h_0="random")
    assert run.hidden == pytest.approx(np.tile(run.h_0, (3, 1)), abs=1e-6)
    assert run.h_0.std() > 0.1
    run = lab.run("forgets")
    assert run.hidden == pytest.approx(run.trace.gates()["n"][:, 0], abs=1e-6)


def test_a_gate_is_shut_in_both_precisions() -> None:
    for dtype in (np.float32, np.float64):
        net = Recurrent("lstm", 3, 2, dtype=dtype)
        net.hold("f", 0.0)
        net.hold("o", 1e-60)
        gates = net.forward(np.ones((2, 1, 3), dtype)).gates()
        assert gates["f"].max() < 1e-43
        assert gates["o"].max() < 1e-43
        net.hold("i", 1.0)
        assert net.forward(np.ones((2, 1, 3), dtype)).gates()["i"].min() == 1


def test_what_cannot_be_held() -> None:
    assert {cell: held(cell) for cell in ("rnn", "gru", "lstm")} == {
        "rnn": (),
        "gru": ("r", "z"),
        "lstm": ("i", "f", "o"),
    }
    net = Recurrent("gru", 3, 2)
    for gate in ("n", "f"):
        with pytest.raises(ValueError, match=f"gate: got '{gate}'"):
            net.hold(gate, 1.0)
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=f"value: got {value}, expected a number from 0 to 1"):
            net.hold("z", value)
    with pytest.raises(ValueError, match="bias: got none, expected biases to hold a gate with"):
        Recurrent("gru", 3, 2, bias=False).hold("z", 1.0)


# What is refused

RECALLS: dict[str, Any] = {"task": "recall"}
WORDS: dict[str, Any] = {"task": "next-word", "corpus": "lines.txt"}


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        (RECALLS | {"corpus": "a.txt"}, "corpus", 'the task "recall" draws sequences of its own', "drop `corpus`"),
        (RECALLS | {"distance": 201}, "distance", "`distance` is 201", "write a number from 0 to 200"),
        (RECALLS | {"distance": -1}, "distance", "`distance` is -1", "write a number from 0 to 200"),
        (RECALLS | {"symbols": 1}, "symbols", "`symbols` is 1", "write a number from 2 to 26"),
        (RECALLS | {"symbols": 27}, "symbols", "`symbols` is 27", "write a number from 2 to 26"),
        *(
            (
                RECALLS | {"distance": 5, "shortest": shortest},
                "shortest",
                f"`shortest` is {shortest}, and `distance` is 5",
                "write a whole number from 0 to `distance`",
            )
            for shortest in (-1, 6)
        ),
        *(
            (
                WORDS | {key: 4},
                key,
                f'`{key}` says nothing to the task "next-word", which recalls no symbol',
                f'drop `{key}`, or write task = "recall"',
            )
            for key in ("distance", "shortest", "symbols")
        ),
        (
            RECALLS | {"shuffle": True},
            "shuffle",
            '`shuffle` says nothing to the task "recall", which says no next token',
            'drop `shuffle`, or write task = "next-word"',
        ),
        (
            RECALLS | {"column": "y"},
            "column",
            '`column` says nothing to the task "recall", which reads no table',
            'drop `column`, or write task = "forecast"',
        ),
        (
            WORDS | {"cell": "gru", "pin": {"z": 1.0}},
            "pin",
            '`pin` holds a gate still, and the task "next-word" would train it',
            'drop `pin`, or write task = "untrained"',
        ),
        ({"cell": "gru", "pin": {"f": 1.0}}, "pin", "the gru has no gate `f` to pin", "write one of r, z"),
        ({"cell": "lstm", "pin": {"g": 1.0}}, "pin", "the lstm has no gate `g` to pin", "write one of i, f, o"),
        (
            {"pin": {"z": 1.0}},
            "pin",
            "the rnn has no gate `z` to pin",
            'drop `pin`, or write cell = "gru" or "lstm"',
        ),
        *(
            (
                {"cell": "gru", "pin": {"z": value}},
                "pin",
                f"`pin` holds the gate `z` at {value:g}",
                "write a number from 0 to 1",
            )
            for value in (-0.5, 1.5, math.nan)
        ),
        (
            {"cell": "lstm", "pin": {"f": 1.0}, "forget_bias": 1.0},
            "forget_bias",
            "`forget_bias` is where the gate `f` starts, and `pin` holds it",
            "drop one of the two",
        ),
    ],
)
def test_every_fault_has_its_line(keys: dict[str, Any], key: str, what: str, mend: str) -> None:
    assert ModelEntry(**keys).faults() == [(key, what, mend)]


@pytest.mark.parametrize(
    "keys",
    [
        RECALLS,
        RECALLS | {"distance": 0, "shortest": 0, "symbols": 26, "held_out": 0.5, "bidirectional": True},
        WORDS | {"shuffle": True, "held_out": 0.2},
        WORDS | {"task": "next-character", "shuffle": True},
        {"cell": "lstm", "pin": {"f": 1.0, "i": 0.0, "o": 0.5}, "bidirectional": True},
        {"cell": "lstm", "pin": {"i": 0.0}, "forget_bias": 1.0},
    ],
)
def test_what_has_no_fault(keys: dict[str, Any]) -> None:
    assert ModelEntry(**keys).faults() == []


def test_a_lesson_says_it(lesson_path: Path) -> None:
    front = lesson_path.read_text()
    more = '\n[models.still]\ncell = "gru"\npin = { z = 1, r = 0.5 }\n\n[models.mixed]\ntask = "next-word"\n'
    more += 'corpus = "data/days.txt"\nshuffle = true\n\n[models.recaller]\ntask = "recall"\nsymbols = 4\n\n[values]\n'
    lesson_path.write_text(front.replace("\n[values]\n", more))
    models = load_lesson(lesson_path).models
    assert models["still"].pin == {"z": 1.0, "r": 0.5}
    assert models["mixed"].shuffle
    assert (models["recaller"].symbols, models["recaller"].shortest) == (4, None)


def test_a_finished_network_is_back_without_a_sequence_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    lab.ensure("r")
    first = {at: scores.recalled(lab, "r", at) for at in (1, 4)}
    whole = scores.score(lab, "r", "train"), scores.baseline(lab, "r", "majority", "train")

    def drawn(*_given: object, **_named: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(jobs, "_recalled", drawn)
    monkeypatch.setattr(scores, "recall", drawn)
    again = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    assert again.ready("r")
    assert {at: scores.recalled(again, "r", at) for at in (1, 4)} == first
    assert (scores.score(again, "r", "train"), scores.baseline(again, "r", "majority", "train")) == whole
    assert again.model("r").labels == lab.model("r").labels
    assert again.run("r").logits.tolist() == lab.run("r").logits.tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize("bytes_", [b"", b"junk", b"PK\x03\x04"])
def test_what_was_measured_is_measured_again_where_its_file_is_damaged(tmp_path: Path, bytes_: bytes) -> None:
    lab = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    lab.ensure("r")
    first = scores.recalled(lab, "r", 2)
    (file,) = (tmp_path / "cache").rglob("*.measured.npz")
    file.write_bytes(bytes_)
    again = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    assert scores.recalled(again, "r", 2) == first
    assert Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache").ready("r")
    assert file.read_bytes() != bytes_


def test_what_is_no_number_is_not_kept(tmp_path: Path) -> None:
    lab = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    lab.ensure("r")
    assert math.isnan(lab.measured("r", "x", lambda: (math.nan,))[0])
    assert lab.measured("r", "x", lambda: (2.0,)) == (2.0,)
    assert lab.measured("r", "x", lambda: (3.0,)) == (2.0,), "once"


def test_a_network_that_still_learns_is_measured_each_time(tmp_path: Path) -> None:
    lab = Lab({"r": RECALL}, folder=tmp_path, cache=tmp_path / "cache")
    with pytest.raises(NotTrained):
        lab.measured("r", "x", lambda: (1.0,))
    training = lab.train("r")
    next(training)
    training.close()
    assert [lab.measured("r", "x", lambda n=n: (n,)) for n in (1.0, 2.0)] == [(1.0,), (2.0,)]  # type: ignore[misc]
    assert not list(tmp_path.rglob("*.measured.npz"))
