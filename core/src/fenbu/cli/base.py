"""What all commands share: global options wherever they stand, groups that import a command when it is asked for.

Nothing of the engine is imported here: ``--help`` and completion pass through this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from fenbu import i18n
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return a callback that keeps a global option's value in the session, whoever was given it."""

    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value is None or value is False:
            return
        session = context.find_root().obj
        if isinstance(session, Session):
            setattr(session, name, value)

    return callback


class _Language(click.ParamType[str]):
    """A language that the kernel's texts are translated into, however its code is written."""

    name = "language"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return its code; refuse one that nobody has translated into."""
        known = i18n.known_as(str(value))
        if known is None:
            told = _("there are no texts in {code}; there are: {known}")
            self.fail(told.format(code=value, known=", ".join(i18n.languages())), param, ctx)
        return known


def _global(*names: str, to: str, help: str, **options: Any) -> click.Option:  # noqa: A002  (click's word)
    return click.Option(
        names,
        expose_value=False,
        is_eager=True,
        callback=_remember(to),
        help=help,
        default=None if "metavar" in options else False,
        is_flag="metavar" not in options,
        **options,
    )


GLOBAL_OPTIONS = (
    _global(
        "--database",
        to="database",
        metavar="URL",
        help=N_("Enterprise to work with: a file or a URL; else FENBU_DATABASE, else fenbu.toml."),
    ),
    _global("--json", to="json", help=N_("Write data as JSON with a schema.")),
    _global("--no-input", to="no_input", help=N_("Never ask; fail where an answer is missing.")),
    _global("-y", "--yes", to="yes", help=N_("Answer yes to every question.")),
    _global("--safe", to="safe", help=N_("Load no module's code, for repair.")),
    _global(
        "--lang",
        to="lang",
        metavar="CODE",
        type=_Language(),
        help=N_("Language of texts (en, zh_CN); else FENBU_LANG, else as the system is set."),
    ),
)
_GLOBAL = {id(option) for option in GLOBAL_OPTIONS}
RESERVED = frozenset(
    name.lstrip("-").replace("-", "_") for option in GLOBAL_OPTIONS for name in option.opts
) | {"help", "h"}
"""Names that no generated option may take."""


class Context(click.Context):
    """What click knows of one command line; its help is written by the columns of a terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what help is written with; imported when there is help to write."""
        from fenbu.cli.helping import Formatter

        return Formatter(width=self.terminal_width, max_width=self.max_content_width)


class Command(click.Command):
    """A command that takes the global options too."""

    context_class = Context

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **options)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, then the global ones."""
        *own, last = super().get_params(ctx)
        return [*own, *GLOBAL_OPTIONS, last]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the command's own options first, the global ones apart."""
        _write_options(self, ctx, formatter)

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the arguments, in the operator's language."""
        _write_arguments(self, ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Show the help in the operator's language."""
        _write_help(self, formatter)


class Group(click.Group):
    """A group whose commands are imported when they are asked for.

    Args:
        lazy: Name to ``"package.module:name"`` and the one line that help shows without importing it.
    """

    command_class = Command
    context_class = Context

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **options: Any) -> None:
        options.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **options)
        self.lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which one would use them."""
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        place, _colon, name = self.lazy[cmd_name][0].partition(":")
        return cast(click.Command, getattr(import_module(place), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command meant; a mistyped one names the nearest, or those that begin alike."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            known = self.list_commands(ctx)
            refused = click.exceptions.NoSuchCommand(error.command_name, possibilities=known, ctx=ctx)
            alike = [name for name in known if name.startswith(error.command_name)]
            refused.possibilities = alike or refused.possibilities  # type: ignore[misc]
            raise refused from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the group's own parameters, then the global ones."""
        *own, last = super().get_params(ctx)
        return [*own, *GLOBAL_OPTIONS, last]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the commands first, then the options."""
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Show the help in the operator's language."""
        _write_help(self, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show each command with its line of help, importing none that is lazy."""
        rows = [(name, _(line)) for name, (_place, line) in self.lazy.items()]
        for name in super().list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                rows.append((name, _(command.short_help or _first_line(command.help))))
        if rows:
            with formatter.section(_("Commands")):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands from the table, importing none."""
        names = [
            CompletionItem(name, help=_(line))
            for name, (_place, line) in self.lazy.items()
            if name.startswith(incomplete)
        ]
        names += [
            CompletionItem(name, help=_(command.short_help or _first_line(command.help)))
            for name, command in self.commands.items()
            if name.startswith(incomplete) and not command.hidden
        ]
        return [*names, *(click.Command.shell_complete(self, ctx, incomplete) if incomplete else ())]


def command(name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command; its function gets the session and its own parameters."""

    def declare(function: Callable[..., Any]) -> click.Command:
        made = click.command(name, cls=Command, **options)(click.pass_obj(function))
        return cast(click.Command, made)

    return declare


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _write_help(command: click.Command, formatter: click.HelpFormatter) -> None:
    """Write the help: prose is wrapped, paragraphs of examples keep their lines."""
    for paragraph in _((command.help or "").strip()).split("\n\n"):
        if not paragraph:
            continue
        formatter.write_paragraph()
        with formatter.indentation():
            if "  " in paragraph or paragraph.startswith("fenbu "):
                for line in paragraph.splitlines():
                    formatter.write(f"{' ' * formatter.current_indent}{line}\n")
            else:
                formatter.write_text(paragraph)


def _write_arguments(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    arguments = [one for one in command.get_params(ctx) if isinstance(one, click.Argument)]
    if any(one.help for one in arguments):
        with formatter.section(_("Positional arguments")):
            formatter.write_dl([(one.make_metavar(ctx), _(one.help or "")) for one in arguments])


def _write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    own, shared = _records(command.get_params(ctx), ctx)
    for title, rows in ((_("Options"), own), (_("Global options"), shared)):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _records(
    parameters: Sequence[click.Parameter], ctx: click.Context
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is None or isinstance(parameter, click.Argument):
            continue
        name, text = record
        (shared if id(parameter) in _GLOBAL else own).append((name, _(text)))
    return own, shared
