"""How a sentence is spoken because of what it is: a question, an exclamation, a list."""
