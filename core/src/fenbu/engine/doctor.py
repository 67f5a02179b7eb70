"""The doctor: runs every check that is declared, the kernel's and the modules'.

A check answers yes, no or unknown; one that raises is unknown and says why, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from attrs import frozen

from fenbu.engine.assembly import unknown
from fenbu.engine.guard import permissions
from fenbu.engine.kernel import Kernel
from fenbu.i18n import _
from fenbu.metrics import Check, Finding, Health


@frozen
class Examined:
    """A check with what it found."""

    check: Check
    finding: Finding
    ms: int

    @property
    def well(self) -> bool:
        """Say whether there is nothing to repair."""
        return self.finding.health is Health.OK


def examine(kernel: Kernel, names: Sequence[str] = ()) -> Iterator[Examined]:
    """Run checks, each in a transaction of its own.

    Args:
        kernel: Of the enterprise.
        names: Of the checks; all when none is named.

    Raises:
        Unknown: A name that nobody declares.
        NotPermitted: The actor may not look at how the enterprise stands.
    """
    with kernel.read() as work:
        work.require(permissions.show("fenbu"))
    known = kernel.assembly.checks
    for name in names:
        if name not in known:
            raise unknown(_("check"), name, known)
    return (_examined(kernel, known[name]) for name in names or known)


def _examined(kernel: Kernel, check: Check) -> Examined:
    started = time.monotonic()
    try:
        with kernel.read(kernel.assembly.module_of(check.name)) as work:
            finding = check.run(work)
    except Exception as error:  # one check must not stop the doctor
        said = str(error).strip().partition("\n")[0]  # a database's error goes on with its statement
        finding = Finding(Health.UNKNOWN, f"{type(error).__name__}: {said}".strip(": "))
    return Examined(check, finding, round((time.monotonic() - started) * 1000))
