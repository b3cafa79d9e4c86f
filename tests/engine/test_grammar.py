"""A grammar's sentences: all of them, each once, and what is right to say of each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import FrozenInstanceError
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.grammar import Grammar, Sentence
from tutor.engine.grammar_text import parse_grammar

SENTIMENT = """
# The mood of a sentence, which a bag of its words does not tell.
labels bad good
S     -> "the film is" VIEW
VIEW  -> PLAIN | NOT PLAIN = flip 2
       | PLAIN "but" PLAIN = 3          # the last word counts
NOT   -> "not" | "not too"
PLAIN -> "fine" = good | "ugly" = bad
"""

TAGS = """
S   -> "book"/VERB A "flight"/NOUN
     | "book"/NOUN "prices"/NOUN "rise"/VERB
A   -> "a"/DET | "the next"/DET
"""

CAPTION = """
S     -> "a" SIZE SHAPE "in the" PLACE "corner"
SIZE  -> "" | "small" {size=small} | "large" {size=large}
SHAPE -> "circle" {shape=circle} | "disc" {shape=circle} | "square" {shape=square} | "shape"
PLACE -> "top left" {position=top-left} | "bottom right" {position=bottom-right}
"""


def lines(sentences: tuple[Sentence, ...]) -> list[str]:
    """Each sentence as a line."""
    return [" ".join(s.words) for s in sentences]


# What a lesson needs to say


def test_a_label_follows_from_the_parts() -> None:
    g = parse_grammar(SENTIMENT)
    assert (next(iter(g.rules)), g.labels, g.tags, dict(g.slots)) == ("S", ("bad", "good"), (), {})
    sentences = g.enumerate()
    assert [(" ".join(s.words[3:]), s.label) for s in sentences] == [
        ("fine", "good"),
        ("fine but fine", "good"),
        ("fine but ugly", "bad"),
        ("ugly", "bad"),
        ("ugly but fine", "good"),
        ("ugly but ugly", "bad"),
        ("not fine", "bad"),
        ("not ugly", "good"),
        ("not too fine", "bad"),
        ("not too ugly", "good"),
    ]
    assert all(s.words[:3] == ("the", "film", "is") and s.tags is None and s.slots == () for s in sentences)
    assert g.count() == 10


def test_the_tag_of_the_first_word_depends_on_a_later_one() -> None:
    g = parse_grammar(TAGS)
    assert g.tags == ("VERB", "NOUN", "DET")
    assert [(s.words, s.tags) for s in g.enumerate()] == [
        (("book", "a", "flight"), ("VERB", "DET", "NOUN")),
        (("book", "the", "next", "flight"), ("VERB", "DET", "DET", "NOUN")),
        (("book", "prices", "rise"), ("NOUN", "NOUN", "VERB")),
    ]
    assert all(s.label is None for s in g.enumerate())


def test_a_caption_for_a_scene() -> None:
    g = parse_grammar(CAPTION)
    assert dict(g.slots) == {
        "size": ("small", "large"),
        "shape": ("circle", "square"),
        "position": ("top-left", "bottom-right"),
    }
    assert g.count() == len(g.enumerate()) == 3 * 4 * 2
    scene = {"shape": "circle", "position": "top-left", "size": "small"}
    assert lines(g.bind(scene).enumerate()) == [
        f"a {size}{shape} in the top left corner" for size in ("", "small ") for shape in ("circle", "disc", "shape")
    ]
    for size, shape, position in product(*g.slots.values()):
        bound = g.bind({"shape": shape}).bind({"position": position, "size": size})
        sentences = bound.enumerate()
        asked = {"size": size, "shape": shape, "position": position}
        # Those that say nothing else, and all of those.
        assert sentences == tuple(s for s in g.enumerate() if dict(s.slots).items() <= asked.items())
        assert bound.count() == len(sentences)
        assert set(bound.sample(0, 50)) == set(sentences)
    assert g.bind({}).enumerate() == g.enumerate()
    (one,) = [s for s in g.enumerate() if " ".join(s.words) == "a large disc in the bottom right corner"]
    assert one.slots == (("position", "bottom-right"), ("shape", "circle"), ("size", "large"))


def test_what_cannot_be_bound() -> None:
    g = parse_grammar('S -> "a" A | "b" B\nA -> "x" {p=1}\nB -> "y" {q=1} | "z" {p=2, q=2}')
    for slots, said in (
        ({"r": "1"}, "slots: got 'r', expected one of 'p', 'q'"),
        ({"p": "3"}, "p: got '3', expected one of '1', '2'"),
    ):
        with pytest.raises(ValueError, match=f"^{said}$"):
            g.bind(slots)
    for slots, said in (({"p": "2"}, ["b y", "b z"]), ({"q": "2"}, ["a x", "b z"])):
        bound = g.bind(slots)
        assert lines(bound.enumerate()) == said
        assert set(lines(bound.sample(0, 50))) == set(said)
    apart = parse_grammar('S -> A {q=1} | B {q=2}\nA -> "x" {p=1}\nB -> "y" {p=2}')
    with pytest.raises(ValueError, match=r"^slots: got \{'p': '2', 'q': '1'\}, expected what one sentence can say$"):
        apart.bind({"p": "2", "q": "1"})


def test_a_bound_grammar_has_no_dead_ends() -> None:
    g = parse_grammar('S -> A {p=1} | B {p=2} | "s"\nA -> C\nB -> C | "b"\nC -> "c" {q=1}\n| "d" {q=2}')
    before = {name: list(ways) for name, ways in g.rules.items()}
    bound = g.bind({"p": "1"}).bind({"q": "2"})
    assert lines(bound.enumerate()) == ["d", "s"]
    assert (bound.labels, bound.tags, bound.slots) == (g.labels, g.tags, g.slots)
    assert list(bound.rules) == [name for name in g.rules if name in bound.rules]
    nothing = parse_grammar('S -> A | "s" {q=2}\nA -> B\nB -> "b" {q=1}').bind({"q": "2"})
    assert set(nothing.rules) == {"S"}
    assert lines(nothing.sample(0, 20)) == ["s"] * 20
    assert {name: list(ways) for name, ways in g.rules.items()} == before


# Labels


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ('S -> A = flip 1\nA -> "u" = a | "v" = b | "w" = c', {"u": "c", "v": "b", "w": "a"}),
        ('S -> A = flip 1\nA -> B = flip 1\nB -> "u" = a', {"u": "a"}),
        ('S -> A\nA -> B = flip 1\nB -> "u" = a', {"u": "c"}),
        # The number is that of the part as it is written: two words in one pair of quotes are one part.
        ('S -> "x y" A B = 3\nA -> "u" = a\nB -> "v" = b', {"x y u v": "b"}),
        ('S -> "" A "" B = 2\nA -> "u" = a\nB -> "v" = b', {"u v": "a"}),
        # A label that nobody asks for is nothing.
        ('S -> A = c\nA -> "u" = a', {"u": "c"}),
        ('S -> A B = 1\nA -> "u" = a\nB -> "v" C = flip 2 | "w" = b\nC -> "w" = b', {"u w": "a", "u v w": "a"}),
        # By itself, an alternative takes that of its only part that has any.
        ('S -> A "x" B\nA -> "u" = a\nB -> "v"', {"u x v": "a"}),
        ('S -> A\nA -> B | "x" B\nB -> "u" = a', {"u": "a", "x u": "a"}),
        # A rule's sign is that of the place that it stands in.
        (
            'S -> A | "x" A = flip 2\nA -> "u" = a | "y" B = flip 2\nB -> "v" = a',
            {"u": "a", "y v": "c", "x u": "c", "x y v": "a"},
        ),
        ('S -> A A = flip 2\nA -> "u" = a | "v" = c', {"u u": "c", "u v": "a", "v u": "c", "v v": "a"}),
    ],
)
def test_labels(rules: str, expected: dict[str, str]) -> None:
    sentences = parse_grammar("labels a b c\n" + rules).enumerate()
    assert {" ".join(s.words): s.label for s in sentences} == expected


# Counting


def test_a_sentence_that_is_derived_twice_is_one() -> None:
    g = parse_grammar('S -> A B | "x" "y" | "x y" | "x"\nA -> "x"\nB -> "y" | ""')
    assert lines(g.enumerate()) == ["x", "x y"]
    assert g.count() == 2


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        ('S -> "x" {p=1} | "x" {p=2}', 2),
        ('S -> "x" {p=1} | "x" {p=1}', 1),
        ('S -> "x" {p=1} | "x" {q=1} | "x"', 3),
        ('S -> "x" A {p=1} | "x" A {p=2}\nA -> "y"', 2),
        ('S -> A B\nA -> "x" {p=1} | "x y" {p=1}\nB -> "y z" | "z" | "z" {q=1}', 5),
        ('labels a b\nS -> "x" = a | "x" = b | "x" = a', 2),
        ('S -> "x"/A | "x"/B', 2),
    ],
)
def test_readings_of_the_same_words_are_counted_apart(rules: str, count: int) -> None:
    g = parse_grammar(rules)
    assert g.count() == len(g.enumerate()) == count


def test_rules_that_may_be_silent_are_not_gone_through_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each rule twice the next: there are 512 places at the bottom, and any of them may be empty.
    rules = "".join(f'R{i} -> R{i + 1} R{i + 1} | "a" | ""\n' for i in range(9))
    g = parse_grammar('S -> "x" R0\n' + rules + 'R9 -> "a" | ""')
    steps = 0
    taken = Grammar._taken

    def counted(*given: Any) -> Any:
        nonlocal steps
        steps += 1
        assert steps < 20_000
        return taken(*given)

    monkeypatch.setattr(Grammar, "_taken", counted)
    assert lines(g.enumerate(limit=3)) == ["x", "x a", "x a a"]


def test_a_sentence_may_be_longer_than_the_languages_own_stack() -> None:
    g = parse_grammar(
        "S -> " + '"a" ' * 1500 + "\n| R0\n" + "".join(f"R{i} -> R{i + 1}\n" for i in range(1500)) + 'R1500 -> "b"'
    )
    assert g.count() == 2
    assert [len(s.words) for s in g.enumerate()] == [1500, 1]
    assert g.bind({}).enumerate() == g.enumerate()


def test_more_sentences_than_could_be_walked_are_counted() -> None:
    rules = [f"{name} -> " + " | ".join(f'"{i}" {{{name}={i}}}' for i in range(10)) for name in "ABCDEFGHIJKL"]
    g = parse_grammar("\n".join(["S -> A B C D E F G H I J K L", *rules]))
    assert g.count() == 10**12
    assert len(g.enumerate(limit=7)) == 7


# Drawing


def test_every_alternative_is_as_likely() -> None:
    g = parse_grammar('S -> A "." | "x" | "x" | "y"\nA -> "a" | "b" | "a" | "a"')
    n = 8000
    drawn = Counter(lines(g.sample(0, n)))
    assert drawn.keys() == {"a .", "b .", "x", "y"}
    for line, share in {"a .": 3 / 16, "b .": 1 / 16, "x": 1 / 2, "y": 1 / 4}.items():
        assert abs(drawn[line] - n * share) < 5 * (n * share * (1 - share)) ** 0.5
    # What was drawn before plays no part.
    both = Counter(zip(lines(g.sample(1, n))[::2], lines(g.sample(1, n))[1::2], strict=True))
    assert abs(both["x", "x"] - n / 8) < 5 * (n / 2 * 3 / 16) ** 0.5


def test_what_a_seed_draws_does_not_change() -> None:
    g = parse_grammar(SENTIMENT)
    # Held against NumPy 1.26 and 2.4.
    assert [line.removeprefix("the film is ") for line in lines(g.sample(7, 4))] == [
        "not too fine",
        "fine",
        "fine but ugly",
        "ugly",
    ]
    assert [line.removeprefix("the film is ") for line in lines(g.split(7, 0.3)[1])] == [
        "fine",
        "not ugly",
        "not too fine",
    ]
    assert g.sample(7, 9)[:4] == g.sample(7, 4)
    assert len({g.sample(seed, 20) for seed in range(20)}) == 20


# Splitting


@settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0.001, 0.999))
def test_what_is_held_out_is_unseen(seed: int, share: float) -> None:
    g = parse_grammar(SENTIMENT)
    train, held = g.split(seed, share)
    assert len(held) == min(max(round(share * 10), 1), 9)
    assert not {s.words for s in train} & {s.words for s in held}
    assert sorted(lines(train) + lines(held)) == sorted(lines(g.enumerate()))
    for part in (train, held):
        assert part == tuple(s for s in g.enumerate() if s in part)


def test_one_sentence_is_not_split() -> None:
    with pytest.raises(ValueError, match=r"^items: got 1, expected at least 2$"):
        parse_grammar('S -> "x"/A | "x"/B').split(0, 0.5)


def test_every_sentence_is_as_likely_to_be_held_out() -> None:
    g = parse_grammar(SENTIMENT)
    held = Counter(s for seed in range(1000) for s in g.split(seed, 0.2)[1])
    assert all(abs(held[s] - 200) < 5 * 160**0.5 for s in g.enumerate())


def test_readings_of_the_same_words_stay_together() -> None:
    g = parse_grammar('S -> "x"/A | "x"/B | "y"/A | "y"/B')
    for seed in range(10):
        assert [len(part) for part in g.split(seed, 0.5)] == [2, 2]
        assert all(len(set(lines(part))) == 1 for part in g.split(seed, 0.5))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda g: g.split(0, 0.0), "held_out: got 0.0, expected a number above 0"),
        (lambda g: g.split(0, 1.0), "held_out: got 1.0, expected a number below 1"),
        (lambda g: g.split(-1, 0.5), "seed: got -1, expected a whole number of at least 0"),
        (lambda g: g.sample(-1, 1), "seed: got -1, expected a whole number of at least 0"),
        (lambda g: g.sample(0, 0), "n: got 0, expected a whole number of at least 1"),
        (lambda g: g.enumerate(limit=0), "limit: got 0, expected a whole number of at least 1"),
    ],
)
def test_what_cannot_be_asked(ask, said: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        ask(parse_grammar(SENTIMENT))


def test_everything_is_frozen() -> None:
    g = parse_grammar(CAPTION)
    (s, *_) = g.enumerate()
    assert hash(s) == hash(parse_grammar(CAPTION).enumerate()[0])
    with pytest.raises(FrozenInstanceError):
        s.label = "x"
    with pytest.raises(FrozenInstanceError):
        g.labels = ()
    for mapping in (g.rules, g.slots, g.bind({"size": "small"}).rules):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["S"] = ()
