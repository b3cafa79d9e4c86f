"""The text of a grammar: read by lines, then checked as a whole. What is wrong is told with its line.

    labels bad good
    S     -> "the soup is" VIEW | "the" NOUN "is" VIEW    # sentences start at the first rule
    VIEW  -> PLAIN | NOT PLAIN = flip 2
    NOT   -> "not" | "not too"
    PLAIN -> GOOD = good | BAD = bad
    GOOD  -> "nice" | "fine"
    BAD   -> "ugly"
           | "cold"                                       # a line that starts with | goes on
    NOUN  -> "house" | "song"

- A part is the name of a rule or words in quotes; `""` says nothing. `"book"/NOUN` gives a tag to the words in one pair
  of quotes. Tags are for every word of a grammar, or for none.
- `= good` is the label of an alternative, `= 2` has it take that of its second part, `= flip 2` the opposite of that.
  Without, it takes that of its only part that has any. `labels` lists them from one end of a scale to the other: the
  opposite of the first is the last.
- `{shape=circle, size=big}`, after the label, has an alternative say that, whatever its words. A sentence says each
  thing once.
- No rule leads back to itself. An alternative that is written twice is drawn twice as often, and is still one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from tutor.engine.grammar import Alternative, Grammar, Word
from tutor.engine.text import clean, normalized

_WORD = re.compile(r'(?:(?!->)[^\s|=/,{}"#])+')
_TOKEN = re.compile(rf'"[^"]*"|->|[|=/,{{}}]|{_WORD.pattern}|#.*|"')
_NAME = re.compile(r"[^\W\d][\w'-]*")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


class GrammarError(ValueError):
    """A text that is no grammar: `line 3: got …, expected …`."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        super().__init__(f"line {line}: got {found}, expected {expected}")
        self.line = line
        """Counted from 1."""
        self.found = found
        self.expected = expected


class _Written(NamedTuple):
    """An alternative and where it stands."""

    line: int
    way: Alternative


_Rules = dict[str, list[_Written]]


def parse_grammar(text: str) -> Grammar:
    """Read a grammar.

    Raises:
        GrammarError: the line, what was found there and what was expected.
    """
    labels, rules = _read(text)
    order = _order(rules)
    _check_words(rules, order)
    _check_slots(rules, order)
    everything = [written.way for written in _all(rules)]
    tags = dict.fromkeys(word.tag for way in everything for word in _words(way) if word.tag)
    slots: dict[str, dict[str, None]] = {}
    for way in everything:
        for name, value in sorted(way.slots):
            slots.setdefault(name, {})[value] = None
    said = MappingProxyType({name: tuple(values) for name, values in slots.items()})
    return Grammar(MappingProxyType(_labelled(rules, order, labels)), labels, tuple(tags), said)


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
            raise self.refused("parts, then '= …' or none, then '{…}' or none, then '|' or the end of the line")

    def _alternative(self) -> _Written:
        parts = tuple(self._parts())
        if not parts:
            raise self.refused("the name of a rule or words in quotes")
        label, source, flip = self._label() if self.found("=") else (None, None, False)
        slots = self._slots() if self.found("{") else {}
        return _Written(self.number, Alternative(parts, label, source, flip, frozenset(slots.items())))

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

    def _label(self) -> tuple[str | None, int | None, bool]:
        flip = self.found("flip")
        if flip or _NUMBER.fullmatch(self.peek()):
            return None, int(self.take(_NUMBER, "the number of a part")), flip
        return self.take(_WORD, "a label, the number of a part, or `flip` and such a number"), None, False

    def _slots(self) -> dict[str, str]:
        slots: dict[str, str] = {}
        while not slots or self.found(","):
            if self.peek() in slots:
                raise self.refused("each slot once")
            name = self.take(_WORD, "the name of a slot")
            self.need("=")
            slots[name] = self.take(_WORD, "the slot's value")
        self.need("}")
        return slots


def _read(text: str) -> tuple[tuple[str, ...], _Rules]:
    """Labels, and rules in the order in which they stand."""
    labels: tuple[str, ...] = ()
    rules: _Rules = {}
    name = ""
    for number, content in enumerate(text.split("\n"), 1):
        for character in content:
            if clean(character) not in (character, " "):
                raise GrammarError(number, repr(character), "no character that a terminal would obey")
        line = _Line(number, normalized(content))
        if not line.peek():
            continue
        if not (name and line.found("|")):
            name = line.take(_NAME, "a rule, as `NAME -> …`")
            if name == "labels":
                if labels:
                    raise GrammarError(number, "a second line of labels", "one")
                labels, name = line.labels(), ""
                continue
            line.need("->")
            if name in rules:
                mend = f"one: go on with '|' under line {rules[name][0].line}"
                raise GrammarError(number, f"a second rule {name}", mend)
            rules[name] = []
        rules[name] += line.alternatives()
    if not rules:
        raise GrammarError(1, "no rule", "at least one, as `NAME -> …`")
    return labels, rules


def _all(rules: _Rules) -> Iterator[_Written]:
    return chain.from_iterable(rules.values())


def _words(way: Alternative) -> Iterator[Word]:
    return chain.from_iterable(part for part in way.parts if not isinstance(part, str))


def _order(rules: _Rules) -> tuple[str, ...]:
    """The rules from the first on, each before those that it leads to."""
    for line, way in _all(rules):
        for name in way.names:
            if name not in rules:
                raise GrammarError(line, name, f'a rule `{name} -> …`, or "{name}" in quotes')
    leads = {name: list(dict.fromkeys(used for _, way in ways for used in way.names)) for name, ways in rules.items()}
    try:
        order = tuple(TopologicalSorter(leads).static_order())[::-1]
    except CycleError as error:
        circle = error.args[1][::-1]
        found = f"{' → '.join(circle)}, which has no end"
        raise GrammarError(rules[circle[0]][0].line, found, "a rule of its own for each level") from None
    start = next(iter(rules))
    led = {start}.union(*leads.values())
    for name in rules:
        if name not in led:
            raise GrammarError(rules[name][0].line, f"the rule {name}, which is not used", f"that {start} leads to it")
    return order


def _check_words(rules: _Rules, order: Sequence[str]) -> None:
    """No sentence is empty; a tag for every word, or for none."""
    silent: set[str] = set()
    for name in reversed(order):
        if any(not any(_words(way)) and silent.issuperset(way.names) for _, way in rules[name]):
            silent.add(name)
    if order[0] in silent:
        raise GrammarError(rules[order[0]][0].line, "a sentence without a word", "at least one word in each")
    words = [(line, word) for line, way in _all(rules) for word in _words(way)]
    if any(word.tag for _, word in words):
        for line, word in words:
            if not word.tag:
                raise GrammarError(line, f'"{word.text}" without a tag', "one, as other words have")


def _check_slots(rules: _Rules, order: Sequence[str]) -> None:
    """No sentence says a slot twice."""
    said: dict[str, set[str]] = {}
    for name in reversed(order):
        said[name] = set()
        for line, way in rules[name]:
            times = Counter(slot for slot, _ in way.slots)
            for used in way.names:
                times.update(said[used])
            for slot in sorted(times):
                if times[slot] > 1:
                    raise GrammarError(line, f"the slot {slot} twice in a sentence", "each once")
            said[name] |= times.keys()


def _labelled(rules: _Rules, order: Sequence[str], labels: tuple[str, ...]) -> dict[str, tuple[Alternative, ...]]:
    """The rules, each before those that it leads to. Where there are labels, every sentence has one: an alternative
    that takes that of its only labelled part is told which."""
    for line, way in _all(rules):
        if not labels and (way.label or way.source):
            raise GrammarError(line, "'='", "a line `labels …` that names the labels")
        if way.label and way.label not in labels:
            raise GrammarError(line, repr(way.label), f"a label of {', '.join(labels)}, or a part's number")
        if way.source and not (way.source <= len(way.parts) and isinstance(way.parts[way.source - 1], str)):
            raise GrammarError(line, f"part {way.source}", "the number of a part that is a rule")
    able: set[str] = set()
    for name in reversed(order):
        if any(way.label or way.source or not able.isdisjoint(way.names) for _, way in rules[name]):
            able.add(name)
    asked = set(order[:1]) if labels else set()
    found = {}
    for name in order:
        ways = []
        for line, way in rules[name]:
            if name in asked and not way.label:
                source, part = _source(line, way, able)
                asked.add(part)
                way = replace(way, source=source)
            ways.append(way)
        found[name] = tuple(ways)
    return found


def _source(line: int, way: Alternative, able: set[str]) -> tuple[int, str]:
    """The part whose label an alternative takes: its number, and the rule."""
    parts = {number: part for number, part in enumerate(way.parts, 1) if isinstance(part, str) and part in able}
    if way.source is None and len(parts) != 1:
        several = f"the number of one of the parts {', '.join(map(str, parts))}" if parts else "a label"
        raise GrammarError(line, "an alternative without a label", f"'=' and {several}")
    source = way.source or next(iter(parts))
    if source not in parts:
        raise GrammarError(line, f"part {source}", "the number of a part that has a label")
    return source, parts[source]
