"""A lesson's words: Markdown drawn once, as `Content`, with the lesson's values put in.

Only what lessons may hold is known here: paragraphs, lists, emphasis and code. A text from a file is never markup:
it goes into `Content` as it is, so `h[t-1]` stays `h[t-1]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.content import Content
from textual.widgets import Static

from tutor.course.lesson import Math, Prose, filled

_parser = MarkdownIt("commonmark")

_STYLES = {"strong": "bold", "em": "italic", "code": "bold $accent"}


def _inline(token: Token, values: Mapping[str, object]) -> Content:
    """One paragraph's spans."""
    pieces: list[str | tuple[str, str]] = []
    open_styles: list[str] = []
    for child in token.children or ():
        if child.type in ("strong_open", "em_open"):
            open_styles.append(_STYLES[child.tag if child.tag in _STYLES else child.type.removesuffix("_open")])
        elif child.type in ("strong_close", "em_close"):
            open_styles.pop()
        elif child.type == "softbreak":
            pieces.append(" ")
        elif child.type == "hardbreak":
            pieces.append("\n")
        elif child.type == "code_inline":
            pieces.append((child.content, _STYLES["code"]))
        else:
            text = filled(child.content, values)
            pieces.append((text, " ".join(open_styles)) if open_styles else text)
    return Content.assemble(*pieces)


def paragraphs(text: str, values: Mapping[str, object]) -> list[Content]:
    """The paragraphs and list items of a Markdown text."""
    found: list[Content] = []
    bullets: list[int | None] = []
    first_in_item = False
    for token in _parser.parse(text):
        if token.type == "bullet_list_open":
            bullets.append(None)
        elif token.type == "ordered_list_open":
            bullets.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            bullets.pop()
        elif token.type == "list_item_open":
            first_in_item = True
        elif token.type == "list_item_close" and bullets[-1] is not None:
            bullets[-1] += 1
        elif token.type == "inline":
            content = _inline(token, values)
            if bullets:
                number = bullets[-1]
                sign = ("•" if number is None else f"{number}.") if first_in_item else " "
                content = Content.assemble(("  " * (len(bullets) - 1) + sign + " ", "$foreground 60%"), content)
                first_in_item = False
            found.append(content)
    return found


def sentence(text: str, values: Mapping[str, object]) -> Content:
    """A text of one paragraph, as asked or said."""
    return Content(" ").join(paragraphs(text, values))


def prose(block: Prose, values: Mapping[str, object]) -> Content:
    """A block of words; list items follow one another, paragraphs stand apart."""
    return Content("\n\n").join(paragraphs(block.text, values))


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
