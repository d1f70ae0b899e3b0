-- Send nothing to an address any more; the first reason stays.
INSERT INTO email_suppressions (user_id, address, reason, detail, created_at)
VALUES ($1, lower($2::text), $3, $4, $5)
ON CONFLICT (user_id, address) DO NOTHING
