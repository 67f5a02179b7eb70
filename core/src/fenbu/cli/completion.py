"""``fenbu completion``: the script that makes a shell complete commands, actions, views and modules."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from fenbu.cli.app import root
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

HELP = N_("""Print the completion script of a shell.

bash  eval "$(fenbu completion bash)"   in ~/.bashrc
zsh   eval "$(fenbu completion zsh)"    in ~/.zshrc
fish  fenbu completion fish > ~/.config/fish/completions/fenbu.fish""")


@command("completion", help=HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(session: Session, shell: str) -> None:
    """Print click's script for a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(_("click knows no completion for {shell}").format(shell=shell))
    session.out.line(found(root, {}, "fenbu", "_FENBU_COMPLETE").source())
