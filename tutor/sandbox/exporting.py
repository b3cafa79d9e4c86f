"""The trace of a run as a file: JSON, CSV or NumPy's npz, with the numbers that `trace` prints.

What is written is there whole or not at all, and nothing is written over unless that is asked for.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine import weights
from tutor.engine.cells import CELLS
from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.progress.placing import linked

KINDS = (".json", ".csv", ".npz")
"""What the name of a file may end in."""
NEXT = 5
"""Next tokens that are told, the likeliest first."""
MOST_LETTERS = 16_000_000
"""Letters of a table of tokens whose rows are all as long as the longest."""


def export(run: Run, path: Path, *, overwrite: bool = False) -> Path:
    """Write a run to a file, by its suffix.

    Args:
        run: any run.
        path: ends in .json, .csv or .npz.
        overwrite: whether what is there already goes.

    Returns:
        the file.

    Raises:
        OSError: it cannot be written.
        ValueError: another suffix, a name that is taken, or tokens that no table has room for.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        said = _("path: got {name}, expected a name that ends in {kinds}")
        raise ValueError(said.format(name=repr(clean(path.name)), kinds=_(", ").join(KINDS)))
    with placed(path, overwrite=overwrite) as part:
        if kind == ".npz":
            weights.save(part, arrays(run), about(run))
        else:
            # Piece by piece: no other thread waits for all of a long trace, and it is never held twice.
            with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.writelines(json_of(run) if kind == ".json" else csv_of(run))
    return path


# What there is to tell


def gates_of(run: Run) -> dict[str, Array]:
    """The top layer's gates, (T, H) each; the backward direction's are called `f_reverse` and so on."""
    cell = CELLS[run.spec.cell]
    found: dict[str, Array] = {}
    for direction in range(2 if run.spec.bidirectional else 1):
        gates = run.trace.gates(layer=run.spec.num_layers - 1, direction=direction)
        for gate in cell.gates:
            if gate.name not in cell.states:
                found[gate.name + ("_reverse" if direction else "")] = gates[gate.name][:, 0]
    return found


def about(run: Run) -> dict[str, Any]:
    """What network it was."""
    return {"cell": run.spec.cell, "hidden_size": run.spec.hidden_size, "seed": run.spec.seed}


def told(run: Run) -> dict[str, Any]:
    """A run as JSON has it: its tokens, what network it was, its states and gates, and what comes next where it says.

    What is not finite is still there: see `finite`.
    """
    found: dict[str, Any] = {
        "tokens": list(run.tokens),
        **about(run),
        "hidden": run.hidden.tolist(),
        "gates": {name: values.tolist() for name, values in gates_of(run).items()},
    }
    if (following := _next(run)) is not None:
        found["next"] = following
    return found


def _next(run: Run) -> list[list[Any]] | None:
    """The likeliest next tokens; None where it says none."""
    return None if run.probabilities is None else [[token, float(p)] for token, p in run.next(k=NEXT)]


def rows(run: Run) -> Iterator[list[Any]]:
    """A row of names; then one for each token: its number, itself, every unit of the state and of each gate.

    What is not finite is None.
    """
    columns = {"h": run.hidden, **gates_of(run)}
    yield ["step", "token", *(f"{name}{i + 1}" for name, values in columns.items() for i in range(values.shape[1]))]
    for t, token in enumerate(run.tokens):
        yield [t + 1, token, *finite([number for values in columns.values() for number in values[t].tolist()])]


def arrays(run: Run) -> dict[str, npt.NDArray[Any]]:
    """A run as arrays: "tokens" (T,), "x" (T, D), "hidden" (T, H·directions), "h_0" (H·directions,), each gate (T, H)
    by its letter, and "logits" (T, V) where there are.

    Raises:
        ValueError: tokens so long that no table has room for them.
    """
    longest = max(map(len, run.tokens))
    if longest * len(run.tokens) > MOST_LETTERS:
        said = _("tokens: got one of {n} letters, too long for a table of {rows} rows; export as .json or .csv")
        raise ValueError(said.format(n=f"{longest:,}", rows=f"{len(run.tokens):,}"))
    found = {"tokens": np.array(run.tokens, f"<U{longest}"), "x": run.x, "hidden": run.hidden, "h_0": run.h_0}
    found |= gates_of(run)
    if run.logits is not None:
        found["logits"] = run.logits
    return found


def finite(value: Any) -> Any:
    """The same, with None for every number that is not finite."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def json_of(run: Run) -> Iterator[str]:
    """The pieces of what `told` says as one JSON value in one line; what is not finite is null."""
    yield _json({"tokens": list(run.tokens), **about(run)})[:-1]
    yield ', "hidden": '
    yield from _rows_of(run.hidden)
    between = ', "gates": {'
    for name, values in gates_of(run).items():
        yield f"{between}{_json(name)}: "
        yield from _rows_of(values)
        between = ", "
    yield "}" if between == ", " else ', "gates": {}'
    if (following := _next(run)) is not None:
        yield f', "next": {_json(following)}'
    yield "}\n"


def _rows_of(values: Array) -> Iterator[str]:
    """An array (T, n) as JSON, a piece a row."""
    for t, row in enumerate(values):
        yield ("[" if t == 0 else ", ") + _json(row.tolist())
    yield "]" if len(values) else "[]"


def _json(value: Any) -> str:
    value = finite(value)
    said = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # Escaped, a control character of a token is as harmless as it is exact.
    return said if said.isprintable() else json.dumps(value, allow_nan=False)


def csv_of(run: Run) -> Iterator[str]:
    """A line for each token, its end included; what is not finite is empty."""
    for row in rows(run):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(row)
        yield out.getvalue()


# Files that take nobody's place


@contextmanager
def placed(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A file to write beside `path`, of the same suffix: it comes to stand there when all of it is written.

    Args:
        path: where it is to be; its folder is made.
        overwrite: whether what is there already goes.

    Raises:
        OSError: it cannot be written.
        ValueError: there is something already; or what is raised within, by the name of `path`.
    """
    if not overwrite and os.path.lexists(path):
        raise taken(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{os.urandom(8).hex()}.part{path.suffix}")
    try:
        yield part
        if overwrite:
            os.replace(part, path)
        else:
            linked(part, path)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        if error.filename == str(part):
            # Nobody knows the name that it has on its way.
            error.filename = str(path)
        raise
    except ValueError as error:
        raise ValueError(str(error).replace(part.name, clean(path.name))) from error
    finally:
        part.unlink(missing_ok=True)


def taken(path: Path, free: Path | None = None) -> ValueError:
    """That there is something at a path already, and a name that is free: the next one, if it is not told."""
    if free is None:
        free = next(other for other in numbered(path) if not os.path.lexists(other))
    said = _("{name} is there already, and stays as it is; {free} is free")
    return ValueError(said.format(name=clean(path.name), free=clean(free.name)))


def numbered(path: Path) -> Iterator[Path]:
    """Other names for a file, one after the other: run-2.csv, run-3.csv and so on."""
    return (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
