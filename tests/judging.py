"""Beancount's `bean-check` as judge of exported books: another program, by other people, that adds up by itself.

It is run and never imported: its licence (GPL) is another one than ours.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def complaints(lines: Iterable[str], folder: Path) -> list[str]:
    """Return what `bean-check` finds wrong with a ledger; nothing when it is content."""
    file = folder / "books.beancount"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [str(BEAN_CHECK), "--no-cache", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    told = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
    assert bool(told) == bool(ran.returncode), told or f"it ended with {ran.returncode} and said nothing"
    return told
