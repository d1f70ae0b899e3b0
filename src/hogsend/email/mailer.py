"""Sends each mail once, whatever is interrupted when.

A mail is known by (user, key). It is rendered and put on record, claimed, in one transaction; only
then does the provider see it; then the outcome is recorded. Who sends it again finds the record:

- a final one is returned, and nothing is sent;
- one that is claimed is somebody else's: ``MailInProgressError``, try again later;
- any other (the claim was given back, or has run out, because its process died) is claimed for
  another attempt, which hands the *stored* mail to the provider with the *same* idempotency key.
  A provider that has it already drops the second one.

The number of the attempt fences what is recorded: an attempt that lost its claim writes nothing.
A claim outlasts the time that an attempt may take, retries included.

Lock order: the user's contact, then their mail. The contact's lock also makes the frequency cap
exact: a user's mails are put on record one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import asyncpg
import structlog

from hogsend.contacts.store import find_by_email, lock_existing
from hogsend.db.pool import UNREACHABLE, Connection, Pool
from hogsend.email.drafting import Drafter
from hogsend.email.errors import MailInProgressError, PermanentMailError, TransientMailError
from hogsend.email.links import Links
from hogsend.email.model import Mail, MailStatus, SentMail
from hogsend.email.pace import Pace
from hogsend.email.policy import MailPolicy
from hogsend.email.providers import Provider
from hogsend.email.providers.console import Console
from hogsend.email.store import (
    Attempt,
    Order,
    Stored,
    claim_send,
    ensure_secret,
    find_recipient,
    finish_send,
    insert_send,
    lock_send,
    release_send,
    suppress_address,
)
from hogsend.email.templates import Templates

_log = structlog.get_logger(__name__)

ATTEMPT_S: Final = 20.0
"""How long the provider may take, all retries included."""
CLAIM: Final = timedelta(seconds=30)
RETRY_DELAYS_S: Final = (0.5, 2.0)
LONGEST_PAUSE_S: Final = 5.0
_LINKS: Final = "unsubscribe links"


class Mailer:
    """Renders and sends mail.

    Args:
        pool: Where mail is kept.
        templates: The app's; None is none.
        provider: Who carries the mail; None leaves it on record only.
        policy: How to send.
        retry_delays: Seconds to wait before the second and every further try of one attempt.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        templates: Templates | None = None,
        provider: Provider | None = None,
        policy: MailPolicy | None = None,
        retry_delays: tuple[float, ...] = RETRY_DELAYS_S,
    ) -> None:
        self._pool = pool
        self._provider = provider or Console()
        self._policy = policy or MailPolicy()
        self._drafter = Drafter(
            templates=templates or Templates(), policy=self._policy, provider=self._provider.name
        )
        self._retry_delays = retry_delays
        self._pace = Pace(self._policy.per_second)
        self._links: Links | None = None

    async def send(self, mail: Mail, *, key: str, now: datetime) -> SentMail:
        """Send ``mail``, unless it was sent with this key before.

        Call it outside of a transaction; it takes its own.

        Args:
            mail: What to whom.
            key: The same for the same mail, however often it is tried; per user.
            now: The present instant, just read from the clock.

        Returns:
            What became of it, now or earlier: ``sent``, or why not.

        Raises:
            TemplateError: It cannot be rendered; nothing is on record.
            TransientMailError: It may go out if it is sent again with the same key.
        """
        asked_at = monotonic()
        async with self._pace.turn():
            stored = await self._claim(mail, key, now, asked_at)
            if stored.attempt is None:
                self._pace.give_back()
                return stored.mail
            return await self._attempt(stored.attempt, now)

    async def _claim(self, mail: Mail, key: str, now: datetime, asked_at: float) -> Stored:
        """Put the mail on record or find it there, claimed if it is to be sent."""
        links = await self.links(now)
        async with self._pool.acquire() as connection, connection.transaction():
            user_id = mail.user_id or await _owner(connection, mail.to or "")
            order = Order(mail=mail, user_id=user_id, key=key)
            await lock_existing(connection, [user_id])
            known = await lock_send(connection, order)
            # A turn, a connection and the lock had to be waited for; the claim counts from here.
            until = now + CLAIM + timedelta(seconds=monotonic() - asked_at)
            if known is None:
                return await self._begin(connection, order, links, now, until)
            return await self._resume(connection, order, known, now, until)

    async def links(self, now: datetime) -> Links:
        """The unsubscribe links of this installation."""
        if self._links is None:
            secret = self._policy.secret or await ensure_secret(
                self._pool, _LINKS, secrets.token_bytes(32), now
            )
            self._links = Links(secret=secret, public_url=self._policy.public_url)
        return self._links

    async def _begin(
        self, connection: Connection, order: Order, links: Links, now: datetime, until: datetime
    ) -> Stored:
        """Put a new mail on record: claimed, or with the reason why it is not sent."""
        draft = await self._drafter.draft(connection, order, links, now)
        claim = until if draft.status == MailStatus.SENDING else None
        stored = await insert_send(connection, draft, claim, now)
        if stored is None:
            raise _in_progress(order.key)
        return stored

    async def _resume(
        self, connection: Connection, order: Order, known: Stored, now: datetime, until: datetime
    ) -> Stored:
        """What there is to do about a mail on record, whose lock is held."""
        if known.attempt is None:
            return known
        if known.claimed_until is not None and known.claimed_until > now:
            raise _in_progress(known.mail.key, (known.claimed_until - now).total_seconds())
        as_stored = replace(order.mail, to=known.mail.to, category=known.mail.category)
        recipient = await find_recipient(connection, replace(order, mail=as_stored))
        if recipient.refusal is None:
            return await claim_send(connection, known.mail, self._provider.name, until, now)
        refused = await finish_send(
            connection,
            known.attempt,
            status=MailStatus.SUPPRESSED,
            reason=recipient.refusal,
            now=now,
        )
        return Stored(mail=refused or known.mail, attempt=None, claimed_until=None)

    async def _attempt(self, attempt: Attempt, now: datetime) -> SentMail:
        """Hand the mail over and record what came of it."""
        try:
            async with asyncio.timeout(ATTEMPT_S):
                provider_id = await self._hand_over(attempt)
        except PermanentMailError as error:
            return await self._refused(attempt, error, now)
        except TimeoutError as error:
            message = f"{self._provider.name} did not answer within {ATTEMPT_S:g} s."
            await self._release(attempt, message)
            raise TransientMailError(message) from error
        except BaseException as error:
            await self._release(attempt, str(error) or type(error).__name__)
            raise
        finished = await finish_send(
            self._pool, attempt, status=MailStatus.SENT, provider_id=provider_id, now=now
        )
        return _ours(finished, attempt)

    async def _hand_over(self, attempt: Attempt) -> str:
        """Try, and try again what may be over in a moment."""
        for delay in self._retry_delays:
            try:
                return await self._provider.send(attempt.message)
            except TransientMailError as error:
                self._pace.hold(min(error.retry_after or 0, LONGEST_PAUSE_S))
                pause = max(delay, error.retry_after or 0)
                if pause > LONGEST_PAUSE_S:
                    raise
                await asyncio.sleep(pause)
        return await self._provider.send(attempt.message)

    async def _refused(
        self, attempt: Attempt, error: PermanentMailError, now: datetime
    ) -> SentMail:
        """Record that it will never go out; an address that is to blame gets nothing any more."""
        status = MailStatus.BOUNCED if error.bounced else MailStatus.FAILED
        async with self._pool.acquire() as connection, connection.transaction():
            finished = await finish_send(
                connection, attempt, status=status, reason=str(error), now=now
            )
            if finished is not None and error.bounced:
                await suppress_address(
                    connection,
                    attempt.user_id,
                    attempt.message.to,
                    reason="bounced",
                    detail=str(error),
                    now=now,
                )
        return _ours(finished, attempt)

    async def _release(self, attempt: Attempt, reason: str) -> None:
        """Let the next attempt begin at once; if that fails, it begins when the claim runs out."""
        _log.warning("mail.attempt_failed", id=str(attempt.message.id), reason=reason)
        with contextlib.suppress(*UNREACHABLE, asyncpg.PostgresError):
            await release_send(self._pool, attempt, reason)


async def _owner(connection: Connection, address: str) -> str:
    """The user whom an address belongs to; one that nobody has is its own user."""
    address = address.lower()
    return (await find_by_email(connection, [address])).get(address, address)


def _ours(finished: SentMail | None, attempt: Attempt) -> SentMail:
    """The outcome, if it was ours to record."""
    if finished is None:
        raise _in_progress(attempt.key)
    return finished


def _in_progress(key: str, retry_after: float | None = None) -> MailInProgressError:
    return MailInProgressError(
        f"The mail {key!r} is being sent by somebody else; try again later.",
        retry_after=retry_after,
    )
