"""Which journeys run: what the code says, the environment, and operators at run time.

``journey_configs`` is authoritative for the operators' part; every process reads it once a second.
A journey that does not run enrols nobody, and its runs wait where they are; events still end them.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from hogsend.clock import Clock
from hogsend.db.pool import Connection, Pool
from hogsend.errors import ConfigurationError
from hogsend.journeys.registry import Registry
from hogsend.journeys.store import SQL

REFRESH_S: Final = 1.0


class JourneyControl:
    """Keeps a registry's live journeys up to date.

    Args:
        registry: The app's journeys.
        chosen: The ids that ``ENABLED_JOURNEYS`` names; None is all.

    Raises:
        ConfigurationError: ``chosen`` names journeys that there are not.
    """

    def __init__(
        self, *, pool: Pool, clock: Clock, registry: Registry, chosen: AbstractSet[str] | None
    ) -> None:
        if unknown := (chosen or set()) - registry.journeys.keys():
            raise ConfigurationError(
                f"ENABLED_JOURNEYS names {', '.join(sorted(unknown))}, which the app does not "
                f"define. It defines: {', '.join(sorted(registry.journeys)) or 'none'}."
            )
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._chosen = chosen

    async def register(self) -> None:
        """Note the app's journeys in the database, and what is decided about them."""
        definitions = self._registry.definitions
        await self._pool.execute(
            SQL.register_journeys,
            [journey.id for journey in definitions],
            [journey.meta.name for journey in definitions],
            self._clock.now(),
        )
        await self.run_once()

    async def run_once(self) -> float:
        """Take over what operators decided; returns the seconds until the next look."""
        rows = await self._pool.fetch(SQL.load_overrides)
        overrides = {row["journey_id"]: row["enabled"] for row in rows}
        self._registry.decide(chosen=self._chosen, overrides=overrides)
        return REFRESH_S

    async def override(
        self, connection: Connection, journey_id: str, *, enabled: bool | None
    ) -> bool:
        """Enable or disable a journey in every process; None follows the code again.

        This process follows with its next ``run_once``.

        Returns:
            Whether there is such a journey.
        """
        found = await connection.fetchval(
            SQL.override_journey, journey_id, enabled, self._clock.now()
        )
        return found is not None
