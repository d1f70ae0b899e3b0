-- Journeys. A run is one row; a sleeping one costs nothing else.
CREATE TABLE journey_states (
    user_id          text COLLATE "C" NOT NULL,
    journey_id       text COLLATE "C" NOT NULL,
    id               uuid NOT NULL,
    status           text NOT NULL,
    wake_at          timestamptz,
    epoch            integer NOT NULL DEFAULT 0,
    holder           uuid,
    lease_expires_at timestamptz,
    attempts         integer NOT NULL DEFAULT 0,
    journal          jsonb NOT NULL DEFAULT '[]',
    contact          jsonb NOT NULL,
    event            jsonb NOT NULL,
    waits_for        text COLLATE "C",
    waits_where      jsonb,
    wake_event       jsonb,
    resumed_at       timestamptz NOT NULL,
    error            text,
    traceback        text,
    exit_reason      text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    shard            smallint NOT NULL GENERATED ALWAYS AS ((hashtext(user_id) & 63)::smallint) STORED,
    PRIMARY KEY (user_id, journey_id, id),
    CONSTRAINT journey_states_status_known
        CHECK (status IN ('active', 'waiting', 'completed', 'exited', 'failed')),
    CONSTRAINT journey_states_finished
        CHECK ((finished_at IS NULL) = (status IN ('active', 'waiting'))),
    CONSTRAINT journey_states_wakes CHECK ((finished_at IS NULL) = (wake_at IS NOT NULL)),
    CONSTRAINT journey_states_leased CHECK ((holder IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT journey_states_held_active CHECK (holder IS NULL OR status = 'active'),
    CONSTRAINT journey_states_waits_waiting CHECK (waits_for IS NULL OR status = 'waiting'),
    CONSTRAINT journey_states_journal_list CHECK (jsonb_typeof(journal) = 'array')
) WITH (fillfactor = 70);

COMMENT ON COLUMN journey_states.wake_at IS 'when to go on if nothing happens; past while it is held';
COMMENT ON COLUMN journey_states.epoch IS 'goes up with every claim and every end from outside; fences writes';
COMMENT ON COLUMN journey_states.journal IS 'what its durable calls returned, in order; only appended to';
COMMENT ON COLUMN journey_states.contact IS 'the contact as of the event that started it';
COMMENT ON COLUMN journey_states.event IS 'the event that started it';
COMMENT ON COLUMN journey_states.wake_event IS 'the event that ended its wait; null if time did';
COMMENT ON COLUMN journey_states.resumed_at IS 'when its latest wait ended, at first its start';

-- One run of a journey at a time; also the way to a user's runs.
-- finished_at rather than status: a claim then changes no indexed column.
CREATE UNIQUE INDEX journey_states_running ON journey_states (user_id, journey_id)
    WHERE finished_at IS NULL;

-- By journey, so that the sleepers of a paused one are in nobody's way.
CREATE INDEX journey_states_due ON journey_states (journey_id, wake_at) WHERE finished_at IS NULL;

-- For operators: the latest runs of a journey, and one by its id.
CREATE INDEX journey_states_journey ON journey_states (journey_id, id);

-- What operators decide about journeys at run time, and which there have been. Not distributed.
CREATE TABLE journey_configs (
    journey_id text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    enabled    boolean,
    retired_at timestamptz,
    updated_at timestamptz NOT NULL
);

COMMENT ON COLUMN journey_configs.enabled IS 'overrides the code; NULL follows it';

-- Who was not enrolled although the trigger came, and why.
CREATE TABLE journey_skips (
    user_id     text COLLATE "C" NOT NULL,
    journey_id  text COLLATE "C" NOT NULL,
    reason      text NOT NULL,
    count       bigint NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (user_id, journey_id, reason),
    CONSTRAINT journey_skips_reason_known CHECK (reason IN
        ('disabled', 'paused', 'where', 'entry_limit', 'entry_period', 'unsubscribed',
         'already_active')),
    CONSTRAINT journey_skips_count_positive CHECK (count > 0)
) WITH (fillfactor = 80);

ALTER TABLE contacts ADD COLUMN awaits text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN contacts.awaits IS 'names of events that a run waits for; may hold stale ones';
