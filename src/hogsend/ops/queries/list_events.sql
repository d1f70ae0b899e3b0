-- A page of the log, what happened last first: named $1 or all (NULL), from $2 to before $3, both
-- optional. The names are found by skipping through the index, and so are the instants of the page's
-- first and last event (the newest of each name, merged); then the page alone is read.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE $1::text IS NULL ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
), wanted AS MATERIALIZED (
    SELECT event FROM name WHERE event IS NOT NULL
    UNION ALL
    SELECT $1 WHERE $1 IS NOT NULL
), instant AS MATERIALIZED (
    SELECT newest.occurred_at, row_number() OVER (ORDER BY newest.occurred_at DESC) AS place
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT occurred_at
        FROM user_events
        WHERE user_events.event = wanted.event
          AND occurred_at >= coalesce($2::timestamptz, '-infinity')
          AND occurred_at < coalesce($3::timestamptz, 'infinity')
        ORDER BY occurred_at DESC
        LIMIT $4::bigint + $5::bigint
    ) AS newest
    ORDER BY newest.occurred_at DESC
    LIMIT $4::bigint + $5::bigint
), bounds AS MATERIALIZED (
    SELECT (SELECT occurred_at FROM instant WHERE place = $5::bigint + 1) AS newest,
           (SELECT min(occurred_at) FROM instant) AS oldest
)
SELECT
    listed.id, listed.user_id, listed.event, listed.properties, listed.occurred_at,
    listed.received_at, listed.idempotency_key
FROM bounds
CROSS JOIN wanted
CROSS JOIN LATERAL (
    SELECT *
    FROM user_events
    WHERE user_events.event = wanted.event
      AND occurred_at >= bounds.oldest AND occurred_at <= bounds.newest
) AS listed
ORDER BY listed.occurred_at DESC, listed.id DESC
LIMIT $4
OFFSET $5 - (SELECT count(*) FROM instant CROSS JOIN bounds WHERE occurred_at > bounds.newest)
