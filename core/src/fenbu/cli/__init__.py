"""The command line: click commands, thin, each imported only when it is asked for.

`app` says which there are, `running` runs them and turns every ending into an exit code, `session`
holds the global options and opens the kernel, `output` is the one place that writes to the terminal.
``--help``, ``--version`` and completion import none of the engine.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

GARBAGE = 50_000
"""New objects after which Python looks for circles among them. By its own measure, 700, a fifth of every start goes
into looking through what was imported and stays."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(GARBAGE)
    from fenbu.cli.running import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))
