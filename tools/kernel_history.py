"""Writes the first step of the kernel's history from its tables.

    python tools/kernel_history.py

Until the first release nobody has a database to keep, so the first step is simply written anew when
`fenbu/engine/store/tables` changes; a test compares the two. After a release it stays as it is, and a
change of the tables is a step of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, create_engine

from fenbu.engine.store import history, tables

TARGET = history.FOLDER / "0001_kernel.py"
HEAD = '''"""The kernel's tables."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration

revision = "0001"
down_revision = None
irreversible = "without these tables there is no enterprise; drop the database instead"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
'''
TAIL = """

def downgrade() -> None:
    raise NotImplementedError(irreversible)
"""


def named_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Say BIG and FLAG for the kernel's two column types of its own."""
    if kind == "type" and isinstance(item, tables.Flag):
        return "FLAG"
    if kind == "type" and isinstance(item, BigInteger):
        return "BIG"
    return False


def render() -> str:
    """Return the text of the first step."""
    with create_engine("sqlite://").connect() as connection:
        script = produce_migrations(MigrationContext.configure(connection), tables.metadata)
    assert script.upgrade_ops is not None
    made = render_python_code(script.upgrade_ops, render_item=named_types)
    lines = [line for line in made.splitlines() if not line.lstrip().startswith("# ###")]
    rules = [f'    migration.append_only("{table.name}")' for table in tables.APPEND_ONLY]
    return HEAD + "\n".join(lines + rules) + TAIL


def main() -> None:
    """Write the file, formatted as all others."""
    TARGET.write_text(render(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(TARGET)], check=True)
    print(Path(TARGET).relative_to(Path.cwd()))


if __name__ == "__main__":
    main()
