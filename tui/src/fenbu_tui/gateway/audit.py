"""The audit trail, read as its view declares it; and its chain, recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenbu.engine import reading
from fenbu.engine.builtin_views.acts import AUDIT
from fenbu.engine.conditions import Condition
from fenbu.engine.guard.audit import Verdict, verify
from fenbu.i18n import _
from fenbu.work import Enterprise
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.signs import Tone
from fenbu_tui.world.audit import AuditLine, AuditPage
from fenbu_tui.world.base import Standing

_FACTS = ("summary", "module", "key", "input_digest")
_LABELS = {column.name: column.title for column in AUDIT.columns}


class AuditPart(EnginePart):
    """Answers the audit screen."""

    def audit(self, narrowed: Mapping[str, str], after: str = "", limit: int = 200) -> AuditPage:
        filters = [Condition(name, value, "~") for name, value in narrowed.items()]
        with self._reading() as work:
            found = reading.page(work, AUDIT, filters=filters, after=after, limit=limit)
            return AuditPage(tuple(_line(row, work.enterprise) for row in found.rows), found.next or "")

    def chain(self) -> Standing:
        with self._reading() as work:
            work.require(AUDIT.needs)
            return told(verify(work.connection))


def told(verdict: Verdict) -> Standing:
    """Say what recomputing the chain has found."""
    if verdict.broken_at is not None:
        means = _("the chain breaks at seal {seal}; rows up to {row} are as they were written")
        return Standing(
            _("broken"), Tone.BAD, means.format(seal=verdict.broken_at, row=f"{verdict.sealed_to:,}")
        )
    means = _("sealed up to row {row}, {count} since then").format(
        row=f"{verdict.sealed_to:,}", count=f"{verdict.unsealed:,}"
    )
    return Standing(_("whole"), Tone.GOOD, means)


def _line(row: Mapping[str, Any], enterprise: Enterprise) -> AuditLine:
    done = row["outcome"] == "done"
    return AuditLine(
        number=str(row["id"]),
        at=row["at"].astimezone(enterprise.zone).strftime("%Y-%m-%d %H:%M:%S"),
        actor=row["actor"],
        action=row["action"],
        subject=str(row["subject"] or ""),
        standing=Standing(_(row["outcome"]), Tone.GOOD if done else Tone.BAD),
        facts=tuple((_(_LABELS[name]), str(row[name])) for name in _FACTS if row[name]),
    )
