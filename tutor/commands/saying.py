"""What a command says, and where. It is cleaned first: a lesson, a file or an argument may hold control characters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from tutor.i18n import _


def say(message: str) -> None:
    """One line on standard error. Where that takes none, nobody is told, and all else goes on."""
    try:
        print(f"rnn-tutor: {cleaned(message)}", file=sys.stderr, flush=True)
    except OSError:
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """What is still buffered for a stream goes nowhere: the interpreter's own flush stays quiet."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


def cleaned(text: str) -> str:
    """`text` without control characters. The engine is asked only when there may be one: it brings NumPy."""
    if text.isprintable():
        return text
    from tutor.engine.text import clean

    return clean(text)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of a line about a name that there is not: the nearest one that there is."""
    from difflib import get_close_matches

    by_fold = {name.casefold(): name for name in names}
    near = get_close_matches(word.casefold(), by_fold, 1, 0.5)
    return "; " + _("did you mean {name}?").format(name=by_fold[near[0]]) if near else ""


def not_there(path: Path) -> str:
    """That there is nothing at a path, or a link that leads nowhere."""
    if not os.path.islink(path):
        return _("there is no {path}").format(path=path)
    return _("{path} is a broken link: it leads to {target}").format(path=path, target=os.readlink(path))


def print_json(value: object) -> None:
    """One JSON value on standard output; what is not finite is null."""
    import json

    said = json.dumps(_finite(value), ensure_ascii=not _is_utf8(), allow_nan=False)
    # Escaped, a control character of an answer or a title is as harmless as it is exact.
    print(said if said.isprintable() else json.dumps(_finite(value), allow_nan=False))


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
