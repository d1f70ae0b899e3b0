-- The mails of a template that were sent to a user.
SELECT count(*) AS count, max(sent_at) AS last_at
FROM email_sends
WHERE user_id = $1 AND template = $2 AND sent_at IS NOT NULL
