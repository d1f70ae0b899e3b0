-- Store a key's hash and what is shown of it.
INSERT INTO api_keys (id, name, prefix, hash, scope, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id, name, prefix, scope, created_at, expires_at, revoked_at, last_used_at
