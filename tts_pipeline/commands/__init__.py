"""What the command line can do, one module per command; each loads only what it needs."""
