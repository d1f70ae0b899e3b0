-- A page of the mails, newest first, of a user or in a state if one is named.
SELECT id, user_id, idempotency_key, template, category, to_address, subject, status, reason,
       provider_id, created_at, sent_at
FROM email_sends
WHERE ($1::text IS NULL OR user_id = $1) AND ($2::text IS NULL OR status = $2)
ORDER BY id DESC
LIMIT $3 OFFSET $4
