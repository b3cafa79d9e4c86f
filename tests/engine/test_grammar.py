"""The grammar: what it says is found again by expanding the rules one by one, and what it refuses by line."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import FrozenInstanceError
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tutor.engine import grammar
from tutor.engine.grammar import Grammar, GrammarError, Sentence

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
     | "book"/NOUN "prices"/NOUN "rise"/VERB [3]
A   -> "a"/DET | "the next"/DET
"""

CAPTION = """
S     -> "a" SIZE SHAPE "in the" PLACE "corner"
SIZE  -> "" | "small" {size=small} | "large" {size=large}
SHAPE -> "circle" {shape=circle} | "disc" {shape=circle} | "square" {shape=square} | "shape"
PLACE -> "top left" {position=top-left} | "bottom right" {position=bottom-right}
"""

NESTED = """
S  -> NP "runs"
NP -> "the" N | NP "near" NP
N  -> "dog" | "cat"
"""


def lines(sentences: tuple[Sentence, ...]) -> list[str]:
    """Each sentence as a line."""
    return [" ".join(s.words) for s in sentences]


def parsed(text: str) -> Grammar | GrammarError:
    """A grammar, or why it is none."""
    try:
        return Grammar.parse(text)
    except GrammarError as error:
        return error


# What a lesson needs to say


def test_a_label_follows_from_the_parts() -> None:
    g = Grammar.parse(SENTIMENT)
    assert (g.start, g.labels, g.tags, dict(g.slots)) == ("S", ("bad", "good"), (), {})
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
    g = Grammar.parse(TAGS)
    assert g.tags == ("VERB", "NOUN", "DET")
    assert [(s.words, s.tags) for s in g.enumerate()] == [
        (("book", "a", "flight"), ("VERB", "DET", "NOUN")),
        (("book", "the", "next", "flight"), ("VERB", "DET", "DET", "NOUN")),
        (("book", "prices", "rise"), ("NOUN", "NOUN", "VERB")),
    ]
    assert all(s.label is None for s in g.enumerate())


def test_a_caption_for_a_scene() -> None:
    g = Grammar.parse(CAPTION)
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
    g = Grammar.parse('S -> "a" A | "b" B\nA -> "x" {p=1}\nB -> "y" {q=1} | "z" {p=2, q=2}')
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
    apart = Grammar.parse('S -> A {q=1} | B {q=2}\nA -> "x" {p=1}\nB -> "y" {p=2}')
    with pytest.raises(ValueError, match=r"^slots: got \{'p': '2', 'q': '1'\}, expected what one sentence can say$"):
        apart.bind({"p": "2", "q": "1"})


def test_a_bound_grammar_forgets_the_rules_that_it_lost() -> None:
    g = Grammar.parse('S -> "x" {p=1} | LOOP {p=2}\nLOOP -> "y" LOOP | "y"')
    with pytest.raises(ValueError, match=r"^depth: got None"):
        g.count()
    bound = g.bind({"p": "1"})
    assert bound.count() == 1
    assert set(bound.rules) == {"S"}
    assert set(g.rules) == {"S", "LOOP"}


def test_the_grammar_that_the_docstring_shows() -> None:
    g = Grammar.parse("\n".join(line[4:] for line in grammar.__doc__.splitlines() if line.startswith("    ")))
    assert g.count() == 3 * 3 * 4
    moods = {" ".join(s.words[3:]): s.label for s in g.enumerate() if s.words[1] == "song"}
    assert moods["not too ugly"] == moods["nice"] == "good"
    assert moods["not fine"] == moods["cold"] == "bad"


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
        ('S -> A B = 1\nA -> "u" = a\nB -> "v" B = flip 2 | "w" = b', {"u w": "a", "u v w": "a"}),
        # By itself, an alternative takes that of its only part that has any.
        ('S -> A "x" B\nA -> "u" = a\nB -> "v"', {"u x v": "a"}),
        ('S -> A\nA -> B | "x" B\nB -> "u" = a', {"u": "a", "x u": "a"}),
        ('S -> "x" S | "u" = a', {"u": "a", "x u": "a", "x x u": "a"}),
        ('S -> "x" S = flip 2 | "u" = a', {"u": "a", "x u": "c", "x x u": "a"}),
        ('S -> A A = flip 2\nA -> "u" = a | "v" = c', {"u u": "c", "u v": "a", "v u": "c", "v v": "a"}),
    ],
)
def test_labels(rules: str, expected: dict[str, str]) -> None:
    sentences = Grammar.parse("labels a b c\n" + rules).enumerate(depth=3)
    assert {" ".join(s.words): s.label for s in sentences} == expected


# Against an oracle: rules as values, expanded in the plainest way


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
    """The rules as a text."""
    text = "labels + 0 -\n"
    for name, ways in rules.items():
        for i, (parts, (literal, source, flip), slots) in enumerate(ways):
            text += f"{name} -> " if i == 0 else " | "
            text += " ".join(p if p in NAMES else f'"{p}"' + "/" * tagged + p.replace(" ", "") * tagged for p in parts)
            text += f" = {literal}" if literal else f" = {'flip ' * flip}{source + 1}"
            text += " {" + ", ".join(f"{k}={v}" for k, v in slots.items()) + "}" if slots else ""
        text += "\n"
    return text.replace('""/', '""/X') if tagged else text


def expanded(rules: dict[str, list[tuple]], name: str, depth: int) -> set[tuple]:
    """All that a rule can say within a depth: (words, label, slots in the order in which they are said)."""
    found: set[tuple] = set()
    for parts, (literal, source, flip), slots in rules[name] if depth else ():
        choices = [
            expanded(rules, p, depth - 1) if p in NAMES else {(tuple((w, p) for w in p.split()), None, ())}
            for p in parts
        ]
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
    everything = expanded(rules, "S", 5)
    twice = any(len(dict(slots)) < len(slots) for _, _, slots in everything)
    g = parsed(written(rules, tagged))
    if isinstance(g, GrammarError):
        assert twice
        assert "twice in a sentence" in str(g)
        return
    assert not twice
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


@settings(deadline=None)
@given(declared(), st.integers(1, 4), st.data())
def test_a_recursive_grammar_says_what_its_rules_say_within_a_depth(rules, depth, data) -> None:
    rules = {name: [(parts, label, {}) for parts, label, _ in ways] for name, ways in rules.items()}
    # One rule leads back to the first.
    rules[data.draw(st.sampled_from(list(rules)))].append((["y", "S"], (None, 1, data.draw(st.booleans())), {}))
    g = Grammar.parse(written(rules, False))
    everything = expanded(rules, "S", depth)
    if not everything:
        with pytest.raises(ValueError, match=rf"^depth: got {depth}, expected a whole number of at least"):
            g.enumerate(depth=depth)
        return
    assume(len(everything) < 2000)
    found = g.enumerate(depth=depth)
    assert {(s.words, s.label) for s in found} == {
        (tuple(w for w, _ in words), label) for words, label, _ in everything
    }
    assert len(found) == len(set(found)) == g.count(depth)
    assert set(g.sample(0, 20, depth)) <= set(found)


# Recursion


def test_a_depth_counts_rules_within_rules() -> None:
    g = Grammar.parse(NESTED)
    # Three rules deep, a place holds one noun; each rule more, what fitted before on both sides of "near".
    places = {"the dog", "the cat"}
    for depth, count in ((3, 2), (4, 6), (5, 30)):
        sentences = lines(g.enumerate(depth=depth))
        assert sorted(sentences) == sorted(f"{place} runs" for place in places)
        assert len(sentences) == g.count(depth) == count
        places |= {f"{a} near {b}" for a, b in product(places, repeat=2)}
    assert set(g.sample(0, 200, depth=5)) <= set(g.enumerate(depth=5))
    assert len(g.enumerate(limit=2, depth=50)) == 2


def test_what_has_no_end_needs_a_depth() -> None:
    g = Grammar.parse(NESTED)
    said = "depth: got None, expected a whole number, as NP → NP has no end"
    for ask in (g.enumerate, g.count, lambda: g.sample(0, 1), lambda: g.split(0, 0.5)):
        with pytest.raises(ValueError, match=f"^{said}$"):
            ask()
    with pytest.raises(ValueError, match=r"^depth: got 2, expected a whole number of at least 3$"):
        g.count(2)
    longer = Grammar.parse('S -> A "x" | "s"\nA -> B\nB -> "b" S')
    with pytest.raises(ValueError, match="as S → A → B → S has no end"):
        longer.count()
    # A finite grammar can be cut too.
    finite = Grammar.parse('S -> A | "s"\nA -> B | "a"\nB -> "b"')
    assert [lines(finite.enumerate(depth=d)) for d in (1, 2, 3, None)] == [
        ["s"],
        ["a", "s"],
        ["b", "a", "s"],
        ["b", "a", "s"],
    ]


def test_a_sentence_may_be_longer_than_the_languages_own_stack() -> None:
    g = Grammar.parse('S -> "a" S | "a"')
    assert g.count(1500) == len(g.enumerate(depth=1500)) == 1500


# Counting


def test_a_sentence_that_is_derived_twice_is_one() -> None:
    g = Grammar.parse('S -> A B | "x" "y" | "x y" | "x" [2]\nA -> "x"\nB -> "y" | ""')
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
    g = Grammar.parse(rules)
    assert g.count() == len(g.enumerate()) == count


def test_more_sentences_than_could_be_walked_are_counted() -> None:
    rules = [f"{name} -> " + " | ".join(f'"{i}" {{{name}={i}}}' for i in range(10)) for name in "ABCDEFGHIJKL"]
    g = Grammar.parse("\n".join(["S -> A B C D E F G H I J K L", *rules]))
    assert g.count() == 10**12
    assert len(g.enumerate(limit=7)) == 7


# Drawing


def test_the_weights_are_what_is_drawn() -> None:
    g = Grammar.parse('S -> A "." [2] | "x" [0.5] | "y"\nA -> "a" [3] | "b"')
    n = 7000
    drawn = Counter(lines(g.sample(0, n)))
    for line, share in {"a .": 2 / 3.5 * 3 / 4, "b .": 2 / 3.5 / 4, "x": 0.5 / 3.5, "y": 1 / 3.5}.items():
        assert abs(drawn[line] - n * share) < 5 * (n * share * (1 - share)) ** 0.5
    # Within a depth, among those that fit.
    assert Counter(lines(g.sample(0, n, depth=1))).keys() == {"x", "y"}


def test_what_a_seed_draws_does_not_change() -> None:
    g = Grammar.parse(SENTIMENT)
    # Held against NumPy 1.26 and 2.4.
    assert [line.removeprefix("the film is ") for line in lines(g.sample(7, 4))] == [
        "ugly",
        "fine but fine",
        "not too fine",
        "fine",
    ]
    assert [line.removeprefix("the film is ") for line in lines(g.split(7, 0.3)[1])] == [
        "fine but ugly",
        "ugly but fine",
        "not ugly",
    ]
    assert g.sample(7, 9)[:4] == g.sample(7, 4)
    assert len({g.sample(seed, 20) for seed in range(20)}) == 20


# Splitting


@settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0.06, 0.94))
def test_what_is_held_out_is_unseen(seed: int, share: float) -> None:
    g = Grammar.parse(SENTIMENT)
    train, held = g.split(seed, share)
    assert len(held) == round(share * 10)
    assert not {s.words for s in train} & {s.words for s in held}
    assert sorted(lines(train) + lines(held)) == sorted(lines(g.enumerate()))
    for part in (train, held):
        assert part == tuple(s for s in g.enumerate() if s in part)


def test_every_sentence_is_as_likely_to_be_held_out() -> None:
    g = Grammar.parse(SENTIMENT)
    held = Counter(s for seed in range(1000) for s in g.split(seed, 0.2)[1])
    assert all(abs(held[s] - 200) < 5 * 160**0.5 for s in g.enumerate())


def test_readings_of_the_same_words_stay_together() -> None:
    g = Grammar.parse('S -> "x"/A | "x"/B | "y"/A | "y"/B')
    for seed in range(10):
        assert [len(part) for part in g.split(seed, 0.5)] == [2, 2]
        assert all(len(set(lines(part))) == 1 for part in g.split(seed, 0.5))


def test_a_recursive_grammar_is_split_within_a_depth() -> None:
    g = Grammar.parse(NESTED)
    train, held = g.split(0, 0.5, depth=4)
    assert sorted(lines(train) + lines(held)) == sorted(lines(g.enumerate(depth=4)))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda g: g.split(0, 0.0), "held_out: got 0.0, expected a number above 0"),
        (
            lambda g: g.split(0, 0.01),
            "held_out: got 0.01, expected a share of 10 sentences that leaves one on each side",
        ),
        (lambda g: g.split(0, 0.99), "held_out: got 0.99, expected a share of 10 sentences"),
        (lambda g: g.split(0, 3), "held_out: got 3, expected a share of 10 sentences"),
        (lambda g: g.split(-1, 0.5), "seed: got -1, expected a whole number of at least 0"),
        (lambda g: g.sample(-1, 1), "seed: got -1, expected a whole number of at least 0"),
        (lambda g: g.sample(0, 0), "n: got 0, expected a whole number of at least 1"),
        (lambda g: g.enumerate(limit=0), "limit: got 0, expected a whole number of at least 1"),
        (lambda g: g.enumerate(depth=2), "depth: got 2, expected a whole number of at least 3"),
    ],
)
def test_what_cannot_be_asked(ask, said: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        ask(Grammar.parse(SENTIMENT))


def test_everything_is_frozen() -> None:
    g = Grammar.parse(CAPTION)
    (s, *_) = g.enumerate()
    assert hash(s) == hash(Grammar.parse(CAPTION).enumerate()[0])
    with pytest.raises(FrozenInstanceError):
        s.label = "x"
    with pytest.raises(FrozenInstanceError):
        g.start = "SIZE"
    for mapping in (g.rules, g.slots, g.bind({"size": "small"}).rules):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["S"] = ()


# Reading


def test_how_a_grammar_may_be_laid_out() -> None:
    g = Grammar.parse('\r\n\t# x\r\n  S->A"b # | c"/T|"d"/T[2]# end\r\n\n# between\n|"e"/T\nA-> "größe\'s"/T # "\n')
    assert lines(g.enumerate()) == ["größe's b # | c", "d", "e"]
    assert [way.weight for way in g.rules["S"]] == [1.0, 2.0, 1.0]
    # In any order, and a rule may be called labels.
    g = Grammar.parse('labels -> "a" [2] {p=1} = a | "b" = 不 {p = 2 , q=top-left} [3]\nlabels a 不')
    assert [(s.words, s.label, s.slots) for s in g.enumerate()] == [
        (("a",), "a", (("p", "1"),)),
        (("b",), "不", (("p", "2"), ("q", "top-left"))),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: got no rule, expected at least one, as `NAME -> …`"),
        ("# only\n\n", "line 1: got no rule, expected at least one, as `NAME -> …`"),
        ('\n| "a"', "line 2: got '|', expected a rule, as `NAME -> …`"),
        ('S -> "a"\nlabels a b\n| "b"', "line 3: got '|', expected a rule, as `NAME -> …`"),
        ('"a" -> S', "line 1: got '\"a\"', expected a rule, as `NAME -> …`"),
        ('2S -> "a"', "line 1: got '2S', expected a rule, as `NAME -> …`"),
        ('S = "a"', "line 1: got '=', expected '->'"),
        ("S", "line 1: got the end of the line, expected '->'"),
        ("S ->", "line 1: got the end of the line, expected the name of a rule or words in quotes"),
        ('S -> "a" |', "line 1: got the end of the line, expected the name of a rule or words in quotes"),
        ('S -> "a" || "b"', "line 1: got '|', expected the name of a rule or words in quotes"),
        ('S -> [2] "a"', "line 1: got '[', expected the name of a rule or words in quotes"),
        ('# x\nS -> "a', "line 2: got a quote that is not closed, expected the name of a rule or words in quotes"),
        ('S -> "a" "b', "line 1: got a quote that is not closed, expected parts, then"),
        ('S -> "a" ]', "line 1: got ']', expected parts, then at most one each of '= …', '[…]' and '{…}', then '|' or"),
        ('S -> "a" [2] "b"', "line 1: got '\"b\"', expected parts, then"),
        ('S -> "a" [2] [3]', "line 1: got '[', expected parts, then"),
        ('S -> "a" {p=1} {q=1}', "line 1: got '{', expected parts, then"),
        ('labels a b\nS -> "a" = a = b', "line 2: got '=', expected parts, then"),
        ('S -> "a" -> "b"', "line 1: got '->', expected parts, then"),
        ('S -> "a"/', "line 1: got the end of the line, expected a tag"),
        ('S -> "a"/"b"', "line 1: got '\"b\"', expected a tag"),
        ('S -> "a" [0]', "line 1: got '0', expected a weight from 1e-06 to 1e+06"),
        ('S -> "a" [-1]', "line 1: got '-1', expected a weight"),
        ('S -> "a" [nan]', "line 1: got 'nan', expected a weight"),
        ('S -> "a" [inf]', "line 1: got 'inf', expected a weight"),
        ('S -> "a" [much]', "line 1: got 'much', expected a weight"),
        ('S -> "a" []', "line 1: got ']', expected a weight"),
        ('S -> "a" [2', "line 1: got the end of the line, expected ']'"),
        ('S -> "a" {}', "line 1: got '}', expected the name of a slot"),
        ('S -> "a" {p}', "line 1: got '}', expected '='"),
        ('S -> "a" {p=}', "line 1: got '}', expected the slot's value"),
        ('S -> "a" {p=1 q=2}', "line 1: got 'q', expected '}'"),
        ('S -> "a" {p=1,}', "line 1: got '}', expected the name of a slot"),
        ('S -> "a" {p=1, p=2}', "line 1: got 'p', expected each slot once"),
        ('S -> "a"\n\nS -> "b"', "line 3: got a second rule S, expected one: go on with '|' under line 1"),
        ("labels a", "line 1: got the end of the line, expected at least two labels"),
        ("labels", "line 1: got the end of the line, expected at least two labels"),
        ("labels a b a", "line 1: got 'a', expected labels, each once, of which none is a number or `flip`"),
        ("labels a flip", "line 1: got 'flip', expected labels, each once"),
        ("labels 1 2", "line 1: got '1', expected labels, each once"),
        ("labels a, b", "line 1: got ',', expected labels"),
        ("labels a b\nlabels c d", "line 2: got a second line of labels, expected one"),
        ('S -> "a" = a', "line 1: got '=', expected a line `labels …` that names the labels"),
        ('S -> A = 1\nA -> "a"', "line 1: got '=', expected a line `labels …` that names the labels"),
        ('labels a b\nS -> "a" = c', "line 2: got 'c', expected a label of a, b, or a part's number"),
        ('labels a b\nS -> "a" = 0', "line 2: got '0', expected a label of a, b, or a part's number"),
        (
            'labels a b\nS -> "a" =',
            "line 2: got the end of the line, expected a label, the number of a part, or `flip`",
        ),
        ('labels a b\nS -> "a" = flip', "line 2: got the end of the line, expected the number of a part"),
        ('labels a b\nS -> "a" = flip b', "line 2: got 'b', expected the number of a part"),
        (
            'labels a b\nS -> A "a" = 2\nA -> "a" = a',
            "line 2: got part 2, expected the number of a part that is a rule",
        ),
        ('labels a b\nS -> A = 2\nA -> "a" = a', "line 2: got part 2, expected the number of a part that is a rule"),
        (
            'labels a b\nS -> A B = 1\nA -> "a"\nB -> "b" = b',
            "line 2: got part 1, expected the number of a part that has",
        ),
        ('labels a b\nS -> "a"', "line 2: got an alternative without a label, expected '=' and a label"),
        ('labels a b\nS -> A | "b" = b\nA -> "a" = a\n| "c"', "line 4: got an alternative without a label"),
        (
            'labels a b\nS -> A "x" A\nA -> "a" = a',
            "line 2: got an alternative without a label, expected '=' and the number of one of the parts 1, 3",
        ),
        ('S -> "a" the', 'line 1: got the, expected a rule `the -> …`, or "the" in quotes'),
        ('S -> "a"\n| A\n| B\nA -> "a"', "line 3: got B, expected a rule `B -> …`"),
        (
            'S -> A\nA -> "a" A',
            "line 1: got the rule S, which never ends, expected an alternative that does not lead back",
        ),
        ('S -> "a" | A\nA -> "a" B\nB -> A', "line 2: got the rule A, which never ends"),
        ('S -> "a"\nA -> "b"', "line 2: got the rule A, which is not used, expected that S leads to it"),
        ('S -> "a"\nA -> B\nB -> A | "b"', "line 2: got the rule A, which is not used"),
        ('S -> "a" | ""', "line 1: got a sentence without a word, expected at least one word in each"),
        ('# x\nS -> A A\nA -> "" | "a"', "line 2: got a sentence without a word"),
        ('S -> "a"/T\n| "b c"', 'line 2: got "b" without a tag, expected one, as other words have'),
        ('S -> A A\nA -> "a" {p=1}', "line 1: got the slot p twice in a sentence, expected each once"),
        ('S -> A {p=2}\nA -> B\nB -> "a" {p=1} | "b"', "line 1: got the slot p twice in a sentence"),
        ('S -> "a" S {p=1} | "b"', "line 1: got the slot p twice in a sentence"),
        ('S -> "a"\n| "b\x1b[31m"', r"line 2: got '\x1b', expected no character that a terminal would obey"),
        ('labels a \u202eb\nS -> "a" = a', r"line 1: got '\u202e', expected no character that a terminal would obey"),
    ],
)
def test_a_text_that_is_no_grammar(text: str, said: str) -> None:
    with pytest.raises(GrammarError, match="^" + re.escape(said)) as refused:
        Grammar.parse(text)
    line, rest = re.fullmatch(r"line (\d+): got (.*)", str(refused.value)).groups()
    assert refused.value.line == int(line)
    assert f"{refused.value.found}, expected {refused.value.expected}" == rest
    assert isinstance(refused.value, ValueError)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                '"a"',
                '""',
                '"',
                "S",
                "A",
                "->",
                "|",
                "=",
                "1",
                "flip",
                "labels",
                "a",
                "b",
                "[2]",
                "[",
                "{p=1}",
                "{",
                ",",
                "/T",
                "#",
                "\n",
                "\n",
                "\nA ->",
                "S ->",
            ]
        ),
        max_size=20,
    )
)
def test_any_text_is_a_grammar_or_refused_by_line(pieces: list[str]) -> None:
    text = " ".join(pieces)
    g = parsed(text)
    if isinstance(g, GrammarError):
        assert 1 <= g.line <= text.count("\n") + 1
    else:
        assert g.enumerate(limit=3, depth=6)
        assert all(s.words for s in g.sample(0, 3, depth=6))
