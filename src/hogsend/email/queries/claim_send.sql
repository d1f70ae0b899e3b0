-- Claim a mail for one more attempt. The number of the attempt fences what is written about it.
UPDATE email_sends
SET attempts = attempts + 1, claimed_until = $3, provider = $4, updated_at = $5
WHERE user_id = $1 AND idempotency_key = $2
RETURNING *
