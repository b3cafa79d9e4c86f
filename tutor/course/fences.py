"""What a lesson's fenced blocks are read with: the block as it lies in the file, and what is found on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tutor.course import shape
from tutor.course.entries import ModelEntry
from tutor.course.lesson import Figure
from tutor.course.measured import Found
from tutor.course.source import LessonError, Problem, nearest, parse_toml
from tutor.course.words import wrong_words


@dataclass
class Reader:
    """What a lesson's blocks are read against, and what is found on the way.

    Attributes:
        models: the lesson's models, as far as they are whole.
        named: every model's name, the broken ones' too: a second complaint about them would only confuse.
        values: the names of the lesson's `[values]`.
        figure: the figure that stands before in the same step, where it is whole.
    """

    path: Any
    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    step: tuple[tuple[str, Any], ...] = ()
    problems: list[Problem] = field(default_factory=list)
    figure: Figure | None = None

    def add(self, line: int, what: str, mend: str) -> None:
        """Note a problem, once."""
        problem = Problem(self.path, line, what, mend)
        if problem not in self.problems:
            self.problems.append(problem)

    def table(self, text: str, first: int) -> dict[str, Any] | None:
        """A block's TOML, or None when it is none."""
        try:
            return parse_toml(text, self.path, first)
        except LessonError as error:
            self.problems += error.problems
            return None

    def unfit_models(self, asked: Any, at: Callable[[str], int]) -> None:
        """What a probe or a figure asks of the models that they cannot give."""
        for name in asked.models():
            if name not in self.named:
                mend = nearest(name, self.named) if self.named else f"define it in [models.{name}]"
                self.add(at(name), f"no model is called `{name}`", mend)
        found: Found | None = asked.unfit(self.models)
        if found is not None:
            self.add(at(""), *found)


@dataclass
class Block:
    """A fenced block as it lies in the file."""

    kind: str
    text: str
    line: int
    """Of its opening fence."""
    key: str

    @property
    def first(self) -> int:
        """The line of the file where its TOML begins."""
        return self.line + 1

    def at(self, *path: str | int) -> int:
        """The line of a key within it."""
        if not self.text.strip():
            return self.line
        return self.first + shape.locate(self.text.split("\n"), path)

    def naming(self, key: str) -> Callable[[str], int]:
        """Where, from `key` on, a name first stands in quotes."""

        def at(name: str) -> int:
            start = self.at(key)
            lines = self.text.split("\n")
            for number in range(start, self.first + len(lines)):
                if name and f'"{name}"' in lines[number - self.first]:
                    return number
            return start

        return at


def shaped(reader: Reader, block: Block, kind: Any, data: Any, where: str) -> Any:
    """The table as its type; None when there are faults."""
    found = shape.faults(kind, data, where)
    for fault in found:
        reader.add(block.at(*fault.path), fault.what, fault.mend)
    return None if found else shape.convert(data, kind)


def asks(reader: Reader, block: Block, text: str) -> None:
    """What is to be done, in words: some, and with the lesson's values alone in braces."""
    if not text.strip():
        reader.add(block.at("ask"), "nothing is asked for", 'write ask = "…"')
    for found in wrong_words(text, reader.values, numbers=False):
        reader.add(block.at("ask"), *found)
