-- People, their events, and their bucket memberships.
-- Every unique key contains user_id, so that the tables can be distributed by it.

CREATE TABLE contacts (
    user_id    text COLLATE "C" PRIMARY KEY,
    email      text,
    properties jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT contacts_user_id_present CHECK (user_id <> ''),
    CONSTRAINT contacts_properties_object CHECK (jsonb_typeof(properties) = 'object')
) WITH (fillfactor = 85);

CREATE INDEX contacts_email ON contacts (lower(email)) WHERE email IS NOT NULL;

-- The log: what clients sent, and the transitions that followed from it.
-- The primary key is also the index that facts are read from, newest first.
CREATE TABLE user_events (
    user_id         text COLLATE "C" NOT NULL,
    event           text COLLATE "C" NOT NULL,
    occurred_at     timestamptz NOT NULL,
    id              uuid NOT NULL,
    properties      jsonb NOT NULL DEFAULT '{}',
    received_at     timestamptz NOT NULL,
    idempotency_key text COLLATE "C",
    PRIMARY KEY (user_id, event, occurred_at, id)
);

CREATE UNIQUE INDEX user_events_idempotency_key ON user_events (user_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- One row for each stay of a user in a bucket, past ones included.
-- The latest row of a pair carries its whole history: entry_count counts the stays.
CREATE TABLE bucket_memberships (
    user_id           text COLLATE "C" NOT NULL,
    bucket_id         text COLLATE "C" NOT NULL,
    entry_count       integer NOT NULL,
    id                uuid NOT NULL,
    status            text NOT NULL,
    source            text NOT NULL,
    reason            text,
    entered_at        timestamptz NOT NULL,
    left_at           timestamptz,
    expires_at        timestamptz,
    last_evaluated_at timestamptz NOT NULL,
    dwell_anchor_at   timestamptz,
    dwell_state       jsonb NOT NULL DEFAULT '{}',
    context           jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (user_id, bucket_id, entry_count),
    CONSTRAINT bucket_memberships_entry_count_positive CHECK (entry_count > 0),
    CONSTRAINT bucket_memberships_status_known CHECK (status IN ('active', 'left')),
    CONSTRAINT bucket_memberships_source_known
        CHECK (source IN ('event', 'reconcile', 'backfill', 'manual')),
    CONSTRAINT bucket_memberships_reason_known
        CHECK (reason IN ('criteria', 'max_dwell', 'manual', 'deleted')),
    CONSTRAINT bucket_memberships_left_complete
        CHECK ((status = 'left') = (left_at IS NOT NULL) AND (status = 'left') = (reason IS NOT NULL)),
    CONSTRAINT bucket_memberships_left_after_entered CHECK (left_at >= entered_at)
) WITH (fillfactor = 90);

CREATE UNIQUE INDEX bucket_memberships_active ON bucket_memberships (bucket_id, user_id)
    WHERE status = 'active';

-- When to look at a pair again if nothing happens to it; members and others alike.
-- A row may be early (the pump looks and re-arms), it is never late.
CREATE TABLE bucket_timers (
    user_id   text COLLATE "C" NOT NULL,
    bucket_id text COLLATE "C" NOT NULL,
    due_at    timestamptz NOT NULL,
    shard     smallint NOT NULL GENERATED ALWAYS AS ((hashtext(user_id) & 63)::smallint) STORED,
    PRIMARY KEY (user_id, bucket_id)
) WITH (fillfactor = 80);

-- By bucket, so that the timers of a paused one are in nobody's way.
CREATE INDEX bucket_timers_due_at ON bucket_timers (bucket_id, due_at);
