-- The workers of the last hour; there is a row for each process that lives, and few others.
SELECT id, host, pid, started_at, seen_at FROM workers ORDER BY seen_at DESC LIMIT $1
