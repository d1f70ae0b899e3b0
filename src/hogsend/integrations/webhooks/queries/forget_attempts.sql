-- Forget some attempts from before $1.
DELETE FROM webhook_attempts
WHERE (user_id, endpoint_id, id) IN (
    SELECT user_id, endpoint_id, id FROM webhook_attempts WHERE at < $1 ORDER BY at LIMIT 1000
)
