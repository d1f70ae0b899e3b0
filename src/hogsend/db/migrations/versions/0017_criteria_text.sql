-- What the memberships follow from, as people read it: a plan shows it beside what it would become.
ALTER TABLE bucket_configs ADD COLUMN criteria text;

COMMENT ON COLUMN bucket_configs.criteria IS 'in English, those of the fingerprint; NULL: not noted';
