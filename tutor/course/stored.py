"""Finished trainings between sessions: a file each, named by all that decides it.

A file is only ever a saving of time. What cannot be read, or is not what was asked for, is trained again and written
anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.past import Past
from tutor.engine import weights
from tutor.engine.training import Checkpoint

_LAYOUT = "2"
"""How a file is laid out, a part of its name: another layout is another file."""
_PARAMETERS, _BESIDE = "checkpoints", "training"
"""What a file calls the array (K, N) of the parameters that are kept, and the table beside it."""


class _Beside(Struct):
    history: list[tuple[int, int, float, float, float | None, float | None]]
    """As `Checkpoint`, without parameters."""
    steps: list[int]
    """Of the rows of the array."""


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


def save(path: Path, history: Sequence[Checkpoint], past: Past) -> None:
    """Write a training, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    rows = [(c.step, c.steps, c.loss, c.gradient_norm, c.held_out, c.held_out_metric) for c in history]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = msgspec.json.encode(_Beside(rows, list(past.steps))).decode()
    weights.save(path, {_PARAMETERS: past.stacked()}, {_BESIDE: beside})


def load(path: Path, past: Past, end: int) -> list[Checkpoint] | None:
    """The history of a training, and its parameters into `past`; None where the file holds none that came to its end.

    Args:
        path: its file.
        past: of this training, with nothing in it yet.
        end: the step that it has to have come to.
    """
    try:
        arrays, metadata = weights.load(path)
        beside = msgspec.json.decode(metadata[_BESIDE], type=_Beside)
        if beside.history[-1][0] != end or beside.steps[-1] != end:
            return None
        past.load(beside.steps, arrays[_PARAMETERS])
    except Exception:
        # Whatever lies in a cache, it is never worth more than training again.
        return None
    return [
        Checkpoint(step, steps, loss, norm, held_out, metric)
        for step, steps, loss, norm, held_out, metric in beside.history
    ]
