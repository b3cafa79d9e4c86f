"""∂logit/∂x_t by nudging, and against what is left when an input is taken away."""

from __future__ import annotations

import numpy as np
import pytest

from tutor.engine import CELLS
from tutor.engine.attribution import attribute, deletion
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

WORDS = list("abcab")
KINDS = [("next", False), ("tag", True), ("classify", False), ("classify", True)]


def model(cell: str = "rnn", job: str = "next", both: bool = False, **options) -> Model:
    spec = ModelSpec(cell=cell, hidden_size=4, embedding_size=3, bidirectional=both, seed=2, **options)
    labels = () if job == "next" else ("N", "V")
    return Model(spec, Vocabulary("abc"), job=job, labels=labels, dtype=np.float64)


def score(run: Run, x: np.ndarray, label: str, t: int) -> float:
    """The logit when the network reads `x` instead."""
    net, head = run.model.net, run.model.head
    trace = net.forward(x[:, None])
    whole = run.model.job == "classify" and net.bidirectional
    h = np.concatenate(trace.h_n[-2:], axis=1)[0] if whole else trace.output[t, 0]
    return float(head.forward(h)[run.model.labels.index(label)])


@pytest.mark.parametrize(("job", "both"), KINDS)
@pytest.mark.parametrize("cell", list(CELLS))
def test_the_gradient_is_the_slope_of_the_score(cell: str, job: str, both: bool) -> None:
    run = model(cell, job, both, num_layers=2).run(WORDS)
    label = "b" if job == "next" else "V"
    for t in (-1, 2) if job != "classify" or not both else (-1,):
        found = attribute(run, label, t)
        assert found.score == pytest.approx(score(run, run.x, label, t))
        for at in np.ndindex(run.x.shape):
            ends = []
            for step in (1e-6, -1e-6):
                x = run.x.copy()
                x[at] += step
                ends.append(score(run, x, label, t))
            assert found.gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)
        np.testing.assert_allclose(found.norms, np.linalg.norm(found.gradient, axis=1))
        np.testing.assert_allclose(found.products, (found.gradient * run.x).sum(axis=1))


@pytest.mark.parametrize(("job", "both"), KINDS)
def test_of_a_linear_network_it_is_exactly_what_deletion_takes_away(job: str, both: bool) -> None:
    run = model("rnn", job, both, nonlinearity="identity").run(WORDS, np.ones(8 if both else 4))
    label = "b" if job == "next" else "N"
    np.testing.assert_allclose(attribute(run, label).products, deletion(run, label), atol=1e-12)


@pytest.mark.parametrize(("job", "both"), KINDS)
@pytest.mark.parametrize("cell", list(CELLS))
def test_deletion_is_one_pass_for_each_input(cell: str, job: str, both: bool) -> None:
    run = model(cell, job, both).run(WORDS)
    label = "b" if job == "next" else "N"
    found = deletion(run, label)
    for t in range(len(WORDS)):
        x = run.x.copy()
        x[t] = 0.0
        assert found[t] == pytest.approx(score(run, run.x, label, -1) - score(run, x, label, -1), abs=1e-12)


@pytest.mark.parametrize("cell", list(CELLS))
def test_of_small_inputs_the_two_agree(cell: str) -> None:
    m = model(cell)
    m.embedding.weight[...] *= 1e-4
    run = m.run(WORDS)
    np.testing.assert_allclose(attribute(run, "b").products, deletion(run, "b"), rtol=1e-2, atol=1e-9)


def test_what_comes_later_did_nothing() -> None:
    found = attribute(model("gru").run(WORDS), "a", 1)
    assert found.norms[:2].all()
    assert not found.norms[2:].any()


def test_refusals() -> None:
    m = model()
    run = m.run(WORDS)
    for call in (attribute, deletion):
        with pytest.raises(ValueError, match="label: got 'zebra', expected one of the model's 4"):
            call(run, "zebra")
        with pytest.raises(ValueError, match="t: got 5, expected 0 … 4"):
            call(run, "a", 5)
        with pytest.raises(ValueError, match="run: got one of a model without a head"):
            call(Model(ModelSpec(), None).run(WORDS), "a")
    list(fit(m, [WORDS], TrainingSpec(steps=1)))
    with pytest.raises(ValueError, match="run: got one from before its model learned on"):
        attribute(run, "a")
