"""What every screen of the registry is: it reads in a worker, follows what others change, and passes acts on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from attrs import frozen
from textual.screen import Screen

from fenbu.errors import FenbuError, in_words
from fenbu.i18n import _
from fenbu_tui.messages import Acted, Appeared, Begun, Lost
from fenbu_tui.screens.performing import perform
from fenbu_tui.screens.translated import Translated
from fenbu_tui.snapshot import Shown, flat
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.base import Unreachable

if TYPE_CHECKING:
    from fenbu_tui.world.base import Act, Question

T = TypeVar("T")


@frozen
class Found:
    """Something the palette offers here."""

    words: str
    """What it is found by, and shown as."""
    told: str
    """A line below it."""
    go: Callable[[], object]


@frozen
class _Question:
    ask: Callable[[], Any]
    show: Callable[[Any], None]
    about: object


class LiveScreen(Translated, Screen[None]):
    """Reads again whenever something was committed and it is on top; a subclass says how in `read_again`."""

    HELP_TEXT: ClassVar[str] = ""
    """What the screen is for, in a few sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = ""
        """What the screen shows, as `Place` has it."""
        self.last_time: Shown | None = None
        """What it showed last time, to be shown again until something is read."""
        self._read_at: datetime | None = None
        self._asked: dict[str, _Question] = {}
        self._wanted: dict[str, _Question] = {}

    # --- for subclasses to say ------------------------------------------------------------------------

    def read_again(self) -> None:
        """Ask anew for what is shown, by `read`; called when the screen appears and when something changed."""

    def show_subject(self, subject: str) -> None:
        """Show this subject; called before the screen appears, and when one goes to another subject of it."""
        self.subject = subject

    @property
    def crumb(self) -> str:
        """What is shown here, for the first line; empty when the screen's title says all."""
        return ""

    def memory(self) -> dict[str, Any]:
        """Return what is to be remembered of this screen until next time, as JSON has it: filters, columns."""
        return {}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take up what `memory` has once returned; called before the screen appears, and may be anything."""

    def picture(self) -> Any:
        """Return the rows that are shown, where none may be about a person: they are kept outside the database."""
        return None

    def show_picture(self, rows: Any) -> None:
        """Show what `picture` returned last time, as JSON has it; may raise ValueError, TypeError or KeyError."""

    def found(self) -> Iterable[Found]:
        """Return what the palette offers here besides keys and screens."""
        return ()

    # --- last time ------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show what was shown last time, where it is of the same subject."""
        if self.last_time is not None and self.last_time.subject == self.subject:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                self.show_picture(self.last_time.rows)

    @property
    def shown(self) -> Shown | None:
        """What is shown now, to be kept."""
        if self._read_at is None:
            return self.last_time
        rows = self.picture()
        return None if rows is None else Shown(self._read_at, self.subject, flat(rows))

    # --- reading --------------------------------------------------------------------------------------

    @property
    def reading(self) -> bool:
        """Something that was asked is not answered yet."""
        return bool(self._asked)

    def on_screen_resume(self) -> None:
        """What happened while another screen was on top is read now."""
        self.post_message(Appeared())
        self.read_again()

    def read(
        self, ask: Callable[[], T], show: Callable[[T], None], *, slot: str = "", about: object = None
    ) -> None:
        """Ask in a worker, and show the answer.

        One question a slot is on its way at a time; of those asked meanwhile the latest is asked next, so that a
        slow database gets no queue.

        Args:
            ask: Called in a thread; may raise `Unreachable` or `FenbuError`, which are shown.
            show: Called with the answer, in the app's thread.
            slot: What is read: the list and the detail of a screen do not wait for each other.
            about: What the question is about; an answer is dropped when something else is wanted by now.
        """
        question = _Question(ask, show, about)
        if slot in self._asked:
            self._wanted[slot] = question
        else:
            self._ask(slot, question)

    def _ask(self, slot: str, question: _Question) -> None:
        self._asked[slot] = question
        self.run_worker(partial(self._answer, slot, question), group="read", thread=True)

    def _answer(self, slot: str, question: _Question) -> None:
        """Run in a worker's thread."""
        try:
            answer = question.ask()
        except Unreachable as error:
            self.post_message(Lost(error))
            self.call_later(self._over, slot, None)
        except FenbuError as error:
            self.call_later(self._over, slot, partial(self.show_refusal, in_one(error)))
        except Exception as error:  # the edge: what nobody foresaw is told in a line, and takes nothing down
            self.call_later(self._over, slot, partial(self.show_refusal, defect(error)))
        else:
            self._read_at = datetime.now(UTC)
            self.call_later(self._over, slot, partial(question.show, answer))

    def _over(self, slot: str, show: Callable[[], None] | None) -> None:
        asked, wanted = self._asked.pop(slot), self._wanted.pop(slot, None)
        if show is not None and (wanted is None or wanted.about == asked.about):
            show()
        if wanted is not None and slot in self._asked:  # what was shown has asked on
            self._wanted.setdefault(slot, wanted)
        elif wanted is not None:
            self._ask(slot, wanted)

    def show_refusal(self, sentence: str) -> None:
        """Say why something could not be read."""
        self.notify(sentence, severity="error", markup=False)

    # --- acting ---------------------------------------------------------------------------------------

    def act(self, make: Callable[[], Act], then: Callable[[], None] | None = None) -> None:
        """Do something in a worker; the app shows its command and outcome, and this screen reads again.

        Args:
            make: Gives the act, in the worker's thread.
            then: Called in the app's thread when it was done.
        """
        self._acting(1)
        self.run_worker(partial(self._do_and_tell, make, then), group="act", thread=True)

    def ask(self, make: Callable[[], Question]) -> None:
        """Ask before something with consequences, and do what is chosen.

        Args:
            make: Gives the question, in a worker's thread; may raise as what `read` asks.
        """
        self.read(make, self._put_question, slot="question")

    def _put_question(self, question: Question) -> None:
        from fenbu_tui.screens.confirm import ConfirmScreen

        self.app.push_screen(ConfirmScreen(question), self._take_answer)

    def _take_answer(self, act: Act | None) -> None:
        if act is not None:
            self.act(lambda: act)

    def _acting(self, more: int) -> None:
        """Say in the first line that something is being done, or is over."""
        for line in self.query(TopLine):
            line.acting += more

    def _do_and_tell(self, make: Callable[[], Act], then: Callable[[], None] | None) -> None:
        try:
            self._do(make, then)
        finally:
            self.call_later(self._acting, -1)

    def _do(self, make: Callable[[], Act], then: Callable[[], None] | None) -> None:
        try:
            act = make()
        except Unreachable as error:
            self.post_message(Lost(error))
            return
        except FenbuError as error:
            self.call_later(self.notify, in_one(error), severity="error", markup=False)
            return
        if act.follow is not None and not getattr(self.app, "read_only", False):
            self.post_message(Begun(act))
            return
        try:
            said = perform(self.app, act)
        except Unreachable as error:
            self.post_message(Lost(error))
        except FenbuError as error:
            self.post_message(Acted(act, in_one(error), refused=True))
        except Exception as error:
            self.post_message(Acted(act, defect(error), refused=True))
        else:
            self.post_message(Acted(act, said))
            if then is not None:
                self.call_later(then)
        self.call_later(self.read_again)


def defect(error: Exception) -> str:
    """Say in a line what nobody foresaw."""
    return _("{what} – this is a defect, nothing else was stopped").format(what=in_words(error))


def in_one(error: FenbuError) -> str:
    """Return a refusal with its way out."""
    return f"{error} – {error.hint}" if error.hint else str(error)
