"""Listening tests: build one from audio files, serve it to browsers, turn answers into statistics.

``plan`` and ``sources`` say what is compared, ``build`` writes the folder of a test, ``server``
and ``store`` collect answers, ``results`` and ``analysis`` judge them. A test's folder holds
``key.json`` (what every opaque id stands for; never served) and ``public/`` (all that a listener's
browser may get; also the static build).
"""
