-- By hand, as of $1, the members of bucket $2: on trial or pro; with 3 key.action in the last 14
-- days, or a trial that ends within 3 days; and no page.view in the last day. And when to look again.
WITH person AS (
    SELECT user_id, (properties ->> 'trial_ends_at')::timestamptz AS ends_at
    FROM contacts
    WHERE properties ->> 'plan' IN ('trial', 'pro')
),
key_action AS (
    SELECT user_id,
           (array_agg(occurred_at ORDER BY occurred_at DESC))[3] + interval '336 hours' AS until
    FROM user_events
    WHERE event = 'key.action'
    GROUP BY user_id
),
page_view AS (
    SELECT user_id, max(occurred_at) + interval '24 hours' AS quiet_at
    FROM user_events
    WHERE event = 'page.view'
    GROUP BY user_id
),
fact AS (
    SELECT user_id, ends_at, until, quiet_at,
           coalesce(until > $1::timestamptz, false) AS is_busy,
           coalesce($1 >= ends_at - interval '72 hours' AND $1 < ends_at, false) AS is_ending,
           coalesce(quiet_at <= $1, true) AS is_quiet
    FROM person
    LEFT JOIN key_action USING (user_id)
    LEFT JOIN page_view USING (user_id)
),
judged AS MATERIALIZED (
    SELECT user_id, (is_busy OR is_ending) AND is_quiet AS matches,
           CASE
               WHEN (is_busy OR is_ending) AND is_quiet
                   THEN greatest(CASE WHEN is_busy THEN until END, CASE WHEN is_ending THEN ends_at END)
               WHEN is_busy OR is_ending THEN quiet_at
               WHEN ends_at - interval '72 hours' > $1
                   THEN greatest(ends_at - interval '72 hours', CASE WHEN NOT is_quiet THEN quiet_at END)
           END AS flips_at
    FROM fact
),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at,
         expires_at)
    SELECT user_id, $2, 1, gen_random_uuid(), 'active', 'backfill', $1, $1, flips_at
    FROM judged
    WHERE matches
)
INSERT INTO bucket_timers (user_id, bucket_id, due_at)
SELECT user_id, $2, flips_at FROM judged WHERE flips_at IS NOT NULL
