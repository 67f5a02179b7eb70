"""What can be done about a rollout: agree, apply, rehearse, roll back, adopt, unlock, begin; each looked at first."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from fenbu.cli.files import fresh
from fenbu.cli.plan_tree import happened_text, held_text, stages, taken_back
from fenbu.cli.planning import FILE
from fenbu.cli.rehearsing import conclusion, stage_branch, troubles
from fenbu.engine.guard import operators
from fenbu.engine.rollout import agreeing, drift
from fenbu.engine.rollout.acts import APPLY, ROLLBACK
from fenbu.engine.rollout.apply import Applied, apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.digests import stage_digest
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import Plan, make
from fenbu.engine.rollout.rehearsing import PERMISSION as REHEARSE
from fenbu.engine.rollout.rehearsing import rehearse
from fenbu.engine.rollout.rolling_back import BackPlan, plan_back, roll_back
from fenbu.engine.rollout.status import applied_text
from fenbu.engine.rollout.templates import TEMPLATES, text_of
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import NotInLayer, span
from fenbu.engine.store.errors import StoreError
from fenbu.errors import FenbuError, NotFound
from fenbu.i18n import N_, _, ngettext
from fenbu_tui.gateway import rollout_sources as sources
from fenbu_tui.gateway.acting import ActingPart
from fenbu_tui.gateway.rollout_lines import consequences, plan_lines, tree
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Choice, Line, Question, Tell
from fenbu_tui.world.rollouts import Beginning

STATE = "import-state"
"""The beginning that is what is on."""
AS_APPLIED = "applied"
"""The beginning that is the file that was applied last."""
_REHEARSAL = (
    N_("every stage that does not stand yet is applied to a copy of the database, which is gone afterwards"),
    N_("gates and approvals are measured and stop nothing"),
    N_("no call goes out, no secret is read; of this enterprise only the audit trail learns of it"),
)
_BY_FILE = {
    "refuse": N_("by its policy: refused while work is in flight"),
    "drain": N_("by its policy: what waits is finished first"),
    "park": N_("by its policy: what waits is kept for later"),
    "waive": N_("by its policy: what waits is given up"),
}


class RolloutActsPart(ActingPart):
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
            refused = self._cannot(APPLY) or [Line(reason, "", Tone.BAD) for reason in made.held_up]
            if made.held_up and made.chosen[0].guards.todo:
                refused.append(Line(f"→ {made.chosen[0].guards.todo}"))
        title = _("Apply {stages}").format(stages=", ".join(one.name for one in made.chosen))
        if made.unfinished is not None:
            title = _("Go on with {stage}").format(stage=made.unfinished.stage)
        if made.nothing_to_do:
            title = _("Apply")
            refused = [Line(_("nothing to do: all is as {file} says").format(file=path))]
        told = [*refused, *plan_lines(made, all_stages=False)]
        ways = () if refused else tuple(self._ways_to_apply(file, path, made))
        return Question(title=title, consequences=tuple(consequences(told)), choices=ways)

    def _ways_to_apply(self, file: RolloutFile, path: str, made: Plan) -> Iterable[Choice]:
        command = ["apply", path] + (["--through", made.through] if made.through else [])
        told = _("step by step; killed anywhere, the next apply goes on")
        yield Choice(
            label=_("Apply"), act=_long(command, partial(self._apply, file, made, wait=False)), told=told
        )
        if any(read.events for stage in made.chosen for read in stage.ahead.history):
            act = _long([*command, "--wait"], partial(self._apply, file, made, wait=True))
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

    # --- agreeing ---------------------------------------------------------------------------------------

    def approving(self, source: str, stage: str, gate: str = "") -> Question:
        with self._reaching():
            file, path = sources.file_here(source), sources.usual(source)
            made = make(self._kernel, file)
            planned = next((one for one in made.stages if one.name == stage), None)
            if planned is None:
                raise NotFound(_("stage"), stage)
            key = (made.rollout, stage, stage_digest(file, planned.number))
            with self._kernel.read() as work:
                mine = sorted(operators.layers(work.transaction.standing))
                said = {
                    one.layer
                    for one in records.approvals(work.connection, *key)
                    if (one.gate, one.operator) == (gate, work.actor.name)
                }
                actor = work.actor.name
        wanted = [need.layer for need in planned.guards.approvals if need.missing and not gate]
        told = [Line(planned.goal, strong=True)]
        if not mine:
            told += _refusal(NotInLayer(actor, tuple(wanted)))
        told.append(Line(_("who applies it is not counted; when the file changes it, a yes is needed anew")))
        told += tree(stages([planned]))
        ways = [self._yes(file, path, stage, gate, layer, back=layer in said) for layer in mine]
        title = _("Say yes to {stage}").format(stage=f"{stage} {gate}".strip())
        return Question(title=title, consequences=tuple(consequences(told)), choices=tuple(ways))

    def _yes(self, file: RolloutFile, path: str, stage: str, gate: str, layer: str, *, back: bool) -> Choice:
        words = ["approve", stage, *_named(path), "--layer", layer, *(["--gate", gate] if gate else [])]
        there = Act(command=_line(words), run=partial(self._agree, file, stage, gate, layer, back=False))
        withdraw = [*words, "--withdraw"]
        away = Act(command=_line(withdraw), run=partial(self._agree, file, stage, gate, layer, back=True))
        if back:
            label = _("Take back ({layer})").format(layer=_(layer))
            return Choice(label=label, act=away, told=_("it was said before"))
        return Choice(label=_("Yes ({layer})").format(layer=_(layer)), act=evolve(there, undo=away))

    def _agree(self, file: RolloutFile, stage: str, gate: str, layer: str, *, back: bool) -> str:
        with self._reaching():
            agreeing.approve(self._kernel, file, stage, layer=layer, gate=gate, withdraw=back)
        told = _("the yes to {stage} is taken back") if back else _("yes to {stage}")
        return told.format(stage=f"{stage} {gate}".strip())

    def overriding(self, source: str, stage: str, gate: str, reason: str) -> Act:
        path = sources.usual(source)
        command = _line(["override", stage, gate, *_named(path), "--reason", reason])

        def run() -> str:
            with self._reaching():
                agreeing.override(self._kernel, sources.file_here(source), stage, gate, reason)
            return _("it holds for the next apply by another operator")

        return Act(command=command, run=run)

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
        command = ["rollback", stage] + (["--file", path] if path else [])
        label = _("By {file}").format(file=path) if path else _("Roll back")
        act = _long(command, partial(self._roll_back, stage, file, made.digest))
        return Choice(label=label, act=act, told=_(_BY_FILE[made.in_flight]) if path else "")

    def _roll_back(self, stage: str, file: RolloutFile | None, digest: str, tell: Tell) -> str:
        with self._reaching():
            done = roll_back(self._kernel, stage, file, expected=digest, tell=_teller(tell))
        if done.draining:
            told = _("{modules} finishes what waits, then a worker switches it off: fenbu worker --once")
            return told.format(modules=", ".join(done.draining))
        return _("{stage} is taken back; every row is kept").format(stage=stage)

    # --- the file ---------------------------------------------------------------------------------------

    def adopting(self, source: str) -> Question:
        with self._reaching():
            sources.file_here(source)
            path = sources.usual(source)
            found = drift.adopt(self._kernel, Path(path), dry_run=True)
        told = [_diff_line(line) for line in found.diff.splitlines()]
        for one in found.left:
            why = _("{what} is not adopted: {why}").format(what=one.what, why=one.why)
            told.append(Line(why, "", Tone.WARN))
            told += [Line(f"→ {one.way_out}", "  ")] if one.way_out else []
        if not told:
            told = [Line(_("nothing to adopt: {file} says what is").format(file=path))]
        act = Act(command=_line(["adopt", *_named(path)]), run=partial(self._adopt, path))
        ways = (Choice(label=_("Adopt"), act=act),) if found.diff else ()
        title = _("Write what was changed by hand into {file}").format(file=path)
        return Question(title=title, consequences=tuple(consequences(told)), choices=ways)

    def _adopt(self, path: str) -> str:
        with self._reaching():
            done = drift.adopt(self._kernel, Path(path))
        names = ", ".join(one.what for one in done.written)
        return _("{file} says it now: {names}; raise its version, and review it").format(
            file=path, names=names
        )

    def beginnings(self) -> Sequence[Beginning]:
        ways = [Beginning(name, _(told)) for name, told in TEMPLATES.items()]
        ways.append(Beginning(STATE, _("what is on now, as a file: for a system that runs already")))
        with self._reading() as work:
            if records.serial(work.connection):
                ways.insert(0, Beginning(AS_APPLIED, _("the file that was applied last, as it was")))
        return ways

    def begin(self, name: str) -> Act:
        words = {STATE: [STATE, "--out", FILE], AS_APPLIED: ["new", "--applied"]}.get(
            name, ["new", "--template", name]
        )
        return Act(command=_line(["rollout", *words]), run=partial(self._begin, name))

    def _begin(self, name: str) -> str:
        with self._reaching():
            if name == STATE:
                text = drift.import_state(self._kernel).text
            else:
                text = applied_text(self._kernel) if name == AS_APPLIED else text_of(name)
        fresh(Path(FILE), text)
        return _("{file} is written; read it, and change it").format(file=Path(FILE).resolve())

    # --- the lock ---------------------------------------------------------------------------------------

    def unlocking(self) -> Question:
        with self._reading() as work:
            held, at = lock.held(work.connection), work.transaction.at
        if held is None:
            raise NotFound(_("lock of"), _("the rollout"), _("fenbu apply can begin"))
        told = held_text(held, span(max(0, at - held.taken_at) // 1_000_000))
        silent = _("no sign of life for {age}").format(age=span(max(0, at - held.beat_at) // 1_000_000))
        lines = [Line(told, "", Tone.WARN), Line(silent)]
        label, command = _("Unlock"), ["rollout", "unlock"]
        if not held.dead:
            label = _("Take it away")
            command.append("--force")
            lines.append(Line(_("it may still live; whoever holds it can commit no further step")))
        act = Act(command=_line(command), run=partial(self._unlock, force=not held.dead))
        return Question(
            title=_("Free the lock of the rollout"),
            consequences=tuple(consequences(lines)),
            choices=(Choice(label=label, act=act),),
        )

    def _unlock(self, *, force: bool) -> str:
        with self._reaching():
            done = agreeing.unlock(self._kernel, force=force)
        return _("the lock of {operator} is free").format(operator=done.answer["holder"])

    # --- what stands in the way -------------------------------------------------------------------------

    def _cannot(self, permission: str) -> list[Line]:
        """Say why it would be refused now, whatever the plan; nothing when it would not."""
        with self._kernel.read() as work:
            try:
                work.require(permission)
            except FenbuError as error:
                return _refusal(error)
            held = lock.held(work.connection)
            if held is not None and not held.dead and permission != REHEARSE:
                return _refusal(held.refusal(work.transaction.at))
        return []


def _refusal(error: FenbuError) -> list[Line]:
    told = [Line(_("it cannot be done: {why}").format(why=error), "", Tone.BAD)]
    return [*told, Line(f"→ {error.hint}")] if error.hint else told


def _teller(tell: Tell) -> Callable[[Happened], None]:
    return lambda happened: tell(happened_text(happened))


def _long(words: Sequence[str], follow: Callable[[Tell], str]) -> Act:
    """Return an act that takes its time."""
    return Act(command=_line(words), run=partial(follow, lambda _line: None), follow=follow)


def _line(words: Sequence[str]) -> str:
    return shlex.join(["fenbu", *words])


def _named(path: str) -> list[str]:
    """Return a file as a command names it that takes the usual one unless told."""
    return [] if path == FILE else [path]


def _applied(done: Applied, late: Sequence[str]) -> str:
    if not done.stages:
        return _("nothing was left to do")
    told = ngettext("{stages}: {count} step done", "{stages}: {count} steps done", done.steps)
    told = told.format(stages=", ".join(done.stages), count=done.steps)
    if late:
        reads = _("{modules} is on and reads what happened before; a worker has to run")
        return f"{told}; {reads.format(modules=', '.join(late))}"
    return told


def _diff_line(line: str) -> Line:
    tones = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.QUIET}
    head = line.startswith(("+++", "---"))
    return Line(line, "", Tone.QUIET if head else tones.get(line[:1]))
