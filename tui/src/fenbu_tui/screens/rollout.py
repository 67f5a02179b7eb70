"""The rollout: its stages, and the file with the plan beside it; agree, apply, rehearse, roll back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _, ngettext
from fenbu_tui.keys import OPEN, ROLLOUT, bindings
from fenbu_tui.messages import Headed
from fenbu_tui.screens.live import Found, LiveScreen
from fenbu_tui.signs import COLOURS, SIGNS, Tone
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.stage_table import StageTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.rollouts import APPLIED, Beginning, Rollout, Rollouts, StageRow

LOOK = 1.0
"""Seconds between two looks at the file: nobody tells when an editor has written it."""
WIDE = 120
"""Columns from which file and plan stand side by side."""


class RolloutScreen(LiveScreen):
    """Shows a rollout file with its plan, and passes wishes on."""

    HELP_TEXT = N_(
        "The overall plan, stage by stage: where each stands, what applying would do about it, and how much of what "
        "guards it is met. Below stands the file, and beside it what fenbu plan says; both follow the stage under the "
        "cursor. In front of the numbers ~ marks lines that are not as they were applied, ✖ lines with a fault. What "
        "was changed by hand stands at the top of the plan. Enter opens a stage with its gates and their curves, tab "
        "goes to the texts; :rollout other.toml opens another file."
    )
    AUTO_FOCUS = "StageTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROLLOUT, OPEN)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    RolloutScreen #list { height: auto; max-height: 40%; border: round $secondary; border-title-color: $accent; }
    RolloutScreen StageTable { height: auto; max-height: 100%; }
    RolloutScreen #sides { height: 1fr; min-height: 5; }
    RolloutScreen #sides > Vertical { width: 1fr; border: round $secondary; border-title-color: $accent; }
    RolloutScreen #sides > Vertical:focus-within { border: round $accent; }
    RolloutScreen.-narrow.on-file #plan-frame { display: none; }
    RolloutScreen.-narrow.on-plan #file-frame { display: none; }
    RolloutScreen #lock, RolloutScreen #next { height: auto; padding: 0 1; }
    RolloutScreen #lock { display: none; }
    RolloutScreen #empty { height: 1fr; padding: 1 2; display: none; color: $text-muted; }
    RolloutScreen.empty #list, RolloutScreen.empty #sides { display: none; }
    RolloutScreen.empty #empty { display: block; }
    RolloutScreen.without-plan #list { display: none; }
    """

    def __init__(self, rollouts: Rollouts) -> None:
        super().__init__()
        self._rollouts = rollouts
        self._rollout: Rollout | None = None
        self._stamp = ""
        self.add_class("on-plan")

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="list"):
            yield StageTable()
        with Horizontal(id="sides"):
            with Vertical(id="file-frame"):
                yield LinePane(numbered=True, id="file")
            with Vertical(id="plan-frame"):
                yield LinePane(id="plan")
        yield Static(id="empty")
        yield Static(id="lock")
        yield Static(id="next")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames, and look at the file from time to time."""
        self.query_one("#list").border_title = _("Stages")
        self.query_one("#file-frame").border_title = _("File")
        self.query_one("#plan-frame").border_title = _("Plan")
        self.set_interval(LOOK, self._look_at_file)

    # --- reading --------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read file and plan again."""
        self.read(partial(self._rollouts.rollout, self.subject), self.show, about=self.subject)

    def show_subject(self, subject: str) -> None:
        """Show another file."""
        super().show_subject(subject)
        self._stamp = ""

    def _look_at_file(self) -> None:
        if self.is_current:
            self.read(partial(self._rollouts.stamp, self.subject), self._compare, slot="stamp")

    def _compare(self, stamp: str) -> None:
        if self._stamp and stamp != self._stamp:
            self.read_again()
        self._stamp = stamp

    # --- showing --------------------------------------------------------------------------------------

    def show(self, rollout: Rollout) -> None:
        """Show a file and its plan."""
        self._rollout = rollout
        self.post_message(Headed(rollout.head))
        self.set_class(not rollout.source, "empty")
        self.set_class(bool(rollout.source) and not rollout.stages, "without-plan")
        self._show_texts(rollout)
        self.query_one(StageTable).lines = rollout.stages
        self.query_one("#list").border_title = rollout.title or _("Stages")
        self.query_one("#list").border_subtitle = str(len(rollout.stages))
        self.query_one("#empty", Static).update(_empty_text())
        self._show_state(rollout)
        if rollout.faulty:
            self.query_one("#file", LinePane).show_line(rollout.faulty[0])
        elif not rollout.stages and rollout.source and not self.focused:
            self.query_one("#plan").focus()
        self._look()

    def _show_texts(self, rollout: Rollout) -> None:
        file, plan = self.query_one("#file", LinePane), self.query_one("#plan", LinePane)
        file.signs = dict.fromkeys(rollout.changed, ("~", Tone.WARN)) | dict.fromkeys(
            rollout.faulty, (SIGNS[Tone.BAD], Tone.BAD)
        )
        file.lines, plan.lines = rollout.text, rollout.plan
        named = _("as it was applied") if rollout.source == APPLIED else rollout.source
        frame = self.query_one("#file-frame")
        frame.border_title = _("File · {name}").format(name=named)
        frame.border_subtitle = _("~ not as it was applied") if rollout.changed else ""
        title = _("Plan") if rollout.stages else _("What is wrong")
        beside = self.query_one("#plan-frame")
        beside.border_title = title
        by_hand = ngettext(
            "{sign} {count} changed by hand; d adopts it",
            "{sign} {count} changed by hand; d adopts them",
            rollout.by_hand,
        ).format(sign=SIGNS[Tone.WARN], count=rollout.by_hand)
        beside.border_subtitle = by_hand if rollout.by_hand else ""

    def _show_state(self, rollout: Rollout) -> None:
        lock, held = self.query_one("#lock", Static), rollout.lock
        lock.display = held is not None
        if held is not None:
            told = Content.styled(f"{SIGNS[held.tone]} {held.word}", COLOURS[held.tone])
            lock.update(Content.assemble(told, Content.styled(_("  X frees it"), "dim")))
        step = Content.assemble(Content.styled(f"{_('next')} → ", "bold $text-accent"), rollout.next)
        self.query_one("#next", Static).update(step)

    def show_refusal(self, sentence: str) -> None:
        """Say why it cannot be read, or why something cannot be asked for."""
        if self._rollout is None:
            self.query_one("#next", Static).update(sentence)
        else:
            super().show_refusal(sentence)

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        """Let file and plan follow the stage under the cursor."""
        here = self.here
        for name, place in (
            ("#file", here.text if here else (0, 0)),
            ("#plan", here.plan if here else (0, 0)),
        ):
            pane = self.query_one(name, LinePane)
            if pane.marked != place:
                pane.marked = place
                pane.show_line(place[0])
        self.refresh_bindings()

    @property
    def here(self) -> StageRow | None:
        """The stage under the cursor."""
        stages = self._rollout.stages if self._rollout else ()
        key = self.query_one(StageTable).key if self.is_mounted else None
        return next((one for one in stages if one.name == key), None)

    def found(self) -> Iterable[Found]:
        """Offer every stage."""
        table = self.query_one(StageTable)
        for one in self._rollout.stages if self._rollout else ():
            told = f"{SIGNS[one.standing.tone]} {one.standing.word}"
            yield Found(f"{one.name} {one.title}", told, partial(table.go_to, one.name))

    # --- going ----------------------------------------------------------------------------------------

    @on(RowTable.Opened)
    def action_open(self) -> None:
        """Open the stage under the cursor with its gates."""
        from fenbu_tui.screens.stage import StageScreen

        if here := self.here:
            self.app.push_screen(StageScreen(self._rollouts, self.subject, here.name))

    def action_runs(self) -> None:
        """Show what was applied and rolled back."""
        from fenbu_tui.screens.runs import RunsScreen

        self.app.push_screen(RunsScreen(self._rollouts))

    def action_side(self) -> None:
        """Change between plan and file."""
        self.toggle_class("on-plan", "on-file")
        if isinstance(self.focused, LinePane):
            self.query_one("#plan" if self.has_class("on-plan") else "#file").focus()
        self.call_after_refresh(self._scroll_to_stage)

    def _scroll_to_stage(self) -> None:
        for pane in self.query(LinePane):
            pane.show_line(pane.marked[0])

    def action_source(self) -> None:
        """Change between the file here and the one that was applied."""
        self.show_subject("" if self.subject == APPLIED else APPLIED)
        self.read_again()

    # --- acting ---------------------------------------------------------------------------------------

    def action_apply(self) -> None:
        """Show what applying would do, and do it."""
        here = self.here
        self.ask(partial(self._rollouts.applying, self.subject, here.name if here else ""))

    def action_approve(self) -> None:
        """Say yes to the stage under the cursor."""
        if here := self.here:
            self.ask(partial(self._rollouts.approving, self.subject, here.name))

    def action_roll_back(self) -> None:
        """Show what taking the stage under the cursor back would do, and do it."""
        if here := self.here:
            self.ask(partial(self._rollouts.rolling_back, self.subject, here.name))

    def action_rehearse(self) -> None:
        """Rehearse the file."""
        self.ask(partial(self._rollouts.rehearsing, self.subject))

    def action_adopt(self) -> None:
        """Show what would be written into the file, and do it."""
        self.ask(partial(self._rollouts.adopting, self.subject))

    def action_unlock(self) -> None:
        """Say who holds the lock, and free it."""
        self.ask(self._rollouts.unlocking)

    def action_begin(self) -> None:
        """Choose how a file is begun."""
        self.read(lambda: list(self._rollouts.beginnings()), self._choose_beginning, slot="begin")

    def _choose_beginning(self, offered: list[Beginning]) -> None:
        from fenbu_tui.screens.choose import ChooseScreen

        lines = [Content.assemble(Content.styled(one.name, "bold"), f"\n  {one.told}") for one in offered]

        def begin(chosen: int | None) -> None:
            if chosen is not None:
                self.act(partial(self._rollouts.begin, offered[chosen].name), then=self._show_begun)

        self.app.push_screen(ChooseScreen(_("Begin a rollout file"), lines), begin)

    def _show_begun(self) -> None:
        self.show_subject("")
        self.read_again()

    def on_resize(self) -> None:
        """Offer the key that turns from plan to file only where they do not stand beside each other."""
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what file and stage allow."""
        verbs = self._rollout.verbs if self._rollout else frozenset()
        here = self.here
        wanted = {"apply": "apply", "rehearse": "rehearse", "adopt": "adopt", "unlock": "unlock",
                  "begin": "begin"}.get(action)  # fmt: skip
        if wanted is not None:
            return wanted in verbs
        if action in ("approve", "roll_back"):
            return here is not None and action.replace("roll_back", "rollback") in here.verbs
        if action == "open":
            return here is not None
        if action == "source":
            return "other" in verbs or self.subject == APPLIED
        if action == "side":
            return bool(self._rollout and self._rollout.source) and self.size.width < WIDE
        return super().check_action(action, parameters)


def _empty_text() -> str:
    return _(
        "There is no rollout file here, and none was applied yet. Here would stand the overall plan of the enterprise: "
        "stages in order, each with its modules and settings, with gates that must pass before it, and who must say "
        "yes.\n\nn writes a file to begin with, from a template or from what is on now; fenbu rollout new does the "
        "same in a shell. It is a text: an editor changes it, and this screen follows."
    )
