"""The games that a lesson's step may wait for: a field for each, what came of it, and what holds them."""
