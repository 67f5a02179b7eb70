"""The kernel's tables."""

from alembic import op

from fenbu import migration
from fenbu.engine.store.tables import APPEND_ONLY, metadata

revision = "0001"
down_revision = None
irreversible = "without these tables there is no enterprise; drop the database instead"


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for table in APPEND_ONLY:
        migration.append_only(table.name)


def downgrade() -> None:
    raise NotImplementedError(irreversible)
