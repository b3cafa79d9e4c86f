"""NumPy's npz, a zip archive of npy arrays, read byte by byte and never by a pickle.

The whole file is accounted for: each member begins where the one before it ends, and the directory where the last one
ends. So nothing overlaps, nothing hides, and nothing is unpacked beyond what was declared and allowed.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.declared import Declared, declared, named, short

# PKWARE, APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16.
_LOCAL = struct.Struct("<4s5HL2L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED, _DESCRIPTOR, _HARMLESS = 1 << 0, 1 << 3, 1 << 1 | 1 << 2 | 1 << 11
"""Flags: a password, sizes behind the data; and those that change nothing, the effort spent and a name in UTF-8."""

_IN_EXTRA = (0xFFFFFFFF, 0xFFFFFFFF)
"""The sizes before the data of a member that might have outgrown them (4.5.3); the directory has them."""

_HEADER = 4096
"""Bytes at the start of a member in which an npy header has to end."""
_MAGIC = b"\x93NUMPY\x01\x00"
_SIZES = r"\(\s*(?:-?[0-9]+\s*,\s*)*(?:-?[0-9]+\s*)?\)"
_ITEM = rf"\s*(?:'descr'\s*:\s*'([^']*)'|'fortran_order'\s*:\s*(True|False)|'shape'\s*:\s*({_SIZES}))\s*"
_ITEMS = re.compile(rf"\{{{_ITEM},{_ITEM},{_ITEM}(?:,\s*)?\}}\s*")
"""NumPy's format says that the three may come in any order."""
_KINDS = ("f2", "f4", "f8", "u1")


class _Member(NamedTuple):
    name: str
    deflated: bool
    crc: int
    size: int
    """Of what it unpacks to, as the directory has it."""
    packed: memoryview

    def unpacked(self, most: int) -> tuple[bytes, bool]:
        """Its first bytes, at most so many, and whether they are all of it."""
        if not self.deflated:
            return bytes(self.packed[:most]), len(self.packed) <= most
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflate.decompress(self.packed, most)
        except zlib.error:
            raise ValueError(f"{self.name} is damaged: it does not unpack") from None
        return content, inflate.eof and not inflate.unused_data

    def whole(self) -> bytes:
        """All of it. Memory grows with what is unpacked, and stops growing at what was declared."""
        # One byte more, so that too much is seen as such; and to zlib a limit of 0 is none.
        content, all_of_it = self.unpacked(self.size + 1)
        if len(content) != self.size or not all_of_it:
            raise ValueError(f"{self.name} does not unpack to the {self.size:,} bytes that it declares")
        if zlib.crc32(content) != self.crc:
            raise ValueError(f"{self.name} is damaged: its checksum is another")
        return content


class _Array(NamedTuple):
    member: _Member
    declared: Declared
    order: Literal["C", "F"]
    start: int
    """Where in the member the numbers begin."""


class Npz:
    """An archive whose word has been checked, and of whose numbers none has been unpacked.

    Args:
        data: the whole file.
        most: bytes that its members may unpack to.

    Raises:
        ValueError: in one line, what is wrong with it.
    """

    def __init__(self, data: bytes, most: int) -> None:
        members = _members(data)
        total = sum(member.size for member in members)
        if total > most:
            raise ValueError(f"it declares more than it may hold: {total:,} bytes, expected at most {most:,}")
        self._arrays: dict[str, _Array] = {}
        for member in members:
            if member.name in self._arrays:
                raise ValueError(f"{member.name} is there twice")
            self._arrays[member.name] = _array(member)
        self.declared = {name: array.declared for name, array in self._arrays.items()}
        """By name, what the file says of each array."""

    def unpack(self) -> dict[str, npt.NDArray[Any]]:
        """Every array, in this machine's byte order."""
        return {name: _numbers(array) for name, array in self._arrays.items()}


def write(file: IO[bytes], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """An archive that stores arrays as they are."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # A member without a date: the same weights are the same bytes.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)


def _members(data: bytes) -> list[_Member]:
    """The members of an archive, by the directory at its end."""
    last = len(data) - _END.size
    if last < 0:
        raise ValueError("it is no whole npz file: it ends too soon")
    sign, disk, first_disk, here, count, length, start, comment = _END.unpack_from(data, last)
    if sign != b"PK\x05\x06" or start + length != last or disk or first_disk or here != count or comment:
        raise ValueError("it is no whole npz file: its directory is not at its end")
    members, at, end = [], start, 0
    for _ in range(count):
        if at + _ENTRY.size > last:
            raise ValueError("its directory holds less than it says")
        sign, _, _, flags, method, _, _, crc, packed, size, n, *more, _, _, _, begin = _ENTRY.unpack_from(data, at)
        if sign != b"PK\x01\x02":
            raise ValueError("its directory is damaged")
        text = data[at + _ENTRY.size : at + _ENTRY.size + n]
        at += _ENTRY.size + n + sum(more)
        said = text.decode("utf-8", "backslashreplace")
        name = named(said, ".npy")
        if flags & _ENCRYPTED:
            raise ValueError(f"{name} is encrypted")
        if flags & _DESCRIPTOR:
            raise ValueError(f"{name} has its size behind its data; write it to a file with np.savez, not to a pipe")
        if flags & ~_HARMLESS or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name} is packed as NumPy never packs")
        if begin != end:
            raise ValueError(f"{name} does not begin where the member before it ends")
        sign, _, *again, _, _, crc_again, packed_again, size_again, n, extra = _LOCAL.unpack_from(data, begin)
        begin += _LOCAL.size
        same = sign == b"PK\x03\x04" and again == [flags, method] and crc_again == crc
        sizes = (packed_again, size_again)
        if not same or sizes not in ((packed, size), _IN_EXTRA) or data[begin : begin + n] != text:
            raise ValueError(f"{name} is one thing before its data, and another in the directory")
        begin += n + extra
        end = begin + packed
        if end > start:
            raise ValueError(f"{name} declares {packed:,} packed bytes, and fewer are there")
        if method == zipfile.ZIP_STORED and packed != size:
            raise ValueError(f"{name} declares {size:,} bytes, stored as {packed:,}")
        members.append(_Member(name, method == zipfile.ZIP_DEFLATED, crc, size, memoryview(data)[begin:end]))
    if at != last or end != start:
        raise ValueError("there is more in it than its members")
    return members


def _array(member: _Member) -> _Array:
    """What a member's npy header declares (NumPy's format 1.0), against the size that the directory gives it."""
    name = member.name
    text, _ = member.unpacked(_HEADER)
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(text[len(_MAGIC) : start], "little")
    match = _ITEMS.fullmatch(text[start:end].decode("latin1"))
    groups = match.groups() if match and text.startswith(_MAGIC) and end <= len(text) else ()
    items = [[group for group in groups[kind::3] if group is not None] for kind in range(3)]
    if any(len(found) != 1 for found in items):
        raise ValueError(f"{name} has no npy header (version 1.0) of an array of numbers")
    (descr,), (fortran_order,), (sizes,) = items
    if descr[:1] not in "<>=|" or descr[1:] not in _KINDS:
        what = "Python objects, which are a pickle" if descr == "|O" else f"dtype {short(descr)}"
        raise ValueError(f"{name} holds {what}, expected float32 or float64")
    shape = [int(size) for size in re.findall("-?[0-9]+", sizes)]
    there = max(member.size - end, 0)
    order: Literal["C", "F"] = "F" if fortran_order == "True" else "C"
    return _Array(member, declared(name, shape, np.dtype(descr), there), order, end)


def _numbers(array: _Array) -> npt.NDArray[Any]:
    """The numbers of a member, in an array of their own."""
    shape, dtype = array.declared
    flat = np.frombuffer(array.member.whole(), dtype, offset=array.start)
    return flat.reshape(shape, order=array.order).astype(dtype.newbyteorder("="), order="C")
