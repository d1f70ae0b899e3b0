-- The part that surveying and writing a chunk share: what is to be done about each person of it.
-- The same rules as in buckets/membership.py. Durations are microseconds.
-- $1 now, $2 whom, $3 the bucket, $4 the mark of timers to be believed (NULL: all are),
-- $5 max_dwell, $6 entry_limit, $7 entry_period, $8 to $10 dwell schedules: label, after, every.
person AS MATERIALIZED (/* people */),
verdict AS MATERIALIZED (/* selection */),
pair AS (
    SELECT verdict.user_id, verdict.matches, verdict.flips_at, verdict.since,
           stay.entry_count, stay.expires_at, stay.dwell_state,
           coalesce(stay.status = 'active', false) AS active,
           stay.left_at + $7::bigint * interval '1 microsecond' AS reopens_at,
           verdict.matches AND stay.reason IS NOT DISTINCT FROM 'max_dwell' AND CASE $6::text
               WHEN 'once' THEN true
               WHEN 'once_per_period'
                   THEN $1 < stay.left_at + $7::bigint * interval '1 microsecond'
               ELSE false
           END AS barred,
           CASE WHEN stay.status = 'active' THEN stay.entered_at
                ELSE greatest($1, stay.left_at) END AS entered_at,
           CASE WHEN stay.status = 'active' THEN coalesce(stay.dwell_anchor_at, stay.entered_at)
                ELSE coalesce(verdict.since, greatest($1, stay.left_at)) END AS anchor,
           timer.due_at AS timer, timer.mark,
           coalesce(timer.due_at <= $1 AND ($4::integer IS NULL OR timer.mark = $4), false) AS late
    FROM verdict
    LEFT JOIN LATERAL (
        SELECT entry_count, status, reason, entered_at, left_at, expires_at, dwell_anchor_at,
               dwell_state
        FROM bucket_memberships AS membership
        WHERE membership.user_id = verdict.user_id AND membership.bucket_id = $3
        ORDER BY entry_count DESC
        LIMIT 1
    ) AS stay ON true
    LEFT JOIN LATERAL (
        SELECT due_at, mark
        FROM bucket_timers
        -- Compared as rows, which keeps a plan from the index by due time, all of the bucket's.
        WHERE (bucket_timers.user_id, bucket_timers.bucket_id) >= (verdict.user_id, $3)
          AND (bucket_timers.user_id, bucket_timers.bucket_id) <= (verdict.user_id, $3)
        LIMIT 1
    ) AS timer ON true
),
dwelling AS (
    SELECT pair.*,
           CASE WHEN cardinality($8::text[]) > 0 AND (matches OR active) THEN (
               SELECT min(CASE
                   WHEN every IS NOT NULL
                       THEN anchor + (fired.times + 1) * every * interval '1 microsecond'
                   WHEN fired.times = 0 THEN anchor + after * interval '1 microsecond'
               END)
               FROM unnest($8, $9::bigint[], $10::bigint[]) AS schedule (label, after, every),
               LATERAL (
                   SELECT CASE WHEN active
                       THEN coalesce((dwell_state ->> label)::bigint, 0) ELSE 0 END AS times
               ) AS fired
           ) END AS dwell_at
    FROM pair
),
planned AS (
    SELECT dwelling.*,
           CASE
               WHEN barred THEN CASE WHEN $6 = 'once_per_period' THEN reopens_at END
               WHEN NOT matches THEN flips_at
               ELSE least(flips_at, entered_at + $5::bigint * interval '1 microsecond', dwell_at)
           END AS wanted_at
    FROM dwelling
),
judged AS (
    SELECT planned.*,
           -- A believed timer that is due is the pump's: what it brings is announced.
           matches AND NOT active AND NOT barred AND NOT late AS joins,
           active AND NOT matches AND NOT late AS leaves,
           -- Nothing is made to happen in the past, such as a max_dwell that is new.
           CASE WHEN wanted_at < $1 THEN $1 ELSE wanted_at END AS due_at
    FROM planned
),
work AS (
    SELECT judged.*,
           NOT leaves AND NOT late AND due_at IS NOT NULL AND (
               timer IS NULL OR timer > due_at OR (joins AND timer <> due_at)
               OR ($4::integer IS NOT NULL AND mark IS DISTINCT FROM $4)
           ) AS arms,
           NOT leaves AND NOT late AND due_at IS NULL AND timer IS NOT NULL
               AND ($4 IS NOT NULL OR joins OR active)
               AS disarms,
           active AND matches AND NOT late AND due_at IS NULL AND expires_at IS NOT NULL
               AS stays_for_ever
    FROM judged
)
