"""All frames of a canvas of one length at once, cut where the model says that the speech ends."""
