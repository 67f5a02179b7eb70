"""All that is known of one module, in full sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import COLOURS, SIGNS, Tone
from fenbu_tui.world.modules import ModuleDetail, ModuleLine

BAR = 20
"""Cells of a bar."""


class ModuleCard(VerticalScroll, can_focus=False):
    """Shows the module it is given, at length when it is given that too."""

    DEFAULT_CSS = """
    ModuleCard { height: auto; max-height: 40%; min-height: 5; border-top: solid $secondary; padding: 0 1;
                 display: none; }
    """
    line: reactive[ModuleLine | None] = reactive(None, init=False)
    detail: reactive[ModuleDetail | None] = reactive(None, init=False)

    def compose(self) -> ComposeResult:
        yield Static(id="card")

    def watch_line(self, line: ModuleLine | None) -> None:
        """Write the card anew."""
        self.display = line is not None
        if line is not None:
            self.query_one("#card", Static).update(Content("\n").join(sentences(line)))
            self.scroll_home(animate=False)

    def watch_detail(self, detail: ModuleDetail | None) -> None:
        """Add what belongs to the module."""
        if detail is not None and self.line is not None and detail.line.name == self.line.name:
            told = [*sentences(self.line), *chapters(detail)]
            self.query_one("#card", Static).update(Content("\n").join(told))


def bar(share: float, width: int = BAR) -> str:
    """Return a bar that is filled so far, the share between 0 and 1; in percent too, so that no colour is needed."""
    full = min(width, max(0, int(share * width)))
    return f"{'█' * full}{'░' * (width - full)} {share:4.0%}"


def sentences(line: ModuleLine) -> Iterator[Content]:
    """Yield all that is known of a module, a line each."""
    standing = line.standing
    state = Content.styled(f"{SIGNS[standing.tone]} {standing.word}", COLOURS[standing.tone])
    head = Content.styled(line.title or line.name, "bold")
    means = Content(f" – {standing.means}") if standing.means else Content("")
    yield Content.assemble(head, f" ({line.name} {line.version}) ".replace(" )", ")"), state, means)
    for reading in line.reading:
        yield Content.assemble(Content.styled(bar(reading.share), "$text-accent"), f" {reading.told}")
    for trouble in line.troubles:
        times = _(" ({times} times)").format(times=trouble.times) if trouble.times > 1 else ""
        detail = f"{trouble.subject}: {trouble.detail}" if trouble.subject else trouble.detail
        yield Content.assemble(Content.styled(f"{SIGNS[Tone.BAD]} ", COLOURS[Tone.BAD]), f"{detail}{times}")
        if trouble.hint and trouble.hint != line.todo:
            yield Content(f"  → {trouble.hint}")
    if line.todo:
        yield Content.assemble(Content.styled("→ ", "bold $text-accent"), line.todo)
    for label, value in line.facts:
        yield Content.assemble(Content.styled(f"{label}: ", "dim"), value)


def chapters(detail: ModuleDetail) -> Iterator[Content]:
    """Yield what belongs to a module: permissions, tables with their rows, actions, a line each."""
    for title, entries in detail.chapters:
        yield Content("")
        yield Content.styled(
            _("{title} ({count})").format(title=title, count=len(entries)), "bold $text-accent"
        )
        width = max(cell_len(label) for label, _value in entries)
        for label, value in entries:
            yield Content.assemble(
                f"  {label}{' ' * (width - cell_len(label))}  ", Content.styled(value, "dim")
            )
