"""The weighed text under the keys and the mouse: what is drawn is what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tutor.course.figures.attribution import AttributionValues, attribution_values
from tutor.engine.attribution import attribute
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.figures.attribution import AttributionFigure, WeighedText

from .bench import bench, check_focus_and_theme

TEXT = ("a", "b", "c", "zebra", "b", "a")


def values(
    job: str = "next", *, both: bool = False, text: tuple[str, ...] = TEXT, unit: str = "words", **how: Any
) -> AttributionValues:
    spec = ModelSpec(hidden_size=4, embedding_size=3, bidirectional=both, unit=unit, seed=3)
    labels = () if job == "next" else ("N", "V")
    return attribution_values(Model(spec, Vocabulary("abc"), job=job, labels=labels).run(text), **how)


def figure(*args: Any, **options: Any) -> AttributionFigure:
    return AttributionFigure(values(*args, **options), clock=lambda: 0.0)


async def test_it_shows_the_weights_of_the_step() -> None:
    async with bench(figure(step=5)) as (app, hand):
        shown = app.figure.values
        output = shown.first(5)
        assert app.lines[0].startswith(f"score of “{output.label}”")
        found = attribute(shown.run, output.label, 4)
        weighed = app.figure.text.weighed
        assert weighed is not None
        assert weighed.products == pytest.approx(found.products)
        assert app.figure.tables() == shown.tables_of(weighed)
        await hand.press("full_stop")
        app.figure.act("back")
        await hand.settle()
        weighed = app.figure.text.weighed
        assert weighed is not None
        assert weighed.position == 4
        assert app.figure.text.cursor == 3
        assert "step 4 of 6" in app.text


async def test_v_goes_round_the_methods() -> None:
    async with bench(figure(step=5), (100, 20)) as (app, hand):
        names = []
        for _press in range(4):
            names.append(app.lines[0].split("   ")[-1].strip())
            assert "ρ = " in app.text
            await hand.press("v")
        assert names == ["gradient × input", "‖gradient‖", "deletion", "gradient × input"]
        assert app.figure.text.method == "norm"
        weighed = app.figure.text.weighed
        assert weighed is not None
        assert app.told == []


async def test_the_weights_on_screen_are_the_methods() -> None:
    async with bench(figure(step=3), (100, 20)) as (app, hand):
        for method in ("product", "norm", "deletion"):
            weighed = app.figure.text.weighed
            assert weighed is not None
            weights = weighed.of(method)  # type: ignore[arg-type]
            assert weights is not None
            largest = max(range(3), key=lambda s: abs(weights[s]))
            assert f"1.0 stands for {abs(weights[largest]):.3g}, the largest: “{TEXT[largest]}”" in app.text
            assert app.figure.text.method == method
            await hand.press("v")


async def test_c_goes_round_the_outputs_and_a_step_begins_anew() -> None:
    async with bench(figure(step=1), (100, 20)) as (app, hand):
        outputs = app.figure.values.outputs(1)
        for turn in range(len(outputs) + 1):
            output = outputs[turn % len(outputs)]
            assert app.lines[0].startswith(f"score of “{output.label}”")
            assert f"(output {turn % len(outputs) + 1} of {len(outputs)})" in app.lines[0]
            assert ("which came" in app.lines[0]) is output.came
            await hand.press("c")
        app.figure.act("forward")
        await hand.settle()
        assert app.figure.output is None
        assert app.lines[0].startswith(f"score of “{app.figure.values.first(2).label}”")


async def test_the_label_of_the_lesson_stays_over_the_steps() -> None:
    async with bench(figure("tag", step=2, label="V")) as (app, hand):
        assert app.lines[0].startswith("score of “V”")
        app.figure.act("forward")
        await hand.settle()
        assert app.lines[0].startswith("score of “V”")
        await hand.press("c")
        assert app.lines[0].startswith("score of “N”")


async def test_the_cursor_reads_a_token_out() -> None:
    async with bench(figure(step=3), (100, 20)) as (app, hand):
        assert "“c” (token 3)" in app.text
        await hand.press("left", "left_square_bracket")
        assert "“a” (token 1)" in app.text
        await hand.press("left")
        assert app.told == ["This is the first token."]
        await hand.press("right", "right", "right_square_bracket")
        assert "“zebra” (token 4) comes after this step" in app.text
        await hand.press("right", "right", "right")
        assert app.told[-1] == "This is the last token."
        await hand.press("up")
        assert app.told[-1] == "This is the first line."


async def test_the_arrows_go_from_line_to_line() -> None:
    async with bench(figure(step=30, text=("a", "b", "c") * 10), (30, 14)) as (app, hand):
        text = app.figure.text
        before = text.cursor
        await hand.press("up")
        assert text.cursor < before
        await hand.press("down")
        assert text.cursor == before
        await hand.press("down")
        assert app.told == ["This is the last line."]


async def test_keys_that_can_do_nothing_say_why() -> None:
    async with bench(figure(step=0)) as (app, hand):
        assert "Nothing is read yet" in app.text
        await hand.press("c")
        assert app.told == ["Nothing is read yet: . takes the first step."]
        assert app.figure.tables() == app.figure.values.tables()
    spec = ModelSpec(hidden_size=3)
    alone = attribution_values(Model(spec, Vocabulary("ab"), job="tag", labels=("X",)).run(("a", "b")))
    async with bench(AttributionFigure(alone)) as (app, hand):
        await hand.press("c")
        assert app.told == ["This model has one output alone."]


async def test_a_long_text_is_not_deleted() -> None:
    long = figure(step=700, text=("a", "b") * 360, method="deletion")
    async with bench(long, (100, 20)) as (app, hand):
        assert app.figure.text.method == "product"
        assert "too long to delete" in app.text
        await hand.press("v")
        assert app.told == []
        await hand.press("v")
        assert "too long for it" in app.told[0]
        assert app.figure.text.method == "product"


async def test_a_model_that_learned_on_is_said_and_what_was_measured_stays() -> None:
    async with bench(figure(step=3), (100, 20)) as (app, hand):
        model = app.figure.values.run.model
        before = app.lines[:3]
        for _checkpoint in fit(model, [("a", "b", "c")], TrainingSpec(steps=1)):
            pass
        await hand.press("c")
        assert "before its model learned on" in app.told[0]
        assert app.lines[:3] == before
    late = figure(step=3)
    for _checkpoint in fit(late.values.run.model, [("a", "b", "c")], TrainingSpec(steps=1)):
        pass
    async with bench(late, (140, 20)) as (app, hand):
        assert "learned on" in app.text
        assert "1 is" not in app.text


async def test_what_is_read_from_both_ends_is_said() -> None:
    async with bench(figure("classify", both=True, step=3), (120, 20)) as (app, hand):
        assert "one answer for the whole, read from both ends" in app.text
        assert "comes after this step" not in app.text
        await hand.press("right", "right")
        assert "(token 5): " in app.text
        assert "comes after" not in app.text
    async with bench(figure("tag", both=True, step=3), (120, 20)) as (app, hand):
        assert "; read from both ends" in app.text


async def test_characters_stand_close() -> None:
    async with bench(figure(text=tuple("abc cba" * 30), unit="characters", step=9)) as (app, _hand):
        assert "abc␣cbaabc␣cba" in app.text


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with bench(figure(step=5), (100, 20)) as (app, hand):
        x = app.lines[1].index("c")
        await hand.click(WeighedText, x, 1)
        assert app.figure.text.cursor == 2
        assert app.figure.position == 5
        await hand.click(WeighedText, x, 2)
        assert app.figure.position == 3
        await hand.click(WeighedText, 90, 1)
        assert app.figure.position == 3
        await hand.click(WeighedText, 2, 0)
        assert app.figure.text.method == "norm"


async def test_hints_and_help_name_its_keys() -> None:
    async with bench(figure(step=2)) as (app, hand):
        own = [hint for hint in app.figure.hints if hint.target is app.figure]
        assert [hint.key for hint in own] == ["v", "c"]
        for hint in own:
            await app.figure.run_action(hint.action)
            await hand.settle()
        assert app.figure.text.method == "norm"
        assert app.figure.output == app.figure.values.outputs(2)[1]
        assert {key for key, _does in app.figure.help_keys} == {"← → ↑ ↓", "v", "c"}


async def test_it_fits_small_and_large_and_comes_back() -> None:
    async with bench(figure(step=4), (120, 36)) as (app, hand):
        before = app.text
        await hand.resize(60, 8)
        small = app.text
        assert "score of" in small
        assert "zebra" in small
        assert "ρ = " in small
        await hand.resize(120, 36)
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with bench(figure(step=4)) as (app, hand):
        await check_focus_and_theme(app, hand, app.figure.text)


async def test_weights_of_another_text_that_come_late_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
    async with bench(figure(step=6), (100, 20)) as (app, hand):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        await hand.press("c")
        assert app.figure.renew(None, values(text=("b", "c"), step=2))
        (old, show_old), *_others, (new, show_new) = asked
        show_old(old())
        await hand.settle()
        assert app.figure.text.weighed is None
        assert "being measured" in app.text
        assert app.told == []
        show_new(new())
        await hand.settle()
        assert "being measured" not in app.text
        weighed = app.figure.text.weighed
        assert weighed is not None
        assert len(weighed.products) == 2
