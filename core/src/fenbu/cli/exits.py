"""Exit codes: what a script may rely on, the same for every command (see docs/command-line.md)."""

from __future__ import annotations

DONE = 0
"""Done, or nothing to do."""
FAILED = 1
"""Failed; doctor is red; dead deliveries where the command waits for them."""
CHANGES_PENDING = 2
COME_BACK = 3
"""A gate is not met, or an import left rejects."""
LOCKED = 4
STALE = 5
USAGE = 64
BAD_FILE = 65
UNREACHABLE = 69
NOT_PERMITTED = 77
INTERRUPTED = 130
