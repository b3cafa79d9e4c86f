"""Lessons as values: what is taught, computed by the engine, with no screen."""
