"""The text of a grammar: how it may be laid out, and where it is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import grammar_text
from tutor.engine.grammar import Grammar
from tutor.engine.grammar_text import GrammarError, parse_grammar


def parsed(text: str) -> Grammar | GrammarError:
    """A grammar, or why it is none."""
    try:
        return parse_grammar(text)
    except GrammarError as error:
        return error


def test_the_grammar_that_the_docstring_shows() -> None:
    shown = [line[4:] for line in grammar_text.__doc__.splitlines() if line.startswith("    ")]
    g = parse_grammar("\n".join(shown))
    assert g.count() == 3 * 3 * 4
    moods = {" ".join(s.words[3:]): s.label for s in g.enumerate() if s.words[1] == "song"}
    assert moods["not too ugly"] == moods["nice"] == "good"
    assert moods["not fine"] == moods["cold"] == "bad"


def test_how_a_grammar_may_be_laid_out() -> None:
    g = parse_grammar(
        '\r\n\t# x\r\n  S->größe-2"b # | c"/T|"d"/T# end\r\n\n# between\n|"e"/T\ngröße-2-> "größe\'s"/T # "\n'
    )
    assert [" ".join(s.words) for s in g.enumerate()] == ["größe's b # | c", "d", "e"]
    # The labels may come last.
    g = parse_grammar('S -> "a" = a {p=1} | "b" = 不 {p = 2 , q=top-left}\nlabels a 不')
    assert [(s.words, s.label, s.slots) for s in g.enumerate()] == [
        (("a",), "a", (("p", "1"),)),
        (("b",), "不", (("p", "2"), ("q", "top-left"))),
    ]


def test_words_are_those_that_a_network_reads() -> None:
    g = parse_grammar('\ufeffS -> "e\u0301te\u0301 \u200bx"')
    assert g.enumerate()[0].words == ("été", "x")


def test_rules_come_before_those_that_they_lead_to() -> None:
    g = parse_grammar('S -> "x"/U A | B {q=1}\nC -> "c"/T {p=1}\nA -> C | B\nB -> C')
    for name, ways in g.rules.items():
        places = list(g.rules)
        assert all(places.index(used) > places.index(name) for way in ways for used in way.names)
    assert next(iter(g.rules)) == "S"
    # What a lesson shows keeps the order of the text.
    assert g.tags == ("U", "T")
    assert list(g.slots) == ["q", "p"]
    assert "".join(parse_grammar('S -> "x" {f=1, e=1, d=1, c=1, b=1, a=1}').slots) == "abcdef"


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
        ('S -> {p=1} "a"', "line 1: got '{', expected the name of a rule or words in quotes"),
        ('# x\nS -> "a', "line 2: got a quote that is not closed, expected the name of a rule or words in quotes"),
        ('S -> "a" "b', "line 1: got a quote that is not closed, expected parts, then"),
        (
            'S -> "a" ]',
            "line 1: got ']', expected parts, then '= …' or none, then '{…}' or none, then '|' or the end of the line",
        ),
        ('S -> "a" {p=1} "b"', "line 1: got '\"b\"', expected parts, then"),
        ('labels a b\nS -> "a" {p=1} = a', "line 2: got '=', expected parts, then"),
        ('S -> "a" {p=1} {q=1}', "line 1: got '{', expected parts, then"),
        ('labels a b\nS -> "a" = a = b', "line 2: got '=', expected parts, then"),
        ('S -> "a" -> "b"', "line 1: got '->', expected parts, then"),
        ('S -> "a"/', "line 1: got the end of the line, expected a tag"),
        ('S -> "a"/"b"', "line 1: got '\"b\"', expected a tag"),
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
        ('labels -> "a"', "line 1: got '->', expected labels"),
        ("labels a b\nlabels c d", "line 2: got a second line of labels, expected one"),
        ('S -> "a" = a', "line 1: got '=', expected a line `labels …` that names the labels"),
        ('S -> A = 1\nA -> "a"', "line 1: got '=', expected a line `labels …` that names the labels"),
        ('labels a b\nS -> "a" = c', "line 2: got 'c', expected a label of a, b, or a part's number"),
        ('labels a b\nS -> "a" = 0', "line 2: got '0', expected a label of a, b, or a part's number"),
        ('labels a b\nS -> "a" = ' + "1" * 5000, "line 2: got '111"),
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
        ('labels a b\nS -> A\nA -> B = 1\nB -> "b"', "line 3: got part 1, expected the number of a part that has"),
        ('labels a b\nS -> "a"', "line 2: got an alternative without a label, expected '=' and a label"),
        ('labels a b\nS -> A | "b" = b\nA -> "a" = a\n| "c"', "line 4: got an alternative without a label"),
        (
            'labels a b\nS -> A "x" A\nA -> "a" = a',
            "line 2: got an alternative without a label, expected '=' and the number of one of the parts 1, 3",
        ),
        ('S -> "a" the', 'line 1: got the, expected a rule `the -> …`, or "the" in quotes'),
        ('S -> "a"\n| A\n| B\nA -> "a"', "line 3: got B, expected a rule `B -> …`"),
        ('S -> "a" S | "b"', "line 1: got S → S, which has no end, expected a rule of its own for each level"),
        ('S -> "a"\n| A\nA -> "b" | B "x"\nB -> "y" C\nC -> A', "line 3: got A → B → C → A, which has no end"),
        ('S -> "a"\nA -> "b"', "line 2: got the rule A, which is not used, expected that S leads to it"),
        ('S -> "a"\nB -> "b"\nA -> "a"', "line 2: got the rule B, which is not used"),
        ('S -> "a"\nA -> "b"\nB -> A S', "line 3: got the rule B, which is not used"),
        ('S -> "a" | ""', "line 1: got a sentence without a word, expected at least one word in each"),
        ('# x\nS -> A A\nA -> "" | "a"', "line 2: got a sentence without a word"),
        ('S -> "a"/T\n| "b c"', 'line 2: got "b" without a tag, expected one, as other words have'),
        ('S -> A A\nA -> "a" {p=1}', "line 1: got the slot p twice in a sentence, expected each once"),
        ('S -> A {p=2}\nA -> B\nB -> "a" {p=1} | "b"', "line 1: got the slot p twice in a sentence"),
        ('S -> "a"\n| A B {p=1}\nA -> "a"\nB -> "b" | "b" {p=1}', "line 2: got the slot p twice in a sentence"),
        ('S -> "a"\n| "b\x1b[31m"', r"line 2: got '\x1b', expected no character that a terminal would obey"),
        ('S -> "a\x1fb"', r"line 1: got '\x1f', expected no character that a terminal would obey"),
        ('labels a \u202eb\nS -> "a" = a', r"line 1: got '\u202e', expected no character that a terminal would obey"),
    ],
)
def test_a_text_that_is_no_grammar(text: str, said: str) -> None:
    with pytest.raises(GrammarError, match="^" + re.escape(said)) as refused:
        parse_grammar(text)
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
        assert g.enumerate(limit=3)
        assert all(s.words for s in g.sample(0, 3))
