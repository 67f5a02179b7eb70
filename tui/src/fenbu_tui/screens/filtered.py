"""What screens with a filter share: the line is opened by a key, esc clears it, and the rows get the keys back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType

from fenbu_tui.keys import FILTERED, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.filter_bar import FilterBar
from fenbu_tui.widgets.row_table import RowTable


class FilteredScreen(LiveScreen):
    """A list that is narrowed by words; a subclass says how in `narrow`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILTERED)

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""
        """What is typed."""

    def memory(self) -> dict[str, Any]:
        """Keep the filter."""
        return {"filter": self.wanted}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take up the filter."""
        self.wanted = str(memory.get("filter", ""))

    def narrow(self) -> None:
        """Show what fits `wanted`; called with every letter."""

    @on(FilterBar.Filtered)
    def _type(self, message: FilterBar.Filtered) -> None:
        self.wanted = message.text
        self.narrow()

    @on(FilterBar.Left)
    def _back_to_rows(self) -> None:
        self.query_one(RowTable).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_back(self) -> None:
        """Clear the filter."""
        self.query_one(FilterBar).action_clear_and_leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the filter's key where it does not type itself."""
        if action == "filter":
            return not self.query_one(FilterBar).has_focus
        return super().check_action(action, parameters)
