-- Subscribe a user again: to everything, or to one category if one is named.
UPDATE email_preferences
SET unsubscribed_at = CASE WHEN $2::text IS NULL THEN NULL ELSE unsubscribed_at END,
    categories = CASE WHEN $2::text IS NULL THEN '{}'::jsonb ELSE categories - $2::text END,
    updated_at = $3
WHERE user_id = $1
