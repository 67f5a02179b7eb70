"""The kernel's views of what was done: the audit trail, imports."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.engine.builtin_views.moments import moment
from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.views import Column, View

AUDIT = View(
    name="fenbu.audit",
    title=N_("Audit trail"),
    help=N_("Who did what, when, with what outcome."),
    permission="fenbu.audit",
    query=looks.always(
        select(
            t.audit.c.id,
            moment(t.audit.c.at).label("at"),
            t.audit.c.actor,
            t.audit.c.action,
            t.audit.c.subject,
            t.audit.c.outcome,
            t.audit.c.summary,
            t.audit.c.module,
            t.audit.c.key,
            t.audit.c.input_digest,
        )
    ),
    columns=(
        looks.number("id", N_("No.")),
        looks.time("at", N_("At")),
        Column("actor", N_("Actor")),
        Column("action", N_("Action")),
        Column("subject", N_("Subject")),
        looks.state("outcome", N_("Outcome")),
        Column("summary", N_("Input")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("key", N_("Idempotency key")),
        Column("input_digest", N_("Digest of the input")),
    ),
    key=("-id",),
    record="id",
    filters=("actor", "action", "subject", "outcome", "module", "key"),
)

IMPORTS = View(
    name="fenbu.imports",
    title=N_("Imports"),
    query=looks.always(
        select(
            t.import_run.c.id.label("run"),
            t.import_run.c.profile,
            t.import_run.c.file,
            moment(t.import_run.c.started_at).label("started"),
            moment(t.import_run.c.finished_at).label("finished"),
            t.import_run.c.rows,
            t.import_run.c.documents,
            t.import_run.c.rejected,
        )
    ),
    columns=(
        looks.number("run", N_("Run")),
        Column("profile", N_("Profile")),
        Column("file", N_("File")),
        looks.time("started", N_("Started")),
        looks.time("finished", N_("Finished")),
        looks.number("rows", N_("Rows")),
        looks.number("documents", N_("Documents")),
        looks.number("rejected", N_("Rejected")),
    ),
    key=("-run",),
    record="run",
    filters=("profile", "file"),
)
