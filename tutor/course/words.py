"""The words of a lesson: what they say, paragraph by paragraph, and what they may not say.

A name in braces must have a value, and no number may stand there that nothing recomputes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.course.lesson import CODE, filled, names_in, pieces
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


class Piece(NamedTuple):
    """Some words in one style."""

    text: str
    kinds: tuple[str, ...] = ()
    """Of "strong", "em" and "code"."""


class Paragraph(NamedTuple):
    """A paragraph or a list item, in its pieces."""

    mark: str
    """What it hangs from: "•", "3.", a blank in an item's later paragraphs; "" outside lists. Indented by depth."""
    pieces: tuple[Piece, ...]


_parser = MarkdownIt("commonmark")


def paragraphs(text: str, values: Mapping[str, Any] | None) -> Iterator[Paragraph]:
    """What a Markdown text says, with its values put in, unless `values` is None: then that was done before."""
    bullets: list[int | None] = []
    first = False
    for token in _parser.parse(text):
        if token.type == "bullet_list_open":
            bullets.append(None)
        elif token.type == "ordered_list_open":
            bullets.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            bullets.pop()
        elif token.type == "list_item_open":
            first = True
        elif token.type == "list_item_close" and bullets[-1] is not None:
            bullets[-1] += 1
        elif token.type == "inline":
            mark = ""
            if bullets:
                number = bullets[-1]
                sign = "•" if number is None else f"{number}."
                mark = "  " * (len(bullets) - 1) + (sign if first else " " * len(sign))
                first = False
            yield Paragraph(mark, tuple(_pieces_of(token, values)))


def _pieces_of(token: Token, values: Mapping[str, Any] | None) -> Iterator[Piece]:
    kinds: list[str] = []
    for child in token.children or ():
        if child.type.endswith("_open"):
            kinds.append(child.type.removesuffix("_open"))
        elif child.type.endswith("_close"):
            kinds.pop()
        elif child.type in ("softbreak", "hardbreak"):
            yield Piece(" ")
        elif child.type == "code_inline":
            yield Piece(child.content, ("code",))
        elif child.content:
            yield Piece(child.content if values is None else filled(child.content, values), tuple(kinds))
