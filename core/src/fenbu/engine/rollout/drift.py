"""From the enterprise to the file: the state of a running system, and what was changed by hand since.

Seam: `import_state` and `adopt` are the verbs of the Python API; a face calls them and shows what they answer.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout import adopting
from fenbu.engine.rollout.adopting import Adopted
from fenbu.engine.rollout.errors import Unfinished
from fenbu.engine.rollout.file import read
from fenbu.engine.rollout.from_state import StateFile, state_file
from fenbu.engine.rollout.installed import installed
from fenbu.engine.rollout.live import Live, look
from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.replacing import replace
from fenbu.engine.rollout.situation import look as look_at

IMPORT_STATE = "fenbu.rollout.import-state"
ADOPT = "fenbu.rollout.adopt"


def import_state(kernel: Kernel) -> StateFile:
    """Return a rollout file that says what is on: one stage, settings that differ, secrets by reference.

    Raises:
        NotPermitted: The actor may not see how everything is set.
        NothingOn: No module is on that a file could have.
    """
    return state_file(look(kernel, IMPORT_STATE), installed().offers)


def adopt(kernel: Kernel, path: Path, *, dry_run: bool = False) -> Adopted:
    """Write what was changed by hand back into a rollout file; twice is once.

    Args:
        kernel: Of the enterprise.
        path: Of the file; it is replaced whole, and only while it holds what was read.
        dry_run: Only say what would be written.

    Raises:
        NotPermitted: The actor may not see how everything is set.
        BadFile, RolloutInvalid: The file cannot be read, or has faults.
        Unfinished: A stage is half-applied, or half rolled back.
        FileChanged: Somebody else has changed the file meanwhile.
    """
    live = look(kernel, ADOPT)
    file = read(path)
    done = adopting.adopt(file, live, installed(), _standing(kernel, file.checked(), live))
    if done.diff and not dry_run:
        replace(path, done.before, done.after)
    return done


def _standing(kernel: Kernel, plan: Rollout, live: Live) -> Collection[int]:
    """Return the indexes of the stages that stand."""
    with kernel.read() as work:
        situation = look_at(work, plan.name)
    if situation.unfinished is not None:
        raise Unfinished(situation.unfinished.stage, situation.unfinished.verb)
    if not situation.last:
        return adopting.stages_reached(plan, live)
    return [number for number, stage in enumerate(plan.stages) if stage.name in situation.applied]
