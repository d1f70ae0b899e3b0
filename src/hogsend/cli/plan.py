"""``hogsend plan``: who would join and leave if this code were deployed now?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.options import App, Json
from hogsend.cli.printing import make_console, print_json
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from rich.console import Console

    from hogsend.app.client import Client
    from hogsend.ops.plan import BucketPlan, OnProgress, Plan

CHANGES: Final = 2
"""The exit code when a deploy would do something."""

_MARKS: Final = {
    "new": ("+", "green"),
    "removed": ("-", "red"),
    "unchanged": ("=", "dim"),
    "disabled": ("=", "dim"),
}
_WORDS: Final = {
    "new": "new",
    "changed": "other criteria",
    "rescheduled": "other limits or dwell schedules",
    "resumed": "evaluated again after a pause",
    "returned": "back in the code",
    "unchanged": "unchanged",
    "paused": "would be paused: its members stay, nobody joins or leaves",
    "disabled": "paused, and stays so",
    "removed": "not in this code: its members stay, nobody joins or leaves",
}


def plan(app: App = None, as_json: Json = False) -> None:
    """Compare the code here with the database: who would join and leave by a deploy.

    Changes nothing. The exit code is 2 if a deploy would do something, and 0 if not.
    """
    made = run_async(_make(load_client(app)))
    if as_json:
        from hogsend.ops.plan import plan_json  # noqa: PLC0415 - keeps --help quick

        print_json(plan_json(made))
    else:
        _print(made)
    raise typer.Exit(CHANGES if made.changes else 0)


async def _make(client: Client) -> Plan:
    from hogsend.app.reading import open_for_reading  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.plan import make_plan  # noqa: PLC0415

    async with open_for_reading(client) as pool:
        with _progress() as show:
            return await make_plan(
                pool,
                client.registry,
                client.journeys,
                chosen=client.settings.enabled_buckets,
                now=client.clock.now(),
                on_progress=show,
            )


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A line on a terminal that says how far it is."""
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield lambda _bucket_id, _done, _total: None
        return
    with console.status("Comparing …") as status:
        yield lambda bucket_id, done, total: status.update(
            f"{bucket_id}: {done:,} of {total:,} people"
        )


def _print(made: Plan) -> None:
    console = make_console()
    for bucket in made.buckets:
        _print_bucket(console, bucket)
    changed = sum(bucket.changes for bucket in made.buckets)
    if changed:
        what = f"A deploy would change {changed} of {len(made.buckets)} buckets"
    else:
        what = "A deploy would change nothing"
    console.print(f"{what}; {made.contacts:,} contacts. Nothing was changed by this.")


def _print_bucket(console: Console, bucket: BucketPlan) -> None:
    from rich.text import Text  # noqa: PLC0415 - keeps --help quick

    mark, style = _MARKS.get(str(bucket.change), ("~", "yellow"))
    members = f"{bucket.members:,}"
    if bucket.after != bucket.members:
        members += f" → {bucket.after:,}"
    line = Text(f"{mark} {bucket.bucket_id}", style=style)
    console.print(line, Text(f"{_WORDS[str(bucket.change)]}; {members} members"))
    for remark in _remarks(bucket):
        console.print(f"    {remark}", markup=False)


def _remarks(bucket: BucketPlan) -> Iterator[str]:
    told = bucket.forecast
    if bucket.change == "changed":
        yield from (f"was: {bucket.criteria_before}",) if bucket.criteria_before else ()
        yield f"now: {bucket.criteria}"
    if told.joins:
        yield f"{told.joins:,} join silently{_named(told.joining, told.joins)}"
    if told.leaves:
        yield f"{told.leaves:,} leave, announced{_named(told.leaving, told.leaves)}"
    for journey_id, runs in bucket.exits.items():
        yield f"{runs:,} runs of {journey_id} end by these leaves"
    for journey_id in bucket.starts:
        yield f"leaves start {journey_id}"
    if told.times_out:
        again = f"; {told.returns:,} join again at once, announced" if told.returns else ""
        yield f"{told.times_out:,} of these leaves are by max_dwell{again}"
    if told.defers:
        yield f"{told.defers:,} fit no more, and stay until min_dwell is over"
    if told.barred:
        yield f"{told.barred:,} fit, and are kept out by entry_limit after max_dwell"
    if told.dwells:
        yield f"{told.dwells:,} are announced to have dwelt long enough"


def _named(user_ids: Sequence[str], count: int) -> str:
    more = ", …" if count > len(user_ids) else ""
    return f": {', '.join(user_ids)}{more}"
