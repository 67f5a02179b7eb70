"""The kernel's tables."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration

revision = "0001"
down_revision = None
irreversible = "without these tables there is no enterprise; drop the database instead"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fenbu_audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_audit")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_fenbu_audit_subject"), "fenbu_audit", ["subject"], unique=False)
    op.create_table(
        "fenbu_audit_seal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("first_id", BIG, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_fenbu_audit_seal_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_audit_seal")),
        sa.UniqueConstraint("first_id", name=op.f("uq_fenbu_audit_seal_first_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_blocked_key",
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("releasing", FLAG, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("subscription", "key", name=op.f("pk_fenbu_blocked_key")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_call",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount", BIG, nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("first_sent", BIG, nullable=True),
        sa.Column("lease_until", BIG, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("cause", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'sending', 'done', 'failed', 'unknown', 'dead')",
            name=op.f("ck_fenbu_call_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_call")),
        sa.UniqueConstraint("operation", "subject", "n", name=op.f("uq_fenbu_call_operation_subject_n")),
        sqlite_strict=True,
    )
    op.create_index("ix_fenbu_call_at", "fenbu_call", ["at", "id"], unique=False)
    op.create_index(
        "ix_fenbu_call_cause",
        "fenbu_call",
        ["cause"],
        unique=False,
        sqlite_where=sa.text("cause IS NOT NULL"),
        postgresql_where=sa.text("cause IS NOT NULL"),
    )
    op.create_index(
        "ix_fenbu_call_due",
        "fenbu_call",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("state IN ('new', 'sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('new', 'sending', 'unknown')"),
    )
    op.create_table(
        "fenbu_cancelled_event",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_fenbu_cancelled_event")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_delivered",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "subscription", name=op.f("pk_fenbu_delivered")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_delivery",
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'scheduled', 'held', 'dead')", name=op.f("ck_fenbu_delivery_state")
        ),
        sa.PrimaryKeyConstraint("subscription", "partition", "state", "seq", name=op.f("pk_fenbu_delivery")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_fenbu_delivery_due",
        "fenbu_delivery",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("state = 'scheduled'"),
        postgresql_where=sa.text("state = 'scheduled'"),
    )
    op.create_index(
        "ix_fenbu_delivery_held",
        "fenbu_delivery",
        ["subscription", "key", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_table(
        "fenbu_enterprise",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("generation", BIG, server_default=sa.text("1"), nullable=False),
        sa.Column("copy_of", sa.Text(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_fenbu_enterprise_one_row")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_fenbu_enterprise_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_enterprise")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_event",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("not_before", BIG, nullable=True),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("cause", BIG, nullable=True),
        sa.Column("depth", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_fenbu_event")),
        sa.UniqueConstraint("id", name=op.f("uq_fenbu_event_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_fenbu_event_cause",
        "fenbu_event",
        ["cause"],
        unique=False,
        sqlite_where=sa.text("cause IS NOT NULL"),
        postgresql_where=sa.text("cause IS NOT NULL"),
    )
    op.create_index(op.f("ix_fenbu_event_key"), "fenbu_event", ["key"], unique=False)
    op.create_table(
        "fenbu_event_about",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "seq", name=op.f("pk_fenbu_event_about")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_import_reference",
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("profile", "reference", name=op.f("pk_fenbu_import_reference")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_import_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=True),
        sa.Column("rows", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("documents", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", BIG, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_import_run")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_login_attempt",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_fenbu_login_attempt")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_metric_reading",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("metric", "at", name=op.f("pk_fenbu_metric_reading")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_fenbu_metric_reading_at"), "fenbu_metric_reading", ["at"], unique=False)
    op.create_table(
        "fenbu_module",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fenbu_module")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_number_series",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next", BIG, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("next >= 1", name=op.f("ck_fenbu_number_series_next")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fenbu_number_series")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_operator",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("os_user", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("last_login", BIG, nullable=True),
        sa.Column("disabled_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fenbu_operator")),
        sa.UniqueConstraint("os_user", name=op.f("uq_fenbu_operator_os_user")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_performed",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fenbu_performed")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_problem",
        sa.Column("id", BIG, nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("first_at", BIG, nullable=False),
        sa.Column("last_at", BIG, nullable=False),
        sa.Column("count", BIG, server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_problem")),
        sa.UniqueConstraint("module", "kind", "subject", name=op.f("uq_fenbu_problem_module_kind_subject")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_role",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fenbu_role")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_rollout_file",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_fenbu_rollout_file")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_rollout_lock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("born", sa.Text(), nullable=False),
        sa.Column("taken_at", BIG, nullable=False),
        sa.Column("beat_at", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_fenbu_rollout_lock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_rollout_lock")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_rollout_step",
        sa.Column("run", BIG, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("done_at", BIG, nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('upgrade', 'enable', 'set', 'disable')", name=op.f("ck_fenbu_rollout_step_kind")
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_fenbu_rollout_step_done")),
        sa.PrimaryKeyConstraint("run", "n", name=op.f("pk_fenbu_rollout_step")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_setting",
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("module", "name", name=op.f("pk_fenbu_setting")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_skipped",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "subscription", "at", name=op.f("pk_fenbu_skipped")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("gathers", FLAG, server_default=sa.text("1"), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("history_position", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("history_end", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.CheckConstraint("history IN ('catch_up', 'from_now')", name=op.f("ck_fenbu_subscription_history")),
        sa.CheckConstraint(
            "state IN ('active', 'paused', 'tripped', 'dropped')", name=op.f("ck_fenbu_subscription_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_subscription")),
        sa.UniqueConstraint("name", name=op.f("uq_fenbu_subscription_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("beat_at", BIG, nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_worker")),
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_gathering",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("after", BIG, nullable=False),
        sa.Column("until", BIG, nullable=True),
        sa.Column("route", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription"], ["fenbu_subscription.id"], name=op.f("fk_fenbu_gathering_subscription")
        ),
        sa.PrimaryKeyConstraint("topic", "subscription", "after", name=op.f("pk_fenbu_gathering")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_operator_grant",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["operator"], ["fenbu_operator.name"], name=op.f("fk_fenbu_operator_grant_operator")
        ),
        sa.PrimaryKeyConstraint("operator", "what", name=op.f("pk_fenbu_operator_grant")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_partition",
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("done", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("replayed", BIG, server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription"], ["fenbu_subscription.id"], name=op.f("fk_fenbu_partition_subscription")
        ),
        sa.PrimaryKeyConstraint("subscription", "partition", name=op.f("pk_fenbu_partition")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_rollout_approval",
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_digest", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["operator"], ["fenbu_operator.name"], name=op.f("fk_fenbu_rollout_approval_operator")
        ),
        sa.PrimaryKeyConstraint(
            "rollout",
            "stage",
            "stage_digest",
            "gate",
            "layer",
            "operator",
            name=op.f("pk_fenbu_rollout_approval"),
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fenbu_rollout_override",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_digest", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_fenbu_rollout_override_reason")),
        sa.ForeignKeyConstraint(
            ["operator"], ["fenbu_operator.name"], name=op.f("fk_fenbu_rollout_override_operator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_rollout_override")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "fenbu_rollout_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("stage_digest", sa.Text(), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("gates", sa.Text(), nullable=False),
        sa.Column("ended_at", BIG, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('done', 'undone', 'superseded')", name=op.f("ck_fenbu_rollout_run_outcome")
        ),
        sa.CheckConstraint("verb IN ('apply', 'rollback')", name=op.f("ck_fenbu_rollout_run_verb")),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_fenbu_rollout_run_ended")),
        sa.ForeignKeyConstraint(
            ["file"], ["fenbu_rollout_file.digest"], name=op.f("fk_fenbu_rollout_run_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fenbu_rollout_run")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "uq_fenbu_rollout_run_open",
        "fenbu_rollout_run",
        ["rollout"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "fenbu_session",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_fenbu_session_lasts")),
        sa.ForeignKeyConstraint(
            ["operator"], ["fenbu_operator.name"], name=op.f("fk_fenbu_session_operator")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_fenbu_session")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_fenbu_session_operator"), "fenbu_session", ["operator"], unique=False)
    op.create_table(
        "fenbu_subscription_topic",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("route", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription"], ["fenbu_subscription.id"], name=op.f("fk_fenbu_subscription_topic_subscription")
        ),
        sa.PrimaryKeyConstraint("topic", "subscription", name=op.f("pk_fenbu_subscription_topic")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    migration.append_only("fenbu_event")
    migration.append_only("fenbu_event_about")
    migration.append_only("fenbu_audit")
    migration.append_only("fenbu_audit_seal")


def downgrade() -> None:
    raise NotImplementedError(irreversible)
