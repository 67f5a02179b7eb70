"""The rules, one file a subject; each is a function that yields the faults it finds."""
