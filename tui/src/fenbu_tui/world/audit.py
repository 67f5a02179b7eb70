"""The audit trail: who did what, page by page, and whether its chain is whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import frozen

from fenbu_tui.world.base import Standing


@frozen(kw_only=True)
class AuditLine:
    """One act as it was written down."""

    number: str
    at: str
    """In the enterprise's zone."""
    actor: str
    action: str
    subject: str
    standing: Standing
    """Its outcome."""
    facts: tuple[tuple[str, str], ...]
    """Label and value of all else: input (secrets and personal data masked), module, idempotency key, digest."""


@frozen
class AuditPage:
    """Acts, the latest first."""

    lines: tuple[AuditLine, ...]
    next: str
    """Given as `after` the trail goes on; empty at its beginning."""


class Trail(Protocol):
    """Reads the trail."""

    def audit(self, narrowed: Mapping[str, str], after: str = "", limit: int = 200) -> AuditPage:
        """Return acts, the latest first.

        Args:
            narrowed: Column (``actor``, ``action``, ``subject``, ``outcome``, ``module``, ``key``) to what it holds.
            after: `AuditPage.next` of the page before.
            limit: Acts wanted.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: The actor may not look, or there is no such column.
        """
        ...


class Audit(Trail, Protocol):
    """What the audit screen asks."""

    def chain(self) -> Standing:
        """Recompute the chain of hashes and say up to where it is whole; reads the whole trail.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: The actor may not look.
        """
        ...
