"""Which buckets are live: what the code says, the environment, and operators at run time.

``bucket_configs`` is authoritative for the operators' part. Every process reads it once a second,
so a decision takes effect everywhere within two. A bucket that is not live is not evaluated:
its members stay, its timers wait, nothing is announced.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from hogsend.buckets.registry import Registry
from hogsend.clock import Clock
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import ConfigurationError

SQL = load_queries(__package__)

REFRESH_S: Final = 1.0


class BucketControl:
    """Keeps a registry's live buckets up to date.

    Args:
        registry: The app's buckets.
        chosen: The ids that ``ENABLED_BUCKETS`` names; None is all.

    Raises:
        ConfigurationError: ``chosen`` names buckets that there are not.
    """

    def __init__(
        self, *, pool: Pool, clock: Clock, registry: Registry, chosen: AbstractSet[str] | None
    ) -> None:
        if unknown := (chosen or set()) - registry.buckets.keys():
            raise ConfigurationError(
                f"ENABLED_BUCKETS names {', '.join(sorted(unknown))}, which the app does not "
                f"define. It defines: {', '.join(sorted(registry.buckets)) or 'none'}."
            )
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._chosen = chosen

    async def register(self) -> None:
        """Note the app's buckets in the database, and what is decided about them."""
        definitions = self._registry.definitions
        await self._pool.execute(
            SQL.register_buckets,
            [bucket.id for bucket in definitions],
            [bucket.meta.name for bucket in definitions],
            self._clock.now(),
        )
        await self.run_once()

    async def run_once(self) -> float:
        """Take over what operators decided; returns the seconds until the next look."""
        overrides = {
            row["bucket_id"]: row["enabled"] for row in await self._pool.fetch(SQL.load_overrides)
        }
        self._registry.set_live(
            bucket_id
            for bucket_id, bucket in self._registry.buckets.items()
            if self._is_chosen(bucket_id) and overrides.get(bucket_id, bucket.meta.enabled)
        )
        return REFRESH_S

    async def override(
        self, connection: Connection, bucket_id: str, *, enabled: bool | None
    ) -> bool:
        """Enable or disable a bucket in every process; None follows the code again.

        This process follows with its next ``run_once``.

        Returns:
            Whether there is such a bucket.
        """
        found = await connection.fetchval(
            SQL.override_bucket, bucket_id, enabled, self._clock.now()
        )
        return found is not None

    def _is_chosen(self, bucket_id: str) -> bool:
        return self._chosen is None or bucket_id in self._chosen
