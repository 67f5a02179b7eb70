"""``fenbu operator``, ``fenbu whoami``: who may act, what they may do, and how they come in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import Group, command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from pydantic import SecretStr

HELP = N_("""Who may act here, what they may do, and how they come in.

Who ran fenbu init is the owner, by the user of the operating system, and needs no login. Others are added with roles
and permissions: owner, decision, core, functional, viewer, roles of your own, or permissions like erp.* themselves.""")
LOGIN_HELP = N_("""Open a session as an operator; commands in this enterprise act as them until logout.

The secret is asked for without showing it; --secret-file reads it from a file, - from stdin. A script gets a token of
its own with --print-token, and passes it as FENBU_TOKEN.""")
ROLE_HELP = N_("""Make a role of permissions, change or remove it; without a name, list the roles.

fenbu operator role cashier payments.payment.* erp.show
fenbu operator role cashier --remove""")
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}
_FROM_FILE = N_("Read the secret from the first line of a file; - is stdin.")
_DRY_RUN = N_("Say what would happen; change nothing.")


class Span(click.ParamType[timedelta]):
    """How long: 30m, 12h, 90d."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the time that a text says."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not (number.isascii() and number.isdigit() and len(number) < 7 and unit in _SPANS):
            self.fail(_("{value} is no time; 30m, 12h or 90d is wanted").format(value=value), param, ctx)
        return timedelta(**{_SPANS[unit]: int(number)})


@click.group("operator", cls=Group, help=HELP)
def operator() -> None:
    """Group of the commands on operators."""


@operator.command("list", help=N_("Who there is, with roles, last login and state."))
@click.option("--limit", type=int, default=50, show_default=True, help=N_("Rows wanted."))
@click.option("--after", default="", metavar="KEY", help=N_("Continue after this key."))
@click.pass_obj
def list_(session: Session, *, limit: int, after: str) -> None:
    """List the operators."""
    from fenbu.cli.show import show_page

    with session.noticing() as kernel:
        wanted = ("operator", "state", "grants", "last_login", "comes_in")
        view = kernel.assembly.view("fenbu.operators")
        show_page(session, kernel, view, wanted=wanted, after=after, limit=limit)


@operator.command(
    "add", help=N_("Enter an operator with roles and permissions: fenbu operator add ann core erp.*")
)
@click.argument("name")
@click.argument("grants", nargs=-1, metavar="[ROLE|PERMISSION]…")
@click.option("--os-user", default="", metavar="USER", help=N_("User of this system, who needs no login."))
@click.option("--secret-file", metavar="FILE", help=_FROM_FILE)
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def add(
    session: Session,
    *,
    name: str,
    grants: Sequence[str],
    os_user: str,
    secret_file: str | None,
    dry_run: bool,
) -> None:
    """Enter an operator; asks for a secret when nothing else says how they come in."""
    secret = _given(secret_file)
    if secret is None and not os_user and session.can_ask and not dry_run:
        secret = _asked(_("Secret for {name}").format(name=name), twice=True)
    given = {"operator": name, "grants": list(grants), "os_user": os_user, "secret": secret}
    _act(session, "fenbu.operator.add", given, dry_run=dry_run)
    if secret is None and not os_user:
        told = _("{name} cannot come in yet: fenbu operator secret {name}")
        session.out.say(told.format(name=name))


@operator.command(
    "grant", help=N_("Let an operator do more: fenbu operator grant ann core payments.payment.refund")
)
@click.argument("name")
@click.argument("grants", nargs=-1, required=True, metavar="ROLE|PERMISSION…")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def grant(session: Session, *, name: str, grants: Sequence[str], dry_run: bool) -> None:
    """Grant through the kernel's action."""
    _act(session, "fenbu.operator.grant", {"operator": name, "grants": list(grants)}, dry_run=dry_run)


@operator.command("revoke", help=N_("Let an operator do less, from the next act on."))
@click.argument("name")
@click.argument("grants", nargs=-1, required=True, metavar="ROLE|PERMISSION…")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def revoke(session: Session, *, name: str, grants: Sequence[str], dry_run: bool) -> None:
    """Revoke through the kernel's action."""
    _act(session, "fenbu.operator.revoke", {"operator": name, "grants": list(grants)}, dry_run=dry_run)


@operator.command("disable", help=N_("Let an operator act no more; sessions end, what was done stays."))
@click.argument("name")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def disable(session: Session, *, name: str, dry_run: bool) -> None:
    """Disable through the kernel's action."""
    _act(session, "fenbu.operator.disable", {"operator": name}, dry_run=dry_run)


@operator.command("enable", help=N_("Let a disabled operator act again, with what was granted before."))
@click.argument("name")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def enable(session: Session, *, name: str, dry_run: bool) -> None:
    """Enable through the kernel's action."""
    _act(session, "fenbu.operator.enable", {"operator": name}, dry_run=dry_run)


@operator.command("secret", help=N_("Give a new secret, to oneself or another; other sessions end."))
@click.argument("name", required=False)
@click.option("--secret-file", metavar="FILE", help=_FROM_FILE)
@click.option(
    "--current-file", metavar="FILE", help=N_("With one's own: read the one until now from a file.")
)
@click.pass_obj
def secret(session: Session, *, name: str | None, secret_file: str | None, current_file: str | None) -> None:
    """Give a secret through the kernel's action; in a session one's own asks for the current one first."""
    actor = session.kernel.actor
    current, fresh = _given(current_file), _given(secret_file)
    if current is None and actor.session and name in (None, actor.name):
        _require_terminal(session, "--current-file")
        current = _asked(_("Current secret"))
    if fresh is None:
        _require_terminal(session, "--secret-file")
        fresh = _asked(_("New secret for {name}").format(name=name or actor.name), twice=True)
    _act(session, "fenbu.operator.secret", {"operator": name or "", "secret": fresh, "current": current})


@operator.command("role", help=ROLE_HELP)
@click.argument("name", required=False)
@click.argument("permissions", nargs=-1, metavar="[PERMISSION]…")
@click.option("--title", default="", metavar="TEXT", help=N_("What it is for."))
@click.option("--remove", is_flag=True, help=N_("Take a role away that nobody holds."))
@click.option("--dry-run", is_flag=True, help=_DRY_RUN)
@click.pass_obj
def role(
    session: Session, *, name: str | None, permissions: Sequence[str], title: str, remove: bool, dry_run: bool
) -> None:
    """List roles, or change one through the kernel's actions."""
    from fenbu.cli.show import show_page, show_record

    if name is not None and remove:
        _act(session, "fenbu.role.remove", {"role": name}, dry_run=dry_run)
    elif name is not None and permissions:
        given = {"role": name, "permissions": list(permissions), "title": title}
        _act(session, "fenbu.role.define", given, dry_run=dry_run)
    else:
        with session.noticing() as kernel:
            view = kernel.assembly.view("fenbu.roles")
            if name is None:
                show_page(session, kernel, view, wanted=("role", "permissions", "title"), limit=200)
            else:
                show_record(session, kernel, view, name)


@operator.command("login", help=LOGIN_HELP)
@click.argument("name")
@click.option("--secret-file", metavar="FILE", help=_FROM_FILE)
@click.option(
    "--for",
    "lasts",
    type=Span(),
    default="12h",
    show_default=True,
    metavar="TIME",
    help=N_("How long the session lasts: 30m, 12h, 90d."),
)
@click.option(
    "--print-token", is_flag=True, help=N_("Keep nothing; write the token to stdout, for FENBU_TOKEN.")
)
@click.pass_obj
def login(
    session: Session, *, name: str, secret_file: str | None, lasts: timedelta, print_token: bool
) -> None:
    """Open a session and keep its token in the user's own folder."""
    from fenbu.cli import logins

    session.without_login = True
    kernel = session.kernel
    given = _given(secret_file)
    if given is None:
        _require_terminal(session, "--secret-file")
        given = _asked(_("Secret of {name}").format(name=name))
    opened = kernel.login(name, given, lasts)
    until = opened.expires.astimezone(kernel.assembly.enterprise.zone).strftime("%Y-%m-%d %H:%M")
    if print_token:
        if session.json:
            body = {"operator": opened.operator, "expires": opened.expires, "token": opened.token}
            session.out.document("login", body)
        else:
            session.out.line(opened.token)
        return
    logins.keep(session.address, opened.operator, opened.token)
    if session.json:
        session.out.document("login", {"operator": opened.operator, "expires": opened.expires})
    else:
        told = _("{name} acts here until {until}, or until fenbu operator logout")
        session.out.say(told.format(name=opened.operator, until=until))


@operator.command("logout", help=N_("End the session; the user of the operating system acts again."))
@click.option("--everywhere", is_flag=True, help=N_("End all sessions of the operator, on every machine."))
@click.option("--operator", "name", metavar="NAME", help=N_("End all sessions of another operator."))
@click.pass_obj
def logout(session: Session, *, everywhere: bool, name: str | None) -> None:
    """End sessions; what this machine keeps of one's own is forgotten even when it has ended already."""
    from fenbu.cli import logins
    from fenbu.cli.location import locate

    if name is not None:
        _act(session, "fenbu.operator.logout", {"operator": name, "everywhere": True})
        return
    from fenbu.engine.guard.errors import SessionOver

    try:
        ended = session.kernel.perform("fenbu.operator.logout", {"everywhere": everywhere}).answer
    except SessionOver:
        ended = {"sessions_ended": 0}
    who = logins.forget(locate(session.database))
    if session.json:
        session.out.document("logout", {"operator": who, **{"sessions_ended": ended["sessions_ended"]}})
    elif who:
        session.out.say(_("{name} is logged out").format(name=who))
    else:
        session.out.say(_("nobody is logged in here"))


@command("whoami", help=N_("Who acts here, by what, and what they may do."))
def whoami(session: Session) -> None:
    """Say who acts."""
    from fenbu.engine.guard.operators import STRANGER, layers
    from fenbu.values import from_microseconds

    kernel = session.kernel
    with kernel.read() as work:
        found, until = work.transaction.standing, _session_ends(work)
    actor = kernel.actor
    if actor.kind == STRANGER:
        by = _("user of this system; no operator here")
    elif actor.session:
        zone = kernel.assembly.enterprise.zone
        moment = from_microseconds(until).astimezone(zone).strftime("%Y-%m-%d %H:%M") if until else "?"
        by = _("session until {moment}").format(moment=moment)
    else:
        by = _("user of this system")
    if session.json:
        body = {
            "operator": actor.name,
            "kind": actor.kind,
            "session": bool(actor.session),
            "expires": from_microseconds(until) if until else None,
            "disabled": found.disabled,
            "grants": list(found.grants),
            "layers": sorted(layers(found)),
            "permissions": list(found.permissions),
        }
        session.out.document("whoami", body)
        return
    nothing = _("nothing: ask an owner for fenbu operator add {name}").format(name=actor.name)
    pairs = [
        (_("enterprise"), kernel.assembly.enterprise.name),
        (_("operator"), actor.name),
        (_("comes in by"), by),
        (_("granted"), " ".join(found.grants) or nothing),
        (_("permissions"), " ".join(found.permissions)),
    ]
    session.out.pairs((name, text) for name, text in pairs if text)


def _session_ends(work: Any) -> int | None:
    from sqlalchemy import select

    from fenbu.engine.store.tables import session

    digest = work.actor.session
    found: int | None = work.execute(select(session.c.expires_at).where(session.c.digest == digest)).scalar()
    return found


def _act(session: Session, name: str, given: dict[str, Any], *, dry_run: bool = False) -> None:
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        act(session, kernel, name, given, dry_run=dry_run)


def _require_terminal(session: Session, option: str) -> None:
    if not session.can_ask:
        told = _("{option} is missing and nobody can be asked")
        raise click.UsageError(told.format(option=option))


def _asked(question: str, *, twice: bool = False) -> SecretStr:
    """Ask for a secret without showing it."""
    from pydantic import SecretStr

    again = _("{question}, again").format(question=question) if twice else False
    return SecretStr(click.prompt(question, hide_input=True, confirmation_prompt=again, err=True))


def _given(place: str | None) -> SecretStr | None:
    """Return the secret that stands on the first line of a file or stdin; None when no place is named.

    Raises:
        BadFile: It cannot be read.
    """
    if place is None:
        return None
    from pydantic import SecretStr

    from fenbu.errors import BadFile

    try:
        text = sys.stdin.readline() if place == "-" else Path(place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or _("it is not UTF-8")
        raise BadFile(_("stdin") if place == "-" else place, said) from None
    return SecretStr(text.split("\n", 1)[0].strip())
