"""What PyTorch saves opens here and computes the same; what is saved here loads there and computes the same."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tutor.engine import Recurrent
from tutor.engine.pytorch import open_recurrent, pytorch_lines, save_recurrent

torch = pytest.importorskip("torch", reason="PyTorch is not installed; this check runs where it is")
files = pytest.importorskip("safetensors.torch", reason="safetensors is not installed; this check runs where it is")

KINDS = [("RNN", "tanh"), ("RNN", "relu"), ("GRU", "tanh"), ("LSTM", "tanh")]
GRID = list(itertools.product(KINDS, (1, 2), (False, True), (False, True)))
T, B, D, H = 5, 2, 3, 4


def module(kind: tuple[str, str], layers: int = 1, bidirectional: bool = False, bias: bool = True, **more):
    """A module of `torch.nn`, in float64 unless told otherwise."""
    name, nonlinearity = kind
    options = {"nonlinearity": nonlinearity} if name == "RNN" else {}
    torch.manual_seed(0)
    options |= {"bias": bias, "bidirectional": bidirectional, "dtype": torch.float64} | more
    return getattr(torch.nn, name)(D, H, layers, **options)


def same(net: Recurrent, theirs) -> None:
    """The same outputs and the same last states for the same input."""
    x = np.random.default_rng(1).standard_normal((T, B, net.input_size))
    trace = net.forward(x)
    with torch.no_grad():
        output, last = theirs(torch.tensor(x))
    h_n, c_n = last if net.cell == "lstm" else (last, None)
    np.testing.assert_allclose(trace.output, output, rtol=0, atol=1e-9)
    np.testing.assert_allclose(trace.h_n, h_n, rtol=0, atol=1e-9)
    if c_n is not None:
        np.testing.assert_allclose(trace.c_n, c_n, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("kind", "layers", "bidirectional", "bias"), GRID, ids=str)
def test_what_pytorch_saved_opens_here(tmp_path: Path, kind, layers: int, bidirectional: bool, bias: bool) -> None:
    theirs = module(kind, layers, bidirectional, bias)
    files.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    net = open_recurrent(tmp_path / "theirs.safetensors", nonlinearity=kind[1])
    assert (net.cell, net.input_size, net.hidden_size) == (kind[0].lower(), D, H)
    assert (net.num_layers, net.bidirectional, net.bias) == (layers, bidirectional, bias)
    same(net, theirs)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize(("kind", "layers", "bidirectional", "bias"), GRID, ids=str)
def test_the_lines_open_in_pytorch_what_was_saved_here(
    tmp_path: Path, kind, layers: int, bidirectional: bool, bias: bool, suffix: str
) -> None:
    name, nonlinearity = kind
    net = Recurrent(name.lower(), D, H, layers, bidirectional, bias, nonlinearity, dtype=np.float64, seed=3)
    path = tmp_path / f"it's{suffix}"
    save_recurrent(path, net)
    found: dict = {}
    exec(pytorch_lines(path, net), found)
    assert type(found["net"]) is getattr(torch.nn, name)
    same(net, found["net"])


def test_a_module_within_another(tmp_path: Path) -> None:
    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = module(("LSTM", "tanh"), 2, True)

    theirs = Encoder()
    path = tmp_path / "encoder.safetensors"
    files.save_file(theirs.state_dict(), path)
    same(open_recurrent(path), theirs.lstm)
    theirs.head = torch.nn.Linear(2 * H, 1)
    files.save_file(theirs.state_dict(), path)
    with pytest.raises(ValueError, match=r"encoder\.safetensors: head\.(weight|bias) is stray"):
        open_recurrent(path)


def test_precisions(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    for given, expected in ((torch.float64, np.float64), (torch.float32, np.float32), (torch.float16, np.float32)):
        theirs = module(KINDS[2], dtype=given)
        files.save_file(theirs.state_dict(), path)
        net = open_recurrent(path)
        assert net.dtype == expected
        assert all((net.state_dict()[name] == array.numpy()).all() for name, array in theirs.state_dict().items())
    theirs = module(KINDS[2], dtype=torch.bfloat16)
    files.save_file(theirs.state_dict(), path)
    with pytest.raises(ValueError, match=r"is bfloat16, which NumPy does not have: call \.float\(\) on the module"):
        open_recurrent(path)
    files.save_file(theirs.float().state_dict(), path)
    assert open_recurrent(path).dtype == np.float32


def test_what_has_no_place_here(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    files.save_file(module(KINDS[3], proj_size=2).state_dict(), path)
    with pytest.raises(ValueError, match=r"weight_hr_l0 is a projection \(proj_size\), and projections are not"):
        open_recurrent(path)
    files.save_file(torch.nn.LSTMCell(D, H).state_dict(), path)
    with pytest.raises(ValueError, match=r"(weight|bias)_[ih]h is stray"):
        open_recurrent(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saved_as_a_pickle_is_converted_by_the_line(tmp_path: Path, zipped: bool, monkeypatch) -> None:
    theirs = module(KINDS[3], 2, True)
    path = tmp_path / "it's theirs.pt"
    torch.save(theirs.state_dict(), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"^it's theirs\.pt: it is a pickle") as raised:
        open_recurrent(path)
    monkeypatch.chdir(tmp_path)
    exec(str(raised.value).split("convert it in Python: ")[1])
    same(open_recurrent("weights.safetensors"), theirs)


def test_a_whole_module_saved_as_a_pickle_is_one_too(tmp_path: Path) -> None:
    for number, content in enumerate((module(KINDS[0]), {"state": module(KINDS[0]).state_dict(), "epoch": 3})):
        path = tmp_path / f"{number}.npz"
        torch.save(content, path)
        with pytest.raises(ValueError, match=rf"^{number}\.npz: it is a pickle"):
            open_recurrent(path)
