"""A declared grammar: a text becomes sentences, each with its tags, its label and what it says of a scene.

A lesson's author writes down what can be said; every sentence, and the right answer for it, follows from that alone. So
there is no answer that someone could have got wrong, and "unseen" means unseen: a grammar is counted and split exactly.

    labels bad good
    S     -> "the soup is" VIEW | "the" NOUN "is" VIEW [0.5]      # sentences start at the first rule
    VIEW  -> PLAIN | NOT PLAIN = flip 2
    NOT   -> "not" | "not too"
    PLAIN -> GOOD = good | BAD = bad
    GOOD  -> "nice" | "fine" [2]
    BAD   -> "ugly"
           | "cold"                                               # a line that starts with | goes on
    NOUN  -> "house" | "song"

- A part is the name of a rule or words in quotes; `""` says nothing. `"book"/NOUN` gives a tag to the words in one pair
  of quotes. Tags are for every word of a grammar, or for none.
- `[2]` is the weight of an alternative, 1 where there is none. It counts in `sample` alone.
- `= good` is the label of an alternative, `= 2` has it take that of its second part, `= flip 2` the opposite of that.
  Without, it takes that of its only part that has any. `labels` lists them from one end of a scale to the other: the
  opposite of the first is the last.
- `{shape=circle, size=big}` has an alternative say that, whatever its words. A sentence says each thing once. `bind`
  keeps the sentences that do not say otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, chain, islice
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from tutor.engine.checks import above, one_of, whole
from tutor.engine.text import clean

Slots = frozenset[tuple[str, str]]
Found = TypeVar("Found")

_SAMPLE, _SPLIT = 16, 17
"""Streams of a seed, apart from those of the tasks."""


class GrammarError(ValueError):
    """A text that is no grammar: `line 3: got …, expected …`."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        super().__init__(f"line {line}: got {found}, expected {expected}")
        self.line = line
        """Counted from 1."""
        self.found = found
        self.expected = expected


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
    """A part that stands for itself."""

    text: str
    tag: str | None


@dataclass(frozen=True)
class Alternative:
    """One way to go on from a rule."""

    parts: tuple[Word | str, ...]
    """Words, and the names of rules."""
    weight: float
    label: str | None
    source: int | None
    """The index of the part whose label it takes."""
    flip: bool
    """Whether it takes the opposite one."""
    slots: Slots

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The rules that it uses."""
        return tuple(part for part in self.parts if isinstance(part, str))


Rules = Mapping[str, tuple[Alternative, ...]]


class _Item(NamedTuple):
    """A part that is still to be said."""

    part: Word | str
    sign: int
    """What its label counts for: 1 as the sentence's, −1 as the opposite of it, 0 for nothing."""
    room: int | None
    """How many rules deep it may go; None where rules end by themselves."""


class _Path(NamedTuple):
    """A leftmost derivation on its way."""

    todo: tuple[_Item, ...]
    label: str | None
    slots: Slots


@dataclass(frozen=True, eq=False)
class Grammar:
    """Rules that were checked: each ends, and each is used. `parse` makes one.

    `depth` is how many rules may lie within one another, the first counted. A grammar whose rules lead back to
    themselves has no end of sentences, and needs one.
    """

    start: str
    rules: Rules
    labels: tuple[str, ...]
    """In the order in which they are declared; empty where the grammar has none."""
    tags: tuple[str, ...]
    """In the order in which they are met; empty where the grammar has none."""
    slots: Mapping[str, tuple[str, ...]]
    """The values of each slot, in the order in which they are met."""

    @classmethod
    def parse(cls, text: str) -> Grammar:
        """Read a grammar.

        Raises:
            GrammarError: the line, what was found there and what was expected.
        """
        labels, rules = _read(text)
        start = next(iter(rules))
        built = {name: tuple(written.alternative() for written in ways) for name, ways in rules.items()}
        everything = [alternative for ways in built.values() for alternative in ways]
        tags = dict.fromkeys(part.tag for a in everything for part in a.parts if isinstance(part, Word) and part.tag)
        slots: dict[str, dict[str, None]] = {}
        for alternative in everything:
            for name, value in sorted(alternative.slots):
                slots.setdefault(name, {})[value] = None
        said = MappingProxyType({name: tuple(values) for name, values in slots.items()})
        return cls(start, MappingProxyType(built), labels, tuple(tags), said)

    def bind(self, slots: Mapping[str, str]) -> Grammar:
        """The grammar of those sentences that say nothing else of these slots. The weights stay.

        Raises:
            ValueError: a slot or a value that no rule names, or no sentence that fits.
        """
        for name, value in slots.items():
            one_of("slots", name, tuple(self.slots))
            one_of(name, value, self.slots[name])
        rules = _only(self.rules, lambda way: all(slots.get(name, value) == value for name, value in way.slots))
        ending = _heights(rules)
        if self.start not in ending:
            raise ValueError(f"slots: got {dict(slots)}, expected what one sentence can say")
        rules = _only(rules, lambda way: all(name in ending for name in way.names))
        used = _used(rules, self.start)
        return replace(self, rules=MappingProxyType({name: ways for name, ways in rules.items() if name in used}))

    def sample(self, seed: int, n: int, depth: int | None = None) -> tuple[Sentence, ...]:
        """`n` sentences, each drawn by the weights, whatever was drawn before. With a depth the draw is among those
        alternatives that can still end within it.

        Raises:
            ValueError: a number out of bounds, or no depth where one is needed.
        """
        rng = np.random.default_rng([whole("seed", seed, 0), _SAMPLE])
        begin = self._begin(depth)
        return tuple(self._draw(rng, begin) for _ in range(whole("n", n)))

    def enumerate(self, limit: int | None = None, depth: int | None = None) -> tuple[Sentence, ...]:
        """Every sentence once; the first `limit` of them where there are more.

        Those that begin with the same words stand together, and are otherwise in the order of the rules. Two with the
        same words are two sentences where their tags, labels or slots differ.

        Raises:
            ValueError: a number out of bounds, or no depth where one is needed.
        """
        return tuple(islice(self._sentences(depth), None if limit is None else whole("limit", limit)))

    def count(self, depth: int | None = None) -> int:
        """How many sentences `enumerate` has without a limit, by counting the ways to go on and not by walking them.

        Raises:
            ValueError: a depth out of bounds, or none where one is needed.
        """
        total = 0
        # Beginnings that stand at the same place have the same ends before them: their number is all that counts.
        layer = Counter({frozenset([self._begin(depth)]): 1})
        while layer:
            following: Counter[frozenset[_Path]] = Counter()
            for paths, ways in layer.items():
                ends, after = self._step(paths)
                total += ways * len(ends)
                for reached in after.values():
                    following[_apart(reached)] += ways
            layer = following
        return total

    def split(
        self, seed: int, held_out: float, depth: int | None = None
    ) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
        """All sentences in two parts, to train on and held out, each in the order of `enumerate`.

        No words are in both: sentences that differ in nothing but their tags, label or slots stay together.

        Args:
            seed: draws what is held out.
            held_out: its share of all different strings of words, rounded.
            depth: as of `enumerate`.

        Raises:
            ValueError: a share that leaves nothing on one side, a number out of bounds, no depth where one is needed.
        """
        sentences = self.enumerate(depth=depth)
        texts = list(dict.fromkeys(sentence.words for sentence in sentences))
        count = round(above("held_out", held_out) * len(texts))
        if not 0 < count < len(texts):
            some = f"a share of {len(texts)} sentences that leaves one on each side"
            raise ValueError(f"held_out: got {held_out!r}, expected {some}")
        order = np.random.default_rng([whole("seed", seed, 0), _SPLIT]).permutation(len(texts))
        held = {texts[i] for i in order[:count]}
        return tuple(s for s in sentences if s.words not in held), tuple(s for s in sentences if s.words in held)

    @cached_property
    def _depths(self) -> dict[str, int]:
        return _heights(self.rules)

    @cached_property
    def _circle(self) -> tuple[str, ...]:
        """Rules that lead back to themselves, from the first to itself; empty where there are none."""
        try:
            TopologicalSorter({name: [n for a in ways for n in a.names] for name, ways in self.rules.items()}).prepare()
        except CycleError as error:
            return tuple(reversed(error.args[1]))
        return ()

    def _begin(self, depth: int | None) -> _Path:
        if depth is not None:
            whole("depth", depth, self._depths[self.start])
        elif self._circle:
            raise ValueError(f"depth: got None, expected a whole number, as {' → '.join(self._circle)} has no end")
        return _Path((_Item(self.start, 1, depth),), None, frozenset())

    def _ways(self, path: _Path) -> tuple[Alternative, ...]:
        """The alternatives of the rule that a path stands before, as far as they can end within its room."""
        name, _, room = path.todo[0]
        assert isinstance(name, str)
        ways = self.rules[name]
        if room is None:
            return ways
        return tuple(way for way in ways if all(self._depths[used] < room for used in way.names))

    def _taken(self, path: _Path, way: Alternative) -> _Path:
        """A path with the rule that it stands before replaced by one of its alternatives."""
        (_, sign, room), *rest = path.todo
        below = None if room is None else room - 1
        within = -sign if way.flip else sign
        items = [_Item(part, within if i == way.source else 0, below) for i, part in enumerate(way.parts)]
        label = path.label if way.label is None or not sign else self._turned(way.label, sign)
        return _Path((*items, *rest), label, path.slots | way.slots)

    def _turned(self, label: str, sign: int) -> str:
        return label if sign > 0 else self.labels[-1 - self.labels.index(label)]

    def _draw(self, rng: np.random.Generator, path: _Path) -> Sentence:
        words = []
        while path.todo:
            if isinstance(path.todo[0].part, Word):
                words.append(path.todo[0].part)
                path = path._replace(todo=path.todo[1:])
            else:
                ways = self._ways(path)
                edges = list(accumulate(way.weight for way in ways))
                path = self._taken(path, ways[bisect_right(edges, rng.random() * edges[-1])])
        return self._sentence(words, path.label, path.slots)

    def _sentences(self, depth: int | None) -> Iterator[Sentence]:
        # A stack of our own: the language's ends at a thousand words.
        stack: list[tuple[tuple[Word, ...], Iterable[_Path]]] = [((), [self._begin(depth)])]
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
        while stack:
            path = stack.pop()
            if not path.todo:
                ends[path.label, path.slots] = None
            elif isinstance(word := path.todo[0].part, Word):
                after.setdefault(word, {})[path._replace(todo=path.todo[1:])] = None
            else:
                stack += [self._taken(path, way) for way in reversed(self._ways(path))]
        return ends, after

    def _sentence(self, words: Iterable[Word], label: str | None, slots: Slots) -> Sentence:
        texts, tags = zip(*words, strict=True)
        return Sentence(texts, tags if self.tags else None, label, tuple(sorted(slots)))


def _apart(paths: Iterable[_Path]) -> frozenset[_Path]:
    """Paths without the slots that all of them said, which tell none of their ends apart."""
    shared = frozenset.intersection(*(path.slots for path in paths))
    return frozenset(path._replace(slots=path.slots - shared) for path in paths)


def _only(rules: Rules, kept: Callable[[Alternative], bool]) -> Rules:
    return {name: tuple(filter(kept, ways)) for name, ways in rules.items()}


def _settled(step: Callable[[Found], Found], found: Found) -> Found:
    """What is found when another step finds nothing new."""
    while (now := step(found)) != found:
        found = now
    return found


def _heights(rules: Rules) -> dict[str, int]:
    """How many rules deep each rule goes at the least; those that never end are left out."""

    def step(found: dict[str, int]) -> dict[str, int]:
        # A rule of height h is met in round h, so what is found stays.
        ending = _only(rules, lambda way: all(name in found for name in way.names))
        return {
            name: 1 + min(max((found[used] for used in way.names), default=0) for way in ways)
            for name, ways in ending.items()
            if ways
        }

    return _settled(step, {})


def _used(rules: Rules, start: str) -> set[str]:
    """The rules that a sentence can come by."""
    found: set[str] = set()
    stack = [start]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += [used for way in rules[name] for used in way.names]
    return found


# Reading: a text becomes written rules by lines, and these are checked as a whole.

_WORD = re.compile(r'(?:(?!->)[^\s|=/,\[\]{}"#])+')
_TOKEN = re.compile(rf'"[^"]*"|->|[|=/,\[\]{{}}]|{_WORD.pattern}|#.*|"')
_NAME = re.compile(r"[^\W\d][\w'-]*")
_NUMBER = re.compile(r"[1-9][0-9]*")

_PART = "the name of a rule or words in quotes"
_LIGHTEST, _HEAVIEST = 1e-6, 1e6


@dataclass
class _Written:
    """An alternative as its author wrote it."""

    line: int
    parts: list[str | tuple[Word, ...]]
    """Names of rules, and the words in each pair of quotes."""
    label: str | None = None
    source: int | None = None
    """The number of the part whose label it takes, counted from 1."""
    flip: bool = False
    weight: float | None = None
    slots: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [part for part in self.parts if isinstance(part, str)]

    @property
    def words(self) -> list[Word]:
        return [word for part in self.parts if not isinstance(part, str) for word in part]

    @property
    def labelled(self) -> bool:
        """Whether it says where its label is from."""
        return self.label is not None or self.source is not None

    def alternative(self) -> Alternative:
        parts: list[Word | str] = []
        source = None
        for number, part in enumerate(self.parts, 1):
            if number == self.source:
                source = len(parts)
            parts += [part] if isinstance(part, str) else part
        weight = 1.0 if self.weight is None else self.weight
        return Alternative(tuple(parts), weight, self.label, source, self.flip, frozenset(self.slots.items()))


class _Line:
    """One line's tokens, taken from the left."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self._tokens: list[str] = [token for token in _TOKEN.findall(text) if not token.startswith("#")][::-1]

    def peek(self) -> str:
        """The next token; empty at the end of the line."""
        return self._tokens[-1] if self._tokens else ""

    def refused(self, expected: str) -> GrammarError:
        """What to raise when the next token is not what it has to be."""
        found = "the end of the line"
        if self.peek() == '"':
            found = "a quote that is not closed"
        elif self.peek():
            found = repr(self.peek())
        return GrammarError(self.number, found, expected)

    def found(self, token: str) -> bool:
        """Take a token where it is there."""
        if self.peek() == token:
            self._tokens.pop()
            return True
        return False

    def take(self, pattern: re.Pattern[str], expected: str) -> str:
        """Take a token that has to be there."""
        if not pattern.fullmatch(self.peek()):
            raise self.refused(expected)
        return self._tokens.pop()

    def need(self, token: str) -> None:
        """Take a token that can be only this one."""
        if not self.found(token):
            raise self.refused(repr(token))

    def labels(self) -> tuple[str, ...]:
        labels: list[str] = []
        while self.peek():
            if self.peek() in ("flip", *labels) or _NUMBER.fullmatch(self.peek()):
                raise self.refused("labels, each once, of which none is a number or `flip`")
            labels.append(self.take(_WORD, "labels"))
        if len(labels) < 2:
            raise self.refused("at least two labels")
        return tuple(labels)

    def alternatives(self) -> Iterator[_Written]:
        yield self._alternative()
        while self.found("|"):
            yield self._alternative()
        if self.peek():
            raise self.refused(
                "parts, then at most one each of '= …', '[…]' and '{…}', then '|' or the end of the line"
            )

    def _alternative(self) -> _Written:
        written = _Written(self.number, list(self._parts()))
        if not written.parts:
            raise self.refused(_PART)
        while True:
            if not written.labelled and self.found("="):
                written.flip = self.found("flip")
                if written.flip or _NUMBER.fullmatch(self.peek()):
                    written.source = int(self.take(_NUMBER, "the number of a part"))
                else:
                    written.label = self.take(_WORD, "a label, the number of a part, or `flip` and such a number")
            elif written.weight is None and self.found("["):
                written.weight = self._weight()
            elif not written.slots and self.found("{"):
                self._slots(written.slots)
            else:
                return written

    def _parts(self) -> Iterator[str | tuple[Word, ...]]:
        while True:
            if _NAME.fullmatch(self.peek()):
                yield self._tokens.pop()
            elif len(self.peek()) > 1 and self.peek().startswith('"'):
                words = self._tokens.pop()[1:-1].split()
                tag = self.take(_WORD, "a tag") if self.found("/") else None
                yield tuple(Word(word, tag) for word in words)
            else:
                return

    def _weight(self) -> float:
        try:
            weight = float(self.peek())
        except ValueError:
            weight = 0.0
        if not _LIGHTEST <= weight <= _HEAVIEST:
            raise self.refused(f"a weight from {_LIGHTEST:g} to {_HEAVIEST:g}")
        self._tokens.pop()
        self.need("]")
        return weight

    def _slots(self, slots: dict[str, str]) -> None:
        while True:
            if self.peek() in slots:
                raise self.refused("each slot once")
            name = self.take(_WORD, "the name of a slot")
            self.need("=")
            slots[name] = self.take(_WORD, "the slot's value")
            if not self.found(","):
                break
        self.need("}")


def _read(text: str) -> tuple[tuple[str, ...], dict[str, list[_Written]]]:
    """Labels and rules, checked."""
    labels: tuple[str, ...] = ()
    rules: dict[str, list[_Written]] = {}
    lines: dict[str, int] = {}
    ways: list[_Written] | None = None
    for number, content in enumerate(text.split("\n"), 1):
        for character in content:
            if clean(character) != character and not character.isspace():
                raise GrammarError(number, repr(character), "no character that a terminal would obey")
        line = _Line(number, content)
        if not line.peek():
            continue
        if not (ways is not None and line.found("|")):
            name = line.take(_NAME, "a rule, as `NAME -> …`")
            if name == "labels" and line.peek() != "->":
                if labels:
                    raise GrammarError(number, "a second line of labels", "one")
                labels, ways = line.labels(), None
                continue
            line.need("->")
            if name in rules:
                mend = f"one: go on with '|' under line {lines[name]}"
                raise GrammarError(number, f"a second rule {name}", mend)
            lines[name] = number
            ways = rules[name] = []
        assert ways is not None
        ways += line.alternatives()
    if not rules:
        raise GrammarError(1, "no rule", "at least one, as `NAME -> …`")
    _check_rules(rules, lines)
    _check_tags(rules)
    _check_slots(rules)
    _check_labels(labels, rules)
    return labels, rules


def _check_rules(rules: dict[str, list[_Written]], lines: dict[str, int]) -> None:
    """Every rule is there, is used, and ends; no sentence is empty."""
    start = next(iter(rules))
    for written in chain.from_iterable(rules.values()):
        for name in written.names:
            if name not in rules:
                raise GrammarError(written.line, name, f'a rule `{name} -> …`, or "{name}" in quotes')
    built = {name: tuple(written.alternative() for written in ways) for name, ways in rules.items()}
    ending, used = _heights(built), _used(built, start)
    for name, line in lines.items():
        if name not in ending:
            raise GrammarError(line, f"the rule {name}, which never ends", "an alternative that does not lead back")
        if name not in used:
            raise GrammarError(line, f"the rule {name}, which is not used", f"that {start} leads to it")
    silent = _only(built, lambda way: len(way.names) == len(way.parts))
    if start in _heights(silent):
        raise GrammarError(lines[start], "a sentence without a word", "at least one word in each")


def _check_tags(rules: dict[str, list[_Written]]) -> None:
    """A tag for every word, or for none."""
    everything = list(chain.from_iterable(rules.values()))
    if any(word.tag for written in everything for word in written.words):
        for written in everything:
            for word in written.words:
                if not word.tag:
                    raise GrammarError(written.line, f'"{word.text}" without a tag', "one, as other words have")


def _check_slots(rules: dict[str, list[_Written]]) -> None:
    """No sentence says a slot twice."""

    def step(said: dict[str, set[str]]) -> dict[str, set[str]]:
        return {name: {slot for written in ways for slot in _slots_of(written, said)} for name, ways in rules.items()}

    nothing: dict[str, set[str]] = {}
    said = _settled(step, nothing)
    for written in chain.from_iterable(rules.values()):
        for slot, times in Counter(_slots_of(written, said)).items():
            if times > 1:
                raise GrammarError(written.line, f"the slot {slot} twice in a sentence", "each once")


def _slots_of(written: _Written, said: dict[str, set[str]]) -> list[str]:
    """The slots that an alternative says, by itself and by its parts; one that is said twice is there twice."""
    return [*written.slots, *(slot for name in written.names for slot in sorted(said.get(name, ())))]


def _check_labels(labels: tuple[str, ...], rules: dict[str, list[_Written]]) -> None:
    """Every sentence has one label, where there are labels; who takes that of its only labelled part is told which."""
    for written in chain.from_iterable(rules.values()):
        if written.labelled and not labels:
            raise GrammarError(written.line, "'='", "a line `labels …` that names the labels")
        if written.label is not None and written.label not in labels:
            raise GrammarError(written.line, repr(written.label), f"a label of {', '.join(labels)}, or a part's number")
        if written.source is not None and not isinstance(dict(enumerate(written.parts, 1)).get(written.source), str):
            raise GrammarError(written.line, f"part {written.source}", "the number of a part that is a rule")
    if not labels:
        return

    def step(able: set[str]) -> set[str]:
        return {n for n, ways in rules.items() if any(w.labelled or not able.isdisjoint(w.names) for w in ways)}

    nothing: set[str] = set()
    able = _settled(step, nothing)
    done: set[str] = set()
    stack = [next(iter(rules))]
    while stack:
        name = stack.pop()
        if name in done:
            continue
        done.add(name)
        for written in rules[name]:
            if written.label is None:
                stack.append(_source(written, able))


def _source(written: _Written, able: set[str]) -> str:
    """The rule whose label an alternative takes."""
    numbered: dict[int, str] = {
        number: part for number, part in enumerate(written.parts, 1) if isinstance(part, str) and part in able
    }
    if written.source is None:
        if len(numbered) != 1:
            several = f"the number of one of the parts {', '.join(map(str, numbered))}" if numbered else "a label"
            raise GrammarError(written.line, "an alternative without a label", f"'=' and {several}")
        (written.source,) = numbered
    if written.source not in numbered:
        raise GrammarError(written.line, f"part {written.source}", "the number of a part that has a label")
    return numbered[written.source]
