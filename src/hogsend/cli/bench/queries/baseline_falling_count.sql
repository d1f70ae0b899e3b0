-- By hand, as of $1, the members of bucket $2: at most 2 app.active in the last 7 days; and when
-- the others will be, if nothing happens.
WITH third AS MATERIALIZED (
    SELECT user_id, found.times[3] + interval '168 hours' AS until, found.times[1] AS newest
    FROM contacts
    LEFT JOIN (
        SELECT user_id, array_agg(occurred_at ORDER BY occurred_at DESC) AS times
        FROM user_events
        WHERE event = 'app.active'
        GROUP BY user_id
    ) AS found USING (user_id)
),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at,
         dwell_anchor_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'backfill', $1, $1,
           CASE WHEN newest < until THEN until END
    FROM third
    WHERE until <= $1 OR until IS NULL
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at)
SELECT user_id, $2, until FROM third WHERE until > $1::timestamptz
