"""What a learner types for an answer, form by form: what is wanted of them, and what they mean."""

from __future__ import annotations

from tutor.course import pointing
from tutor.course.figures import Values
from tutor.course.grading import parse_number, parse_range, with_unit
from tutor.course.lesson import Asked
from tutor.i18n import _


def wanted(asked: Asked, seen: Values | None) -> str | None:
    """What is to be typed, where the options do not say it.

    Args:
        seen: what the step's figure shows, where one was told before.
    """
    if asked.form == "order":
        return _("In order, the smallest first: their numbers, like {example}").format(
            example=" ".join(str(n) for n in range(len(asked.options), 0, -1))
        )
    if asked.point is not None:
        count = 0 if seen is None else pointing.count(seen, asked.point)
        words = _("a step from 1 to {n}") if asked.point == "step" else _("a unit from 1 to {n}")
        return words.format(n=count)
    if asked.low is None or asked.high is None:
        return None
    if asked.form != "range":
        bounds = _("a number from {low:g} to {high:g}").format(low=asked.low, high=asked.high)
        return f"{bounds} {asked.unit}".rstrip()
    most = with_unit(asked.widest or 0.0)
    words = (
        _("a range within {low:g} to {high:g}{unit}, at most {most} wide, like 0.2..0.5")
        if asked.scale == "linear"
        else _("a range within {low:g} to {high:g}{unit}, its ends at most a factor of {most} apart, like 0.2..0.5")
    )
    return words.format(low=asked.low, high=asked.high, unit=f" {asked.unit}" if asked.unit else "", most=most)


def heard(asked: Asked, said: str, seen: Values | None) -> str | float:
    """The response that a learner means.

    Args:
        said: as it was typed.
        seen: as in `wanted`.

    Raises:
        ValueError: it is none, in one line.
    """
    if asked.point is not None:
        return pointing.pointed(asked, said, 0 if seen is None else pointing.count(seen, asked.point))
    if asked.form == "order":
        return _order(asked, said)
    if asked.form == "range":
        low, high = parse_range(said)
        return f"{low!r}..{high!r}"
    if not asked.options:
        return parse_number(said)
    for number, option in enumerate(asked.options, 1):
        if said.casefold() in (str(number), option.key.casefold(), option.text.casefold()):
            return option.key
    raise ValueError(_("Answer with a number from 1 to {n}.").format(n=len(asked.options)))


def _order(asked: Asked, said: str) -> str:
    """Options by their numbers or keys, with anything between: `2 1 3`, `2,1,3`, `213`."""
    words = said.replace(",", " ").replace("<", " ").casefold().split()
    keys = {option.key.casefold(): option.key for option in asked.options}
    if len(words) == 1 and words[0].isdecimal() and words[0] not in keys:
        words = [*words[0]]
    numbers = {str(number): option.key for number, option in enumerate(asked.options, 1)}
    # A number is a place in the list before it is a key: that is what is read beside it.
    found = [numbers.get(word) or keys.get(word, "") for word in words]
    if sorted(found) != sorted(keys.values()):
        raise ValueError(_("Answer with each number from 1 to {n} once.").format(n=len(asked.options)))
    return " ".join(found)
