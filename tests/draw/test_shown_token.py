"""A token that is white space is seen, wherever tokens stand."""

from __future__ import annotations

import pytest

from tutor.draw.cells import PLAIN, Look, text_of
from tutor.draw.cells import width as width_of
from tutor.draw.figures.gates import head
from tutor.draw.figures.next import Bar, Openness, next_tokens
from tutor.draw.wording import shown_token


@pytest.mark.parametrize(
    ("token", "shown", "in_ascii"),
    [(" ", "␣", "_"), ("  ", "␣␣", "__"), ("", "", ""), ("a", "a", "a"), (" a", " a", " a"), ("_", "_", "_")],
)
def test_a_space_is_a_sign(token: str, shown: str, in_ascii: str) -> None:
    assert shown_token(token) == shown
    assert shown_token(token, ascii=True) == in_ascii
    assert width_of(shown_token(token)) == len(token)


def test_before_the_cells_of_a_step() -> None:
    row = head(3, " ", 1, 4, True, PLAIN, Look())
    assert text_of([row]) == "▶ 3 ␣"


@pytest.mark.parametrize(("ascii", "sign"), [(False, "␣"), (True, "_")])
def test_among_what_comes_next(ascii: bool, sign: str) -> None:
    openness = Openness(1.0, 1.0, 5.0)
    rows = next_tokens([Bar(" ", 0.5, 0.5)], 40, 6, Look(ascii=ascii), after="e", openness=openness, came=None)
    assert text_of(rows).split("\n")[1].split()[0] == sign
