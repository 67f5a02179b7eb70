"""Where it is kept at which migration a module's tables are; apart from `migrations`, which imports Alembic."""

from __future__ import annotations

VERSION_TABLES = "fenbu_version_"
"""What the names of version tables begin with."""


def version_table(module: str) -> str:
    """Return the name of a module's version table."""
    return f"{VERSION_TABLES}{module}"
