-- How many workers told since an instant that they are alive, and when one did last.
SELECT count(*) FILTER (WHERE seen_at >= $1) AS alive, max(seen_at) AS seen_at FROM workers
