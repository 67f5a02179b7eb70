"""The app: one world, its screens, and an ear for what others change."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from attrs import frozen
from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.worker import get_current_worker

from fenbu import i18n
from fenbu.cli.location import locate
from fenbu.errors import FenbuError
from fenbu.i18n import N_, _
from fenbu_tui.following import Following
from fenbu_tui.keys import APP, GOING, bindings
from fenbu_tui.late import LateWorld
from fenbu_tui.memory import Memory
from fenbu_tui.messages import Acted, Changed, Headed, Lost, Offered, Ran, Wished
from fenbu_tui.places import SCREENS, Place
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.terminal import end_with
from fenbu_tui.world.base import Unreachable

if TYPE_CHECKING:
    from fenbu_tui.world.acts import Logged
    from fenbu_tui.world.base import Act, Head
    from fenbu_tui.world.commands import Running
    from fenbu_tui.world.records import Wanted
    from fenbu_tui.world.whole import World

LISTENING = 0.25
"""Seconds for which one turn of listening sleeps; leaving waits for the turn."""
CALM = 0.5
"""Seconds between two readings, however busy the enterprise is."""
LOGGED = 1000
"""Acts that the log keeps."""


def _palette() -> type[Provider]:
    from fenbu_tui.palette import Palette

    return Palette


@frozen
class ReadOnly(FenbuError):
    """A command would change something, or may."""

    line: str

    def __str__(self) -> str:
        return _("fenbu {line} changes something, and this was opened read-only").format(line=self.line)


class FenbuApp(Following):
    """Shows one enterprise; I/O is in workers, rules are elsewhere."""

    TITLE = "fenbu 分步"
    HELP_TEXT = N_("The terminal UI of fenbu.")
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP, GOING)
    COMMANDS = App.COMMANDS | {_palette}
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        world: World,
        place: Place | None = None,
        *,
        memory: Memory | None = None,
        read_only: bool = False,
        painted: Callable[[], None] | None = None,
    ) -> None:
        """Make the app.

        Args:
            world: What it shows.
            place: Where it begins; where one was last time unless given.
            memory: What is remembered of this enterprise; nothing is kept without one.
            read_only: Nothing may be changed from here.
            painted: Called when the first screen is painted.
        """
        super().__init__(world, memory or Memory(), place, read_only=read_only)
        self._painted = painted
        self._acts: list[Logged] = []
        self._undo: list[Act] = []
        self._worker: Running | None = None

    def on_mount(self) -> None:
        """Open the first screen, then listen."""
        self.go(self._first)
        if self._painted is not None:
            self.screen.call_after_refresh(self._painted)
        self._read_head()
        self._listen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stay where the database is unreachable."""
        if action in {"go", "step", "command", "undo", "next_language"}:
            return isinstance(self.screen, LiveScreen)
        return super().check_action(action, parameters)

    # --- following ------------------------------------------------------------------------------------

    @work(thread=True, group="listen")
    def _listen(self) -> None:
        """Tell the screen when something was committed; one thread, because waiting is by thread."""
        listener = get_current_worker()
        while not listener.is_cancelled:
            try:
                changed = self.world.wait(LISTENING)
            except Unreachable as error:
                self.post_message(Lost(error))
                changed = False
                time.sleep(CALM)
            if changed:
                self.post_message(Changed())
                time.sleep(CALM)

    @on(Changed)
    def _read_again(self) -> None:
        if self.screen_stack and isinstance(self.screen, LiveScreen):  # none while the app is closing
            self.screen.read_again()
            self._read_head()

    @work(thread=True, exclusive=True, group="head")
    def _read_head(self) -> None:
        try:
            head = self.world.head()
        except Unreachable as error:
            self.post_message(Lost(error))
        else:
            self.post_message(Headed(head))

    # --- losing the database --------------------------------------------------------------------------

    @on(Lost)
    def _show_loss(self, message: Lost) -> None:
        from fenbu_tui.screens.unreachable import UnreachableScreen

        if not any(isinstance(screen, UnreachableScreen) for screen in self.screen_stack):
            self.push_screen(
                UnreachableScreen(self.world, message.error, self.last_picture), self._show_again
            )

    def _show_again(self, head: Head | None) -> None:
        self._head = head
        self._write_head()

    # --- acting ---------------------------------------------------------------------------------------

    @on(Acted)
    def _tell(self, message: Acted) -> None:
        if message.act.undo and not message.refused:
            self._undo.append(message.act.undo)
        told = _("{said}; u takes it back").format(said=message.said)
        offered = message.act.undo and not message.refused
        self._write_down(message.act.command, told if offered else message.said, failed=message.refused)

    @on(Ran)
    def _tell_end(self, message: Ran) -> None:
        self._write_down(message.command, message.said, failed=message.failed)
        self._read_again()

    def _write_down(self, command: str, said: str, *, failed: bool) -> None:
        from fenbu_tui.world.acts import Logged

        self._acts.append(
            Logged(datetime.now().astimezone(), command, said, Tone.BAD if failed else Tone.GOOD)
        )
        del self._acts[:-LOGGED]
        title = f"{SIGNS[Tone.BAD]} {command}" if failed else command
        self.notify(said, title=title, severity="error" if failed else "information", markup=False)

    def action_acts(self) -> None:
        """Show what was done."""
        from fenbu_tui.screens.acts import ActsScreen

        self.push_screen(ActsScreen(tuple(self._acts)))

    def action_undo(self) -> None:
        """Take back the last act that can be taken back."""
        if not self._undo:
            self.notify(_("nothing that was done here can be taken back"))
        elif isinstance(self.screen, LiveScreen):
            act = self._undo.pop()
            self.screen.act(lambda: act)

    @on(Wished)
    def _begin(self, message: Wished) -> None:
        """Ask for the action's input, then perform it."""
        from fenbu_tui.screens.action import ActionScreen

        def fill_in(wanted: Wanted) -> None:
            self.push_screen(ActionScreen(self.world, wanted))

        if isinstance(self.screen, LiveScreen):
            self.screen.read(lambda: self.world.wanted(message.action), fill_in, slot="form")

    # --- a worker of one's own ------------------------------------------------------------------------

    def action_worker(self) -> None:
        """Start a worker that lives as long as the app, or stop it."""
        if self._worker is not None:
            self._worker.stop()
        else:
            self._deliver()

    @work(thread=True, exclusive=True, group="worker")
    def _deliver(self) -> None:
        """Follow a worker until it ends; what it writes is told when it ends badly."""
        try:
            process = self._worker = self._start("worker", 80)
        except (FenbuError, OSError) as error:
            self.post_message(Ran("fenbu worker", str(error), failed=True))
            return
        self.call_from_thread(self.notify, _("a worker delivers as long as this is open; W stops it"))
        last = ""
        for line in process.lines():
            last = line.strip() or last
        code, self._worker = process.code(), None
        self.post_message(Ran("fenbu worker", last or _("stopped"), failed=code > 0))

    # --- commands -------------------------------------------------------------------------------------

    def action_command(self, line: str = "") -> None:
        """Let a command be typed."""
        from fenbu_tui.screens.command import CommandScreen

        self.push_screen(CommandScreen(self.world, self._memory.history, line), self._take_command)

    @on(Offered)
    def _offer(self, message: Offered) -> None:
        self.action_command(message.line)

    def _take_command(self, line: str | None) -> None:
        from fenbu.cli.app import COMMANDS

        line = (line or "").strip().removeprefix("fenbu ").strip()
        if not line:
            return
        self._memory.typed(line)
        name, _space, subject = line.partition(" ")
        if line in {"q", "quit", "exit"}:
            self.run_worker(self.action_quit())
        elif name in {one.name for one in SCREENS} and (
            not subject or name not in COMMANDS or subject.endswith(".toml")
        ):
            self.go(Place(name, subject.strip()))
        else:
            self.run_command(line)

    def run_command(self, line: str) -> None:
        """Run what follows ``fenbu``, and show what it writes."""
        from fenbu_tui.screens.output import OutputScreen

        width = max(self.size.width - 6, 20)
        self.push_screen(OutputScreen(line, lambda: self._start(line, width)))

    def _start(self, line: str, width: int) -> Running:
        """Called in a worker's thread."""
        if self.read_only and not self.world.looks_only(line):
            raise ReadOnly(line)
        return self.world.start(line, width)

    # --- help -----------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys that work here."""
        from fenbu_tui.screens.help import HelpScreen

        text = getattr(self.screen, "HELP_TEXT", self.HELP_TEXT)
        keys = {
            active.binding.id or active.binding.action: active.binding
            for active in self.screen.active_bindings.values()
            if active.enabled and (active.binding.id or active.binding.action == "command_palette")
        }
        self.push_screen(HelpScreen(_(text), [_told(binding) for binding in keys.values()]))

    def on_unmount(self) -> None:
        """Remember where one was, stop the worker, and let go of the database."""
        self.remember()
        if self._worker is not None:
            self._worker.stop()
        self.world.close()


def _told(binding: Binding) -> tuple[str, str]:
    return (binding.key_display or binding.key, binding.tooltip)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the terminal UI on an enterprise's database.

    Args:
        argv: ``--database URL``; without it FENBU_DATABASE or the nearest fenbu.toml, as for every command.
            ``--read-only`` changes nothing.

    Returns:
        Exit code of the command line.
    """
    parser = argparse.ArgumentParser("fenbu tui", description=_("The terminal UI of fenbu"))
    parser.add_argument("--database", help=_("SQLAlchemy URL, or a SQLite file"))
    parser.add_argument("--read-only", action="store_true", help=_("Look only; nothing can be changed"))
    given = parser.parse_args(argv)
    try:
        url = locate(given.database)
    except FenbuError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return error.exit_code
    memory = Memory.of(url)
    if memory.language and memory.instead_of == i18n.language():
        i18n.use(memory.language)
    world = LateWorld(lambda: _engine_world(url))
    app = FenbuApp(world.asked, memory=memory, read_only=given.read_only, painted=world.begin)
    if sys.stdin.isatty():
        end_with(sys.stdin.fileno(), app.remember)
    app.run()
    return app.return_code or 0


def _engine_world(url: str) -> World:
    from fenbu_tui.gateway.engine import EngineWorld

    return EngineWorld(url)
