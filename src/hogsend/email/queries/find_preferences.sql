-- Which of these users are unsubscribed: from everything, or from a category if one is named.
SELECT user_id
FROM email_preferences
WHERE user_id = ANY($1::text::text[])
  AND (unsubscribed_at IS NOT NULL OR categories ? $2::text)
