-- A page of the mails, newest first, in a state if one is named. What was not sent has an index.
SELECT id, user_id, idempotency_key, template, category, to_address, subject, status, reason,
       provider_id, created_at, sent_at
FROM (
    (SELECT *
     FROM email_sends
     WHERE ($1::text IS NULL OR $1 = 'sent') AND ($1 IS NULL OR status = 'sent')
     ORDER BY id DESC
     LIMIT $2::bigint + $3::bigint)
    UNION ALL
    (SELECT *
     FROM email_sends
     WHERE status = $1 AND status <> 'sent'
     ORDER BY id DESC
     LIMIT $2::bigint + $3::bigint)
) AS mail
ORDER BY id DESC
LIMIT $2 OFFSET $3
