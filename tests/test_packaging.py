"""What a person installs: a wheel built from the source distribution, in an environment that has nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tarfile
import termios
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def fresh_environment() -> dict[str, str]:
    """The surroundings of a new shell: nothing that points at this checkout."""
    gone = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if name not in gone}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
        env=fresh_environment(),
    )
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment that the wheel is installed in."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=True)
    wheel = next(built.glob("*.whl"))
    subprocess.run(
        [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)],
        check=True,
        capture_output=True,
        env=fresh_environment(),
    )
    return place / "bin"


def test_the_lessons_are_in_the_wheel_and_in_the_source(built: Path) -> None:
    names = {str(path.relative_to(ROOT / "lessons")) for path in (ROOT / "lessons").rglob("*") if path.is_file()}
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    assert {f"tutor/lessons/{name}" for name in names} <= inside
    assert "tutor/ui/app.tcss" in inside
    assert not any(name.startswith(("tests/", "lessons/", "benchmarks/")) for name in inside)
    with tarfile.open(next(built.glob("*.tar.gz"))) as source:
        held = {name.split("/", 1)[1] for name in source.getnames() if "/" in name}
    assert {f"lessons/{name}" for name in names} <= held
    assert {"README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"} <= held


def test_the_command_works_far_from_the_source(installed: Path, tmp_path: Path) -> None:
    environment = fresh_environment() | {"RNN_TUTOR_DATA": str(tmp_path / "data")}

    def run(*words: str) -> str:
        return subprocess.run(
            [str(installed / "rnn-tutor"), *words],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        ).stdout

    lessons = json.loads(run("lessons", "--json"))
    assert lessons[0]["id"] == "order-matters"
    assert json.loads(run("trace", "never too late to", "--json"))["tokens"] == ["never", "too", "late", "to"]
    assert "never too late" in run("read", "never-too-late").lower()


def test_the_app_opens_and_leaves(installed: Path, tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        environment = fresh_environment() | {"RNN_TUTOR_DATA": str(tmp_path / "data"), "TERM": "xterm-256color"}
        os.execve(str(installed / "rnn-tutor"), ["rnn-tutor"], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = b""
    while b"Order matters" not in seen:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, seen[-2000:]
        seen += os.read(terminal, 65536)
    os.write(terminal, b"\x11")
    try:
        while select.select([terminal], [], [], 30)[0] and os.read(terminal, 65536):
            pass
    except OSError:
        pass  # Linux says so when the other end has gone.
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0


def test_the_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(python3 -m venv[^\n]*)\n```", text)
    assert len(commands) == 2
    opens, tests = commands
    assert opens.endswith("&& .venv/bin/rnn-tutor")
    assert tests.endswith("&& .venv/bin/python -m pytest")
    assert text.index(opens) < 2000, "the first screen has it"
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
