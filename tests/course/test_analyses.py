"""The probes of `analyses.py` and `built.py`, each against the same computed another way."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.landscape import START, Cliff
from tutor.course.lab import Lab
from tutor.course.measured import Measured
from tutor.course.probes import Probe
from tutor.engine.convolution import CausalConv1d
from tutor.engine.model import Model
from tutor.engine.recurrent import Recurrent

from .sample import check_answer

LONG = " ".join(["late"] * 120)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "days.txt").write_text("the sun is up\nthe sun is down\nthe sun sets\nThe moon is up\n")
    (folder / "moods.txt").write_text("so good\tup\nso bad\tdown\n")
    learns: dict[str, Any] = {"corpus": "days.txt", "hidden": 5, "learning_rate": 0.05, "text": "the sun is down"}
    models = {
        "plain": ModelEntry(hidden=4, seed=3, text="never too late to"),
        "gru": ModelEntry(cell="gru", hidden=3, text="never too late to"),
        "lstm": ModelEntry(cell="lstm", hidden=3, text="never too late to"),
        "both": ModelEntry(hidden=3, layers=2, bidirectional=True, text="never too late to"),
        "linear": ModelEntry(nonlinearity="identity", init="orthogonal", radius=1e-3, hidden=3, text=LONG),
        "burst": ModelEntry(nonlinearity="identity", init="orthogonal", radius=50, hidden=3, text="a b c"),
        "none": ModelEntry(init="zeros", hidden=2, text="a b"),
        "reader": ModelEntry(task="next-word", steps=40, **learns),
        "deep": ModelEntry(task="next-word", cell="lstm", layers=2, steps=5, **learns),
        "gated": ModelEntry(task="next-word", cell="gru", steps=5, **learns),
        "letters": ModelEntry(task="next-character", steps=3, **learns),
        "mood": ModelEntry(task="classify", corpus="moods.txt", hidden=4, steps=3, text="so good"),
        "mute": ModelEntry(hidden=4),
        "days": ModelEntry(task="forecast", corpus="days.csv", column="rain"),
    }
    lab = Lab(models, folder=folder)
    for name in ("reader", "deep", "gated", "letters", "mood"):
        lab.ensure(name)
    return lab


def probe(name: str, **keys: Any) -> Any:
    return msgspec.convert({"probe": name, **keys}, Probe)


def measured(lab: Lab, name: str, **keys: Any) -> Measured:
    asked = probe(name, **keys)
    assert asked.unfit(lab.models) is None
    found = asked.measure(lab)
    assert isinstance(found, Measured)
    return found


def number(lab: Lab, name: str, **keys: Any) -> float:
    return measured(lab, name, **keys).number


def exact(lab: Lab, model: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A model's parameters and the vectors of its text, in float64."""
    run = lab.run(model)
    return {k: v.astype(np.float64) for k, v in run.model.state_dict().items()}, run.x.astype(np.float64)


def tanh_states(p: dict[str, np.ndarray], x: np.ndarray, w_h: list[np.ndarray], h: np.ndarray) -> np.ndarray:
    """h_1 … h_T of a plain RNN of one layer, with a W_h of its own for every step."""
    states = []
    for step, w in zip(x, w_h, strict=True):
        h = np.tanh(p["rnn.weight_ih_l0"] @ step + p["rnn.bias_ih_l0"] + w @ h + p["rnn.bias_hh_l0"])
        states.append(h)
    return np.stack(states)


# How it fades


@pytest.mark.parametrize("name", ["plain", "gru", "lstm"])
@pytest.mark.parametrize("back", [0, 1, 2, 4])
def test_decay_is_that_of_finite_differences(lab: Lab, name: str, back: int) -> None:
    run = lab.run(name)
    net = run.spec.network(run.spec.embedding_size, np.float64)
    net.load_state_dict(run.model.net.state_dict())
    x, H, e = run.x.astype(np.float64)[:, None], run.spec.hidden_size, 1e-6
    record = net.forward(x).records[0][0]
    t = len(x) - back
    parts = [record.h[t, 0]] + ([] if record.c is None else [record.c[t, 0]])
    s = np.concatenate(parts)

    def end(s: np.ndarray) -> np.ndarray:
        if back == 0:
            return s
        h, c = s[None, None, :H], s[None, None, H:]
        trace = net.forward(x[t:], (h, c) if name == "lstm" else h)
        return np.concatenate([trace.h_n.ravel(), [] if trace.c_n is None else trace.c_n.ravel()])

    jacobian = np.stack([(end(s + e * unit) - end(s - e * unit)) / (2 * e) for unit in np.eye(len(s))], axis=1)
    of_h, of_s = (float(np.linalg.norm(j, 2)) for j in (jacobian[:H, :H], jacobian))
    assert number(lab, "decay", model=name, back=back) == pytest.approx(of_h, rel=1e-4)
    assert number(lab, "decay", model=name, back=back, state=True) == pytest.approx(of_s, rel=1e-4)
    assert number(lab, "decay", model=name, back=back, log10=True) == pytest.approx(math.log10(of_h), abs=1e-4)
    if back == len(x):
        assert number(lab, "decay", model=name) == number(lab, "decay", model=name, back=back)
    # With and without c is the same thing but for the LSTM, from one step on.
    assert (of_h == pytest.approx(of_s)) == (name != "lstm" or back == 0)


@pytest.mark.parametrize("state", [False, True])
def test_what_no_float_holds_is_told_by_its_logarithm(lab: Lab, state: bool) -> None:
    # In a linear network every singular value is ρ^(T−t).
    assert number(lab, "decay", model="linear", log10=True, state=state) == pytest.approx(-360, abs=1e-4)
    assert number(lab, "decay", model="linear", back=100, state=state) == pytest.approx(1e-300, rel=1e-3)
    with pytest.raises(ValueError, match=r"the norm is 10\^-360\.0, which no float64 holds; write log10 = true"):
        measured(lab, "decay", model="linear", state=state)
    assert number(lab, "decay", model="none", state=state) == 0
    with pytest.raises(ValueError, match="the norm is exactly 0, which has no logarithm"):
        measured(lab, "decay", model="none", log10=True, state=state)


@pytest.mark.parametrize("step", [1, 2, 3, 4, None])
def test_loss_gradient_is_that_of_finite_differences(lab: Lab, step: int | None) -> None:
    p, x = exact(lab, "reader")
    example = lab.model("reader").encode([lab.tokens("reader")])[0]
    wanted, T, at = example.wanted, len(x), (step or 4) - 1
    same = [p["rnn.weight_hh_l0"]] * T
    states = tanh_states(p, x, same, np.zeros(5))

    def loss(h: np.ndarray) -> float:
        later = tanh_states(p, x[at + 1 :], same[at + 1 :], h) if at + 1 < T else np.zeros((0, 5))
        scores = np.vstack([states[:at], h, later]) @ p["head.weight"].T + p["head.bias"]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(T), wanted]))

    e = 1e-6
    slopes = [(loss(states[at] + e * u) - loss(states[at] - e * u)) / (2 * e) for u in np.eye(5)]
    keys = {} if step is None else {"step": step}
    assert number(lab, "loss_gradient", model="reader", **keys) == pytest.approx(np.linalg.norm(slopes), rel=1e-4)


def test_a_text_without_an_end_has_its_last_token_guessed_and_not_read(lab: Lab) -> None:
    assert len(lab.tokens("letters", "sun")) == 3
    assert number(lab, "loss_gradient", model="letters", text="sun", step=2) > 0
    for name, keys in (("loss_gradient", {}), ("weight_gradient", {"row": 1, "column": 1})):
        with pytest.raises(ValueError, match="step 3 is not among the 2 steps that are read"):
            measured(lab, name, model="letters", text="sun", step=3, **keys)
        with pytest.raises(ValueError, match="one token"):
            measured(lab, name, model="letters", text="s", **keys)


def test_saturation(lab: Lab) -> None:
    values = [abs(v) for row in lab.run("plain").hidden.tolist() for v in row]
    for above in (0.0, 0.2, 0.9):
        share = sum(v > above for v in values) / len(values)
        assert number(lab, "saturation", model="plain", above=above) == share
    assert 0 < number(lab, "saturation", model="plain", above=0.2) < 1
    assert number(lab, "saturation", model="plain") == number(lab, "saturation", model="plain", above=0.9)
    assert number(lab, "saturation", model="burst", above=2) > 0


# One weight


@pytest.mark.parametrize("what", ["W_h", "W_x"])
def test_nudge(lab: Lab, what: str) -> None:
    p, x = exact(lab, "plain")
    before = tanh_states(p, x, [p["rnn.weight_hh_l0"]] * 4, np.zeros(4))
    name = "rnn.weight_hh_l0" if what == "W_h" else "rnn.weight_ih_l0"
    p[name] = p[name].copy()
    p[name][2, 3] += 0.25
    after = tanh_states(p, x, [p["rnn.weight_hh_l0"]] * 4, np.zeros(4))
    moved = np.linalg.norm(after - before, axis=1)
    keys: dict[str, Any] = {"model": "plain", "what": what, "row": 3, "column": 4, "by": 0.25}
    found = [number(lab, "nudge", step=t, **keys) for t in (1, 2, 3, 4)]
    assert found == pytest.approx(moved.tolist(), rel=1e-9)
    assert number(lab, "nudge", **keys) == found[-1]
    # There is no state before the first step that W_h could read.
    assert (found[0] == 0) == (what == "W_h")
    steps = measured(lab, "nudged_steps", **keys)
    assert (steps.value, type(steps.value)) == ((3, int) if what == "W_h" else (4, int))
    assert measured(lab, "nudged_steps", **keys | {"text": "late"}).value == (0 if what == "W_h" else 1)


def test_a_nudge_leaves_the_model_as_it_is(lab: Lab) -> None:
    before, run = lab.model("plain").flat.copy(), lab.run("plain").hidden.copy()
    number(lab, "nudge", model="plain", row=1, column=1, by=3.0)
    assert (lab.model("plain").flat == before).all()
    assert (lab.model("plain").run(lab.tokens("plain")).hidden == run).all()


def test_a_nudge_of_the_last_row_and_column_of_any_network(lab: Lab) -> None:
    # The LSTM's last rows are its output gate's: h moves, and at the first step by W_x alone.
    for name, rows, width in (("gru", 9, 8), ("lstm", 12, 8), ("both", 3, 6)):
        keys: dict[str, Any] = {"model": name, "by": 0.5, "row": rows}
        assert measured(lab, "nudged_steps", column=3, **keys).value == 3
        assert measured(lab, "nudged_steps", what="W_x", column=width, **keys).value == 4
    with pytest.raises(ValueError, match="a state overflowed; write a smaller `by`, or a shorter text"):
        measured(lab, "nudge", model="linear", row=1, column=1, by=1e6)


@pytest.mark.parametrize("model", ["reader", "gated", "deep", "letters"])
@pytest.mark.parametrize("what", ["W_h", "W_x"])
def test_the_gradient_is_true_and_the_sum_of_its_parts(lab: Lab, model: str, what: str) -> None:
    keys: dict[str, Any] = {"model": model, "what": what, "row": 2, "column": 4}
    assert number(lab, "gradient_check", **keys) < 1e-5
    whole = number(lab, "weight_gradient", **keys)
    steps = len(lab.tokens(model)) - (model == "letters")
    parts = [number(lab, "weight_gradient", step=t, **keys) for t in range(1, steps + 1)]
    assert sum(parts) == pytest.approx(whole, rel=1e-9)
    assert (parts[0] == 0) == (what == "W_h")
    assert all(parts[1:])


def test_a_part_is_what_the_copy_at_its_step_would_do_to_the_loss(lab: Lab) -> None:
    p, x = exact(lab, "reader")
    wanted = lab.model("reader").encode([lab.tokens("reader")])[0].wanted

    def loss(step: int, by: float) -> float:
        copies = [p["rnn.weight_hh_l0"].copy() for _ in range(4)]
        copies[step - 1][1, 3] += by
        scores = tanh_states(p, x, copies, np.zeros(5)) @ p["head.weight"].T + p["head.bias"]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(4), wanted]))

    for step in (1, 2, 3, 4):
        part = (loss(step, 1e-5) - loss(step, -1e-5)) / 2e-5
        found = number(lab, "weight_gradient", model="reader", row=2, column=4, step=step)
        assert found == pytest.approx(part, rel=1e-5, abs=1e-12)


def test_the_gradient_is_torchs(lab: Lab) -> None:
    torch = pytest.importorskip("torch")
    p, x = exact(lab, "deep")
    example = lab.model("deep").encode([lab.tokens("deep")])[0]
    net = torch.nn.LSTM(8, 5, 2).double()
    net.load_state_dict({k.removeprefix("rnn."): torch.tensor(v) for k, v in p.items() if k.startswith("rnn.")})
    scores = net(torch.tensor(x))[0] @ torch.tensor(p["head.weight"]).T + torch.tensor(p["head.bias"])
    torch.nn.functional.cross_entropy(scores, torch.tensor(example.wanted)).backward()
    for what, of in (("W_h", net.weight_hh_l1), ("W_x", net.weight_ih_l1)):
        found = number(lab, "weight_gradient", model="deep", what=what, row=20, column=5)
        assert found == pytest.approx(float(of.grad[19, 4]), rel=1e-9)


def test_a_wrong_gradient_is_found_out(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: dict[str, Any] = {"model": "reader", "row": 1, "column": 2}
    # A difference over less has less of an error, until the digits run out.
    assert number(lab, "gradient_check", epsilon=1e-5, **keys) < number(lab, "gradient_check", epsilon=0.1, **keys)
    true = Model.loss_and_gradient

    def wrong(self: Model, batch: Any) -> Any:
        loss, gradient = true(self, batch)
        return loss, 2 * gradient

    monkeypatch.setattr(Model, "loss_and_gradient", wrong)
    assert number(lab, "gradient_check", **keys) == pytest.approx(0.5, rel=1e-4)


def test_of_one_step_w_h_has_no_gradient(lab: Lab) -> None:
    keys: dict[str, Any] = {"model": "reader", "text": "the", "row": 1, "column": 1}
    assert number(lab, "weight_gradient", **keys) == 0
    assert number(lab, "gradient_check", **keys) == 0
    assert number(lab, "weight_gradient", what="W_x", **keys) == number(
        lab, "weight_gradient", what="W_x", step=1, **keys
    )


# What is built


def test_gates_by_hand(lab: Lab) -> None:
    assert number(lab, "gru_by_hand", z=0.75, n=-1, h=0.5) == 0.125
    assert number(lab, "gru_by_hand", z=1, n=-1, h=0.5) == 0.5
    assert number(lab, "gru_by_hand", z=0, n=-1, h=0.5) == -1
    keys = {"f": 0.5, "c": 3, "i": 0.25, "g": -1, "o": 0.5}
    assert number(lab, "lstm_by_hand", **keys) == 1.25
    assert number(lab, "lstm_by_hand", take="h", **keys) == pytest.approx(0.5 * math.tanh(1.25))


def test_the_gates_by_hand_are_the_engines(lab: Lab) -> None:
    def unit(model: str) -> dict[str, list[float]]:
        return {letter: v[:, 0, 1].tolist() for letter, v in lab.run(model).trace.gates().items()}

    gru, lstm = unit("gru"), unit("lstm")
    found = number(lab, "gru_by_hand", z=gru["z"][2], n=gru["n"][2], h=gru["h"][1])
    assert found == pytest.approx(gru["h"][2], rel=1e-5)
    keys = {letter: lstm[letter][2] for letter in "figo"} | {"c": lstm["c"][1]}
    for take in "ch":
        assert number(lab, "lstm_by_hand", take=take, **keys) == pytest.approx(lstm[take][2], rel=1e-5)


def test_hand_state(lab: Lab) -> None:
    keys: dict[str, Any] = {"w_x": [[1, 0.5], [-1, 2]], "w_h": [[0.5, 0], [1, -0.5]], "x": [[1, 0], [0, 1]]}
    first = (math.tanh(1), math.tanh(-1))
    assert [number(lab, "hand_state", step=1, unit=u, **keys) for u in (1, 2)] == pytest.approx(first)
    second = (math.tanh(0.5 + 0.5 * first[0]), math.tanh(2 + first[0] - 0.5 * first[1]))
    assert [number(lab, "hand_state", step=2, unit=u, **keys) for u in (1, 2)] == pytest.approx(second)
    found = number(lab, "hand_state", step=1, unit=2, b=[0.5, 0.25], h=[1, 2], **keys)
    assert found == pytest.approx(math.tanh(-1 + 0.25 + 1 - 1))
    # Of one input, its numbers stand for themselves.
    one = {"w_x": [[0.8]], "w_h": [[0.5]], "b": [0.1], "x": [1, 0], "unit": 1}
    hand = number(lab, "cell_by_hand", w_x=0.8, x=0, w_h=0.5, h=math.tanh(0.9), b=0.1)
    assert number(lab, "hand_state", step=2, **one) == pytest.approx(hand)


def test_parameters(lab: Lab) -> None:
    found = measured(lab, "parameters", input=8, hidden=16)
    assert (found.value, type(found.value)) == (16 * 8 + 16 * 16 + 2 * 16, int)
    assert measured(lab, "parameters", input=8, hidden=16, bias=False).value == 16 * 8 + 16 * 16
    assert measured(lab, "unshared", input=8, hidden=16, steps=500).value == 500 * 416
    assert measured(lab, "unshared", input=8, hidden=16, steps=1).value == 416


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_parameters_are_as_many_as_torchs(lab: Lab, cell: str) -> None:
    torch = pytest.importorskip("torch")
    net = getattr(torch.nn, cell.upper())(7, 5, 3, bidirectional=True)
    found = measured(lab, "parameters", cell=cell, input=7, hidden=5, layers=3, bidirectional=True).value
    assert found == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("kernel_size", "layers"), [(1, 1), (2, 3), (3, 4), (5, 6)])
def test_reach(lab: Lab, kernel_size: int, layers: int) -> None:
    found = measured(lab, "reach", kernel_size=kernel_size, layers=layers)
    assert (found.value, type(found.value)) == (1 + (kernel_size - 1) * (2**layers - 1), int)
    plain = measured(lab, "reach", kernel_size=kernel_size, layers=layers, dilated=False)
    assert plain.value == 1 + (kernel_size - 1) * layers


def test_descent(lab: Lab) -> None:
    def cliff(w: float, b: float) -> tuple[float, float, float]:
        def loss(w: float, b: float) -> float:
            h = 0.5
            for _ in range(50):
                h = w / (1 + math.exp(-h)) + b
            return (h - 1.2) ** 2

        e = 1e-6
        return loss(w, b), (loss(w + e, b) - loss(w - e, b)) / (2 * e), (loss(w, b + e) - loss(w, b - e)) / (2 * e)

    place, moved = (5.0, -2.0), 0.0
    for at in range(4):
        loss, dw, db = cliff(*place)
        keys: dict[str, Any] = {"start": [5, -2], "learning_rate": 0.01, "clip": 0.5, "steps": 3, "at": at}
        for take, amount in (("w", place[0]), ("b", place[1]), ("loss", loss), ("gradient_norm", math.hypot(dw, db))):
            assert number(lab, "descent", take=take, **keys) == pytest.approx(amount, rel=1e-4)
        if at:
            assert number(lab, "descent", take="moved", **keys) == pytest.approx(moved, rel=1e-4)
        rate = 0.01 * min(1.0, 0.5 / math.hypot(dw, db))
        moved = rate * math.hypot(dw, db)
        place = (place[0] - rate * dw, place[1] - rate * db)


def test_descent_over_the_cliff(lab: Lab) -> None:
    assert number(lab, "descent", take="w", at=0) == START[0]
    assert number(lab, "descent", steps=0) == Cliff().at(*START).loss
    # The landscape's own: unclipped it is thrown far off the map, clipped it goes its rate times its norm at most.
    assert number(lab, "descent", take="moved") > 50
    assert number(lab, "descent", take="moved", clip=1) == pytest.approx(0.02)
    assert number(lab, "descent", take="w", at=19) == number(lab, "descent", take="w", steps=19)
    far: dict[str, Any] = {"start": [1e200, 1e200], "steps": 50}
    with pytest.raises(ValueError, match="the descent ends after 0 updates, where its loss is no finite number"):
        measured(lab, "descent", **far)
    with pytest.raises(ValueError, match="after 0 updates `loss` is no finite number"):
        measured(lab, "descent", at=0, **far)
    assert number(lab, "descent", at=0, take="w", **far) == 1e200


class Clock:
    """Time that only passes move: `rate` × T^`power` seconds each, but the first over a length."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rates: dict[type, float], power: float) -> None:
        self.now = 0.0
        for kind, rate in rates.items():
            monkeypatch.setattr(kind, "forward", self._timed(kind.forward, rate, power))  # type: ignore[attr-defined]

    def _timed(self, forward: Any, rate: float, power: float) -> Any:
        def timed(net: Any, x: np.ndarray) -> Any:
            self.now += rate * len(x) ** power
            return forward(net, x)

        return timed

    def __call__(self) -> float:
        return self.now


def test_times_by_a_clock(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, {Recurrent: 3e-3, CausalConv1d: 1e-3}, 1.5)
    for cell in ("rnn", "gru", "lstm", "convolution"):
        asked = probe("timing_slope", cell=cell, hidden=2, lengths=[4, 8, 32], repeats=2)
        assert asked.timed(lab, clock).number == pytest.approx(1.5)
    ratio = probe("timing_ratio", left="lstm", right="convolution", hidden=2, length=8, repeats=1)
    assert ratio.timed(lab, clock).number == pytest.approx(3)
    for asked in (ratio, probe("timing_slope", hidden=2, lengths=[1, 2])):
        with pytest.raises(ValueError, match="the clock is too coarse to see a pass"):
            asked.timed(lab, lambda: 0.0)


def test_times_are_measured_now(lab: Lab) -> None:
    assert math.isfinite(number(lab, "timing_slope", hidden=2, lengths=[16, 64], repeats=1))
    assert number(lab, "timing_ratio", left="gru", right="rnn", hidden=2, length=64, repeats=1) > 0


# What is refused before anything runs

WEIGHT: dict[str, Any] = {"model": "reader", "row": 1, "column": 1}
SMALL: dict[str, Any] = {"w_x": [[1], [2]], "w_h": [[1, 2], [3, 4]], "x": [1, 2], "step": 1, "unit": 1}
SIZES: dict[str, Any] = {"input": 2, "hidden": 2}
LSTM: dict[str, Any] = {"f": 1, "c": 1, "i": 1, "g": 1}


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("decay", {"model": "plain", "back": 5}, "`back` is 5"),
        ("decay", {"model": "plain", "back": -1}, "`back` is -1"),
        ("decay", {"model": "plain", "text": "late", "back": 1}, None),
        ("decay", {"model": "mute"}, "`mute` has no text to run on"),
        ("decay", {"model": "days", "text": "a"}, '`days` has the task "forecast"'),
        ("decay", {"model": "mood"}, None),
        ("decay", {"model": "nobody"}, None),  # the loader says so
        ("saturation", {"model": "plain", "above": 1}, "no |h| is above 1"),
        ("saturation", {"model": "lstm", "above": -0.1}, "`above` is -0.1"),
        ("saturation", {"model": "lstm", "above": math.nan}, "`above` is nan"),
        ("saturation", {"model": "linear", "above": 2}, None),
        ("saturation", {"model": "mute"}, "`mute` has no text to run on"),
        ("loss_gradient", {"model": "reader", "step": 0}, "`step` is 0"),
        ("loss_gradient", {"model": "reader", "step": 5}, "`step` is 5"),
        ("loss_gradient", {"model": "plain"}, "`plain` predicts no next token"),
        ("loss_gradient", {"model": "mood"}, "`mood` predicts no next token"),
        ("nudge", {**WEIGHT, "by": 0}, "`by` is 0, and changes nothing"),
        ("nudge", {**WEIGHT, "by": math.inf}, "`by` is inf"),
        ("nudge", {**WEIGHT, "by": 1, "step": 5}, "`step` is 5"),
        ("nudge", {**WEIGHT, "by": 1, "row": 0}, "`row` is 0"),
        ("nudge", {**WEIGHT, "by": 1, "row": 6}, "`row` is 6"),
        ("nudge", {**WEIGHT, "by": 1, "column": 6}, "`column` is 6"),
        ("nudge", {**WEIGHT, "by": 1, "column": 8, "what": "W_x"}, None),
        ("nudge", {**WEIGHT, "by": 1, "column": 9, "what": "W_x"}, "`column` is 9"),
        ("nudged_steps", {**WEIGHT, "model": "gru", "by": 1, "row": 10}, "`row` is 10"),
        ("nudged_steps", {**WEIGHT, "model": "lstm", "by": 1, "row": 12}, None),
        ("nudged_steps", {**WEIGHT, "model": "both", "by": 1, "column": 7, "what": "W_x"}, "`column` is 7"),
        ("nudged_steps", {**WEIGHT, "model": "deep", "by": 1, "column": 6, "what": "W_x"}, "`column` is 6"),
        ("gradient_check", {**WEIGHT, "epsilon": 0}, "`epsilon` is 0"),
        ("gradient_check", {**WEIGHT, "model": "plain"}, "`plain` predicts no next token"),
        ("gradient_check", {**WEIGHT, "row": 6}, "`row` is 6"),
        ("weight_gradient", {**WEIGHT, "step": 5}, "`step` is 5"),
        ("weight_gradient", {**WEIGHT, "step": -1}, "`step` is -1"),
        ("weight_gradient", {**WEIGHT, "column": 0}, "`column` is 0"),
        ("gru_by_hand", {"z": 1.1, "n": 0, "h": 0}, "`z` is 1.1"),
        ("gru_by_hand", {"z": 1, "n": -2, "h": 0}, "`n` is -2"),
        ("lstm_by_hand", {**LSTM, "f": -1}, "`f` is -1"),
        ("lstm_by_hand", {**LSTM, "o": 2}, "`o` is 2"),
        ("lstm_by_hand", {**LSTM, "g": 2}, "`g` is 2"),
        ("lstm_by_hand", {**LSTM, "take": "h"}, "has no `o`"),
        ("hand_state", SMALL, None),
        ("hand_state", {**SMALL, "w_x": []}, "`w_x` or `x` is empty"),
        ("hand_state", {**SMALL, "x": []}, "`w_x` or `x` is empty"),
        ("hand_state", {**SMALL, "w_x": [[1], [2, 3]]}, "`w_x` has 2 numbers where 1 belong"),
        ("hand_state", {**SMALL, "w_h": [[1, 2]]}, "`w_h` has 1 rows, and `w_x` 2"),
        ("hand_state", {**SMALL, "w_h": [[1, 2], [3]]}, "`w_h` has 1 numbers where 2 belong"),
        ("hand_state", {**SMALL, "x": [1, [2, 3]]}, "`x` has 2 numbers where 1 belong"),
        ("hand_state", {**SMALL, "b": [1]}, "`b` has 1 numbers where 2 belong"),
        ("hand_state", {**SMALL, "h": [1, math.inf]}, "`h` has a number out of bounds"),
        ("hand_state", {**SMALL, "step": 3}, "`step` is 3"),
        ("hand_state", {**SMALL, "unit": 0}, "`unit` is 0"),
        ("parameters", {**SIZES, "hidden": 0}, "`hidden` is 0"),
        ("parameters", {**SIZES, "input": 10_001}, "`input` is 10001"),
        ("parameters", {**SIZES, "layers": 9}, "`layers` is 9"),
        ("unshared", {**SIZES, "steps": 0}, "`steps` is 0"),
        ("unshared", {**SIZES, "steps": 5, "hidden": 513}, "`hidden` is 513"),
        ("reach", {"kernel_size": 6}, "`kernel_size` is 6"),
        ("reach", {"layers": 0}, "`layers` is 0"),
        ("descent", {"learning_rate": 0}, "`learning_rate` is 0"),
        ("descent", {"clip": -1}, "`clip` is -1"),
        ("descent", {"start": [math.nan, 0]}, "`start` is no point"),
        ("descent", {"steps": 3, "at": 4}, "`at` is 4"),
        ("descent", {"steps": 3, "at": 0}, None),
        ("descent", {"steps": 3, "at": 0, "take": "moved"}, "`at` is 0"),
        ("descent", {"steps": 0, "take": "moved"}, "nothing has moved yet"),
        ("descent", {"steps": 501}, "`steps` is 501"),
        ("timing_slope", {"lengths": [8]}, "`lengths` do not rise"),
        ("timing_slope", {"cell": "convolution"}, None),
        ("timing_slope", {"repeats": 0}, "`repeats` is 0"),
        ("timing_ratio", {"left": "rnn", "right": "rnn"}, "are both rnn"),
        ("timing_ratio", {"left": "rnn", "right": "gru", "length": 0}, "`length` is 0"),
        ("timing_ratio", {"left": "rnn", "right": "gru", "hidden": 257}, "`hidden` is 257"),
        ("timing_ratio", {"left": "rnn", "right": "gru"}, None),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    lab: Lab, name: str, keys: dict[str, Any], said: str | None
) -> None:
    check_answer(probe(name, **keys).unfit(lab.models), said)


def test_a_part_that_cannot_be_is_found_in_what_is_made_of_it(lab: Lab) -> None:
    part = {"probe": "decay", "model": "plain", "back": 9}
    check_answer(probe("ratio", left=part, right=part).unfit(lab.models), "`back` is 9")


def test_unknown_keys_and_names_are_refused() -> None:
    for keys in ({"what": "W_y"}, {"units": 1}, {"row": 1.5}):
        with pytest.raises(msgspec.ValidationError):
            probe("nudge", **{**WEIGHT, "by": 1, **keys})


def test_the_probes_can_be_imported_before_the_figures_and_after() -> None:
    for first in ("tutor.course.figures", "tutor.course.analyses", "tutor.course.built", "tutor.course.probes"):
        code = f"import {first}, tutor.course.figures, tutor.course.probes"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
