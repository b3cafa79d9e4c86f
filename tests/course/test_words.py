"""Markdown as paragraphs: what hangs from what, in which style, with the values put in."""

from __future__ import annotations

from tutor.course.words import Piece, paragraphs


def marks(text: str) -> list[tuple[str, str]]:
    return [(p.mark, "".join(piece.text for piece in p.pieces)) for p in paragraphs(text, {})]


def test_paragraphs_and_lists() -> None:
    text = "one\ntwo\n\n- a\n- b\n\n  more\n\n3. c\n4. d\n   - deep\n"
    assert marks(text) == [
        ("", "one two"),
        ("•", "a"),
        ("•", "b"),
        (" ", "more"),
        ("3.", "c"),
        ("4.", "d"),
        ("  •", "deep"),
    ]


def test_styles_and_values() -> None:
    (paragraph,) = paragraphs("**x** is *about {x:.2f}*, says `h_{t-1}` [not a link]", {"x": 0.5})
    assert paragraph.pieces == (
        Piece("x", ("strong",)),
        Piece(" is "),
        Piece("about 0.50", ("em",)),
        Piece(", says "),
        Piece("h_{t-1}", ("code",)),
        Piece(" [not a link]"),
    )


def test_what_was_filled_before_is_left_as_it_is() -> None:
    (paragraph,) = paragraphs("{a} and {{b}}", None)
    assert paragraph.pieces == (Piece("{a} and {{b}}"),)
