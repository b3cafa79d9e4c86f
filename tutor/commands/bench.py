"""What goes under the lens, as arguments: a text, a network or the file of one, a copied experiment, a corpus."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.commands.arguments import CELLS, one_of, whole
from tutor.commands.command import Refused
from tutor.commands.saying import cleaned, not_there
from tutor.i18n import _

if TYPE_CHECKING:
    from tutor.engine.model import Model
    from tutor.sandbox.experiment import Experiment
    from tutor.sandbox.learning import Choices


_NETWORK = ("cell", "hidden", "layers", "bidirectional", "seed")
"""What is said of a network that is built here."""


def bench_arguments(parser: ArgumentParser) -> None:
    """What the sandbox and a trace take."""
    parser.add_argument("text", metavar="TEXT", nargs="?")
    parser.add_argument("--cell", type=one_of(*CELLS), metavar="|".join(CELLS))
    parser.add_argument("--hidden", type=whole(1, 512), metavar="N", help=_("units, 1 to 512"))
    parser.add_argument("--layers", type=whole(1, 8), metavar="N", help=_("layers, 1 to 8"))
    parser.add_argument("--bidirectional", action="store_true", default=None)
    parser.add_argument("--seed", type=whole(0), metavar="N")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help=_("train a network on this file"))
    parser.add_argument("--weights", type=Path, metavar="FILE", help=_("PyTorch's network: safetensors or npz"))
    parser.add_argument("--vocabulary", type=Path, metavar="FILE", help=_("the tokens of its inputs"))
    parser.add_argument(
        "--nonlinearity",
        type=one_of("tanh", "relu"),
        metavar="tanh|relu",
        help=_("of an nn.RNN in --weights: its file does not say which"),
    )
    parser.add_argument("--state", metavar="STRING", help=_("an experiment that was copied"))


def bench(options: Namespace) -> dict[str, Any]:
    """What the sandbox opens with; a file or a string that cannot be used ends the command in one line."""
    given = [f"--{name}" for name in _given(options, *_NETWORK)]
    for name in ("vocabulary", "nonlinearity"):
        if getattr(options, name) is not None and options.weights is None:
            raise Refused(_("--{name} says what --weights does not: give both").format(name=name))
    for name, value in (("--state", options.state), ("--weights", options.weights)):
        others = [*given, *(f"--{other}" for other in _given(options, "corpus"))]
        others += ["TEXT"] if name == "--state" and options.text is not None else []
        if value is not None and others:
            raise Refused(_("{name} has its own: leave out {others}").format(name=name, others=", ".join(others)))
    corpus = _there(options.corpus)
    from tutor.sandbox.files import why

    try:
        if options.state is not None:
            return _copied(options)
        if options.weights is not None:
            return _from_a_file(options)
    except (OSError, ValueError) as error:
        raise Refused(why(error)) from error
    if corpus is None:
        return {"experiment": _experiment(options)}
    return {"experiment": _experiment(options), "corpus": corpus, "choices": _choices(options)}


def _copied(options: Namespace) -> dict[str, Any]:
    """An experiment as a string; the network that it names may come as a file.

    Raises:
        OSError, ValueError: why it cannot be opened.
    """
    from tutor.sandbox.networks import fingerprint, fingerprint_of
    from tutor.sandbox.state import decode

    experiment, view = decode(options.state)
    start: dict[str, Any] = {"experiment": experiment, "view": view}
    if options.weights is None:
        return start
    model = _weights(options)
    if fingerprint_of(experiment.source) != fingerprint(model):
        raise ValueError(_("--weights: this is not the network of --state"))
    return {**start, "network": (experiment.source, model)}


def _from_a_file(options: Namespace) -> dict[str, Any]:
    """A network in a file, over a text.

    Raises:
        OSError, ValueError: why it cannot be opened.
    """
    from tutor.sandbox.experiment import Experiment
    from tutor.sandbox.networks import source_of

    model = _weights(options)
    source = source_of(model, cleaned(options.weights.name))
    text = {} if options.text is None else {"text": options.text}
    return {"experiment": Experiment(source=source, unit=model.spec.unit, **text), "network": (source, model)}


def _weights(options: Namespace) -> Model:
    from tutor.sandbox.weights_file import lying_beside, open_weights

    weights, vocabulary = _there(options.weights), _there(options.vocabulary)
    assert weights is not None
    # Saved here: what it belongs with lies beside it.
    return open_weights(weights, vocabulary or lying_beside(weights), nonlinearity=options.nonlinearity or "")


def _experiment(options: Namespace) -> Experiment:
    """The experiment that the options ask for; what they do not name is its default."""
    from tutor.sandbox.experiment import Experiment

    try:
        return Experiment(**_given(options, "text", *_NETWORK))
    except ValueError as error:
        raise Refused(str(error)) from error


def _choices(options: Namespace) -> Choices:
    """The network that is to learn from a file; what the options do not name is as it learns well."""
    from tutor.sandbox.learning import Choices

    return Choices(**_given(options, *_NETWORK))


def _given(options: Namespace, *names: str) -> dict[str, Any]:
    """Those of some options that were given."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _there(path: Path | None) -> Path | None:
    """A file that has to be there; what it holds is seen when it is open."""
    if path is not None and not path.is_file():
        if not path.exists():
            raise Refused(not_there(path))
        folder, other = _("{path} is a folder, expected a file"), _("{path} is something else, expected a file")
        raise Refused((folder if path.is_dir() else other).format(path=path))
    return path
