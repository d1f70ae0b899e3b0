-- Keys, newest first: ids are uuid7.
SELECT id, name, prefix, scope, created_at, expires_at, revoked_at, last_used_at
FROM api_keys
ORDER BY id DESC
LIMIT $1 OFFSET $2
