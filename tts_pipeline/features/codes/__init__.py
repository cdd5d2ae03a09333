"""Speech as a short sequence of codes: a mel's auto-encoder with finite scalar quantisation."""
