-- A page of the log, what happened last first: named $1 or all (NULL), from $2 to before $3, both
-- optional. The newest of each name are merged; the names are found by skipping through the index.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE $1::text IS NULL ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT
    newest.id, newest.user_id, newest.event, newest.properties, newest.occurred_at,
    newest.received_at, newest.idempotency_key
FROM (SELECT event FROM name UNION ALL SELECT $1) AS wanted
CROSS JOIN LATERAL (
    SELECT *
    FROM user_events
    WHERE user_events.event = wanted.event
      AND occurred_at >= coalesce($2::timestamptz, '-infinity')
      AND occurred_at < coalesce($3::timestamptz, 'infinity')
    ORDER BY occurred_at DESC, id DESC
    LIMIT $4::bigint + $5::bigint
) AS newest
ORDER BY newest.occurred_at DESC, newest.id DESC
LIMIT $4 OFFSET $5
