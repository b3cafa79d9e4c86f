"""What is kept of an experiment, and where one comes from: as lists to choose from.

Each names what has to be typed for it, and says what came of it. Nothing here changes what is on the bench: an
experiment that is opened is handed back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.bench import Reading
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.exporting import export
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View, decode, encode
from tutor.sandbox.weights_file import open_weights, save_weights


class Outcome(NamedTuple):
    """What came of an errand."""

    word: str = ""
    """Said of it."""
    opened: tuple[Experiment, View] | None = None
    """Another experiment, to be looked at."""
    lines: str = ""
    """Shown in full: lines to copy."""
    network: tuple[str, Model] | None = None
    """A network to put on the bench, by the name that an experiment calls it by."""


class Errand(NamedTuple):
    """Something that can be done."""

    label: str
    do: Callable[[str], Outcome]
    """What is typed → what came of it. ValueError or OSError: in one line, why it could not be done."""
    asks: str = ""
    """What has to be typed; nothing when it is empty."""
    begins: str = ""
    """What stands in the line at first."""


def keeping(reading: Reading, view: View, shelf: Shelf | None) -> tuple[Errand, ...]:
    """What can be kept, and what was: as a string, on the shelf, as files.

    Args:
        shelf: the learner's; None where there is none.
    """
    experiment = reading.experiment

    def state(text: str) -> Outcome:
        opened = decode(text)
        if opened == (experiment, view):
            return Outcome(_("This is the experiment on screen. Copy the string, or paste another in its place."))
        return Outcome(opened=opened)

    def trace(text: str) -> Outcome:
        return Outcome(_saved(export(reading.run, _path(text))))

    def network(text: str) -> Outcome:
        path = _path(text)
        lines = save_weights(reading.run.model, path)
        return Outcome(_saved(path), lines=lines)

    found = []
    try:
        text = encode(experiment, view)
    except ValueError:
        # No string holds its network; another string can be pasted all the same.
        text = ""
    found.append(Errand(_("a string: copy it, or paste another"), state, _("state"), text))
    if shelf is not None:
        found += _on_the_shelf(experiment, view, shelf)
    found.append(Errand(_("the trace as a file: JSON, CSV, npz …"), trace, _("file"), "trace.json"))
    found.append(Errand(_("the network as a file for PyTorch …"), network, _("file"), "network.npz"))
    return tuple(found)


def _on_the_shelf(experiment: Experiment, view: View, shelf: Shelf) -> list[Errand]:
    def keep(name: str) -> Outcome:
        return Outcome(_("Kept as “{name}”.").format(name=shelf.keep(name, experiment, view)))

    def opened(name: str) -> Callable[[str], Outcome]:
        return lambda _typed: Outcome(opened=shelf.open(name))

    def removed(name: str) -> Outcome:
        shelf.remove(name)
        return Outcome(_("“{name}” is off the shelf.").format(name=clean(name)))

    first = " ".join(experiment.tokens[:4])
    names = [one.name for one in shelf.names()]
    found = [Errand(_("put it on the shelf …"), keep, _("name"), first[:60])]
    found += [Errand(_("from the shelf: {name}").format(name=name), opened(name)) for name in names]
    if names:
        found.append(Errand(_("take one off the shelf …"), removed, _("name"), names[0]))
    return found


def opening() -> tuple[Errand, ...]:
    """Where else networks come from."""

    def weights(text: str) -> Outcome:
        words = text.split(" + ")
        path = _path(words[0])
        vocabulary = _path(words[1]) if len(words) > 1 else None
        model = open_weights(path, vocabulary)
        return Outcome(network=(f"file:{clean(path.name)}", model))

    label = _("a file: safetensors or npz, of PyTorch's nn.RNN, nn.GRU, nn.LSTM …")
    return (Errand(label, weights, _("file, or file + vocabulary"), ""),)


def _path(text: str) -> Path:
    text = text.strip()
    if not text:
        raise ValueError(_("Write the name of a file. esc keeps everything as it was."))
    if "\0" in text:
        raise ValueError(_("No file can have this name."))
    return Path(text).expanduser()


def _saved(path: Path) -> str:
    return _("Saved: {file}").format(file=clean(str(path.absolute())))
