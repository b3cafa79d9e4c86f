"""Networks of a person's own: opened as models that every instrument works on, and saved so that PyTorch reads on."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course.figures.attribution import attribution_values
from tutor.course.figures.compare import compared
from tutor.course.figures.gates import GatesValues
from tutor.course.figures.state import StateValues
from tutor.course.figures.unrolled import unrolled_values
from tutor.engine import Recurrent, weights
from tutor.engine.cells import CELLS
from tutor.engine.gradient_flow import gradient_flow
from tutor.engine.model import Model, ModelSpec, word_vector
from tutor.engine.opened import opened
from tutor.engine.pytorch import pytorch_lines, save_recurrent
from tutor.engine.surgery import Cut
from tutor.engine.text import UNKNOWN, Vocabulary, normalized, tokenize
from tutor.sandbox import weights_file
from tutor.sandbox.experiment import MAX_NUMBERS, Experiment, Nudge
from tutor.sandbox.exporting import export
from tutor.sandbox.weights_file import BESIDE, Opened, lying_beside, open_weights, save_weights

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed; this check runs where it is"
)
needs_safetensors = pytest.mark.skipif(
    importlib.util.find_spec("safetensors") is None, reason="safetensors is not installed; this check runs where it is"
)
FORMATS = [pytest.param(".safetensors", marks=needs_safetensors), ".npz"]
SHAPES = [
    pytest.param(cell, layers, both, bias, id=f"{cell}-{layers}{'-both' * both}{'' if bias else '-no-bias'}")
    for cell in CELLS
    for layers, both, bias in ((1, False, True), (2, True, True), (1, True, False))
]
WORDS = ["never", "too", "late", "to", "日本"]
TEXT = tokenize("Never too late, 日 to")


def a_net(
    cell: str = "gru", D: int = 5, H: int = 3, layers: int = 1, both: bool = False, bias: bool = True
) -> Recurrent:
    return Recurrent(cell, D, H, layers, both, bias, seed=2)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A network of five inputs in a file."""
    path = tmp_path / "net.npz"
    save_recurrent(path, a_net())
    return path


def beside(path: Path, content: str | bytes, name: str = "words.txt") -> Path:
    """A vocabulary next to a file."""
    found = path.with_name(name)
    found.write_bytes(content if isinstance(content, bytes) else content.encode())
    return found


# Opening.


@pytest.mark.parametrize("worded", [True, False])
@pytest.mark.parametrize(("cell", "layers", "both", "bias"), SHAPES)
def test_every_instrument_works(tmp_path: Path, cell: str, layers: int, both: bool, bias: bool, worded: bool) -> None:
    net = a_net(cell, layers=layers, both=both, bias=bias)
    save_recurrent(tmp_path / "net.npz", net)
    words = beside(tmp_path / "net.npz", "\n".join(WORDS)) if worded else None
    model = open_weights(tmp_path / "net.npz", words)
    run = model.run(TEXT, cuts=(Cut(2, "h", 1, 0.25),))
    # The network of the file computes the same of the same inputs.
    plain = net.forward(run.x[:, None], cuts=(Cut(2, "h", 1, 0.25),))
    np.testing.assert_allclose(run.hidden, plain.output[:, 0], rtol=0, atol=1e-6)
    directions = 2 if both else 1
    assert run.hidden.shape == (len(TEXT), 3 * directions)
    assert set(run.weights) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
    assert bool(run.backward) is both
    assert run.logits is None
    assert run.next() == ()
    flow = gradient_flow(model.net, run.trace)
    assert np.isfinite(flow.spectral_norms).all()
    for figure in (StateValues(run, 0), GatesValues(run), unrolled_values(run)):
        assert all(table.rows for table in figure.tables())
    assert compared((run, model.run(TEXT[::-1]))).tables()
    for direction in range(directions):
        part = opened(run, 3, 2, direction)
        assert part.value == pytest.approx(float(run.hidden[3, 3 * direction + 2]), abs=1e-6)
        assert GatesValues(run).made(4, 2, direction)
    with pytest.raises(ValueError, match=r"^This model has no head"):
        attribution_values(run)
    assert export(run, tmp_path / "run.npz").exists()
    assert run.spec.network(5).state_dict().keys() == model.net.state_dict().keys()


def test_a_bench_runs_it_nudged_from_a_state_by_hand(saved: Path) -> None:
    model = open_weights(saved, beside(saved, "\n".join(WORDS)))
    nudges = (Nudge("weight_hh_l0", 0, 1, 0.5),)
    experiment = Experiment("never late", source="file", start="hand", h_0=(0.5, 0, -1), nudges=nudges)
    other = experiment.model({"file": model})
    assert other.net.state_dict()["weight_hh_l0"][0, 1] == model.net.state_dict()["weight_hh_l0"][0, 1] + 0.5
    run = experiment.run(other)
    assert run.h_0.tolist() == [0.5, 0, -1]
    assert run.x.tolist() == [[1, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    assert (run.hidden != experiment.run(model).hidden).any()


def test_one_hot_and_unknown(saved: Path) -> None:
    model = open_weights(saved, beside(saved, "\n".join(WORDS)))
    run = model.run(["Never", "日本", "nobody", "to"])
    assert run.known == (True, True, False, True)
    assert run.x.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]]
    assert run.x.dtype == np.float32


def test_its_own_unknown_token_is_what_unknown_tokens_are(saved: Path) -> None:
    model = open_weights(saved, beside(saved, "never\ntoo\n<unk>\nlate\nto\n"))
    run = model.run(["nobody", "late", "to"])
    assert run.known == (False, True, True)
    assert run.x.tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


def test_word_vectors_without_a_vocabulary(saved: Path) -> None:
    run = open_weights(saved, seed=4).run(["too", "late", "too"])
    assert run.known == (True, True, True)
    assert (run.x == np.stack([word_vector(word, 5, 4) for word in ("too", "late", "too")])).all()
    untrained = Model(ModelSpec("gru", 3, 5, seed=4), None).run(["too", "late", "too"])
    assert (run.x == untrained.x).all()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "never\ntoo\nlate\nto\n日本"),
        ("a.txt", "never\ntoo\nlate\nto\n日本\n"),
        ("a.txt", "\ufeffnever\r\n too \r\nlate\r\nto\t\r\n日本\r\n"),
        ("a.json", json.dumps(WORDS)),
        ("a.txt", json.dumps(WORDS, indent=1)),
        ("a", "\ufeff " + json.dumps(WORDS, ensure_ascii=False)),
        ("a.json", json.dumps({word: at for at, word in reversed(list(enumerate(WORDS)))})),
        ("a.txt", json.dumps({word: at for at, word in enumerate(WORDS)})),
    ],
)
def test_the_shapes_of_a_vocabulary(saved: Path, name: str, content: str) -> None:
    model = open_weights(saved, beside(saved, content, name))
    assert model.vocabulary is not None
    assert model.vocabulary.ordinary == tuple(WORDS)
    assert (model.run(WORDS).x == np.eye(5)).all()


def test_lines_may_begin_with_brackets(saved: Path) -> None:
    model = open_weights(saved, beside(saved, "[\n{\n[PAD]\n{}\n]\n"))
    assert model.vocabulary is not None
    assert model.vocabulary.ordinary == ("[", "{", "[PAD]", "{}", "]")


def test_characters(saved: Path) -> None:
    """Tokens are read as they are written in a text: composed, a line break as a space unless there is a space."""
    words = beside(saved, json.dumps(["e\u0301", "\n", "b", "\t", " "]), "a.json")
    model = open_weights(saved, words, unit="characters")
    run = Experiment("b\né\t", source="file").run(model)
    assert run.tokens == ("b", " ", "é", " ")
    assert run.known == (True,) * 4
    assert run.x.argmax(axis=1).tolist() == [2, 4, 0, 4]
    words = beside(saved, json.dumps(["e\u0301", "\n", "b", "c", "d"]), "b.json")
    assert open_weights(saved, words, unit="characters").run([" "]).x.argmax() == 1
    words = beside(saved, "a\n \nb\nc\nd")
    assert open_weights(saved, words, unit="characters").run([" "]).x.argmax() == 1


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8, unique=True))
def test_any_tokens_of_a_list_keep_their_places(tokens: list[str]) -> None:
    names = weights_file._as_read(weights_file._tokens(json.dumps(tokens).encode(), named_json=True))
    assert len(set(names)) == len(tokens)
    for name, token in zip(names, tokens, strict=True):
        assert name in (token, normalized(token))


def test_float64_and_relu(tmp_path: Path) -> None:
    net = Recurrent("rnn", 5, 3, nonlinearity="relu", dtype=np.float64, seed=3)
    save_recurrent(tmp_path / "net.npz", net)
    model = open_weights(tmp_path / "net.npz", beside(tmp_path / "x", "\n".join(WORDS)), nonlinearity="relu")
    run = model.run(["late", "too"])
    assert run.x.dtype == run.hidden.dtype == np.float64
    assert run.hidden.min() == 0.0
    assert run.spec.nonlinearity == "relu"
    save_recurrent(tmp_path / "gru.npz", a_net())
    with pytest.raises(ValueError, match=r"^nonlinearity: got 'relu', expected 'tanh': only the RNN has others"):
        open_weights(tmp_path / "gru.npz", nonlinearity="relu")


def test_the_identity_is_never_made(tmp_path: Path) -> None:
    """A vocabulary of 100,000 would be a matrix of 40 GB."""
    V = 100_000
    save_recurrent(tmp_path / "net.npz", Recurrent("rnn", V, 2, init="zeros"))
    model = open_weights(tmp_path / "net.npz", beside(tmp_path / "x", "\n".join(f"w{n}" for n in range(V))))
    assert model.run(["w99999", "w7"]).x.argmax(axis=1).tolist() == [99999, 7]
    assert model.count_parameters() == 2 * V + 4 + 4
    # A text that would keep too much is read as far as there is room for it.
    experiment = Experiment(text="w1 " * 2_000, source="net")
    assert len(experiment.run(model).tokens) == MAX_NUMBERS // (V + 8 * 2)


@pytest.mark.parametrize(
    ("tokens", "unit"),
    [("a b c", "characters"), ("é n 日", "characters"), ("a cat ran", "words"), ("<unk> a b", "characters")],
)
def test_what_a_token_is_is_seen_from_the_vocabulary(tmp_path: Path, tokens: str, unit: str) -> None:
    names = tokens.split()
    save_recurrent(tmp_path / "net.npz", a_net(D=len(names)))
    told = beside(tmp_path / "x", "\n".join(names))
    assert open_weights(tmp_path / "net.npz", told).spec.unit == unit
    assert open_weights(tmp_path / "net.npz", told, unit="words").spec.unit == "words"


def test_a_relu_that_was_saved_here_is_one_again(tmp_path: Path) -> None:
    save_recurrent(tmp_path / "net.npz", a_net("rnn"))
    model = open_weights(tmp_path / "net.npz", beside(tmp_path / "x", "\n".join(WORDS)), nonlinearity="relu")
    save_weights(model, tmp_path / "mine.npz")
    again = open_weights(tmp_path / "mine.npz", tmp_path / f"mine{BESIDE}")
    assert again.spec.nonlinearity == "relu"
    assert again.run(["late", "too"]).hidden.tobytes() == model.run(["late", "too"]).hidden.tobytes()
    asked = open_weights(tmp_path / "mine.npz", tmp_path / f"mine{BESIDE}", nonlinearity="tanh")
    assert asked.spec.nonlinearity == "tanh", "who asks for one gets it"


# What cannot be opened.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("never\ntoo\n", "it holds 2 tokens, and the network has 5 inputs: expected one token for each"),
        ("", "it is empty: expected a token in each line, or JSON"),
        ("\n\r\n", "it is empty: expected a token in each line, or JSON"),
        ("a\nb\n\nd\ne", "token 3 is empty"),
        ("a\nb\nc\nb\ne", "the token 'b' is there twice, as number 2 and number 4"),
        ("a\nb\nc\n b\ne", "the token 'b' is there twice, as number 2 and number 4"),
        (b"\x00\x01\x02", "it is no vocabulary: it holds control characters, as binary files do"),
        ("a\x1b[31m\nb", "it is no vocabulary: it holds control characters, as binary files do"),
        (b"\xff\xfea\x00", "it is no vocabulary: expected text in UTF-8, with a token in each line, or JSON"),
        (b"\x80\x04\x95", "it is no vocabulary: expected text in UTF-8, with a token in each line, or JSON"),
        ('["a", "b"', "it is not JSON: Expecting ',' delimiter in line 1"),
        ('["a", 1]', "it is neither a list of tokens nor a table of their indices"),
        ('["a", "", "c"]', "token 2 is empty"),
        (r'["a", "\u001b[2J", "a"]', "the token 'a' is there twice, as number 1 and number 3"),
        ('{"a": 0, "b": 2}', "the token 'b' has the index 2, expected each from 0 to 1 once"),
        ('{"a": 0, "b": 0}', "the token 'b' has the index 0, expected each from 0 to 1 once"),
        ('{"a": true, "b": 0}', "the token 'a' has the index True, expected each from 0 to 1 once"),
        ('{"a": 0, "a": 1}', "the token 'a' is there twice"),
        ('["a", ' + "[" * 100_000, "it is nested too deeply"),
        (b"PK\x03\x04" + b"\x00" * 100, "it is no whole npz file: its directory is not at its end"),
    ],
)
def test_vocabularies_that_are_none(saved: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape('words.txt: ' + said)}") as raised:
        open_weights(saved, beside(saved, content))
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "it is neither a list of tokens nor a table of their indices"),
        ("a\nb\nc\nd\ne", "it is not JSON: Expecting value in line 1"),
        ("3", "it is neither a list of tokens nor a table of their indices"),
    ],
)
def test_what_is_called_json_is_json(saved: Path, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape('words.json: ' + said)}"):
        open_weights(saved, beside(saved, content, "words.json"))


def test_files_that_are_none(tmp_path: Path, saved: Path) -> None:
    words = beside(saved, "\n".join(WORDS))
    with pytest.raises(FileNotFoundError):
        open_weights(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError):
        open_weights(saved, tmp_path / "missing.txt")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValueError, match=r"^folder\.npz: it is not a file$"):
        open_weights(tmp_path / "folder.npz", words)
    with pytest.raises(ValueError, match=r"^folder\.npz: it is not a file$"):
        open_weights(saved, tmp_path / "folder.npz")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match=r"^pipe: it is not a file$"):
            open_weights(saved, tmp_path / "pipe")


def test_a_vocabulary_that_is_too_large_is_not_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_file, "MOST_VOCABULARY", 10)
    with pytest.raises(ValueError, match=r"^words\.txt: it holds more than 10 bytes$"):
        open_weights(saved, beside(saved, "\n".join(WORDS)))


def test_weights_that_are_none(tmp_path: Path, saved: Path) -> None:
    content = saved.read_bytes()
    state = dict(a_net().state_dict())
    np.savez(tmp_path / "nan.npz", **{name: array * np.nan for name, array in state.items()})
    np.savez(tmp_path / "shape.npz", **state | {"weight_hh_l0": np.zeros((9, 4), np.float32)})
    for name, data, said in (
        ("net.pt", b"\x80\x02}q\x00.", "it is a pickle, which can run anything when it is opened"),
        ("cut.npz", content[:-30], "it is no whole npz file"),
        ("empty.npz", b"", "it is neither a safetensors nor an npz file"),
        ("nan.npz", None, "weight_ih_l0 holds a value that is not finite"),
        ("shape.npz", None, "weight_hh_l0 has the shape (9, 4), expected (H, H), (3·H, H) or (4·H, H)"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f"^{re.escape(f'{name}: {said}')}") as raised:
            open_weights(tmp_path / name)
        assert "\n" not in str(raised.value)


def test_arguments_that_cannot_be(saved: Path) -> None:
    with pytest.raises(ValueError, match=r"^unit: got 'lines', expected one of '', 'words', 'characters'$"):
        open_weights(saved, unit="lines")
    with pytest.raises(ValueError, match=r"^nonlinearity: got 'sine'"):
        open_weights(saved, nonlinearity="sine")
    with pytest.raises(ValueError, match=r"^seed: got -1"):
        open_weights(saved, seed=-1)


# Saving.


def a_model(
    cell: str = "lstm", *, layers: int = 1, both: bool = False, job: str = "next", learned: bool = False, **more: Any
) -> Model:
    """A model with a vocabulary and a head, every number drawn."""
    spec = ModelSpec(cell, 4, 3, layers, both, learned_h_0=learned, seed=6)
    labels = () if job == "next" else ("good", "bad", "neither")
    model = Model(spec, Vocabulary(WORDS, end=job == "next"), job=job, labels=labels, **more)
    model.flat[:] = np.random.default_rng(1).normal(0, 0.7, model.flat.size)
    return model


MODELS = [
    pytest.param(
        {"cell": cell, "layers": layers, "both": both, "job": job, "learned": learned},
        id=f"{cell}-{layers}-{job}{'-both' * both}{'-h_0' * learned}",
    )
    for cell, layers, both, job, learned in (
        ("rnn", 1, False, "next", False),
        ("gru", 2, False, "next", True),
        ("lstm", 1, False, "next", True),
        ("lstm", 2, True, "tag", False),
        ("gru", 1, True, "classify", True),
        ("rnn", 1, False, "classify", False),
    )
]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("given_", MODELS)
def test_what_is_saved_opens_here_as_the_same_model(tmp_path: Path, given_: dict[str, Any], suffix: str) -> None:
    model = a_model(**given_)
    path = tmp_path / f"net{suffix}"
    save_weights(model, path)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, "net.vocabulary.npz"}
    back = open_weights(path, tmp_path / "net.vocabulary.npz")
    assert back.vocabulary is not None
    assert model.vocabulary is not None
    assert (back.vocabulary.tokens, back.vocabulary.end) == (model.vocabulary.tokens, model.vocabulary.end)
    assert (back.job, back.labels) == (model.job, model.labels)
    assert (back.spec.unit, back.spec.seed) == ("words", 6)
    assert {name: array.tobytes() for name, array in back.state_dict().items()} == {
        name: array.tobytes() for name, array in model.state_dict().items()
    }
    ours, theirs = model.run(TEXT), back.run(TEXT)
    assert ours.known == theirs.known
    assert ours.logits is not None
    assert theirs.logits is not None
    assert (ours.logits == theirs.logits).all()
    label = model.labels[-1]
    assert attribution_values(theirs, label=label).tables() == attribution_values(ours, label=label).tables()


UNTRAINED = {
    "words": lambda: Experiment("never too late", cell="gru", seed=9).model(),
    "characters": lambda: Experiment("never", unit="characters", seed=2**70, layers=2, bidirectional=True).model(),
    "float64": lambda: Model(ModelSpec("lstm", 4, 3, unit="characters", seed=3), None, dtype=np.float64),
    "relu": lambda: Model(ModelSpec("rnn", 4, 3, nonlinearity="relu", seed=1), None),
    "opened": lambda: Opened(a_net("rnn"), unit="characters", seed=5),
    "no biases": lambda: Opened(a_net("lstm", bias=False), seed=5),
    "a seed of numpy": lambda: Model(ModelSpec("gru", seed=np.int64(7)), None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("made", UNTRAINED.values(), ids=UNTRAINED)
def test_a_model_without_a_vocabulary_opens_here_as_the_same(
    tmp_path: Path, made: Callable[[], Model], suffix: str
) -> None:
    model = made()
    path = tmp_path / f"net{suffix}"
    lines = save_weights(model, path)
    assert lines == pytorch_lines(path, model.net), "there is no vocabulary to read"
    assert {file.name for file in tmp_path.iterdir()} == {path.name, "net.vocabulary.npz"}
    second = lying_beside(path)
    back = open_weights(path, second)
    assert back.vocabulary is None
    assert (back.spec.unit, back.spec.seed) == (model.spec.unit, model.spec.seed)
    assert back.net.nonlinearity == model.net.nonlinearity
    for text in ("never too late", "永, never\ta\u0301"):
        tokens = tokenize(text, model.spec.unit)
        ours, theirs = model.run(tokens), back.run(tokens)
        assert theirs.x.tobytes() == ours.x.tobytes()
        assert theirs.hidden.tobytes() == ours.hidden.tobytes()
        assert theirs.hidden.dtype == ours.hidden.dtype
        assert theirs.known == ours.known


def test_what_lies_about_having_no_vocabulary(tmp_path: Path) -> None:
    save_weights(Experiment().model(), tmp_path / "net.npz")
    arrays, table = told_of(tmp_path / "net.vocabulary.npz")
    for more, changes in (
        ({}, {"seed": -1}),
        ({}, {"format": 2}),
        ({}, {"columns": [0]}),
        ({"embedding.weight": np.zeros((1, 8))}, {}),
    ):
        weights.save(tmp_path / "lie.npz", arrays | more, {"vocabulary": table["vocabulary"] | changes})
        with pytest.raises(ValueError, match=r"^lie\.npz: it is no vocabulary that was saved here$"):
            open_weights(tmp_path / "net.npz", tmp_path / "lie.npz")


# The second file belongs to one network.


def twins(cell: str = "lstm") -> tuple[Model, Model]:
    """Two models of the same sizes, whose networks have other numbers."""
    one, other = a_model(cell), a_model(cell)
    other.flat[0] += 0.5
    return one, other


@pytest.mark.parametrize("bare", [True, False])
def test_another_network_s_second_file_is_passed_over(tmp_path: Path, bare: bool) -> None:
    one, other = (Experiment(seed=seed).model() for seed in (1, 2)) if bare else twins()
    save_weights(one, tmp_path / "one.npz")
    save_weights(other, tmp_path / "other.npz")
    first, second = tmp_path / "one.vocabulary.npz", tmp_path / "other.vocabulary.npz"
    assert lying_beside(tmp_path / "one.npz") == first
    assert lying_beside(tmp_path / "other.npz") == second
    second.write_bytes(first.read_bytes())
    assert lying_beside(tmp_path / "other.npz") is None
    # Who asks for it gets it: a network that has learned further elsewhere still reads the same tokens.
    named, own = (open_weights(tmp_path / name, first).vocabulary for name in ("other.npz", "one.npz"))
    assert named is own is None if bare else named.tokens == own.tokens  # type: ignore[union-attr]


def test_a_number_that_is_minus_nothing_is_another(tmp_path: Path) -> None:
    model = a_model()
    model.flat[0] = 0.0
    save_weights(model, tmp_path / "net.npz")
    assert lying_beside(tmp_path / "net.npz") is not None
    model.flat[0] = -0.0
    save_recurrent(tmp_path / "net.npz", model.net)
    assert lying_beside(tmp_path / "net.npz") is None


@needs_safetensors
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_is_the_same_in_both_kinds_of_file(tmp_path: Path, dtype: type) -> None:
    model = a_model("gru", layers=2, both=True, job="tag", dtype=dtype)
    save_weights(model, tmp_path / "net.npz")
    save_recurrent(tmp_path / "net.safetensors", model.net)
    swapped = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in model.net.state_dict().items()}
    (tmp_path / "turned").mkdir()
    np.savez(tmp_path / "turned" / "net.npz", **dict(reversed(swapped.items())))
    (tmp_path / "turned" / "net.vocabulary.npz").write_bytes((tmp_path / "net.vocabulary.npz").read_bytes())
    for path in (tmp_path / "net.safetensors", tmp_path / "turned" / "net.npz"):
        second = lying_beside(path)
        assert second == path.with_name("net.vocabulary.npz")
        assert (open_weights(path, second).run(TEXT).hidden == model.run(TEXT).hidden).all()
    save_recurrent(tmp_path / "net.safetensors", twins("gru")[0].net)
    assert lying_beside(tmp_path / "net.safetensors") is None


def test_a_second_file_that_names_no_network_opens_as_ever(tmp_path: Path) -> None:
    one, other = twins()
    save_weights(one, tmp_path / "net.npz")
    second = tmp_path / "net.vocabulary.npz"
    arrays, table = told_of(second)
    assert re.fullmatch("[0-9a-f]{16}", table["vocabulary"].pop("network"))
    weights.save(second, arrays, table)
    save_recurrent(tmp_path / "net.npz", other.net)
    assert lying_beside(tmp_path / "net.npz") == second
    assert (open_weights(tmp_path / "net.npz", second).net.flat == other.net.flat).all()


def test_what_is_damaged_is_not_passed_over(tmp_path: Path) -> None:
    path, second = tmp_path / "net.npz", tmp_path / "net.vocabulary.npz"
    save_weights(a_model(), path)
    whole, told = path.read_bytes(), second.read_bytes()
    for first, beside_, said in (
        (whole, told[:-30], r"^net\.vocabulary\.npz: it is no whole npz file"),
        (whole, b"", r"^net\.vocabulary\.npz: it is empty"),
        (whole, whole, r"^net\.vocabulary\.npz: it is no file of a trained model"),
        (whole[:-30], told, r"^net\.npz: it is no whole npz file"),
    ):
        path.write_bytes(first)
        second.write_bytes(beside_)
        assert lying_beside(path) == second
        with pytest.raises(ValueError, match=said) as raised:
            open_weights(path, second)
        assert str(raised.value).isprintable()
    path.unlink()
    assert lying_beside(path) == second
    second.unlink()
    assert lying_beside(path) is None
    second.mkdir()
    assert lying_beside(path) is None
    assert lying_beside(tmp_path / f"{'n' * 250}.npz") is None, "the longer name is too long"


def test_one_hot_is_saved_with_its_inputs(tmp_path: Path, saved: Path) -> None:
    model = open_weights(saved, beside(saved, "never\ntoo\n<unk>\nlate\n日本"), unit="characters")
    save_weights(model, tmp_path / "again.npz")
    back = open_weights(tmp_path / "again.npz", tmp_path / "again.vocabulary.npz")
    assert isinstance(back, Opened)
    assert back.spec == model.spec
    tokens = ["late", "nobody", "日本", "Too"]
    assert back.run(tokens).known == model.run(tokens).known
    assert (back.run(tokens).x == model.run(tokens).x).all()
    assert (back.run(tokens).hidden == model.run(tokens).hidden).all()


def test_nothing_is_saved_over(tmp_path: Path) -> None:
    path, other = tmp_path / "net.npz", tmp_path / "net.vocabulary.npz"
    other.write_bytes(b"mine")
    with pytest.raises(
        ValueError, match=r"^net\.vocabulary\.npz is there already, and stays as it is; net-2\.npz is free$"
    ):
        save_weights(a_model(), path)
    assert not path.exists()
    other.unlink()
    path.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"^net\.npz is there already, and stays as it is; net-2\.npz is free$"):
        save_weights(a_model(), path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("net.npz", b"mine")]
    (tmp_path / "net-2.vocabulary.npz").write_bytes(b"mine")
    (tmp_path / "net-3.npz").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"^net\.npz is there already, and stays as it is; net-4\.npz is free$"):
        save_weights(a_model(), path)
    save_weights(a_model(), tmp_path / "net-4.npz")
    save_weights(a_model(), path, overwrite=True)
    assert open_weights(path, other).run(TEXT)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("which", ["net", "net.vocabulary"])
def test_a_place_that_is_taken_meanwhile_leaves_neither_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, suffix: str
) -> None:
    path = tmp_path / f"net{suffix}"
    late = tmp_path / (path.name if which == "net" else "net.vocabulary.npz")

    def written(part: Path, net: Recurrent) -> None:
        save_recurrent(part, net)
        late.write_bytes(b"theirs")

    monkeypatch.setattr(weights_file, "save_recurrent", written)
    said = f"{late.name} is there already, and stays as it is; net-2{suffix} is free"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        save_weights(a_model(), path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(late.name, b"theirs")]


def test_a_first_file_that_cannot_be_placed_leaves_no_second(tmp_path: Path) -> None:
    (tmp_path / "net.npz").mkdir()
    with pytest.raises(OSError, match=r"net\.npz"):
        save_weights(a_model(), tmp_path / "net.npz", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]


def test_only_what_was_put_there_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(b"mine")
    mine = path.stat()
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "theirs").replace(path)
    weights_file._taken_back(path, mine)
    assert path.read_bytes() == b"theirs"


def test_networks_that_pytorch_does_not_have(tmp_path: Path) -> None:
    for spec in (ModelSpec("rnn", nonlinearity="identity"), ModelSpec("gru", reset="before")):
        with pytest.raises(ValueError, match=r"PyTorch's (RNN|GRU) has no other$"):
            save_weights(Model(spec, None), tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"^path: got 'net\.pt', expected a name that ends in \.safetensors or \.npz$"):
        save_weights(a_model(), tmp_path / "net.pt")
    model = a_model()
    model.flat[0] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity"):
        save_weights(model, tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


def told_of(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the table of a second file."""
    return weights.load(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "it is no vocabulary that was saved here"),
        ({"format": None}, "it is no vocabulary that was saved here (Expected `int`, got `null` - at `$.format`)"),
        ({"colour": 1}, "it is no vocabulary that was saved here (Object contains unknown field `colour`)"),
        ({"tokens": ["<unk>", "a", "a"]}, "it is no vocabulary that was saved here"),
        ({"tokens": ["a", "b"], "special": 0}, "it is no vocabulary that was saved here"),
        ({"special": -1}, "it is no vocabulary that was saved here"),
        ({"seed": -1}, "it is no vocabulary that was saved here"),
        ({"tokens": []}, "it is no vocabulary that was saved here"),
        ({"network": 1}, "it is no vocabulary that was saved here (Expected `str`, got `int` - at `$.network`)"),
        ({"unit": "lines"}, "unit: got 'lines', expected one of 'words', 'characters'"),
        ({"job": "sing"}, "head.weight has the shape (7, 4), expected (0, 4) for this network"),
        (
            {"tokens": ["<unk>", "<end>", "a"]},
            "embedding.weight has the shape (7, 3), expected (3, 3) for this network",
        ),
    ],
)
def test_second_files_that_lie(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    save_weights(a_model(), tmp_path / "net.npz")
    arrays, table = told_of(tmp_path / "net.vocabulary.npz")
    weights.save(tmp_path / "lie.npz", arrays, {"vocabulary": table["vocabulary"] | changes})
    with pytest.raises(ValueError, match=f"^{re.escape(f'lie.npz: {said}')}$"):
        open_weights(tmp_path / "net.npz", tmp_path / "lie.npz")


def test_second_files_of_another_network(tmp_path: Path, saved: Path) -> None:
    save_weights(a_model(), tmp_path / "other.npz")
    arrays, table = told_of(tmp_path / "other.vocabulary.npz")
    with pytest.raises(
        ValueError, match=r"^other\.vocabulary\.npz: embedding\.weight has the shape \(7, 3\), expected"
    ):
        open_weights(saved, tmp_path / "other.vocabulary.npz")
    del arrays["head.bias"]
    weights.save(tmp_path / "less.npz", arrays, table)
    with pytest.raises(ValueError, match=r"^less\.npz: head\.bias is missing$"):
        open_weights(tmp_path / "other.npz", tmp_path / "less.npz")
    weights.save(tmp_path / "more.npz", arrays | {"x": np.zeros(1)}, table)
    with pytest.raises(ValueError, match=r"^more\.npz: x has the shape \(1,\), expected none for this network$"):
        open_weights(tmp_path / "other.npz", tmp_path / "more.npz")
    weights.save(tmp_path / "none.npz", {}, {})
    with pytest.raises(ValueError, match=r"^none\.npz: it is no vocabulary that was saved here \(Expected `object`"):
        open_weights(tmp_path / "other.npz", tmp_path / "none.npz")
    save_weights(open_weights(saved, beside(saved, "\n".join(WORDS))), tmp_path / "hot.npz")
    arrays, table = told_of(tmp_path / "hot.vocabulary.npz")
    del table["vocabulary"]["network"]
    weights.save(tmp_path / "hot.vocabulary.npz", arrays, table)
    for columns in ([-1, 0, 1, 2, 3, 3], [-1, 0, 1, 2, 3], [-1, 0, 1, 2, 3, 5], [-1, 0, 1, 2, 3, -2]):
        weights.save(tmp_path / "lie.npz", arrays, {"vocabulary": table["vocabulary"] | {"columns": columns}})
        with pytest.raises(
            ValueError, match=r"^lie\.npz: it holds . tokens, and the network has 5 inputs: expected one"
        ):
            open_weights(saved, tmp_path / "lie.npz")
    said = r"^hot\.vocabulary\.npz: it holds 5 tokens, and the network has 3 inputs: expected one token for each$"
    with pytest.raises(ValueError, match=said):
        open_weights(tmp_path / "other.npz", tmp_path / "hot.vocabulary.npz")


# What PyTorch says.

PROBABILITIES = """
import sys
with torch.no_grad():
    np.save(sys.argv[1], probabilities(sys.argv[2:]).numpy())
"""


@needs_torch
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("given_", MODELS)
def test_pytorch_says_the_same_probabilities(tmp_path: Path, given_: dict[str, Any], suffix: str) -> None:
    import torch

    model = a_model(**given_, dtype=np.float64)
    found: dict[str, Any] = {}
    exec(save_weights(model, tmp_path / f"it's{suffix}"), found)
    tokens = ["Never", "too", "nobody", "日本", "<unk>", "<end>"]
    with torch.no_grad():
        theirs = found["probabilities"](tokens).numpy()
    ours = model.run(tokens).probabilities
    assert ours is not None
    assert ours.std() > 0.01
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)
    assert found["labels"] == [*model.labels]
    assert isinstance(found["embedding"], torch.nn.Embedding)
    assert isinstance(found["head"], torch.nn.Linear)


@needs_torch
def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    model = a_model()
    lines = save_weights(model, tmp_path / "net.npz")
    command = [sys.executable, "-c", lines + PROBABILITIES, str(tmp_path / "theirs.npy"), "too", "late"]
    subprocess.run(command, check=True, cwd=tmp_path)
    np.testing.assert_allclose(
        np.load(tmp_path / "theirs.npy"), model.run(["too", "late"]).probabilities, rtol=0, atol=1e-6
    )


@needs_torch
@pytest.mark.parametrize("words", ["\n".join(WORDS), "never\ntoo\n<unk>\nlate\n日本"])
def test_pytorch_reads_one_hot(tmp_path: Path, saved: Path, words: str) -> None:
    import torch

    model = open_weights(saved, beside(saved, words))
    found: dict[str, Any] = {}
    exec(save_weights(model, tmp_path / "again.npz"), found)
    tokens = ["Never", "nobody", "日本", "late", UNKNOWN]
    run = model.run(tokens)
    x = found["read"](tokens)
    assert (x.numpy() == run.x).all()
    with torch.no_grad():
        np.testing.assert_allclose(found["net"](x)[0].numpy(), run.hidden, rtol=0, atol=1e-6)


@needs_torch
@needs_safetensors
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_what_pytorch_saved_computes_the_same(tmp_path: Path, name: str) -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(5, 3, 2, bidirectional=True, bias=False)
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    model = open_weights(tmp_path / "theirs.safetensors", beside(tmp_path / "x", "\n".join(WORDS)))
    run = model.run(TEXT)
    with torch.no_grad():
        np.testing.assert_allclose(theirs(torch.tensor(run.x))[0].numpy(), run.hidden, rtol=0, atol=1e-6)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    with pytest.raises(ValueError, match=r"^theirs\.pt: it is a pickle, .* convert it in Python: "):
        open_weights(tmp_path / "theirs.pt")
    with pytest.raises(ValueError, match=r"^theirs\.pt: "):
        open_weights(tmp_path / "theirs.safetensors", tmp_path / "theirs.pt")
