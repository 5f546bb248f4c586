"""Answers as students write them, from the statements alone: right ones in other styles, and wrong
ones. Each wrong answer has a name that says in a few words what it does."""
