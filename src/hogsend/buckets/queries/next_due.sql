-- The earliest instant at which a timer of these buckets is due.
SELECT due_at
FROM bucket_timers
WHERE bucket_id = ANY($1::text[])
ORDER BY due_at
LIMIT 1
