"""The games of a lesson under their keys, by a clock that the test owns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.course.sample import write
from tutor.course.games import continuing, n_back, recall
from tutor.progress import Attempt
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.overlays import HelpScreen, TooSmallScreen
from tutor.ui.widgets.games.activity import GameActivity
from tutor.ui.widgets.games.field import GameField
from tutor.ui.widgets.games.n_back import NBackField
from tutor.ui.widgets.games.recall import RecallField

LESSON = """+++
title = "Games"
goal = "Play."

[models.keeper]
cell = "lstm"
task = "recall"
distance = 3
symbols = 4
hidden = 16
steps = 250

[models.blank]
task = "recall"
distance = 3
symbols = 4
hidden = 4
steps = 1

[models.writer]
task = "next-character"
corpus = "data/abc.txt"
hidden = 8
steps = 20
+++

## Recall

```game
play = "recall"
ask = "Keep the first symbol."
models = ["keeper", "blank"]
distances = [2, 4]
symbols = 4
```

After the game.

## The same as before

```game
play = "n-back"
ask = "The same as two before?"
n = 2
length = 12
```

## What comes next

```game
play = "continue"
ask = "Which letter comes next?"
models = ["writer"]
sequences = ["step", "anchor"]
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write(tmp_path / "lessons", LESSON, "games").parents[1]
    (root / "data" / "abc.txt").write_text("abcdefgh\nabcdefgh\n")
    return root


async def at(d: Any, step: int) -> GameField:
    """The field of a step, its networks there."""
    await d.lesson.show_step(step)
    await d.settle()
    return d.lesson.query_one(GameField)


def show_all(d: Any, field: GameField) -> None:
    """Let a round's symbols go by, each in its time."""
    while field.stage == "showing":
        d.clock.now += field.PERIOD
        field.tick()


async def play_recall(d: Any, field: GameField, said: str = "") -> str:
    """One round, answered by `said`, or right; returns what was right."""
    await d.press("space")
    show_all(d, field)
    assert isinstance(field, RecallField)
    answer = field.answer
    await d.press(said or answer.lower())
    return answer


def other(letter: str) -> str:
    return "B" if letter == "A" else "A"


# Recall


async def test_each_symbol_is_gone_when_the_next_is_shown(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        assert isinstance(field, RecallField)
        assert field.has_focus
        await d.press("space")
        shown, answer = recall.draw(2, 4, 0)
        assert shown == field.shown
        seen = []
        for n in range(4):
            assert f"symbol {n + 1} of 4" in d.text
            seen.append(field.symbol)
            assert re.search(rf"^ +{re.escape(field.symbol)}$", d.text, re.MULTILINE)
            d.clock.now += field.PERIOD - 0.05
            field.tick()
            await d.pilot.pause()
            if n < 3:
                assert field.symbol == "", "between two symbols nothing stands"
            assert field.place == n
            d.clock.now += 0.06
            field.tick()
            await d.pilot.pause()
        assert tuple(seen) == shown
        assert seen[0] == answer
        assert field.stage == "asked"
        assert "Type a letter, A to D." in d.text
        d.clock.now += 100
        field.tick()
        assert field.stage == "asked", "nothing hurries an answer"


async def test_a_key_shows_the_next_at_once(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        assert isinstance(field, RecallField)
        for key in ("n", "s", "x", "q", "full_stop"):
            await d.press(key)
        assert d.lesson.index == 0, "letters are the game's"
        assert field.stage == "ready"
        await d.press("space", "space", "space")
        assert (field.stage, field.place) == ("showing", 2)
        await d.press("space")
        assert field.stage == "asked"
        await d.press("space", "z")
        assert field.stage == "asked", "neither is a symbol"
        assert "“Z” is none of the symbols." in d.text


async def test_right_answers_beside_what_the_networks_make_of_the_same(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        lab = d.lesson.lab
        expected = []
        for distance in (2, 4):
            shown, answer = recall.draw(distance, 4, 0)
            tried = recall.trials(distance, 4, 0)
            cells = []
            for name in ("keeper", "blank"):
                run = lab.model(name).run(shown)
                p = run.probabilities[-1]
                label = lab.model(name).labels[int(p.argmax())]
                count = sum(lab.model(name).run(tokens).next(k=1)[0][0] == said[-1] for tokens, said in tried.items())
                cells.append(f"{label} {p.max():.2f} {count}/100")
            d.clock.now += 10
            await d.press("space")
            show_all(d, field)
            d.clock.now += 2
            await d.press(answer.lower())
            expected.append([str(distance), answer, f"{answer} right 1/1", *cells])
            rows = [re.split(r" {2,}", line.strip()) for line in d.text.split("\n")]
            for row in expected:
                assert row in rows, (row, d.text)
        assert d.lesson.shown.phase == "shown"
        assert not d.lesson.query(GameField)
        kept = d.progress.attempts("games")
        assert [(a.key, a.kind, a.instance, a.response, a.correct, round(a.seconds, 6)) for a in kept] == [
            ("1.1", "recite", 0, "recall 2", True, 2.0),
            ("1.1", "recite", 0, "recall 4", True, 2.0),
        ]
        assert "Longest distance solved: you 4, keeper" in d.text
        assert "blank none." in d.text
        assert "After the game." in d.text
        before = d.text
        await d.press("enter", "backspace")
        assert d.text == before, "what came of it is shown when the step is seen again"


async def test_wrong_answers(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        said = other(recall.draw(2, 4, 0)[1])
        answer = await play_recall(d, field, said)
        assert f"wrong: it was {answer} is" not in d.text
        assert f"{said} is wrong: it was {answer}." in d.text
        assert f"{said} wrong 0/1" in d.text
        await play_recall(d, field, other(recall.draw(4, 4, 0)[1]))
        assert "Longest distance solved: you none," in d.text
        assert [a.correct for a in d.progress.attempts("games")] == [False, False]


async def test_a_second_visit_draws_another_and_counts_both(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        first = field.shown
        await play_recall(d, field)
        await play_recall(d, field, other(recall.draw(4, 4, 0)[1]))
        await d.press("escape")
        d.clock.now = 3 * 86400.0
        d.app.open_lesson("games")
        await d.settle()
        field = await at(d, 0)
        assert isinstance(field, RecallField)
        assert field.visit == 2
        assert (field.shown, field.answer) == recall.draw(2, 4, 2)
        assert field.shown != first
        await play_recall(d, field)
        await play_recall(d, field)
        assert "right 2/2" in d.text
        assert "right 1/2" in d.text
        assert [a.instance for a in d.progress.attempts("games")] == [0, 0, 2, 2]
        visits = [line.split() for line in d.text.split("\n") if re.match(r" +\d  \d{4}-\d\d-\d\d  ", line)]
        assert [(row[0], row[-1]) for row in visits] == [("1", "2"), ("2", "4")]
        assert visits[0][1] != visits[1][1]


async def test_enter_skips_and_says_so(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        assert "enter skip" in d.text
        await play_recall(d, field)
        await d.press("space", "enter")
        assert d.lesson.shown.phase == "shown"
        assert "Skipped: 1 of 2 rounds were played." in d.text
        assert [a.response for a in d.progress.attempts("games")] == ["recall 2"]
        await d.press("enter")
        assert d.lesson.index == 1
        await d.press("enter")
        assert "Skipped: 0 of 1 rounds were played." in d.text
        assert len(d.progress.attempts("games")) == 1


async def test_leaving_in_the_middle_keeps_nothing_and_begins_anew(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        await play_recall(d, field)
        await d.press("space", "space", "escape")
        assert isinstance(d.app.screen, HomeScreen)
        assert d.progress.attempts("games") == ()
        d.app.open_lesson("games")
        await d.settle()
        field = d.lesson.query_one(GameField)
        assert (field.stage, field.done) == ("ready", ())
        await play_recall(d, field)
        await play_recall(d, field)
        assert len(d.progress.attempts("games")) == 2


# The clock of a game


async def test_the_clock_stops_behind_the_help(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        await d.press("space")
        d.clock.now += 0.4
        field.tick()
        await d.press("question_mark")
        assert isinstance(d.app.screen, HelpScreen)
        for _ in range(5):
            d.clock.now += 10
            field.tick()
        assert (field.stage, field.place) == ("showing", 0)
        assert field.elapsed == pytest.approx(0.4)
        await d.press("escape")
        d.clock.now += 0.4
        field.tick()
        assert field.place == 0
        d.clock.now += 0.1
        field.tick()
        assert field.place == 1


async def test_the_clock_stops_while_the_window_is_too_small(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 0)
        await d.press("space", "space", "space", "space")
        assert field.stage == "asked"
        await d.pilot.resize_terminal(50, 15)
        await d.settle()
        assert isinstance(d.app.screen, TooSmallScreen)
        d.clock.now += 50
        field.tick()
        await d.pilot.resize_terminal(80, 24)
        await d.settle()
        d.clock.now += 3
        field.tick()
        assert field.elapsed == pytest.approx(3)


# n-back


async def test_n_back_all_right(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 1)
        assert isinstance(field, NBackField)
        shown, same = n_back.draw(2, 12, 0)
        await d.press("space")
        for place in range(12):
            assert (field.place, field.symbol[0]) == (place, shown[place])
            d.clock.now += 1.6
            field.tick()
            assert field.symbol[0] == " "
            if same[place]:
                # The key counts until the next letter is there.
                await d.press("space")
                assert "same" in field.symbol
            d.clock.now += 0.5
            field.tick()
        await d.settle()
        assert "hits          3 of 3" in d.text
        assert "false alarms  0 of 7" in d.text
        assert "right         100%    chance is 70%" in d.text
        (kept,) = d.progress.attempts("games")
        assert (kept.response, kept.correct) == ("2-back 10/10", None)


async def test_n_back_pressed_always_is_seen_for_what_it_is(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 1)
        assert isinstance(field, NBackField)
        await d.press("space")
        while field.stage == "showing":
            await d.press("space")
            d.clock.now += field.PERIOD
            field.tick()
        await d.settle()
        assert "false alarms  7 of 7" in d.text
        assert "right         30%     chance is 70%" in d.text
        assert "2-back 3/10" in [a.response for a in d.progress.attempts("games")]


async def test_the_rounds_of_other_lessons_are_drawn_beside_it(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        d.progress.answer(Attempt("elsewhere", "9.0", "recite", 0, "2-back 5/10"))
        d.progress.answer(Attempt("elsewhere", "9.1", "recite", 0, "3-back 9/10"))
        field = await at(d, 1)
        assert isinstance(field, NBackField)
        assert field.shown == n_back.draw(2, 12, 1)[0], "other letters than there"
        await d.press("space")
        while field.stage == "showing":
            d.clock.now += field.PERIOD
            field.tick()
        await d.settle()
        visits = [line.split() for line in d.text.split("\n") if re.match(r" +\d  \d{4}-\d\d-\d\d  ", line)]
        assert [(row[0], row[-1]) for row in visits] == [("1", "50%"), ("2", "70%")]


async def test_after_a_stall_no_letter_passes_unseen(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 1)
        assert isinstance(field, NBackField)
        await d.press("space")
        d.clock.now += 60
        field.tick()
        assert field.place == 1


# Continue


async def test_sequences_are_continued_and_the_rule_is_said_after(desk, folder: Path) -> None:
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 2)
        first, second = continuing.draw("step", 0, 0), continuing.draw("anchor", 1, 0)
        await d.press("space")
        assert " ".join(first.shown) + " _" in d.text
        assert "Rule:" not in d.text
        await d.press("space", "1")
        assert field.stage == "asked"
        d.clock.now += 4
        await d.press(first.answer.lower())
        assert f"{first.answer} is right" in d.text
        assert f"Rule: {first.says}." in d.text
        wrong = other(second.answer)
        await d.press("space")
        await d.press(wrong)
        assert f"{wrong} is not it, the rule gives {second.answer}" in d.text
        assert "1 of 2 right; guessing any letter is right in 1 of 26." in d.text
        kept = d.progress.attempts("games")
        assert [(a.response, a.correct, a.seconds) for a in kept] == [
            ("continue step", True, 4.0),
            ("continue anchor", False, 0.0),
        ]


async def test_what_a_model_held_likely_is_its_own(desk, folder: Path) -> None:
    path = folder / "01-first" / "01-games.md"
    path.write_text(LESSON.replace('corpus = "data/abc.txt"', 'corpus = "data/letters.txt"'))
    (folder / "data" / "letters.txt").write_text("abcdefghijklmnopqrstuvwxyz\n")
    async with desk("lesson", "games", folder=folder) as d:
        field = await at(d, 2)
        shown = continuing.draw("step", 0, 0).shown
        await d.press("space", "a")
        best = d.lesson.lab.model("writer").run(tuple(shown.lower())).next(k=3)
        said = ", ".join(f"{token.upper()} {p:.2f}" for token, p in best)
        assert f"writer held likely: {said}" in d.text
        assert field.stage == "ready"


# The networks


async def test_the_networks_learn_first(desk, folder: Path, tmp_path: Path) -> None:
    async with desk("lesson", "games", folder=folder, cache=tmp_path / "fresh") as d:
        assert d.lesson.lab.ready("keeper")
        field = d.lesson.query_one(GameField)
        assert field.stage == "ready"
        field.go("waiting")
        activity = d.lesson.query_one(GameActivity)
        activity.post_message(GameActivity.Learned("The networks learn first. keeper: 20 of 250 updates"))
        await d.press("space")
        assert field.stage == "waiting"
        assert "keeper: 20 of 250 updates" in d.text
        activity.post_message(GameActivity.Learned("", ready=True))
        await d.settle()
        assert field.stage == "ready"


async def test_networks_that_cannot_be_trained_are_said_and_can_be_skipped(desk, folder: Path, tmp_path: Path) -> None:
    async with desk("lesson", "games", folder=folder, cache=tmp_path / "fresh") as d:
        await d.press("escape")

        def broken(name: str) -> Any:
            raise ValueError("no room left")
            yield

        d.app.labs.clear()
        d.app.open_lesson("games")
        lab = d.app.labs["games"]
        lab.ready, lab.train = (lambda name: False), broken
        await d.settle()
        assert "The networks could not be trained: no room left" in d.text
        await d.press("space", "enter")
        assert "Skipped: 0 of 2 rounds were played." in d.text


# Every terminal


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
@pytest.mark.parametrize("env", ["", "NO_COLOR", "RNN_TUTOR_ASCII"])
async def test_every_terminal(desk, folder: Path, monkeypatch, size: tuple[int, int], env: str) -> None:
    if env:
        monkeypatch.setenv(env, "1")
    async with desk("lesson", "games", folder=folder, size=size) as d:
        seen = []
        field = await at(d, 0)
        seen.append(d.text)
        await play_recall(d, field)
        seen.append(d.text)
        await d.press("space")
        assert re.search(rf"^ +{field.symbol}$", d.text, re.MULTILINE), "the symbol is in view"
        show_all(d, field)
        await d.settle()
        seen.append(d.text)
        assert "Which symbol came first?" in d.text
        await d.press("a")
        assert "distance" in d.text
        seen.append(d.text)
        field = await at(d, 1)
        seen.append(d.text)
        await d.press("space")
        seen.append(d.text)
        show_all(d, field)
        await d.settle()
        seen.append(d.text)
        assert "false alarms" in d.text
        field = await at(d, 2)
        await d.press("space", "a", "space", "b")
        seen.append(d.text)
        for text in seen:
            assert max(map(len, text.split("\n"))) <= size[0]
            assert "…" not in text, "nothing is cut"
            if env == "RNN_TUTOR_ASCII":
                assert text.isascii()
