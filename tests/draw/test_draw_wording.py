"""What is said where there is room for it."""

from __future__ import annotations

from tutor.draw.cells import Look, row_width, text_of
from tutor.draw.wording import first_fitting, phrase, quoted, wording

VARIANTS = ("a long way to say it", "a short way", "so")


def test_a_phrase_takes_the_first_wording_that_fits() -> None:
    assert [text_of([phrase(VARIANTS, w, Look())]) for w in (30, 12, 4, 1)] == [*VARIANTS, "…"]
    assert [row_width(phrase(VARIANTS, w, Look())) for w in (30, 12, 1, 0)] == [30, 12, 1, 0]


def test_nothing_is_cut_but_the_last_wording() -> None:
    assert [first_fitting(VARIANTS, w) for w in (20, 19, 2, 1)] == [*VARIANTS, ""]
    assert first_fitting((), 9) == ""
    assert first_fitting(VARIANTS, 1, "?") == "?"
    assert wording(VARIANTS, 19) == "a short way"
    assert wording(VARIANTS, 1, ascii=True) == "~"
    # A variant that says nothing fits everywhere.
    assert wording(("", "so"), 9) == ""
    # Cells count, not letters.
    assert wording(("永远", "so"), 3) == "so"


def test_quotation_marks() -> None:
    assert quoted("code", Look()) == "“code”"
    assert quoted("code", Look(ascii=True)) == '"code"'
