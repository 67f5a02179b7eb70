"""The kernel's own verbs on operators and roles.

They hold the catalogue lock alone: every other work has ended or begins after them, so nobody goes on under what was
taken. Two rules keep the way up closed: nobody gives or takes what they do not hold themselves, nor changes an
operator or a role that holds more; and one owner who can come in is always left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints
from sqlalchemy import delete, select, update

from fenbu.engine.assembly import ReadyAction, unknown
from fenbu.engine.guard import operators, permissions, secrets, sessions
from fenbu.engine.guard.errors import LastOwner, LoginRefused, MoreThanHeld, RoleHeld
from fenbu.engine.guard.permissions import LAYERS, ROLES, SELF
from fenbu.engine.store.tables import operator, operator_grant, role
from fenbu.engine.work import EngineWork
from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid, NotFound
from fenbu.i18n import N_, _
from fenbu.inputs import TYPED_NAMES, Input

_O, _G, _R = operator.c, operator_grant.c, role.c
_TAKEN = ("fenbu", sessions.NOBODY)
"""Names by which the audit trail means somebody else."""


def _name(value: str) -> str:
    value = unicodedata.normalize("NFC", value)
    if value.casefold() in _TAKEN or not value.isprintable() or " " in value:
        raise ValueError(_("a name has no blanks, and is not one that fenbu uses itself"))
    return value


def _grantable(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not permissions.ROLE.match(value) and not permissions.PERMISSION.match(value):
            told = _("{value!r} is neither a role (core) nor a permission (erp.*, erp.order.place)")
            raise ValueError(told.format(value=value))
    return values


def _only_text(value: object) -> object:
    """Let what is no text be too short a secret, so that no message repeats it."""
    return value if isinstance(value, str | SecretStr) else ""


Name = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_name)]
Grants = Annotated[tuple[str, ...], TYPED_NAMES, AfterValidator(_grantable)]
GivenSecret = Annotated[SecretStr, BeforeValidator(_only_text)]
RoleName = Annotated[str, StringConstraints(max_length=64, pattern=permissions.ROLE.pattern)]


class AddOperator(Input):
    """Who is to work here."""

    operator: Name = Field(description=N_("Name, by which every act is written down"))
    grants: Grants = Field((), description=N_("Roles and permissions: core, erp.*, erp.order.place"))
    os_user: str = Field(
        "", max_length=256, description=N_("User of the operating system, who comes in without login")
    )
    secret: GivenSecret | None = Field(None, description=N_("To log in with"))


class ChangeGrants(Input):
    """What an operator may do, or no longer."""

    operator: Name = Field(description=N_("Operator"))
    grants: Grants = Field(
        min_length=1, description=N_("Roles and permissions: core, erp.*, erp.order.place")
    )


class WhichOperator(Input):
    """An operator."""

    operator: Name = Field(description=N_("Operator"))


class NewSecret(Input):
    """A secret to log in with from now on."""

    operator: str = Field("", description=N_("Operator; oneself unless given"))
    secret: GivenSecret = Field(description=N_("The new one"))
    current: GivenSecret | None = Field(None, description=N_("The one until now, to change one's own"))


class EndSessions(Input):
    """Which sessions end."""

    operator: str = Field("", description=N_("Operator; oneself unless given"))
    everywhere: bool = Field(False, description=N_("All sessions, and not only this one"))


class DefineRole(Input):
    """A named set of permissions."""

    role: RoleName = Field(description=N_("Name of the role"))
    permissions: Grants = Field(
        min_length=1, description=N_("What it grants: erp.order.*, payments.payment.refund")
    )
    title: str = Field("", max_length=500, description=N_("What it is for"))


class RemoveRole(Input):
    """A role that nobody needs."""

    role: RoleName = Field(description=N_("Name of the role"))


def add(work: EngineWork, wanted: AddOperator) -> dict[str, Any]:
    """Enter an operator.

    Raises:
        AlreadyExists: The name, however it is written, or the user of the system is taken.
        MoreThanHeld: The actor does not hold what is to be granted.
    """
    connection, at = work.connection, work.transaction.at
    alike = {name.casefold(): name for name in work.execute(select(_O.name)).scalars()}
    if (known := alike.get(wanted.operator.casefold())) is not None:
        raise AlreadyExists(_("operator"), known)
    _refuse_second_user(work, wanted.os_user)
    _require_grants(work, wanted.grants)
    secret = secrets.hashed(wanted.secret, "fenbu.operator.add") if wanted.secret is not None else None
    row = {"name": wanted.operator, "os_user": wanted.os_user or None, "secret": secret, "created_at": at}
    connection.execute(operator.insert(), row)
    granted = operators.grant(connection, wanted.operator, wanted.grants, by=work.actor.name, at=at)
    return {"operator": wanted.operator, "grants": granted, "can_log_in": secret is not None}


def grant(work: EngineWork, wanted: ChangeGrants) -> dict[str, Any]:
    """Let an operator do more.

    Raises:
        NotFound: No such operator.
        Unknown: No role or permission is called so.
        MoreThanHeld: The actor does not hold it.
    """
    _find(work, wanted.operator)
    _require_grants(work, wanted.grants)
    at = work.transaction.at
    granted = operators.grant(work.connection, wanted.operator, wanted.grants, by=work.actor.name, at=at)
    work.transaction.ask_again()
    return {"operator": wanted.operator, "granted": granted}


def revoke(work: EngineWork, wanted: ChangeGrants) -> dict[str, Any]:
    """Let an operator do less, from the next act on.

    Raises:
        NotFound: No such operator, or it was not granted.
        MoreThanHeld: The actor does not hold it.
        LastOwner: Nobody could do everything any more.
    """
    _find(work, wanted.operator)
    had = _grants_of(work, wanted.operator)
    for one in wanted.grants:
        if one not in had:
            way_out = _("{operator} has: {grants}").format(
                operator=wanted.operator, grants=", ".join(had) or "–"
            )
            raise NotFound(_("grant of {operator}").format(operator=wanted.operator), one, way_out)
    _require_held(work, wanted.grants)
    gone = delete(operator_grant).where(_G.operator == wanted.operator, _G.what.in_(wanted.grants))
    work.execute(gone)
    _keep_an_owner(work, wanted.operator)
    return {"operator": wanted.operator, "revoked": list(wanted.grants)}


def disable(work: EngineWork, wanted: WhichOperator) -> dict[str, Any]:
    """Let an operator act no more; all sessions end, and what was done stays under the name.

    Raises:
        NotFound: No such operator.
        MoreThanHeld: The operator holds what the actor does not.
        LastOwner: Nobody could do everything any more.
    """
    _require_over(work, wanted.operator)
    disabled = operator.update().where(_O.name == wanted.operator, _O.disabled_at.is_(None))
    already = work.execute(disabled.values(disabled_at=work.transaction.at)).rowcount == 0
    ended = sessions.end(work.connection, wanted.operator)
    _keep_an_owner(work, wanted.operator)
    return {"operator": wanted.operator, "sessions_ended": ended, "already": already}


def enable(work: EngineWork, wanted: WhichOperator) -> dict[str, Any]:
    """Let a disabled operator act again, with what was granted before.

    Raises:
        NotFound: No such operator.
        MoreThanHeld: The operator holds what the actor does not.
    """
    _require_over(work, wanted.operator)
    work.execute(update(operator).where(_O.name == wanted.operator).values(disabled_at=None))
    work.transaction.ask_again()
    return {"operator": wanted.operator, "grants": _grants_of(work, wanted.operator)}


def new_secret(work: EngineWork, wanted: NewSecret) -> dict[str, Any]:
    """Give a new secret; every other session of the operator ends, and wrong tries are forgotten.

    Raises:
        NotFound: No such operator.
        NotPermitted: It is not one's own, and the permission is missing.
        MoreThanHeld: The operator holds what the actor does not.
        LoginRefused: One's own is changed in a session, and the current one is not given rightly.
        InputInvalid: It is too short.
    """
    name = wanted.operator or work.actor.name
    own = name == work.actor.name
    row = _find(work, name)
    if not own:
        work.require("fenbu.operator.secret")
        _require_over(work, name)
    elif work.actor.session and (wanted.current is None or not secrets.fits(row.secret, wanted.current)):
        raise LoginRefused  # whoever finds a session open must not take it over
    hashed = secrets.hashed(wanted.secret, "fenbu.operator.secret")
    work.execute(update(operator).where(_O.name == name).values(secret=hashed))
    sessions.forgive(work.connection, name)
    ended = sessions.end(work.connection, name, but=work.actor.session if own else "")
    return {"operator": name, "sessions_ended": ended}


def end_sessions(work: EngineWork, wanted: EndSessions) -> dict[str, Any]:
    """End one's session, all of one's sessions, or those of another.

    Raises:
        NotFound: No such operator.
        NotPermitted: They are not one's own, and the permission is missing.
    """
    name = wanted.operator or work.actor.name
    own = name == work.actor.name
    if not own:
        work.require("fenbu.operator.logout")
        _require_over(work, name)
    only = work.actor.session if own and not wanted.everywhere else ""
    if own and not only and not wanted.everywhere:
        return {"operator": name, "sessions_ended": 0}
    ended = sessions.end(work.connection, name, only=only)
    return {"operator": name, "sessions_ended": ended}


def define_role(work: EngineWork, wanted: DefineRole) -> dict[str, Any]:
    """Make a role, or change what it grants to all who hold it.

    Raises:
        AlreadyExists: Every enterprise has a role of this name.
        InputInvalid: A role is made of permissions, not of roles.
        MoreThanHeld: The actor does not hold what it grants, or granted until now.
    """
    if wanted.role in ROLES:
        raise AlreadyExists(_("role of every enterprise"), wanted.role)
    if roles := [one for one in wanted.permissions if permissions.ROLE.match(one)]:
        told = _("a role is made of permissions, not of roles")
        raise InputInvalid("fenbu.role.define", [FieldProblem("permissions", told, ", ".join(roles))])
    _require_known(work, wanted.permissions)
    before = work.execute(select(_R.permissions).where(_R.name == wanted.role)).scalar()
    _require_held(work, [*wanted.permissions, *(before or "").split()])
    values = {
        "title": wanted.title,
        "permissions": " ".join(dict.fromkeys(wanted.permissions)),
        "changed_at": work.transaction.at,
    }
    if before is None:
        work.execute(role.insert(), {"name": wanted.role, **values})
    else:
        work.execute(update(role).where(_R.name == wanted.role).values(values))
    work.transaction.ask_again()
    return {"role": wanted.role, "permissions": list(wanted.permissions), "changed": before is not None}


def remove_role(work: EngineWork, wanted: RemoveRole) -> dict[str, Any]:
    """Take a role away that nobody holds.

    Raises:
        NotFound: The enterprise has made no such role.
        RoleHeld: Operators hold it.
    """
    before = work.execute(select(_R.permissions).where(_R.name == wanted.role)).scalar()
    if before is None:
        raise NotFound(_("role of this enterprise"), wanted.role, _("fenbu operator roles lists them"))
    _require_held(work, before.split())
    holding = select(_G.operator).where(_G.what == wanted.role).order_by(_G.operator)
    if names := tuple(work.execute(holding).scalars()):
        raise RoleHeld(wanted.role, names)
    work.execute(delete(role).where(_R.name == wanted.role))
    return {"role": wanted.role}


def _find(work: EngineWork, name: str) -> Any:
    row = work.execute(select(operator).where(_O.name == name)).first()
    if row is None:
        raise NotFound(_("operator"), name, _("fenbu operator list shows who there is"))
    return row


def _grants_of(work: EngineWork, name: str) -> list[str]:
    return list(work.execute(select(_G.what).where(_G.operator == name).order_by(_G.at, _G.what)).scalars())


def _refuse_second_user(work: EngineWork, user: str) -> None:
    known = work.execute(select(_O.name).where(_O.os_user == user)).scalar() if user else None
    if known is not None:
        raise AlreadyExists(_("operator for the user {user}").format(user=user), known)


def _require_grants(work: EngineWork, grants: Iterable[str]) -> None:
    """Refuse what nobody declares, or the actor does not hold."""
    _require_known(work, grants)
    _require_held(work, grants)


def _require_known(work: EngineWork, grants: Iterable[str]) -> None:
    """Refuse a role that there is not, and a permission that grants nothing, unless its module is not enabled."""
    assembly = work.transaction.assembly
    roles = {*ROLES, *work.execute(select(_R.name)).scalars()}
    declared = assembly.permissions
    for one in grants:
        if permissions.ROLE.match(one):
            if one not in roles:
                raise unknown(_("role"), one, roles)
        elif one.partition(".")[0] in ("fenbu", permissions.ANY, *assembly.modules) and not any(
            permissions.covers(one, name) for name in declared
        ):
            raise unknown(_("permission"), one, declared)


def _require_held(work: EngineWork, grants: Iterable[str]) -> None:
    """Refuse to give, take or change what the actor does not hold; what a role grants counts one by one.

    A layer is more than its permissions: whoever approves for it must belong to it, so only an owner and who belongs
    to it let others in.
    """
    standing = work.transaction.standing
    held = standing.permissions
    for one in grants:
        outside = one in LAYERS and one not in standing.grants and permissions.ANY not in held
        if outside or permissions.missing(held, _meant(work, one)):
            owners = tuple(operators.owners(work.connection))
            raise MoreThanHeld(work.actor.name, one, owners)


def _require_over(work: EngineWork, name: str) -> None:
    """Refuse to change an operator who holds more than the actor."""
    _find(work, name)
    if name != work.actor.name:
        _require_held(work, _grants_of(work, name))


def _meant(work: EngineWork, one: str) -> tuple[str, ...]:
    if one in ROLES:
        return ROLES[one].permissions
    if not permissions.ROLE.match(one):
        return (one,)
    listed = work.execute(select(_R.permissions).where(_R.name == one)).scalar()
    return tuple((listed or "").split())


def _keep_an_owner(work: EngineWork, name: str) -> None:
    work.transaction.ask_again()
    if not operators.owners(work.connection):
        raise LastOwner(name)


def _action(
    name: str, title: str, model: type[Input], run: Callable[[EngineWork, Any], dict[str, Any]], **more: Any
) -> ReadyAction:
    told = (run.__doc__ or "").partition("\n")[0]
    more.setdefault("view", "fenbu.operators")
    more.setdefault("subject", "operator")
    return ReadyAction.of_kernel(name, title, model, run, help=told, exclusive=True, **more)


ACTIONS: tuple[ReadyAction, ...] = (
    _action("operator.add", N_("Enter an operator"), AddOperator, add),
    _action("operator.grant", N_("Let an operator do more"), ChangeGrants, grant),
    _action("operator.revoke", N_("Let an operator do less"), ChangeGrants, revoke),
    _action("operator.disable", N_("Let an operator act no more"), WhichOperator, disable),
    _action("operator.enable", N_("Let a disabled operator act again"), WhichOperator, enable),
    _action("operator.secret", N_("Give a new secret"), NewSecret, new_secret, permission=SELF),
    _action("operator.logout", N_("End sessions"), EndSessions, end_sessions, permission=SELF),
    _action(
        "role.define",
        N_("Make or change a role"),
        DefineRole,
        define_role,
        view="fenbu.roles",
        subject="role",
    ),
    _action(
        "role.remove", N_("Take a role away"), RemoveRole, remove_role, view="fenbu.roles", subject="role"
    ),
)
"""What the kernel can do about operators and roles."""
