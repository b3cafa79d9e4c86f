"""What is kept of an experiment, and where one comes from: as lists to choose from.

Each names what has to be typed for it, and says what came of it. Nothing here changes what is on the bench: an
experiment that is opened is handed back. All of it reads and writes files, and may run in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _, ngettext
from tutor.sandbox.bench import Reading
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.exporting import export
from tutor.sandbox.files import found, path_of
from tutor.sandbox.networks import Networks, fingerprint_of
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View, decode, encode
from tutor.sandbox.weights_file import BESIDE, lying_beside, open_weights, save_weights

WEIGHTS = (".safetensors", ".npz")
"""What the names of networks' files end in."""


class Outcome(NamedTuple):
    """What came of an errand."""

    word: str = ""
    """Said of it."""
    opened: tuple[Experiment, View] | None = None
    """Another experiment, to be looked at."""
    lines: str = ""
    """Shown in full: lines to copy."""
    heading: str = ""
    """What the lines are."""
    network: tuple[Model, str] | None = None
    """A network to put on the bench, and what it is called."""
    chosen: tuple[str, str] | None = None
    """A network that is to be had by its source, and what it is called."""
    then: Errand | None = None
    """What is asked next."""


class Errand(NamedTuple):
    """Something that can be done."""

    label: str
    do: Callable[[str], Outcome]
    """What is typed → what came of it. ValueError or OSError: in one line, why it could not be done."""
    asks: str = ""
    """What has to be typed; nothing when it is empty."""
    begins: str = ""
    """What stands in the line at first."""
    file: bool = False
    """Whether the name of a file is typed."""


def keeping(
    reading: Reading,
    view: View,
    shelf: Shelf | None = None,
    networks: Networks | None = None,
    network: Model | None = None,
) -> tuple[Errand, ...]:
    """What can be kept, and what was: as a string, on the shelf, as files.

    Args:
        shelf: the learner's; None where there is none.
        networks: where networks are kept that a string only names; None where there is no such place.
        network: the one that the experiment's source names.
    """
    experiment = reading.experiment

    def held() -> None:
        """What names a network is worth nothing without it."""
        if networks is not None and network is not None and fingerprint_of(experiment.source) is not None:
            networks.keep(network)

    def copied(_typed: str) -> Outcome:
        pasted = Errand("", opened, _("state"))
        try:
            held()
            text = encode(experiment, view)
            said = _("ctrl+c copies it; or paste another over it.")
            if fingerprint_of(experiment.source) is not None:
                said = _("ctrl+c copies it. Elsewhere its network comes as a file beside it, by --weights.")
            return Outcome(said, then=pasted._replace(begins=text))
        except (ValueError, OSError) as error:
            # Another string can be pasted all the same.
            return Outcome(str(error), then=pasted)

    def opened(text: str) -> Outcome:
        found = decode(text)
        if found == (experiment, view):
            return Outcome(_("This is the experiment on screen. Copy the string, or paste another in its place."))
        return Outcome(opened=found)

    def trace(text: str) -> Outcome:
        return Outcome(_saved(export(reading.run, path_of(text))))

    def saved(text: str) -> Outcome:
        path = path_of(text)
        lines = save_weights(reading.run.model, path)
        return Outcome(_saved(path), lines=lines, heading=_("In Python, with PyTorch"))

    errands = [Errand(_("a string: copy it, or paste another"), copied)]
    if shelf is not None:
        errands += _on_the_shelf(experiment, view, shelf, held)
    errands.append(Errand(_("the trace as a file: JSON, CSV, npz …"), trace, _("file"), "trace.json", file=True))
    errands.append(Errand(_("the network as a file for PyTorch …"), saved, _("file"), "network.npz", file=True))
    return tuple(errands)


def _on_the_shelf(experiment: Experiment, view: View, shelf: Shelf, held: Callable[[], None]) -> list[Errand]:
    def keep(name: str) -> Outcome:
        held()
        return Outcome(_("Kept as “{name}”.").format(name=shelf.keep(name, experiment, view)))

    def opened(name: str) -> Callable[[str], Outcome]:
        return lambda _typed: Outcome(_("“{name}”, from the shelf.").format(name=name), opened=shelf.open(name))

    def removed(name: str) -> Outcome:
        shelf.remove(name)
        return Outcome(_("“{name}” is off the shelf.").format(name=clean(name)))

    def unread(_typed: str) -> Outcome:
        shelf.names()
        return Outcome(lines="\n".join(shelf.problems), heading=_("On the shelf, and not to be read"))

    first = " ".join(experiment.tokens[:4])
    errands = [Errand(_("put it on the shelf …"), keep, _("name"), first[:60])]
    try:
        names = [one.name for one in shelf.names()]
    except OSError:
        return [*errands, Errand(_("the shelf cannot be read: why"), unread)]
    errands += [Errand(_("from the shelf: {name}").format(name=name), opened(name)) for name in names]
    if names:
        errands.append(Errand(_("take one off the shelf …"), removed, _("take off the shelf"), names[0]))
    if problems := len(shelf.problems):
        said = ngettext("{n} on the shelf cannot be read: why", "{n} on the shelf cannot be read: why", problems)
        errands.append(Errand(said.format(n=problems), unread))
    return errands


def opening(folder: Path | None = None) -> tuple[Errand, ...]:
    """Where else networks come from: a file of the learner's, and those that lie in a folder.

    Args:
        folder: where the command was started; None for no folder.
    """
    label = _("a file: safetensors or npz, of PyTorch's nn.RNN, nn.GRU, nn.LSTM …")
    there = () if folder is None else found(folder, WEIGHTS)
    return (
        Errand(label, lambda text: _weights(path_of(text)), _("file"), file=True),
        *(
            Errand(_("the file {name}").format(name=clean(path.name)), partial(_weights, path))
            for path in there
            if not path.name.endswith(BESIDE)
        ),
    )


def _weights(path: Path, _typed: str = "") -> Outcome:
    """A network from a file; what its file does not say is asked for, unless it was saved here and that lies beside."""
    beside = lying_beside(path)
    if beside is not None:
        return _on_the_bench(open_weights(path, beside), path)
    open_weights(path)
    asked = _("its vocabulary file, or nothing")
    return Outcome(then=Errand("", partial(_with_vocabulary, path), asked, file=True))


def _with_vocabulary(path: Path, text: str) -> Outcome:
    vocabulary = path_of(text) if text.strip() else None
    model = open_weights(path, vocabulary)
    if model.spec.cell != "rnn" or (vocabulary is not None and vocabulary.name.endswith(BESIDE)):
        return _on_the_bench(model, path)
    asked = _("its nonlinearity: tanh or relu")
    return Outcome(then=Errand("", partial(_with_nonlinearity, path, vocabulary), asked, "tanh"))


def _with_nonlinearity(path: Path, vocabulary: Path | None, text: str) -> Outcome:
    word = text.strip().casefold()
    if word not in ("tanh", "relu"):
        raise ValueError(_("“{text}” is neither tanh nor relu.").format(text=clean(text.strip())[:20]))
    return _on_the_bench(open_weights(path, vocabulary, nonlinearity=word), path)


def _on_the_bench(model: Model, path: Path) -> Outcome:
    return Outcome(network=(model, clean(path.name)))


def _saved(path: Path) -> str:
    return _("Saved: {file}").format(file=clean(str(path.absolute())))
