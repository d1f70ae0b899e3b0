-- How many events `list_events` would list; stops soon after $4.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE $1::text IS NULL ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT count(*)
FROM (
    SELECT
    FROM (SELECT event FROM name UNION ALL SELECT $1) AS wanted
    CROSS JOIN LATERAL (
        SELECT
        FROM user_events
        WHERE user_events.event = wanted.event
          AND occurred_at >= coalesce($2::timestamptz, '-infinity')
          AND occurred_at < coalesce($3::timestamptz, 'infinity')
        LIMIT $4::bigint + 1
    ) AS found
    LIMIT $4::bigint + 1
) AS counted
