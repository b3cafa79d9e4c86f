"""The sandbox: a sentence typed, every text shown as what it is, and nothing lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from textual import events

from tutor.engine import gradient_flow
from tutor.engine.model import Model, ModelSpec
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.instruments import INSTRUMENTS
from tutor.ui.figures.compare import CompareFigure
from tutor.ui.figures.embedding import EmbeddingFigure
from tutor.ui.figures.gradient import GradientChart
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.unrolled import UnrolledFigure
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.sandbox import SandboxScreen
from tutor.ui.widgets.bench.prompt import BenchLine, Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import KeyLine


async def type_text(d, text: str) -> None:
    """Edit the text as a person does: open the box, put the text in, enter."""
    await d.press("e")
    d.app.screen.query_one(BenchLine).value = text
    await d.press("enter")


async def test_a_sentence_of_ones_own(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("e")
        box = d.app.screen.query_one(BenchLine)
        assert box.value == "never too late to"
        box.value = ""
        await d.press("w", "e", "space", "g", "o", "enter")
        assert "we go" in d.text.split("\n")[0]
        screen = d.app.screen
        assert screen.network_run.tokens == ("we", "go")
        await d.press("full_stop", "full_stop")
        fresh = Experiment(text="we go").run()
        assert np.array_equal(screen.network_run.hidden, fresh.hidden)
        assert f"{fresh.change[1]:.2f}" in d.text
        await d.press("escape")
        assert isinstance(d.app.screen, HomeScreen)


async def test_the_tokens_are_listed_before_anything_plays(desk) -> None:
    async with desk("sandbox", experiment=Experiment(text="one two three")) as d:
        rows = d.text.split("\n")
        for number, token in enumerate(("one", "two", "three"), 1):
            assert any(row.split() == [str(number), token] for row in rows)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a [/b] c", "["),
        ("h[t-1]", "t-1"),
        ("[red]x[/red]", "red"),
        ("\x1b[31mred", "␛"),
        ("中文 字", "中"),
        ("👩‍🚀 🇫🇷 é", "👩‍🚀"),
        ("שלום עולם", "שלום"),
        ("$accent @click", "$"),
        ("a\x00b\x07", "␀"),
    ],
)
async def test_any_text_is_shown_as_what_it_is(desk, text: str, shown: str) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await type_text(d, text)
        await d.press("end")
        assert shown in d.text
        assert not any(ord(c) < 32 and c != "\n" for c in d.text)
        assert len(d.app.screen.network_run.tokens) == len(Experiment(text=text).tokens)


async def test_an_empty_sentence_leaves_the_experiment_as_it_was(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        before = d.app.screen.network_run
        await type_text(d, "   ")
        assert "nothing to read" in d.text
        assert d.app.screen.network_run is before
        await d.press("escape")
        assert isinstance(d.app.screen, SandboxScreen)
        assert "nothing to read" not in d.text
        assert not d.app.screen.query_one(Prompt).open


async def test_five_thousand_words(desk) -> None:
    text = " ".join(f"word{i}" for i in range(5000))
    async with desk("sandbox", experiment=Experiment()) as d:
        await type_text(d, text)
        await d.press("end")
        assert "step 5000 of 5000" in d.text
        assert "word4999" in d.text
        await d.press("pageup", "home", "4")
        assert d.app.screen.query_one(GradientChart).values.steps == 5000


async def test_an_unknown_word_says_so(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.press("enter", "s")
        await type_text(d, "never too zxqv to")
        await d.press("end")
        row = next(line for line in d.text.split("\n") if "zxqv" in line and "3" in line.split())
        assert "unknown word" in row
        assert "next after “to”" in d.text


async def test_the_network_is_changed_setting_by_setting(desk) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=8)) as d:
        screen = d.app.screen
        assert "RNN · 8 units · untrained · seed 0" in d.text
        await d.press("m", "right")
        assert "GRU · 8 units" in d.text
        assert "‹ GRU ›" in d.text
        await d.press("right", "down", "right", "end")
        await d.press(*["down"] * 8, "right")
        assert "LSTM · 16 units · untrained · seed 1" in d.text
        assert "This is the last setting." not in d.text
        await d.press("down")
        assert "This is the last setting." in d.text
        fresh = Experiment(cell="lstm", hidden=16, seed=1).run()
        assert np.array_equal(screen.network_run.hidden, fresh.hidden)
        await d.press("escape", "1")
        assert not isinstance(d.app.focused, SettingsPanel)
        assert screen.query_one(StateFigure).position == 4


async def test_a_setting_is_typed_and_a_bad_one_leaves_the_last_good_one(desk) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=8)) as d:
        screen = d.app.screen
        bad = (("nan", "“nan” is no number from 1 to 512"), ("0", "no number"), ("2.5", "no whole number"))
        for typed, said in bad:
            await d.press("m" if not screen.query_one(SettingsPanel).has_class("-open") else "up", "down", "enter")
            assert screen.query_one(Prompt).open
            screen.query_one(BenchLine).value = typed
            await d.press("enter")
            assert said in d.text
            assert screen.query_one(BenchLine).value == typed, "to be mended"
            assert screen.experiment.hidden == 8
            await d.press("escape")
            assert isinstance(d.app.focused, SettingsPanel)
        await d.press("enter")
        screen.query_one(BenchLine).value = "37"
        await d.press("enter")
        assert "RNN · 37 units" in d.text
        assert not screen.query_one(Prompt).open


async def test_what_a_setting_cannot_be_is_said(desk) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=8)) as d:
        await d.press("m", *["down"] * 8, "right")
        assert "Only the LSTM has a forget gate" in d.text
        await d.press("up", "enter")
        assert "ρ is of the orthogonal initialisation" in d.text
        await d.press("up", "right", "down", "right")
        assert d.app.screen.experiment.radius == 1.05
        await d.press(*["up"] * 9, *["up"], "left")
        assert d.app.screen.experiment.cell == "lstm"


async def test_gates_one_after_the_other(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="lstm", hidden=8)) as d:
        await d.press("end")
        player = d.app.screen.query_one(StateFigure)
        seen = []
        for _ in range(5):
            await d.press("f")
            seen.append(player.followed)
        assert seen == ["i", "f", "g", "o", "h"]
        await d.press("f", "f")
        assert "forget gate" in d.text
        assert "f1" in d.text


async def test_a_plain_rnn_has_no_gates(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("f")
        assert "has no gates" in d.text


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_why_this_number(desk, cell: str) -> None:
    async with desk("sandbox", experiment=Experiment(cell=cell, hidden=8)) as d:
        await d.press("end", "right", "right", "w")
        value = d.app.screen.network_run.hidden[-1, 2]
        assert "h_4[3] = " in d.text
        assert f"= {value:+.2f}" in d.text


async def test_both_directions_and_layers_open(desk) -> None:
    experiment = Experiment(hidden=4, layers=2, bidirectional=True)
    async with desk("sandbox", experiment=experiment) as d:
        assert "2 layers · both directions" in d.text
        await d.press("end", "w", *["right"] * 6)
        assert "reads from the other end" in d.text


async def test_it_plays_by_the_clock(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        player = d.app.screen.query_one(StateFigure)
        await d.press("space")
        assert player.playback.playing
        player.tick()
        assert player.position == 0
        d.clock.now += 0.5
        player.tick()
        assert player.position == 1
        await d.press("space")
        d.clock.now += 5
        player.tick()
        assert player.position == 1
        await d.press("end", "full_stop")
        assert "This is the last step" in d.text
        await d.press("plus")
        assert "4 a second" in d.text


async def test_a_text_is_read_as_the_trained_model_reads(desk) -> None:
    async with desk("lesson", "order-matters") as d:
        await d.press("enter", "enter", "down", "enter", "s")
        before = d.app.screen.network_run
        assert before.model.spec.unit == "characters"
        await type_text(d, "")
        assert "nothing to read" in d.text
        assert d.app.screen.network_run is before
        await d.press("escape")
        await type_text(d, "xyz")
        assert d.app.screen.network_run.tokens == ("x", "y", "z")
        assert d.app.screen.network_run.model is before.model


async def test_an_untrained_network_takes_over_and_back(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.press("enter", "s")
        trained = d.app.screen.network_run.model
        await d.press("m", "right")
        assert "as it was trained" in d.text
        await d.press("escape", "o", "enter")
        assert "untrained" in d.text
        assert d.app.screen.network_run.model is not trained
        await d.press("o", "down", "enter")
        assert d.app.screen.network_run.model is trained
        await d.press("z")
        assert "untrained" in d.text
        await d.press("escape", "s")
        assert d.app.screen.network_run.model is trained


# What is said at the foot, and at the head


def foot(d) -> list[str]:
    line = d.app.screen.query_one(KeyLine)
    return [row.rstrip() for row in d.text.split("\n")[-line.size.height :]]


async def test_a_word_that_is_too_long_for_a_line_takes_two(desk) -> None:
    async with desk("sandbox", experiment=Experiment(), size=(60, 20)) as d:
        assert len(foot(d)) == 1
        await d.press("3")
        assert [row.strip() for row in foot(d)] == [
            "This network says nothing until it is trained: o opens one",
            "that was, t trains one.",
        ]
        await d.pilot.resize_terminal(120, 36)
        await d.settle()
        assert len(foot(d)) == 1
        assert foot(d)[0].endswith("t trains one.")
        await d.pilot.resize_terminal(60, 20)
        await d.settle()
        assert len(foot(d)) == 2
        await d.press("right")
        assert len(foot(d)) == 1
        assert "text" in foot(d)[0]


async def test_a_word_longer_than_two_lines_ends_in_a_sign(desk) -> None:
    async with desk("sandbox", experiment=Experiment(), size=(60, 20)) as d:
        d.app.screen.query_one(KeyLine).say("word " * 40)
        await d.settle()
        first, second = foot(d)
        assert first == " word" + " word" * 10
        assert second.endswith("…")


async def test_what_is_of_an_instrument_alone_is_named_before_what_is_everywhere(desk) -> None:
    network = Model(ModelSpec("gru", 4), Vocabulary(["never", "too", "late"]))
    for size, named in (((60, 20), "g draw"), ((80, 24), "G draw 200")):
        async with desk("sandbox", experiment=Experiment(), size=size) as d:
            d.app.screen.use("mine", network, "never too late")
            await d.settle()
            await d.press("3")
            assert named in foot(d)[0]
            assert "? help" in foot(d)[0]


async def test_a_dial_has_keys_of_its_own_and_esc_goes_back_to_the_figure(desk) -> None:
    network = Model(ModelSpec("gru", 4), Vocabulary(["never", "too", "late"]))
    async with desk("sandbox", experiment=Experiment()) as d:
        d.app.screen.use("mine", network, "never too late")
        await d.settle()
        await d.press("3", "tab")
        assert foot(d) == [" ← → move   0…9 type it   esc back to the figure"]
        await d.press("escape")
        assert isinstance(d.app.screen, SandboxScreen)
        assert foot(d)[0].startswith(" e text")


async def test_what_was_set_by_hand_is_said_however_small_the_window(desk) -> None:
    changed = Experiment("never too late to learn", bidirectional=True, cuts=(Cut(1, "h", 0),))
    for size in ((60, 20), (80, 24), (120, 36)):
        async with desk("sandbox", experiment=changed, size=size) as d:
            assert "1 by hand" in d.text.split("\n")[0]


async def test_the_help_says_of_each_key_one_thing(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        for name, one in INSTRUMENTS.items():
            if name in ("says", "compare", "attribution"):
                continue
            d.app.screen.action_look(name)
            await d.settle()
            keys = [key for row, _about in d.app.screen.help_keys for key in row.split()]
            twice = {key for key in keys if keys.count(key) > 1}
            assert twice <= {"←", "→", "↑", "↓"}, one


async def test_two_texts_stand_word_by_word_and_the_place_is_kept(desk) -> None:
    pair = Experiment("the dog bites the man", beside="the man bites the dog")
    async with desk("sandbox", experiment=pair) as d:
        await d.press("end", "6")
        figure = d.app.screen.query_one(CompareFigure)
        assert figure.values.rows == tuple((k, k) for k in range(5))
        assert "step 5 of 5" in d.text
        assert "first at step 2" in d.text


async def test_the_place_is_kept_where_rows_are_no_steps(desk) -> None:
    async with desk("sandbox", experiment=Experiment("the dog bites", beside="so the dog then bites hard")) as d:
        await d.press(".", ".", "6")
        figure = d.app.screen.query_one(CompareFigure)
        assert figure.values.rows == ((None, 0), (0, 1), (1, 2), (None, 3), (2, 4), (None, 5))
        assert figure.position == 3, "the dog is read"
        assert "row 3 of 6" in d.text
        assert "on row " in d.text
        await d.press(".", "1")
        assert d.app.screen.query_one(StateFigure).position == 2
        await d.press(".", "6")
        assert figure is not d.app.screen.query_one(CompareFigure)
        assert d.app.screen.query_one(CompareFigure).position == 6, "what comes after the end is read with it"
        assert "at the end of each text" in d.text
        assert "where both read" in d.text


async def test_words_that_are_not_known_are_named_where_texts_are_compared(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.press("enter", "s")
        await type_text(d, "zx never qv")
        await d.press("b")
        d.app.screen.query_one(BenchLine).value = "qv never zx"
        await d.press("enter", "6", "end")
        assert "The network reads zx, qv alike: it knows none of them." in d.text


@pytest.mark.parametrize(("layers", "both", "length"), [(1, False, 4), (2, False, 4), (1, True, 4), (2, True, 8)])
async def test_the_place_is_kept_in_the_unrolled_network(desk, layers: int, both: bool, length: int) -> None:
    experiment = Experiment("a b c d", layers=layers, bidirectional=both)
    async with desk("sandbox", experiment=experiment) as d:
        for keys, read in (((), 0), ((".", "."), 2), (("end",), 4)):
            await d.press("1", *keys, "8")
            figure = d.app.screen.query_one(UnrolledFigure)
            assert figure.playback.length == length
            assert figure.position == (length - 4 + read if read else 0)
            layer = f"layer {layers}, " if both and layers > 1 and read else ""
            assert layer + f"step {read} of " in d.text
            await d.press("1")
            assert d.app.screen.query_one(StateFigure).position == read


async def test_the_gradient_goes_back_from_any_step(desk) -> None:
    async with desk("sandbox", experiment=Experiment("never too late to read")) as d:
        await d.press("4")
        chart = d.app.screen.query_one(GradientChart)
        assert "T = 5, read" in d.text
        assert ", . step T" in " ".join(d.text.split("\n")[-1].split())
        whole = chart.values.series[0].log10
        # Keys that come faster than it is measured are all counted.
        for _twice in range(2):
            d.app.post_message(events.Key("comma", ","))
        await d.settle()
        assert "T = 3, late" in d.text
        flow = gradient_flow(d.app.screen.network_run.model.net, d.app.screen.reading._stretch(0, 3))
        assert chart.values.series[0].log10 == tuple(flow.log10_norms[::-1])
        await d.press("9")
        assert "∂h₃/∂h₂" in d.text
        await d.press("home", "4")
        assert "T = 1, never" in d.text
        await d.press(",")
        assert "This is the first step." in d.text
        await d.press("end")
        assert d.app.screen.query_one(GradientChart).values.series[0].log10 == whole
        await d.press(".")
        assert "This is the last step." in d.text
        await d.press("space")
        assert "Nothing plays in this view." in d.text


async def test_the_plane_of_words_begins_at_the_token_that_is_read(desk) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.press("enter", "s")
        await type_text(d, "never too late")
        await d.press("home", ".", ".", "0", "v")
        figure = d.app.screen.query_one(EmbeddingFigure)
        assert figure.values.words[figure.cursor] == "too"
        assert "update 0 of 0" not in d.text


async def test_what_else_can_stand_beside_is_said(desk) -> None:
    async with desk("sandbox", experiment=Experiment("a b", beside="b a")) as d:
        await d.press("6")
        assert "6 other side" in d.text
    async with desk("sandbox", experiment=Experiment("a b", source="")) as d:
        await d.press("6")
        assert "6 other side" not in d.text
