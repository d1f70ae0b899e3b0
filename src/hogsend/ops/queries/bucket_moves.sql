-- The joins and leaves of bucket $1 since $3, by periods of length $2; all that came at $4 or
-- later count at $4. Each status stands there literally, for its index to be used.
SELECT
    CASE WHEN at >= $4 THEN $4 ELSE date_bin($2, at, $3) END AS date,
    sum(entered) AS entered,
    sum("left") AS "left"
FROM (
    SELECT entered_at AS at, 1 AS entered, 0 AS "left"
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'active' AND entered_at >= $3
    UNION ALL
    SELECT entered_at, 1, 0
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'left' AND entered_at >= $3
    UNION ALL
    SELECT left_at, 0, 1
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'left' AND left_at >= $3
) AS move
GROUP BY 1
