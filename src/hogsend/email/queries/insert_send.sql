-- Put a mail on record. No row comes back if it is there already.
INSERT INTO email_sends (
    user_id, idempotency_key, id, status, reason, template, category, journey_id,
    from_address, to_address, subject, html, text, headers,
    provider, attempts, claimed_until, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
ON CONFLICT (user_id, idempotency_key) DO NOTHING
RETURNING *
