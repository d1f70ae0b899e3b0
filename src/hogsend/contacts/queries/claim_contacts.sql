-- Lock contacts, passing over those that somebody works on. Nothing here waits for a lock, so the
-- order cannot deadlock.
SELECT user_id, email, properties, awaits
FROM contacts
WHERE user_id = ANY($1::text::text[])
FOR UPDATE SKIP LOCKED
