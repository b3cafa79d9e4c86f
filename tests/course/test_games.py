"""The games: what an author may write, and rules that hold for every visit."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.course.entries import ModelEntry
from tutor.course.games import continuing, n_back, recall
from tutor.course.games.game import Game
from tutor.course.games.history import Visit, rounds_of, visits
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.course.source import LessonError
from tutor.engine.tasks import CUE

VISITS = st.integers(0, 10_000)

# What an author writes

LESSON = """+++
title = "Games"
goal = "Play."

[models.keeper]
task = "recall"
steps = 2

[models.few]
task = "recall"
symbols = 4
steps = 2

[models.plain]
+++

## Play

```game
{keys}
```
"""
LINE = LESSON[: LESSON.index("{keys}")].count("\n") + 1
"""Of the first key."""


def read(tmp_path: Path, keys: str) -> Game:
    path = tmp_path / "01-games.md"
    path.write_text(LESSON.format(keys=keys))
    (step,) = load_lesson(path).steps
    assert isinstance(step.asked, Game)
    return step.asked


def test_a_game_and_its_defaults(tmp_path: Path) -> None:
    game = read(tmp_path, 'play = "recall"\nask = "Keep it."\nmodels = ["keeper"]')
    assert (game.play, game.ask, game.models) == ("recall", "Keep it.", ("keeper",))
    assert (game.distances, game.symbols, game.rounds) == ((3, 6, 9, 12), 8, 4)
    assert (game.line, game.key) == (LINE - 1, "1.1")
    game = read(tmp_path, 'play = "n-back"\nask = "Same?"')
    assert (game.n, game.length, game.rounds) == (2, 20, 1)
    game = read(tmp_path, 'play = "continue"\nask = "Next?"')
    assert game.sequences == tuple(continuing.RULES)
    assert game.rounds == len(continuing.RULES)


@pytest.mark.parametrize(
    ("keys", "line", "said"),
    [
        ('ask = "a"\nplay = "recal"', 2, '`play` is "recal"; did you mean `recall`?'),
        ('ask = "a"', 1, 'no `play` in a game block; write play = "continue" or "n-back" or "recall"'),
        ('play = "recall"\nask = " "', 2, 'nothing is asked; write ask = "…"'),
        (
            'play = "n-back"\nask = "a"\nsymbols = 4',
            3,
            '`symbols` says nothing to a game of "n-back"; drop `symbols`, or write play = "recall"',
        ),
        (
            'play = "n-back"\nask = "a"\nmodels = ["keeper"]',
            3,
            '`models` says nothing to a game of "n-back"; drop `models`, or write play = "recall" or "continue"',
        ),
        (
            'play = "recall"\nask = "a"\nmodels = ["keper"]',
            3,
            "no model is called `keper`; did you mean `keeper`?",
        ),
        (
            'play = "recall"\nask = "a"\nmodels = ["plain"]',
            3,
            'the model `plain` has the task "untrained", and this is a game of "recall"; '
            'name models with the task "recall"',
        ),
        (
            'play = "continue"\nask = "a"\nmodels = ["keeper"]',
            3,
            'the model `keeper` has the task "recall", and this is a game of "continue"; '
            'name models with the task "next-character"',
        ),
        (
            'play = "recall"\nask = "a"\nmodels = ["few"]',
            3,
            "the model `few` recalls one of 4 symbols, and `symbols` is 8; write symbols = 4",
        ),
        ('play = "recall"\nask = "a"\nmodels = ["keeper", "keeper"]', 3, "a model that is named twice; name each once"),
        ('play = "recall"\nask = "a"\ndistances = []', 3, "0 distances; write 1 to 8, a round each"),
        (
            'play = "recall"\nask = "a"\ndistances = [0]',
            3,
            "a distance out of bounds; write whole numbers from 1 to 40",
        ),
        (
            'play = "recall"\nask = "a"\ndistances = [6, 3]',
            3,
            "distances that do not grow; write each once, the shortest first",
        ),
        ('play = "recall"\nask = "a"\nsymbols = 27', 3, "`symbols` is 27; write a whole number from 2 to 26"),
        ('play = "n-back"\nask = "a"\nn = 0', 3, "`n` is 0; write a whole number from 1 to 9"),
        (
            'play = "n-back"\nask = "a"\nn = 3\nlength = 7',
            4,
            "`length` is 7; write a whole number from 8 to 60",
        ),
        (
            'play = "continue"\nask = "a"\nsequences = ["stepp"]',
            3,
            "no sequence is made by `stepp`; did you mean `step`?",
        ),
        ('play = "continue"\nask = "a"\nsequences = []', 3, "0 sequences; write 1 to 8, a round each"),
        ('play = "continue"\nask = "a"\nlenght = 3', 3, "unknown key `lenght` in a game block; did you mean `length`?"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, keys: str, line: int, said: str) -> None:
    with pytest.raises(LessonError) as caught:
        read(tmp_path, keys)
    (problem,) = caught.value.problems
    assert f"{problem.what}; {problem.mend}".startswith(said)
    assert problem.line == LINE - 1 + line


# Recall


@given(visit=VISITS, distance=st.integers(1, 40), symbols=st.integers(2, 26))
def test_recall_asks_for_what_came_first(visit: int, distance: int, symbols: int) -> None:
    shown, answer = recall.draw(distance, symbols, visit)
    assert (shown, answer) == recall.draw(distance, symbols, visit)
    assert len(shown) == distance + 2
    assert shown[0] == answer
    assert shown[-1] == CUE
    assert answer not in shown[1:], "no distractor is the answer by accident"
    assert all(token.islower() for token in shown[1:-1])


def test_another_visit_is_another_sequence_and_no_symbol_is_favoured() -> None:
    drawn = [recall.draw(9, 8, visit) for visit in range(800)]
    assert len({shown for shown, _ in drawn}) == 800
    counts = Counter(answer for _, answer in drawn)
    assert set(counts) == set("ABCDEFGH")
    # Within four standard deviations of chance, √(800 · 1/8 · 7/8).
    assert all(abs(count - 100) < 4 * 9.36 for count in counts.values())


def test_a_model_answers_the_same_sequence_and_a_hundred_others() -> None:
    lab = Lab({"m": ModelEntry(task="recall", distance=3, steps=30, hidden=6)}, folder=Path())
    lab.ensure("m")
    model = lab.model("m")
    shown, _ = recall.draw(6, 8, 3)
    tried = recall.trials(6, 8, 3)
    found = recall.recalled(model, shown, tried)
    logits = model.run(shown).logits
    assert logits is not None
    assert found.answer == model.labels[int(logits[-1].argmax())]
    assert found.probability == pytest.approx(max(model.run(shown).probabilities[-1]))
    right = [model.run(tokens).next(k=1)[0][0] == said[-1] for tokens, said in tried.items()]
    assert len(right) == 100
    assert found.share == pytest.approx(sum(right) / 100)
    assert shown not in [tokens for tokens, _ in tried.items()]


def test_the_longest_distance_that_was_solved() -> None:
    def one(distance: int, typed: str, share: float) -> recall.Round:
        return recall.Round(distance, "A", typed, 0, 1, {"m": recall.Recalled("A", 0.5, share)})

    rounds = [one(3, "A", 1.0), one(6, "B", 0.9), one(9, "A", 0.89)]
    assert recall.longest(rounds) == 9
    assert recall.longest(rounds, "m") == 6
    assert recall.longest(rounds, "nobody") is None
    assert recall.longest([one(3, "B", 0.0)]) is None
    assert recall.longest([]) is None


# n-back


@given(visit=VISITS, n=st.integers(1, 9), more=st.integers(5, 50))
def test_n_back_marks_every_match_and_has_none_by_accident(visit: int, n: int, more: int) -> None:
    shown, same = n_back.draw(n, n + more, visit)
    assert same[:n] == (None,) * n
    assert all(same[t] == (shown[t] == shown[t - n]) for t in range(n, len(shown)))
    assert sum(bool(one) for one in same) == round(0.3 * more) >= 1
    score = n_back.score(same, [t for t, match in enumerate(same) if match])
    assert (score.misses, score.false_alarms, score.share) == (0, 0, 1.0)
    assert score.chance == max(score.hits, more - score.hits) / more < 1
    assert n_back.score(same, ()).share == pytest.approx(1 - score.hits / more)


def test_another_visit_has_other_letters() -> None:
    assert len({n_back.draw(2, 20, visit)[0] for visit in range(200)}) == 200


SAME = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=30).filter(any)


@given(same=SAME, pressed=st.sets(st.integers(-5, 40)))
def test_a_score_counts_each_letter_once_and_never_raises(same: list[bool | None], pressed: set[int]) -> None:
    score = n_back.score(same, pressed)
    assert score.hits + score.misses == same.count(True)
    assert score.false_alarms + score.rejections == same.count(False)
    assert score.right + score.misses + score.false_alarms == score.counted
    assert 0 <= score.share <= 1
    assert 0.5 <= score.chance <= 1
    assert abs(score.d_prime) < 10


def test_d_prime() -> None:
    score = n_back.Score(hits=4, misses=1, false_alarms=2, rejections=10)
    z = NormalDist().inv_cdf
    assert score.d_prime == pytest.approx(z((4 + 5 / 17) / (5 + 10 / 17)) - z((2 + 12 / 17) / (12 + 24 / 17)))
    # Pressing always, or never, tells nothing apart, however many matches there are.
    for matches, others in ((5, 5), (4, 8), (1, 30)):
        assert n_back.Score(matches, 0, others, 0).d_prime == pytest.approx(0)
        assert n_back.Score(0, matches, 0, others).d_prime == pytest.approx(0)
    assert n_back.Score(3, 1, 0, 0).d_prime == 0, "without others there is nothing to tell apart"
    assert n_back.Score(5, 0, 0, 5).d_prime > 2 > 0 > n_back.Score(0, 5, 5, 0).d_prime
    assert n_back.label(2, score) == "2-back 14/17"


# Continue


@given(visit=VISITS, place=st.integers(0, 7), rule=st.sampled_from(sorted(continuing.RULES)))
def test_a_sequence_follows_its_rule_and_stays_in_the_alphabet(visit: int, place: int, rule: str) -> None:
    sequel = continuing.draw(rule, place, visit)
    assert sequel == continuing.draw(rule, place, visit)
    assert len(sequel.shown) == continuing.RULES[rule].shown
    assert len(sequel.answer) == 1
    assert set(sequel.shown + sequel.answer) <= set(continuing.LETTERS)
    assert sequel.says
    assert "{" not in sequel.says
    right, wrong = (continuing.Round(sequel, typed, {}) for typed in (sequel.answer, "?"))
    assert right.correct
    assert not wrong.correct
    assert sequel.answer in continuing.verdict(wrong)


@pytest.mark.parametrize(
    ("rule", "parameters", "letters"),
    [
        ("repeat", (0, 1, 2), "ABCABCABC"),
        ("step", (0, 2), "ACEGIKM"),
        ("anchor", (0, 1, 1), "ABACADAE"),
        ("there-and-back", (0, 1, 3), "ABCDCBABC"),
        ("growing-blocks", (0, 1), "ABBCCCDDDD"),
        ("zigzag", (0, 3, 1), "ADCFEHGJ"),
        ("interleaved", (0, 25, 1, -1), "AZBYCXDW"),
        ("growing-steps", (0, 1, 1), "ABDGKP"),
    ],
)
def test_the_rules(rule: str, parameters: tuple[int, ...], letters: str) -> None:
    found = continuing.RULES[rule]
    assert found.letters(parameters, found.shown + 1) == letters
    assert parameters in list(found.candidates())


def test_no_beginning_can_be_continued_by_another_rule_of_the_set() -> None:
    """Every sequence of every rule against every other."""
    for length in {rule.shown for rule in continuing.RULES.values()}:
        after = defaultdict(set)
        by_rule = defaultdict(set)
        for name, rule in continuing.RULES.items():
            for parameters in rule.candidates():
                letters = rule.letters(parameters, length + 1)
                if letters is not None:
                    after[letters[:-1]].add(letters[-1])
                    by_rule[name].add(letters[:-1])
        for name, rule in continuing.RULES.items():
            if rule.shown == length:
                assert len(by_rule[name]) >= 30, "enough of them that a visit seldom repeats one"
                assert [shown for shown in by_rule[name] if len(after[shown]) > 1] == []


def test_the_rules_stand_in_the_order_of_how_hard_they_are() -> None:
    levels = [rule.level for rule in continuing.RULES.values()]
    assert levels == sorted(levels)
    assert set(levels) == {1, 2, 3}


def test_what_a_model_holds_likely_is_said_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "abc.txt").write_text("abcdef\n")
    lab = Lab({"m": ModelEntry(task="next-character", corpus="abc.txt", steps=60, hidden=8)}, folder=tmp_path)
    lab.ensure("m")
    found = continuing.likely(lab.model("m"), "ABC")
    assert [(token.lower(), p) for token, p in found] == list(lab.model("m").run(tuple("abc")).next(k=3))
    assert found[0][0] == "D"
    assert continuing.likely(lab.model("m"), "XYZ") == ()
    assert continuing.likely_words("m", ()) == "m knows none of these letters"


# Over the visits


@dataclass
class Kept:
    instance: int
    response: str
    correct: bool | None
    at: float | None = None
    lesson: str = "one"
    key: str = ""


def test_the_visits_of_each_game() -> None:
    game = Game(play="recall", ask="a")
    kept = [
        Kept(0, "recall 3", True, 1.0),
        Kept(0, "recall 6", False, 1.0),
        Kept(2, "recall 3", False, 5.0),
        Kept(3, "recall 3", True, 7.0),
        Kept(3, "recall 9", True, 8.0),
    ]
    assert visits(game, kept) == (Visit(3, 1.0), Visit(0, 5.0), Visit(9, 8.0))
    game = Game(play="n-back", ask="a")
    assert visits(game, [Kept(0, "2-back 9/18", None), Kept(1, "2-back 18/18", None)]) == (
        Visit(0.5, None),
        Visit(1.0, None),
    )
    assert visits(Game(play="n-back", ask="a", n=3), [Kept(0, "2-back 9/18", None)]) == (), "another game"
    game = Game(play="continue", ask="a")
    assert visits(game, [Kept(0, "continue step", True), Kept(0, "continue anchor", False)]) == (Visit(0.5, None),)


def test_a_game_of_memory_alone_goes_on_in_every_lesson() -> None:
    kept = [
        Kept(0, "2-back 9/18", None, 1.0, "one", "2.0"),
        Kept(0, "recall 3", True, 2.0, "one", "3.0"),
        Kept(0, "2-back 18/18", None, 3.0, "two", "9.0"),
        Kept(0, "recall 9", True, 4.0, "two", "3.0"),
    ]
    alone = Game(play="n-back", ask="a", key="9.0")
    assert [one.at for one in rounds_of(alone, "two", kept)] == [1.0, 3.0]
    assert [visit.value for visit in visits(alone, kept)] == [0.5, 1.0], "two visits, though both are a lesson's first"
    against = Game(play="recall", ask="a", models=("m",), key="3.0")
    assert [one.at for one in rounds_of(against, "one", kept)] == [2.0]


@settings(max_examples=200)
@given(
    play=st.sampled_from(["recall", "n-back", "continue"]),
    kept=st.lists(
        st.builds(
            Kept,
            st.integers(0, 3),
            st.one_of(st.text(), st.sampled_from(["recall 3", "recall x", "2-back 0/0", "2-back 1/2", "continue a"])),
            st.sampled_from([True, False, None]),
        )
    ),
)
def test_what_is_none_of_this_game_is_passed_over(play: str, kept: list[Kept]) -> None:
    found = visits(Game(play=play, ask="a"), kept)  # type: ignore[arg-type]
    assert len(found) <= len({one.instance for one in kept})
    assert all(visit.value >= 0 for visit in found)
