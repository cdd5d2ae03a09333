"""One sentence on its way through the models: its mel, and what its tokens are asked beside."""
