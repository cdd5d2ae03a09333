"""Codes written all at once, the surest kept and the others written again."""
