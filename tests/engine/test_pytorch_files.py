"""A file of a recurrent network's weights: opened as what it is, and refused, in one line, when it lies.

Every hostile file is made here byte by byte, so that each lie is one number in one place.
"""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import math
import os
import pickle
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.helpers import KINDS, name_of
from tutor.engine import Recurrent, weights
from tutor.engine.pytorch import open_recurrent, pytorch_lines, save_recurrent

needs_safetensors = pytest.mark.skipif(
    importlib.util.find_spec("safetensors") is None, reason="safetensors is not installed; this check runs where it is"
)
FORMATS = [pytest.param(".safetensors", marks=needs_safetensors), ".npz"]
MEGABYTE = 1024 * 1024
MOST = 256 * MEGABYTE

# The bytes of a file.


def state(*, H: int = 2, D: int = 3, rows: int = 2, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    """One layer with biases; numbers that differ."""
    shapes = {"weight_ih_l0": (rows, D), "weight_hh_l0": (rows, H), "bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}
    return {name: np.arange(math.prod(shape), dtype=dtype).reshape(shape) / 8 for name, shape in shapes.items()}


def entries(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The header of a safetensors file."""
    kinds, found, at = {"float16": "F16", "float32": "F32", "float64": "F64"}, {}, 0
    for name, array in arrays.items():
        found[name] = {
            "dtype": kinds[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    return found


def safetensors(
    arrays: Mapping[str, np.ndarray] | None = None,
    header: Any = None,
    length: int | None = None,
    numbers: bytes | None = None,
    **lies: Any,
) -> bytes:
    """A file of it, where a keyword lies: in the entry of weight_hh_l0 unless it is about the whole."""
    arrays = state() if arrays is None else arrays
    if header is None:
        header = entries(arrays)
    if lies:
        header["weight_hh_l0"] |= lies
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = b"".join(array.tobytes() for array in arrays.values()) if numbers is None else numbers
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def npy(array: np.ndarray) -> bytes:
    blob = io.BytesIO()
    np.save(blob, array)
    return blob.getvalue()


def npy_by_hand(header: str, numbers: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode("latin1") + numbers


@dataclass
class Member:
    """A member of an archive, and its lies."""

    content: bytes
    name: bytes = b""
    deflate: bool = False
    size: int | None = None
    packed: bytes | None = None
    packed_size: int | None = None
    crc: int | None = None
    flags: int = 0
    method: int | None = None
    local_name: bytes | None = None
    local_method: int | None = None
    local_crc: int | None = None
    local_size: int | None = None
    offset: int | None = None
    directory_sign: bytes = b"PK\x01\x02"
    local_sign: bytes = b"PK\x03\x04"


def deflated(content: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(content) + deflate.flush()


def archive(
    members: list[Member],
    *,
    before: bytes = b"",
    between: bytes = b"",
    count: int | None = None,
    comment: bytes = b"",
    after: bytes = b"",
    skip: int = 0,
) -> bytes:
    """A zip archive by hand: headers and data, the directory, its end."""
    body, directory = before, b""
    for member in members:
        packed = member.packed
        if packed is None:
            packed = deflated(member.content) if member.deflate else member.content
        method = member.method if member.method is not None else 8 if member.deflate else 0
        crc = zlib.crc32(member.content) if member.crc is None else member.crc
        size = len(member.content) if member.size is None else member.size
        packed_size = len(packed) if member.packed_size is None else member.packed_size
        local_name = member.name if member.local_name is None else member.local_name
        local_method = method if member.local_method is None else member.local_method
        offset = len(body) if member.offset is None else member.offset
        rest = (member.flags, method, 0, 33, crc, packed_size, size, len(member.name))
        directory += struct.pack("<4s6H3L5H2L", member.directory_sign, 20, 20, *rest, 0, 0, 0, 0, 0, offset)
        directory += member.name
        local_crc = crc if member.local_crc is None else member.local_crc
        local_size = size if member.local_size is None else member.local_size
        local = (member.flags, local_method, 0, 33, local_crc, packed_size, local_size, len(local_name), 0)
        body += struct.pack("<4s5H3L2H", member.local_sign, 20, *local) + local_name + packed
    count = len(members) if count is None else count
    body += between
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory) + len(after), len(body) - skip, len(comment)
    )
    return body + directory + after + end + comment


def members(arrays: Mapping[str, np.ndarray] | None = None, **lies: Any) -> list[Member]:
    """An archive's members; what is said of the second, weight_hh_l0, may be a lie."""
    arrays = state() if arrays is None else arrays
    found = [Member(npy(array), f"{name}.npy".encode()) for name, array in arrays.items()]
    for name, value in lies.items():
        setattr(found[1], name, value)
    return found


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refusal(path: Path, most: int = MEGABYTE) -> str:
    """What is said of a file, in one line that begins with its name, and little memory taken for it."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"^[^\n]+\Z") as raised:
            open_recurrent(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    said = str(raised.value)
    assert said.startswith(f"{path.name}: "), said
    assert len(said) < 500
    assert peak < most + 4 * path.stat().st_size, f"{peak:,} bytes for a file that is refused"
    return said.removeprefix(f"{path.name}: ")


# What is true is opened.


def test_the_files_made_here_are_right() -> None:
    """Or every lie below would be refused for another reason."""
    with np.load(io.BytesIO(archive(members()))) as file:
        assert all((file[name] == array).all() for name, array in state().items())
    with np.load(io.BytesIO(archive(members(deflate=True)))) as file:
        assert (file["weight_hh_l0"] == state()["weight_hh_l0"]).all()


@needs_safetensors
def test_the_safetensors_made_here_are_right() -> None:
    load = importlib.import_module("safetensors.numpy").load
    assert all((load(safetensors())[name] == array).all() for name, array in state().items())


def kinds() -> Iterator[Any]:
    for kind, layers, bidirectional, bias in itertools.product(KINDS, (1, 3), (False, True), (False, True)):
        if kind[1] not in ({"reset": "before"}, {"nonlinearity": "identity"}):
            name = f"{name_of(kind)}-{layers}{'-bidirectional' if bidirectional else ''}{'-bias' if bias else ''}"
            yield pytest.param(kind, layers, bidirectional, bias, id=name)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("kind", "layers", "bidirectional", "bias"), list(kinds()))
def test_the_round_trip_is_exact(tmp_path: Path, suffix: str, kind, layers, bidirectional, bias) -> None:
    cell, options = kind
    # H = 1 and D = H, or D = directions × H, leave the least to tell one size from another.
    for (D, H), dtype in zip(((2, 3), (3, 3), (1, 1), (6, 3)), (np.float32, np.float64) * 2, strict=True):
        net = Recurrent(cell, D, H, layers, bidirectional, bias, dtype=dtype, seed=H, **options)
        path = tmp_path / f"net{suffix}"
        save_recurrent(path, net)
        back = open_recurrent(path, **options)
        assert back.flat.tobytes() == net.flat.tobytes()
        for name in ("cell", "input_size", "hidden_size", "num_layers", "bidirectional", "bias", "nonlinearity"):
            assert getattr(back, name) == getattr(net, name), name
        assert back.dtype == net.dtype
        first = path.read_bytes()
        save_recurrent(path, back)
        assert path.read_bytes() == first
        assert [p.name for p in tmp_path.iterdir()] == [path.name], "no half-written file is left"


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("prefix", ["rnn.", "encoder.lstm.", "module.weight_ih_l0."])
def test_a_common_prefix_is_passed_over(tmp_path: Path, suffix: str, prefix: str) -> None:
    net = Recurrent("lstm", 3, 2, 2, True)
    path = tmp_path / f"net{suffix}"
    weights.write(path, {prefix + name: array for name, array in net.state_dict().items()})
    assert open_recurrent(path).flat.tobytes() == net.flat.tobytes()


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for name in ("net.safetensors", "net", "net.pt"):
        assert open_recurrent(written(tmp_path / name, archive(members()))).cell == "rnn"
    assert open_recurrent(str(tmp_path / "net")).cell == "rnn", "a path may be text"


@needs_safetensors
def test_a_header_as_long_as_a_pickle_begins(tmp_path: Path) -> None:
    for length in (640, 1152):  # 0x0280 and 0x0480: the first bytes are those of a pickle
        text = json.dumps(entries(state())).encode().ljust(length)
        content = safetensors(header=text)
        assert content[:2] == bytes((0x80, length // 256))
        assert open_recurrent(written(tmp_path / "net.npz", content)).hidden_size == 2


@pytest.mark.parametrize("suffix", FORMATS)
def test_half_precision_becomes_float32(tmp_path: Path, suffix: str) -> None:
    arrays = state(dtype=np.float16)
    content = archive(members(arrays)) if suffix == ".npz" else safetensors(arrays)
    net = open_recurrent(written(tmp_path / "net", content))
    assert net.dtype == np.float32
    assert all((net.state_dict()[name] == array).all() for name, array in arrays.items())


def test_what_numpy_compressed_is_unpacked(tmp_path: Path) -> None:
    net = Recurrent("gru", 30, 40, dtype=np.float64)
    net.load_state_dict({name: np.round(array, 1) for name, array in net.state_dict().items()})
    np.savez_compressed(tmp_path / "net.npz", **net.state_dict())
    assert (tmp_path / "net.npz").stat().st_size < net.flat.nbytes / 2
    assert open_recurrent(tmp_path / "net.npz").flat.tobytes() == net.flat.tobytes()


def test_npy_in_every_order_that_numpy_allows(tmp_path: Path) -> None:
    expected = state()
    for change in (
        lambda array: npy(np.asfortranarray(array)),
        lambda array: npy(array.astype(">f4")),
        lambda array: npy_by_hand(
            f"{{ 'shape':({','.join(map(str, array.shape))},),'fortran_order' : False, 'descr': '<f4'}} \n",
            array.tobytes(),
        ),
    ):
        found = members()
        for member, array in zip(found, expected.values(), strict=True):
            member.content = change(array)
        back = open_recurrent(written(tmp_path / "net.npz", archive(found))).state_dict()
        assert all((back[name] == array).all() and back[name].dtype == np.float32 for name, array in expected.items())


def test_the_nonlinearity_is_the_caller_s(tmp_path: Path) -> None:
    path = written(tmp_path / "net.npz", archive(members()))
    assert open_recurrent(path).nonlinearity == "tanh"
    assert open_recurrent(path, nonlinearity="relu").nonlinearity == "relu"
    lstm = written(tmp_path / "lstm.npz", archive(members(state(rows=8))))
    with pytest.raises(ValueError, match=r"^nonlinearity: got 'relu'"):
        open_recurrent(lstm, nonlinearity="relu")


# What lies is refused.

HUGE = {"dtype": "F32", "shape": [1 << 13, 1 << 13], "data_offsets": [0, 1 << 28]}
ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}

SAFETENSORS = {
    "no bytes": (b"", "it is neither"),
    "eight bytes": (bytes(8), "it is neither"),
    "text": (b"hello, this is no file of weights", "it is neither"),
    "npy": (npy(np.ones(3)), "it is neither"),
    "a length beyond the file": (safetensors(length=2000), "its header declares 2,000 bytes, expected at most"),
    "a length beyond all": (safetensors(length=2**63), "its header declares 9,223,372,036,854,775,808 bytes"),
    "a length beyond the limit": (
        safetensors(header=b"{".ljust(300 * 1024)),
        "its header declares 307,200 bytes, expected at most 262,144",
    ),
    "a length too short": (safetensors(length=30), "its header cannot be read"),
    "no length": (safetensors(length=0), "its header cannot be read"),
    "not UTF-8": (safetensors(header=b'{"\xff":1}'), "its header cannot be read"),
    "UTF-16": (safetensors(header=json.dumps(entries(state())).encode("utf-16-le")), "its header cannot be read"),
    "no table": (safetensors(header=[]), "its header is no table"),
    "nested": (safetensors(header=b"[" * 100_000), "its header is nested too deeply"),
    "nested in an entry": (safetensors(header=b'{"x":' + b"[" * 500 + b"]" * 500 + b"}"), "x is not described by"),
    "a long number": (safetensors(header=b'{"x":' + b"9" * 5000 + b"}"), "its header cannot be read"),
    "a name twice": (
        safetensors(
            header=json.dumps(entries(state())).encode()[:-1] + b',"bias_hh_l0":' + json.dumps(ONE).encode() + b"}"
        ),
        "its header cannot be read (a name is there twice)",
    ),
    "a key twice": (
        safetensors(header=b'{"x":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}}', numbers=bytes(8)),
        "its header cannot be read (a name is there twice)",
    ),
    "an escape in a name": (safetensors(header={"\x1b[2J\n": ONE}), r"'\x1b[2J\n' is no array's name"),
    "half a character in a name": (safetensors(header=b'{"\\ud800":1}'), r"'\ud800' is no array's name"),
    "a name without end": (safetensors(header={"a" * 5000: ONE}), "…"),
    "nothing": (safetensors(header={}, numbers=b""), "there is nothing in it"),
    "metadata alone": (safetensors(header={"__metadata__": {"a": "b"}}, numbers=b""), "there is nothing in it"),
    "an entry that is no table": (safetensors(header={"x": 7}), "x is not described by dtype"),
    "an entry with more": (safetensors(more=1), "weight_hh_l0 is not described by dtype"),
    "a dtype that is no name": (safetensors(dtype=7), "weight_hh_l0 is not described by dtype"),
    "a shape that is no list": (safetensors(shape=4), "weight_hh_l0 is not described by dtype"),
    "three offsets": (safetensors(data_offsets=[24, 40, 40]), "weight_hh_l0 is not described by dtype"),
    "a fraction": (safetensors(shape=[2.0, 2]), "weight_hh_l0 has a shape or offsets that are no whole numbers"),
    "a truth": (safetensors(shape=[True, 4]), "weight_hh_l0 has a shape or offsets that are no whole numbers"),
    "a size below zero": (safetensors(shape=[-2, -2]), "weight_hh_l0 has a shape or offsets that are no whole numbers"),
    "an offset below zero": (safetensors(data_offsets=[-16, 0]), "weight_hh_l0 has a shape or offsets that are no"),
    "an offset beyond all": (safetensors(data_offsets=[0, 10**4000]), "weight_hh_l0 has a shape or offsets that are"),
    "a size of zero": (safetensors(shape=[0, 4]), "weight_hh_l0 has the shape (0, 4), expected sizes from 1"),
    "more dimensions than there are": (safetensors(shape=[1] * 5000 + [4]), "weight_hh_l0 has the shape (1, 1, 1"),
    "a shape beyond all": (
        safetensors(shape=[MOST, MOST]),
        "weight_hh_l0 declares 288,230,376,151,711,744 bytes, and 16 are there",
    ),
    "a shape too large": (safetensors(shape=[2, 3]), "weight_hh_l0 declares 24 bytes, and 16 are there"),
    "a shape too small": (safetensors(shape=[2, 1]), "weight_hh_l0 declares 8 bytes, and 16 are there"),
    "another dtype": (safetensors(dtype="F64"), "weight_hh_l0 declares 32 bytes, and 16 are there"),
    "offsets backwards": (safetensors(data_offsets=[40, 24]), "weight_hh_l0 declares 16 bytes, and -16 are there"),
    "whole numbers": (safetensors(dtype="I32"), "weight_hh_l0 has dtype 'I32', expected F32 or F64"),
    "no dtype that there is": (safetensors(dtype="F32\n"), r"weight_hh_l0 has dtype 'F32\n', expected F32 or F64"),
    "bfloat16": (safetensors(dtype="BF16"), "weight_hh_l0 is bfloat16, which NumPy does not have: call .float()"),
    "an overlap": (safetensors(data_offsets=[8, 24]), "weight_hh_l0 begins at byte 8, expected 24"),
    "a gap": (safetensors(data_offsets=[28, 44]), "weight_hh_l0 begins at byte 28, expected 24"),
    "more at the end": (safetensors() + b"\0", "it declares 56 bytes of numbers, and 57 are there"),
    "cut short": (safetensors()[:-1], "it declares 56 bytes of numbers, and 55 are there"),
    "huge, consistent, and not there": (
        safetensors(header={"weight_hh_l0": HUGE}),
        "it declares 268,435,456 bytes of numbers, and 56 are there",
    ),
}
"""What is wrong, the file, how its refusal begins."""


@pytest.mark.parametrize("case", SAFETENSORS)
def test_a_safetensors_file_that_lies(tmp_path: Path, case: str) -> None:
    content, begins = SAFETENSORS[case]
    said = refusal(written(tmp_path / "net.safetensors", content))
    assert begins in said if begins == "…" else said.startswith(begins), said


@needs_safetensors
def test_what_only_the_library_refuses_is_one_line_too(tmp_path: Path) -> None:
    text = json.dumps(entries(state())).encode()[:-1] + b',"__metadata__":{"a":"\\ud800"}}'
    assert refusal(written(tmp_path / "net", safetensors(header=text))).startswith("the safetensors library refuses it")


def lied(**lies: Any) -> bytes:
    return archive(members(**lies))


def described(header: str, size: int = 16, **more: Any) -> bytes:
    """weight_hh_l0 with this npy header."""
    return lied(content=npy_by_hand(header, bytes(size), **more))


def ended(at: int, value: int) -> bytes:
    """An archive in whose last record one number is another."""
    content = bytearray(archive(members()))
    content[len(content) - 22 + at] = value
    return bytes(content)


def directory_at() -> int:
    return archive(members()).index(b"PK\x01\x02")


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
HH = npy(state()["weight_hh_l0"])
UNFINISHED = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)

NPZ = {
    "its first bytes": (b"PK\x03\x04", "it is no whole npz file: it ends too soon"),
    "cut short": (archive(members())[:-1], "it is no whole npz file: its directory is not at its end"),
    "cut in half": (archive(members())[:400], "it is no whole npz file: its directory is not at its end"),
    "more at the end": (archive(members()) + b"\0", "it is no whole npz file"),
    "a comment": (archive(members(), comment=b"hello"), "it is no whole npz file"),
    "a comment that is not there": (ended(20, 5), "it is no whole npz file"),
    "another disk": (ended(4, 1), "it is no whole npz file"),
    "a directory on another disk": (ended(6, 1), "it is no whole npz file"),
    "two counts of members": (ended(8, 3), "it is no whole npz file"),
    "a member where the directory is": (
        archive(
            members(),
            count=5,
            after=struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 5, 0, 0, 0, 0, 0, directory_at()
            )
            + b"x.npy",
        ),
        "x is one thing before its data, and another in the directory",
    ),
    "another place of the directory": (archive(members(), skip=1), "it is no whole npz file"),
    "nothing": (archive([], before=b"PK\x03\x04"), "there is more in it than its members"),
    "no members": (archive([]), "there is nothing in it"),
    "more before": (archive(members(), before=b"PK\x03\x04"), "weight_ih_l0 does not begin where"),
    "more before the directory": (archive(members(), between=b"\0"), "there is more in it than its members"),
    "more in the directory": (archive(members(), after=b"\0"), "there is more in it than its members"),
    "more members than there are": (archive(members(), count=5), "its directory holds less than it says"),
    "fewer members than there are": (archive(members(), count=3), "there is more in it than its members"),
    "a member twice": (archive([*members(), members()[0]]), "weight_ih_l0 is there twice"),
    "a path": (lied(name=b"../weight_hh_l0.npy"), "'../weight_hh_l0.npy' is no array's name"),
    "a path of Windows": (lied(name=b"C:\\x.npy"), r"'C:\\x.npy' is no array's name"),
    "a folder": (archive([*members(), Member(b"", b"rnn/")]), "'rnn/' is no array's name"),
    "a stray file": (archive([*members(), Member(b"hello", b"notes.txt")]), "'notes.txt' is no array's name"),
    "a name of nothing": (lied(name=b".npy"), "'.npy' is no array's name"),
    "an escape in a name": (lied(name=b"\x1b[2J\n.npy"), r"'\x1b[2J\n.npy' is no array's name"),
    "bytes in a name": (lied(name=b"\xff.npy"), r"'\\xff.npy' is no array's name"),
    "a name without end": (lied(name=b"a" * 60_000 + b".npy"), "'aaaaa"),
    "a password": (lied(flags=1), "weight_hh_l0 is encrypted"),
    "sizes behind the data": (lied(flags=8), "weight_hh_l0 has its size behind its data"),
    "a flag that nobody sets": (lied(flags=32), "weight_hh_l0 is packed as NumPy never packs"),
    "another compression": (lied(method=12), "weight_hh_l0 is packed as NumPy never packs"),
    "a damaged directory": (lied(directory_sign=b"PK\x01\x03"), "its directory is damaged"),
    "no header before the data": (lied(local_sign=b"PK\x03\x03"), "weight_hh_l0 is one thing before its data"),
    "another name before the data": (lied(local_name=b"weight_hh_l1.npy"), "weight_hh_l0 is one thing before its data"),
    "another method before the data": (lied(local_method=8), "weight_hh_l0 is one thing before its data"),
    "another checksum before the data": (lied(local_crc=1), "weight_hh_l0 is one thing before its data"),
    "another size before the data": (lied(local_size=145), "weight_hh_l0 is one thing before its data"),
    "one member over another": (lied(offset=0), "weight_hh_l0 does not begin where"),
    "a place beyond the file": (lied(offset=2**32 - 1), "weight_hh_l0 does not begin where"),
    "more packed bytes than there are": (
        lied(packed_size=MOST, size=MOST),
        "weight_hh_l0 declares 268,435,456 packed bytes, and fewer are there",
    ),
    "a size that is not stored": (lied(size=len(HH) + 4), "weight_hh_l0 declares 148 bytes, stored as 144"),
    "another checksum": (lied(crc=1), "weight_hh_l0 is damaged: its checksum is another"),
    "another checksum, deflated": (lied(crc=1, deflate=True), "weight_hh_l0 is damaged: its checksum is another"),
    "damage that does not unpack": (
        lied(deflate=True, packed=b"\xff" * 100),
        "weight_hh_l0 is damaged: it does not unpack",
    ),
    "it unpacks to more": (
        lied(content=HH + bytes(4), size=len(HH), deflate=True),
        "weight_hh_l0 does not unpack to the 144 bytes that it declares",
    ),
    "it unpacks to less": (
        lied(content=HH[:-4], size=len(HH), deflate=True),
        "weight_hh_l0 does not unpack to the 144 bytes that it declares",
    ),
    "more behind what is packed": (
        lied(packed=deflated(HH) + b"hidden", deflate=True),
        "weight_hh_l0 does not unpack to the 144 bytes that it declares",
    ),
    "no end of what is packed": (
        lied(packed=UNFINISHED.compress(HH) + UNFINISHED.flush(zlib.Z_SYNC_FLUSH), deflate=True),
        "weight_hh_l0 does not unpack to the 144 bytes that it declares",
    ),
    "a size without its header": (lied(size=20, deflate=True), "weight_hh_l0 declares 16 bytes, and 0 are there"),
    "no npy": (lied(content=b"hello"), "weight_hh_l0 has no npy header"),
    "an empty member": (lied(content=b""), "weight_hh_l0 has no npy header"),
    "npy 2.0": (described(HEADER, version=b"\x02\x00"), "weight_hh_l0 has no npy header (version 1.0)"),
    "a header cut short": (lied(content=npy_by_hand(HEADER)[:40]), "weight_hh_l0 has no npy header"),
    "a header beyond the member": (
        lied(content=b"\x93NUMPY\x01\x00\xff\xff" + HEADER.encode()),
        "weight_hh_l0 has no npy header",
    ),
    "a header without end": (described(HEADER.ljust(5000)), "weight_hh_l0 has no npy header"),
    "a header of spaces": (described("{" + " " * 4000), "weight_hh_l0 has no npy header"),
    "a header that is code": (described("__import__('os').abort()"), "weight_hh_l0 has no npy header"),
    "a header without a shape": (
        described("{'descr': '<f4', 'fortran_order': False, 'descr': '<f4'}"),
        "weight_hh_l0 has no npy header",
    ),
    "a header with more": (described(HEADER[:-1] + "'more': 1}"), "weight_hh_l0 has no npy header"),
    "a key twice": (described(HEADER[:-1] + "'shape': (4,)}"), "weight_hh_l0 has no npy header"),
    "a shape that is text": (described(HEADER.replace("(2, 2)", "'(2, 2)'")), "weight_hh_l0 has no npy header"),
    "an order that is neither": (described(HEADER.replace("False", "None")), "weight_hh_l0 has no npy header"),
    "a record": (described(HEADER.replace("'<f4'", "[('a', '<f4')]")), "weight_hh_l0 has no npy header"),
    "objects": (described(HEADER.replace("<f4", "|O")), "weight_hh_l0 holds Python objects, which are a pickle"),
    "whole numbers": (described(HEADER.replace("<f4", "<i4")), "weight_hh_l0 holds dtype '<i4'"),
    "bytes": (described(HEADER.replace("<f4", "|u1"), 4), "weight_hh_l0 has dtype uint8, expected float32"),
    "more precision than there is": (described(HEADER.replace("<f4", "<f16"), 64), "weight_hh_l0 holds dtype '<f16'"),
    "no dtype": (described(HEADER.replace("<f4", "")), "weight_hh_l0 holds dtype ''"),
    "no order of bytes": (described(HEADER.replace("<f4", "?f4")), "weight_hh_l0 holds dtype '?f4'"),
    "a shape too large": (
        described(HEADER.replace("2, 2", "2, 3")),
        "weight_hh_l0 declares 24 bytes, and 16 are there",
    ),
    "a shape too small": (described(HEADER.replace("2, 2", "2, 1")), "weight_hh_l0 declares 8 bytes, and 16 are there"),
    "a shape below zero": (described(HEADER.replace("2, 2", "-2, -2")), "weight_hh_l0 has the shape (-2, -2)"),
    "a shape of nothing": (described(HEADER.replace("2, 2", "0, 2"), 0), "weight_hh_l0 has the shape (0, 2)"),
    "a shape beyond all": (described(HEADER.replace("2, 2", "9" * 999)), "weight_hh_l0 has the shape (9999"),
    "more dimensions than there are": (
        described(HEADER.replace("2, 2", "1, " * 40 + "4")),
        "weight_hh_l0 has the shape (1, 1, 1",
    ),
}


@pytest.mark.parametrize("case", NPZ)
def test_an_npz_file_that_lies(tmp_path: Path, case: str) -> None:
    content, begins = NPZ[case]
    said = refusal(written(tmp_path / "net.npz", content))
    assert said.startswith(begins), said


ZEROS = npy_by_hand("{'descr': '<f4', 'fortran_order': False, 'shape': (8000, 8000), }")


def bomb(content: bytes, size: int) -> list[Member]:
    """A whole network by its word, of which weight_hh_l0 unpacks to something else."""
    weight_ih = Member(npy(np.zeros((8000, 1), np.float32)), b"weight_ih_l0.npy")
    return [weight_ih, Member(content, b"weight_hh_l0.npy", True, size=size)]


def test_a_bomb_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    declared = len(ZEROS) + 4 * 8000 * 8000
    assert declared < MOST
    written(path, archive(bomb(ZEROS + bytes(1000), declared)))
    assert refusal(path).startswith("weight_hh_l0 does not unpack to the 256,000,0")
    # It unpacks to far more than it declares.
    fuse = members(deflate=True, content=HH + bytes(30 * MEGABYTE), size=len(HH))
    assert len(archive(fuse)) < MEGABYTE / 16
    assert refusal(written(path, archive(fuse))).startswith("weight_hh_l0 does not unpack to the 144 bytes")
    # It would unpack to more than any file may.
    written(path, archive([*bomb(ZEROS, declared), Member(ZEROS, b"x.npy", True, size=declared)]))
    assert refusal(path).startswith("it declares more than it may hold: 512,0")
    # Nothing is unpacked of what has no place in a network.
    stray = Member(ZEROS + bytes(4 * 8000 * 8000 // 16), b"x.npy", True, size=declared)
    assert refusal(written(path, archive([*members(), stray]))).startswith("x is stray")


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    with path.open("wb") as file:
        file.truncate(MOST + 1)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"^net.npz: it holds 268,435,457 bytes, expected at most 268,435,456"):
            open_recurrent(path)
        assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    finally:
        tracemalloc.stop()


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it is not a file"):
        open_recurrent(tmp_path)
    with pytest.raises(OSError, match="nowhere"):
        open_recurrent(tmp_path / "nowhere.npz")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match=r"^pipe: it is not a file"):
            open_recurrent(tmp_path / "pipe")


def test_a_pickle_is_named_and_never_opened(tmp_path: Path, monkeypatch) -> None:
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, lambda *_, **__: pytest.fail("a pickle was opened"))
    inside = pickle.dumps(state())
    for content in (
        *(pickle.dumps(state(), protocol) for protocol in range(2, 6)),
        inside[:12],
        archive([Member(inside, b"archive/data.pkl"), Member(b"little", b"archive/byteorder")]),
        archive([Member(inside, b"net/data.pkl", flags=0x808)])[:-30],
    ):
        path = written(tmp_path / "net's.npz", content)
        said = refusal(path)
        assert said.startswith("it is a pickle, which can run anything when it is opened, so it is not; convert it in")
        assert said.endswith(f'save_file(torch.load({str(path)!r}, map_location="cpu", weights_only=True), '
                             '"weights.safetensors")')  # fmt: skip


def changed(**arrays: Any) -> dict[str, np.ndarray]:
    """A network's state with some of it other, or, if None, gone."""
    return {name: np.asarray(array) for name, array in (state() | arrays).items() if array is not None}


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


MEANINGS = {
    "weight_hh_l0 is missing": changed(weight_hh_l0=None),
    "weight_ih_l0 is missing": changed(weight_ih_l0=None),
    "bias_hh_l0 is missing": changed(bias_hh_l0=None),
    "bias_ih_l0 is missing": changed(bias_ih_l0=None),
    "weight_ih_l1 is missing": changed(weight_ih_l2=zeros(2, 2)),
    "weight_hh_l1 is missing": changed(weight_ih_l1=zeros(2, 2)),
    "bias_ih_l1 is missing": changed(weight_ih_l1=zeros(2, 2), weight_hh_l1=zeros(2, 2)),
    "weight_hh_l0_reverse is missing": changed(weight_ih_l0_reverse=zeros(2, 3)),
    "rnn.weight_ih_l0 is missing": {"rnn.weight_ih_l9999": zeros(2, 3)},
    "head.weight is stray": changed(**{"head.weight": zeros(2)}),
    "weight_ih is stray": {"weight_ih": zeros(2, 3), "weight_hh": zeros(2, 2)},
    "weight_ih_l01 is stray": changed(weight_ih_l01=zeros(2, 2)),
    "weight_ih_l10000 is stray": changed(weight_ih_l10000=zeros(2, 2)),
    "weight_ih_l0_backward is stray": changed(weight_ih_l0_backward=zeros(2, 3)),
    "weight_ho_l0 is stray": changed(weight_ho_l0=zeros(2, 2)),
    "rnnweight_ih_l0 is stray": {f"rnn{name}": array for name, array in state().items()},
    "it holds 'a.' and 'b.'": {f"{prefix}.{name}": array for prefix in "ab" for name, array in state().items()},
    "it holds '' and 'a.'": state() | {f"a.{name}": array for name, array in state().items()},
    "weight_hr_l0 is a projection (proj_size)": changed(weight_hr_l0=zeros(1, 2)),
    "weight_hh_l0 has the shape (4, 2), expected (H, H), (3·H, H) or (4·H, H)": state(rows=4),
    "weight_hh_l0 has the shape (10, 2), expected": state(rows=10),
    "weight_hh_l0 has the shape (3, 2), expected": state(rows=3),
    "weight_hh_l0 has the shape (2,), expected": changed(weight_hh_l0=zeros(2)),
    "weight_hh_l0 has the shape (2, 2, 1), expected": changed(weight_hh_l0=zeros(2, 2, 1)),
    "weight_ih_l0 has the shape (4, 3), expected (2, 3)": changed(weight_ih_l0=zeros(4, 3)),
    "weight_ih_l0 has the shape (3,), expected (2, 3)": changed(weight_ih_l0=zeros(3)),
    "weight_ih_l0 has the shape (), expected (2, 1)": changed(weight_ih_l0=zeros()),
    "bias_ih_l0 has the shape (3,), expected (2,)": changed(bias_ih_l0=zeros(3)),
    "bias_hh_l0 has the shape (2, 1), expected (2,)": changed(bias_hh_l0=zeros(2, 1)),
    "weight_ih_l1 has the shape (2, 3), expected (2, 2)": changed(
        weight_ih_l1=zeros(2, 3), weight_hh_l1=zeros(2, 2), bias_ih_l1=zeros(2), bias_hh_l1=zeros(2)
    ),
    "weight_hh_l1 has the shape (2, 3), expected (2, 2)": changed(
        weight_ih_l1=zeros(2, 2), weight_hh_l1=zeros(2, 3), bias_ih_l1=zeros(2), bias_hh_l1=zeros(2)
    ),
    "weight_ih_l0_reverse has the shape (2, 2), expected (2, 3)": changed(
        **{f"{name}_reverse": array for name, array in state(D=2).items()}
    ),
    "bias_hh_l0 has dtype float64, expected float32": changed(bias_hh_l0=np.zeros(2)),
    "weight_hh_l0 holds a value that is not finite": changed(weight_hh_l0=np.full((2, 2), np.nan, np.float32)),
    "bias_ih_l0 holds a value that is not finite": changed(bias_ih_l0=np.array([0, -np.inf], np.float32)),
}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("begins", MEANINGS)
def test_what_is_no_network(tmp_path: Path, begins: str, suffix: str) -> None:
    arrays = MEANINGS[begins]
    content = archive(members(arrays)) if suffix == ".npz" else safetensors(arrays)
    said = refusal(written(tmp_path / f"net{suffix}", content))
    assert said.startswith(begins), said


def test_safetensors_without_its_library(tmp_path: Path, monkeypatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "safetensors"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    path = written(tmp_path / "net.safetensors", safetensors())
    expected = 'net.safetensors: safetensors is not installed: pip install "rnn-tutor[weights]"; npz needs nothing'
    for use in (lambda: open_recurrent(path), lambda: save_recurrent(path, Recurrent("rnn", 3, 2))):
        with pytest.raises(ValueError, match="pip install") as raised:
            use()
        assert str(raised.value) == expected
    assert path.read_bytes() == safetensors()
    assert refusal(written(path, safetensors(length=2000))).startswith("its header declares"), (
        "a lie is seen without it"
    )
    save_recurrent(tmp_path / "net.npz", Recurrent("rnn", 3, 2))
    assert open_recurrent(tmp_path / "net.npz").cell == "rnn"


# What is written.


def test_what_cannot_be_written(tmp_path: Path) -> None:
    net = Recurrent("gru", 3, 2)
    with pytest.raises(ValueError, match=r"path: got 'net\.pt', expected a name that ends in \.safetensors or \.npz"):
        save_recurrent(tmp_path / "net.pt", net)
    with pytest.raises(ValueError, match=r"path: got 'net', expected"):
        pytorch_lines("net", net)
    for odd, said in (
        (Recurrent("gru", 3, 2, reset="before"), "net: got reset='before', expected 'after': PyTorch's GRU"),
        (
            Recurrent("rnn", 3, 2, nonlinearity="identity"),
            "net: got nonlinearity='identity', expected 'tanh' or 'relu'",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            save_recurrent(tmp_path / "net.npz", odd)
        with pytest.raises(ValueError, match=said):
            pytorch_lines("net.npz", odd)
    save_recurrent(tmp_path / "NET.NPZ", net)
    open_recurrent(tmp_path / "NET.NPZ")
    (tmp_path / "NET.NPZ").unlink()
    net.flat[0] = np.nan
    with pytest.raises(ValueError, match="weight_ih_l0: got NaN or infinity, expected finite numbers"):
        save_recurrent(tmp_path / "net.npz", net)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, suffix: str, monkeypatch) -> None:
    path = tmp_path / f"net{suffix}"
    save_recurrent(path, Recurrent("rnn", 3, 2))
    whole = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(weights.os, "replace", fail)
    with pytest.raises(OSError, match="full"):
        save_recurrent(path, Recurrent("rnn", 3, 2, seed=1))
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_lines_for_pytorch() -> None:
    net = Recurrent("rnn", 3, 2, 2, True, False, "relu", dtype=np.float64)
    assert pytorch_lines("net's.safetensors", net) == (
        "import torch\n"
        "from safetensors.torch import load_file\n"
        "\n"
        "net = torch.nn.RNN(3, 2, num_layers=2, nonlinearity='relu', bias=False, bidirectional=True, "
        "dtype=torch.float64)\n"
        """net.load_state_dict(load_file("net's.safetensors"))\n"""
    )
    assert pytorch_lines(Path("net.npz"), Recurrent("lstm", 3, 2)) == (
        "import numpy as np\n"
        "import torch\n"
        "\n"
        "net = torch.nn.LSTM(3, 2)\n"
        "net.load_state_dict({name: torch.from_numpy(array) for name, array in np.load('net.npz').items()})\n"
    )


# Damage.

WHOLE = [archive(members()), archive(members(deflate=True)), archive(members(state(rows=6))), safetensors()]


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
    st.floats(0, 1),
    st.binary(max_size=8),
)
def test_any_damage_is_a_network_or_one_line(
    tmp_path_factory: pytest.TempPathFactory,
    whole: bytes,
    flips: list[tuple[float, int]],
    first: float,
    last: float,
    more: bytes,
) -> None:
    damaged = bytearray(whole)
    for at, byte in flips:
        damaged[int(at * len(whole))] = byte
    # Between two places, what was there gives way to something else; between the same, it is inserted.
    begin, end = sorted((int(first * len(whole)), int(last * len(whole))))
    if more:
        damaged[begin:end] = more
    path = tmp_path_factory.getbasetemp() / "damaged.bin"
    path.write_bytes(damaged)
    said = ""
    try:
        assert np.isfinite(open_recurrent(path).flat).all()
    except ValueError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or said.startswith("damaged.bin: ")


@pytest.mark.parametrize("content", WHOLE, ids=["stored", "deflated", "a gru", "safetensors"])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net"
    for size in range(0, len(content), 7):
        with pytest.raises(ValueError, match=r"^net: "):
            open_recurrent(written(path, content[:size]))
