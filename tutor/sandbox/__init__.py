"""The sandbox as values: an experiment, what is done to it, how it is kept and shared. No screen."""
