-- A condition of its own, so that each statement can use the index that it needs and no other.
DROP INDEX journey_states_due;
CREATE INDEX journey_states_due ON journey_states (journey_id, wake_at, id)
    WHERE wake_at IS NOT NULL;
