"""Each probe against the value that it stands for, computed another way."""

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Measured
from tutor.course.probes import PROBES, Probe, models_of
from tutor.engine.gradient_flow import decay


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "days.txt").write_text("the sun is up\nthe sun is down\nthe sun sets\nThe moon is up\n")
    models = {
        "plain": ModelEntry(hidden=4, seed=3, text="never too late"),
        "keeper": ModelEntry(cell="lstm", hidden=4, text="never too late"),
        "gru": ModelEntry(cell="gru", hidden=4, text="never too late"),
        "reader": ModelEntry(
            task="next-word", corpus="days.txt", hidden=8, steps=40, learning_rate=0.05, text="the sun"
        ),
    }
    lab = Lab(models, folder=folder)
    lab.ensure("reader")
    return lab


def probe(name: str, **keys: Any) -> Any:
    return msgspec.convert({"probe": name, **keys}, Probe)


def measured(lab: Lab, name: str, **keys: Any) -> Measured:
    found = probe(name, **keys).measure(lab)
    assert isinstance(found, Measured)
    return found


def test_value(lab: Lab) -> None:
    run = lab.run("plain")
    assert measured(lab, "value", of="h", model="plain", step=2, unit=3).value == pytest.approx(run.hidden[1, 2])
    change = measured(lab, "value", of="change", model="plain", step=1).number
    assert change == pytest.approx(float(np.linalg.norm(run.hidden[0])))
    one = measured(lab, "value", of="change", model="plain", step=2, unit=1).number
    assert one == pytest.approx(abs(float(run.hidden[1, 0] - run.hidden[0, 0])))
    gates = lab.run("keeper").trace.gates(layer=0, direction=0)
    got = measured(lab, "value", of="f", model="keeper", step=3).number
    assert got == pytest.approx(float(gates["f"][2, 0].mean()))
    got = measured(lab, "value", of="c", model="keeper", step=3, unit=2).number
    assert got == pytest.approx(float(gates["c"][2, 0, 1]))
    with pytest.raises(ValueError, match="step 4 is not among the 3 steps of the text; steps count from 1"):
        measured(lab, "value", of="h", model="plain", step=4)
    with pytest.raises(ValueError, match="unit 5 is not among the 4 units; units count from 1"):
        measured(lab, "value", of="h", model="plain", step=1, unit=5)


def test_argmax_and_argmin_among_tokens(lab: Lab) -> None:
    change = [float(v) for v in lab.run("plain").change]
    most = measured(lab, "argmax", of="change", model="plain")
    assert most.value == 1 + change.index(max(change))
    assert most.number == pytest.approx(max(change))
    assert most.margin == pytest.approx(max(change) - sorted(change)[-2])
    least = measured(lab, "argmin", of="f", model="keeper")
    gate = lab.run("keeper").trace.gates(layer=0, direction=0)["f"][:, 0].mean(axis=1)
    assert (least.value, least.number) == (1 + int(gate.argmin()), pytest.approx(float(gate.min())))


def test_argmax_among_units(lab: Lab) -> None:
    hidden = lab.run("plain").hidden
    most = measured(lab, "argmax", of="h", model="plain", units=True, step=2)
    assert most.value == f"h{1 + int(hidden[1].argmax())}"
    moved = measured(lab, "argmax", of="change", model="plain", units=True, step=2)
    assert moved.value == f"h{1 + int(np.abs(hidden[1] - hidden[0]).argmax())}"
    gate = measured(lab, "argmax", of="z", model="gru", units=True)
    z = lab.run("gru").trace.gates(layer=0, direction=0)["z"][:, 0].mean(axis=0)
    assert gate.value == f"z{1 + int(z.argmax())}"
    with pytest.raises(ValueError, match="`step` picks among the units of one step"):
        measured(lab, "argmax", of="h", model="plain", step=2)


def test_what_comes_next(lab: Lab) -> None:
    run = lab.run("reader")
    assert run.probabilities is not None
    vocabulary = run.model.vocabulary
    assert vocabulary is not None
    p = run.probabilities[-1]
    is_ = measured(lab, "probability", model="reader", word="is").number
    assert is_ == pytest.approx(float(p[vocabulary.index("is")]), rel=1e-5)
    best = measured(lab, "likeliest", model="reader")
    assert best.value == "is"
    assert best.number == pytest.approx(is_, rel=1e-5)
    entropy = measured(lab, "entropy", model="reader").number
    assert entropy == pytest.approx(float(-(p * np.log2(p)).sum()), rel=1e-4)
    hot = measured(lab, "entropy", model="reader", temperature=1e6).number
    assert hot == pytest.approx(math.log2(len(vocabulary)), rel=1e-4)
    cold = measured(lab, "probability", model="reader", word="is", temperature=1e-3).number
    assert cold == pytest.approx(1.0)
    bits = measured(lab, "bits", model="reader", text="the sun is up").number
    whole = lab.run("reader", "the sun is up").bits
    assert whole is not None
    assert bits == pytest.approx(float(whole.mean()))
    with pytest.raises(ValueError, match="no word “stars” in its vocabulary"):
        measured(lab, "probability", model="reader", word="stars")
    with pytest.raises(ValueError, match="temperature must be above 0, got 0"):
        measured(lab, "entropy", model="reader", temperature=0)
    with pytest.raises(ValueError, match="a text of one token has nothing after it"):
        measured(lab, "bits", model="reader", text="the")


def test_the_corpus(lab: Lab) -> None:
    assert measured(lab, "corpus_count", model="reader", text="the sun", word="is").value == 2
    assert measured(lab, "corpus_count", model="reader", text="is", word="up").value == 2
    assert measured(lab, "corpus_count", model="reader", text="the sun", word="up").value == 0
    assert measured(lab, "corpus_share", model="reader", text="the sun", word="is").number == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="the corpus of `reader` nowhere goes on from “down”"):
        measured(lab, "corpus_share", model="reader", text="down", word="is")
    with pytest.raises(ValueError, match="`word` must be one token, got “is up”"):
        measured(lab, "corpus_count", model="reader", text="the sun", word="is up")


def test_counts(lab: Lab) -> None:
    def count(what: str, model: str = "plain", **keys: Any) -> Any:
        return measured(lab, "count", model=model, what=what, **keys).value

    assert count("units") == 4
    assert count("W_h") == 1
    assert count("W_h", "gru") == 3
    assert count("W_h", "keeper") == 4
    assert count("steps") == 3
    assert count("steps", text="a b c d e") == 5
    assert count("parameters") == 4 * 8 + 4 * 4 + 4 + 4
    vocabulary = count("vocabulary", "reader")
    assert vocabulary == 2 + len({"the", "sun", "is", "up", "down", "sets", "The", "moon"})
    assert count("known", "reader", text="the sun rises up, Sun") == 4
    assert count("known", "reader", text="nothing at all") == 0
    assert count("targets", "reader", text="the sun is up") == 4, "each next token, and the end"
    head = vocabulary * 8 + vocabulary
    assert count("parameters", "reader") == vocabulary * 8 + head + 8 * 8 + 8 * 8 + 8 + 8


def test_where_it_began(lab: Lab) -> None:
    zeros, random = lab.run("plain"), lab.run("plain", h_0="random")
    first = float(np.linalg.norm(random.h_0))
    left = [float(np.linalg.norm(zeros.hidden[t] - random.hidden[t])) / first for t in range(3)]
    for t, part in enumerate([1.0, *left]):
        assert measured(lab, "remaining", model="plain", step=t).number == pytest.approx(part)
    within = (left[0] + left[1]) / 2
    expected = 1 + next(i for i, part in enumerate(left) if part < within)
    assert measured(lab, "agreement", model="plain", within=within).value == expected
    assert measured(lab, "agreement", model="plain", within=0.0).value == 4


def test_distance(lab: Lab) -> None:
    texts = ["dog bites man", "man bites dog"]
    assert measured(lab, "distance", model="plain", texts=texts, of="bag").number == 0
    ends = [lab.run("plain", text).hidden[-1] for text in texts]
    h = measured(lab, "distance", model="plain", texts=texts).number
    assert h == pytest.approx(float(np.linalg.norm(ends[0] - ends[1])), rel=1e-5)
    assert h > 0
    last = [lab.run("plain", text).x[-1] for text in texts]
    vectors = measured(lab, "distance", model="plain", texts=texts, of="vector").number
    assert vectors == pytest.approx(float(np.linalg.norm(last[0] - last[1])), rel=1e-5)
    assert vectors == measured(lab, "distance", model="plain", texts=["man", "dog"], of="vector").number
    assert vectors != h
    other = ["a a b", "b"]
    assert measured(lab, "distance", model="plain", texts=other, of="bag").number == pytest.approx(2)


def test_gradient_norm(lab: Lab) -> None:
    half = measured(lab, "gradient_norm", radius=0.5, steps=50, back=49)
    assert half.number == pytest.approx(0.5**49)
    assert measured(lab, "gradient_norm", radius=0.5, steps=5).number == pytest.approx(0.5**5)
    assert measured(lab, "gradient_norm", back=0).number == pytest.approx(1)
    flow = decay("lstm", steps=9, hidden_size=8, radius=0.9, activation="tanh", seed=0)
    got = measured(lab, "gradient_norm", cell="lstm", steps=9, activation="tanh", back=4).number
    assert got == pytest.approx(float(flow.spectral_norms[5]))
    with pytest.raises(ValueError, match=r"`back` must lie between 0 and `steps` \(5\), got 6"):
        measured(lab, "gradient_norm", steps=5, back=6)


def test_by_hand(lab: Lab) -> None:
    assert measured(lab, "uniform_bits", of=8).value == 3
    assert measured(lab, "power", base=2, exponent=-3).value == 0.125
    assert measured(lab, "product", factors=[2, 0.5, {"probe": "power", "base": 3, "exponent": 2}]).value == 9
    assert measured(lab, "sum", of=[2, {"probe": "power", "base": 3, "exponent": 2}]).value == 11
    cell = measured(lab, "cell_by_hand", w_x=0.8, x=1, w_h=0.5, h=0, b=0.1)
    assert cell.value == pytest.approx(math.tanh(0.9))
    assert measured(lab, "final_loss", model="reader").number == pytest.approx(
        lab.history("reader")[-1].loss / math.log(2)
    )
    for keys in ({"base": 10, "exponent": 400}, {"base": -1, "exponent": 0.5}, {"base": 0, "exponent": -1}):
        with pytest.raises(ValueError, match="is no number"):
            measured(lab, "power", **keys)
    with pytest.raises(ValueError, match="`of` must be at least 1, got 0"):
        measured(lab, "uniform_bits", of=0)


def power(base: float) -> dict[str, Any]:
    return {"probe": "power", "base": base, "exponent": 1}


def test_compared(lab: Lab) -> None:
    among = {"a": power(1), "b": power(3), "c": power(2.5)}
    most = measured(lab, "largest", among=among)
    assert (most.value, most.number, most.margin, most.near_tie) == ("b", 3, 0.5, False)
    least = measured(lab, "smallest", among=among)
    assert (least.value, least.number, least.margin) == ("a", 1, 1.5)
    assert measured(lab, "largest", among={"a": power(1), "b": power(1.01)}).near_tie
    assert measured(lab, "ratio", left=power(3), right=power(2)).value == 1.5
    with pytest.raises(ValueError, match="`right` is 0"):
        measured(lab, "ratio", left=power(3), right=power(0))
    with pytest.raises(ValueError, match="`among` needs two probes or more"):
        measured(lab, "largest", among={"a": power(1)})


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "value", "tie"),
    [
        (1, 2, 0, "less", False),
        (2, 1, 0, "more", False),
        (2, 2, 0, "same", False),
        (2, 2.1, 0.5, "same", False),
        (2, 2.499, 0.5, "same", True),
        (2, 2.501, 0.5, "less", True),
        (100, 101, 0, "less", True),
    ],
)
def test_compare(lab: Lab, left: float, right: float, tolerance: float, value: str, tie: bool) -> None:
    found = measured(lab, "compare", left=power(left), right=power(right), tolerance=tolerance)
    assert (found.value, found.near_tie) == (value, tie)


def test_counts_are_exact_and_never_nearly_tied(lab: Lab) -> None:
    many = {"probe": "count", "model": "plain", "what": "parameters"}
    more = {"probe": "count", "model": "reader", "what": "parameters"}
    assert not measured(lab, "compare", left=many, right=more).near_tie
    assert measured(lab, "largest", among={"a": many, "b": many}).near_tie


def test_oneof(lab: Lab) -> None:
    of = {"probe": "likeliest", "model": "reader"}
    assert measured(lab, "oneof", of=of, same=["sets", "is"]).value == "sets"
    assert measured(lab, "oneof", of=of, same=["sets", "is"]).margin is None
    assert measured(lab, "oneof", of=of, same=["up"]).value == "is"


def test_models_of_what_is_made_of_others() -> None:
    inner = {"probe": "bits", "model": "a"}
    other = {"probe": "distance", "model": "b", "texts": ["x", "y"]}
    nested = probe("largest", among={"x": inner, "y": {"probe": "sum", "of": [1, other, inner]}})
    assert models_of(nested) == ("a", "b")
    assert models_of(probe("oneof", of=inner, same=["x"])) == ("a",)


def test_what_is_asked_of_a_corpus_waits_for_no_training(lab: Lab) -> None:
    lab = Lab(lab.models, folder=lab.folder)
    for asked in (
        probe("corpus_count", model="reader", text="the sun", word="is"),
        probe("corpus_total", model="reader", text="the sun"),
        probe("corpus_share", model="reader", text="the sun", word="is"),
        probe("baseline", model="reader", of="unigram", where="train"),
    ):
        assert asked.models() == ("reader",)
        assert models_of(asked) == ()
        assert asked.measure(lab).number > 0
    assert not lab.begun("reader")
    both = probe("ratio", left={"probe": "corpus_total", "model": "reader"}, right={"probe": "entropy", "model": "b"})
    assert models_of(both) == ("b",)


def test_a_seed_of_the_lab_reaches_every_network(lab: Lab) -> None:
    other = Lab(lab.models, folder=lab.folder, seed=1)
    keys: dict[str, Any] = {"radius": 1.5, "activation": "tanh", "steps": 9}
    assert measured(lab, "gradient_norm", **keys) != measured(other, "gradient_norm", **keys)
    value: dict[str, Any] = {"of": "h", "model": "plain", "step": 1, "unit": 1}
    assert measured(lab, "value", **value) != measured(other, "value", **value)


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_has_a_reference_for_authors(name: str) -> None:
    assert PROBES[name].__doc__
    guide = Path(__file__).parents[2] / "lessons" / "README.md"
    assert f"`{name}`" in guide.read_text(encoding="utf-8")
