"""What comes next under the keys and the mouse: what is turned, what is drawn, how the sentence goes on."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tutor.course.figures.next import DRAWS, MOST_WRITTEN, Sampling, next_values, spread
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.figures.next import Next, NextFigure, Sampler
from tutor.ui.widgets.means.number import NumberField

from .bench import bench, check_focus_and_theme

SENTENCES = [tuple(s.split()) for s in ("to code is to learn", "to read is to learn", "to code is fun")]
TEXT = ("to", "code", "is", "to")


@cache
def model(*, end: bool = True) -> Model:
    vocabulary = Vocabulary([w for s in SENTENCES for w in s], end=end)
    made = Model(ModelSpec(cell="gru", hidden_size=6, embedding_size=4), vocabulary)
    for _checkpoint in fit(made, SENTENCES, TrainingSpec(steps=40, batch_size=3)):
        pass
    return made


def figure(text: tuple[str, ...] = TEXT, *, end: bool = True, **options: Any) -> NextFigure:
    return NextFigure(next_values(model(end=end).run(text), **options), clock=lambda: 0.0)


async def test_the_bars_are_of_the_step() -> None:
    async with bench(figure(step=2)) as (app, hand):
        sampler = app.figure.sampler
        assert app.lines[0].startswith("next after “code”")
        assert "▸  “is” came" in app.text
        guess = app.figure.values.reading(2).guesses(1)[0]
        assert app.lines[1].split()[-1] == f"{guess.drawn:.2f}"
        await hand.press("left")
        assert app.lines[0].startswith("next after “to”")
        assert sampler.position == 1
        await hand.press("right", "right", "right", "right")
        assert app.told == ["This is the last step."]
        assert "the text ends here" in app.text
        await hand.press("left", "left", "left", "left", "left")
        assert app.told[-1] == "This is the first step."
        assert "Nothing is read yet" in app.text


async def test_one_draw_is_of_the_seed_and_never_twice_the_same_by_itself() -> None:
    async with bench(figure(step=1, seed=5)) as (app, hand):
        reading = app.figure.values.reading(1)
        for turn in (1, 2, 3):
            await hand.press("g")
            assert app.figure.sampler.picked == int(reading.draw(1, 5, turn)[0])
            assert f"(draw {turn} of seed 5)" in app.text
        assert any(line.startswith((" ● ", " ▸●", "▸● ")) for line in app.lines)
    async with bench(figure(step=1, seed=5)) as (app, hand):
        await hand.press("g")
        assert app.figure.sampler.picked == int(reading.draw(1, 5, 1)[0])


async def test_a_draw_is_counted_by_its_own_key_alone() -> None:
    async with bench(figure(step=1, seed=5)) as (app, hand):
        reading = app.figure.values.reading(1)
        await hand.press("g")
        (drew,) = [line for line in app.lines if "draw 1 of seed 5" in line]
        # The sentence goes on: no token was drawn in place of the one that is named.
        await hand.press("c")
        assert drew in app.lines
        assert app.told == ["Written with seed 5."]
        await hand.press("G", "g")
        assert "(draw 2 of seed 5)" in app.text
        assert app.figure.sampler.picked == int(reading.draw(1, 5, 2)[0])
        await hand.press("c")
        assert app.told[-1] == "Written with seed 6."


async def test_what_was_drawn_is_among_the_bars_though_it_is_unlikely() -> None:
    async with bench(figure(step=1, count=1)) as (app, hand):
        for _draw in range(12):
            await hand.press("g")
            picked = app.figure.values.run.model.labels[app.figure.sampler.picked or 0]
            assert any("●" in line and picked in line for line in app.lines[1:4])


async def test_many_draws_stand_beside_what_is_expected() -> None:
    async with bench(figure(step=1, seed=2), (78, 30)) as (app, hand):
        await hand.press("G")
        sampler = app.figure.sampler
        assert sampler.tallies is not None
        assert sampler.tallies.sum() == DRAWS
        assert "200 draws, seed 2" in app.text
        first = app.figure.values.reading(1).guesses(1)[0]
        count, expected, off = int(sampler.tallies[first.index]), DRAWS * first.drawn, spread(first.drawn, DRAWS)
        assert f"{count} ({expected:.0f}±{2 * off:.0f})" in app.lines[1]
        assert "├" in app.lines[2]
        before = sampler.tallies
        await hand.press("G")
        assert sampler.tallies.sum() == 2 * DRAWS
        assert ((sampler.tallies - before) != before).any()
        table = app.figure.tables()[0]
        assert table.rows[0][5] == sampler.tallies[first.index]
        # A single draw is of the same distribution: the counts stay.
        await hand.press("g")
        assert sampler.tallies.sum() == 2 * DRAWS


async def test_another_distribution_forgets_what_was_drawn() -> None:
    async with bench(figure(step=1)) as (app, hand):
        for change in ("step", "temperature"):
            await hand.press("G", "g", "c")
            assert app.figure.sampler.said is not None
            turn = app.figure.sampler.turn
            if change == "step":
                await hand.press("right")
            else:
                app.figure.query_one("#temperature", NumberField).action_nudge(1)
                await hand.settle()
            sampler = app.figure.sampler
            assert (sampler.tallies, sampler.picked, sampler.said) == (None, None, None)
            assert sampler.turn == turn
            assert "draw" not in app.text


async def test_counts_that_come_too_late_are_not_shown() -> None:
    async with bench(figure(step=1)) as (app, hand):
        app.figure.action_tally()
        app.figure.action_write()
        app.figure.act("forward")
        await hand.settle()
        assert app.figure.sampler.tallies is None
        assert app.figure.sampler.said is None


async def test_the_sentence_goes_on() -> None:
    async with bench(figure(step=2, seed=3)) as (app, hand):
        await hand.press("c")
        values = app.figure.values
        said = Sampling().write(values.run, 2, 3)
        assert app.figure.sampler.said == said
        words = " ".join(s.token for s in said)
        assert f"to code {words} {'<end>' if len(said) < MOST_WRITTEN else '…'}".replace("  ", " ") in app.text
        assert app.told == ["Written with seed 3."]
        assert [row[0] for row in app.figure.tables()[2].rows] == [s.token for s in said]
        await hand.press("c")
        assert app.figure.sampler.said == Sampling().write(values.run, 2, 4)
        assert app.told[-1] == "Written with seed 4."


async def test_without_an_end_token_it_stops_and_says_so() -> None:
    async with bench(figure(step=2, end=False), (150, 20)) as (app, hand):
        await hand.press("c")
        said = app.figure.sampler.said
        assert said is not None
        assert len(said) == MOST_WRITTEN
        (line,) = [line for line in app.lines if line.startswith("to code ")]
        assert line.endswith("…")
        assert "<end>" not in line


async def test_temperature_and_cuts_change_what_is_drawn_from() -> None:
    async with bench(figure(step=2)) as (app, hand):
        await hand.press("tab")
        await hand.press(*["right"] * 10)
        assert app.figure.sampler.sampling == Sampling(2.0)
        assert "temperature 2" in app.lines[0]
        assert "│" in app.lines[1]
        assert "before)" in app.text
        await hand.press("tab", "right", "right")
        assert app.figure.sampler.sampling == Sampling(2.0, 2)
        assert "cut (" in app.text
        assert "top-k 2" in app.lines[0]
        await hand.press("tab", "left", "left")
        assert app.figure.sampler.sampling == Sampling(2.0, 2, 0.9)
        assert "top-p 0.9" in app.lines[0]
        reading = app.figure.values.reading(2, Sampling(2.0, 2, 0.9))
        rows = app.figure.tables()[0].rows
        assert [row[2] for row in rows] == [g.drawn for g in reading.guesses(8)]


async def test_the_ends_of_the_temperature_are_named() -> None:
    async with bench(figure(step=2), (100, 20)) as (app, hand):
        field = app.figure.query_one("#temperature", NumberField)
        field.value = 0.0
        await hand.settle()
        assert "temperature 0: argmax, the likeliest every time" in app.lines[0]
        assert "entropy" in app.text
        assert "0.0 of" in app.text
        await hand.press("c")
        assert app.told == ["Written with temperature 0: it is the same every time."]
        field.value = 4.0
        await hand.settle()
        assert f"∞ would be 1/{len(app.figure.values.run.model.labels)} each" in app.lines[0]


async def test_a_number_that_is_typed_counts_at_once() -> None:
    async with bench(figure(step=2)) as (app, hand):
        await hand.press("tab", "0", ".", "5")
        assert app.figure.sampler.sampling.temperature == 0.5
        assert app.told == []
        await hand.press("backspace", "backspace", "backspace", "9", "9")
        assert app.figure.sampler.sampling.temperature == 4.0
        assert app.told == ["temperature goes from 0 to 4."] * 2
        await hand.press("backspace", "backspace", "-")
        assert app.figure.sampler.sampling.temperature == 4.0


async def test_keys_that_can_do_nothing_say_why() -> None:
    async with bench(figure(step=0)) as (app, hand):
        await hand.press("g", "G", "c")
        assert app.told == ["Nothing is read yet: . takes the first step."] * 3
        assert app.figure.tables() == app.figure.values.tables()


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with bench(figure(step=0)) as (app, hand):
        await hand.click(Sampler, 3, 0)
        assert app.figure.position == 1
        await hand.click(Sampler, 3, 1)
        assert app.figure.sampler.turn == 1
        assert app.figure.sampler.picked is not None
        await hand.click(Sampler, 3, next(y for y, line in enumerate(app.lines) if "drew" in line))
        assert app.figure.sampler.tallies is not None
        await hand.press("c")
        first = app.figure.sampler.said
        y = next(y for y, line in enumerate(app.lines) if line.startswith("to "))
        await hand.click(Sampler, 3, y)
        assert app.figure.sampler.said is not first
        assert len(app.told) == 2
        turn = app.figure.sampler.turn
        await hand.click(Sampler, 3, 0)
        assert app.figure.sampler.turn == turn


async def test_hints_and_help_name_its_keys() -> None:
    async with bench(figure(step=1)) as (app, hand):
        own = [hint for hint in app.figure.hints if hint.target is app.figure]
        assert [hint.key for hint in own] == ["g", "G", "c"]
        for hint in own:
            await app.figure.run_action(hint.action)
            await hand.settle()
        sampler = app.figure.sampler
        assert (sampler.turn, sampler.counts, sampler.sentences) == (1, 1, 1)
        assert sampler.tallies is not None
        assert sampler.said is not None
        assert {key for key, _does in app.figure.help_keys} == {"g", "G", "c", "← →"}


async def test_scores_that_are_no_numbers_are_said() -> None:
    shown = figure(step=2)
    logits = shown.values.run.logits.copy()
    logits[1] = float("nan")
    object.__setattr__(shown.values.run, "logits", logits)
    async with bench(shown) as (app, hand):
        assert "The scores of step 2 are no numbers" in app.text
        await hand.press("g")
        assert "no numbers" in app.told[0]
        await hand.press("left")
        assert "entropy" in app.text


@pytest.mark.parametrize("options", [{}, {"sampling": Sampling(0.5, 60, 0.01)}])
async def test_it_begins_as_the_lesson_says(options: dict[str, Any]) -> None:
    async with bench(figure(step=3, **options)) as (app, _hand):
        assert app.figure.position == 3
        assert app.figure.sampler.sampling == options.get("sampling", Sampling())
        assert "step 3 of 4" in app.text


async def test_it_fits_small_and_large_and_comes_back() -> None:
    async with bench(figure(step=2), (120, 36)) as (app, hand):
        await hand.press("c")
        before = app.text
        await hand.resize(60, 8)
        small = app.lines
        assert small[0].startswith("next after")
        assert sum("0." in line for line in small[1:4]) == 3
        assert "temperature" in app.text
        assert small[-1].startswith("|◀")
        await hand.resize(120, 36)
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with bench(figure(step=2)) as (app, hand):
        await check_focus_and_theme(app, hand, app.figure.sampler)


async def test_the_part_beside_a_heatmap() -> None:
    part = Next(model().run(TEXT), 3)
    assert part.count == 3
    async with bench(figure(step=1)) as (app, hand):
        await app.mount(part)
        await hand.settle()
        assert "next token: step once" in app.text
        part.position = 2
        part.show_count(2)
        await hand.settle()
        assert "next after “code”" in app.text
        best = model().run(TEXT).next(1, 2)
        assert len(part.rows(60, 0)) == 3
        assert f"{best[0][1]:.2f}" in app.text


async def test_a_number_beyond_its_range_is_told_until_it_is_one_that_can_be() -> None:
    async with bench(figure(step=2)) as (app, hand):
        most = app.figure.query_one("#top_k", NumberField).high
        await hand.press("tab", "tab", "9", "9", "backspace", "backspace", "2")
        assert app.told[:2] == [f"top-k goes from 0 to {most:g}."] * (2 if most < 9 else 1)
        assert app.figure.sampler.sampling.top_k == 2
        app.told.clear()
        await hand.press("tab", "0")
        assert app.figure.sampler.sampling.top_p == 0.05
        assert app.told == ["top-p goes from 0.05 to 1."]
        await hand.press(".", "5")
        assert app.figure.sampler.sampling.top_p == 0.5
        # A word that is no longer true is taken back.
        assert app.told[-1] == ""
        await hand.press("2")
        assert app.told.count("") == 1
