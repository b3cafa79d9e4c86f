"""An experiment as a string: back as it was, anywhere; and every way in which a string can be wrong is said."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import subprocess
import sys
import time
import tracemalloc
import zlib
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.engine.surgery import Cut
from tutor.engine.text import UNITS, tokenize
from tutor.sandbox import state
from tutor.sandbox.experiment import INITS, LARGEST, MAX_CHANGES, MAX_TEXT, STARTS, Experiment, Nudge
from tutor.sandbox.state import View, decode, encode

# Every experiment and every view there can be.

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=30)
"""Any script, control characters, and halves of surrogate pairs."""
NUMBERS = st.floats(-LARGEST, LARGEST)
CUTS = st.builds(
    Cut,
    st.integers(1, 50),
    st.sampled_from("hcifgozrn"),
    st.none() | st.integers(0, 511),
    NUMBERS,
    st.none() | st.integers(0, 511),
    st.integers(0, 7),
    st.integers(0, 1),
)
NET = "net:0123456789abcdef/plays.txt"
NUDGES = st.builds(Nudge, st.sampled_from(["weight_hh_l0", "bias_ih_l1_reverse"]), *[st.integers(0, 99)] * 2, NUMBERS)


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    unit = draw(st.sampled_from(UNITS))
    read = ANYTHING.filter(lambda text: bool(tokenize(text, unit)))
    return Experiment(
        text=draw(read),
        beside=draw(st.just("") | read),
        source=draw(st.sampled_from(["", "lesson:never-too-late/writer", "lesson:gru/日本/x", NET])),
        cell=draw(st.sampled_from(["rnn", "gru", "lstm"])),
        hidden=draw(st.integers(1, 512)),
        layers=draw(st.integers(1, 8)),
        bidirectional=draw(st.booleans()),
        unit=unit,
        init=draw(st.sampled_from(INITS)),
        radius=draw(st.floats(0, 10, exclude_min=True)),
        forget_bias=draw(st.none() | st.floats(-20, 20)),
        seed=draw(st.integers(0, 10**30)),
        start=draw(st.sampled_from(STARTS)),
        h_0=tuple(draw(st.lists(NUMBERS, max_size=6))),
        cuts=tuple(draw(st.lists(CUTS, max_size=4))),
        nudges=tuple(draw(st.lists(NUDGES, max_size=4))),
    )


VIEWS = st.builds(
    View, st.sampled_from(["state", "gates", "receptive-field"]), *[st.integers(0, 20_000)] * 2, st.sampled_from("hcz")
)


@given(experiments(), VIEWS)
def test_what_is_encoded_comes_back(experiment: Experiment, view: View) -> None:
    text = encode(experiment, view)
    assert re.fullmatch(r"rnn1-[A-Za-z0-9_-]+", text)
    back, seen = decode(text)
    # By how they are written: that tells −0 from 0.
    assert repr((back, seen)) == repr((experiment, view))
    assert encode(back, seen) == text


@given(experiments(), VIEWS, st.data())
def test_a_character_that_is_another_is_seen(experiment: Experiment, view: View, data: st.DataObject) -> None:
    text = encode(experiment, view)
    at = data.draw(st.integers(len("rnn1-"), len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019_-").filter(lambda letter: letter != text[at]))
    with pytest.raises(ValueError, match=r"^the experiment's string: it is (cut off|damaged)"):
        decode(text[:at] + other + text[at + 1 :])


@given(experiments(), VIEWS, st.data())
def test_what_is_cut_off_is_seen(experiment: Experiment, view: View, data: st.DataObject) -> None:
    text = encode(experiment, view)
    with pytest.raises(ValueError, match=r"^the experiment's string: it is (cut off|empty)"):
        decode(text[: data.draw(st.integers(0, len(text) - 1))])


@given(st.text(max_size=60) | st.text("ABCdef019_-", max_size=60).map("rnn1-".__add__))
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the experiment's string: ") as raised:
        decode(text)
    assert str(raised.value).isprintable()


def test_minus_zero_is_not_zero() -> None:
    experiment = Experiment(cuts=(Cut(1, "h", 2, -0.0), Cut(1, "h", 2, 0.0)))
    assert repr(decode(encode(experiment, View()))[0].cuts) == repr(experiment.cuts)


def test_bits_that_say_nothing_are_0() -> None:
    """Of a string whose last character has some to spare, no other is taken for the same."""
    text = next(t for n in range(20) if len(t := encode(Experiment(seed=n), View())) % 4 == (len("rnn1-") + 2) % 4)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = letters[letters.index(text[-1]) + 1]
    coded = [base64.urlsafe_b64decode(one[len("rnn1-") :] + "==") for one in (text, text[:-1] + other)]
    assert coded[0] == coded[1]
    with pytest.raises(ValueError, match=r"it is damaged: its checksum is another$"):
        decode(text[:-1] + other)


def test_white_space_is_passed_over() -> None:
    experiment, view = Experiment(text="a line\nand another", cell="gru"), View("gates", 3)
    text = encode(experiment, view)
    broken = "\r\n\t ".join(re.findall(".{1,7}", text))
    assert decode(f"\n  {broken}\u00a0\u2028\n") == (experiment, view)


def test_how_long_it_is() -> None:
    assert encode(Experiment(), View()) == "rnn1-MEJG"
    assert len(encode(Experiment(cell="lstm", hidden=32), View(position=3))) <= 24
    longer = Experiment(text="the cat sat on the mat", cell="gru", cuts=(Cut(2, "z", None, 0.5),))
    assert len(encode(longer, View("gates", 3, 1, "z"))) <= 100
    assert len(encode(replace(longer, source=NET), View("gates", 3, 1, "z"))) <= 140


def test_the_defaults_that_strings_leave_out_are_those_of_version_1() -> None:
    """A string says what differs from these. Should this fail, old strings would open as something else: raise
    `state.VERSION`, or keep these where strings are read."""
    assert asdict(Experiment()) == {
        "text": "never too late to",
        "beside": "",
        "source": "",
        "cell": "rnn",
        "hidden": 16,
        "layers": 1,
        "bidirectional": False,
        "unit": "words",
        "init": "default",
        "radius": 1.0,
        "forget_bias": None,
        "seed": 0,
        "start": "zeros",
        "h_0": (),
        "cuts": (),
        "nudges": (),
    }
    assert asdict(View()) == {"instrument": "state", "position": 0, "unit": 0, "followed": "h"}
    assert Cut._field_defaults == {"unit": None, "value": 0.0, "swap": None, "layer": 0, "direction": 0}
    assert Nudge._field_defaults == {}


def test_a_string_of_version_1_opens_for_ever() -> None:
    kept = (
        "rnn1-DohEgxsC1vps-tJnc9YoxJQaGBgmRRt5KbxdsFcJyf0wO0CuJDI2sFttZILsE-w-xRY2RMQkeuRDgtMcZyo11dEFqotFJDS"
        "gezKUdIx1DPVMY3WigQ4FJgkDHVByNgTShrGx2JI1NLUa6hjp6BroGZmCVMGSBWpyAoYOyCeItGIM86oRWkKsrQUA"
    )
    experiment = Experiment(
        text="late 日本 \x1b[2J \ud83d",
        beside="too late",
        source="lesson:never-too-late/writer",
        cell="lstm",
        hidden=24,
        layers=2,
        bidirectional=True,
        unit="characters",
        init="orthogonal",
        radius=0.9,
        forget_bias=1.0,
        seed=7,
        start="hand",
        h_0=(0.5, -1.0),
        cuts=(Cut(2, "h", 3, 1.5), Cut(4, "c", 0, swap=1, direction=1)),
        nudges=(Nudge("weight_hh_l0", 1, 2, -0.25),),
    )
    assert decode(kept) == (experiment, View("gates", 3, 2, "c"))
    named = "rnn1-4ahnq0YEa15qiZWBoZGxiamZuYVlYlJySmqa_rPpS5_NWaNQALS2WKkWAA"
    assert decode(named) == (Experiment(source="net:0123456789abcdef/日本 plays"), View())


def test_another_process_reads_the_same() -> None:
    experiment = Experiment(text="\x00\x1b[31m \ud83d \udc00 \u202e 日本 😀 עברית", seed=3)
    lines = "import sys; from tutor.sandbox.state import decode; print(ascii(decode(sys.argv[1])))"
    argument = encode(experiment, View("state", 2))
    told = subprocess.run([sys.executable, "-c", lines, argument], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ascii((experiment, View("state", 2)))


@pytest.mark.parametrize(
    "source",
    [
        "mine",
        "lesson:",
        "lesson:gru",
        "lesson:gru/",
        "lesson:/x",
        "file:/etc/passwd",
        "own:plays.txt",
        "net:",
        "net:0123456789abcdef",
        "net:0123456789abcdef/",
        "net:0123456789abcdeg/plays.txt",
        "net:0123456789abcdef/" + "x" * 41,
        "net:0123456789abcdef/a\x1b[2J",
        "net:0123456789abcdef/a\nb",
        "net:/../../etc/passwd/x",
    ],
)
def test_a_network_that_no_string_holds(source: str) -> None:
    with pytest.raises(ValueError, match=r"^No string can hold this network: save .*, and reopen it with --weights\.$"):
        encode(Experiment(source=source), View())
    with pytest.raises(ValueError, match=r"^the experiment's string: it names the network '.*', which no string can"):
        decode(sealed({"source": source}))


def test_what_is_too_large_to_be_copied() -> None:
    with pytest.raises(ValueError, match="too large to be copied"):
        encode(Experiment(h_0=(0.123456789,) * 200_000), View())
    with pytest.raises(ValueError, match="one of its numbers is too long to write"):
        encode(Experiment(seed=10**5000), View())


def test_the_longest_texts_and_the_most_changes_can_be_copied() -> None:
    # Each of these characters takes six bytes in JSON.
    longest = "a" + "\x01" * (MAX_TEXT - 1)
    experiment = Experiment(
        text=longest,
        beside=longest,
        unit="characters",
        h_0=(math.pi,) * 8192,
        cuts=(Cut(10, "tanh_c", 511, math.pi, None, 7, 1),) * MAX_CHANGES,
        nudges=(Nudge("weight_ih_l7_reverse", 2047, 1023, math.pi),) * MAX_CHANGES,
    )
    assert decode(encode(experiment, View())) == (experiment, View())


# Strings that lie.


def sealed(told: Any, *, version: str = "rnn1-") -> str:
    """A string with a true checksum, whatever is in it."""
    payload = told if isinstance(told, bytes) else json.dumps(told).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=state._WORDS)
    return closed(deflate.compress(payload) + deflate.flush(), version)


def closed(body: bytes, version: str = "rnn1-") -> str:
    checksum = hashlib.sha256(b"rnn1-" + body).digest()[:3]
    return version + base64.urlsafe_b64encode(checksum + body).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty: paste one that begins with rnn1-"),
        (" \n", "it is empty: paste one that begins with rnn1-"),
        ("rnn", "it is cut off: copy it to its end"),
        ("rnn1-", "it is cut off: copy it to its end"),
        ("rnn1-MEJ", "it is cut off: copy it to its end"),
        ("rnn1-AAAA", "it is cut off: copy it to its end"),
        ("rnn2-MEJG", "it is of version 2, and this is version 1: update rnn-tutor"),
        ("hello", "it does not begin with rnn1-"),
        ("RNN1-MEJG", "it does not begin with rnn1-"),
        ("rnn1-MEJG!", "it holds '!', which is in no such string"),
        ("rnn1-ME\x1bJG", r"it holds '\x1b', which is in no such string"),
        ("rnn1-MEJG=", "it holds '=', which is in no such string"),
        (sealed([]), "what is in it is no table"),
        (sealed(b"{"), "what is in it is not JSON"),
        (sealed(b'{"seed":1,"seed":2}'), "what is in it is not JSON (a name is there twice)"),
        (sealed(b'{"radius":NaN}'), "what is in it is not JSON (NaN is no number)"),
        (sealed(b"\xff"), "what is in it is not JSON"),
        (sealed(b'{"h_0":' + b"[" * 100_000), "it is nested too deeply"),
        (sealed({"colour": "red"}), "it holds 'colour', which this version does not know"),
        (sealed({"\x1b[2J": 0}), r"it holds '\x1b[2J', which this version does not know"),
        (sealed({"view": {"colour": 1}}), "it holds 'colour', which this version does not know"),
        (sealed({"view": []}), "its view is no table"),
        (sealed({"hidden": "16"}), "hidden: Expected `int`, got `str`"),
        (sealed({"hidden": True}), "hidden: Expected `int`, got `bool`"),
        (sealed({"bidirectional": 1}), "bidirectional: Expected `bool`, got `int`"),
        (sealed({"text": None}), "text: Expected `str`, got `null`"),
        (sealed({"h_0": [0, "x"]}), "h_0: Expected `float`, got `str` - at `$[1]`"),
        (sealed({"cuts": [[1]]}), "cuts: "),
        (sealed({"cuts": [[1, "h", 0, 0.0, None, 0, 0, 0]]}), "cuts: "),
        (sealed({"nudges": [["weight_hh_l0", 0, 0]]}), "nudges: "),
        (sealed({"view": {"position": 1.5}}), "position: Expected `int`, got `float`"),
        (closed(b"\xff\xff\xff"), "it is damaged: its checksum is another"),
        (closed(zlib.compress(b"{}")[2:-4] + b"more"), "it is damaged: its checksum is another"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^the experiment's string: ") as raised:
        decode(text)
    assert str(raised.value).startswith(f"the experiment's string: {said}")
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"hidden": 513}, "hidden: got 513, expected a whole number from 1 to 512"),
        ({"cell": "rgu"}, "cell: got 'rgu', expected one of rnn, gru, lstm"),
        ({"text": " "}, "text: got no token, expected at least one word"),
        ({"cuts": [[1, "h"]] * 201}, "cuts: got 201, expected at most 200"),
        ({"h_0": [1e7]}, "h_0: got 10000000.0, expected a number within ±1e+06"),
        ({"view": {"position": -1}}, "position: got -1, expected a whole number of at least 0"),
        ({"view": {"instrument": "\x1b"}}, r"instrument: got '\x1b', expected a name of 1 to 40 letters"),
    ],
)
def test_what_the_experiment_refuses_is_said_by_it(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        decode(sealed(told))


@pytest.mark.parametrize("value", [b"1e400", b"1" + b"0" * 400, b"1" + b"0" * 5000])
def test_numbers_beyond_all_numbers(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(the experiment's string|radius): ") as raised:
        decode(sealed(b'{"radius":%s}' % value))
    assert "\n" not in str(raised.value)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = sealed(b'{"text":"' + b"a" * 100_000_000 + b'"}')
    assert len(bomb) < 200_000
    tracemalloc.start()
    with pytest.raises(ValueError, match="it unpacks to more than any experiment holds"):
        decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 4 * state.MOST
    tracemalloc.stop()


@pytest.mark.parametrize("part", [b"[],", b'"\\', b'\\"', b'""'])
def test_what_would_be_large_to_parse_or_to_look_through(part: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"^the experiment's string: "):
        decode(sealed(b'{"h_0":[' + part * (10_000_000 // len(part))))
    # What is looked for again from every quote would take hours.
    assert time.process_time() - began < 20


def test_a_string_longer_than_any_is_not_read() -> None:
    with pytest.raises(ValueError, match="it has 40,000,000 characters, more than any"):
        decode("rnn1-" + "A" * (40_000_000 - 5))


# Views.


@pytest.mark.parametrize(
    "wrong",
    [{"instrument": ""}, {"instrument": "x" * 41}, {"followed": 3}, {"position": -1}, {"unit": True}, {"unit": 1.0}],
)
def test_views_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: got .*, expected "):
        View(**wrong)


def test_a_view_is_a_value() -> None:
    assert replace(View(), unit=3) == View(unit=3)
