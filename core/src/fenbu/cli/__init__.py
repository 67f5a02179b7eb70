"""The command line: click commands, thin, each imported only when it is asked for.

`app` says which there are, `running` runs them and turns every ending into an exit code, `session`
holds the global options and opens the kernel, `output` is the one place that writes to the terminal.
``--help``, ``--version`` and completion import none of the engine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    from fenbu.cli.running import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))
