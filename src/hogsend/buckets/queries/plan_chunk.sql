-- What bringing the next $11 contacts behind the user id $2 up to date would do to bucket $3: how
-- many would join, leave and so on, the ids of up to $13 who join and of all who leave. $12 is
-- min_dwell. Takes no locks.
WITH /* judge */,
fate AS (
    SELECT work.*, active AND entered_at + $5::bigint * interval '1 microsecond' <= $1 AS over,
           active AND $1 < entered_at + $12::bigint * interval '1 microsecond' AS held
    FROM work
),
told AS (
    SELECT user_id, matches AND barred AS barred,
           joins,
           coalesce(over, false) AS times_out,
           leaves AND over IS NOT TRUE AND held IS NOT TRUE AS fails,
           leaves AND over IS NOT TRUE AND coalesce(held, false) AS defers,
           -- The end of a longest stay is followed by the next one, where that is allowed.
           coalesce(over, false) AND matches AND (
               $6 = 'unlimited' OR ($6 = 'once_per_period' AND $7 <= 0)
           ) AS returns,
           CASE
               WHEN joins OR (active AND over IS NOT TRUE AND (matches OR held))
                   THEN coalesce(dwell_at <= $1, false)
               ELSE false
           END AS dwells
    FROM fate
)
SELECT (SELECT max(user_id) FROM person) AS last,
       (SELECT count(*) FROM person) AS people,
       count(*) FILTER (WHERE joins) AS joins,
       count(*) FILTER (WHERE fails OR times_out) AS leaves,
       count(*) FILTER (WHERE times_out) AS times_out,
       count(*) FILTER (WHERE returns) AS returns,
       count(*) FILTER (WHERE defers) AS defers,
       count(*) FILTER (WHERE barred) AS barred,
       count(*) FILTER (WHERE dwells) AS dwells,
       (array_agg(user_id ORDER BY user_id) FILTER (WHERE joins))[:$13] AS joining,
       array_agg(user_id ORDER BY user_id) FILTER (WHERE fails OR times_out) AS leaving
FROM told
