"""Pages of the terminal UI, one a file; each is imported when it is first opened."""
