"""The first line of every screen: where one is, in whose books, and who delivers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import COLOURS, SIGNS, Tone

if TYPE_CHECKING:
    from fenbu_tui.world.base import Head


class TopLine(Static):
    """Shows the screen's title with what it shows, enterprise, database, actor and worker."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $foreground; text-wrap: nowrap;
              text-overflow: ellipsis; }
    """
    head: reactive[Head | None] = reactive(None, init=False)
    seen: reactive[datetime | None] = reactive(None, init=False)
    """When what is shown was read, as long as it is what was shown last time."""
    acting: reactive[int] = reactive(0, init=False)
    """How many acts are being done: a key that was taken is seen to be."""
    crumbs: reactive[tuple[str, ...]] = reactive((), init=False)

    def on_mount(self) -> None:
        """Say that the database is being opened."""
        self._write()

    def watch_head(self) -> None:
        """Write the line anew."""
        self._write()

    def watch_seen(self) -> None:
        """Write the line anew."""
        self._write()

    def watch_acting(self) -> None:
        """Write the line anew."""
        self._write()

    def watch_crumbs(self) -> None:
        """Write the line anew."""
        self._write()

    def _write(self) -> None:
        busy = (
            Content.styled(f"{SIGNS[Tone.BUSY]} {_('working …')}  ", COLOURS[Tone.BUSY])
            if self.acting
            else ""
        )
        where = Content.styled(" › ".join(self.crumbs), "bold $text-accent")
        parts = [] if self.head is None else [self.head.enterprise, self.head.place, self.head.actor]
        if self.head is not None and self.seen is None:
            parts.append(self.head.worker)
        elif self.seen is None:
            parts = [_("opening the database …")]
        else:
            told = _("opening the database …, this was seen {at}")
            parts = [told.format(at=f"{self.seen:%Y-%m-%d %H:%M}"), *parts]
        rest = " ─ ".join(part for part in parts if part)
        self.update(Content.assemble(busy, where, " ─ " if self.crumbs else "", rest))
