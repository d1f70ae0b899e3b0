-- A page of the names that events have, in alphabetical order, found by skipping through the index.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT
    page.event AS name,
    (SELECT max(occurred_at) FROM user_events WHERE user_events.event = page.event) AS last_seen_at
FROM (SELECT event FROM name WHERE event IS NOT NULL LIMIT $1 OFFSET $2) AS page
