"""An experiment, and where one stands in it, as a string to copy: the same anywhere, in any process.

`rnn1-`, then base64url without padding of: three bytes of SHA-256, and what they are of, the deflated JSON of all that
differs from the defaults. Nothing is in it that a shell or an address would take for anything else. A default that
changes, or a field that changes its meaning, makes it another version: a string says only what differs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

import msgspec

from tutor.engine.checks import whole
from tutor.engine.declared import short
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.networks import fingerprint_of

_NUMBER = "1"
VERSION = f"rnn{_NUMBER}-"
"""What every string begins with."""
MOST = 16 * 1024 * 1024
"""Bytes that a string may unpack to: two texts of the longest, whatever they are written in, and all the rest."""
MOST_BESIDE = 1024 * 1024
"""Bytes of these that are not within quotes: what is parsed is then never much larger than its texts."""
MOST_LETTERS = 40
"""Letters that a name in a `View` may have."""

_CHECKSUM = 3
_VIEW = "view"
_FORM = re.compile(r"rnn([0-9]{1,9})-")
_OUTSIDE = re.compile(r"[^A-Za-z0-9_-]")
_LESSON = re.compile(r"lesson:[^/]+/.+", re.DOTALL)
# A quote that never closes is taken to the end: to look for it again from every quote in it would take for ever.
_QUOTED = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_WORDS = (
    b'"start":"random","start":"hand","h_0":[0.0,"nudges":[["weight_ih_l0","weight_hh_l0","bias_ih_l0","bias_hh_l0",'
    b'"cuts":[["source":"lesson:never-too-late/writer","forget_bias":1.0,"init":"orthogonal","radius":0.9,'
    b'"followed":"c","instrument":"gradient","instrument":"unrolled","view":{"position":10,"unit":1},'
    b'"beside":"late too never","unit":"characters","seed":1,"bidirectional":true,"layers":2,'
    b'{"text":"never too late to ","cell":"gru","cell":"lstm","hidden":32}}'
)
"""What deflating starts from: words that strings have in common cost next to nothing. A part of the version."""


@dataclass(frozen=True)
class View:
    """Where one stands in an experiment.

    Raises:
        ValueError: in one line, which argument is out of bounds, what it is, and what it may be.
    """

    instrument: str = "state"
    """What looks at it."""
    position: int = 0
    """Tokens read."""
    unit: int = 0
    """The one under the cursor, from 0."""
    followed: str = "h"
    """The letter of a gate or a state."""

    def __post_init__(self) -> None:
        """Refuse what cannot be stood at."""
        for name in ("instrument", "followed"):
            value = getattr(self, name)
            if not isinstance(value, str) or not 1 <= len(value) <= MOST_LETTERS or clean(value) != value:
                raise ValueError(f"{name}: got {short(value)}, expected a name of 1 to {MOST_LETTERS} letters")
        for name in ("position", "unit"):
            whole(name, getattr(self, name), 0)


def encode(experiment: Experiment, view: View) -> str:
    """An experiment and a view as a string.

    Raises:
        ValueError: its network is neither untrained, nor a lesson's, nor named by what is in it, and no string holds
            it; or it is too large.
    """
    if not _named(experiment.source):
        raise ValueError(
            _("No string can hold this network: save the network as a file, and reopen it with --weights.")
        )
    told = _told(experiment)
    if seen := _told(view):
        told[_VIEW] = seen
    body = _packed(_written(told)) if told else b""
    text = base64.urlsafe_b64encode(_checksum(body) + body).decode().rstrip("=")
    return VERSION + text


def decode(text: str) -> tuple[Experiment, View]:
    """What `encode` was given. White space is passed over, wherever it is.

    Raises:
        ValueError: in one line, what is wrong with the string.
    """
    payload = _payload(text)
    told = _parsed(payload) if payload else {}
    seen = told.pop(_VIEW, {})
    if not isinstance(seen, dict):
        raise _wrong(_("its view is no table"))
    experiment = Experiment(**_fitting(Experiment, told))
    if not _named(experiment.source):
        raise _wrong(_("it names the network {name}, which no string can hold"), name=_quoted(experiment.source))
    return experiment, View(**_fitting(View, seen))


def _named(source: str) -> bool:
    """Whether a name means one network, whoever reads it: wherever the course is, or that network."""
    return not source or _LESSON.fullmatch(source) is not None or fingerprint_of(source) is not None


# Values to JSON, and back


def _told(value: Experiment | View) -> dict[str, Any]:
    """What differs from the defaults, by field."""
    return {
        field.name: _plain(found)
        for field in fields(value)
        if field.default is not MISSING and (found := getattr(value, field.name)) != field.default
    }


def _plain(value: Any) -> Any:
    """As JSON has it: of a cut or a nudge without what it leaves at its default."""
    if not isinstance(value, tuple):
        return value
    plain = [_plain(item) for item in value]
    defaults: Mapping[str, Any] = getattr(value, "_field_defaults", {})
    for default in reversed(list(defaults.values())):
        # By how they are written: −0 is 0, and yet another number.
        if repr(plain[-1]) != repr(default):
            break
        plain.pop()
    return plain


def _written(told: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8, in which half a surrogate pair is what it is."""
    try:
        text = json.dumps(
            told, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=lambda number: number.item()
        )
    except ValueError:
        raise ValueError(_("This experiment cannot be copied: one of its numbers is too long to write.")) from None
    payload = text.encode("utf-8", "surrogatepass")
    if not _fits(payload):
        raise ValueError(_("This experiment is too large to be copied: write less by hand into it."))
    return payload


def _fits(payload: bytes) -> bool:
    return len(payload) <= MOST and len(_QUOTED.sub(b"", payload)) <= MOST_BESIDE


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        told = json.loads(payload.decode("utf-8", "surrogatepass"), object_pairs_hook=_table, parse_constant=_constant)
    except RecursionError:
        raise _wrong(_("it is nested too deeply")) from None
    except ValueError as error:
        raise _wrong(_("what is in it is not JSON ({why})"), why=clean(str(error))) from None
    if not isinstance(told, dict):
        raise _wrong(_("what is in it is no table"))
    return told


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _fitting(kind: type[Experiment] | type[View], told: Mapping[str, Any]) -> dict[str, Any]:
    """Each value as its field has it."""
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    found = {}
    for name, value in told.items():
        if name not in known:
            raise _wrong(_("it holds {name}, which this version does not know"), name=_quoted(name))
        try:
            found[name] = msgspec.convert(value, hints[name])
        except msgspec.ValidationError as error:
            raise _wrong("{name}: {why}", name=name, why=clean(str(error))) from None
    return found


# JSON to a string, and back


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(VERSION.encode() + body).digest()[:_CHECKSUM]


def _packed(payload: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_WORDS)
    return deflate.compress(payload) + deflate.flush()


def _payload(text: str) -> bytes:
    """The JSON in a string; empty where nothing differs from the defaults."""
    if len(text) > 2 * MOST:
        raise _wrong(_("it has {n} characters, more than any"), n=f"{len(text):,}")
    text = "".join(text.split())
    if not text:
        raise _wrong(_("it is empty: paste one that begins with {version}"), version=VERSION)
    if not text.startswith(VERSION):
        if (form := _FORM.match(text)) is not None:
            said = _("it is of version {n}, and this is version {own}: update rnn-tutor")
            raise _wrong(said, n=form[1], own=_NUMBER)
        if VERSION.startswith(text):
            raise _wrong(_CUT_OFF)
        raise _wrong(_("it does not begin with {version}"), version=VERSION)
    if (odd := _OUTSIDE.search(text)) is not None:
        raise _wrong(_("it holds {character}, which is in no such string"), character=_quoted(odd[0]))
    coded = text[len(VERSION) :]
    try:
        data = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
    except binascii.Error:
        raise _wrong(_CUT_OFF) from None
    checksum, body = data[:_CHECKSUM], data[_CHECKSUM:]
    # The bits that the last character has to spare are 0, or it was another character.
    whole_ = checksum == _checksum(body) and base64.urlsafe_b64encode(data).decode().rstrip("=") == coded
    if not body:
        if not whole_:
            raise _wrong(_CUT_OFF)
        return b""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_WORDS)
    try:
        payload = inflate.decompress(body, MOST + 1)
    except zlib.error:
        raise _wrong(_DAMAGED) from None
    if not whole_:
        raise _wrong(_DAMAGED if inflate.eof or len(payload) > MOST else _CUT_OFF)
    if len(payload) > MOST or not _fits(payload):
        raise _wrong(_("it unpacks to more than any experiment holds"))
    if not inflate.eof or inflate.unused_data:
        raise _wrong(_DAMAGED)
    return payload


_CUT_OFF = _("it is cut off: copy it to its end")
_DAMAGED = _("it is damaged: its checksum is another")


def _wrong(what: str, **values: object) -> ValueError:
    """What is wrong with a string, in one line."""
    return ValueError(_("the experiment's string: {what}").format(what=what.format(**values)))


def _quoted(text: str) -> str:
    return clean(short(text))
