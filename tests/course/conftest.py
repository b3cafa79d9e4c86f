"""A course in a temporary folder."""

from pathlib import Path

import pytest

from .sample import write


@pytest.fixture
def lesson_path(tmp_path: Path) -> Path:
    """The first lesson of a small valid course; its folder is two up."""
    return write(tmp_path / "lessons")


@pytest.fixture
def course_folder(lesson_path: Path) -> Path:
    """That course's folder."""
    return lesson_path.parent.parent
