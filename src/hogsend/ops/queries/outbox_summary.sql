-- What waits for whom and what was given up; each count stops at $2. The names are found by jumping
-- along the indexes, from one to the next.
WITH RECURSIVE waiting AS (
    (SELECT destination FROM outbox WHERE due_at IS NOT NULL ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT next.destination
    FROM waiting
    CROSS JOIN LATERAL (
        SELECT destination FROM outbox
        WHERE due_at IS NOT NULL AND destination > waiting.destination
        ORDER BY destination
        LIMIT 1
    ) AS next
),
given_up AS (
    (SELECT destination FROM outbox WHERE dead_at IS NOT NULL ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT next.destination
    FROM given_up
    CROSS JOIN LATERAL (
        SELECT destination FROM outbox
        WHERE dead_at IS NOT NULL AND destination > given_up.destination
        ORDER BY destination
        LIMIT 1
    ) AS next
)
SELECT names.destination,
    (
        SELECT count(*) FROM (
            SELECT FROM outbox
            WHERE outbox.destination = names.destination AND due_at IS NOT NULL LIMIT $2
        ) AS bounded
    ) AS pending,
    (
        SELECT count(*) FROM (
            SELECT FROM outbox
            WHERE outbox.destination = names.destination AND dead_at IS NOT NULL LIMIT $2
        ) AS bounded
    ) AS dead,
    (
        SELECT due_at FROM outbox
        WHERE outbox.destination = names.destination AND due_at <= $1
        ORDER BY due_at
        LIMIT 1
    ) AS due_at
FROM (SELECT destination FROM waiting UNION SELECT destination FROM given_up) AS names
ORDER BY names.destination
