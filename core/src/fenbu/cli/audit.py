"""``fenbu audit``: who did what; the chain of hashes over it, verified and sealed."""

from __future__ import annotations

import click

from fenbu.cli import exits
from fenbu.cli.base import Group
from fenbu.cli.session import Session
from fenbu.i18n import N_, _


@click.group("audit", cls=Group, help=N_("Who did what; verify and seal the trail."))
def audit() -> None:
    """Group of the commands on the audit trail."""


@audit.command("list", help=N_("The latest acts first."))
@click.option("--actor", help=N_("Only of this operator."))
@click.option("--action", help=N_("Only this action."))
@click.option("--subject", help=N_("Only about this document."))
@click.option("--limit", type=int, default=50, show_default=True, help=N_("Rows wanted."))
@click.option("--after", default="", metavar="KEY", help=N_("Continue after this key."))
@click.pass_obj
def list_(
    session: Session, *, actor: str | None, action: str | None, subject: str | None, limit: int, after: str
) -> None:
    """List acts."""
    from fenbu.cli.show import show_narrowed

    narrowed = {"actor": actor, "action": action, "subject": subject}
    with session.noticing() as kernel:
        show_narrowed(session, kernel, "fenbu.audit", narrowed, after=after, limit=limit)


@audit.command("verify", help=N_("Recompute the whole chain; ends with 1 when a row was changed."))
@click.pass_obj
def verify(session: Session) -> None:
    """Verify the chain."""
    from fenbu.engine.builtin_views.acts import AUDIT
    from fenbu.engine.guard.audit import verify as recomputed
    from fenbu.values import from_microseconds

    with session.noticing() as kernel:
        with kernel.read() as work:
            work.require(AUDIT.needs)
            verdict = recomputed(work.connection)
        whole = verdict.broken_at is None
        if session.json:
            since = verdict.unsealed_since
            body = {
                "whole": whole,
                "sealed_to": verdict.sealed_to,
                "unsealed": verdict.unsealed,
                "unsealed_since": None if since is None else from_microseconds(since),
                "broken_at": verdict.broken_at,
            }
            session.out.document("audit-verify", body)
        else:
            session.out.pairs(
                [
                    (
                        _("chain"),
                        _("whole") if whole else _("broken at seal {seal}").format(seal=verdict.broken_at),
                    ),
                    (_("sealed up to row"), str(verdict.sealed_to)),
                    (_("rows since then"), str(verdict.unsealed) if whole else "?"),
                ]
            )
    if not whole:
        raise click.exceptions.Exit(exits.FAILED)


@audit.command("seal", help=N_("Chain the rows written since the last seal."))
@click.pass_obj
def seal(session: Session) -> None:
    """Seal what is not sealed yet."""
    with session.noticing() as kernel:
        sealed = kernel.seal_audit()
        if session.json:
            session.out.document("audit-seal", {"sealed": sealed})
        else:
            session.out.say(_("{count} rows sealed").format(count=f"{sealed:,}"))
