-- Lock the contacts of the timers that are due longest, passing over those that somebody works
-- on. Nothing here waits for a lock, so the order (by due time) cannot deadlock.
-- Each bucket offers more than a batch, for several pumps to find work side by side.
SELECT contact.user_id, contact.email, contact.properties, live.bucket_id
FROM unnest($2::text[]) AS live (bucket_id)
CROSS JOIN LATERAL (
    SELECT timer.user_id, timer.due_at
    FROM bucket_timers AS timer
    WHERE timer.bucket_id = live.bucket_id AND timer.due_at <= $1
    ORDER BY timer.due_at
    LIMIT 4 * $3::integer
) AS due
JOIN contacts AS contact ON contact.user_id = due.user_id
ORDER BY due.due_at
LIMIT $3::integer
FOR UPDATE OF contact SKIP LOCKED
