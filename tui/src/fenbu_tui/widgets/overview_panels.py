"""The panels of the overview: figures, the track of the stages with gates, the lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from fenbu.i18n import N_, _
from fenbu_tui.signs import COLOURS, SIGNS, Tone
from fenbu_tui.widgets.bars import plot, spark

if TYPE_CHECKING:
    from fenbu_tui.world.audit import AuditLine
    from fenbu_tui.world.base import Standing
    from fenbu_tui.world.overview import GateLine, Overview, StageLine

COURSE = 14
"""Readings of a figure that are drawn."""
WIDE, HIGH = 100, 34
"""Cells and lines of a terminal from which there is room for more."""
FEW = 3
"""Gates that are shown where it is crowded."""


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


class Panel(Static):
    """A framed part of the overview, drawn anew when its room changes."""

    DEFAULT_CSS = """
    Panel { height: auto; min-height: 3; border: round $secondary; border-title-color: $accent; padding: 0 1; }
    """
    TITLE: ClassVar[str] = ""
    _overview: Overview | None = None

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = _(self.TITLE)

    def show(self, overview: Overview) -> None:
        """Show a moment."""
        self._overview = overview
        self._draw()

    def on_resize(self) -> None:
        """Use the new room."""
        self._draw()

    def told(self, overview: Overview) -> list[Content]:
        """Return what is shown, by lines."""
        raise NotImplementedError

    @property
    def tall(self) -> int:
        """Lines that it shows."""
        return len(self.told(self._overview)) if self._overview else 0

    @property
    def crowded(self) -> bool:
        """All panels stand below each other on a low terminal."""
        return self.app.size.width < WIDE and self.app.size.height < HIGH

    def _draw(self) -> None:
        if self._overview is not None:
            self.update(Content("\n").join(self.told(self._overview)))


class StagesPanel(Panel):
    """Shows the stages as a track, and what the next one asks."""

    TITLE = N_("Rollout")

    def told(self, overview: Overview) -> list[Content]:
        """Return a line a stage and a gate; where it is crowded, the stages in one and the gates that ask most."""
        if not overview.stages:
            none = _(
                "No plan was applied yet: fenbu plan FILE says what one would do, fenbu apply FILE begins it."
            )
            return [Content.styled(none, "dim")]
        if not self.crowded:
            return [*_track(overview.stages), *_gates(overview.gates)]
        asking = sorted(overview.gates, key=lambda gate: gate.standing.tone is Tone.GOOD)
        left = len(asking) - FEW
        more = _("… and {count} more").format(count=left)
        return [
            _in_one(overview.stages),
            *_gates(asking[:FEW]),
            *([Content.styled(f"  {more}", "dim")] if left > 0 else []),
        ]


class LanesPanel(Panel):
    """Shows the three lanes: events a minute, and how late they are; two lines high where there is room."""

    TITLE = N_("Lanes, events a minute")

    def told(self, overview: Overview) -> list[Content]:
        """Return a lane after the other."""
        lanes = overview.lanes
        standings = [f"{SIGNS[one.standing.tone]} {one.standing.word} {one.lag}".rstrip() for one in lanes]
        titles, rates = _even([one.title for one in lanes]), _even([one.rate for one in lanes], right=True)
        beside = sum(max(map(cell_len, texts), default=0) for texts in (titles, rates, standings))
        room = max(self.size.width - beside - 5, 5)
        high = 2 if self.app.size.height >= HIGH else 1
        lines = []
        for lane, title, rate, standing in zip(lanes, titles, rates, standings, strict=True):
            *above, last = _bars(lane.course[-room:], high)
            lines += [
                Content.assemble(" " * (cell_len(title) + 1), Content.styled(row, "$text-accent"))
                for row in above
            ]
            toned = _toned(standing, lane.standing)
            lines.append(
                Content.assemble(title, " ", Content.styled(last, "$text-accent"), f"  {rate}  ", toned)
            )
        return lines


class LatelyPanel(Static):
    """Shows what was done lately, as much as there is room for."""

    DEFAULT_CSS = """
    LatelyPanel { height: 1fr; min-height: 3; border: round $secondary; border-title-color: $accent; padding: 0 1;
                  color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = _("Done lately")

    def show(self, acts: Sequence[AuditLine]) -> None:
        """Show acts, the latest first."""
        columns = [
            _even([getattr(act, name) for act in acts]) for name in ("at", "actor", "action", "subject")
        ]
        lines = []
        for act, *told in zip(acts, *columns, strict=True):
            outcome = _toned(f"{SIGNS[act.standing.tone]} {act.standing.word}", act.standing)
            lines.append(Content.assemble("  ".join(told), "  ", outcome))
        self.update(Content("\n").join(lines))


def _track(stages: Sequence[StageLine]) -> Iterator[Content]:
    titles = _even([f"{stage.number} {stage.title}" for stage in stages])
    for stage, title in zip(stages, titles, strict=True):
        yield Content.assemble(
            Content.styled("▸ " if stage.next else "  ", "bold $text-accent"),
            Content.styled(f"{title}  ", "bold" if stage.next else ""),
            _toned(f"{SIGNS[stage.standing.tone]} {stage.standing.word}", stage.standing),
        )


def _in_one(stages: Sequence[StageLine]) -> Content:
    """Return the track in one line; the stage that is next, or else the last, with its title."""
    spoken = next((stage for stage in stages if stage.next), stages[-1])
    parts = []
    for stage in stages:
        sign = SIGNS[stage.standing.tone]
        if stage is spoken:
            parts += [
                Content.styled("▸ " if stage.next else "", "bold $text-accent"),
                Content.styled(f"{stage.number} {stage.title} ", "bold"),
                _toned(f"{sign} {stage.standing.word}", stage.standing),
            ]
        else:
            parts.append(_toned(f"{stage.number} {sign}", stage.standing))
        parts.append(Content("  "))
    return Content.assemble(*parts[:-1])


def _gates(gates: Sequence[GateLine]) -> Iterator[Content]:
    standings = _even([f"{SIGNS[gate.standing.tone]} {gate.standing.word}" for gate in gates])
    titles = _even([gate.title for gate in gates])
    for gate, standing, title in zip(gates, standings, titles, strict=True):
        got = Content.styled(gate.got, "dim")
        yield Content.assemble("  ", _toned(standing, gate.standing), f"  {title}  ", got)


def _bars(course: Sequence[int], high: int) -> list[str]:
    """Return rows of bars, the highest first, one cell a value."""
    return [spark(course)] if high == 1 else plot(course, len(course), high)


def _even(texts: Sequence[str], *, right: bool = False) -> list[str]:
    """Return texts of one width."""
    widest = max(map(cell_len, texts), default=0)
    gaps = [" " * (widest - cell_len(text)) for text in texts]
    return [f"{gap}{text}" if right else f"{text}{gap}" for text, gap in zip(texts, gaps, strict=True)]


def _toned(text: str, standing: Standing) -> Content:
    return Content.styled(text, COLOURS[standing.tone])
