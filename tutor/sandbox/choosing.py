"""The choices for a network that learns from a file, as settings: each as it is, what comes next, what may be typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tutor.engine import CELLS
from tutor.i18n import _, ngettext
from tutor.sandbox.corpora import Corpus
from tutor.sandbox.edits import bound, number, whole
from tutor.sandbox.experiment import MAX_HIDDEN, MAX_LAYERS
from tutor.sandbox.learning import Choices, entry
from tutor.sandbox.settings import LARGEST_SEED, SIZES, Setting, beyond, exactly

NAMES = {
    "next-word": "next word",
    "next-character": "next letter",
    "tag": "word → tag",
    "classify": "text → label",
    "forecast": "a forecast",
}
"""What each task is called."""
STEPS = (100, 200, 300, 600, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000)
RATES = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05)
_BOUNDS: dict[str, tuple[float, float]] = {
    "hidden": (1, MAX_HIDDEN),
    "layers": (1, MAX_LAYERS),
    "steps": (1, 100_000),
    "learning_rate": (1e-6, 1.0),
    "seed": (0, LARGEST_SEED),
}


def named(task: str) -> str:
    """A task in words."""
    return _(NAMES[task])


def task_of(corpus: Corpus, choices: Choices) -> str:
    """What is learned."""
    return choices.task or corpus.task


def settings(corpus: Corpus, choices: Choices) -> tuple[Setting, ...]:
    """Every choice, as it stands."""
    usual = entry(corpus, choices)
    task = usual.task
    one = _("There is nothing else to learn in this file.") if len(corpus.tasks) < 2 else ""
    table = "" if task == "forecast" else _("Only a table has columns.")
    column = choices.column or corpus.first_column or "–"
    both = _("Who guesses the next token may not have read it.") if task in ("next-word", "next-character") else ""
    return (
        Setting("task", _("learns"), named(task), why=one),
        Setting("column", _("column"), "–" if table else column, why=table),
        Setting("cell", _("cell"), choices.cell.upper()),
        Setting("hidden", _("units"), str(choices.hidden), True),
        Setting("layers", _("layers"), str(choices.layers), True),
        Setting("bidirectional", _("reads"), _("both ways") if choices.bidirectional else _("forward"), why=both),
        Setting("steps", _("updates"), f"{usual.steps:,}", True),
        Setting("learning_rate", _("rate"), f"{usual.learning_rate:g}", True),
        Setting("seed", _("seed"), str(choices.seed), True),
    )


def turned(corpus: Corpus, choices: Choices, name: str, by: int) -> Choices:
    """The next or the last of a choice.

    Raises:
        ValueError: there is none; in one line.
    """
    if name == "bidirectional":
        return replace(choices, bidirectional=not choices.bidirectional)
    if name == "task":
        task = _next(corpus.tasks, task_of(corpus, choices), by)
        # What belonged to the other task is as it was at first.
        return replace(choices, task=task, column="", bidirectional=False, steps=None, learning_rate=None)
    if name == "column":
        return replace(choices, column=_next(corpus.columns, choices.column or corpus.first_column, by))
    if name == "cell":
        return replace(choices, cell=_next(tuple(CELLS), choices.cell, by))
    now = getattr(entry(corpus, choices), name)
    rows: dict[str, Sequence[float]] = {"hidden": SIZES, "steps": STEPS, "learning_rate": RATES}
    if name in rows:
        return _with(choices, name, beyond(rows[name], now, by))
    low, high = _BOUNDS[name]
    if not low <= now + by <= high:
        raise ValueError(_("It goes from {low} to {high}.").format(low=bound(low), high=bound(high)))
    return _with(choices, name, now + by)


def typed(choices: Choices, name: str, text: str) -> Choices:
    """A choice that was typed.

    Raises:
        ValueError: it is none; in one line, and the last good one stays.
    """
    if name == "learning_rate":
        return replace(choices, learning_rate=number(text, *_BOUNDS[name]))
    return _with(choices, name, whole(text, *_BOUNDS[name]))


def to_type(corpus: Corpus, choices: Choices, name: str) -> str:
    """What stands in the line that a choice is typed in."""
    return exactly(getattr(entry(corpus, choices), name))


def about(corpus: Corpus, task: str) -> tuple[str, ...]:
    """What the file holds, in short lines."""
    said = [ngettext("{n:,} line", "{n:,} lines", len(corpus.lines)).format(n=len(corpus.lines))]
    if task == "forecast":
        rows = max((len(column) for column in corpus.table.values()), default=0)
        said = [
            ngettext("{n:,} row", "{n:,} rows", rows).format(n=rows),
            _("columns of numbers: {names}").format(names=", ".join(corpus.columns)),
        ]
    elif task in ("tag", "classify"):
        said.append(_("labels: {names}").format(names=", ".join(corpus.labels_for(task)[:12])))
    else:
        words, characters = len(corpus.words), corpus.characters
        said.append(_("{words:,} words, {characters:,} characters").format(words=words, characters=characters))
    return tuple(said)


def _with(choices: Choices, name: str, value: Any) -> Choices:
    changed: dict[str, Any] = {name: value}
    return replace(choices, **changed)


def _next(options: Sequence[Any], now: Any, by: int) -> Any:
    at = list(options).index(now) if now in options else 0
    return options[(at + by) % len(options)]
