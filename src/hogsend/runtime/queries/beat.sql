-- Tell that a worker is alive, and forget those that have been silent for long.
WITH forgotten AS (
    DELETE FROM workers WHERE seen_at < $6
)
INSERT INTO workers (id, host, pid, started_at, seen_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
