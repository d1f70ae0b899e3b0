-- Who is signed in to Studio. Small and the same everywhere; not distributed.
CREATE TABLE studio_sessions (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL,
    key_id     uuid,
    proof      bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT studio_sessions_token_is_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT studio_sessions_kind_known CHECK (kind IN ('session', 'link')),
    CONSTRAINT studio_sessions_of_one_key CHECK ((key_id IS NULL) <> (proof IS NULL))
);

CREATE INDEX studio_sessions_expires_at ON studio_sessions (expires_at);

COMMENT ON COLUMN studio_sessions.token_hash IS 'SHA-256 of the token; the token itself is nowhere';
COMMENT ON COLUMN studio_sessions.proof IS 'of ADMIN_API_KEY, keyed with the token';
