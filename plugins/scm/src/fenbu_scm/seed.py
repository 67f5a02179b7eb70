"""What a supply chain has from the first day: one warehouse, and the places outside."""

from __future__ import annotations

from fenbu.work import Work
from fenbu_scm import locations


def seed(work: Work) -> None:
    """Write the rows without which nothing can move; run once, when the module is first enabled."""
    locations.seed(work)
