"""The rollout as it was carried out: what was decided, what was done about it step by step, and who agreed.

Where a stage stands, the serial of the next plan and what the plan has drifted from are all derived from these rows.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer

from fenbu.engine.store.tables import columns

rollout_file = columns.table(
    "rollout_file",  # the text of a file that was applied, once, so that it can be rolled back and compared
    columns.text("digest", primary_key=True),  # SHA-256 of the text
    columns.text("text"),
    columns.big("at"),
)

rollout_run = columns.table(
    "rollout_run",  # a stage being applied or rolled back; open until it ends
    Column("id", columns.Big, primary_key=True),  # the newest is the serial that plans are made at
    columns.text("rollout"),
    columns.text("stage"),
    columns.text("verb"),
    columns.text("file", ForeignKey("fenbu_rollout_file.digest")),
    columns.text("stage_digest"),  # of what the file says of the stage: what approvals are for
    columns.text("plan_digest"),
    columns.text("actor"),
    columns.big("started_at"),
    columns.text("gates"),  # JSON: what was measured when it began, and what was overridden
    columns.big("ended_at", null=True),
    columns.text("outcome", null=True),
    columns.one_of("verb", "apply", "rollback"),
    # `undone`: rolled back before its end. `superseded`: given up for a newer file before its end.
    columns.one_of("outcome", "done", "undone", "superseded"),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
    # Never two half-applied.
    columns.partial("uq_fenbu_rollout_run_open", "rollout", where="ended_at IS NULL", unique=True),
    autoincrement=True,
)

rollout_step = columns.table(
    "rollout_step",  # the journal: all steps of a run, marked one by one as they commit
    columns.big("run", primary_key=True),
    columns.small("n", primary_key=True),
    columns.text("kind"),
    columns.text("detail"),  # JSON: modules, settings, and what they were before
    columns.big("done_at", null=True),
    columns.text("done_by", null=True),
    columns.one_of("kind", "upgrade", "enable", "set", "disable"),
    CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
    rowid=False,
)

rollout_approval = columns.table(
    "rollout_approval",  # a yes to a stage as a file has it, or to one of its gates
    columns.text("rollout", primary_key=True),
    columns.text("stage", primary_key=True),
    columns.text("stage_digest", primary_key=True),
    columns.text("gate", primary_key=True),  # before.1, after.2; empty for the stage itself
    columns.text("layer", primary_key=True),
    columns.text("operator", ForeignKey("fenbu_operator.name"), primary_key=True),
    columns.big("at"),
    rowid=False,
)

rollout_override = columns.table(
    "rollout_override",  # a gate that need not pass, once
    Column("id", columns.Big, primary_key=True),
    columns.text("rollout"),
    columns.text("stage"),
    columns.text("stage_digest"),
    columns.text("gate"),
    columns.text("operator", ForeignKey("fenbu_operator.name")),
    columns.text("reason"),
    columns.big("at"),
    CheckConstraint("length(reason) > 0", name="reason"),
    autoincrement=True,
)

rollout_lock = columns.table(
    "rollout_lock",  # who applies or rolls back now; one row while somebody does
    Column("id", Integer, primary_key=True, autoincrement=False),
    columns.text("token"),  # known to its holder alone: a step commits only while it stands here
    columns.text("operator"),
    columns.text("verb"),
    columns.text("host"),
    columns.small("pid"),
    columns.text("born"),  # when that process began, as its machine counts; a number is given out again
    columns.big("taken_at"),
    columns.big("beat_at"),
    CheckConstraint("id = 1", name="one_row"),
)
