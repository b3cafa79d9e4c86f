"""How each figure answers to keys: one file a figure, under the names of `course.figures.FIGURES`."""
