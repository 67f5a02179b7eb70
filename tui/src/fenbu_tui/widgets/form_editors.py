"""What one value is typed, chosen or ticked in; each says its value as text, and that it has changed."""

from __future__ import annotations

from typing import Protocol

from textual.message import Message
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select

from fenbu.i18n import _
from fenbu.values import MASK
from fenbu_tui.forms import FieldKind, FormField

_REFERENCES = ("env:", "file:", "keyring:")


class Edited(Message):
    """A value has changed."""


class Editor(Protocol):
    """Holds one value as text; empty when there is none."""

    @property
    def text(self) -> str:
        """What is filled in, as it would be typed."""
        ...


class TextEditor(Input):
    """A line to type in; what is secret is not shown."""

    DEFAULT_CSS = """
    TextEditor { width: 1fr; background: $panel; }
    TextEditor.-textual-compact { padding: 0 1; }
    TextEditor:focus { background: $panel-lighten-1; }
    """

    def __init__(self, field: FormField, text: str, *, kept: bool = False) -> None:
        """Begin with a text; a secret that is kept when nothing is typed is told as such."""
        super().__init__(
            text,
            placeholder=MASK if kept else field.default or field.shape,
            password=field.kind in (FieldKind.SECRET, FieldKind.REFERENCE),
            compact=True,
            select_on_focus=False,
        )
        self._reference = field.kind is FieldKind.REFERENCE

    @property
    def text(self) -> str:
        return self.value

    def on_input_changed(self, changed: Input.Changed) -> None:
        """Tell it; where a secret is kept may be read once it is clear that it is no secret."""
        changed.stop()
        if self._reference:
            self.password = not self.value.startswith(_REFERENCES)
        self.post_message(Edited())


class ChoiceEditor(Select[str]):
    """A value out of several; without one, the default stands there."""

    DEFAULT_CSS = """
    ChoiceEditor { width: 1fr; }
    ChoiceEditor.-textual-compact > SelectCurrent { background: $panel; padding: 0 1; }
    ChoiceEditor:focus > SelectCurrent { background: $panel-lighten-1; }
    """

    def __init__(self, field: FormField, text: str) -> None:
        names = dict(field.choices)
        super().__init__(
            [(told, value) for value, told in field.choices],
            prompt=names.get(field.default, "") or _("choose"),
            value=text if text in names else Select.NULL,
            allow_blank=True,
            compact=True,
        )

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""

    def on_select_changed(self, changed: Select.Changed) -> None:
        """Tell it."""
        changed.stop()
        self.post_message(Edited())


class YesNoEditor(Checkbox):
    """Yes or no."""

    DEFAULT_CSS = """
    YesNoEditor { width: auto; background: transparent; }
    YesNoEditor.-textual-compact:focus { border: none; }
    """
    BUTTON_LEFT = "["
    BUTTON_RIGHT = "]"

    def __init__(self, field: FormField, text: str) -> None:
        super().__init__("", (text or field.default) == "true", compact=True)

    @property
    def text(self) -> str:
        return "true" if self.value else "false"

    def on_checkbox_changed(self, changed: Checkbox.Changed) -> None:
        """Tell it."""
        changed.stop()
        self.post_message(Edited())


def editor_of(field: FormField, text: str, *, kept: bool) -> Widget:
    """Return the widget in which a field of one value is filled in."""
    if field.kind is FieldKind.YES_NO and not field.optional and field.default:
        return YesNoEditor(field, text)
    if field.choices:
        return ChoiceEditor(field, text)
    return TextEditor(field, text, kept=kept)
