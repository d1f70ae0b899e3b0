-- Note that a mail came back, or was complained about; a complaint is not undone by a bounce.
UPDATE email_sends
SET status = CASE WHEN status = 'complained' THEN status ELSE $2 END,
    reason = CASE WHEN status = 'complained' THEN reason ELSE $3 END,
    updated_at = $4
WHERE provider_id = $1 AND status IN ('sent', 'bounced', 'complained')
RETURNING user_id, to_address
