-- A session that has not ended, and the key that opened it as it is now.
SELECT s.proof,
       k.id, k.name, k.prefix, k.scope, k.created_at, k.expires_at, k.revoked_at, k.last_used_at
FROM studio_sessions s
LEFT JOIN api_keys k ON k.id = s.key_id
WHERE s.token_hash = $1
  AND s.kind = $2
  AND s.expires_at > $3
