"""``hogsend explain``: why is this person in a bucket, or not?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.options import App, Json
from hogsend.cli.printing import make_console, print_json, print_table
from hogsend.cli.running import run_async
from hogsend.instants import describe_distance, describe_instant

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from hogsend.app.client import Client
    from hogsend.buckets.situation import Stay
    from hogsend.criteria.explain import Explanation
    from hogsend.ops.explain import Answer


def explain(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")],
    user: Annotated[str, typer.Argument(metavar="USER", help="A user id or mail address.")],
    app: App = None,
    as_json: Json = False,
) -> None:
    """Say why a user is in a bucket or not, and what happens next.

    Judged by the criteria of the code here. Changes nothing.
    """
    answer = run_async(_ask(load_client(app), bucket, user))
    if as_json:
        from hogsend.ops.explain_json import explanation_json  # noqa: PLC0415 - keeps --help quick

        print_json(explanation_json(answer))
    else:
        _print(answer)


async def _ask(client: Client, bucket: str, user: str) -> Answer:
    from hogsend.app.reading import open_for_reading  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.explain import explain_membership  # noqa: PLC0415

    async with open_for_reading(client) as pool:
        return await explain_membership(pool, client.registry, bucket, user, client.clock.now())


def _print(answer: Answer) -> None:
    from hogsend.ops.explain_text import notes, summarize  # noqa: PLC0415 - keeps --help quick

    console = make_console()
    console.print(summarize(answer), style="bold", markup=False)
    if answer.explanation is not None:
        _print_leaves(console, answer.explanation, answer.now)
    if remarks := notes(answer):
        console.print()
        for remark in remarks:
            console.print(remark, markup=False)
    if answer.situation.stays:
        console.print()
        _print_stays(answer.situation.stays)


def _print_leaves(console: Console, explanation: Explanation, now: datetime) -> None:
    from rich.table import Table  # noqa: PLC0415 - keeps --help quick
    from rich.text import Text  # noqa: PLC0415

    console.print(f"\nThe criteria: {explanation.text}", markup=False)
    table = Table.grid(padding=(0, 2))
    for leaf in explanation.leaves:
        mark = Text("  yes", style="green") if leaf.matches else Text("  no", style="red")
        flips = "" if leaf.flips_at is None else f"changes {describe_distance(leaf.flips_at, now)}"
        table.add_row(mark, Text(leaf.text), Text(leaf.fact, style="dim"), Text(flips))
    console.print(table)


def _print_stays(stays: tuple[Stay, ...]) -> None:
    print_table(
        ("Stay", "Entered", "Left", "Why it ended", "Entered by", "Announced"),
        [
            (
                stay.membership.entry_count,
                describe_instant(stay.membership.entered_at),
                ""
                if stay.membership.left_at is None
                else describe_instant(stay.membership.left_at),
                str(stay.membership.reason or ""),
                str(stay.membership.source),
                "yes" if stay.announced else "no",
            )
            for stay in stays
        ],
    )
