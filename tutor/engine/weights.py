"""Weights in a file: NumPy's npz, or safetensors where its library is there; never a pickle.

What a file says of itself is checked before it is used: no memory is taken for what is only declared. A file is
written whole or not at all.
"""

from __future__ import annotations

import importlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from tutor.engine import npz
from tutor.engine.checks import FLOATS, finite, numbers
from tutor.engine.declared import MOST, Declared, declared, named, short

ENGINE_VERSION = "3"
"""Part of every cache key: a change of what training computes, or of what is drawn or measured, must change it."""

_METADATA = "metadata.json"
_HEADER = 256 * 1024
"""Bytes that the header of a safetensors file may have: some two thousand arrays."""
_KINDS: dict[str, np.dtype[Any]] = {
    "F16": np.dtype(np.float16),
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
}


def save(path: Path, arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]) -> None:
    """Write an npz file with a table beside the arrays, whole or not at all.

    Raises:
        OSError: it cannot be written.
        ValueError: an array that only a pickle could hold.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name}: got dtype {array.dtype}, expected numbers")
    blob = np.frombuffer(json.dumps(dict(metadata)).encode(), np.uint8)
    with _whole(path) as file:
        npz.write(file, {_METADATA: blob, **arrays})


def load(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read a file that `save` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line, what is wrong with it.
    """
    with about(path):
        data = _bytes(path)
        # `save` stores what it writes as it is: nothing unpacks to more than the file is long.
        file = npz.Npz(data, len(data))
        if _METADATA not in file.declared:
            raise ValueError(f"it is no file of a trained model: {_METADATA} is missing")
        for name, (_, dtype) in file.declared.items():
            if name != _METADATA and dtype not in FLOATS:
                raise ValueError(f"{name} has dtype {dtype}, expected float32 or float64")
        arrays = _finite(file.unpack())
        metadata = _json("its metadata", arrays.pop(_METADATA).tobytes())
    return arrays, metadata


@dataclass(frozen=True)
class Opened:
    """A weights file whose word about itself has been checked, and of whose numbers none has been unpacked."""

    path: Path
    declared: Mapping[str, Declared]
    """By name, what the file says of each array: float16, float32 or float64, in as many bytes as are there."""
    _unpack: Callable[[], Mapping[str, npt.NDArray[Any]]]

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The numbers.

        Raises:
            ValueError: in one line, what is wrong with the file.
        """
        with about(self.path):
            return _finite(self._unpack())


def opened(path: Path) -> Opened:
    """Read what a person's file declares: safetensors or npz, by its content, whatever it is called.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line, what is wrong with it; of a pickle, how to convert it.
    """
    with about(path):
        data = _bytes(path)
        length = int.from_bytes(data[:8], "little")
        if data.startswith(b"PK"):
            if b"/data.pkl" in data:
                raise ValueError(_convert(path))
            file = npz.Npz(data, MOST)
            for name, (_, dtype) in file.declared.items():
                if dtype.kind != "f":
                    raise ValueError(f"{name} has dtype {dtype}, expected float32 or float64")
            return Opened(path, file.declared, file.unpack)
        # A header of 640 bytes begins as a pickle does: a length that can be one comes first.
        if length > _HEADER and data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05":
            raise ValueError(_convert(path))
        if len(data) > 8 and (length <= _HEADER or data[8:9] == b"{"):
            return Opened(path, _header(data, length), lambda: _read(data))
        raise ValueError("it is neither a safetensors nor an npz file")


def write(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays as safetensors or npz, by the suffix, whole or not at all.

    Raises:
        OSError: it cannot be written.
        ValueError: another suffix, numbers that `opened` would refuse, or safetensors without its library.
    """
    kind = suffix(path)
    for name, array in arrays.items():
        numbers(name, array, array.dtype, array.shape)
    if kind == ".npz":
        with _whole(path) as file:
            npz.write(file, arrays)
        return
    with about(path):
        content = _library().save(dict(arrays))
    with _whole(path) as file:
        file.write(content)


def suffix(path: Path) -> str:
    """The kind of file that a name asks for, ".safetensors" or ".npz".

    Raises:
        ValueError: it asks for another.
    """
    found = path.suffix.lower()
    if found not in (".safetensors", ".npz"):
        raise ValueError(f"path: got {path.name!r}, expected a name that ends in .safetensors or .npz")
    return found


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Whatever is refused in here, its one line begins with the file's name."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _convert(path: Path) -> str:
    return (
        "it is a pickle, which can run anything when it is opened, so it is not; convert it in Python: "
        "import torch; from safetensors.torch import save_file; "
        f'save_file(torch.load({str(path)!r}, map_location="cpu", weights_only=True), "weights.safetensors")'
    )


def _bytes(path: Path) -> bytes:
    """What is in a file that is not too large."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is not a file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST:
            raise ValueError(f"it holds {size:,} bytes, expected at most {MOST:,}")
        return file.read(size)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of what is there when all of it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _finite(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays, if there is neither NaN nor infinity in them."""
    for name, array in arrays.items():
        if not finite(array):
            raise ValueError(f"{name} holds a value that is not finite")
    return dict(arrays)


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _json(what: str, text: bytes) -> dict[str, Any]:
    """A table, whose names and those of the tables in it are each there once."""
    try:
        found = json.loads(text.decode(), object_pairs_hook=_table)
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{what} cannot be read ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{what} is no table")
    return found


# safetensors: the header's length in eight bytes, the header in JSON, the numbers one array after the other.


def _header(data: bytes, length: int) -> dict[str, Declared]:
    """What a header declares, if its arrays fill the file from its end on."""
    there = len(data) - 8
    if length > min(there, _HEADER):
        raise ValueError(f"its header declares {length:,} bytes, expected at most {min(there, _HEADER):,}")
    found, spans = {}, []
    for said, entry in _json("its header", data[8 : 8 + length]).items():
        if said == "__metadata__":
            continue
        name = named(said)
        match entry:
            case {"dtype": str(kind), "shape": list(shape), "data_offsets": [begin, end], **more} if not more:
                if not all(type(number) is int and 0 <= number <= MOST for number in (begin, end, *shape)):
                    raise ValueError(f"{name} has a shape or offsets that are no whole numbers from 0 to {MOST:,}")
            case _:
                raise ValueError(f"{name} is not described by dtype, shape and data_offsets, and these alone")
        if kind == "BF16":
            raise ValueError(
                f"{name} is bfloat16, which NumPy does not have: call .float() on the module, save it again"
            )
        if kind not in _KINDS:
            raise ValueError(f"{name} has dtype {short(kind)}, expected F32 or F64")
        found[name] = declared(name, shape, _KINDS[kind], end - begin)
        spans.append((begin, end, name))
    at = 0
    for begin, end, name in sorted(spans):
        if begin != at:
            raise ValueError(f"{name} begins at byte {begin:,}, expected {at:,}")
        at = end
    if at != there - length:
        raise ValueError(f"it declares {at:,} bytes of numbers, and {there - length:,} are there")
    return found


def _read(data: bytes) -> Mapping[str, npt.NDArray[Any]]:
    """The numbers, by the library."""
    library = _library()
    refusal = importlib.import_module("safetensors").SafetensorError
    try:
        found: Mapping[str, npt.NDArray[Any]] = library.load(data)
    except refusal as error:
        raise ValueError(f"the safetensors library refuses it ({short(str(error))})") from None
    return found


def _library() -> Any:
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError:
        raise ValueError('safetensors is not installed: pip install "rnn-tutor[weights]"; npz needs nothing') from None
