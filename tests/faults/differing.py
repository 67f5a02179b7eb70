"""What a business that was killed came to, beside one that was not."""

from __future__ import annotations

import difflib


def difference(calm: str, came: str, where: object = "") -> str:
    """Return the first lines in which two exports differ; nothing when they are the same.

    Args:
        calm: Of the undisturbed business.
        came: Of the other.
        where: It was killed.
    """
    other = f"killed {where}".strip()
    lines = difflib.unified_diff(calm.splitlines(), came.splitlines(), "undisturbed", other, lineterm="", n=0)
    return "\n".join(list(lines)[:40])
