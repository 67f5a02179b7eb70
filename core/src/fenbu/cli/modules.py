"""``fenbu modules``, ``enable``, ``disable``, ``upgrade``: what is on, and switching it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.catalog.modules import Module, Modules
    from fenbu.engine.kernel import Kernel

_ON, _MOVING, _OFF, _BAD = ("●", "green"), ("◐", "yellow"), ("○", "dim"), ("✖", "red")
_SIGNS = {
    "enabled": _ON,
    "catching up": _MOVING,
    "draining": _MOVING,
    "upgrade pending": _MOVING,
    "discovered": _OFF,
    "disabled": _OFF,
    "purged": _OFF,
}
MODULES_HELP = N_("""Which modules there are, with their states, and what to do about those that do not work.

● enabled   ◐ on its way   ○ off   ✖ failed
With a name: everything that is known of that module.""")
ENABLE_HELP = N_("""Switch modules on.

What they need must be on already or be named too. It is one transaction: it happens whole or not at all.""")
DISABLE_HELP = N_("""Switch modules off; every row is kept.

What still waits for a module is shown first. --how drain finishes it, park keeps it for later, waive gives it up.""")


UPGRADE_HELP = N_("""Bring the data of modules up to their installed code; without names, all that wait for it.

Until then nothing of such a module runs, and its events wait. It is one transaction.""")


@command("modules", help=MODULES_HELP)
@click.argument("name", required=False, shell_complete=completer("module"))
def modules(session: Session, *, name: str | None) -> None:
    """List the modules, or tell all about one."""
    if name is not None:
        with session.noticing() as kernel:
            _tell(session, kernel, kernel.modules(fresh=True), name)
        return
    from fenbu.cli.late import catching_up, plain, told
    from fenbu.engine.catalog.catalog import Catalog

    with session.glancing() as connection:
        known = Catalog(safe=session.safe).read(connection, look_at_all=True)
        listed = list(known.by_name.values())
        late = catching_up(connection)
        if session.json:
            rows = [{**_plain(one), "catching_up": plain(late.get(one.name, ()))} for one in listed]
            session.out.document("modules", {"modules": rows})
        elif not listed:
            session.out.say(_("no module is installed; pip install fenbu-erp brings the first"))
        else:
            _table(session, known)
            for of_module in late.values():
                for reads in of_module:
                    session.out.say(told(reads))


@command("enable", help=ENABLE_HELP)
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
@click.option("--wait", is_flag=True, help=N_("Let them catch up with what happened before they were on."))
def enable(session: Session, *, names: Sequence[str], dry_run: bool, wait: bool) -> None:
    """Enable modules through the kernel's action."""
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        act(session, kernel, "fenbu.module.enable", {"modules": list(names)}, dry_run=dry_run, wait=wait)
        kernel.refresh()
        late = kernel.assembly.known.catching_up & set(names)
        if late and not dry_run:
            told = _("{modules} reads what happened before it was on, then it is asked: fenbu worker --once")
            session.out.say(told.format(modules=", ".join(sorted(late))))


@command("disable", help=DISABLE_HELP)
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=completer("module"))
@click.option(
    "--how",
    type=click.Choice(["drain", "park", "waive"]),
    default="drain",
    show_default=True,
    help=N_("What becomes of what waits for it."),
)
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
def disable(session: Session, *, names: Sequence[str], how: str, dry_run: bool) -> None:
    """Disable modules through the kernel's action."""
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        act(session, kernel, "fenbu.module.disable", {"modules": list(names), "how": how}, dry_run=dry_run)


@command("upgrade", help=UPGRADE_HELP)
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completer("module"))
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
def upgrade(session: Session, *, names: Sequence[str], dry_run: bool) -> None:
    """Upgrade modules through the kernel's action."""
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        act(session, kernel, "fenbu.module.upgrade", {"modules": list(names)}, dry_run=dry_run)


def state_of(module: Module) -> tuple[str, str]:
    """Return a module's state as sign and word, and its colour."""
    sign, colour = _SIGNS.get(str(module.state), _BAD)
    return f"{sign} {_(str(module.state))}", colour


def _table(session: Session, known: Modules) -> None:
    from fenbu.cli.layout import Cell, Heading

    listed = list(known.by_name.values())
    headings = [
        Heading(_("Module")),
        Heading(_("State")),
        Heading(_("Version")),
        Heading(_("Title"), wraps=True),
        Heading(_("To know"), wraps=True),
    ]
    session.out.table(
        headings,
        [
            [
                Cell(one.name),
                Cell(*state_of(one)),
                Cell(one.version or "–"),
                Cell(_(one.title)),
                Cell(_to_know(one, known)),
            ]
            for one in listed
        ],
    )
    for one in listed:
        if _needs_a_hand(one):
            session.out.say(f"{one.name}: {one.advice}")
    if not any(one.on for one in listed):
        session.out.say(_("no module is on yet: fenbu enable NAME switches one on"))


def _to_know(module: Module, known: Modules) -> str:
    """Return why a module does not work; of one that is off, with which others it can be enabled."""
    if module.problems and not module.reason:
        return _("{count} open").format(count=module.problems)
    return _way_on(module, known) or module.reason


def _way_on(module: Module, known: Modules) -> str:
    """Return the command that enables a module with what it needs, when it is off and needs others."""
    from fenbu.engine.catalog.resolver import way_out

    purged = module.row is not None and str(module.row.state) == "purged"
    if module.on or purged or not module.reason or str(module.state) not in ("discovered", "disabled"):
        return ""
    return way_out(module.name, known.offers, known.on)


def _needs_a_hand(module: Module) -> bool:
    return bool(module.problems) or str(module.state) not in ("enabled", "discovered", "disabled", "purged")


def _plain(module: Module) -> dict[str, Any]:
    return {
        "module": module.name,
        "title": _(module.title),
        "state": str(module.state),
        "version": module.version,
        "package": module.distribution,
        "problem": module.reason,
        "problems": module.problems,
        "advice": module.advice,
    }


def _tell(session: Session, kernel: Kernel, known: Modules, name: str) -> None:
    from fenbu.engine.assembly import unknown
    from fenbu.engine.problems import open_problems

    if name not in known.by_name:
        raise unknown(_("module"), name, known.by_name)
    module = known.by_name[name]
    with kernel.read() as work:
        problems = open_problems(work.connection, name)
    if session.json:
        told = [
            {
                "kind": one.kind,
                "subject": one.subject,
                "detail": one.detail,
                "hint": one.hint,
                "count": one.count,
            }
            for one in problems
        ]
        session.out.document("module", {**_plain(module), **_contents(module), "open_problems": told})
        return
    sign, _colour = state_of(module)
    pairs = [
        (_("module"), module.name),
        (_("title"), _(module.title)),
        (_("state"), sign),
        (_("version"), f"{module.version or '–'} ({module.distribution})"),
        (_("why"), module.reason),
        (_("to do"), _way_on(module, known) or module.advice),
        *((_(label), ", ".join(values)) for label, values in _contents(module).items()),
    ]
    session.out.pairs((label, value) for label, value in pairs if value)
    for one in problems:
        session.out.line()
        session.out.pairs([(_("problem"), f"{one.kind} {one.subject}"), ("", one.detail), ("→", one.hint)])


def _contents(module: Module) -> dict[str, list[str]]:
    """Return what the module's manifest brings, by kind; empty when it cannot be loaded."""
    if module.loaded is None:
        return {}
    manifest = module.loaded.manifest
    return {
        N_("requires"): list(manifest.requires),
        N_("provides"): list(manifest.provides),
        N_("actions"): [action.name for action in manifest.actions],
        N_("subscriptions"): [subscription.name for subscription in manifest.subscriptions],
        N_("calls"): [call.operation for call in manifest.calls],
        N_("profiles"): [profile.name for profile in manifest.profiles],
        N_("exports"): [exporter.name for exporter in manifest.exporters],
    }
