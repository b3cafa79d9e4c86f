"""Weights in a file: NumPy's npz, never a pickle. What a file says of itself is checked before it is used."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ENGINE_VERSION = "1"
"""Part of every cache key: a change of what training computes must change it."""

_METADATA = "metadata.json"
_MOST = 256 * 1024 * 1024
"""Bytes that a file may unpack to."""


def save(path: Path, arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]) -> None:
    """Write a file whole or not at all (OSError where it cannot be written)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blob = np.frombuffer(json.dumps(dict(metadata)).encode(), np.uint8)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **{_METADATA: blob, **arrays})
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read a file that `save` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line, what is wrong with it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            declared = sum(info.file_size for info in archive.infolist())
        if declared > _MOST:
            raise ValueError(f"{path.name}: unpacks to {declared:,} bytes, expected at most {_MOST:,}")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metadata = json.loads(bytes(arrays.pop(_METADATA)))
    except (zipfile.BadZipFile, KeyError, EOFError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not a whole weights file ({error})") from None
    for name, array in arrays.items():
        if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"{path.name}: {name} has dtype {array.dtype}, expected float32 or float64")
        if not np.isfinite(array).all():
            raise ValueError(f"{path.name}: {name} holds a value that is not finite")
    return arrays, metadata
