"""Performing an action: its form, what it would bring where that cannot be undone, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Footer, Static

from fenbu.errors import FenbuError, InputInvalid
from fenbu.i18n import _
from fenbu_tui.keys import ACTION, bindings
from fenbu_tui.messages import Acted, Lost
from fenbu_tui.screens.live import in_one
from fenbu_tui.screens.performing import perform
from fenbu_tui.screens.translated import Translated
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.form import Form
from fenbu_tui.world.base import Act, Consequence, Unreachable
from fenbu_tui.world.records import Wanted


class Actions(Protocol):
    """What the form of an action asks."""

    def consequences(self, action: str, values: Mapping[str, Any]) -> Sequence[Consequence]:
        """Return what an action would bring; raises what it would raise."""
        ...

    def performing(self, action: str, values: Mapping[str, Any], view: str = "", key: str = "") -> Act:
        """Return the act of performing an action."""
        ...


class ActionScreen(ModalScreen[bool], Translated):
    """Fills in an action and performs it; answers whether it was done.

    What can be taken back is done at once; what is dangerous shows its consequences first, with Cancel under the
    cursor. A refusal stays beside the form, so that nothing has to be typed again.
    """

    AUTO_FOCUS = "Form Input, Form Select, Form Checkbox, #go"
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTION)
    DEFAULT_CSS = """
    ActionScreen { align: center middle; }
    ActionScreen > #box {
        width: 88; max-width: 100%; height: 90%;
        border: round $accent; border-title-color: $accent; background: $surface; padding: 0 1;
    }
    ActionScreen > #box.dangerous { border: round $error; border-title-color: $text-error; }
    ActionScreen #help, ActionScreen #refusal { height: auto; }
    ActionScreen #help { color: $text-muted; }
    ActionScreen #refusal { color: $text-error; display: none; }
    ActionScreen #consequences { height: auto; max-height: 60%; overflow-y: auto; display: none; padding: 1 0; }
    ActionScreen #answers { height: 1; align-horizontal: right; }
    ActionScreen #answers Button { margin: 0 0 0 2; }
    ActionScreen.asking Form { display: none; }
    ActionScreen.asking #consequences { display: block; }
    """

    def __init__(self, actions: Actions, wanted: Wanted, view: str = "", key: str = "") -> None:
        super().__init__()
        self._actions, self._wanted = actions, wanted
        self._view, self._key = view, key
        self._values: Mapping[str, Any] = {}
        self._warned = self._busy = False

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(self._wanted.action.help, id="help", markup=False)
            yield Form(self._wanted.model, self._wanted.given, fixed=self._wanted.fixed)
            yield Static(id="consequences")
            yield Static(id="refusal", markup=False)
            with Horizontal(id="answers"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Do it"), id="go", variant="primary", compact=True)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the action; one that asks nothing but on what goes on at once."""
        box = self.query_one("#box")
        box.border_title = self._wanted.action.title
        box.border_subtitle = self._wanted.action.name
        box.set_class(self._wanted.action.dangerous, "dangerous")
        self.query_one("#help").display = bool(self._wanted.action.help)
        if set(self._wanted.model.model_fields) <= set(self._wanted.fixed):
            self.query_one(Form).action_submit()

    # --- the operator ---------------------------------------------------------------------------------

    @on(Button.Pressed, "#go")
    def _pressed(self) -> None:
        if self.has_class("asking"):
            self._perform()
        else:
            self.query_one(Form).action_submit()

    @on(Form.Submitted)
    def _filled_in(self, message: Form.Submitted) -> None:
        self._values = message.values
        if self._wanted.action.dangerous:
            ask = partial(self._actions.consequences, self._wanted.action.name, self._values)
            self._run(partial(self._answered, ask, self._ask_first))
        else:
            self._perform()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Go back a step: to the form, or, when nothing typed would be lost or it is said twice, away."""
        if self.has_class("asking") and self._asks_something:
            self.remove_class("asking")
            self.set_focus(None)
            self.screen.focus_next()
        elif self._asks_something and not self._warned and self.query_one(Form).changed:
            self._warned = True
            self._refuse(_("esc again leaves; what was typed is lost"))
        else:
            self.dismiss(False)

    @property
    def _asks_something(self) -> bool:
        return bool(set(self._wanted.model.model_fields) - set(self._wanted.fixed))

    # --- in a worker ----------------------------------------------------------------------------------

    def _run(self, work: Callable[[], None]) -> None:
        if not self._busy:
            self._busy = True
            self._refuse("")
            self.run_worker(work, group="act", thread=True)

    def _answered(self, ask: Callable[[], Any], show: Callable[[Any], None]) -> None:
        """Run in a thread: ask, and show the answer or why there is none."""
        try:
            answer = ask()
        except Unreachable as error:
            self.post_message(Lost(error))
            self.app.call_from_thread(self._over)
        except FenbuError as error:
            self.app.call_from_thread(self._over, partial(self._show_refusal, error))
        else:
            self.app.call_from_thread(self._over, partial(show, answer))

    def _over(self, show: Callable[[], None] | None = None) -> None:
        self._busy = False
        if show is not None:
            show()

    def _perform(self) -> None:
        name = self._wanted.action.name
        self._run(
            partial(self._do, partial(self._actions.performing, name, self._values, self._view, self._key))
        )

    def _do(self, make: Callable[[], Act]) -> None:
        self._answered(lambda: _done(self.app, make()), self._leave)

    def _leave(self, done: tuple[Act, str]) -> None:
        act, said = done
        self.app.post_message(Acted(act, said))
        self.dismiss(True)

    # --- showing --------------------------------------------------------------------------------------

    def _ask_first(self, consequences: Sequence[Consequence]) -> None:
        width = max((len(one.number) for one in consequences), default=0)
        lines = [
            Content.assemble(Content.styled(f"{one.number:>{width}}  ", "bold"), one.text)
            for one in consequences
        ]
        sign = SIGNS[Tone.WARN]
        head = Content.styled(f"{sign} {_('This cannot be undone.')}", "bold $text-warning")
        self.query_one("#consequences", Static).update(Content("\n").join([head, Content(""), *lines]))
        self.add_class("asking")
        self.query_one("#cancel").focus()

    def _show_refusal(self, error: FenbuError) -> None:
        if isinstance(error, InputInvalid):
            self.remove_class("asking")
            self.query_one(Form).refuse(error.problems)
            return
        self._refuse(in_one(error))

    def _refuse(self, sentence: str) -> None:
        place = self.query_one("#refusal", Static)
        place.display = bool(sentence)
        place.update(f"{SIGNS[Tone.BAD]} {sentence}" if sentence else "")


def _done(app: App[object], act: Act) -> tuple[Act, str]:
    return act, perform(app, act)
