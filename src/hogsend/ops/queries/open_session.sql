-- A session or a link; those that have ended go.
WITH ended AS (
    DELETE FROM studio_sessions WHERE expires_at <= $5
)
INSERT INTO studio_sessions (token_hash, kind, key_id, proof, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
