-- A page of the events of user $1, what happened last first: named $2 or all (NULL), from $3 to
-- before $4, both optional. As `list_events`, along the user's part of the primary key.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE user_id = $1 AND $2::text IS NULL ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event
            FROM user_events
            WHERE user_id = $1 AND event > name.event
            ORDER BY event
            LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT
    newest.id, newest.user_id, newest.event, newest.properties, newest.occurred_at,
    newest.received_at, newest.idempotency_key
FROM (SELECT event FROM name UNION ALL SELECT $2) AS wanted
CROSS JOIN LATERAL (
    SELECT *
    FROM user_events
    WHERE user_events.user_id = $1 AND user_events.event = wanted.event
      AND occurred_at >= coalesce($3::timestamptz, '-infinity')
      AND occurred_at < coalesce($4::timestamptz, 'infinity')
    ORDER BY occurred_at DESC, id DESC
    LIMIT $5::bigint + $6::bigint
) AS newest
ORDER BY newest.occurred_at DESC, newest.id DESC
LIMIT $5 OFFSET $6
