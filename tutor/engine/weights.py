"""Weights in a file: NumPy's npz, stored as it is, never a pickle.

What a file says of itself is checked before it is used: no memory is taken for what is only declared.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

ENGINE_VERSION = "1"
"""Part of every cache key: a change of what training computes must change it."""

_METADATA = "metadata.json"
_MOST = 256 * 1024 * 1024
"""Bytes that a file may hold."""


def save(path: Path, arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written.
        ValueError: an array that only a pickle could hold.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name}: got dtype {array.dtype}, expected numbers")
    path.parent.mkdir(parents=True, exist_ok=True)
    blob = np.frombuffer(json.dumps(dict(metadata)).encode(), np.uint8)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, array in {_METADATA: blob, **arrays}.items():
                # A member without a date: the same weights are the same bytes.
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def load(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read a file that `save` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line, what is wrong with it.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > _MOST:
            raise ValueError(f"{path.name}: it holds {size:,} bytes, expected at most {_MOST:,}")
        whole = io.BytesIO(file.read(size))
    try:
        arrays = dict(_members(whole, size))
        metadata = json.loads(arrays.pop(_METADATA).tobytes())
        if not isinstance(metadata, dict):
            raise _Odd("its metadata is no table")
        for name, array in arrays.items():
            if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
                raise _Odd(f"{name} has dtype {array.dtype}, expected float32 or float64")
            if not np.isfinite(array).all():
                raise _Odd(f"{name} holds a value that is not finite")
    except _Odd as error:
        raise ValueError(f"{path.name}: {error}") from None
    except KeyError as error:
        raise ValueError(f"{path.name}: not a weights file: {error.args[0]} is missing") from None
    # What a damaged archive, header or text makes its reader raise.
    except (zipfile.BadZipFile, struct.error, ValueError, EOFError, OSError, RuntimeError, MemoryError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path.name}: not a whole weights file ({what})") from None
    return arrays, metadata


class _Odd(Exception):
    """What is wrong with a file."""


def _members(file: IO[bytes], size: int) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The arrays of an archive, each checked before any memory is taken for it."""
    with zipfile.ZipFile(file) as archive:
        if sum(info.file_size for info in archive.infolist()) > size:
            raise _Odd("it declares more than it holds")
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            # `save` stores what it writes as it is: nothing unpacks to more than the file is long.
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.filename == name:
                raise _Odd(f"{info.filename!r} is no member that was written here")
            with archive.open(info) as member:
                version = np.lib.format.read_magic(member)
                if version != (1, 0):
                    raise _Odd(f"{name} has npy version {version}, expected (1, 0)")
                shape, _, dtype = np.lib.format.read_array_header_1_0(member)
                if dtype.hasobject:
                    raise _Odd(f"{name} is a pickled object, expected numbers")
                if any(length < 0 for length in shape):
                    raise _Odd(f"{name} has the shape {shape}")
                declared = math.prod(shape) * dtype.itemsize
                if member.tell() + declared != info.file_size or info.file_size != info.compress_size:
                    raise _Odd(f"{name} declares {declared:,} bytes, and {info.file_size - member.tell():,} are there")
            with archive.open(info) as member:
                yield name, np.lib.format.read_array(member, allow_pickle=False)
