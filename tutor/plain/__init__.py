"""The course and the engine in lines: for screen readers, pipes and small terminals.

`stream.py` knows what a stream can show, `pictures.py` has the engine's pictures, `tables.py` a figure's
numbers, `telling.py` a whole lesson. Nothing is imported here: `trace` needs no lesson, a lesson no chart.
"""
