-- The members of bucket $2 as of $1, and the timers of all whom the clock will move.
WITH verdict AS MATERIALIZED (/* selection */),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at,
         expires_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'backfill', $1, $1, flips_at
    FROM verdict
    WHERE matches
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at)
SELECT user_id, $2, flips_at
FROM verdict
WHERE flips_at IS NOT NULL
