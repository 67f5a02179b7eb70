"""All that is known of one record: its fields, where they lead, in which lists it stands, what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import frozen
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fenbu.i18n import _
from fenbu_tui.keys import CARD, bindings
from fenbu_tui.places import Place
from fenbu_tui.signs import COLOURS
from fenbu_tui.widgets.options import Options
from fenbu_tui.world.records import Detail, Fact, Verb

_WIDEST = 22


@frozen
class Way:
    """A line of the card on which enter does something: perform an action, or go somewhere."""

    text: Content
    verb: Verb | None = None
    place: Place | None = None


class RecordCard(Vertical):
    """Shows a record; posts `Chosen` for the line under its cursor."""

    DEFAULT_CSS = """
    RecordCard { border-left: solid $secondary; padding: 0 1; }
    RecordCard > .about { height: auto; max-height: 65%; scrollbar-size-vertical: 1; }
    RecordCard > .about:focus { background: $panel; }
    RecordCard > Options { height: 1fr; min-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(CARD)
    detail: reactive[Detail | None] = reactive(None, init=False)

    class Chosen(Message):
        """The user wants to perform an action, or to go somewhere."""

        def __init__(self, way: Way) -> None:
            super().__init__()
            self.way = way

    class Left(Message):
        """The user goes back to the rows."""

    def __init__(self) -> None:
        super().__init__(id="card")
        self._ways: list[Way] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="about"):
            yield Static(classes="facts")
        yield Options()

    def watch_detail(self, detail: Detail | None) -> None:
        """Write the card anew."""
        self._ways = list(_ways(detail)) if detail else []
        facts = Content("\n").join(_told(detail.facts)) if detail else Content("")
        self.query_one(".facts", Static).update(facts)
        listed = self.query_one(Options)
        before = listed.highlighted
        listed.clear_options()
        listed.add_options([Option(way.text) for way in self._ways])
        if self._ways:
            listed.highlighted = min(before or 0, len(self._ways) - 1)

    def enter(self) -> None:
        """Take the keys."""
        self.query_one(Options).focus()

    def action_leave(self) -> None:
        """Go back to the rows."""
        self.post_message(self.Left())

    @on(OptionList.OptionSelected)
    def _choose(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.post_message(self.Chosen(self._ways[message.option_index]))


def _told(facts: tuple[Fact, ...]) -> Iterator[Content]:
    width = min(max((cell_len(fact.label) for fact in facts), default=0), _WIDEST)
    for fact in facts:
        if not fact.label:
            yield Content.styled(fact.value.text, "dim italic")
            continue
        label = fact.label + " " * max(width - cell_len(fact.label), 0)
        tone = COLOURS[fact.value.tone] if fact.value.tone else "none"
        value = Content.styled(fact.value.text, tone) if fact.value.tone else Content(fact.value.text)
        yield Content.assemble(Content.styled(f"{label}  ", "dim"), value)


def _ways(detail: Detail) -> Iterator[Way]:
    for verb in detail.verbs:
        sign = Content.styled("! " if verb.dangerous else "▸ ", "bold $text-accent")
        yield Way(Content.assemble(sign, verb.title), verb=verb)
    if detail.story:
        told = Content.assemble(Content.styled("◷ ", "$text-accent"), _("its story"))
        yield Way(told, place=Place("story", f"{detail.story} {detail.number}"))
    for one in detail.belongings:
        told = Content.assemble(
            Content.styled("≡ ", "$text-accent"), f"{one.title}  ", Content.styled(one.rows, "bold")
        )
        yield Way(told, place=Place("records", f"{one.view} {one.filter}"))
    for fact in detail.facts:
        if fact.view:
            told = Content.assemble(Content.styled("→ ", "$text-accent"), f"{fact.label} {fact.value.text}")
            yield Way(told, place=Place("records", f"{fact.view} {fact.filter}"))
