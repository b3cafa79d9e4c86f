"""Every string of the interface passes through here, so that a translation is one catalogue away.

The catalogue is looked up once, in the language that the environment asks for. Where there is none, the
English text is its own translation. Standard library only: the command line imports this before anything else.
"""

import gettext
from pathlib import Path

_catalogue = gettext.translation("rnn-tutor", Path(__file__).parent / "locale", fallback=True)


def _(message: str) -> str:
    """Translate `message`, or hand it back."""
    return _catalogue.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """Translate with the plural form that `n` asks for."""
    return _catalogue.ngettext(one, many, n)
