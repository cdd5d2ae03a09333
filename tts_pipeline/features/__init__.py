"""What may pass between the stages: features of speech and the models that make them."""
