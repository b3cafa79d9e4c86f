"""Sequential memory, played: what the games of a lesson are, their rules, and how a round went. No clock, no screen.

`game` is the block as a value, `block` reads it. `recall`, `n_back` and `continuing` are the rules of the three games,
`history` what came of them visit by visit. A game is drawn from the number of rounds that were kept before it, so that
each visit plays another.
"""
