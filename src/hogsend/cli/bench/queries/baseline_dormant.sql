-- By hand, as of $1, the members of bucket $2: app.active ever, but not in the last 7 days; and when
-- the others will be, if nothing happens.
WITH latest AS MATERIALIZED (
    SELECT user_id, max(occurred_at) + interval '168 hours' AS dormant_at
    FROM user_events
    WHERE event = 'app.active'
    GROUP BY user_id
),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at,
         dwell_anchor_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'backfill', $1, $1, dormant_at
    FROM latest
    WHERE dormant_at <= $1
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at)
SELECT user_id, $2, dormant_at FROM latest WHERE dormant_at > $1::timestamptz
