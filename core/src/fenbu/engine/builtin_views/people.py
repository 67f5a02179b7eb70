"""The kernel's views of who may act: operators with what they were granted, and roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, func, literal, select, union_all

from fenbu import looks
from fenbu.engine.builtin_views.moments import moment
from fenbu.engine.guard.permissions import ROLES
from fenbu.engine.store import tables as t
from fenbu.i18n import N_, _
from fenbu.views import Column, Related, View
from fenbu.work import Work

_O, _G, _R = t.operator.c, t.operator_grant.c, t.role.c
_IN_ORDER = select(_G.operator, _G.what).order_by(_G.operator, _G.what).subquery("in_order")
_GRANTS = (
    select(_IN_ORDER.c.operator, func.aggregate_strings(_IN_ORDER.c.what, " ").label("grants"))
    .group_by(_IN_ORDER.c.operator)
    .subquery("granted")
)
_COMES_IN = case(
    (_O.os_user.is_not(None) & _O.secret.is_not(None), N_("user, secret")),
    (_O.os_user.is_not(None), N_("user")),
    (_O.secret.is_not(None), N_("secret")),
    else_=N_("no way yet"),
)

OPERATORS = View(
    name="fenbu.operators",
    title=N_("Operators"),
    help=N_("Who may act here, and what they were granted."),
    query=looks.always(
        select(
            _O.name.label("operator"),
            case((_O.disabled_at.is_(None), "active"), else_="disabled").label("state"),
            func.coalesce(_GRANTS.c.grants, "").label("grants"),
            _COMES_IN.label("comes_in"),
            _O.os_user,
            moment(_O.last_login).label("last_login"),
            moment(_O.created_at).label("since"),
            moment(_O.disabled_at).label("disabled"),
        ).select_from(t.operator.outerjoin(_GRANTS, _GRANTS.c.operator == _O.name))
    ),
    columns=(
        Column("operator", N_("Operator")),
        looks.state("state", N_("State")),
        Column("grants", N_("Roles and permissions")),
        looks.time("last_login", N_("Last login")),
        looks.state("comes_in", N_("Comes in by")),
        Column("os_user", N_("User of the system")),
        looks.time("disabled", N_("Disabled")),
        looks.time("since", N_("Since")),
    ),
    key=("operator",),
    record="operator",
    filters=("state", "os_user"),
    actions=(
        "fenbu.operator.grant",
        "fenbu.operator.revoke",
        "fenbu.operator.secret",
        "fenbu.operator.disable",
        "fenbu.operator.enable",
    ),
    related=(Related("fenbu.grants", "operator", "operator", N_("Granted")),),
)

GRANTS = View(
    name="fenbu.grants",
    title=N_("Roles and permissions granted"),
    help=N_("Who was granted what, by whom, since when."),
    query=looks.always(select(_G.operator, _G.what, _G.granted_by, moment(_G.at).label("at"))),
    columns=(
        Column("operator", N_("Operator"), ref="fenbu.operators"),
        Column("what", N_("Role or permission")),
        Column("granted_by", N_("Granted by")),
        looks.time("at", N_("Since")),
    ),
    key=("operator", "what"),
    record="operator",
    filters=("what",),
)


def _roles(_work: Work) -> Select[Any]:
    """Return the roles of every enterprise, then its own."""
    given = [
        select(
            literal(name).label("role"),
            literal("fenbu").label("made_by"),
            literal(" ".join(one.permissions)).label("permissions"),
            literal(_(one.title)).label("title"),
        )
        for name, one in ROLES.items()
    ]
    own = select(_R.name, literal("enterprise"), _R.permissions, _R.title)
    every = union_all(*given, own).subquery("every")
    return select(every)


ROLE_LIST = View(
    name="fenbu.roles",
    title=N_("Roles"),
    help=N_("Named sets of permissions."),
    query=_roles,
    columns=(
        Column("role", N_("Role")),
        Column("made_by", N_("Made by")),
        Column("permissions", N_("Permissions")),
        Column("title", N_("For")),
    ),
    key=("role",),
    record="role",
    actions=("fenbu.role.define", "fenbu.role.remove"),
)
