"""The first line of every screen: where one is, in whose books, and who delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu_tui.world.base import Head


class TopLine(Static):
    """Shows the screen's title with what it shows, enterprise, database, actor and worker."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $foreground; text-wrap: nowrap;
              text-overflow: ellipsis; }
    """
    head: reactive[Head | None] = reactive(None, init=False)
    crumbs: reactive[tuple[str, ...]] = reactive((), init=False)

    def on_mount(self) -> None:
        """Say that the database is being opened."""
        self._write()

    def watch_head(self) -> None:
        """Write the line anew."""
        self._write()

    def watch_crumbs(self) -> None:
        """Write the line anew."""
        self._write()

    def _write(self) -> None:
        where = Content.styled(" › ".join(self.crumbs), "bold $text-accent")
        if self.head is None:
            parts = [_("opening the database …")]
        else:
            parts = [self.head.enterprise, self.head.place, self.head.actor, self.head.worker]
        rest = " ─ ".join(part for part in parts if part)
        self.update(Content.assemble(where, " ─ " if self.crumbs else "", rest))
