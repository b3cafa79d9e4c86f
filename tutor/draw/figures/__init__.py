"""How each figure is drawn: one file a figure, under the names of `course.figures.FIGURES`.

Values in, rows out: `(what to show, width, height, look)` → exactly `height` rows of exactly `width` cells.
"""
