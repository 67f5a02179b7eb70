"""Trees: what led to an event and what came of it, as lines that can be drawn.

Below an event stand its deliveries, below a delivery what its handler published and asked of the outside, below a
call what its outcome published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import define, field

from fenbu.engine.flows.trace import Asked, Trace, Traced, Travel
from fenbu.i18n import _
from fenbu_tui.gateway.wording import first_line, state
from fenbu_tui.signs import Tone
from fenbu_tui.world.deliveries import TreeLine

Says = Callable[[Traced], str]


@define
class _Node:
    """A line with what stands below it."""

    tone: Tone | None
    text: str
    event: int | None = None
    here: bool = False
    below: list[_Node] = field(factory=list)


def tree(found: Trace, says: Says, name: str) -> Iterator[TreeLine]:
    """Return the lines of a trace.

    Args:
        found: What is drawn.
        says: How an event reads.
        name: The delivery or call that was asked about: ``scm.orders/42``.
    """
    node = _event(found.event, found, says, name)
    for cause in reversed(found.causes):
        leads = _Node(None, says(cause), cause.seq)
        leads.below.append(node)
        node = leads
    if found.more:
        node.below.append(_Node(None, _("… and more")))
    yield TreeLine("", node.tone, node.text, node.event, node.here)
    yield from _drawn(node.below, "")


def took(ms: int | None, attempts: int) -> str:
    """Return how long a delivery took, or how often it has failed."""
    if ms is not None:
        return _("{ms} ms").format(ms=f"{ms:,}")
    return f"×{attempts}" if attempts else ""


def _drawn(nodes: Sequence[_Node], before: str) -> Iterator[TreeLine]:
    for place, node in enumerate(nodes):
        last = place == len(nodes) - 1
        yield TreeLine(f"{before}{'└─' if last else '├─'}", node.tone, node.text, node.event, node.here)
        yield from _drawn(node.below, f"{before}{'  ' if last else '│ '}")


def _event(event: Traced, found: Trace, says: Says, name: str) -> _Node:
    node = _Node(None, says(event), event.seq)
    travels = [(one, _travel(one, event, name)) for one in event.travels]
    asked = [(one, _call(one, name)) for one in event.calls]
    node.below += [below for _one, below in travels]
    for call, below in asked:
        _parent(call.module, call.at, travels, node).below.append(below)
    for effect in found.effects.get(event.seq, ()):
        parent = _caller(effect, asked, travels) or _parent(effect.module, effect.at, travels, node)
        parent.below.append(_event(effect, found, says, name))
    return node


def _parent(module: str, at: int, travels: Sequence[tuple[Travel, _Node]], otherwise: _Node) -> _Node:
    """Return the delivery in whose transaction a module did something; those of its module come near enough."""
    mine = [(one, node) for one, node in travels if one.module == module]
    exact = [node for one, node in mine if one.ended == at]
    return (exact or [node for _one, node in mine] or [otherwise])[0]


def _caller(
    effect: Traced, asked: Sequence[tuple[Asked, _Node]], travels: Sequence[tuple[Travel, _Node]]
) -> _Node | None:
    """Return the call whose outcome published an event; None when a handler itself did."""
    if any(one.module == effect.module and one.ended == effect.at for one, _node in travels):
        return None
    before = [node for one, node in asked if one.module == effect.module and one.at <= effect.at]
    return before[-1] if before else None


def _travel(travel: Travel, event: Traced, name: str) -> _Node:
    standing = state(travel.state)
    told = [travel.subscription, "" if travel.state == "done" else standing.word]
    told += [took(travel.ms, travel.attempts), first_line(travel.detail)]
    here = f"{travel.subscription}/{event.seq}" == name
    return _Node(standing.tone, " ".join(part for part in told if part), None, here)


def _call(call: Asked, name: str) -> _Node:
    standing = state(call.state)
    told = [_("call"), call.operation, call.subject, "" if call.state == "done" else standing.word]
    told += [took(None, call.attempts) if call.state != "done" else "", first_line(call.detail)]
    return _Node(standing.tone, " ".join(part for part in told if part), None, call.id == name)
