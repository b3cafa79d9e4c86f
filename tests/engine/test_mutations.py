"""The table of bugs stays true while the code moves: each still changes one place, and leaves Python."""

from __future__ import annotations

import pytest

from .mutations import BUGS, ENGINE, FIRST, MUTATIONS, RECURRENCE, ROOT, TESTS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_changes_one_place(mutation: Mutation) -> None:
    text = (ROOT / ENGINE / mutation.file).read_text("utf-8")
    changed = mutation.of(text)
    assert changed != text
    compile(changed, mutation.file, "exec", dont_inherit=True)


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 30


def test_the_tests_that_tell_are_there() -> None:
    assert set(FIRST) <= set(BUGS)
    assert {*RECURRENCE, *(name for names in FIRST.values() for name in names)} <= set(TESTS)
    for name in TESTS:
        assert (ROOT / "tests" / "engine" / f"test_{name}.py").is_file(), name


def test_a_place_that_moved_is_told() -> None:
    mutation = Mutation("gone", "cells.py", "a = b", "b = a")
    assert mutation.of("a = b\n") == "b = a\n"
    for text, times in (("a = c\n", 0), ("a = b\na = b\n", 2)):
        with pytest.raises(ValueError, match=f"gone: cells.py has 'a = b' {times} times, expected once"):
            mutation.of(text)
