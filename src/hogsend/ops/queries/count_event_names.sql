-- How many names events have; stops soon after $1.
WITH RECURSIVE name AS (
    (SELECT event FROM user_events ORDER BY event LIMIT 1)
    UNION ALL
    SELECT (SELECT event FROM user_events WHERE event > name.event ORDER BY event LIMIT 1)
    FROM name
    WHERE name.event IS NOT NULL
)
SELECT count(*) FROM (SELECT FROM name WHERE event IS NOT NULL LIMIT $1::bigint + 1) AS counted
