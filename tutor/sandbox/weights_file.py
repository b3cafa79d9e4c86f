"""Networks of a person's own: PyTorch's files opened as models over tokens, and models saved so that PyTorch reads on.

A state_dict says what a network computes, and not what its inputs mean. Beside it a vocabulary does: each token is then
an input of its own. Without one, a word's vector is drawn from the word, as an untrained model's is.

A model that is saved writes its network as PyTorch has it, and in a second file all that PyTorch's network has no
place for: what a token is, the seed of word vectors, the nonlinearity; and the tokens, the embedding, the head and the
learned h_0 where there are. Both together open here as the same model again. The second says which network it belongs
to, and opens with no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from tutor.engine import weights
from tutor.engine.checks import Array, one_of, whole
from tutor.engine.declared import short
from tutor.engine.model import Model, ModelSpec
from tutor.engine.pytorch import open_recurrent, pytorch_lines, save_recurrent
from tutor.engine.recurrent import Recurrent
from tutor.engine.text import UNITS, UNKNOWN, Vocabulary, clean, normalized, tokenize
from tutor.i18n import _
from tutor.sandbox.exporting import numbered, placed, taken

BESIDE = ".vocabulary.npz"
"""What the name of the second file ends in."""
MOST_VOCABULARY = 32 * 1024 * 1024
"""Bytes of a vocabulary as text."""
DIGITS = 16
"""Of a digest, in hexadecimal."""

_FORMAT = 1
_TOLD = "vocabulary"
_MARK = b"rnn-tutor weights 1\n"
"""What the digest of a network's arrays begins with. With another one, no second file belongs to any network."""
_NONE = -1
"""The input of a token that has none."""
_JSON = re.compile(r"\s*(?:\[\s*\"|\{\s*\")")
"""How a list or a table of strings begins; a line of its own may begin with a bracket, too."""
_ARCHIVE = b"PK\x03\x04"
_BINARY = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Opened(Model):
    """A network from a file, over tokens. It has no head: it says nothing of its own.

    With a vocabulary x_t is one_hot(token), and 0 for an unknown one; the identity that this multiplies by is never
    made. Without one, word vectors.

    Args:
        net: the network. Biases that it does not have are 0 in its copy, which computes the same.
        vocabulary: the tokens by index, 0 the unknown one.
        columns: the input of each index, from 0; −1 where there is none.
        unit: what a token is, "words" or "characters".
        seed: of the word vectors.
    """

    def __init__(
        self,
        net: Recurrent,
        vocabulary: Vocabulary | None = None,
        columns: Sequence[int] = (),
        *,
        unit: str = "words",
        seed: int = 0,
    ) -> None:
        super().__init__(spec_of(net, unit=unit, seed=seed), None, dtype=net.dtype)
        self.net.load_state_dict(_with_biases(net, self.net))
        self.vocabulary = vocabulary
        self.columns = np.array(columns, np.int64)

    def vectors(self, tokens: Sequence[str]) -> Array:
        """The tokens' vectors, (T, D)."""
        if self.vocabulary is None:
            return super().vectors(tokens)
        found: Array = np.zeros((len(tokens), self.net.input_size), self.dtype)
        at = self.columns[self.vocabulary.encode(tokens)]
        there = np.flatnonzero(at != _NONE)
        found[there, at[there]] = 1.0
        return found


def spec_of(net: Recurrent, *, unit: str = "words", seed: int = 0, learned_h_0: bool = False) -> ModelSpec:
    """What a model has to be to hold a network; it draws nothing."""
    return ModelSpec(
        cell=net.cell,
        hidden_size=net.hidden_size,
        embedding_size=net.input_size,
        num_layers=net.num_layers,
        bidirectional=net.bidirectional,
        nonlinearity=net.nonlinearity,
        reset=net.reset,
        init="zeros",
        learned_h_0=learned_h_0,
        unit=unit,
        seed=seed,
    )


# Opening


def lying_beside(path: Path) -> Path | None:
    """The second file of `save_weights`, where it lies beside the first and belongs to it.

    What says that it belongs to another network is passed over. Where either cannot be read, the second is returned:
    to open both says what is wrong, and a network never opens without a word as another one than was saved.
    """
    second = _second(path)
    # `is_file` of a path would raise where the longer name is too long for the system.
    if not os.path.isfile(second):
        return None
    try:
        found = _known(weights.load(second)[1])
        return second if not found.network or found.network == _network(open_recurrent(path)) else None
    except (OSError, ValueError):
        return second


def _second(path: Path) -> Path:
    """Where the second file lies."""
    return path.with_name(path.stem + BESIDE)


def _network(net: Recurrent) -> str:
    """A digest of a network as its file has it: it is the same whatever kind of file that is."""
    return digest(_MARK, _TOLD, net.state_dict())


def digest(mark: bytes, said: Any, arrays: Mapping[str, Array]) -> str:
    """16 hexadecimal digits of a SHA-256, the same on every machine.

    Args:
        mark: what is taken a digest of, and how, in one line.
        said: all that is no array, as JSON has it.
        arrays: by their names, in any order; their precision and their shapes count, too.
    """
    # In one byte order, and in the precision that they have: −0 is another number than 0.
    little = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in sorted(arrays.items())}
    shapes = [[name, f"f{a.dtype.itemsize}", list(a.shape)] for name, a in little.items()]
    head = json.dumps([said, shapes], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    found = hashlib.sha256(mark)
    # JSON has no line break within: where the numbers begin is never in doubt.
    found.update(head.encode("utf-8", "surrogatepass") + b"\n")
    for array in little.values():
        found.update(array.data)
    return found.hexdigest()[:DIGITS]


def open_weights(
    path: str | os.PathLike[str],
    vocabulary: str | os.PathLike[str] | None = None,
    *,
    unit: str = "",
    nonlinearity: str = "",
    seed: int = 0,
) -> Model:
    """A model from a file of PyTorch's weights.

    Args:
        path: safetensors or npz, with the state_dict of one nn.RNN, nn.GRU or nn.LSTM.
        vocabulary: what its inputs mean: UTF-8 with a token in each line, a JSON list, a JSON object token → index, or
            the second file of `save_weights`, which says all the rest, too, and of a model without a vocabulary that
            there is none. None is word vectors of its input's size.
            An unknown token is 0 in every input, and its `known` is False; where the vocabulary has an "<unk>" of its
            own, it is that one's input, and still not known.
        unit: what a token is, "words" or "characters"; as the second file says, or the vocabulary looks, when empty.
        nonlinearity: of an RNN, "tanh" or "relu", which its file does not tell; as the second file says, or "tanh",
            when empty.
        seed: of the word vectors.

    Raises:
        OSError: a file cannot be read.
        ValueError: in one line, what is wrong; of a second file, that it belongs to another network.
    """
    one_of("unit", unit, ("", *UNITS))
    whole("seed", seed, 0)
    net = open_recurrent(path, nonlinearity=nonlinearity or "tanh")
    if vocabulary is None:
        return Opened(net, unit=unit or "words", seed=seed)
    beside = Path(vocabulary)
    data = _read(beside)
    if data.startswith(_ARCHIVE):
        arrays, table = weights.load(beside)
        with weights.about(beside):
            known = _known(table).nonlinearity
            one_of("nonlinearity", known, ("tanh", "relu"))
        if not nonlinearity and known != net.nonlinearity:
            net = open_recurrent(path, nonlinearity=known)
        with weights.about(beside):
            return reopened(net, arrays, table)
    with weights.about(beside):
        tokens = _tokens(data, named_json=beside.suffix.lower() == ".json")
        if len(tokens) != net.input_size:
            said = _("it holds {n} tokens, and the network has {inputs} inputs: expected one token for each")
            raise ValueError(said.format(n=f"{len(tokens):,}", inputs=f"{net.input_size:,}"))
        names = _as_read(tokens)
        own = [at for at, name in enumerate(names) if name != UNKNOWN]
        unknown = names.index(UNKNOWN) if UNKNOWN in names else _NONE
        known_tokens = [names[at] for at in own]
        unit = unit or ("characters" if all(map(_is_character, known_tokens)) else "words")
        return Opened(net, Vocabulary(known_tokens), [unknown, *own], unit=unit, seed=seed)


def _is_character(token: str) -> bool:
    """Whether it is one as a person sees it."""
    return len(tokenize(token, "characters")) == 1


def _with_biases(net: Recurrent, other: Recurrent) -> dict[str, npt.ArrayLike]:
    """A network's weights for one that has biases: those that are not there are 0."""
    mine = net.state_dict()
    return {name: mine[name] if name in mine else np.zeros_like(zero) for name, zero in other.state_dict().items()}


def _read(path: Path) -> bytes:
    """What is in a file that is not too large; of an archive, its beginning."""
    with weights.about(path):
        # Before it is opened: to open what is no file may never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(_("it is not a file"))
        with path.open("rb") as file:
            data = file.read(MOST_VOCABULARY + 1)
        if len(data) > MOST_VOCABULARY and not data.startswith(_ARCHIVE):
            raise ValueError(_("it holds more than {most} bytes").format(most=f"{MOST_VOCABULARY:,}"))
    return data


def _tokens(data: bytes, *, named_json: bool) -> list[str]:
    """The tokens of a vocabulary, by index; each is there once.

    Raises:
        ValueError: in one line, why it is none.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(_("it is no vocabulary: expected text in UTF-8, with a token in each line, or JSON")) from None
    if _BINARY.search(text):
        raise ValueError(_("it is no vocabulary: it holds control characters, as binary files do"))
    if not text.strip("\r\n"):
        raise ValueError(_("it is empty: expected a token in each line, or JSON"))
    tokens = _of_json(text) if named_json or _JSON.match(text) else _of_lines(text)
    places: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if not token:
            raise ValueError(_("token {n} is empty").format(n=at + 1))
        if token in places:
            said = _("the token {token} is there twice, as number {first} and number {n}")
            raise ValueError(said.format(token=_quoted(token), first=places[token] + 1, n=at + 1))
        places[token] = at
    return tokens


def _of_lines(text: str) -> list[str]:
    """A token in each line, without white space around it; a token that is white space is what it is."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if not lines[-1]:
        lines.pop()
    return [line.strip() or line for line in lines]


def _of_json(text: str) -> list[str]:
    """A list of tokens, or a table of their indices."""
    try:
        found = json.loads(text, object_pairs_hook=_table)
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None
    except json.JSONDecodeError as error:
        said = _("it is not JSON: {why} in line {n}")
        raise ValueError(said.format(why=error.msg, n=error.lineno)) from None
    if isinstance(found, list) and found and all(isinstance(token, str) for token in found):
        return found
    if not isinstance(found, dict) or not found:
        raise ValueError(_("it is neither a list of tokens nor a table of their indices"))
    tokens = [""] * len(found)
    taken = set()
    for token, at in found.items():
        if type(at) is not int or not 0 <= at < len(tokens) or at in taken:
            said = _("the token {token} has the index {at}, expected each from 0 to {last} once")
            raise ValueError(said.format(token=_quoted(token), at=clean(short(at)), last=f"{len(tokens) - 1:,}"))
        taken.add(at)
        tokens[at] = token
    return tokens


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(_("the token {token} is there twice").format(token=_quoted(name)))
        found[name] = value
    return found


def _as_read(tokens: Sequence[str]) -> list[str]:
    """Each token as a text has it, composed; as it is in the file where that is another token's name, or nothing."""
    taken = set(tokens)
    names = []
    for token in tokens:
        name = normalized(token)
        if name and name not in taken:
            taken.add(name)
            names.append(name)
        else:
            names.append(token)
    return names


def _quoted(token: str) -> str:
    return clean(short(token))


# Saving


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    """What the second file says beside its arrays."""

    format: int
    tokens: list[str]
    """Index → token, special ones first; empty where there is no vocabulary."""
    special: int
    """How many of these are no text."""
    end: bool
    start: bool
    unit: str
    seed: int
    job: str
    labels: list[str]
    """What the head's scores are of, unless it is the next token."""
    columns: list[int]
    """The input of each token where it is one-hot; empty where there is an embedding."""
    nonlinearity: str = "tanh"
    """The network's, which PyTorch's names do not tell."""
    network: str = ""
    """Which network it belongs to: the digest of that one's arrays. Empty where it is not said."""


def save_weights(model: Model, path: str | os.PathLike[str], *, overwrite: bool = False) -> str:
    """Write a model's network by PyTorch's names, and what belongs to it beside.

    Args:
        model: any that PyTorch can compute.
        path: ends in .safetensors or .npz. The second file has the same name, which ends in .vocabulary.npz.
        overwrite: whether what is there already goes.

    Returns:
        the lines of Python that open it in PyTorch. They leave the network in `net`; with a vocabulary, `read` makes
        tokens its inputs, and with a head `probabilities` says each label's.

    Raises:
        OSError: it cannot be written.
        ValueError: another suffix, a name of the two that is taken, or a network that PyTorch does not have.
    """
    path = Path(path)
    weights.suffix(path)
    lines = pytorch_lines(path, model.net)
    if model.vocabulary is not None:
        lines += _more_lines(model, _second(path))
    with _both(path, overwrite=overwrite) as (part, other):
        weights.save(other, _arrays(model), told(model, network=_network(model.net)))
        save_recurrent(part, model.net)
    return lines


@contextmanager
def _both(path: Path, *, overwrite: bool) -> Iterator[tuple[Path, Path]]:
    """The two files to write: both come to stand there when they are written, or neither.

    Raises:
        OSError: they cannot be written.
        ValueError: there is something at the place of one already; or what is raised within.
    """
    second = _second(path)
    try:
        with ExitStack() as undo:
            with placed(path, overwrite=overwrite) as part:
                # The second comes first: whatever ends between the two, no network is there without what belongs to it.
                with placed(second, overwrite=overwrite) as other:
                    yield part, other
                    mine = other.stat()
                undo.callback(_taken_back, second, mine)
            undo.pop_all()
    except ValueError:
        there = [place for place in (path, second) if os.path.lexists(place)]
        if overwrite or not there:
            raise
        free = (name for name in numbered(path) if not any(map(os.path.lexists, (name, _second(name)))))
        raise taken(there[0], next(free)) from None


def _taken_back(path: Path, mine: os.stat_result) -> None:
    """Remove a file, if it is still the one that was put there."""
    with suppress(OSError):
        if os.path.samestat(path.lstat(), mine):
            path.unlink()


def _arrays(model: Model) -> dict[str, npt.NDArray[Any]]:
    """All of a model that is not the network: "embedding.weight", "head.weight", "head.bias", "start.h_0"."""
    return {name: array for name, array in model.state_dict().items() if not name.startswith("rnn.")}


def told(model: Model, *, network: str = "") -> dict[str, Any]:
    """What the second file says beside its arrays, as JSON has it.

    Args:
        model: with a vocabulary or without.
        network: the digest of its network; empty where all is in one file.
    """
    vocabulary = model.vocabulary
    found = _Told(
        _FORMAT,
        [] if vocabulary is None else list(vocabulary.tokens),
        0 if vocabulary is None else len(vocabulary) - len(vocabulary.ordinary),
        vocabulary is not None and vocabulary.end is not None,
        vocabulary is not None and vocabulary.start is not None,
        model.spec.unit,
        int(model.spec.seed),
        model.job,
        [] if model.job == "next" else list(model.labels),
        model.columns.tolist() if isinstance(model, Opened) else [],
        model.net.nonlinearity,
        network,
    )
    return {_TOLD: msgspec.to_builtins(found)}


def _known(table: Mapping[str, Any]) -> _Told:
    """What a second file says.

    Raises:
        ValueError: it says nothing of the kind.
    """
    try:
        return msgspec.convert(table.get(_TOLD), _Told)
    except msgspec.ValidationError as error:
        raise ValueError(_("it is no vocabulary that was saved here ({why})").format(why=clean(str(error)))) from None


def reopened(net: Recurrent, arrays: Mapping[str, npt.NDArray[Any]], table: Mapping[str, Any]) -> Model:
    """The model that `save_weights` was given. Sizes are held against each other before it is made.

    Args:
        net: its network.
        arrays: all else that it has: "embedding.weight", "head.weight", "head.bias", "start.h_0".
        table: as `told` says it.

    Raises:
        ValueError: in one line, what does not fit.
    """
    found = _known(table)
    one_of("unit", found.unit, UNITS)
    if found.seed < 0 or found.format != _FORMAT:
        raise ValueError(_("it is no vocabulary that was saved here"))
    if not found.tokens and not found.columns and not arrays:
        return Opened(net, unit=found.unit, seed=found.seed)
    vocabulary = Vocabulary(found.tokens[found.special :], end=found.end, start=found.start)
    if list(vocabulary.tokens) != found.tokens:
        raise ValueError(_("it is no vocabulary that was saved here"))
    if not arrays:
        columns = found.columns
        inputs = [at for at in columns if at != _NONE]
        fits = len(columns) == len(vocabulary) and len(set(inputs)) == len(inputs) == net.input_size
        if not fits or not all(0 <= at < net.input_size for at in inputs):
            said = _("it holds {n} tokens, and the network has {inputs} inputs: expected one token for each")
            raise ValueError(said.format(n=f"{len(inputs):,}", inputs=f"{net.input_size:,}"))
        return Opened(net, vocabulary, columns, unit=found.unit, seed=found.seed)
    labels = len(vocabulary) if found.job == "next" else len(set(found.labels))
    directions = net.num_directions
    shapes = {
        "embedding.weight": (len(vocabulary), net.input_size),
        "head.weight": (labels, directions * net.hidden_size),
        "head.bias": (labels,),
        "start.h_0": (net.num_layers * directions, net.hidden_size),
    }
    for name, array in arrays.items():
        if array.shape != shapes.get(name):
            said = _("{name} has the shape {shape}, expected {expected} for this network")
            raise ValueError(said.format(name=name, shape=array.shape, expected=shapes.get(name, _("none"))))
    if missing := sorted(shapes.keys() - arrays.keys() - {"start.h_0"}):
        raise ValueError(_("{name} is missing").format(name=missing[0]))
    learned = "start.h_0" in arrays
    spec = spec_of(net, unit=found.unit, seed=found.seed, learned_h_0=learned)
    model = Model(spec, vocabulary, job=found.job, labels=found.labels, dtype=net.dtype)
    state = {f"rnn.{name}": array for name, array in _with_biases(net, model.net).items()}
    model.load_state_dict(state | dict(arrays))
    return model


def _more_lines(model: Model, beside: Path) -> str:
    """The lines that make tokens the network's inputs, and its outputs probabilities."""
    net = model.net
    dtype = f"torch.{net.dtype}"
    lines = [
        "",
        "import json",
        "import numpy as np",
        "",
        f"with np.load({os.fspath(beside)!r}) as file:",
        "    beside = dict(file)",
        f"told = json.loads(beside['metadata.json'].tobytes())[{_TOLD!r}]",
        "index = {token: i for i, token in enumerate(told['tokens']) if i >= told['special']}",
    ]
    if isinstance(model, Opened):
        lines += [
            "columns = torch.tensor(told['columns'])",
            "def read(tokens):",
            "    i = torch.tensor([index.get(t, index.get(t.casefold(), 0)) for t in tokens])",
            f"    one_hot = torch.nn.functional.one_hot(columns[i] + 1, {net.input_size + 1})",
            f"    return one_hot[:, 1:].to({dtype})",
        ]
        return "\n".join(lines) + "\n"
    embedding, head = model.around()
    sizes = f"{embedding.num_embeddings}, {embedding.embedding_dim}"
    lines += [
        f"embedding = torch.nn.Embedding({sizes}, dtype={dtype})",
        "embedding.load_state_dict({'weight': torch.from_numpy(beside['embedding.weight'])})",
        f"head = torch.nn.Linear({head.in_features}, {head.out_features}, dtype={dtype})",
        "head.load_state_dict({n: torch.from_numpy(beside['head.' + n]) for n in ('weight', 'bias')})",
        "labels = told['labels'] or told['tokens']  # of each column of the probabilities",
        "def read(tokens):",
        "    return embedding(torch.tensor([index.get(t, index.get(t.casefold(), 0)) for t in tokens]))",
        "def probabilities(tokens):",
    ]
    state = ""
    if model.start is not None:
        lines.append("    h_0 = torch.from_numpy(beside['start.h_0'])")
        state = ", (h_0, torch.zeros_like(h_0))" if net.cell == "lstm" else ", h_0"
    lines.append(f"    h, _ = net(read(tokens){state})")
    if model.whole:
        H = net.hidden_size
        lines.append(f"    h = torch.cat([h[-1:, :{H}], h[:1, {H}:]], dim=1)")
    lines.append("    return head(h).softmax(dim=1)")
    return "\n".join(lines) + "\n"
