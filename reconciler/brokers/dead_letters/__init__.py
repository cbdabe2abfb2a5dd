"""Dead letters of our own layouts, List and Stream: looked at, brought back, deleted.

Every step moves or deletes a bounded number of letters by the bytes or the entry they were read as, in one script each,
so it can end anywhere and begin again: a letter is in one place at any time, and one that somebody else took is left.
"""
