"""What to try next in the enterprise that the demo leaves, a command a line with a hint beside or below it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fenbu.cli.demo.telling import INDENT, WIDTH, heading
from fenbu.cli.session import Session
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.cli.demo.done import Done, Told
    from fenbu.engine.kernel import Kernel

_COMMAND = 43
"""Columns of the commands; the hints stand to their right."""
_BELOW = INDENT * 3


def show(session: Session, kernel: Kernel, done: Done, told: Told) -> None:
    """Write the commands that go on from here."""
    heading(session, _("Go on"), "")
    out = session.out
    for command, hint in _commands(kernel, done, told):
        for left, right in laid(command, hint):
            out.line(f"{left}{out.style(right, 'dim')}")


def _commands(kernel: Kernel, done: Done, told: Told) -> Iterator[tuple[str, str]]:
    modules = kernel.assembly.modules
    yield f"cd {_place(done.folder)}", _("it lies here, in one file")
    yield "fenbu tui", _("look around")
    yield "fenbu show erp.orders --limit 10", _("the newest orders")
    yield "fenbu show erp.aged-receivables", _("who owes what since when")
    yield f"fenbu explain order {told.order}", _("one order's story")
    if told.customer:
        yield f"fenbu explain customer {told.customer}", _("one customer's story")
        timeline = f"fenbu show crm.timeline --where customer={told.customer}"
        yield timeline, _("the same as CRM keeps it")
    if told.employee:
        yield f"fenbu explain employee {told.employee}", _("what HR has done for one of them")
    if "crm" in modules:
        yield "fenbu show crm.cases --where overdue=yes", _("who waits for an answer")
        yield "fenbu show crm.segments", _("who buys lately, often, for much")
    if "hrm" in modules:
        yield "fenbu show hrm.payrolls", _("what the people cost")
    yield "fenbu do erp.order.place --help", _("place one yourself")
    if "scm" in modules:
        yield "fenbu do scm.receipt.post --help", _("fill what is short")
    if "payments" in modules:
        yield "fenbu do payments.payment.refund --help", _("give money back")
    month = f"{done.shop.first_day:%Y-%m}"
    yield f"fenbu do erp.period.close --period {month}", _("close the first month")


def laid(command: str, hint: str) -> list[tuple[str, str]]:
    """Return the lines of a command and its hint, each as what is to be copied and what is not.

    A command is never broken; a hint that does not fit beside it goes below, one that fits nowhere is left out.
    """
    from fenbu.cli.layout import width_of

    lead = f"{INDENT}{command}"
    beside = f"{lead}{' ' * max(2, _COMMAND + 2 - width_of(command))}"
    if width_of(f"{beside}{hint}") <= WIDTH:
        return [(beside, hint)]
    below = [(_BELOW, hint)] if width_of(f"{_BELOW}{hint}") <= WIDTH else []
    return [(lead, ""), *below]


def _place(folder: Path) -> str:
    """Return how to come to a folder from here, as a shell takes it."""
    here = Path.cwd()
    return shlex.quote(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))
