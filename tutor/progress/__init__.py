"""What a learner answered, and how far they are.

`learner.py` is what the rest of the program knows, `store.py` is the file, `changes.py` what is kept in it.
Standard library only, and SQLite only when it is needed: the command line passes here before it paints.
"""

from tutor.progress.changes import CONFIDENCES, KINDS, Attempt
from tutor.progress.learner import Progress
from tutor.progress.store import FORMAT, STORE, Finding, StoreError

__all__ = ["CONFIDENCES", "FORMAT", "KINDS", "STORE", "Attempt", "Finding", "Progress", "StoreError"]
