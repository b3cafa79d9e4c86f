"""A response becomes a verdict: the probe is measured, never looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tutor.course.lab import Lab
from tutor.course.lesson import Asked, Option, filled
from tutor.course.measured import Measured
from tutor.course.pointing import in_words, place_of, response_of
from tutor.course.probes import needs_time
from tutor.i18n import _


class Placed(Struct, frozen=True):
    """An option at its true place in an order."""

    key: str
    text: str
    says: str
    """Its feedback, with the values in."""
    right: bool
    """Whether it was put there."""


class Verdict(Struct, frozen=True):
    """What is said to an answer."""

    correct: bool
    truth: str
    """The answer as a learner reads it: the option's text, or the number with its unit."""
    number: float | None
    """The true number, where a number was asked for."""
    says: str
    """The feedback of the option chosen, then the reason; both with their values in."""
    key: str = ""
    """The answer as a response is written: an option's key, keys in order, a place; "" where it is a number."""
    order: tuple[Placed, ...] = ()
    """Where an order was asked for: the options in it."""


def grade(asked: Asked, response: str | float, lab: Lab, values: Mapping[str, float | str]) -> Verdict:
    """Judge a response: an option's key, a number, keys in order, a range or a place.

    Args:
        values: the lesson's `[values]` as measured, for the texts.

    Raises:
        NotTrained: the probe's model was not trained.
        ValueError: the probe cannot be computed, or the response is no answer.
    """
    measured = asked.answer.measure(lab)
    form = asked.form
    if form == "choice":
        return _choice(asked, str(response), measured, values)
    if form == "order":
        return _order(asked, str(response), measured, values)
    if form == "point":
        return _place(asked, str(response), measured, lab, values)
    number = measured.number
    truth = with_unit(number, asked.unit)
    says = _said(asked.because, texts(measured, truth, asked, values))
    right = within(asked, str(response), number) if form == "range" else close(asked, float(response), number)
    return Verdict(right, truth, number, says)


def _choice(asked: Asked, key: str, measured: Measured, values: Mapping[str, float | str]) -> Verdict:
    chosen = next((option for option in asked.options if option.key == key), None)
    if chosen is None:
        raise ValueError(f"`{key}` is none of the answers: {', '.join(o.key for o in asked.options)}")
    right = true_option(asked, measured)
    truth = right.text if right is not None else str(measured.value)
    known = texts(measured, truth, asked, values)
    said = [_said(chosen.says, known), _said(asked.because, known)]
    return Verdict(chosen is right, truth, None, " ".join(s for s in said if s), right.key if right else "")


def _order(asked: Asked, response: str, measured: Measured, values: Mapping[str, float | str]) -> Verdict:
    options = {option.key: option for option in asked.options}
    mine, keys = response.split(), str(measured.value).split()
    if sorted(mine) != sorted(options):
        raise ValueError(f"`{response}` does not have each of the answers once: {', '.join(options)}")
    truth = in_order(asked, keys)
    known = texts(measured, truth, asked, values)
    placed = tuple(
        Placed(key, options[key].text, _said(options[key].says, known), key == put)
        for key, put in zip(keys, mine, strict=True)
    )
    return Verdict(mine == keys, truth, None, _said(asked.because, known), " ".join(keys), placed)


def in_order(asked: Asked, keys: Sequence[str]) -> str:
    """Options in order, as a learner reads them."""
    named = {option.key: option.text for option in asked.options}
    return " < ".join(named.get(key, key) for key in keys)


def start_order(asked: Asked, lab: Lab) -> tuple[str, ...]:
    """The keys of the options as they are laid out to be put in order: as written, and never in the true order.

    Where that takes a training or a while to find out, they are as written; `check` sees to those.
    """
    keys = tuple(option.key for option in asked.options)
    if needs_time(asked.answer) or not all(lab.begun(name) for name in asked.answer.models()):
        return keys
    try:
        true = tuple(str(asked.answer.measure(lab).value).split())
    except ValueError:
        # What cannot be computed is said once it is answered.
        return keys
    return (*keys[1:], keys[0]) if keys == true else keys


def _place(asked: Asked, response: str, measured: Measured, lab: Lab, values: Mapping[str, float | str]) -> Verdict:
    mine, true = place_of(response), true_place(measured)
    if mine is None:
        raise ValueError(f"`{response}` is no {asked.point}")
    truth = place_said(asked, measured, lab)
    says = _said(asked.because, texts(measured, truth, asked, values))
    key = "" if true is None else response_of(asked.point or "step", true)
    return Verdict(mine == true, truth, None, says, key)


def true_place(measured: Measured) -> int | None:
    """The place that a measured value stands for; None when it is none."""
    return place_of(float(measured.value) if isinstance(measured.value, int) else measured.value)


def place_said(asked: Asked, measured: Measured, lab: Lab) -> str:
    """The true place as a learner reads it, with its word where the answer is of a run."""
    place = true_place(measured)
    if place is None or asked.point is None:
        return str(measured.value)
    model, text = getattr(asked.answer, "model", ""), getattr(asked.answer, "text", "")
    words = lab.run(model, text).tokens if model and asked.point == "step" else ()
    return in_words(asked.point, place, words[place - 1] if place <= len(words) else "")


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


def true_response(asked: Asked, measured: Measured) -> str | float | None:
    """What a learner would have to answer; None where no answer is right."""
    if asked.form == "choice":
        right = true_option(asked, measured)
        return None if right is None else right.key
    if asked.form == "order":
        return str(measured.value)
    if asked.form == "range":
        return f"{measured.number!r}..{measured.number!r}"
    if asked.point is not None:
        place = true_place(measured)
        return None if place is None else response_of(asked.point, place)
    return measured.number


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


def within(asked: Asked, response: str, truth: float) -> bool:
    """Whether a range has the answer in it and is narrow enough."""
    low, high = parse_range(response)
    return _has(low, high, truth) and not too_wide(asked, low, high)


def _has(low: float, high: float, truth: float) -> bool:
    # As in `close`: an end that means the answer may be a rounding error off.
    slack = 1e-9 * max(abs(low), abs(high))
    return low - slack <= truth <= high + slack


def too_wide(asked: Asked, low: float, high: float) -> bool:
    """Whether a range is wider than it may be."""
    return asked.widest is not None and width_of(asked, low, high) > asked.widest * (1 + 1e-9)


def width_of(asked: Asked, low: float, high: float) -> float:
    """How wide a range is: the difference of its ends, on a log scale their ratio."""
    if asked.scale == "linear":
        return high - low
    return high / low if low > 0 else math.inf


def range_said(asked: Asked, response: str, verdict: Verdict) -> str:
    """What became of a range: where the answer is, whether it was missed, whether the range was too wide."""
    low, high = parse_range(response)
    mine = _("{low} to {high}").format(low=with_unit(low), high=with_unit(high))
    head = _("It is {truth}; you said {mine}.").format(truth=verdict.truth, mine=mine)
    assert verdict.number is not None
    missed, wide = not _has(low, high, verdict.number), too_wide(asked, low, high)
    if not missed and not wide:
        return head + " " + _("It is in there.")
    parts = [head, _("You missed it.") if missed else _("It is in there, but that is too wide.")]
    if missed and wide:
        parts.append(_("And that is too wide."))
    if wide:
        parts.append(width_said(asked, low, high))
    return " ".join(parts)


def width_said(asked: Asked, low: float, high: float) -> str:
    """How wide a range is, and how wide it may be."""
    wide, most = with_unit(width_of(asked, low, high)), with_unit(asked.widest or 0.0)
    if asked.scale == "log":
        return _("Its ends are a factor of {wide} apart; {most} is allowed.").format(wide=wide, most=most)
    return _("Your range is {wide} wide; {most} is allowed.").format(wide=wide, most=most)


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


_BETWEEN = re.compile(r"\s*(?:\.\.+|…)\s*")


def parse_range(text: str) -> tuple[float, float]:
    """What a learner types for a range, the lower end first: `0.2..0.5`, `0.2 0.5`, `10^-3 … 10^-2`.

    Raises:
        ValueError: it is none.
    """
    said = text.strip()
    ends = _BETWEEN.split(said) if _BETWEEN.search(said) else said.split()
    if len(ends) != 2:
        shown = f"“{said}”" if said else "nothing"
        raise ValueError(f"{shown} is not a range; write both its ends, like 0.2..0.5")
    low, high = sorted(parse_number(end) for end in ends)
    return low, high
