"""The warm server: worker processes that keep a voice ready, and the doors to them.

``job`` and ``worker`` are the two ends of a pipe, ``pool`` gives jobs to workers, ``http``,
``wyoming`` and ``speechd`` are what clients speak, ``page`` is for people.
"""
