-- A run whose own code kills its worker comes to an end, too.
ALTER TABLE journey_states ADD COLUMN crashes integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN journey_states.crashes IS 'workers that died with it in hand since it last got on';
