"""No statement on a mail's way reads the mail of others."""

from __future__ import annotations

import pytest
from tests.world import START

from hogsend.contacts import store as contacts
from hogsend.email import store
from hogsend.ops import mail as ops

STATEMENTS = {
    "lock_send": (store.SQL.lock_send, ["u1", "k"]),
    "claim_send": (store.SQL.claim_send, ["u1", "k", START, "p", START]),
    "finish_send": (store.SQL.finish_send, ["u1", "k", 1, "sent", None, "x", START, START]),
    "release_send": (store.SQL.release_send, ["u1", "k", 1, "why"]),
    "find_recipient": (store.SQL.find_recipient, ["u1", "news"]),
    "find_suppression": (store.SQL.find_suppression, ["u1@x.org"]),
    "count_recent": (store.SQL.count_recent, ["u1", START]),
    "return_send": (store.SQL.return_send, ["p1", "bounced", "why", START]),
    "find_preferences": (store.SQL.find_preferences, ["{u1}", None]),
    "erase_sends": (store.SQL.erase_sends, ["u1"]),
    "find_by_email": (contacts.SQL.find_by_email, [["u1@x.org"]]),
    "list_mail": (ops.SQL.list_mail, [None, 50, 0]),
    "list_user_mail": (ops.SQL.list_user_mail, [None, 50, 0, "u1"]),
    "count_user_mail": (ops.SQL.count_user_mail, [None, "u1"]),
    "find_mail": (ops.SQL.find_mail, ["00000000-0000-0000-0000-000000000001"]),
}


@pytest.fixture
async def full(connection):
    """Tables that are worth an index."""
    users = "FROM generate_series(1, 3000) AS n"
    for statement in (
        f"""INSERT INTO contacts (user_id, email, created_at, updated_at)
            SELECT 'u' || n, 'u' || n || '@x.org', $1, $1 {users}""",
        f"""INSERT INTO email_preferences (user_id, updated_at) SELECT 'u' || n, $1 {users}""",
        f"""INSERT INTO email_suppressions (user_id, address, reason, created_at)
            SELECT 'u' || n, 'u' || n || '@x.org', 'manual', $1 {users}""",
        f"""INSERT INTO email_sends (user_id, idempotency_key, id, status, template, from_address,
                to_address, subject, html, text, provider, provider_id, created_at, updated_at)
            SELECT 'u' || n, 'k', gen_random_uuid(), 'sending', 't', 'f', 'to', 's', 'h', 't', 'p',
                'p' || n, $1, $1 {users}""",
    ):
        await connection.execute(statement, START)
    await connection.execute("ANALYZE")
    return connection


async def test_every_statement_goes_by_an_index(full):
    """As a generic plan, which is what runs."""
    for name, (statement, arguments) in STATEMENTS.items():
        plan = await full.fetch(f"EXPLAIN {statement}", *arguments)
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text, f"{name}\n{text}"
