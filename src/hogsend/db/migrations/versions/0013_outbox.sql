-- What is to be told to the outside: one row for each transition and destination, inserted in the
-- transaction of the transition. Delivered rows are deleted; dead letters stay.
CREATE TABLE outbox (
    user_id       text COLLATE "C" NOT NULL,
    destination   text COLLATE "C" NOT NULL,
    position      bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    id            uuid NOT NULL,
    topic         text COLLATE "C" NOT NULL,
    payload       jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    due_at        timestamptz,
    claimed_until timestamptz,
    epoch         integer NOT NULL DEFAULT 0,
    unsure        integer NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    status        integer,
    error         text,
    dead_at       timestamptz,
    shard         smallint NOT NULL GENERATED ALWAYS AS ((hashtext(user_id) & 63)::smallint) STORED,
    PRIMARY KEY (user_id, destination, position),
    CONSTRAINT outbox_due_or_dead CHECK ((due_at IS NULL) = (dead_at IS NOT NULL)),
    CONSTRAINT outbox_claimed_while_due CHECK (claimed_until IS NULL OR due_at IS NOT NULL)
) WITH (fillfactor = 80);

COMMENT ON COLUMN outbox.position IS 'the order of delivery to one destination for one user';
COMMENT ON COLUMN outbox.id IS 'what the outside knows it by, the same at each attempt';
COMMENT ON COLUMN outbox.due_at IS 'when to deliver; NULL once it is given up';
COMMENT ON COLUMN outbox.epoch IS 'goes up with every claim; fences what the holder writes';
COMMENT ON COLUMN outbox.unsure IS 'attempts of which nobody knows whether they arrived';
COMMENT ON COLUMN outbox.status IS 'of the HTTP answer to the latest attempt';

CREATE INDEX outbox_due ON outbox (destination, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (destination, id) WHERE dead_at IS NOT NULL;

-- Which buckets PostHog knows as a person property, and how far its members have been told.
-- Small and the same everywhere; not distributed.
CREATE TABLE posthog_syncs (
    bucket_id  text COLLATE "C" PRIMARY KEY,
    property   text NOT NULL,
    everyone   boolean NOT NULL DEFAULT false,
    cursor     text COLLATE "C" NOT NULL DEFAULT '',
    queued     bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    done_at    timestamptz,
    off_at     timestamptz
);

COMMENT ON COLUMN posthog_syncs.everyone IS 'also who was a member once: they may have left meanwhile';
COMMENT ON COLUMN posthog_syncs.cursor IS 'the last user id whose state is in the outbox';
