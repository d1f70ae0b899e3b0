-- By hand, as of $1, the members of bucket $2: at least 10 key.action in the last 30 days; and when
-- that ends.
WITH tenth AS MATERIALIZED (
    SELECT user_id,
           (array_agg(occurred_at ORDER BY occurred_at DESC))[10] + interval '720 hours' AS until
    FROM user_events
    WHERE event = 'key.action' AND occurred_at > $1::timestamptz - interval '720 hours'
    GROUP BY user_id
    HAVING count(*) >= 10
),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at,
         expires_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'backfill', $1, $1, until
    FROM tenth
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at) SELECT user_id, $2, until FROM tenth
