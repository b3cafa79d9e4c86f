"""Whether the engine's tests would notice: plausible bugs, put in one by one, each of which has to be caught.

    python -m tests.engine.mutations            every one of them
    python -m tests.engine.mutations lstm mask  those whose file or name has one of these words

Each is put into a copy of the project, and the engine's tests run there as where neither PyTorch nor ONNX is installed:
what only these would notice is not caught. Before that, the tests have to pass on the copy as it is. The exit is 1 if
a bug survived.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from hypothesis import Phase, settings

ROOT = Path(__file__).parents[2]
ENGINE = Path("tutor", "engine")

TESTS = (
    "by_hand",
    "gradients",
    "properties",
    "surgery",
    "losses_optimizers",
    "model_training",
    "opened",
    "generation",
    "attribution",
    "jobs",
    "gradient_flow",
    "step_jacobian",
    "convolution",
    "refusals",
    "memory",
)
"""The files of tests that can tell, the quick ones first."""

RECURRENCE = ("by_hand", "gradients", "properties", "surgery")
FIRST = {
    "parameters.py": ("properties", "model_training", "jobs"),
    "surgery.py": ("surgery",),
    "gradient_flow.py": ("gradient_flow", "step_jacobian", "surgery"),
    "heads.py": ("losses_optimizers",),
    "losses.py": ("losses_optimizers",),
    "optimizers.py": ("losses_optimizers", "model_training"),
    "model.py": ("model_training", "surgery", "opened", "jobs"),
    "opened.py": ("opened", "surgery"),
    "training.py": ("model_training",),
    "generation.py": ("generation",),
    "attribution.py": ("attribution", "surgery"),
    "convolution.py": ("convolution",),
    "captioner.py": ("jobs",),
    "forecaster.py": ("jobs",),
}
"""Those that are about a module, where it is not the recurrence: they run first, and the others if they pass."""

AT_ONCE = 2
PATIENCE = 120.0
"""Seconds after which a run is given up. A bug that hangs is not caught: no test said so."""

# By file: what it is, the text that stands there exactly once, and what takes its place.
BUGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "cells.py": (
        ("the GRU's factor without what z keeps", "on_diagonal(found, z)", "pass"),
        ("the GRU's factor past its reset, after", "to_z, to_n * r], axis=1", "to_z, to_n], axis=1"),
        ("the GRU's factor past its reset, before", "on_diagonal(reset, r)", "pass"),
        (
            "the LSTM's c by h without tanh'",
            "on_diagonal(found[:, :H, H:], to_c * f)",
            "on_diagonal(found[:, :H, H:], f)",
        ),
        ("the LSTM's h by h without its output gate", "h_by_h += scaled_rows(w.hh[3 * H :], to_o)", "pass"),
        ("the RNN's W_hh transposed, of one sequence", "weight[:, :H] = w.hh", "weight[:, :H] = w.hh.T"),
        ("the GRU's r and z swapped in its equations", "in (slice(2), 0, 1, 2, 3)))", "in (slice(2), 1, 0, 2, 3)))"),
        (
            "the GRU's z keeps the candidate",
            (
                "subtract(h_, n_t, h_t)  # h = n + z ⊙ (h₋ − n)\n"
                "                    divide(h_t, z_t, h_t)\n"
                "                    add(h_t, n_t, h_t)"
            ),
            (
                "subtract(n_t, h_, h_t)\n"
                "                    divide(h_t, z_t, h_t)\n"
                "                    add(h_t, h_, h_t)"
            ),
        ),
        (
            "the GRU's reset on the other side of the product",
            'after = self.reset == "after"\n        a = aligned',
            'after = self.reset == "before"\n        a = aligned',
        ),
        ("the LSTM's i and f swapped in their names", 'kept: ClassVar = ("i", "f"', 'kept: ClassVar = ("f", "i"'),
        ("the LSTM's c not carried", "carried[first, 1] = c[0]", "carried[first, 1] = 0.0"),
        ("the LSTM shows c without tanh", "tanh(c_t, tanh_c_t)", "np.copyto(tanh_c_t, c_t)"),
        ("tanh' at the state before", "multiply(past.h, past.h, slope)", "multiply(past.h_, past.h_, slope)"),
        ("relu' is 1 at 0", "past.h > 0 if", "past.h >= 0 if"),
        (
            "the RNN's dW_hh from the state after",
            '"""dL/dW_hh, (G·H, H), from du (S·B, G·H)."""\n        np.dot(du.T, past.h_.reshape',
            '"""dL/dW_hh, (G·H, H), from du (S·B, G·H)."""\n        np.dot(du.T, past.h.reshape',
        ),
        (
            "the GRU's dW_hn without the reset",
            "np.dot(du[:, 2 * H :].T, past.kept[:, 3]",
            "np.dot(du[:, 2 * H :].T, past.h_",
        ),
        ("the GRU's gradient past its reset, after", "multiply(dn, r, du_n)", "np.copyto(du_n, dn)"),
        ("the GRU's gradient past its reset, before", "multiply(drh, r, drh)", "pass"),
        ("the GRU's tanh' is 1 − n", "multiply(n, n, to_n)", "np.copyto(to_n, n)"),
        ("the GRU's dz turned round", "subtract(past.h_, n)", "subtract(n, past.h_)"),
        (
            "the GRU's gradient does not pass by z, after",
            "mix(du, dh)\n                add(dh, through, dh)",
            "mix(du, dh)",
        ),
        ("the LSTM's dc not passed on", "add(dc, through, dc)", "np.copyto(dc, through)"),
        ("the LSTM's dc passed on without f", "multiply(dc, f, dc)", "pass"),
        (
            "the LSTM's dc without tanh'",
            "multiply(tanh_c, tanh_c, to_c)\n        subtract(one, to_c, to_c)",
            "to_c[:] = one",
        ),
        (
            "a stretch goes on from its first state",
            "h_ = every[first]\n            if after",
            "h_ = every[0]\n            if after",
        ),
        ("an r that was set leaves n as it is", "moved = r != r_was", "moved = r != r"),
        ("an n that was set leaves h as it is", "(z != z_was) | (n != n_was)", "z != z_was"),
        ("the GRU's h that was set is computed over", 'n_was))\n        done.put("h", step.h)', "n_was))"),
        ("an o that was set leaves h as it is", "where=shown | moved[3]", "where=shown"),
        ("a c that was set leaves tanh(c) as it is", "np.copyto(tanh_c, tanh(step.c), where=shown)", "pass"),
        ("the LSTM's c is computed anew where no gate was set", "where=moved[0] | moved[1] | moved[2]", "where=True"),
        (
            "the RNN's gradient goes through what was set",
            'd, h = done.back("h", d), done.back("h", past.h[0])',
            "h = past.h[0]",
        ),
        ("the slope of the z that was set", "* (1.0 - z_was) * z_was", "* (1.0 - z) * z"),
        (
            "the GRU's gradient past an r that was set",
            "drh, du_n = da_n.dot(w.hh[2 * H :]), da_n\n            to_r = drh * h_\n            dh += drh * r",
            "drh, du_n = da_n.dot(w.hh[2 * H :]), da_n\n            to_r = drh * h_\n            dh += drh * r_was",
        ),
        ("the LSTM's gradient goes through a c that was set", 'dc = done.back("c", dc + d', "dc = (dc + d"),
        ("the slope of the gate that was set", "was = done.back(letter, gate)", "was = gate"),
    ),
    "surgery.py": (
        (
            "a cut is done in every layer",
            "(cut.layer, cut.direction) != (layer, direction)",
            "cut.direction != direction",
        ),
        ("a cut is done one step late", "cut.step - 1", "cut.step"),
        (
            "what was swapped is not swapped back in the gradient",
            "found[..., self.source[left]] = values[..., left]",
            "found[..., left] = values[..., left]",
        ),
        ("a gradient goes through what was set", "np.flatnonzero(self.source >= 0)", "np.arange(len(self.source))"),
        (
            "a value that was set stays behind in a swap",
            "source[pair], value[pair] = source[turned], value[turned]",
            "source[pair] = source[turned]",
        ),
        (
            "what was set is swapped as it was computed",
            "source[pair], value[pair] = source[turned], value[turned]",
            "source[pair] = turned",
        ),
    ),
    "steps.py": (
        (
            "W_hh reshaped, not transposed, of a batch",
            "np.copyto(across, w.T)",
            "np.copyto(across, w.reshape(across.shape))",
        ),
        ("b_ih counted twice, b_hh dropped", "add(self.b_ih, self.b_hh, out)", "add(self.b_ih, self.b_ih, out)"),
        (
            "the GRU's b_hn counted twice",
            "out[known:] = self.b_ih[known:]",
            "add(self.b_ih[known:], self.b_hh[known:], out[known:])",
        ),
        ("back through W_hh and not its transpose", "w.T.dot if B == 1", "w.reshape(w.shape[::-1]).dot if B == 1"),
    ),
    "recurrent.py": (
        ("lengths ignored", "ends_of(lengths, T, B)", "ends_of(None, T, B)"),
        ("padding read as it is", "np.where(beyond(ends, T)[:, :, None], self.dtype.type(0), x)", "np.array(x)"),
        ("the reverse direction not reversed", "direction == 1, ends", "False, ends"),
        ("the reverse direction begins at the longest's end", "begin(h, c, first, end, ends == end)", "pass"),
        ("the reverse direction's initial state left in the output", "below[beyond(ends, T)] = 0.0", "pass"),
        (
            "initial states by direction, then layer",
            "at = layer * self.num_directions + direction\n                first =",
            "at = direction * self.num_layers + layer\n                first =",
        ),
        (
            "the weights of an earlier pass",
            ("self._spare.take(key) or self._cell.forward(self._weights(suffix), *key[2:])\n        forward.prepare()"),
            (
                "self._spare.take(key)\n"
                "        if forward is None:\n"
                "            forward = self._cell.forward(self._weights(suffix), *key[2:])\n"
                "            forward.prepare()"
            ),
        ),
        (
            "the vector from before it moved",
            "super().move(flat)\n        self._spare = self._none_spare()",
            "super().move(flat)",
        ),
        ("the forget bias on the input gate", 'blocks.index("f")', 'blocks.index("i")'),
        ("the forget bias in both biases", "array[at : at + H] = 0.0", "array[at : at + H] = forget_bias"),
        ("gradients of shared weights overwritten", "                fresh = False\n", ""),
        ("d_h_n ignored", "dh[:], dc[:] = last", "dc[:] = last[1]"),
        (
            "d_h_n ignored of who ends sooner",
            "dh[here], dc[here] = last[0][here], last[1][here]",
            "dc[here] = last[1][here]",
        ),
        (
            "d_output looked at beyond the end",
            "np.where(beyond(trace.lengths, T)[:, :, None], self.dtype.type(0), above)",
            "np.array(above)",
        ),
        ("the reverse gradient goes on beyond the end", "dh[here] = dc[here] = 0.0", "pass"),
        ("the GRU's db_hh is its db_ih", "np.dot(every, du, found[3])", "np.dot(every, da, found[3])"),
        ("the directions' dx overwritten", "d_x if d_below is None else d_below + d_x", "d_x"),
        ("dL/dh_t of the layers turned round", "tuple(reversed(states))", "tuple(states)"),
        ("a cut of the reverse in the order of its steps", "end - 1 - t if reverse else t - start", "t - start"),
        ("a gradient that skips what was set", "parts = apart((begun, over), plan) if plan else", "parts ="),
        ("a trace forgets what was set", "self._cell, done)\n\n    def _checked", "self._cell)\n\n    def _checked"),
        ("orthogonal without R's signs", "radius * (q * np.sign(np.diag(r)))", "radius * q"),
    ),
    "stretches.py": (
        (
            "back in the order of time",
            "    if not reverse:\n        steps, d_output",
            "    if reverse:\n        steps, d_output",
        ),
    ),
    "trace.py": (
        (
            "h_n taken from output[-1]",
            "at = -1 if lengths is None else (lengths, np.arange(states.shape[1]))",
            "at = -1",
        ),
        ("h_n of the reverse taken from output[-1]", "at: Any = 0", "at: Any = -2"),
        ("the reverse's initial state among its gates", "if self.lengths is not None and record.reverse:", "if False:"),
    ),
    "parameters.py": (
        ("a vector moved without its values", "flat[:] = self.flat\n", "\n"),
        (
            "a copy's parts are not its own",
            "super().__setstate__(state)\n        self._seat()",
            "super().__setstate__(state)",
        ),
        ("a copy's gradients are put together elsewhere", 'state.pop("room", None)', "pass"),
        (
            "weights taken by place",
            "np.asarray(state[name])",
            "np.asarray([*state.values()][[*self._shapes].index(name)])",
        ),
        (
            "weights taken before all are checked",
            "taken[name] = numbers(name,",
            "self._params[name][...] = taken[name] = numbers(name,",
        ),
    ),
    "gradient_flow.py": (
        ("the exponent forgotten", "exponent += _rescale(d_h", "exponent = _rescale(d_h"),
        ("the exponent by the natural logarithm", "self.exponents * np.log10(2.0)", "self.exponents * np.log(2.0)"),
        ("the flow ignores the length", "T if trace.lengths is None else int(trace.lengths[0])", "T"),
        ("the state's norm without c", "by_h + by_c if whole else by_h", "by_h"),
        (
            "the flow of float32",
            "back.look(self.past.between(start, end).astype(np.float64))",
            "back.look(self.past.between(start, end).astype(np.float32))",
        ),
        (
            "the flow through what was set",
            "self._past(t, d_h, d_c)\n                else:\n                    back.step",
            "back.step(dh, dh, dc, back.steps[t % _STRETCH])\n                else:\n                    back.step",
        ),
        ("the flow with cuts beyond the end", "for t, done in plan.items() if t < end", "for t, done in plan.items()"),
        (
            "the factors of float32",
            "past = self.past.between(first, last).astype(np.float64)",
            "past = self.past.between(first, last).astype(np.float32)",
        ),
        ("the factor past what was set without c", "d_h, d_c[:, : self.R - H]", "d_h, 0.0"),
        ("a factor beyond the end", "if t >= self.end:", "if t > self.end:"),
        ("the products from the wrong side", "np.dot(product, found[t - first])", "np.dot(found[t - first], product)"),
        (
            "the products' exponent forgotten",
            "exponent += _rescale(product, None)",
            "exponent = _rescale(product, None)",
        ),
        (
            "a stretch begins from the identity",
            "            found = self.factors(first, last)\n            for",
            "            found, product = self.factors(first, last), np.eye(self.R)\n            for",
        ),
        ("a thread's norms in another's place", "np.concatenate([_largest(here), *", "np.concatenate([*"),
        ("squares of small numbers lost", "np.ldexp(matrices, -shift[..., None, None])", "np.array(matrices)"),
        ("the norm not scaled back", "np.ldexp(np.sqrt(np.maximum(squares, 0.0)), shift)", "np.sqrt(squares)"),
        ("the input not scaled with the state", "x[t : t + 1] * scale", "x[t : t + 1]"),
    ),
    "heads.py": (
        (
            "the head's bias gradient a mean",
            "np.ones(len(d_y), self.dtype)",
            "np.full(len(d_y), 1 / len(d_y), self.dtype)",
        ),
        (
            "a token read twice overwrites its gradient",
            'np.dot(one_hot, d, grads["weight"])',
            'grads["weight"][...] = 0.0\n            grads["weight"][read] = d',
        ),
        (
            "a token read twice overwrites its gradient, of a large vocabulary",
            "np.add.reduceat(d[order], starts, axis=0)",
            "d[order][starts]",
        ),
        ("the embedding's last gradient left", 'grads["weight"][...] = 0.0', "pass"),
    ),
    "losses.py": (
        (
            "softmax over the wrong axis",
            "np.exp(z).sum(axis=-1, keepdims=True)",
            "np.exp(z).sum(axis=0, keepdims=True)",
        ),
        (
            "the loss's softmax over the wrong axis",
            "np.add.reduce(p, axis=1, keepdims=True)",
            "np.add.reduce(p, axis=0, keepdims=True)",
        ),
        ("e^z of large scores", "np.maximum.reduce(logits, axis=1, keepdims=True)", "0.0"),
        (
            "the temperature inverted",
            'logits / above("temperature", temperature)',
            'logits * above("temperature", temperature)',
        ),
        (
            "the mask ignored in the mean",
            "count = max(int(np.count_nonzero(mask)), 1)\n        losses = np.where",
            "losses = np.where",
        ),
        ("the mask ignored in the gradient", "p *= mask[:, None]", "pass"),
        ("the gradient a sum, not a mean", "    p /= count\n", "\n"),
        ("a match by step and not by sequence", "wrong.any(axis=0)", "wrong.any(axis=1)"),
    ),
    "optimizers.py": (
        ("Adam's m without bias correction", " / (1.0 - one**self.t)", ""),
        ("Adam's v without bias correction", "math.sqrt((1.0 - two) / (1.0 - two**self.t))", "math.sqrt(1.0 - two)"),
        (
            "Adam's ε inside the root",
            "np.sqrt(v, s)\n        s += self.eps / root",
            "np.sqrt(v + self.eps / root**2, s)",
        ),
        ("Adam's state is its own memory", '"m": self._m.copy()', '"m": self._m'),
        ("Adam's t forgotten", 'self.t = int(state["t"])', "pass"),
        ("momentum's sign", "self._v *= self.momentum", "self._v *= -self.momentum"),
        ("clipping each part by itself", "gradient *= limit / norm", "np.clip(gradient, -limit, limit, out=gradient)"),
    ),
    "model.py": (
        ("the token that is read is to be said", "Example(s[:-1], s[1:])", "Example(s[:-1], s[:-1])"),
        (
            "one step of padding counts in the loss",
            "np.arange(T)[:, None] < lengths",
            "np.arange(T)[:, None] <= lengths",
        ),
        ("steps with nothing to say count", "mask[: lengths[b], b] = example.counts", "pass"),
        (
            "the whole classified at the longest's end",
            "trace.final, self._scores(trace.final)",
            "trace.output[-1], self._scores(trace.output[-1])",
        ),
        ("the gradient lent and not given", "return loss, flat.copy(), grads.h_0", "return loss, flat, grads.h_0"),
        ("c_0 is h_0", "(h_0, np.zeros_like(h_0))", "(h_0, h_0)"),
        ("the learned start's gradient of one sequence", "grads.h_0.sum(axis=1) if", "grads.h_0[:, 0] if"),
        ("a learned start passed over", "if h_0 is None and self.start is not None", "if False"),
        ("a run without its cuts", "1), cuts=cuts)", "1))"),
        ("a run changes with its model", "frozen(array.copy())", "frozen(array)"),
        ("the reverse's state before its first step", "r.h[-1 if r.reverse else 0, 0]", "r.h[0, 0]"),
    ),
    "opened.py": (
        ("the terms from the state after", "record.h[record.before][t, 0]", "record.h[record.now][t, 0]"),
        ("the terms from the first layer", "run.trace.records[-1][direction]", "run.trace.records[0][direction]"),
        ("what was set is opened as if it were computed", "if source == self.unit:", "if True:"),
        ("a swap named by the number from 0", "{source + 1}", "{source}"),
        ("the forward weights in both directions", "run.backward if direction else run.weights", "run.weights"),
    ),
    "training.py": (
        ("resumed without the optimiser", "self.optimizer.load_state(resume.optimizer)", "pass"),
        ("resumed without the generator", "self.rng.bit_generator.state = copy", "_ = copy"),
        ("resumed without the order", "list(resume.order)", "[]"),
        ("the loss a mean since the start", "self.losses = []\n                yield", "yield"),
        ("the loss that of the last batch", "sum(self.losses) / len(self.losses)", "self.losses[-1]"),
        ("held out is what is trained on", "self.batches(self.beside)]", "self.batches(self.data)]"),
        ("the first gradient a sum of the batches' means", "total += weight * gradient", "total += gradient"),
        (
            "the held-out loss a mean of batches",
            "(sum(m[at] * m.weight for m in found) / weight",
            "(sum(m[at] for m in found) / len(found)",
        ),
        ("never shuffled", "self.rng.permutation(len(self.data)).tolist()", "list(range(len(self.data)))"),
        ("the rest of a round left out", "self.order += self.rng", "self.order = self.rng"),
        ("clipping left out", "norm = clip_by_global_norm(gradient, spec.clip)", "norm = global_norm(gradient)"),
        (
            "the norm told after clipping",
            "norm = clip_by_global_norm(gradient, spec.clip)",
            "clip_by_global_norm(gradient, spec.clip)\n            norm = global_norm(gradient)",
        ),
        ("the momentum left out", "spec.learning_rate, spec.momentum", "spec.learning_rate"),
        (
            "an update by what is not finite",
            "yield self.checkpoint(loss, norm)\n                return",
            "yield self.checkpoint(loss, norm)",
        ),
    ),
    "generation.py": (
        (
            "the temperature of writing inverted",
            "softmax(z - z.max(), temperature)",
            "softmax(z - z.max(), 1.0 / temperature)",
        ),
        ("top-p one short", "top_p - 1e-12)) + 1", "top_p - 1e-12))"),
        (
            "the end does not end",
            "if index == vocabulary.end:\n            return",
            "if index == vocabulary.end:\n            continue",
        ),
        (
            "the state of writing not carried",
            "state = trace.h_n if trace.c_n is None else (trace.h_n, trace.c_n)",
            "pass",
        ),
        ("c not carried in writing", "else (trace.h_n, trace.c_n)", "else (trace.h_n, np.zeros_like(trace.c_n))"),
        ("all read again with the state carried", "read = [index]", "read = [*read, index]"),
        ("writing on after the prompt's first token", "trace.output[-1, 0]", "trace.output[0, 0]"),
        ("writing from no state", "model.state(h_0, 1))", "model.state(None, 1))"),
    ),
    "attribution.py": (
        ("deleted without what was set", ", cuts=run.trace.cuts", ""),
        ("attributed to the last step", "d_output[step] =", "d_output[-1] ="),
        ("deleted from another state", "model.state(np.repeat(first, T, axis=1), T), cuts", "cuts"),
    ),
    "convolution.py": (
        ("a causal convolution looks ahead", "y[late:] += rows[:-late]", "y[:-late] += rows[late:]"),
        ("the dilation left out", "(k - 1 - j) * self.dilation * B", "(k - 1 - j) * B"),
        ("a step back is the next sequence", "(k - 1 - j) * self.dilation * B", "(k - 1 - j) * self.dilation"),
        ("pooling's gradient to all maxima", "first &= free", "pass"),
        ("windows that overlap overwrite", "j : j + s * width : s] += d_columns", "j : j + s * width : s] = d_columns"),
        ("no relu' between the stages", "d_map *= record.maps[i] > 0", "pass"),
    ),
    "captioner.py": (
        ("a caption drawn by chance", '{"temperature": 0.0} | how', "how"),
        (
            "h_0's gradient does not reach the encoder",
            "backward(seen, by_image,",
            "backward(seen, np.zeros_like(by_image),",
        ),
        (
            "h_0's gradient by layer and not by image",
            "np.ascontiguousarray(d_h_0.swapaxes(0, 1)).reshape",
            "d_h_0.reshape",
        ),
        (
            "a caption learned without its image",
            "for scene in batch], h_0)\n        if not",
            "for scene in batch])\n        if not",
        ),
    ),
    "forecaster.py": (
        (
            "a forecast from the longest's end",
            "self.head.scores(trace.final)",
            "self.head.scores(trace.output[-1])",
        ),
        ("a forecast's lengths ignored", "forward(x, lengths=lengths), np", "forward(x), np"),
        ("a forecast's metric squared", "np.abs(y - wanted).mean()", "np.square(y - wanted).mean()"),
    ),
}


class Mutation(NamedTuple):
    """One change at one place."""

    name: str
    file: str
    """Under tutor/engine."""
    old: str
    new: str

    def of(self, text: str) -> str:
        """The file with the bug.

        Raises:
            ValueError: the old text does not stand there exactly once.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: {self.file} has {self.old!r} {found} times, expected once")
        return text.replace(self.old, self.new)


MUTATIONS = tuple(Mutation(name, file, old, new) for file, bugs in BUGS.items() for name, old, new in bugs)


class Verdict(NamedTuple):
    """What the tests made of a copy."""

    passed: bool
    caught: bool
    said: str
    """The test that failed; or what else there is to say."""


def pytest_configure() -> None:
    """In the runs below this module is a plugin: no PyTorch, no ONNX, and the same examples every time."""
    for name in ("torch", "onnx"):
        sys.modules[name] = None  # type: ignore[assignment]
    phases = (Phase.explicit, Phase.generate)  # a failure is enough: it need not be made small
    settings.register_profile("mutations", deadline=None, derandomize=True, database=None, phases=phases)
    settings.load_profile("mutations")


def copied(tree: Path) -> Path:
    """The project's code and tests, as they are."""
    for name in ("tutor", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def run(tree: Path, names: Iterable[str]) -> Verdict:
    """Some of a copy's tests, until one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "--tb=no", "-rf", "-p", "no:cacheprovider", "-p", __spec__.name]
    command += [f"--basetemp={tree / 'tmp'}", *(f"tests/engine/test_{name}.py" for name in names)]
    surroundings = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    surroundings.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            command, cwd=tree, env=surroundings, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(False, False, f"no end after {PATIENCE:g} s")
    if done.returncode == 0:
        return Verdict(True, False, "every test passed")
    failed = re.search(r"^FAILED tests/engine/(.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode == 1 and failed is not None:
        return Verdict(False, True, failed[1])
    return Verdict(False, False, f"the tests did not run: {(done.stdout + done.stderr)[-500:]}")


def check(clean: Path, mutation: Mutation) -> tuple[Verdict, float]:
    """What the tests make of a bug, and the seconds that they took."""
    start = perf_counter()
    with TemporaryDirectory(dir=clean.parent) as folder:
        # With what Python has compiled of the clean copy, but for the file that changes.
        tree = Path(shutil.copytree(clean, Path(folder, "tree"), ignore=shutil.ignore_patterns("tmp")))
        target = tree / ENGINE / mutation.file
        for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
            compiled.unlink()
        target.write_text(mutation.of(target.read_text("utf-8")), "utf-8")
        first = FIRST.get(mutation.file, RECURRENCE)
        verdict = run(tree, first)
        if verdict.passed:
            verdict = run(tree, [name for name in TESTS if name not in first])
    return verdict, perf_counter() - start


def main(words: list[str]) -> int:
    """Check them all, or those that have one of the words, and print a line for each."""
    start = perf_counter()
    mutations = [m for m in MUTATIONS if not words or any(word in f"{m.file}: {m.name}" for word in words)]
    caught = 0
    with TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        clean = copied(Path(folder, "clean"))
        as_it_is = run(clean, TESTS)
        if not as_it_is.passed:
            print(f"without any bug: {as_it_is.said}")
            return 1
        checked = pool.map(lambda mutation: check(clean, mutation), mutations)
        for mutation, (verdict, seconds) in zip(mutations, checked, strict=True):
            caught += verdict.caught
            found = "caught by" if verdict.caught else "SURVIVED:"
            print(f"{seconds:5.1f} s  {mutation.file}: {mutation.name}: {found} {verdict.said}", flush=True)
    print(f"{caught} of {len(mutations)} caught, {perf_counter() - start:.0f} s")
    return 0 if caught == len(mutations) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
