"""What a learner answers with: a choice, a number, an order, a range, a place; and how sure they are. A file each.

Each holds its own answer and nothing else. Who asks, when to commit and what is right is the lesson screen's.
"""
