"""Autoregression over codes: speech written code by code, made audible all at once."""
