"""Carrying a rollout out: apply, rehearse, roll back; each is looked at first, and tells its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from fenbu.cli.plan_tree import IN_FLIGHT, happened_text, taken_back
from fenbu.cli.rehearsing import conclusion, stage_branch, troubles
from fenbu.engine.rollout.acts import APPLY, ROLLBACK
from fenbu.engine.rollout.apply import Applied, apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.errors import Unfinished
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import Plan, make
from fenbu.engine.rollout.rehearsing import PERMISSION as REHEARSE
from fenbu.engine.rollout.rehearsing import rehearse
from fenbu.engine.rollout.rolling_back import BackPlan, plan_back, roll_back
from fenbu.engine.stages import lock
from fenbu.engine.store.errors import StoreError
from fenbu.errors import FenbuError
from fenbu.i18n import N_, _, ngettext
from fenbu_tui.gateway import rollout_sources as sources
from fenbu_tui.gateway.rollout_agreeing import RolloutAgreeingPart
from fenbu_tui.gateway.rollout_lines import command, consequences, plan_lines, refusal, tree
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Choice, Line, Question, Tell

_REHEARSAL = (
    N_("every stage that does not stand yet is applied to a copy of the database, which is gone afterwards"),
    N_("gates and approvals are measured and stop nothing"),
    N_("no call goes out, no secret is read; of this enterprise only the audit trail learns of it"),
)


class RolloutActsPart(RolloutAgreeingPart):
    """Makes the questions and acts of the rollout."""

    # --- applying ---------------------------------------------------------------------------------------

    def applying(self, source: str, stage: str = "") -> Question:
        with self._reaching():
            file, path = sources.file_here(source), sources.usual(source)
            made = make(self._kernel, file)
            waits = {one.name for one in made.stages if one.change == "apply" and not one.chosen}
            through = stage if stage in waits else None
            if through is not None:
                made = make(self._kernel, file, through=through)
            refused = self._cannot(APPLY) or _held_up(made)
        if made.nothing_to_do:
            refused = [Line(_("nothing to do: all is as {file} says").format(file=path))]
        told = [*refused, *plan_lines(made, all_stages=False)]
        ways = () if refused else tuple(self._ways_to_apply(file, path, made))
        return Question(title=_title(made), consequences=tuple(consequences(told)), choices=ways)

    def _ways_to_apply(self, file: RolloutFile, path: str, made: Plan) -> Iterable[Choice]:
        words = ["apply", path] + (["--through", made.through] if made.through else [])
        told = _("step by step; killed anywhere, the next apply goes on")
        yield Choice(
            label=_("Apply"), act=_long(words, partial(self._apply, file, made, wait=False)), told=told
        )
        if any(read.events for stage in made.chosen for read in stage.ahead.history):
            act = _long([*words, "--wait"], partial(self._apply, file, made, wait=True))
            told = _("and let modules that come late read what they missed, here and now")
            yield Choice(label=_("Apply and wait"), act=act, told=told)

    def _apply(self, file: RolloutFile, made: Plan, tell: Tell, *, wait: bool) -> str:
        with self._reaching():
            done = apply(
                self._kernel,
                file,
                through=made.through,
                expected=made.digest,
                wait=wait,
                tell=_teller(tell),
            )
            self._kernel.refresh()
            late = sorted(self._kernel.assembly.known.catching_up)
        return _applied(done, late)

    # --- rehearsing -------------------------------------------------------------------------------------

    def rehearsing(self, source: str) -> Question:
        with self._reaching():
            file, path = sources.file_here(source), sources.usual(source)
            made = make(self._kernel, file, through=file.checked().stages[-1].name)
            refused = self._cannot(REHEARSE)
        if made.nothing_to_do:
            refused = [Line(_("nothing to do: all is as {file} says").format(file=path))]
        told = [*refused, *(Line(_(one)) for one in _REHEARSAL), *plan_lines(made, all_stages=False)]
        act = _long(["rehearse", path], partial(self._rehearse, file))
        ways = () if refused else (Choice(label=_("Rehearse"), act=act),)
        title = _("Rehearse {file}").format(file=path)
        return Question(title=title, consequences=tuple(consequences(told)), choices=ways)

    def _rehearse(self, file: RolloutFile, tell: Tell) -> str:
        with self._reaching():
            done = rehearse(self._kernel, file, tell=_teller(tell))
        for line in tree([*map(stage_branch, done.stages), *troubles(done)]):
            tell(f"{line.indent}{line.text}")
        if done.calls:
            told = ngettext(
                "{count} call would have gone out", "{count} calls would have gone out", len(done.calls)
            )
            tell(told.format(count=len(done.calls)))
        return conclusion(done)

    # --- rolling back -----------------------------------------------------------------------------------

    def rolling_back(self, source: str, stage: str) -> Question:
        with self._reaching():
            made = plan_back(self._kernel, stage)
            refused = self._cannot(ROLLBACK)
            ways = [] if refused or made.stranded else [self._way_back(stage, made)]
            if not refused and (other := self._other_policy(source, stage, made)) is not None:
                ways.append(other)
        if made.stranded:
            refused.append(Line(made.stranded, "", Tone.BAD))
        told = [*refused, *tree(taken_back(made))]
        title = _("Roll back {stage}").format(stage=f"{stage}  {_(made.title)}")
        return Question(title=title, consequences=tuple(consequences(told)), choices=tuple(ways))

    def _other_policy(self, source: str, stage: str, made: BackPlan) -> Choice | None:
        """Return the way by the file here, where that says otherwise what becomes of work in flight."""
        try:
            file = sources.file_here(source)
            other = plan_back(self._kernel, stage, file)
        except StoreError:
            raise
        except FenbuError:
            return None
        if other.in_flight == made.in_flight or other.stranded:
            return None
        return self._way_back(stage, other, file, sources.usual(source))

    def _way_back(
        self, stage: str, made: BackPlan, file: RolloutFile | None = None, path: str = ""
    ) -> Choice:
        words = ["rollback", stage] + (["--file", path] if path else [])
        label = _("By {file}").format(file=path) if path else _("Roll back")
        act = _long(words, partial(self._roll_back, stage, file, made.digest))
        told = _("by its policy: {way}").format(way=_(IN_FLIGHT[made.in_flight])) if path else ""
        return Choice(label=label, act=act, told=told)

    def _roll_back(self, stage: str, file: RolloutFile | None, digest: str, tell: Tell) -> str:
        with self._reaching():
            done = roll_back(self._kernel, stage, file, expected=digest, tell=_teller(tell))
        if done.draining:
            told = _("{modules} finishes what waits, then a worker switches it off: fenbu worker --once")
            return told.format(modules=", ".join(done.draining))
        return _("{stage} is taken back; every row is kept").format(stage=stage)

    # --- what stands in the way -------------------------------------------------------------------------

    def _cannot(self, permission: str) -> list[Line]:
        """Say why it would be refused now, whatever the plan; nothing when it would not."""
        with self._kernel.read() as work:
            try:
                work.require(permission)
            except FenbuError as error:
                return refusal(error)
            held = lock.held(work.connection)
            if held is not None and not held.dead and permission != REHEARSE:
                return refusal(held.refusal(work.transaction.at))
        return []


def _held_up(made: Plan) -> list[Line]:
    """Say what stands in the way of a plan; what was begun is not measured again, but for a rollback that was."""
    if made.unfinished is not None:
        going_back = made.unfinished.verb == "rollback"
        return refusal(Unfinished(made.unfinished.stage, made.unfinished.verb)) if going_back else []
    told = [Line(reason, "", Tone.BAD) for reason in made.held_up]
    if told and made.chosen[0].guards.todo:
        told.append(Line(f"→ {made.chosen[0].guards.todo}"))
    return told


def _title(made: Plan) -> str:
    if made.nothing_to_do:
        return _("Apply")
    if made.unfinished is not None:
        return _("Go on with {stage}").format(stage=made.unfinished.stage)
    return _("Apply {stages}").format(stages=", ".join(one.name for one in made.chosen))


def _teller(tell: Tell) -> Callable[[Happened], None]:
    return lambda happened: tell(happened_text(happened))


def _long(words: Sequence[str], follow: Callable[[Tell], str]) -> Act:
    """Return an act that takes its time."""
    return Act(command=command(words), run=partial(follow, lambda _line: None), follow=follow)


def _applied(done: Applied, late: Sequence[str]) -> str:
    if not done.stages:
        return _("nothing was left to do")
    told = ngettext("{stages}: {count} step done", "{stages}: {count} steps done", done.steps)
    told = told.format(stages=", ".join(done.stages), count=done.steps)
    if late:
        reads = _("{modules} is on and reads what happened before; a worker has to run")
        return f"{told}; {reads.format(modules=', '.join(late))}"
    return told
