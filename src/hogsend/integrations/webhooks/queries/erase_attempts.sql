-- Remove the attempts to tell of a user.
DELETE FROM webhook_attempts WHERE user_id = $1
