"""Networks of a person's own, by what is in them: a file each, in the folder `networks` of the data folder.

A fingerprint is a digest of all that decides what a network computes and says. So a name means one network, on this
machine and on any other, and a file is called by the fingerprint of what it holds, and by nothing that anyone typed.
A file is all of a network or none of it: two processes that keep the same one write the same, and neither sees half of
the other's. What was changed in a file is another network, or none, and is never lent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tutor.engine import weights
from tutor.engine.cells import CELLS
from tutor.engine.checks import Array, one_of
from tutor.engine.model import Model, ModelSpec
from tutor.engine.recurrent import Recurrent
from tutor.engine.text import clean, normalized
from tutor.i18n import _
from tutor.sandbox.exporting import placed
from tutor.sandbox.weights_file import DIGITS, Opened, digest, reopened, spec_of, told

FOLDER = "networks"
"""Its name in the data folder."""
PREFIX = "net:"
LONGEST = 40
"""Characters of a title."""

_SOURCE = re.compile(rf"{PREFIX}([0-9a-f]{{{DIGITS}}})/(.{{1,{LONGEST}}})")
_MARK = b"rnn-tutor network 1\n"
"""What every digest begins with. Another way to take one makes another number of it, and loses every name there is."""
_SUFFIX = ".npz"
_FORMAT = 1
_NET = "rnn."
"""What the names of the network's own arrays begin with, among a model's."""


# Names


def fingerprint(model: Model) -> str:
    """16 hexadecimal digits of a SHA-256 over all that decides what a model computes and says.

    Models with the same one give the same bytes on the same text. It is taken of the network's kind and of every
    array, of the vocabulary with its special tokens and their inputs, of the labels, the job, the unit, and of the
    seed where word vectors are drawn from it; not of how the numbers came about. It is the same on every machine.
    """
    return digest(_MARK, _said(model), model.state_dict())


def _said(model: Model) -> dict[str, Any]:
    """All of a model that is no array, as JSON has it."""
    net, vocabulary = model.net, model.vocabulary
    found: dict[str, Any] = {
        "cell": net.cell,
        "nonlinearity": net.nonlinearity,
        "reset": net.reset,
        "layers": net.num_layers,
        "directions": net.num_directions,
        "unit": model.spec.unit,
        "job": model.job,
        # The next token's are the tokens.
        "labels": [] if model.job == "next" else list(model.labels),
    }
    if vocabulary is None:
        # In hexadecimal any whole number can be written; in decimal Python stops at some length.
        return found | {"seed": f"{model.spec.seed:x}"}
    return found | {
        "tokens": list(vocabulary.tokens),
        "end": vocabulary.end,
        "start": vocabulary.start,
        "columns": model.columns.tolist() if isinstance(model, Opened) else [],
    }


def source_of(model: Model, title: str) -> str:
    """What an experiment calls a network by: "net:FINGERPRINT/TITLE".

    Args:
        model: the network.
        title: any text: it is cleaned, brought into one line, and cut after 40 characters.
    """
    shown = " ".join(normalized(title).split())[:LONGEST].rstrip()
    return f"{PREFIX}{fingerprint(model)}/{shown or _('network')}"


def fingerprint_of(source: str) -> str | None:
    """The fingerprint in a source, if it is exactly as `source_of` makes them; else None."""
    match = _SOURCE.fullmatch(source)
    if match is None or clean(match[2]) != match[2] or " ".join(match[2].split()) != match[2]:
        return None
    return match[1]


def title_of(source: str) -> str:
    """The title in a source of this kind; empty for any other."""
    return source.partition("/")[2] if fingerprint_of(source) is not None else ""


# Files


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """What a file says beside its arrays."""

    format: int
    spec: ModelSpec
    """The network; and the unit and the seed of word vectors where there is no vocabulary."""
    vocabulary: dict[str, Any]
    """As `weights_file.told` says it; empty where there is none."""


class Networks:
    """The networks that are kept in a data folder. Nothing is made before one is.

    Args:
        folder: the data folder; need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER

    def keep(self, model: Model) -> str:
        """Keep a network. One that is there already stays as it is; what is damaged in its place goes.

        Any network can be kept, PyTorch's or not.

        Returns:
            its fingerprint.

        Raises:
            OSError: it cannot be written.
            ValueError: numbers that are not finite, or more than a file may hold.
        """
        found = fingerprint(model)
        path = self._path(found)
        try:
            _opened(path, found)
        except (OSError, ValueError):
            pass
        else:
            return found
        try:
            # Who was faster wrote the same: to write over it does no harm.
            with placed(path, overwrite=True) as part:
                _write(part, model)
                # What could not be lent is not kept.
                if fingerprint(_read(part)) != found:
                    raise ValueError(_("it reads otherwise than it was written"))
        except ValueError as error:
            said = _("This network cannot be kept, and is gone when you leave: {why}")
            raise ValueError(said.format(why=_why(error, path))) from None
        return found

    def lend(self, source: str) -> Model:
        """A network that was kept, by the name that an experiment calls it by.

        Raises:
            OSError: its file cannot be read.
            ValueError: no such name, or it is not on this machine, or it is damaged; what is damaged stays.
        """
        asked, title = fingerprint_of(source), title_of(source)
        if asked is None:
            said = _("There is no network {name} here: expected net:, a fingerprint and a title.")
            raise ValueError(said.format(name=clean(source)[:60]))
        path = self._path(asked)
        try:
            return _opened(path, asked)
        except FileNotFoundError:
            said = _(
                "The network “{title}” is not on this machine: a string names it, and does not hold it. "
                "Save it as a file where it was made (k), and open that file here."
            )
            raise ValueError(said.format(title=title)) from None
        except ValueError as error:
            said = _(
                "The network “{title}” is damaged ({file}, which stays as it is): {why}. "
                "Open it again from a file of your own, and it is kept anew."
            )
            raise ValueError(said.format(title=title, file=path.name, why=_why(error, path))) from None

    def _path(self, asked: str) -> Path:
        return self.folder / f"{asked}{_SUFFIX}"


def _why(error: ValueError, path: Path) -> str:
    """What an error says of a file, without the file's name."""
    return clean(str(error).removeprefix(f"{path.name}: "))


def _write(path: Path, model: Model) -> None:
    spec = spec_of(model.net, unit=model.spec.unit, seed=int(model.spec.seed))
    beside = {} if model.vocabulary is None else told(model)
    weights.save(path, model.state_dict(), msgspec.to_builtins(_Kept(_FORMAT, spec, beside)))


def _opened(path: Path, asked: str) -> Model:
    """The network in a file, which has the fingerprint that is asked for.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line that begins with the file's name, what is wrong with it, or that it is another's.
    """
    model = _read(path)
    # Whatever else a file has or lacks: what is lent is what was asked for.
    with weights.about(path):
        if fingerprint(model) != asked:
            raise ValueError(_("it holds another network"))
    return model


def _read(path: Path) -> Model:
    """The network in a file, whichever it is. OSError and ValueError: as `_opened`."""
    arrays, table = weights.load(path)
    with weights.about(path):
        try:
            kept = msgspec.convert(table, _Kept)
        except msgspec.ValidationError as error:
            raise ValueError(_("it is no network that was kept here ({why})").format(why=clean(str(error)))) from None
        if kept.format != _FORMAT:
            raise ValueError(_("it is no network that was kept here"))
        net = _network(kept.spec, {n.removeprefix(_NET): a for n, a in arrays.items() if n.startswith(_NET)})
        if kept.vocabulary:
            rest = {name: array for name, array in arrays.items() if not name.startswith(_NET)}
            return reopened(net, rest, kept.vocabulary)
        return Opened(net, unit=kept.spec.unit, seed=kept.spec.seed)


def _network(spec: ModelSpec, state: Mapping[str, Array]) -> Recurrent:
    """A network with its numbers. It is made when as many are there as it takes: no size is believed."""
    one_of("cell", spec.cell, tuple(CELLS))
    H, directions = spec.hidden_size, 2 if spec.bidirectional else 1
    widths = spec.embedding_size + (spec.num_layers - 1) * directions * H
    takes = directions * len(CELLS[spec.cell].blocks) * H * (widths + spec.num_layers * (H + 2))
    there = sum(array.size for array in state.values())
    if takes != there or not there:
        raise ValueError(_("its network takes {takes} numbers, and {n} are there").format(takes=takes, n=there))
    net = spec.network(spec.embedding_size, next(iter(state.values())).dtype)
    net.load_state_dict(state)
    return net
