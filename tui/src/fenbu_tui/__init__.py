"""The terminal UI of fenbu."""
