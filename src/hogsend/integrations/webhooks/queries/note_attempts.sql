-- Note what became of attempts.
INSERT INTO webhook_attempts
    (user_id, endpoint_id, id, message_id, topic, status, error, took_ms, at)
SELECT *
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::integer[], $7::text[],
    $8::integer[], $9::timestamptz[])
