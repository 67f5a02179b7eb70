"""What one person decides about a rollout: yes to a stage, a gate that may be passed, the file, the lock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from fenbu.cli.files import fresh
from fenbu.cli.plan_tree import held_text, stages
from fenbu.cli.planning import FILE
from fenbu.engine.guard import operators
from fenbu.engine.rollout import agreeing, drift
from fenbu.engine.rollout.digests import stage_digest
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import make
from fenbu.engine.rollout.status import applied_text
from fenbu.engine.rollout.templates import TEMPLATES, text_of
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import NotInLayer, span
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu_tui.gateway import rollout_sources as sources
from fenbu_tui.gateway.acting import ActingPart
from fenbu_tui.gateway.rollout_lines import command, consequences, diff_line, refusal, tree
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Choice, Line, Question
from fenbu_tui.world.rollouts import Beginning

STATE = "import-state"
"""The beginning that is what is on."""
AS_APPLIED = "applied"
"""The beginning that is the file that was applied last."""


class RolloutAgreeingPart(ActingPart):
    """Makes the questions and acts that are done in one transaction, or in the file."""

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
            told += refusal(NotInLayer(actor, tuple(wanted)))
        told.append(Line(_("who applies it is not counted; when the file changes it, a yes is needed anew")))
        told += tree(stages([planned]))
        ways = [self._yes(file, path, stage, gate, layer, back=layer in said) for layer in mine]
        title = _("Say yes to {stage}").format(stage=f"{stage} {gate}".strip())
        return Question(title=title, consequences=tuple(consequences(told)), choices=tuple(ways))

    def _yes(self, file: RolloutFile, path: str, stage: str, gate: str, layer: str, *, back: bool) -> Choice:
        words = ["approve", stage, *named(path), "--layer", layer, *(["--gate", gate] if gate else [])]
        there = Act(command=command(words), run=partial(self._agree, file, stage, gate, layer, back=False))
        withdraw = [*words, "--withdraw"]
        away = Act(command=command(withdraw), run=partial(self._agree, file, stage, gate, layer, back=True))
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
        line = command(["override", stage, gate, *named(path), "--reason", reason])

        def run() -> str:
            with self._reaching():
                agreeing.override(self._kernel, sources.file_here(source), stage, gate, reason)
            return _("it holds for the next apply by another operator")

        return Act(command=line, run=run)

    # --- the file ---------------------------------------------------------------------------------------

    def adopting(self, source: str) -> Question:
        with self._reaching():
            sources.file_here(source)
            path = sources.usual(source)
            found = drift.adopt(self._kernel, Path(path), dry_run=True)
        told = [diff_line(line) for line in found.diff.splitlines()]
        for one in found.left:
            why = _("{what} is not adopted: {why}").format(what=one.what, why=one.why)
            told.append(Line(why, "", Tone.WARN))
            told += [Line(f"→ {one.way_out}", "  ")] if one.way_out else []
        if not told:
            told = [Line(_("nothing to adopt: {file} says what is").format(file=path))]
        act = Act(command=command(["adopt", *named(path)]), run=partial(self._adopt, path))
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
        return Act(command=command(["rollout", *words]), run=partial(self._begin, name))

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
        label, words = _("Unlock"), ["rollout", "unlock"]
        if not held.dead:
            label = _("Take it away")
            words.append("--force")
            lines.append(Line(_("it may still live; whoever holds it can commit no further step")))
        act = Act(command=command(words), run=partial(self._unlock, force=not held.dead))
        return Question(
            title=_("Free the lock of the rollout"),
            consequences=tuple(consequences(lines)),
            choices=(Choice(label=label, act=act),),
        )

    def _unlock(self, *, force: bool) -> str:
        with self._reaching():
            done = agreeing.unlock(self._kernel, force=force)
        return _("the lock of {operator} is free").format(operator=done.answer["holder"])


def named(path: str) -> list[str]:
    """Return a file as a command names it that takes the usual one unless told."""
    return [] if path == FILE else [path]
