-- Events by periods of length $2 from $3 to before $4: those named $1, or (NULL) all that clients
-- sent. The names are found by skipping through the index, and each is read from its own range.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events WHERE $1::text IS NULL ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT date_bin($2, event.occurred_at, $3) AS date, count(*) AS count
FROM (
    SELECT event FROM name WHERE event IS NOT NULL AND NOT starts_with(event, 'bucket:')
    UNION ALL
    SELECT $1 WHERE $1 IS NOT NULL
) AS wanted
CROSS JOIN LATERAL (
    SELECT occurred_at
    FROM user_events
    WHERE user_events.event = wanted.event AND occurred_at >= $3 AND occurred_at < $4
) AS event
GROUP BY 1
