"""The words of a lesson against its rules: names that have a value, and no number that nothing recomputes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from markdown_it.token import Token

from tutor.course.lesson import CODE, names_in, pieces
from tutor.course.measured import Found
from tutor.course.source import nearest

_LITERAL = re.compile(
    r"""
    (?<![\w.])                                  # at the start of a number
    (?: [-+−]?\d*\.\d+(?:\s?[%％])?             # 0.5, .5, 12.5 %
      | \d+\s?[%％]                             # 50%, 50 %
      | \d+(?:\.\d+)?[eE][-+−]?\d+              # 1e-5
      | \d+(?:\^|\*\*)\(?[-+−]?\d+              # 10^-5
      | \d+[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+                  # 10⁻⁵
    ) (?!\w)""",
    re.VERBOSE,
)
_FIELD = re.compile(r"\{[^{}]*\}")

FEEDBACK = ("value", "amount", "answer")
"""Names that a feedback may use beside the lesson's own values; see `grading.texts`."""


def wrong_words(text: str, known: Collection[str], *, numbers: bool) -> Iterator[Found]:
    """What is wrong with a text: a brace without its partner, a name without a value, a number as a literal.

    Args:
        known: names that may stand in braces.
        numbers: whether numbers are looked for; inline code is passed over.
    """
    try:
        names = names_in(text)
    except ValueError as error:
        yield f"a brace that is no name ({error})", "write {{ and }} for braces, {name} for a value"
        return
    for name in dict.fromkeys(names):
        if name not in known:
            mend = nearest(name, known) if known else f"define {name} in [values]"
            yield f"no value is called `{name}`", mend
    if numbers:
        for match in _LITERAL.finditer(_FIELD.sub("{}", CODE.sub("``", text))):
            yield (
                f"`{match[0].strip()}`: a number that no probe recomputes",
                "put it in [values] and write {name}",
            )


def prose_lines(token: Token, first: int) -> Iterator[tuple[int, str]]:
    """The words of a paragraph without its inline code, piece by piece as they are drawn: (line, text)."""
    line = first
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type != "code_inline" and child.content:
            yield line, child.content


def put_in(text: str, values: dict[str, Any], *, final: bool) -> str:
    """A question's varied names filled in, every other name left for later.

    Args:
        final: whether nothing is filled in afterwards, so that `{{` becomes `{` now.

    Raises:
        ValueError: a format that does not fit its value, or a brace without its partner.
    """
    parts = []
    for literal, name, spec in pieces(text):
        code = CODE.fullmatch(literal) is not None
        parts.append(literal if final or code else literal.replace("{", "{{").replace("}", "}}"))
        if name is None:
            continue
        if name in values:
            try:
                parts.append(format(values[name], spec))
            except ValueError as error:
                raise ValueError(f"`{{{name}:{spec}}}` does not fit {values[name]!r}: {error}") from None
        else:
            parts.append(f"{{{name}{':' + spec if spec else ''}}}")
    return "".join(parts)
