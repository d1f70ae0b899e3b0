"""The client: an app's definitions, and the running engine behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import asyncpg

from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.app.mail import choose_provider, make_policy
from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import Bucket
from hogsend.buckets.registry import Registry
from hogsend.clock import Clock, SystemClock
from hogsend.db.embedded import ensure_database
from hogsend.db.migrate import migrate
from hogsend.db.pool import UNREACHABLE, Pool, create_pool
from hogsend.email.mailer import Mailer
from hogsend.email.providers import Provider
from hogsend.email.templates import TemplateHome, Templates
from hogsend.errors import ConfigurationError, DatabaseError
from hogsend.journeys.control import JourneyControl
from hogsend.journeys.definition import Journey
from hogsend.runtime.service import Service
from hogsend.settings import Settings

_POOL_SIZE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether this process can serve; ``pump_lag_s`` is how long the oldest due timer waits."""

    ready: bool
    database: str
    pump_lag_s: float | None = None
    error: str | None = None


class Client:
    """An app's definitions, and, between ``start`` and ``stop``, the engine that runs them.

    Made by ``create_client``. Several users in one process (the HTTP app, the worker) may each
    start and stop it; it runs until the last one has stopped.
    """

    def __init__(
        self,
        *,
        buckets: Sequence[Bucket],
        journeys: Sequence[Journey],
        settings: Settings,
        clock: Clock,
        templates: TemplateHome | None = None,
        mail_provider: Provider | None = None,
    ) -> None:
        self.registry = Registry(buckets)
        self.journeys = register_journeys(journeys, self.registry)
        self.settings = settings
        self.templates = Templates(templates)
        self._mail_policy = make_policy(settings)
        self._mail_provider = mail_provider
        self._make_provider = choose_provider(settings)
        self.clock = clock
        self._users = 0
        self._turn = asyncio.Lock()
        self._resources = AsyncExitStack()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The running engine.

        Raises:
            ConfigurationError: The client is not started.
        """
        if self._engine is None:
            raise ConfigurationError("The client is not started: use `async with client:`.")
        return self._engine

    @property
    def mailer(self) -> Mailer:
        """Sends mail; outside of journeys, with keys of your own.

        Raises:
            ConfigurationError: The client is not started.
        """
        return self.engine.mailer

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Find or start the database, migrate it, and open the engine."""
        async with self._turn:
            if self._users == 0:
                async with AsyncExitStack() as resources:
                    self._engine = await self._open(resources)
                    self._resources = resources.pop_all()
            self._users += 1

    async def stop(self) -> None:
        """Finish what is under way and close, if nobody else uses the client."""
        async with self._turn:
            self._users -= 1
            if self._users == 0:
                self._engine = None
                await self._resources.aclose()

    async def health(self) -> Health:
        """How this process is; never raises."""
        try:
            due_at = await asyncio.wait_for(self.engine.pump.next_due(), timeout=2)
        except Exception as error:  # noqa: BLE001 - whatever it is, this process cannot serve
            return Health(ready=False, database="unreachable", error=repr(error))
        lag = timedelta(0) if due_at is None else self.clock.now() - due_at
        return Health(ready=True, database="ok", pump_lag_s=max(0.0, lag.total_seconds()))

    async def _open(self, resources: AsyncExitStack) -> Engine:
        database = await resources.enter_async_context(ensure_database(self.settings))
        pool = await self._open_pool(database.dsn)
        resources.push_async_callback(pool.close)
        engine = Engine(
            pool=pool,
            registry=self.registry,
            clock=self.clock,
            journeys=self.journeys,
            reconcile_cron=self.settings.bucket_reconcile_cron,
            mailer=self._open_mailer(pool, resources),
        )
        for bucket in self.registry.definitions:
            bucket.bind(engine.members)
        self.control = BucketControl(
            pool=pool,
            clock=self.clock,
            registry=self.registry,
            chosen=self.settings.enabled_buckets,
        )
        self.journey_control = JourneyControl(
            pool=pool,
            clock=self.clock,
            registry=self.journeys,
            chosen=self.settings.enabled_journeys,
        )
        for name, control in (
            ("bucket-control", self.control),
            ("journey-control", self.journey_control),
        ):
            await control.register()
            watch = Service(name, control)
            watch.start()
            resources.push_async_callback(watch.stop)
        await resources.enter_async_context(engine.batcher)
        return engine

    def _open_mailer(self, pool: Pool, resources: AsyncExitStack) -> Mailer:
        provider = self._mail_provider
        if provider is None:
            provider = self._make_provider()
            resources.push_async_callback(provider.close)
        return Mailer(
            pool=pool, templates=self.templates, provider=provider, policy=self._mail_policy
        )

    async def _open_pool(self, dsn: str) -> Pool:
        """Migrate, then connect."""
        try:
            await migrate(dsn)
            return await create_pool(
                dsn,
                max_size=_POOL_SIZE,
                statement_cache_size=self.settings.statement_cache_size,
            )
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise DatabaseError(f"The database cannot be reached: {error}") from error


def create_client(
    *,
    buckets: Sequence[Bucket] = (),
    templates: TemplateHome | None = None,
    mail_provider: Provider | None = None,
    journeys: Sequence[Journey] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> Client:
    """Put an app together from its definitions.

    Args:
        buckets: The app's buckets.
        templates: The directory of the app's mail templates.
        mail_provider: Who carries mail; None is the one that the settings name.
        journeys: The app's journeys.
        settings: Where the database is and how to run; None reads the environment.
        clock: The engine's only source of time; None is the machine's clock.

    Raises:
        DefinitionError: With every fault in the definitions.
        ConfigurationError: A setting is wrong.
    """
    return Client(
        buckets=buckets,
        templates=templates,
        mail_provider=mail_provider,
        journeys=journeys,
        settings=settings or Settings(),
        clock=clock or SystemClock(),
    )
