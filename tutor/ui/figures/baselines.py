"""What baselines and scores are called on a screen."""

from __future__ import annotations

from tutor.i18n import _


def baseline_name(name: str) -> str:
    """A baseline by what it knows."""
    names = {
        "uniform": _("a blind guess"),
        "unigram": _("knowing how common each is"),
        "bigram": _("knowing the one before"),
        "majority": _("always the commonest"),
        "most-frequent-tag": _("each word's commonest"),
        "bag": _("words without order"),
        "persistence": _("last value"),
        "linear": _("linear"),
    }
    return names.get(name, name)


def unit_name(unit: str) -> str:
    """What a loss or a score is in."""
    units = {
        "bits per token": _("bits per token"),
        "bits per tag": _("bits per tag"),
        "bits per label": _("bits per label"),
        "share that is right": _("share that is right"),
    }
    return units.get(unit, unit)
