-- A mail on record, locked until the end of the transaction.
-- Lock order: the user's contact, then their mail.
SELECT *
FROM email_sends
WHERE user_id = $1 AND idempotency_key = $2
FOR UPDATE
