-- Whether there is a key that opens anything at $1.
SELECT EXISTS (
    SELECT FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
)
