"""What a process tells about itself over HTTP: metrics and request ids."""

from __future__ import annotations

import io
import json

import prometheus_client
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from tests.integration.api.conftest import put_together

from hogsend.api.intake import MAX_UNPARSED_BYTES, Intake
from hogsend.errors import OverloadedError
from hogsend.telemetry.logs import configure_logging


@pytest.fixture
def made(database):
    """Of each test its own: what one has counted would be seen by the next."""
    return put_together(database)


async def scrape(http):
    """Every sample by name and labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_events_and_requests_are_counted(http):
    """Stored and duplicate events, flushes, answers by route and status; what waits in all."""
    for key in ("a", "a", "b"):
        await http.post("/v1/events", json={"name": "buy", "userId": "ann", "idempotencyKey": key})
    await http.post("/v1/events", json={"name": "buy"})
    await http.get("/nothing/of/the/kind")
    seen = await scrape(http)
    assert seen["hogsend_events_total", "stored"] == 2
    assert seen["hogsend_events_total", "duplicate"] == 1
    assert seen["hogsend_ingest_flush_seconds_count",] == 3
    assert seen["hogsend_http_requests_total", "/v1/events", "202", "POST"] == 3
    assert seen["hogsend_http_requests_total", "/v1/events", "422", "POST"] == 1
    assert seen["hogsend_http_requests_total", "404", "GET", "none"] == 1
    assert seen["hogsend_database_up",] == 1
    assert seen["hogsend_workers",] == seen["hogsend_due_backlog",] == 0
    assert seen["hogsend_reconcile_drift_total", "buyers"] == 0


async def test_without_a_database_metrics_say_so(http):
    """The process's own figures are there all the same."""
    await http.engine.pool.close()
    seen = await scrape(http)
    assert seen["hogsend_database_up",] == 0
    assert ("hogsend_due_backlog",) not in seen
    assert ("hogsend_ingest_queue_depth",) in seen


async def test_nothing_is_registered_globally(http):
    """An app may have metrics of its own in prometheus-client's default registry."""
    await scrape(http)
    names = {family.name for family in prometheus_client.REGISTRY.collect()}
    assert not any(name.startswith("hogsend") for name in names)


async def test_a_request_has_an_id(http):
    """The one that it brings, if that is one; else a new one; the answer says which."""
    given = await http.get("/v1/health", headers={"X-Request-Id": "abc-1"})
    assert given.headers["X-Request-Id"] == "abc-1"
    made = [
        (await http.get("/v1/health", headers=headers)).headers["X-Request-Id"]
        for headers in ({}, {"X-Request-Id": "not an id\t"}, {"X-Request-Id": "x" * 101})
    ]
    assert len(set(made)) == 3
    assert all(len(each) == 36 for each in made)


async def test_spans_are_made_if_a_sdk_is_configured(http, monkeypatch):
    """A request and the ingest transaction behind it; without an SDK there is nothing."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    event = {"name": "buy", "userId": "ann"}
    await http.post("/v1/events", json=event)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    await http.post("/v1/events", json=event)
    names = {span.name for span in exporter.get_finished_spans()}
    assert {"POST /v1/events", "hogsend.ingest"} <= names


async def test_the_log_says_which_events_a_request_stored(http):
    """Their ids and those of what followed, with the request's; at LOG_LEVEL=debug only."""
    logged = {}
    for level in ("debug", "info"):
        stream = io.StringIO()
        configure_logging(level, stream)
        for user in ("ann", "ann"):
            event = {"name": "buy", "userId": f"{user}-{level}"}
            await http.post("/v1/events", json=event, headers={"X-Request-Id": "abc-1"})
        logged[level] = [json.loads(line) for line in stream.getvalue().splitlines()]
    stored = [entry for entry in logged["debug"] if entry["event"] == "events.stored"]
    rows = await http.engine.pool.fetch(
        "SELECT id::text FROM user_events WHERE user_id = 'ann-debug' ORDER BY id"
    )
    assert [entry["events"] + entry["emitted"] for entry in stored] == [
        [rows[0]["id"]],
        [row["id"] for row in rows[1:]],
    ]
    assert len(rows) == 4
    assert {entry["request_id"] for entry in stored} == {"abc-1"}
    assert logged["info"] == []


def request(size, body=b"x"):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-length", str(size).encode())]
    return Request({"type": "http", "headers": headers}, receive)


async def test_bodies_beyond_the_bounds_are_refused():
    """One alone may be large; a second one beside it is too much, and afterwards it is not."""
    full = False
    intake = Intake(lambda: full)
    size = MAX_UNPARSED_BYTES * 16
    async with intake.admit(request(size)), intake.admit(request(size)):
        with pytest.raises(OverloadedError):
            async with intake.admit(request(size)):
                pass
    async with intake.admit(request(size)):
        pass
    full = True
    with pytest.raises(OverloadedError):
        async with intake.admit(request(10)):
            pass


async def test_a_flood_of_refusals_is_no_flood_of_the_log(http, monkeypatch):
    """One line says that there are any; each answer is 503 with Retry-After, and counted."""
    monkeypatch.setattr(type(http.engine.batcher), "is_full", property(lambda _: True))
    stream = io.StringIO()
    configure_logging("info", stream)
    answers = [await http.post("/v1/events", json={"name": "buy"}) for _ in range(50)]
    assert {(each.status_code, each.headers["Retry-After"]) for each in answers} == {(503, "1")}
    (told,) = map(json.loads, stream.getvalue().splitlines())
    assert (told["event"], told["level"]) == ("ingest.overloaded", "warning")
    assert (await scrape(http))["hogsend_http_requests_total", "/v1/events", "503", "POST"] == 50
