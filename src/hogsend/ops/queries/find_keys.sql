-- Keys by their hashes. Notes the use of usable ones, but no more often than $3; a row that
-- another session notes in the same moment is left to it, so nobody waits.
WITH found AS MATERIALIZED (
    SELECT hash, id, name, prefix, scope, created_at, expires_at, revoked_at, last_used_at
    FROM api_keys
    WHERE hash = ANY($1::bytea[])
), stale AS (
    SELECT id
    FROM api_keys
    WHERE hash = ANY($1::bytea[])
      AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > $2)
      AND (last_used_at IS NULL OR last_used_at <= $2 - $3::interval)
    FOR UPDATE SKIP LOCKED
), noted AS (
    UPDATE api_keys SET last_used_at = $2 FROM stale WHERE api_keys.id = stale.id
)
SELECT * FROM found
