-- Keys and the audit log; indexes for what operators read.

-- Small and the same everywhere; not distributed.
CREATE TABLE api_keys (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    prefix       text NOT NULL,
    hash         bytea NOT NULL,
    scope        text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT api_keys_scope_known
        CHECK (scope IN ('ingest', 'read', 'journey-admin', 'full-admin'))
);

CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);

COMMENT ON COLUMN api_keys.hash IS 'SHA-256 of the key; the key itself is nowhere';
COMMENT ON COLUMN api_keys.last_used_at IS 'to the minute';

-- Small and the same everywhere; not distributed.
CREATE TABLE audit_logs (
    id     uuid PRIMARY KEY,
    at     timestamptz NOT NULL,
    actor  text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);

-- Members of a bucket, newest first. Each row is in one of the two, so a join or a leave writes
-- one entry more; ends are found by time for the metrics.
CREATE INDEX bucket_memberships_active_entered
    ON bucket_memberships (bucket_id, entered_at, user_id, entry_count) WHERE status = 'active';
CREATE INDEX bucket_memberships_left_entered
    ON bucket_memberships (bucket_id, entered_at, user_id, entry_count) WHERE status = 'left';
CREATE INDEX bucket_memberships_left_at
    ON bucket_memberships (bucket_id, left_at) INCLUDE (entered_at) WHERE status = 'left';

-- Events by name, newest first, whoever had them.
CREATE INDEX user_events_by_name ON user_events (event, occurred_at);

CREATE INDEX contacts_created_at ON contacts (created_at);

-- Serves = as before, and prefixes.
DROP INDEX contacts_email;
CREATE INDEX contacts_email ON contacts (lower(email) text_pattern_ops) WHERE email IS NOT NULL;
