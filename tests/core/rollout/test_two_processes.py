"""Two processes apply at once: one works, the other says who holds the lock; and a killed one holds up nobody."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.plan import make
from fenbu.engine.stages import lock
from fenbu.testing.dummies import DummyModules
from tests.core.rollout.tea import FILE, Opens, plan_file, states

PROGRAM = """
import sys
site, url, operator, text, stops_at = sys.argv[1:]
sys.path.insert(0, site)
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.file import parse
from fenbu.errors import FenbuError
from fenbu.work import Actor


def tell(happened):
    if happened.event == stops_at:
        print("stands", flush=True)
        sys.stdin.readline()


with Kernel.open(url, actor=Actor(operator)) as kernel:
    try:
        apply(kernel, parse(text, "tea.toml"), through="back", tell=tell)
    except FenbuError as error:
        print(error.exit_code, error, "/", error.hint, flush=True)
    else:
        print("done", flush=True)
"""


def applying(site: DummyModules, url: str, operator: str, stops_at: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(site.folder), url, operator, FILE, stops_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[3],
    )


@contextmanager
def standing(site: DummyModules, url: str, stops_at: str) -> Iterator[subprocess.Popen[str]]:
    """Run an apply by Ann that stands still where it is told to; killed at the end if it still lives."""
    with applying(site, url, "ann", stops_at) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "stands\n"
            yield process
        finally:
            process.kill()


def test_of_two_one_works_and_the_other_is_told_who_holds_the_lock(
    tea_site: DummyModules, tea_url: str, opens: Opens
) -> None:
    with standing(tea_site, tea_url, "begun") as first:
        with applying(tea_site, tea_url, "art") as second:
            told, _nothing = second.communicate(timeout=120)
        assert re.match(
            rf"4 ann holds the lock of the rollout for \d+ s \(apply, process {first.pid} on ", told
        )
        finished, _nothing = first.communicate("\n\n", timeout=120)

    assert finished.splitlines()[-1] == "done"
    kernel = opens("art")
    assert [stage.standing for stage in make(kernel, plan_file()).stages] == ["applied", "applied", "waiting"]
    with kernel.database.read() as connection:
        assert lock.held(connection) is None


def test_after_one_that_was_killed_the_next_takes_the_lock_over_and_goes_on(
    tea_site: DummyModules, tea_url: str, opens: Opens
) -> None:
    with standing(tea_site, tea_url, "step-begun") as first:
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=60)
    told: list[Happened] = []

    apply(opens("art"), plan_file(), tell=told.append)

    assert [(one.event, one.note or one.stage) for one in told[:2]] == [
        ("lock-taken-over", "ann"),
        ("gone-on", "sale"),
    ]
    kernel: Kernel = opens("art")
    assert states(kernel)["till"] == "enabled"
    with kernel.database.read() as connection:
        assert lock.held(connection) is None
