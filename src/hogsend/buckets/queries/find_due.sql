-- The pairs whose timers are due longest. Takes no locks: whoever settles them takes the contacts'.
SELECT due.user_id, live.bucket_id
FROM unnest($2::text[]) AS live (bucket_id)
CROSS JOIN LATERAL (
    SELECT timer.user_id, timer.due_at
    FROM bucket_timers AS timer
    WHERE timer.bucket_id = live.bucket_id AND timer.due_at <= $1
    ORDER BY timer.due_at
    LIMIT $3::integer
) AS due
ORDER BY due.due_at
LIMIT $3::integer
