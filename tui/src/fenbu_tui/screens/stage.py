"""One stage: its goal, who has said yes, and its gates as they read now and over time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import GO_BACK, STAGE, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import COLOURS, SIGNS
from fenbu_tui.widgets.gate_table import GateCard, GateTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.rollouts import GateRow, Rollouts, StageDetail


class StageScreen(LiveScreen):
    """Shows a stage at length; agrees to it, and lets a gate be passed."""

    HELP_TEXT = N_(
        "One stage of the rollout. Its gates are measured now; below stands the one under the cursor, with the curve "
        "of its metric: the dashed line is what it is compared with, and red is what is not met. What guards the stage "
        "comes first, then what must hold after it, before the next one begins."
    )
    AUTO_FOCUS = "GateTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(STAGE, GO_BACK)
    DEFAULT_CSS = """
    StageScreen #about { height: auto; max-height: 30%; border: round $secondary; border-title-color: $accent;
                         padding: 0 1; scrollbar-size-vertical: 1; }
    StageScreen #gates-frame { border: round $secondary; border-title-color: $accent; min-height: 4; }
    StageScreen #empty { padding: 0 1; color: $text-muted; display: none; }
    StageScreen .without-rows GateTable { display: none; }
    StageScreen .without-rows #empty { display: block; }
    """

    def __init__(self, rollouts: Rollouts, source: str, name: str) -> None:
        super().__init__()
        self._rollouts, self._source, self._stage = rollouts, source, name
        self._detail: StageDetail | None = None

    @property
    def crumb(self) -> str:
        """The stage's name."""
        return self._stage

    def compose(self) -> ComposeResult:
        yield TopLine()
        with VerticalScroll(id="about", can_focus=False):
            yield Static(id="told")
        with Vertical(id="gates-frame"):
            yield GateTable()
            yield Static(_("Nothing guards this stage."), id="empty")
        yield GateCard()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames."""
        self.query_one("#about").border_title = self._stage
        self.query_one("#gates-frame").border_title = _("Gates")

    def read_again(self) -> None:
        """Read the stage again."""
        self.read(partial(self._rollouts.stage, self._source, self._stage), self.show)

    def show(self, detail: StageDetail) -> None:
        """Show a stage."""
        self._detail = detail
        self.query_one("#told", Static).update(Content("\n").join(_told(detail)))
        self.query_one(GateTable).lines = detail.gates
        self.query_one("#gates-frame").set_class(not detail.gates, "without-rows")
        self._look()

    def show_refusal(self, sentence: str) -> None:
        """Say why it cannot be read, or why something cannot be asked for."""
        if self._detail is None:
            self.query_one("#told", Static).update(sentence)
        else:
            super().show_refusal(sentence)

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        self.query_one(GateCard).line = self._gate
        self.refresh_bindings()

    @property
    def _gate(self) -> GateRow | None:
        return self.query_one(GateTable).line if self.is_mounted else None

    # --- acting ---------------------------------------------------------------------------------------

    def action_approve(self) -> None:
        """Say yes to the gate under the cursor that asks for it, else to the stage."""
        gate = self._gate
        if gate is not None and "approve" in gate.verbs:
            self.ask(partial(self._rollouts.approving, self._source, gate.stage, gate.gate))
        else:
            self.ask(partial(self._rollouts.approving, self._source, self._stage))

    def action_override(self) -> None:
        """Ask for a reason, and let the gate be passed."""
        from fenbu_tui.screens.reason import ReasonScreen

        if gate := self._gate:
            title = _("Let {gate} be passed once").format(gate=f"{gate.stage} {gate.gate}")
            self.app.push_screen(ReasonScreen(title), partial(self._override, gate))

    def _override(self, gate: GateRow, reason: str | None) -> None:
        if reason:
            self.act(partial(self._rollouts.overriding, self._source, gate.stage, gate.gate, reason))

    def action_roll_back(self) -> None:
        """Show what taking it back would do, and do it."""
        self.ask(partial(self._rollouts.rolling_back, self._source, self._stage))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what stage and gate allow."""
        gate, verbs = self._gate, self._detail.verbs if self._detail else frozenset()
        of_gate = gate.verbs if gate else frozenset()
        if action == "approve":
            return "approve" in verbs | of_gate
        if action == "override":
            return "override" in of_gate
        if action == "roll_back":
            return "rollback" in verbs
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Go back to the plan."""
        self.dismiss()


def _told(detail: StageDetail) -> Iterator[Content]:
    standing = detail.standing
    state = Content.styled(f"{SIGNS[standing.tone]} {standing.word}", COLOURS[standing.tone])
    yield Content.assemble(Content.styled(detail.title, "bold"), "  ", state)
    yield Content(detail.goal)
    for label, value in detail.facts:
        yield Content.assemble(Content.styled(f"{label}: ", "dim"), value)
    if detail.approvals:
        yeses = [
            Content.styled(f"{SIGNS[one.tone]} {one.word}", COLOURS[one.tone]) for one in detail.approvals
        ]
        yield Content.assemble(Content.styled(f"{_('approvals')}: ", "dim"), Content("  ").join(yeses))
