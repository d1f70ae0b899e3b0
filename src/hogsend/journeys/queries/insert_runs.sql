-- Start runs; one that a later event of the same transaction ended starts as ended ($6).
-- The caller holds the users' contact locks, and knows that no other run of the pair is under way.
INSERT INTO journey_states
    (user_id, journey_id, id, event, contact, created_at, updated_at, resumed_at,
     status, wake_at, exit_reason, finished_at)
SELECT user_id, journey_id, id, event, contact, $7::timestamptz, $7, $7,
       CASE WHEN ended IS NULL THEN 'active' ELSE 'exited' END,
       CASE WHEN ended IS NULL THEN $7::timestamptz END,
       ended,
       CASE WHEN ended IS NOT NULL THEN $7::timestamptz END
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::jsonb[], $5::text::jsonb[],
    $6::text::text[]
) AS started (user_id, journey_id, id, event, contact, ended)
