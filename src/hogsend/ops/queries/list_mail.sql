-- A page of the mails, newest first, in a state if one is named.
SELECT id, user_id, idempotency_key, template, category, to_address, subject, status, reason,
       provider_id, created_at, sent_at
FROM email_sends
WHERE $1::text IS NULL OR status = $1
ORDER BY id DESC
LIMIT $2 OFFSET $3
