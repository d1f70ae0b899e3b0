-- The baseline of `bench ingest`: the same rows into the same table, and nothing else.
INSERT INTO user_events
    (user_id, event, occurred_at, id, properties, received_at, idempotency_key)
SELECT user_id, event, occurred_at, id, properties, $7, idempotency_key
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::uuid[], $5::jsonb[], $6::text[])
    AS new (user_id, event, occurred_at, id, properties, idempotency_key)
