"""The engine beside PyTorch: CPU, one thread, float32 (gradient flow in float64), each pair in turn in one run.

    python benchmarks/engine.py [--samples N] [--only WORD] [--write]

Wants PyTorch in an environment of its own: pip install torch==2.13.0. Each line is one piece of work, done by this
engine and by every way to do it in PyTorch that is known here; the strongest of these is what it is set against. Before
anything is timed the two results are held against each other. `--write` puts a shorter table into README.md.

A sample is a few milliseconds of calls; the samples of all ways are taken in turn, so that a drift of the machine meets
all of them. Printed: medians with their quartiles, and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import inspect
import os
import statistics
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tutor.engine import CELLS, Recurrent, cells, gradient_flow
from tutor.engine.model import Example, Model, ModelSpec
from tutor.engine.optimizers import Adam, clip_by_global_norm
from tutor.engine.text import Vocabulary

torch.set_num_threads(1)
warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which is still one of the ways

H = D = 64
MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
SAMPLE = 0.003
"""Seconds of calls that make one sample."""

Ways = dict[str, Callable[[], Any]]


@dataclass
class Line:
    """One piece of work."""

    work: str
    cell: str
    wanted: float | None
    """How many times faster it should be; None where it is only told."""
    ours: Callable[[], Any]
    theirs: Ways
    agree: Callable[[], None] = lambda: None
    """Raises where the two do not compute the same."""


def same(a: Any, b: Any, tolerance: float = 2e-5) -> None:
    """Two results are one, in the precision of float32."""
    b = b.detach().numpy() if isinstance(b, torch.Tensor) else b
    np.testing.assert_allclose(np.asarray(a).reshape(np.shape(b)), b, rtol=tolerance * 50, atol=tolerance)


def twins(cell: str, size: int, hidden: int, dtype: Any = np.float32) -> tuple[Recurrent, Any]:
    """The same network twice."""
    net = Recurrent(cell, size, hidden, dtype=dtype, seed=1)
    module = MODULES[cell](size, hidden, dtype=torch.float64 if dtype is np.float64 else torch.float32)
    module.load_state_dict({name: torch.tensor(array.copy()) for name, array in net.state_dict().items()})
    return net, module


# PyTorch's ways to have every gate


def recovered(cell: str, m: Any, x: Any, h_0: Any) -> tuple[Any, ...]:
    """The fused module for the outputs; then all gates in one pass, as every h₋ is known. c alone needs its steps."""
    out, _ = m(x)
    if cell == "rnn":
        return (out,)
    h_ = torch.cat([h_0, out[:-1]])
    a = F.linear(x, m.weight_ih_l0, m.bias_ih_l0)
    u = F.linear(h_, m.weight_hh_l0, m.bias_hh_l0)
    if cell == "gru":
        rz = torch.sigmoid(a[..., : 2 * H] + u[..., : 2 * H])
        n = torch.tanh(a[..., 2 * H :] + rz[..., :H] * u[..., 2 * H :])
        return out, rz, n
    a = a + u
    s = torch.sigmoid(a)
    g = torch.tanh(a[..., 2 * H : 3 * H])
    let_in = s[..., :H] * g
    c = torch.zeros_like(h_0[0])
    cs = []
    for f_t, in_t in zip(s[..., H : 2 * H].unbind(0), let_in.unbind(0), strict=True):
        c = torch.addcmul(in_t, f_t, c)
        cs.append(c)
    return out, s, g, torch.stack(cs)


def rnn_loop(x: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Tensor) -> Tensor:
    a = F.linear(x, w, b)
    u = u.t()
    out = []
    for a_t in a.unbind(0):
        h = torch.tanh(torch.addmm(a_t, h, u))
        out.append(h)
    return torch.stack(out)


def gru_loop(x: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    a = F.linear(x, w, b)
    u = u.t()
    out, gates = [], []
    for a_t in a.unbind(0):
        a_r, a_z, a_n = a_t.chunk(3, 1)
        u_r, u_z, u_n = torch.addmm(c, h, u).chunk(3, 1)
        r, z = torch.sigmoid(a_r + u_r), torch.sigmoid(a_z + u_z)
        n = torch.tanh(torch.addcmul(a_n, r, u_n))
        h = torch.lerp(n, h, z)
        out.append(h)
        gates.append(torch.cat([r, z, n], 1))
    return torch.stack(out), torch.stack(gates)


def lstm_loop(x: Tensor, h: Tensor, c: Tensor, w: Tensor, u: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    a = F.linear(x, w, b)
    u = u.t()
    out, gates = [], []
    for a_t in a.unbind(0):
        v = torch.addmm(a_t, h, u)
        s = torch.sigmoid(v)
        i, f, _, o = s.chunk(4, 1)
        g = torch.tanh(v[:, 2 * h.shape[1] : 3 * h.shape[1]])
        c = torch.addcmul(i * g, f, c)
        h = o * torch.tanh(c)
        out.append(h)
        gates.append(torch.cat([s, g, c], 1))
    return torch.stack(out), torch.stack(gates)


LOOPS = {"rnn": rnn_loop, "gru": gru_loop, "lstm": lstm_loop}


def loop_arguments(cell: str, m: Any, x: Any) -> tuple[Any, ...]:
    """What the loop of a cell takes, from the module."""
    h = torch.zeros(1, m.hidden_size, dtype=x.dtype)
    w, u, b, c = m.weight_ih_l0, m.weight_hh_l0, m.bias_ih_l0, m.bias_hh_l0
    if cell == "gru":
        return x, h, w, u, b, c
    return (x, h, h, w, u, b + c) if cell == "lstm" else (x, h, w, u, b + c)


def inference(call: Callable[[], Any]) -> Callable[[], Any]:
    """Without a graph."""

    def run() -> Any:
        with torch.inference_mode():
            return call()

    return run


def forwards() -> Iterator[Line]:
    wanted = {8: (3, 3, 3), 64: (2.8, 2.5, 1.5), 1024: (2.5, 2, 1.0)}
    rng = np.random.default_rng(0)
    for T, times in wanted.items():
        x = rng.standard_normal((T, 1, D)).astype(np.float32)
        x_t, h_0 = torch.tensor(x), torch.zeros(1, 1, H)
        for cell, least in zip(CELLS, times, strict=True):
            net, m = twins(cell, D, H)
            for parameter in m.parameters():
                parameter.requires_grad_(False)
            given = loop_arguments(cell, m, x_t)
            scripted = torch.jit.script(LOOPS[cell])

            def ours(net: Recurrent = net, x: Any = x) -> Any:
                trace = net.forward(x)
                return trace.output, trace.gates()

            def agree(ours: Any = ours, cell: str = cell, m: Any = m, x_t: Any = x_t, h_0: Any = h_0) -> None:
                output, gates = ours()
                found = recovered(cell, m, x_t, h_0)
                same(output, found[0])
                if cell == "gru":
                    same(gates["z"], found[1][..., H:])
                    same(gates["n"], found[2])
                if cell == "lstm":
                    same(gates["o"], found[1][..., 3 * H :])
                    same(gates["c"], found[3])

            ways: Ways = {
                "module, gates recovered": lambda cell=cell, m=m, x_t=x_t, h_0=h_0: recovered(cell, m, x_t, h_0),
                "loop": lambda cell=cell, given=given: LOOPS[cell](*given),
                "scripted loop": lambda scripted=scripted, given=given: scripted(*given),
            }
            work = f"forward with every gate, T {T}"
            yield Line(work, cell, least, ours, {name: inference(way) for name, way in ways.items()}, agree)
            if cell == "lstm":
                plain = {"nn.LSTM, no gates": inference(lambda m=m, x_t=x_t: m(x_t))}
                yield Line(f"the same, where PyTorch shows no gate, T {T}", cell, None, ours, plain)


def backwards() -> Iterator[Line]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((32, 16, D)).astype(np.float32)
    d = rng.standard_normal((32, 16, H)).astype(np.float32)
    d_t = torch.tensor(d)
    for cell, least in zip(CELLS, (2.4, 2.4, 0.8), strict=True):
        net, m = twins(cell, D, H)
        x_t = torch.tensor(x, requires_grad=True)

        def ours(net: Recurrent = net) -> Any:
            return net.backward(net.forward(x), d)

        def theirs(m: Any = m, x_t: Any = x_t) -> Any:
            x_t.grad = None
            m.zero_grad(set_to_none=True)
            m(x_t)[0].backward(d_t)
            return x_t.grad

        def agree(ours: Any = ours, theirs: Any = theirs, m: Any = m) -> None:
            grads = ours()
            same(grads.x, theirs())
            same(grads.params["weight_hh_l0"], m.weight_hh_l0.grad, 2e-4)

        yield Line("forward and backward, B 16, T 32", cell, least, ours, {"autograd": theirs}, agree)


def training() -> Iterator[Line]:
    rng = np.random.default_rng(2)
    V = 50
    for B, T, size, times in ((1, 16, 32, (8, 8, 4)), (16, 64, 128, (1.8, 1.8, 0.9))):
        batch = [Example(rng.integers(0, V, T), rng.integers(0, V, T)) for _ in range(B)]
        read = torch.tensor(np.stack([e.read for e in batch], 1))
        wanted = torch.tensor(np.stack([e.wanted for e in batch], 1)).reshape(-1)
        for cell, least in zip(CELLS, times, strict=True):
            spec = ModelSpec(cell=cell, hidden_size=size, embedding_size=size, seed=3)
            model = Model(spec, Vocabulary([str(i) for i in range(V - 1)]))
            adam = Adam(model.flat, 1e-3)
            parts = nn.ModuleDict(
                {"embedding": nn.Embedding(V, size), "rnn": MODULES[cell](size, size), "head": nn.Linear(size, V)}
            )
            parts.load_state_dict({name: torch.tensor(array.copy()) for name, array in model.state_dict().items()})
            parameters = list(parts.parameters())
            fused = torch.optim.Adam(parameters, 1e-3, fused=True)

            def ours(model: Model = model, adam: Adam = adam, batch: Any = batch) -> float:
                loss, gradient = model.loss_and_gradient(batch)
                clip_by_global_norm(gradient, 1.0)
                adam.step(gradient)
                return loss

            def theirs(
                parts: Any = parts,
                parameters: Any = parameters,
                fused: Any = fused,
                read: Any = read,
                wanted: Any = wanted,
            ) -> Any:
                fused.zero_grad(set_to_none=True)
                out, _ = parts["rnn"](parts["embedding"](read))
                loss = F.cross_entropy(parts["head"](out).reshape(-1, V), wanted)
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, 1.0)
                fused.step()
                return loss

            def agree(ours: Any = ours, theirs: Any = theirs) -> None:
                for _ in range(3):
                    same(ours(), theirs().detach())

            yield Line(f"training step, B {B}, T {T}, H {size}", cell, least, ours, {"fused Adam": theirs}, agree)


def states(cell: str, m: Any, x: Tensor) -> list[Any]:
    """h_0, h_1 … h_T, each a node of one graph."""
    x, *rest = loop_arguments(cell, m, x)
    h = rest[0].requires_grad_(True)
    found = [h]
    if cell == "rnn":
        _, w, u, b = rest
        for a_t in F.linear(x, w, b).unbind(0):
            h = torch.tanh(torch.addmm(a_t, h, u.t()))
            found.append(h)
        return found
    _, c, w, u, b = rest
    c = torch.zeros_like(h)
    for a_t in F.linear(x, w, b).unbind(0):
        i, f, g, o = torch.addmm(a_t, h, u.t()).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        found.append(h)
    return found


def flows() -> Iterator[Line]:
    T = 100
    wide = np.random.default_rng(3).standard_normal((T, 1, D))
    rows = torch.eye(H, dtype=torch.float64)[:, None]
    for cell, least in (("rnn", 10), ("lstm", 6)):
        net, m = twins(cell, D, H, np.float64)
        for parameter in m.parameters():
            parameter.requires_grad_(False)

        def ours(net: Recurrent = net) -> Any:
            return gradient_flow(net, net.forward(wide)).norms

        def theirs(cell: str = cell, m: Any = m) -> Any:
            h = states(cell, m, torch.tensor(wide))
            return torch.stack([g.norm() for g in torch.autograd.grad(h[-1], h, rows, is_grads_batched=True)])

        def agree(ours: Any = ours, theirs: Any = theirs) -> None:
            same(np.log10(ours()), torch.log10(theirs()), 1e-8)

        yield Line("‖∂h_T/∂h_t‖ for all t, float64, T 100", cell, least, ours, {"batched autograd": theirs}, agree)

    x = wide.astype(np.float32)
    d = np.zeros((T, 1, H), np.float32)
    d[-1] = 1.0
    for cell in ("rnn", "lstm"):
        net, m = twins(cell, D, H)
        for parameter in m.parameters():
            parameter.requires_grad_(False)

        def ours(net: Recurrent = net) -> Any:
            grads = net.backward(net.forward(x), d).h()
            return np.sqrt(np.einsum("tbh,tbh->t", grads, grads))

        def retained(cell: str = cell, m: Any = m) -> Any:
            h = states(cell, m, torch.tensor(x))
            for h_t in h:
                h_t.retain_grad()
            h[-1].sum().backward()
            return torch.stack([h_t.grad.norm() for h_t in h[1:]])

        def asked(cell: str = cell, m: Any = m) -> Any:
            h = states(cell, m, torch.tensor(x))
            return torch.stack([g.norm() for g in torch.autograd.grad(h[-1].sum(), h[1:])])

        def agree(ours: Any = ours, asked: Any = asked) -> None:
            same(ours(), asked(), 1e-6)

        yield Line("‖dL/dh_t‖ for all t, T 100", cell, 7, ours, {"retained gradients": retained}, agree)
        yield Line("the same, where nothing is retained", cell, None, ours, {"autograd.grad": asked}, agree)


START = {
    "ours": """
import numpy as np
from tutor.engine import Recurrent
Recurrent("lstm", 8, 16).forward(np.zeros((4, 1, 8), np.float32)).output
""",
    "torch": """
import torch
torch.set_num_threads(1)
with torch.inference_mode():
    torch.nn.LSTM(8, 16)(torch.zeros(4, 1, 8))
""",
}


def starts(runs: int) -> tuple[list[float], list[float]]:
    """Seconds of a whole process to its first LSTM forward, in turn; the first of each warms the disk."""
    found: dict[str, list[float]] = {name: [] for name in START}
    for run in range(runs + 1):
        for name, code in START.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            if run:
                found[name].append(time.perf_counter() - start)
    return found["ours"], found["torch"]


def unrecorded(cell: str) -> Callable[..., Any]:
    """The cell's own forward pass, without the lines that fill what is kept of the gates."""
    lines = textwrap.dedent(inspect.getsource(CELLS[cell].forward)).splitlines()
    fewer = [line for line in lines if "kept[" not in line]
    assert cell == "rnn" or len(lines) - len(fewer) >= 3, "how a pass records has changed"
    scope = dict(vars(cells))
    exec("\n".join(fewer), scope)
    made: Callable[..., Any] = scope["forward"]
    return made


def recordings() -> Iterator[tuple[str, int, Callable[[], Any], Callable[[], Any]]]:
    """A pass with and without its record."""
    for T, B in ((64, 1), (1024, 1), (32, 16)):
        x = np.random.default_rng(4).standard_normal((T, B, D)).astype(np.float32)
        for cell in CELLS:
            silent = Recurrent(cell, D, H, seed=1)
            kind = type(silent._cell)
            silent._cell = type("Silent", (kind,), {"forward": unrecorded(cell)})(nonlinearity="tanh", reset="after")
            net = Recurrent(cell, D, H, seed=1)
            np.testing.assert_array_equal(net.forward(x).output, silent.forward(x).output)
            yield (
                f"{cell.upper()}, T {T}, B {B}",
                T,
                lambda net=net, x=x: net.forward(x),
                lambda n=silent, x=x: n.forward(x),
            )


def interleaved(ways: list[Callable[[], Any]], samples: int) -> list[list[float]]:
    """Seconds a call, for each way, taken in turn."""
    counts = []
    for way in ways:
        for _ in range(3):
            way()
        start = time.perf_counter()
        way()
        counts.append(max(1, int(SAMPLE / (time.perf_counter() - start))))
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(samples):
        for at, (way, count) in enumerate(zip(ways, counts, strict=True)):
            start = time.perf_counter()
            for _ in range(count):
                way()
            found[at].append((time.perf_counter() - start) / count)
    return found


def spread(times: list[float]) -> str:
    """Median and quartiles."""
    low, middle, high = (q * 1e6 for q in statistics.quantiles(times, n=4))
    unit, by = ("ms", 1e3) if middle >= 10_000 else ("µs", 1.0)
    return f"{middle / by:,.0f} {unit} ({low / by:,.0f}–{high / by:,.0f})"


@dataclass
class Found:
    """A line, measured."""

    work: str
    cell: str
    wanted: float | None
    ours: list[float]
    way: str
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """How many times faster this engine is, by the medians."""
        return statistics.median(self.theirs) / statistics.median(self.ours)

    def __str__(self) -> str:
        aim = "" if self.wanted is None else f"aim {self.wanted:g}"
        ours, theirs = spread(self.ours), spread(self.theirs)
        return f"{self.work:50} {self.cell:5} {ours:24} {theirs:24} {self.way:24} {self.ratio:5.2f}  {aim}"

    def cell_of_table(self) -> str:
        """`**2.5** · 210 / 520 µs`: the ratio, bold where it is won, and the two medians."""
        ours, theirs = (statistics.median(times) * 1e6 for times in (self.ours, self.theirs))
        unit, by = ("ms", 1e3) if ours >= 1000 else ("µs", 1.0)
        digits = 1 if by > 1 and ours < 100_000 else 0
        ratio = f"**{self.ratio:.1f}**" if self.ratio >= 1.0 else f"{self.ratio:.1f}"
        return f"{ratio} · {ours / by:,.{digits}f} / {theirs / by:,.{digits}f} {unit}"


def measured(samples: int, only: str) -> Iterator[Found]:
    """Every line."""
    for lines in (forwards(), backwards(), training(), flows()):
        for line in lines:
            if only not in f"{line.work} {line.cell}":
                continue
            line.agree()
            ours, *others = interleaved([line.ours, *line.theirs.values()], samples)
            way, theirs = min(zip(line.theirs, others, strict=True), key=lambda found: statistics.median(found[1]))
            yield Found(line.work, line.cell.upper(), line.wanted, ours, way, theirs)
    if only in "start to first LSTM forward, new process":
        ours, theirs = starts(max(5, samples // 4))
        yield Found("start to first LSTM forward, new process", "LSTM", 8, ours, "import torch", theirs)


def table(found: list[Found]) -> str:
    """A row for each piece of work, a column for each cell."""
    by_work: dict[str, dict[str, str]] = {}
    for line in found:
        by_work.setdefault(line.work, {})[line.cell] = line.cell_of_table()
    head = [
        f"| times as fast · here / PyTorch {torch.__version__.split('+')[0]} | RNN | GRU | LSTM |",
        "|---|---|---|---|",
    ]
    cells = ("RNN", "GRU", "LSTM")
    return "\n".join(
        head + [f"| {work} | {' | '.join(row.get(c, '') for c in cells)} |" for work, row in by_work.items()]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The engine beside PyTorch.")
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--only", default="", help="lines that hold this text")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    given = parser.parse_args()
    if given.only and given.write:
        parser.error("--write puts the whole table into README.md: leave out --only")
    found = []
    for line in measured(given.samples, given.only):
        print(line, flush=True)
        found.append(line)
    if not given.only:
        print("\nWhat recording costs: a pass with it over the same pass without the lines that record.")
        for name, _, recorded, silent in recordings():
            with_it, without = interleaved([recorded, silent], given.samples)
            print(f"{name:22} {statistics.median(with_it) / statistics.median(without):.3f}", flush=True)
    if given.write:
        readme = Path(__file__).parents[1] / "README.md"
        before, rest = readme.read_text(encoding="utf-8").split("<!-- engine -->\n")
        _, after = rest.split("<!-- end -->\n")
        readme.write_text(f"{before}<!-- engine -->\n{table(found)}\n<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
