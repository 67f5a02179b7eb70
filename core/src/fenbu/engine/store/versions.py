"""At which step of its history a module's tables are stands in a table of its own, one a module.

Apart from `migrations`, because Alembic costs half a second to import.
"""

from __future__ import annotations


def version_table(module: str) -> str:
    """Return the name of a module's version table."""
    return f"fenbu_version_{module}"
