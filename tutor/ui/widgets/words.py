"""A lesson's words, drawn once as `Content`.

A text from a file is never markup: it goes into `Content` as it is, so `h[t-1]` stays `h[t-1]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static

from tutor.course.lesson import Math, Prose
from tutor.course.words import Paragraph, paragraphs

_STYLES = {"strong": "bold", "em": "italic", "code": "bold $accent"}
_MARK = "$foreground 60%"


def _content(paragraph: Paragraph) -> Content:
    styled: list[str | tuple[str, str]] = []
    if paragraph.mark:
        styled.append((paragraph.mark + " ", _MARK))
    for text, kinds in paragraph.pieces:
        styled.append((text, " ".join(_STYLES.get(kind, "") for kind in kinds)) if kinds else text)
    return Content.assemble(*styled)


def sentence(text: str, values: Mapping[str, object] | None) -> Content:
    """A text of one paragraph, as asked or said; with `values` None, its values are in it already."""
    return Content(" ").join(_content(paragraph) for paragraph in paragraphs(text, values))


def prose(block: Prose, values: Mapping[str, object]) -> Content:
    """A block of words; list items follow one another, paragraphs stand apart."""
    said = Content("")
    hanging = False
    for index, paragraph in enumerate(paragraphs(block.text, values)):
        if index:
            said += Content("\n" if paragraph.mark and hanging else "\n\n")
        said += _content(paragraph)
        hanging = bool(paragraph.mark)
    return said


class Words(Static):
    """A block of prose."""

    DEFAULT_CSS = """
    Words { height: auto; margin-bottom: 1; }
    """

    def __init__(self, block: Prose, values: Mapping[str, object]) -> None:
        super().__init__(prose(block, values))
        self.block = block

    def fill(self, values: Mapping[str, object]) -> None:
        """The values are known now."""
        self.update(prose(self.block, values))


class Equation(Static):
    """An equation, set apart."""

    DEFAULT_CSS = """
    Equation { height: auto; margin: 0 0 1 2; color: $accent; }
    """

    def __init__(self, block: Math) -> None:
        super().__init__(Content(block.text))
