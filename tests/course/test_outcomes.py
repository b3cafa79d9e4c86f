"""Probes of what was learned, against the networks that they ask; and what is refused before anything runs."""

from __future__ import annotations

import statistics
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course import scores
from tutor.course.check import check
from tutor.course.entries import ModelEntry
from tutor.course.figures.race import Race
from tutor.course.lab import Lab
from tutor.course.measured import Measured
from tutor.course.probes import Probe, settled, training_of

from .sample import check_answer

TAGGED = (
    "the/D light/N fades/V\nthey/P light/V it/P\na/D light/J box/N\nthe/D box/N fades/V\nthey/P box/V it/P\n"
    "the/D light/N box/N\nwe/P light/V the/D box/N\na/D fish/N fades/V\n"
)
LABELLED = (
    "good day\tgood\nbad day\tbad\ngood good night\tgood\nbad night\tbad\nbad bad day\tbad\ngood fun\tgood\n"
    "no fun\tbad\n"
)
SMALL: dict[str, Any] = {"hidden": 6, "steps": 30, "batch": 4, "held_out": 0.3, "learning_rate": 0.03}
ENTRIES = {
    "tags": ModelEntry(task="tag", corpus="tagged.txt", text="they light it", **SMALL),
    "feels": ModelEntry(task="classify", corpus="labelled.txt", text="good day", **SMALL),
    "both": ModelEntry(task="classify", corpus="labelled.txt", text="good day", bidirectional=True, **SMALL),
    "recalls": ModelEntry(task="recall", distance=2, symbols=3, text="B a c ?", hidden=6, steps=20),
    "says": ModelEntry(task="next-word", corpus="labelled.txt", text="good", **SMALL),
    "expects": ModelEntry(task="forecast", corpus="series.csv", column="y", window=3, **SMALL),
    "plain": ModelEntry(cell="lstm", hidden=4, text="one two"),
    "silent": ModelEntry(task="classify", corpus="labelled.txt"),
    "sees": ModelEntry(task="caption", held_out=0.2),
}
RUN = ("tags", "feels", "both", "recalls", "says", "expects")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    write(folder)
    lab = Lab(ENTRIES, folder=folder)
    for name in RUN:
        lab.ensure(name)
    return lab


def write(folder: Path) -> None:
    (folder / "tagged.txt").write_text(TAGGED)
    (folder / "labelled.txt").write_text(LABELLED)
    (folder / "series.csv").write_text("y\n" + "".join(f"{(i * 7) % 11}\n" for i in range(40)))


def probe(name: str, **keys: Any) -> Any:
    return msgspec.convert({"probe": name, **keys}, Probe)


def measured(lab: Lab, name: str, **keys: Any) -> Measured:
    found = probe(name, **keys).measure(lab)
    assert isinstance(found, Measured)
    return found


def test_score_and_baseline(lab: Lab) -> None:
    for where in ("held_out", "train"):
        for name in ("tags", "feels", "says", "expects"):
            own = scores.score(lab, name, where).value  # type: ignore[arg-type]
            assert measured(lab, "score", model=name, where=where).value == own
    assert measured(lab, "score", model="tags").value == measured(lab, "score", model="tags", where="held_out").value
    only = measured(lab, "score", model="tags", where="train", only="ambiguous").number
    # "light" and "box" have more than one tag wherever the split falls.
    p = lab.examples("tags")[0]
    said = [(word, tag, at, words) for words, tags in p for at, (word, tag) in enumerate(zip(words, tags, strict=True))]
    asked = [(tag, at, words) for word, tag, at, words in said if word in ("light", "box")]
    model = lab.model("tags")
    right = [model.labels[int(model.run(words).logits[at].argmax())] == tag for tag, at, words in asked]  # type: ignore[index]
    assert only == pytest.approx(sum(right) / len(right))
    labels = [label for _, label in lab.examples("feels")[1]]
    learned = [label for _, label in lab.examples("feels")[0]]
    most = max(dict.fromkeys(learned), key=learned.count)
    assert measured(lab, "baseline", model="feels", of="majority").value == labels.count(most) / len(labels)


def shares(lab: Lab, name: str, text: str) -> np.ndarray[Any, Any]:
    """(T, labels), from the run's own."""
    p = lab.run(name, text).probabilities
    assert p is not None
    return p


@pytest.mark.parametrize(
    ("name", "text", "step", "row"),
    [
        ("tags", "", 1, 0),
        ("tags", "the box light", 3, 2),
        ("feels", "", 0, 1),
        ("feels", "bad bad night", 0, 2),
        ("feels", "bad bad night", 1, 0),
        ("both", "bad night", 0, 0),
        ("recalls", "", 0, 3),
        ("recalls", "A b c ?", 0, 3),
    ],
)
def test_a_label_is_the_likeliest(lab: Lab, name: str, text: str, step: int, row: int) -> None:
    p, labels = shares(lab, name, text)[row], lab.model(name).labels
    found = measured(lab, "label", model=name, text=text, step=step)
    assert found.value == labels[int(p.argmax())]
    assert found.number == pytest.approx(float(p.max()), rel=1e-5)
    ordered = sorted(map(float, p))
    assert found.margin == pytest.approx(ordered[-1] - ordered[-2], rel=1e-4)
    assert found.scale == found.number
    for label, share in zip(labels, p, strict=True):
        one = measured(lab, "label_probability", model=name, text=text, step=step, label=label)
        assert one.value == pytest.approx(float(share), rel=1e-5)


def test_a_label_nearly_ties(lab: Lab) -> None:
    model = lab.model("feels")
    kept = model.flat.copy()
    try:
        assert not measured(lab, "label", model="feels", text="good good day").near_tie
        # No head, no opinion.
        model.flat[:] = 0.0
        lab._runs.clear()
        found = measured(lab, "label", model="feels", text="good good day")
        assert (found.number, found.margin, found.near_tie) == (0.5, 0.0, True)
    finally:
        model.flat[:] = kept
        lab._runs.clear()


def test_what_a_label_cannot_be_of(lab: Lab) -> None:
    with pytest.raises(ValueError, match="step 4 is not among the 3 steps of the text; steps count from 1"):
        measured(lab, "label", model="tags", step=4)
    with pytest.raises(ValueError, match="step -1 is not among the 3 steps"):
        measured(lab, "label", model="tags", step=-1)
    with pytest.raises(ValueError, match="the model `feels` has no label “fine”; it has "):
        measured(lab, "label_probability", model="feels", label="fine")
    with pytest.raises(ValueError, match="the model `says` has no labels of its own"):
        measured(lab, "label", model="says")


def test_flips_are_counted(lab: Lab) -> None:
    for texts in (["they light it", "the light it"], ["a light box", "they light box"], ["we box", "we box"]):
        first, second = (shares(lab, "tags", text).argmax(axis=1).tolist() for text in texts)
        found = measured(lab, "flips", model="tags", texts=texts)
        assert found.value == sum(a != b for a, b in zip(first, second, strict=True))
        assert isinstance(found.value, int)
    assert measured(lab, "flips", model="tags", texts=["we box", "we box"]).margin is None
    texts = ["they light it", "they box it"]
    found = measured(lab, "flips", model="tags", texts=texts)
    # "they" is read before the texts part: how sure its tag is has no say.
    rows = [sorted(map(float, row)) for text in texts for row in shares(lab, "tags", text)[1:]]
    least = min(rows, key=lambda row: (row[-1] - row[-2]) / row[-1])
    assert (found.margin, found.scale) == (pytest.approx(least[-1] - least[-2], rel=1e-4), pytest.approx(least[-1]))
    with pytest.raises(ValueError, match="the texts have 2 and 1 words, expected as many of both"):
        measured(lab, "flips", model="tags", texts=["we box", "we"])


# Over seeds

TRAINED = {"probe": "score", "model": "recalls", "where": "train"}


def test_over_seeds_is_each_seed_by_itself(lab: Lab) -> None:
    one_by_one = []
    for seed in range(4):
        alone = Lab({"recalls": ENTRIES["recalls"]}, folder=lab.folder, seed=seed)
        alone.ensure("recalls")
        one_by_one.append(scores.score(alone, "recalls", "train").value)
    assert len(set(one_by_one)) == 4

    def over(**keys: Any) -> Measured:
        return measured(lab, "over_seeds", of=TRAINED, seeds=4, **keys)

    ordered = sorted(one_by_one)
    assert over().value == pytest.approx((ordered[1] + ordered[2]) / 2)
    assert over(take="mean").value == pytest.approx(sum(ordered) / 4)
    assert over(take="min").value == ordered[0]
    assert over(take="max").value == ordered[3]
    between = (ordered[0] + ordered[1]) / 2
    count = over(take="count_above", above=between)
    assert (count.value, count.number) == (3, 3.0)
    assert count.margin == pytest.approx(ordered[1] - between)
    assert count.scale == between
    assert over(take="share_above", above=between).value == 0.75
    # Who is exactly there is not above.
    assert over(take="count_above", above=ordered[3]).value == 0
    assert over(take="count_above", above=ordered[3]).near_tie
    assert measured(lab, "over_seeds", of=TRAINED, seeds=3).value == statistics.median(one_by_one[:3])


def test_the_seeds_are_those_after_the_labs_own(lab: Lab) -> None:
    values = {"probe": "value", "of": "h", "model": "plain", "step": 1, "unit": 1}
    labs = [Lab(lab.models, folder=lab.folder, seed=seed) for seed in range(2, 5)]
    at = [float(other.run("plain").hidden[0, 0]) for other in labs]
    later = Lab(lab.models, folder=lab.folder, seed=2)
    assert measured(later, "over_seeds", of=values, seeds=3, take="max").value == pytest.approx(max(at))
    product = {"probe": "product", "factors": [2, values]}
    assert measured(later, "over_seeds", of=product, seeds=3, take="min").value == pytest.approx(2 * min(at))


def test_the_seeds_are_trained_in_sight_stopped_and_kept(lab: Lab, tmp_path: Path) -> None:
    entry = ENTRIES["recalls"]
    asked = probe("over_seeds", of=TRAINED, seeds=3)
    around = probe("compare", left=msgspec.to_builtins(asked), right={"probe": "power", "base": 2, "exponent": -1})
    first = Lab({"recalls": entry}, folder=lab.folder, cache=tmp_path)
    with closing(training_of(around, first)) as checkpoints:
        seen = [(at.seed, name, at.history(name)[-1].step) for at, name in (next(checkpoints) for _ in range(7))]
    # The first has come to its end, the second to its second checkpoint.
    assert seen == [*((0, "recalls", step) for step in (0, 5, 10, 15, 20)), *((1, "recalls", step) for step in (0, 5))]
    assert not settled(around, first)
    assert [first.sibling(seed).ready("recalls") for seed in range(3)] == [True, False, False]
    assert first.sibling(1).begun("recalls")
    assert not first.sibling(2).begun("recalls")
    value = asked.measure(first).value
    assert value == measured(lab, "over_seeds", of=TRAINED, seeds=3).value
    again = Lab({"recalls": entry}, folder=lab.folder, cache=tmp_path)
    assert settled(around, again)
    assert list(training_of(around, again)) == []
    assert all(again.sibling(seed).ready("recalls") for seed in range(3))
    assert asked.measure(again).value == value
    assert list(training_of(probe("power", base=1, exponent=1), again)) == []


def test_models_over_seeds() -> None:
    assert probe("over_seeds", of=TRAINED).models() == ("recalls",)


# What is refused


@pytest.mark.parametrize(
    ("name", "text", "count"), [("tags", "we box now", 3), ("feels", "not bad at all", 1), ("both", "not bad", 1)]
)
def test_the_loss_looks_at_so_many_steps(lab: Lab, name: str, text: str, count: int) -> None:
    lab.ensure(name)
    assert probe("count", model=name, what="targets", text=text).measure(lab).value == count


def test_recall_is_scored_at_a_distance_as_the_race_scores_it(lab: Lab) -> None:
    lab.ensure("recalls")
    for distance in (0, 5):
        raced = Race(runners=("recalls",), seeds=1, at=(distance,)).run(lab).runners[0].scores[0][0]
        assert probe("score", model="recalls", at=distance).measure(lab).number == raced
    with pytest.raises(ValueError, match='the model `feels` has the task "classify", and recalls nothing'):
        probe("score", model="feels", at=3).measure(lab)


def unfit(name: str, **keys: Any) -> Any:
    return probe(name, **keys).unfit(ENTRIES)


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("score", {"model": "tags"}, None),
        ("score", {"model": "tags", "only": "ambiguous"}, None),
        ("score", {"model": "recalls", "where": "train"}, None),
        ("score", {"model": "sees"}, None),
        ("count", {"model": "plain", "what": "targets"}, "the model `plain` is untrained, and has no loss"),
        ("count", {"model": "plain", "what": "known"}, "the model `plain` is untrained, and has no vocabulary"),
        ("count", {"model": "sees", "what": "targets"}, 'the model `sees` has the task "caption", and reads no text'),
        ("count", {"model": "tags", "what": "targets"}, None),
        ("score", {"model": "nowhere"}, None),
        ("score", {"model": "recalls", "at": 0}, None),
        ("score", {"model": "recalls", "at": 200}, None),
        ("score", {"model": "recalls", "at": 201}, "`at` is 201"),
        ("score", {"model": "recalls", "at": -1}, "`at` is -1"),
        ("score", {"model": "recalls", "at": 3, "where": "train"}, "`where` says nothing beside `at`"),
        ("score", {"model": "feels", "at": 3}, '`at` is of the task "recall", and `feels` has the task "classify"'),
        ("score", {"model": "recalls"}, "nothing is held out of the examples of the model `recalls`"),
        ("score", {"model": "plain"}, "the model `plain` is untrained, and has no examples"),
        (
            "score",
            {"model": "feels", "only": "ambiguous"},
            "`only` picks among words with tags, and the task of `feels`",
        ),
        ("baseline", {"model": "tags", "of": "most-frequent-tag", "only": "ambiguous"}, None),
        ("baseline", {"model": "feels", "of": "bag"}, None),
        ("baseline", {"model": "expects", "of": "linear"}, None),
        ("baseline", {"model": "recalls", "of": "majority"}, "nothing is held out"),
        ("baseline", {"model": "recalls", "of": "bag"}, '"bag" is no baseline of the task "recall"'),
        ("baseline", {"model": "sees", "of": "bigram"}, '"bigram" is no baseline of the task "caption"'),
        ("baseline", {"model": "says", "of": "majority"}, '"majority" is no baseline of the task "next-word"'),
        ("baseline", {"model": "plain", "of": "majority"}, "the model `plain` is untrained"),
        ("label", {"model": "tags", "step": 1}, None),
        ("label", {"model": "tags"}, "the model `tags` has a tag for each word"),
        ("label", {"model": "feels"}, None),
        ("label", {"model": "feels", "step": 1}, None),
        ("label", {"model": "both"}, None),
        ("label", {"model": "both", "step": 1}, "the model `both` reads both ways"),
        ("label", {"model": "recalls"}, None),
        ("label", {"model": "silent"}, "the model `silent` has no text to run on"),
        ("label", {"model": "says"}, 'the model `says` has the task "next-word", expected "tag" or "classify"'),
        ("label", {"model": "plain"}, 'the model `plain` has the task "untrained"'),
        ("label_probability", {"model": "expects", "label": "x"}, 'the model `expects` has the task "forecast"'),
        ("label_probability", {"model": "feels", "label": "x"}, None),
        ("flips", {"model": "tags", "texts": ["we box", "they box"]}, None),
        ("flips", {"model": "feels", "texts": ["a", "b"]}, 'the model `feels` has the task "classify", expected "tag"'),
        ("flips", {"model": "tags", "texts": ["we box", "we"]}, "the `texts` have 2 and 1 words"),
        ("flips", {"model": "tags", "texts": ["", "we"]}, "one of the two `texts` has no word"),
        ("over_seeds", {"of": TRAINED}, None),
        ("over_seeds", {"of": TRAINED, "take": "count_above", "above": 0.9}, None),
        ("over_seeds", {"of": TRAINED, "seeds": 1}, "`seeds` is 1"),
        ("over_seeds", {"of": TRAINED, "seeds": 21}, "`seeds` is 21"),
        ("over_seeds", {"of": TRAINED, "take": "share_above"}, 'take = "share_above" of what is above which number?'),
        ("over_seeds", {"of": TRAINED, "above": 0.9}, '`above` says nothing to take = "median"'),
        ("over_seeds", {"of": {"probe": "label", "model": "feels"}}, "the probe `label` answers with a word"),
        ("over_seeds", {"of": {"probe": "score", "model": "recalls"}}, "nothing is held out"),
        (
            "over_seeds",
            {"of": {"probe": "sum", "of": [1, {"probe": "over_seeds", "of": TRAINED}]}},
            "seeds of seeds",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_runs(name: str, keys: dict[str, Any], said: str | None) -> None:
    check_answer(unfit(name, **keys), said)


@pytest.mark.parametrize(
    "keys",
    [
        {"probe": "score", "model": "tags", "where": "beside"},
        {"probe": "score", "model": "tags", "only": "nouns"},
        {"probe": "baseline", "model": "tags"},
        {"probe": "baseline", "model": "tags", "of": "luck"},
        {"probe": "flips", "model": "tags", "texts": ["one"]},
        {"probe": "over_seeds", "of": TRAINED, "take": "most"},
        {"probe": "label", "model": "tags", "words": 3},
    ],
)
def test_a_key_that_is_none(keys: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(keys, Probe)


def test_a_number_that_is_none_has_its_seed(lab: Lab) -> None:
    nothing = {"probe": "product", "factors": [float("inf"), 0.0]}
    with pytest.raises(ValueError, match="at the seed 0 it is not a number"):
        measured(lab, "over_seeds", of=nothing, seeds=2, take="mean")


LESSON = """+++
title = "A lesson"
goal = "See it work."

[models.feels]
task = "classify"
corpus = "data/CORPUS.txt"
steps = 60
learning_rate = 0.03
text = "good day"

[values]
at_best = { probe = "over_seeds", of = { probe = "score", model = "feels", where = "train" }, seeds = 2, take = "max" }
+++

## What it says

It comes to {at_best:.2f}.

```predict
ask = "What does it call it?"
answer = { probe = "label", model = "feels" }
because = "It is {value:.2f} sure of {answer}."
options = [
  { key = "good", text = "good", says = "It is." },
  { key = "bad", text = "bad", says = "It would be." },
]
```
"""


@pytest.mark.parametrize(("corpus", "tied"), [("labelled", False), ("even", True)])
def test_a_lesson_may_not_ask_for_what_could_be_otherwise(
    course_folder: Path, lesson_path: Path, corpus: str, tied: bool
) -> None:
    write(course_folder / "data")
    # Each as often as the other: there is nothing to learn but a half.
    (course_folder / "data" / "even.txt").write_text("good day\tgood\ngood day\tbad\n")
    lesson_path.write_text(LESSON.replace("CORPUS", corpus))
    problems = check([lesson_path])
    assert ["near-tie" in p.what for p in problems] == ([True] if tied else [])
