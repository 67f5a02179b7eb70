"""What the demo says while the shop grows: of each stage what it means, what happened, which flows run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fenbu.cli.session import Session
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.cli.demo.growth import Lived
    from fenbu.cli.demo.stages import Stage
    from fenbu.engine.kernel import Kernel

WIDTH = 80
_ENDS = 20
INDENT = "  "


def heading(session: Session, text: str, command: str) -> None:
    """Write a heading, and to its right the command that shows or does it."""
    gap = max(1, WIDTH - len(text) - len(command))
    out = session.out
    out.line()
    out.line(f"{out.style(text, 'bold')}{' ' * gap}{out.style(command, 'dim')}".rstrip())


def paragraph(session: Session, text: str, first: str = INDENT, rest: str = INDENT) -> None:
    """Write a text, broken at the width; `first` and `rest` stand before its lines."""
    from fenbu.cli.layout import wrap

    lead, *more = wrap(text, WIDTH - len(rest))
    session.out.line(f"{first}{lead}")
    for line in more:
        session.out.line(f"{rest}{line}")


def begin(session: Session) -> None:
    """Write the heading of all."""
    if not session.json:
        session.out.title(_("fenbu 分步 · an enterprise that grows one module at a time"))


def founded(session: Session, kernel: Kernel) -> None:
    """Say that the enterprise is there."""
    if session.json:
        return
    enterprise = kernel.assembly.enterprise
    heading(session, _("The enterprise"), "fenbu init")
    told = _("{name}: books in {currency}, days in {zone}")
    paragraph(
        session,
        told.format(name=enterprise.name, currency=enterprise.currency, zone=enterprise.zone.key),
        _sign(session),
        "    ",
    )


def announce(session: Session, stage: Stage, number: int, many: int) -> None:
    """Say what a stage brings."""
    if session.json:
        return
    told = _("Stage {number} of {many}: {name}").format(number=number, many=many, name=_(stage.name))
    heading(session, told, f"fenbu enable {' '.join(stage.modules)}")
    paragraph(session, _(stage.says))


def tell(session: Session, kernel: Kernel, lived: Lived) -> None:
    """Say what a stage came to: orders, what people had to do, and the flows that run now."""
    if session.json:
        return
    told = _("{orders} orders from {first} to {last}, in {seconds:.0f} s").format(
        orders=lived.orders, first=lived.season.first, last=lived.season.last, seconds=lived.seconds
    )
    paragraph(session, told, _sign(session), "    ")
    notes = []
    if lived.open_before:
        notes.append((_("orders that were open before finish the way they began"), lived.open_before))
    notes += [(_(text), lived.events[topic]) for topic, text in lived.stage.tells.items()]
    for text, count in notes:
        if count:
            paragraph(session, f"{text}: {count}", "  • ", "    ")
    _flows(session, kernel, lived)


def skipped(session: Session, stages: Sequence[Stage]) -> None:
    """Say which stages were left out, because their modules are not installed."""
    for stage in stages:
        packages = " ".join(f"fenbu-{module}" for module in stage.modules)
        session.out.warn(
            _("the stage {name} is left out: {modules} not installed (pip install {packages})").format(
                name=_(stage.name), modules=", ".join(stage.modules), packages=packages
            )
        )


def _flows(session: Session, kernel: Kernel, lived: Lived) -> None:
    """Write who tells whom, with what was delivered in the stage; new ones with a plus."""
    from fenbu.engine.flows.map import arrows

    out = session.out
    with kernel.read() as work:
        found = [arrow for arrow in arrows(work.connection, 0) if lived.delivered[arrow.subscription]]
    label = _("flows that run now")
    gap = " " * max(1, WIDTH - len(INDENT) - len(label) - len("fenbu flows map"))
    out.line(f"{INDENT}{label}{gap}{out.style('fenbu flows map', 'dim')}")
    for arrow in found:
        sign = out.style("+", "green") if arrow.subscription in lived.new else " "
        ends = f"{', '.join(arrow.sources)} → {arrow.module}"
        lead = f"{lived.delivered[arrow.subscription]:>5,}  {ends:<{_ENDS}}"
        paragraph(session, _title(kernel, arrow.subscription), f"  {sign} {lead}", " " * (len(lead) + 4))


def _title(kernel: Kernel, subscription: str) -> str:
    """Return what a subscription does, and whether it has read what happened before it was there."""
    for module in kernel.assembly.modules.values():
        for one in module.manifest.subscriptions:
            if one.name == subscription:
                late = _(" (also what happened before)") if one.history == "catch_up" else ""
                return f"{_(one.title)}{late}"
    return subscription


def _sign(session: Session) -> str:
    return f"{INDENT}{session.out.style('✔', 'green')} "
