"""OpenAI's speech API over HTTP, with what else a browser and an operator ask for."""
