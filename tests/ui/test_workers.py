"""Work in threads: what every worker has to say for itself."""

from __future__ import annotations

import ast
from pathlib import Path

import tutor.ui


def test_workers_are_described_without_their_arguments() -> None:
    """Textual writes out every argument of a worker that has no description: of a long run that takes 20 ms."""
    bare, described = [], 0
    for path in Path(tutor.ui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "work":
                if any(keyword.arg == "description" for keyword in node.keywords):
                    described += 1
                else:
                    bare.append(f"{path.name}:{node.lineno}")
    assert not bare
    assert described >= 7
