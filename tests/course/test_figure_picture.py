"""The picture's numbers: the captioner's own, stage by stage and word by word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.picture import LONGEST, Picture, PictureValues, look
from tutor.course.lab import Lab, NotTrained
from tutor.engine.captioner import Captioner
from tutor.engine.convolution import Conv2d
from tutor.engine.losses import softmax
from tutor.engine.model import ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

from .sample import check_answer

SIDE = 8


def bars() -> list[tuple[np.ndarray, tuple[str, ...]]]:
    """Bars across and down, and what they are called."""
    found = []
    for at in range(SIDE):
        across, down = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
        across[at], down[:, at] = 1.0, 1.0
        found += [(across, ("a", "bar", "across")), (down, ("a", "bar", "down"))]
    return found


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    words = Vocabulary(["a", "bar", "across", "down"], end=True, start=True)
    spec = ModelSpec(cell="gru", hidden_size=8, embedding_size=4, seed=1)
    found = Captioner(spec, words, SIDE, SIDE, channels=(3, 4))
    for _checkpoint in fit(found, bars(), TrainingSpec(steps=120, batch_size=16, learning_rate=0.02)):
        pass
    return found


@pytest.fixture
def values(captioner: Captioner) -> PictureValues:
    return look(captioner, bars()[1][0], tuple(bars()))


def test_it_says_what_the_captioner_says(captioner: Captioner, values: PictureValues) -> None:
    for image, words in bars():
        found = values.of(image)
        assert found.said == tuple(said.token for said in captioner.caption(image)) == words
        assert found.truth == words
        assert found.ended


def test_every_word_is_a_step_and_so_is_the_end(captioner: Captioner, values: PictureValues) -> None:
    assert [word.token for word in values.words] == ["a", "bar", "down", "<end>"]
    _, h_0 = captioner.look(values.image[None])
    assert values.h_0 == pytest.approx(h_0[0, 0])
    model, vocabulary = captioner.model, captioner.vocabulary
    state, read = h_0, vocabulary.start
    for word in values.words:
        trace = model.net.forward(model.embedding.forward([read])[:, None], state)
        state = trace.h_n
        assert word.state == pytest.approx(state[0, 0], rel=1e-5, abs=1e-5)
        logits = model.head.scores(state[0]).astype(float)[0]
        # The unknown token and the start token are never said.
        logits[[0, vocabulary.start]] = -np.inf
        p = softmax(logits)
        assert word.probability == pytest.approx(p.max(), abs=1e-6)
        order = [vocabulary.tokens[i] for i in np.argsort(-p)]
        assert [word.token, *(name for name, _p in word.others)] == order[: 1 + len(word.others)]
        assert all(share == pytest.approx(p[vocabulary.tokens.index(name)], abs=1e-6) for name, share in word.others)
        assert len(word.others) == 3
        read = int(p.argmax())


def test_the_stages_are_the_encoders(captioner: Captioner, values: PictureValues) -> None:
    seen, _h_0 = captioner.look(values.image[None])
    sizes = [stage.values.shape for stage in values.stages]
    assert sizes == [(3, 3, 3), (3, 8, 8), (3, 4, 4), (4, 4, 4), (4, 2, 2)]
    assert np.array_equal(values.stages[1].values, seen.maps[0][0])
    assert np.array_equal(values.stages[2].values, seen.pooled[0][0])
    assert np.array_equal(values.stages[3].values, seen.maps[1][0])
    assert np.array_equal(values.stages[4].values, seen.pooled[1][0])
    # A response is the kernel over the image, by hand.
    conv = Conv2d(1, 3, 3, padding=1)
    state = captioner.encoder.state_dict()
    conv.load_state_dict({"weight": values.stages[0].values[:, None], "bias": state["conv0.bias"]})
    by_hand = np.maximum(conv.forward(values.image[None, None])[0], 0.0)
    assert values.stages[1].values == pytest.approx(by_hand, abs=1e-6)


def test_it_stays_true_while_the_captioner_learns_on(captioner: Captioner, values: PictureValues) -> None:
    before = values.stages[0].values.copy()
    kept = captioner.flat.copy()
    captioner.flat[:] += 1.0
    assert np.array_equal(values.stages[0].values, before)
    captioner.flat[:] = kept


def test_an_image_that_nobody_described(values: PictureValues) -> None:
    image = values.image.copy()
    image[0, 0] = 0.5
    found = values.of(image)
    assert found.truth is None
    assert found.words
    image[0, 0] = 9.0
    assert found.image[0, 0] == 0.5
    with pytest.raises(ValueError, match="shape"):
        values.of(np.zeros((3, 3), np.float32))


def test_a_sentence_without_an_end_stops() -> None:
    words = Vocabulary(["a", "b"], end=True, start=True)
    untrained = Captioner(ModelSpec(hidden_size=3, embedding_size=3), words, SIDE, SIDE)
    never = untrained.model.head.state_dict()["bias"].copy()
    never[words.end] = -100.0
    untrained.model.head.load_state_dict({**untrained.model.head.state_dict(), "bias": never})
    found = look(untrained, np.zeros((SIDE, SIDE), np.float32), ())
    assert len(found.words) == len(found.said) == LONGEST
    assert not found.ended


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_other_cells_and_more_layers(cell: str) -> None:
    words = Vocabulary(["a", "b"], end=True, start=True)
    spec = ModelSpec(cell=cell, hidden_size=3, embedding_size=3, num_layers=2)
    captioner = Captioner(spec, words, SIDE, SIDE)
    found = look(captioner, bars()[0][0], ())
    _, h_0 = captioner.look(bars()[0][0][None])
    assert found.h_0 == pytest.approx(h_0[1, 0])
    assert found.said == tuple(said.token for said in captioner.caption(bars()[0][0], max_tokens=LONGEST))


def test_the_tables_hold_what_is_drawn(values: PictureValues) -> None:
    words, likely, pixels = values.tables()
    assert words.columns == ("step", "word", "p", *(f"h{i}" for i in range(1, 9)))
    assert words.rows[0] == ("0", "", "", *values.h_0.tolist())
    assert words.rows[3] == ("3", "down", values.words[2].probability, *values.words[2].state.tolist())
    assert len(words.rows) == 5
    assert likely.rows[:2] == (("1", "a", values.words[0].probability), ("1", *values.words[0].others[0]))
    assert pixels.rows[2] == ("3", *values.image[2].tolist())
    stage = values.table_of(1)
    assert stage.title == values.stages[1].name
    assert stage.rows[8 + 2] == ("2", "3", *values.stages[1].values[1, 2].tolist())
    assert len(stage.rows) == 24


def test_from_a_lab(tmp_path: Path) -> None:
    models = {"eye": ModelEntry(task="caption", cell="gru", hidden=4, steps=1, batch=4, held_out=0.1)}
    lab = Lab(models, folder=tmp_path)
    with pytest.raises(NotTrained):
        Picture(model="eye").run(lab)
    lab.ensure("eye")
    found = Picture(model="eye", scene=7).run(lab)
    _train, held_out = lab.examples("eye")
    assert np.array_equal(found.image, held_out[7][0])
    assert found.truth == held_out[7][1]
    assert len(found.scenes) == len(held_out) == 80
    with pytest.raises(ValueError, match=r"scene: got 80, expected 0 … 79"):
        Picture(model="eye", scene=80).run(lab)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "eye"}, None),
        ({"model": "eye", "scene": 79}, None),
        ({"model": "eye", "scene": 80}, "`scene` is 80"),
        ({"model": "eye", "scene": -1}, "`scene` is -1"),
        ({"model": "eye", "step": 0}, None),
        ({"model": "eye", "step": -1}, "`step` is -1"),
        ({"model": "eye", "step": 25}, "`step` is 25"),
        ({"model": "learned", "scene": 799}, None),
        ({"model": "learned", "scene": 800}, "`scene` is 800"),
        ({"model": "eye", "seed": -1}, "`seed` is -1"),
        ({"model": "reader"}, 'the task "untrained"'),
        ({"model": "unknown"}, None),
        ({"model": "unknown", "scene": -1}, "`scene` is below 0"),
    ],
)
def test_what_cannot_be_shown_is_answered(options: dict[str, object], said: str | None) -> None:
    models = {
        "eye": ModelEntry(task="caption", held_out=0.1),
        "learned": ModelEntry(task="caption"),
        "reader": ModelEntry(text="a"),
    }
    found = Picture(**options).unfit(models)  # type: ignore[arg-type]
    check_answer(found, said)


def test_the_models_that_it_needs() -> None:
    assert Picture(model="eye").models() == ("eye",)
