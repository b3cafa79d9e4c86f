"""The command's contract: what it prints, where, and how it ends."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import pty
import select
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tutor import __version__
from tutor.cli import main
from tutor.commands import COMMANDS, arguments, screens
from tutor.commands.places import folders
from tutor.engine import CELLS
from tutor.engine.surgery import Cut
from tutor.progress import STORE, Attempt, Progress
from tutor.sandbox.experiment import MAX_TOKENS, Experiment
from tutor.sandbox.networks import Networks, source_of
from tutor.sandbox.state import View, encode
from tutor.sandbox.weights_file import open_weights, save_weights

SENTENCE = "never too late to"

LESSON = """+++
title = "{title}"
goal = "See one thing."
minutes = 2
{more}
[models.tiny]
cell = "gru"
hidden = 3
text = "one two three"
+++

## Look

Words.

```predict
ask = "Which word moves the state most?"
options = "tokens"
model = "tiny"
answer = {{ probe = "argmax", of = "change", model = "tiny" }}
```

```figure
show = "state"
model = "tiny"
```

## Again

More words.
"""


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lessons"
    (folder / "01-first").mkdir(parents=True)
    (folder / "course.toml").write_text(
        'format = 1\ntitle = "A course"\n\n[[parts]]\nfolder = "01-first"\ntitle = "The first part"\n'
    )
    (folder / "01-first" / "01-one-thing.md").write_text(LESSON.format(title="One thing", more=""))
    (folder / "01-first" / "02-another.md").write_text(LESSON.format(title="Another", more='needs = ["one-thing"]\n'))
    monkeypatch.setattr("tutor.course.outline.lessons_dir", lambda: folder)
    return folder


@pytest.fixture
def run(data: Path, course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in this process, with a course and a data folder of its own, and no terminal."""
    monkeypatch.setenv("RNN_TUTOR_DATA", str(data))
    monkeypatch.delenv("RNN_TUTOR_CACHE", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def ran(*words: str) -> Ended:
        code = main(words)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return ran


def process(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tutor", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        **more,  # type: ignore[call-overload]
    )


def refused(ended: Ended, *parts: str, code: int = 2) -> None:
    """One line on standard error, which says all of this, and nothing else."""
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("rnn-tutor: ")
    for part in parts:
        assert part in ended.err


# Help, version, errors


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["trace", "--help"], ["--data-dir", "x", "-h"]])
def test_help_and_version_load_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from tutor.cli import main; code = main(sys.argv[1:]);"
        "heavy = ('textual', 'numpy', 'rich', 'markdown_it', 'msgspec', 'sqlite3', 'tutor.progress');"
        "print(code, [name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert told.stderr == "0 []\n"
    assert told.stdout


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"rnn-tutor {__version__}\n", "")


def test_help_names_every_command(run: Run) -> None:
    told = run("--help").out
    for command in COMMANDS:
        assert f"  {command.name} " in told
        assert run(command.name, "--help").code == 0
    assert "new-lesson" not in told
    for name in ("--corpus", "--weights", "--vocabulary", "--state"):
        assert name in run("sandbox", "--help").out
        assert name in run("trace", "--help").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lesons"], "did you mean lessons?"),
        (["trace", "a", "--hiden", "3"], "no option --hiden; did you mean --hidden?"),
        (["trace", "--hiden=3"], "no option --hiden; did you mean --hidden?"),
        (["--jsn"], "no option --jsn"),
        (["trace", "a", "--cell", "LTSM"], "expected one of rnn, gru, lstm, got LTSM; did you mean lstm?"),
        (["trace", "a", "b"], "one word too many: b"),
        (["trace"], "which text?"),
        (["trace", ""], "text"),
        (["trace", " \t"], "text"),
        (["trace", "a", "--hidden", "0"], "expected a whole number from 1 to 512, got 0"),
        (["trace", "a", "--hidden", "513"], "expected a whole number from 1 to 512, got 513"),
        (["trace", "a", "--hidden", "9" * 5000], "expected a whole number"),
        (["trace", "a", "--hidden", "four"], "got four"),
        (["trace", "a", "--hidden", "4.0"], "got 4.0"),
        (["trace", "a", "--layers", "0"], "--layers"),
        (["trace", "a", "--seed", "-1"], "expected a whole number, 0 or more, got -1"),
        (["trace", "a", "--json", "--csv"], "--csv"),
        (["sandbox", "", "--cell", "gru"], "text"),
        (["gradient", "--steps", "0"], "expected a whole number from 1 to 10000, got 0"),
        (["gradient", "--radius", "nan"], "expected a number above 0, got nan"),
        (["gradient", "--radius", "-1"], "got -1"),
        (["gradient", "--activation", "rleu"], "did you mean relu?"),
        (["gradient", "--cell", "gru", "--activation", "relu"], "relu"),
        (["lesson", "one-thng"], "no lesson one-thng; did you mean one-thing?"),
        (["lesson", "99"], "no lesson 99; rnn-tutor lessons lists them"),
        (["read", "anoter"], "did you mean another?"),
        (["read"], "which lesson?"),
        (["check", "nowhere.md"], "there is no nowhere.md"),
        (["check", "--seeds", "0"], "got 0"),
        (["progress", "--json", "--reset"], "--reset"),
        (["lessons", "--data-dir"], "--data-dir"),
        (["--data-dir", "", "lessons"], "--data-dir is empty"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_2(run: Run, words: list[str], said: str) -> None:
    refused(run(*words), said)


def test_an_error_holds_no_control_characters(run: Run) -> None:
    refused(run("les\x1b[31m\nons"), "␛[31m ons")
    refused(run("trace", "a", "--cell", "\x9b31m\u202e"), "\ufffd31m\ufffd")


@pytest.mark.parametrize("words", [[], ["lesson"], ["lesson", "one-thing"], ["sandbox"], ["sandbox", "hi"]])
def test_the_screens_need_a_terminal(run: Run, data: Path, words: list[str]) -> None:
    refused(run(*words), "standard input is not a terminal")
    assert not data.exists()


def test_what_should_not_happen_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no\nway")

    monkeypatch.setattr("tutor.course.outline.read_outlines", broken)
    refused(run("lessons"), "RuntimeError: no way", code=1)


class Full(io.StringIO):
    """A stream that takes nothing more."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_where_nothing_can_be_said_it_still_ends_as_it_should(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    assert run("lesons") == (2, "", "")

    def broken(*_: object) -> None:
        raise RuntimeError("no way")

    monkeypatch.setattr("tutor.course.outline.read_outlines", broken)
    assert run("lessons") == (1, "", "")


def test_a_warning_that_nobody_can_be_told_is_no_end(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.mkdir()
    (data / STORE).write_bytes(b"not a store")
    monkeypatch.setattr(sys, "stderr", Full())
    assert run("progress") == (0, "0 answers\n", "")


def test_a_folder_that_is_gone_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    # Lessons are checked in processes of their own where there is room for two.
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for words in (["progress", "--export", "x"], ["check"]):
        ended = run(*words)
        refused(ended, "the folder that this was started in is there no more; go to another", code=1)


def test_ctrl_c_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tutor.course.outline.read_outlines", interrupted)
    assert run("lessons") == (130, "", "")


def test_a_closed_pipe_is_quiet() -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "tutor", "trace", "word " * 5000, "--csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    assert command.stdout.readline().startswith(b"step,token,h1")
    command.stdout.close()
    assert command.stderr.read() == b""
    command.stderr.close()
    assert command.wait(timeout=60) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "tutor", "lessons", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert os.strerror(errno.ENOSPC) in told.stderr


def test_an_encoding_without_signs_is_no_crash() -> None:
    surroundings = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for words in (["trace", "naïve 日本"], ["gradient", "--steps", "5"]):
        told = process(*words, env=surroundings)
        assert told.returncode == 0
        assert told.stdout.isascii()
        assert told.stderr == ""
    told = process("trace", "日本 \N{GRINNING FACE}", "--json", env=surroundings)
    assert json.loads(told.stdout)["tokens"] == ["日", "本", "\N{GRINNING FACE}"]


# Where things are kept


def test_data_dir_beats_the_environment(run: Run, tmp_path: Path, data: Path) -> None:
    Progress(tmp_path / "mine").complete("one-thing", 0)
    for words in (
        ["--data-dir", str(tmp_path / "mine"), "lessons", "--json"],
        [f"--data-dir={tmp_path / 'mine'}", "lessons", "--json"],
        ["lessons", "--data-dir", str(tmp_path / "mine"), "--json"],
        ["--data-dir", str(data), "lessons", "--json", "--data-dir", str(tmp_path / "mine")],
    ):
        assert json.loads(run(*words).out)[0]["completed"] == 1
    assert json.loads(run("lessons", "--json").out)[0]["completed"] == 0
    assert not data.exists()


def test_the_cache_follows_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from argparse import Namespace

    monkeypatch.delenv("RNN_TUTOR_DATA", raising=False)
    monkeypatch.delenv("RNN_TUTOR_CACHE", raising=False)
    usual, its_cache = folders(Namespace())
    assert "rnn-tutor" in str(usual)
    assert its_cache is not None
    assert its_cache != usual / "cache"
    monkeypatch.setenv("RNN_TUTOR_DATA", str(tmp_path / "a"))
    assert folders(Namespace()) == (tmp_path / "a", tmp_path / "a" / "cache")
    given = Namespace(data_dir=str(tmp_path / "b"))
    assert folders(given) == (tmp_path / "b", tmp_path / "b" / "cache")
    monkeypatch.setenv("RNN_TUTOR_CACHE", str(tmp_path / "c"))
    assert folders(given) == (tmp_path / "b", tmp_path / "c")


# lessons


def test_lessons_json(run: Run, data: Path) -> None:
    progress = Progress(data)
    progress.complete("another", 0)
    progress.complete("another", 7)
    progress.close()
    told = run("lessons", "--json")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == [
        {
            "id": "one-thing",
            "title": "One thing",
            "part": "The first part",
            "minutes": 2,
            "steps": 2,
            "completed": 0,
        },
        {
            "id": "another",
            "title": "Another",
            "part": "The first part",
            "minutes": 2,
            "steps": 2,
            "completed": 2,
        },
    ]


def test_lessons_in_lines(run: Run) -> None:
    assert run("lessons").out == (
        "The first part\n"
        "   1  one-thing    2 min  0 of 2 steps  One thing\n"
        "   2  another      2 min  0 of 2 steps  Another\n"
    )


def test_a_title_cannot_move_the_cursor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlines refuse control characters; were one to pass, it would still not reach the terminal."""
    from msgspec.structs import replace

    from tutor.course import outline

    read = outline.read_outlines

    def sly(folder: Path) -> object:
        outlines, problems = read(folder)
        return (replace(outlines[0], title="One \x1b[2J thing", part="\x9bm"), *outlines[1:]), problems

    monkeypatch.setattr(outline, "read_outlines", sly)
    told = run("lessons")
    assert "One ␛[2J thing" in told.out
    assert not {"\x1b", "\x9b"} & set(told.out)


# read


def test_read_is_plain_text(run: Run, data: Path) -> None:
    told = run("read", "one-thing")
    assert (told.code, told.err) == (0, "")
    assert "Which word moves the state most?" in told.out
    assert "(computed)" in told.out
    assert "\x1b" not in told.out
    assert run("read", "1").out == told.out
    assert not (data / STORE).exists()


def test_read_a_broken_lesson(run: Run, course: Path) -> None:
    path = course / "01-first" / "01-one-thing.md"
    path.write_text(path.read_text().replace('show = "state"', 'show = "stat"'))
    refused(run("read", "one-thing"), "01-one-thing.md:", "state", code=1)


# trace


@pytest.mark.parametrize("cell", arguments.CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_trace_json(run: Run, cell: str, bidirectional: bool) -> None:
    more = ["--bidirectional"] if bidirectional else []
    told = run("trace", SENTENCE, "--cell", cell, "--hidden", "5", "--seed", "3", "--layers", "2", *more, "--json")
    assert (told.code, told.err) == (0, "")
    value = json.loads(told.out)
    assert set(value) == {"tokens", "cell", "hidden_size", "seed", "hidden", "gates"}
    assert value["tokens"] == SENTENCE.split()
    assert (value["cell"], value["hidden_size"], value["seed"]) == (cell, 5, 3)
    assert [len(row) for row in value["hidden"]] == [10 if bidirectional else 5] * 4
    names = {"rnn": [], "gru": ["r", "z", "n"], "lstm": ["i", "f", "g", "o"]}[cell]
    assert set(value["gates"]) == {*names, *(f"{n}_reverse" for n in names if bidirectional)}
    for values in value["gates"].values():
        assert [len(row) for row in values] == [5] * 4


def test_the_gates_make_the_state(run: Run) -> None:
    """A GRU's last equation, from the numbers that were printed."""
    value = json.loads(run("trace", SENTENCE, "--cell", "gru", "--hidden", "4", "--json").out)
    before = [0.0] * 4
    for t, row in enumerate(value["hidden"]):
        z, n = value["gates"]["z"][t], value["gates"]["n"][t]
        for unit in range(4):
            made = (1 - z[unit]) * n[unit] + z[unit] * before[unit]
            assert row[unit] == pytest.approx(made, abs=1e-6)
        before = row


def test_trace_defaults_and_determinism(run: Run) -> None:
    first = run("trace", SENTENCE, "--json").out
    value = json.loads(first)
    assert (value["cell"], value["hidden_size"], value["seed"]) == ("rnn", 16, 0)
    assert run("trace", SENTENCE, "--json").out == first
    assert run("trace", SENTENCE, "--json", "--seed", "1").out != first
    assert first.endswith("}\n")


def test_trace_csv_has_the_same_numbers(run: Run) -> None:
    words = ["trace", 'say, "hi"', "--cell", "lstm", "--hidden", "2"]
    value = json.loads(run(*words, "--json").out)
    head, *rows = csv.reader(io.StringIO(run(*words, "--csv").out))
    assert head == ["step", "token", "h1", "h2", "i1", "i2", "f1", "f2", "g1", "g2", "o1", "o2"]
    assert [row[1] for row in rows] == value["tokens"]
    for t, row in enumerate(rows):
        wanted = [*value["hidden"][t], *(v for gate in value["gates"].values() for v in gate[t])]
        assert [float(cell) for cell in row[2:]] == wanted


def test_trace_in_lines(run: Run) -> None:
    told = run("trace", "never too", "--hidden", "4", "--cell", "gru")
    assert told.code == 0
    head, _, names, *rows = told.out.splitlines()
    assert head == "GRU · 4 units · seed 0"
    assert names.split() == ["h1", "…", "h4", "‖Δh‖", "r", "z", "n"]
    assert [row.split()[:2] for row in rows[:2]] == [["1", "never"], ["2", "too"]]


@pytest.mark.parametrize("columns", ["20", "60", "80", "200"])
@pytest.mark.parametrize("more", [[], ["--cell", "lstm", "--bidirectional", "--hidden", "40"]])
def test_trace_keeps_to_the_width(run: Run, monkeypatch: pytest.MonkeyPatch, columns: str, more: list[str]) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    rows = run("trace", "never too 很晚 to", *more).out.splitlines()
    from tutor.draw.cells import width

    heat = [row for row in rows if row.startswith("  ") and row.split()[0].isdigit()]
    assert len(heat) == 5
    assert len({width(row) for row in heat}) == 1
    if int(columns) >= 60:
        assert max(width(row) for row in heat) <= int(columns)


def test_control_characters_in_a_text_are_shown_as_pictures(run: Run) -> None:
    for shape in ([], ["--json"], ["--csv"]):
        told = run("trace", "a\x1b[2Jb \x07 \u202e", *shape)
        assert told.code == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(told.out)


# gradient


def test_gradient_json(run: Run) -> None:
    words = ["gradient", "--steps", "12", "--radius", "0.5", "--activation", "identity", "--json"]
    value = json.loads(run(*words).out)
    assert set(value) == {"cell", "steps", "radius", "norms", "log10_norms"}
    assert (value["cell"], value["steps"], value["radius"]) == ("rnn", 12, 0.5)
    # t = T … 0: nothing back, one step back, …
    assert value["norms"] == pytest.approx([0.5**k for k in range(13)], rel=1e-9)
    assert value["log10_norms"] == pytest.approx([k * math.log10(0.5) for k in range(13)], abs=1e-9)


def test_gradient_where_a_float_ends(run: Run) -> None:
    far = ["gradient", "--steps", "2000", "--activation", "identity", "--hidden", "2", "--json"]
    vanished = json.loads(run(*far, "--radius", "0.1").out)
    assert vanished["norms"][-1] == 0
    assert vanished["log10_norms"][-1] == pytest.approx(-2000)
    exploded = json.loads(run(*far, "--radius", "10").out)
    assert exploded["norms"][-1] is None
    assert exploded["log10_norms"][-1] == pytest.approx(2000)


@pytest.mark.parametrize("cell", arguments.CELLS)
def test_gradient_is_a_chart(run: Run, cell: str) -> None:
    told = run("gradient", "--cell", cell, "--steps", "30")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("‖∂h_T/∂h_t‖")
    assert f"{cell.upper()} ρ=0.9" in told.out
    assert "steps back" in told.out
    assert "30 steps back the norm is " in told.out


def test_the_cells_are_the_registry() -> None:
    assert tuple(CELLS) == arguments.CELLS


# check


def test_check_a_sound_course(run: Run, course: Path) -> None:
    assert run("check", str(course)) == (0, "Nothing is wrong.\n", "")
    assert run("check").code == 0
    assert run("check", str(course / "01-first" / "02-another.md")).code == 0


def test_check_says_that_a_link_is_broken(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dangling.md").symlink_to("nowhere.md")
    Path("loop.md").symlink_to("loop.md")
    for name, target in (("dangling.md", "nowhere.md"), ("loop.md", "loop.md")):
        said = f"rnn-tutor: {name} is a broken link: it leads to {target}\n"
        assert run("check", name) == (2, "", said)
        assert run("trace", "a", "--weights", name) == (2, "", said)


def test_check_waits_for_nothing_that_is_no_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("device.md").symlink_to(os.devnull)
    os.mkfifo("pipe.md")
    for name in ("device.md", "pipe.md"):
        ended = run("check", name)
        assert (ended.code, ended.err) == (1, "")
        assert ended.out.endswith(":1: it is not a file; write the lesson as a text file\n")


def test_check_names_file_and_line(run: Run, course: Path) -> None:
    path = course / "01-first" / "01-one-thing.md"
    text = path.read_text().replace('show = "state"', 'show = "stat"')
    path.write_text(text)
    told = run("check", str(path))
    assert told.code == 1
    line = text.splitlines().index('show = "stat"') + 1
    assert told.out.startswith(f"{path}:{line}: ")
    assert "; " in told.out
    assert run("check", str(course)).code == 1


# progress


def test_progress_of_nothing(run: Run, data: Path) -> None:
    told = run("progress", "--json")
    assert json.loads(told.out) == {
        "attempts": [],
        "calibration": {name: {"right": 0, "total": 0} for name in ("guess", "fairly", "certain")},
        "due": [],
        "completed": [],
    }
    assert run("progress") == (0, "0 answers\n", "")
    assert run("progress", "--reset") == (0, "There was nothing to forget.\n", "")
    assert not data.exists()


@pytest.fixture
def answered(data: Path) -> Path:
    progress = Progress(data)
    progress.answer(Attempt("one-thing", "1.2", "predict", 0, "2", False, "certain", 3.5))
    progress.complete("one-thing", 0)
    progress.close()
    return data


def test_progress_json_and_lines(run: Run, answered: Path) -> None:
    value = json.loads(run("progress", "--json").out)
    assert value["attempts"][0]["response"] == "2"
    assert value["calibration"]["certain"] == {"right": 0, "total": 1}
    assert value["due"] == [{"lesson": "one-thing", "key": "1.2"}]
    assert value["completed"][0]["lesson"] == "one-thing"
    assert run("progress").out == "1 answer\ncertain: right 0 of 1\ndue: one-thing, step 1\n"


def test_progress_export_and_reset(run: Run, answered: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    assert run("progress", "--export", str(file)) == (0, f"Everything is in {file}.\n", "")
    exported = json.loads(file.read_text())
    assert exported["format"] == 1
    assert len(exported["attempts"]) == 1
    told = run("progress", "--reset")
    assert told.code == 0
    assert str(answered / "progress.backup-1.db") in told.out
    assert json.loads(run("progress", "--json").out)["attempts"] == []
    refused(run("progress", "--export", str(tmp_path / "no" / "file")), "Cannot write", code=1)
    before = file.read_bytes()
    refused(run("progress", "--export", str(file)), f"{file} is there already, and stays as it is", code=1)
    assert file.read_bytes() == before


# The store, and doctor


def test_a_damaged_store_is_said_and_left(run: Run, data: Path) -> None:
    data.mkdir()
    (data / STORE).write_bytes(b"not a store")
    for words in (["lessons"], ["lessons", "--json"], ["progress"], ["progress", "--json"]):
        told = run(*words)
        assert told.code == 0
        assert told.err.count("\n") == 1
        assert "is damaged" in told.err
    assert run("doctor").code == 1
    assert {path.name: path.read_bytes() for path in data.iterdir()} == {STORE: b"not a store"}


def test_a_newer_store_is_said_and_left(run: Run, answered: Path) -> None:
    connection = sqlite3.connect(answered / STORE)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = (answered / STORE).read_bytes()
    assert "newer rnn-tutor" in run("lessons").err
    ended = run("progress", "--reset")
    assert ended.code == 1
    assert run("doctor").code == 1
    assert (answered / STORE).read_bytes() == before


def test_doctor_when_all_is_well(run: Run, data: Path) -> None:
    told = run("doctor")
    assert (told.code, told.err) == (0, "")
    assert "ok     Python 3." in told.out
    assert "ok     textual " in told.out
    assert "ok     numpy " in told.out
    assert "60×20" in told.out
    assert f"{data} is not there yet and can be made" in told.out
    assert "2 lessons can be opened" in told.out
    assert not data.exists()


def test_doctor_names_what_is_wrong(run: Run, course: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    path = course / "01-first" / "01-one-thing.md"
    path.write_text(path.read_text().replace('show = "state"', 'show = "stat"'))
    told = run("doctor")
    assert told.code == 1
    wrong = [line for line in told.out.splitlines() if line.startswith("wrong")]
    assert len(wrong) >= 2
    assert "cannot be made" in wrong[0]
    assert any("01-one-thing.md:" in line for line in wrong)


# The screens


def test_the_app_starts_from_what_was_asked(
    run: Run, data: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tutor.ui.app import RnnTutorApp

    opened: list[RnnTutorApp] = []
    monkeypatch.setattr(RnnTutorApp, "run", lambda self: opened.append(self))
    monkeypatch.setattr(screens, "_need_terminal", lambda: None)
    monkeypatch.setattr(sys, "__stderr__", sys.__stderr__)
    progress = Progress(data)
    for step in range(2):
        progress.complete("one-thing", step)
    progress.close()

    assert run() == (0, "", "")
    assert run("lesson").code == 0
    assert run("lesson", "1").code == 0
    assert run("sandbox", "hi", "--cell", "gru", "--hidden", "3", "--bidirectional").code == 0
    home, unfinished, first, sandbox = (app.start_at for app in opened)
    assert home.screen == "home"
    assert (unfinished.screen, unfinished.lesson) == ("lesson", "another")
    assert (first.screen, first.lesson) == ("lesson", "one-thing")
    assert sandbox.screen == "sandbox"
    assert sandbox.experiment is not None
    assert (sandbox.experiment.text, sandbox.experiment.cell) == ("hi", "gru")
    assert (sandbox.experiment.hidden, sandbox.experiment.bidirectional) == (3, True)
    assert opened[0].course_folder == course
    assert opened[0].cache == data / "cache"


def test_home_is_painted_without_numpy(tmp_path: Path) -> None:
    code = (
        "import sys, tutor.commands.screens, tutor.cli; tutor.commands.screens._need_terminal = lambda: None;"
        "import tutor.ui.app; tutor.ui.app.RnnTutorApp.run = lambda self: print('numpy' in sys.modules);"
        "tutor.cli.main(['--data-dir', sys.argv[1]])"
    )
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def in_terminal(words: Sequence[str], until: bytes, then: bytes) -> tuple[int, bytes]:
    """The command in a terminal: once `until` was printed, `then` is typed. Returns code and output."""
    inside, outside = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "tutor", *words],
        stdin=outside,
        stdout=outside,
        stderr=outside,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
    )
    os.close(outside)
    printed = b""
    while True:
        ready, _, _ = select.select([inside], [], [], 30)
        assert ready, printed
        try:
            more = os.read(inside, 65536)
        except OSError:
            break
        if not more:
            break
        had = until in printed
        printed += more
        if not had and until in printed:
            os.write(inside, then)
    os.close(inside)
    return command.wait(timeout=30), printed


def test_ctrl_q_leaves_with_0(tmp_path: Path) -> None:
    (tmp_path / STORE).write_bytes(b"not a store")
    code, printed = in_terminal(["--data-dir", str(tmp_path)], b"0 of ", b"\x11")
    assert code == 0
    assert b"is damaged" in printed
    assert b"Traceback" not in printed
    assert (tmp_path / STORE).read_bytes() == b"not a store"


# The sandbox's files and strings


def test_a_trace_by_a_network_of_ones_own(run: Run, tmp_path: Path) -> None:
    model = Experiment(cell="gru", hidden=4, layers=2, bidirectional=True, seed=3).model()
    save_weights(model, tmp_path / "net.npz")
    told = json.loads(run("trace", "never too late", "--weights", str(tmp_path / "net.npz"), "--json").out)
    assert (told["cell"], told["hidden_size"]) == ("gru", 4)
    assert told["hidden"] == model.run(("never", "too", "late")).hidden.tolist()


def test_a_trace_of_an_experiment_that_was_copied(run: Run) -> None:
    experiment = Experiment("too late", "lstm", 5, cuts=(Cut(1, "c", 2, 0.5),))
    told = json.loads(run("trace", "--state", encode(experiment, View()), "--json").out)
    assert told["tokens"] == ["too", "late"]
    assert told["hidden"] == experiment.run().hidden.tolist()


def test_a_trace_by_a_network_that_learns_from_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"the {w} is {v}" for w in ("sun", "moon", "sea") for v in ("old", "new", "red", "big")))
    said = run("trace", "the sun", "--corpus", str(path), "--hidden", "4", "--json")
    assert said.code == 0
    assert said.err == ""
    assert json.loads(said.out)["next"]
    again = run("trace", "the sun", "--corpus", str(path), "--hidden", "4", "--json")
    assert again.out == said.out, "it is kept, and is the same"


def test_a_string_names_a_network_of_ones_own_and_its_file_may_come_with_it(run: Run, tmp_path: Path) -> None:
    model = open_weights(saved(tmp_path / "net.npz", "gru", 3))
    experiment = Experiment("too late", source=source_of(model, "mine"))
    state = encode(experiment, View())
    missing = run("trace", "--state", state)
    assert missing.code == 2
    assert "The network “mine” is not on this machine" in missing.err
    assert missing.err.count("\n") == 1
    told = json.loads(run("trace", "--state", state, "--weights", str(tmp_path / "net.npz"), "--json").out)
    assert told["hidden"] == model.run(("too", "late")).hidden.tolist()
    other = run("trace", "--state", state, "--weights", str(saved(tmp_path / "other.npz", "gru", 4)))
    assert other.code == 2
    assert other.err == "rnn-tutor: --weights: this is not the network of --state\n"
    Networks(tmp_path / "kept").keep(model)
    there = run("--data-dir", str(tmp_path / "kept"), "trace", "--state", state, "--json")
    assert json.loads(there.out)["hidden"] == told["hidden"]


def saved(path: Path, cell: str, hidden: int) -> Path:
    save_weights(Experiment(cell=cell, hidden=hidden).model(), path)
    return path


def test_a_relu_is_said_of_a_file_that_does_not_say_it(run: Run, tmp_path: Path) -> None:
    path = str(saved(tmp_path / "net.npz", "rnn", 3))
    for name in ("tanh", "relu"):
        told = json.loads(run("trace", "late", "--weights", path, "--nonlinearity", name, "--json").out)
        assert told["hidden"] == open_weights(path, nonlinearity=name).run(("late",)).hidden.tolist()
        assert (min(told["hidden"][0]) < 0) == (name == "tanh")


def test_a_text_that_is_too_long_is_read_in_part_and_that_is_said(run: Run) -> None:
    told = run("trace", "a " * (MAX_TOKENS + 1), "--hidden", "1", "--csv")
    assert told.err == "rnn-tutor: the first 20,000 of 20,001 tokens are read, and the rest is left out\n"
    assert told.out.count("\n") == MAX_TOKENS + 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nonlinearity", "relu"], "give both"),
        (["--weights", "a.npz", "--nonlinearity", "sine"], "sine"),
        (["--state", "rnn1-xx"], "cut off"),
        (["--state", ""], "it is empty"),
        (["--weights", "nowhere.npz"], "there is no nowhere.npz"),
        (["--weights", "."], "folder"),
        (["--corpus", "nowhere.txt"], "there is no nowhere.txt"),
        (["--corpus", "."], "is a folder"),
        (["--vocabulary", "words.txt"], "give both"),
        (["--weights", "a.npz", "--cell", "gru"], "leave out --cell"),
        (["--weights", "a.npz", "--corpus", "a.txt"], "--weights has its own: leave out --corpus\n"),
        (["--weights", "a.npz", "--corpus", "a.txt", "--seed", "1"], "leave out --seed, --corpus\n"),
        (["--state", "rnn1-xx", "--corpus", "a.txt"], "--state has its own: leave out --corpus\n"),
        (["--state", "rnn1-xx", "--weights", "a.npz", "--corpus", "a.txt"], "leave out --corpus\n"),
    ],
)
@pytest.mark.parametrize("command", ["sandbox", "trace"])
def test_files_and_strings_that_cannot_be_used(run: Run, command: str, words: list[str], said: str) -> None:
    told = run(command, *(["text"] if command == "trace" and "--state" not in words else []), *words)
    assert told.code == 2
    assert said in told.err
    assert told.err.count("\n") == 1


def test_what_the_system_says_of_no_file_names_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    weights = str(saved(tmp_path / "net.npz", "rnn", 3))
    monkeypatch.setattr("tutor.sandbox.weights_file.open_weights", broken)
    assert run("sandbox", "--weights", weights) == (2, "", "rnn-tutor: Input/output error\n")
    monkeypatch.setattr(Experiment, "run", broken)
    assert run("trace", "a") == (2, "", "rnn-tutor: Input/output error\n")


def test_what_is_no_file_is_said_to_be_there(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for option in ("--corpus", "--weights"):
        told = run("sandbox", option, str(tmp_path / "pipe"))
        assert told.code == 2
        assert "pipe is something else, expected a file" in told.err
