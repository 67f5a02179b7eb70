"""The kernel's views of modules: their states, problems and settings."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.engine.builtin_views.moments import moment
from fenbu.engine.store import tables as t
from fenbu.i18n import N_
from fenbu.views import Column, Related, View

MODULES = View(
    name="fenbu.modules",
    title=N_("Modules"),
    help=N_("Modules that were ever enabled here; fenbu modules also shows what is only installed."),
    query=looks.always(
        select(
            t.module.c.name.label("module"),
            t.module.c.state,
            t.module.c.version,
            t.module.c.reason,
            moment(t.module.c.changed_at).label("changed"),
        )
    ),
    columns=(
        Column("module", N_("Module")),
        looks.state("state", N_("State")),
        Column("version", N_("Version")),
        looks.time("changed", N_("Since")),
        Column("reason", N_("Reason")),
    ),
    key=("module",),
    record="module",
    filters=("state",),
    related=(
        Related("fenbu.problems", "module", "module", N_("Problems")),
        Related("fenbu.subscriptions", "module", "module", N_("Subscriptions")),
        Related("fenbu.settings", "module", "module", N_("Settings")),
    ),
    actions=("fenbu.module.enable", "fenbu.module.disable", "fenbu.module.purge"),
)

PROBLEMS = View(
    name="fenbu.problems",
    title=N_("Problems of modules"),
    query=looks.always(
        select(
            t.problem.c.id,
            t.problem.c.module,
            t.problem.c.kind,
            t.problem.c.subject,
            t.problem.c.detail,
            t.problem.c.hint,
            t.problem.c.count,
            moment(t.problem.c.first_at).label("first"),
            moment(t.problem.c.last_at).label("last"),
        )
    ),
    columns=(
        looks.number("id", N_("No.")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("kind", N_("Kind")),
        Column("subject", N_("About")),
        Column("detail", N_("What is wrong")),
        Column("hint", N_("What to do")),
        looks.number("count", N_("Times")),
        looks.time("last", N_("Last")),
        looks.time("first", N_("First")),
    ),
    key=("-id",),
    record="id",
    filters=("module", "kind", "subject"),
)

SETTINGS = View(
    name="fenbu.settings",
    title=N_("Settings that were changed"),
    help=N_("Only what differs from a module's defaults; fenbu settings list shows all."),
    query=looks.always(
        select(
            (t.setting.c.module + "." + t.setting.c.name).label("setting"),
            t.setting.c.module,
            t.setting.c.name,
            t.setting.c.value,
        )
    ),
    columns=(
        Column("setting", N_("Setting")),
        Column("module", N_("Module"), ref="fenbu.modules"),
        Column("value", N_("Value")),
    ),
    key=("module", "name"),
    record="setting",
    filters=("module",),
)
