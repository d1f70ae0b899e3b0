-- Lock the contacts of the timers that are due longest, passing over those that somebody works
-- on. Nothing here waits for a lock, so the order (by due time) cannot deadlock.
SELECT contact.user_id, contact.email, contact.properties
FROM bucket_timers AS timer
JOIN contacts AS contact ON contact.user_id = timer.user_id
WHERE timer.due_at <= $1 AND timer.bucket_id = ANY($2::text[])
ORDER BY timer.due_at
LIMIT $3
FOR UPDATE OF contact SKIP LOCKED
