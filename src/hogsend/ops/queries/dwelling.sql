-- How long the newest $3 of the ended stays of bucket $1 lasted, in seconds: those between each two
-- of the edges $2, and the median of all (bar NULL). Read from an index alone.
WITH ended AS MATERIALIZED (
    SELECT extract(epoch FROM left_at - entered_at)::float8 AS seconds
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'left'
    ORDER BY left_at DESC
    LIMIT $3
), placed AS (
    SELECT seconds, width_bucket(seconds, $2::float8[]) AS bar FROM ended
)
SELECT bar, count(*) AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median
FROM placed
GROUP BY GROUPING SETS ((bar), ())
