"""rnn-tutor: a microscope for recurrent neural networks, with a teacher beside it."""

__version__ = "0.1.0"
