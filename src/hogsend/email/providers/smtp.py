"""Mail by SMTP.

SMTP knows no idempotency keys. What the server has taken and could not tell us goes out again, with
the same Message-ID and date, by which mail systems recognise a copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from hogsend.email.errors import PermanentMailError, TransientMailError
from hogsend.email.model import Message

_TIMEOUT_S: Final = 10
_PORTS: Final = {"smtp": 587, "smtps": 465}
# Headers are never folded: a folded address in List-Unsubscribe would be none.
_POLICY: Final = SMTP.clone(max_line_length=998)
_ENHANCED: Final = re.compile(r"\b5\.(\d{1,3}\.\d{1,3})\b")
_NOBODY_THERE: Final = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
_NOBODY_THERE_CODES: Final = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed in. With credentials, TLS is required; else it is used if offered."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False


def read_smtp_url(url: str) -> SmtpServer:
    """Read a valid ``SMTP_URL``: ``smtp://USER:PASSWORD@HOST:PORT``, or ``smtps``."""
    parts = urlsplit(url)
    return SmtpServer(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "smtps",
    )


class Smtp:
    """Hands each mail to a server, over a connection of its own."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, message: Message) -> str:
        """Hand over ``message``; its id is the Message-ID."""
        server = self._server
        written, id_ = _write(message)
        try:
            await aiosmtplib.send(
                written,
                sender=parseaddr(message.from_)[1],
                recipients=[message.to],
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.tls,
                start_tls=None if server.tls or server.username is None else True,
                timeout=_TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _recipient_refused(error.recipients[0]) from error
        except aiosmtplib.SMTPDataError as error:
            raise _data_refused(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TransientMailError(
                f"The SMTP server {server.host}:{server.port}: {error}. If it stays like this, "
                "look at SMTP_URL and MAIL_FROM."
            ) from error
        except ValueError as error:
            raise PermanentMailError(f"{message.to} cannot be written to: {error}") from error
        return id_

    async def close(self) -> None:
        """There is nothing to give up."""


def _write(message: Message) -> tuple[bytes, str]:
    """The mail as it goes over the wire, and its Message-ID."""
    domain = parseaddr(message.from_)[1].rpartition("@")[2]
    id_ = f"<{message.id}@{domain}>"
    written = EmailMessage(policy=_POLICY)
    written["From"] = message.from_
    written["To"] = message.to
    written["Subject"] = message.content.subject
    written["Date"] = format_datetime(message.created_at)
    written["Message-ID"] = id_
    for name, value in message.headers.items():
        written[name] = value
    written.set_content(message.content.text, cte="quoted-printable")
    written.add_alternative(message.content.html, subtype="html", cte="quoted-printable")
    return written.as_bytes(), id_


def _recipient_refused(
    error: aiosmtplib.SMTPRecipientRefused,
) -> TransientMailError | PermanentMailError:
    said = f"{error.code} {error.message}"
    if error.code < 500:  # noqa: PLR2004 - 5yz is SMTP for never
        return TransientMailError(f"The SMTP server does not take it now: {said}")
    return PermanentMailError(said, bounced=_nobody_there(error.code, error.message))


def _data_refused(error: aiosmtplib.SMTPDataError) -> TransientMailError | PermanentMailError:
    said = f"{error.code} {error.message}"
    if error.code < 500:  # noqa: PLR2004 - as above
        return TransientMailError(f"The SMTP server does not take it now: {said}")
    return PermanentMailError(said)


def _nobody_there(code: int, message: str) -> bool:
    """Whether a refusal is about the address (RFC 3463), rather than about us or the mail."""
    if enhanced := _ENHANCED.search(message):
        return enhanced[1] in _NOBODY_THERE
    return code in _NOBODY_THERE_CODES
