-- The workers that run, each telling now and then that it is alive.
-- Small and the same everywhere; not distributed.
CREATE TABLE workers (
    id         uuid PRIMARY KEY,
    host       text NOT NULL,
    pid        integer NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);
