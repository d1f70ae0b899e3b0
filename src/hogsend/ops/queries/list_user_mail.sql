-- A page of a user's mails, newest first, in a state if one is named. A statement of its own: one
-- that leaves the user open reads the mail of all others, too.
SELECT id, user_id, idempotency_key, template, category, to_address, subject, status, reason,
       provider_id, created_at, sent_at
FROM email_sends
WHERE user_id = $4 AND ($1::text IS NULL OR status = $1)
ORDER BY id DESC
LIMIT $2 OFFSET $3
