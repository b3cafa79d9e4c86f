"""From a response to a verdict."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course.entries import ModelEntry
from tutor.course.grading import close, grade, parse_number, with_unit
from tutor.course.lab import Lab
from tutor.course.lesson import Option, Prediction
from tutor.course.probes import Probe


def probe(name: str, **keys: Any) -> Any:
    return msgspec.convert({"probe": name, **keys}, Probe)


@pytest.fixture
def lab() -> Lab:
    return Lab({"plain": ModelEntry(hidden=4, seed=3, text="never too late")}, folder=Path())


def number(**keys: Any) -> Prediction:
    return Prediction(ask="?", answer=probe("power", base=2, exponent=-1), low=0, high=1, **keys)


def test_a_choice(lab: Lab) -> None:
    answer = probe(
        "largest",
        among={"a": {"probe": "power", "base": 1, "exponent": 1}, "b": {"probe": "uniform_bits", "of": 8}},
    )
    options = (Option("a", "Aye", "No: {v:.1f}."), Option("b", "Bee", "Yes."))
    asked = Prediction(ask="?", answer=answer, options=options, because="{answer} has {value:.1f}.")
    right = grade(asked, "b", lab, {"v": 0.25})
    assert (right.correct, right.truth, right.number) == (True, "Bee", None)
    assert right.says == "Yes. Bee has 3.0."
    wrong = grade(asked, "a", lab, {"v": 0.25})
    assert (wrong.correct, wrong.truth, wrong.says) == (False, "Bee", "No: 0.2. Bee has 3.0.")
    with pytest.raises(ValueError, match="`c` is none of the answers: a, b"):
        grade(asked, "c", lab, {})


def test_tokens(lab: Lab) -> None:
    answer = probe("argmax", of="change", model="plain")
    options = (Option("1", "1 never"), Option("2", "2 too"), Option("3", "3 late"))
    asked = Prediction(ask="?", answer=answer, options=options, because="By {value:.2f}.")
    found = answer.measure(lab)
    verdict = grade(asked, str(found.value), lab, {})
    assert verdict.correct
    assert verdict.truth == options[found.value - 1].text
    assert verdict.says == f"By {found.number:.2f}."


def test_a_word(lab: Lab) -> None:
    answer = probe("compare", left={"probe": "uniform_bits", "of": 4}, right={"probe": "uniform_bits", "of": 8})
    asked = Prediction(ask="?", answer=answer, options=(Option("less", "L", "l"), Option("more", "M", "m")))
    assert grade(asked, "less", lab, {}).says == "l"


def test_a_number_among_options(lab: Lab) -> None:
    options = (Option("3", "three", "t"), Option("4.0", "four", "f"))
    asked = Prediction(ask="?", answer=probe("uniform_bits", of=16), options=options)
    assert grade(asked, "4.0", lab, {}).correct
    assert grade(asked, "3", lab, {}).truth == "four"


def test_a_number(lab: Lab) -> None:
    asked = number(tolerance=0.1, unit="bits", because="It is {value:.2f} {unit}.")
    verdict = grade(asked, 0.6, lab, {"unit": "b"})
    assert (verdict.correct, verdict.truth, verdict.number) == (True, "0.5 bits", 0.5)
    assert verdict.says == "It is 0.50 b."
    assert grade(asked, 0.4, lab, {}).correct
    assert not grade(asked, 0.61, lab, {}).correct
    assert not grade(asked, math.nan, lab, {}).correct


@pytest.mark.parametrize(
    ("guess", "truth", "right"),
    [(1e-5, 1e-4, True), (1e-3, 1e-4, True), (1.01e-3, 1e-4, False), (-1e-4, 1e-4, False), (0, 1e-4, False)],
)
def test_within_a_factor(guess: float, truth: float, right: bool) -> None:
    assert close(number(factor=10), guess, truth) is right


def test_exactly() -> None:
    assert close(number(), 8.0, 8.0)
    assert not close(number(), 8.0, 8.001)
    assert close(number(tolerance=0.1), 0.1 + 0.2 + 0.1, 0.3)


def test_a_broken_format_does_not_stop_a_learner(lab: Lab) -> None:
    assert grade(number(because="{value:d} {missing}"), 1, lab, {}).says == "{value:d} {missing}"
    assert grade(number(because="{missing:.2f}"), 1, lab, {}).says == "…"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("0,5", 0.5),
        ("1e-3", 1e-3),
        ("1E-3", 1e-3),
        ("10^-3", 1e-3),
        ("10**-3", 1e-3),
        ("10^(-3)", 1e-3),
        ("10⁻³", 1e-3),
        ("2×10^-3", 2e-3),
        ("2·10⁻³", 2e-3),
        ("2*10**-3", 2e-3),
        ("3.2", 3.2),
        (" .5 ", 0.5),
        ("−4", -4),
        ("+7", 7),
        ("50%", 0.5),
        ("50 %", 0.5),
        ("12,5％", 0.125),
        ("1/2", 0.5),
        ("1000000", 1e6),
    ],
)
def test_numbers_as_people_write_them(said: str, value: float) -> None:
    assert parse_number(said) == pytest.approx(value)


@pytest.mark.parametrize("said", ["", "  ", "a", "1 2", "1,2,3", "inf", "nan", "1e999", "10^999", "--1", "1/0", "%"])
def test_what_is_no_number(said: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number; write it like 0\.5, 50% or 1e-3") as caught:
        parse_number(said)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_one_line(said: str) -> None:
    try:
        number = parse_number(said)
    except ValueError as error:
        message = str(error)
    else:
        message = "is not a number" if math.isfinite(number) else ""
    assert "is not a number" in message


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_writes_is_read(value: float) -> None:
    assert parse_number(repr(value)) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3.0, "3"),
        (0.5, "0.5"),
        (0.123456, "0.123"),
        (1234.5678, "1235"),
        (1.7763568394002607e-15, "1.8e-15"),
        (4.2508e8, "4.3e8"),
        (0.0, "0"),
        (-0.0002, "-2.0e-4"),
        (math.inf, "∞"),
        (math.nan, "not a number"),
    ],
)
def test_a_number_as_it_is_read(value: float, said: str) -> None:
    assert with_unit(value) == said
    assert with_unit(value, "bits") == f"{said} bits"
