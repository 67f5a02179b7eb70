"""A form made from a pydantic model: the model itself says what is wrong while one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from fenbu.errors import FieldProblem
from fenbu.i18n import _
from fenbu.validation import field_problems
from fenbu_tui.forms import fields_of, joined
from fenbu_tui.keys import FORM, bindings
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.form_boxes import OMITTED, Box, EntriesBox, Entry, boxes_of, first_focusable
from fenbu_tui.widgets.form_editors import Edited


class Form(Vertical):
    """Asks for the fields of a model; posts `Submitted` with values that the model takes, `Judged` as one types.

    Tab and enter go on, enter in the last field is done, as is ``ctrl+s`` anywhere. What a field means stands below
    while one is in it; what is wrong with it stands under the field, once one has been there.
    """

    DEFAULT_CSS = """
    Form { height: 1fr; }
    Form > .fields { height: 1fr; scrollbar-size-vertical: 1; }
    Form > .whole { height: auto; color: $text-error; }
    Form > .about { height: 2; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(FORM)

    class Submitted(Message):
        """The form is filled in and the model takes it."""

        def __init__(self, values: Mapping[str, Any]) -> None:
            super().__init__()
            self.values = values

    class Judged(Message):
        """The model has looked at what is filled in."""

        def __init__(self, problems: Sequence[FieldProblem]) -> None:
            super().__init__()
            self.problems = problems

    def __init__(
        self,
        model: type[BaseModel],
        given: Mapping[str, Any] | None = None,
        *,
        fixed: Sequence[str] = (),
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the form of a model.

        Args:
            model: Any pydantic model.
            given: Values that stand there first; secrets among them are kept without being shown.
            fixed: Names of fields that are shown and not to be changed.
            id: Of the widget.
        """
        super().__init__(id=id)
        self._model = model
        self._given = dict(given or {})
        self._whole: list[str] = []
        self._boxes = boxes_of(fields_of(model), self._given, fixed=frozenset(fixed))

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="fields", can_focus=False):
            yield from self._boxes
        yield Static(classes="whole", markup=False)
        yield Static(classes="about", markup=False)

    # --- what is filled in ----------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """What is filled in or was given, by name, as the model takes it; without what is left to its defaults."""
        found = {box.field.name: box.read() for box in self._boxes}
        return {name: value for name, value in found.items() if value is not OMITTED}

    @property
    def changed(self) -> dict[str, Any]:
        """What somebody has changed of what was given; None for what is to go back to its default."""
        values = self.values
        names = [box.field.name for box in self._boxes]
        return {
            name: values.get(name)
            for name in names
            if values.get(name, OMITTED) is not self._given.get(name, OMITTED)
        }

    @property
    def problems(self) -> list[FieldProblem]:
        """What the model has against it."""
        try:
            self._model.model_validate(self.values)
        except ValidationError as error:
            return field_problems(error)
        return []

    # --- judging --------------------------------------------------------------------------------------

    @on(Edited)
    def _judge(self, message: Edited) -> None:
        message.stop()
        self.refuse(self.problems)

    def refuse(self, problems: Sequence[FieldProblem]) -> None:
        """Show problems at their fields, and those of no field below; none clears them all."""
        told: dict[Box, str] = {}
        whole: list[str] = []
        for one in problems:
            box = self._at(one.field)
            if box is None:
                whole.append(str(one))
            else:
                told.setdefault(box, one.problem)
        for box in self._all():
            box.tell(told.get(box, ""))
        if whole != self._whole:
            self._whole, sign = whole, SIGNS[Tone.BAD]
            self.query_one(".whole", Static).update(Content("\n".join(f"{sign} {text}" for text in whole)))
        self.post_message(self.Judged(problems))

    def action_submit(self) -> None:
        """Be done, or go to the first field that is wrong."""
        for one in self._boxes:
            one.leave()
        problems = self.problems
        self.refuse(problems)
        if not problems:
            self.post_message(self.Submitted(self.values))
            return
        box = self._at(problems[0].field)
        if box is not None and (wrong := first_focusable(box)) is not None:
            wrong.focus()

    def _at(self, path: str) -> Box | None:
        name, *rest = path.split(".")
        for box in self._boxes:
            if box.field.name == name:
                return box.at(rest)
        return None

    def _all(self) -> list[Box]:
        return [one for box in self._boxes for one in box.boxes()]

    # --- going on -------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _go_on(self, message: Input.Submitted) -> None:
        message.stop()
        skipped = self._empty_entry(message.input)
        wanted = [one for one in self.query("*") if one.focusable]
        place = wanted.index(message.input)
        after = [one for one in wanted[place + 1 :] if skipped is None or skipped not in one.ancestors]
        if after:
            after[0].focus()
        else:
            self.action_submit()

    @staticmethod
    def _empty_entry(widget: Input) -> Entry | None:
        """Return the entry at whose beginning one goes on without filling it in: there are no more."""
        for one in widget.ancestors:
            if isinstance(one, Entry) and one.empty and isinstance(one.parent, EntriesBox):
                return one
        return None

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field means in which one is now."""
        inner = next((one for one in event.widget.ancestors if isinstance(one, Box)), None)
        if inner is not None:
            self.query_one(".about", Static).update(_about(inner))


def _about(box: Box) -> str:
    field = box.field
    told = field.help
    if field.default and field.kind != "yes_no":
        told = joined(told, _("Default: {default}.").format(default=field.default))
    return told or (_("must be given") if field.required else _("may be left empty"))
