"""Words of a command line, as a shell takes them."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Return a text as a shell takes it for one word."""
    import shlex

    return shlex.quote(text)
