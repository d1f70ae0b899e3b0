-- What operators decide about buckets at run time, and which buckets there have been.
-- Small and the same everywhere; not distributed.
CREATE TABLE bucket_configs (
    bucket_id  text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    enabled    boolean,
    retired_at timestamptz,
    updated_at timestamptz NOT NULL
);

COMMENT ON COLUMN bucket_configs.enabled IS 'overrides the code; NULL follows it';
