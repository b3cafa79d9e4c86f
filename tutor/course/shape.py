"""Tables against their types: every fault at once, with the path of its key and how to mend it.

`msgspec.convert` stops at the first fault and names types as Python does. Here an author is told of all of
them, in the words of TOML, and with the nearest name where one is misspelt. What passes here converts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from tutor.course.source import nearest

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """Something wrong in a table."""

    path: Path
    """Keys and list positions from the table's root."""
    what: str
    mend: str


def faults(kind: Any, data: Any, where: str, path: Path = ()) -> list[Fault]:
    """Everything in `data` that does not fit the type `kind`.

    Args:
        where: what the table is called, as `this figure`.
    """
    return list(_walk(_known(kind), data, where, path))


@lru_cache
def _known(kind: Any) -> inspect.Type:
    """A type as msgspec tells it. It evaluates every annotation of every probe each time: that was all of a load."""
    return inspect.type_info(kind)


def _walk(kind: Any, data: Any, where: str, path: Path) -> list[Fault]:
    if isinstance(kind, inspect.UnionType):
        return _union(kind, data, where, path)
    if isinstance(kind, inspect.StructType) and isinstance(data, dict):
        return _struct(kind, data, where, path)
    if isinstance(kind, inspect.LiteralType):
        if data in kind.values:
            return []
        name = _name(path)
        if isinstance(data, str):
            return [Fault(path, f'{name} is "{data}"', nearest(data, [str(v) for v in kind.values]))]
        return [Fault(path, f"{name} is {_seen(data)}", f"write {_expected(kind)}")]
    if isinstance(kind, inspect.TupleType) and isinstance(data, list):
        if len(data) != len(kind.item_types):
            said = f"{_name(path)} has {len(data)} entries"
            return [Fault(path, said, f"write {len(kind.item_types)}")]
        pairs = zip(kind.item_types, data, strict=True)
        return [f for i, (k, d) in enumerate(pairs) for f in _walk(k, d, where, (*path, i))]
    if isinstance(kind, inspect.VarTupleType | inspect.ListType) and isinstance(data, list):
        return [f for i, d in enumerate(data) for f in _walk(kind.item_type, d, where, (*path, i))]
    if isinstance(kind, inspect.DictType) and isinstance(data, dict):
        return [f for k, d in data.items() for f in _walk(kind.value_type, d, where, (*path, k))]
    if _fits(kind, data):
        return []
    return [Fault(path, f"{_name(path)} is {_seen(data)}", f"write {_expected(kind)}")]


def _struct(kind: inspect.StructType, data: dict[str, Any], where: str, path: Path) -> list[Fault]:
    found = []
    fields = {field.encode_name: field for field in kind.fields}
    tagged = {kind.tag_field} if kind.tag_field else set()
    if tagged and kind.tag_field in data:
        where = f'{kind.tag_field} = "{kind.tag}"'
    for key, value in data.items():
        if key in fields:
            found += _walk(fields[key].type, value, where, (*path, key))
        elif key not in tagged:
            known = [name for name in fields if name not in data] or list(fields)
            found.append(Fault((*path, key), f"unknown key `{key}` in {where}", nearest(key, known)))
    for key, field in fields.items():
        if field.required and key not in data:
            found.append(Fault(path, f"no `{key}` in {where}", f"write {key} = {_expected(field.type)}"))
    return found


def _union(kind: inspect.UnionType, data: Any, where: str, path: Path) -> list[Fault]:
    structs = [k for k in kind.types if isinstance(k, inspect.StructType)]
    if isinstance(data, dict) and structs:
        if len(structs) == 1:
            return _walk(structs[0], data, where, path)
        by_tag = {str(k.tag): k for k in structs}
        tag_field = str(structs[0].tag_field)
        tag = data.get(tag_field)
        if isinstance(tag, str) and tag in by_tag:
            return _walk(by_tag[tag], data, where, path)
        if tag is None:
            return [Fault(path, f"no `{tag_field}` in {_name(path)}", f'write {tag_field} = "…"')]
        return [Fault((*path, tag_field), f"unknown {tag_field} {_seen(tag)}", nearest(str(tag), by_tag))]
    for part in kind.types:
        # A list is looked into where a list may stand: its own faults say more than "not a list of …".
        takes = isinstance(part, inspect.VarTupleType | inspect.ListType | inspect.TupleType)
        if isinstance(data, list) and takes:
            return _walk(part, data, where, path)
    if any(_fits(part, data) for part in kind.types):
        return []
    return [Fault(path, f"{_name(path)} is {_seen(data)}", f"write {_expected(kind)}")]


_LARGEST = 2**63


def _fits(kind: Any, data: Any) -> bool:
    if isinstance(data, bool) or isinstance(kind, inspect.BoolType):
        return isinstance(data, bool) and isinstance(kind, inspect.BoolType)
    if isinstance(kind, inspect.IntType):
        return isinstance(data, int) and abs(data) < _LARGEST
    if isinstance(kind, inspect.FloatType):
        # TOML knows inf and nan, and whole numbers of any length; no lesson has a use for them.
        return isinstance(data, int | float) and abs(data) < (math.inf if isinstance(data, float) else _LARGEST)
    if isinstance(kind, inspect.StrType):
        return isinstance(data, str)
    if isinstance(kind, inspect.LiteralType):
        return data in kind.values
    return isinstance(kind, inspect.AnyType)


def _name(path: Path) -> str:
    """A path as a person says it: its last key, or the place in a list."""
    if not path:
        return "this table"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of `{next((p for p in reversed(path) if isinstance(p, str)), '')}`"
    return f"`{path[-1]}`"


def _seen(data: Any) -> str:
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, str):
        return f'"{data}"' if len(data) <= 40 else "a text"
    if isinstance(data, int | float):
        return f"{data}" if isinstance(data, float) or abs(data) < _LARGEST else "a number of many digits"
    return "a list" if isinstance(data, list) else "a table" if isinstance(data, dict) else "a date"


def _expected(kind: Any) -> str:
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in kind.values)
    if isinstance(kind, inspect.UnionType):
        parts = dict.fromkeys(_expected(k) for k in kind.types if not isinstance(k, inspect.NoneType))
        return ", or ".join(parts)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return f"a list of {_expected(kind.item_type)}"
    if isinstance(kind, inspect.TupleType):
        return f"a list of {len(kind.item_types)}"
    if isinstance(kind, inspect.StructType):
        return f'{{ {kind.tag_field} = "…" }}' if kind.tag_field else "a table { … }"
    return next((said for plain, said in _PLAIN if isinstance(kind, plain)), "another kind of value")


_PLAIN: tuple[tuple[Any, str], ...] = (
    (inspect.StrType, "a text in quotes"),
    (inspect.IntType, "a whole number"),
    (inspect.FloatType, "a number"),
    (inspect.BoolType, "true or false"),
    (inspect.DictType, "a table { … }"),
)


def convert(data: Any, kind: Any) -> Any:
    """A table that has no faults, as its type."""
    return msgspec.convert(data, kind)


_HEADER = re.compile(r"\s*\[(\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r'\s*("?)([\w-]+)\1\s*=')


def locate(lines: Sequence[str], path: Path) -> int:
    """The index of the line of a TOML text that a path leads to, as near as can be seen; else 0.

    A key is found exactly. Inside an inline table or a list, the line where the key, or the entry, begins.
    """
    best, matched = 0, 0
    header: list[str | int] = []
    arrays: dict[str, int] = {}
    for index, line in enumerate(lines):
        if found := _HEADER.match(line):
            name = found[2].strip()
            header = [part.strip().strip('"') for part in name.split(".")]
            if found[1]:
                arrays[name] = arrays.get(name, -1) + 1
                header.append(arrays[name])
            here = header
        elif key := _KEY.match(line):
            here = [*header, key[2]]
        else:
            continue
        common = 0
        for a, b in zip(here, path, strict=False):
            if a != b:
                break
            common += 1
        if common == len(here) and common > matched:
            best, matched = index, common
    return _within(lines, best, path[matched:]) if matched else 0


def _within(lines: Sequence[str], start: int, rest: Path) -> int:
    """Down into the inline tables and lists that begin at a line."""
    end = next(
        (i for i in range(start + 1, len(lines)) if _KEY.match(lines[i]) or _HEADER.match(lines[i])),
        len(lines),
    )
    at = start
    for part in rest:
        if isinstance(part, int):
            entries = [i for i in range(start + 1, end) if lines[i].lstrip().startswith(("{", '"', "["))]
            if part < len(entries):
                at = entries[part]
        else:
            pattern = re.compile(rf'(?<![\w-])"?{re.escape(part)}"?\s*=')
            at = next((i for i in range(at, end) if pattern.search(lines[i])), at)
    return at
