"""The parts of a form: a field with its label and what is wrong with it, and fields that have entries of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Label, Static

from fenbu.i18n import _
from fenbu_tui.forms import FieldKind, FormField, written
from fenbu_tui.keys import ENTRIES, ENTRY, bindings
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.form_editors import Edited, Editor, editor_of

OMITTED: Any = object()
"""In place of a value that is not given, so that the model takes its default."""
_ENTRIES = frozenset({FieldKind.ROWS, FieldKind.VALUES, FieldKind.PAIRS})
_HIDDEN = frozenset({FieldKind.SECRET, FieldKind.REFERENCE})
_ABREAST = 4
"""Fields of an entry that still stand side by side."""
_WIDEST = 24
"""Cells of a label at most."""


class Box(Vertical):
    """A field of whatever kind; knows what is filled in and shows what is wrong with it."""

    DEFAULT_CSS = """
    Box { height: auto; }
    Box > Horizontal { height: auto; }
    Box .problem { height: auto; color: $text-error; display: none; }
    Box .problem.told { display: block; }
    Box Label.name { color: $text-muted; }
    Box:focus-within > Horizontal > Label.name { color: $text-accent; text-style: bold; }
    """

    def __init__(self, field: FormField, given: Any = OMITTED) -> None:
        super().__init__()
        self.field = field
        self.problem = Static(classes="problem")
        self._given, self._told = given, ""
        self.left = False
        """Somebody was here and went on, or wants to be done: what is missing may be told."""

    def read(self) -> Any:
        """Return what is filled in, for the model; `OMITTED` when nothing is."""
        raise NotImplementedError

    @property
    def touched(self) -> bool:
        """Whether something else is filled in than was given."""
        return self.read() is not self._given

    def leave(self) -> None:
        """Take the field as filled in, so that what is wrong with it is told."""
        self.left = True

    def at(self, path: Sequence[str]) -> Box:  # noqa: ARG002
        """Return the box of a field within this one, by names and positions; itself when there is none nearer."""
        return self

    def boxes(self) -> Iterator[Box]:
        """Yield this box and those within it."""
        yield self

    def tell(self, problem: str) -> None:
        """Show what is wrong, once somebody has been here; nothing when the text is empty."""
        shown = problem if self.left else ""
        if shown == self._told:
            return
        self._told = shown
        self.problem.set_class(bool(shown), "told")
        self.problem.update(Content(f"{SIGNS[Tone.BAD]} {shown}" if shown else ""))


class FieldBox(Box):
    """A field of one value."""

    DEFAULT_CSS = """
    FieldBox.beside { width: 1fr; padding: 0 1 0 0; }
    FieldBox .fixed { width: 1fr; padding: 0 1; }
    """

    def __init__(
        self, field: FormField, given: Any = OMITTED, *, label: int = 0, fixed: bool = False
    ) -> None:
        """Begin with a value.

        Args:
            field: What is asked.
            given: What stands there first; it is what the model gets when nothing is typed.
            label: Cells of the label; 0 leaves it out.
            fixed: It is shown and not to be changed.
        """
        super().__init__(field, given)
        self._label, self._fixed = label, fixed
        kept = field.kind in _HIDDEN and given is not OMITTED and bool(given)
        self._first = "" if kept or given is OMITTED else written(given)
        self._editor = editor_of(field, self._first, kept=kept)

    def compose(self) -> ComposeResult:
        with Horizontal():
            if self._label:
                yield _name(self.field, self._label)
            yield Static(self._first, classes="fixed", markup=False) if self._fixed else self._editor
        self.problem.styles.margin = (0, 0, 0, self._label + 1 if self._label else 0)
        yield self.problem

    def on_mount(self) -> None:
        """Tick boxes know their first value only now."""
        self._first = self._text

    @property
    def _text(self) -> str:
        return self._first if self._fixed else cast("Editor", self._editor).text.strip()

    def read(self) -> Any:
        text = self._text
        if text == self._first:
            return self._given
        self.left = True
        if not text:
            return self._emptied()
        return _parsed(text) if self.field.kind is FieldKind.JSON else text

    def _emptied(self) -> Any:
        """Return what an emptied field says: nothing where that is a value of its own, else the default."""
        if self._given is OMITTED:
            return OMITTED
        if self.field.optional:
            return None
        return "" if self.field.kind is FieldKind.TEXT and not self.field.required else OMITTED

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Somebody went on."""
        self.left = True
        self.post_message(Edited())


class SectionBox(Box):
    """A field that has fields of its own."""

    DEFAULT_CSS = """
    SectionBox > .inner { height: auto; padding: 0 0 0 2; }
    SectionBox.beside > .inner { layout: horizontal; padding: 0; }
    """

    def __init__(
        self, field: FormField, given: Any = OMITTED, *, title: str = "", beside: bool = False
    ) -> None:
        super().__init__(field, given)
        self._title = title
        self.set_class(beside, "beside")
        values = _mapping(given)
        self.parts = boxes_of(field.parts, values, beside=beside)

    def compose(self) -> ComposeResult:
        if self._title:
            yield Label(self._title, classes="name")
        with Vertical(classes="inner"):
            yield from self.parts
        yield self.problem

    @property
    def empty(self) -> bool:
        """Whether nothing is filled in."""
        return all(part.read() in (OMITTED, "", None) for part in self.parts)

    def read(self) -> Any:
        if not any(part.touched for part in self.parts):
            return self._given
        values = {part.field.name: part.read() for part in self.parts}
        found = {name: value for name, value in values.items() if value is not OMITTED}
        return found or OMITTED

    def leave(self) -> None:
        super().leave()
        for part in self.parts:
            part.leave()

    def at(self, path: Sequence[str]) -> Box:
        for part in self.parts:
            if path and part.field.name == path[0]:
                return part.at(path[1:])
        return self

    def boxes(self) -> Iterator[Box]:
        yield self
        for part in self.parts:
            yield from part.boxes()


class Entry(SectionBox):
    """One of several entries; ``ctrl+r`` takes it out."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ENTRY)

    def action_remove(self) -> None:
        """Take this entry out."""
        if isinstance(self.parent, EntriesBox):
            self.parent.take_out(self)


class EntriesBox(Box):
    """A field with any number of entries; those of few fields stand in lines, with an empty one to go on in."""

    DEFAULT_CSS = """
    EntriesBox > .head { height: 1; }
    EntriesBox > .head > Label { width: 1fr; color: $text-muted; text-style: italic; }
    EntriesBox > Entry { padding: 0 0 0 2; }
    EntriesBox > .head { padding: 0 0 0 2; }
    EntriesBox > Button { margin: 0 0 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(ENTRIES)

    def __init__(self, field: FormField, given: Any = OMITTED) -> None:
        super().__init__(field, given)
        self.beside = len(field.parts) <= _ABREAST and not any(part.parts for part in field.parts)
        listed = (
            []
            if given in (OMITTED, None)
            else list(given.items())
            if isinstance(given, Mapping)
            else list(given)
        )
        self._first = [self._entry(one) for one in listed]
        self._count = len(self._first)
        if self.beside or (field.required and not self._first):
            self._first.append(self._entry(OMITTED))

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield _name(self.field, 0)
        if self.beside and any(part.label for part in self.field.parts):
            with Horizontal(classes="head"):
                for part in self.field.parts:
                    yield Label(_marked(part), markup=False)
        yield from self._first
        if not self.beside:
            yield Button(_("+ one more (ctrl+n)"), compact=True)
        yield self.problem

    @property
    def entries(self) -> list[Entry]:
        """All entries, in their order."""
        return [child for child in self.children if isinstance(child, Entry)]

    @property
    def _filled(self) -> list[Entry]:
        return [one for one in self.entries or self._first if not one.empty]

    def read(self) -> Any:
        filled = self._filled
        if len(filled) == self._count and not any(one.touched for one in filled):
            return self._given
        found = [one.read() for one in filled]
        if self.field.kind is FieldKind.VALUES:
            return [one[""] for one in found]
        if self.field.kind is FieldKind.PAIRS:
            return {one.get("name", ""): one.get("value", "") for one in found}
        return found

    def leave(self) -> None:
        super().leave()
        for one in self._filled or (self.entries[:1] if self.field.required else ()):
            one.leave()

    def at(self, path: Sequence[str]) -> Box:
        filled = self._filled
        if not path:
            return self
        if self.field.kind is FieldKind.PAIRS:
            named = [one for one in filled if one.read().get("name", "") == path[0]]
            return named[0].parts[-1] if named else self
        place = int(path[0]) if path[0].isdigit() else len(filled)
        if place >= len(filled):
            return self
        return filled[place].parts[0] if self.field.kind is FieldKind.VALUES else filled[place].at(path[1:])

    def boxes(self) -> Iterator[Box]:
        yield self
        for one in self.entries:
            yield from one.boxes()

    # --- more and fewer -------------------------------------------------------------------------------

    @on(Edited)
    def _keep_an_empty_one(self) -> None:
        self.left = True
        if self.beside and (not self.entries or not self.entries[-1].empty):
            self._append()

    @on(Button.Pressed)
    def _one_more(self, pressed: Button.Pressed) -> None:
        pressed.stop()
        self.action_add()

    def action_add(self) -> None:
        """Go to an empty entry."""
        last = self.entries[-1] if self.entries else None
        if last is None or not last.empty:
            last = self._append()
        self.call_after_refresh(lambda: _enter(last))

    def take_out(self, entry: Entry) -> None:
        """Take an entry out and stand where it was."""
        entries = self.entries
        place = entries.index(entry)
        if self.beside and place == len(entries) - 1:
            return  # the empty one, in which one goes on
        stays = entries[place + 1] if place + 1 < len(entries) else entries[place - 1] if place else None
        if stays is not None:
            _enter(stays)
        entry.remove()
        self._given = () if self._given is OMITTED else self._given
        self.call_after_refresh(lambda: self.post_message(Edited()))

    def _append(self) -> Entry:
        made = self._entry(OMITTED)
        last = self.entries[-1] if self.entries else None
        if last is None:
            self.mount(made, before=self.problem if self.beside else self.query_one(Button))
        else:
            self.mount(made, after=last)
        return made

    def _entry(self, given: Any) -> Entry:
        if given is not OMITTED and self.field.kind is FieldKind.VALUES:
            given = {"": given}
        if given is not OMITTED and self.field.kind is FieldKind.PAIRS:
            given = dict(zip(("name", "value"), given, strict=True))
        return Entry(self.field, given, title="" if self.beside else "·", beside=self.beside)


def boxes_of(
    fields: Sequence[FormField],
    given: Mapping[str, Any],
    *,
    fixed: frozenset[str] = frozenset(),
    beside: bool = False,
) -> list[Box]:
    """Return the boxes of some fields, their labels equally wide.

    Args:
        fields: In the model's order.
        given: What stands in them first, by name.
        fixed: Names of those that are shown only.
        beside: They stand side by side under labels of their own.
    """
    widths = [cell_len(_marked(field)) for field in fields if field.kind not in _ENTRIES]
    label = 0 if beside else min(max(widths, default=0), _WIDEST) + 2
    found: list[Box] = []
    for field in fields:
        value = given.get(field.name, OMITTED)
        box: Box
        if field.kind in _ENTRIES:
            box = EntriesBox(field, value)
        elif field.kind is FieldKind.SECTION:
            box = SectionBox(field, value, title=_marked(field))
        else:
            box = FieldBox(field, value, label=label, fixed=field.name in fixed)
            box.set_class(beside, "beside")
        found.append(box)
    return found


def first_focusable(widget: Widget) -> Widget | None:
    """Return the first widget within this one that takes keys."""
    return next((one for one in widget.query("*") if one.focusable), None)


def _enter(widget: Widget) -> None:
    if (found := first_focusable(widget)) is not None:
        found.focus()


def _name(field: FormField, width: int) -> Label:
    label = Label(_marked(field), classes="name", markup=False)
    if width:
        label.styles.width = width
    return label


def _marked(field: FormField) -> str:
    """Return a label, with a star where something must be given."""
    return f"{field.label} *" if field.required else field.label


def _mapping(given: Any) -> Mapping[str, Any]:
    if given is OMITTED or given is None:
        return {}
    return (
        given
        if isinstance(given, Mapping)
        else {name: getattr(given, name) for name in type(given).model_fields}
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
