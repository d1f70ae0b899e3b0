-- Append to the log. The callers hold the users' contact locks and have left out the events
-- whose idempotency key is known, so a conflict here is an error.
INSERT INTO user_events
    (user_id, event, occurred_at, id, properties, received_at, idempotency_key)
SELECT user_id, event, occurred_at, id, properties, $7, idempotency_key
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::uuid[], $5::jsonb[], $6::text[])
    AS new (user_id, event, occurred_at, id, properties, idempotency_key)
