-- Give a mail back after an attempt that came to nothing, so that the next one need not wait.
UPDATE email_sends
SET reason = $4, claimed_until = NULL
WHERE user_id = $1 AND idempotency_key = $2 AND attempts = $3 AND status = 'sending'
