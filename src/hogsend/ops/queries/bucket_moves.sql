-- The joins and leaves of bucket $1 since $3, by periods of length $2, which are whole hours; all
-- that came at $4 or later count at $4.
SELECT
    CASE WHEN hour >= $4 THEN $4 ELSE date_bin($2, hour, $3) END AS date,
    (coalesce(sum(amount) FILTER (WHERE measure = 'stay.entered'), 0))::bigint AS entered,
    (coalesce(sum(amount) FILTER (WHERE measure = 'stay.left'), 0))::bigint AS "left"
FROM tally_hours
WHERE measure IN ('stay.entered', 'stay.left') AND id = $1 AND hour >= $3
GROUP BY 1
