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
INDENT = "  "


def heading(session: Session, text: str, command: str) -> None:
    """Write a heading, and to its right the command that shows or does it; below where both do not fit."""
    from fenbu.cli.layout import width_of

    out, room = session.out, WIDTH - width_of(text) - len(command)
    out.line()
    if room >= 1:
        out.line(f"{out.style(text, 'bold')}{' ' * room}{out.style(command, 'dim')}".rstrip())
    else:
        out.line(out.style(text, "bold"))
        out.line(out.style(f"{command:>{WIDTH}}", "dim"))


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
    for step in stage.steps:
        paragraph(session, _(step.says))


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


def skipped(session: Session, modules: Sequence[str]) -> None:
    """Say which modules were left out, because they are not installed."""
    if modules:
        packages = " ".join(f"fenbu-{module}" for module in modules)
        session.out.warn(
            _("left out, because not installed: {modules} (pip install {packages})").format(
                modules=", ".join(modules), packages=packages
            )
        )


def _flows(session: Session, kernel: Kernel, lived: Lived) -> None:
    """Write who tells whom, with what was delivered in the stage; new ones with a plus."""
    from fenbu.cli.layout import width_of
    from fenbu.engine.flows.map import arrows

    out = session.out
    with kernel.read() as work:
        found = [arrow for arrow in arrows(work.connection, 0) if lived.delivered[arrow.subscription]]
    label = _("flows that run now")
    gap = " " * max(1, WIDTH - len(INDENT) - width_of(label) - len("fenbu flows map"))
    out.line(f"{INDENT}{label}{gap}{out.style('fenbu flows map', 'dim')}")
    ends = {arrow.subscription: f"{', '.join(arrow.sources)} → {arrow.module}" for arrow in found}
    widest = max(map(len, ends.values()), default=0)
    for arrow in found:
        sign = out.style("+", "green") if arrow.subscription in lived.new else " "
        lead = f"{lived.delivered[arrow.subscription]:>5,}  {ends[arrow.subscription]:<{widest}}  "
        late = not lived.first and arrow.module in lived.stage.modules
        told = _title(kernel, arrow.subscription, late=late)
        paragraph(session, told, f"  {sign} {lead}", " " * (len(lead) + 4))


def _title(kernel: Kernel, subscription: str, *, late: bool) -> str:
    """Return what a subscription does; of one that came late, whether it has read what happened before."""
    for module in kernel.assembly.modules.values():
        for one in module.manifest.subscriptions:
            if one.name == subscription:
                read = late and one.history == "catch_up"
                return f"{_(one.title)}{_(' (also what happened before)') if read else ''}"
    return subscription


def _sign(session: Session) -> str:
    return f"{INDENT}{session.out.style('✔', 'green')} "
