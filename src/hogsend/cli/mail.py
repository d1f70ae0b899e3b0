"""``hogsend mail``: what was sent, and what was not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hogsend.cli.options import Json
from hogsend.cli.printing import print_json, print_table
from hogsend.cli.running import run_async
from hogsend.errors import ConfigurationError
from hogsend.instants import instant_to_json, optional_instant_to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from hogsend.db.pool import Pool
    from hogsend.email.model import SentMail
    from hogsend.ops.mail import KeptMail

mail = typer.Typer(
    name="mail", help="Read the mail that was sent.", no_args_is_help=True, rich_markup_mode=None
)


@mail.command("list")
def list_(
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only to this user.")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            help="Only these: sending, sent, failed, suppressed, bounced or complained.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show mails, newest first, and what became of each."""
    total, mails = run_async(_list(user, status, limit))
    if as_json:
        print_json({"mails": [_json(m) for m in mails], "total": total, "limit": limit})
    else:
        _print_mails(mails, total)


@mail.command("show")
def show(
    mail_id: Annotated[UUID, typer.Argument(metavar="ID", help="As `hogsend mail list` has it.")],
    html: Annotated[bool, typer.Option("--html", help="Print the HTML, nothing else.")] = False,
    as_json: Json = False,
) -> None:
    """Show one mail as it was sent."""
    kept = run_async(_find(mail_id))
    if kept is None:
        raise ConfigurationError(f"There is no mail {mail_id}. See `hogsend mail list`.")
    if as_json:
        print_json(_kept_json(kept))
    elif html:
        typer.echo(kept.message.content.html if kept.message else "", nl=False)
    else:
        _print_kept(kept)


async def _list(user: str | None, status: str | None, limit: int) -> tuple[int, list[SentMail]]:
    from hogsend.email.model import MailStatus  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.mail import list_mail  # noqa: PLC0415

    if status is not None and status not in list(MailStatus):
        raise ConfigurationError(
            f"There is no status {status!r}; there are: {', '.join(MailStatus)}."
        )
    chosen = None if status is None else MailStatus(status)
    async with _pool() as pool:
        return await list_mail(pool, user_id=user, status=chosen, limit=limit)


async def _find(mail_id: UUID) -> KeptMail | None:
    from hogsend.ops.mail import find_mail  # noqa: PLC0415 - keeps --help quick

    async with _pool() as pool:
        return await find_mail(pool, mail_id)


def _pool() -> AbstractAsyncContextManager[Pool]:
    """Connections to the database that the settings name; no app is needed."""
    from contextlib import asynccontextmanager  # noqa: PLC0415 - keeps --help quick

    from hogsend.db.embedded import ensure_database  # noqa: PLC0415
    from hogsend.db.migrate import migrate  # noqa: PLC0415
    from hogsend.db.pool import create_pool  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415

    @asynccontextmanager
    async def opened() -> AsyncIterator[Pool]:
        settings = Settings()
        async with ensure_database(settings) as database:
            await migrate(database.dsn, statement_cache_size=settings.statement_cache_size)
            pool = await create_pool(
                database.dsn, max_size=1, statement_cache_size=settings.statement_cache_size
            )
            async with pool:
                yield pool

    return opened()


def _json(sent: SentMail) -> dict[str, Any]:
    return {
        "id": str(sent.id),
        "userId": sent.user_id,
        "to": sent.to,
        "template": sent.template,
        "category": sent.category,
        "subject": sent.subject,
        "status": str(sent.status),
        "reason": sent.reason,
        "createdAt": instant_to_json(sent.created_at),
        "sentAt": optional_instant_to_json(sent.sent_at),
    }


def _kept_json(kept: KeptMail) -> dict[str, Any]:
    message = kept.message
    return {
        **_json(kept.mail),
        "key": kept.mail.key,
        "provider": kept.provider,
        "providerId": kept.mail.provider_id,
        "attempts": kept.attempts,
        "from": message and message.from_,
        "headers": message and dict(message.headers),
        "text": message and message.content.text,
        "html": message and message.content.html,
    }


def _print_mails(mails: Sequence[SentMail], total: int) -> None:
    if mails:
        print_table(
            ("Id", "When", "User", "Template", "Status", "Subject"),
            [
                (
                    str(sent.id),
                    f"{sent.created_at:%Y-%m-%d %H:%M:%S}",
                    sent.user_id,
                    sent.template,
                    sent.status if sent.reason is None else f"{sent.status}: {sent.reason}",
                    sent.subject or "",
                )
                for sent in mails
            ],
        )
    more = "" if len(mails) == total else f" Shown: {len(mails):,}; more with --limit."
    typer.echo(f"{total:,} in all.{more}", err=True)


def _print_kept(kept: KeptMail) -> None:
    sent = kept.mail
    lines = {
        "Id": str(sent.id),
        "User": sent.user_id,
        "To": sent.to or "",
        "From": kept.message.from_ if kept.message else "",
        "Subject": sent.subject or "",
        "Template": sent.template,
        "Status": sent.status if sent.reason is None else f"{sent.status}: {sent.reason}",
        "Provider": f"{kept.provider} {sent.provider_id or ''}".strip(),
        "Created": instant_to_json(sent.created_at),
        "Sent": optional_instant_to_json(sent.sent_at) or "",
        **(kept.message.headers if kept.message else {}),
    }
    for name, value in lines.items():
        if value:
            typer.echo(f"{name}: {value}")
    if kept.message:
        typer.echo(f"\n{kept.message.content.text}", nl=False)
