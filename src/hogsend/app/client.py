"""The client: an app's definitions, and the running engine behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

import asyncpg

from hogsend.app.discovery import discover
from hogsend.app.engine import Engine
from hogsend.app.health import Health, HealthCheck
from hogsend.app.journeys import register_journeys
from hogsend.app.mail import choose_provider, make_policy
from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import Bucket
from hogsend.buckets.registry import Registry
from hogsend.clock import Clock, SystemClock
from hogsend.db.embedded import ensure_database
from hogsend.db.migrate import app_track, migrate
from hogsend.db.pool import UNREACHABLE, Pool, create_pool
from hogsend.email.mailer import Mailer
from hogsend.email.providers import Provider
from hogsend.email.templates import TemplateHome, Templates
from hogsend.errors import ConfigurationError, DatabaseError, UnreachableError
from hogsend.integrations.sources.definition import WebhookSource
from hogsend.journeys.control import JourneyControl
from hogsend.journeys.definition import Journey
from hogsend.runtime.service import Service
from hogsend.settings import Settings
from hogsend.telemetry.metrics import Metrics

_CLOSE_S = 5.0
_READERS = 4


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
        webhook_sources: Sequence[WebhookSource] = (),
        clock: Clock,
        templates: TemplateHome | None = None,
        mail_provider: Provider | None = None,
        migrations: Path | None = None,
    ) -> None:
        self.registry = Registry(buckets)
        self.journeys = register_journeys(journeys, self.registry)
        self._own_journeys = tuple(journeys)
        self.webhook_sources = tuple(webhook_sources)
        self.settings = settings
        self.templates = Templates(templates)
        self.migrations = migrations
        self._mail_policy = make_policy(settings)
        self._mail_provider = mail_provider
        self._make_provider = choose_provider(settings)
        self.clock = clock
        self.metrics = Metrics()
        self._users = 0
        self._turn = asyncio.Lock()
        self._resources = AsyncExitStack()
        self._engine: Engine | None = None
        self._health: HealthCheck | None = None

    @property
    def engine(self) -> Engine:
        """The running engine.

        Raises:
            ConfigurationError: The client is not started.
        """
        if self._engine is None:
            raise ConfigurationError("The client is not started: use `async with client:`.")
        return self._engine

    def elsewhere(self, *, settings: Settings, clock: Clock, mail_provider: Provider) -> Client:
        """The same app on another database and clock; its mail goes another way, too."""
        return Client(
            buckets=self.registry.definitions,
            journeys=self._own_journeys,
            settings=settings,
            clock=clock,
            templates=self.templates.home,
            mail_provider=mail_provider,
            migrations=self.migrations,
        )

    @property
    def only_keeps_mail(self) -> bool:
        """Whether there are templates, and nobody has said who is to carry mail."""
        chosen = (
            self._mail_provider is not None or "mail_provider" in self.settings.model_fields_set
        )
        return self.templates.home is not None and not chosen

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
                self._engine = self._health = None
                await self._resources.aclose()

    async def health(self) -> Health:
        """How this process is; never raises."""
        if self._health is None:
            return Health(ready=False, database="unknown", error="The client is not started.")
        return await self._health.look()

    @asynccontextmanager
    async def inspect(self) -> AsyncIterator[Self]:
        """A client to look at things with, and to tell other processes what to do.

        Nothing is taken over from the code: what runs, and whom it evaluates, stays as it is. For a
        client that is not started.
        """
        async with AsyncExitStack() as resources:
            self._engine = await self._connect(resources)
            try:
                await self.control.refresh(any_version=True)
                await self.journey_control.run_once()
                await self.engine.posthog.load()
                yield self
            finally:
                self._engine = None

    async def _open(self, resources: AsyncExitStack) -> Engine:
        engine = await self._connect(resources)
        for name, control in (
            ("bucket-control", self.control),
            ("journey-control", self.journey_control),
        ):
            await control.register()
            watch = Service(name, control)
            watch.start()
            resources.push_async_callback(watch.stop)
        await engine.posthog.register(list(self.registry.buckets))
        await engine.endpoints.run_once()
        watch = Service("webhook-endpoints", engine.endpoints)
        watch.start()
        resources.push_async_callback(watch.stop)
        await resources.enter_async_context(engine.batcher)
        self._health = HealthCheck(engine, self.registry)
        return engine

    async def _connect(self, resources: AsyncExitStack) -> Engine:
        database = await resources.enter_async_context(ensure_database(self.settings))
        pool = await self._open_pool(database.dsn)
        resources.push_async_callback(_close, pool)
        reads = await self._open_reads(database.dsn)
        resources.push_async_callback(_close, reads)
        engine = Engine(
            pool=pool,
            reads=reads,
            registry=self.registry,
            clock=self.clock,
            journeys=self.journeys,
            reconcile_cron=self.settings.bucket_reconcile_cron,
            metrics=self.metrics,
            mailer=self._open_mailer(pool, resources),
            posthog=self.settings.posthog_api_key is not None,
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
        return engine

    def _open_mailer(self, pool: Pool, resources: AsyncExitStack) -> Mailer:
        provider = self._mail_provider
        if provider is None:
            provider = self._make_provider()
            resources.push_async_callback(provider.close)
        return Mailer(
            pool=pool, templates=self.templates, provider=provider, policy=self._mail_policy
        )

    async def migrate(self, dsn: str) -> list[str]:
        """Bring a database up to date, the engine's tables and then the app's; tells what was done.

        Raises:
            DatabaseError: It cannot be migrated; the message says why.
        """
        cached = self.settings.statement_cache_size
        applied = await migrate(dsn, statement_cache_size=cached)
        if self.migrations is not None:
            own = await migrate(dsn, app_track(self.migrations), statement_cache_size=cached)
            applied += [f"{revision} of the app" for revision in own]
        return applied

    async def _open_pool(self, dsn: str) -> Pool:
        """Migrate, then connect."""
        try:
            cached = self.settings.statement_cache_size
            await self.migrate(dsn)
            return await create_pool(
                dsn, max_size=self.settings.database_pool_size, statement_cache_size=cached
            )
        except UNREACHABLE as error:
            raise UnreachableError(f"The database cannot be reached: {error}") from error
        except asyncpg.PostgresError as error:
            raise DatabaseError(f"The database refuses: {error}") from error

    async def _open_reads(self, dsn: str) -> Pool:
        """Few connections, opened when they are needed; they write nothing and are cut off."""
        return await create_pool(
            dsn,
            min_size=0,
            max_size=_READERS,
            statement_cache_size=self.settings.statement_cache_size,
            application_name="hogsend reads",
            read_only=True,
            command_timeout=self.settings.read_timeout,
        )


async def _close(pool: Pool) -> None:
    """Wait for the connections to come back, but not for one that hangs."""
    try:
        async with asyncio.timeout(_CLOSE_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def create_client(
    *,
    app: str | None = None,
    buckets: Sequence[Bucket] = (),
    templates: TemplateHome | None = None,
    mail_provider: Provider | None = None,
    migrations: Path | None = None,
    journeys: Sequence[Journey] = (),
    webhook_sources: Sequence[WebhookSource] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> Client:
    """Put an app together from its definitions.

    Args:
        app: The app's package; what its ``buckets`` and ``journeys`` define is found, and
            ``emails`` and ``migrations`` are where its templates and migrations are.
        buckets: The app's buckets; with ``app``, further ones.
        templates: The directory of the app's mail templates.
        mail_provider: Who carries mail; None is the one that the settings name.
        migrations: The directory of the app's own migrations, applied after the engine's.
        journeys: The app's journeys; with ``app``, further ones.
        webhook_sources: Whose webhooks the HTTP API receives.
        settings: Where the database is and how to run; None reads the environment.
        clock: The engine's only source of time; None is the machine's clock.

    Raises:
        DefinitionError: With every fault in the definitions.
        ConfigurationError: A setting is wrong.
    """
    if app is not None:
        found = discover(app)
        buckets, journeys = [*found.buckets, *buckets], [*found.journeys, *journeys]
        templates = templates or found.templates
        migrations = migrations or found.migrations
    return Client(
        buckets=buckets,
        templates=templates,
        mail_provider=mail_provider,
        migrations=migrations,
        journeys=journeys,
        webhook_sources=webhook_sources,
        settings=settings or Settings(),
        clock=clock or SystemClock(),
    )
