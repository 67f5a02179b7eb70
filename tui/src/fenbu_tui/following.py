"""Acts that take their time: followed while they are done, and not left without being asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on

from fenbu.errors import FenbuError
from fenbu.i18n import _
from fenbu_tui.going import Going
from fenbu_tui.messages import Acted, Begun, Lost
from fenbu_tui.screens.live import defect, in_one
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.base import Stopped, Unreachable

if TYPE_CHECKING:
    from fenbu_tui.screens.progress import Doing


class Following(Going):
    """An app in which acts go on, whatever is on the screen."""

    _doing: tuple[Doing, ...] = ()
    """What is being done."""
    _leaving = False

    # --- an act under way -----------------------------------------------------------------------------

    @on(Begun)
    def _follow(self, message: Begun) -> None:
        from fenbu_tui.screens.progress import Doing, ProgressScreen

        doing = Doing(message.act)
        self._doing = (*self._doing, doing)
        self._write_head()
        self.push_screen(ProgressScreen(doing))
        self.run_worker(partial(self._carry_out, doing), group="act", thread=True)

    def _carry_out(self, doing: Doing) -> None:
        """Run in a worker's thread until the act is over."""
        assert doing.act.follow is not None
        show = partial(self.call_later, self._show_progress, doing)
        said, refused = "", True
        try:
            said = doing.act.follow(lambda line: doing.take(line, show))
            refused = False
        except Stopped:
            said = _("stopped; what is done stays done, and the same command goes on")
        except Unreachable as error:
            self.post_message(Lost(error))
            said = str(error)
        except FenbuError as error:
            said = in_one(error)
        except Exception as error:  # the edge: what nobody foresaw is told in a line, and takes nothing down
            said = defect(error)
        self.call_later(self._over, doing, said, refused)

    def _over(self, doing: Doing, said: str, refused: bool) -> None:
        doing.said, doing.refused = said, refused
        self._doing = tuple(one for one in self._doing if one is not doing)
        self._write_head()
        self._show_progress(doing)
        self.post_message(Acted(doing.act, said, refused=refused))
        if self._leaving and not self._doing:
            self.exit()

    def _crumbs(self) -> list[str]:
        """Say in the first line what is being done."""
        return [*super()._crumbs(), *(f"{SIGNS[Tone.BUSY]} {one.act.command}" for one in self._doing)]

    def _show_progress(self, doing: Doing) -> None:
        from fenbu_tui.screens.progress import ProgressScreen

        for screen in self.screen_stack:
            if isinstance(screen, ProgressScreen) and screen.doing is doing and screen.is_mounted:
                screen.show()

    # --- leaving --------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave; while something is being done only when that is said twice."""
        if not self._at_work:
            self.exit()
            return
        from textual.content import Content

        from fenbu_tui.screens.choose import ChooseScreen

        if isinstance(self.screen, ChooseScreen):
            return
        named = ", ".join(one.act.command for one in self._doing) or _("something is being done")
        lines = (
            _("Stay until it is done"),
            _("Stop it after the step in hand, then leave; the same command goes on later"),
        )
        title = _("Still running: {what}").format(what=named)
        self.push_screen(ChooseScreen(title, [Content(line) for line in lines]), self._leave)

    @property
    def _at_work(self) -> bool:
        return bool(self._doing) or any(one.group == "act" and one.is_running for one in self.workers)

    def _leave(self, chosen: int | None) -> None:
        if chosen != 1:
            return
        self._leaving = True
        for doing in self._doing:
            doing.stopping = True
            self._show_progress(doing)
        if not self._doing:
            self.exit()
