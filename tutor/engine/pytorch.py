"""What PyTorch's names mean: the state_dict of one nn.RNN, nn.GRU or nn.LSTM in a file as a `Recurrent`, and back.

A file says neither the cell nor its sizes: they follow from names and shapes. They are settled, and every name and
shape is held against them, before a number is unpacked or a network is made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tutor.engine import weights
from tutor.engine.declared import Declared
from tutor.engine.recurrent import Recurrent

_CELLS = {1: "rnn", 3: "gru", 4: "lstm"}
"""Rows of weight_hh for each of its columns → the cell."""
_CLASSES = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
_EXPECTED = "the weights of one nn.RNN, nn.GRU or nn.LSTM"
_NAME = re.compile(r"((?:.*\.)?)(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(0|[1-9][0-9]{0,3})((?:_reverse)?)")


def open_recurrent(path: str | os.PathLike[str], *, nonlinearity: str = "tanh") -> Recurrent:
    """A network from a safetensors or npz file that holds the state_dict of one `nn.RNN`, `nn.GRU` or `nn.LSTM`.

    The cell, its sizes, layers, directions, biases and precision are inferred; a common prefix ("encoder.rnn.") is
    passed over; float16 becomes float32.

    Args:
        path: the file; what it is called does not matter.
        nonlinearity: of an RNN, "tanh" or "relu": the one thing that a state_dict does not tell.

    Raises:
        OSError: it cannot be read.
        ValueError: in one line that begins with the file's name, what is wrong with it; of a pickle, how to convert
            it. Or a nonlinearity that the cell does not have.
    """
    file = weights.opened(Path(path))
    with weights.about(file.path):
        prefix, options = _understood(file.declared)
    # The numbers come first: a network is as large as a file says, and only then is it known to be true.
    state = {name.removeprefix(prefix): array for name, array in file.arrays().items()}
    net = Recurrent(**options, nonlinearity=nonlinearity, init="zeros")
    net.load_state_dict(state)
    return net


def save_recurrent(path: str | os.PathLike[str], net: Recurrent) -> None:
    """Write a network's weights by PyTorch's names, as safetensors or npz by the suffix, whole or not at all.

    Raises:
        OSError: it cannot be written.
        ValueError: another suffix, a network that `torch.nn` does not have, weights that are not finite, or
            safetensors without its library.
    """
    _known(net)
    weights.write(Path(path), net.state_dict())


def pytorch_lines(path: str | os.PathLike[str], net: Recurrent) -> str:
    """The lines of Python that open in PyTorch what `save_recurrent` writes; they leave the module in `net`.

    Raises:
        ValueError: another suffix, or a network that `torch.nn` does not have.
    """
    _known(net)
    options = {
        "num_layers": (net.num_layers, 1),
        "nonlinearity": (net.nonlinearity, "tanh"),
        "bias": (net.bias, True),
        "bidirectional": (net.bidirectional, False),
    }
    said = [f"{net.input_size}, {net.hidden_size}"]
    said += [f"{name}={value!r}" for name, (value, default) in options.items() if value != default]
    said += [f"dtype=torch.{net.dtype}"] if net.dtype != np.dtype(np.float32) else []
    if weights.suffix(Path(path)) == ".npz":
        load = "import numpy as np\nimport torch\n"
        state = f"{{name: torch.from_numpy(array) for name, array in np.load({os.fspath(path)!r}).items()}}"
    else:
        load = "import torch\nfrom safetensors.torch import load_file\n"
        state = f"load_file({os.fspath(path)!r})"
    return f"{load}\nnet = torch.nn.{_CLASSES[net.cell]}({', '.join(said)})\nnet.load_state_dict({state})\n"


def _known(net: Recurrent) -> None:
    """Refuse what would load into PyTorch and then compute something else."""
    if net.reset != "after":
        raise ValueError(f"net: got reset={net.reset!r}, expected 'after': PyTorch's GRU has no other")
    if net.nonlinearity == "identity":
        raise ValueError("net: got nonlinearity='identity', expected 'tanh' or 'relu': PyTorch's RNN has no other")


def _understood(declared: Mapping[str, Declared]) -> tuple[str, dict[str, Any]]:
    """The common prefix, and what a `Recurrent` has to be, from names and shapes alone."""
    prefix, num_layers, bidirectional, bias = _named(declared)
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if bias else 2]
    places = list(product(range(num_layers), ("", "_reverse")[: 1 + bidirectional], kinds))
    for layer, end, kind in places:
        if f"{prefix}{kind}_l{layer}{end}" not in declared:
            raise ValueError(f"{prefix}{kind}_l{layer}{end} is missing")
    hh, ih = (declared[f"{prefix}{kind}_l0"].shape for kind in ("weight_hh", "weight_ih"))
    cell = _CELLS.get(hh[0] // hh[1]) if len(hh) == 2 and hh[0] % hh[1] == 0 else None
    if cell is None:
        raise ValueError(f"{prefix}weight_hh_l0 has the shape {hh}, expected (H, H), (3·H, H) or (4·H, H)")
    rows, H = hh
    D = ih[-1] if ih else 1
    dtype = declared[f"{prefix}weight_hh_l0"].dtype.newbyteorder("=")
    for layer, end, kind in places:
        name = f"{prefix}{kind}_l{layer}{end}"
        width = H if kind == "weight_hh" else D if layer == 0 else H * (1 + bidirectional)
        fits = (rows, width) if kind.startswith("weight") else (rows,)
        if declared[name].shape != fits:
            raise ValueError(f"{name} has the shape {declared[name].shape}, expected {fits}")
        if declared[name].dtype.newbyteorder("=") != dtype:
            raise ValueError(f"{name} has dtype {declared[name].dtype}, expected {dtype} as weight_hh_l0 has")
    return prefix, {
        "cell": cell,
        "input_size": D,
        "hidden_size": H,
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "bias": bias,
        "dtype": np.result_type(dtype, np.float32),
    }


def _named(names: Iterable[str]) -> tuple[str, int, bool, bool]:
    """The common prefix, how many layers there are, whether there is a second direction, and whether biases."""
    parts = []
    for name in names:
        match = _NAME.fullmatch(name)
        if not match:
            raise ValueError(f"{name} is stray, expected {_EXPECTED}")
        if match[2] == "weight_hr":
            raise ValueError(f"{name} is a projection (proj_size), and projections are not supported")
        parts.append(match.groups())
    if not parts:
        raise ValueError(f"there is nothing in it, expected {_EXPECTED}")
    prefixes, kinds, layers, ends = (set(column) for column in zip(*parts, strict=True))
    if len(prefixes) > 1:
        raise ValueError(f"it holds {' and '.join(map(repr, sorted(prefixes)[:2]))}, expected {_EXPECTED}")
    # A layer left out shows as one that is missing: they are counted, and a number in a name is never believed.
    return prefixes.pop(), len(layers), "_reverse" in ends, not kinds.isdisjoint(("bias_ih", "bias_hh"))
