"""What the demo shows: a moving picture on a terminal, a few lines elsewhere."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hogsend.buckets.registry import CompiledBucket
from hogsend.db.pool import Pool
from hogsend.journeys.definition import Journey
from hogsend.ops.history import Move, Peak, find_peaks, latest_moves, sizes_at
from hogsend.ops.mail import count_mails
from hogsend.ops.replay import Position, Script
from hogsend.ops.runs import count_runs
from hogsend.ops.stays import Counts, count_stays

_FRAME_S: Final = 0.15
_COLUMNS: Final = range(10, 41)
"""How wide the picture of the sizes may be."""
_OTHER_COLUMNS: Final = 66
_MOVES: Final = 6
_LEVELS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN_LINES: Final = 6
_SHOWN_REFUSALS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is replayed, and where its result is read from."""

    pool: Pool
    buckets: Sequence[CompiledBucket]
    journeys: Sequence[Journey]
    script: Script
    until: datetime
    source: str

    def instants(self, now: datetime, count: int) -> list[datetime]:
        """Of ``count`` evenly spaced instants from the start to the end, those up to ``now``."""
        start = self.script.starts_at
        step = (self.until - start) / count
        instants = [start + step * position for position in range(1, count + 1)]
        return [instant for instant in instants if instant <= now]


class View(ABC):
    """Shows a replay; every number is read from the database."""

    def __init__(self, scene: Scene, console: Console) -> None:
        self._scene = scene
        self._console = console
        self._events = scene.script.size
        self._started = time.perf_counter()
        self._took = 0.0
        room = console.width - _OTHER_COLUMNS
        self._columns = min(max(room, _COLUMNS[0]), _COLUMNS[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._took = time.perf_counter() - self._started

    @abstractmethod
    async def show(self, position: Position) -> None:
        """Called with every step of the replay."""

    async def summarize(self, console: Console) -> None:
        """Print a table of what came of it."""
        scene = self._scene
        stays = await count_stays(scene.pool, [b.meta.id for b in scene.buckets])
        peaks = await find_peaks(scene.pool, scene.buckets)
        sizes = await sizes_at(
            scene.pool, scene.buckets, scene.instants(scene.until, self._columns)
        )
        script = scene.script
        console.print(
            f"\n{scene.source}: {self._events:,} events of {await _count_users(scene.pool):,} "
            f"users, {script.starts_at:%Y-%m-%d} to {script.ends_at:%Y-%m-%d}.\nReplayed with the "
            f"{(scene.until - script.ends_at).days} days after in {self._took:.1f} s.\n",
            markup=False,
        )
        console.print(_summary(scene, stays, peaks, sizes))
        if scene.journeys:
            console.print()
            console.print(await _journeys(scene))
        self._warn(console)

    def _warn(self, console: Console) -> None:
        """Point out what the user may not expect."""
        script = self._scene.script
        for number, reason in script.refused[:_SHOWN_REFUSALS]:
            console.print(f"Line {number} was refused: {reason}", style="red", markup=False)
        if len(script.refused) > _SHOWN_REFUSALS:
            console.print(f"{len(script.refused):,} lines were refused in all.", style="red")
        asked = {name for bucket in self._scene.buckets for name in bucket.analysis.events}
        if asked.isdisjoint(script.names):
            console.print(
                f"\nThe buckets ask for {_listed(asked)}; the file has {_listed(script.names)}. "
                "Name another app with --app, or the file's events with --event.",
                style="yellow",
                markup=False,
            )


class PlainView(View):
    """A line now and then, for a log."""

    def __init__(self, scene: Scene, console: Console) -> None:
        super().__init__(scene, console)
        self._lines = 0

    async def show(self, position: Position) -> None:
        """Print whenever another part of the time has passed."""
        start, end = self._scene.script.starts_at, self._scene.until
        if position.at < start + (end - start) * (self._lines + 1) / _PLAIN_LINES:
            return
        self._lines += 1
        stays = await count_stays(self._scene.pool, [b.meta.id for b in self._scene.buckets])
        sizes = ", ".join(f"{id_} {count.active:,}" for id_, count in stays.items())
        self._console.print(
            f"{position.at:%Y-%m-%d}  {position.replayed:,} of {self._events:,} events  {sizes}"
        )


class LiveView(View):
    """The members as they move."""

    def __init__(self, scene: Scene, console: Console) -> None:
        super().__init__(scene, console)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._next_frame = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._live.stop()

    async def show(self, position: Position) -> None:
        """Draw a frame, unless the last one is recent."""
        if time.perf_counter() < self._next_frame:
            return
        scene = self._scene
        stays = await count_stays(scene.pool, [b.meta.id for b in scene.buckets])
        sizes = await sizes_at(
            scene.pool, scene.buckets, scene.instants(position.at, self._columns)
        )
        moves = await latest_moves(scene.pool, scene.buckets, _MOVES)
        self._live.update(self._frame(position, stays, sizes, moves), refresh=True)
        self._next_frame = time.perf_counter() + _FRAME_S

    def _frame(
        self,
        position: Position,
        stays: dict[str, Counts],
        sizes: dict[str, list[int]],
        moves: Sequence[Move],
    ) -> RenderableType:
        clock = Text.assemble(
            (f"{position.at:%A, %Y-%m-%d}", "bold"),
            f"   {position.replayed:,} of {self._events:,} events replayed",
        )
        bar = ProgressBar(total=self._events, completed=position.replayed, width=72)
        table = _summary(self._scene, stays, {}, sizes)
        return Group("", clock, bar, "", table, "", _moves(self._scene, moves))


def make_view(scene: Scene, console: Console) -> View:
    """The view that suits ``console``."""
    return LiveView(scene, console) if console.is_terminal else PlainView(scene, console)


def _summary(
    scene: Scene,
    stays: dict[str, Counts],
    peaks: dict[str, Peak],
    sizes: dict[str, list[int]],
) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("Bucket")
    for name in ("Members", "Joined", "Left"):
        table.add_column(name, justify="right")
    if peaks:
        table.add_column("Most", justify="right")
    period = f"Members, {scene.script.starts_at:%Y-%m} to {scene.until:%Y-%m}"
    width = max(map(len, sizes.values()), default=0)
    table.add_column(period if width >= len(period) else "Over time", no_wrap=True)
    for bucket in scene.buckets:
        count = stays[bucket.meta.id]
        cells = [f"{count.active:,}", f"{count.entered:,}", f"{count.left:,}"]
        if peaks:
            peak = peaks.get(bucket.meta.id)
            cells.append(f"{peak.size:,} on {peak.at:%Y-%m-%d}" if peak else "")
        line = Text(_sparkline(sizes[bucket.meta.id]), style="cyan")
        table.add_row(Text(bucket.meta.name), *cells, line)
    return table


async def _journeys(scene: Scene) -> Table:
    """What became of the runs of each journey."""
    ids = [journey.id for journey in scene.journeys]
    runs = await count_runs(scene.pool, ids)
    mails = await count_mails(scene.pool, ids)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("Journey")
    for name in ("Started", "Completed", "Ended early", "Under way", "Mails sent"):
        table.add_column(name, justify="right")
    for journey in scene.journeys:
        found = runs[journey.id]
        cells = (
            found.of_status(None),
            found.completed,
            found.exited + found.failed,
            found.active + found.waiting,
            mails.get(journey.id, 0),
        )
        table.add_row(Text(journey.meta.name), *(f"{cell:,}" for cell in cells))
    return table


def _moves(scene: Scene, moves: Sequence[Move]) -> Table:
    names = {bucket.meta.id: bucket.meta.name for bucket in scene.buckets}
    table = Table.grid(padding=(0, 2))
    for move in moves:
        verb = Text("joins", "green") if move.joined else Text("leaves", "yellow")
        name = names[move.bucket_id]
        table.add_row(f"{move.at:%Y-%m-%d}", Text(move.user_id), verb, Text(name))
    return table


def _sparkline(sizes: Sequence[int]) -> str:
    top = max(sizes, default=0)
    if not top:
        return ""
    # Rounded up, so that a bucket with a single member does not look empty.
    return "".join(_LEVELS[-(-size * (len(_LEVELS) - 1) // top)] for size in sizes)


def _listed(names: Sequence[str] | set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names)[:5]) or "no event"


async def _count_users(pool: Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM contacts")
    return count
