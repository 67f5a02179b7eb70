"""``fenbu do``: any action of any module, its options made from its input model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from fenbu.cli import exits, names
from fenbu.cli.base import Command, Group
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.assembly import ReadyAction
    from fenbu.engine.kernel import Kernel, Performed

HELP = N_("""Perform an action; without a name, list them.

fenbu do erp.order.place --help       what it takes
fenbu do erp.order.place --account ACME --line item=TEA,quantity=2
fenbu do erp.order.place @order.json  from a file; - reads stdin""")
INPUT_HELP = N_("The input as JSON: @FILE, - for stdin, or JSON itself; options given beside it win.")


class Actions(Group):
    """Makes a command of every action that an enabled module declares."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of an action; opens the enterprise, except while TAB is pressed."""
        if cmd_name.startswith("-"):
            return None
        if ctx.resilient_parsing:
            remembered = names.known_options(ctx, cmd_name)
            fields = [
                click.Option([f"f{at}", name], help=told)
                for at, (name, told) in enumerate(remembered.items())
            ]
            return Command(cmd_name, params=[*fields, *_own_options()])
        session: Session = ctx.find_root().obj
        ready = session.kernel.assembly.action(cmd_name)
        made = command_of(ready)
        fields_of = ready.input_model.model_fields
        options = [one for one in made.params if isinstance(one, click.Option) and one.name in fields_of]
        names.remember_options(session.address, cmd_name, {one.opts[0]: one.help or "" for one in options})
        return made

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Propose the names of actions, from what was remembered."""
        proposed: list[CompletionItem] = names.completer("action")(ctx, None, incomplete)
        return proposed or click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    "do", cls=Actions, help=HELP, invoke_without_command=True, subcommand_metavar="[ACTION] [ARGS]..."
)
@click.pass_context
def do(context: click.Context) -> None:
    """List the actions when none is named."""
    if context.invoked_subcommand is None:
        session: Session = context.obj
        with session.noticing() as kernel:
            _list_actions(session, kernel)


def command_of(ready: ReadyAction) -> click.Command:
    """Return the command of an action: its fields as options, then those that every action has."""
    from fenbu.cli.options import options_of, secrets_of

    @click.pass_obj
    def run(session: Session, /, **given: Any) -> None:
        perform(session, ready, given)

    action = ready.action
    told = [_(action.title), _(action.help)]
    if action.dangerous:
        told.append(_("It has consequences that cannot be undone: it asks first, unless -y is given."))
    if action.permission != action.name:
        told.append(_("It needs the permission {permission}.").format(permission=action.permission))
    if secret := secrets_of(ready.input_model):
        never = _("Given as JSON alone, in a file or on stdin: {names}. Options are seen by others.")
        told.append(never.format(names=", ".join(secret)))
    return Command(
        action.name,
        params=[*options_of(ready.input_model), *_own_options()],
        callback=run,
        help="\n\n".join(text for text in told if text),
    )


def perform(session: Session, ready: ReadyAction, given: dict[str, Any]) -> None:
    """Perform an action with what the options say, and write what it answered."""
    own = {name: given.pop(name) for name in ("input_", "more", "key_", "dry_run", "wait")}
    with session.noticing() as kernel:
        values = _input(ready, own["more"] or own["input_"], given)
        act(
            session,
            kernel,
            ready.action.name,
            values,
            key=own["key_"],
            dry_run=own["dry_run"],
            wait=own["wait"],
        )


def act(
    session: Session,
    kernel: Kernel,
    name: str,
    values: Mapping[str, Any],
    *,
    key: str | None = None,
    dry_run: bool = False,
    wait: bool = False,
    typed: str = "",
) -> Performed:
    """Perform an action after asking where it is dangerous; the way of every command that changes something.

    Args:
        session: Of the command line.
        kernel: Opened by it.
        name: Of the action.
        values: Its input.
        key: Idempotency key.
        dry_run: Undo everything at the end; nothing is written, not even the audit row.
        wait: Deliver what it has published before coming back.
        typed: What the operator must type to go on, where yes is too easily said.
    """
    action = kernel.assembly.action(name).action
    consequences = kernel.preview(name, values) if dry_run or action.dangerous else []
    if dry_run:
        done = kernel.dry_run(name, values)
    else:
        if action.dangerous:
            _ask_first(session, action.title, consequences, typed)
        done = kernel.perform(name, values, key=key)
    _write_answer(session, name, done, consequences, dry_run=dry_run)
    if wait and not dry_run:
        from fenbu.cli.waiting import deliver

        deliver(session, kernel, done.keys)
    return done


def _own_options() -> Sequence[click.Parameter]:
    return (
        click.Option(
            ["input_", "--input"], metavar="FILE", help=N_("Read the input as JSON from a file; - is stdin.")
        ),
        click.Option(
            ["key_", "--key"], metavar="KEY", help=N_("Idempotency key: the same key performs once.")
        ),
        click.Option(
            ["dry_run", "--dry-run"], is_flag=True, help=N_("Say what would happen; change nothing.")
        ),
        click.Option(
            ["wait", "--wait"], is_flag=True, help=N_("Deliver what follows from it before coming back.")
        ),
        click.Argument(["more"], required=False, metavar="[@FILE|JSON]", help=INPUT_HELP),
    )


def _input(ready: ReadyAction, source: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input: JSON first, options over it; JSON from stdin when nothing else is given."""
    from fenbu.cli.inputs import STDIN, parse_json, read_json
    from fenbu.cli.options import values_of

    values = values_of(ready.input_model, given)
    if source is None and not values and _wants_something(ready) and _stdin_is_given():
        source = STDIN
    if source is None:
        return values
    if source.lstrip().startswith("{"):
        told = parse_json(source, _("the input"))
    else:
        told = read_json(source.removeprefix("@"))
    if not isinstance(told, dict):
        from fenbu.errors import BadFile

        raise BadFile(
            source, _("an object is wanted, with the fields of {action}").format(action=ready.action.name)
        )
    return told | values


def _wants_something(ready: ReadyAction) -> bool:
    return any(field.is_required() for field in ready.input_model.model_fields.values())


def _stdin_is_given() -> bool:
    """Say whether stdin is a file or a pipe, and not a terminal or nothing."""
    import os
    import stat

    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _ask_first(session: Session, title: str, consequences: Sequence[Any], typed: str) -> None:
    if not session.yes:
        session.out.say(_(title))
        for one in consequences:
            session.out.say(f"  {one.number:>10}  {_(one.text)}" if one.number else f"  {_(one.text)}")
    sure = session.confirm_by(typed) if typed else session.confirm(_("Go on?"))
    if not sure:
        session.out.say(_("nothing was changed"))
        raise click.exceptions.Exit(exits.FAILED)


def _write_answer(
    session: Session, name: str, done: Any, consequences: Sequence[Any], *, dry_run: bool
) -> None:
    if session.json:
        body: dict[str, Any] = {
            "action": name,
            "answer": done.answer,
            "repeated": done.repeated,
            "dry_run": dry_run,
        }
        if dry_run:
            body["consequences"] = [{"text": _(one.text), "number": one.number} for one in consequences]
        session.out.document("do", body)
        return
    for one in consequences if dry_run else ():
        session.out.say(f"{_(one.text)} {one.number}".rstrip())
    told = {name: _told(value) for name, value in done.answer.items()}
    session.out.pairs((name, text) for name, text in told.items() if text)
    if dry_run:
        session.out.say(_("nothing was changed: this was a dry run"))
    elif done.repeated:
        session.out.say(_("this key was performed before; nothing was done now"))
    elif not done.answer:
        session.out.say(_("done"))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(_told, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(part)}" for name, part in value.items())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def _list_actions(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.layout import Cell, Heading

    actions = [ready.action for ready in kernel.assembly.actions.values()]
    if session.json:
        listed = [{"action": one.name, "title": _(one.title), "dangerous": one.dangerous} for one in actions]
        session.out.document("actions", {"actions": listed})
        return
    session.out.table(
        [Heading(_("Action")), Heading(_("Title"), wraps=True)],
        [[Cell(one.name), Cell(_(one.title) + (" ⚠" if one.dangerous else ""))] for one in actions],
    )
    if any(one.dangerous for one in actions):
        session.out.say(_("⚠ has consequences that cannot be undone; it asks first"))
