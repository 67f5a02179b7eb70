"""The root of the command line: which commands there are, and one line on each."""

from __future__ import annotations

import click

from fenbu.cli.base import Group
from fenbu.i18n import N_

COMMANDS = {
    "init": ("fenbu.cli.init:init", N_("Make an enterprise: name, currency, time zone")),
    "modules": ("fenbu.cli.modules:modules", N_("Which modules there are, their states and problems")),
    "enable": ("fenbu.cli.modules:enable", N_("Switch modules on, with what they need")),
    "disable": ("fenbu.cli.modules:disable", N_("Switch modules off; every row is kept")),
    "upgrade": ("fenbu.cli.modules:upgrade", N_("Bring modules' data up to their installed code")),
    "purge": ("fenbu.cli.purge:purge", N_("Take a disabled module's data away, into an archive")),
    "unarchive": ("fenbu.cli.purge:unarchive", N_("Bring a purged module's data back")),
    "do": ("fenbu.cli.do:do", N_("Perform an action; without a name, list them")),
    "show": ("fenbu.cli.show:show", N_("Look at a list or a record; without a name, list them")),
    "explain": ("fenbu.cli.explain:explain", N_("The story of an order, account or invoice in time order")),
    "settings": ("fenbu.cli.settings:settings", N_("Read and change the settings of modules")),
    "metrics": ("fenbu.cli.metrics:metrics", N_("Numbers with their definitions, now and over time")),
    "doctor": ("fenbu.cli.doctor:doctor", N_("Check the health of books, flows, audit and modules")),
    "flows": ("fenbu.cli.flows:flows", N_("What travels between modules; retry, skip, pause, replay")),
    "worker": ("fenbu.cli.worker:worker", N_("Deliver what waits until stopped")),
    "import": ("fenbu.cli.importing:import_", N_("Read a file through a profile into actions")),
    "export": ("fenbu.cli.export:export", N_("Write the books and more in formats of other programs")),
    "audit": ("fenbu.cli.audit:audit", N_("Who did what; verify and seal the trail")),
    "rollout": ("fenbu.cli.rollout:rollout", N_("The file of the overall plan: begin one, check it")),
    "plan": ("fenbu.cli.planning:plan", N_("What applying a rollout file would do; writes nothing")),
    "apply": ("fenbu.cli.applying:apply", N_("Carry out the next stage of a rollout file, or a saved plan")),
    "rollback": ("fenbu.cli.applying:rollback", N_("Take a stage back; every row is kept")),
    "approve": ("fenbu.cli.agreeing:approve", N_("Say yes to a stage, for the layer one belongs to")),
    "override": ("fenbu.cli.agreeing:override", N_("Let a gate be passed once; another operator applies")),
    "rehearse": (
        "fenbu.cli.rehearsing:rehearse",
        N_("Apply a rollout file to a copy, and see what comes of it"),
    ),
    "adopt": ("fenbu.cli.adopting:adopt", N_("Write what was changed by hand back into the rollout file")),
    "operator": ("fenbu.cli.operators:operator", N_("Who may act; roles, login, logout")),
    "whoami": ("fenbu.cli.operators:whoami", N_("Who acts here, and what they may do")),
    "backup": ("fenbu.cli.backup:backup", N_("Write a verified copy beside running work")),
    "demo": (
        "fenbu.cli.demo:demo",
        N_("An enterprise that grows one module at a time, in a fresh folder"),
    ),
    "tui": ("fenbu.cli.tui:tui", N_("Open the terminal UI")),
    "completion": ("fenbu.cli.completion:completion", N_("Print the completion script of a shell")),
}

HELP = N_("fenbu 分步: a back office that an enterprise switches on one module at a time.")


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    import fenbu

    session = context.find_root().obj
    if session.json:
        session.out.document("version", {"version": fenbu.__version__, "api": fenbu.API_VERSION})
    else:
        session.out.line(f"fenbu {fenbu.__version__}")
    context.exit()


@click.group("fenbu", cls=Group, lazy=COMMANDS, help=HELP, invoke_without_command=True, no_args_is_help=False)
@click.option("--version", is_flag=True, expose_value=False, callback=_version, help=N_("Show the version."))
@click.pass_context
def root(context: click.Context) -> None:
    """Show what there is when no command is named."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
