"""From the enterprise to the file: the state of a running system, and what was changed by hand since.

Seam: `import_state` and `adopt` are the verbs of the Python API; a face calls them and shows what they answer.
"""

from __future__ import annotations

from pathlib import Path

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout import adopting
from fenbu.engine.rollout.adopting import Adopted
from fenbu.engine.rollout.file import read
from fenbu.engine.rollout.from_state import StateFile, state_file
from fenbu.engine.rollout.installed import installed
from fenbu.engine.rollout.live import look
from fenbu.engine.rollout.replacing import replace

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
        FileChanged: Somebody else has changed the file meanwhile.
    """
    live = look(kernel, ADOPT)
    file = read(path)
    done = adopting.adopt(file, live, installed(), adopting.stages_reached(file.checked(), live))
    if done.diff and not dry_run:
        replace(path, done.before, done.after)
    return done
