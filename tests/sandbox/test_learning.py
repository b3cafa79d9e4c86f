"""A network that learns from a person's file: the lessons' figures show it as they show their own."""

from __future__ import annotations

import math
import re
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.course import scores
from tutor.course.figures.embedding import Embedding
from tutor.course.figures.next import Next
from tutor.course.figures.race import Race
from tutor.course.figures.series import Series
from tutor.course.figures.tags import Tags
from tutor.course.figures.training import Training
from tutor.course.lab import Lab
from tutor.engine.text import UNKNOWN, tokenize
from tutor.sandbox import learning
from tutor.sandbox.corpora import Corpus, look
from tutor.sandbox.learning import (
    DEFAULTS,
    MOST_KNOWN,
    MOST_READ,
    NAME,
    STRETCH,
    Choices,
    Stream,
    entry,
    lab,
    material,
    notes,
    standing,
)

DATA = Path(__file__).parents[2] / "lessons" / "data"
SMALL: dict[str, Any] = {"hidden": 6, "embedding": 4, "steps": 12, "batch": 4}

PAIRS = (("cat", "dog"), ("sun", "moon"), ("sea", "shore"), ("bread", "salt"))
# What comes in the end was said three words before: a network can know it, and who knows one word before it cannot.
TALE = " ".join(
    f"the {one} and then the {other} ."
    for one, other in (PAIRS[place] for place in np.random.default_rng(0).integers(len(PAIRS), size=400).tolist())
)


def seen(folder: Path, content: str, name: str = "mine.txt") -> Corpus:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return look(path)


def numbered(count: int, kinds: int = 0) -> str:
    return " ".join(f"w{i % (kinds or count)}" for i in range(count))


@pytest.fixture
def tale(tmp_path: Path) -> Corpus:
    return seen(tmp_path, TALE)


def trained(corpus: Corpus, **choices: Any) -> Lab:
    made = lab(corpus, Choices(**SMALL | choices))
    made.ensure(NAME)
    return made


# Stretches


@pytest.mark.parametrize(("unit", "length"), [("words", 32), ("characters", 64)])
def test_a_text_is_cut_into_stretches_that_guess_every_token_once(tmp_path: Path, unit: Any, length: int) -> None:
    corpus = seen(tmp_path, " ".join(f"word{i % 50:02}" for i in range(3_000)))
    made = lab(corpus, Choices(unit=unit))
    train, held_out = made.examples(NAME)
    tokens = tokenize(corpus.text, unit)
    assert STRETCH[unit] == length
    assert {len(item) for item in (*train, *held_out)} == {length + 1, (len(tokens) - 1) % length + 1}
    guessed = Counter(pair for where in ("train", "held_out") for pair in scores.guessed(made, NAME, where))
    assert guessed == Counter(pairwise(tokens))
    assert not set(train) & set(held_out)


@given(count=st.integers(20, 300), kinds=st.integers(1, 300))
def test_stretches_follow_one_another(count: int, kinds: int) -> None:
    words = tuple(numbered(count, kinds).split())
    corpus = Corpus("a.txt", "next-word", ("next-word",), (" ".join(words),), words)
    try:
        made = lab(corpus)
    except ValueError as error:
        # One word again and again, in stretches that are all as long.
        assert len(set(words)) < 20
        said = str(error)
    else:
        said = ""
        train, held_out = made.examples(NAME)
        assert sum(len(item) - 1 for item in (*train, *held_out)) == count - 1
        assert min(len(train), len(held_out)) > 0
        assert min(map(len, (*train, *held_out))) > 1
        assert made.corpus(NAME)[0]
    assert said in ("", "a.txt: got the same again and again, expected two different lines, or stretches")


def test_nothing_ends_where_a_stretch_does(tale: Corpus) -> None:
    made = trained(tale)
    own = made.entry(NAME)
    assert isinstance(own, Stream)
    assert (own.task, own.unit, own.ends) == ("next-word", "words", False)
    assert made.model(NAME).vocabulary is not None
    assert made.model(NAME).vocabulary.end is None  # type: ignore[union-attr]
    assert "<end>" not in {token for pair in scores.guessed(made, NAME, "train") for token in pair}


def test_a_line_that_is_a_sequence_ends() -> None:
    made = trained(look(DATA / "kitchen.txt"))
    assert type(made.entry(NAME)).__name__ == "ModelEntry"
    assert made.entry(NAME).ends
    assert "<end>" in {token for pair in scores.guessed(made, NAME, "train") for token in pair}
    assert made.model(NAME).vocabulary.end == 1  # type: ignore[union-attr]
    assert made.examples(NAME)[0][0] == ("anna", "loves", "tea")


def test_what_is_said_of_a_text_is_of_its_words() -> None:
    words = tuple(numbered(40, 10).split())
    said = {"": ("of the file",), "next-word": ("of words",), "next-character": ("of characters",)}
    corpus = Corpus("a.txt", "next-word", ("next-word", "next-character"), (" ".join(words),), words, said=said)
    assert notes(corpus, lab(corpus)) == ("of the file", "of words")
    assert notes(corpus, lab(corpus, Choices(unit="characters"))) == ("of the file", "of characters")


def test_lines_that_read_as_the_stretches_of_a_text_are_another_network(tmp_path: Path) -> None:
    words = tuple(numbered(40).split())
    whole = Corpus("a.txt", "next-word", ("next-word",), (" ".join(words),), words)
    cut = tuple(" ".join(words[start : start + 3]) for start in range(0, 39, 2))
    lines = Corpus("a.txt", "next-word", ("next-word",), cut, words, parted=True)
    on, ends = (lab(corpus, Choices(**SMALL), cache=tmp_path) for corpus in (whole, lines))
    assert on.examples(NAME) == ends.examples(NAME)
    # All that is asked for is the same, too, and all that is read.
    same = (material(corpus, made.entry(NAME), 0).source for corpus, made in ((whole, on), (lines, ends)))
    assert len(set(same)) == 1
    assert msgspec.structs.asdict(on.entry(NAME)) | {"text": ""} == msgspec.structs.asdict(ends.entry(NAME)) | {
        "text": ""
    }
    on.ensure(NAME)
    assert not ends.ready(NAME)
    ends.ensure(NAME)
    found = [lab(corpus, Choices(**SMALL), cache=tmp_path) for corpus in (whole, lines)]
    assert [made.ready(NAME) for made in found] == [True, True]
    assert [made.model(NAME).vocabulary.end for made in found] == [None, 1]  # type: ignore[union-attr]


def test_a_text_that_comes_again_and_again_is_held_out_as_little_as_can_be(tmp_path: Path) -> None:
    # Every stretch but the last is the same one.
    train, held_out = lab(seen(tmp_path, "never too late to learn. " * 40)).examples(NAME)
    assert (len(train), len(held_out)) == (19, 1)
    two = seen(tmp_path, "we see a cat\nwe see a dog\nwe see a cat\n" * 20)
    train, held_out = lab(two).examples(NAME)
    assert (set(train), set(held_out)) == ({("we", "see", "a", "cat")}, {("we", "see", "a", "dog")})


def test_no_more_is_held_out_than_a_checkpoint_can_measure(tmp_path: Path) -> None:
    train, held_out = lab(seen(tmp_path, " ".join(f"w{i % 997}" for i in range(60_000)))).examples(NAME)
    assert len(held_out) == 96
    assert len(train) == math.ceil(59_999 / 32) - 96


# What is known


def test_words_that_come_once_are_the_unknown_one(tmp_path: Path) -> None:
    corpus = seen(
        tmp_path, " ".join(f"the w{i % 10} is {'rare' + str(i) if i % 10 == 0 else 'here'}" for i in range(400))
    )
    made = trained(corpus)
    vocabulary = made.model(NAME).vocabulary
    assert vocabulary is not None
    assert set(vocabulary.tokens) == {UNKNOWN, "the", "is", "here", *(f"w{i}" for i in range(10))}
    # Guessing knows as little.
    assert {token for pair in scores.guessed(made, NAME, "train") for token in pair} == set(vocabulary.tokens)
    rare = sum(token.startswith("rare") for item in made.examples(NAME)[0] for token in set(item))
    told = notes(corpus, made)[-1]
    said = f"{rare} of {rare + 13} different tokens are rare and read as the unknown one: "
    assert re.fullmatch(re.escape(said) + r"2\.\d% of what is learned from\.", told)


def test_all_of_it_may_be_unknown(tmp_path: Path) -> None:
    corpus = seen(tmp_path, "<unk>/A <end>/B\n<unk>/B\n<unk>/A <unk>/A\n" * 30)
    told = notes(corpus, lab(corpus, Choices(task="tag", hidden=2, steps=1)))[-1]
    assert re.fullmatch(r"\d of \d different tokens (is|are) rare and read as the unknown one: 100% of .+", told)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *[(1.0, "100%"), (0.99999, "over 99%"), (0.995, "over 99%"), (0.994, "99%"), (0.5, "50%"), (0.1, "10%")],
        *[(0.0999, "10%"), (0.0213, "2.1%"), (0.00123, "0.12%"), (0.0001, "0.01%"), (0.00009, "under 0.01%")],
        (1e-12, "under 0.01%"),
    ],
)
def test_a_share_is_said_in_percent(share: float, said: str) -> None:
    assert learning._percent(share) == said


def test_where_most_words_come_once_all_are_known(tmp_path: Path) -> None:
    corpus = seen(tmp_path, numbered(200))
    made = lab(corpus, Choices(task="next-word"))
    # Of what is held out, nothing is.
    assert set(made.corpus(NAME)[0]) == {word for item in made.examples(NAME)[0] for word in item}
    assert len(made.corpus(NAME)[0]) < 200
    assert "unknown" not in " ".join(notes(corpus, made))


def test_of_many_words_the_commonest_are_known(tmp_path: Path) -> None:
    often = [f"a{i}" for i in range(MOST_KNOWN - 100)] * 3
    seldom = [f"b{i}" for i in range(300)] * 2
    made = lab(seen(tmp_path, " ".join(often + seldom)), Choices(task="next-word"))
    known = made.corpus(NAME)[0]
    assert len(known) == MOST_KNOWN
    assert sum(word.startswith("a") for word in known) > MOST_KNOWN - 150


def test_a_word_with_the_name_of_a_special_token_is_unknown(tmp_path: Path) -> None:
    made = trained(seen(tmp_path, "<unk>/A <end>/B runs/C\n" * 40 + "a/A dog/B runs/C\n" * 20))
    assert made.corpus(NAME) == (("runs",),)
    assert made.examples(NAME)[0][0] == (("<unk>", "<end>", "runs"), ("A", "B", "C"))
    assert made.ready(NAME)


# Tasks


def test_labels() -> None:
    corpus = look(DATA / "moods.txt")
    made = trained(corpus)
    train, held_out = made.examples(NAME)
    assert len(held_out) / (len(train) + len(held_out)) == pytest.approx(0.2, abs=0.01)
    assert not {tokens for tokens, _ in train} & {tokens for tokens, _ in held_out}
    found = standing(made)
    assert found.perplexity is None
    assert found.score.metric == "accuracy"
    assert [kind for kind, _score in found.baselines] == ["uniform", "majority", "bag"]
    shown = Training(model=NAME, baselines=("majority",)).run(made)
    assert shown.metric_baselines == (("majority", dict(found.baselines)["majority"].value),)
    assert Tags(model=NAME, sentence=1).unfit({NAME: made.entry(NAME)}) is None
    assert Tags(model=NAME, sentence=1).run(made).run.tokens == held_out[1][0]


def test_tags() -> None:
    made = trained(look(DATA / "tagged.txt"), bidirectional=True)
    found = standing(made)
    assert [kind for kind, _score in found.baselines] == ["uniform", "majority", "most-frequent-tag"]
    assert Tags(model=NAME).run(made).run.tokens == ("the", "fish", "swims", "in", "the", "cold", "water")


def test_a_series(tmp_path: Path) -> None:
    rows = "".join(f"{i},{math.sin(i / 3):.3f},{i % 7}\n" for i in range(200))
    corpus = seen(tmp_path, "day,wave,week\n" + rows, "mine.csv")
    assert entry(corpus).column == "wave", "days only count"
    made = trained(corpus, column="wave", window=5, horizon=2)
    series = made.series(NAME)
    assert (series.window, series.horizon, series.first_held_out) == (5, 2, 160)
    found = standing(made)
    assert [kind for kind, _score in found.baselines] == ["persistence", "linear"]
    assert Series(model=NAME).unfit({NAME: made.entry(NAME)}) is None
    assert Series(model=NAME).run(made)
    assert Training(model=NAME, baselines=("persistence",)).run(made).unit == "RMS error of wave"


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        ([(-1) ** i * 1.7e308 for i in range(60)], "-1.7e+308", "1.7e+308"),
        ([1e200 * i for i in range(60)], "0", "5.9e+201"),
        ([5e-324 * (i % 7) for i in range(60)], "0", "2.96439e-323"),
        ([1e-200 * (i % 7) for i in range(60)], "0", "6e-200"),
        ([1e-158 * (i % 7) for i in range(60)], "0", "6e-158"),
        # What is held out, a number that stands for a missing one is in.
        ([i % 3 if i < 50 else 1e300 for i in range(60)], "0", "1e+300"),
        ([i % 3 if i < 50 else -1e60 for i in range(60)], "-1e+60", "2"),
        ([i % 3 if i < 50 else 9.96921e36 for i in range(60)], "0", "9.96921e+36"),
    ],
    ids=[
        "huge",
        "too far apart",
        "tiny",
        "squares are nothing",
        "squares are rounded",
        "a jump",
        "a jump down",
        "what stands for none",
    ],
)
def test_a_series_that_no_float_can_compute_with(tmp_path: Path, values: list[float], least: str, most: str) -> None:
    corpus = seen(tmp_path, "x\n" + "".join(f"{value!r}\n" for value in values), "mine.csv")
    said = f"mine.csv: got numbers from {least} to {most} in 'x', expected a series that a float can compute with: "
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="expected a series") as found:
            lab(corpus)
    assert str(found.value) == said + "leave out what stands for a missing number, or take another unit"


@pytest.mark.parametrize("unit", [1e-140, 1e-30, 1.0, 1e140])
@pytest.mark.parametrize("jump", [0.0, 1e14])
def test_a_series_in_any_other_unit_is_learned(tmp_path: Path, unit: float, jump: float) -> None:
    rows = "".join(f"{unit * (i % 7 + jump * (i > 52))!r}\n" for i in range(60))
    made = trained(seen(tmp_path, "x\n" + rows, "mine.csv"))
    found = standing(made)
    assert 0 < found.score.value < math.inf
    assert all(0 <= score.value < math.inf for _kind, score in found.baselines)
    last = made.history(NAME)[-1]
    assert last.held_out is not None
    assert math.isfinite(last.held_out)


@pytest.mark.parametrize("task", ["next-word", "next-character"])
def test_a_text_begins_where_something_is_to_be_seen(tmp_path: Path, task: Any) -> None:
    corpus = seen(tmp_path, "\u200b\n\ufeff\u2060\n" + "we see a cat\n" * 15 + "we see a dog\n" * 15)
    assert corpus.parted
    assert entry(corpus, Choices(task=task)).text == "we see a cat"


def test_a_text_on_every_figure(tale: Corpus) -> None:
    made = trained(tale)
    assert made.entry(NAME).text == " ".join(TALE.split()[:12]).replace(" .", ".")
    shown = Training(model=NAME, baselines=("uniform", "unigram", "bigram"), samples="the cat").run(made)
    assert [step for step, _loss in shown.points] == [0, 5, 10, 12]
    assert len(shown.held_out) == 4
    assert shown.unit_of_text == "words"
    assert len(shown.samples[-1][1].split()) >= 12 - 2
    assert Next(model=NAME).run(made).reading(3).tokens == made.model(NAME).vocabulary.tokens  # type: ignore[union-attr]
    assert Embedding(model=NAME).run(made)
    race = Race(runners=(NAME,), seeds=2, baselines=("bigram",)).run(made)
    assert [len(runner.scores) for runner in race.runners] == [2]
    assert race.baselines[0][0] == "bigram"


def test_other_seeds_learn_from_the_same_file(tale: Corpus) -> None:
    made = trained(tale)
    other = made.sibling(1)
    other.ensure(NAME)
    assert other.examples(NAME) != made.examples(NAME)
    assert [len(items) for items in other.examples(NAME)] == [len(items) for items in made.examples(NAME)]


# How well


def test_perplexity_and_what_guessing_comes_to(tale: Corpus) -> None:
    made = lab(tale, Choices(hidden=24, embedding=8, steps=300, learning_rate=0.01))
    made.ensure(NAME)
    found = standing(made)
    last = made.history(NAME)[-1]
    assert last.held_out is not None
    assert found.score.value == pytest.approx(last.held_out / math.log(2))
    assert found.perplexity == pytest.approx(math.exp(last.held_out))
    guesses = {kind: score.value for kind, score in found.baselines}
    assert list(guesses) == ["uniform", "unigram", "bigram"]
    assert guesses["uniform"] > guesses["unigram"] > guesses["bigram"] > 2 * found.score.value
    train = standing(made, "train")
    assert train.score.count == sum(len(item) - 1 for item in made.examples(NAME)[0])


@pytest.mark.parametrize(
    ("bits", "perplexity"), [(3.0, 8.0), (1_000.0, 2.0**1_000), (1_025.0, math.inf), (1e300, math.inf)]
)
def test_perplexity_beyond_what_a_float_holds(
    tale: Corpus, monkeypatch: pytest.MonkeyPatch, bits: float, perplexity: float
) -> None:
    made = trained(tale)
    monkeypatch.setattr(scores, "score", lambda *_args: scores.Score(bits, "bits", 1))
    assert standing(made).perplexity == pytest.approx(perplexity)


def test_the_first_loss_is_of_some_examples_and_the_rest_of_all(tmp_path: Path) -> None:
    corpus = seen(tmp_path, numbered(20_000, 97))
    made = lab(corpus, Choices(**SMALL))
    found = material(corpus, made.entry(NAME), 0)
    assert found.first == 64
    assert len(found.train) > 64
    first = next(made.train(NAME))
    assert first.step == 0
    assert first.state is None
    network: Any = made.learner(NAME)
    some = network.encode(found.train[:: math.ceil(len(found.train) / 64)])
    assert first.loss == pytest.approx(network.measure(some).loss, rel=1e-5)


def test_stopped_and_gone_on_with_it_is_the_same(tale: Corpus) -> None:
    whole = trained(tale)
    made = lab(tale, Choices(**SMALL))
    training = made.train(NAME)
    assert [next(training).step for _ in range(2)] == [0, 5]
    training.close()
    assert not made.ready(NAME)
    assert [checkpoint.step for checkpoint in made.train(NAME)] == [10, 12]
    assert made.learner(NAME).flat.tobytes() == whole.learner(NAME).flat.tobytes()
    assert made.kept_steps(NAME) == (0, 5, 10, 12)
    assert not np.array_equal(made.at_step(NAME, 0).flat, made.at_step(NAME, 12).flat)


def test_the_same_file_and_choices_are_there_at_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    made = lab(seen(tmp_path, TALE), Choices(**SMALL), cache=cache)
    assert not made.ready(NAME)
    made.ensure(NAME)
    assert made.cannot_save is None
    renamed = lab(seen(tmp_path, TALE, "other.txt"), Choices(**SMALL), cache=cache)
    assert renamed.ready(NAME)
    assert list(renamed.train(NAME)) == []
    assert renamed.learner(NAME).flat.tobytes() == made.learner(NAME).flat.tobytes()
    assert renamed.model(NAME).vocabulary.tokens == made.model(NAME).vocabulary.tokens  # type: ignore[union-attr]
    assert not lab(seen(tmp_path, TALE + " the"), Choices(**SMALL), cache=cache).ready(NAME)
    assert not lab(seen(tmp_path, TALE), Choices(**SMALL | {"seed": 1}), cache=cache).ready(NAME)
    assert not lab(seen(tmp_path, TALE), Choices(**SMALL, unit="characters"), cache=cache).ready(NAME)


# What a person chooses


def test_how_long_it_learns_is_by_how_much_there_is(tmp_path: Path) -> None:
    passes, most, _rate, batch = DEFAULTS["next-word"]
    assert entry(seen(tmp_path, numbered(640, 9))).steps == 200
    assert entry(seen(tmp_path, numbered(32_000, 9))).steps == passes * 1_000 // batch
    assert entry(seen(tmp_path, numbered(400_000, 9))).steps == most
    assert entry(seen(tmp_path, numbered(640, 9)), Choices(steps=7)).steps == 7


def test_what_is_said_is_done(tale: Corpus) -> None:
    spelled = entry(tale, Choices(unit="characters", cell="lstm", hidden=9, layers=2, seed=3))
    assert (spelled.task, spelled.unit, spelled.cell) == ("next-character", "characters", "lstm")
    assert (spelled.hidden, spelled.layers, spelled.seed) == (9, 2, 3)
    assert entry(tale, Choices(unit="words")).unit == "words"
    assert entry(tale, Choices(task="next-character")).text == TALE[:40]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"task": "tag"}, "task: got 'tag', expected one that mine.txt has something for: next-word, next-character"),
        ({"task": "x\n"}, "task: got 'x ', expected one that mine.txt has something for: next-word, next-character"),
        ({"task": "tag", "unit": "words"}, 'unit: got "words" for the task "tag", expected none'),
        (
            {"task": "next-word", "unit": "characters"},
            'unit: got "characters" for the task "next-word", expected none, or the other',
        ),
        ({"unit": "bytes"}, "unit: got 'bytes', expected one of '', 'words', 'characters'"),
        ({"column": "x\x1b"}, "column: got 'x␛' for the task \"next-word\", expected none"),
        ({"cell": "cnn"}, "cell: got 'cnn', expected one of 'rnn', 'gru', 'lstm'"),
        ({"hidden": 513}, "hidden: hidden is 513; write a number from 1 to 512"),
        ({"hidden": 1.5}, "hidden: got 1.5, expected a whole number of at least 1"),
        ({"steps": 0}, "steps: got 0, expected a whole number of at least 1"),
        ({"seed": -1}, "seed: got -1, expected a whole number of at least 0"),
        ({"learning_rate": math.nan}, "learning_rate: got nan, expected a number above 0"),
        (
            {"bidirectional": True},
            'bidirectional: got True for the task "next-word", which would read what it is to guess',
        ),
    ],
)
def test_what_cannot_be_chosen(tale: Corpus, choices: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r": got |: hidden is ") as caught:
        lab(tale, Choices(**choices))
    assert str(caught.value) == said


def test_a_column_that_is_none(tmp_path: Path) -> None:
    corpus = seen(tmp_path, "a,b,c\n" + "".join(f"{i},3,no\n" for i in range(30)), "mine.csv")
    with pytest.raises(ValueError, match=r"^column: got 'c', expected one of 'a', 'b'$"):
        lab(corpus, Choices(column="c"))
    with pytest.raises(ValueError, match=r"^mine.csv: got the same number in every row of 'b', expected a series$"):
        lab(corpus, Choices(column="b"))
    with pytest.raises(ValueError, match=r"^mine.csv: got 24 rows to learn from, expected at least 31$"):
        lab(corpus, Choices(window=30))


def test_of_a_long_line_the_beginning_is_read(tmp_path: Path) -> None:
    corpus = seen(tmp_path, f"{'so ' * MOST_READ}good\tgood\nso bad\tbad\n" * 10 + "fine\tgood\nill\tbad\n")
    made = lab(corpus)
    assert {len(tokens) for tokens, _label in made.examples(NAME)[0]} <= {1, 2, MOST_READ}
    assert "Of 10 lines that are longer, the first 200 words are read." in notes(corpus, made)


LINE = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(["so", "good", "a/B", "b/C", "<end>/B", "<unk>", "1", "2.5", ",", "x,1"]), max_size=8).map(
        " ".join
    ),
    st.tuples(st.sampled_from(["so good", "so bad", "it"]), st.sampled_from(["good", "bad"])).map("\t".join),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(LINE, min_size=1, max_size=40), times=st.integers(1, 12), name=st.sampled_from(["a.txt", "a.csv"])
)
def test_whatever_there_is_a_task_for_is_learned_or_refused(
    tmp_path: Path, lines: list[str], times: int, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes("\n".join(lines * times).encode("utf-8", "replace"))
    refusals = []
    try:
        corpus = look(path)
    except ValueError as error:
        refusals.append(str(error))
    else:
        for task in corpus.tasks:
            try:
                made = lab(corpus, Choices(task=task, hidden=3, embedding=2, steps=1))
            except ValueError as error:
                refusals.append(str(error))
            else:
                first, second = made.train(NAME)
                assert math.isfinite(first.loss)
                assert first.held_out is not None
                assert second.step == 1
                assert all(math.isfinite(score.value) for _kind, score in standing(made).baselines)
                assert all(note.isprintable() for note in notes(corpus, made))
    assert all(refusal.startswith("a.") and refusal.isprintable() for refusal in refusals)
