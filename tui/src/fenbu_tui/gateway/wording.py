"""How the gateway words moments, ages and states of deliveries and calls."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from fenbu.i18n import N_, _
from fenbu.values import from_microseconds
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing

STATES: Mapping[str, tuple[str, Tone, str]] = {
    "waiting": (N_("waiting"), Tone.BUSY, N_("to be handled")),
    "retrying": (N_("trying again"), Tone.WARN, N_("it has failed and is tried again by itself")),
    "scheduled": (N_("timer"), Tone.QUIET, N_("a timer that has not rung")),
    "held": (N_("held"), Tone.WARN, N_("it waits behind an earlier one of its key that fails or is dead")),
    "dead": (N_("dead"), Tone.BAD, N_("it waits for a decision: try again, or give up with a reason")),
    "done": (N_("done"), Tone.GOOD, N_("its effects are in the books")),
    "skipped": (N_("skipped"), Tone.QUIET, N_("ended by decision, without effects")),
    "new": (N_("new"), Tone.BUSY, N_("to be sent")),
    "sending": (N_("sending"), Tone.BUSY, N_("on its way")),
    "unknown": (N_("unknown"), Tone.WARN, N_("nobody knows whether it happened; the outside is asked")),
    "failed": (N_("failed"), Tone.WARN, N_("the outside refused for good; its module knows")),
}
"""State of a delivery or a call to its word, tone and meaning."""
_TRACE = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^  File "(?P<path>[^"]+)".*\n(?:    .*(?:\n|$))*', re.MULTILINE)
_ENGINE = re.compile(r"[/\\]fenbu[/\\]engine[/\\]")
_AGES = ((86_400, N_("{count} d")), (3_600, N_("{count} h")), (60, N_("{count} min")))


def state(name: str) -> Standing:
    """Return a state of a delivery or a call as people see it."""
    word, tone, means = STATES[name]
    return Standing(_(word), tone, _(means))


def moment(at: int, now: datetime, zone: ZoneInfo) -> str:
    """Return a moment in few letters: the time of today, else day and time.

    Args:
        at: UTC microseconds.
        now: To know today by.
        zone: In which it is told.
    """
    told = from_microseconds(at).astimezone(zone)
    today = now.astimezone(zone)
    if told.date() == today.date():
        return f"{told:%H:%M:%S}"
    return f"{told:%m-%d %H:%M}" if told.year == today.year else f"{told:%Y-%m-%d}"


def exactly(at: int, zone: ZoneInfo) -> str:
    """Return a moment in full; `at` in UTC microseconds."""
    return f"{from_microseconds(at).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def age(seconds: float) -> str:
    """Return an age in few letters: ``0.2 s``, ``12 min``, ``3 d``."""
    for unit, text in _AGES:
        if seconds >= 2 * unit:
            return _(text).format(count=int(seconds // unit))
    return _("{seconds} s").format(seconds=f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}")


def first_line(text: str) -> str:
    """Return what an error says, without the traceback below."""
    return text.partition("\n")[0]


def traced(text: str) -> str:
    """Return tracebacks as who mends a module reads them: from the module's code on, each file by its package."""
    first, *traces = text.split(_TRACE)
    return "".join([first, *(f"{_TRACE}{_mended(trace)}" for trace in traces)])


def _mended(trace: str) -> str:
    frames = list(_FRAME.finditer(trace))
    own = next((frame for frame in frames if not _ENGINE.search(frame["path"])), None)
    if own is not None:
        trace = trace[: frames[0].start()] + trace[own.start() :]
    return _FRAME.sub(lambda frame: frame[0].replace(frame["path"], _within(frame["path"]), 1), trace)


def _within(path: str) -> str:
    """Return a file's path from its package on."""
    folders = [folder for folder in sys.path if folder and path.startswith(folder.rstrip("/") + "/")]
    return path[len(max(folders, key=len).rstrip("/")) + 1 :] if folders else path
