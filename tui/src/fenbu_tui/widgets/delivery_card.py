"""All that is known of one delivery: what happened, how it was tried, why it failed, what the event says."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import COLOURS, SIGNS
from fenbu_tui.world.deliveries import DeliveryDetail


class DeliveryCard(VerticalScroll):
    """Shows the delivery it is given; scrolls when it has the focus."""

    DEFAULT_CSS = """
    DeliveryCard { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """
    detail: reactive[DeliveryDetail | None] = reactive(None, init=False)

    def compose(self) -> ComposeResult:
        yield Static(id="card")

    def watch_detail(self, detail: DeliveryDetail | None) -> None:
        """Write the card anew."""
        if detail is not None:
            self.query_one("#card", Static).update(Content("\n").join(_told(detail)))


def _told(detail: DeliveryDetail) -> Iterator[Content]:
    line = detail.line
    tone = COLOURS[line.standing.tone]
    yield Content.styled(detail.says, "bold")
    state = Content.styled(f"{SIGNS[line.standing.tone]} {line.standing.word}", tone)
    yield Content.assemble(state, f" {line.subscription} – {line.standing.means}")
    if detail.attempts:
        yield Content(detail.attempts)
    if detail.traceback:
        first, _newline, rest = detail.traceback.partition("\n")
        yield Content.styled(first, tone)
        if rest:
            yield Content.styled(rest, "dim")
    for label, value in detail.facts:
        yield Content.assemble(Content.styled(f"{label}: ", "dim"), value)
    if detail.payload:
        yield Content.styled(_("what the event says"), "dim")
        yield Content(detail.payload)
