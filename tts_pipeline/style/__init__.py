"""Ways of speaking in plain words: "slow, low and sad"."""
