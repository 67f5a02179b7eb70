"""A progress bar on the terminal; the only place that imports rich."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress


class Bar:
    """One bar."""

    def __init__(self, progress: RichProgress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def at(self, done: int, note: str = "") -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, note=note)


@contextmanager
def bar(title: str, total: int | None, *, colour: bool) -> Iterator[Bar]:
    """Show a bar on stderr while the body runs."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(
        *columns, console=Console(stderr=True, no_color=not colour), transient=True
    ) as progress:
        yield Bar(progress, progress.add_task(title, total=total, note=""))
