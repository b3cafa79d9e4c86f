"""Networks by what is in them: a name means one network, and what is kept comes back as it was, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import Recurrent, weights
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary, clean
from tutor.sandbox import networks
from tutor.sandbox.bench import Bench
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.networks import Networks, fingerprint, fingerprint_of, source_of, title_of
from tutor.sandbox.state import View, decode, encode
from tutor.sandbox.weights_file import Opened, lying_beside, open_weights, save_weights

WORDS = ["never", "too", "late", "日本", "a\nb", "\ud83d", "\x1b"]
TEXT = ["Never", "nobody", "日本", "late", "\ud83d"]
KINDS = [
    *[("rnn", nonlinearity, "after") for nonlinearity in ("tanh", "relu", "identity")],
    *[("gru", "tanh", reset) for reset in ("after", "before")],
    ("lstm", "tanh", "after"),
]
# No deadline: how fast this machine is today is nobody's bug.
some = settings(deadline=None)
needs_rights = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may do everything is refused nothing"
)


def drawn(model: Model, seed: int = 0) -> Model:
    """A model whose every number is drawn; one of them is −0."""
    model.flat[:] = np.random.default_rng(seed).normal(0, 0.7, model.flat.size)
    model.flat[seed % model.flat.size] = -0.0
    return model


def a_model(cell: str = "gru", *, words: list[str] = WORDS, job: str = "next", **more: Any) -> Model:
    """A model with a vocabulary and a head."""
    labels = () if job == "next" else ("good", "bad")
    return drawn(Model(ModelSpec(cell, 4, 3, **more), Vocabulary(words), job=job, labels=labels))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Every kind of model that reads a text."""
    cell, nonlinearity, reset = draw(st.sampled_from(KINDS))
    spec = ModelSpec(
        cell,
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 3)),
        draw(st.booleans()),
        nonlinearity,
        reset,
        learned_h_0=draw(st.booleans()),
        unit=draw(st.sampled_from(["words", "characters"])),
        seed=draw(st.integers(0, 2**70)),
    )
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    seed = draw(st.integers(0, 99))
    reads = draw(st.sampled_from(["vectors", "one-hot", "next", "tag", "classify"]))
    if reads == "vectors":
        return drawn(Model(spec, None, dtype=dtype), seed)
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    if reads == "one-hot":
        columns = draw(st.permutations(range(len(words) + draw(st.integers(0, 1)))))
        inputs = columns if len(columns) > len(words) else [-1, *columns]
        net = spec.network(len(columns), dtype)
        return drawn(Opened(net, Vocabulary(words), inputs, unit=spec.unit, seed=spec.seed), seed)
    labels = [] if reads == "next" else draw(st.lists(st.sampled_from([*WORDS, ""]), min_size=1))
    vocabulary = Vocabulary(words, end=draw(st.booleans()), start=draw(st.booleans()))
    return drawn(Model(spec, vocabulary, job=reads, labels=labels, dtype=dtype), seed)


def computes(model: Model) -> tuple[Any, ...]:
    """All that a model makes of a text, byte for byte."""
    run = model.run(TEXT)
    arrays = (run.x, run.hidden, run.h_0, *([] if run.logits is None else [run.logits]))
    return run.known, [(array.dtype, array.shape, array.tobytes()) for array in arrays]


def says(model: Model) -> tuple[Any, ...]:
    """All that it is."""
    spec, words = model.spec, model.vocabulary
    return (
        (spec.cell, spec.nonlinearity, spec.reset, spec.num_layers, spec.bidirectional, spec.unit, spec.seed),
        None if words is None else (words.tokens, words.end, words.start, words.ordinary),
        (model.job, model.labels, model.whole),
        model.columns.tolist() if words and isinstance(model, Opened) else None,
        {name: (array.dtype, array.shape, array.tobytes()) for name, array in model.state_dict().items()},
    )


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# Fingerprints.


@some
@given(models())
def test_a_model_that_was_saved_and_opened_has_the_same_fingerprint(model: Model) -> None:
    if model.net.nonlinearity == "identity" or model.net.reset == "before":
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.npz")
        save_weights(model, path)
        nonlinearity = model.net.nonlinearity
        if model.vocabulary is None:
            unit, seed = model.spec.unit, model.spec.seed
            back = open_weights(path, unit=unit, nonlinearity=nonlinearity, seed=seed)
        else:
            back = open_weights(path, path.with_name("net.vocabulary.npz"), nonlinearity=nonlinearity)
        again = open_weights(path, lying_beside(path))
    assert fingerprint(back) == fingerprint(again) == fingerprint(model)
    assert computes(back) == computes(again) == computes(model)


@some
@given(models(), st.data())
def test_another_number_is_another_fingerprint(model: Model, data: st.DataObject) -> None:
    before = fingerprint(model)
    assert re.fullmatch("[0-9a-f]{16}", before)
    at = data.draw(st.integers(0, model.flat.size - 1))
    kept = model.flat[at]
    model.flat[at] = -kept if kept == 0 else np.nextafter(kept, model.dtype.type(9))
    assert fingerprint(model) != before
    model.flat[at] = kept
    assert fingerprint(model) == before


@some
@given(models(), models())
def test_models_of_one_fingerprint_are_one(one: Model, other: Model) -> None:
    if fingerprint(one) == fingerprint(other):
        assert computes(one) == computes(other)
    else:
        assert says(one) != says(other)


NET = Recurrent("gru", 2, 3, seed=1)
DIFFERENT: dict[str, Callable[[], Model]] = {
    "as it is": a_model,
    "a token": lambda: a_model(words=[*WORDS[:-1], "other"]),
    "their order": lambda: a_model(words=WORDS[::-1]),
    "two halves of a character": lambda: a_model(words=[*WORDS[:-1], "\ud83d\ude00"]),
    "and the character": lambda: a_model(words=[*WORDS[:-1], "😀"]),
    "tokens that end": lambda: drawn(Model(ModelSpec("gru", 4, 3), Vocabulary(WORDS[:-1], end=True))),
    "tokens that start": lambda: drawn(Model(ModelSpec("gru", 4, 3), Vocabulary(WORDS[:-1], start=True))),
    "a token called as the end": lambda: a_model(words=["<end>", *WORDS[:-1]]),
    "a token called as the start": lambda: a_model(words=["<start>", *WORDS[:-1]]),
    "the reset": lambda: a_model(reset="before"),
    "the unit": lambda: a_model(unit="characters"),
    "h_0": lambda: a_model(learned_h_0=True),
    "layers": lambda: a_model(num_layers=2),
    "directions": lambda: a_model(bidirectional=True),
    "the precision": lambda: drawn(Model(ModelSpec("gru", 4, 3), Vocabulary(WORDS), dtype=np.float64)),
    "lstm": lambda: a_model("lstm"),
    "tanh": lambda: a_model("rnn"),
    "relu": lambda: a_model("rnn", nonlinearity="relu"),
    "identity": lambda: a_model("rnn", nonlinearity="identity"),
    "to tag": lambda: a_model(job="tag"),
    "to classify": lambda: a_model(job="classify"),
    "a label": lambda: drawn(Model(ModelSpec("gru", 4, 3), Vocabulary(WORDS), job="tag", labels=("good", "mad"))),
    "word vectors": lambda: Opened(NET),
    "their seed": lambda: Opened(NET, seed=1),
    "their unit": lambda: Opened(NET, unit="characters"),
    "one-hot": lambda: Opened(NET, Vocabulary(["a", "b"]), [-1, 0, 1]),
    "columns": lambda: Opened(NET, Vocabulary(["a", "b"]), [-1, 1, 0]),
    "the unknown one": lambda: Opened(NET, Vocabulary(["a"]), [0, 1]),
}


def test_all_that_decides_is_in_it() -> None:
    found = {name: fingerprint(make()) for name, make in DIFFERENT.items()}
    assert len(set(found.values())) == len(DIFFERENT), found
    assert found == {name: fingerprint(make()) for name, make in DIFFERENT.items()}


def test_how_the_numbers_came_about_is_not_in_it() -> None:
    model = a_model(seed=np.int64(3), init="orthogonal", radius=0.5)
    assert fingerprint(model) == fingerprint(a_model())
    # An untrained model, and a network without biases, are what they are as opened ones.
    spec = ModelSpec("gru", 3, 2, seed=4)
    assert fingerprint(Model(spec, None)) == fingerprint(Opened(spec.network(2), seed=4))
    bare = Recurrent("gru", 2, 3, bias=False, seed=4)
    assert fingerprint(Opened(bare)) == fingerprint(Opened(Opened(bare).net))
    assert fingerprint(Opened(bare, columns=[3])) == fingerprint(Opened(bare))
    # However long the seed is.
    assert fingerprint(Model(replace(spec, seed=10**5000), None)) != fingerprint(Model(spec, None))


def test_fingerprints_stay_for_ever() -> None:
    """Strings hold them. Should this fail, every network that was kept and every string that names one is lost."""
    model = Model(ModelSpec("rnn", 1, 1, nonlinearity="relu"), Vocabulary(["a", "é\ud83d"], end=True))
    model.flat[:] = np.arange(model.flat.size) - 3
    model.flat[0] = -0.0
    said = (
        'rnn-tutor network 1\n[{"cell":"rnn","columns":[],"directions":1,"end":1,"job":"next","labels":[],"layers":1,'
        '"nonlinearity":"relu","reset":"after","start":null,"tokens":["<unk>","<end>","a","é\ud83d"],"unit":"words"},'
        '[["embedding.weight","f4",[4,1]],["head.bias","f4",[4]],["head.weight","f4",[4,1]],["rnn.bias_hh_l0","f4",'
        '[1]],["rnn.bias_ih_l0","f4",[1]],["rnn.weight_hh_l0","f4",[1,1]],["rnn.weight_ih_l0","f4",[1,1]]]]\n'
    )
    # In the vector: the RNN's weights and biases, the embedding, the head's weight and bias.
    numbers = [1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8, 0, -1, -2, -0.0]
    whole = said.encode("utf-8", "surrogatepass") + np.array(numbers, "<f4").tobytes()
    assert fingerprint(model) == hashlib.sha256(whole).hexdigest()[:16] == "6f94b4d413bd44bf"


def test_another_process_takes_the_same() -> None:
    lines = "from tests.sandbox.test_networks import a_model, fingerprint; print(fingerprint(a_model()))"
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True, cwd=root)
    assert told.stdout.strip() == fingerprint(a_model())


# Sources.


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("plays.txt", "plays.txt"),
        ("  a \t b\n", "a b"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\x00b\x1b[2J", "a␀b␛[2J"),
        ("\u202eabc\ud83d", "�abc�"),
        ("e\u0301", "é"),
        ("", "network"),
        (" \n", "network"),
        ("\u200b\ufeff", "network"),
        ("x" * 41, "x" * 40),
        ("x" * 39 + " yz", "x" * 39),
    ],
)
def test_a_source_names_a_network_and_shows_a_title(title: str, shown: str) -> None:
    model = a_model()
    source = source_of(model, title)
    assert source == f"net:{fingerprint(model)}/{shown}"
    assert (fingerprint_of(source), title_of(source)) == (fingerprint(model), shown)
    assert decode(encode(Experiment(source=source), View()))[0].source == source


MODEL = a_model()


@some
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_title_makes_a_source(title: str) -> None:
    source = source_of(MODEL, title)
    assert fingerprint_of(source) == fingerprint(MODEL)
    shown = title_of(source)
    assert 1 <= len(shown) <= 40
    assert clean(shown) == shown == shown.strip()
    assert source_of(MODEL, shown) == source


@pytest.mark.parametrize(
    "source",
    [
        "",
        "net:",
        "net:0123456789abcdef",
        "net:0123456789abcdef/",
        "net:0123456789abcde/x",
        "net:0123456789abcdef0/x",
        "net:0123456789ABCDEF/x",
        "net:0123456789abcde٣/x",
        "net:../../../etc/pas/x",
        "net:0123456789abcdef/ x",
        "net:0123456789abcdef/x ",
        "net:0123456789abcdef/x  y",
        "net:0123456789abcdef/x\n",
        "net:0123456789abcdef/x\ny",
        "net:0123456789abcdef/x\u00a0y",
        "net:0123456789abcdef/x\x1b[2J",
        "net:0123456789abcdef/\ud83d",
        "net:0123456789abcdef/\u202ex",
        "net:0123456789abcdef/" + "x" * 41,
        "Net:0123456789abcdef/x",
        " net:0123456789abcdef/x",
        "own:0123456789abcdef/x",
        "lesson:never-too-late/writer",
    ],
)
def test_any_other_source_is_none_of_these(tmp_path: Path, source: str) -> None:
    assert fingerprint_of(source) is None
    assert title_of(source) == ""
    with pytest.raises(
        ValueError, match=r"^There is no network .* here: expected net:, a fingerprint and a t"
    ) as raised:
        Networks(tmp_path).lend(source)
    assert clean(str(raised.value)) == str(raised.value)


def test_nothing_but_the_fingerprint_reaches_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def opened(path: Path, _asked: str) -> Model:
        asked.append(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(networks, "_opened", opened)
    for title in ("../../x", "/etc/passwd", "C:\\x", "..", "x.npz"):
        with pytest.raises(ValueError, match="is not on this machine"):
            Networks(tmp_path).lend(f"net:0123456789abcdef/{title}")
    for wrong in (
        "../../../etc/pas",
        "....////....////",
        "\x00" * 16,
        "0123456789abcde\n",
        "０１２３４５６７８９abcdef",
    ):
        with pytest.raises(ValueError, match="There is no network"):
            Networks(tmp_path).lend(f"net:{wrong}/x")
    assert set(asked) == {tmp_path / "networks" / "0123456789abcdef.npz"}


# Kept and lent.


@some
@given(models(), models())
def test_what_is_kept_comes_back_as_it_was(model: Model, other: Model) -> None:
    with tempfile.TemporaryDirectory() as name:
        kept = Networks(Path(name, "data"))
        assert kept.keep(model) == fingerprint(model)
        kept.keep(other)
        back = Networks(Path(name, "data")).lend(source_of(model, "mine"))
        assert files(Path(name)) == {f"data/networks/{fingerprint(one)}.npz" for one in (model, other)}
    assert says(back) == says(model)
    assert computes(back) == computes(model)
    assert fingerprint(back) == fingerprint(model)


def test_nothing_is_made_before_one_is_kept(tmp_path: Path) -> None:
    kept = Networks(tmp_path / "data")
    with pytest.raises(ValueError, match="is not on this machine"):
        kept.lend(source_of(a_model(), "mine"))
    assert list(tmp_path.iterdir()) == []
    kept.keep(a_model())
    assert files(tmp_path) == {f"data/networks/{fingerprint(a_model())}.npz"}


def test_a_network_that_is_not_here(tmp_path: Path) -> None:
    said = (
        "The network “plays.txt” is not on this machine: a string names it, and does not hold it. "
        "Save it as a file where it was made (k), and open that file here."
    )
    for there in ((), ("networks",)):
        for name in there:
            (tmp_path / name).mkdir()
        with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
            Networks(tmp_path).lend("net:0123456789abcdef/plays.txt")


def test_what_is_there_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Networks(tmp_path)
    kept.keep(a_model())

    def refused(*_args: object, **_more: object) -> None:
        raise AssertionError("it is written again")

    monkeypatch.setattr(networks, "placed", refused)
    assert kept.keep(a_model(seed=7)) == fingerprint(a_model())
    # The seed draws nothing here: it stays as it was first kept.
    assert kept.lend(source_of(a_model(), "mine")).spec.seed == 0
    with pytest.raises(AssertionError):
        kept.keep(a_model("lstm"))


def test_the_file_is_the_same_however_often_it_is_written(tmp_path: Path) -> None:
    for name in "ab":
        Networks(tmp_path / name).keep(a_model())
    one, other = (path.read_bytes() for path in tmp_path.rglob("*.npz"))
    assert one == other


def test_a_bench_runs_what_a_string_names(tmp_path: Path) -> None:
    model, kept = a_model(), Networks(tmp_path)
    kept.keep(model)
    text = encode(Experiment("never late", source=source_of(model, "plays.txt")), View())
    assert len(text) < 100
    experiment = decode(text)[0]
    reading = Bench(Networks(tmp_path).lend).read(experiment)
    assert (reading.run.hidden == experiment.run(model).hidden).all()
    assert reading.run.probabilities is not None


# What cannot be kept.


def nan() -> Model:
    model = a_model()
    model.flat[0] = np.nan
    return model


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (nan, "rnn.weight_ih_l0 holds a value that is not finite"),
        (lambda: a_model(words=["\ud83d\ude00"]), "it reads otherwise than it was written"),
        (lambda: a_model(seed=10**5000), "Exceeds the limit (4300 digits) for integer string conversion"),
    ],
)
def test_what_cannot_be_kept_leaves_nothing(tmp_path: Path, make: Callable[[], Model], why: str) -> None:
    said = f"This network cannot be kept, and is gone when you leave: {why}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}") as raised:
        Networks(tmp_path).keep(make())
    assert str(raised.value).isprintable()
    assert files(tmp_path) == set()


def test_what_is_too_large_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "MOST", 1000)
    said = (
        r"^This network cannot be kept, and is gone when you leave: it holds [0-9],[0-9]{3} bytes, expected at most 1,0"
    )
    with pytest.raises(ValueError, match=said):
        Networks(tmp_path).keep(a_model())
    assert files(tmp_path) == set()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "networks").write_bytes(b"mine")
    with pytest.raises(OSError, match="networks"):
        Networks(tmp_path).keep(a_model())
    with pytest.raises(NotADirectoryError):
        Networks(tmp_path).lend(source_of(a_model(), "mine"))
    assert (tmp_path / "networks").read_bytes() == b"mine"


def test_a_folder_in_its_place_stays(tmp_path: Path) -> None:
    kept = Networks(tmp_path)
    path = kept.folder / f"{fingerprint(a_model())}.npz"
    path.mkdir(parents=True)
    with pytest.raises(ValueError, match=r"stays as it is\): it is not a file\. "):
        kept.lend(source_of(a_model(), "mine"))
    with pytest.raises(OSError, match=path.name):
        kept.keep(a_model())
    assert list(kept.folder.iterdir()) == [path]


@needs_rights
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    kept = Networks(tmp_path)
    kept.keep(a_model())
    kept.folder.chmod(0o500)
    try:
        assert kept.keep(a_model()) == fingerprint(a_model())
        assert says(kept.lend(source_of(a_model(), "mine"))) == says(a_model())
        with pytest.raises(PermissionError):
            kept.keep(a_model("lstm"))
        assert files(tmp_path) == {f"networks/{fingerprint(a_model())}.npz"}
    finally:
        kept.folder.chmod(0o700)


@needs_rights
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    kept = Networks(tmp_path)
    path = kept.folder / f"{kept.keep(a_model())}.npz"
    path.chmod(0)
    with pytest.raises(PermissionError):
        kept.lend(source_of(a_model(), "mine"))
    kept.keep(a_model())
    assert says(kept.lend(source_of(a_model(), "mine"))) == says(a_model())


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "save", full)
    with pytest.raises(OSError, match="No space left on device"):
        Networks(tmp_path).keep(a_model())
    assert files(tmp_path) == set()


# Damage.


def damaged(path: Path, why: str) -> str:
    return re.escape(
        f"The network “mine” is damaged ({path.name}, which stays as it is): {why}. "
        "Open it again from a file of your own, and it is kept anew."
    )


def refused(kept: Networks, path: Path, content: bytes, why: str, model: Model) -> None:
    """What is in a file is refused, and stays until the network is kept again."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{damaged(path, why)}$"):
        kept.lend(source_of(model, "mine"))
    assert path.read_bytes() == content
    assert kept.keep(model) == fingerprint(model)
    assert says(kept.lend(source_of(model, "mine"))) == says(model)
    assert list(kept.folder.iterdir()) == [path]


def test_damaged_files(tmp_path: Path) -> None:
    kept, model = Networks(tmp_path), a_model()
    path = kept.folder / f"{kept.keep(model)}.npz"
    whole = path.read_bytes()
    cut = "it is no whole npz file: its directory is not at its end"
    for content, why in (
        (b"", "it is no whole npz file: it ends too soon"),
        (whole[:-1], cut),
        (whole[: len(whole) // 2], cut),
        (bytes(range(256)) * 20, cut),
        (whole + b"\0", cut),
        (b"\x80\x04\x95" + whole, cut),
    ):
        refused(kept, path, content, why, model)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a file of `MODEL` holds."""
    kept = Networks(tmp_path_factory.mktemp("data"))
    return (kept.folder / f"{kept.keep(MODEL)}.npz").read_bytes()


@some
@given(st.data())
def test_a_byte_that_is_another_is_never_another_network(whole: bytes, data: st.DataObject) -> None:
    content = bytearray(whole)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as name:
        kept, source = Networks(Path(name)), source_of(MODEL, "mine")
        kept.folder.mkdir()
        (kept.folder / f"{fingerprint(MODEL)}.npz").write_bytes(content)
        try:
            back, said = kept.lend(source), ""
        except ValueError as error:
            back, said = MODEL, str(error)
        # What is lent all the same differs in a date of the archive, for example.
        assert (says(back), computes(back)) == (says(MODEL), computes(MODEL))
        assert not said or said.startswith("The network “mine” is damaged (")
        assert said.isprintable()
        kept.keep(MODEL)
        assert says(kept.lend(source)) == says(MODEL)


@some
@given(st.data())
def test_a_file_that_is_cut_off(whole: bytes, data: st.DataObject) -> None:
    content = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with tempfile.TemporaryDirectory() as name:
        kept = Networks(Path(name))
        kept.folder.mkdir()
        (kept.folder / f"{fingerprint(MODEL)}.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"^The network “mine” is damaged \(.*\): it is no whole npz file"):
            kept.lend(source_of(MODEL, "mine"))


def test_files_that_were_swapped(tmp_path: Path) -> None:
    kept, one, other = Networks(tmp_path), a_model("rnn"), a_model("rnn", nonlinearity="relu")
    paths = [kept.folder / f"{kept.keep(model)}.npz" for model in (one, other)]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)
    for model, path in ((one, paths[0]), (other, paths[1])):
        with pytest.raises(ValueError, match=f"^{damaged(path, 'it holds another network')}$"):
            kept.lend(source_of(model, "mine"))
    for model in (one, other):
        kept.keep(model)
        assert says(kept.lend(source_of(model, "mine"))) == says(model)
    assert [path.read_bytes() for path in paths] == contents


LIES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda table: table.pop("spec"), "it is no network that was kept here (Object missing required field `spec`)"),
    (
        lambda table: table.update(colour=1),
        "it is no network that was kept here (Object contains unknown field `colour`)",
    ),
    (lambda table: table.update(format=2), "it is no network that was kept here"),
    (lambda table: table["spec"].update(cell="rgu"), "cell: got 'rgu', expected one of 'rnn', 'gru', 'lstm'"),
    (lambda table: table["spec"].update(cell="lstm"), "its network takes 144 numbers, and 108 are there"),
    (
        lambda table: table["spec"].update(hidden_size=10**6),
        "its network takes 3000015000000 numbers, and 108 are there",
    ),
    (
        lambda table: table["spec"].update(num_layers=10**9),
        "its network takes 119999999988 numbers, and 108 are there",
    ),
    (lambda table: table["spec"].update(hidden_size=0), "its network takes 0 numbers, and 108 are there"),
    (lambda table: table["spec"].update(reset="before"), "it holds another network"),
    (lambda table: table["spec"].update(reset="never"), "reset: got 'never', expected one of 'after', 'before'"),
    (lambda table: table["vocabulary"]["vocabulary"].update(unit="characters"), "it holds another network"),
    (lambda table: table["vocabulary"]["vocabulary"].update(job="sing"), "head.weight has the shape"),
    (lambda table: table["vocabulary"]["vocabulary"]["tokens"].append("x"), "embedding.weight has the shape"),
    (lambda table: table.update(vocabulary={}), "it holds another network"),
]


@pytest.mark.parametrize(("lie", "why"), LIES)
def test_files_that_lie(tmp_path: Path, lie: Callable[[dict[str, Any]], Any], why: str) -> None:
    kept = Networks(tmp_path)
    path = kept.folder / f"{kept.keep(MODEL)}.npz"
    arrays, table = weights.load(path)
    lie(table)
    weights.save(path, arrays, table)
    tracemalloc.start()
    with pytest.raises(ValueError, match=re.escape(f"{path.name}, which stays as it is): {why}")) as raised:
        kept.lend(source_of(MODEL, "mine"))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert str(raised.value).isprintable()


def test_a_file_without_numbers(tmp_path: Path) -> None:
    kept = Networks(tmp_path)
    path = kept.folder / f"{kept.keep(MODEL)}.npz"
    _arrays, table = weights.load(path)
    table["spec"]["hidden_size"] = 0
    weights.save(path, {}, table)
    with pytest.raises(ValueError, match=r": its network takes 0 numbers, and 0 are there\. "):
        kept.lend(source_of(MODEL, "mine"))


def test_what_is_no_file(tmp_path: Path) -> None:
    kept = Networks(tmp_path)
    kept.folder.mkdir()
    path = kept.folder / f"{fingerprint(MODEL)}.npz"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        with pytest.raises(ValueError, match=f"^{damaged(path, 'it is not a file')}$"):
            kept.lend(source_of(MODEL, "mine"))
        kept.keep(MODEL)
        assert says(kept.lend(source_of(MODEL, "mine"))) == says(MODEL)


# Others at the same time.


def test_another_is_faster_with_the_same_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the writing another process keeps it."""
    place, done = networks.placed, []

    @contextmanager
    def late(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
        if not done:
            done.append(path)
            Networks(tmp_path).keep(MODEL)
        with place(path, overwrite=overwrite) as part:
            yield part

    monkeypatch.setattr(networks, "placed", late)
    assert Networks(tmp_path).keep(MODEL) == fingerprint(MODEL)
    assert done
    assert says(Networks(tmp_path).lend(source_of(MODEL, "mine"))) == says(MODEL)
    assert files(tmp_path) == {f"networks/{fingerprint(MODEL)}.npz"}


def test_processes_at_once_keep_the_same(tmp_path: Path) -> None:
    """All keep the same ones, and remove them again: what is lent is whole, or not there."""
    lines = """
import sys
from pathlib import Path
from tests.sandbox.test_networks import Networks, a_model, fingerprint, source_of
kept = Networks(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for k in range(40):
    model = a_model(num_layers=1 + k // 4 % 4)
    if k % 4 == 3:
        (kept.folder / f"{fingerprint(model)}.npz").unlink(missing_ok=True)
    else:
        kept.keep(model)
        try:
            assert fingerprint(kept.lend(source_of(model, "x"))) == fingerprint(model)
        except ValueError as error:
            assert "is not on this machine" in str(error), error
"""
    pipe, root = subprocess.PIPE, Path(__file__).parents[2]
    command = [sys.executable, "-c", lines, str(tmp_path)]
    every = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root) for _ in range(3)]
    for process in every:
        assert process.stdout is not None
        process.stdout.readline()
    for process in every:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in every:
        process.communicate()
    assert [process.returncode for process in every] == [0, 0, 0]
    assert {re.sub("[0-9a-f]{16}", "X", name) for name in files(tmp_path)} <= {"networks/X.npz"}
    for layers in (1, 2, 3, 4):
        model = a_model(num_layers=layers)
        Networks(tmp_path).keep(model)
        assert says(Networks(tmp_path).lend(source_of(model, "x"))) == says(model)
