"""Modules: which there are, where each stands, what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import FILTERED, OPEN, bindings
from fenbu_tui.messages import Seen
from fenbu_tui.screens.live import Found
from fenbu_tui.screens.switching import SwitchingScreen
from fenbu_tui.signs import SIGNS
from fenbu_tui.snapshot import rebuilt
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.module_card import ModuleCard
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.modules import ModuleDetail, ModuleLine, Picture
from fenbu_tui.world.switchable import Switchable

HIGH = 34
"""Lines of a terminal from which the module under the cursor is shown at length."""


class ModulesScreen(SwitchingScreen):
    """Lists the modules and follows what others change."""

    HELP_TEXT = N_(
        "Every module that is installed, or whose data are here. The sign, the word and the colour of its state "
        "say the same; below the list stands what is known of the module under the cursor, and what to do."
    )
    AUTO_FOCUS = "ModuleTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(OPEN, FILTERED)
    DEFAULT_CSS = """
    ModulesScreen > Vertical { border: round $secondary; border-title-color: $accent; }
    ModulesScreen #empty { height: 1fr; padding: 1 2; display: none; color: $text-muted; }
    ModulesScreen.-high ModuleCard { height: 1fr; max-height: 100%; }
    ModulesScreen .without-rows ModuleTable { display: none; }
    ModulesScreen .without-rows #empty { display: block; }
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012

    def __init__(self, modules: Switchable) -> None:
        super().__init__(modules)
        self._picture: Picture | None = None
        self._filter = ""

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="frame"):
            yield ModuleTable()
            yield Static(id="empty")
            yield ModuleCard()
        yield FilterBar(self._filter)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frame; it is on the screen before the modules come."""
        self.query_one("#frame").border_title = _("Modules")

    def read_again(self) -> None:
        """Read the modules again."""
        self.read(self._modules.modules, self.show)

    def show(self, picture: Picture) -> None:
        """Show a picture; the app keeps it too, for when the database is gone."""
        self.post_message(Seen(picture))
        self._show(picture)

    def _show(self, picture: Picture) -> None:
        self._picture = picture
        self._show_lines()

    def picture(self) -> Picture | None:
        """Keep what is shown."""
        return self._picture

    def show_picture(self, rows: Any) -> None:
        """Show the modules as they were."""
        self._show(rebuilt(Picture, rows))

    def memory(self) -> dict[str, Any]:
        """Keep the filter."""
        return {"filter": self._filter}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take up the filter."""
        self._filter = str(memory.get("filter", ""))

    def found(self) -> Iterable[Found]:
        """Offer every module."""
        table = self.query_one(ModuleTable)
        for line in table.lines:
            told = f"{SIGNS[line.standing.tone]} {line.standing.word} {line.problem}".strip()
            yield Found(f"{line.name} {line.title}", told, partial(table.go_to, line.name))

    # --- filter ---------------------------------------------------------------------------------------

    @on(FilterBar.Filtered)
    def _narrow(self, message: FilterBar.Filtered) -> None:
        self._filter = message.text
        self._show_lines()

    @on(FilterBar.Left)
    def _back_to_rows(self) -> None:
        self.query_one(ModuleTable).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer keys where they are not letters of the filter."""
        if action in {"filter", "open", "settings", "switch"} and self.query_one(FilterBar).has_focus:
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Clear the filter."""
        self.query_one(FilterBar).action_clear_and_leave()

    # --- one of them ----------------------------------------------------------------------------------

    @property
    def here(self) -> ModuleLine | None:
        """The module under the cursor."""
        key = self.query_one(ModuleTable).key
        return next((line for line in self._all if line.name == key), None)

    def action_open(self) -> None:
        """Show all that is known of the module under the cursor."""
        from fenbu_tui.screens.module import ModuleScreen

        if (here := self.here) is not None:
            self.app.push_screen(ModuleScreen(self._modules, here.name))

    # --- showing --------------------------------------------------------------------------------------

    @on(RowTable.Highlighted)
    def _show_card(self, message: RowTable.Highlighted) -> None:
        found = [line for line in self._all if line.name == message.key]
        card, line = self.query_one(ModuleCard), found[0] if found else None
        if line != card.line:
            card.line = line
            self._read_detail()
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Give a high terminal's lower half to the module under the cursor."""
        self._share_out()
        self._read_detail()

    def _share_out(self) -> None:
        table = self.query_one(ModuleTable)
        high = self.app.size.height >= HIGH
        table.styles.height = min(len(table.lines) + 1, self.app.size.height // 2) if high else "1fr"

    def _read_detail(self) -> None:
        """Read all of the module under the cursor, where there is room for it; once, for its rows are counted."""
        line = self.query_one(ModuleCard).line
        if line is not None and self.app.size.height >= HIGH:
            self.read(
                partial(self._modules.module, line.name), self._show_detail, slot="detail", about=line.name
            )

    def _show_detail(self, detail: ModuleDetail) -> None:
        self.query_one(ModuleCard).detail = detail

    @property
    def _all(self) -> tuple[ModuleLine, ...]:
        return self._picture.modules if self._picture else ()

    def _show_lines(self) -> None:
        lines = [line for line in self._all if matches(self._filter, _words_of(line))]
        self.query_one(ModuleTable).lines = lines
        self._share_out()
        frame = self.query_one("#frame")
        frame.set_class(not lines and self._picture is not None, "without-rows")
        self.query_one("#empty", Static).update(self._empty_text())
        frame.border_title = f"{_('Modules')} /{self._filter}" if self._filter else _("Modules")
        frame.border_subtitle = _("{shown} of {all}").format(shown=len(lines), all=len(self._all))

    def _empty_text(self) -> str:
        if self._all:
            return _("No module has “{filter}”. esc clears the filter.").format(filter=self._filter)
        return _(
            "No module is installed. Modules are Python packages: pip install fenbu-erp, for one. They appear here "
            "as soon as they are installed; fenbu enable erp switches one on."
        )


def _words_of(line: ModuleLine) -> tuple[str, ...]:
    return (line.name, line.title, line.version, line.standing.word, line.tier, line.problem, line.todo)
