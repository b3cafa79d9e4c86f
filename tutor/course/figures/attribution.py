"""The attribution figure: which inputs mattered for one score, by its gradient and by taking each input away.

Nothing is normalised here: a weight is what the engine found. How far the two ways of asking agree is measured for
every score, and never taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

import numpy as np
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond, unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.attribution import attribute, deletion
from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.text import UNKNOWN
from tutor.i18n import _

Method = Literal["product", "norm", "deletion"]
METHODS: tuple[Method, ...] = get_args(Method)

MOST_LABELS = 9
"""Outputs that can be chosen among."""
MOST_NUMBERS = 2_000_000
"""Numbers of states that deletion may make: it reads the text once for each of its tokens."""


class Output(Struct, frozen=True):
    """A label whose score can be explained."""

    label: str
    p: float
    """Its probability at this step."""
    came: bool = False
    """Whether it is the token that really came next."""


class Weighed(Struct, frozen=True, eq=False):
    """What each input did for one score."""

    position: int
    """Steps taken, from 1."""
    output: Output
    score: float
    """The logit."""
    seen: int
    """Inputs that the score can depend on: those after them have no weight."""
    products: Array
    """(T,): x_t · ∂logit/∂x_t."""
    norms: Array
    """(T,): ‖∂logit/∂x_t‖."""
    deletion: Array | None
    """(T,): by how much the score falls without it; None where the text is too long to ask."""
    agreement: float | None
    """Spearman's rank correlation of `products` and `deletion` over the inputs that are seen; None where there is
    none, as of fewer than two inputs or of weights that are all the same."""

    def of(self, method: Method) -> Array | None:
        """(T,): the weights of a method."""
        return {"product": self.products, "norm": self.norms, "deletion": self.deletion}[method]


class AttributionValues(Struct, frozen=True):
    """A run of a model with a head, and what is asked of it at first."""

    run: Run
    step: int
    """Steps taken at first."""
    label: str
    """Whose score; the first of `outputs` where it is ""."""
    method: Method

    @property
    def whole(self) -> bool:
        """Whether there is one answer for the whole text, and none on the way."""
        return self.run.model.whole

    @property
    def deletes(self) -> bool:
        """Whether the text is short enough for a pass without each token."""
        T, spec = len(self.run.tokens), self.run.spec
        return T * T * spec.hidden_size * spec.num_layers * (1 + spec.bidirectional) <= MOST_NUMBERS

    def outputs(self, position: int) -> tuple[Output, ...]:
        """What can be chosen at a step, from 1: what really came next where it is known, then the likeliest."""
        run = self.run
        t = -1 if self.whole else position - 1
        found = [Output(label, p) for label, p in run.next(t, MOST_LABELS)]
        came = ""
        vocabulary = run.model.vocabulary
        if run.model.job == "next" and position < len(run.tokens) and vocabulary is not None:
            came = vocabulary.tokens[vocabulary.index(run.tokens[position])]
        if came and came != UNKNOWN:
            found = [self.output(position, came, came=True), *(o for o in found if o.label != came)]
        if self.label and self.label not in [o.label for o in found]:
            found.insert(0, self.output(position, self.label))
        return tuple(found[:MOST_LABELS])

    def output(self, position: int, label: str, *, came: bool = False) -> Output:
        """One label of the model's at a step."""
        p = self.run.probabilities
        assert p is not None
        t = -1 if self.whole else position - 1
        return Output(label, float(p[t, self.run.model.labels.index(label)]), came)

    def first(self, position: int) -> Output:
        """What is explained where nothing was chosen."""
        outputs = self.outputs(position)
        return next((o for o in outputs if o.label == self.label), outputs[0])

    def weigh(self, position: int, output: Output) -> Weighed:
        """Ask what each input did for a score.

        Args:
            position: steps taken, from 1.
            output: whose score.

        Raises:
            ValueError: the model has learned on since the run.
        """
        run = self.run
        t = -1 if self.whole else position - 1
        seen = len(run.tokens) if self.whole or run.spec.bidirectional else position
        found = attribute(run, output.label, t)
        taken = deletion(run, output.label, t) if self.deletes else None
        agreement = None if taken is None else rank_correlation(found.products[:seen], taken[:seen])
        return Weighed(position, output, found.score, seen, found.products, found.norms, taken, agreement)

    def tables(self) -> tuple[Table, ...]:
        """Of its step and its label."""
        position = max(self.step, 1)
        return self.tables_of(self.weigh(position, self.first(position)))

    def tables_of(self, weighed: Weighed) -> tuple[Table, ...]:
        """A row for each input that is seen; then the score, and how far the methods agree."""
        rows: list[tuple[str | float, ...]] = []
        for s in range(weighed.seen):
            fall = "" if weighed.deletion is None else float(weighed.deletion[s])
            rows.append(
                (str(s + 1), self.run.tokens[s], float(weighed.products[s]), float(weighed.norms[s]), fall),
            )
        columns = (_("step"), _("token"), _("gradient × input"), _("‖gradient‖"), _("deletion"))
        title = _("score of {label} after step {n}").format(label=weighed.output.label, n=weighed.position)
        about = (
            (_("score"), weighed.score),
            ("p", weighed.output.p),
            (_("rank correlation"), "" if weighed.agreement is None else weighed.agreement),
        )
        return Table(columns, tuple(rows), title), Table(("", _("value")), about, _("the score"))


def rank_correlation(a: Array, b: Array) -> float | None:
    """Spearman's ρ of two lists of numbers, equals sharing their mean rank; None where there is none.

    Spearman (1904): Pearson's correlation of the ranks.
    """
    if len(a) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    ra, rb = _ranks(a), _ranks(b)
    ra, rb = ra - ra.mean(), rb - rb.mean()
    size = float(np.sqrt((ra * ra).sum() * (rb * rb).sum()))
    return None if size == 0.0 else float((ra * rb).sum()) / size


def _ranks(values: Array) -> Array:
    """The mean rank of each value, from 0."""
    _distinct, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Array = (last - (counts + 1) / 2.0)[inverse]
    return ranks


def attribution_values(
    run: Run, *, step: int | None = None, label: str = "", method: Method = "product"
) -> AttributionValues:
    """The values of a run.

    Raises:
        ValueError: a model without a head, or a label that it does not have.
    """
    if run.logits is None:
        raise ValueError(_("This model has no head: it scores nothing until it is trained."))
    if label and label not in run.model.labels:
        raise ValueError(_("This model has no output “{label}”.").format(label=label))
    return AttributionValues(run, len(run.tokens) if step is None else step, label, method)


class Attribution(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="attribution"):
    """Which inputs mattered for the chosen output, over the text itself."""

    facts: ClassVar[Facts] = {**STEPS, "method": get_args(Method), "label": str, "token": float}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    label: str = ""
    """Whose score; what really came next, else the likeliest, when it is not given."""
    step: int | None = None
    """Steps taken at first, from 0; all when it is not given."""
    method: Method = "product"
    """What is shown at first: gradient × input, the gradient's length, or what is lost by deletion."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's model cannot be asked: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if not entry.trained:
            return f"the model `{self.model}` is untrained, and scores nothing", "name a trained one"
        return unreadable(self.model, entry, self.text) or step_beyond(entry, self.text, self.step)

    def run(self, lab: Lab) -> AttributionValues:
        """Run the model over the text."""
        return attribution_values(lab.run(self.model, self.text), step=self.step, label=self.label, method=self.method)
