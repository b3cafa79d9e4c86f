"""Every hidden state of a network over a text, in lines."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.commands.arguments import json_argument
from tutor.commands.bench import bench, bench_arguments
from tutor.commands.command import Command, Refused
from tutor.commands.places import folders, lab_of
from tutor.commands.saying import print_json, say
from tutor.i18n import _

if TYPE_CHECKING:
    from tutor.engine.model import Model
    from tutor.sandbox.experiment import Experiment
    from tutor.sandbox.learning import Choices


def _trace_arguments(parser: ArgumentParser) -> None:
    bench_arguments(parser)
    shape = parser.add_mutually_exclusive_group()
    json_argument(shape)
    shape.add_argument("--csv", action="store_true", help=_("a row for each token"))


def _trace(options: Namespace) -> int:
    if options.text is None and options.state is None:
        raise Refused(_("which text? rnn-tutor trace TEXT"))
    from tutor.sandbox.experiment import tokens_of
    from tutor.sandbox.files import why

    start = bench(options)
    try:
        experiment = start["experiment"]
        run = experiment.run(_network(options, **start))
    except (OSError, ValueError) as error:
        raise Refused(why(error)) from error
    every = len(tokens_of(experiment.text, run.spec.unit))
    if len(run.tokens) < every:
        left_out = _("the first {n:,} of {total:,} tokens are read, and the rest is left out")
        say(left_out.format(n=len(run.tokens), total=every))
    from tutor.plain.pictures import trace_rows
    from tutor.plain.stream import show
    from tutor.sandbox.exporting import csv_of, told

    if options.json:
        print_json(told(run))
    elif options.csv:
        sys.stdout.writelines(csv_of(run))
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
        from tutor.course.outline import lessons_dir
        from tutor.sandbox.library import LentNetworks
        from tutor.sandbox.networks import Networks

        library = LentNetworks(
            lessons_dir(), lambda: (), lambda lesson: lab_of(lesson, options), Networks(folders(options)[0])
        )
        return experiment.model({experiment.source: library.lend(experiment.source)})
    if corpus is None:
        return experiment.model()
    from tutor.engine.model import Model
    from tutor.sandbox import learning
    from tutor.sandbox.corpora import look

    lab = learning.lab(look(corpus), choices or learning.Choices(), cache=folders(options)[1])
    for checkpoint in lab.train(learning.NAME):
        if sys.stderr.isatty():
            print(f"\r{checkpoint.step} / {checkpoint.steps}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    model = lab.learner(learning.NAME)
    if not isinstance(model, Model):
        raise ValueError(_("a network that forecasts reads numbers, and no text"))
    return model


TRACE = Command("trace", _("every hidden state of a network over a text"), _trace_arguments, _trace)
