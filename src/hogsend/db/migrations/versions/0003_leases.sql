-- Work that one process does at a time, and what the audit of memberships found.
CREATE TABLE leases (
    name       text COLLATE "C" PRIMARY KEY,
    holder     uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    tick       timestamptz NOT NULL
);

COMMENT ON COLUMN leases.tick IS 'the scheduled instant that the holder works on, or worked on';

ALTER TABLE bucket_configs
    ADD COLUMN audited_at timestamptz,
    ADD COLUMN drift bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN bucket_configs.drift IS 'memberships that the audit had to repair, ever';
