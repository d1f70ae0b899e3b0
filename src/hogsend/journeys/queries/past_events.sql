-- The newest $4 events of a user by one name, from $3 on if that is given.
SELECT properties
FROM user_events
WHERE user_id = $1 AND event = $2 AND ($3::timestamptz IS NULL OR occurred_at >= $3)
ORDER BY occurred_at DESC
LIMIT $4
