-- How many of a destination's deliveries were given up ($2), or wait; at most $3.
SELECT count(*)
FROM (
    SELECT FROM outbox WHERE destination = $1 AND NOT $2 AND due_at IS NOT NULL
    UNION ALL
    SELECT FROM outbox WHERE destination = $1 AND $2 AND dead_at IS NOT NULL
    LIMIT $3
) AS bounded
