"""Finished trainings between sessions: a file each, named by all that decides it, and what was measured beside it.

A file is only ever a saving of time. What cannot be read, or is not what was asked for, is trained again and written
anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.engine import weights
from tutor.engine.checks import Array
from tutor.engine.training import Checkpoint

_LAYOUT = "3"
"""How a file is laid out, a part of its name: another layout is another file."""
_MEASURED = "measured"
_PARAMETERS, _BESIDE = "checkpoints", "training"
"""What a file calls the array (K, N) of the parameters that are kept, and the table beside it."""


class _Beside(Struct):
    history: list[tuple[int, int, float, float, float | None, float | None]]
    """As `Checkpoint`, without parameters."""
    steps: list[int]
    """Of the rows of the array."""
    words: list[str]
    labels: list[str]


class Training(NamedTuple):
    """A training that came to its end."""

    history: list[Checkpoint]
    steps: list[int]
    """The checkpoints whose parameters are kept."""
    parameters: Array
    """(K, N): a row for each of these, as the network's `flat`."""
    words: tuple[str, ...] = ()
    """The ordinary tokens of its vocabulary."""
    labels: tuple[str, ...] = ()
    """What it names things by."""


def place(cache: Path, entry: ModelEntry, seed: int, source: bytes) -> Path:
    """The file of a training.

    Args:
        cache: the folder of all that can be made again.
        entry: the model.
        seed: of the network and of its training.
        source: what it learns from.
    """
    # The text is what it is run on, not what it is: another text is the same network.
    what = msgspec.structs.replace(entry, seed=seed, text="")
    digest = hashlib.sha256()
    digest.update(msgspec.json.encode(what, order="sorted"))
    digest.update(f"\0{weights.ENGINE_VERSION}\0{_LAYOUT}\0".encode())
    digest.update(source)
    return cache / "models" / f"{digest.hexdigest()}.npz"


def save(path: Path, training: Training) -> None:
    """Write a training, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    rows = [(c.step, c.steps, c.loss, c.gradient_norm, c.held_out, c.held_out_metric) for c in training.history]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _Beside(rows, training.steps, list(training.words), list(training.labels))
    weights.save(path, {_PARAMETERS: training.parameters}, {_BESIDE: msgspec.json.encode(beside).decode()})


def save_measured(path: Path, measured: Mapping[str, tuple[float, ...]]) -> None:
    """Write what was measured of a network beside its training, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.save(_beside(path), {}, {_MEASURED: dict(measured)})


def load_measured(path: Path) -> dict[str, tuple[float, ...]]:
    """What was measured of a network; nothing where that cannot be read."""
    try:
        return msgspec.convert(weights.load(_beside(path))[1][_MEASURED], dict[str, tuple[float, ...]])
    except Exception:
        # As of the training itself: it is measured again.
        return {}


def _beside(path: Path) -> Path:
    return path.with_suffix(".measured.npz")


def load(path: Path, end: int) -> Training | None:
    """A training; None where the file holds none that came to its end.

    Args:
        path: its file.
        end: the step that it has to have come to.
    """
    try:
        arrays, metadata = weights.load(path)
        beside = msgspec.json.decode(metadata[_BESIDE], type=_Beside)
        if beside.history[-1][0] != end or beside.steps[-1] != end:
            return None
        history = [
            Checkpoint(step, steps, loss, norm, held_out, metric)
            for step, steps, loss, norm, held_out, metric in beside.history
        ]
        return Training(history, beside.steps, arrays[_PARAMETERS], tuple(beside.words), tuple(beside.labels))
    except Exception:
        # Whatever lies in a cache, it is never worth more than training again.
        return None
