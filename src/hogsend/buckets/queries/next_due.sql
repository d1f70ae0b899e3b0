-- The earliest instant at which a timer of these buckets is due.
SELECT min(due.due_at)
FROM unnest($1::text[]) AS live (bucket_id)
CROSS JOIN LATERAL (
    SELECT timer.due_at
    FROM bucket_timers AS timer
    WHERE timer.bucket_id = live.bucket_id
    ORDER BY timer.due_at
    LIMIT 1
) AS due
