"""Story: what happened to a document in all modules, in time order, and where to go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import FILTERED, STORY, bindings
from fenbu_tui.messages import Go
from fenbu_tui.places import Place
from fenbu_tui.screens.choose import ChooseScreen
from fenbu_tui.screens.live import Found, LiveScreen
from fenbu_tui.signs import COLOURS, SIGNS
from fenbu_tui.widgets.filter_bar import FilterBar, matches
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.widgets.story_table import StoryTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.stories import Happening, Stories, StoryKind, StoryTold


class StoryScreen(LiveScreen):
    """Tells the story of the document that its subject names: ``order SO-00000042``."""

    HELP_TEXT = N_(
        "What happened to a document, who did it, who was told of it, what still waits or failed: events (•), acts (▸) "
        "and calls to the outside (↗) of all modules. Without a document it lists the kinds that have stories."
    )
    AUTO_FOCUS = "StoryTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(STORY, FILTERED)
    DEFAULT_CSS = """
    StoryScreen #frame { border: round $secondary; border-title-color: $accent; }
    StoryScreen #record { height: auto; max-height: 5; padding: 0 1; color: $text-muted; display: none; }
    StoryScreen #detail { height: auto; max-height: 40%; padding: 0 1; border-top: solid $secondary; display: none; }
    StoryScreen #told { height: auto; padding: 1 2; color: $text-muted; }
    StoryScreen #told.refusal { color: $text-error; }
    """

    def __init__(self, stories: Stories) -> None:
        super().__init__()
        self._stories = stories
        self._kinds: Sequence[StoryKind] = ()
        self._story: StoryTold | None = None
        self._filter = self._refusal = ""

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="frame"):
            yield Static(id="record", markup=False)
            yield StoryTable()
            yield RowTable(
                (TableColumn(_("kind"), 16), TableColumn(_("list"), 24, share=1), TableColumn(_("name"), 26)),
                id="kinds",
            )
            yield Static(id="told", markup=False)
            yield Static(id="detail")
        yield FilterBar()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show what the subject says."""
        self._show()

    # --- subject and reading --------------------------------------------------------------------------

    def show_subject(self, subject: str) -> None:
        """Tell the story of another document."""
        super().show_subject(subject)
        self._story, self._filter, self._refusal = None, "", ""
        if self.is_mounted:
            self.query_one(FilterBar).action_clear_and_leave()
            self._show()

    @property
    def crumb(self) -> str:
        """The document."""
        return said(self.subject)

    def read_again(self) -> None:
        """Read the story, or the kinds of document that have one."""
        kind, _space, number = self.subject.partition(" ")
        if number:
            self.read(partial(self._stories.story, kind, number), self._tell, about=self.subject)
        else:
            self.read(self._stories.story_kinds, self._list, slot="kinds")

    def _tell(self, story: StoryTold) -> None:
        self._story, self._refusal = story, ""
        self._show()

    def _list(self, kinds: Sequence[StoryKind]) -> None:
        self._kinds = kinds
        self._show()

    def show_refusal(self, sentence: str) -> None:
        """Say in place of the story why there is none."""
        self._refusal = sentence
        self._show()

    def found(self) -> Iterable[Found]:
        """Offer the documents and lists around this one."""
        for one in self._story.onward if self._story else ():
            yield Found(one.text, said(one.place.subject), partial(self.post_message, Go(one.place)))

    # --- showing --------------------------------------------------------------------------------------

    def _show(self) -> None:
        story = self._story
        table, kinds, told = (
            self.query_one(StoryTable),
            self.query_one("#kinds", RowTable),
            self.query_one("#told", Static),
        )
        happenings = [one for one in story.happenings if matches(self._filter, _words(one))] if story else []
        table.happenings = happenings
        kinds.rows = [
            TableRow(one.kind, (Cell(one.kind), Cell(one.title), Cell(one.view)))
            for one in self._kinds
            if matches(self._filter, (one.kind, one.title, one.view))
        ]
        table.display, kinds.display = bool(happenings), not self.subject and bool(kinds.rows)
        told.display = not table.display and not kinds.display
        told.set_class(bool(self._refusal), "refusal")
        told.update(self._refusal or self._empty_text())
        record = self.query_one("#record", Static)
        lines = [*story.record, *story.notes] if story else []
        record.display = bool(lines)
        record.update("\n".join(lines))
        self._show_detail()
        frame = self.query_one("#frame")
        title = said(self.subject) or _("Stories")
        frame.border_title = f"{title} /{self._filter}" if self._filter else title
        frame.border_subtitle = _("{count} happenings").format(count=len(happenings)) if story else ""
        if self.focused is None or not self.focused.display:
            self._focus_rows()

    def _empty_text(self) -> str:
        if self._filter:
            return _("Nothing has “{filter}”. esc clears the filter.").format(filter=self._filter)
        if self._story is not None:
            return _("Nothing has happened to it yet that anybody has told.")
        if self.subject:
            return _("reading …")
        return _("No module has documents with stories; 2 shows the modules.")

    @on(RowTable.Highlighted)
    def _show_detail(self) -> None:
        one = self._happening
        detail = self.query_one("#detail", Static)
        detail.display = one is not None
        if one is not None:
            detail.update(Content("\n").join(_sentences(one)))

    @property
    def _happening(self) -> Happening | None:
        table = self.query_one(StoryTable)
        return next((one for one in table.happenings if one.key == table.key), None)

    # --- filter ---------------------------------------------------------------------------------------

    @on(FilterBar.Filtered)
    def _narrow(self, message: FilterBar.Filtered) -> None:
        self._filter = message.text
        self._show()

    @on(FilterBar.Left)
    def _focus_rows(self) -> None:
        (self.query_one(StoryTable) if self.subject else self.query_one("#kinds", RowTable)).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer keys where they do something."""
        if action == "filter":
            return not self.query_one(FilterBar).has_focus
        return bool(self.subject) if action in {"follow", "copy", "copy_all"} else True

    def action_back(self) -> None:
        """Clear the filter; without one, go back to the kinds."""
        if self._filter:
            self.query_one(FilterBar).action_clear_and_leave()
        elif self.subject:
            self.post_message(Go(Place("story")))

    # --- going on -------------------------------------------------------------------------------------

    def action_on(self) -> None:
        """Open the list of a kind, or choose where to go on."""
        if not self.subject:
            key = self.query_one("#kinds", RowTable).key
            for one in self._kinds:
                if one.kind == key:
                    self.post_message(Go(Place("records", one.view)))
            return
        onward = self._story.onward if self._story else ()

        def go(place: int | None) -> None:
            if place is not None:
                self.post_message(Go(onward[place].place))

        if onward:
            self.app.push_screen(ChooseScreen(said(self.subject), [Content(one.text) for one in onward]), go)

    def action_follow(self) -> None:
        """Tell the story of the document that this happened to."""
        one = self._happening
        if one is not None and one.leads is not None:
            self.post_message(Go(one.leads))
        else:
            self.notify(_("this happened to {subject} itself").format(subject=said(self.subject)))

    def action_copy(self) -> None:
        """Copy the number of the document."""
        number = self.subject.partition(" ")[2]
        self.app.copy_to_clipboard(number)
        self.notify(_("copied: {told}").format(told=number), markup=False)

    def action_copy_all(self) -> None:
        """Copy the whole story as text."""
        happenings = self._story.happenings if self._story else ()
        self.app.copy_to_clipboard(
            "\n".join(f"{one.day} {one.clock} {one.sign} {one.text}" for one in happenings)
        )
        self.notify(
            _("copied: {told}").format(told=_("the story of {subject}").format(subject=said(self.subject))),
            markup=False,
        )


def _words(one: Happening) -> tuple[str, ...]:
    return (one.day, one.text, one.who, *one.about, *(heard.text for heard in one.heard))


def _sentences(one: Happening) -> Iterator[Content]:
    yield Content.assemble(Content.styled(one.text, "bold"), f"  {one.who}")
    yield Content.styled(" · ".join(one.about), "dim")
    for heard in one.heard:
        yield Content.assemble(Content.styled(f"{SIGNS[heard.tone]} ", COLOURS[heard.tone]), heard.text)
    if one.leads is not None:
        yield Content.assemble(
            Content.styled("→ ", "$text-accent"),
            _("f tells the story of {it}").format(it=said(one.leads.subject)),
        )


def said(subject: str) -> str:
    """Return a document as people name it: the kind in the language of now, the number as it is."""
    kind, space, number = subject.partition(" ")
    return f"{_(kind)}{space}{number}"
