-- The most members that each bucket ever had, and the first instant at which it had them.
-- What changes at one instant counts as one change.
WITH changes AS (
    SELECT bucket_id, at, sum(change) AS change
    FROM (
        SELECT bucket_id, entered_at AS at, 1 AS change FROM bucket_memberships
        UNION ALL
        SELECT bucket_id, left_at, -1 FROM bucket_memberships WHERE left_at IS NOT NULL
    ) AS moves
    WHERE bucket_id = ANY($1::text[])
    GROUP BY bucket_id, at
), sizes AS (
    SELECT bucket_id, at, sum(change) OVER (PARTITION BY bucket_id ORDER BY at) AS size
    FROM changes
)
SELECT DISTINCT ON (bucket_id) bucket_id, size::bigint AS size, at
FROM sizes
ORDER BY bucket_id, size DESC, at
