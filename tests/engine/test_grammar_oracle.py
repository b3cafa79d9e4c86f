"""A grammar's sentences against an oracle: rules as values, expanded in the plainest way."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.grammar import Sentence
from tutor.engine.grammar_text import GrammarError, parse_grammar

NAMES = ["S", "A", "B", "C"]


@st.composite
def declared(draw: st.DrawFn) -> dict[str, list[tuple]]:
    """Rules as (parts, label, slots): a part is a word or the name of a later rule, a label (literal, source, flip)."""
    rules: dict[str, list[tuple]] = {}
    for i, name in enumerate(NAMES):
        part = st.sampled_from(["u", "v", "w", "u v", "", *NAMES[i + 1 :] * 2])
        rules[name] = []
        for _ in range(draw(st.integers(1, 3))):
            parts = draw(st.lists(part, min_size=1, max_size=3))
            if name == "S":
                parts.insert(0, "x")
            sources = [n for n, p in enumerate(parts) if p in NAMES]
            source = draw(st.sampled_from([None, *sources]))
            label = (draw(st.sampled_from("+0-")), None, False)
            if source is not None:
                label = (None, source, draw(st.booleans()))
            slots = draw(st.dictionaries(st.sampled_from("pq"), st.sampled_from("12"), max_size=2))
            rules[name].append((parts, label, slots if draw(st.integers(0, 3)) == 0 else {}))
    used = {"S"}
    for name in NAMES:
        used |= {p for parts, _, _ in rules[name] for p in parts if p in NAMES} if name in used else set()
    return {name: ways for name, ways in rules.items() if name in used}


def written(rules: dict[str, list[tuple]], tagged: bool) -> str:
    """The rules as a text, in another order than they lead to one another."""
    text = "labels + 0 -\n"
    for name in ["S", *sorted(rules.keys() - {"S"}, reverse=True)]:
        ways = rules[name]
        for i, (parts, (literal, source, flip), slots) in enumerate(ways):
            text += f"{name} -> " if i == 0 else " | "
            text += " ".join(p if p in NAMES else f'"{p}"' + "/" * tagged + p.replace(" ", "") * tagged for p in parts)
            text += f" = {literal}" if literal else f" = {'flip ' * flip}{source + 1}"
            text += " {" + ", ".join(f"{k}={v}" for k, v in slots.items()) + "}" if slots else ""
        text += "\n"
    return text.replace('""/', '""/X') if tagged else text


def expanded(rules: dict[str, list[tuple]], name: str) -> set[tuple]:
    """All that a rule can say: (words, label, slots in the order in which they are said)."""
    found: set[tuple] = set()
    for parts, (literal, source, flip), slots in rules[name]:
        choices = [expanded(rules, p) if p in NAMES else {(tuple((w, p) for w in p.split()), None, ())} for p in parts]
        for chosen in product(*choices):
            label = literal if literal else chosen[source][1]
            if flip:
                label = {"+": "-", "0": "0", "-": "+"}[label]
            said = sum((c[2] for c in chosen), tuple(slots.items()))
            found.add((sum((c[0] for c in chosen), ()), label, said))
    return found


@settings(deadline=None, max_examples=150)
@given(declared(), st.booleans())
def test_a_grammar_says_what_its_rules_say(rules, tagged) -> None:
    everything = expanded(rules, "S")
    twice = any(len(dict(slots)) < len(slots) for _, _, slots in everything)
    if twice:
        with pytest.raises(GrammarError, match="twice in a sentence"):
            parse_grammar(written(rules, tagged))
        return
    g = parse_grammar(written(rules, tagged))
    expected = {
        Sentence(
            tuple(w for w, _ in words),
            tuple(p.replace(" ", "") for _, p in words) if tagged else None,
            label,
            tuple(sorted(slots)),
        )
        for words, label, slots in everything
    }
    found = g.enumerate()
    assert len(found) == len(set(found)) == g.count()
    assert set(found) == expected
    assert set(g.sample(0, 20)) <= expected
    assert g.enumerate(limit=3) == found[:3]
