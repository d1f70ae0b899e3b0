-- Note what became of a mail, unless a later attempt has it by now.
UPDATE email_sends
SET status = $4, reason = $5, provider_id = $6, sent_at = $7, claimed_until = NULL, updated_at = $8
WHERE user_id = $1 AND idempotency_key = $2 AND attempts = $3 AND status = 'sending'
RETURNING *
