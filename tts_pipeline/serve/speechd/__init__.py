"""A module for speech-dispatcher: a warm voice on standard input and output.

``wire`` reads commands and writes replies, ``messages`` turns what is to be said into text and
options, ``speaker`` speaks in a thread of its own, ``module`` answers commands meanwhile.
"""
