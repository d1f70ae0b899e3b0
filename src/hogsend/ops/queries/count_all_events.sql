-- How many events the log has: named $1, or all (NULL).
SELECT coalesce(sum(amount), 0)::bigint
FROM tally_totals
WHERE measure IN ('event', 'event.transition') AND ($1::text IS NULL OR id = $1)
