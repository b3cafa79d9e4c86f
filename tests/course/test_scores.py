"""Scores against each model's answers one by one, and baselines against counts by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutor.course import scores
from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab, NotTrained
from tutor.course.scores import KINDS, baseline, score

WRITTEN = "the sun is up\nthe sun is down\nthe moon is up\nthe sun sets\na star is up\nThe moon sets\nwe see the sun\n"
TAGGED = (
    "the/D light/N fades/V\nthey/P light/V it/P\na/D light/J box/N\nthe/D box/N fades/V\nthey/P box/V it/P\n"
    "The/D light/N box/N\nwe/P light/V the/D box/N\na/D fish/N fades/V\n"
)
LABELLED = (
    "good day\tgood\nbad day\tbad\ngood good night\tgood\nbad night\tbad\nbad bad day\tbad\ngood fun\tgood\n"
    "no fun\tbad\n"
)
SMALL: dict[str, Any] = {"hidden": 6, "steps": 20, "batch": 4, "held_out": 0.3}
ENTRIES = {
    "says": ModelEntry(task="next-word", corpus="written.txt", **SMALL),
    "spells": ModelEntry(task="next-character", corpus="written.txt", **SMALL),
    "tags": ModelEntry(task="tag", corpus="tagged.txt", **SMALL),
    "feels": ModelEntry(task="classify", corpus="labelled.txt", **SMALL),
    "recalls": ModelEntry(task="recall", distance=2, symbols=3, hidden=6, steps=20, held_out=0.3),
    "expects": ModelEntry(task="forecast", corpus="series.csv", column="y", window=3, horizon=2, **SMALL),
    "sees": ModelEntry(task="caption", cell="gru", hidden=24, steps=120, batch=32, held_out=0.1),
    "plain": ModelEntry(),
    "keeps-none": ModelEntry(task="tag", corpus="tagged.txt", hidden=4, steps=5),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "written.txt").write_text(WRITTEN)
    (folder / "tagged.txt").write_text(TAGGED)
    (folder / "labelled.txt").write_text(LABELLED)
    values = [round(10 + 5 * math.sin(i / 3) + (i * 7 % 5) / 3, 3) for i in range(60)]
    (folder / "series.csv").write_text("y\n" + "".join(f"{value}\n" for value in values))
    lab = Lab(ENTRIES, folder=folder)
    for name in ENTRIES:
        lab.ensure(name)
    return lab


def examples(lab: Lab, name: str, where: str) -> Any:
    return lab.examples(name)[where == "held_out"]


WHERE = pytest.mark.parametrize("where", ["held_out", "train"])


@WHERE
@pytest.mark.parametrize(("name", "ends"), [("says", ["<end>"]), ("spells", [])])
def test_bits_are_those_of_every_token_that_is_said(lab: Lab, name: str, ends: list[str], where: Any) -> None:
    model = lab.model(name)
    assert model.vocabulary is not None
    lost = []
    for tokens in examples(lab, name, where):
        p = model.run(tokens).probabilities
        assert p is not None
        wanted = [model.vocabulary.index(token) for token in tokens[1:]] + [1] * len(ends)
        lost += [-math.log2(p[t, index]) for t, index in enumerate(wanted)]
    found = score(lab, name, where)
    assert (found.metric, found.count) == ("bits", len(lost))
    assert found.value == pytest.approx(sum(lost) / len(lost), rel=1e-4)


def tokens_of(lab: Lab, name: str, where: str) -> list[list[str]]:
    """What the model reads, its end too."""
    known = {token for sequence in lab.corpus(name) for token in sequence}
    read = {t: t if t in known else t.casefold() if t.casefold() in known else "?" for t in WRITTEN.split()}
    return [[read[token] for token in sequence] + ["<end>"] for sequence in examples(lab, name, where)]


def test_the_held_out_part_has_what_was_never_seen(lab: Lab) -> None:
    assert any("?" in tokens for tokens in tokens_of(lab, "says", "held_out"))


def test_tokens_are_guessed_beside_with_room_for_the_unknown(lab: Lab) -> None:
    learned, asked = tokens_of(lab, "says", "train"), tokens_of(lab, "says", "held_out")
    every = sorted({t for s in learned for t in s} | {"?"})
    said = [t for s in learned for t in s[1:]]
    kinds = len(set(said))

    def unigram(_before: str, token: str) -> float:
        return (said.count(token) + kinds / len(every)) / (len(said) + kinds)

    def bigram(before: str, token: str) -> float:
        after = [s[i + 1] for s in learned for i in range(len(s) - 1) if s[i] == before]
        if not after:
            return unigram(before, token)
        return (after.count(token) + len(set(after)) * unigram("", token)) / (len(after) + len(set(after)))

    guesses: dict[scores.Kind, Callable[[str, str], float]] = {
        "uniform": lambda _a, _b: 1 / len(every),
        "unigram": unigram,
        "bigram": bigram,
    }
    pairs = [(s[i], s[i + 1]) for s in asked for i in range(len(s) - 1)]
    for kind, p in guesses.items():
        for before in every:
            assert sum(p(before, token) for token in every) == pytest.approx(1)
        found = baseline(lab, "says", kind)
        assert found.value == pytest.approx(-sum(math.log2(p(a, b)) for a, b in pairs) / len(pairs))
        assert (found.metric, found.count) == ("bits", score(lab, "says").count)


def test_nothing_is_unknown_among_what_is_learned(lab: Lab) -> None:
    learned = tokens_of(lab, "says", "train")
    said = [t for s in learned for t in s[1:]]
    shares = [said.count(token) / len(said) for token in set(said)]
    unigram = -sum(p * math.log2(p) for p in shares)
    assert baseline(lab, "says", "unigram", "train").value == pytest.approx(unigram)
    assert baseline(lab, "says", "uniform", "train").value == math.log2(len({t for s in learned for t in s}))
    letters = {c for s in lab.corpus("spells") for c in s}
    assert baseline(lab, "spells", "uniform", "train").value == math.log2(len(letters))


@WHERE
@pytest.mark.parametrize("only", ["", "ambiguous"])
def test_a_tagger_is_right_word_by_word(lab: Lab, where: Any, only: Any) -> None:
    model, train = lab.model("tags"), lab.examples("tags")[0]
    known: dict[str, list[str]] = {}
    for words, tags in train:
        for word, tag in zip(words, tags, strict=True):
            known.setdefault(word, []).append(tag)
    several = {word for word, tags in known.items() if len(set(tags)) > 1}
    assert several
    every = [tag for tags in known.values() for tag in tags]
    ordered = [tag for _, tags in train for tag in tags]
    most = max(dict.fromkeys(ordered), key=ordered.count)
    said, guessed, always = [], [], []
    for words, tags in examples(lab, "tags", where):
        logits = model.run(words).logits
        assert logits is not None
        for t, (word, tag) in enumerate(zip(words, tags, strict=True)):
            read = word if word in known else word.casefold()
            if only and read not in several:
                continue
            of_word = known.get(read, [most])
            said.append(model.labels[int(logits[t].argmax())] == tag)
            guessed.append(max(dict.fromkeys(of_word), key=of_word.count) == tag)
            always.append(most == tag)
    count = len(said)
    found = score(lab, "tags", where, only=only)
    assert (found.metric, found.count) == ("accuracy", count)
    assert found.value == pytest.approx(sum(said) / count)
    for kind, right in (("most-frequent-tag", guessed), ("majority", always)):
        beside = baseline(lab, "tags", kind, where, only=only)  # type: ignore[arg-type]
        assert (beside.value, beside.count) == (pytest.approx(sum(right) / count), count)
    assert baseline(lab, "tags", "uniform", where, only=only).value == 1 / len(set(every))


@WHERE
def test_a_bag_of_words_is_naive_bayes(lab: Lab, where: Any) -> None:
    train = lab.examples("feels")[0]
    words = {word for tokens, _ in train for word in tokens}
    right = 0
    for tokens, label in examples(lab, "feels", where):
        found = {}
        for of in dict.fromkeys(known for _, known in train):
            texts = [text for text, known in train if known == of]
            all_of = [word for text in texts for word in text]
            p = Fraction(len(texts), len(train))
            for word in tokens:
                if word in words:
                    p *= Fraction(all_of.count(word) + 1, len(all_of) + len(words))
            found[of] = p
        right += max(found, key=lambda of: found[of]) == label
    beside = baseline(lab, "feels", "bag", where)
    count = len(examples(lab, "feels", where))
    assert (beside.value, beside.metric, beside.count) == (right / count, "accuracy", count)


def test_a_bag_does_not_know_the_order(tmp_path: Path) -> None:
    lines = ["a b\tx", "b a\ty"] * 5 + ["a a\tx", "b b\ty"]
    (tmp_path / "order.txt").write_text("\n".join(lines) + "\n")
    lab = Lab({"m": ModelEntry(task="classify", corpus="order.txt")}, folder=tmp_path)
    assert baseline(lab, "m", "bag", "train").value == 7 / 12


@WHERE
@pytest.mark.parametrize("name", ["feels", "recalls"])
def test_the_whole_is_named(lab: Lab, name: str, where: Any) -> None:
    model, items = lab.model(name), examples(lab, name, where)
    right = 0
    for tokens, label in items:
        logits = model.run(tokens).logits
        assert logits is not None
        right += model.labels[int(logits[-1].argmax())] == label
    found = score(lab, name, where)
    assert (found.value, found.metric, found.count) == (pytest.approx(right / len(items)), "accuracy", len(items))
    learned = [label for _, label in lab.examples(name)[0]]
    most = max(dict.fromkeys(learned), key=learned.count)
    always = sum(label == most for _, label in items) / len(items)
    assert baseline(lab, name, "majority", where).value == always


@WHERE
def test_a_forecast_is_off_in_its_own_unit(lab: Lab, where: Any) -> None:
    series, entry = lab.series("expects"), lab.entry("expects")
    ends = range(entry.window - 1, len(series.values) - entry.horizon)
    first = series.first_held_out
    windows = np.stack([series.values[end - entry.window + 1 : end + 1] for end in ends])
    wanted = series.values[[end + entry.horizon for end in ends]]
    learned = np.array([end + entry.horizon < first for end in ends])
    asked = learned if where == "train" else ~learned
    said = lab.forecaster("expects").forward(series.scale(windows).astype(np.float32).T[:, :, None])[:, 0]
    found = score(lab, "expects", where)
    assert (found.metric, found.count) == ("error", int(asked.sum()))
    assert found.value == pytest.approx(np.abs(series.unscale(said) - wanted)[asked].mean(), rel=1e-5)
    again = np.abs(windows[:, -1] - wanted)[asked].mean()
    assert baseline(lab, "expects", "persistence", where).value == pytest.approx(again)
    columns = np.concatenate([windows, np.ones((len(windows), 1))], axis=1)
    fitted = np.linalg.lstsq(columns[learned], wanted[learned], rcond=None)[0]
    best = np.abs(columns @ fitted - wanted)[asked].mean()
    assert baseline(lab, "expects", "linear", where).value == pytest.approx(best)
    assert best < again


def test_a_caption_is_right_to_its_last_word(lab: Lab) -> None:
    captioner, items = lab.captioner("sees"), lab.examples("sees")[1]
    right = [tuple(said.token for said in captioner.caption(image)) == tuple(words) for image, words in items]
    assert captioner.exact(captioner.encode(items)).tolist() == right
    found = score(lab, "sees")
    assert (found.value, found.metric, found.count) == (sum(right) / 80, "accuracy", 80)
    assert 0 < sum(right) < 80


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.held_out])
def test_each_baseline_is_in_the_metric_of_the_score(lab: Lab, name: str) -> None:
    of = score(lab, name)
    for kind, tasks in KINDS.items():
        if lab.entry(name).task in tasks:
            beside = baseline(lab, name, kind)
            assert (beside.metric, beside.count) == (of.metric, of.count)
            assert math.isfinite(beside.value)
        else:
            with pytest.raises(
                ValueError, match=f'"{kind}" is no baseline of the task "{lab.entry(name).task}"; it has'
            ):
                baseline(lab, name, kind)


def test_what_cannot_be_scored(lab: Lab) -> None:
    with pytest.raises(ValueError, match="the model `plain` is untrained, and has nothing to be scored on"):
        score(lab, "plain", "train")
    with pytest.raises(ValueError, match="nothing is held out of the examples of `keeps-none`"):
        score(lab, "keeps-none")
    with pytest.raises(ValueError, match="nothing is held out of the examples of `keeps-none`"):
        baseline(lab, "keeps-none", "majority")
    with pytest.raises(ValueError, match='`feels` has the task "classify", and only words with tags can be ambiguous'):
        score(lab, "feels", only="ambiguous")
    with pytest.raises(ValueError, match="no model `other` in this lesson"):
        score(lab, "other")
    with pytest.raises(NotTrained):
        score(Lab(ENTRIES, folder=lab.folder), "tags")
    # A guess needs no network.
    assert baseline(Lab(ENTRIES, folder=lab.folder), "tags", "majority") == baseline(lab, "tags", "majority")


def test_words_of_one_tag_alone_cannot_be_ambiguous(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("a/X b/Y\nb/Y a/X\n")
    lab = Lab({"m": ModelEntry(task="tag", corpus="plain.txt", steps=1)}, folder=tmp_path)
    lab.ensure("m")
    with pytest.raises(ValueError, match="none of the words of `m` that are asked for has two tags or more"):
        score(lab, "m", "train", only="ambiguous")
