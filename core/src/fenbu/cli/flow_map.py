"""The map of the flows as text: each subscription with how it goes, and the topics that lead there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fenbu.cli.session import Session
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.engine.flows.map import Arrow
    from fenbu.engine.kernel import Kernel

_BRANCH = ("├─ ", "└─ ")


def show_map(session: Session, kernel: Kernel) -> None:
    """Write the map as text or JSON."""
    from fenbu.engine.flows.map import arrows
    from fenbu.engine.telling import event_types
    from fenbu.values import to_microseconds

    with kernel.read() as work:
        found = arrows(work.connection, to_microseconds(work.now))
    declared = event_types(kernel.assembly)
    lanes = {f"{topic}/{version}": str(one.lane) for (topic, version), one in declared.items()}
    if session.json:
        session.out.document("map", {"arrows": [_plain_arrow(arrow, lanes) for arrow in found]})
        return
    if not found:
        session.out.say(_("no enabled module reacts to anything yet"))
    titles = {
        one.name: one.title
        for module in kernel.assembly.modules.values()
        for one in module.manifest.subscriptions
    }
    for arrow in found:
        _draw(session, arrow, lanes, _(titles.get(arrow.subscription, "")))


def _draw(session: Session, arrow: Arrow, lanes: Mapping[str, str], title: str) -> None:
    """Write one arrow: who tells whom, what comes of it, how it goes, and the topics that lead there."""
    from fenbu.cli.layout import width_of, wrap

    out = session.out
    state, colour = _standing(arrow)
    ends = f"{', '.join(arrow.sources)} → {arrow.module}" if arrow.sources else f"→ {arrow.module}"
    out.line(f"{out.style(f'┌ {arrow.subscription}', 'bold')} {out.style(state, colour)}  {ends}")
    for told in filter(None, (title, _figures(arrow))):
        for line in wrap(told, (out.width or 1_000) - 2):
            out.line(f"│ {line}")
    topics = sorted(arrow.topics.items(), key=lambda one: (lanes.get(one[0], "~"), one[0]))
    widest = max((width_of(name) for name, _route in topics), default=0)
    for index, (name, route) in enumerate(topics):
        branch = _BRANCH[index == len(topics) - 1]
        only = _(", only {route}").format(route=route) if route else ""
        lane = lanes.get(name, "?")
        out.line(f"{branch}{name.ljust(widest)}  {out.style(_(lane), 'dim')}{only}".rstrip())


def _standing(arrow: Arrow) -> tuple[str, str]:
    if arrow.catching_up:
        return _("◐ catching up"), "yellow"
    if arrow.state == "active":
        return (_("✖ {count} dead").format(count=arrow.told("dead")), "red") if arrow.dead else ("●", "green")
    reason = f": {arrow.reason}" if arrow.reason else ""
    return f"{'✖' if arrow.state == 'tripped' else '○'} {_(arrow.state)}{reason}", "yellow"


def _figures(arrow: Arrow) -> str:
    told = [_("{rate:.1f}/min").format(rate=arrow.rate)] if arrow.rate else []
    if arrow.p95 is not None:
        told.append(_("p50 {p50} ms, p95 {p95} ms").format(p50=arrow.p50, p95=arrow.p95))
    counted = (
        (_("waiting"), "waiting"),
        (_("trying again"), "retrying"),
        (_("timers"), "scheduled"),
        (_("held"), "held"),
        (_("dead"), "dead"),
    )
    told += [f"{arrow.told(state)} {word}" for word, state in counted if getattr(arrow, state)]
    if arrow.oldest_key is not None:
        told.append(_("oldest {key}, {lag:.0f} s").format(key=arrow.oldest_key, lag=arrow.lag))
    return " · ".join(told) or _("at rest")


def _plain_arrow(arrow: Arrow, lanes: Mapping[str, str]) -> dict[str, Any]:
    topics: Sequence[dict[str, Any]] = [
        {"topic": name, "lane": lanes.get(name), "route": route} for name, route in arrow.topics.items()
    ]
    figures = (
        "state",
        "reason",
        "waiting",
        "retrying",
        "scheduled",
        "held",
        "dead",
        "oldest_key",
        "p50",
        "p95",
    )
    return {
        "subscription": arrow.subscription,
        "module": arrow.module,
        "sources": list(arrow.sources),
        "topics": topics,
        "catching_up": arrow.catching_up,
        "rate_per_minute": round(arrow.rate, 2),
        "lag_seconds": round(arrow.lag, 3),
        **{name: getattr(arrow, name) for name in figures},
    }
