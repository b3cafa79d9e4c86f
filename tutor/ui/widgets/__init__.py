"""How a figure, a question and the player look and answer to keys: one file each."""
