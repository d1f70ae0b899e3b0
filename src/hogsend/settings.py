"""Every setting that comes from the environment."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hogsend.errors import ConfigurationError

_SCHEMES = ("postgresql://", "postgres://")


def _require_postgresql(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(_SCHEMES):
        raise ValueError("it has to start with postgresql://, e.g. postgresql://user@host/name")
    return url


def _require_http(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("it has to start with https://, e.g. https://hogsend.example.com")
    return url


def _require_mailbox(text: str) -> str:
    _, at, domain = parseaddr(text)[1].rpartition("@")
    if not (at and domain) or not text.isprintable():
        raise ValueError("it has to be like Ada <ada@example.com>")
    return text


def _require_smtp(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("it has to be like smtp://USER:PASSWORD@HOST:587 (smtps:// for TLS)")
    return url


def _split(value: object) -> object:
    """``*`` as None (all), else the ids between the commas."""
    if not isinstance(value, str):
        return value
    if value.strip() == "*":
        return None
    return frozenset(part.strip() for part in value.split(",") if part.strip())


Ids = Annotated[frozenset[str] | None, NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """What the environment says; names there are these in capitals.

    A variable that is set but empty counts as not set.

    Attributes:
        database_url: The PostgreSQL server to use; without it an embedded one is started.
        statement_cache_size: Prepared statements kept per connection; 0 behind a pooler.
        database_pool_size: Connections that one process opens, at most.
        hogsend_home: Where the embedded server keeps its data.
        hogsend_pg_bin: The programs that the embedded server is to be run with.
        enabled_buckets: Ids separated by commas; None (``*``) is all.
        enabled_journeys: As for buckets; the reactions of buckets go by these.
        bucket_reconcile_cron: When to audit memberships.
        admin_api_key: A key with the scope ``full-admin`` that is in no database.
        admin_rate_limit: Requests a minute that one key may send to the admin routes.
        read_timeout: Seconds after which a statement of an operator's read is cut off.
        port: Where the HTTP API listens.
        public_url: Where the API is reached from outside; links in mail lead there.
        mail_provider: Who carries mail; ``console`` only keeps it, to be read here.
        mail_from: The sender of all mail, such as ``Ada <ada@example.com>``.
        mail_rate: How many mails a process sends in a second; by default 2 with Resend, whose limit
            that is, and as many as there are with others.
        mail_cap: How many mails a user gets within ``mail_cap_hours``, transactional ones aside.
        mail_cap_hours: See ``mail_cap``.
        hogsend_secret: Signs unsubscribe links; without it the database keeps a random one.
        smtp_url: ``smtp://USER:PASSWORD@HOST:587``, or ``smtps://`` for TLS from the first byte.
        resend_api_key: Resend's key, for ``mail_provider`` ``resend``.
        posthog_api_key: Of the PostHog project that buckets with ``sync_to_posthog`` are told to;
            without it none is.
        posthog_host: Where PostHog is, e.g. ``https://eu.i.posthog.com``.
        webhooks_allow_private: Let webhooks go to addresses that are not public, and by http.
        shutdown_timeout: Seconds that a process may take to finish what is under way when it is
            told to stop.
        log_level: The least severe level that is logged.

    Raises:
        ConfigurationError: Values cannot be used; every fault is named, no secret shown.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: Annotated[SecretStr, AfterValidator(_require_postgresql)] | None = None
    statement_cache_size: int = Field(default=200, ge=0)
    database_pool_size: int = Field(default=12, ge=6)
    hogsend_home: Path = Path(".hogsend")
    hogsend_pg_bin: Path | None = None
    enabled_buckets: Ids = None
    enabled_journeys: Ids = None
    bucket_reconcile_cron: str = "*/5 * * * *"
    admin_api_key: SecretStr | None = None
    admin_rate_limit: int = Field(default=600, ge=1)
    read_timeout: float = Field(default=5, gt=0)
    port: int = Field(default=3002, ge=1, le=65535)
    public_url: Annotated[str, AfterValidator(_require_http)] | None = None
    mail_provider: Literal["console", "smtp", "resend"] = "console"
    mail_from: Annotated[str, AfterValidator(_require_mailbox)] | None = None
    mail_rate: float | None = Field(default=None, gt=0)
    mail_cap: int | None = Field(default=None, ge=1)
    mail_cap_hours: float = Field(default=24, gt=0)
    hogsend_secret: SecretStr | None = None
    smtp_url: Annotated[SecretStr, AfterValidator(_require_smtp)] | None = None
    resend_api_key: SecretStr | None = None
    posthog_api_key: SecretStr | None = None
    posthog_host: Annotated[str, AfterValidator(_require_http)] = "https://us.i.posthog.com"
    webhooks_allow_private: bool = False
    shutdown_timeout: float = Field(default=20, gt=0)
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    ] = "info"

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigurationError("\n".join(_faults(error))) from None


def _faults(error: ValidationError) -> list[str]:
    return [
        f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)
    ]
