-- Note that a mail came back, or was complained about.
UPDATE email_sends
SET status = $2, reason = $3, updated_at = $4
WHERE provider_id = $1 AND status IN ('sent', 'bounced')
RETURNING user_id, to_address
