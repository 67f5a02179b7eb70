"""The first line of every screen: where one is, in whose books, and who delivers."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu_tui.world import Picture


class TopLine(Static):
    """Shows enterprise, database, actor and worker of the picture it is given."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $foreground; text-wrap: nowrap;
              text-overflow: ellipsis; }
    """
    picture: reactive[Picture | None] = reactive(None, init=False)

    def watch_picture(self, picture: Picture | None) -> None:
        """Write the line anew."""
        if picture is not None:
            parts = [picture.place, picture.actor, picture.worker]
            rest = "".join(f" ─ {part}" for part in parts if part)
            self.update(Content.assemble(Content.styled(picture.enterprise, "bold"), rest))
