-- The runs of a journey for operators, newest first: those under way and those that are over apart,
-- so that few of the one are found among many of the other. A run is in one of the two, as it was
-- in the index that they replace. No index knows the status: a claim changes it.
DROP INDEX journey_states_journey;
CREATE INDEX journey_states_unfinished ON journey_states (journey_id, id, user_id)
    WHERE finished_at IS NULL;
CREATE INDEX journey_states_finished ON journey_states (journey_id, id, user_id)
    WHERE finished_at IS NOT NULL;
CREATE INDEX journey_states_failed ON journey_states (journey_id, id, user_id)
    WHERE finished_at IS NOT NULL AND error IS NOT NULL;

CREATE INDEX email_sends_unsent ON email_sends (status, id) WHERE status <> 'sent';
