-- Unsubscribe a user from everything; the first instant stays.
INSERT INTO email_preferences AS known (user_id, unsubscribed_at, updated_at)
VALUES ($1, $2, $2)
ON CONFLICT (user_id) DO UPDATE
SET unsubscribed_at = coalesce(known.unsubscribed_at, excluded.unsubscribed_at),
    updated_at = excluded.updated_at
