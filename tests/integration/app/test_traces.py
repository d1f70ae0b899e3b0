"""Spans of what happens without a request."""

from __future__ import annotations

from collections import Counter

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.world import World

from hogsend import days, define_bucket, define_journey


async def test_the_clock_jobs_audits_and_journeys_make_spans(pool, monkeypatch):
    """Each names its work, and only where there is some: an idle loop makes none."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    active = define_bucket(
        id="active", name="Active", criteria=lambda b: b.event("seen").within(days(7)).exists()
    )

    @define_journey(id="tour", name="Tour", trigger="seen")
    async def tour(user, ctx):
        await ctx.step("one", lambda: None)

    def seen():
        names = Counter(span.name for span in exporter.get_finished_spans())
        exporter.clear()
        return names

    await World(pool).event("ann", "seen")
    assert seen() == {"hogsend.settle": 1}
    world = World(pool, [active], [tour])
    await world.deploy()
    assert set(seen()) == {"hogsend.job"}
    await world.event("bob", "seen")
    await world.settle()
    assert seen()["hogsend.journey"] == 1
    await world.advance(days(8))
    assert set(seen()) == {"hogsend.pump"}
    await world.event("carl", "seen")
    await pool.execute("DELETE FROM bucket_timers")
    world.clock.set(world.now + days(8))
    exporter.clear()
    assert await world.engine.reconciler.reconcile(world.now) == 1
    assert seen() == {"hogsend.reconcile": 1}
    await world.engine.pump.run_once()
    await world.engine.reconciler.reconcile(world.now)
    await world.engine.executor.run_once()
    assert seen() == {}
