"""A small, true engine for recurrent networks: NumPy and the standard library, every inner value in sight."""

from tutor.engine.cells import CELLS
from tutor.engine.gradient_flow import gradient_flow
from tutor.engine.recurrent import Recurrent

__all__ = ["CELLS", "Recurrent", "gradient_flow"]
