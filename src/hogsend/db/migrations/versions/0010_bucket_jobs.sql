-- What of a bucket's definition the memberships follow from, and the jobs that catch up with it.
ALTER TABLE bucket_configs
    ADD COLUMN fingerprint text,
    ADD COLUMN schedule text,
    ADD COLUMN paused boolean NOT NULL DEFAULT false,
    ADD COLUMN seen_at timestamptz,
    ADD COLUMN generation integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN bucket_configs.fingerprint IS 'of the criteria; NULL: never evaluated';
COMMENT ON COLUMN bucket_configs.schedule IS 'limits, shortest and longest stays, dwell schedules';
COMMENT ON COLUMN bucket_configs.paused IS 'was not evaluated for a while, and has to catch up';
COMMENT ON COLUMN bucket_configs.seen_at IS 'when a running process last had it in its code';
COMMENT ON COLUMN bucket_configs.generation IS 'counts the changes after which no timer is believed';

-- A walk over all contacts, in order of user id, that brings one bucket up to date.
CREATE TABLE bucket_jobs (
    id               uuid PRIMARY KEY,
    bucket_id        text COLLATE "C" NOT NULL,
    kind             text NOT NULL,
    status           text NOT NULL,
    fingerprint      text NOT NULL,
    mark             integer,
    cursor           text COLLATE "C" NOT NULL DEFAULT '',
    done             bigint NOT NULL DEFAULT 0,
    total            bigint,
    joined           bigint NOT NULL DEFAULT 0,
    left_count       bigint NOT NULL DEFAULT 0,
    attempts         integer NOT NULL DEFAULT 0,
    error            text,
    run_after        timestamptz NOT NULL,
    holder           uuid,
    lease_expires_at timestamptz,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    CONSTRAINT bucket_jobs_kind_known CHECK (kind IN ('backfill', 'reevaluate')),
    CONSTRAINT bucket_jobs_status_known
        CHECK (status IN ('pending', 'running', 'failed', 'done', 'superseded')),
    CONSTRAINT bucket_jobs_running_held
        CHECK ((status = 'running') = (holder IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CONSTRAINT bucket_jobs_end_noted
        CHECK ((status IN ('done', 'superseded')) = (finished_at IS NOT NULL))
);

COMMENT ON COLUMN bucket_jobs.mark IS
    'the generation that a timer must bear to be believed meanwhile; NULL: all are';
COMMENT ON COLUMN bucket_jobs.cursor IS 'the last user id that is done';

-- At most one live job per bucket; a failed one is live, it will be tried again.
CREATE UNIQUE INDEX bucket_jobs_live ON bucket_jobs (bucket_id)
    WHERE status IN ('pending', 'running', 'failed');
CREATE INDEX bucket_jobs_created_at ON bucket_jobs (bucket_id, created_at);

ALTER TABLE bucket_timers ADD COLUMN mark integer;

COMMENT ON COLUMN bucket_timers.mark IS 'the generation under which a job or a write last saw to it';
