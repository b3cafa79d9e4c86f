"""A figure's numbers: named columns, as words for a reader and as files for a program."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence

from msgspec import Struct


class Table(Struct, frozen=True):
    """Numbers in named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    title: str = ""
    """What it is of, where a figure has several."""

    def csv(self) -> str:
        """Comma-separated, a row of names first; what is not finite as `nan`, `inf`, `-inf`."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()


def json_of(figure: str, tables: Sequence[Table]) -> str:
    """One JSON value: the figure's name and its tables. What is not finite is null."""
    found = [{"title": t.title, "columns": t.columns, "rows": [[_plain(v) for v in r] for r in t.rows]} for t in tables]
    return json.dumps({"figure": figure, "tables": found}, ensure_ascii=False, indent=1) + "\n"


def _plain(value: str | float) -> str | float | None:
    return value if isinstance(value, str) or math.isfinite(value) else None
