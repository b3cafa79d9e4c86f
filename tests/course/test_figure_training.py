"""A training's numbers: baselines against counts by hand, what was written against the network that wrote it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tutor.course import scores
from tutor.course.entries import ModelEntry
from tutor.course.figures.training import Curve, Training, TrainingValues
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.generation import generate
from tutor.engine.losses import bits
from tutor.engine.training import Checkpoint

TAGS = "the/D sun/N sets/V\nthe/D moon/N sets/V\nthe/D sets/N rise/V\na/D sun/N sets/V\na/D moon/N rise/V\n"
LABELS = "up up\tgood\nup now\tgood\ndown now\tbad\nup then\tgood\nnow up\tgood\n"


@pytest.fixture
def entries(lesson_path: Path, course_folder: Path) -> Mapping[str, ModelEntry]:
    data = course_folder / "data"
    (data / "tags.txt").write_text(TAGS)
    (data / "labels.txt").write_text(LABELS)
    (data / "table.csv").write_text("day,warm\n" + "".join(f"{d},{20 + 3 * (d % 4)}\n" for d in range(40)))
    small = {"hidden": 4, "steps": 10, "batch": 4}
    return {
        **load_lesson(lesson_path).models,
        "half": msgspec.structs.replace(load_lesson(lesson_path).models["reader"], held_out=0.34),
        "tagger": ModelEntry(task="tag", corpus="data/tags.txt", held_out=0.4, **small),
        "judge": ModelEntry(task="classify", corpus="data/labels.txt", held_out=0.4, **small),
        "seer": ModelEntry(task="forecast", corpus="data/table.csv", column="warm", window=3, held_out=0.2, **small),
    }


@pytest.fixture
def lab(entries: Mapping[str, ModelEntry], course_folder: Path) -> Lab:
    return Lab(entries, folder=course_folder)


def shown(lab: Lab, model: str, **keys: object) -> TrainingValues:
    lab.ensure(model)
    return Training(model=model, **keys).run(lab)  # type: ignore[arg-type]


def test_every_checkpoint_is_there(lab: Lab) -> None:
    values = shown(lab, "half")
    history = lab.history("half")
    assert values.points == tuple((c.step, bits(c.loss)) for c in history)
    assert values.held_out == tuple((c.step, bits(c.held_out)) for c in history)
    assert values.metric == tuple((c.step, c.held_out_metric) for c in history)
    assert values.norms == tuple((c.step, c.gradient_norm) for c in history)
    assert (values.kept, values.clip, values.steps) == (lab.kept_steps("half"), 1.0, 30)
    assert values.unit == "bits per token"


def test_a_bigram_interpolates_with_how_common_each_is(lab: Lab) -> None:
    (known,) = shown(lab, "reader", baselines=("bigram",)).baselines
    # the → sun 3, moon 1; sun → is 3; moon → is 1; is → up 3, down 1; up → end 3; down → end 1; of 16.
    pairs = [("the", "sun", 3, 4, 2, 3), ("the", "moon", 1, 4, 2, 1), ("sun", "is", 3, 3, 1, 4)]
    pairs += [("moon", "is", 1, 1, 1, 4), ("is", "up", 3, 4, 2, 3), ("is", "down", 1, 4, 2, 1)]
    pairs += [("up", "<end>", 3, 3, 1, 4), ("down", "<end>", 1, 1, 1, 4)]
    wanted = -sum(n * math.log2((n + kinds * c / 16) / (of + kinds)) for _a, _b, n, of, kinds, c in pairs) / 16
    assert known == ("bigram", pytest.approx(wanted))


def test_baselines_of_tags_are_fitted_on_what_is_learned_and_measured_beside_it(lab: Lab) -> None:
    names = ("uniform", "unigram", "majority", "most-frequent-tag")
    values = shown(lab, "tagger", baselines=names)
    train, held_out = lab.examples("tagger")
    assert len(held_out) == 2
    assert values.unit == "bits per tag"
    # Each sentence has one D, one N and one V.
    assert dict(values.baselines) == {"uniform": pytest.approx(math.log2(3)), "unigram": pytest.approx(math.log2(3))}
    counts: dict[str, list[str]] = {}
    for words, tags in train:
        for word, tag in zip(words, tags, strict=True):
            counts.setdefault(word, []).append(tag)
    right = total = 0
    for words, tags in held_out:
        for word, tag in zip(words, tags, strict=True):
            seen = counts.get(word, ["D"])
            right += max(dict.fromkeys(seen), key=seen.count) == tag
            total += 1
    metric = dict(values.metric_baselines)
    assert metric == {"majority": pytest.approx(1 / 3), "most-frequent-tag": right / total}


def test_the_majority_of_labels(lab: Lab) -> None:
    values = shown(lab, "judge", baselines=("unigram", "majority"))
    train, held_out = lab.examples("judge")
    learned = [label for _, label in train]
    most = max(dict.fromkeys(learned), key=learned.count)
    assert dict(values.metric_baselines) == {"majority": sum(label == most for _, label in held_out) / len(held_out)}
    shares = [learned.count(label) / len(learned) for label in set(learned)]
    assert dict(values.baselines) == {"unigram": pytest.approx(-sum(p * math.log2(p) for p in shares))}
    assert values.unit == "bits per label"


def test_a_forecast_is_in_its_own_unit_beside_persistence(lab: Lab) -> None:
    values = shown(lab, "seer", baselines=("persistence",))
    series, history = lab.series("seer"), lab.history("seer")
    assert values.points[0][1] == pytest.approx(series.std * math.sqrt(history[0].loss))
    assert values.metric[-1][1] == pytest.approx(series.std * history[-1].held_out_metric)
    warm, first = series.values, series.first_held_out
    steps = np.diff(warm)
    assert dict(values.baselines)["persistence"] == pytest.approx(math.sqrt((steps[2 : first - 1] ** 2).mean()))
    assert dict(values.metric_baselines)["persistence"] == pytest.approx(np.abs(steps[first - 1 :]).mean())
    assert values.unit == "RMS error of warm"
    assert shown(lab, "seer").baselines == ()


def test_what_it_wrote_is_written_by_the_network_of_that_step(lab: Lab) -> None:
    values = shown(lab, "reader", samples="the  sun", temperature=0.7)
    assert values.prefix == "the sun"
    assert [step for step, _text in values.samples] == list(values.kept)
    for step, text in values.samples:
        said = generate(lab.at_step("reader", step), ("the", "sun"), max_tokens=12, temperature=0.7, seed=0)
        assert text == " ".join(one.token for one in said)
    assert len({text for _step, text in values.samples}) > 1
    assert shown(lab, "reader").samples == ()


def test_a_network_whose_numbers_are_gone_writes_nothing(lab: Lab) -> None:
    lab.ensure("reader")
    lab.at_step("reader", 0).flat[:] = math.nan
    assert Training(model="reader", samples="the").run(lab).samples[0] == (0, "")


def test_other_seeds_stand_beside_and_are_never_a_mean(lab: Lab) -> None:
    values = shown(lab, "reader", seeds=3)
    assert [other.seed for other in values.others] == [1, 2]
    for k, other in enumerate(values.others, 1):
        assert other.points == tuple((c.step, bits(c.loss)) for c in lab.sibling(k).history("reader"))
    step, low, middle, high = values.spread()[-1]
    last = sorted([values.points[-1][1], *(other.points[-1][1] for other in values.others)])
    assert (step, low, middle, high) == (30, *last)


def test_the_spread_of_runs_that_came_as_far() -> None:
    values = TrainingValues(((0, 4.0), (5, 2.0), (10, 1.0)), (), 10, others=(Curve(1, ((0, 3.0), (5, math.nan))),))
    assert values.spread()[0] == (0, 3.0, 3.5, 4.0)
    step, low, middle, high = values.spread()[1]
    assert (step, low) == (5, 2.0)
    assert math.isnan(middle)
    assert math.isnan(high)
    assert len(values.spread()) == 2


def test_other_seeds_wait_for_the_models_own_training(lab: Lab) -> None:
    options = Training(model="reader", seeds=3)
    lab.sibling(2).ensure("reader")
    with closing(lab.train("reader")) as checkpoints:
        for checkpoint in checkpoints:
            if checkpoint.step == 10:
                break
    assert list(options.more(lab)) == []
    values = options.measure(lab, lab.history("reader"))
    assert values.others == ()
    assert values.points[-1][0] == 10
    assert values.kept == (0, 5, 10)
    lab.ensure("reader")
    others = options.more(lab)
    next(others)
    others.close()
    begun, done = options.measure(lab, lab.history("reader")).others
    assert len(begun.points) == 1
    assert len(done.points) == len(lab.history("reader"))
    assert len(list(options.more(lab))) == len(lab.history("reader")) - 1


def test_how_many_updates_were_clipped() -> None:
    norms = ((0, 9.0), (5, 1.5), (10, 1.0), (15, 0.5), (20, 7.0))
    # The first checkpoint is before any update.
    assert TrainingValues((), (), 20, norms=norms, clip=1.0).clipped == (2, 4)


def test_a_training_that_diverged_says_so(lab: Lab) -> None:
    def at(loss: float, norm: float) -> TrainingValues:
        history = (Checkpoint(0, 30, 1.0, 1.0), Checkpoint(5, 30, loss, norm))
        return Training(model="reader").measure(lab, history)

    assert not at(1.0, 2.0).diverged
    assert at(math.nan, 2.0).diverged
    assert at(1.0, math.inf).diverged


def test_tables_hold_what_is_drawn(lab: Lab) -> None:
    values = shown(lab, "half", baselines=("uniform", "majority"), samples="the", seeds=2)
    main, metric, norms, wrote, seeds = values.tables()
    assert main.columns == ("updates", "bits per token", "held out")
    assert main.rows[0] == (0.0, values.points[0][1], values.held_out[0][1])
    assert main.rows[-1] == ("uniform", dict(values.baselines)["uniform"], "")
    assert metric.rows[-1] == ("majority", dict(values.metric_baselines)["majority"])
    assert norms.rows[-1] == ("clip", 1.0)
    assert norms.rows[1] == values.norms[1]
    assert wrote.columns == ("updates", "the")
    assert wrote.rows == tuple((float(step), text) for step, text in values.samples)
    assert seeds.rows[-1] == values.spread()[-1]
    assert all(len(row) == len(t.columns) for t in values.tables() for row in t.rows)
    assert all(t.title for t in values.tables()[1:])


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"model": "plain"}, "the model `plain` is untrained"),
        ({"model": "reader", "seeds": 0}, "`seeds` is 0"),
        ({"model": "reader", "seeds": 10}, "`seeds` is 10"),
        ({"model": "reader", "temperature": -1.0}, "`temperature` is -1"),
        ({"model": "reader", "temperature": math.nan}, "`temperature` is nan"),
        ({"model": "tagger", "baselines": ("bigram",)}, '"bigram" is no baseline of the task "tag"'),
        ({"model": "seer", "baselines": ("uniform", "persistence")}, '"uniform" is no baseline of the task "forecast"'),
        ({"model": "reader", "baselines": ("persistence",)}, '"persistence" is no baseline of the task "next-word"'),
        (
            {"model": "reader", "baselines": ("majority",)},
            '"majority" is a share that is right, and of `reader` nothing is held out to measure it on',
        ),
        ({"model": "tagger", "samples": "the"}, "the model `tagger` writes no text"),
        ({"model": "reader", "samples": " "}, "`samples` has no token to write on from"),
    ],
)
def test_what_does_not_fit(entries: Mapping[str, ModelEntry], keys: dict[str, object], what: str) -> None:
    found = Training(**keys).unfit(entries)  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == what
    assert found[1]


def test_what_fits(entries: Mapping[str, ModelEntry]) -> None:
    assert Training(model="reader", samples="the", seeds=9, baselines=("bigram", "unigram")).unfit(entries) is None
    assert Training(model="seer").unfit(entries) is None
    assert Training(model="nobody").unfit(entries) is None
    assert Training(model="tagger", baselines=("most-frequent-tag",)).unfit(entries) is None


# On what is held out


def test_baselines_of_the_loss_on_what_is_held_out(lab: Lab) -> None:
    for model in ("half", "seer"):
        kinds = ("unigram", "bigram") if model == "half" else ("persistence",)
        learned = shown(lab, model, baselines=kinds)
        asked = shown(lab, model, baselines=kinds, measured="held_out")
        if model == "half":
            expected = {kind: scores.baseline(lab, model, kind).value for kind in kinds}  # type: ignore[arg-type]
        else:
            missed = scores.errors(lab, model, "persistence", lab.examples(model)[1])
            expected = {"persistence": float(np.sqrt((missed**2).mean()))}
        assert dict(asked.baselines) == pytest.approx(expected)
        assert dict(asked.baselines) != dict(learned.baselines)
        # Each number stands in the column of what it was measured on.
        for values, at in ((learned, 1), (asked, 2)):
            table = values.tables()[0]
            rows = {row[0]: row for row in table.rows if isinstance(row[0], str)}
            assert {name: row[at] for name, row in rows.items()} == dict(values.baselines)
            assert {row[3 - at] for row in rows.values()} == {""}


def test_nothing_that_is_not_held_out_is_measured_there(entries: Mapping[str, ModelEntry]) -> None:
    found = Training(model="reader", measured="held_out").unfit(entries)
    assert found is not None
    assert found[0] == "of `reader` nothing is held out to measure the baselines on"
    assert Training(model="half", measured="held_out").unfit(entries) is None
