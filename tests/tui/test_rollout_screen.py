"""The screen of the rollout: stages, the file with the plan beside it, gates with their curves, and what is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from textual.pilot import Pilot
from textual.widgets import Footer, Static

from fenbu_tui.app import FenbuApp
from fenbu_tui.places import Place
from fenbu_tui.screens.acts import ActsScreen
from fenbu_tui.screens.choose import ChooseScreen
from fenbu_tui.screens.confirm import ConfirmScreen
from fenbu_tui.screens.progress import ProgressScreen
from fenbu_tui.screens.reason import ReasonScreen
from fenbu_tui.screens.rollout import RolloutScreen
from fenbu_tui.screens.stage import StageScreen
from fenbu_tui.signs import Tone
from fenbu_tui.widgets.gate_plot import by_time
from fenbu_tui.widgets.gate_table import GateCard, GateTable
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.stage_table import StageTable
from fenbu_tui.world.base import Act, Choice, Consequence, Line, Question, Standing, Tell
from fenbu_tui.world.rollouts import (
    APPLIED,
    Beginning,
    GatePoint,
    GateRow,
    Rollout,
    RunRow,
    StageDetail,
    StageRow,
)
from tests.tui.worlds import AT, ERP, FakeWorld, acts, app_on, play, read, run_app, until

FILE = (
    'name = "tea"',
    "",
    "[[stages]]",
    'name = "sale"',
    "[[stages]]",
    'name = "back"',
    "# the kitchen 厨房",
)
PLAN = (
    Line("by hand", "", Tone.WARN, strong=True),
    Line("till.greeting is changed", "└ ", Tone.WARN),
    Line("● sale  Sale (applied)", "├ "),
    Line("○ back  Kitchen (waiting)", "└ ", strong=True),
    Line(
        "+ enable kitchen, which is a long line that has to be wrapped where there is little room for it",
        "  ├ ",
    ),
    Line("a rollback would switch kitchen off", "  └ "),
)
SALE = StageRow(
    name="sale",
    number=1,
    title="Sale",
    standing=Standing("applied", Tone.GOOD),
    next=False,
    does=Standing("to be set right", Tone.WARN),
    since="2026-03-02 ann",
    modules="till",
    guards=None,
    text=(2, 4),
    plan=(2, 3),
    verbs=frozenset({"rollback"}),
)
BACK = StageRow(
    name="back",
    number=2,
    title="厨房与酒窖",
    standing=Standing("waiting", Tone.QUIET),
    next=True,
    does=Standing("to be applied", Tone.BUSY),
    since="",
    modules="kitchen, cellar",
    guards=Standing("1 of 2", Tone.BAD),
    text=(4, 6),
    plan=(3, 6),
    verbs=frozenset({"apply", "approve"}),
)
GATE = GateRow(
    key="before.1",
    stage="back",
    gate="before.1",
    title="metric till.queue <= 2",
    standing=Standing("fails", Tone.BAD, "it is 3"),
    todo="the rows behind it: fenbu show till.waiting",
    why="Nobody waits.",
    override="",
    before="",
    points=tuple(GatePoint(AT + timedelta(hours=n), n, str(n), n <= 2) for n in range(4)),
    limit=2.0,
    wanted="<= 2",
    verbs=frozenset({"override"}),
)
YES = GateRow(
    key="before.2",
    stage="back",
    gate="before.2",
    title="approval functional 1 yes",
    standing=Standing("not known yet", Tone.WARN, "0 of 1 have said yes"),
    todo="somebody says yes",
    why="",
    override="",
    before="",
    verbs=frozenset({"approve"}),
)


class TeaRollout(FakeWorld):
    """A tea house with a file of two stages, the first of which stands."""

    def __init__(self) -> None:
        super().__init__(ERP)
        self.shown: dict[str, Any] = {}
        """What is shown otherwise than usual."""
        self.sources: list[str] = []
        self.file = "1"
        self.going_on = threading.Event()
        self.looked_at_file = 0

    def rollout(self, source: str) -> Rollout:
        self._look()
        self.sources.append(source)
        found = Rollout(
            head=self.head(),
            source=source or "rollout.toml",
            title="Harbour Tea · tea 1 · serial 1",
            text=tuple(map(Line, FILE)),
            faulty=(),
            changed=frozenset({6}),
            plan=PLAN,
            by_hand=1,
            stages=(SALE, BACK),
            lock=None,
            next="fenbu apply, which begins back",
            verbs=frozenset({"apply", "rehearse", "adopt", "other"}),
        )
        return evolve(found, **self.shown)

    def stamp(self, source: str) -> str:
        self.looked_at_file += 1
        return self.file

    def stage(self, source: str, name: str) -> StageDetail:
        self._look()
        return StageDetail(
            name=name,
            title="Kitchen and cellar",
            goal="What is rung up is brewed.",
            standing=Standing("waiting", Tone.QUIET),
            facts=(("modules", "kitchen, cellar"),),
            approvals=(Standing("decision 1 of 2 (dee)", Tone.WARN),),
            gates=(GATE, YES),
            verbs=frozenset({"approve"}),
        )

    def runs(self) -> Sequence[RunRow]:
        journal = (Line("✔ enable till  09:30:00, ann"),)
        return (
            RunRow(
                id="1",
                stage="sale",
                did="apply",
                standing=Standing("done", Tone.GOOD),
                steps="1/1",
                by="ann",
                at="09:30:00",
                version="tea 1",
                journal=journal,
            ),
        )

    def applying(self, source: str, stage: str = "") -> Question:
        told = tuple(Consequence(f"step {number}", indent="├ ") for number in range(40))
        act = Act(command=f"fenbu apply rollout.toml --through {stage}", run=str, follow=self._apply)
        return Question(title="Apply back", consequences=told, choices=(Choice(label="Apply", act=act),))

    def _apply(self, tell: Tell) -> str:
        tell("back: begun")
        tell("back: 1 of 2, enable kitchen ✔")
        self.going_on.wait(20)
        tell("back: 2 of 2, enable cellar ✔")
        self.done.append("applied")
        return "back: 2 steps done"

    def approving(self, source: str, stage: str, gate: str = "") -> Question:
        return self._asked(f"fenbu approve {stage} {gate}".strip())

    def overriding(self, source: str, stage: str, gate: str, reason: str) -> Act:
        return acts(f"fenbu override {stage} {gate} --reason '{reason}'", "it holds", self.done)

    def rehearsing(self, source: str) -> Question:
        return self._asked("fenbu rehearse rollout.toml")

    def rolling_back(self, source: str, stage: str) -> Question:
        return self._asked(f"fenbu rollback {stage}")

    def adopting(self, source: str) -> Question:
        return self._asked("fenbu adopt")

    def unlocking(self) -> Question:
        return self._asked("fenbu rollout unlock")

    def beginnings(self) -> Sequence[Beginning]:
        return (Beginning("sme-three-stages", "three stages"), Beginning("import-state", "what is on"))

    def begin(self, name: str) -> Act:
        return acts(f"fenbu rollout new --template {name}", "rollout.toml is written", self.done)

    def _asked(self, command: str) -> Question:
        way = Choice(label="Yes", act=acts(command, "done", self.done))
        return Question(title=command, consequences=(Consequence("every row is kept"),), choices=(way,))


def table(app: FenbuApp) -> list[str]:
    shown = app.screen.query_one(StageTable)
    return [shown.render_line(line).text.rstrip() for line in range(len(shown.rows) + 1)]


def pane(app: FenbuApp, name: str) -> LinePane:
    return app.screen.query_one(f"#{name}", LinePane)


def drawn(app: FenbuApp, name: str) -> list[str]:
    shown = pane(app, name)
    return [shown.render_line(line).text.rstrip() for line in range(shown.size.height)]


def offered(app: FenbuApp) -> set[str]:
    return {active.binding.id or "" for active in app.screen.active_bindings.values() if active.enabled}


async def asked(app: FenbuApp, pilot: Pilot[Any]) -> None:
    await until(
        pilot, lambda: isinstance(app.screen, ConfirmScreen) and bool(app.screen.query("#cancel:focus"))
    )


def play_rollout(
    world: TeaRollout, steps: Callable[[FenbuApp, Pilot[Any]], Any], size: tuple[int, int] = (140, 40)
) -> None:
    play(world, steps, size=size, place="rollout")


# --- what is shown ----------------------------------------------------------------------------------------


def test_the_stages_say_where_each_stands_and_the_cursor_begins_on_the_next() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        head, sale, back = table(app)
        assert "guards met" in head
        assert "1 sale" in sale
        assert "● applied" in sale
        assert "▲ to be set right" in sale
        assert "2026-03-02 ann" in sale
        assert "▸ 2 back" in back
        assert "✖ 1 of 2" in back
        assert app.screen.query_one(StageTable).key == "back"
        assert "fenbu apply, which begins back" in str(app.screen.query_one("#next", Static).render())

    play_rollout(TeaRollout(), steps)


def test_file_and_plan_stand_side_by_side_and_follow_the_stage_under_the_cursor() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert pane(app, "file").region.right <= pane(app, "plan").region.x
        assert drawn(app, "file")[4] == "▌5  [[stages]]"
        assert drawn(app, "file")[6] == " 7~ # the kitchen 厨房"
        assert drawn(app, "plan")[0] == " by hand"
        assert drawn(app, "plan")[3] == "▌└ ○ back  Kitchen (waiting)"
        await pilot.press("k")
        assert drawn(app, "file")[2] == "▌3  [[stages]]"
        assert drawn(app, "plan")[2] == "▌├ ● sale  Sale (applied)"
        assert drawn(app, "plan")[3].startswith(" └")

    play_rollout(TeaRollout(), steps)


def test_where_there_is_no_room_for_both_p_changes_between_plan_and_file() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert pane(app, "plan").region.width > 70
        assert not pane(app, "file").region.width
        await pilot.press("p")
        await pilot.pause()
        assert pane(app, "file").region.width > 70
        assert not pane(app, "plan").region.width
        await pilot.press("tab")
        assert pane(app, "file").has_focus
        await pilot.press("p")
        assert pane(app, "plan").has_focus

    play_rollout(TeaRollout(), steps, size=(80, 24))


def test_a_long_line_of_the_plan_goes_on_under_its_own_beginning() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        lines = pane(app, "plan").text.splitlines()
        [number] = [place for place, line in enumerate(lines) if "+ enable kitchen" in line]
        assert lines[number].startswith("  ├ + enable kitchen")
        assert lines[number + 1].startswith("  │   ")

    play_rollout(TeaRollout(), steps, size=(60, 24))


@pytest.mark.parametrize("size", [(40, 16), (80, 24), (140, 40)])
def test_it_fits_and_the_footer_has_room(size: tuple[int, int]) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        wide = [one for one in app.screen.query("*") if one.display and one.region.right > size[0]]
        assert [one for one in wide if type(one).__name__ != "FooterKey"] == []
        assert len([key for key in app.screen.query_one(Footer).children if key.display]) <= 7
        assert app.screen.region.contains_region(app.screen.query_one("#next").region)

    play_rollout(TeaRollout(), steps, size=size)


def test_without_a_file_it_says_what_would_be_here_and_n_begins_one() -> None:
    world = TeaRollout()
    world.shown = {"source": "", "stages": (), "text": (), "plan": (), "verbs": frozenset({"begin"})}

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        told = str(app.screen.query_one("#empty", Static).render())
        assert "There is no rollout file here" in told
        assert "fenbu rollout new" in told
        assert not {"rollout.apply", "rollout.approve"} & offered(app)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        world.shown = {}
        await pilot.press("enter")
        await until(pilot, lambda: world.done == ["fenbu rollout new --template sme-three-stages"])
        await until(pilot, lambda: app.screen.query_one("#list").display)
        assert not app.screen.query_one("#empty").display

    play_rollout(world, steps)


def test_a_bad_file_shows_its_faults_in_the_plans_place_and_marks_the_lines() -> None:
    world = TeaRollout()
    world.shown = {
        "stages": (),
        "faulty": (3,),
        "plan": (Line("✖ rollout.toml:4: there is no key nmae", "", Tone.BAD), Line("→ name?", "  ")),
        "by_hand": 0,
        "verbs": frozenset[str](),
    }

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.query_one("#plan-frame").border_title == "What is wrong"
        assert "✖ rollout.toml:4: there is no key nmae" in pane(app, "plan").text
        await until(pilot, lambda: world.looked_at_file > 0)
        await read(app, pilot)
        assert drawn(app, "file")[3] == ' 4✖ name = "sale"'
        world.shown, world.file = {}, "2"
        await until(pilot, lambda: bool(app.screen.query_one(StageTable).rows))

    play_rollout(world, steps)


def test_a_file_that_an_editor_has_written_is_shown_without_a_key() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: world.looked_at_file > 0)
        await read(app, pilot)
        world.shown, world.file = {"text": (Line("all is new"),), "stages": (), "plan": ()}, "2"
        await until(pilot, lambda: "all is new" in pane(app, "file").text)

    play_rollout(world, steps)


def test_what_another_operator_does_is_on_the_screen_by_itself() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.shown = {"lock": Standing("art holds the lock for 3 s", Tone.BUSY)}
        world.change(ERP)
        lock = app.screen.query_one("#lock", Static)
        await until(pilot, lambda: bool(lock.display))
        assert "◐ art holds the lock for 3 s" in str(lock.render())

    play_rollout(world, steps)


def test_o_shows_the_file_as_it_was_applied_and_back() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("o")
        await read(app, pilot)
        assert world.sources[-1] == APPLIED
        assert app.screen.query_one("#file-frame").border_title == "File · as it was applied"
        await pilot.press("o")
        await read(app, pilot)
        assert world.sources[-1] == ""

    play_rollout(world, steps)


def test_another_file_is_opened_by_its_name_on_the_command_line() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"rollout spring.toml", "enter")
        await until(pilot, lambda: world.sources[-1] == "spring.toml")
        await read(app, pilot)
        assert app.screen.query_one("#file-frame").border_title == "File · spring.toml"

    play_rollout(world, steps)


def test_twenty_stages_and_a_plan_of_thousands_of_lines_draw_only_what_is_seen() -> None:
    world = TeaRollout()
    plan = tuple(Line(f"+ enable module_{number} " * 3, "│ ├ ") for number in range(5000))
    stages = tuple(
        evolve(BACK, name=f"s{n}", number=n + 1, next=n == 0, plan=(n * 250, n * 250 + 250))
        for n in range(20)
    )
    world.shown = {"plan": plan, "stages": stages}

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("G")
        await pilot.pause()
        assert app.screen.query_one(StageTable).key == "s19"
        assert any("module_4750 " in line for line in drawn(app, "plan"))
        assert app.screen.query_one("#sides").region.height >= 5

    play_rollout(world, steps, size=(80, 24))


# --- what is done -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (("A",), "fenbu approve back"),
        (("k", "b"), "fenbu rollback sale"),
        (("r",), "fenbu rehearse rollout.toml"),
        (("d",), "fenbu adopt"),
    ],
)
def test_each_act_asks_first_and_stands_in_the_log_as_its_command(
    keys: tuple[str, ...], command: str
) -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await asked(app, pilot)
        await pilot.press("enter")
        assert world.done == []
        await pilot.press(keys[-1])
        await asked(app, pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: world.done == [command])
        await pilot.press("at")
        await until(pilot, lambda: isinstance(app.screen, ActsScreen))
        assert app.screen.query_one(RowTable).rows[0].cells[1].text == command

    play_rollout(world, steps)


def test_only_what_file_and_stage_allow_is_offered() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert {"rollout.apply", "rollout.approve"} <= offered(app)
        assert not {"rollout.back", "rollout.unlock", "rollout.begin", "rollout.side"} & offered(app)
        await pilot.press("k")
        assert "rollout.back" in offered(app)
        assert "rollout.approve" not in offered(app)

    play_rollout(TeaRollout(), steps)


def test_a_long_plan_is_scrolled_in_the_question_and_says_that_there_is_more() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("a")
        await asked(app, pilot)
        shown = app.screen.query_one(LinePane)
        assert app.screen.query_one("Vertical").border_subtitle == "PgDn shows more"
        assert "step 39" not in "\n".join(shown.render_line(line).text for line in range(shown.size.height))
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert "step 39" in "\n".join(shown.render_line(line).text for line in range(shown.size.height))
        assert app.screen.region.contains_region(app.screen.query_one("#cancel").region)

    play_rollout(TeaRollout(), steps, size=(80, 24))


def test_applying_tells_its_steps_while_it_goes_on_and_the_log_how_it_ended() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await begin_to_apply(app, pilot)
        assert "enable kitchen ✔" in app.screen.query_one(LinePane).text
        assert "enable cellar" not in app.screen.query_one(LinePane).text
        assert app.screen.query_one("Vertical").border_subtitle == "running …"
        world.going_on.set()
        await until(pilot, lambda: "● back: 2 steps done" in app.screen.query_one(LinePane).text)
        assert world.done == ["applied"]
        await pilot.press("escape", "at")
        await until(pilot, lambda: isinstance(app.screen, ActsScreen))
        [row] = app.screen.query_one(RowTable).rows
        assert row.cells[1].text == "fenbu apply rollout.toml --through back"
        assert row.cells[2].text == "● back: 2 steps done"

    play_rollout(world, steps)


async def begin_to_apply(app: FenbuApp, pilot: Pilot[Any]) -> None:
    """Apply, and wait for the step at which the fake one waits too."""
    await pilot.press("a")
    await asked(app, pilot)
    await pilot.press("right", "enter")
    await until(
        pilot,
        lambda: isinstance(app.screen, ProgressScreen) and "kitchen ✔" in app.screen.query_one(LinePane).text,
    )


def test_what_is_stopped_ends_after_the_step_in_hand() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await begin_to_apply(app, pilot)
        await pilot.press("x")
        assert app.screen.query_one("Vertical").border_subtitle == "stopping after the step in hand …"
        world.going_on.set()
        await until(pilot, lambda: "stopped" in app.screen.query_one(LinePane).text)
        assert world.done == []

    play_rollout(world, steps)


def test_closing_the_pane_lets_it_go_on_and_q_asks_before_one_leaves() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await begin_to_apply(app, pilot)
        await pilot.press("escape")
        assert "◐ fenbu apply rollout.toml" in str(app.screen.query("TopLine").only_one(Static).render())
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        assert "fenbu apply rollout.toml" in str(app.screen.query_one("#box").border_title)
        await pilot.press("enter")
        assert isinstance(app.screen, RolloutScreen)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await pilot.press("j", "enter")
        world.going_on.set()
        await until(pilot, lambda: not app.is_running)

    play_rollout(world, steps)
    assert world.done == []


def test_q_leaves_at_once_when_nothing_runs() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)

    play_rollout(TeaRollout(), steps)


def test_opened_read_only_the_plan_is_shown_and_nothing_is_applied() -> None:
    world = TeaRollout()
    world.going_on.set()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("a")
        await asked(app, pilot)
        await pilot.press("right", "enter")
        await read(app, pilot)
        await pilot.press("at")
        await until(pilot, lambda: isinstance(app.screen, ActsScreen))
        assert "read-only" in app.screen.query_one(RowTable).rows[0].cells[2].text

    run_app(app_on(world, Place("rollout"), read_only=True), steps)
    assert world.done == []


# --- a stage ----------------------------------------------------------------------------------------------


async def open_stage(app: FenbuApp, pilot: Pilot[Any]) -> None:
    await pilot.press("enter")
    await until(
        pilot, lambda: isinstance(app.screen, StageScreen) and bool(app.screen.query_one(GateTable).rows)
    )


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_a_stage_shows_who_has_said_yes_its_gates_and_the_curve_of_the_one_under_the_cursor(
    size: tuple[int, int],
) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await open_stage(app, pilot)
        told = str(app.screen.query_one("#told", Static).render())
        assert "What is rung up is brewed." in told
        assert "▲ decision 1 of 2 (dee)" in told
        card = str(app.screen.query_one(GateCard).query_one(Static).render())
        assert "✖ fails" in card
        assert "→ the rows behind it" in card
        assert "why: Nobody waits." in card
        assert " <= 2" in card
        assert "2026-03-02 09:30 0 … 2026-03-02 12:30 3" in card
        assert app.screen.query_one(GateTable).region.height >= 3

    play_rollout(TeaRollout(), steps, size=size)


def test_a_gate_is_let_pass_with_a_reason_and_not_without() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await open_stage(app, pilot)
        await pilot.press("K")
        await until(pilot, lambda: isinstance(app.screen, ReasonScreen))
        await pilot.press("enter")
        assert isinstance(app.screen, ReasonScreen)
        await pilot.press(*"counted twice", "enter")
        await until(pilot, lambda: world.done == ["fenbu override back before.1 --reason 'counted twice'"])

    play_rollout(world, steps)


def test_a_yes_goes_to_the_gate_that_asks_for_it_else_to_the_stage() -> None:
    world = TeaRollout()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await open_stage(app, pilot)
        for keys in (("A",), ("j", "A")):
            await pilot.press(*keys)
            await asked(app, pilot)
            await pilot.press("right", "enter")
            await until(pilot, lambda: isinstance(app.screen, StageScreen))
            await read(app, pilot)
        assert world.done == ["fenbu approve back", "fenbu approve back before.2"]
        assert "stage.override" not in offered(app)

    play_rollout(world, steps)


def test_H_shows_what_was_applied_with_its_journal() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("H")
        await until(pilot, lambda: bool(app.screen.query("#journal")) and bool(pane(app, "journal").text))
        assert [cell.text for cell in app.screen.query_one(RowTable).rows[0].cells][:4] == [
            "1",
            "sale",
            "apply",
            "● done",
        ]
        assert "✔ enable till  09:30:00, ann" in pane(app, "journal").text
        await pilot.press("escape")
        assert isinstance(app.screen, RolloutScreen)

    play_rollout(TeaRollout(), steps)


def test_a_curve_has_one_cell_a_span_of_time_and_gaps_where_nothing_was_read() -> None:
    times = (0, 1, 2, 9)
    points = [GatePoint(AT + timedelta(hours=hour), hour, str(hour), met=True) for hour in times]
    told = ["–" if one is None else one.text for one in by_time(points, 20)]
    assert told[0] == "0"
    assert told[-1] == "9"
    assert told.count("–") == len(told) - len(points)
    assert len(by_time(points * 30, 12)) == 12
