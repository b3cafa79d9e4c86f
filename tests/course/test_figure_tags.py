"""What is said of each word, against the engine and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.tags import Sentence, Tags, TagsValues, sentences_of, tags_values
from tutor.course.lab import Lab
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

from .sample import check_answer

ITEMS = [(("the", "fish", "swims"), ("D", "N", "V")), (("they", "fish"), ("P", "V")), (("the", "cat"), ("D", "N"))]
LABELS = ("D", "N", "V", "P")


def tagger(*, both: bool = False, steps: int = 60) -> Model:
    spec = ModelSpec(cell="gru", hidden_size=6, embedding_size=4, bidirectional=both, seed=1)
    model = Model(spec, Vocabulary(w for words, _tags in ITEMS for w in words), job="tag", labels=LABELS)
    for _checkpoint in fit(model, ITEMS, TrainingSpec(steps=steps, batch_size=3)):
        pass
    return model


@pytest.fixture(scope="module")
def model() -> Model:
    return tagger()


def classifier(*, both: bool = False) -> Model:
    return Model(ModelSpec(hidden_size=5, bidirectional=both), Vocabulary("abc"), job="classify", labels=("x", "y"))


def test_sums_by_hand(model: Model) -> None:
    run = model.run(("the", "fish", "zebra", "swims"))
    p = run.probabilities
    assert p is not None
    said = [model.labels[int(i)] for i in p.argmax(axis=1)]
    truth = (said[0], "P" if said[1] != "P" else "D", None, said[3])
    values = tags_values(run, truth=truth)
    for position, right, counted in ((1, 1, 1), (2, 1, 2), (3, 1, 2), (4, 2, 3)):
        found = values.sum(position)
        assert (found.right, found.counted) == (right, counted)
        assert found.confidence == pytest.approx(p[:position].max(axis=1).mean())
        assert found.unknown == (position >= 3)
    assert math.isnan(values.sum(0).confidence)
    nobody = tags_values(run).sum(4)
    assert (nobody.right, nobody.counted) == (0, 0)


def test_a_later_word_changes_nothing_of_one_direction_and_something_of_two(model: Model) -> None:
    short, long = (tags_values(model.run(words)) for words in (("the", "fish"), ("the", "fish", "swims")))
    assert long.probabilities[:2] == pytest.approx(short.probabilities)
    both = tagger(both=True, steps=2)
    short, long = (tags_values(both.run(words)) for words in (("the", "fish"), ("the", "fish", "swims")))
    assert long.probabilities[:2] != pytest.approx(short.probabilities)


def test_running_answers_of_a_classifier() -> None:
    values = tags_values(classifier().run(tuple("abc")), truth=(None, None, "x"))
    assert values.answers
    assert not values.whole
    p = values.probabilities
    assert p.shape == (3, 2)
    for position in (1, 2):
        assert values.sum(position).confidence == pytest.approx(p[position - 1].max())
        # An answer on the way is not right or wrong.
        assert (values.sum(position).right, values.sum(position).counted) == (0, 0)
    assert values.sum(3).counted == 1
    assert values.sum(3).right == int(p[2].argmax() == 0)


@pytest.mark.parametrize("label", ["x", "y"])
def test_one_answer_for_the_whole(label: str) -> None:
    values = tags_values(classifier(both=True).run(tuple("abc")), truth=(None, None, label))
    assert values.whole
    p = values.probabilities
    assert p.shape == (1, 2)
    assert math.isnan(values.sum(2).confidence)
    assert values.sum(2).counted == 0
    assert values.sum(3).confidence == pytest.approx(p.max())
    assert values.sum(3).right == int(("x", "y")[int(p[0].argmax())] == label)
    table = values.tables()[0]
    assert [row[3] for row in table.rows[:2]] == ["", ""]
    assert table.rows[2][3] in ("x", "y")
    assert table.rows[2][6:] == tuple(float(v) for v in p[0])
    assert len(values.tables_of(2)[0].rows) == 2


def test_the_tables_hold_what_is_drawn(model: Model) -> None:
    run = model.run(("the", "zebra"))
    values = tags_values(run, truth=("D", "N"))
    words, about = values.tables()
    p = run.probabilities
    assert p is not None
    assert words.columns[6:] == LABELS
    for t in range(2):
        at = int(p[t].argmax())
        assert words.rows[t] == (
            str(t + 1),
            run.tokens[t],
            "yes" if t == 0 else "no",
            LABELS[at],
            float(p[t, at]),
            ("D", "N")[t],
            *(float(v) for v in p[t]),
        )
    found = values.sum(2)
    assert [row[1] for row in about.rows] == [found.right, 2.0, found.confidence, 1.0]


def test_another_sentence(model: Model) -> None:
    sentences = sentences_of(tuple(ITEMS), answers=False)
    values = tags_values(model.run(("the",)), sentences=sentences)
    other = values.read(1)
    assert other.run.tokens == ("they", "fish")
    assert other.truth == ("P", "V")
    assert (other.sentence, other.sentences) == (1, sentences)
    assert other.run.model is model


def test_a_label_of_the_whole_is_the_last_words() -> None:
    assert sentences_of(((("a", "b", "c"), "x"),), answers=True) == (Sentence(("a", "b", "c"), (None, None, "x")),)


def test_other_models_are_refused(model: Model) -> None:
    with pytest.raises(ValueError, match="no head"):
        tags_values(Model(ModelSpec(), None).run(("a",)))
    with pytest.raises(ValueError, match="next token"):
        tags_values(Model(ModelSpec(), Vocabulary("ab")).run(("a",)))
    with pytest.raises(ValueError, match="truth: got 1, expected 2"):
        tags_values(model.run(("the", "cat")), truth=("D",))


def test_the_labs_sentences(tmp_path: Path) -> None:
    lines = ["the/D fish/N", "they/P fish/V", "a/D cat/N", "we/P cat/V", "the/D dog/N"]
    (tmp_path / "t.txt").write_text("\n".join(lines))
    (tmp_path / "c.txt").write_text("a b\tx\nb c\ty\na c\tx\nc b\ty\nb a\tx")
    lab = Lab(
        {
            "t": ModelEntry(task="tag", corpus="t.txt", held_out=0.4, steps=2, hidden=3, text="the cat"),
            "c": ModelEntry(task="classify", corpus="c.txt", held_out=0.4, steps=2, hidden=3, text="a b"),
        },
        folder=tmp_path,
    )
    lab.ensure("t")
    lab.ensure("c")
    values = Tags(model="t", sentence=1).run(lab)
    assert isinstance(values, TagsValues)
    words, tags = lab.examples("t")[1][1]
    assert (values.run.tokens, values.truth, values.sentence) == (words, tags, 1)
    plain = Tags(model="t").run(lab)
    assert plain.run is lab.run("t")
    assert plain.truth == ()
    assert len(plain.sentences) == 2
    whole = Tags(model="c", sentence=0).run(lab)
    assert whole.truth == (None, lab.examples("c")[1][0][1])
    with pytest.raises(ValueError, match="`sentence` is 2, and 2 are held out"):
        Tags(model="t", sentence=2).run(lab)
    assert (values.step, plain.step) == (None, None)
    assert Tags(model="t", step=1).run(lab).step == 1
    assert Tags(model="t", sentence=1, step=len(words)).run(lab).step == len(words)
    with pytest.raises(ValueError, match=f"`step` is {len(words) + 1}, and sentence 1 has {len(words)} words"):
        Tags(model="t", sentence=1, step=len(words) + 1).run(lab)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, None),
        ({"model": "unknown"}, None),
        ({"model": "plain"}, 'the task "untrained"'),
        ({"model": "writer"}, 'the task "next-word"'),
        ({"model": "silent"}, "no text to run on"),
        ({"model": "silent", "text": "a"}, None),
        ({"model": "silent", "sentence": 0}, "holds none out"),
        ({"sentence": 0}, None),
        ({"sentence": -1}, "`sentence` is -1"),
        ({"sentence": 0, "text": "a"}, "both given"),
        ({"model": "mood", "sentence": 0}, None),
        ({"step": 2}, None),
        ({"step": 3}, "`step` is 3"),
        ({"step": 0}, "`step` is 0"),
        ({"step": 3, "text": "a b c"}, None),
        ({"step": 3, "sentence": 0}, None),
        ({"step": 0, "sentence": 0}, "`step` is 0"),
    ],
)
def test_what_cannot_be_shown_is_answered(options: dict[str, object], said: str | None) -> None:
    models = {
        "m": ModelEntry(task="tag", corpus="c", text="a b", held_out=0.2),
        "mood": ModelEntry(task="classify", corpus="c", held_out=0.2),
        "silent": ModelEntry(task="tag", corpus="c"),
        "writer": ModelEntry(task="next-word", corpus="c", text="a"),
        "plain": ModelEntry(text="a b"),
    }
    found = Tags(**({"model": "m"} | options)).unfit(models)  # type: ignore[arg-type]
    check_answer(found, said)
    assert Tags(model="m").models() == ("m",)


def test_a_nan_is_no_crash(model: Model) -> None:
    run = model.run(("the",))
    object.__setattr__(run, "logits", np.full((1, 4), np.nan, np.float32))
    assert math.isnan(tags_values(run).sum(1).confidence)
