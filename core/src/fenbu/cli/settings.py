"""``fenbu settings``: read and change the settings of modules; every change is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import Group
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

HELP = N_("""Read and change the settings of modules.

A secret is given by reference (env:NAME, file:PATH, keyring:SERVICE/NAME) and shown as ***.""")


@click.group("settings", cls=Group, help=HELP)
def settings() -> None:
    """Group of the commands on settings."""


@settings.command("list", help=N_("All settings of the enabled modules."))
@click.pass_obj
def list_(session: Session) -> None:
    """List all settings."""
    with session.noticing() as kernel:
        _write(session, [row for module in kernel.assembly.modules for row in _rows(kernel, module)])


@settings.command("get", help=N_("The settings of a module, or one of them alone."))
@click.argument("module", shell_complete=completer("module"))
@click.argument("name", required=False)
@click.pass_obj
def get(session: Session, *, module: str, name: str | None) -> None:
    """Show a module's settings, or the bare value of one."""
    from fenbu.engine.assembly import unknown

    module, name = _parted(module, name)
    with session.noticing() as kernel:
        rows = _rows(kernel, module)
        if name is None:
            _write(session, rows)
            return
        found = next((row for row in rows if row["name"] == name), None)
        if found is None:
            raise unknown(_("setting of {module}").format(module=module), name, [row["name"] for row in rows])
        if session.json:
            session.out.document("setting", found)
        else:
            session.out.line(_text(found["value"]))


@settings.command("set", help=N_("Change one setting: fenbu settings set erp.rounding half_even"))
@click.argument("module", shell_complete=completer("module"))
@click.argument("name")
@click.argument("value", required=False)
@click.option("--dry-run", is_flag=True, help=N_("Only say whether it would be accepted."))
@click.pass_obj
def set_(session: Session, *, module: str, name: str, value: str | None, dry_run: bool) -> None:
    """Change a setting through the kernel's action."""
    from fenbu.cli.do import act

    setting: str | None = name
    if value is None:  # `set erp.rounding half_even`
        value = name
        module, setting = _parted(module, None)
    if not setting:
        raise click.UsageError(_("which setting? fenbu settings set MODULE NAME VALUE"))
    with session.noticing() as kernel:
        given = {"module": module, "name": setting, "value": value}
        act(session, kernel, "fenbu.setting.set", given, dry_run=dry_run)


def _parted(module: str, name: str | None) -> tuple[str, str | None]:
    """Take ``erp.rounding`` for ``erp rounding``."""
    if name is None and "." in module:
        module, _dot, name = module.partition(".")
    return module, name


def _rows(kernel: Kernel, module: str) -> list[dict[str, Any]]:
    from fenbu.engine.assembly import unknown
    from fenbu.engine.guard.permissions import show
    from fenbu.engine.settings import shown, stored

    if module not in kernel.assembly.settings:
        raise unknown(_("enabled module"), module, kernel.assembly.settings)
    model = kernel.assembly.settings[module]
    with kernel.read() as work:
        work.require(show("fenbu"))
        changed = stored(work.connection, module)
    return [
        {
            "module": module,
            "name": name,
            "value": value,
            "default": name not in changed,
            "help": _(type(model).model_fields[name].description or ""),
        }
        for name, value in shown(model).items()
    ]


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    from fenbu.cli.layout import Cell, Heading

    if session.json:
        session.out.document("settings", {"settings": rows})
        return
    if not rows:
        session.out.say(_("there is nothing to set"))
        return
    headings = [
        Heading(_("Setting")),
        Heading(_("Value"), wraps=True),
        Heading(""),
        Heading(_("Help"), wraps=True),
    ]
    session.out.table(
        headings,
        [
            [
                Cell(f"{row['module']}.{row['name']}"),
                Cell(_text(row["value"])),
                Cell("" if row["default"] else _("changed"), "yellow"),
                Cell(row["help"]),
            ]
            for row in rows
        ],
    )


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
