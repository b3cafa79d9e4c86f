"""What a lab trains: each task's material, its network, its checkpoints, and what is refused."""

from __future__ import annotations

import csv
import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course import jobs, stored
from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab, NotTrained
from tutor.course.past import MOST, Past
from tutor.engine import weights
from tutor.engine.captioner import Captioner
from tutor.engine.datasets import read_labelled, read_series, read_tagged
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import Model
from tutor.engine.scenes import scenes
from tutor.engine.training import TrainingSpec

DATA = Path(__file__).parents[2] / "lessons" / "data"

# Ten of each, and in each a word that no other has: what is held out can be told from what is learned.
WRITTEN = [f"we see w{i} here" for i in range(10)]
TAGGED = [f"the/DET w{i}/NOUN runs/{'VERB' if i else 'ODD'}" for i in range(10)]
LABELLED = [f"not w{i}\t{'good' if i % 2 else 'bad'}" for i in range(10)]
VALUES = [round(10 + 5 * np.sin(i / 3) + i / 7, 3) for i in range(40)]

ENTRIES: dict[str, ModelEntry] = {
    "says": ModelEntry(task="next-word", corpus="written.txt", steps=23, batch=4, hidden=5, held_out=0.2),
    "spells": ModelEntry(task="next-character", corpus="written.txt", steps=23, batch=4, hidden=5, held_out=0.2),
    "tags": ModelEntry(task="tag", corpus="tagged.txt", steps=23, batch=4, hidden=5, held_out=0.2, bidirectional=True),
    "feels": ModelEntry(
        task="classify", corpus="labelled.txt", steps=23, batch=4, hidden=5, held_out=0.2, bidirectional=True
    ),
    "expects": ModelEntry(
        task="forecast", corpus="series.csv", column="y", window=4, horizon=2, steps=23, batch=4, held_out=0.25
    ),
    "sees": ModelEntry(task="caption", cell="gru", steps=7, batch=4, hidden=5, held_out=0.2),
}
NAMES = list(ENTRIES)


class GoesOn(ModelEntry, frozen=True):
    """One whose sequences have no end."""

    @property
    def ends(self) -> bool:
        return False


KINDS = {"expects": Forecaster, "sees": Captioner}


def table(values: list[float]) -> str:
    return "x,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    for name, lines in (("written", WRITTEN), ("tagged", TAGGED), ("labelled", LABELLED)):
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "series.csv").write_text(table(VALUES))
    return Lab(ENTRIES, folder=tmp_path, cache=tmp_path / "cache")


def again(lab: Lab, *, seed: int = 0, cache: bool = True, **changed: Mapping[str, Any]) -> Lab:
    """Another session over the same folder, some entries changed."""
    models = {
        name: msgspec.structs.replace(entry, **changed.get(name, {})) if name in changed else entry
        for name, entry in lab.models.items()
    }
    return Lab(models, folder=lab.folder, cache=lab.cache if cache else None, seed=seed)


def answers(network: Any, lab: Lab, name: str) -> bytes:
    """What a network says to what was held out of its examples."""
    items = lab.examples(name)[1]
    if isinstance(network, Forecaster):
        return network.forward(np.array([x for x, _ in items], np.float32).T[:, :, None]).tobytes()
    if isinstance(network, Captioner):
        return network.look(np.stack([image for image, _ in items]))[1].tobytes()
    tokens = items[0] if lab.entry(name).task.startswith("next") else items[0][0]
    logits = network.run(tokens).logits
    assert logits is not None
    return logits.tobytes()


# Training


@pytest.mark.parametrize("name", NAMES)
def test_every_task_trains_and_runs(lab: Lab, name: str) -> None:
    assert lab.entry(name).faults() == []
    seen = list(lab.train(name))
    steps = lab.entry(name).steps
    assert [c.step for c in seen] == [*range(0, steps, 5), steps]
    assert seen[-1].loss < seen[0].loss
    network = lab.learner(name)
    assert type(network) is KINDS.get(name, Model)
    for checkpoint in seen:
        assert checkpoint.held_out is not None
        assert checkpoint.held_out_metric is not None
    beside = network.measure(network.encode(lab.examples(name)[1]))
    assert seen[-1].held_out == pytest.approx(beside.loss, rel=1e-5)
    assert seen[-1].held_out_metric == pytest.approx(beside.metric, rel=1e-5)
    assert answers(network, lab, name)


def test_what_is_not_held_out_is_not_measured(lab: Lab) -> None:
    lab = again(lab, tags={"held_out": 0.0})
    assert lab.examples("tags")[1] == ()
    assert len(lab.examples("tags")[0]) == 10
    lab.ensure("tags")
    assert lab.history("tags")[-1].held_out is None


def test_the_job_and_its_labels(lab: Lab) -> None:
    lab.ensure("tags")
    lab.ensure("feels")
    tags, feels = lab.model("tags"), lab.model("feels")
    assert (tags.job, feels.job) == ("tag", "classify")
    assert tags.labels == ("DET", "NOUN", "ODD", "VERB")
    # Also where the one sentence that has a tag is held out.
    odd = [seed for seed in range(20) if any("ODD" in tags for _, tags in lab.sibling(seed).examples("tags")[1])]
    assert odd
    lab.sibling(odd[0]).ensure("tags")
    assert lab.sibling(odd[0]).model("tags").labels == tags.labels
    assert feels.labels == ("bad", "good")
    assert lab.run("tags", "the w1 runs").logits.shape == (3, 4)  # type: ignore[union-attr]
    assert lab.run("feels", "not w1").logits.shape == (1, 2)  # type: ignore[union-attr]
    assert tags.spec.bidirectional


def test_each_writes_as_its_task_asks(lab: Lab) -> None:
    found = {name: jobs.build(lab.entry(name), jobs.read(lab.entry(name), lab.folder, 0), 0) for name in NAMES}
    words = {name: network.vocabulary for name, network in found.items() if not isinstance(network, Forecaster)}
    assert {name: (v.end, v.start) for name, v in words.items() if v is not None} == {
        "says": (1, None),
        "spells": (None, None),
        "tags": (None, None),
        "feels": (None, None),
        "sees": (1, 2),
    }
    assert {name for name in NAMES if lab.entry(name).ends} == {"says", "sees"}
    assert not ModelEntry().ends
    # Whether it ends is the entry's to say, and not the task's.
    on = GoesOn(task="next-word", corpus="written.txt")
    network = jobs.build(on, jobs.read(on, lab.folder, 0), 0)
    assert isinstance(network, Model)
    assert network.vocabulary is not None
    assert network.vocabulary.end is None


def test_the_options_of_a_cell_reach_it(lab: Lab) -> None:
    entry = ModelEntry(nonlinearity="relu", init="orthogonal", radius=1.5, layers=2, seed=3, hidden=4)
    spec = jobs.spec(entry, 7)
    assert (spec.nonlinearity, spec.init, spec.radius, spec.seed) == ("relu", "orthogonal", 1.5, 7)
    w = Lab({"m": entry}, folder=lab.folder).model("m").net.state_dict()["weight_hh_l1"]
    np.testing.assert_allclose(w @ w.T, 2.25 * np.eye(4), atol=1e-5)
    forgets = Lab({"m": ModelEntry(cell="lstm", forget_bias=2.5, hidden=4)}, folder=lab.folder).model("m")
    assert forgets.net.state_dict()["bias_ih_l0"][4:8].tolist() == [2.5] * 4
    assert jobs.spec(ModelEntry(), 0) == jobs.spec(ModelEntry(task="tag"), 0)
    assert jobs.spec(ModelEntry(), 0).forget_bias is None


# Access


def test_who_asks_for_another_kind_is_told(lab: Lab) -> None:
    for name in ("expects", "sees"):
        task = lab.entry(name).task
        for ask in (lab.model, lab.run):
            with pytest.raises(
                ValueError, match=f'^the model `{name}` has the task "{task}", expected one over tokens$'
            ):
                ask(name)
    with pytest.raises(ValueError, match=r'^the model `tags` has the task "tag", expected "forecast"$'):
        lab.forecaster("tags")
    with pytest.raises(ValueError, match=r'^the model `expects` has the task "forecast", expected "caption"$'):
        lab.captioner("expects")
    with pytest.raises(ValueError, match=r'^the model `sees` has the task "caption", expected "forecast"$'):
        lab.series("sees")
    with pytest.raises(ValueError, match="no model `x` in this lesson"):
        lab.series("x")


def test_a_network_is_the_same_however_it_is_asked_for(lab: Lab) -> None:
    for name, ask in (("expects", lab.forecaster), ("sees", lab.captioner), ("tags", lab.model)):
        for before in (ask, lab.learner, lab.kept_steps):
            with pytest.raises(NotTrained):
                before(name)
        with pytest.raises(NotTrained):
            lab.at_step(name, 0)
        lab.ensure(name)
        assert ask(name) is lab.learner(name)


# What is held out


@pytest.mark.parametrize("name", ["says", "tags", "feels"])
def test_words_that_are_held_out_are_not_known(lab: Lab, name: str) -> None:
    train, held_out = lab.examples(name)
    assert (len(train), len(held_out)) == (8, 2)
    lab.ensure(name)
    vocabulary = lab.model(name).vocabulary
    assert vocabulary is not None

    def own(items: tuple[Any, ...]) -> set[str]:
        read = items if name == "says" else [tokens for tokens, _ in items]
        return {token for tokens in read for token in tokens if re.match(r"w\d", token)}

    assert {token for token in vocabulary.tokens if re.match(r"w\d", token)} == own(train)
    assert len(own(train)) == 8
    assert len(own(held_out)) == 2
    assert not own(train) & own(held_out)
    assert {token for tokens in lab.corpus(name) for token in tokens} == {
        token for token in vocabulary.tokens if not token.startswith("<")
    }
    assert len(lab.corpus(name)) == 8


def test_all_of_a_corpus_is_on_one_side_or_the_other(lab: Lab) -> None:
    train, held_out = lab.examples("says")
    assert sorted(train + held_out) == sorted(tuple(line.split()) for line in WRITTEN)
    assert again(lab).examples("says") == (train, held_out)
    assert any(again(lab, seed=seed).examples("says") != (train, held_out) for seed in (1, 2, 3))
    words, tags = lab.examples("tags")[0][0]
    assert f"{words[0]}/{tags[0]} {words[1]}/{tags[1]} {words[2]}/{tags[2]}" in TAGGED
    words, label = lab.examples("feels")[0][0]
    assert f"{' '.join(words)}\t{label}" in LABELLED


def test_what_is_there_twice_is_on_one_side_twice(lab: Lab) -> None:
    (lab.folder / "written.txt").write_text("\n".join(WRITTEN * 3))
    (lab.folder / "labelled.txt").write_text("\n".join(LABELLED * 2))
    for name in ("says", "feels"):
        for seed in range(5):
            train, held_out = again(lab, seed=seed).examples(name)
            assert not set(train) & set(held_out)
            assert len(held_out) == (6 if name == "says" else 4)
            assert set(Counter(held_out).values()) == {3 if name == "says" else 2}


def test_a_series_is_held_out_from_its_end(lab: Lab) -> None:
    series = lab.series("expects")
    assert (series.first_held_out, series.window, series.horizon) == (30, 4, 2)
    assert series.values.tolist() == VALUES
    assert series.mean == pytest.approx(np.mean(VALUES[:30]))
    assert series.std == pytest.approx(np.std(VALUES[:30]))
    train, held_out = lab.examples("expects")
    # A window of four and one step between: the first forecast is of the value 5, the last that is learned of 29.
    assert (len(train), len(held_out)) == (25, 10)
    for i, (x, y) in enumerate((*train, *held_out)):
        np.testing.assert_allclose(series.unscale(x), VALUES[i : i + 4])
        np.testing.assert_allclose(series.unscale(y), VALUES[i + 5])
    assert series.scale(VALUES[:30]).mean() == pytest.approx(0, abs=1e-12)
    assert series.scale(VALUES[:30]).std() == pytest.approx(1)
    np.testing.assert_allclose(series.unscale(series.scale([[3.0, 4.0]])), [[3.0, 4.0]])
    assert lab.corpus("expects") == ()
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 0.0
    assert again(lab, seed=5).series("expects").first_held_out == 30


def test_the_future_of_a_series_changes_nothing_that_is_learned(lab: Lab) -> None:
    before = [(x.tolist(), y) for x, y in lab.examples("expects")[0]]
    (lab.folder / "series.csv").write_text(table([*VALUES[:30], *[1000.0] * 10]))
    later = again(lab)
    assert [(x.tolist(), y) for x, y in later.examples("expects")[0]] == before
    lab.ensure("expects")
    later.ensure("expects")
    assert lab.learner("expects").flat.tobytes() == later.learner("expects").flat.tobytes()
    assert lab.history("expects")[-1].held_out != later.history("expects")[-1].held_out


@pytest.mark.parametrize(
    ("values", "column", "said"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], "y", "series.csv: got 4 rows to learn from, expected at least 6"),
        ([2.0] * 30 + [3.0] * 10, "y", "series.csv: got the same number in every row of 'y', expected a series"),
        # The mean of these is not one of them, and their deviation not quite 0.
        ([0.1] * 40, "y", "series.csv: got the same number in every row of 'y', expected a series"),
        (VALUES, "z", "series.csv:1: got the columns 'x, y', expected one column 'z'"),
    ],
)
def test_a_series_that_nothing_can_be_learned_from(lab: Lab, values: list[float], column: str, said: str) -> None:
    (lab.folder / "series.csv").write_text(table(values))
    lab = again(lab, expects={"column": column})
    for ask in (lab.ensure, lab.series, lab.examples):
        with pytest.raises(ValueError, match=re.escape(said)):
            ask("expects")
    assert not lab.ready("expects")


def test_the_least_series_that_can_be_learned_from(lab: Lab) -> None:
    (lab.folder / "series.csv").write_text(table(VALUES[:6]))
    train, held_out = again(lab, expects={"held_out": 0.0}).examples("expects")
    assert (len(train), len(held_out)) == (1, 0)


def test_scenes_are_drawn_by_the_seed(lab: Lab) -> None:
    train, held_out = lab.examples("sees")
    assert (len(train), len(held_out)) == (640, 160)
    drawn = {image.tobytes() for image, _ in scenes(800, seed=0)}
    assert {image.tobytes() for image, _ in (*train, *held_out)} == drawn
    assert not {image.tobytes() for image, _ in train} & {image.tobytes() for image, _ in held_out}
    assert len(lab.corpus("sees")) == 640
    assert {image.tobytes() for image, _ in lab.sibling(1).examples("sees")[0]}.isdisjoint(drawn)


def test_an_untrained_model_reads_its_corpus_only_to_count(lab: Lab) -> None:
    lab = Lab({"plain": ModelEntry(corpus="written.txt", text="we see"), "none": ModelEntry()}, folder=lab.folder)
    assert lab.corpus("plain") == tuple(tuple(line.split()) for line in WRITTEN)
    assert lab.examples("none") == ((), ())
    (lab.folder / "written.txt").unlink()
    other = again(lab)
    assert other.ready("plain")
    assert other.run("plain").logits is None
    with pytest.raises(ValueError, match=r"written\.txt: got nothing there"):
        other.corpus("plain")


# Looking back


@pytest.mark.parametrize("steps", [1, 4, 5, 23, 115, 116, 119, 120, 121, 500, 1234])
def test_few_steps_are_kept_and_evenly(steps: int) -> None:
    training = TrainingSpec(steps=steps)
    every = [*range(0, steps, 5), steps]
    past = Past(training, 3)
    for at, step in enumerate(every):
        past.keep(step, np.full(3, step, np.float32))
        kept = past.steps
        assert len(kept) <= MOST == 24
        assert (kept[0], kept[-1]) == (0, step)
        assert list(kept) == sorted(set(kept))
        assert at >= MOST - 1 or len(every) > MOST or len(kept) == at + 1
    places = [every.index(step) for step in past.steps]
    gaps = set(np.diff(places).tolist())
    assert max(gaps) - min(gaps) <= 1
    assert len(past.steps) == min(24, len(every))
    assert all((past.at(step) == step).all() for step in past.steps)
    assert past.stacked().shape == (len(past.steps), 3)


def test_of_a_large_network_fewer_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.course.past.ROOM", 100)
    for size, most in ((10, 10), (33, 3), (100, 2), (1000, 2)):
        past = Past(TrainingSpec(steps=200), size)
        for step in range(0, 201, 5):
            past.keep(step, np.zeros(size, np.float32))
            assert len(past.steps) <= most
        assert len(past.steps) == most
        assert (past.steps[0], past.steps[-1]) == (0, 200)


def test_what_is_kept_is_a_copy() -> None:
    flat = np.zeros(2, np.float32)
    past = Past(TrainingSpec(steps=5), 2)
    past.keep(0, flat)
    flat[:] = 1.0
    assert past.at(0).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        past.at(0)[0] = 1.0


@pytest.mark.parametrize("name", NAMES)
def test_the_last_step_is_the_network_and_the_first_is_before_it_learned(lab: Lab, name: str) -> None:
    lab.ensure(name)
    last = lab.entry(name).steps
    assert lab.kept_steps(name) == (*range(0, last, 5), last)
    live = lab.learner(name)
    said = answers(live, lab, name)
    assert answers(lab.at_step(name, last), lab, name) == said
    entry = lab.entry(name)
    untrained = jobs.build(entry, jobs.read(entry, lab.folder, entry.seed), entry.seed)
    assert answers(lab.at_step(name, 0), lab, name) == answers(untrained, lab, name) != said
    assert answers(lab.at_step(name, 5), lab, name) not in (said, answers(untrained, lab, name))
    for step in lab.kept_steps(name):
        then = lab.at_step(name, step)
        assert type(then) is type(live)
        assert then is lab.at_step(name, step)
        assert not np.shares_memory(then.flat, live.flat)
        then.flat[:] = 0.0
    assert answers(live, lab, name) == said


def test_what_is_not_kept_cannot_be_looked_back_at(lab: Lab) -> None:
    lab.ensure("tags")
    for step in (1, -5, 25):
        said = f"step {step} of the model `tags` is not kept; there are 0, 5, 10, 15, 20, 23"
        with pytest.raises(ValueError, match=f"^{said}$"):
            lab.at_step("tags", step)
    plain = Lab({"plain": ModelEntry()}, folder=lab.folder)
    assert plain.kept_steps("plain") == ()
    with pytest.raises(ValueError, match="step 0 of the model `plain` is not kept; there are none"):
        plain.at_step("plain", 0)


def test_a_training_is_looked_back_at_as_it_goes(lab: Lab) -> None:
    lab = again(lab, tags={"steps": 230})
    training = lab.train("tags")
    thens = {}
    for checkpoint in training:
        assert lab.kept_steps("tags")[-1] == checkpoint.step
        then = lab.at_step("tags", checkpoint.step)
        assert answers(then, lab, "tags") == answers(lab.model("tags"), lab, "tags")
        thens[checkpoint.step] = then
    kept = lab.kept_steps("tags")
    assert len(kept) == 24 < len(thens)
    assert all(lab.at_step("tags", step) is thens[step] for step in kept)
    # Nothing of what is no longer kept stays behind.
    assert {step for _, step in lab._then} == set(kept)


# Stopping, and other sessions


@pytest.mark.parametrize("name", NAMES)
def test_stopped_and_gone_on_is_the_same(lab: Lab, name: str) -> None:
    whole = again(lab, cache=False)
    whole.ensure(name)
    training = lab.train(name)
    next(training)
    next(training)
    training.close()
    assert lab.begun(name)
    assert not lab.ready(name)
    assert lab.kept_steps(name) == (0, 5)
    lab.at_step(name, 5).flat[:] = 0.0
    lab.ensure(name)
    assert lab.learner(name).flat.tobytes() == whole.learner(name).flat.tobytes()
    assert lab.history(name) == whole.history(name)
    for step in whole.kept_steps(name):
        if step != 5:
            assert lab.at_step(name, step).flat.tobytes() == whole.at_step(name, step).flat.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_another_session_finds_all_of_it(lab: Lab, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.ensure(name)
    later = again(lab)
    monkeypatch.setattr("tutor.course.lab.fit", None)
    assert later.ready(name)
    assert list(later.train(name)) == []
    assert later.history(name) == lab.history(name)
    assert later.history(name)[-1].held_out_metric is not None
    assert later.kept_steps(name) == lab.kept_steps(name)
    assert answers(later.learner(name), later, name) == answers(lab.learner(name), lab, name)
    for step in lab.kept_steps(name):
        assert later.at_step(name, step).flat.tobytes() == lab.at_step(name, step).flat.tobytes()
    assert not again(lab, seed=1).ready(name)


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("says", "written.txt", "w3", "v3"),
        ("tags", "tagged.txt", "w3/NOUN", "w3/VERB"),
        ("feels", "labelled.txt", "w3\tgood", "w3\tbad"),
        ("expects", "series.csv", f"39,{VALUES[39]}", "39,1.5"),
    ],
)
def test_another_corpus_is_another_training(lab: Lab, name: str, file: str, old: str, new: str) -> None:
    lab.ensure(name)
    text = (lab.folder / file).read_text()
    assert old in text
    (lab.folder / file).write_text(text.replace(old, new))
    assert not again(lab).ready(name)
    (lab.folder / file).write_text(text)
    assert again(lab).ready(name)


def test_other_scenes_are_another_training(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.ensure("sees")
    assert b"800 scenes" in jobs.DRAWN_FROM
    monkeypatch.setattr(jobs, "DRAWN_FROM", jobs.DRAWN_FROM.replace(b"800", b"799"))
    assert not again(lab).ready("sees")


@pytest.mark.parametrize(
    "change", [{"held_out": 0.3}, {"window": 5}, {"horizon": 1}, {"init": "zeros"}, {"column": "x"}]
)
def test_another_entry_is_another_training(lab: Lab, change: dict[str, Any]) -> None:
    lab.ensure("expects")
    assert not again(lab, expects=change).ready("expects")
    assert again(lab, expects={"text": "x"}).ready("expects")


def test_a_file_of_another_layout_is_trained_anew(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.ensure("tags")
    monkeypatch.setattr(stored, "_LAYOUT", "1")
    assert not again(lab).ready("tags")


@pytest.mark.parametrize("change", ["old", "rows", "width", "one", "steps", "end", "none", "text", "nan"])
def test_a_file_that_is_not_what_it_should_be_is_trained_anew(lab: Lab, change: str) -> None:
    lab.ensure("tags")
    assert lab.cache is not None
    (path,) = lab.cache.rglob("*.npz")
    arrays, metadata = weights.load(path)
    beside = msgspec.json.decode(metadata["training"])
    stacked = arrays["checkpoints"]
    match change:
        case "old":
            # As it was before checkpoints were kept.
            arrays = dict(lab.model("tags").state_dict())
            metadata = {"history": msgspec.json.encode({"history": [r[:5] for r in beside["history"]]}).decode()}
        case "rows":
            arrays = {"checkpoints": stacked[1:]}
        case "width":
            arrays = {"checkpoints": stacked[:, 1:]}
        case "one":
            arrays = {"checkpoints": stacked[:, :1]}
        case "steps":
            beside["steps"][-1] = 22
        case "end":
            beside["history"].pop()
        case "none":
            beside["history"] = []
        case "text":
            beside["history"][0][2] = "much"
        case "nan":
            stacked[0, 0] = np.nan
    if change != "old":
        metadata = {"training": msgspec.json.encode(beside).decode()}
    weights.save(path, arrays, metadata)
    later = again(lab)
    assert not later.ready("tags")
    later.ensure("tags")
    assert answers(later.model("tags"), later, "tags") == answers(lab.model("tags"), lab, "tags")
    assert again(lab).ready("tags")


def test_a_training_that_diverges_can_be_looked_at_and_is_not_taken_for_a_finished_one(lab: Lab) -> None:
    wild = {"learning_rate": 10.0, "clip": 1e9, "nonlinearity": "identity", "window": 20, "steps": 60}
    lab = again(lab, expects=wild)
    lab.ensure("expects")
    last = lab.history("expects")[-1]
    assert not np.isfinite(last.loss)
    assert last.step < 60
    assert lab.kept_steps("expects")[-1] == last.step
    assert lab.at_step("expects", last.step).flat.tobytes() == lab.learner("expects").flat.tobytes()
    assert not again(lab, expects=wild).ready("expects")


# Siblings


def test_a_sibling_is_the_same_lab_at_another_seed(lab: Lab) -> None:
    one = lab.sibling(1)
    assert one is lab.sibling(1) is not lab.sibling(2)
    assert (one.seed, one.folder, one.cache, one.models) == (1, lab.folder, lab.cache, lab.models)
    assert lab.sibling(0) is lab
    assert again(lab, seed=3).sibling(2).seed == 5
    assert again(lab, seed=3).sibling(-3).seed == 0
    with pytest.raises(ValueError, match="seed: got -1, expected a whole number of at least 0"):
        lab.sibling(-1)
    one.ensure("says")
    assert not lab.ready("says")
    assert again(lab, seed=1).ready("says")
    lab.ensure("says")
    assert one.learner("says").flat.tobytes() != lab.learner("says").flat.tobytes()
    for name in ("says", "expects"):
        whole = again(lab, cache=False, **{name: {"seed": 1}})
        one.ensure(name)
        whole.ensure(name)
        assert one.learner(name).flat.tobytes() == whole.learner(name).flat.tobytes()
        assert one.at_step(name, 0).flat.tobytes() == whole.at_step(name, 0).flat.tobytes()
    plain = Lab({"m": ModelEntry()}, folder=lab.folder)
    assert plain.sibling(1).model("m").flat.tobytes() != plain.model("m").flat.tobytes()


def test_threads_share_one_training(lab: Lab) -> None:
    whole = again(lab, cache=False)
    whole.ensure("tags")
    seen: list[int] = []

    def work() -> None:
        seen.extend(checkpoint.step for checkpoint in lab.train("tags"))

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [0, 5, 10, 15, 20, 23]
    assert lab.learner("tags").flat.tobytes() == whole.learner("tags").flat.tobytes()


# What is refused

TEXT = {"corpus": "data/a.txt"}
TABLE = {"task": "forecast", "corpus": "data/a.csv", "column": "y"}


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        ({"task": "tag"}, "task", 'the task "tag" has nothing to learn from', 'write corpus = "data/….txt"'),
        ({"task": "classify"}, "task", 'the task "classify" has nothing to learn from', 'write corpus = "data/….txt"'),
        (
            TABLE | {"corpus": ""},
            "task",
            'the task "forecast" has nothing to learn from',
            'write corpus = "data/….csv"',
        ),
        (
            TABLE | {"column": ""},
            "task",
            'the task "forecast" has no column to forecast',
            'write column = "…", a name in the first row of its corpus',
        ),
        (TEXT | {"task": "caption"}, "corpus", 'the task "caption" draws scenes of its own', "drop `corpus`"),
        *(
            (
                ({} if task == "caption" else TEXT) | {"task": task, "bidirectional": True},
                "bidirectional",
                "a bidirectional network has read the next token before it is to guess it",
                'drop `bidirectional`, or write task = "untrained"',
            )
            for task in ("next-word", "next-character", "caption")
        ),
        *(
            (
                TEXT | {"task": "tag", "held_out": share},
                "held_out",
                f"`held_out` is {share:g}",
                "write a number from 0 to below 0.9",
            )
            for share in (-0.1, 0.9, 1.0)
        ),
        (
            {"held_out": 0.2},
            "held_out",
            "`held_out` of an untrained model, which learns from nothing",
            "drop `held_out`, or give it a `task`",
        ),
        *(
            (
                TEXT | {"task": "tag", key: value},
                key,
                f'`{key}` says nothing to the task "tag", which reads no table',
                f'drop `{key}`, or write task = "forecast"',
            )
            for key, value in (("column", "y"), ("window", 5), ("horizon", 2))
        ),
        (TABLE | {"window": 0}, "window", "`window` is 0", "write a number from 1 to 1000"),
        (TABLE | {"horizon": 1001}, "horizon", "`horizon` is 1001", "write a number from 1 to 1000"),
        *(
            (
                {"cell": cell, "nonlinearity": "relu"},
                "nonlinearity",
                f'`nonlinearity` is the rnn\'s, and `cell` is "{cell}"',
                'drop `nonlinearity`, or write cell = "rnn"',
            )
            for cell in ("gru", "lstm")
        ),
        *(
            (
                {"cell": cell, "forget_bias": 0.0},
                "forget_bias",
                f'`forget_bias` is the lstm\'s, and `cell` is "{cell}"',
                'drop `forget_bias`, or write cell = "lstm"',
            )
            for cell in ("gru", "rnn")
        ),
        (
            {"cell": "lstm", "forget_bias": 101.0},
            "forget_bias",
            "`forget_bias` is 101",
            "write a number from -100 to 100",
        ),
        *(
            (
                {"init": init, "radius": 0.9},
                "radius",
                f'`radius` is the orthogonal start\'s, and this one is "{init}"',
                'drop `radius`, or write init = "orthogonal"',
            )
            for init in ("uniform", "zeros")
        ),
        ({"init": "orthogonal", "radius": -1.0}, "radius", "`radius` is -1", "write a number from 0 to 100"),
    ],
)
def test_every_fault_has_its_line(keys: dict[str, Any], key: str, what: str, mend: str) -> None:
    assert ModelEntry(**keys).faults() == [(key, what, mend)]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        TEXT,
        TEXT | {"task": "tag", "bidirectional": True, "held_out": 0.89},
        TEXT | {"task": "classify", "bidirectional": True, "cell": "lstm", "forget_bias": 0.0},
        TEXT | {"task": "next-word", "held_out": 0.2, "nonlinearity": "identity"},
        TABLE | {"window": 1, "horizon": 1000, "init": "orthogonal", "radius": 0.0},
        TABLE | {"bidirectional": True, "init": "zeros"},
        {"task": "caption", "cell": "gru", "held_out": 0.2},
        {"bidirectional": True, "nonlinearity": "relu"},
    ],
)
def test_what_has_no_fault(keys: dict[str, Any]) -> None:
    assert ModelEntry(**keys).faults() == []


# The lessons' own data


def test_the_weather_is_every_day_of_four_years() -> None:
    with (DATA / "seattle-weather.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["date", "precipitation", "temp_max", "temp_min", "wind", "weather"]
    first = datetime.date(2012, 1, 1)
    assert [row["date"] for row in rows] == [f"{first + datetime.timedelta(i):%Y/%m/%d}" for i in range(1461)]
    found = read_series(DATA / "seattle-weather.csv", ["precipitation", "temp_max", "temp_min", "wind"])
    assert (found["temp_max"] >= found["temp_min"]).all()
    assert -10 < found["temp_min"].min() < found["temp_max"].max() < 40
    assert (found["precipitation"] >= 0).all()


def test_many_words_have_more_than_one_tag() -> None:
    rows = read_tagged(DATA / "tagged.txt")
    assert len(rows) >= 120
    assert len({tuple(word for word, _ in row) for row in rows}) == len(rows)
    tags: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for word, tag in row:
            tags[word][tag] += 1
    assert {tag for found in tags.values() for tag in found} == {
        "DET",
        "NOUN",
        "VERB",
        "ADJ",
        "PRON",
        "ADP",
        "ADV",
        "AUX",
    }
    assert set(tags["light"]) == {"NOUN", "VERB", "ADJ"}
    assert set(tags["fish"]) == {"NOUN", "VERB"}
    assert sum(len(found) > 1 for found in tags.values()) >= 30
    # What is never another thing.
    for word, tag in (("the", "DET"), ("they", "PRON"), ("we", "PRON"), ("is", "AUX"), ("of", "ADP")):
        assert set(tags[word]) == {tag}


def test_not_turns_a_mood() -> None:
    texts, labels = read_labelled(DATA / "moods.txt")
    assert len(set(texts)) == len(texts) >= 160
    said = dict(zip(texts, labels, strict=True))
    assert Counter(labels)["good"] == Counter(labels)["bad"]
    bare = {text: mood for text, mood in said.items() if " " not in text}
    other = {"good": "bad", "bad": "good"}
    for text, label in said.items():
        # Each part has one adjective of a known mood, and says by itself what the whole says.
        for part in text.split(" and "):
            words = part.split()
            (place,) = [i for i, word in enumerate(words) if word in bare]
            assert (other[bare[words[place]]] if "not" in words[:place] else bare[words[place]]) == label
            assert words.count("not") <= 1
            assert "not" not in words[place:]


def test_a_bag_of_words_cannot_tell_all_moods() -> None:
    said = dict(zip(*read_labelled(DATA / "moods.txt"), strict=True))
    bags: dict[tuple[str, ...], list[str]] = {}
    for text, label in said.items():
        bags.setdefault(tuple(sorted(text.split())), []).append(label)
    both = [found for found in bags.values() if len(set(found)) > 1]
    assert len(both) >= 40
    assert all(Counter(found)["good"] == Counter(found)["bad"] for found in both)
    plain = dict(zip(*read_labelled(DATA / "plain-moods.txt"), strict=True))
    assert plain == {text: label for text, label in said.items() if "not" not in text.split()}


def test_each_file_of_data_is_named_with_its_source() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert path.name == "README.md" or f"| `{path.name}` |" in readme


def test_a_captioner_learns_to_say_what_it_sees() -> None:
    entry = ModelEntry(
        task="caption", cell="gru", hidden=32, embedding=16, batch=32, steps=700, held_out=0.2, learning_rate=0.01
    )
    lab = Lab({"m": entry}, folder=DATA.parent)
    lab.ensure("m")
    held_out = lab.examples("m")[1]
    said = [tuple(said.token for said in lab.captioner("m").caption(image)) for image, _ in held_out]
    right = sum(found == words for found, (_, words) in zip(said, held_out, strict=True))
    assert right / len(held_out) >= 0.9


@pytest.mark.parametrize(
    ("keys", "least"),
    [
        ({"task": "tag", "corpus": "data/tagged.txt", "bidirectional": True, "steps": 200, "held_out": 0.2}, 0.8),
        ({"task": "classify", "corpus": "data/moods.txt", "cell": "gru", "held_out": 0.2}, 0.8),
    ],
)
def test_the_lessons_texts_can_be_learned(keys: dict[str, Any], least: float) -> None:
    lab = Lab({"m": ModelEntry(**keys)}, folder=DATA.parent)
    lab.ensure("m")
    metric = lab.history("m")[-1].held_out_metric
    assert metric is not None
    assert metric >= least


def test_a_file_is_parsed_once_for_all_who_learn_from_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []

    def parse(path: Path) -> Any:
        parsed.append(path.name)
        return read_tagged(path)

    monkeypatch.setattr(jobs, "read_tagged", parse)
    first = [again(lab, seed=seed).examples("tags") for seed in range(3)]
    assert parsed == ["tagged.txt"]
    (lab.folder / "tagged.txt").write_text("\n".join(TAGGED[1:]) + "\n")
    assert again(lab).examples("tags") != first[0], "another content is another file"
    assert parsed == ["tagged.txt"] * 2
