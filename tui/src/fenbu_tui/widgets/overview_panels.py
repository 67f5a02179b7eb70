"""The panels of the overview: figures, the track of the stages with gates, the lanes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import COLOURS, SIGNS
from fenbu_tui.widgets.bars import spark

if TYPE_CHECKING:
    from fenbu_tui.world.base import Standing
    from fenbu_tui.world.overview import Overview

COURSE = 14
"""Readings of a figure that are drawn."""
NARROW = 60


class FiguresPanel(Static):
    """Shows the modules' states and the figures."""

    DEFAULT_CSS = "FiguresPanel { height: auto; padding: 0 1; }"

    def show(self, overview: Overview) -> None:
        """Show the numbers of a moment."""
        states = [_toned(f"{SIGNS[standing.tone]} {told}", standing) for told, standing in overview.modules]
        lines = [Content("  ").join(states)] if states else []
        figures = [
            Content.assemble(
                Content.styled(f"{one.title} ", "dim"),
                Content.styled(one.value, "bold"),
                f" {spark(one.course, COURSE)}" if len(one.course) > 1 else "",
            )
            for one in overview.figures
        ]
        self.update(Content("\n").join([*lines, Content("   ").join(figures)]))


class StagesPanel(Static):
    """Shows the stages as a track, and what the next one asks."""

    DEFAULT_CSS = """
    StagesPanel { height: auto; min-height: 3; border: round $secondary; border-title-color: $accent; padding: 0 1; }
    """

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = _("Rollout")

    def show(self, overview: Overview) -> None:
        """Show where the rollout stands."""
        if not overview.stages:
            self.update(
                Content.styled(
                    _(
                        "No plan was applied yet: fenbu plan FILE says what one would do, fenbu apply FILE begins it."
                    ),
                    "dim",
                )
            )
            return
        self.update(Content("\n").join(_track(overview)))


class LanesPanel(Static):
    """Shows the three lanes: events a minute, and how late they are."""

    DEFAULT_CSS = """
    LanesPanel { height: auto; min-height: 3; border: round $secondary; border-title-color: $accent; padding: 0 1; }
    """

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = _("Lanes, events a minute")

    def show(self, overview: Overview) -> None:
        """Show what moves."""
        self._overview = overview
        self._draw()

    def on_resize(self) -> None:
        """Give the sparklines the new width."""
        if getattr(self, "_overview", None) is not None:
            self._draw()

    def _draw(self) -> None:
        lanes = self._overview.lanes
        widest = max((cell_len(one.title) for one in lanes), default=0)
        room = max(self.size.width - widest - 28, 5)
        lines = []
        for one in lanes:
            told = f"{SIGNS[one.standing.tone]} {one.standing.word}" + (f" {one.lag}" if one.lag else "")
            head = f"{one.title}{' ' * (widest - cell_len(one.title))} "
            lines.append(
                Content.assemble(
                    head,
                    Content.styled(spark(one.course, min(room, len(one.course))), "$text-accent"),
                    f" {one.rate:>10}  ",
                    _toned(told, one.standing),
                )
            )
        self.update(Content("\n").join(lines))


def _track(overview: Overview) -> Iterator[Content]:
    for stage in overview.stages:
        yield Content.assemble(
            Content.styled("▸ " if stage.next else "  ", "bold $text-accent"),
            Content.styled(f"{stage.number} {stage.title} ", "bold" if stage.next else ""),
            _toned(f"{SIGNS[stage.standing.tone]} {stage.standing.word}", stage.standing),
        )
    for gate in overview.gates:
        yield Content.assemble(
            "    ",
            _toned(f"{SIGNS[gate.standing.tone]} {gate.standing.word}", gate.standing),
            f"  {gate.title}  ",
            Content.styled(gate.got, "dim"),
        )


def _toned(text: str, standing: Standing) -> Content:
    return Content.styled(text, COLOURS[standing.tone])
