"""The terminal goes away: a window is closed, a connection is cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel

pty = pytest.importorskip("pty", reason="a system without terminals of this kind")
TAKEN = b"\x1b[?1049h"  # the terminal is given a screen of its own
ANSWERED = b"Harbour Tea"  # of the first line, once the database has answered


@pytest.mark.parametrize("shown", [TAKEN, ANSWERED], ids=["at once", "while it is looked at"])
@pytest.mark.parametrize("ignored", [False, True], ids=["alone", "under nohup"])
def test_the_terminal_ui_ends_with_its_terminal_when_no_signal_tells_it(
    tmp_path: Path, shown: bytes, ignored: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'fenbu.db'}"
    Kernel.init(url, name="Harbour Tea", currency="GBP", time_zone="Europe/London").close()
    ours, theirs = pty.openpty()
    handled = "SIG_IGN" if ignored else "SIG_DFL"
    code = (
        f"import signal; signal.signal(signal.SIGHUP, signal.{handled}); from fenbu.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "--database", url, "tui"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        try:
            os.close(theirs)
            seen = b""
            while shown not in seen:
                seen += os.read(ours, 4096)
            os.close(ours)
            process.wait(60)
        finally:
            process.kill()
    assert process.returncode == (128 + signal.SIGHUP if ignored else -signal.SIGHUP)
