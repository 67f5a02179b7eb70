"""The map of the flows as text: modules as boxes with a line below each, subscriptions as arrows between the lines.

An arrow takes a row from where its events come to where they go; rows are shared by arrows that do not meet. The kind
of line is the lane: light for information, double for capital, heavy for goods, dashed while it is paused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from attrs import define, field, frozen
from rich.cells import cell_len, set_cell_size

from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.flows import FlowLine

NARROWEST = 13
"""Cells a module takes at least."""
WIDEST = 30
BOX = 3
"""Rows of the boxes."""


@frozen
class Lane:
    """How the arrows of a lane are drawn."""

    line: str
    crossing: str
    from_left: str
    from_right: str


LANES = {
    "information": Lane("─", "┼", "├", "┤"),
    "capital": Lane("═", "╪", "╞", "╡"),
    "goods": Lane("━", "┿", "┝", "┥"),
}
DASHED = "┄"
KERNEL = "fenbu"
"""Publishes what happens to modules, for all of them."""
JOINS = "◆"
"""Where a second source joins an arrow."""


@frozen
class Piece:
    """A run of cells that look alike."""

    text: str
    look: str
    """``line``, ``box``, a lane or a tone."""
    flow: str = ""
    """The subscription whose arrow it is part of."""


@frozen
class Chart:
    """Rows of pieces; the first `BOX` are the boxes."""

    rows: tuple[tuple[Piece, ...], ...]
    row_of: dict[str, int]
    """Subscription to the row of its arrow."""
    left_out: int
    """Modules for which there is no room."""


@define
class _Grid:
    """A row, a cell a character; the second cell of a wide one is empty text."""

    cells: list[tuple[str, str, str]] = field(factory=list)
    """Character, look, subscription."""
    taken: list[tuple[int, int, frozenset[int]]] = field(factory=list)
    """From where to where there is an arrow, and on which lines it begins."""

    def put(self, at: int, text: str, look: str, flow: str = "") -> None:
        for character in text:
            wide = cell_len(character)
            if at >= 0 and at + wide <= len(self.cells):
                self.cells[at] = (character, look, flow)
                if wide == 2:
                    self.cells[at + 1] = ("", look, flow)
            at += wide

    def free(self, low: int, high: int, begins: frozenset[int]) -> bool:
        """Say whether an arrow fits: others may end where it ends, but not begin where it begins."""
        return all(
            high < other_low
            or low > other_high
            or (high == other_low and not ({high} & begins & other_begins))
            or (low == other_high and not ({low} & begins & other_begins))
            for other_low, other_high, other_begins in self.taken
        )

    def pieces(self) -> tuple[Piece, ...]:
        runs = groupby(self.cells, key=lambda cell: cell[1:])
        return tuple(Piece("".join(cell[0] for cell in run), *look) for look, run in runs)


def chart(lines: Sequence[FlowLine], width: int, here: str = "") -> Chart:
    """Draw a map.

    Args:
        lines: The subscriptions.
        width: Cells of a row.
        here: The subscription that is looked at; where there is no room for all modules, its own are drawn.
    """
    every = _modules(lines)
    room = max(width // NARROWEST, 1)
    shown = order(lines, every if len(every) <= room else _around(lines, here, room))
    if not shown:
        return Chart((), {}, 0)
    pitch = min(width // len(shown), WIDEST)
    margin = (width - pitch * len(shown)) // 2
    at = {module: margin + pitch * place + pitch // 2 for place, module in enumerate(shown)}
    drawn = [line for line in _in_order(lines) if line.module in at and any(one in at for one in _ends(line))]
    rows: list[_Grid] = []
    row_of = {line.name: BOX + _place(line, at, pitch, width, rows) for line in drawn}
    boxes = _boxes(shown, at, pitch, width, lines)
    return Chart(tuple(row.pieces() for row in (*boxes, *rows)), row_of, len(every) - len(shown))


def order(lines: Sequence[FlowLine], modules: Sequence[str]) -> list[str]:
    """Return modules so that arrows are short: each is put where the arrows to those before it are shortest."""
    between = [(source, line.module) for line in lines for source in line.sources if source != line.module]
    degree = {one: sum(one in ends for ends in between) for one in modules}
    placed: list[str] = []
    for module in sorted(modules, key=lambda one: (-degree[one], one)):
        tries = [[*placed[:place], module, *placed[place:]] for place in range(len(placed) + 1)]
        placed = min(reversed(tries), key=lambda tried: _length(tried, between))
    return placed


def _length(placed: Sequence[str], between: Iterable[tuple[str, str]]) -> int:
    at = {module: place for place, module in enumerate(placed)}
    return sum(abs(at[one] - at[other]) for one, other in between if one in at and other in at)


def _modules(lines: Iterable[FlowLine]) -> list[str]:
    """Return what gets a box: whoever publishes or reacts, but not the kernel, which tells everybody."""
    return sorted({one for line in lines for one in (line.module, *line.sources)} - {KERNEL})


def _around(lines: Sequence[FlowLine], here: str, room: int) -> list[str]:
    """Return the modules that matter to one subscription: its ends, then whom its module deals with."""
    line = next((one for one in lines if one.name == here), lines[0])
    known = _modules(lines)
    ends = [line.module, *line.sources]
    near = [one.module for one in lines if line.module in one.sources]
    near += [source for one in lines if one.module == line.module for source in one.sources]
    return [one for one in dict.fromkeys([*ends, *near, *known]) if one in known][:room]


def _in_order(lines: Iterable[FlowLine]) -> list[FlowLine]:
    lanes = list(LANES)
    return sorted(lines, key=lambda line: (lanes.index(line.lane), line.name))


def _ends(line: FlowLine) -> list[str]:
    """Return where an arrow begins; what comes from the kernel alone begins at the module itself."""
    return [one for one in line.sources if one != KERNEL] or [line.module]


def _place(line: FlowLine, at: dict[str, int], pitch: int, width: int, rows: list[_Grid]) -> int:
    """Draw an arrow on the first row that has room for it, and return that row's number."""
    to = at[line.module]
    begins = frozenset(at[one] for one in _ends(line) if one in at)
    own = begins == {to}
    turned = own and to + pitch - 2 >= width
    low, high = min(begins | {to}), max(begins | {to})
    if own:
        low, high = (to - pitch + 2, to) if turned else (to, to + pitch - 2)
    number = next((n for n, row in enumerate(rows) if row.free(low, high, begins)), len(rows))
    if number == len(rows):
        rows.append(_row(at, width))
    row = rows[number]
    row.taken.append((low, high, begins))
    if own:
        _draw_own(row, line, to, pitch, turned=turned)
    else:
        _draw(row, line, to, begins, at)
    return number


def _row(at: dict[str, int], width: int) -> _Grid:
    row = _Grid([(" ", "line", "")] * width)
    for place in at.values():
        row.put(place, "│", "line")
    return row


def _draw(row: _Grid, line: FlowLine, to: int, begins: frozenset[int], at: dict[str, int]) -> None:
    lane, look = LANES[line.lane], _look(line)
    stroke = lane.line if line.running else DASHED
    low, high = min(begins), max(begins)
    crossed = set(at.values()) - {to}
    for place in range(min(low, to + 1), max(high, to - 1) + 1):
        if place != to:
            row.put(place, lane.crossing if place in crossed else stroke, look, line.name)
    for place in begins:
        row.put(place, JOINS, look, line.name)
    if low < to:
        row.put(low, lane.from_left, look, line.name)
        row.put(to - 1, "▶", look, line.name)
    if high > to:
        row.put(high, lane.from_right, look, line.name)
        row.put(to + 1, "◀", look, line.name)
    stops = sorted(place for place in at.values() if min(low, to) <= place <= max(high, to))
    gaps = [(one + 1, other - 1) for one, other in pairwise(stops)]
    start, end = max(gaps, key=lambda gap: (gap[1] - gap[0], -abs(gap[0] - to)))
    room = end - start - 3 if to in (start - 1, end + 1) else end - start - 1
    start += 3 if start - 1 == to else 1
    text = label(line, room)
    row.put(start + (room - cell_len(text)) // 2, text, look, line.name)


def _draw_own(row: _Grid, line: FlowLine, to: int, pitch: int, *, turned: bool) -> None:
    lane, look = LANES[line.lane], _look(line)
    text = label(line, pitch - 5)
    if turned:
        row.put(to - 3 - cell_len(text), f"{text} ↺{lane.line}", look, line.name)
        row.put(to, lane.from_right, look, line.name)
    else:
        row.put(to, f"{lane.from_left}{lane.line}↺ {text}", look, line.name)


def label(line: FlowLine, room: int) -> str:
    """Return what is written on an arrow: the most that its room takes, what needs a hand before all else."""
    trouble = ""
    if line.dead:
        trouble = f"{SIGNS[Tone.BAD]}{line.told('dead')}"
    elif not line.running:
        trouble = SIGNS[line.standing.tone]
    elif line.retrying:
        trouble = f"{SIGNS[Tone.WARN]}{line.told('retrying')}"
    rate = f"{line.rate}/m" if line.rate else ""
    lag = line.lag if line.waiting or line.held else ""
    for parts in ((line.short, rate, lag, trouble), (line.short, rate, trouble), (line.short, trouble)):
        text = " ".join(part for part in parts if part)
        if cell_len(text) <= room:
            return text
    text = trouble or line.short
    return text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)) + "…"[: max(room, 0)]


def _look(line: FlowLine) -> str:
    return str(line.standing.tone) if line.standing.tone in (Tone.BAD, Tone.WARN) else line.lane


def _boxes(
    shown: Sequence[str], at: dict[str, int], pitch: int, width: int, lines: Sequence[FlowLine]
) -> list[_Grid]:
    rows = [_Grid([(" ", "line", "")] * width) for _row in range(BOX)]
    for module in shown:
        worst = {line.standing.tone for line in lines if line.module == module}
        look = "bad" if Tone.BAD in worst else "warn" if Tone.WARN in worst else "box"
        inner = min(max(cell_len(module) + 2, 7), pitch - 3)
        name = module if cell_len(module) <= inner else set_cell_size(module, inner - 1) + "…"
        start = at[module] - inner // 2 - 1
        left = (inner - cell_len(name)) // 2
        stem = at[module] - start - 1
        rows[0].put(start, f"┌{'─' * inner}┐", look)
        rows[1].put(start, f"│{' ' * left}{name}{' ' * (inner - left - cell_len(name))}│", look)
        rows[2].put(start, f"└{'─' * stem}┬{'─' * (inner - stem - 1)}┘", look)
    return rows
