"""A race's numbers: against networks that are trained and scored one by one, and against counts by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tutor.course import scores
from tutor.course.entries import ModelEntry
from tutor.course.figures.race import Now, Race, RaceValues, Runner, Spread
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.tasks import recall
from tutor.engine.training import Checkpoint

NAN = math.nan
LABELS = "up up\tgood\nup now\tgood\ndown now\tbad\nup then\tgood\nnow up\tgood\ndown up\tbad\nthen now\tbad\n"
TAGS = "the/D sun/N sets/V\nthe/D moon/N sets/V\na/D sun/N sets/V\na/D moon/N rise/V\n"


@pytest.fixture
def entries(lesson_path: Path, course_folder: Path) -> Mapping[str, ModelEntry]:
    data = course_folder / "data"
    (data / "labels.txt").write_text(LABELS)
    (data / "tags.txt").write_text(TAGS)
    (data / "table.csv").write_text("day,warm,wet\n" + "".join(f"{d},{20 + 3 * (d % 4)},{d % 3}\n" for d in range(40)))
    small = {"hidden": 4, "steps": 10, "batch": 4}
    judge = ModelEntry(task="classify", corpus="data/labels.txt", held_out=0.4, **small)
    seer = ModelEntry(task="forecast", corpus="data/table.csv", column="warm", window=3, held_out=0.2, **small)
    knows = ModelEntry(task="recall", symbols=3, distance=4, shortest=1, **small)
    return {
        **load_lesson(lesson_path).models,
        "judge": judge,
        "gated": msgspec.structs.replace(judge, cell="gru"),
        "whole": msgspec.structs.replace(judge, held_out=0.0),
        "tagger": ModelEntry(task="tag", corpus="data/tags.txt", held_out=0.4, **small),
        "seer": seer,
        "other": msgspec.structs.replace(seer, column="wet"),
        "knows": knows,
        "more": msgspec.structs.replace(knows, symbols=5),
    }


@pytest.fixture
def lab(entries: Mapping[str, ModelEntry], course_folder: Path) -> Lab:
    return Lab(entries, folder=course_folder)


def test_every_network_is_scored_on_what_its_own_seed_holds_out(lab: Lab) -> None:
    values = Race(runners=("judge", "gated"), labels=("an RNN", "a GRU"), seeds=3).run(lab)
    assert [(r.label, r.seeds) for r in values.runners] == [("an RNN", (0, 1, 2)), ("a GRU", (0, 1, 2))]
    for name, runner in zip(("judge", "gated"), values.runners, strict=True):
        assert runner.scores == tuple((scores.score(lab.sibling(k), name).value,) for k in range(3))
        assert runner.parameters == sum(a.size for a in lab.learner(name).state_dict().values())
    assert (values.metric, values.unit, values.higher) == ("accuracy", "share that is right", True)
    assert (values.finished, values.whole, values.now) == (6, 6, None)


def test_on_what_it_is_trained_on(lab: Lab) -> None:
    (runner,) = Race(runners=("whole",), seeds=2, where="train").run(lab).runners
    assert runner.at(0) == tuple(scores.score(lab.sibling(k), "whole", "train").value for k in range(2))


def test_a_forecast_is_in_its_own_unit_and_lower_is_better(lab: Lab) -> None:
    values = Race(runners=("seer",), seeds=1, baselines=("persistence",)).run(lab)
    assert (values.metric, values.unit, values.higher) == ("error", "mean absolute error of warm", False)
    assert values.runners[0].at(0) == (scores.score(lab, "seer").value,)


def test_a_column_is_named_without_its_underscores(lab: Lab, entries: Mapping[str, ModelEntry]) -> None:
    high = msgspec.structs.replace(entries["seer"], column="temp_max")
    assert (high.forecast, entries["seer"].forecast) == ("temp max", "warm")
    (lab.folder / "data" / "table.csv").write_text("day,temp_max\n" + "".join(f"{d},{d % 4}\n" for d in range(40)))
    values = Race(runners=("seer",), seeds=1).run(Lab({"seer": high}, folder=lab.folder))
    assert values.unit == "mean absolute error of temp max"


def test_bits_of_who_says_the_next_token(lab: Lab) -> None:
    values = Race(runners=("reader",), seeds=1, where="train").run(lab)
    assert (values.metric, values.unit, values.higher) == ("bits", "bits per token", False)


def test_a_baseline_is_the_median_over_the_seeds(lab: Lab) -> None:
    values = Race(runners=("judge",), seeds=3, baselines=("majority", "uniform")).run(lab)
    each = sorted(scores.baseline(lab.sibling(k), "judge", "majority").value for k in range(3))
    assert values.baselines == (("majority", each[1]), ("uniform", 0.5))


def test_recall_is_scored_at_each_distance_on_the_same_sequences(lab: Lab) -> None:
    values = Race(runners=("knows",), seeds=2, at=(1, 6)).run(lab)
    (runner,) = values.runners
    assert values.chance == pytest.approx(1 / 3)
    for seed in range(2):
        network = lab.sibling(seed).model("knows")
        for place, distance in enumerate((1, 6)):
            drawn = recall(distance, 3, batch_size=scores.SEQUENCES, seed=(distance, 8)).items()
            said = [network.run(shown).next(distance + 1, 1)[0][0] for shown, _ in drawn[:40]]
            # Counted one by one over the first, and over all of them by what the network measures.
            right = [word == answers[-1] for word, (_, answers) in zip(said, drawn, strict=False)]
            data = network.encode([(shown, answers[-1]) for shown, answers in drawn])
            assert sum(right) / 40 == pytest.approx(network.measure(data[:40]).metric)
            assert runner.scores[seed][place] == pytest.approx(network.measure(data).metric)


def test_what_is_measured_is_remembered(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    options = Race(runners=("knows",), seeds=2, at=(1, 6))
    before = options.run(lab)

    def measured(*_given: object, **_named: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(scores, "recall", measured)
    after = options.run(lab)
    assert after == before


def test_it_is_seen_while_the_networks_learn_seed_by_seed(lab: Lab) -> None:
    seen = list(Race(runners=("judge", "gated"), seeds=2).live(lab))
    nows = [v.now for v in seen if v.now is not None]
    assert nows[0] == Now("judge", 1, 0, 10)
    assert list(dict.fromkeys((now.label, now.number) for now in nows)) == [
        ("judge", 1),
        ("gated", 1),
        ("judge", 2),
        ("gated", 2),
    ]
    counts = [v.finished for v in seen]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 4)
    assert seen[0].runners == (Runner("judge"), Runner("gated"))


def test_stopped_what_is_there_stays_and_it_goes_on_from_there(lab: Lab) -> None:
    options = Race(runners=("judge",), seeds=2)
    with closing(options.live(lab)) as values:
        for stopped in values:
            if stopped.now == Now("judge", 2, 5, 10):
                break
    assert stopped.finished == 1
    assert lab.ready("judge")
    assert len(lab.sibling(1).history("judge")) == 2
    again = list(options.live(lab))
    assert [v.now.step for v in again if v.now is not None] == [10]
    assert again[-1].finished == 2


def test_seconds_are_those_that_were_seen_from_the_beginning(lab: Lab) -> None:
    ticks: Iterator[int] = iter(range(10_000))
    lab.ensure("judge")
    values = [*Race(runners=("judge", "gated"), seeds=1).live(lab, lambda: float(next(ticks)))][-1]
    judge, gated = values.runners
    assert math.isnan(judge.seconds)
    # One tick before each of the checkpoints at 0, 5 and 10.
    assert gated.seconds == 3.0


def test_median_and_spread_count_what_diverged_as_the_worst() -> None:
    up = RaceValues((), 5, "accuracy", "share that is right")
    down = RaceValues((), 5, "error", "mean absolute error of warm")

    def runner(*found: float) -> Runner:
        return Runner("a", tuple(range(len(found))), tuple((score,) for score in found))

    assert up.spread(runner()) is None
    assert up.spread(runner(0.7)) == Spread(0.7, 0.7, 0.7, 1, 0)
    assert up.spread(runner(0.9, 0.5, 0.6)) == Spread(0.5, 0.6, 0.9, 3, 0)
    assert up.spread(runner(0.9, 0.5, 0.6, 0.8)) == Spread(0.5, pytest.approx(0.7), 0.9, 4, 0)
    assert up.spread(runner(0.9, NAN, 0.6)) == Spread(0.6, 0.6, 0.9, 3, 1)
    assert down.spread(runner(0.9, NAN, 0.6)) == Spread(0.6, 0.9, 0.9, 3, 1)
    lost = up.spread(runner(0.9, NAN, NAN))
    assert lost is not None
    assert (math.isnan(lost.median), lost.low, lost.high, lost.diverged) == (True, 0.9, 0.9, 2)
    gone = up.spread(runner(NAN))
    assert gone is not None
    assert math.isnan(gone.low)


def test_the_longest_distance_that_the_median_solves() -> None:
    ran = Runner("a", (0, 1, 2), ((1.0, 0.95, 0.2, 0.3), (1.0, 0.9, 0.9, 0.1), (0.4, 0.1, 0.91, 0.0)))
    values = RaceValues((ran,), 3, "accuracy", "share that is right", at=(1, 5, 10, 20))
    assert values.solved(ran) == 10
    assert values.solved(Runner("b")) is None
    assert values.solved(Runner("c", (0,), ((0.89,) * 4,))) is None


def test_a_training_that_diverged_has_no_score(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.ensure("judge")
    lab.ensure("knows")
    broken = (Checkpoint(0, 10, 1.0, 1.0), Checkpoint(5, 10, 1.0, math.inf))
    monkeypatch.setattr(lab, "history", lambda _name: broken)
    assert math.isnan(Race(runners=("judge",), seeds=1).run(lab).runners[0].at(0)[0])
    assert all(map(math.isnan, Race(runners=("knows",), seeds=1, at=(1, 2)).run(lab).runners[0].scores[0]))


def test_tables_of_examples(lab: Lab) -> None:
    values = Race(runners=("judge", "gated"), seeds=2, baselines=("uniform",)).run(lab)
    whole, every, baselines = values.tables()
    assert whole.columns == (
        *("model", "median", "lowest", "highest", "seeds", "parameters"),
        "seconds of training",
    )
    spread = values.spread(values.runners[1])
    assert spread is not None
    assert whole.rows[1][:5] == ("gated", spread.median, spread.low, spread.high, 2.0)
    assert every.rows[0] == ("judge", "0", values.runners[0].at(0)[0])
    assert len(every.rows) == 4
    assert baselines.rows == (("uniform", 0.5),)
    assert all(len(row) == len(t.columns) for t in values.tables() for row in t.rows)


def test_tables_over_distances_and_of_none_yet(lab: Lab) -> None:
    values = Race(runners=("knows",), seeds=2, at=(1, 6)).run(lab)
    over, solved, every = values.tables()
    assert over.columns == ("distance", "knows, median", "knows, lowest", "knows, highest")
    assert [row[0] for row in over.rows] == ["1", "6", "chance"]
    assert solved.rows[0][0] == "knows"
    assert every.rows[1] == ("knows", "1", *values.runners[0].scores[1])
    none = RaceValues((Runner("a"), Runner("b")), 2, "accuracy", "share that is right", at=(1, 6), chance=0.5)
    for table in (*none.tables(), *msgspec.structs.replace(none, at=()).tables()):
        assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"runners": ()}, "`models` names none"),
        ({"runners": ("judge",) * 2}, "`models` names a model twice"),
        ({"runners": tuple("abcdef")}, "`models` names 6"),
        ({"runners": ("judge",), "seeds": 0}, "`seeds` is 0"),
        ({"runners": ("judge",), "seeds": 11}, "`seeds` is 11"),
        ({"runners": ("judge", "gated"), "labels": ("a",)}, "`labels` are 1, and `models` are 2"),
        ({"runners": ("judge", "gated"), "labels": ("a", "a")}, "`labels` do not tell the models apart"),
        ({"runners": ("judge", "gated"), "labels": ("a", " ")}, "`labels` do not tell the models apart"),
        ({"runners": ("plain",)}, "the model `plain` is untrained"),
        (
            {"runners": ("judge", "tagger")},
            '`judge` has the task "classify" and `tagger` "tag", which have no score in common',
        ),
        ({"runners": ("seer", "other")}, "`seer` forecasts `warm` and `other` `wet`, which have no unit in common"),
        ({"runners": ("knows", "more"), "at": (1,)}, "`knows` recalls one of 3 symbols and `more` one of 5"),
        ({"runners": ("whole",)}, "nothing of what `whole` learns from is held out to score it on"),
        ({"runners": ("judge",), "at": (1,)}, '`at` is of the task "recall", and `judge` has the task "classify"'),
        ({"runners": ("knows",), "at": (5, 1)}, "`at` does not rise within bounds"),
        ({"runners": ("knows",), "at": (1, 1)}, "`at` does not rise within bounds"),
        ({"runners": ("knows",), "at": (-1, 1)}, "`at` does not rise within bounds"),
        ({"runners": ("knows",), "at": (1, 201)}, "`at` does not rise within bounds"),
        ({"runners": ("knows",), "at": tuple(range(21))}, "`at` does not rise within bounds"),
        (
            {"runners": ("knows",), "at": (1,), "where": "train"},
            "`where` says nothing beside `at`, which draws sequences of its own",
        ),
        (
            {"runners": ("knows",), "at": (1,), "baselines": ("majority",)},
            "`baselines` are of examples, and `at` draws sequences of its own",
        ),
        ({"runners": ("judge",), "baselines": ("bigram",)}, '"bigram" is no baseline of the task "classify"'),
        ({"runners": ("judge",), "baselines": ("bag", "bag")}, "`baselines` names one twice"),
    ],
)
def test_what_does_not_fit(entries: Mapping[str, ModelEntry], keys: dict[str, object], what: str) -> None:
    found = Race(**keys).unfit(entries)  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == what
    assert found[1]


def test_what_fits(entries: Mapping[str, ModelEntry]) -> None:
    assert Race(runners=("judge", "gated"), baselines=("majority", "bag", "uniform")).unfit(entries) is None
    assert Race(runners=("whole",), where="train", seeds=10).unfit(entries) is None
    assert Race(runners=("knows",), at=(0, 200)).unfit(entries) is None
    assert Race(runners=("nobody",)).unfit(entries) is None
    assert Race(runners=("judge", "gated")).models() == ("judge", "gated")


def test_a_lesson_says_where_a_race_is_wrong(lesson_path: Path, tmp_path: Path) -> None:
    text = lesson_path.read_text()
    start = text.index("```figure")
    wrong = '```figure\nshow = "race"\nmodels = ["reader", "nobody"]\n```'
    lesson = lesson_path.with_name("09-wrong.md")
    lesson.write_text(text[:start] + wrong + text[text.index("```", start + 3) + 3 :])
    with pytest.raises(Exception, match="nobody") as caught:
        load_lesson(lesson)
    line = text[:start].count("\n") + 1
    assert any(str(line + n) in str(caught.value) for n in range(4))
