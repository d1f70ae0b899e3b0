-- Unsubscribe a user from one category; the first instant stays.
INSERT INTO email_preferences AS known (user_id, categories, updated_at)
VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE
SET categories = excluded.categories || known.categories, updated_at = excluded.updated_at
