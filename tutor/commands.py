"""The subcommands, as a table: name, help, its own arguments, what it does.

A subcommand imports what it needs when it runs, and nothing here is imported for another one's sake. What
reaches the terminal is cleaned first: a lesson, a file or an argument may hold control characters.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tutor.i18n import _, ngettext

if TYPE_CHECKING:
    from tutor.course.outline import Outline
    from tutor.engine.model import Model
    from tutor.progress import Progress
    from tutor.sandbox.experiment import Experiment
    from tutor.sandbox.learning import Choices

CELLS = ("rnn", "gru", "lstm")
"""The registry's names, known here so that parsing needs no NumPy; a test holds the two together."""


class Refused(Exception):
    """The command ends with one line on standard error."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class Command(NamedTuple):
    """A subcommand."""

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


# Words and values


def say(message: str) -> None:
    """One line on standard error."""
    print(f"rnn-tutor: {cleaned(message)}", file=sys.stderr)


def cleaned(text: str) -> str:
    """`text` without control characters. The engine is asked only when there may be one: it brings NumPy."""
    if text.isprintable():
        return text
    from tutor.engine.text import clean

    return clean(text)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of a line about a name that there is not: the nearest one that there is."""
    from difflib import get_close_matches

    by_fold = {name.casefold(): name for name in names}
    near = get_close_matches(word.casefold(), by_fold, 1, 0.5)
    return "; " + _("did you mean {name}?").format(name=by_fold[near[0]]) if near else ""


def _whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds."""
    if high is None:
        expected = _("a whole number, {low} or more").format(low=low)
    else:
        expected = _("a whole number from {low} to {high}").format(low=low, high=high)

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            raise ArgumentTypeError(_("expected {what}, got {text}").format(what=expected, text=text))
        return number

    return parse


def _positive(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(_("expected a number above 0, got {text}").format(text=text))
    return number


def _one_of(*names: str) -> Callable[[str], str]:
    """One of some names."""

    def parse(text: str) -> str:
        if text not in names:
            said = _("expected one of {names}, got {text}").format(names=", ".join(names), text=text)
            raise ArgumentTypeError(said + did_you_mean(text, names))
        return text

    return parse


def _nothing(parser: ArgumentParser) -> None:
    """No arguments of its own."""


# Folders, lessons, the terminal


def _folders(options: Namespace) -> tuple[Path, Path | None]:
    """The data folder and the cache's. Neither is made, and neither need be writable."""
    import platformdirs

    given = getattr(options, "data_dir", None)
    if given == "":
        raise Refused(_("--data-dir is empty; name a folder"))
    given = given or os.environ.get("RNN_TUTOR_DATA")
    data = Path(given) if given else Path(platformdirs.user_data_dir("rnn-tutor", appauthor=False))
    if os.environ.get("RNN_TUTOR_CACHE"):
        return data, Path(os.environ["RNN_TUTOR_CACHE"])
    if given:
        return data, data / "cache"
    return data, Path(platformdirs.user_cache_dir("rnn-tutor", appauthor=False))


def _progress(options: Namespace) -> Progress:
    """What the learner did; what is wrong with the store is said."""
    from tutor.progress import Progress

    progress = Progress(_folders(options)[0])
    if progress.problem:
        say(progress.problem)
    return progress


def _outlines() -> tuple[Outline, ...]:
    """The course, as front matter; what is left out of it is said."""
    from tutor.course.outline import lessons_dir, read_outlines

    outlines, problems = read_outlines(lessons_dir())
    for problem in problems:
        say(str(problem))
    return outlines


def _outline(name: str, outlines: Sequence[Outline]) -> Outline:
    """The lesson of an id, or of a number."""
    for outline in outlines:
        if name in (outline.id, str(outline.number)):
            return outline
    said = _("there is no lesson {name}").format(name=name)
    hint = did_you_mean(name, [outline.id for outline in outlines])
    raise Refused(said + (hint or "; " + _("rnn-tutor lessons lists them")))


def _need_terminal() -> None:
    """The screens need one, in and out."""
    for stream, name in ((sys.stdin, _("standard input")), (sys.stdout, _("standard output"))):
        if stream is None or not stream.isatty():
            said = _("{stream} is not a terminal; the screens need one (rnn-tutor read ID does not)")
            raise Refused(said.format(stream=name))


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _print_json(value: object) -> None:
    """One JSON value; what is not finite is null."""
    import json

    said = json.dumps(_finite(value), ensure_ascii=not _is_utf8(), allow_nan=False)
    # Escaped, a control character of an answer or a title is as harmless as it is exact.
    print(said if said.isprintable() else json.dumps(_finite(value), allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


# The screens


def _open(options: Namespace, screen: str, lesson: str = "", **start: Any) -> int:
    """Open the app. Nothing is loaded before its first paint that the paint does not need.

    Args:
        options: the command's.
        screen: which is in front.
        lesson: the id of the one that is opened.
        start: what else `Start` has.
    """
    from tutor.course.outline import lessons_dir
    from tutor.ui.app import RnnTutorApp, Start

    if not sys.stderr.isatty():
        # Textual draws on standard error. Where that is a file, the picture still belongs on the terminal.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    progress = _progress(options)
    said = progress.problem
    app = RnnTutorApp(lessons_dir(), progress, _folders(options)[1], Start(screen, lesson, **start))
    app.run()
    progress.close()
    if progress.problem and progress.problem != said:
        say(progress.problem)
    return 1 if app.return_code else 0


def _home(options: Namespace) -> int:
    _need_terminal()
    return _open(options, "home")


def _lesson_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", help=_("default: the next unfinished"))


def _lesson(options: Namespace) -> int:
    outlines = _outlines()
    if options.id is not None:
        chosen = _outline(options.id, outlines)
        _need_terminal()
        return _open(options, "lesson", chosen.id)
    _need_terminal()
    if not outlines:
        raise Refused(_("there are no lessons here"), 1)
    progress = _progress(options)
    unfinished = (o for o in outlines if len(progress.completed(o.id)) < o.steps)
    progress.close()
    return _open(options, "lesson", next(unfinished, outlines[0]).id)


def _experiment_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="?")
    parser.add_argument("--cell", type=_one_of(*CELLS), metavar="|".join(CELLS))
    parser.add_argument("--hidden", type=_whole(1, 512), metavar="N", help=_("units, 1 to 512"))
    parser.add_argument("--layers", type=_whole(1, 8), metavar="N", help=_("layers, 1 to 8"))
    parser.add_argument("--bidirectional", action="store_true", default=None)
    parser.add_argument("--seed", type=_whole(0), metavar="N")


def _sandbox_arguments(parser: ArgumentParser) -> None:
    _experiment_arguments(parser)
    parser.add_argument("--corpus", type=Path, metavar="FILE", help=_("train a network on this file"))
    parser.add_argument("--weights", type=Path, metavar="FILE", help=_("PyTorch's network: safetensors or npz"))
    parser.add_argument("--vocabulary", type=Path, metavar="FILE", help=_("the tokens of its inputs"))
    parser.add_argument("--state", metavar="STRING", help=_("an experiment that was copied"))


def _experiment(options: Namespace) -> Experiment:
    """The experiment that the options ask for; what they do not name is its default."""
    from tutor.sandbox.experiment import Experiment

    names = ("text", "cell", "hidden", "layers", "bidirectional", "seed")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    try:
        return Experiment(**given)
    except ValueError as error:
        raise Refused(str(error)) from error


def _sandbox(options: Namespace) -> int:
    start = _bench(options)
    _need_terminal()
    return _open(options, "sandbox", **start)


def _bench(options: Namespace) -> dict[str, Any]:
    """What the sandbox opens with; a file or a string that cannot be used ends the command in one line."""
    network = ("--cell", "--hidden", "--layers", "--bidirectional", "--seed")
    given = [name for name in network if getattr(options, name.removeprefix("--")) is not None]
    if options.vocabulary is not None and options.weights is None:
        raise Refused(_("--vocabulary says what the inputs of --weights are: give both"))
    for name, value in (("--state", options.state), ("--weights", options.weights)):
        others = [*given, *(["--weights"] if name == "--state" and options.weights is not None else [])]
        others += ["TEXT"] if name == "--state" and options.text is not None else []
        if value is not None and others:
            raise Refused(_("{name} has its own: leave out {others}").format(name=name, others=", ".join(others)))
    try:
        if options.state is not None:
            from tutor.sandbox.state import decode

            experiment, view = decode(options.state)
            return {"experiment": experiment, "view": view, "corpus": _there(options.corpus)}
        if options.weights is not None:
            from tutor.sandbox.experiment import Experiment
            from tutor.sandbox.weights_file import open_weights

            _there(options.weights)
            _there(options.vocabulary)
            model = open_weights(options.weights, options.vocabulary)
            source = f"file:{cleaned(options.weights.name)}"
            text = {} if options.text is None else {"text": options.text}
            experiment = Experiment(source=source, unit=model.spec.unit, **text)
            return {"experiment": experiment, "network": (source, model), "corpus": _there(options.corpus)}
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror or error}") from error
    except ValueError as error:
        raise Refused(str(error)) from error
    if _there(options.corpus) is None:
        return {"experiment": _experiment(options)}
    return {"experiment": _experiment(options), "corpus": options.corpus, "choices": _choices(options)}


def _choices(options: Namespace) -> Choices:
    """The network that is to learn from a file; what the options do not name is as it learns well."""
    from tutor.sandbox.learning import Choices

    names = ("cell", "hidden", "layers", "bidirectional", "seed")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return Choices(**given)


def _there(path: Path | None) -> Path | None:
    """A file that has to be there; what it holds is seen when it is open."""
    if path is not None and not path.is_file():
        what = _("{path} is a folder, expected a file") if path.is_dir() else _("there is no {path}")
        raise Refused(what.format(path=path))
    return path


# The course in lines


def _lessons_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("one JSON value and nothing else"))


def _lessons(options: Namespace) -> int:
    progress = _progress(options)
    outlines = _outlines()
    done = {outline.id: len(progress.completed(outline.id)) for outline in outlines}
    if options.json:
        _print_json(
            [
                {
                    "id": outline.id,
                    "title": outline.title,
                    "part": outline.part,
                    "minutes": outline.minutes,
                    "steps": outline.steps,
                    "completed": min(done[outline.id], outline.steps),
                }
                for outline in outlines
            ]
        )
        return 0
    part = None
    widest = max((len(outline.id) for outline in outlines), default=0)
    for outline in outlines:
        if outline.part != part:
            part = outline.part
            print(cleaned(part))
        steps = _("{done} of {steps} steps").format(done=min(done[outline.id], outline.steps), steps=outline.steps)
        minutes = _("{n} min").format(n=outline.minutes)
        where = f"{outline.number:>4}  {outline.id.ljust(widest)}  {minutes:>7}  {steps}"
        print(cleaned(f"{where}  {outline.title}"))
    if not outlines:
        print(_("There are no lessons here."))
    return 0


def _read_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", help=_("a lesson's id or number: rnn-tutor lessons"))


def _read(options: Namespace) -> int:
    if options.id is None:
        raise Refused(_("which lesson? rnn-tutor read ID; rnn-tutor lessons lists them"))
    outline = _outline(options.id, _outlines())
    from tutor.course.lab import Lab
    from tutor.course.load import LessonError, load_lesson
    from tutor.course.outline import lessons_dir
    from tutor.plain.telling import tell

    try:
        lesson = load_lesson(outline)
    except LessonError as error:
        raise Refused(_some(error.problems), 1) from error
    lab = Lab(lesson.models, folder=lessons_dir(), cache=_folders(options)[1])
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        tell(lesson, lab, sys.stdout, None)
        return 0
    progress = _progress(options)
    tell(lesson, lab, sys.stdout, input, progress)
    progress.close()
    if progress.problem:
        say(progress.problem)
    return 0


def _some(problems: Sequence[object]) -> str:
    """The first of some problems, and how many more there are."""
    rest = len(problems) - 1
    if not rest:
        return str(problems[0])
    more = ngettext("{n} more: rnn-tutor check", "{n} more: rnn-tutor check", rest).format(n=rest)
    return f"{problems[0]} ({more})"


# The engine in lines


def _trace_arguments(parser: ArgumentParser) -> None:
    _sandbox_arguments(parser)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help=_("one JSON value and nothing else"))
    shape.add_argument("--csv", action="store_true", help=_("a row for each token"))


def _trace(options: Namespace) -> int:
    if options.text is None and options.state is None:
        raise Refused(_("which text? rnn-tutor trace TEXT"))
    start = _bench(options)
    try:
        run = start["experiment"].run(_network(options, **start))
    except ValueError as error:
        raise Refused(str(error)) from error
    from tutor.plain.pictures import trace_rows
    from tutor.plain.stream import show
    from tutor.sandbox.exporting import csv_of, told

    if options.json:
        _print_json(told(run))
    elif options.csv:
        print(csv_of(run), end="")
    else:
        show(sys.stdout, lambda width, look: trace_rows(run, width, look))
    return 0


def _network(
    options: Namespace,
    experiment: Experiment,
    network: tuple[str, Model] | None = None,
    corpus: Path | None = None,
    choices: Choices | None = None,
    **_start: Any,
) -> Model:
    """The network that reads an experiment: a file's, a lesson's, one that learns from a corpus first, or its own.

    Raises:
        ValueError: in one line, why there is none.
    """
    if network is not None:
        return experiment.model(dict([network]))
    if experiment.source:
        from tutor.course.lab import Lab
        from tutor.course.outline import lessons_dir
        from tutor.sandbox.library import LessonNetworks

        folder, cache = lessons_dir(), _folders(options)[1]
        library = LessonNetworks(folder, lambda: (), lambda lesson: Lab(lesson.models, folder=folder, cache=cache))
        return experiment.model({experiment.source: library.lend(experiment.source)})
    if corpus is None:
        return experiment.model()
    from tutor.engine.model import Model
    from tutor.sandbox import learning
    from tutor.sandbox.corpora import look

    lab = learning.lab(look(corpus), choices or learning.Choices(), cache=_folders(options)[1])
    for checkpoint in lab.train(learning.NAME):
        if sys.stderr.isatty():
            print(f"\r{checkpoint.step} / {checkpoint.steps}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    model = lab.learner(learning.NAME)
    if not isinstance(model, Model):
        raise ValueError(_("a network that forecasts reads numbers, and no text"))
    return model


def _gradient_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--cell", type=_one_of(*CELLS), default="rnn", metavar="|".join(CELLS))
    parser.add_argument("--steps", type=_whole(1, 10_000), default=50, metavar="N", help=_("1 to 10000"))
    parser.add_argument("--hidden", type=_whole(1, 512), default=16, metavar="N", help=_("units, 1 to 512"))
    parser.add_argument(
        "--radius", type=_positive, default=0.9, metavar="R", help=_("W_h is R times an orthogonal matrix")
    )
    activations = ("tanh", "relu", "identity")
    parser.add_argument("--activation", type=_one_of(*activations), default="tanh", metavar="|".join(activations))
    parser.add_argument("--seed", type=_whole(0), default=0, metavar="N")
    parser.add_argument("--json", action="store_true", help=_("one JSON value and nothing else"))


def _gradient(options: Namespace) -> int:
    from tutor.engine.gradient_flow import decay

    try:
        flow = decay(
            options.cell,
            steps=options.steps,
            hidden_size=options.hidden,
            radius=options.radius,
            activation=options.activation,
            seed=options.seed,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    log10_norms = flow.log10_spectral_norms[::-1].tolist()
    if options.json:
        _print_json(
            {
                "cell": options.cell,
                "steps": options.steps,
                "radius": options.radius,
                "norms": flow.spectral_norms[::-1].tolist(),
                "log10_norms": log10_norms,
            }
        )
        return 0
    from tutor.plain.pictures import gradient_rows
    from tutor.plain.stream import show

    name = options.cell.upper() + f" ρ={options.radius:g}"
    if options.cell == "rnn":
        name += f" {options.activation}"
    show(sys.stdout, lambda width, look: gradient_rows(name, log10_norms, width, look))
    return 0


def _check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help=_("lesson files or folders"))
    parser.add_argument(
        "--seeds", type=_whole(1, 1000), metavar="N", help=_("hold every answer and claim over N seeds")
    )


def _check(options: Namespace) -> int:
    from tutor.course.outline import lessons_dir

    paths = options.paths or [lessons_dir()]
    for path in paths:
        if not os.path.exists(path):
            beside = path.parent if os.path.isdir(path.parent) else Path(".")
            names = [str(beside / name) for name in sorted(os.listdir(beside))]
            raise Refused(_("there is no {path}").format(path=path) + did_you_mean(str(path), names))
    from tutor.course.check import check

    told = say if sys.stderr.isatty() else None
    problems = check(paths, options.seeds, told, processes=os.cpu_count() or 1)
    for problem in problems:
        print(cleaned(str(problem)))
    if problems:
        return 1
    print(_("Nothing is wrong."))
    return 0


# The learner


def _progress_arguments(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--json", action="store_true", help=_("one JSON value and nothing else"))
    which.add_argument("--export", type=Path, metavar="FILE", help=_("write everything to a JSON file"))
    which.add_argument("--reset", action="store_true", help=_("forget everything; a copy stays in the data folder"))


def _show_progress(options: Namespace) -> int:
    from dataclasses import asdict

    from tutor.progress import StoreError

    progress = _progress(options)
    try:
        if options.reset:
            kept = progress.reset()
            said = _("Everything is forgotten. What was there is kept in {path}.")
            print(cleaned(said.format(path=kept)) if kept else _("There was nothing to forget."))
            return 0
        if options.export is not None:
            progress.export(options.export)
            print(cleaned(_("Everything is in {path}.").format(path=options.export)))
            return 0
    except StoreError as error:
        raise Refused(str(error), 1) from error
    calibration = progress.calibration()
    if options.json:
        _print_json(
            {
                "attempts": [asdict(attempt) for attempt in progress.attempts()],
                "calibration": {name: {"right": right, "total": total} for name, (right, total) in calibration.items()},
                "due": [{"lesson": attempt.lesson, "key": attempt.key} for attempt in progress.due()],
                "completed": progress.as_dict()["completed"],
            }
        )
        return 0
    attempts = progress.attempts()
    print(ngettext("{n} answer", "{n} answers", len(attempts)).format(n=len(attempts)))
    names = {"guess": _("a guess"), "fairly": _("fairly sure"), "certain": _("certain")}
    for name, (right, total) in calibration.items():
        if total:
            print(_("{how}: right {right} of {total}").format(how=names[name], right=right, total=total))
    for attempt in progress.due():
        step = attempt.key.partition(".")[0]
        print(cleaned(_("due: {lesson}, step {n}").format(lesson=attempt.lesson, n=step)))
    return 0


def _doctor(options: Namespace) -> int:
    from tutor.doctor import examine

    data, cache = _folders(options)
    findings = examine(data, cache)
    for finding in findings:
        sign = {True: _("ok"), False: _("wrong"), None: _("note")}[finding.ok]
        print(f"{sign:<6} {cleaned(finding.what)}")
    return 1 if any(finding.ok is False for finding in findings) else 0


HOME = Command("", _("Understand recurrent neural networks: predict, step, train, see."), _nothing, _home)
"""What the command does without a subcommand."""

COMMANDS = (
    Command("lesson", _("straight into a lesson"), _lesson_arguments, _lesson),
    Command("sandbox", _("any sentence under the lens"), _sandbox_arguments, _sandbox),
    Command("lessons", _("the course, and how far you are"), _lessons_arguments, _lessons),
    Command("read", _("a lesson as plain text, figures as tables"), _read_arguments, _read),
    Command("trace", _("every hidden state of a network over a text"), _trace_arguments, _trace),
    Command("gradient", _("how a gradient changes with distance"), _gradient_arguments, _gradient),
    Command("check", _("look for what is wrong in lessons"), _check_arguments, _check),
    Command("progress", _("your answers, how sure you were, what is due"), _progress_arguments, _show_progress),
    Command("doctor", _("what the terminal can do, and whether your answers are safe"), _nothing, _doctor),
)
