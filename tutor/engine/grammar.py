"""A grammar as a value: its sentences, each with its tags, its label and what it says of a scene.

A lesson's author declares what can be said; every sentence, and the right answer for it, follows from that alone. So
there is no answer that someone could have got wrong. No rule leads back to itself: a grammar has so many sentences and
no more, is counted and split exactly, and "unseen" means unseen.

`tutor.engine.grammar_text` reads one from a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tutor.engine import datasets
from tutor.engine.checks import one_of, whole

Slots = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Sentence:
    """A sentence and what is right to say of it."""

    words: tuple[str, ...]
    tags: tuple[str, ...] | None
    """One a word; None where the grammar has none."""
    label: str | None
    """None where the grammar has none."""
    slots: tuple[tuple[str, str], ...]
    """What it says of a scene, by name: (("position", "top-left"), ("shape", "circle"))."""


class Word(NamedTuple):
    """A word of a sentence."""

    text: str
    tag: str | None


@dataclass(frozen=True)
class Alternative:
    """One way to go on from a rule."""

    parts: tuple[str | tuple[Word, ...], ...]
    """Names of rules, and words."""
    label: str | None
    source: int | None
    """The part whose label it takes, counted from 1; None where it has its own or none."""
    flip: bool
    """Whether it takes the opposite one."""
    slots: Slots

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The rules that it leads to."""
        return tuple(part for part in self.parts if isinstance(part, str))


class _Rule(NamedTuple):
    """A rule that is still to be said."""

    name: str
    sign: int
    """What its label counts for: 1 as the sentence's, −1 as the opposite of it, 0 for nothing."""


class _Path(NamedTuple):
    """A leftmost derivation on its way."""

    todo: tuple[Word | _Rule, ...]
    label: str | None
    slots: Slots

    def rest(self) -> _Path:
        """The path once its first word is said."""
        return self._replace(todo=self.todo[1:])


@dataclass(frozen=True, eq=False)
class Grammar:
    """Rules that were checked, each of which has an end: `parse_grammar` makes one."""

    rules: Mapping[str, tuple[Alternative, ...]]
    """Sentences start at the first; each leads only to rules after it."""
    labels: tuple[str, ...]
    """From one end of a scale to the other: the opposite of the first is the last. Empty where the grammar has none."""
    tags: tuple[str, ...]
    """In the order in which they are met; empty where the grammar has none."""
    slots: Mapping[str, tuple[str, ...]]
    """The values of each slot, in the order in which they are met."""

    def bind(self, slots: Mapping[str, str]) -> Grammar:
        """The grammar of those sentences that say nothing else of these slots.

        Raises:
            ValueError: a slot or a value that no rule names, or no sentence that fits.
        """
        for name, value in slots.items():
            one_of("slots", name, tuple(self.slots))
            one_of(name, value, self.slots[name])
        rules: dict[str, tuple[Alternative, ...]] = {}
        for name in reversed(tuple(self.rules)):
            ways = tuple(way for way in self.rules[name] if _fits(way, slots) and rules.keys() >= set(way.names))
            if ways:
                rules[name] = ways
        if self._start not in rules:
            raise ValueError(f"slots: got {dict(slots)}, expected what one sentence can say")
        return replace(self, rules=MappingProxyType({name: rules[name] for name in self.rules if name in rules}))

    def sample(self, seed: int, n: int) -> tuple[Sentence, ...]:
        """`n` sentences, each drawn whatever was drawn before. At every rule its alternatives are equally likely.

        Raises:
            ValueError: a number out of bounds.
        """
        rng = np.random.default_rng([whole("seed", seed, 0), 16])
        return tuple(self._draw(rng) for _ in range(whole("n", n)))

    def enumerate(self, limit: int | None = None) -> tuple[Sentence, ...]:
        """Every sentence once; the first `limit` of them where there are more.

        Those that begin with the same words stand together, and are otherwise in the order of the rules. Two with the
        same words are two sentences where their tags, labels or slots differ.

        Raises:
            ValueError: a limit out of bounds.
        """
        return tuple(islice(self._sentences(), None if limit is None else whole("limit", limit)))

    def count(self) -> int:
        """How many sentences `enumerate` has without a limit, by counting the ways to go on and not by walking them."""
        total = 0
        # Beginnings that stand at the same place have the same ends before them: their number is all that counts.
        layer = Counter({frozenset([self._begin()]): 1})
        while layer:
            following: Counter[frozenset[_Path]] = Counter()
            for paths, ways in layer.items():
                ends, after = self._step(paths)
                total += ways * len(ends)
                for reached in after.values():
                    following[_apart(reached)] += ways
            layer = following
        return total

    def split(self, seed: int, held_out: float) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
        """All sentences in two parts, to train on and held out, each in the order of `enumerate`.

        No words are in both: sentences that differ in nothing but their tags, label or slots stay together.

        Args:
            seed: draws what is held out.
            held_out: its share of all different strings of words, as of `datasets.split`.

        Raises:
            ValueError: a share or a seed out of bounds, or one string of words alone.
        """
        sentences = self.enumerate()
        held = set(datasets.split(tuple(dict.fromkeys(s.words for s in sentences)), held_out, seed)[1])
        return tuple(s for s in sentences if s.words not in held), tuple(s for s in sentences if s.words in held)

    @property
    def _start(self) -> str:
        return next(iter(self.rules))

    def _begin(self) -> _Path:
        return _Path((_Rule(self._start, 1),), None, frozenset())

    def _taken(self, path: _Path, sign: int, way: Alternative) -> _Path:
        """A path with the rule that it stands before replaced by one of its alternatives."""
        parts: list[Word | _Rule] = []
        for number, part in enumerate(way.parts, 1):
            if isinstance(part, str):
                parts.append(_Rule(part, 0 if number != way.source else -sign if way.flip else sign))
            else:
                parts += part
        label = path.label if way.label is None or not sign else self._turned(way.label, sign)
        return _Path((*parts, *path.todo[1:]), label, path.slots | way.slots)

    def _turned(self, label: str, sign: int) -> str:
        return label if sign > 0 else self.labels[-1 - self.labels.index(label)]

    def _draw(self, rng: np.random.Generator) -> Sentence:
        words = []
        path = self._begin()
        while path.todo:
            first = path.todo[0]
            if isinstance(first, Word):
                words.append(first)
                path = path.rest()
            else:
                ways = self.rules[first.name]
                path = self._taken(path, first.sign, ways[rng.integers(len(ways))])
        return self._sentence(words, path.label, path.slots)

    def _sentences(self) -> Iterator[Sentence]:
        # A stack of our own: the language's ends at a thousand words.
        stack: list[tuple[tuple[Word, ...], Iterable[_Path]]] = [((), [self._begin()])]
        while stack:
            words, paths = stack.pop()
            ends, after = self._step(paths)
            for label, slots in ends:
                yield self._sentence(words, label, slots)
            stack += [((*words, word), reached) for word, reached in reversed(after.items())]

    def _step(
        self, paths: Iterable[_Path]
    ) -> tuple[dict[tuple[str | None, Slots], None], dict[Word, dict[_Path, None]]]:
        """From all paths that said the same words: how a sentence may end here, and the paths by the next word.

        Following all of them at once is what makes a sentence that is derived twice be met once.
        """
        ends: dict[tuple[str | None, Slots], None] = {}
        after: dict[Word, dict[_Path, None]] = {}
        stack = list(paths)[::-1]
        met: set[_Path] = set()
        while stack:
            path = stack.pop()
            if path in met:
                # Rules that may be silent lead here in twice as many ways with every one of them.
                continue
            met.add(path)
            if not path.todo:
                ends[path.label, path.slots] = None
            elif isinstance(first := path.todo[0], Word):
                after.setdefault(first, {})[path.rest()] = None
            else:
                stack += [self._taken(path, first.sign, way) for way in reversed(self.rules[first.name])]
        return ends, after

    def _sentence(self, words: Iterable[Word], label: str | None, slots: Slots) -> Sentence:
        texts, tags = zip(*words, strict=True)
        return Sentence(texts, tags if self.tags else None, label, tuple(sorted(slots)))


def _fits(way: Alternative, slots: Mapping[str, str]) -> bool:
    """Whether an alternative by itself says nothing else of these slots."""
    return all(slots.get(name, value) == value for name, value in way.slots)


def _apart(paths: Iterable[_Path]) -> frozenset[_Path]:
    """Paths without the slots that all of them said, which tell none of their ends apart."""
    shared = frozenset.intersection(*(path.slots for path in paths))
    return frozenset(path._replace(slots=path.slots - shared) for path in paths)
