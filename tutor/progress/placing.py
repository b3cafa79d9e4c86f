"""Files that take nobody's place."""

from __future__ import annotations

import os
from pathlib import Path


def linked(part: Path, path: Path) -> None:
    """Give a file its name, if nothing has that name: in one step, so that of two who want it one gets it.

    Args:
        part: the file, whole, in the same folder. It may keep its own name, too.
        path: the name.

    Raises:
        FileExistsError: something has the name already.
        OSError: it cannot be given.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError):
        # A file system without hard links.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(part, path)
