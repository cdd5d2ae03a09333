"""The Wyoming protocol, for Home Assistant: events over TCP, text that may come in pieces."""
