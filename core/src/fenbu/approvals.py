"""Approvals: two pairs of eyes. Who asked for a thing, made it or will apply it cannot be who approves it.

One rule for whatever is approved, a payroll as well as the stage of a rollout; it is asked in the transaction of the
approval, so that it holds however the approval came in::

    approvals.require_another(work.actor, row.number, [(row.requested_by, _("has asked for it"))])
"""

from __future__ import annotations

from collections.abc import Iterable

from fenbu.errors import SamePerson
from fenbu.work import Actor


def require_another(actor: Actor, document: str, concerned: Iterable[tuple[str, str]]) -> None:
    """Refuse an approval by one of those concerned.

    Args:
        actor: Who approves, or applies what was approved.
        document: What is approved, as people name it.
        concerned: Names of operators, each with what they have done, as ends the sentence "… by ann, who has asked
            for it"; empty names (nobody did) are left out.

    Raises:
        SamePerson: The actor is one of them; the first that fits is told.
    """
    for name, did in concerned:
        if name and name == actor.name:
            raise SamePerson(document, actor.name, did)
