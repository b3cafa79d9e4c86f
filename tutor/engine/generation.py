"""Writing on: a token chosen from what the model holds likely, read in turn, and so on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tutor.engine.checks import Array, numbers, whole
from tutor.engine.losses import softmax
from tutor.engine.model import Model
from tutor.engine.text import Vocabulary


class Said(NamedTuple):
    """A token that was chosen."""

    token: str
    probability: float
    """In the distribution that it was drawn from."""


def distribution(
    logits: Array, *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Array:
    """What a token is drawn from: softmax(logits / temperature), with its tail cut off, (V,) in float64.

    Args:
        logits: (V,); −∞ for a token that cannot be.
        temperature: below 1 the likely becomes likelier; 0 is argmax, the first of equals.
        top_k: only the k likeliest (Fan et al. 2018).
        top_p: only the likeliest that together reach p (Holtzman et al. 2020), of those that `top_k` left.

    Raises:
        ValueError: logits of another shape, none of them finite or one NaN, or an option that cannot be.
    """
    z = np.asarray(logits, np.float64)
    if z.ndim != 1 or not np.isfinite(z).any() or np.isnan(z).any() or (z == np.inf).any():
        raise ValueError(f"logits: got shape {z.shape}, expected (V,) with a finite number, and neither NaN nor +inf")
    if not (np.isfinite(temperature) and temperature >= 0.0):
        raise ValueError(f"temperature: got {temperature!r}, expected 0 or a number above it")
    if top_k is not None:
        whole("top_k", top_k)
    if top_p is not None and not 0.0 < top_p <= 1.0:
        raise ValueError(f"top_p: got {top_p!r}, expected above 0 and at most 1")
    if temperature == 0.0:
        first: Array = np.zeros_like(z)
        first[z.argmax()] = 1.0
        return first
    # The largest is taken out first: a small temperature would make it overflow.
    p = softmax(z - z.max(), temperature)
    order = np.argsort(-p, kind="stable")
    kept = len(p) if top_k is None else min(top_k, len(p))
    if top_p is not None:
        share = np.cumsum(p[order[:kept]]) / p[order[:kept]].sum()
        # The first place where p is reached; a rounding error short of 1 is no reason to keep a tail.
        kept = int(np.searchsorted(share, top_p - 1e-12)) + 1
    cut: Array = np.zeros_like(p)
    cut[order[:kept]] = p[order[:kept]]
    cut /= cut.sum()
    return cut


def choose(p: Array, rng: np.random.Generator) -> int:
    """An index drawn from a distribution (V,)."""
    # By the inverse of the cumulative sum: the same index for the same draw, on every machine.
    at = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side="right"))
    return min(at, int(np.flatnonzero(p)[-1]))


def generate(
    model: Model,
    prompt: Sequence[str] | Sequence[int],
    *,
    max_tokens: int = 50,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    h_0: Array | None = None,
) -> Iterator[Said]:
    """Write on from a prompt, one token at a time, until the end token or `max_tokens`.

    The state is carried: a token costs the same however many came before it. The unknown token and the start token are
    never said. The same seed gives the same tokens.

    Args:
        model: a language model of one direction.
        prompt: tokens, or indices where a token cannot be written.
        max_tokens: the most that are said.
        temperature: as `distribution`, and so `top_k` and `top_p`.
        seed: draws the tokens.
        h_0: (layers, 1, H), the state to start from; the learned one, or zeros, when None.

    Raises:
        ValueError: at once: another kind of model, one without a head, an empty prompt, or an option that cannot be.
    """
    vocabulary = model.vocabulary
    if vocabulary is None or model.job != "next" or model.net.bidirectional:
        raise ValueError("model: got one that does not say the next token, expected a language model of one direction")
    model.around()
    if not len(prompt):
        raise ValueError("prompt: got no tokens, expected at least one")
    whole("max_tokens", max_tokens, 0)
    rng = np.random.default_rng([whole("seed", seed, 0), 5])
    how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    distribution(np.zeros(1), **how)
    if h_0 is not None:
        numbers("h_0", h_0, model.dtype, (model.net.num_layers, 1, model.net.hidden_size))
    read = [vocabulary.index(token) if isinstance(token, str) else int(token) for token in prompt]
    return _written(model, vocabulary, read, max_tokens, how, rng, model.state(h_0, 1))


def _written(
    model: Model,
    vocabulary: Vocabulary,
    read: list[int],
    most: int,
    how: dict[str, Any],
    rng: np.random.Generator,
    state: Any,
) -> Iterator[Said]:
    embedding, head = model.around()
    never = [0] if vocabulary.start is None else [0, vocabulary.start]
    for _ in range(most):
        trace = model.net.forward(embedding.forward(read)[:, None], state)
        state = trace.h_n if trace.c_n is None else (trace.h_n, trace.c_n)
        logits = head.scores(trace.output[-1, 0]).astype(np.float64)
        logits[never] = -np.inf
        p = distribution(logits, **how)
        index = choose(p, rng)
        if index == vocabulary.end:
            return
        yield Said(vocabulary.tokens[index], float(p[index]))
        read = [index]
