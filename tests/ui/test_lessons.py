"""Each lesson walked from its first step to its last: with answers, with wrong answers, and with none."""

from __future__ import annotations

import pytest

from tutor.course.grading import close, true_response
from tutor.course.lesson import Doing, Prediction, Prose, QuestionBlock, Recite, names_in
from tutor.course.outline import lessons_dir, read_outlines
from tutor.course.probes import needs_time
from tutor.ui import computing
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.sandbox import SandboxScreen
from tutor.ui.widgets.activity import Activity
from tutor.ui.widgets.ask import Ask
from tutor.ui.widgets.means.choice import Choices
from tutor.ui.widgets.means.number import NumberField
from tutor.ui.widgets.recite import ReciteField

LESSONS = [outline.id for outline in read_outlines(lessons_dir())[0]]


def test_the_eighteen_lessons_are_there() -> None:
    assert [
        *("order-matters", "words-become-vectors", "the-recurrent-cell", "one-cell-many-steps"),
        *("never-too-late", "learning-through-time"),
        *("sequence-labelling", "sequence-prediction", "image-captioning", "text-classification"),
        *("what-it-costs", "vanishing-and-exploding", "clipping"),
        *("gru", "lstm", "the-memory-race", "bidirectional", "cnn-the-other-family"),
    ] == LESSONS


async def answer(d, *, right: bool) -> None:
    """Answer what the step asks, by its own probe or against it."""
    screen = d.lesson
    asked = screen.asked
    ask = screen.query_one(Ask)
    for model in asked.answer.models():
        if not screen.lab.ready(model):
            screen.lab.ensure(model)
    truth = asked.answer.measure(screen.lab)
    if isinstance(ask.means, Choices):
        keys = [option.key for option in asked.options]
        true = str(truth.value)
        index = keys.index(true)
        ask.means.chosen = index if right else (index + 1) % len(keys)
    elif not isinstance(ask.means, NumberField):
        # An order and a range are wrong as they stand at first.
        if right:
            ask.means.restore(true_response(asked, truth))
        elif asked.point is not None:
            ask.means.restore("1" if true_response(asked, truth).lstrip("h") != "1" else "2")
    else:
        low, high = asked.low, asked.high
        ends = [end for end in (low, high) if not close(asked, end, truth.number)]
        ask.means.value = truth.number if right else ends[0]
    await d.press("enter")


async def skip(d) -> None:
    """Skip what is to be done; with nothing written, one enter alone does not."""
    await d.press("enter")
    if d.lesson.shown.phase == "asking":
        await d.press("enter")
    assert d.lesson.shown.done == ()


def words_of(screen) -> int:  # type: ignore[no-untyped-def]
    """Rows that the words of a step take."""
    return sum(child.outer_size.height + child.styles.margin.top for child in screen.query_one("#words").children)


SCREENS = {(120, 36): 1, (80, 24): 2}
"""How many screens of words a step may have, by the size of the window."""


@pytest.mark.parametrize(
    ("right", "size"), [(True, (80, 24)), (False, (120, 36))], ids=["right at 80x24", "wrong at 120x36"]
)
@pytest.mark.parametrize("lesson", LESSONS)
async def test_a_lesson_from_its_first_step_to_its_last(desk, lesson: str, right: bool, size: tuple[int, int]) -> None:
    # All rows but the title, its rule, the keys and the air belong to the words.
    room = (size[1] - 4) * SCREENS[size]
    long = []
    async with desk("lesson", lesson, size=size) as d:
        total = len(d.lesson.lesson.steps)
        for index in range(total):
            screen = d.lesson
            assert screen.index == index
            block = screen.step.asked
            before = words_of(screen)
            if isinstance(block, Prediction):
                assert not screen.query("#instrument > *"), "a picture before its prediction"
            if isinstance(block, Prediction | QuestionBlock):
                await answer(d, right=right)
                verdict = screen.shown.verdict
                assert verdict is not None
                assert verdict.correct is right
                assert verdict.says, "every answer is explained"
                attempt = d.progress.attempts(lesson)[-1]
                assert (attempt.key, attempt.correct) == (screen.asked.key, right)
                assert (attempt.confidence is not None) == isinstance(block, Prediction)
            elif isinstance(block, Doing):
                await skip(d)
            assert screen.shown.phase == "shown"
            if screen.step.figure is not None:
                assert screen.query("#instrument > *"), "the picture is there"
            wanted = [name for b in screen.step.blocks if isinstance(b, Prose) for name in names_in(b.text)]
            assert set(wanted) <= set(screen.shown.values), "every number in the words was computed"
            if max(before, words_of(screen)) > room:
                long.append((index + 1, screen.step.title, before, words_of(screen)))
            await d.press("enter")
        assert isinstance(d.app.screen, HomeScreen)
        assert d.progress.completed(lesson) == frozenset(range(total))
    assert not long, f"steps with more words than {room} rows: (step, title, rows before the answer, after it)"


@pytest.mark.parametrize("lesson", LESSONS)
async def test_a_lesson_without_an_answer(desk, lesson: str) -> None:
    async with desk("lesson", lesson) as d:
        skipped = {0}
        for index in range(len(d.lesson.lesson.steps) - 1):
            if any(one.takes_letters for one in d.lesson.query(Activity)):
                # While letters are typed, n is one of them, and enter skips.
                await skip(d)
                await d.press("enter")
                skipped.add(index)
            else:
                await d.press("n")
        assert d.lesson.index == len(d.lesson.lesson.steps) - 1
        assert not d.progress.completed(lesson) - skipped
        if any(one.takes_letters for one in d.lesson.query(Activity)):
            # What a lesson offers at its end: there is nothing after it to go on to.
            await skip(d)
        await d.press("n")
        assert "last step" in d.text
        await d.press("escape")
        assert isinstance(d.app.screen, HomeScreen)


@pytest.mark.parametrize("lesson", LESSONS)
async def test_to_the_sandbox_and_back_to_the_same_step(desk, lesson: str) -> None:
    async with desk("lesson", lesson) as d:
        if isinstance(d.lesson.step.asked, Recite):
            await d.press("enter", "enter")
        if any(isinstance(ask.means, Choices) for ask in d.lesson.query(Ask)):
            await d.press("down")
        await d.press("enter")
        index, before = d.lesson.index, d.text
        await d.press("s")
        assert isinstance(d.app.screen, SandboxScreen)
        await d.press("escape")
        assert d.lesson.index == index
        assert d.text == before


async def test_the_next_words_come_out_of_the_softmax(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.step("From word to guess")
        await d.press("down", "enter", "end")
        player = d.lesson.player
        best = [word for word, _ in player.values.run.next(-1, 2)]
        assert sorted(best) == ["code", "read"]
        assert player.values.run.tokens == ("never", "too", "late", "to")
        lines = d.text.split("\n")
        at = next(i for i, line in enumerate(lines) if "next after “to”" in line)
        assert "code" in lines[at + 1]
        assert "read" in lines[at + 2]


async def test_an_answer_over_seeds_that_is_stopped_is_asked_again(
    desk, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk("lesson", "words-become-vectors", cache=tmp_path / "fresh") as d:
        screen = d.lesson
        steps = enumerate(screen.lesson.steps)
        index = next(i for i, step in steps if isinstance(step.asked, Prediction) and needs_time(step.asked.answer))
        await screen.show_step(index)
        await d.settle()
        trains = computing.training_of

        def stopped_soon(probe, lab):  # type: ignore[no-untyped-def]
            for seed in trains(probe, lab):
                screen.action_leave()
                yield seed

        monkeypatch.setattr(computing, "training_of", stopped_soon)
        await d.press("enter")
        assert screen.shown.phase == "asking"
        assert screen.shown.verdict is None
        assert "answer again to go on" in d.text
        assert not screen.query_one(Ask).answered, "it can be answered again"
        monkeypatch.undo()
        await d.press("enter")
        assert screen.shown.verdict is not None
        assert screen.shown.phase == "shown"


async def test_a_training_that_is_stopped_keeps_what_it_learned_and_goes_on(desk, tmp_path) -> None:
    async with desk("lesson", "never-too-late", cache=tmp_path / "fresh") as d:
        screen = d.lesson
        lab = screen.lab
        train = lab.train

        def few(name):
            for checkpoint in train(name):
                yield checkpoint
                if checkpoint.step == 20:
                    screen._stopping = True

        lab.train = few
        await d.press("enter")
        lab.train = train
        assert screen.shown.phase == "shown"
        assert not lab.ready("writer")
        assert lab.history("writer")[-1].step == 25
        assert "stopped at 25 of 300" in d.text
        assert "t train on" in d.text
        await d.press("t")
        assert lab.ready("writer")
        assert "trained: 300 updates" in d.text
        assert screen.query_one(TrainingFigure).values.points[-1][0] == 300


async def test_the_second_visit_does_not_train(desk, trained) -> None:
    async with desk("lesson", "never-too-late") as d:
        d.lesson.lab.ensure("writer")
    async with desk("lesson", "never-too-late") as d:
        assert d.lesson.lab.ready("writer")

        def never(name):
            raise AssertionError("it was trained before")

        d.lesson.lab.train = never
        await d.press("enter")
        assert d.lesson.shown.phase == "shown"


async def test_the_alphabet_is_typed_against_the_clock(desk) -> None:
    async with desk("lesson", "order-matters") as d:
        field = d.lesson.query_one(ReciteField)
        await d.pilot.press("a")
        d.clock.now = 5.0
        await d.pilot.press("x")
        assert "x?" in d.text
        for letter in "bcdefghijklmnopqrstuvwxyz":
            await d.pilot.press(letter)
        assert field.recitals[0].seconds == 5.0
        assert field.recitals[0].slips == 1
        d.clock.now = 6.0
        for letter in "zyxwvutsrqponmlkjihgfedcb":
            await d.pilot.press(letter)
        d.clock.now = 36.0
        await d.press("a")
        assert "30.0 s, 0 slips" in d.text
        assert d.lesson.shown.phase == "shown"
        kept = d.progress.attempts("order-matters")
        assert [(a.response, a.correct, a.seconds) for a in kept] == [
            ("A to Z", False, 5.0),
            ("Z to A", True, 30.0),
        ]


async def test_what_is_skipped_leaves_no_hole(desk) -> None:
    async with desk("lesson", "order-matters") as d:
        await d.press("enter")
        rows = [row.strip() for row in d.text.split("\n")]
        asked = max(i for i, row in enumerate(rows) if row.endswith("first letter."))
        assert rows[asked + 1] == ""
        assert rows[asked + 2] != ""


async def test_a_second_visit_asks_another_instance(desk) -> None:
    async with desk("lesson", "vanishing-and-exploding") as d:
        await d.step("Three factors")
        first = d.lesson.asked.ask
        await d.press("enter", "escape")
        d.app.open_lesson("vanishing-and-exploding")
        await d.settle()
        await d.step("Three factors")
        assert d.lesson.asked.ask != first


async def test_a_lesson_opens_where_it_was_left(desk) -> None:
    async with desk("lesson", "vanishing-and-exploding") as d:
        await d.press("n", "n", "escape")
        d.app.open_lesson("vanishing-and-exploding")
        await d.settle()
        assert d.lesson.index == 2


async def test_going_back_shows_what_was_answered(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        await d.press("down", "down", "tab", "right", "enter")
        shown = d.lesson.shown
        assert (shown.response, shown.confidence) == ("2", "certain")
        before = d.text
        await d.press("enter", "backspace")
        assert d.lesson.shown == shown
        assert "✗ 2 late" in d.text
        assert d.text.count("certain") == before.count("certain")


async def test_nothing_is_chosen_by_enter_alone(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        await d.press("enter")
        assert "Choose one first" in d.text
        assert d.lesson.shown.phase == "asking"
        assert d.progress.attempts("the-recurrent-cell") == ()
        assert "▸ 1 late" not in d.text
        await d.press("up")
        assert "▸ 4 late" in d.text
        await d.press("down")
        assert "▸ 1 late" in d.text
        await d.press("enter")
        assert d.lesson.shown.response == "1"


async def test_a_number_is_moved_or_typed(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        await d.press("n")
        field = d.lesson.query_one(NumberField)
        start = field.value
        await d.press("right")
        assert field.value > start
        await d.press("0", "full_stop", "7", "2", "backspace", "e")
        assert field.typed == "0.7e"
        await d.press("enter")
        assert "is not a number" in d.text
        assert d.lesson.shown.phase == "asking"
        await d.press("backspace", "enter")
        assert d.lesson.shown.response == 0.7
        assert d.lesson.shown.verdict.correct


async def test_keys_that_can_do_nothing_say_why(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        for key, word in (
            ("space", "Nothing plays here yet"),
            ("w", "there is none on this screen yet"),
            ("t", "Nothing was stopped"),
            ("backspace", "This is the first step"),
        ):
            await d.press(key)
            assert word in d.text.split("\n")[-1], key
        await d.press("down")
        assert "This is the first step" not in d.text


async def test_the_slider_moves_the_chart(desk) -> None:
    async with desk("lesson", "vanishing-and-exploding") as d:
        await d.press("n", "enter")
        assert "ρ=0.9" in d.text
        await d.press("right", "right")
        assert "ρ=0.92" in d.text


async def test_the_mouse_answers_as_the_keys_do(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        choice = list(d.lesson.query("Choice"))[2]
        await d.pilot.click(choice)
        assert d.lesson.query_one(Choices).response == "3"
        await d.pilot.click("KeyLine", offset=(2, 0))
        await d.settle()
        assert d.lesson.shown.response == "3"
        player = d.lesson.query_one(StateFigure)
        await d.pilot.click("StateMap", offset=(12, 4))
        await d.settle()
        assert player.position == 3
        await d.pilot.click("Transport", offset=(0, 0))
        await d.settle()
        assert player.position == 0


async def test_help_names_the_keys_and_goes(desk) -> None:
    async with desk("lesson", "the-recurrent-cell") as d:
        before = d.text
        await d.press("question_mark")
        assert "this model in the sandbox" in d.text
        await d.press("escape")
        assert d.text == before


async def test_a_step_that_cannot_be_computed_says_so_and_stays(desk) -> None:
    async with desk("lesson", "never-too-late") as d:

        def broken(name, text="", h_0="zeros"):
            raise ValueError("no such run")

        d.lesson.lab.run = broken
        await d.press("enter")
        assert "could not be computed: no such run" in d.text


async def test_a_bet_is_marked_on_its_bar(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.press("enter", "enter", "0", "full_stop", "1", "enter")
        rows = [line.split("▏", 1)[-1] for line in d.text.split("\n")]
        code = next(row for row in rows if row.strip().startswith("code"))
        read = next(row for row in rows if row.strip().startswith("read"))
        assert "│" in code
        assert "│" not in read
