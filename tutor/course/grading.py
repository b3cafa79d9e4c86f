"""A response becomes a verdict: the probe is measured, never looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tutor.course.lab import Lab
from tutor.course.lesson import Asked, Option, filled
from tutor.course.measured import Measured


class Verdict(Struct, frozen=True):
    """What is said to an answer."""

    correct: bool
    truth: str
    """The answer as a learner reads it: the option's text, or the number with its unit."""
    number: float | None
    """The true number, where a number was asked for."""
    says: str
    """The feedback of the option chosen, then the reason; both with their values in."""


def grade(asked: Asked, response: str | float, lab: Lab, values: Mapping[str, float | str]) -> Verdict:
    """Judge a response: an option's key, or a number.

    Args:
        values: the lesson's `[values]` as measured, for the texts.

    Raises:
        NotTrained: the probe's model was not trained.
        ValueError: the probe cannot be computed, or the response is no option.
    """
    measured = asked.answer.measure(lab)
    if asked.options:
        return _choice(asked, str(response), measured, values)
    number = measured.number
    truth = with_unit(number, asked.unit)
    guess = float(response)
    says = _said(asked.because, texts(measured, truth, asked, values))
    return Verdict(close(asked, guess, number), truth, number, says)


def _choice(asked: Asked, key: str, measured: Measured, values: Mapping[str, float | str]) -> Verdict:
    chosen = next((option for option in asked.options if option.key == key), None)
    if chosen is None:
        raise ValueError(f"`{key}` is none of the answers: {', '.join(o.key for o in asked.options)}")
    right = true_option(asked, measured)
    truth = right.text if right is not None else str(measured.value)
    known = texts(measured, truth, asked, values)
    said = [_said(chosen.says, known), _said(asked.because, known)]
    return Verdict(chosen is right, truth, None, " ".join(s for s in said if s))


def true_option(asked: Asked, measured: Measured) -> Option | None:
    """The option that a measured value stands for; a number stands for the key that reads as it."""
    for option in asked.options:
        if option.key == str(measured.value):
            return option
    if isinstance(measured.value, float):
        for option in asked.options:
            try:
                if math.isclose(float(option.key), measured.value, rel_tol=1e-9, abs_tol=1e-12):
                    return option
            except ValueError:
                continue
    return None


def close(asked: Asked, guess: float, truth: float) -> bool:
    """Whether a guess is near enough: within the absolute tolerance, or within the factor."""
    if not (math.isfinite(guess) and math.isfinite(truth)):
        return guess == truth
    # A slider and a decimal typed by hand both end a rounding error off the number that they mean.
    slack = 1e-9 * max(abs(guess), abs(truth), 1e-300)
    if abs(guess - truth) <= asked.tolerance + slack:
        return True
    if asked.factor <= 1 or guess == 0 or truth == 0 or (guess < 0) != (truth < 0):
        return False
    ratio = abs(math.log(abs(guess)) - math.log(abs(truth)))
    return ratio <= math.log(asked.factor) + 1e-9


def texts(measured: Measured, truth: str, asked: Asked, values: Mapping[str, float | str]) -> dict[str, Any]:
    """The names that a feedback may use: the lesson's values, and `value`, `amount`, `answer` of this answer.

    `value` is what the probe found; where that is the key of a winner, the amount that it won with.
    """
    value: float | str = measured.value
    if type(asked.answer).picks:
        value = measured.number
    return {**values, "value": value, "amount": measured.number, "answer": truth}


def _said(text: str, known: Mapping[str, Any]) -> str:
    try:
        return filled(text, known)
    except (ValueError, TypeError):
        # A format that does not fit its value is an author's slip, and `check` names it; the
        # learner reads on.
        return text


def with_unit(number: float, unit: str = "") -> str:
    """A number as a learner reads it: three digits that count, a power of ten where it is far from one."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e6:
        text = str(int(number))
    elif not math.isfinite(number):
        text = "not a number" if math.isnan(number) else "∞" if number > 0 else "−∞"
    elif 1e-3 <= abs(number) < 1e6:
        text = f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"
    else:
        mantissa, _, exponent = f"{number:.1e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    return f"{text} {unit}".rstrip()


_POWER = re.compile(r"([+-]?[\d.]+)\s*(?:\^|\*\*)\s*\(?([+-]?\d+(?:\.\d+)?)\)?")
_TIMES = re.compile(r"([+-]?[\d.]+)\s*(?:×|\*|·|x)\s*(10\s*(?:\^|\*\*).+)")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def parse_number(text: str) -> float:
    """What a learner types for a number: `0,5`, `1e-3`, `10^-3`, `10**-3`, `10⁻³`, `2×10^-3`, `1/2`, `50%`.

    Raises:
        ValueError: it is none, or not finite.
    """
    said = text.strip().replace("−", "-").replace("⁄", "/").replace("％", "%")
    said = re.sub(r"(?<=\d)([⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "^" + m[1].translate(_SUPERSCRIPTS), said)
    percent = said.endswith("%")
    said = said.removesuffix("%").strip().replace("_", "")
    if said.count(",") == 1 and "." not in said:
        said = said.replace(",", ".")
    try:
        number = _parsed(said)
    except (ValueError, ArithmeticError):
        number = math.nan
    if not math.isfinite(number):
        shown = f"“{text.strip()}”" if text.strip() else "nothing"
        raise ValueError(f"{shown} is not a number; write it like 0.5, 50% or 1e-3")
    return number / 100 if percent else number


def _parsed(said: str) -> float:
    if times := _TIMES.fullmatch(said):
        return float(times[1]) * _parsed(times[2])
    if power := _POWER.fullmatch(said):
        return math.pow(float(power[1]), float(power[2]))
    over, slash, under = said.partition("/")
    return float(over) / float(under) if slash else float(said)
