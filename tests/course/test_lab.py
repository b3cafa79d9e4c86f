"""The lab: training, stopping, going on, keeping, and running."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.jobs import Material
from tutor.course.lab import Lab, NotTrained
from tutor.course.load import load_lesson
from tutor.engine.model import Model


@pytest.fixture
def lab(lesson_path: Path, course_folder: Path, tmp_path: Path) -> Lab:
    return Lab(load_lesson(lesson_path).models, folder=course_folder, cache=tmp_path / "cache")


def again(lab: Lab, *, cache: Path | None = None, seed: int = 0) -> Lab:
    return Lab(lab.models, folder=lab.folder, cache=cache, seed=seed)


def weights(lab: Lab) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in lab.model("reader").state_dict().items()}


def test_an_untrained_model_is_ready(lab: Lab) -> None:
    assert lab.ready("plain")
    assert lab.begun("plain")
    assert list(lab.train("plain")) == []
    assert lab.history("plain") == ()
    assert lab.corpus("plain") == ()
    assert lab.run("plain").tokens == ("never", "too", "late")
    assert lab.run("plain", "one two").tokens == ("one", "two")


def test_a_corpus_is_its_lines(lab: Lab) -> None:
    assert lab.corpus("reader")[0] == ("the", "sun", "is", "up")
    assert len(lab.corpus("reader")) == 4


def test_what_is_not_trained_cannot_be_run(lab: Lab) -> None:
    assert not lab.ready("reader")
    assert not lab.begun("reader")
    for ask in (lab.model, lab.history, lab.run):
        with pytest.raises(NotTrained) as caught:
            ask("reader")
        assert caught.value.name == "reader"
    with pytest.raises(ValueError, match="no model `x` in this lesson; it has plain, keeper, reader"):
        lab.entry("x")


def test_training_to_the_end(lab: Lab) -> None:
    seen = list(lab.train("reader"))
    assert [c.step for c in seen][:2] == [0, 5]
    assert seen[-1].step == 30
    assert seen[-1].loss < seen[0].loss
    assert lab.history("reader") == tuple(seen)
    assert lab.ready("reader")
    assert lab.cannot_save is None
    assert lab.model("reader").vocabulary is not None
    assert "<end>" in lab.model("reader").vocabulary.tokens  # type: ignore[union-attr]


def test_a_stopped_training_goes_on_as_if_it_had_not_been(lab: Lab) -> None:
    whole = again(lab)
    whole.ensure("reader")
    training = lab.train("reader")
    first = [next(training) for _ in range(3)]
    before = lab.run("reader")
    training.close()
    assert lab.begun("reader")
    assert not lab.ready("reader")
    assert lab.history("reader") == tuple(first)
    assert not list((lab.cache or Path()).rglob("*.npz"))
    assert lab.run("reader") is before
    rest = list(lab.train("reader"))
    assert rest[0].step == 15
    assert lab.ready("reader")
    assert lab.run("reader") is not before
    assert weights(lab) == weights(whole)
    assert lab.history("reader") == whole.history("reader")


def test_a_trained_model_is_kept(lab: Lab) -> None:
    lab.ensure("reader")
    later = again(lab, cache=lab.cache)
    assert later.ready("reader")
    assert weights(later) == weights(lab)
    assert later.history("reader") == lab.history("reader")
    assert not again(lab, cache=lab.cache, seed=1).ready("reader")


def test_another_text_is_the_same_network_and_another_corpus_is_not(lab: Lab) -> None:
    lab.ensure("reader")
    import msgspec

    other = again(lab, cache=lab.cache)
    other.models["reader"] = msgspec.structs.replace(other.models["reader"], text="the moon")
    assert other.ready("reader")
    other = again(lab, cache=lab.cache)
    other.models["reader"] = msgspec.structs.replace(other.models["reader"], steps=31)
    assert not other.ready("reader")
    with (lab.folder / "data" / "days.txt").open("a") as file:
        file.write("# words for its author\n")
    assert again(lab, cache=lab.cache).ready("reader")
    with (lab.folder / "data" / "days.txt").open("a") as file:
        file.write("the moon is down\n")
    assert not again(lab, cache=lab.cache).ready("reader")


def test_what_is_kept_is_kept_under_the_corpus_that_it_learned_from(lab: Lab) -> None:
    training = lab.train("reader")
    next(training)
    file = lab.folder / "data" / "days.txt"
    before = file.read_text()
    file.write_text(before + "the moon is down\n")
    assert sum(1 for _ in training)
    assert not again(lab, cache=lab.cache).ready("reader")
    file.write_text(before)
    assert again(lab, cache=lab.cache).ready("reader")


def test_where_one_sequence_ends_is_part_of_a_corpus(lab: Lab) -> None:
    lab.ensure("reader")
    file = lab.folder / "data" / "days.txt"
    file.write_text(file.read_text().replace("the sun is up\nthe sun is down", "the sun is\nup the sun is down", 1))
    assert not again(lab, cache=lab.cache).ready("reader")


def test_a_corpus_is_not_looked_for_outside_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a b")
    lab = Lab({"m": ModelEntry(task="next-word", corpus="../x.txt")}, folder=tmp_path / "lessons")
    with pytest.raises(ValueError, match=r"\.\./x\.txt: got a path that does not stay in"):
        lab.ensure("m")


def test_another_engine_version_trains_anew(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.ensure("reader")
    assert again(lab, cache=lab.cache).ready("reader")
    monkeypatch.setattr("tutor.engine.weights.ENGINE_VERSION", "another")
    assert not again(lab, cache=lab.cache).ready("reader")


@pytest.mark.parametrize("bytes_", [b"", b"PK\x03\x04 nothing", b"\x00" * 3000])
def test_a_damaged_cache_is_trained_anew(lab: Lab, bytes_: bytes) -> None:
    lab.ensure("reader")
    assert lab.cache is not None
    (file,) = lab.cache.rglob("*.npz")
    file.write_bytes(bytes_)
    later = again(lab, cache=lab.cache)
    assert not later.ready("reader")
    later.ensure("reader")
    assert weights(later) == weights(lab)
    assert again(lab, cache=lab.cache).ready("reader")


def test_a_cache_that_cannot_be_written_is_said_and_does_no_harm(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    other = again(lab, cache=tmp_path / "file")
    other.ensure("reader")
    assert other.ready("reader")
    assert other.cannot_save is not None
    assert other.cannot_save.startswith(f"Trained networks cannot be kept in {tmp_path / 'file' / 'models'}")


def test_two_starts(lab: Lab) -> None:
    zeros, random = lab.run("plain"), lab.run("plain", h_0="random")
    assert not np.asarray(zeros.h_0).any()
    assert (np.abs(random.h_0) <= 1).all()
    assert np.asarray(random.h_0).any()
    assert lab.run("plain", h_0="random") is random
    assert (again(lab).run("plain", h_0="random").h_0 == random.h_0).all()
    assert (again(lab, seed=1).run("plain", h_0="random").h_0 != random.h_0).any()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_random_start_for_every_shape(cell: str) -> None:
    entry = ModelEntry(cell=cell, hidden=3, layers=2, bidirectional=True, text="a b c")  # type: ignore[arg-type]
    run = Lab({"m": entry}, folder=Path(), cache=None).run("m", h_0="random")
    assert run.h_0.shape == (6,)
    assert run.hidden.shape == (3, 6)


def test_nothing_to_run() -> None:
    lab = Lab({"m": ModelEntry()}, folder=Path())
    with pytest.raises(ValueError, match="the model `m` has no text to run; give it `text`"):
        lab.run("m")


def test_letters_are_tokens_of_an_alphabet(tmp_path: Path) -> None:
    (tmp_path / "abc.txt").write_text("# letters\nabcd\n")
    entry = ModelEntry(task="next-character", corpus="abc.txt", steps=5, batch=1, text="ab", hidden=4)
    lab = Lab({"m": entry}, folder=tmp_path)
    lab.ensure("m")
    assert lab.corpus("m") == (("a", "b", "c", "d"),)
    vocabulary = lab.model("m").vocabulary
    assert vocabulary is not None
    assert vocabulary.tokens == ("<unk>", "a", "b", "c", "d")


def test_what_has_learned_nothing_has_the_same_size(lab: Lab) -> None:
    entry = lab.entry("reader")
    assert not lab.begun("reader")
    model = lab.unlearned("reader")
    assert not lab.begun("reader"), "asking for it trains nothing"
    assert model.head is None
    assert (model.spec.cell, model.spec.hidden_size, model.spec.seed) == (entry.cell, entry.hidden, entry.seed)


def _counting(entry: ModelEntry, _folder: Path, seed: int) -> Material:
    """Sequences that are in no file: other ones for each seed."""
    items = tuple(tuple(f"w{(place + seed + step) % 7}" for step in range(5)) for place in range(12))
    return Material(items[:9], items[9:], items[:9], source=repr((items, entry.hidden)).encode())


COUNTS = ModelEntry(task="next-word", corpus="nowhere", steps=12, batch=2, hidden=4)


def test_what_is_learned_from_may_be_read_elsewhere(tmp_path: Path) -> None:
    def made() -> Lab:
        return Lab({"m": COUNTS}, folder=tmp_path / "nowhere", cache=tmp_path / "cache", read=_counting)

    lab = made()
    assert lab.corpus("m")[0] == ("w0", "w1", "w2", "w3", "w4")
    assert lab.sibling(2).corpus("m")[0] == ("w2", "w3", "w4", "w5", "w6")
    lab.ensure("m")
    assert made().ready("m")
    assert not made().sibling(1).ready("m")


def test_the_first_loss_of_some_examples_changes_nothing_after_it() -> None:
    def some(first: int | None) -> Lab:
        def read(entry: ModelEntry, folder: Path, seed: int) -> Material:
            return replace(_counting(entry, folder, seed), first=first)

        lab = Lab({"m": COUNTS}, folder=Path(), read=read)
        lab.ensure("m")
        return lab

    whole, few, many = some(None), some(3), some(9)
    assert few.history("m")[1:] == whole.history("m")[1:]
    assert few.model("m").flat.tobytes() == whole.model("m").flat.tobytes()
    assert few.history("m")[0].loss != whole.history("m")[0].loss
    untrained = few.at_step("m", 0)
    assert isinstance(untrained, Model)
    data = untrained.encode(few.examples("m")[0][::3])
    assert few.history("m")[0].loss == pytest.approx(untrained.measure(data).loss, rel=1e-6)
    assert few.history("m")[0].state is None
    assert many.history("m") == whole.history("m")


def test_what_cannot_be_learned_from_is_no_training() -> None:
    def read(_entry: ModelEntry, _folder: Path, _seed: int) -> Material:
        return Material((("a",),) * 9, sequences=(("b",),), first=2)

    lab = Lab({"m": ModelEntry(task="next-character", corpus="nowhere")}, folder=Path(), read=read)
    for _turn in range(2):
        with pytest.raises(ValueError, match="items: got none that anything can be learned from"):
            lab.ensure("m")
        assert not lab.begun("m")
