"""The enterprise as a plan finds it: modules, settings, what was applied by which file, who is at it now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from sqlalchemy import text

from fenbu.engine.catalog.modules import Modules
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.model import Rollout
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.records import Run
from fenbu.engine.work import EngineWork

_SETTINGS = text("SELECT module, name, value FROM fenbu_setting ORDER BY module, name")
S = ModuleState


@frozen(kw_only=True)
class Applied:
    """A stage that stands, and the plan by which it does."""

    run: Run
    rollout: Rollout

    @property
    def modules(self) -> frozenset[str]:
        """What it has switched on, or found on."""
        return frozenset(self.rollout.stage(self.run.stage).modules)

    @property
    def settings(self) -> frozenset[tuple[str, str]]:
        """Modules with settings that it has set."""
        stage = self.rollout.stage(self.run.stage)
        base = {(name, key) for name in stage.modules for key in self.rollout.modules[name].settings}
        return frozenset(base | {(name, key) for name, values in stage.settings.items() for key in values})


@frozen(kw_only=True)
class Situation:
    """What is there at one moment."""

    modules: Modules
    settings: Mapping[str, Mapping[str, Any]]
    """What somebody has set, by module and name."""
    serial: int
    last: Mapping[str, Run]
    """Stage to its newest run."""
    applied: Mapping[str, Applied] = field(factory=dict)
    """Stages that stand, by name, in the order in which they were last applied."""
    unfinished: Run | None = None
    """The run that has not come to its end, of whatever rollout."""
    held: lock.Held | None = None

    @property
    def newest(self) -> Rollout | None:
        """The plan that was applied last."""
        return max(self.applied.values(), key=lambda one: one.run.id).rollout if self.applied else None

    @property
    def on(self) -> frozenset[str]:
        """Modules that take part and are not on their way out."""
        return self.modules.on - self.modules.draining


def look(work: EngineWork, rollout: str) -> Situation:
    """Return the enterprise as it is for a plan of this name.

    Args:
        work: Reading or writing.
        rollout: Name of the plan.
    """
    connection = work.connection
    catalog = work.transaction.assembly.catalog
    runs = records.runs(connection, rollout)
    last = {run.stage: run for run in runs}
    ended = {run.stage: run for run in runs if not run.open and run.outcome != "superseded"}
    texts = {run.file: records.file_text(connection, run.file) for run in ended.values() if run.applied}
    plans = {digest: parse(text).checked() for digest, text in texts.items()}
    standing = sorted((run for run in ended.values() if run.applied), key=lambda run: run.id)
    return Situation(
        modules=catalog.read(connection, look_at_all=True, fresh=True),
        settings=_settings(work),
        serial=records.serial(connection),
        last=last,
        applied={run.stage: Applied(run=run, rollout=plans[run.file]) for run in standing},
        unfinished=records.open_run(connection),
        held=lock.held(connection),
    )


def _settings(work: EngineWork) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in work.connection.execute(_SETTINGS):
        found.setdefault(row.module, {})[row.name] = json.loads(row.value)
    return found
