"""Words and their tags under the keys and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import pytest
from textual import events

from tutor.course.figures.tags import TagsValues, sentences_of, tags_values
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.figures.tags import TaggedText, TagsFigure
from tutor.ui.figures.writable import WrittenLine

from .bench import bench, check_focus_and_theme

ITEMS = [(("the", "fish", "swims"), ("D", "N", "V")), (("they", "fish"), ("P", "V")), (("the", "cat"), ("D", "N"))]


@cache
def tagger(*, both: bool = False) -> Model:
    spec = ModelSpec(cell="gru", hidden_size=6, embedding_size=4, bidirectional=both, seed=1)
    model = Model(spec, Vocabulary(w for words, _t in ITEMS for w in words), job="tag", labels="DNVP")
    for _checkpoint in fit(model, ITEMS, TrainingSpec(steps=60, batch_size=3)):
        pass
    return model


@cache
def classifier(*, both: bool = False) -> Model:
    return Model(ModelSpec(hidden_size=5, bidirectional=both), Vocabulary("abc"), job="classify", labels=("x", "y"))


def figure(words: tuple[str, ...] = ("the", "fish", "zebra"), model: Model | None = None, **options: Any) -> TagsFigure:
    return TagsFigure(tags_values((model or tagger()).run(words), **options), clock=lambda: 0.0)


async def test_it_begins_with_everything_read() -> None:
    async with bench(figure(truth=("D", "V", None))) as (app, _hand):
        assert app.figure.position == 3
        assert "step 3 of 3" in app.text
        assert "right 1 of 2, mean confidence" in app.text
        assert "1 word unknown (?)" in app.text
        assert "✗ V" in app.lines[2]
        assert "zebra ?" in app.lines[3]
        assert app.figure.tables() == app.figure.values.tables()


async def test_it_opens_at_the_word_that_is_asked_for() -> None:
    values = tags_values(tagger().run(("the", "fish", "zebra")), sentences=sentences_of(tuple(ITEMS), answers=False))
    async with bench(TagsFigure(msgspec.structs.replace(values, step=2), clock=lambda: 0.0)) as (app, hand):
        assert "step 2 of 3" in app.text
        assert app.lines[2].startswith("▸ fish")
        assert app.figure.facts["step"] == 2
        await hand.press("c")
        assert app.figure.position == 3, "of another sentence all"


async def test_steps_show_what_was_thought_then() -> None:
    async with bench(figure(truth=("D", "V", None))) as (app, hand):
        await hand.press("up")
        assert app.lines[2].startswith("▸ fish")
        assert "right 1 of 2 so far" in app.text
        assert "0." not in app.lines[3].split("  all")[0][:30]
        p = app.figure.values.probabilities
        assert f"{p[1].max():.2f}" in app.lines[2]
        assert app.figure.tables() == app.figure.values.tables_of(2)
        await hand.press("left", "left")
        assert app.figure.position == 0
        assert "Nothing is read yet" in app.text
        assert app.figure.tables() == app.figure.values.tables()
        await hand.press("left")
        assert app.told == ["This is the first step."]
        await hand.press("down", "right", "right", "down")
        assert app.told[-1] == "This is the last step."


async def test_how_it_was_read_is_said() -> None:
    for made, said in (
        (figure(), "no later word changes it"),
        (figure(model=tagger(both=True)), "read from both ends: each word"),
        (figure(tuple("abc"), classifier()), "if the text ended here"),
        (figure(tuple("abc"), classifier(both=True)), "one answer for the whole, read from both ends"),
    ):
        async with bench(made, (70, 20)) as (app, _hand):
            assert said in app.lines[0]


async def test_an_answer_on_the_way_is_neither_right_nor_wrong() -> None:
    shown = figure(tuple("abc"), classifier(), truth=(None, None, "x"))
    async with bench(shown, (70, 20)) as (app, hand):
        assert "right" in app.text
        marks = [("✓" in line or "✗" in line) for line in app.lines[1:4]]
        assert marks == [False, False, True]
        await hand.press("up")
        assert "right" not in app.text
        assert f"confidence {app.figure.values.probabilities[1].max():.2f}" in app.text
        assert "mean" not in app.text


async def test_one_answer_for_the_whole_comes_at_the_end() -> None:
    shown = figure(tuple("abc"), classifier(both=True), truth=(None, None, "x"))
    async with bench(shown, (70, 20)) as (app, hand):
        p = app.figure.values.probabilities
        assert "all of the whole text" in app.text
        assert f"{p[0].max():.2f}" in app.text
        await hand.press("up")
        assert "no answer before the last word" in app.text
        assert "0." not in app.text


async def test_another_sentence() -> None:
    sentences = sentences_of(tuple(ITEMS), answers=False)
    async with bench(figure(sentences=sentences)) as (app, hand):
        for n, (words, _tags) in enumerate([*ITEMS, ITEMS[0]]):
            await hand.press("c")
            assert app.figure.values.run.tokens == words
            assert app.figure.position == app.figure.playback.length == len(words)
            assert f"held-out sentence {n % 3 + 1} of 3" in app.text
            assert f"step {len(words)} of {len(words)}" in app.text
            assert "of " + str(len(words)) in app.text
        app.figure.act("back")
        app.figure.act("faster")
        await hand.press("c")
        assert app.figure.playback.tokens_per_second == 4.0
        assert app.told == []


async def test_without_another_sentence_it_says_so() -> None:
    async with bench(figure()) as (app, hand):
        await hand.press("c")
        assert "there is this text alone" in app.told[0]
    one = sentences_of(tuple(ITEMS[:1]), answers=False)
    async with bench(figure(ITEMS[0][0], truth=ITEMS[0][1], sentences=one, sentence=0)) as (app, hand):
        await hand.press("c")
        assert "this is it" in app.told[0]
        assert app.figure.values.run.tokens == ITEMS[0][0]


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with bench(figure()) as (app, hand):
        await hand.click(TaggedText, 3, 1)
        assert app.figure.position == 1
        await hand.click(TaggedText, 3, 3)
        assert app.figure.position == 3
        await hand.click(TaggedText, 3, 0)
        await hand.click(TaggedText, 3, 8)
        assert app.figure.position == 3


async def test_hints_and_help_name_its_keys() -> None:
    async with bench(figure(sentences=sentences_of(tuple(ITEMS), answers=False))) as (app, hand):
        own = [hint for hint in app.figure.hints if hint.target is app.figure]
        assert [hint.key for hint in own] == ["e", "c"]
        await app.figure.run_action(own[1].action)
        await hand.settle()
        assert app.figure.values.sentence == 0
        assert {key for key, _does in app.figure.help_keys} == {"↑ ↓", "e", "c"}


async def test_it_fits_small_and_large_and_comes_back() -> None:
    words = ("the", "fish", "swims", "the", "cat", "fish", "they", "the", "fish", "zebra")
    async with bench(figure(words), (120, 36)) as (app, hand):
        before = app.text
        assert "all of “zebra”" in before
        await hand.resize(60, 8)
        small = app.lines
        assert any(line.startswith("▸ zebra ?") for line in small)
        assert "mean confidence" in app.text
        assert small[-1].startswith("|◀")
        await hand.resize(120, 36)
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with bench(figure()) as (app, hand):
        await check_focus_and_theme(app, hand, app.query_one(TaggedText))


async def test_a_text_is_edited_and_what_flips_is_seen() -> None:
    async with bench(figure(("the", "fish"))) as (app, hand):
        was = app.figure.values
        app.figure.action_write()
        await hand.settle()
        assert app.lines[0].startswith("the fish"), "it opens with the text that is there"
        await hand.press("y")
        assert "the fishy" in app.lines[0], "letters are the line's"
        await hand.press("up", "tab")
        assert app.figure.position == 2, "and so are the arrows"
        app.query_one(WrittenLine).value = "they fish"
        await hand.press("enter")
        now = app.figure.values
        assert now.run.tokens == ("they", "fish")
        assert now.truth == ()
        expected = sum(a != b for a, b in zip(labels(was), labels(now), strict=True))
        assert len(now.flipped) == expected > 0
        assert f"{expected} tag" in app.text
        assert app.text.count("≠") == expected + 1
        assert app.focused is app.query_one(TaggedText)
        assert app.figure.tables()[0].columns.count("before") == 1
        await hand.write("fish alone here")
        await hand.press("enter")
        assert app.figure.values.before == (), "texts of other lengths do not lie side by side"
        assert "3 words, 2 before: no tags are compared" in app.text
        assert "≠" not in app.text


async def test_what_cannot_be_read_leaves_everything_as_it_was() -> None:
    async with bench(figure(("the", "fish"))) as (app, hand):
        before = app.figure.values
        for text, said in (("  ", "nothing to read"), ("fish " * 300, "300 tokens; 200 are enough")):
            await hand.write(text)
            await hand.press("enter")
            assert said in app.told[-1]
            assert app.query(WrittenLine), "what was written stays, to be mended"
            assert app.figure.values is before
        await hand.press("escape")
        assert not app.query(WrittenLine)
        assert app.figure.values is before
        assert app.focused is app.query_one(TaggedText)
        await hand.write("\x1b[31mfish \ud800 [/b]")
        await hand.press("enter")
        assert app.figure.values.run.tokens[:3] == ("␛", "[", "31mfish")
        assert "\x1b" not in app.text


async def test_a_paste_is_made_safe_or_refused_whole() -> None:
    async with bench(figure(("the", "fish"))) as (app, hand):
        await hand.write("a")
        line = app.query_one(WrittenLine)
        line.cursor_position = 1
        line.post_message(events.Paste("b\x1b[2J\nc"))
        await hand.settle()
        assert line.value == "ab␛[2J c"
        line.post_message(events.Paste("x" * 1_000_000))
        await hand.settle()
        assert line.value == "ab␛[2J c"
        assert app.told == ["That is 1000000 characters, and a line takes 2000. Nothing was pasted."]


def labels(values: TagsValues) -> list[str]:
    return [values.run.model.labels[i] for i in values.probabilities.argmax(axis=1)]


async def test_while_the_line_is_open_the_keys_are_its_own() -> None:
    async with bench(figure(("the", "fish"))) as (app, hand):
        await hand.write("they")
        assert app.figure.writing
        line = app.query_one(WrittenLine)
        await hand.click(TaggedText, 3, 1)
        assert app.focused is line, "a click on the picture leaves it open, and the keys in it"
        assert app.figure.writing
        # What was clicked at is done all the same.
        assert app.figure.position == 1
        await hand.press("s")
        assert (line.value, app.figure.position) == ("theys", 1)
        await hand.press("escape")
        assert not app.query(WrittenLine)
        assert app.focused is app.query_one(TaggedText)


async def test_the_line_is_gone_on_with_where_the_keys_were_elsewhere() -> None:
    async with bench(figure(("the", "fish"))) as (app, hand):
        await hand.write("they")
        line = app.query_one(WrittenLine)
        app.set_focus(None)
        await hand.settle()
        # What is typed is not typed in it, and the key line does not say so.
        assert not app.figure.writing
        app.figure.action_write()
        await hand.settle()
        assert app.focused is line
        assert app.figure.writing
        assert len(app.query(WrittenLine)) == 1
        assert line.value == "they"


async def test_a_sentence_that_comes_late_does_not_take_the_place_of_another_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
    async with bench(figure(sentences=sentences_of(tuple(ITEMS), answers=False))) as (app, hand):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        await hand.press("c")
        await hand.write("they fish")
        await hand.press("enter")
        [(compute, show)] = asked
        show(compute())
        await hand.settle()
        assert app.figure.values.run.tokens == ("they", "fish")
